"""A lake in an object store says what a lake in a directory says, whatever dies or is lost, tried against moto's server."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import obstore
import pytest
from obstore.store import S3Store

from broadsheet import ingest as bringing
from broadsheet import pipeline, reparse
from broadsheet.engine.spark.derive import derive
from broadsheet.errors import ConfigurationError, TakenOver, TransientError
from broadsheet.lake import Lake, write_records
from broadsheet.lineage.datasets import stage_lineage
from broadsheet.quality.check import check
from broadsheet.quality.policy import load_policy
from broadsheet.runs import Run
from broadsheet.settings import Settings, read_settings
from broadsheet.store import ObjectStore
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse import load as load_module
from broadsheet.warehouse import parts as parts_module
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.query import connect, query
from broadsheet.warehouse.snapshots import rollback, snapshots

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
PAGES = sorted((SAMPLE / "pages").glob("news.lanshan*.html.gz"))[:4]
# Columns that tell when a load ran; all others are the same in both lakes.
OF_LOADING = {"started_at", "finished_at", "seconds", "quarantined_at", "checked_at"}
BEGAN = datetime.now(UTC)


def begin(lake: str | Path, run_id: str = "mine", shards: int = 1) -> Run:
    """A run that is told to have begun when all others did: an unknown time of capture lies before that."""
    run = msgspec.structs.replace(Run.start(lake, run_id, shards=shards), started_at=BEGAN)
    write_records(run.where.staging(run_id) / "run.json", [run])
    return run


def prepared(lake: str | Path, pages=PAGES, run_id: str = "mine", shards: int = 1, manifest=None) -> Run:
    """A run with everything done but the load."""
    run = begin(lake, run_id, shards)
    for shard in pipeline.capture(run, pages, manifest):
        for stage in (pipeline.extract, pipeline.transform, pipeline.validate):
            stage(run, shard)
    return run


def rows(lake: str | Path) -> dict[str, tuple[int, int]]:
    """Number and hash of the rows of each table; snapshots tell of loads alone."""
    found = {}
    with connect(lake) as connection:
        for name, table in TABLES.items():
            columns = ", ".join(column for column in table.columns if column not in OF_LOADING)
            if name != "snapshots":
                found[name] = connection.execute(f"select count(*), sum(hash({columns})::hugeint) from {name}").fetchall()[0]
    return found


def stored(url: str, folder: str = "") -> list[str]:
    """Keys in the store, by another client than the lake's."""
    client = S3Store.from_url(url, client_options={"allow_http": True})
    return sorted(item["path"] for chunk in obstore.list(client, folder or None) for item in chunk)


def named_alike(files: Iterable[str]) -> list[str]:
    """Names of files without those of the states that they came with."""
    return sorted(re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "state", name) for name in files)


def lose(url: str) -> None:
    """Lose the working directory of a lake."""
    shutil.rmtree(Lake.at(url).root)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A lake in a directory with the pages loaded."""
    lake = tmp_path_factory.mktemp("directory")
    pipeline.load(prepared(lake))
    return lake


def test_the_sample_gives_the_same_rows(s3_url, tmp_path):
    told = {}
    for lake in (tmp_path / "lake", s3_url):
        run = prepared(lake, [SAMPLE / "pages"], shards=2, manifest=SAMPLE / "manifest.jsonl")
        told[lake] = pipeline.load(run)
    expected = rows(tmp_path / "lake")
    assert rows(s3_url) == expected and all(expected[name][0] for name in ("captures", "articles", "quarantine", "page_absences"))
    assert told[s3_url]["lake"] == s3_url and pipeline.summary_text(told[s3_url]).count(f"--lake {s3_url}") == 2
    local = Lake(tmp_path / "lake").root
    for zone in ("raw", "tables"):
        files = {path.relative_to(local).as_posix() for path in (local / zone).rglob("*") if path.is_file()}
        assert named_alike(files) == named_alike(stored(s3_url, zone))

    lineage = {stage: stage_lineage(run, stage) for stage in ("capture", "extract", "load")}
    raw_zone = ("s3://press-archive", s3_url.removeprefix("s3://press-archive/") + "/raw")
    assert raw_zone == (lineage["capture"].outputs[0].namespace, lineage["capture"].outputs[0].name)
    assert raw_zone == (lineage["extract"].inputs[0].namespace, lineage["extract"].inputs[0].name)
    places = {output.name: output.facets["symlinks"].identifiers[0] for output in lineage["load"].outputs if "symlinks" in output.facets}
    assert f"{places['main.articles'].namespace}/{places['main.articles'].name}" == f"{s3_url}/tables/articles"

    lose(s3_url)
    with pytest.raises(ConfigurationError, match=f"rebuild --lake {s3_url}"):
        query(s3_url, "select 1")
    rebuild(Lake.at(s3_url))
    assert rows(s3_url) == expected
    report, of_directory = (check(Lake.at(lake).root, load_policy()) for lake in (s3_url, tmp_path / "lake"))
    assert report.row_counts == of_directory.row_counts and report.severity == of_directory.severity
    again = pipeline.run_all(s3_url, [SAMPLE / "pages"], manifest=SAMPLE / "manifest.jsonl", shards=2)
    assert sum(again["tables"][name]["new"] for name in ("captures", "articles", "article_versions", "headline_feed_entries", "related_links")) == 0


def test_everything_is_there_without_any_copy(s3_url, whole, monkeypatch):
    """What else happens to a lake, where nothing that is kept for good is at hand but in the store."""
    monkeypatch.setenv("BROADSHEET_STORE_CACHE_MB", "0")
    first = pipeline.load(prepared(s3_url))
    lake = Lake.at(s3_url)

    def forget() -> None:
        for zone in ("raw", "tables", "withdrawn"):
            shutil.rmtree(lake.root / zone, ignore_errors=True)

    forget()
    run = reparse.read_anew(s3_url, reparse.Selection(), workers=1)
    forget()
    comparison = reparse.shadow(run)
    assert {name: (table.added, table.gone, table.changed) for name, table in comparison.differences.items()} == {}
    reparse.discard(run)

    with connect(lake.root) as connection:
        ((capture_id,),) = connection.execute("select capture_id from captures order by all limit 1").fetchall()
    added = pipeline.run_all(s3_url, sorted((SAMPLE / "pages").glob("news.lanshan*.html.gz"))[4:6], shards=1)
    assert added["tables"]["captures"]["new"] == 2
    forget()
    rollback(lake, first["snapshot_id"], read_settings())
    assert [state.run_id for state in snapshots(lake)][:2] == [f"rollback-to-{first['snapshot_id']}", added["run_id"]]
    assert rows(s3_url) == rows(whole)
    assert stored(s3_url, "withdrawn")
    forget()
    rollback(lake, added["snapshot_id"], read_settings())
    assert query(lake.root, "select count(*) as n from captures").to_pylist() == [{"n": len(PAGES) + 2}]
    assert query(lake.root, "select count(*) as n from captures where capture_id = $id", parameters={"id": capture_id}).to_pylist() == [{"n": 1}]
    lose(s3_url)
    rebuild(Lake.at(s3_url))
    assert query(lake.root, "select count(*) as n from captures").to_pylist() == [{"n": len(PAGES) + 2}]


def test_what_all_rows_are_needed_for_is_derived_without_room_for_copies(s3_url, monkeypatch, tmp_path):
    monkeypatch.setenv("BROADSHEET_STORE_CACHE_MB", "0")
    pipeline.load(prepared(s3_url))
    lake = Lake.at(s3_url)
    expected = rows(s3_url)
    derive(lake, tmp_path / "derived", "duckdb", read_settings())
    assert len(list(lake.tables.rglob("*.parquet"))) == 1  # of all that were read
    rebuild(lake, derived_folder=tmp_path / "derived")
    assert rows(s3_url) == expected


def test_days_come_in_and_are_built(s3_url, tmp_path):
    (tmp_path / "sources").mkdir()
    manifest = tmp_path / "manifest.jsonl"
    lines = [{"path": str(page), "captured_at": f"2026-03-0{number}T08:00:00Z"} for number, page in enumerate(PAGES, start=1)]
    manifest.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (tmp_path / "sources" / "lanshan.yaml").write_text(f"kind: files\nmanifest: {manifest}\n", "utf-8")
    source = bringing.read_source(tmp_path / "sources", "lanshan")
    for _ in range(2):
        run = bringing.start_source(s3_url, source)
        days = bringing.ingest(run, source)["days"]
        bringing.finish(run)
        for day in days:
            assert bringing.build(s3_url, day, workers=1)["page_count"] == 1
    assert days == [] and len(stored(s3_url, "raw/index")) == 1
    assert query(Lake.at(s3_url).root, "select count(*) as n from captures").to_pylist() == [{"n": len(PAGES)}]


_KILLED = """
import os, signal, sys
from broadsheet import pipeline, store
from broadsheet.runs import Run
from broadsheet.warehouse import load as loading
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
url, point = sys.argv[1:]
moving, sending = loading.Parts.move, store.ObjectStore._send
if point == "before the WARC is sent":
    store.ObjectStore._send = die
elif point == "after the WARC is sent":
    store.ObjectStore._send = lambda *given: (sending(*given), die())
elif point == "between two parts":
    store.ObjectStore.take_all = lambda self, files: (self.take(*list(files.items())[0][::-1]), die())
elif point == "after the parts":
    loading.Parts.move = lambda self: (moving(self), die())
run = Run.open(url, "mine")
for shard in pipeline.capture(run, sys.stdin.read().split()):
    for stage in (pipeline.extract, pipeline.transform, pipeline.validate):
        stage(run, shard)
pipeline.load(run)
"""
POINTS = ("before the WARC is sent", "after the WARC is sent", "between two parts", "after the parts")


@pytest.mark.parametrize(("point", "is_lost"), [*((point, False) for point in POINTS), *((point, True) for point in POINTS[1:])])
def test_a_run_that_is_killed_anywhere_is_done_again(s3_url, whole, point, is_lost):
    begin(s3_url)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, s3_url, point], input=" ".join(map(str, PAGES)), capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    root = Lake.at(s3_url).root
    assert not Lake(root).warehouse.exists()
    left = len(stored(s3_url, "tables"))
    assert left == 0 if "WARC" in point else left == 1 if "two" in point else left > 1
    if is_lost:
        lose(s3_url)
    if is_lost and "parts" in point:
        with pytest.raises(ConfigurationError, match=f"rebuild --lake {s3_url}"):
            pipeline.load(prepared(s3_url))
        if point == "after the parts":  # a state that was audited and moved whole: nothing tells any longer whether readers had seen it
            rebuild(Lake.at(s3_url))
        else:
            with pytest.raises(ConfigurationError, match="no published run"):
                rebuild(Lake.at(s3_url))
    pipeline.load(prepared(s3_url))
    assert rows(s3_url) == rows(whole)
    assert {path.relative_to(root).as_posix() for path in (root / "tables").rglob("*.parquet")} == set(stored(s3_url, "tables"))


def test_one_working_directory_publishes(s3_url, whole, monkeypatch, tmp_path):
    """Another one, as on another machine, must take over, and the first one is told."""
    pipeline.load(prepared(s3_url))
    first = os.environ["BROADSHEET_WORK"]
    monkeypatch.setenv("BROADSHEET_WORK", str(tmp_path))
    with pytest.raises(ConfigurationError, match=f"from another working directory since .*{first}"):
        pipeline.load(prepared(s3_url, run_id="other"))
    rebuild(Lake.at(s3_url))
    assert rows(s3_url) == rows(whole)
    assert pipeline.load(Run.open(s3_url, "other"))["tables"]["captures"]["new"] == 0
    monkeypatch.setenv("BROADSHEET_WORK", first)
    with pytest.raises(ConfigurationError, match=f"from another working directory since .*{tmp_path}"):
        pipeline.load(prepared(s3_url, run_id="later"))


def taken_over_after(monkeypatch, url: str, where, step: str, times: int = 1, *, is_counted: bool = False) -> None:
    """Let another working directory take this one's place when a step was done so many times: its machine stood still, and goes on now.

    Parameters
    ----------
    is_counted : whether the other one found all parts moved, and counts the state as published.
    """
    done, left = getattr(where, step), iter(range(times))

    def taken_over(*given) -> None:
        done(*given)
        if next(left, times) == times - 1:
            other = {"directory_id": "other", "since": "", "directory": "/srv/work", "host": "press2"}
            client = S3Store.from_url(url, client_options={"allow_http": True})
            obstore.put(client, "writer.json", json.dumps(other).encode())
            for key in stored(url, "commits") if is_counted else ():
                obstore.put(client, key.replace(".json", ".published"), b"")

    monkeypatch.setattr(where, step, taken_over)


@pytest.mark.parametrize("step", ["_require_sound", "publish_build"])
def test_a_load_that_was_taken_over_from_publishes_nothing_more(s3_url, monkeypatch, step):
    run = prepared(s3_url)
    taken_over_after(monkeypatch, s3_url, load_module, step)
    with pytest.raises(TransientError, match="/srv/work of press2"):
        pipeline.load(run)
    assert not [key for key in stored(s3_url, "commits") if key.endswith(".published")]
    assert bool(stored(s3_url, "tables")) == (step == "publish_build")
    with pytest.raises(ConfigurationError, match="/srv/work of press2"):
        pipeline.load(run)


@pytest.mark.parametrize(("step", "times"), [("take", 1), ("take", 9), ("move", 3)])
def test_what_is_taken_over_from_while_it_moves_parts_takes_them_back(s3_url, monkeypatch, step, times):
    """A way back past a run that was loaded twice has parts that come and parts that leave."""
    pipeline.load(prepared(s3_url, PAGES[:1], "one"))
    later = prepared(s3_url, PAGES[1:2], "two")
    pipeline.load(later)
    lake, kept = Lake.at(s3_url), Settings(kept_snapshots=9)
    second, first = (state.snapshot_id for state in snapshots(lake))
    rollback(lake, first, kept)
    pipeline.load(later)
    held = [stored(s3_url, zone) for zone in ("tables", "withdrawn", "commits")]
    with monkeypatch.context() as patch:
        patch.setattr(parts_module, "_AT_A_TIME", 1)
        taken_over_after(patch, s3_url, ObjectStore, step, times)
        with pytest.raises(TakenOver, match="/srv/work of press2"):
            rollback(lake, second, kept)
    # a copy that came back is still withdrawn, too
    assert [stored(s3_url, zone) for zone in ("tables", "withdrawn", "commits")] == held
    rebuild(lake)
    assert rows(s3_url)["captures"][0] == 2


def test_what_the_new_directory_counts_as_published_stays(s3_url, whole, monkeypatch):
    run = prepared(s3_url)
    with monkeypatch.context() as patch:
        patch.setattr(parts_module, "_AT_A_TIME", 1000)
        taken_over_after(patch, s3_url, ObjectStore, "take_all", is_counted=True)
        with pytest.raises(TakenOver, match="/srv/work of press2"):
            pipeline.load(run)
    rebuild(Lake.at(s3_url))
    assert rows(s3_url) == rows(whole)


def test_commands_take_the_url_and_tell_trouble_by_their_exit_codes(s3_url, tmp_path):
    def broadsheet(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "broadsheet", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **environment})

    page = str(PAGES[0])
    assert broadsheet("run", "--lake", s3_url, page).returncode == 0
    asked = broadsheet("query", "select count(*) as n from captures", "--format", "csv", BROADSHEET_LAKE=s3_url)
    assert asked.stdout.split() == ["n", "1"], asked.stderr
    assert broadsheet("check", s3_url).returncode in (0, 3)
    unreachable = broadsheet("run", "--lake", s3_url, page, AWS_ENDPOINT_URL="http://127.0.0.1:9", BROADSHEET_STORE_RETRY_SECONDS="0.2")
    assert unreachable.returncode == 5 and s3_url in unreachable.stderr
    for lake, told in (("s3://no-such-bucket/x", "there is no such bucket"), ("gs://archive/x", "is no lake")):
        refused = broadsheet("run", "--lake", lake, page)
        assert refused.returncode == 2 and told in refused.stderr and lake in refused.stderr
    assert list(tmp_path.iterdir()) == []
