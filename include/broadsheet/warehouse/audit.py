"""Checks of a built warehouse before it is published. Each is a sentence and a query for what contradicts it.

What a load did not touch was checked when it came, so that the checks look at the rows that changed and at what refers to them. Of a
warehouse whose rows all count as new, that is everything.

Keys and references are checked of every table. What else the schema demands of a row, and the hand-written rules of single rows
(`audit_rules.py`), are checked here of the tables that are made here: operation and derived ones. Rows of captures come through `validate`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from broadsheet.quality.reasons import REASONS, Reason
from broadsheet.tables.ddl import quoted
from broadsheet.tables.demands import BLANKS, not_blank
from broadsheet.tables.fields import Field
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES, Table
from broadsheet.warehouse.audit_rules import ROW_RULES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import sql_text

LAYERS = ("operation", "derived")  # of which the rows are checked here
# What to do about rows that are made here, whatever is wrong with them; others have the remedy of their reason.
REMEDIES = {
    "operation": "Look at the program that wrote the row; begin the load again when it is mended.",
    "derived": "Look at the step of the derived tables that writes it, and at what the load brought; begin the load again when it is mended.",
}


class Assertion(NamedTuple):
    """What must hold of a table's rows.

    Attributes
    ----------
    name : the sentence.
    query : gives the rows that contradict it, with the columns that show it.
    reason : slug of `quality.reasons`.
    others : further tables that the query reads.
    column : the column, or columns, of which the schema demands it; None for a hand-written rule.
    wrong : condition under which an added row contradicts it, where a single row tells.
    meaning, remedy : the two sentences of `told`, where they are others than the reason's.
    """

    name: str
    table: str
    reason: str
    query: str
    others: tuple[str, ...] = ()
    column: str | None = None
    wrong: str | None = None
    meaning: str = ""
    remedy: str = ""

    @property
    def told(self) -> Reason:
        """What it means that it does not hold, and what to do."""
        reason = REASONS[self.reason]
        return Reason(self.meaning or reason.meaning, self.remedy or reason.remedy)


def findings(changes: Changes) -> list[str]:
    """One sentence per assertion that does not hold, with what to do about it."""
    listed = list(assertions(changes))
    return [
        f"{assertion.name}: {count} contradicting row{'' if count == 1 else 's'}. {assertion.told.text}"
        for assertion, count in zip(listed, _counts(changes.connection, listed), strict=True)
        if count
    ]


def _counts(connection: duckdb.DuckDBPyConnection, listed: list[Assertion]) -> Iterator[int]:
    """Rows that contradict each assertion. What single rows tell is asked of a table at once, so that its rows are read once."""
    of_rows: dict[str, Iterator[int]] = {}
    for table in dict.fromkeys(assertion.table for assertion in listed if assertion.wrong):
        conditions = [assertion.wrong for assertion in listed if assertion.table == table and assertion.wrong]
        counts = ", ".join(f"count(*) filter ({condition})" for condition in conditions)
        of_rows[table] = iter(connection.execute(f"select {counts} from added_{table}").fetchall()[0])
    for assertion in listed:
        if assertion.wrong:
            yield next(of_rows[assertion.table])
        else:
            yield connection.execute(f"select count(*) from ({assertion.query})").fetchall()[0][0]


def assertions(changes: Changes) -> Iterator[Assertion]:
    """What must hold of the tables that changed."""
    counts = changes.counts()
    yield from _assertions({name for name, (added, _) in counts.items() if added}, {name for name, (_, removed) in counts.items() if removed})


def all_assertions() -> Iterator[Assertion]:
    """What must hold whatever changes."""
    yield from _assertions(set(TABLES), set(TABLES))


def _assertions(added: set[str], removed: set[str]) -> Iterator[Assertion]:
    for table in TABLES.values():
        if table.name in added:
            yield from _of_added(table.name)
            if table.layer in LAYERS:
                yield from _of_rows(table)
        if table.name in removed:
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
        meaning="An article stands for another and has one that stands for it: the publication would be counted twice, or not at all.",
        remedy=REMEDIES["derived"],
    )
    yield Assertion(
        "assert_every_reprint_cluster_has_its_members",
        "reprint_clusters",
        "contradiction",
        "select c.cluster_id, c.article_count from added_reprint_clusters as c "
        "left join (select cluster_id, count(*) as n from reprint_members semi join added_reprint_clusters using (cluster_id) group by all) as m "
        "using (cluster_id) where coalesce(m.n, 0) <> c.article_count",
        ("reprint_members",),
        meaning="A cluster has more or fewer members than it says: chains of reprints would lack articles.",
        remedy=REMEDIES["derived"],
    )
    yield Assertion(
        "assert_channels_of_a_site_are_trees",
        "channels",
        "contradiction",
        "select c.channel_id, c.channel_path, c.depth from added_channels as c left join channels as above on c.parent_channel_id = above.channel_id "
        "where c.site <> above.site or c.depth <> coalesce(above.depth, 0) + 1 "
        "or c.channel_path <> concat_ws(' / ', above.channel_path, c.channel_name)",
        meaning="A channel's site, depth or path is not that of the channel above it, and one level more.",
        remedy="Look at the pages' breadcrumbs and at what writes channels; deliver channel and parent as one page shows them.",
    )
    yield Assertion(
        "assert_no_unknown_capture_time_has_an_observation_time",
        "headline_feed_observations",
        "contradiction",
        "select capture_id, observed_at from added_headline_feed_observations join captures using (capture_id) "
        "where captured_at is null and observed_at is not null",
        ("captures",),
        meaning="A feed was observed at a known time on a page whose time of capture is not known: the time was made up.",
        remedy="Take the observation's time from its capture: NULL where that is NULL.",
    )
    yield Assertion(
        "assert_every_stage_takes_in_what_the_one_before_let_out",
        "stage_outcomes",
        "contradiction",
        sql_text("audit/stage_chain.sql").replace("$schema_version", f"'{SCHEMA_VERSION}'"),
        ("runs",),
        meaning="Something was lost or doubled between two stages of the run.",
        remedy="Compare the run's rows of `stage_outcomes`, and its files in staging; run the stages again from the first that does not fit.",
    )
    yield Assertion(
        "assert_no_rejection_was_settled_before_it_was_made",
        "quarantine_outcomes",
        "contradiction",
        "select o.quarantine_id, o.run_id, o.decided_at, q.quarantined_at from added_quarantine_outcomes as o "
        "join (select quarantine_id, min(quarantined_at) as quarantined_at from quarantine semi join added_quarantine_outcomes using (quarantine_id) "
        "group by all) as q using (quarantine_id) where o.decided_at < q.quarantined_at",
        ("quarantine",),
        meaning="What became of a rejection was decided before any run had made it.",
        remedy="Look whether the clocks of two machines differ; set them, and decide again.",
    )
    yield Assertion(
        "assert_no_state_is_older_than_the_one_it_was_built_from",
        "snapshots",
        "contradiction",
        "select s.snapshot_id, s.snapshot_published_at, parent.snapshot_published_at as parent_published_at from added_snapshots as s "
        "join snapshots as parent on s.parent_snapshot_id = parent.snapshot_id where s.snapshot_published_at < parent.snapshot_published_at",
        meaning="A published state is older than its predecessor, so that the order of states, by which one leads back to another, would be wrong.",
        remedy="Set the machine's clock, and load again.",
    )


def _of_added(name: str) -> Iterator[Assertion]:
    table = TABLES[name]
    key = ", ".join(table.key)
    # parts come with their whole, whose own key is checked: only among each other can they be doubled
    touched = f"added_{name}" if table.part_of else f"{name} semi join added_{name} using ({key})"
    remedy = REMEDIES.get(table.layer, "")
    yield Assertion(
        f"assert_{name}_has_each_key_once",
        name,
        "duplicate_key",
        f"select {key} from {touched} group by {key} having count(*) > 1",
        column=key,
        meaning="Two rows of the table have the same key.",
        remedy=remedy,
    )
    for column, (parent, parent_column) in table.references.items():
        yield Assertion(
            f"assert_every_{column}_of_{name}_is_in_{parent}",
            name,
            "broken_reference",
            f"select t.{column} from added_{name} as t anti join {parent} as p on t.{column} = p.{parent_column} where t.{column} is not null",
            (parent,),
            column,
            remedy=remedy,
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
                    column,
                )


# --- single rows ---------------------------------------------------------------------------------------------------------


def _of_rows(table: Table) -> Iterator[Assertion]:
    """What the schema and hand-written rules demand of each row."""
    texts = not_blank(table)
    for field in table.fields:
        for ending, reason, wrong in _of_values(field, is_text=field.name in texts, is_reference=field.name in table.references):
            row = _of_row(table, f"assert_every_{field.name}_of_{table.name}_{ending}", reason, wrong, field.name)
            yield row._replace(column=field.name, remedy=REMEDIES[table.layer])
    for rule in ROW_RULES:
        if rule.table == table.name:
            row = _of_row(table, rule.name, "contradiction", rule.wrong, *rule.columns)
            yield row._replace(meaning=rule.meaning, remedy=rule.remedy)


def _of_values(field: Field, *, is_text: bool, is_reference: bool) -> Iterator[tuple[str, str, str]]:
    """(end of the sentence, reason, condition) of what is demanded of a column's values. One that names another row has the form of that row's;
    what may be missing may be blank too, for it is quoted (the beginning of a page that was rejected)."""
    name = field.name
    if not field.nullable:
        yield "is_there", "null_value", f"{name} is null"
    if field.allowed is not None:
        yield "is_allowed", "not_allowed", f"{name} not in ({', '.join(map(quoted, field.allowed))})"
    elif field.pattern is not None and not is_reference:
        yield "has_its_form", "pattern_mismatch", f"not regexp_full_match({name}, {quoted(field.pattern)})"
    elif field.type == "json" and not field.nullable:
        yield "is_json", "pattern_mismatch", f"not json_valid({name})"
    elif is_text and not field.nullable and not is_reference:
        yield "says_something", "blank_value", f"ltrim({name}, {quoted(BLANKS)}) = ''"
    bounds = [f"{name} {sign} {bound}" for sign, bound in (("<", field.minimum), (">", field.maximum)) if bound is not None]
    if bounds:
        yield "is_within_bounds", "out_of_bounds", " or ".join(bounds)


def _of_row(table: Table, name: str, reason: str, wrong: str, *columns: str) -> Assertion:
    shown = ", ".join(dict.fromkeys((*table.key, *columns)))
    return Assertion(name, table.name, reason, f"select {shown} from added_{table.name} where {wrong}", wrong=wrong)
