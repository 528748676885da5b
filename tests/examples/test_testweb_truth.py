"""The test web over time: what it serves is what its truth says, and both follow from the seed."""

import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise

import feedparser
import pytest
from lxml import etree
from protego import Protego

from broadsheet.page.decode import decode
from broadsheet.page.read import read_page
from broadsheet.records import AbsenceKind, HeadlineRole, Page
from testweb import Truth, Web, robots
from testweb.history import History
from testweb.log import Request
from testweb.truth import split

HOURS = (0, 20, 53, 100, 166, 230)
LISTING = [(host, url) for host in Web(days=1).histories for url in Truth(Web(days=1)).listing_urls(host)]
PAGES = [(host, url) for host, url in LISTING if "sitemap" not in url and "rss" not in url and "feed" not in url]
SYNDICATED = [(host, url) for host, url in LISTING if (host, url) not in PAGES]
QINGHE, HAIDU, NORDTAL, HARBOR = "www.qinghe-daily.example", "www.haidu.example", "www.nordtaler-bote.example", "www.harbor-ledger.example"


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(seed=7, days=7, stories_a_day=10)


@pytest.fixture(scope="module")
def truth(web) -> Truth:
    return Truth(web)


def instants(web: Web) -> list[datetime]:
    return [web.start + timedelta(hours=hours) for hours in HOURS]


def body(web: Web, url: str, instant: datetime) -> bytes:
    answer = web.state_at(*split(url), instant)
    assert answer.status == 200, (url, instant, answer.status)
    return answer.body


def read(web: Web, url: str, instant: datetime) -> Page:
    answer = web.state_at(*split(url), instant)
    decoded = decode(answer.body, http_charset=answer.header("Content-Type").partition("charset=")[2] or None)
    return read_page(decoded.text, media_type="text/html", url=url, decoded=decoded)


def test_a_web_follows_from_its_seed():
    first, same, other = (Web(seed=seed, days=2, stories_a_day=4) for seed in (3, 3, 4))
    at = first.start + timedelta(hours=30)
    for host, url in LISTING:
        if url.endswith("/"):
            assert first.state_at(*split(url), at) == same.state_at(*split(url), at)
            assert first.state_at(*split(url), at).body != other.state_at(*split(url), at).body, host
    assert Truth(first).as_json(HARBOR) == Truth(same).as_json(HARBOR) != Truth(other).as_json(HARBOR)


def test_articles_are_served_as_the_truth_has_them(web, truth):
    checked = Counter()
    for instant in instants(web):
        for article in truth.articles():
            version, (host, path) = truth.version_at(article.url, instant), split(article.url)
            answer = web.state_at(host, path, instant)
            if version is None:
                gap = next((gap for gap in article.gaps if gap.holds(instant)), None)
                assert answer.status == (gap.status if gap else 404)
                checked["absent" if gap else "not yet out"] += 1
                continue
            assert answer.status == 200
            page = unescape(answer.body.decode(web.histories[host].host.site.charset))
            assert version.title in page and all(paragraph in page for paragraph in version.body), article.url
            assert ("noindex" in page, "tdm-reservation" in page) == (article.is_noindex, article.is_reserved and "saltmarsh" in host)
            checked["there"] += 1
    assert checked["there"] > 1000 and checked["absent"] > 50 and checked["not yet out"] > 100


def test_the_page_kernel_reads_from_articles_what_is_true(web, truth):
    """Bylines with rare surnames cost a body now and then; more is a page that cannot be read."""
    wrong, count = [], 0
    instant = web.start + timedelta(hours=80)
    for article in list(truth.articles())[::3]:
        if version := truth.version_at(article.url, instant):
            page = read(web, article.url, instant)
            title = next((headline.raw for headline in page.headlines if headline.role == HeadlineRole.MAIN), None)
            published = page.published and page.published.local.strftime("%Y-%m-%dT%H:%M")
            found, expected = (title, page.body, published), (version.title, version.body, version.published_local)
            wrong += [(article.url, f, e) for f, e in zip(found, expected, strict=True) if f != e]
            assert page.canonical_url in (None, article.url)
            count += 1
    assert count > 100
    assert len(wrong) <= 0.01 * 3 * count, wrong


@pytest.mark.parametrize(("host", "url"), PAGES, ids=[url for _, url in PAGES])
def test_lists_stand_on_pages_in_the_order_of_the_truth(web, truth, host, url):
    for instant in instants(web)[1:4]:
        page = etree.HTML(body(web, url, instant).decode(web.histories[host].host.site.charset))
        labels = truth.lists_of(url)
        assert page.xpath("//section[@class='list']/h2/text()") == labels
        for label in labels:
            links = page.xpath(f"//section[h2='{label}']//a")
            shown = [(link.text, link.get("href"), link.get("title") or link.text) for link in links]
            entries = truth.feed_state_at(url, instant, label)
            assert shown == [(entry.text, entry.href, entry.title) for entry in entries]
            assert [entry.rank for entry in entries] == list(range(1, len(entries) + 1))
            assert len({entry.url for entry in entries}) == len(entries) > 0


def test_the_page_kernel_reads_lists_from_front_pages_and_beside_articles(web, truth):
    """A headline cut behind 记者 may be taken for a credit; more is a list that cannot be read."""
    agreed, count = 0, 0
    for host, history in web.histories.items():
        for instant in instants(web)[1:4]:
            front = history.host.url("/")
            article = truth.feed_state_at(front, instant, history.host.top)[0].url
            for url, labels in ((front, truth.lists_of(front)), (article, truth.rails_of(host))):
                modules = {module.heading: [item.text for item in module.items] for module in read(web, url, instant).modules}
                for label in labels:
                    expected = [entry.text.removesuffix("...") for entry in truth.feed_state_at(front, instant, label)]
                    agreed += [text.removesuffix("...") for text in modules.get(label, [])] == expected
                    count += 1
    assert count > 80
    assert agreed >= 0.95 * count


@pytest.mark.parametrize(("host", "url"), SYNDICATED, ids=[url for _, url in SYNDICATED])
def test_feeds_and_sitemaps_list_what_the_truth_says(web, truth, host, url):
    for instant in instants(web)[1:4]:
        entries, content = truth.feed_state_at(url, instant), body(web, url, instant)
        if "sitemap" in url:
            tree = etree.fromstring(gzip.decompress(content) if url.endswith(".gz") else content)
            found = list(zip(tree.xpath("//*[local-name()='title']/text()"), tree.xpath("//*[local-name()='loc']/text()"), strict=True))
        elif url.endswith(".json"):
            found = [(item["title"], item["url"]) for item in json.loads(content)["items"]]
        else:
            feed = feedparser.parse(content)
            assert not feed.bozo or "declared as" in str(feed.bozo_exception)
            found = [(entry.title, entry.link) for entry in feed.entries]
            stamps = [entry.published_parsed for entry in feed.entries]
            assert stamps == sorted(stamps, reverse=True)
        assert found == [(entry.title, entry.href) for entry in entries]
        assert len(found) >= 12


def test_the_sitemap_index_lists_sitemaps_that_are_there(web):
    instant = web.start + timedelta(days=4)
    index = etree.fromstring(body(web, f"http://{NORDTAL}/sitemap_index.xml", instant))
    urls = index.xpath("//*[local-name()='loc']/text()")
    assert len(urls) == 3  # news, and two months
    assert all(body(web, url, instant) for url in urls)


def test_states_of_a_list_are_without_gaps_and_each_is_another(web, truth):
    for url, label in (
        (f"http://{HAIDU}/", "今日头条"),
        (f"http://{HAIDU}/", "24小时热榜"),
        (f"http://{HAIDU}/feed/rss.xml", ""),
        (f"http://{NORDTAL}/culture", "Nachrichten aus der Kultur"),
    ):
        states = truth.feed_states(url, label)
        assert len(states) > 10
        assert states[0].start == web.start and states[-1].end is None
        for earlier, later in pairwise(states):
            assert earlier.end == later.start and earlier.entries != later.entries
            assert truth.feed_state_at(url, later.start - timedelta(seconds=1), label) == earlier.entries
            assert truth.feed_state_at(url, later.start, label) == later.entries


def test_popular_and_top_stories_change_places_not_only_come_and_go(truth):
    for label in ("今日头条", "24小时热榜"):
        states = [[entry.url for entry in state.entries] for state in truth.feed_states(f"http://{HAIDU}/", label)]
        both = [([url for url in earlier if url in later], [url for url in later if url in earlier]) for earlier, later in pairwise(states)]
        assert sum(before != after for before, after in both) > 5


def test_the_web_has_edits_and_removals_of_every_kind(truth):
    kinds: Counter = Counter()
    for article in truth.articles():
        for earlier, later in pairwise(article.versions):
            kinds["headline"] += earlier.title != later.title
            kinds["body"] += earlier.body != later.body
            assert (earlier.title, earlier.body) != (later.title, later.body) and earlier.end == later.start
        for gap in article.gaps:
            kinds[gap.status, gap.end is not None] += 1
        kinds["reprint"] += article.reprint_of is not None
    assert {"headline", "body", "reprint", (404, False), (404, True), (410, False), (302, False)} <= {
        kind for kind, count in kinds.items() if count > 5
    }
    urls = {article.url for article in truth.articles()}
    assert {article.reprint_of for article in truth.articles()} - {None} <= urls


def test_what_can_be_seen_between_two_instants(web, truth):
    versions = {version for article in truth.articles() for version in article.versions}
    whole = set(truth.visible_between(web.start - timedelta(days=3), web.start + timedelta(days=30)))
    assert versions - whole == {version for version in versions if hidden(truth, version)}
    for instant in instants(web):
        shown = {version for article in truth.articles() if (version := truth.version_at(article.url, instant))}
        assert set(truth.visible_between(instant, instant)) == shown
    edited = next(article for article in truth.articles(HAIDU) if len(article.versions) == 3 and not article.gaps)
    first, second, third = edited.versions
    within = set(truth.visible_between(second.start, second.end - timedelta(seconds=1), HAIDU))
    assert second in within and first not in within and third not in within
    assert third in set(truth.visible_between(second.start, second.end, HAIDU))


def hidden(truth: Truth, version) -> bool:
    """Whether a version never shows, since its page is away in all its time: looked for minute by minute."""
    if version.end is None:
        return truth.version_at(version.url, version.start + timedelta(days=60)) is None and not shown_within(
            truth, version, version.start + timedelta(days=3)
        )
    return not shown_within(truth, version, version.end)


def shown_within(truth: Truth, version, end: datetime) -> bool:
    minutes = int((end - version.start).total_seconds()) // 60
    return any(truth.version_at(version.url, version.start + timedelta(minutes=minute)) == version for minute in range(minutes))


def test_seen_are_the_versions_that_requests_were_answered_with(web, truth):
    article = next(article for article in truth.articles(HAIDU) if len(article.versions) == 2 and not article.gaps)
    first, second = article.versions
    path = split(article.url)[1]

    def request(instant: datetime, status: int, path: str) -> Request:
        return Request(0.0, instant, "GET", HAIDU, path, status, 0, {})

    requests = [
        request(first.start, 503, path),
        request(second.start, 200, f"{path}?utm_source=feed&utm_medium=list"),
        request(second.start, 200, "/"),
    ]
    assert truth.seen(requests) == {second}
    assert truth.seen([*requests, request(first.start, 200, path)]) == {first, second}


def test_seen_are_the_gaps_and_states_at_the_times_of_requests(web, truth):
    def request(instant: datetime, status: int, path: str) -> Request:
        return Request(0.0, instant, "GET", HAIDU, path, status, 0, {})

    article = next(article for article in truth.articles(HAIDU) if article.gaps and article.gaps[0].status == 410)
    path, gap = split(article.url)[1], article.gaps[0]
    assert truth.seen_gaps(
        [request(gap.start, 410, path), request(gap.start, 404, "/no-such-page"), request(article.versions[0].start, 200, path)]
    ) == {(article.url, gap)}
    front = f"http://{HAIDU}/"
    for label, also_beside_articles in (("今日头条", False), ("24小时热榜", True)):
        first, second, third, fourth = truth.feed_states(front, label)[:4]
        requests = [
            request(first.start, 200, "/"),
            request(second.start, 503, "/"),
            request(third.start, 304, "/"),
            request(fourth.start, 200, split(next(truth.articles(HAIDU)).url)[1]),
        ]
        assert truth.seen_states(requests, front, label) == ((first, third, fourth) if also_beside_articles else (first, third))
    assert {gap.absence_kind for article in truth.articles() for gap in article.gaps} <= set(AbsenceKind)


@pytest.mark.parametrize("host", robots.RULES)
def test_robots_forbid_what_the_truth_says(web, truth, host):
    """Another reader of robots.txt agrees."""
    rules = robots.rules(host)
    parser = Protego.parse(rules.text)
    paths = [
        "/",
        "/admin/x",
        "/search?q=1",
        "/cgi-bin/a",
        "/neibu/a.html",
        "/neibu/gongkai/index.html",
        "/a/b.pdf",
        "/b.pdf?x=1",
        "/b.html?print=1",
        "/b.html?a=1&print=1",
        "/account/me",
        "/forbidden/page.html",
    ]
    paths += [split(article.url)[1] for article in truth.articles(host)]
    assert [robots.is_forbidden(host, path) for path in paths] == [not parser.can_fetch(f"http://{host}{path}", "Broadsheet") for path in paths]
    assert (parser.crawl_delay("Broadsheet") or 0.0) == rules.crawl_delay


def test_some_articles_are_forbidden_and_some_reserved(truth):
    articles = list(truth.articles())
    assert {split(article.url)[0] for article in articles if article.is_forbidden} == {QINGHE}
    reserved = Counter(split(article.url)[0] for article in articles if article.is_reserved)
    assert set(reserved) == {"www.kiesel-anzeiger.example", "www.saltmarsh-post.example", "www.liyuan-wang.example"}
    assert 0 < reserved["www.liyuan-wang.example"] < reserved["www.kiesel-anzeiger.example"]
    assert not truth.forbidden([Request(0.0, truth.web.start, "GET", QINGHE, "/", 200, 0, {})])
    assert truth.forbidden([Request(0.0, truth.web.start, "GET", QINGHE, "/neibu/zhoubao.html", 404, 0, {})])


def test_a_host_changes_only_at_its_changes(web):
    history: History = web.histories[HARBOR]
    for change in history.changes[5:40:7]:
        for path in ("/", "/rss", "/sitemap.xml"):
            assert web.state_at(HARBOR, path, change) == web.state_at(HARBOR, path, history.since(change + timedelta(seconds=20)))


def test_everything_says_that_it_is_synthetic(web, truth):
    assert truth.as_json("news.lanshan.example")["is_synthetic"] is True
    for host, history in web.histories.items():
        assert host.endswith(".example")
        page = body(web, history.host.url("/"), web.start).decode(history.host.site.charset)
        assert any(mark in page for mark in ("虚构样例", "ynthetic sample"))
