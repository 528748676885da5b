"""Reading anew what was rejected: the lake becomes what it would have been, and what became of each rejection is kept."""

import gzip
import json
import shutil
from pathlib import Path

import duckdb
import msgspec
import pytest
from test_reparse import MANIFEST, OWN, PAGES, contents, copied, in_lake, read_in_process
from typer.testing import CliRunner

from broadsheet import replay
from broadsheet.cli import app
from broadsheet.engine import reading, shards
from broadsheet.errors import BadInput, ConfigurationError
from broadsheet.lake import Lake
from broadsheet.pipeline import run_all
from broadsheet.quality.reasons import REASONS
from broadsheet.replay import Selection
from broadsheet.tables.batch import Batch
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import DATA_TABLES, rebuild
from broadsheet.warehouse.query import query
from broadsheet.warehouse.rejections import counted, listed

LIES = (*OWN, "raw_offset")  # the raw zones differ too
GOOD, BAD = PAGES[:3], PAGES[3:5]
runner = CliRunner()


@pytest.fixture
def kernel(monkeypatch):
    """`kernel(fails)`: from here on pages whose input path fits are not understood; `kernel(change=…)`: a page is read as `change` says."""
    read = reading.read_page

    def use(fails=lambda path: False, change=lambda page: page):
        def read_pages(pages, **options):
            for item, task in pages:
                if fails(item[0].input_path):
                    yield item, BadInput("no_visible_text", "a fault of the kernel")
                else:
                    yield from read_in_process([(item, task)])

        monkeypatch.setattr(shards, "read_pages", read_pages)
        monkeypatch.setattr(reading, "read_page", lambda *args, **kwargs: change(read(*args, **kwargs)))

    return use


def ran(lake: Path, pages: list[Path]) -> dict:
    return run_all(lake, pages, manifest=MANIFEST, shards=1)


def replayed(lake: Path, **selection) -> dict:
    return replay.publish(replay.replay(lake, Selection(**selection), workers=1, shards=1))


def open_ones(lake: Path) -> list[tuple]:
    rows = query(
        lake, "select scope, table_name, reasons from open_quarantine where input_path is null or input_path not like '%never%' order by all"
    )
    return [tuple(row.values()) for row in rows.to_pylist()]


def trail(lake: Path) -> list[tuple]:
    rows = query(
        lake, "select quarantine_outcome, successor_id is not null as is_followed from quarantine_outcomes order by decided_at, quarantine_id"
    )
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_pages_that_can_be_read_now_come_in_as_if_they_had_been_delivered_now(tmp_path, kernel):
    lake, expected = tmp_path / "lake", tmp_path / "expected"
    kernel(lambda path: any(page.name in path for page in BAD))
    policy = tmp_path / "policy.yaml"
    policy.write_text("no_visible_text: {action: quarantine, max_failed_ratio: 0.5}", "utf-8")
    run_all(lake, GOOD + BAD, manifest=MANIFEST, shards=1, policy_file=policy)
    rejected = query(lake, "from quarantine where scope = 'page' order by quarantine_id").to_pylist()
    assert len(rejected) == len(open_ones(lake)) == 2

    # still at fault: no share of a replay stops it, which was chosen for what is wrong with it
    summary = replay.publish(replay.replay(lake, Selection(reason="no_visible_text"), workers=1, shards=1, policy_file=policy))
    assert (summary["replayed"], trail(lake)) == ({"replayed_rejected": 2}, [("replayed_rejected", False)] * 2)
    assert query(lake, "select distinct rejection_count, replay_count from open_quarantine where scope = 'page'").to_pylist() == [
        {"rejection_count": 2, "replay_count": 1}
    ]

    kernel()
    assert replayed(lake, ids=(rejected[0]["quarantine_id"],))["replayed"] == {"replayed_good": 1}
    assert len(open_ones(lake)) == 1
    assert replayed(lake, reason="no_visible_text")["replayed"] == {"replayed_good": 1}
    assert open_ones(lake) == []
    assert trail(lake) == [("replayed_rejected", False)] * 2 + [("replayed_good", False)] * 2
    assert query(lake, "from quarantine where scope = 'page' and run_id = $run order by quarantine_id", parameters={"run": rejected[0]["run_id"]}
                 ).to_pylist() == rejected  # fmt: skip

    by_capture = {page.name: page for page in BAD}
    ran(expected, GOOD)
    for row in rejected:
        ran(expected, [by_capture[Path(row["input_path"]).name]])
    assert contents(lake, LIES) == contents(expected, LIES)
    assert in_lake(lake) == {name: rows for name, rows in contents(lake).items() if name in DATA_TABLES}
    before = {name: sorted(map(str, query(lake, f"from {name}").to_pylist())) for name in TABLES if TABLES[name].layer != "derived"}
    rebuild(Lake(lake))
    assert before == {name: sorted(map(str, query(lake, f"from {name}").to_pylist())) for name in before}
    with pytest.raises(ConfigurationError, match="settled already"):
        replayed(lake, ids=(rejected[0]["quarantine_id"],))

    kernel(lambda path: any(page.name in path for page in BAD))
    ran(lake, BAD)  # a later run that rejects it again opens it again
    assert len(open_ones(lake)) == 2


def test_rows_of_published_pages_are_read_anew_and_others_stay(tmp_path, kernel):
    lake, expected = tmp_path / "lake", tmp_path / "expected"

    def with_a_blank_entry(page):
        modules = [
            msgspec.structs.replace(module, items=tuple(msgspec.structs.replace(item, text=" ") if item.rank == 2 else item for item in module.items))
            if module.kind == "headline_feed"
            else module
            for module in page.modules
        ]
        return msgspec.structs.replace(page, modules=tuple(modules))

    kernel(change=with_a_blank_entry)
    ran(lake, GOOD)
    rejected = query(lake, "from quarantine where scope = 'row'").to_pylist()
    assert {row["table_name"] for row in rejected} >= {"headline_feed_entries", "headline_feed_snapshots", "headline_feed_observations"}
    assert all(row["capture_id"] for row in rejected)
    assert query(lake, "from headline_feed_entries").num_rows == 0

    kernel()
    assert replayed(lake, reason="blank_value")["replayed"].keys() == {"replayed_good"}  # with an entry all that is of its pages
    assert {reason for _, _, reasons in open_ones(lake) for reason in reasons} <= {"parent_quarantined"}  # pages that showed a known state
    if open_ones(lake):
        replayed(lake, reason="parent_quarantined")
    assert trail(lake) == [("replayed_good", False)] * len(rejected)
    assert open_ones(lake) == []
    ran(expected, GOOD)
    assert contents(lake, LIES) == contents(expected, LIES)


@pytest.mark.parametrize(
    "table, column, value", [("sites", "time_zone_basis", "hearsay"), ("channels", "channel_name", " "), ("headline_feeds", "feed_ordinal", 0)]
)
def test_rows_that_belong_to_no_page_are_read_anew_with_the_pages_of_their_site(tmp_path, kernel, monkeypatch, table, column, value):
    lake, expected = tmp_path / "lake", tmp_path / "expected"
    add = Batch.add
    monkeypatch.setattr(Batch, "add", lambda batch, name, **row: add(batch, name, **(row | {column: value} if name == table else row)))
    kernel()
    ran(lake, GOOD)
    own = query(lake, f"select quarantine_id, capture_id from quarantine where table_name = '{table}'").to_pylist()
    assert {row["capture_id"] for row in own} == {None}

    monkeypatch.setattr(Batch, "add", add)
    kernel(lambda path: GOOD[0].name in path)
    replayed(lake, ids=tuple(row["quarantine_id"] for row in own))
    told = query(lake, f"from quarantine_outcomes semi join (from quarantine where table_name = '{table}') using (quarantine_id)").to_pylist()
    assert {row["quarantine_outcome"] for row in told} == {"replayed_good"}  # one page of the site cannot be read, the others can

    kernel()
    assert open_ones(lake)
    assert "replayed_rejected" not in replayed(lake)["replayed"]  # what fell with the row, and is of no page either, finds its pages too
    assert open_ones(lake) == []
    ran(expected, GOOD)
    assert contents(lake, LIES) == contents(expected, LIES)


def test_a_row_of_no_page_that_its_run_brought_stays_open_with_what_can_be_done(tmp_path, kernel, monkeypatch):
    lake = tmp_path / "lake"
    kernel()
    ran(lake, GOOD[:1])
    add = Batch.add
    monkeypatch.setattr(Batch, "add", lambda batch, name, **row: add(batch, name, **(row | {"depth": 0} if name == "channels" else row)))
    ran(lake, GOOD[:1])
    with pytest.raises(ConfigurationError, match="broadsheet reparse --site yunzhou"):
        replayed(lake, reason="out_of_bounds")


def test_what_is_rejected_for_another_reason_is_a_rejection_of_its_own(tmp_path, kernel):
    lake = tmp_path / "lake"
    kernel(lambda path: BAD[0].name in path)
    ran(lake, [*GOOD, BAD[0]])
    kernel(change=lambda page: msgspec.structs.replace(page, coverage_ratio=7.0))
    assert replayed(lake, reason="no_visible_text")["replayed"] == {"replayed_rejected": 1}
    assert trail(lake) == [("replayed_rejected", True)]
    found = open_ones(lake)
    assert ("row", "captures", ["out_of_bounds"]) in found and "page" not in {scope for scope, *_ in found}
    kernel()
    assert set(replayed(lake, reason="out_of_bounds")["replayed"]) == {"replayed_good"}  # the capture from its rejected row
    assert open_ones(lake) == []
    assert query(lake, "from captures").num_rows == 4


def test_inputs_are_read_again_as_the_manifest_told_where_they_are_there_now(tmp_path):
    lake, folder = tmp_path / "lake", tmp_path / "in"
    folder.mkdir()
    html = gzip.decompress(PAGES[0].read_bytes()) if PAGES[0].suffix == ".gz" else PAGES[0].read_bytes()
    (folder / "cut.html.gz").write_bytes(gzip.compress(html)[:-20])
    (folder / "a.html").write_bytes(gzip.compress(html))  # no text
    told = [
        {"path": "in/cut.html.gz", "url": "https://www.yunzhou-net.example/1.html", "captured_at": "2026-03-12T08:00:00Z"},
        {"path": "in/late.html", "url": "https://www.yunzhou-net.example/2.html", "captured_at": "2026-03-12T09:00:00Z"},
        {"path": "in/never.html", "url": "https://www.yunzhou-net.example/3.html"},
        {"path": "in/a.html", "captured_at": "yesterday"},
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, told)), "utf-8")
    run_all(lake, [folder], manifest=manifest, shards=1)
    (folder / "cut.html.gz").write_bytes(gzip.compress(html))
    (folder / "late.html").write_bytes(html)

    (run,) = query(lake, "select run_id from runs").to_pylist()
    result = runner.invoke(app, ["quarantine", "replay", "--lake", str(lake), "--run", run["run_id"], "--workers", "1", "--json"])
    summary = json.loads(result.stdout)
    assert (result.exit_code, summary["replayed"]) == (3, {"replayed_good": 2, "replayed_rejected": 1})
    assert sorted(why.split()[-1] for why in summary["left_open"].values()) == ["again", "there"]
    rows = query(lake, "select url, captured_at_basis from captures where url like '%.example/_.html' order by url").to_pylist()
    assert [tuple(row.values()) for row in rows] == [(told[0]["url"], "manifest"), (told[1]["url"], "manifest")]
    found = query(lake, "select unnest(reasons) as reason from open_quarantine order by all").to_pylist()
    assert [row["reason"] for row in found] == ["bad_manifest_row", "binary_content", "missing_file"]


def test_a_person_looks_at_rejections_and_dismisses_one(tmp_path, kernel):
    lake = tmp_path / "lake"
    kernel(lambda path: BAD[0].name in path)
    ran(lake, [*GOOD, BAD[0]])

    def invoke(*arguments: str):
        return runner.invoke(app, ["quarantine", *arguments, "--lake", str(lake)])

    assert invoke("--format", "json").stdout == invoke("list", "--format", "json").stdout
    (row,) = map(json.loads, invoke("list", "--reason", "no_visible_text", "--format", "json").stdout.splitlines())
    counts = [json.loads(line) for line in invoke("list", "--counts", "--format", "json").stdout.splitlines()]
    assert [(count["reason"], count["rejection_count"]) for count in counts if count["site"]] == [("no_visible_text", 1)]
    (shown,) = json.loads(invoke("show", row["quarantine_id"], "--json").stdout)
    assert (shown["is_open"], shown["reasons"]) == (True, {"no_visible_text": REASONS["no_visible_text"].text})
    assert shown["raw_excerpt"] and shown["capture_id"] and shown["trail"] == []

    assert invoke("dismiss", row["quarantine_id"], "--note", " ").exit_code == 2
    assert invoke("dismiss", row["quarantine_id"], "--note", "an empty frame").exit_code == 0
    assert invoke("list", "--reason", "no_visible_text", "--format", "json").stdout == ""
    assert json.loads(invoke("list", "--all", "--reason", "no_visible_text", "--format", "json").stdout)["quarantine_outcome"] == "dismissed"
    assert "an empty frame" in invoke("show", row["quarantine_id"]).stdout
    for arguments, hint in (
        (("dismiss", row["quarantine_id"], "--note", "again"), "settled already"),
        (("show", "no-such-one"), "there is no rejection"),
        (("replay", "--reason", "no_visible_text"), "no open rejection fits"),
        (("replay", "--reason", "too_beautiful"), "there is no reason 'too_beautiful'"),
        (("replay", "--run", "nobody's"), "no published run"),
    ):
        result = invoke(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert hint in result.stderr
        assert "\n" not in result.stderr.strip()  # a command that it names can be copied
    ran(lake, [BAD[0]])
    assert open_ones(lake) == []  # what was dismissed stays so


def test_a_dismissal_is_no_empty_batch(sample_run, tmp_path, monkeypatch):
    lake, policy = copied(sample_run[0], tmp_path / "lake"), tmp_path / "policy.yaml"
    policy.write_text("empty_batch: {action: stop}", "utf-8")
    monkeypatch.setenv("BROADSHEET_POLICY_FILE", str(policy))
    (one, *_) = query(lake, "select quarantine_id from open_quarantine order by all").to_pylist()
    summary = replay.dismiss(lake, [one["quarantine_id"]], "an empty frame")
    assert summary["warnings"] == {}
    checks = query(lake, "select check_name from quality_results where run_id = $run", parameters={"run": summary["run_id"]})
    assert checks["check_name"].to_pylist() == ["person_without_credit"]  # of the whole warehouse, whatever is published


def test_what_a_run_rejected_is_counted_on_its_day_alone(sample_run, tmp_path):
    root, summary = sample_run
    lake = Lake(tmp_path)
    lake.warehouse.parent.mkdir()
    shutil.copyfile(Lake(root).warehouse, lake.warehouse)
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute(
            "insert into quarantine from (select * replace ('later' as run_id, quarantined_at + interval 2 days as quarantined_at) from quarantine)"
        )
    assert {row["rejection_count"] for row in counted(tmp_path, is_all=True).to_pylist()} == {1}
    assert counted(tmp_path, is_all=True, run_id=summary["run_id"]).to_pylist() == counted(root, is_all=False).to_pylist()
    days = {row["day"] for row in counted(tmp_path, is_all=False, run_id=summary["run_id"]).to_pylist()}
    assert len(days) == 1
    assert days.isdisjoint(row["day"] for row in counted(root, is_all=False).to_pylist())  # what is open, on the day of its last run
    assert listed(tmp_path, is_all=True, limit=100).num_rows == 2 * listed(tmp_path, is_all=False, limit=100).num_rows
