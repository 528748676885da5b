"""Crawls into a lake in an object store: what one crawl knows the next one has from the store, and of one that is killed nothing that it kept is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from fastwarc.warc import ArchiveIterator

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.web.source import WebSource
from broadsheet.ingest import build
from broadsheet.lake import Lake
from broadsheet.store import WARC, store_of
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.query import connect
from testweb import Clock, Truth, Web, WebServer
from testweb.log import Request

HOST = "www.yunzhou-net.example"
NAME = "yunzhou"
ROUNDS = [timedelta(hours=hours) for hours in (30, 31.05, 40)]  # nothing changes from the first to the second


@pytest.fixture
def web():
    """A small web that is served, and the server."""
    made = Web(seed=11, days=2, stories_a_day=4)
    with WebServer(made, Clock(made.start)) as server:
        yield made, server


def said(server: WebServer, **more) -> dict:
    return {
        "kind": "web", "urls": [f"http://{HOST}/"], "contact": "https://archive.example/crawler", "allow_private": True,
        "resolve": {"*.example": server.address}, "every": "30m", "limits": {"delay": 0, "retries": 1}, **more,
    }  # fmt: skip


def asked_in(log: list[Request]) -> dict[str, list[Request]]:
    """Requests by their path, robots.txt left out."""
    found: dict[str, list[Request]] = {}
    for one in log:
        if one.path != "/robots.txt":
            found.setdefault(one.path, []).append(one)
    return found


def lose(url: str) -> None:
    """Lose the working directory of a lake."""
    shutil.rmtree(Lake.at(url).root)


def seconds_ahead(at: datetime) -> float:
    return (at - datetime.now(UTC)).total_seconds()


def ingest(url: str, sources: Path, at: datetime) -> list[str]:
    """Days of which the command says that anything new came, with its clock at a simulated instant."""
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "ingest", "--sources", str(sources), "--source", NAME, "--lake", url],
        env={**os.environ, "BROADSHEET_CLOCK_OFFSET_SECONDS": str(seconds_ahead(at))}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def stored_versions(url: str) -> set[tuple[str, str]]:
    """URL and text of all versions in the warehouse."""
    with connect(Lake.at(url).root) as connection:
        return set(connection.execute("select canonical_url, body_text from article_versions join articles using (article_id)").fetchall())


def test_crawls_go_on_from_what_the_store_holds(s3_url, web, tmp_path):
    made, server = web
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / f"{NAME}.yaml").write_text(yaml.safe_dump(said(server)))
    truth, known = Truth(made), set()
    for number, since in enumerate(ROUNDS):
        at, before = made.start + since, len(server.log)
        server.clock.set(at)
        days = ingest(s3_url, sources, at)
        asked = asked_in(server.log.requests()[before:])
        # what is known is asked for with what the server said of it
        assert {path for path, requests in asked.items() if requests[0].is_conditional} == known & set(asked)
        if number == 0:
            lose(s3_url)  # listed, and not built
        else:
            for day in days:
                build(s3_url, day, shards=1)
            assert stored_versions(s3_url) == {(one.url, "\n".join(one.body)) for one in truth.seen(server.log.requests())}
            lose(s3_url)
            rebuild(Lake.at(s3_url))
        if number == 1:
            assert set(asked) == known and {requests[0].status for requests in asked.values()} == {304}
        known |= set(asked)
    assert not truth.forbidden(server.log.requests())
    zone = RawZone(Lake.at(s3_url))
    digests = [visit.content_sha256 for _, visits in zone.visits.of_source(NAME) for visit in visits if visit.content_sha256]
    contents = [record.headers["WARC-Payload-Digest"] for record in records(s3_url, "response") if record.headers.get("Content-Length") != "0"]
    assert len(set(digests)) < len(digests) and len(set(contents)) == len(contents), "a content was kept twice"


def records(url: str, kind: str = "") -> list:
    """Records of the crawl in the store, of one type."""
    store = store_of(Lake.at(url))
    found = []
    for key in store.keys("raw", WARC):
        with store.file(key).open("rb") as file:
            found += [record for record in ArchiveIterator(file, parse_http=False) if kind in ("", record.headers["WARC-Type"])]
    return found


# --- crawls that are killed ----------------------------------------------------------------------------------------------------

# The crawler's process, with small files, so that some are full, and sent, before it is killed: when it has kept so many exchanges.
_CRAWLER = """
import os, signal, sys
from broadsheet.capture import raw_zone
from broadsheet.capture.web import archive, crawl
raw_zone.RawZone.__init__.__kwdefaults__["rotate_bytes"] = 20_000
keeping, left = archive.Archive.keep, int(sys.argv[1])
def keep(*given):
    global left
    keeping(*given)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
archive.Archive.keep = keep
raise SystemExit(crawl.main())
"""
KEPT = 13


@pytest.mark.parametrize("is_lost", [False, True], ids=["the working directory stays", "the working directory is lost"])
def test_what_a_killed_crawl_kept_is_not_asked_for_again(s3_url, web, is_lost):
    made, server = web
    at = made.start + ROUNDS[0]
    server.clock.set(at)
    source = WebSource.model_validate({"name": NAME, **said(server)})
    lake = Lake.at(s3_url)

    def crawl(run_id: str, at: datetime, kept: int = 0) -> subprocess.CompletedProcess[bytes]:
        job = {"lake": str(Lake.at(s3_url).root), "source": source.model_dump(mode="json", by_alias=True), "run_id": run_id,
               "page_bytes": 1 << 24, "clock_offset": seconds_ahead(at)}  # fmt: skip
        return subprocess.run([sys.executable, "-c", _CRAWLER, str(kept)], input=json.dumps(job).encode(), capture_output=True, check=False)

    killed = crawl("killed", at, KEPT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    sent = pages_in(records(s3_url))
    here = pages_in(record for part in lake.raw.glob("*.part") for record in whole_records(part))
    asked_before = set(asked_in(server.log.requests()))
    assert sent and here and len(sent | here) == KEPT - 1  # and robots.txt

    if is_lost:
        lose(s3_url)
    kept, number = (sent if is_lost else sent | here), len(server.log)
    again = crawl("again", at + timedelta(minutes=1))  # by the clock, what was kept is past
    assert again.returncode == 0, again.stderr.decode()
    asked_again = set(asked_in(server.log.requests()[number:]))
    assert not asked_again & kept
    assert asked_before - kept <= asked_again
    assert pages_in(records(s3_url)) == asked_before | asked_again
    assert not list(Lake.at(s3_url).raw.glob("*.part"))


def whole_records(part: Path) -> list:
    """Records of a file that is written, up to the one that is not whole."""
    found = []
    with part.open("rb") as file, suppress(EOFError, OSError):
        found += ArchiveIterator(file, parse_http=False)
    return found


def pages_in(told) -> set[str]:
    """Paths of the pages that records tell of."""
    urls = {record.headers["WARC-Target-URI"] for record in told if record.headers["WARC-Type"] in ("response", "revisit")}
    return {url.removeprefix(f"http://{HOST}") for url in urls} - {"/robots.txt"}
