"""A week of crawling the test web: what a source's schedule could see is in the warehouse, and nothing was asked for that must not be."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from warcio.archiveiterator import ArchiveIterator

from broadsheet.capture.raw_zone import RawZone
from broadsheet.ingest import build
from broadsheet.lake import Lake
from testweb import Clock, Truth, Web, WebServer
from testweb.log import delays

ROUNDS = [timedelta(hours=hours) for hours in (2, 14, 31, 100, 172)]
DELAY = 0.05
SOURCES = {
    "yunzhou": {"kind": "web", "urls": ["/", "/news/", "/news/c/"], "limits": {"delay": DELAY, "pages": 2000, "retries": 1}},
    "lanshan": {"kind": "feed", "urls": ["/rss.xml"]},
    "haidu": {"kind": "feed", "urls": ["/feed/atom.xml", "/feed/feed.json"]},
    "harbor": {"kind": "web", "urls": ["/", "/local"], "follow": {"deny": ["/calendar/"]}},
    "nordtal": {"kind": "sitemap", "urls": ["/sitemap_index.xml"]},
}
HOSTS = {
    "yunzhou": "www.yunzhou-net.example", "lanshan": "news.lanshan.example", "haidu": "www.haidu.example",
    "harbor": "www.harbor-ledger.example", "nordtal": "www.nordtaler-bote.example",
}  # fmt: skip


def write_sources(folder: Path, address: str) -> None:
    folder.mkdir()
    for name, said in SOURCES.items():
        common = {
            "contact": "https://archive.example/crawler", "allow_private": True, "resolve": {"*.example": address}, "every": "30m",
            "limits": {"delay": 0, "pages": 2000, "retries": 1},
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
    # nordtal's robots.txt cannot be had for some hours: nothing may be asked for, and that is told
    assert done.returncode == 0 or (done.returncode == 5 and f"{HOSTS['nordtal']}/robots.txt answered 503" in done.stderr), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """The web, what was asked of it, and the lake after five rounds of all sources."""
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
        build(lake, day, shards=1)
    with duckdb.connect(str(Lake(lake).warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield web, Truth(web), log, lake, connection


def test_nothing_was_asked_for_that_robots_forbid_and_delays_were_kept(week):
    _, truth, log, _, _ = week
    assert not truth.forbidden(log)
    waits = delays(log, HOSTS["yunzhou"])
    # what is sent 50 ms apart may come less than that apart on a busy machine, but not on the average
    assert sum(waits) / len(waits) >= DELAY
    assert sorted(waits)[len(waits) // 10] >= DELAY * 0.8
    assert {one.header("User-Agent") for one in log} == {"Broadsheet/0.1.0 (+https://archive.example/crawler)"}
    assert not any(one.header("Cookie") for one in log)


def test_every_page_that_the_seeds_showed_was_asked_for(week):
    web, truth, log, _, _ = week
    for name, said in SOURCES.items():
        asked = {f"http://{one.host}{one.path.partition('?utm')[0]}" for one in log if one.host == HOSTS[name]}
        for since in ROUNDS:
            for path in said["urls"]:
                url = f"http://{HOSTS[name]}{path}"
                shown = {entry.url for label in truth.lists_of(url) for entry in truth.feed_state_at(url, web.start + since, label)}
                article = {one.url: one for one in truth.articles(HOSTS[name])}
                missed = {one for one in shown - asked if not article[one].is_forbidden}
                assert not missed, (name, path, since)


def test_every_version_and_gap_that_was_shown_is_in_the_warehouse(week):
    _, truth, log, _, connection = week
    shown = {(one.url, _headline(one.title), one.body) for one in truth.seen(log)}
    rows = connection.execute("select canonical_url, article_versions.headline, body_text from article_versions join articles using (article_id)")
    stored = {(url, headline, tuple(body.split("\n"))) for url, headline, body in rows.fetchall()}
    # the page kernel may read one page in a hundred wrong; nothing may be missing
    assert len(shown) > 100 and len(shown ^ stored) <= len(shown) * 0.02
    assert {url for url, *_ in shown} == {url for url, *_ in stored}
    gone = set(connection.execute("select url, absence_kind from page_absences").fetchall())
    assert gone == {(url, gap.absence_kind) for url, gap in truth.seen_gaps(log)}


def _headline(title: str) -> str:
    """Without campaign tag and dash subtitle, which have rows of their own."""
    return re.sub(r"^【.*?】|——.*$", "", title)


@pytest.mark.parametrize("name", ["yunzhou", "harbor"])
def test_feeds_have_the_states_that_were_shown(week, name):
    """Lists of front pages, and rails of article pages, by their headings."""
    _, truth, log, _, connection = week
    front = f"http://{HOSTS[name]}/"
    site = HOSTS[name].removeprefix("www.")
    for label in truth.lists_of(front):
        shown = {tuple(entry.text for entry in state.entries) for state in truth.seen_states(log, front, label)}
        rows = connection.execute(
            "select list(headline_text order by rank) from headline_feed_entries join headline_feed_snapshots using (feed_snapshot_id) "
            "join headline_feeds using (feed_id) where feed_label = ? and headline_feeds.site = ? group by feed_snapshot_id",
            [label, site],
        ).fetchall()
        stored = {tuple(entries) for (entries,) in rows}
        assert len(shown - stored) <= 0.05 * len(shown), label


@pytest.mark.parametrize(("name", "path"), [("lanshan", "/rss.xml"), ("haidu", "/feed/atom.xml"), ("haidu", "/feed/feed.json")])
def test_feed_files_have_the_states_that_were_shown(week, name, path):
    _, truth, log, _, connection = week
    url = f"http://{HOSTS[name]}{path}"
    shown = {tuple(entry.text for entry in state.entries) for state in truth.seen_states(log, url)}
    rows = connection.execute(
        "select list(headline_text order by rank) from headline_feed_entries join headline_feed_snapshots using (feed_snapshot_id) "
        "join headline_feeds using (feed_id) where feed_url = ? group by feed_snapshot_id",
        [url],
    ).fetchall()
    assert {tuple(entries) for (entries,) in rows} == shown


def test_a_week_costs_no_content_twice(week):
    *_, lake, _ = week
    for warc in sorted((lake / "raw").glob("*.warc.gz")):
        with warc.open("rb") as file:
            assert all(record.content_stream().read() is not None for record in ArchiveIterator(file, check_digests="raise"))
    digests = [
        visit.content_sha256
        for name in SOURCES
        for _, visits in RawZone(Lake(lake)).visits.of_source(name)
        for visit in visits
        if visit.content_sha256
    ]
    kept = RawZone(Lake(lake)).recover()
    assert len(set(digests)) < len(digests) and all(kept.find(digest) for digest in digests)
