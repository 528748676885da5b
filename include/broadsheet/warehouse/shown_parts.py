"""Parts of which each capture of their whole may show some: the credits of a version. When captures are read anew, or go, the parts become those that
they show now and those that the others of the whole's captures show.

What one capture showed is not written down. Where a part is no longer read of the captures at hand, the text of the pages' blocks tells: what they
showed goes, unless other captures show it that were read by an earlier kernel, too. Of captures that go for good, the others keep no more than what
their blocks show.
"""

from broadsheet.tables.schema import TABLES, Table
from broadsheet.warehouse.changes import Changes

SHOWN = tuple(table for table in TABLES.values() if table.union_by)
_WHOLES = "article_versions"
assert all(table.whole == ("version_id", _WHOLES, "version_id") for table in SHOWN)


def replace_shown(changes: Changes, captures: str, *, are_read_anew: bool = False) -> None:
    """Let the parts of all wholes that some captures show, or showed, be what they are without these, or by what they are read as now.

    To be called while the captures' rows, and those of their blocks, are still as they were.

    Parameters
    ----------
    captures : query of the captures' ids.
    are_read_anew : whether `staged_<table>` have what is read of them now.
    """
    connection = changes.connection
    anew = "union select version_id from staged_article_versions" if are_read_anew else ""
    connection.execute(f"create or replace temp table at_hand as {captures}")
    connection.execute(
        f"create or replace temp table touched as select version_id from captures semi join at_hand using (capture_id) "
        f"where version_id is not null {anew}"
    )
    is_of_now = "parser_version in (select parser_version from staged_captures)" if are_read_anew else "false"
    connection.execute(
        "create or replace temp table showing as "
        f"select version_id, capture_id, capture_id in (from at_hand) as is_at_hand, {is_of_now} as is_of_now "
        "from captures semi join touched using (version_id)"
    )
    for table in SHOWN:
        _replace(changes, table, are_read_anew=are_read_anew)
    for scratch in ("at_hand", "touched", "showing"):
        connection.execute(f"drop table {scratch}")


def _replace(changes: Changes, table: Table, *, are_read_anew: bool) -> None:
    """Let a table's rows of the touched wholes be right. A group of rows that stays as it was keeps its order."""
    connection, name, same = changes.connection, table.name, ", ".join(table.union_by)
    *group, position = table.key
    alike, details = ", ".join(group), ", ".join(column for column in table.columns if column != position)
    is_as_before = " and ".join(f"before.{column} is not distinct from staged.{column}" for column in table.columns if column != position)
    connection.execute(f"create or replace temp table before as from {name} semi join touched using (version_id)")
    staged = f"from staged_{name}" if are_read_anew else f"select *, null::varchar as shard from {name} limit 0"
    connection.execute(f"create or replace temp table staying as {_staying(table, staged)}")
    connection.execute(
        f"create or replace temp table anew as select * exclude (is_as_before) from ("
        f"select *, exists (from before where {is_as_before}) as is_as_before from ({staged}) as staged anti join staying using ({same})) "
        f"qualify shard = first(shard order by is_as_before desc, shard) over (partition by {same})"
    )
    connection.execute(f"create or replace temp table others as {_of_others(table, are_read_anew=are_read_anew)} union all from staying")
    connection.execute("create or replace temp table wanted_parts as from anew union all by name select *, 'z' as shard from others")
    connection.execute(
        f"create or replace temp table changed as select distinct {alike} from ("
        f"(select {details} from wanted_parts except all select {details} from before) union all "
        f"(select {details} from before except all select {details} from wanted_parts))"
    )
    changes.replace(
        name,
        f"select {alike} from changed",
        f"select * replace ((row_number() over (partition by {alike} order by shard, {position}))::integer as {position}) "
        f"from wanted_parts semi join changed using ({alike})",
    )
    for scratch in ("before", "staying", "anew", "others", "wanted_parts", "changed"):
        connection.execute(f"drop table {scratch}")


def _staying(table: Table, staged: str) -> str:
    """The rows of `before` that captures at hand word otherwise, and others as they are: the first to show a part told its details."""
    same = ", ".join(table.union_by)
    is_same = " and ".join(f"before.{key} = staged.{key}" for key in table.union_by)
    return f"""
        with reworded as (
            from before semi join ({staged}) as staged on {is_same} and {_plain("before.credit_raw")} <> {_plain("staged.credit_raw")}
        ),
        shown as (
            select distinct {same}
            from reworded join showing using (version_id) join page_blocks using (capture_id)
            where not is_at_hand and contains({_plain("block_text")}, {_plain("credit_raw")})
        )
        from reworded semi join shown using ({same})
    """


def _of_others(table: Table, *, are_read_anew: bool) -> str:
    """The rows of `before` that are not read of the captures at hand, and that other captures show."""
    name, same = table.union_by[-1], ", ".join(table.union_by)
    shows_name, shows_credit = (f"coalesce(contains({_plain('block_text')}, {_plain(text)}), false)" for text in (name, "credit_raw"))
    is_shown = f"bool_or(not is_at_hand and not is_of_now and {shows_name})"
    if are_read_anew:  # what no block shows, the head of some page said
        is_shown = f"bool_or(not is_at_hand) and ({is_shown} or not bool_or(is_at_hand and not is_of_now and {shows_credit}))"
    return f"""
        with left_out as (from before anti join anew using ({same}) anti join staying using ({same})),
        blocks as (select capture_id, block_text from page_blocks semi join (from showing semi join left_out using (version_id)) using (capture_id)),
        kept as (
            select {same}
            from left_out join showing using (version_id) left join blocks using (capture_id)
            group by {same}
            having {is_shown}
        )
        from left_out semi join kept using ({same})
    """


def _plain(column: str) -> str:
    """A text in SQL without what its writing may differ in."""
    return f"lower(regexp_replace({column}, '\\s', '', 'g'))"
