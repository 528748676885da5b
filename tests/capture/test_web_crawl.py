"""A crawl of hosts that answer in every wrong way: it ends, keeps what it may, and follows nothing that it must not."""

import gzip
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from broadsheet.capture.frames import parse_record
from broadsheet.capture.raw_zone import RawZone, placed
from broadsheet.capture.sources import deliveries
from broadsheet.capture.web.crawl import alone_with, crawl
from broadsheet.capture.web.requests import requests_of
from broadsheet.capture.web.source import WebSource
from broadsheet.capture.web.statuses import RETRIED, is_failure, is_later, is_robots_unreachable
from broadsheet.errors import TransientError
from broadsheet.ingest import ingest, start_source
from broadsheet.lake import Lake
from broadsheet.settings import Settings
from testweb import Web, WebServer
from testweb.klippen import paths

KLIPPEN = "http://www.klippen.example"
LEDGER = "http://www.harbor-ledger.example"
CONTACT = "https://archive.example/crawler"


def source(server, url: str, **said) -> WebSource:
    common = {"kind": "web", "contact": CONTACT, "allow_private": True, "resolve": {"*.example": server.address}, "limits": {"delay": 0}}
    return WebSource.model_validate({"name": "trial", "urls": [url], **common, **said})


@pytest.fixture(scope="module")
def inner():
    """A server of this machine that no page may lead to; gives what was asked of it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def foundered(tmp_path_factory, inner):
    """A crawl of www.klippen.example: lake, account, what was asked of the host and of this machine."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    with WebServer(Web(inner_url=inner[0])) as server:
        limits = {"delay": 0, "concurrency": 8, "timeout": 3, "retries": 2, "page_mb": 1}
        account = crawl(lake, source(server, f"{KLIPPEN}/", limits=limits), "run", page_bytes=1 << 24)
        log = server.log.requests()
    return lake, account, log, inner[1]


def warc_files(lake: Lake) -> list:
    return [lake.root / name for name in RawZone(lake).warcs("run")]


def visits(lake: Lake, host: str = KLIPPEN) -> dict[str, list]:
    """What was asked for, by path."""
    told = {url.removeprefix(host): [visit for visit in all_told if visit.is_request] for url, all_told in RawZone(lake).visits.of_source("trial")}
    return {path: asked for path, asked in told.items() if asked}


def test_everything_that_was_asked_for_is_told_of(foundered):
    lake, account, log, _ = foundered
    asked = {f"{KLIPPEN}{one.path}" for one in log}
    told = {KLIPPEN + path for path in visits(lake)}
    assert asked <= told
    assert not any("/forbidden/" in url for url in asked)
    assert account["forbidden"] >= 1 and account["requests"] == sum(map(len, visits(lake).values()))
    may_be = {path for path in paths() if not path.startswith("/forbidden")}
    assert {one.path for one in log} >= may_be


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/gzip-bomb.html", None, "too large: more than"),
        ("/large.html", None, "too large: more than"),
        ("/endless.html", None, "too large: more than 1 MB"),
        ("/many-headers.html", None, "too large: a header of"),
        ("/cut.html", None, "cut off: the answer ended"),
        ("/broken-chunks.html", None, "cut off: the answer ended"),
        ("/cut-gzip.html", None, "damaged: the coded body ends early"),
        ("/unknown-coding.html", None, "unknown coding: "),
        ("/hang.html?seconds=60", None, "timed out: no whole answer within 3 s"),
        ("/bad-status.html", None, "no HTTP: non-integer status code"),
        ("/two-lengths.html", None, "no HTTP: Invalid response: conflicting Content-Length"),
        ("/huge-headers.html", None, "connection lost: "),
        ("/nothing.html", None, "connection lost: "),
        ("/reset.html", None, " was whole"),
        ("/error.html", 500, None),
        ("/cookies.html", 200, None),
        ("/target.html", 200, None),
        ("/first/502", 200, None),
        ("/first/503", 200, None),
        ("/first/429", 200, None),
        ("/first/500?times=2", 200, None),
        ("/redirect/301", 301, None),
        ("/redirect/loop", 302, None),
    ],
)
def test_what_became_of_an_answer(foundered, path, status, error):
    (told,) = visits(foundered[0])[path]
    assert told.http_status == status
    assert (told.error is None) if error is None else error in told.error


def test_what_failed_is_counted_by_its_reason(foundered):
    lake, account, _, _ = foundered
    rows = requests_of(lake, "trial").to_pylist()
    failed = requests_of(lake, "trial", is_failed=True).to_pylist()
    assert len(rows) == account["requests"] + account["forbidden"]
    assert Counter(row["result"].split(": ")[1] for row in failed) == account["failures"]
    assert {"cut off", "timed out", "too large", "status 500"} <= set(account["failures"])
    results = {row["url"].removeprefix(KLIPPEN): row["result"] for row in rows}
    assert results["/cookies.html"] == results["/robots.txt"] == "answered"
    assert results["/redirect/301"].startswith("leads to ") and "not asked for: robots.txt forbids it" in results.values()
    assert [row["asked_at"] for row in rows] == sorted((row["asked_at"] for row in rows), reverse=True)
    cut = requests_of(lake, "trial", url="/cut.html", since=rows[-1]["asked_at"], limit=1).to_pylist()
    assert [(row["url"], row["role"], row["http_status"]) for row in cut] == [(f"{KLIPPEN}/cut.html", "page", None)]
    assert requests_of(lake, "other").num_rows == requests_of(Lake(lake.root / "none"), "trial").num_rows == 0


def test_nothing_leads_to_this_machine_or_away(foundered):
    _, _, log, asked_inside = foundered
    assert asked_inside == []
    assert {one.host for one in log} == {"www.klippen.example"}


def test_cookies_are_neither_sent_nor_kept(foundered):
    lake, _, log, _ = foundered
    assert not any(one.header("Cookie") for one in log)
    records = b"".join(record.reader.read() for warc in warc_files(lake) for record in ArchiveIterator(warc.open("rb"), parse_http=False))
    assert b"klippen-secret" not in records and b"cookies" in records


def test_other_readers_read_the_files_with_digests_right(foundered):
    for warc in warc_files(foundered[0]):
        with warc.open("rb") as file:
            kinds = Counter(record.rec_type for record in WarcioIterator(file, check_digests="raise") if record.content_stream().read() is not None)
        with warc.open("rb") as file:
            records = [
                record.verify_block_digest() or "WARC-Block-Digest" not in record.headers for record in ArchiveIterator(file, parse_http=False)
            ]
        assert all(records) and len(records) == sum(kinds.values())
        assert kinds["request"] == kinds["response"] + kinds["revisit"] and kinds["metadata"] >= 8


def test_pages_come_out_of_the_archive_as_they_were_served(foundered):
    lake = foundered[0]
    pages = {item.capture.url: item for item in deliveries(warc_files(lake), manifest=None, settings=Settings()) if hasattr(item, "content")}
    answer = Web().state_at("www.klippen.example", "/target.html", Web().start)
    assert pages[f"{KLIPPEN}/target.html"].content == answer.body
    assert f"{KLIPPEN}/robots.txt" not in pages


def test_a_host_that_is_not_public_is_not_connected_to(tmp_path):
    with WebServer(Web()) as server:
        closed = source(server, f"{KLIPPEN}/", allow_private=False, limits={"delay": 0, "retries": 0})
        account = crawl(Lake(tmp_path), closed, "run", page_bytes=1 << 24)
        assert server.log.requests() == []
    assert account.get("answered", 0) == 0


def test_two_runs_do_not_ask_one_host_at_the_same_time(tmp_path):
    with WebServer(Web(), delay=1.5) as server:
        mine = source(server, f"{LEDGER}/", limits={"delay": 0, "pages": 30})
        job = {
            "lake": str(tmp_path),
            "source": mine.model_dump(mode="json", by_alias=True),
            "run_id": "one",
            "page_bytes": 1 << 24,
            "clock_offset": 0,
        }
        first = subprocess.Popen([sys.executable, "-m", "broadsheet.capture.web.crawl"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        first.stdin.write(json.dumps(job).encode())
        first.stdin.close()
        while not server.log.requests():
            time.sleep(0.05)
            assert first.poll() is None
        try:
            with pytest.raises(TransientError, match=r"another run asks harbor-ledger\.example"):
                crawl(Lake(tmp_path), mine, "two", page_bytes=1 << 24)
        finally:
            first.kill()
            first.wait()


def test_a_site_that_answers_that_nothing_is_there_has_answered(tmp_path):
    with serving({}) as (server, _):
        mine = source(server, f"{LEDGER}/", limits={"delay": 0, "retries": 0})
        assert ingest(start_source(tmp_path, mine), mine)["crawl"]["answered"] >= 1


def test_no_limit_of_a_page_is_so_small_that_it_counts_as_none():
    with pytest.raises(ValueError, match="page_mb"):
        WebSource.model_validate({"name": "a", "kind": "web", "urls": [f"{LEDGER}/"], "contact": CONTACT, "limits": {"page_mb": 1e-7}})


@pytest.mark.parametrize(
    ("first", "second", "is_kept_out"),
    [
        ("news.example", "finance.news.example", True),
        ("finance.news.example", "news.example", True),
        ("www.news.example", "news.example", True),
        ("finance.news.example", "sports.news.example", False),
        ("news.example", "othernews.example", False),
    ],
)
def test_a_host_and_those_below_it_are_asked_by_one_run_at_a_time(tmp_path, first, second, is_kept_out):
    one, other = (
        WebSource.model_validate({"name": name, "kind": "web", "urls": [f"https://{host}/", f"https://a.{host}/"], "contact": CONTACT})
        for name, host in (("one", first), ("other", second))
    )
    kept_out = pytest.raises(TransientError, match=r"source other: another run asks .*news\.example") if is_kept_out else nullcontext()
    with alone_with(Lake(tmp_path), one), kept_out, alone_with(Lake(tmp_path), other):
        assert not is_kept_out
    with alone_with(Lake(tmp_path), other):
        pass


def test_a_site_that_answers_nothing_is_told_of(tmp_path):
    down = WebSource.model_validate(
        {"name": "down", "kind": "web", "urls": [f"{LEDGER}/"], "contact": CONTACT, "allow_private": True, "resolve": {"*.example": "127.0.0.1:9"},
         "limits": {"retries": 0, "delay": 0}}
    )  # fmt: skip
    run = start_source(tmp_path, down)
    with pytest.raises(TransientError, match=r"source down: none of \d+ requests was answered; the last: .*refused"):
        ingest(run, down)


# In the crawler's process: nothing more can be written after the fifth record.
FULL_DISK = """
import errno, os
from broadsheet.capture import raw_zone

write, written = raw_zone.Writer._write, []

def full(*arguments):
    written.append(arguments)
    if len(written) > 5:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return write(*arguments)

raw_zone.Writer._write = full
"""


def test_a_disk_that_fills_up_is_tried_again_and_what_was_written_counts(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(FULL_DISK)
    lake = Lake(tmp_path / "lake")
    with WebServer(Web()) as server:
        trial = source(server, f"{LEDGER}/", limits={"delay": 0, "pages": 3})
        with monkeypatch.context() as full:
            full.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
            with pytest.raises(TransientError, match=r"the disk is full: .*No space left on device"):
                crawl(lake, trial, "full", page_bytes=1 << 24)
        asked = visits(lake)
        account = crawl(lake, trial, "again", page_bytes=1 << 24)
    assert 1 <= len(asked) <= 3
    assert account["pages"] == 3


def test_what_statuses_say():
    every = {None, *range(100, 600), 999}
    later = {status for status in every if is_later(status)}
    assert {None, 408, 425, 429, 500, 503, 599, 999} <= later and not later & {200, 304, 401, 403, 404, 410, 451}
    assert {status for status in every if is_failure(status)} == later | {403}
    assert {status for status in every if is_robots_unreachable(status)} == later - {408, 425}
    assert {429, 503} < set(RETRIED) < later - {None, 501}


@pytest.mark.parametrize("status_line", [b"HTTP/1.1 1000 Odd", b"HTTP/1.1 7 Odd", b"HTTP/1.10 200 OK", b"HTTP/10.1 200 OK", b"HTTP/1.1 -20 OK"])
def test_an_answer_with_an_odd_status_line_ends_no_run(tmp_path, status_line):
    front = b'<a href="/odd.html">o</a> <a href="/sound.html">s</a>'
    crawl_of(tmp_path, {"/": page(front), "/sound.html": page(b"sound"), "/odd.html": status_line + b"\r\nContent-Length: 1\r\n\r\nx"})
    told = {path: visit for path, (visit,) in visits(Lake(tmp_path), LEDGER).items()}
    assert told["/sound.html"].http_status == 200
    assert told["/odd.html"].http_status is None and "no HTTP answer: 'HTTP/1" in told["/odd.html"].error


def test_credentials_in_urls_are_neither_sent_nor_kept(tmp_path):
    front = b'<a href="http://ann:secret@www.harbor-ledger.example/a">a</a>'
    moved = b"HTTP/1.1 302 Found\r\nLocation: //ann:secret@www.harbor-ledger.example/b\r\nContent-Length: 0\r\n\r\n"
    heads = crawl_of(tmp_path, {"/": page(front), "/a": moved, "/b": page(b"there")})
    told = {path: visit for path, (visit,) in visits(Lake(tmp_path), LEDGER).items()}
    assert told["/a"].location == "//www.harbor-ledger.example/b" and told["/b"].http_status == 200
    assert not any(b"secret" in head or b"ann" in head or b"Authorization" in head for head in heads)
    records = [parse_record(record) for warc in warc_files(Lake(tmp_path)) for record in gzip_members(warc)]
    assert not any(
        "secret" in str(record.headers) or (record.block != b"" and b"secret" in record.block.partition(b"\r\n\r\n")[0]) for record in records
    )


def gzip_members(warc):
    return [gzip.decompress(warc.read_bytes()[offset : offset + length]) for _, (_, offset, length) in placed(warc, warc.name)]


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


def crawl_of(folder, answers: dict[str, bytes]) -> list[bytes]:
    """Crawl a server. Returns the headers of the requests."""
    with serving(answers) as (server, heads):
        crawl(Lake(folder), source(server, f"{LEDGER}/", limits={"delay": 0, "retries": 0}), "run", page_bytes=1 << 24)
    return heads


@contextmanager
def serving(answers: dict[str, bytes]):
    """A server that gives these bytes by path, else 404, and the headers of its requests."""
    heads: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            heads.append(b"".join(iter(self.rfile.readline, b"\r\n")))
            path = heads[-1].split()[1].decode()
            self.wfile.write(answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(address=f"127.0.0.1:{server.server_address[1]}"), heads
        server.shutdown()
