"""Checks of a built warehouse before it is published. Each is a sentence and a query for what contradicts it.

What a load did not touch was checked when it came, so that the checks look at the rows that changed and at what refers to them. Of a
warehouse whose rows all count as new, that is everything.
"""

from collections.abc import Iterator

from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes


def findings(changes: Changes) -> list[str]:
    """One sentence per assertion that does not hold."""
    found = []
    for name, sql in assertions(changes):
        count = changes.connection.execute(f"select count(*) from ({sql})").fetchall()[0][0]
        if count:
            found.append(f"{name}: {count} contradicting row{'' if count == 1 else 's'}")
    return found


def assertions(changes: Changes) -> Iterator[tuple[str, str]]:
    """(sentence, query of the rows that contradict it)."""
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
    yield (
        "assert_ranks_of_a_feed_state_are_dense_from_one",
        f"select feed_snapshot_id from headline_feed_entries semi join {states} using (feed_snapshot_id) group by feed_snapshot_id "
        "having max(rank) <> count(*) or min(rank) <> 1",
    )
    yield (
        "assert_every_feed_state_has_its_entries",
        f"select 1 from headline_feed_snapshots as s semi join {states} using (feed_snapshot_id) "
        "left join (select feed_snapshot_id, count(*) as n from headline_feed_entries group by all) as e using (feed_snapshot_id) "
        "where coalesce(e.n, 0) <> s.entry_count",
    )
    yield (
        "assert_no_article_that_stands_for_another_is_an_alias",
        "select 1 from article_aliases as a semi join article_aliases as other on a.standing_article_id = other.article_id",
    )
    yield (
        "assert_channels_of_a_site_are_trees",
        "select 1 from added_channels as c left join channels as above on c.parent_channel_id = above.channel_id where c.site <> above.site "
        "or c.depth <> coalesce(above.depth, 0) + 1 or c.channel_path <> concat_ws(' / ', above.channel_path, c.channel_name)",
    )
    yield (
        "assert_no_unknown_capture_time_has_an_observation_time",
        "select 1 from added_headline_feed_observations join captures using (capture_id) where captured_at is null and observed_at is not null",
    )
    yield (
        "assert_every_stage_accounts_for_what_came_in",
        "select 1 from added_stage_outcomes where in_count <> out_count + quarantined_count",
    )


def _of_added(name: str) -> Iterator[tuple[str, str]]:
    table = TABLES[name]
    key = ", ".join(table.key)
    # parts come with their whole, whose own key is checked: only among each other can they be doubled
    touched = f"added_{name}" if table.part_of else f"{name} semi join added_{name} using ({key})"
    yield f"assert_{name}_has_each_key_once", f"select {key} from {touched} group by {key} having count(*) > 1"
    for column, (parent, parent_column) in table.references.items():
        yield (
            f"assert_every_{column}_of_{name}_is_in_{parent}",
            f"select 1 from added_{name} as t anti join {parent} as p on t.{column} = p.{parent_column} where t.{column} is not null",
        )


def _of_removed(name: str) -> Iterator[tuple[str, str]]:
    for table in TABLES.values():
        for column, (parent, parent_column) in table.references.items():
            if parent == name:
                yield (
                    f"assert_no_{column}_of_{table.name}_lost_its_row_in_{name}",
                    f"select 1 from {table.name} as t semi join (from removed_{name} anti join {name} using ({parent_column})) as gone "
                    f"on t.{column} = gone.{parent_column}",
                )
