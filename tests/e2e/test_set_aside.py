"""What is wrong with a page costs the rows that cannot stand, and no more: the batch goes on and says what it lost."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from broadsheet.errors import BatchStopped
from broadsheet.lake import CAPTURES, PAGES, read_records, write_records
from broadsheet.pipeline import capture, extract, load, run_all, transform, validate
from broadsheet.records import Capture, Page, PageResult
from broadsheet.runs import Run
from broadsheet.warehouse.query import query

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages"
FILES = sorted(SAMPLE.glob("news.lanshan*.html.gz"))[:3]


def with_a_blank_entry(page: Page) -> Page:
    """The page with the second entry of its first feed said to have no headline."""
    number, module = next((number, module) for number, module in enumerate(page.modules) if module.kind == "headline_feed" and len(module.items) > 2)
    items = [msgspec.structs.replace(item, text=" ") if item.rank == 2 else item for item in module.items]
    modules = [*page.modules[:number], msgspec.structs.replace(module, items=tuple(items)), *page.modules[number + 1 :]]
    return msgspec.structs.replace(page, modules=tuple(modules))


def publish(run: Run) -> dict:
    """All stages; after `extract` the first page has a feed entry without a headline."""
    for shard in capture(run, FILES):
        extract(run, shard)
        file = run.where.shard(run.run_id, "extract", shard) / PAGES
        first, *others = read_records(file, PageResult)
        write_records(file, [msgspec.structs.replace(first, page=with_a_blank_entry(first.page)), *others])
        transform(run, shard)
        validate(run, shard)
    return load(run)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """(lake, summary) of a run with a bad feed entry."""
    lake = tmp_path_factory.mktemp("bad entry")
    return lake, publish(Run.start(lake, "mine", shards=1))


def test_a_bad_feed_entry_costs_its_state_alone_and_the_batch_is_published(published):
    lake, summary = published
    assert summary["run_status"] == "succeeded"
    rows = query(lake, "select table_name, row_key, reasons from quarantine").to_pylist()
    by_reason = {reason: [row for row in rows if row["reasons"] == [reason]] for reason in ("blank_value", "part_quarantined", "parent_quarantined")}
    assert sum(map(len, by_reason.values())) == len(rows)
    (entry,), (state,) = by_reason["blank_value"], by_reason["part_quarantined"]
    assert (entry["table_name"], state["table_name"]) == ("headline_feed_entries", "headline_feed_snapshots")
    assert entry["row_key"] == f"{state['row_key']}|2"
    assert {row["table_name"] for row in by_reason["parent_quarantined"]} == {"headline_feed_entries", "headline_feed_observations"}
    assert query(lake, "select count(*) as n from captures join article_versions using (version_id)").to_pylist() == [{"n": len(FILES)}]
    assert query(lake, "select count(*) as n from headline_feed_entries").to_pylist()[0]["n"] > 0
    assert query(lake, "from headline_feed_snapshots where feed_snapshot_id = $id", parameters={"id": state["row_key"]}).num_rows == 0


def quarantined(lake: Path, summary: dict) -> list[dict]:
    return query(lake, "select * from quarantine where run_id = $run", parameters={"run": summary["run_id"]}).to_pylist()


def test_the_summary_counts_the_rows_of_quarantine_and_a_rerun_has_the_same_ones(published):
    lake, first = published
    second = publish(Run.start(lake, "again", shards=1))
    for summary in (first, second):
        rows = quarantined(lake, summary)
        assert summary["quarantined_row_count"] + summary["rejected_input_count"] == summary["tables"]["quarantine"]["new"] == len(rows)
        assert summary["quarantined_by_reason"] == Counter(reason for row in rows for reason in row["reasons"])
    assert {row["quarantine_id"] for row in quarantined(lake, first)} == {row["quarantine_id"] for row in quarantined(lake, second)}
    assert {name: rows["new"] for name, rows in second["tables"].items() if rows["new"]}.keys() <= OF_RUNS


@pytest.mark.parametrize("stage", ["capture", "extract", "transform", "validate"])
def test_a_page_that_is_lost_between_stages_is_noticed_and_nothing_is_published(tmp_path, stage):
    run = Run.start(tmp_path / "lake", shards=1)
    (shard,) = capture(run, FILES)
    for step in (extract, transform, validate):
        _lose_the_last(run.where.shard(run.run_id, stage, shard))
        step(run, shard)
    _lose_the_last(run.where.shard(run.run_id, stage, shard))
    with pytest.raises(BatchStopped, match="assert_every_stage_takes_in_what_the_one_before_let_out"):
        load(run)
    assert not run.where.warehouse.exists()


def _lose_the_last(folder: Path) -> None:
    """Take the last page, or the last row of a table, out of what a stage left, if it has run and all are there."""
    for name, kind in ((CAPTURES, Capture), (PAGES, PageResult)):
        if (file := folder / name).exists() and len(items := list(read_records(file, kind))) == len(FILES):
            write_records(file, items[:-1])
    if (file := folder / "captures.parquet").exists() and (rows := pq.read_table(file)).num_rows == len(FILES):
        pq.write_table(rows.slice(0, len(FILES) - 1), file)


OF_RUNS = {"quarantine", "quality_results", "stage_outcomes", "runs"}


NOTICE = "凡本网注明“来源：云州网”的所有作品，版权均属于云州网，未经授权不得转载、摘编或利用其它方式使用上述作品。"


def with_a_notice_for_a_body(file: Path) -> None:
    """The pages of an extract's file, understood as if they had nothing but their rights notice."""
    changed = [
        msgspec.structs.replace(item, page=msgspec.structs.replace(item.page, body=(NOTICE,), rights_notice=NOTICE))
        for item in read_records(file, PageResult)
    ]
    write_records(file, changed)


def test_an_article_whose_only_version_is_set_aside_is_not_published(tmp_path):
    lake = tmp_path / "lake"

    def publish_spoilt(run_id: str, page: Path, captured_at: str, is_spoilt: bool = True) -> dict:
        manifest = tmp_path / f"{run_id}.jsonl"
        manifest.write_text(json.dumps({"path": str(page), "captured_at": captured_at, "site": "news.lanshan.example"}), "utf-8")
        run = Run.start(lake, run_id, shards=2)
        for shard in capture(run, [], manifest):
            extract(run, shard)
            if is_spoilt:
                with_a_notice_for_a_body(run.where.shard(run_id, "extract", shard) / PAGES)
            transform(run, shard)
            validate(run, shard)
        return load(run)

    publish_spoilt("sound", FILES[0], "2026-03-08T00:00:00Z", is_spoilt=False)
    summary = publish_spoilt("unknown", FILES[1], "2026-03-08T00:00:00Z")
    assert summary["tables"]["articles"]["total"] == 1
    assert summary["quarantined_by_reason"]["part_quarantined"] == 1
    assert query(lake, "from articles anti join article_versions using (article_id)").num_rows == 0
    # the article that the warehouse knows with a sound version keeps the capture
    publish_spoilt("known", FILES[0], "2026-03-09T00:00:00Z")
    rows = query(lake, "select run_id, article_id is null as is_lost, version_id is null as is_bare from captures order by run_id").to_pylist()
    assert [tuple(row.values()) for row in rows] == [("known", False, True), ("sound", False, False), ("unknown", True, True)]


FROM_THE_FUTURE = """<html lang="zh"><head><title>清河县跨江大桥建成投用_云州网</title></head><body>
<h1>清河县跨江大桥建成投用</h1><div class="info">2099-03-02 08:00 来源：云州日报 编辑：钱雨桐</div>
<div class="content"><p>周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。</p>
<p>据介绍，大桥全长一千二百米，总投资三亿元，建成后每天可通行车辆两万辆次，惠及周边群众十二万人。</p></div></body></html>"""


def test_a_page_dated_after_the_run_that_read_it_is_quarantined_and_a_rerun_changes_nothing(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(FROM_THE_FUTURE, "utf-8")
    lake = tmp_path / "lake"
    first = run_all(lake, [page], shards=1)
    assert first["quarantined_by_reason"]["published_after_capture"] == 2
    assert query(lake, "from articles").num_rows == 0
    (capture_row,) = query(lake, "select captured_at, captured_at_basis, captured_after, captured_before, article_id from captures").to_pylist()
    (run,) = query(lake, "select started_at from runs").to_pylist()
    assert capture_row == {
        "captured_at": None, "captured_at_basis": "none", "captured_after": None, "captured_before": run["started_at"], "article_id": None,
    }  # fmt: skip
    assert run["started_at"] <= datetime.now(UTC)
    second = run_all(lake, [page], shards=1)
    assert query(lake, "select captured_before from captures").to_pylist() == [{"captured_before": run["started_at"]}]
    assert {name for name, rows in second["tables"].items() if rows["new"]} <= OF_RUNS
