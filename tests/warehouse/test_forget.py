"""Takedown: nothing of a forgotten page or site is left in any file of the lake, or object of its store, the rest is as if it had never been there,
and it stays away."""

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator as FastReader
from obstore.store import S3Store
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator as WarcioReader

from broadsheet import forget as takedown
from broadsheet import ingest, pipeline, reparse, replay
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import Role
from broadsheet.capture.web.archive import Exchange, archive
from broadsheet.capture.web.listed import let_be_listed, unlisted
from broadsheet.capture.web.plan import Plan
from broadsheet.capture.web.source import WebSource
from broadsheet.cli import app
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ATTEMPTS, BINDING, CAPTURES, COMMITS, FORGETTING, RAW, WITHDRAWN, Lake, written_aside
from broadsheet.lake import TABLES as ZONE
from broadsheet.reparse import Selection
from broadsheet.runs import Run, stored_summary
from broadsheet.settings import Settings
from broadsheet.tables.schema import TABLES
from broadsheet.tombstones import Target, Tombstone, Tombstones, tombstones_of
from broadsheet.transient import held_at_once
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.query import query
from broadsheet.warehouse.snapshots import rollback, snapshots

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
KNOWN = {row["path"]: row for row in map(json.loads, (SAMPLE / "manifest.jsonl").read_text("utf-8").splitlines())}
FEW = sorted((SAMPLE / "pages").glob("haidu*"))[:6]
(OTHER,) = (SAMPLE / "pages").glob("nordtaler*-000017*")
MARK = "证人黎青梧说那只蓝釉罐子当时放在窗台第三格"
URL = "https://www.haidu.example/2026/03/02/000017.html"
LISTED = f"{URL}?from=list"  # where it was captured besides; the page says that its URL is the other one
KEPT = "https://www.haidu.example/2026/03/02/000018.html"
SHARED, TWIN = "https://www.haidu.example/2026/03/03/000040.html", "https://www.haidu.example/2026/03/03/000041.html"
SITE = "haidu.example"
BUCKET = "in the bucket"
NO_PROCESS = 4_194_305  # beyond the greatest number that Linux gives
# What differs with the time and order of loads.
OWN = ("run_id", "first_capture_id", "captured_before", "raw_file", "raw_offset", "raw_length", "input_path")
BEGIN = datetime(2026, 3, 6, 8, tzinfo=UTC)
runner = CliRunner()


def content_of(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def marked(addition: str = "") -> bytes:
    """The page that is to be forgotten: that of `URL`, with a sentence that nothing else has."""
    content = content_of(next(path for path in FEW if path.name == "haidu.example-000009.html"))
    assert b'<section class="article-body"><p>' in content
    return content.replace(b'<section class="article-body"><p>', f'<section class="article-body"><p>{MARK}。{addition}'.encode(), 1)


def same_page() -> bytes:
    """What two URLs show, byte by byte."""
    content = content_of(next(path for path in FEW if KNOWN[f"pages/{path.name}"]["url"] == KEPT)).decode()
    return content.replace(f'<link rel="canonical" href="{KEPT}">', "").replace("<h1", "<h1 id=twin", 1).encode()


def put_down(folder: Path) -> Path:
    """Files of the sample and of the page, with their manifest."""
    folder.mkdir()
    rows = []
    for path in FEW:
        if KNOWN[f"pages/{path.name}"]["url"] != URL:
            shutil.copy(path, folder)
            rows.append({**KNOWN[f"pages/{path.name}"], "path": path.name})
    for name, content, told in (
        ("one.html", marked(), {"url": URL, "captured_at": "2026-03-02T06:38:00Z"}),
        ("two.html", marked("后来又改口。"), {"url": URL, "captured_at": "2026-03-02T12:55:00Z"}),
        ("listed.html", marked(), {"url": LISTED, "captured_at": "2026-03-02T14:00:00Z"}),
        ("refused.html", f"<html><p>{MARK}</p></html>".encode(), {"url": URL, "captured_at": "2026-03-02T15:00:00Z", "http_status": "503"}),
        ("gone.html", b"-", {"url": URL, "captured_at": "2026-03-05T00:00:00Z", "http_status": "404"}),
        ("shared.html", same_page(), {"url": SHARED, "captured_at": "2026-03-03T01:00:00Z"}),
        ("twin.html", same_page(), {"url": TWIN, "captured_at": "2026-03-03T02:00:00Z"}),
    ):
        (folder / name).write_bytes(content)
        rows.append({"path": name, **told})
    (folder / "manifest.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return folder


def source() -> WebSource:
    return WebSource(name="haidu", kind="web", urls=(f"https://www.{SITE}/",), contact="https://archive.example/")


def crawled(lake: Path, run_id: str, exchanges: list[Exchange]) -> list[str]:
    """What `ingest` makes of a crawl, given its exchanges; the days of which anything came."""
    run = ingest.start_source(lake, source(), run_id)
    with archive(RawZone(run.where), run_id, "haidu") as kept:
        for exchange in exchanges:
            kept.keep(exchange)
    let_be_listed(run, "haidu")
    pipeline.capture(run, unlisted(run))
    days = ingest.list_arrivals(run, None)
    ingest.finish(run)
    return days


def exchange(url: str, content: bytes, hours: int = 0, status: str = "200 OK") -> Exchange:
    header = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nLocation: {URL}\r\n\r\n".encode()
    request = f"GET {url} HTTP/1.1\r\n\r\n".encode()
    return Exchange(url=url, role=Role.PAGE, at=BEGIN + timedelta(hours=hours), request=request, header=header, content=content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A lake in which the page is everywhere where a page can be. Read-only; beside it `drop`, the files that it was made of."""
    root = tmp_path_factory.mktemp("whole")
    drop, lake = put_down(root / "drop"), root / "lake"
    pipeline.run_all(lake, [drop], manifest=drop / "manifest.jsonl", shards=2)
    early = root / "early"
    early.mkdir()
    (early / "early.html").write_bytes(marked("更早。"))
    told = {"path": "early.html", "url": URL, "captured_at": "2026-03-01T00:00:00Z"}  # before it says that it was published
    (early / "manifest.jsonl").write_text(json.dumps(told))
    second = pipeline.run_all(lake, [early], manifest=early / "manifest.jsonl", shards=1)
    elsewhere = content_of(FEW[3]).replace(b"<h1", b"<h1 id=later", 1)
    exchanges = [exchange(URL, marked("抓取时。")), exchange(KEPT, elsewhere, 1), exchange(f"https://www.{SITE}/old.html", b"", 2, "301 Moved")]
    crawled(lake, "crawl-1", [*exchanges, exchange(URL, marked("抓取时。"), 3), exchange(TWIN, same_page(), 4)])
    ingest.build(lake, BEGIN.date().isoformat(), shards=1)
    # an earlier state, with Parquet that it does not count
    rollback(Lake(lake), second["snapshot_id"], Settings())
    ingest.build(lake, BEGIN.date().isoformat(), shards=1)
    crawled(lake, "crawl-2", [exchange(URL, marked("又一次。"), 26)])  # came, and is not built yet
    reparse.shadow(reparse.read_anew(lake, Selection(sites=(SITE,)), workers=1, shards=1, run_id="waits"))
    reparse.publish(reparse.read_anew(lake, Selection(sites=(SITE,)), workers=1, shards=1))
    begun = Run.start(lake, "begun", shards=1)
    pipeline.capture(begun, [drop], drop / "manifest.jsonl")
    for stage in (pipeline.extract, pipeline.transform, pipeline.validate):
        stage(begun, 0)
    aside = lake / "raw" / "aside"
    aside.mkdir()
    half = f"WARC/1.1\r\nWARC-Target-URI: {URL}\r\nContent-Length: 99000\r\n\r\n{MARK}{''.join(map(chr, range(0x4E00, 0x9E00)))}"
    (aside / "half").write_bytes(gzip.compress(half.encode())[:-20_000])
    with written_aside(lake / "raw" / "copy.warc.gz") as aside:
        left = aside.with_name(aside.name.replace(str(os.getpid()), str(NO_PROCESS)))
        aside.touch()
    (lake / "raw" / "copy.warc.gz").unlink()
    left.write_text(MARK)  # what a process was writing aside when it was killed
    return lake


@pytest.fixture(scope="module")
def place(request) -> str:
    """Where lakes keep what they keep for good."""
    return getattr(request, "param", DIRECTORY)


DIRECTORY, STORE = "directory", "object store"
anywhere = pytest.mark.parametrize("place", [DIRECTORY, STORE], indirect=True, scope="module")
in_a_store = pytest.mark.parametrize("place", [STORE], indirect=True, scope="module")


@pytest.fixture(scope="module")
def copied(place, request):
    """Makes a copy of a lake, whose runs know where it is: in a directory, or in a bucket of its own, with the directory to work in."""

    def copy(source: Path, lake: Path) -> Path:
        shutil.copytree(source, lake)
        for told in (lake / "staging").glob("*/run.json"):
            told.write_text(told.read_text().replace(str(source), str(lake)))
        if place == STORE:
            url = request.getfixturevalue("new_bucket")()
            for key, content in (objects_of(source) or kept_in(source)).items():
                obstore.put(client(url), key, content)
            (lake / BINDING).write_text(json.dumps({"url": url, "directory_id": "0123456789abcdef"}))
        return lake

    return copy


def client(url: str) -> S3Store:
    """Another client than the lake's."""
    return S3Store.from_url(url, client_options={"allow_http": True})


def objects_of(lake: Path) -> dict[str, bytes]:
    """All that the bucket of a lake holds; nothing where the lake has none."""
    if not (binding := Lake(lake).binding):
        return {}
    bucket = client(binding.url)
    return {item["path"]: bytes(obstore.get(bucket, item["path"]).bytes()) for chunk in obstore.list(bucket) for item in chunk}


def is_whole(path: Path) -> bool:
    return path.is_file() and path.parent.name != "aside" and not path.name.startswith(".")


def kept_in(lake: Path) -> dict[str, bytes]:
    """What a lake in a directory keeps for good."""
    files = [path for zone in (RAW, ZONE, WITHDRAWN, COMMITS) for path in (lake / zone).rglob("*") if is_whole(path)]
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def lake(copied, whole, tmp_path) -> Path:
    return copied(whole, tmp_path / "lake")


@pytest.fixture(scope="module")
def forgotten(copied, whole, tmp_path_factory) -> tuple[Path, Tombstone]:
    """The lake without the page, and its tombstone. Read-only."""
    lake = copied(whole, tmp_path_factory.mktemp("forgotten") / "lake")
    (stone,) = forget(lake, URL, reason="a court's order")
    return lake, stone


# --- where a text is ---------------------------------------------------------------------------------------------------------


def texts_of(file: Path) -> Iterator[bytes]:
    """What a file holds, unpacked."""
    data = file.read_bytes()
    yield data
    if file.name.endswith(".zst"):
        with pa.input_stream(io.BytesIO(data), compression="zstd") as stream:
            yield stream.read()
    elif file.suffix == ".parquet":
        yield str(pq.read_table(file).to_pylist()).encode()
    elif file.suffix == ".duckdb":
        with duckdb.connect() as connection:
            connection.execute(f"attach '{file}' as it (read_only)")
            for (name,) in connection.execute("select table_name from duckdb_tables() where database_name = 'it'").fetchall():
                yield str(connection.execute(f"from it.{name}").fetchall()).encode()
    else:
        yield unpacked(data)


def unpacked(data: bytes) -> bytes:
    """Gzip members one after the other, as far as they go."""
    found = b""
    while data[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(31)
        found += member.decompress(data)
        data = member.unused_data
    return found


def holders(lake: Path, text: str = MARK) -> set[str]:
    """Files that hold a text, as it is or as JSON has it; objects of the lake's bucket below `BUCKET`."""
    sought = [text.encode(), json.dumps(text)[1:-1].encode()]
    with TemporaryDirectory() as fetched:
        for key, content in objects_of(lake).items():
            file = Path(fetched, BUCKET, key)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        files = [(path, path.relative_to(root)) for root in (lake, Path(fetched)) for path in root.rglob("*") if path.is_file()]
        return {str(name) for file, name in files for told in texts_of(file) if any(needle in told for needle in sought)}


def contents(lake: Path, without: tuple[str, ...] = OWN) -> dict[str, list[str]]:
    """Rows of the tables that do not tell of runs."""
    found = {}
    for name, table in TABLES.items():
        if table.layer != "operation":
            columns = ", ".join(column for column in table.columns if column not in without)
            found[name] = sorted(map(str, query(lake, f"select {columns} from {name}").to_pylist()))
    return found


def count(lake: Path, relation: str) -> int:
    return query(lake, f"select count(*) as n from {relation}").to_pylist()[0]["n"]


def forget(lake: Path, *targets: str, **options):
    return takedown.forget(lake, takedown.targets_of(targets), **options)


# --- tests -------------------------------------------------------------------------------------------------------------------


@anywhere
def test_no_file_of_the_lake_holds_a_forgotten_page(place, copied, whole, forgotten, tmp_path):
    lake, stone = forgotten
    before = holders(copied(whole, tmp_path / "before"))
    places = ["raw", "raw/aside", "staging/begun", "staging/waits", "tables", "withdrawn", "warehouse/changes", "docs"]
    places += [f"{BUCKET}/{zone}" for zone in ("raw", "tables", "withdrawn")] if place == STORE else []
    for held in places:
        assert any(name.startswith(f"{held}/") for name in before), held
    assert {"warehouse/broadsheet.duckdb", "warehouse/.standby.duckdb", "warehouse/shadow-waits.duckdb"} <= before
    assert holders(lake) == set()
    assert stone.urls == (LISTED,)
    assert stone.counts["captures"] == 6
    assert (stone.counts["articles"], stone.counts["absences"]) == (1, 1)
    assert stone.counts["rejections"] > 2
    assert count(lake, f"captures where '{URL}' in (url, canonical_url) or url = '{LISTED}'") == 0
    assert list(RawZone(Lake(lake)).visits.of_url(URL)) == []
    assert holders(whole / "arrivals", URL) != set() == holders(lake / "arrivals", URL)
    assert not list(lake.glob(FORGETTING))
    assert FORGETTING not in objects_of(lake)


def test_other_pages_are_as_they_were_and_all_records_can_be_read(whole, forgotten):
    lake, _ = forgotten
    kept = f"captures where coalesce(canonical_url, '') <> '{URL}' and url not in ('{URL}', '{LISTED}')"
    columns = "* exclude (raw_file, raw_offset, raw_length)"
    before = query(whole, f"select {columns} from {kept} order by capture_id").to_pylist()
    own = f"select {{}} from {{}} semi join (from {kept}) using (capture_id) order by all"
    events = ("page_blocks", "related_links", "headline_feed_observations")
    rows = {name: query(whole, own.format("*", name)).to_pylist() for name in events}
    assert query(lake, f"select {columns} from captures order by capture_id").to_pylist() == before
    for name in events:
        assert query(lake, f"from {name} order by all").to_pylist() == rows[name]
    zone = RawZone(Lake(lake))
    for row in query(lake, "from captures").to_pylist():
        zone.read(row["raw_file"], row["raw_offset"], row["raw_length"])  # which checks its digest
    for warc in (lake / "raw").glob("*.warc.gz"):
        with warc.open("rb") as file:
            fast = sum(1 for record in FastReader(file) if record.reader.read() is not None)
        with warc.open("rb") as file:
            assert sum(1 for record in WarcioReader(file, check_digests="raise") if record.content_stream().read() is not None) == fast > 0


def test_a_lake_that_forgot_a_page_is_as_one_that_never_had_it(tmp_path):
    drop = put_down(tmp_path / "drop")
    rows = [json.loads(line) for line in (drop / "manifest.jsonl").read_text("utf-8").splitlines()]
    others = [drop / row["path"] for row in rows if row["url"] not in (URL, LISTED)]
    halves = others[:4], others[4:]
    for name, first, second in (
        ("all", [*halves[0], *(drop / row["path"] for row in rows if row["url"] in (URL, LISTED))], halves[1]),
        ("rest", *halves),
    ):
        (tmp_path / "of.jsonl").write_text("".join(f"{json.dumps({**row, 'path': str(drop / row['path'])})}\n" for row in rows), "utf-8")
        for paths in (first, second):
            chosen = [row for row in rows if drop / row["path"] in paths]
            manifest = tmp_path / "manifest.jsonl"
            manifest.write_text("".join(f"{json.dumps({**row, 'path': str(drop / row['path'])})}\n" for row in chosen), "utf-8")
            pipeline.run_all(tmp_path / name, paths, manifest=manifest, shards=1)
    forget(tmp_path / "all", URL)
    assert contents(tmp_path / "all") == contents(tmp_path / "rest")


@anywhere
def test_the_warehouse_that_is_made_anew_is_the_same(forgotten, copied, tmp_path):
    lake = copied(forgotten[0], tmp_path / "lake")
    before = contents(lake, ())
    rebuild(Lake(lake))
    assert contents(lake, ()) == before
    assert holders(lake) == set()


def test_there_is_no_way_back_but_from_what_comes_after(forgotten, copied, tmp_path):
    lake = copied(forgotten[0], tmp_path / "lake")
    states = snapshots(Lake(lake))
    assert [state.is_reachable for state in states][:2] == [True, False]
    with pytest.raises(ConfigurationError, match="no longer kept"):
        rollback(Lake(lake), states[1].snapshot_id, Settings())
    with pytest.raises(ConfigurationError, match="no run 'waits'"):
        Run.open(lake, "waits")
    pipeline.run_all(lake, [OTHER], manifest=SAMPLE / "manifest.jsonl", shards=1)
    rollback(Lake(lake), states[0].snapshot_id, Settings())
    assert holders(lake) == set()


@anywhere
def test_it_does_not_come_back_by_any_way(forgotten, copied, whole, tmp_path):
    lake, drop = copied(forgotten[0], tmp_path / "lake"), whole.parent / "drop"
    summary = pipeline.run_all(lake, [drop], manifest=drop / "manifest.jsonl", shards=1)
    assert summary["passed_over"] == {"forgotten": 5}
    assert "Forgotten         5" in pipeline.summary_text(summary)
    assert crawled(lake, "again", [exchange(URL, marked("再来。"), 50), exchange(LISTED, marked("再来。"), 51)]) == []
    ingest.build(lake, (BEGIN + timedelta(days=1)).date().isoformat())
    reparse.publish(reparse.read_anew(lake, Selection(), workers=1, shards=1))
    with pytest.raises(ConfigurationError, match="no open rejection"):
        replay.start(lake, replay.Selection(site=SITE))
    assert holders(lake / "warehouse") | holders(lake / "tables") | holders(lake / "arrivals") | holders(lake / "staging") == set()
    plan = Plan(source(), {}, BEGIN, is_forgotten=Tombstones(Lake(lake)).covered.has_url)
    assert [plan.take(url, Role.PAGE) for url in (URL, "http://haidu.example/2026/03/02/000017.html", LISTED, KEPT)] == [False, False, False, True]


@anywhere
def test_under_an_address_that_nobody_knew_it_is_set_aside_and_goes_when_it_is_forgotten_again(forgotten, copied, tmp_path):
    lake = copied(forgotten[0], tmp_path / "lake")
    page, manifest = tmp_path / "mailed.html", tmp_path / "manifest.jsonl"
    page.write_bytes(marked("转发。"))
    manifest.write_text(json.dumps({"path": page.name, "url": f"{URL}?from=mail", "captured_at": "2026-03-07T00:00:00Z"}))
    summary = pipeline.run_all(lake, [page], manifest=manifest, shards=1)
    assert (summary["page_count"], summary["quarantined_by_reason"]) == (0, {"forgotten": 1})
    assert {name.removeprefix(f"{BUCKET}/").partition("/")[0] for name in holders(lake)} == {"raw"}
    (stone,) = forget(lake, URL)
    assert stone.urls == (LISTED, f"{URL}?from=mail")
    assert holders(lake) == set()
    assert pipeline.run_all(lake, [page], manifest=manifest, shards=1)["passed_over"] == {"forgotten": 1}


def test_a_run_that_was_begun_goes_on_from_extract(forgotten, copied, tmp_path):
    lake = copied(forgotten[0], tmp_path / "lake")
    run = Run.open(lake, "begun")
    for stage in (pipeline.extract, pipeline.transform, pipeline.validate):
        stage(run, 0)
    summary = pipeline.load(run)
    assert summary["passed_over"] == {"forgotten": 5}
    assert summary["rejected_input_count"] == 0
    assert stored_summary(lake, "begun")["run_status"] == "succeeded"
    assert holders(lake) == set()


def test_rejections_keep_their_reasons_alone_and_are_not_open(whole, forgotten):
    lake, _ = forgotten
    emptied = query(lake, "from quarantine where detail = 'forgotten'").to_pylist()
    assert count(lake, "quarantine") == count(whole, "quarantine")
    assert {(row["row_json"], row["raw_excerpt"]) for row in emptied} == {(None, None)}
    assert {"http_error", "published_after_capture"} <= {reason for row in emptied for reason in row["reasons"]}
    assert count(lake, "open_quarantine where detail = 'forgotten'") == 0


@anywhere
def test_a_content_that_another_page_shows_too_stays_with_that_page(lake):
    (before,) = query(lake, f"from captures where url = '{TWIN}' and captured_at < '2026-03-04'").to_pylist()
    zone = RawZone(Lake(lake))
    assert zone.frame(before["raw_file"], before["raw_offset"], before["raw_length"]).headers["warc-target-uri"] == SHARED
    forget(lake, SHARED)
    (after,) = query(lake, f"from captures where url = '{TWIN}' and captured_at < '2026-03-04'").to_pylist()
    place = after["raw_file"], after["raw_offset"], after["raw_length"]
    assert zone.read(*place) == same_page()
    assert zone.frame(*place).headers["warc-target-uri"] == TWIN
    assert count(lake, f"captures where url = '{SHARED}'") == 0
    (in_lake,) = query(lake, f"from read_parquet('{lake}/tables/captures/**/*.parquet') where capture_id = '{after['capture_id']}'").to_pylist()
    assert in_lake["raw_file"] == after["raw_file"]
    # the crawler's record of the other page repeats it
    (run,) = [reparse.read_anew(lake, Selection(captures=(after["capture_id"],)), workers=1, shards=1)]
    assert reparse.publish(run)["quarantined_by_reason"] == {}
    (visit,) = zone.visits.of_url(TWIN)
    assert zone.recover().find(visit.content_sha256) == place
    # whose record names it, and nothing in the raw zone names the other
    revisit, original = zone.frame(visit.raw_file, visit.raw_offset, visit.raw_length), zone.frame(*place)
    assert revisit.headers["warc-refers-to"] == original.headers["warc-record-id"]
    assert [name for name in holders(lake, SHARED) if "raw/" in name] == []


@anywhere
def test_a_site_goes_with_all_below_it(lake):
    pipeline.run_all(lake, [OTHER], manifest=SAMPLE / "manifest.jsonl", shards=1)
    before = contents(lake)
    (stone,) = forget(lake, "www.Haidu.example")
    assert (stone.target, stone.kind) == (SITE, "site")
    after = contents(lake)
    assert [row for row in before["captures"] if SITE not in row] == after["captures"] != []
    assert after["sites"] == [row for row in before["sites"] if SITE not in row]
    assert after["articles"] == [row for row in before["articles"] if SITE not in row] != []
    assert holders(lake) == set()
    assert count(lake, f"quarantine where site = '{SITE}' and detail <> 'forgotten'") == 0
    covered = Tombstones(Lake(lake)).covered
    assert [covered.has_site(site) for site in (SITE, f"m.{SITE}", f"not{SITE}", None)] == [True, True, False, False]
    assert forget(lake, SITE) and contents(lake) == after


def test_credits_go_that_no_other_page_shows_and_people_and_sites_that_nothing_names(tmp_path):
    article, amp = "https://www.qinghe.example/1.html", "https://www.qinghe.example/amp/1.html"
    text = "周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史，沿线六个村的孩子上学不再绕路。"
    for name, credits in (("amp", "编辑：孙若溪 责任编辑：周子墨"), ("article", "记者：钱雨桐 编辑：孙若溪")):
        head = f'<title>清河县跨江大桥建成投用</title><link rel="canonical" href="{article}">'
        body = f'<h1>清河县跨江大桥建成投用</h1><div class="info">2026-03-02 08:00 来源：清河日报 {credits}</div><div><p>{text}</p><p>{text[5:]}</p></div>'
        (tmp_path / f"{name}.html").write_text(f'<html lang="zh"><head>{head}</head><body>{body}</body></html>', "utf-8")
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(f"{json.dumps({'path': f'{name}.html', 'url': url})}\n" for name, url in (("amp", amp), ("article", article))))
    lake = tmp_path / "lake"
    for name in ("amp", "article"):
        pipeline.run_all(lake, [tmp_path / f"{name}.html"], manifest=manifest, shards=1)
    pipeline.run_all(lake, [OTHER], manifest=SAMPLE / "manifest.jsonl", shards=1)
    named = "select person_name from {} where site = 'qinghe.example' order by all"
    people = [row["person_name"] for row in query(lake, named.format("article_people")).to_pylist()]
    assert people == ["周子墨", "孙若溪", "钱雨桐"]
    forget(lake, amp)
    for table in ("article_people", "people"):
        assert [row["person_name"] for row in query(lake, named.format(table)).to_pylist()] == ["孙若溪", "钱雨桐"]
    assert holders(lake, "周子墨") == set()

    with duckdb.connect(str(Lake(lake).warehouse)) as connection:  # as an earlier program left them
        connection.execute(
            "insert into people select 'left', '冯若谷', person_basis, outlet_id, site, run_id from people where person_name = '孙若溪'"
        )
    forget(lake, "qinghe.example")
    assert count(lake, "people where contains(site, 'qinghe')") == count(lake, "sites where contains(site, 'qinghe')") == 0
    assert count(lake, "captures") == count(lake, "sites") == 1
    assert {name for text in ("冯若谷", "孙若溪") for name in holders(lake, text)} == set()


@anywhere
def test_what_is_forgotten_twice_adds_nothing(forgotten):
    lake, _ = forgotten
    before, states = contents(lake, ()), len(snapshots(Lake(lake)))
    result = runner.invoke(app, ["forget", URL, "--lake", str(lake), "--yes"])
    assert result.exit_code == 0, result.output
    assert "forgotten before, and nothing of it is there" in result.output
    assert (contents(lake, ()), len(snapshots(Lake(lake)))) == (before, states)


STEPS = (
    "takedown._move_shared",  # all is found, nothing is removed
    "load.publish_build",  # Parquet is moved, the warehouse is not published
    "load.mark_published",  # the warehouse is published, and the one that it was made from is there
    "takedown._empty_lists",  # nothing leads back
    "erasure._overwrite",  # the indexes know the records no more
    "takedown._draw_docs",
)


@anywhere
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_takedown_is_completed_by_the_next(lake, forgotten, step):
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(lake), URL, step], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert holders(lake)
    assert Tombstones(Lake(lake)).covered.has_url(URL)
    result = runner.invoke(app, ["forget", "--lake", str(lake), "--yes"])
    assert result.exit_code == 0, result.output
    assert "is completed first" in result.output
    assert holders(lake) == set()
    assert count(lake, "tombstones") == 1
    unbroken, stone = forgotten
    assert contents(lake) == contents(unbroken)
    assert next(tombstones_of(Lake(lake))).counts == stone.counts


_KILLED = """
import os, signal, sys
from broadsheet import forget as takedown
from broadsheet.capture import erasure
from broadsheet.warehouse import load
module, _, name = sys.argv[3].partition(".")
setattr({"takedown": takedown, "erasure": erasure, "load": load}[module], name, lambda *args: os.kill(os.getpid(), signal.SIGKILL))
takedown.forget(sys.argv[1], takedown.targets_of([sys.argv[2]]))
"""


@in_a_store
@pytest.mark.parametrize("step", ["load.publish_build", "erasure._overwrite"])
def test_a_killed_takedown_whose_working_directory_is_lost_is_completed(lake, forgotten, step):
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(lake), URL, step], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    url = Lake(lake).binding.url
    shutil.rmtree(lake)
    lake.mkdir()
    (lake / BINDING).write_text(json.dumps({"url": url, "directory_id": "fedcba9876543210"}))
    rebuild(Lake(lake))
    assert holders(lake)
    assert Tombstones(Lake(lake)).covered.has_url(URL)
    assert takedown.unfinished(lake) == (Target.of(URL),)
    assert [stone.target for stone in forget(lake)] == [URL]
    assert holders(lake) == set()
    assert (contents(lake), count(lake, "tombstones")) == (contents(forgotten[0]), 1)


@in_a_store
def test_it_is_said_where_the_bucket_keeps_versions(lake, s3_server):
    asked = ["forget", "--lake", str(lake), "--yes"]
    without = runner.invoke(app, [*asked, KEPT])
    assert (without.exit_code, "keeps versions" in without.output) == (0, False)
    versioned = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    headers = {"Content-Type": "application/xml", "Authorization": "AWS4-HMAC-SHA256 Credential=reader/20260301/us-east-1/s3/aws4_request"}
    bucket = Lake(lake).binding.url.removeprefix("s3://")
    with urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{bucket}?versioning", versioned, headers, method="PUT"), timeout=10):
        done = runner.invoke(app, [*asked, TWIN])
    assert done.exit_code == 0, done.output
    assert "The bucket keeps versions" in done.output


def test_the_command_tells_first_and_asks(lake):
    before = contents(lake, ())
    told = runner.invoke(app, ["forget", URL, "--lake", str(lake), "--dry-run"])
    assert told.exit_code == 0, told.output
    for line in (
        "6 captures of the warehouse",
        "1 articles that go entirely",
        f"captured at {LISTED} too",
        "reparse waits, which waits, is discarded",
    ):
        assert line in told.output
    assert "they stay" in told.output
    refused = runner.invoke(app, ["forget", URL, "--lake", str(lake)], input="n\n")
    assert (refused.exit_code, "Nothing was removed" in refused.output) == (4, True)
    assert runner.invoke(app, ["forget", URL, "--lake", str(lake)]).exit_code == 4  # nobody answers
    assert (contents(lake, ()), Lake(lake).tombstones.exists()) == (before, False)
    done = runner.invoke(app, ["forget", URL, "--lake", str(lake), "--reason", "on request"], input="y\n")
    assert done.exit_code == 0, done.output
    assert f"Forgotten: {URL}" in done.output
    listed = runner.invoke(app, ["forget", "--list", "--lake", str(lake)], env={"COLUMNS": "200"})
    assert URL in listed.output and "on request" in listed.output
    assert runner.invoke(app, ["forget", "--lake", str(lake)]).exit_code == 2


def test_a_name_that_is_misspelt_or_of_many_sites_is_refused(lake):
    before = contents(lake, ())
    for targets, told in (
        (["haidu.exmaple"], "nothing of haidu.exmaple is in the lake"),
        ([URL, f"{URL}x"], f"nothing of {URL}x is in the lake"),
        (["example"], "'example' is no site but what names of sites end with"),
        (["co.uk"], "'co.uk' is no site"),
    ):
        refused = runner.invoke(app, ["forget", *targets, "--lake", str(lake), "--yes"])
        assert refused.exit_code == 2 and told in refused.output, refused.output
    assert (contents(lake, ()), Lake(lake).tombstones.exists()) == (before, False)
    asked = runner.invoke(app, ["forget", "haidu.exmaple", "--lake", str(lake)], input="n\n")
    assert (asked.exit_code, "Keep it from coming in all the same?" in asked.output) == (4, True)
    done = runner.invoke(app, ["forget", "haidu.exmaple", "--lake", str(lake), "--yes", "--even-if-unknown"])
    assert done.exit_code == 0, done.output
    assert [stone.target for stone in tombstones_of(Lake(lake))] == ["haidu.exmaple"]


def test_a_lake_that_was_never_published_forgets_too(tmp_path, whole):
    drop = whole.parent / "drop"
    run = Run.start(tmp_path / "lake", "begun", shards=1)
    pipeline.capture(run, [drop], drop / "manifest.jsonl")
    pipeline.extract(run, 0)
    assert holders(tmp_path / "lake")
    found = takedown.find(tmp_path / "lake", takedown.targets_of([URL]))
    assert (found.counts["captures"], found.counts["stagings"]) == (0, 1)
    assert found.counts["records"] == 2
    forget(tmp_path / "lake", URL)
    assert holders(tmp_path / "lake") == set()


@anywhere
def test_while_a_run_writes_to_the_raw_zone_it_waits(lake):
    with RawZone(Lake(lake)).writer("busy") as writer:
        writer.append(b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
        with pytest.raises(TransientError, match="a run is writing"):
            forget(lake, URL)
    assert takedown.unfinished(lake) == (Target.of(URL),)
    forget(lake)
    assert holders(lake) == set()


def test_while_spark_is_at_work_on_a_run_its_staging_stays(lake):
    where = Lake(lake)
    captures = sorted(where.staging("begun", "capture").rglob(CAPTURES))
    before = [file.read_bytes() for file in captures]
    attempt = where.staging("begun", ATTEMPTS) / "open" / "shard-000" / "one"
    attempt.mkdir(parents=True)
    with held_at_once(where.driver_lock("begun"), "this test"), pytest.raises(TransientError, match="at work on the run begun"):
        forget(lake, URL)
    assert before == [file.read_bytes() for file in captures] and attempt.exists()
    forget(lake)
    assert holders(lake) == set() and not attempt.exists()


@pytest.mark.parametrize("wrong", ["ftp://haidu.example/1.html", "haidu.example/1.html", "unknown", " "])
def test_a_target_must_be_a_url_or_a_site(wrong):
    with pytest.raises(ConfigurationError):
        Target.of(wrong)
