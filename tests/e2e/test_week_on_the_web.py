"""A week of crawling the test web: what a source's schedule could see is in the warehouse, and nothing was asked for that must not be."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from testweb import Clock, Truth, Web, WebServer
from testweb.log import delays

from broadsheet.lake import Lake

ROUNDS = [timedelta(hours=hours) for hours in (2, 3, 14, 26, 31, 50, 98, 170)]
DELAY = 0.02
SOURCES = {
    "yunzhou": {"kind": "web", "urls": ["/", "/news/", "/news/c/"]},
    "lanshan": {"kind": "feed", "urls": ["/rss.xml"]},
    "haidu": {"kind": "feed", "urls": ["/feed/atom.xml", "/feed/feed.json"]},
    "harbor": {"kind": "web", "urls": ["/", "/local"], "follow": {"deny": ["/calendar/"]}},
    "nordtal": {"kind": "sitemap", "urls": ["/sitemap_index.xml"]},
}
HOSTS = {
    "yunzhou": "www.yunzhou-net.example", "lanshan": "news.lanshan.example", "haidu": "www.haidu-life.example",
    "harbor": "www.harbor-ledger.example", "nordtal": "www.nordtaler-bote.example",
}  # fmt: skip


def write_sources(folder: Path, address: str) -> None:
    folder.mkdir()
    for name, said in SOURCES.items():
        common = {
            "contact": "https://archive.example/crawler", "allow_private": True, "resolve": {"*.example": address}, "every": "30m",
            "limits": {"delay": DELAY, "pages": 2000, "retries": 1},
        }  # fmt: skip
        urls = [f"http://{HOSTS[name]}{path}" for path in said["urls"]]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**common, **said, "urls": urls}))


def ingest(lake: Path, sources: Path, name: str, at: datetime) -> str:
    """What the command told, with its clock at a simulated instant."""
    offset = (at - datetime.now(UTC)).total_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "ingest", "--sources", str(sources), "--source", name, "--lake", str(lake)],
        env={**os.environ, "BROADSHEET_CLOCK_OFFSET_SECONDS": str(offset)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """The web, what was asked of it, and the lake after eight rounds of all sources."""
    root = tmp_path_factory.mktemp("week")
    lake, sources = root / "lake", root / "sources"
    web = Web(seed=11, days=7, stories_a_day=6)
    days = set()
    with WebServer(web, Clock(web.start)) as server, ThreadPoolExecutor(2) as pool:
        write_sources(sources, server.address)
        for since in ROUNDS:
            at = web.start + since
            server.clock.set(at)
            told = list(pool.map(lambda name, at=at: ingest(lake, sources, name, at), SOURCES))
            days |= {day for text in told for day in text.split()}
        log = server.log.requests()
    for day in sorted(days):
        done = subprocess.run([sys.executable, "-m", "broadsheet", "build", day, "--lake", str(lake)], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), done.stderr
    with duckdb.connect(str(Lake(lake).warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield web, Truth(web), log, lake, connection


def test_nothing_was_asked_for_that_robots_forbid_and_delays_were_kept(week):
    _, truth, log, _, _ = week
    assert not truth.forbidden(log)
    for name, host in HOSTS.items():
        assert min(delays([one for one in log], host)) >= DELAY * 0.9, name
    assert {one.header("User-Agent") for one in log} == {"Broadsheet/0.1.0 (+https://archive.example/crawler)"}
    assert not any(one.header("Cookie") for one in log)
