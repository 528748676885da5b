"""Feed files: what is read of RSS, Atom and JSON Feed, sound and broken, and that hostile ones end."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from record_rules import broken_rules

from broadsheet.errors import BadInput
from broadsheet.media_types import ATOM, JSON_FEED, RSS
from broadsheet.page.feed_files import read_feed
from broadsheet.records import BlockLabel, LinkItem, Module, Page

URL = "https://www.yunzhou.example/rss/yw.xml"


def rss(items: str, head: str = "<title>云州网</title>") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'


def item(title: str, link: str = "/yw/1.html", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def feed(text: str, media_type: str = RSS, url: str | None = URL) -> tuple[Page, Module]:
    page = read_feed(text, media_type=media_type, url=url)
    assert broken_rules(page) == []
    (module,) = page.modules
    return page, module


def entries(text: str, media_type: str = RSS, url: str | None = URL) -> tuple[LinkItem, ...]:
    return feed(text, media_type, url)[1].items


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("青河大桥 \n  通车", "青河大桥 通车"),
        ("A &amp;amp; B", "A & B"),  # escaped twice, as most generators do
        ("A &amp; B", "A & B"),
        ("<![CDATA[<b>山河</b>&nbsp;新校]]>", "山河 新校"),
        ("<![CDATA[“云州”&mdash;5 > 4]]>", "“云州”—5 > 4"),
        ("&lt;em&gt;暴雨&lt;/em&gt;预警", "暴雨预警"),
        ("&lt;script&gt; 是什么", "<script> 是什么"),  # no markup of headlines: it is what the headline is about
        ("&#x4E91;&#24030;", "云州"),
        ("3 &lt; 4 and 5", "3 < 4 and 5"),
    ],
)
def test_a_headline_is_text(title: str, text: str) -> None:
    assert [entry.text for entry in entries(rss(item(title)))] == [text]


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        (item("甲", "/yw/1.html"), "https://www.yunzhou.example/yw/1.html"),
        (item("甲", "<![CDATA[ 1.html?a=1&b=2 ]]>"), "https://www.yunzhou.example/rss/1.html?a=1&b=2"),
        (item("甲", "http://other.example/1"), "http://other.example/1"),
        (item("甲", "javascript:alert(1)"), None),
        ("<item><title>甲</title><guid>https://yz.example/2</guid></item>", "https://yz.example/2"),
        ("<item><title>甲</title><guid isPermaLink='false'>17</guid></item>", None),
    ],
)
def test_a_link_is_absolute(entry: str, url: str | None) -> None:
    assert [one.url for one in entries(rss(entry))] == [url]


def test_links_of_a_file_of_unknown_url_are_relative_to_the_page_that_it_is_the_feed_of() -> None:
    page, module = feed(rss(item("甲"), "<title>x</title><link>https://yz.example/</link>"), url=None)
    assert [entry.url for entry in module.items] == ["https://yz.example/yw/1.html"]
    assert (page.canonical_url, page.site_name) == (None, "yz.example")
    assert [entry.url for entry in entries(rss(item("甲")), url=None)] == ["/yw/1.html"]


@pytest.mark.parametrize(
    ("stamp", "local", "offset"),
    [
        ("Mon, 02 Mar 2026 08:30:00 +0800", "2026-03-02T08:30:00", 480),
        ("Mon, 2 Mar 2026 08:30:00 GMT", "2026-03-02T08:30:00", 0),
        ("2026-03-02T08:30:00Z", "2026-03-02T08:30:00", 0),
        ("2026-03-02 08:30:00", "2026-03-02T08:30:00", None),  # in the site's zone
        ("2026/3/2 8:30", "2026-03-02T08:30:00", None),
    ],
)
def test_a_time_is_read_as_it_stands(stamp: str, local: str, offset: int | None) -> None:
    (entry,) = entries(rss(item("甲", more=f"<pubDate>{stamp}</pubDate>")))
    assert entry.published is not None
    assert (entry.published.local.isoformat(), entry.published.utc_offset_minutes, entry.published.raw) == (local, offset, stamp)


def test_a_time_that_is_none_is_unknown() -> None:
    assert [entry.published for entry in entries(rss(item("甲", more="<pubDate>soon</pubDate>")))] == [None]


def test_entries_without_a_headline_are_none_and_ranks_have_no_gap() -> None:
    found = entries(rss(item("甲") + item(" ") + "<item><description>文</description></item>" + item("乙", "/2")))
    assert [(entry.rank, entry.text) for entry in found] == [(1, "甲"), (2, "乙")]


def test_blocks_are_the_title_and_the_headlines() -> None:
    page, _ = feed(rss(item("甲", more="<description>正文一段</description>") + item("乙", "/2")))
    assert [(block.text, block.label, block.module_index) for block in page.blocks] == [
        ("云州网", BlockLabel.MODULE_HEADING, 0), ("甲", BlockLabel.FEED, 0), ("乙", BlockLabel.FEED, 0),
    ]  # fmt: skip
    assert page.coverage_ratio == 1.0


def test_cut_headlines_are_marked_ones() -> None:
    _, module = feed(rss("".join(item(f"{title}…", f"/{n}") for n, title in enumerate(("云州发布暴雨预警各区做好准", "山河县新建三所幼儿园九月开")))))
    assert [(entry.is_truncated, module.width_limit) for entry in module.items] == [(True, 26), (True, 26)]
    assert feed(rss("".join(item("一样宽的标题一样宽的标题", f"/{n}") for n in range(5))))[1].width_limit is None


@pytest.mark.parametrize("broken", ["&nbsp;", "<br>", "& ", "\x08", "<a href=x>"])
def test_a_broken_file_is_read_as_far_as_it_goes(broken: str) -> None:
    found = entries(rss(item(f"青河大桥{broken}通车") + item("乙", "/2")))
    assert [entry.text.replace(" ", "").replace("&", "") for entry in found] == ["青河大桥通车", "乙"]


def test_a_file_that_was_cut_in_transfer_is_unfinished() -> None:
    whole = rss(item("甲") + item("乙", "/2"))
    assert not feed(whole + "\n<!-- made in 3 ms -->\n")[0].is_unfinished
    page, module = feed(whole[: whole.index("<link>/2")])
    assert (page.is_unfinished, page.warnings, module.items[0].text) == (True, ("page_unfinished",), "甲")


@pytest.mark.parametrize(
    ("text", "media_type", "reason"),
    [
        (rss(""), RSS, "empty_feed"),
        (rss("<item><description>x</description></item>"), RSS, "empty_feed"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', ATOM, "empty_feed"),
        ("<rss><channel><item><tit", RSS, "broken_feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', JSON_FEED, "empty_feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": {}}', JSON_FEED, "broken_feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [' + "[" * 100_000, JSON_FEED, "broken_feed"),
        ("", RSS, "empty_feed"),
    ],
)
def test_a_file_without_an_entry_has_a_reason(text: str, media_type: str, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_feed(text, media_type=media_type)
    assert caught.value.reason == reason


def test_an_entity_that_multiplies_is_not_expanded() -> None:
    bomb = "".join(f'<!ENTITY {chr(98 + step)} "{f"&{chr(97 + step)};" * 10}">' for step in range(9))
    found = entries(f'<!DOCTYPE rss [<!ENTITY a "lol">{bomb}]>' + rss(item("甲") + item("x &j; y", "/2")).partition("?>")[2])
    assert [len(entry.text) < 100 for entry in found] == [True, True]


def test_the_library_opens_no_file_and_fetches_nothing(tmp_path, monkeypatch) -> None:
    import socket

    (tmp_path / "feed.xml").write_text(rss(item("甲")), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "socket", None)
    for text in ("feed.xml", str(tmp_path / "feed.xml"), "https://yz.example/feed.xml"):
        with pytest.raises(BadInput):
            read_feed(text, media_type=RSS)


# CPU seconds for a megabyte: an ordinary file takes 0.1 to 1; what grows faster than the file takes minutes.
SECONDS_A_MEGABYTE, SECONDS = 6.0, 4.0
END = "</channel></rss>"
HOSTILE = {
    "10 MB of full texts": rss("".join(item(f"A headline {n}", f"/{n}", f"<description><![CDATA[{'<p>Some text.</p>' * 180}]]></description>") for n in range(3500))),
    "the same, broken at its end": rss("".join(item(f"A headline {n}", f"/{n}", f"<description><![CDATA[{'<p>Some text.</p>' * 180}]]></description>") for n in range(3500)))[:-30] + "&",
    "10,000 entries": rss("".join(item(f"A headline {n}", f"/{n}") for n in range(10_000))),
    "nested elements": rss("<a>" * 50_000 + item("甲")),
    "nested titles": rss("<item>" + "<title>" * 50_000),
    "attributes": rss("<item " + " ".join(f'a{n}="1"' for n in range(100_000)) + ">" + item("甲")),
    "an author of 300 KB": rss(item("甲", more="<author>" + "a" * 300_000 + "</author>")),
    "a title of tags": rss(item("<![CDATA[" + "<b>x</b>" * 100_000 + "]]>")),
    "a title of quotes": rss(item("<![CDATA[" + '<a "' * 100_000 + "</b>]]>")),
    "blank lines in XHTML": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="xhtml">' + "\n" * 500_000 + "甲</title></entry></feed>",
    "texts that are not closed": rss("<description>" * 100_000 + item("甲")),
    "brackets": "<rss>" + "<" * 500_000,
    "ampersands": rss("&" * 500_000 + item("甲")),
    "comments": "<rss>" + "<!--" * 300_000,
    "instructions": "<rss>" + "<?a " * 300_000,
    "marked sections": "<rss>" + "<![CDATA[" * 200_000,
    "closings": rss("</x>" * 200_000 + item("甲")),
    "namespaces": rss("".join(f'<x xmlns:n{n}="u{n}"/>' for n in range(20_000)) + item("甲")),
    "a time of 1 MB": rss(item("甲", more="<pubDate>" + "1 Jan " * 160_000 + "</pubDate>")),
    "blanks": rss(" " * 5_000_000 + item("甲")),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_read_in_time(text: str) -> None:
    began = time.process_time()
    try:
        assert broken_rules(read_feed(text, media_type=RSS, url=URL)) == []
    except BadInput as error:
        assert error.reason in ("broken_feed", "empty_feed")
    took, allowed = time.process_time() - began, SECONDS + SECONDS_A_MEGABYTE * len(text) / 1e6
    assert took < allowed, f"{took:.1f} CPU seconds, {allowed:.1f} allowed"


PIECES = st.sampled_from(
    ["<rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<entry>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "&", "&amp;",
     "&#x110000;", "&#99999999999;", "&#xD800;", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE", "<!ENTITY a 'b'>", "<?xml", "?>", "'", '"', "<", ">", "甲", " ", "\0",
     "\ud800", "type='html'", "xml:base='http://['", "<link href='//['/>", "<pubDate>", "</pubDate>", "2026-03-02"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
@example("<rss><channel><item><title>&#99999999999;</title></item>")
@example("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>甲</title><link href='http://[' /></entry>")
def test_no_string_is_more_than_a_bad_input(text: str) -> None:
    for media_type in (RSS, JSON_FEED):
        try:
            page = read_feed(text, media_type=media_type, url=URL)
        except BadInput as error:
            assert error.reason in ("broken_feed", "empty_feed")
        else:
            assert broken_rules(page) == []
            assert page == read_feed(text, media_type=media_type, url=URL)
