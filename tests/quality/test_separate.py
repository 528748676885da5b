"""What is set aside takes with it what cannot stand without it, and nothing else; what is kept is sound."""

import duckdb
import pyarrow as pa
import pytest
from builders import busy_batch, part
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadsheet.quality.separate import PARENT, PART, separate
from broadsheet.tables.ddl import create_table
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.audit import findings
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import derive
from broadsheet.warehouse.macros import create_macros

BATCH = busy_batch()
WRONG = "pattern_mismatch:site"


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        for table in TABLES.values():
            connection.execute(create_table(table))
        create_macros(connection)
        yield connection


def audited(connection: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table]) -> list[str]:
    """What the warehouse's audit says of these rows."""
    connection.execute("begin")
    try:
        for name, rows in tables.items():
            connection.register("kept", rows)
            connection.execute(f"insert into {name} by name select * from kept")
            connection.unregister("kept")
        # as the load does: an article goes with its last version, and captures cannot know whether another shard has one
        connection.execute("update captures set article_id = null where article_id not in (select article_id from articles)")
        changes = Changes(connection, is_whole=True)
        derive(changes)
        return findings(changes)
    finally:
        connection.execute("rollback")


# Any table, any rows of it: `page_blocks` is by far the longest and refers to captures alone, so that its rows are drawn like any others.
ANY_ROWS = st.dictionaries(st.sampled_from(sorted(BATCH)), st.sets(st.integers(0, 10_000), min_size=1, max_size=6), max_size=4).map(
    lambda drawn: {name: {row % BATCH[name].num_rows for row in rows} for name, rows in drawn.items()}
)


def test_the_batch_shares_what_pages_share():
    counts = {name: table.num_rows for name, table in BATCH.items()}
    assert set(counts) == {table.name for table in TABLES.values() if table.layer in ("entity", "event")}
    assert (counts["captures"], counts["articles"], counts["article_versions"], counts["sites"]) == (6, 3, 4, 2)
    assert counts["headline_feeds"] < counts["headline_feed_snapshots"] < counts["headline_feed_observations"] == 6


@given(aside=ANY_ROWS)
@example(aside={})
@example(aside={"headline_feed_entries": {1}})
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_satisfies_the_warehouses_audit_whatever_is_set_aside(connection, aside):
    separated = separate(BATCH, {name: {row: [WRONG] for row in rows} for name, rows in aside.items()})
    assert audited(connection, separated.kept) == []
    for name, table in BATCH.items():
        came, went, lost = separated.counts[name]
        assert (came, went, lost) == (table.num_rows, separated.kept[name].num_rows, sum(r.table_name == name for r in separated.rejections))
        assert came == went + lost
        for row, names in separated.reasons[name].items():
            assert (WRONG in names) == (row in aside.get(name, ()))
    if not aside:
        assert separated.rejections == []


def test_a_feeds_state_stands_or_falls_with_its_entries():
    separated = separate(BATCH, {"headline_feed_entries": {1: ["blank_value"]}})
    state = BATCH["headline_feed_entries"]["feed_snapshot_id"][1].as_py()
    reasons = {(r.table_name, r.row_key): r.reasons for r in separated.rejections}
    assert reasons.pop(("headline_feed_snapshots", state)) == (PART,)
    assert reasons.pop(("headline_feed_entries", f"{state}|2")) == ("blank_value",)
    assert {key[0] for key in reasons} == {"headline_feed_entries", "headline_feed_observations"}
    assert set(reasons.values()) == {(PARENT,)}
    assert state not in separated.kept["headline_feed_entries"]["feed_snapshot_id"].to_pylist()
    assert separated.kept["headline_feed_entries"].num_rows > 0
    assert separated.kept["headline_feeds"].num_rows == BATCH["headline_feeds"].num_rows


def test_an_article_falls_with_its_last_version_and_its_captures_are_left_to_the_load():
    versions = BATCH["article_versions"]["article_id"].to_pylist()
    twice = next(article for article in versions if versions.count(article) == 2)
    once = next(article for article in versions if versions.count(article) == 1)
    bad = {row: ["body_is_rights_notice"] for row in (versions.index(twice), versions.index(once))}
    separated = separate(BATCH, {"article_versions": bad})
    (fallen,) = [rejection for rejection in separated.rejections if rejection.table_name == "articles"]
    assert (fallen.row_key, fallen.reasons) == (once, (PART,))
    assert {tuple(names) for names in separated.reasons["article_versions"].values()} == {("body_is_rights_notice",)}
    kept = dict(zip(*(separated.kept["captures"][column].to_pylist() for column in ("capture_id", "article_id")), strict=True))
    assert kept == dict(zip(*(BATCH["captures"][column].to_pylist() for column in ("capture_id", "article_id")), strict=True))


def test_an_entry_that_falls_with_its_state_is_no_reason_against_it():
    separated = separate(BATCH, {"headline_feed_snapshots": {0: ["null_value"]}})
    assert separated.reasons["headline_feed_snapshots"] == {0: ["null_value"]}
    assert {tuple(names) for names in separated.reasons["headline_feed_entries"].values()} == {(PARENT,)}


def test_a_row_without_a_key_drags_nothing_along_that_refers_to_nothing():
    channels = BATCH["channels"]
    ids = pa.array([None, *channels["channel_id"].to_pylist()[1:]], pa.string())
    changed = channels.set_column(0, pa.field("channel_id", pa.string()), ids)
    separated = separate({"channels": changed}, {"channels": {0: ["null_value"]}})
    assert separated.reasons["channels"] == {0: ["null_value"]}


def test_reasons_that_set_nothing_aside_are_none():
    assert separate(part(BATCH, "sites"), {"sites": {0: []}}).rejections == []


def test_parts_are_declared_by_references_to_tables():
    for table in TABLES.values():
        assert table.part_of is None or table.part_of in table.references
    assert TABLES["headline_feed_entries"].part_of == "feed_snapshot_id"
