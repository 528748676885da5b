"""The validate stage of a shard: files in, files out, the same ones when it is repeated."""

import msgspec
import pyarrow.parquet as pq
import pytest
from builders import part, valid_batch, with_value

from broadsheet.lake import OUTCOMES, REJECTIONS, Lake, read_records
from broadsheet.quality.policy import load_policy
from broadsheet.quality.stage import validate_shard
from broadsheet.records import Rejection, StageOutcome, ValidateSummary
from broadsheet.tables.schema import TABLES

RUN = "run"


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A lake whose transform left a feed with one blank entry."""
    lake = Lake(tmp_path)
    tables = with_value(part(valid_batch(), "headline_feeds", "headline_feed_entries"), "headline_feed_entries", "headline_text", 1, "")
    source = lake.shard(RUN, "transform", 3)
    source.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, source / f"{name}.parquet")
    return lake


def test_the_stage_writes_good_rows_rejections_results_and_accounts(lake):
    summary = validate_shard(lake, RUN, 3, load_policy())
    target = lake.shard(RUN, "validate", 3)
    kept = pq.read_table(target / "headline_feed_entries.parquet")
    assert kept.schema.equals(TABLES["headline_feed_entries"].arrow)
    assert 2 not in kept["rank"].to_pylist()
    (rejection,) = read_records(target / REJECTIONS, Rejection)
    assert (rejection.stage, rejection.scope, rejection.table_name) == ("validate", "row", "headline_feed_entries")
    assert rejection.reasons == ("blank_value",)
    outcomes = {outcome.table_name: outcome for outcome in read_records(target / OUTCOMES, StageOutcome)}
    assert outcomes.keys() == {"headline_feeds", "headline_feed_entries"}
    entries = outcomes["headline_feed_entries"]
    assert (entries.in_count, entries.out_count, entries.quarantined_count, entries.new_count) == (3, 2, 1, 2)
    assert (entries.stage, entries.unit, entries.shard) == ("validate", "row", 3)
    results = pq.read_table(target / "quality_results.parquet")
    assert results.schema.equals(TABLES["quality_results"].arrow)
    assert msgspec.json.decode((target / "summary.json").read_bytes(), type=ValidateSummary) == summary
    assert summary.stops == ()
    assert summary.failed_checks == ("headline_feed_entries: blank_value",)


def test_repeating_the_stage_gives_the_same_and_leaves_nothing_of_before(lake, tmp_path):
    target = lake.shard(RUN, "validate", 3)
    policy = tmp_path / "policy.yaml"
    policy.write_text("blank_value: stop", "utf-8")
    first = validate_shard(lake, RUN, 3, load_policy(policy))
    assert first.stops
    (lake.shard(RUN, "transform", 3) / "headline_feeds.parquet").unlink()
    before = {file.name for file in target.iterdir()}
    ids = pq.read_table(target / "quality_results.parquet").to_pylist()
    again = validate_shard(lake, RUN, 3, load_policy(policy))
    assert again.stops == first.stops
    assert {file.name for file in target.iterdir()} == before - {"headline_feeds.parquet"}
    entries = [row["quality_result_id"] for row in ids if row["table_name"] == "headline_feed_entries"]
    assert pq.read_table(target / "quality_results.parquet")["quality_result_id"].to_pylist() == entries
