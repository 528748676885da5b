"""Published states: the two files take turns, each load's changes lead back, and what is undone can be done again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.pipeline import capture, extract, load, transform, validate
from broadsheet.runs import Run
from broadsheet.settings import Settings
from broadsheet.store import Store
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import DATA_TABLES, rebuild
from broadsheet.warehouse.query import connect, query
from broadsheet.warehouse.snapshots import diff, rollback, snapshots

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("haidu*.html.gz"))[:8]
RUNS = ("one", "two", "three", "four")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A lake with four runs of two pages that wait for their load."""
    lake = tmp_path_factory.mktemp("prepared")
    for number, name in enumerate(RUNS):
        run = Run.start(lake, name, shards=1, kept_snapshots=3)
        for shard in capture(run, PAGES[2 * number : 2 * number + 2]):
            extract(run, shard)
            transform(run, shard)
            validate(run, shard)
    return lake


@pytest.fixture
def lake(prepared, tmp_path) -> Path:
    target = tmp_path / "lake"
    shutil.copytree(prepared, target)
    return target


def load_runs(lake: Path, *names: str) -> list[str]:
    """Load runs; the ids of the states."""
    ids = []
    for name in names:
        run = Run.open(lake, name)
        summary = load(Run(lake=str(lake), run_id=run.run_id, started_at=run.started_at, settings=run.settings))
        ids.append(summary["snapshot_id"])
    return ids


def contents(lake: Path) -> dict[str, list]:
    return {name: sorted(map(str, query(lake, f"from {name}").to_pylist())) for name in TABLES if name != "snapshots"}


def parts(lake: Path) -> set[str]:
    return {str(path.relative_to(lake / "tables")) for path in (lake / "tables").rglob("*.parquet") if "snapshots" not in path.parts}


def file_id(lake: Path) -> int:
    return Lake(lake).warehouse.stat().st_ino


def test_two_files_take_turns_and_hold_what_one_load_would(lake):
    load_runs(lake, "one", "two")
    second = Lake(lake).standby.stat().st_ino
    load_runs(lake, "three")
    assert file_id(lake) == second
    load_runs(lake, "four")
    held = contents(lake)
    rebuild(Lake(lake))
    assert contents(lake) == held
    assert held["captures"]


def test_a_reader_of_the_old_file_keeps_it_and_the_load_copies(lake):
    load_runs(lake, "one", "two")
    reader = subprocess.Popen([sys.executable, "-c", _READER, str(Lake(lake).warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert reader.stdout.readline() == "4\n"
        held = connect(lake)
        load_runs(lake, "three")
        load_runs(lake, "four")
        assert held.execute("select count(*) from captures").fetchall() == [(4,)]
        held.close()
        answer, _ = reader.communicate("go\n", timeout=60)
        assert answer == "4\n"
    finally:
        reader.kill()
    assert query(lake, "select count(*) as n from captures").to_pylist() == [{"n": 8}]


_READER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
count = lambda: print(connection.execute("select count(*) from captures").fetchall()[0][0], flush=True)
count()
sys.stdin.readline()
count()
"""


def test_a_process_that_holds_the_old_file_open_itself_does_not_write_to_it(lake):
    load_runs(lake, "one")
    held = connect(lake)
    load_runs(lake, "two")
    load_runs(lake, "three")
    assert held.execute("select count(*) from captures").fetchall() == [(2,)]
    assert query(lake, "select count(*) as n from captures").to_pylist() == [{"n": 6}]


def test_a_damaged_standby_is_passed_over(lake):
    load_runs(lake, "one", "two")
    Lake(lake).standby.write_bytes(b"no warehouse")
    load_runs(lake, "three")
    assert query(lake, "select count(*) as n from captures").to_pylist() == [{"n": 6}]


def test_going_back_gives_the_earlier_state_and_the_lake_its_parts_and_can_be_undone(lake):
    ids = load_runs(lake, "one", "two")
    before, parts_before = contents(lake), parts(lake)
    ids += load_runs(lake, "three")
    after, parts_after = contents(lake), parts(lake)
    rollback(Lake(lake), ids[1], Settings(kept_snapshots=3))
    assert contents(lake) == before
    assert parts(lake) == parts_before
    rollback(Lake(lake), ids[2], Settings(kept_snapshots=4))
    assert contents(lake) == after
    assert parts(lake) == parts_after
    load_runs(lake, "four")
    assert query(lake, "select count(*) as n from captures").to_pylist() == [{"n": 8}]
    states = snapshots(Lake(lake))
    assert [state.is_current for state in states] == [True] + [False] * 5
    assert all((lake / "tables" / name).exists() for name in ("snapshots", "captures"))


def test_an_undone_run_can_be_loaded_again(lake):
    first, _ = load_runs(lake, "one", "two")
    whole = {name: query(lake, f"from {name}").num_rows for name in DATA_TABLES}
    rollback(Lake(lake), first, Settings())
    load_runs(lake, "two")
    assert {name: query(lake, f"from {name}").num_rows for name in DATA_TABLES} == whole
    rebuild(Lake(lake))
    assert {name: query(lake, f"from {name}").num_rows for name in DATA_TABLES} == whole


def test_going_back_past_a_run_that_was_undone_and_loaded_again(lake):
    """What it is now and what it was then differ in when they were loaded; its parts then were others."""
    first, second = load_runs(lake, "one", "two")
    held, in_place = contents(lake), parts(lake)
    rollback(Lake(lake), first, Settings(kept_snapshots=9))
    load_runs(lake, "two")
    assert parts(lake).isdisjoint(str(path.relative_to(lake / "withdrawn")) for path in (lake / "withdrawn").rglob("*.parquet"))
    rollback(Lake(lake), second, Settings(kept_snapshots=9))
    assert (contents(lake), parts(lake)) == (held, in_place)
    rebuild(Lake(lake))
    assert contents(lake) == held


def test_there_is_no_way_back_past_a_part_that_was_written_twice(lake):
    """An earlier program named parts after runs: those of a run that was undone and loaded again had the same names."""
    first, second = load_runs(lake, "one", "two")
    held, in_place = contents(lake), parts(lake)
    name = next(name for name in sorted(in_place) if second in name)
    (lake / "withdrawn" / name).parent.mkdir(parents=True)
    (lake / "withdrawn" / name).write_bytes(b"as it was first")
    with pytest.raises(ConfigurationError, match=f"{name} was written twice"):
        rollback(Lake(lake), first, Settings())
    assert (contents(lake), parts(lake)) == (held, in_place)


def test_a_load_that_died_before_it_moved_a_part_brings_no_earlier_one_back(lake, monkeypatch):
    (first,) = load_runs(lake, "one")
    load_runs(lake, "two")
    rollback(Lake(lake), first, Settings(kept_snapshots=9))
    overlapping = Run.start(lake, "overlapping", shards=1, kept_snapshots=9)
    for shard in capture(overlapping, PAGES[2:3]):
        for stage in (extract, transform, validate):
            stage(overlapping, shard)
    (second,) = load_runs(lake, "overlapping")
    load_runs(lake, "two")
    held, in_place = contents(lake), {name: (lake / "tables" / name).read_bytes() for name in parts(lake)}

    def die(*_):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(Store, "move", die)
        rollback(Lake(lake), second, Settings(kept_snapshots=9))
    load_runs(lake, "two")  # which is loaded: only what died is undone
    assert {name: (lake / "tables" / name).read_bytes() for name in parts(lake)} == in_place
    rebuild(Lake(lake))
    assert contents(lake) == held


def test_the_difference_of_two_states_is_told_by_table_with_examples(lake):
    first, second, third = load_runs(lake, "one", "two", "three")
    found = diff(Lake(lake), first)
    assert (found["captures"].added, found["captures"].gone, found["captures"].changed) == (4, 0, 0)
    assert found["captures"].examples["added"][0]["capture_id"]
    assert diff(Lake(lake), second, third)["captures"].added == 2
    back = diff(Lake(lake), third, second)["captures"]
    assert (back.added, back.gone) == (0, 2)
    assert diff(Lake(lake), third) == {}
    resolved = found["headline_ranks"] if "headline_ranks" in found else found["headline_resolutions"]
    assert resolved.added + resolved.changed > 0


def test_a_state_whose_changes_are_gone_is_named_and_cannot_be_reached(lake):
    first, *_ = load_runs(lake, *RUNS)
    assert [state.is_reachable for state in snapshots(Lake(lake))] == [True, True, True, False]
    with pytest.raises(ConfigurationError, match="kept_snapshots"):
        rollback(Lake(lake), first, Settings())
    with pytest.raises(ConfigurationError, match="no published state 'nowhere'"):
        diff(Lake(lake), "nowhere")
