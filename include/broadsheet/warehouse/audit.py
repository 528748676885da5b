"""Checks of a built warehouse before it is published. Each is a sentence and a query for what contradicts it.

What a load did not touch was checked when it came, so that the checks look at the rows that changed and at what refers to them. Of a
warehouse whose rows all count as new, that is everything.
"""

from collections.abc import Iterator
from typing import NamedTuple

from broadsheet.tables.schema import SCHEMA_VERSION, TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import sql_text


class Assertion(NamedTuple):
    """What must hold of a table's rows.

    Attributes
    ----------
    name : the sentence.
    query : gives the rows that contradict it, with the columns that show it.
    reason : slug of `quality.reasons`.
    others : further tables that the query reads.
    """

    name: str
    table: str
    reason: str
    query: str
    others: tuple[str, ...] = ()


def findings(changes: Changes) -> list[str]:
    """One sentence per assertion that does not hold."""
    found = []
    for assertion in assertions(changes):
        count = changes.connection.execute(f"select count(*) from ({assertion.query})").fetchall()[0][0]
        if count:
            found.append(f"{assertion.name}: {count} contradicting row{'' if count == 1 else 's'}")
    return found


def assertions(changes: Changes) -> Iterator[Assertion]:
    """What must hold of the tables that changed."""
    counts = changes.counts()
    for table in TABLES.values():
        added, removed = counts.get(table.name, (0, 0))
        if added:
            yield from _of_added(table.name)
        if removed:
            yield from _of_removed(table.name)
    states = (
        "(select feed_snapshot_id from added_headline_feed_snapshots union select feed_snapshot_id from added_headline_feed_entries "
        "union select feed_snapshot_id from removed_headline_feed_entries)"
    )
    yield Assertion(
        "assert_ranks_of_a_feed_state_are_dense_from_one",
        "headline_feed_entries",
        "ranks_not_dense",
        f"select feed_snapshot_id from headline_feed_entries semi join {states} using (feed_snapshot_id) group by feed_snapshot_id "
        "having max(rank) <> count(*) or min(rank) <> 1",
    )
    yield Assertion(
        "assert_every_feed_state_has_its_entries",
        "headline_feed_snapshots",
        "entry_count_mismatch",
        f"select s.feed_snapshot_id, s.entry_count from headline_feed_snapshots as s semi join {states} using (feed_snapshot_id) "
        "left join (select feed_snapshot_id, count(*) as n from headline_feed_entries group by all) as e using (feed_snapshot_id) "
        "where coalesce(e.n, 0) <> s.entry_count",
        ("headline_feed_entries",),
    )
    yield Assertion(
        "assert_no_article_that_stands_for_another_is_an_alias",
        "article_aliases",
        "contradiction",
        "select a.article_id from article_aliases as a semi join article_aliases as other on a.standing_article_id = other.article_id",
    )
    yield Assertion(
        "assert_channels_of_a_site_are_trees",
        "channels",
        "contradiction",
        "select c.channel_id, c.channel_path, c.depth from added_channels as c left join channels as above on c.parent_channel_id = above.channel_id "
        "where c.site <> above.site or c.depth <> coalesce(above.depth, 0) + 1 "
        "or c.channel_path <> concat_ws(' / ', above.channel_path, c.channel_name)",
    )
    yield Assertion(
        "assert_no_unknown_capture_time_has_an_observation_time",
        "headline_feed_observations",
        "contradiction",
        "select capture_id, observed_at from added_headline_feed_observations join captures using (capture_id) "
        "where captured_at is null and observed_at is not null",
        ("captures",),
    )
    yield Assertion(
        "assert_every_stage_accounts_for_what_came_in",
        "stage_outcomes",
        "contradiction",
        "select run_id, stage, shard, table_name from added_stage_outcomes where in_count <> out_count + quarantined_count",
    )
    yield Assertion(
        "assert_every_stage_takes_in_what_the_one_before_let_out",
        "stage_outcomes",
        "contradiction",
        sql_text("audit/stage_chain.sql").replace("$schema_version", f"'{SCHEMA_VERSION}'"),
        ("runs",),
    )


def _of_added(name: str) -> Iterator[Assertion]:
    table = TABLES[name]
    key = ", ".join(table.key)
    # parts come with their whole, whose own key is checked: only among each other can they be doubled
    touched = f"added_{name}" if table.part_of else f"{name} semi join added_{name} using ({key})"
    yield Assertion(f"assert_{name}_has_each_key_once", name, "duplicate_key", f"select {key} from {touched} group by {key} having count(*) > 1")
    for column, (parent, parent_column) in table.references.items():
        yield Assertion(
            f"assert_every_{column}_of_{name}_is_in_{parent}",
            name,
            "broken_reference",
            f"select t.{column} from added_{name} as t anti join {parent} as p on t.{column} = p.{parent_column} where t.{column} is not null",
            (parent,),
        )


def _of_removed(name: str) -> Iterator[Assertion]:
    for table in TABLES.values():
        for column, (parent, parent_column) in table.references.items():
            if parent == name:
                yield Assertion(
                    f"assert_no_{column}_of_{table.name}_lost_its_row_in_{name}",
                    table.name,
                    "broken_reference",
                    f"select t.{column} from {table.name} as t semi join (from removed_{name} anti join {name} using ({parent_column})) as gone "
                    f"on t.{column} = gone.{parent_column}",
                    (name,),
                )
