"""Reading captures anew: nothing changes under the same kernel; under another one the lake becomes what that one would have made of it."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import pytest
from typer.testing import CliRunner

from broadsheet import PARSER_VERSION, reparse
from broadsheet.cli import app
from broadsheet.engine import reading, shards
from broadsheet.errors import BadInput, ConfigurationError
from broadsheet.lake import CAPTURES, Lake, read_records
from broadsheet.pipeline import load, run_all
from broadsheet.records import Capture, HeadlineRole, Page, PersonRole
from broadsheet.reparse import Selection
from broadsheet.runs import Run
from broadsheet.settings import Settings
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import DATA_TABLES, rebuild
from broadsheet.warehouse.query import query
from broadsheet.warehouse.snapshots import differences, net_changes, rollback, snapshots

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
MANIFEST = SAMPLE / "manifest.jsonl"
# One site as HTML and as text, pages without URL and capture time among them.
PAGES = sorted((SAMPLE / "pages").glob("yunzhou-net*"))[:12]
OTHERS = sorted((SAMPLE / "pages").glob("haidu*"))[:3]
# What tells of the runs that a lake had, and not of pages.
OWN = ("run_id", "parser_version", "first_capture_id", "captured_before", "raw_file")
runner = CliRunner()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """A lake with two loads; pages of the second show articles and feed states of the first. Read-only."""
    lake = tmp_path_factory.mktemp("loaded")
    run_all(lake, PAGES[:7], manifest=MANIFEST, shards=2)
    run_all(lake, [*PAGES[7:], *OTHERS], manifest=MANIFEST, shards=1)
    return lake


@pytest.fixture
def lake(loaded, tmp_path) -> Path:
    return copied(loaded, tmp_path / "lake")


def copied(lake: Path, target: Path) -> Path:
    shutil.copytree(lake, target)
    return target


def there(run: Run, lake: Path) -> Run:
    """The run in a copy of its lake."""
    return msgspec.structs.replace(run, lake=str(lake))


def contents(lake: Path, without: tuple[str, ...] = (), shadow: str | None = None) -> dict[str, list[str]]:
    """Rows of the tables that do not tell of runs."""
    found = {}
    for name, table in TABLES.items():
        if table.layer != "operation":
            columns = ", ".join(column for column in table.columns if column not in without)
            found[name] = sorted(map(str, query(lake, f"select {columns} from {name}", shadow=shadow).to_pylist()))
    return found


def in_lake(lake: Path) -> dict[str, list[str]]:
    """Rows of the data tables in the lake's Parquet."""
    found = {}
    for name in DATA_TABLES:
        files = [str(path) for path in (lake / "tables" / name).rglob("*.parquet")]
        rows = query(lake, f"from read_parquet({files}, hive_partitioning = false, union_by_name = true)").to_pylist() if files else []
        found[name] = sorted(str({column: row[column] for column in TABLES[name].columns}) for row in rows)
    return found


def parts(lake: Path) -> set[str]:
    return {str(path.relative_to(lake)) for path in (lake / "tables").rglob("*.parquet") if "snapshots" not in path.parts}


def read_in_process(pages, *, settings=None, workers=1) -> Iterator:
    """What the guard's children do, where a changed kernel can be had."""
    for item, task in pages:
        try:
            yield item, task and msgspec.json.encode(reading.read_capture(task.capture, task.content, task.profiles))
        except BadInput as error:
            yield item, error


@pytest.fixture
def other_kernel(monkeypatch):
    """`other_kernel(change)`: from here on a page is read as `change` of it says, by parser version `next`."""
    read = reading.read_page

    def use(change):
        monkeypatch.setattr(shards, "read_pages", read_in_process)
        monkeypatch.setattr(
            reading, "read_page", lambda *args, **kwargs: msgspec.structs.replace(change(read(*args, **kwargs)), parser_version="next")
        )

    return use


def without_editors(page: Page) -> Page:
    return msgspec.structs.replace(page, people=tuple(person for person in page.people if person.role != PersonRole.EDITOR))


def renamed(page: Page) -> Page:
    """Other headlines, breadcrumbs and feeds: other versions, and articles without URL, channels, feeds and states."""
    return msgspec.structs.replace(
        page,
        headlines=tuple(
            msgspec.structs.replace(headline, text=f"〔新〕{headline.text}") if headline.role == HeadlineRole.MAIN else headline
            for headline in page.headlines
        ),
        breadcrumb=page.breadcrumb and (*page.breadcrumb[:-1], f"新{page.breadcrumb[-1]}"),
        modules=tuple(msgspec.structs.replace(module, heading=f"新{module.heading}") for module in page.modules),
    )


def read_anew(lake: Path, *, shards: int = 1, **selection) -> Run:
    return reparse.read_anew(lake, Selection(**selection), workers=1, shards=shards)


def test_captures_are_what_they_were_when_delivered(sample_run):
    lake, summary = sample_run
    run = reparse.start(lake, Selection(), "delivered", shards=1)
    try:
        assert reparse.prepare(run) == [0]
        before, after = (
            {capture.capture_id: capture for capture in read_records(Lake(lake).shard(run_id, "capture", 0) / CAPTURES, Capture)}
            for run_id in (summary["run_id"], run.run_id)
        )
        read = {row["capture_id"] for row in query(lake, "select capture_id from captures").to_pylist()}
        started = Run.open(lake, summary["run_id"]).started_at
        assert read == after.keys() and len(read) > 150
        for capture_id, capture in after.items():
            bound = started if capture.captured_at is None else None
            assert capture == msgspec.structs.replace(before[capture_id], captured_before=bound)
        assert {capture.http_charset for capture in after.values()} > {None}
        assert {capture.url is None for capture in after.values()} == {True, False}
    finally:
        reparse.discard(run)


def test_reading_in_the_same_way_changes_nothing(lake):
    before, parts_before = contents(lake), parts(lake)
    for run in (read_anew(lake, shards=2), read_anew(lake, since=date(2026, 3, 3))):
        assert reparse.shadow(run).differences == {}
    summary = reparse.publish(run)
    assert contents(lake) == before
    assert {name: rows["new"] for name, rows in summary["tables"].items() if name in DATA_TABLES and rows["new"]} == {}
    assert {name for name in parts(lake) - parts_before if name.split("/")[1] in DATA_TABLES} == set()


@pytest.mark.parametrize("change", [without_editors, renamed])
def test_another_kernel_makes_of_the_lake_what_it_would_have_made_at_first(tmp_path, other_kernel, change):
    lake = tmp_path / "lake"
    run_all(lake, PAGES, manifest=MANIFEST, shards=1)
    other_kernel(change)
    run_all(tmp_path / "expected", PAGES, manifest=MANIFEST, shards=1)
    before, parts_before, states = contents(lake), parts(lake), snapshots(Lake(lake))

    run = read_anew(lake)
    comparison = reparse.shadow(run)
    assert contents(lake) == before
    assert parts(lake) == parts_before
    assert contents(lake, OWN, shadow=run.run_id) == contents(tmp_path / "expected", OWN)
    check_differences(comparison.differences, change)

    reparse.publish(run)
    expected = contents(tmp_path / "expected", OWN)
    assert contents(lake, OWN) == expected
    assert in_lake(lake) == {name: rows for name, rows in contents(lake).items() if name in DATA_TABLES}
    with net_changes([Lake(lake).changes(snapshots(Lake(lake))[0].snapshot_id)]) as net:
        published = {name: found for name, found in differences(net).items() if TABLES[name].layer != "operation"}
    assert {name: (found.added, found.gone, found.changed, found.fields) for name, found in published.items()} == {
        name: (found.added, found.gone, found.changed, found.fields) for name, found in comparison.differences.items()
    }
    after, parts_after = contents(lake), parts(lake)

    rollback(Lake(lake), states[0].snapshot_id, Settings())
    assert contents(lake) == before
    assert parts(lake) == parts_before
    reparse.publish(run)
    assert contents(lake) == after
    assert len(parts(lake)) == len(parts_after)
    rebuild(Lake(lake))
    assert contents(lake) == after


def check_differences(found: dict, change) -> None:
    count = len(PAGES)
    assert (found["captures"].added, found["captures"].gone, found["captures"].changed) == (0, 0, count)
    assert found["captures"].fields["parser_version"] == count
    if change is without_editors:
        assert found["captures"].fields == {"parser_version": count}
        people = found["article_people"]
        assert (people.added, people.changed) == (0, 0)
        assert people.gone > 0
        assert {row["person_role"] for row in people.examples["gone"]} == {"editor"}
        assert {name for name in found if name in DATA_TABLES} <= {"captures", "article_people", "people", "outlets"}
    else:
        assert found["article_versions"].added == found["article_versions"].gone > 0
        assert found["headline_feeds"].added == found["headline_feeds"].gone > 0
        assert found["articles"].fields["headline"] > 0


def test_only_what_is_chosen_is_read_anew(lake, other_kernel):
    other_kernel(renamed)
    before = {name: set(rows) for name, rows in contents(lake).items()}
    run = read_anew(lake, sites=("haidu.example",))
    reparse.publish(run)
    rows = query(lake, "select site, parser_version, count(*) as n from captures group by all order by all").to_pylist()
    assert {row["site"] for row in rows if row["parser_version"] == "next"} == {"haidu.example"}
    for name in ("articles", "article_versions", "headline_feeds", "headline_feed_entries", "channels", "related_links"):
        touched = query(lake, f"select distinct site from {name} where {TABLES[name].key[0]} is not null").to_pylist()
        assert touched
        kept = {row for row in before[name] if "haidu.example" not in row}
        assert kept <= set(contents(lake)[name])
    rebuilt = contents(lake)
    rebuild(Lake(lake))
    assert contents(lake) == rebuilt


def test_a_part_of_a_site_that_is_read_anew_leaves_what_other_captures_show(lake, other_kernel):
    other_kernel(renamed)
    day = query(lake, "select max(captured_at)::date as day from captures where site = 'yunzhou-net.example'").to_pylist()[0]["day"]
    run = read_anew(lake, since=day, shards=2)
    reparse.publish(run)
    versions = query(lake, "select parser_version, count(*) as n from captures group by all order by all").to_pylist()
    assert [row["parser_version"] for row in versions] == [PARSER_VERSION, "next"]
    assert in_lake(lake) == {name: rows for name, rows in contents(lake).items() if name in DATA_TABLES}
    held = contents(lake)
    rebuild(Lake(lake))
    assert contents(lake) == held


def test_a_capture_that_is_read_no_longer_keeps_its_rows(lake, other_kernel):
    sql = "select captures.*, headline from captures join article_versions using (version_id) where url is not null order by capture_id limit 1"
    (victim,) = query(lake, sql).to_pylist()

    def fails(page: Page) -> Page:
        if page.headline() == victim["headline"]:
            raise BadInput("undecodable", "as the test has it")
        return renamed(page)

    other_kernel(fails)
    run = read_anew(lake)
    summary = reparse.publish(run)
    assert summary["quarantined_by_reason"]["undecodable"] >= 1
    known = {"id": victim["capture_id"], "version": victim["version_id"]}
    rows = query(
        lake,
        "select captures.*, headline from captures join article_versions using (version_id) where capture_id = $id and version_id = $version",
        parameters=known,
    ).to_pylist()
    assert rows == [victim]
    (rejected,) = query(
        lake, "from quarantine where run_id = $run and capture_id = $id", parameters={"run": run.run_id, "id": victim["capture_id"]}
    ).to_pylist()
    assert rejected["reasons"] == ["undecodable"]


def test_a_publication_that_is_killed_changes_nothing(lake, other_kernel, tmp_path):
    other_kernel(without_editors)
    run = read_anew(lake)
    before, parts_before = contents(lake), parts(lake)
    for point in ("move", "publish_build"):
        killed = subprocess.run(
            [sys.executable, "-c", _KILLED, str(lake), run.run_id, point], capture_output=True, text=True, timeout=120, check=False
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert contents(lake) == before
    reparse.shadow(run)  # begins as any load does: what the dead one moved is moved back
    assert contents(lake) == before
    assert parts(lake) == parts_before
    reparse.publish(run)
    assert in_lake(lake) == {name: rows for name, rows in contents(lake).items() if name in DATA_TABLES}
    assert len(contents(lake)["article_people"]) < len(before["article_people"])


_KILLED = """
import os, signal, sys
from broadsheet import reparse
from broadsheet.runs import Run
from broadsheet.warehouse import load as loading
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "move":
    moved = loading.Parts.move
    loading.Parts.move = lambda self: (moved(self), die())
else:
    loading.publish_build = die
reparse.publish(Run.open(sys.argv[1], sys.argv[2]))
"""


def test_the_published_state_may_move_on_while_a_reparse_waits(tmp_path, other_kernel):
    lake = tmp_path / "lake"
    first = run_all(lake, PAGES[:2], manifest=MANIFEST, shards=1)
    other_kernel(without_editors)
    run = read_anew(lake)
    reparse.shadow(run)
    run_all(lake, PAGES[2:4], manifest=MANIFEST, shards=1)
    reparse.publish(run)
    assert query(lake, "select parser_version, count(*) as n from captures group by all").to_pylist() == [{"parser_version": "next", "n": 4}]
    assert query(lake, "from article_people where person_role = 'editor'").num_rows == 0

    late = read_anew(lake)
    rollback(Lake(lake), first["snapshot_id"], Settings())
    with pytest.raises(ConfigurationError, match="no longer in the warehouse"):
        reparse.publish(late)
    with pytest.raises(ConfigurationError, match="is a reparse"):
        load(late)
    assert query(lake, "select parser_version, count(*) as n from captures group by all").to_pylist() == [{"parser_version": PARSER_VERSION, "n": 2}]


def test_from_the_command_line(lake):
    def call(*arguments: str):
        return runner.invoke(app, ["reparse", "--lake", str(lake), *arguments], env={"COLUMNS": "200"})

    before = contents(lake)
    told = call("--site", "haidu.example", "--shards", "1", "--json")
    assert told.exit_code == 0, told.output
    comparison = json.loads(told.stdout)
    run_id = comparison["summary"]["run_id"]
    assert comparison["differences"] == {}
    assert comparison["summary"]["input_count"] == len(OTHERS)
    assert "reparse waits" in runner.invoke(app, ["runs", "--lake", str(lake)], env={"COLUMNS": "200"}).output
    again = call("--run", run_id)
    assert "No row differs." in again.output
    asked = runner.invoke(app, ["query", "--lake", str(lake), "--shadow", run_id, "--format", "csv", "select count(*) as n from captures"])
    assert asked.output.split() == ["n", str(len(before["captures"]))]
    assert call("--run", run_id, "--discard").exit_code == 0
    assert not list((lake / "warehouse").glob("shadow*"))
    assert not Lake(lake).staging(run_id).exists()
    for arguments, message in (
        (("--run", run_id), "has no run"),
        (("--discard",), "--discard goes with --run"),
        (("--run", run_id, "--site", "haidu.example"), "has its captures and settings"),
        (("--site", "nowhere.example"), "no capture of site nowhere.example"),
        (("--since", "2031-01-01"), "no capture of the warehouse"),
        (("--since", "yesterday"), "yesterday"),
    ):
        refused = call(*arguments)
        assert refused.exit_code == 2, refused.output
        assert message in " ".join(refused.output.replace("│", " ").split())
    assert contents(lake) == before
    with duckdb.connect(str(Lake(lake).warehouse)) as connection:
        connection.execute("update runs set schema_version = '2'")
    refused = call()
    assert (refused.exit_code, "the next load brings it up to date" in refused.output) == (2, True)
