"""How a crawl treats hosts, and what it remembers: robots.txt, waits, redirects, limits, what was seen and not asked for."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scrapy.http import Response

from broadsheet.capture.raw_zone import RawZone, placed
from broadsheet.capture.schedule import last_run
from broadsheet.capture.visits import ROBOTS_FORBIDDEN, SCHEMA
from broadsheet.capture.web.crawl import crawl
from broadsheet.capture.web.health import health_of
from broadsheet.capture.web.pace import backoff, retry_after
from broadsheet.capture.web.preview import preview
from broadsheet.capture.web.robots import crawl_delay, is_allowed, rules_of
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import TransientError
from broadsheet.ingest import finish, ingest, start_source
from broadsheet.lake import Lake
from broadsheet.tombstones import TargetKind, Tombstone, set_tombstones

HOST = "http://qingxi.example"
HOUR, DAY = 3600, 86400


class Site:
    """Answers by path, or host and path: (status, headers, body), or what gives one for a request's headers. Any other path is not found."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []  # time, host, path, headers

    def paths(self):
        """What was asked for, but for robots.txt."""
        return [path for _, _, path, _ in self.asked if path != "/robots.txt"]


@contextmanager
def served():
    site = Site({})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            host = self.headers["Host"].split(":")[0]
            site.asked.append((time.monotonic(), host, self.path, self.headers))
            answer = site.answers.get(f"{host}{self.path}") or site.answers.get(self.path, (404, {}, b""))
            status, headers, body = answer(self.headers) if callable(answer) else answer
            self.send_response_only(status)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if status not in (204, 304):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.address = f"127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site():
    with served() as one:
        yield one


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def page(*links, **headers):
    return 200, {name.replace("_", "-"): value for name, value in headers.items()}, "".join(f'<a href="{link}">{link}</a>' for link in links).encode()


def moved(location):
    return 302, {"Location": location}, b""


def robots(text):
    return 200, {"Content-Type": "text/plain"}, text.encode()


def source(site, *urls, **said):
    common = {"kind": "web", "contact": "https://archive.example/crawler", "allow_private": True, "resolve": {"*.example": site.address}}
    limits = {"delay": 0, "retries": 0, **said.pop("limits", {})}
    return WebSource.model_validate({"name": "trial", "urls": urls or [f"{HOST}/"], **common, "limits": limits, **said})


def run(lake, trial, name="run", after=0):
    """A run `after` seconds from now, as the crawler's clock tells."""
    return crawl(lake, trial, name, page_bytes=1 << 20, clock_offset=after)


def told(lake, path):
    """Status or error of all visits of a path, in the order of time."""
    return [visit.http_status or visit.error for visit in RawZone(lake).visits.of_url(HOST + path) if not visit.is_sighting]


def gaps(site, host="qingxi.example"):
    times = [at for at, asked, *_ in site.asked if asked == host]
    return [after - before for before, after in pairwise(times)]


# --- what is asked for, and in which order ---------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2])
def test_what_was_seen_and_not_asked_for_is_due_still(site, lake, depth):
    """Links that a limit left over are asked for by later runs, first seen first, also after the pages that showed them no longer do."""
    stories = [f"/{number}.html" for number in range(5)]
    site.answers = {"/": page("/section", *stories[:1]), "/section": page(*stories[1:]), **{path: page() for path in stories}}
    if depth == 1:
        site.answers["/"] = page("/section", *stories)
    trial = source(site, follow={"depth": depth}, limits={"pages": 2}, revisit=[])
    run(lake, trial, "first")
    assert site.paths() == ["/", "/section", stories[0]]
    site.answers["/"] = site.answers["/section"] = page()
    for number in (2, 3):
        run(lake, trial, f"run{number}", number * 2 * HOUR)
    assert [path for path in site.paths() if path != "/"] == ["/section", *stories]
    assert site.paths().count("/") == 3


def test_a_run_that_died_is_taken_up_where_it_was_though_the_front_page_redirects(site, lake):
    site.answers = {"/": moved("/home"), "/home": page("/1.html", "/2.html"), "/1.html": page(), "/2.html": page()}
    trial = source(site, limits={"pages": 1})
    for number in range(2):
        run(lake, trial, f"run{number}", number)
    assert site.paths() == ["/", "/home", "/1.html", "/2.html"]


def test_new_links_of_a_section_page_are_followed_when_it_is_asked_again(site, lake):
    site.answers = {"/": page("/section"), "/section": page("/1.html"), "/1.html": page("/deep.html"), "/2.html": page(), "/deep.html": page()}
    trial = source(site, follow={"depth": 2})
    run(lake, trial)
    site.answers["/section"] = page("/1.html", "/2.html")
    run(lake, trial, "later", 2 * HOUR)
    assert Counter(site.paths()) == {"/": 2, "/section": 2, "/1.html": 2, "/2.html": 1}


def test_what_robots_forbid_is_recorded_and_takes_no_pages_place(site, lake):
    site.answers = {"/robots.txt": robots("User-agent: *\nDisallow: /closed/\n"), "/1.html": page()}
    site.answers["/"] = page(f"/{'x' * 2100}", *(f"/closed/{number}" for number in range(6)), "/1.html")
    trial = source(site, limits={"pages": 2}, revisit=[])
    assert run(lake, trial)["forbidden"] == 6
    assert site.paths() == ["/", "/1.html"]
    assert told(lake, "/closed/0") == [ROBOTS_FORBIDDEN]
    assert run(lake, trial, "soon", 2 * HOUR)["forbidden"] == 0
    del site.answers["/robots.txt"]
    run(lake, trial, "late", 8 * DAY)
    assert told(lake, "/closed/0") == [ROBOTS_FORBIDDEN, 404]


def test_nested_sitemaps_are_asked_for_when_they_are_due_however_they_are_spelt(site, lake):
    def urls(kind, path):
        return 200, {"Content-Type": "application/xml"}, f"<x><{kind}><loc>{HOST}{path}</loc></{kind}></x>".encode()

    site.answers = {"/map.xml": urls("sitemap", "/c.xml?b=2&amp;a=1"), "/c.xml?a=1&b=2": urls("url", "/1.html"), "/1.html": page()}
    trial = source(site, f"{HOST}/map.xml", kind="sitemap")
    for number in range(2):
        run(lake, trial, f"run{number}", number * 60)
    assert site.paths() == ["/map.xml", "/c.xml?a=1&b=2", "/1.html"]


# --- redirects, conditional requests ---------------------------------------------------------------------------------------


def test_redirects_are_followed_once_and_by_the_plan(site, lake):
    site.answers = {
        "/": moved("/home"), "/home": page("/home", "/t.html", "/q?b=2&a=1", "/old.html", "/busy.html", "/self.html", "/away.html", "/new.html"),
        "/t.html": moved("/t.html?utm_source=home"), "/t.html?utm_source=home": page(), "/q?a=1&b=2": moved("/q?b=2&a=1"), "/q?b=2&a=1": page(),
        "/old.html": moved("/new.html"), "/new.html": page(), "/self.html": moved("/self.html"), "/away.html": moved("http://other.example/x"),
        "/busy.html": lambda _: (503, {}, b"") if site.paths().count("/busy.html") == 1 else moved("/new.html"),
    }  # fmt: skip
    account = run(lake, source(site, limits={"retries": 1}))
    assert set(Counter(site.paths()).items()) - {("/busy.html", 2)} == {(path, 1) for path in site.answers if path != "/busy.html"}
    assert {host for _, host, *_ in site.asked} == {"qingxi.example"}
    assert (account["elsewhere"], account["forbidden"]) == (1, 0)
    run(lake, source(site), "later", 2 * HOUR)
    assert site.paths().count("/home") == 2, "as what the front page is, not as a page besides"


def test_a_redirect_leads_to_no_page_that_a_link_would_not(site, lake):
    site.answers = {
        "/": page("/paid.html", "/a.html"), "/paid.html": moved("/login?next=paid"), "/login?next=paid": page(),
        "/a.html": moved("/new/a.html"), "/new/a.html": page(), "/moved.html": moved("/elsewhere"), "/elsewhere": page(),
    }  # fmt: skip
    run(lake, source(site, follow={"deny": ["/login"]}))
    assert site.paths() == ["/", "/paid.html", "/a.html", "/new/a.html"]
    site.asked.clear()
    listed = {"pages": [f"{HOST}/moved.html"], "follow": {"allow": [r"\.html$"], "hosts": ["qingxi.example"]}}
    run(lake, source(site, **listed), "listed", 2 * DAY)
    assert {"/moved.html", "/elsewhere"} <= set(site.paths()), "what is named by itself may have moved anywhere"


def test_a_robots_file_that_leads_to_the_front_page_is_no_visit_of_it(site, lake):
    site.answers = {"/robots.txt": moved("/"), "/": page("/a.html"), "/a.html": page()}
    trial = source(site, every="6h", revisit=["1h", "2h", "3h"])
    run(lake, trial, "first")
    site.asked.clear()
    run(lake, trial, "pages", 5 * HOUR)
    assert site.paths() == ["/", "/a.html"], "the page, and what robots.txt leads to"
    site.asked.clear()
    run(lake, trial, "later", 7 * HOUR)
    assert site.paths() == ["/", "/"], "as where robots.txt leads, and as the front page that is due"


def test_a_page_that_was_forgotten_is_not_asked_for_behind_a_front_page(site, lake):
    site.answers = {"/": moved("/story.html"), "/story.html": page()}
    set_tombstones(lake, [Tombstone(target=f"{HOST}/story.html", kind=TargetKind.URL, forgotten_at=datetime.now(UTC))])
    run(lake, source(site))
    assert site.paths() == ["/"]


def test_what_one_page_last_had_is_not_asked_of_where_it_now_leads(site, lake):
    site.answers = {"/": page("/a.html"), "/a.html": page("/x", ETag='"a"', Last_Modified="Wed, 01 Jul 2026 00:00:00 GMT"), "/b.html": page()}
    run(lake, source(site))
    site.answers["/a.html"] = moved("/b.html")
    run(lake, source(site), "later", 2 * HOUR)
    conditions = {
        path: headers["If-None-Match"] or headers["If-Modified-Since"] for _, _, path, headers in site.asked if path in ("/a.html", "/b.html")
    }
    assert conditions == {"/a.html": '"a"', "/b.html": None}


def test_a_content_that_was_lost_is_asked_for_anew_and_robots_without_one_allow_nothing(site, lake):
    def unchanging(answer):
        return lambda headers: (304, {}, b"") if headers["If-None-Match"] else answer

    site.answers = {"/": page("/a.html"), "/a.html": unchanging(page("/x", ETag='"a"'))}
    run(lake, source(site))
    (name,) = RawZone(lake).warcs("run")
    data = bytearray((lake.root / name).read_bytes())
    for frame, (_, offset, _) in placed(lake.root / name, name):
        if frame.headers.get("warc-target-uri") == f"{HOST}/a.html" and frame.headers["warc-type"] == "response":
            data[offset + 20 : offset + 40] = bytes(20)
    (lake.root / name).write_bytes(data)
    run(lake, source(site), "later", 2 * HOUR)
    assert told(lake, "/a.html") == [200, 200]
    site.answers |= {"/a.html": (304, {}, b""), "/robots.txt": (304, {}, b"")}
    asked = len(site.paths())
    run(lake, source(site), "robots", 2 * DAY)
    assert len(site.paths()) == asked
    del site.answers["/robots.txt"]
    run(lake, source(site), "unasked", 3 * DAY)
    assert "304 Not Modified, of a content that is not there" not in told(lake, "/a.html"), "it was asked whether it had changed"


# --- waits and limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/1.html", "/robots.txt"])
def test_a_host_that_asks_to_be_left_alone_is_and_its_answer_is_kept(site, lake, path):
    site.answers = {"/": page(*(f"/{number}.html" for number in range(1, 9))), path: (503, {"Retry-After": "120"}, b"")}
    run(lake, source(site, limits={"retries": 2}))
    assert told(lake, path) == [503]
    assert site.paths() == ([] if path == "/robots.txt" else ["/", "/1.html"])


def test_a_host_that_asks_to_wait_is_not_asked_for_anything_meanwhile(site, lake):
    site.answers = {"/": page("/1.html", "/2.html", "/3.html"), "/2.html": page(), "/3.html": page()}
    site.answers["/1.html"] = lambda _: (429, {"Retry-After": "3"}, b"") if site.paths().count("/1.html") == 1 else page()
    run(lake, source(site, limits={"retries": 1}))
    assert sorted(site.paths()) == ["/", "/1.html", "/1.html", "/2.html", "/3.html"]
    assert gaps(site)[2] > 2.9, "after robots.txt, the front page and the first story"
    assert told(lake, "/1.html") == [200]


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [(b"120", 120), (b" 5 ", 5), (b"\xb2", 0), (b"soon", 0), (b"-1", 0), (b"9" * 400, float("inf")), (b"Wed, 99 Oct 2099 07:28:00 GMT", 0), (b"", 0)],
)
def test_how_long_a_host_asks_to_wait(stated, seconds):
    assert retry_after(Response(HOST, status=503, headers={"Retry-After": stated})) == seconds
    assert retry_after(Response(HOST, status=200, headers={"Retry-After": stated})) == 0


def test_a_date_to_wait_for_may_be_in_any_zone_and_waits_have_bounds():
    assert retry_after(Response(HOST, status=503, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 -0000"})) > DAY
    assert retry_after(Response(HOST, status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})) == 0
    assert [backoff(attempt) for attempt in (1, 2, 3, 10)] == [1, 2, 4, 60]


def test_a_crawl_delay_holds_however_fast_the_answers(site, lake):
    site.answers = {"/robots.txt": robots("User-agent: *\nCrawl-delay: 1.5\n"), "/": page(*(f"/{number}.html" for number in range(4)))}
    run(lake, source(site, limits={"delay": 0.1}))
    assert len(gaps(site)) == 5
    assert sum(gaps(site)[1:]) > 5  # four times 1.5 s; what is sent so far apart may come a little less than that apart


def test_a_slow_host_gets_as_many_pages_of_a_run_as_a_quick_one_and_its_preview_tells_of_them(site, lake):
    links = [f"/{number}.html" for number in range(8)]
    site.answers = {
        "linchuan.example/robots.txt": robots("User-agent: *\nCrawl-delay: 0.5\n"),
        "linchuan.example/": page(*links), "/": page(*links), **{link: page() for link in links},
    }  # fmt: skip
    trial = source(site, "http://linchuan.example/", f"{HOST}/", limits={"pages": 4})
    run(lake, trial, "first")
    asked = Counter(host for _, host, path, _ in site.asked if path in links)
    assert asked == {"linchuan.example": 2, "qingxi.example": 2}
    told = preview(trial, lake.root, page_bytes=1 << 20).pages
    site.asked.clear()
    run(lake, trial, "second")
    assert sorted(told) == sorted(f"http://{host}{path}" for _, host, path, _ in site.asked if path in links)
    assert Counter(url.split("/")[2] for url in told) == {"linchuan.example": 2, "qingxi.example": 2}


def test_nothing_is_asked_for_when_the_time_is_over(site, lake):
    site.answers = {"/": page(*(f"/{number}.html" for number in range(30)))}
    trial = source(site, limits={"delay": 0.5, "seconds": 3})
    run(lake, trial)
    assert 2 <= len(site.asked) <= 8
    run(lake, source(site), "rest", 60)
    assert Counter(site.paths()) == {"/": 1, **{f"/{number}.html": 1 for number in range(30)}}


def test_a_crawl_ends_with_the_run_that_waits_for_it(site, lake):
    site.answers = {"/": page(*(f"/{number}.html" for number in range(60)))}
    job = json.dumps(source(site, limits={"delay": 0.5}).model_dump(mode="json", by_alias=True))
    code = (
        "import sys; from broadsheet.capture.web.crawl import crawl; from broadsheet.capture.web.source import WebSource; from broadsheet.lake import Lake;"
        "from pathlib import Path; crawl(Lake(Path(sys.argv[1])), WebSource.model_validate_json(sys.argv[2]), 'run', page_bytes=1 << 20)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(lake.root), job]) as parent:
        while len(site.asked) < 3:
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    for _ in range(100):  # until the crawl that is left lets go of the host
        try:
            run(lake, source(site, limits={"pages": 0}), "again")
            break
        except TransientError:
            assert len(site.asked) < 20, "it goes on"
            time.sleep(0.1)
    assert len(site.asked) < 20


def test_a_crawl_that_is_told_to_stop_counts_as_one_to_be_repeated(site, lake):
    site.answers = {"/": page(*(f"/{number}.html" for number in range(30)))}
    job = {"lake": str(lake.root), "source": source(site, limits={"delay": 0.2}).model_dump(mode="json", by_alias=True)}
    with subprocess.Popen([sys.executable, "-m", "broadsheet.capture.web.crawl"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as crawler:
        crawler.stdin.write(json.dumps({**job, "run_id": "run", "page_bytes": 1 << 20, "clock_offset": 0}).encode())
        crawler.stdin.close()
        while len(site.asked) < 3:
            assert crawler.poll() is None
            time.sleep(0.05)
        crawler.terminate()
        assert b"source trial: the crawler was stopped" in crawler.stderr.read()
    assert crawler.returncode == os.EX_TEMPFAIL
    assert told(lake, "/0.html") == [404]


# --- robots.txt ----------------------------------------------------------------------------------------------------------------


def test_robots_may_be_elsewhere_and_seeds_on_another_host_than_pages(site, lake):
    feed = f'<rss version="2.0"><channel><item><link>{HOST}/1.html</link></item></channel></rss>'.encode()
    site.answers = {
        "feeds.example/rss": (200, {"Content-Type": "application/rss+xml"}, feed), "qingxi.example/1.html": page(),
        "qingxi.example/robots.txt": moved("http://cdn.example/robots.txt"), "cdn.example/robots.txt": robots("User-agent: *\nDisallow: /2\n"),
    }  # fmt: skip
    run(lake, source(site, "http://feeds.example/rss", kind="feed", follow={"hosts": ["qingxi.example"]}))
    assert site.paths() == ["/rss", "/1.html"]


def test_a_source_whose_urls_are_all_forbidden_is_told_of(site, lake):
    site.answers = {"/robots.txt": robots("User-agent: *\nDisallow: /\n")}
    trial = source(site)
    with pytest.raises(TransientError, match=rf"none of 1 requests was answered; the last: robots.txt forbids {HOST}/"):
        ingest(start_source(lake.root, trial), trial)


def test_a_run_that_got_no_answer_ends_so_however_often_it_is_repeated_and_the_source_stays_due(site, lake):
    site.answers = {"/": (503, {}, b""), "/a.html": page()}
    trial = source(site, schedule="6h")
    for _ in range(3):
        with pytest.raises(TransientError, match=r"none of 2 requests was answered; the last: .* answered 503"):
            ingest(start_source(lake.root, trial, "first"), trial)
    assert site.paths() == ["/"], "nothing is due so soon after a failure"
    soon = start_source(lake.root, trial, "soon")
    assert ingest(soon, trial)["crawl"]["put_off"] == 1
    finish(soon)
    assert last_run(lake, "trial") is None, "it asked for nothing"
    site.answers["/"] = page("/a.html")
    later = start_source(lake.root, trial, "later", clock_offset_seconds=HOUR)
    assert ingest(later, trial)["crawl"]["answered"] == 2
    finish(later)
    assert last_run(lake, "trial").run_id == "later"


def test_a_run_without_answers_ends_well_when_another_had_them(site, lake, monkeypatch):
    site.answers = {"/": (503, {}, b"")}
    trial = source(site)
    with pytest.raises(TransientError, match="none of 2 requests was answered"):
        ingest(start_source(lake.root, trial, "first"), trial)
    nothing_due = {"source": "trial", "requests": 0, "pages": 0, "answered": 0, "failed": 0, "put_off": 0}
    monkeypatch.setattr("broadsheet.capture.web.crawl.crawl", lambda *_, **__: nothing_due)
    assert ingest(start_source(lake.root, trial, "first"), trial)["crawl"] == nothing_due


@pytest.mark.parametrize(
    ("status", "text", "is_open"),
    [
        (200, "User-agent: *\nDisallow: /\n", False),
        (200, "\ufeffUser-agent: *\nDisallow: /\n", False),
        (200, "User-agent: broadsheet\nDisallow: /\n", False),
        (200, "User-agent: *\nDisallow: /\n\nUser-agent: archive\nAllow: /\n", False),  # a word of the contact
        (200, "User-agent: crawler\nDisallow: /\n", True),
        (404, "User-agent: *\nDisallow: /\n", True),
        (302, "", True),
        (503, "", False),
        (None, "", False),
    ],
)
def test_what_robots_say(status, text, is_open):
    assert is_allowed(rules_of(status, text.encode()), f"{HOST}/1.html") == is_open


@pytest.mark.parametrize(("stated", "seconds"), [("2.5", 2.5), ("nan", 0), ("-5", 0), ("soon", 0)])
def test_a_crawl_delay_is_a_number_of_seconds(stated, seconds):
    assert crawl_delay(rules_of(200, f"User-agent: *\nCrawl-delay: {stated}\n".encode())) == seconds


# --- contents ------------------------------------------------------------------------------------------------------------------


def test_only_codings_are_accepted_that_can_be_unpacked(site, lake):
    site.answers = {"/": page("/1.html")}
    run(lake, source(site))
    assert {headers["Accept-Encoding"] for *_, headers in site.asked} == {"gzip, deflate, br"}


def test_what_pages_reserve_is_recorded_where_it_is_a_value_of_the_protocol(site, lake):
    metas = {
        "/1": '<meta name="tdm-reservation" content="1">',
        "/2": "<meta content=1 name=tdm-reservation>",
        "/3": '<meta name="tdm-reservation" content="x">',
    }
    site.answers = {"/": page(*metas, "/4", "/5", "/6"), **{path: (200, {}, meta.encode()) for path, meta in metas.items()}}
    site.answers |= {"/4": page(TDM_Reservation="0"), "/5": page(TDM_Reservation="x"), "/6": (200, {}, b'<meta name="tdm-policy" content="1">')}
    run(lake, source(site))
    visits = {path: RawZone(lake).visits.of_url(HOST + path)[-1].tdm_reservation for path in site.paths() if path != "/"}
    assert visits == {"/1": "1", "/2": "1", "/3": None, "/4": "0", "/5": None, "/6": None}


def test_what_was_seen_can_be_read_from_the_files_again(site, lake):
    site.answers = {"/": page("/1.html", "/2.html")}
    run(lake, source(site, limits={"pages": 1}))
    before = list(RawZone(lake).visits.of_source("trial"))
    for part in [*RawZone(lake).visits.parts.files(), *(lake.raw / "index").iterdir()]:
        part.unlink()
    RawZone(lake).recover()
    assert list(RawZone(lake).visits.of_source("trial")) == before
    assert [visit.hops for visit in dict(before)[f"{HOST}/2.html"]] == [1]


def test_an_index_from_before_sightings_is_read(tmp_path):
    parts = tmp_path / "raw" / "visits"
    parts.mkdir(parents=True)
    row = {
        "url": f"{HOST}/",
        "captured_at": datetime(2026, 3, 1, tzinfo=UTC),
        "source": "trial",
        "role": "seed",
        "http_status": 200,
        "raw_file": "raw/a.warc.gz",
    }
    schema = pa.schema([field for field in SCHEMA if field.name != "hops"])
    pq.write_table(pa.Table.from_pylist([row], schema=schema), parts / "a.warc.gz.parquet")
    (visit,) = RawZone(Lake(tmp_path)).visits.of_url(f"{HOST}/")
    assert (visit.http_status, visit.hops, visit.is_request) == (200, None, True)


def test_a_clock_that_was_ahead_silences_no_source(site, lake):
    site.answers = {"/": page("/1.html"), "/1.html": page()}
    run(lake, source(site), "ahead", 3650 * DAY)
    assert run(lake, source(site), "now")["ahead"] == 4, "three requests and a sighting"
    assert Counter(site.paths()) == {"/": 2, "/1.html": 2}
    (health,) = health_of(lake)
    assert health.asked_at < datetime.now(UTC) and health.request_count == 2
    assert health_of(lake, datetime.now(UTC) - timedelta(days=1)) == []
