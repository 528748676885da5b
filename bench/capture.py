"""`make bench-capture`: pages a second from the web and from WARC files, beside the bare libraries, what kills of the crawler leave, and how
quickly what is known of the web is found.

The web is the test web on this machine (`examples/testweb`), in a process of its own, asked without delays by one crawler process. The archive
has a request, a response and a metadata record for each page, as Common Crawl's. The last line is one line of JSON with the figures by
name. docs/benchmarks.md has more.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

import numpy as np
import psutil
import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the test web

from killed_crawls import PAGE_BYTES, kill_crawls

from broadsheet.capture import visits
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.stage import capture
from broadsheet.capture.visits import VisitIndex
from broadsheet.capture.web.crawl import crawl
from broadsheet.capture.web.health import health_of
from broadsheet.capture.web.plan import known_of
from broadsheet.capture.web.source import WebSource
from broadsheet.lake import Lake
from broadsheet.settings import Settings
from testweb import Clock, Web, WebServer

BENCH = Path(__file__).resolve().parent
HOST = "www.haidu.example"
SITEMAP = "http://www.nordtaler-bote.example/sitemap_index.xml"
CONCURRENCY = 8
T = TypeVar("T")


class Sizes(NamedTuple):
    pages: int
    rounds: int
    kills: int
    visits: int


FULL = Sizes(pages=3000, rounds=3, kills=20, visits=1_000_000)
SMALL = Sizes(pages=40, rounds=1, kills=2, visits=20_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="40 pages and two kills: whether it works, in a minute")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured, all of it by default")
    given = parser.parse_args()
    sizes = SMALL if given.small else FULL
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    figures: dict[str, Any] = {}
    for part in given.parts:
        with TemporaryDirectory() as folder:
            figures |= PARTS[part](sizes, Path(folder))
    print(json.dumps(figures))


# --- the web -----------------------------------------------------------------------------------------------------------------------


def from_the_web(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Medians of rounds in turn."""
    web = Web(days=7, stories_a_day=max(6, sizes.pages // 7 + 1))
    urls = [life.story.url for life in web.histories[HOST].lives if not life.gaps][: sizes.pages]
    with _served(sizes, folder) as (address, at):
        for url in urls:  # made once, then answered from memory
            path = url.removeprefix(f"http://{HOST}")
            urllib.request.urlopen(urllib.request.Request(f"http://{address}{path}", headers={"Host": HOST}), timeout=30).read()
        ours, bare = [], []
        for number in range(sizes.rounds):
            bare.append(_bare(urls, address))
            ours.append(_ours(urls, address, folder / f"lake-{number}"))
            print(f"  {len(urls)} pages at {at}: bare Scrapy {bare[-1]:.0f} pages/s, the crawler {ours[-1]:.0f}")
    return {"web_pages_per_s": round(median(ours), 1), "ratio_vs_bare_scrapy": round(median(ours) / median(bare), 2)}


class _served:
    """The test web in a process of its own, at its end: every page is there."""

    def __init__(self, sizes: Sizes, folder: Path):
        self._stories = max(6, sizes.pages // 7 + 1)
        self._folder = folder

    def __enter__(self) -> tuple[str, str]:
        code = (
            "import sys, time; from datetime import timedelta; from testweb import Clock, Web, WebServer\n"
            f"web = Web(days=7, stories_a_day={self._stories})\n"
            "with WebServer(web, Clock(web.start + timedelta(days=9))) as server:\n"
            "    print(server.address, flush=True); sys.stdin.read()\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BENCH.parent / "examples"), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout
        return self._process.stdout.readline().strip(), "the end of a week"

    def __exit__(self, *_: object) -> None:
        self._process.communicate("")


def _bare(urls: list[str], address: str) -> float:
    job = {"urls": urls, "concurrency": CONCURRENCY, "resolve": {"*.example": address}}
    done = subprocess.run([sys.executable, str(BENCH / "bare_spider.py")], input=json.dumps(job).encode(), stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    assert told["pages"] == len(urls), told
    return len(urls) / told["seconds"]


def _ours(urls: list[str], address: str, folder: Path) -> float:
    limits = {"delay": 0, "concurrency": CONCURRENCY, "pages": len(urls)}
    source = WebSource.model_validate(
        {"name": "bench", "kind": "web", "pages": urls, "contact": "https://archive.example/", "allow_private": True,
         "resolve": {"*.example": address}, "limits": limits, "follow": {"hosts": ["haidu.example"]}}
    )  # fmt: skip
    account = crawl(Lake(folder), source, "run", page_bytes=PAGE_BYTES)
    assert account["pages"] == account["answered"] + account.get("failed", 0) or account["pages"] == len(urls), account
    return len(urls) / account["seconds"]


# --- archives ----------------------------------------------------------------------------------------------------------------------


def from_warc(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """CPU seconds of this process, medians of rounds in turn."""
    warc = folder / "crawl.warc.gz"
    web = Web(days=7, stories_a_day=max(6, sizes.pages // 7 + 1))
    _write_warc(warc, web, sizes.pages)
    bare, ours = [], []
    for number in range(sizes.rounds):
        began = time.process_time()
        with warc.open("rb") as file:
            count = sum(1 for record in ArchiveIterator(file, record_types=WarcRecordType.response) if record.reader.read())
        bare.append(count / (time.process_time() - began))
        began = time.process_time()
        summary = capture([warc], lake=Lake(folder / f"lake-{number}"), run_id="run", settings=Settings())
        ours.append(summary.out_count / (time.process_time() - began))
        assert summary.out_count == count
        print(f"  {count} pages of a WARC file: bare FastWARC {bare[-1]:.0f} pages per CPU s, into the raw zone {ours[-1]:.0f}")
    return {"warc_pages_per_cpu_s": round(median(ours), 1), "ratio_vs_bare_fastwarc": round(median(ours) / median(bare), 3)}


def _write_warc(warc: Path, web: Web, count: int) -> None:
    at = web.start.replace(day=web.start.day + 6)
    with warc.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record(warc.name, {"software": "bench"}))
        lives = [life for life in web.histories[HOST].lives if not life.gaps][:count]
        for life in lives:
            answer = web.state_at(HOST, life.story.path, at)
            http = StatusAndHeaders("200 OK", list(answer.headers), protocol="HTTP/1.1")
            asked = StatusAndHeaders(f"GET {life.story.path} HTTP/1.1", [("Host", HOST)], is_http_request=True)
            response = writer.create_warc_record(life.story.url, "response", payload=io.BytesIO(answer.body), http_headers=http)
            request = writer.create_warc_record(life.story.url, "request", payload=io.BytesIO(b""), http_headers=asked)
            writer.write_request_response_pair(request, response)
            writer.write_record(writer.create_warc_record(life.story.url, "metadata", payload=io.BytesIO(b"fetchTimeMs: 20\r\n")))


# --- kills -------------------------------------------------------------------------------------------------------------------------


def killed(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """A site with more pages than all the crawls that are killed get to."""
    web = Web(stories_a_day=60 if sizes is FULL else 6)
    with WebServer(web, Clock(web.start + timedelta(days=6)), delay=0.01) as server:
        source = WebSource.model_validate(
            {"name": "bench", "kind": "sitemap", "urls": [SITEMAP], "contact": "https://archive.example/", "allow_private": True,
             "resolve": {"*.example": server.address}, "limits": {"delay": 0.02}, "max_age": "3650d"}
        )  # fmt: skip
        left = kill_crawls(server, Lake(folder), source, kills=sizes.kills, seed=3)
    print(f"  {left}")
    return {"kills": left.kills, "lost": left.lost, "broken": left.broken, "again": left.again}


# --- what is known -----------------------------------------------------------------------------------------------------------------


def looked_up(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Milliseconds in an index of many visits, of which one source has half and fifty others the rest: those of a URL, what a run of the large
    source knows when it begins, how all sources do. Medians of rounds."""
    lake = Lake(folder)
    index = RawZone(lake).visits
    urls = _write_visits(index, sizes.visits)
    at_random = random.Random(3)
    asked = [at_random.choice(urls) for _ in range(50)]
    found = [(len(told), ms) for told, ms in (_timed(index.of_url, url) for url in asked)]
    assert all(count for count, _ in found)
    plan, health = [], []
    for _ in range(sizes.rounds):
        (pages, _), ms = _timed(lambda: known_of(index.of_source(_LARGE), _BEGAN + _DAYS))
        plan.append(ms)
        told, ms = _timed(health_of, lake)
        health.append(ms)
        assert len(told) == _SOURCES + 1
        assert len(pages) == next(one.page_count for one in told if one.source == _LARGE)
    figures = {"visit_lookup_ms": median(ms for _, ms in found), "plan_ms": median(plan), "health_ms": median(health)}
    print(f"  {sizes.visits} visits, {len(urls)} URLs: " + ", ".join(f"{name} {value:.1f}" for name, value in figures.items()))
    return {name: round(value, 1) for name, value in figures.items()}


def _timed(work: Callable[..., T], *args: Any) -> tuple[T, float]:
    began = time.perf_counter()
    done = work(*args)
    return done, (time.perf_counter() - began) * 1000


_LARGE, _SOURCES, _PARTS = "large", 50, 20
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = timedelta(days=90)


def _write_visits(index: VisitIndex, count: int) -> list[str]:
    """Visits of three months, four of each URL, as one merged part and a tenth in parts that came since. Returns the URLs."""
    at_random = np.random.default_rng(3)
    urls = [_url(number) for number in range(count // 4)]
    which = at_random.permutation(np.repeat(np.arange(len(urls)), 4))
    at = np.sort(at_random.integers(0, int(_DAYS.total_seconds()) * 10**6, len(which))) + int(_BEGAN.timestamp()) * 10**6
    table = pa.table({
        "url": pa.array(urls).take(which), "captured_at": pa.array(at).cast(pa.timestamp("us", "UTC")),
        "source": pa.array([_source(number) for number in range(len(urls))]).take(which), "role": pa.repeat("page", len(which)),
        "http_status": pa.repeat(pa.scalar(200, pa.int16()), len(which)),
        "content_sha256": pa.array([hashlib.sha256(url.encode()).digest() for url in urls], pa.binary(32)).take(which),
        "etag": pa.array([f'"{number:032x}"' for number in range(len(urls))]).take(which),
        **{name: pa.nulls(len(which), pa.string()) for name in ("last_modified", "location", "error", "tdm_reservation", "hops")},
        "raw_file": pa.array([f"raw/run-{number // 1000:05d}-00000.warc.gz" for number in range(len(which))]),
        "raw_offset": pa.array(np.arange(len(which)) % 1000 * 9000), "raw_length": pa.repeat(9000, len(which)),
    }).cast(visits.SCHEMA)  # fmt: skip
    latest = len(which) // 10
    index.parts.write(Path("merged"), table.slice(0, len(which) - latest))
    for part in range(_PARTS):
        index.parts.write(Path(f"run-{part}"), table.slice(len(which) - latest + part * latest // _PARTS, latest // _PARTS))
    return urls


def _source(number: int) -> str:
    return _LARGE if number % 2 else f"source-{number // 2 % _SOURCES:02d}"


def _url(number: int) -> str:
    return f"https://www.{_source(number)}.example/news/2026/{number % 12 + 1:02d}/{number % 28 + 1:02d}/article_{number:07d}.html"


PARTS = {"web": from_the_web, "warc": from_warc, "kills": killed, "visits": looked_up}

if __name__ == "__main__":
    main()
