"""Checks of a built warehouse before it is published. Each is a sentence and a query for what contradicts it."""

from collections.abc import Iterator

import duckdb

from broadsheet.tables.schema import TABLES


def findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One sentence per assertion that does not hold."""
    found = []
    for name, sql in assertions():
        count = connection.execute(f"select count(*) from ({sql})").fetchall()[0][0]
        if count:
            found.append(f"{name}: {count} contradicting row{'' if count == 1 else 's'}")
    return found


def assertions() -> Iterator[tuple[str, str]]:
    """(sentence, query of the rows that contradict it)."""
    for table in TABLES.values():
        key = ", ".join(table.key)
        yield f"assert_{table.name}_has_each_key_once", f"select {key} from {table.name} group by {key} having count(*) > 1"
        for column, (parent, parent_column) in table.references.items():
            yield (
                f"assert_every_{column}_of_{table.name}_is_in_{parent}",
                f"select 1 from {table.name} as t anti join {parent} as p on t.{column} = p.{parent_column} where t.{column} is not null",
            )
    yield (
        "assert_ranks_of_a_feed_state_are_dense_from_one",
        "select feed_snapshot_id from headline_feed_entries group by feed_snapshot_id having max(rank) <> count(*) or min(rank) <> 1",
    )
    yield (
        "assert_every_feed_state_has_its_entries",
        "select 1 from headline_feed_snapshots as s left join (select feed_snapshot_id, count(*) as n from headline_feed_entries group by all) as e "
        "using (feed_snapshot_id) where coalesce(e.n, 0) <> s.entry_count",
    )
    yield (
        "assert_every_feed_entry_has_one_resolution",
        "select 1 from headline_feed_entries as e full join headline_resolutions as r using (feed_snapshot_id, rank) "
        "where e.feed_snapshot_id is null or r.feed_snapshot_id is null",
    )
    yield (
        "assert_no_unknown_capture_time_has_an_observation_time",
        "select 1 from headline_feed_observations join captures using (capture_id) where captured_at is null and observed_at is not null",
    )
    yield (
        "assert_every_stage_accounts_for_what_came_in",
        "select 1 from stage_outcomes where in_count <> out_count + quarantined_count",
    )
