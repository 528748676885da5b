"""Real pages, all of them: none makes the job fail, and each is accounted for."""

from broadsheet.pipeline import run_all
from broadsheet.warehouse.query import query


def test_every_real_page_goes_through_and_is_accounted_for(dev_set, tmp_path):
    folders = [dev_set / "pages", dev_set / "text"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    summary = run_all(tmp_path / "lake", folders, shards=2)
    assert summary["input_count"] == len(files) > 400
    assert summary["page_count"] + summary["rejected_input_count"] == len(files)
    assert "parser_error" not in summary["quarantined_by_reason"]
    (row,) = query(
        tmp_path / "lake", "select count(*) as captures, count(*) filter (coverage_ratio is null) as unexplained from captures"
    ).to_pylist()
    assert row == {"captures": summary["page_count"], "unexplained": 0}
