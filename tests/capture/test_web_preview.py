"""A preview asks for what it says that a run would ask for, and for no page."""

import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import Role
from broadsheet.capture.web.crawl import crawl
from broadsheet.capture.web.preview import ALLOWED, FORBIDDEN, UNREACHABLE, kind_of, kind_of_content, preview
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.tombstones import TargetKind, Tombstone, set_tombstones
from testweb import Clock, Web, WebServer

PAGE_BYTES = 1 << 20
SOURCES = {
    "web": ["http://www.harbor-ledger.example/", "http://www.harbor-ledger.example/local"],
    "feed": ["http://news.lanshan.example/rss.xml"],  # whose robots.txt is elsewhere
    "sitemap": ["http://www.nordtaler-bote.example/sitemap_index.xml"],
}


@contextmanager
def site(answers: dict[str, tuple[int, dict[str, str], str]]):
    """A server of this machine: path -> status, headers, body. Gives its URL and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answers.get(self.path, (404, {}, "none"))
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", **headers, "Content-Length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def source(kind: str, urls: list[str], **said) -> WebSource:
    common = {"contact": "https://archive.example/crawler", "allow_private": True, "limits": {"delay": 0, "retries": 0}}
    return WebSource.model_validate({"name": "trial", "kind": kind, "urls": urls, **common, **said})


@pytest.mark.parametrize("kind", SOURCES)
def test_a_run_asks_for_what_its_preview_told(tmp_path, kind):
    web = Web(seed=11, days=7, stories_a_day=4)
    at = web.start + timedelta(hours=60)
    lake = Lake(tmp_path / "lake")
    with WebServer(web, Clock(at)) as server:
        trial = source(kind, SOURCES[kind], resolve={"*.example": server.address})
        offset = (at - datetime.now(UTC)).total_seconds()
        told = preview(trial, page_bytes=PAGE_BYTES, clock_offset=offset)
        asked = [f"http://{request.host}{request.path}" for request in server.log.requests()]
        crawl(lake, trial, "run", page_bytes=PAGE_BYTES, clock_offset=offset)
        again = preview(trial, lake.root, page_bytes=PAGE_BYTES, clock_offset=offset) if kind == "web" else None
    visits = [(url, told[-1]) for url, told in RawZone(lake).visits.of_source("trial")]
    pages = {url for url, visit in visits if visit.role == Role.PAGE}
    redirected = {visit.location for _, visit in visits if visit.location}
    assert len(told.pages) >= 10 and told.due_count == len(told.pages) == len(set(told.pages))
    assert set(told.pages) <= pages and pages - set(told.pages) <= redirected
    assert not pages & set(asked)
    assert len(asked) == told.requests
    assert {seed.url for seed in told.seeds} == {url for url, visit in visits if visit.role in (Role.SEED, Role.SITEMAP)}
    assert again is None or again.pages == []  # nothing of it is due so soon


def links(*paths: str) -> str:
    return "<html><body>" + "".join(f'<p><a href="{path}">{path}</a></p>' for path in paths) + "</body></html>"


def test_what_robots_and_pages_say_is_told():
    robots = "User-agent: broadsheet\nDisallow: /closed/\nCrawl-delay: 1\n"
    answers = {
        "/robots.txt": (200, {"Content-Type": "text/plain"}, robots),
        "/": (200, {"tdm-reservation": "1"}, links(*(f"/a/{number}.html" for number in range(5)), "/closed/1.html", "https://elsewhere.example/")),
    }
    with site(answers) as (url, asked):
        trial = source("web", [f"{url}/", f"{url}/closed/", f"{url}/gone/"], limits={"delay": 0, "pages": 4, "retries": 0})
        told = preview(trial, page_bytes=PAGE_BYTES)
    assert asked == ["/robots.txt", "/", "/gone/"]
    (host,) = told.hosts
    assert (host.status, host.crawl_delay, host.pages) == (200, 1.0, 4)
    front, closed, gone = told.seeds
    assert (front.robots, front.status, front.tdm_reservation, front.link_count, front.page_count) == (ALLOWED, 200, "1", 7, 6)
    assert (closed.robots, closed.status) == (FORBIDDEN, None)
    assert (gone.robots, gone.status, gone.tdm_reservation) == (ALLOWED, 404, None)
    assert told.pages == [f"{url}/a/{number}.html" for number in range(4)]
    assert (told.due_count, told.forbidden) == (6, [])
    assert told.seconds == 8.0  # robots.txt, three URLs, four pages, a second each


def test_a_robots_file_that_cannot_be_had_lets_nothing_be_asked_for():
    with site({"/robots.txt": (503, {}, "busy"), "/": (200, {}, links("/1.html"))}) as (url, asked):
        told = preview(source("web", [f"{url}/"]), page_bytes=PAGE_BYTES)
    assert set(asked) == {"/robots.txt"}
    assert (told.hosts[0].status, told.seeds[0].robots, told.pages) == (503, UNREACHABLE, [])


def test_of_pages_without_urls_the_robots_file_is_asked_for_once_and_what_was_forgotten_is_no_page(tmp_path):
    lake = Lake(tmp_path)
    with site({"/robots.txt": (200, {}, "\ufeffUser-agent: *\nDisallow: /2.html\n")}) as (url, asked):
        set_tombstones(lake, [Tombstone(target=f"{url}/3.html", kind=TargetKind.URL, forgotten_at=datetime.now(UTC))])
        told = preview(source("web", [], pages=[f"{url}/{number}.html" for number in (1, 2, 3)]), lake.root, page_bytes=PAGE_BYTES)
    assert asked == ["/robots.txt"]
    assert (told.seeds, told.pages, told.forbidden) == ([], [f"{url}/1.html", f"{url}/2.html"], [f"{url}/2.html"])


def test_addresses_of_this_machine_are_not_asked_by_default(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with site({"/": (200, {}, links("/1.html"))}) as (url, asked):
        told = preview(source("web", [f"{url}/"], allow_private=False), page_bytes=PAGE_BYTES)
    assert asked == []
    assert told.hosts[0].status is None
    reason = "private address: 127.0.0.1 is no public address; `allow_private: true` lets a source ask it"
    assert told.hosts[0].error == reason
    assert told.unanswered == f"none of 1 requests was answered; the last: {reason}"
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # nothing is left behind, hidden ones too


@pytest.mark.parametrize(
    ("host", "resolve", "told"),
    [
        ("localhost", {}, "private address: localhost, at "),
        ("news.qingxi.example", {"*.example": "127.0.0.1"}, "private address: news.qingxi.example, at 127.0.0.1, is no public address"),
        ("nowhere.invalid", {}, "unknown host: nowhere.invalid has no address"),
    ],
)
def test_names_of_private_addresses_are_told_from_names_without_any(host, resolve, told):
    shown = preview(source("web", [f"http://{host}:9/"], allow_private=False, resolve=resolve), page_bytes=PAGE_BYTES)
    assert shown.hosts[0].error.startswith(told)


def test_entries_that_are_too_old_are_counted():
    entries = "".join(
        f"<url><loc>{{0}}/{number}.html</loc><lastmod>{day}</lastmod></url>" for number, day in enumerate(("2020-01-01", "2020-01-02", "2999-01-01"))
    )
    answers = {}
    with site(answers) as (url, _):
        answers["/sitemap.xml"] = (
            200,
            {"Content-Type": "text/xml"},
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries.format(url)}</urlset>',
        )
        told = preview(source("sitemap", [f"{url}/sitemap.xml"]), page_bytes=PAGE_BYTES)
    assert [(seed.link_count, seed.old_count) for seed in told.seeds] == [(1, 2)]
    assert told.pages == [f"{url}/2.html"]


def test_what_was_forgotten_is_not_asked_for_by_a_preview(tmp_path):
    lake = Lake(tmp_path)
    with site({"/": (200, {}, links("/1.html"))}) as (url, asked):
        set_tombstones(lake, [Tombstone(target=f"{url}/", kind=TargetKind.URL, forgotten_at=datetime.now(UTC))])
        told = preview(source("web", [f"{url}/"]), lake.root, page_bytes=PAGE_BYTES)
    assert asked == []
    assert (told.requests, told.hosts, told.seeds, told.pages, told.forgotten_count, told.unanswered) == (0, [], [], [], 1, None)


RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>青溪</title><item><title>一</title><link>https://qingxi.example/1</link></item></channel></rss>'
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://qingxi.example/1</loc></url></urlset>'


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>一</title><link href="https://qingxi.example/1"/></entry></feed>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (RSS, "feed"), (ATOM, "feed"), ('{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://qingxi.example/1"}]}', "feed"),
        (SITEMAP, "sitemap"), (SITEMAP.replace("urlset", "sitemapindex").replace("url>", "sitemap>"), "sitemap"), (links("/1.html"), "web"), ("", "web"),
    ],
)  # fmt: skip
def test_what_a_url_is_shows_in_what_it_answers(content, kind):
    assert kind_of_content(content.encode(), "https://qingxi.example/", PAGE_BYTES) == kind


def test_what_a_url_is_cannot_be_told_without_an_answer():
    answers = {"/robots.txt": (200, {}, "User-agent: *\nDisallow: /closed\n"), "/a": (200, {}, RSS), "/b": (301, {"Location": "/a"}, "")}
    with site(answers) as (url, _):
        assert kind_of(source("web", [f"{url}/b"]), page_bytes=PAGE_BYTES) == "feed"
        with pytest.raises(ConfigurationError, match=r"robots\.txt cannot be had: connection refused"):
            kind_of(source("web", ["http://127.0.0.1:9/"]), page_bytes=PAGE_BYTES)
        for path, told in (("/closed", "robots.txt does not allow"), ("/gone", "status 404")):
            with pytest.raises(ConfigurationError, match=told):
                kind_of(source("web", [url + path]), page_bytes=PAGE_BYTES)
