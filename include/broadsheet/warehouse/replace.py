"""Loading pages that were read anew: what is read of a capture now takes the place of what was read of it before.

A row that belongs to one capture is as that capture is read now. A row that several captures show (an article, a version, a state of a feed)
stands for the capture that showed it first, and is read anew with that one; its parts go with it, but for those of which each capture may show some
(`shown_parts.py`). What tells of a whole site or feed is read
anew when all captures that show it are. Rows that nothing refers to any longer are removed. `run_id` and, where it still shows the row,
`first_capture_id` stay, so that reading the same pages in the same way changes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.tables.parquet import capture_of
from broadsheet.tables.schema import TABLES, Table
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.load import DATA_TABLES, list_articles, staged, validated_shards, write_parts
from broadsheet.warehouse.parts import Parts, arrow_of, table_parts
from broadsheet.warehouse.shown_parts import replace_shown
from broadsheet.warehouse.statements import row_count

ENTITIES = tuple(table for table in TABLES.values() if table.layer == "entity")
OF_CAPTURES = tuple(table for table in TABLES.values() if table.layer == "event" and "capture_id" in table.columns)
OF_ABSENCES = tuple(table for table in TABLES.values() if table.layer == "event" and "capture_id" not in table.columns)


def replace_data(changes: Changes, lake: Lake, run_id: str, parts: Parts) -> dict[str, tuple[int, int, int]]:
    """Let the rows of a reparse take the place of those of its captures, in the build and in the lake's parts.

    Captures of which it delivers no row stay as they are. Returns table -> (came in, new, in the warehouse now).

    Raises ConfigurationError where a capture is no longer in the warehouse.
    """
    return _bring_in(changes, lake, run_id, parts, are_known=True)


def replace_or_add_data(changes: Changes, lake: Lake, run_id: str, parts: Parts) -> dict[str, tuple[int, int, int]]:
    """The same for a replay: rows of captures, and of absences, that the warehouse lacks are added."""
    return _bring_in(changes, lake, run_id, parts, are_known=False)


def remove_captures(changes: Changes, captures: str, absences: str) -> None:
    """Take captures and absences out, with all that nothing else shows. What another capture shows too stays as it is.

    Parameters
    ----------
    captures, absences : relations with their ids.
    """
    replace_shown(changes, f"select capture_id from {captures}")
    for table in reversed(OF_CAPTURES):
        changes.remove(table.name, f"select capture_id from {captures}")
    for table in OF_ABSENCES:
        changes.remove(table.name, f"select {_key(table)} from {absences}")
    _remove_unreferenced(changes)
    _take_out_lost_references(changes)
    for table in ENTITIES:
        if "first_capture_id" in table.columns:
            _hand_on(changes, table, captures)


def _bring_in(changes: Changes, lake: Lake, run_id: str, parts: Parts, *, are_known: bool) -> dict[str, tuple[int, int, int]]:
    connection = changes.connection
    folders = validated_shards(lake, run_id)
    list_articles(connection, folders)
    with staged(connection, folders) as filled:
        came = {name: row_count(connection, f"staged_{name}") for name in filled}
        if are_known and (missing := row_count(connection, "staged_captures anti join captures using (capture_id)")):
            raise ConfigurationError(f"{missing} captures of run {run_id} are no longer in the warehouse; discard it and begin a new reparse")
        for table in ENTITIES:
            if table.whole is None:
                _replace_entity(changes, table)
        replace_shown(changes, "select capture_id from staged_captures", are_read_anew=True)
        for table in OF_CAPTURES:
            changes.replace(table.name, "select capture_id from staged_captures", _read_anew(table))
        for table in OF_ABSENCES:
            changes.add(table.name, f"from staged_{table.name}")
        _remove_unreferenced(changes)
        _take_out_lost_references(changes)
        for table in ENTITIES:
            if "first_capture_id" in table.columns:
                _hand_on(changes, table, "staged_captures")
    rewrite_parts(changes, lake, parts)
    changed = changes.counts()
    new = {name: row_count(connection, f"{changes.added(name)} anti join {changes.removed(name)} using ({_key(TABLES[name])})") for name in changed}
    return {name: (came.get(name, 0), new.get(name, 0), row_count(connection, name)) for name in DATA_TABLES if name in came or name in changed}


def _key(table: Table) -> str:
    return ", ".join(table.key)


def _parts_of(table: Table) -> Iterator[tuple[Table, str]]:
    """Tables whose rows are parts of a table's rows, and the column that says of which."""
    for part in ENTITIES:
        if part.whole and part.whole[1] == table.name:
            yield part, part.whole[0]


def _referrers(table: Table) -> list[tuple[str, str]]:
    """(table, column) of what refers to a table's rows and is no part of them."""
    parts = [part.name for part, _ in _parts_of(table)]
    return [
        (other.name, column)
        for other in TABLES.values()
        if other.layer in ("entity", "event") and other.name not in parts
        for column, (parent, _) in other.references.items()
        if parent == table.name
    ]


def _read_anew(table: Table) -> str:
    """The staged rows of a table, with the run that wrote them first, beside those `before`."""
    source = f"staged_{table.name} as anew left join {table.name} as before using ({_key(table)})"
    if "run_id" not in table.columns:
        return f"select anew.* from {source}"
    return f"select anew.* replace (coalesce(before.run_id, anew.run_id) as run_id) from {source}"


def _replace_entity(changes: Changes, table: Table) -> None:
    """Rows of which several captures, and so several shards, may say something: one that is new, or due, is as its first capture says."""
    (key,) = table.key
    if "first_capture_id" in table.columns:
        is_due = "before.first_capture_id in (select capture_id from staged_captures)"
        is_first = "anew.first_capture_id = before.first_capture_id"
    else:
        others = [
            f"select {column} from {name} semi join staged_{table.name} on {name}.{column} = staged_{table.name}.{key} "
            "anti join staged_captures using (capture_id)"
            for name, column in _referrers(table)
            if TABLES[name] in OF_CAPTURES
        ]
        is_due = f"{key} not in ({' union '.join(others)})" if others else "true"
        is_first = " and ".join(f"anew.{column} is not distinct from before.{column}" for column in table.columns if column != "run_id")
    changes.connection.execute(
        f"create or replace temp table chosen as {_read_anew(table)} where before.{key} is null or {is_due} "
        f"qualify row_number() over (partition by {key} order by {is_first} desc nulls last, shard) = 1"
    )
    changes.replace(table.name, f"select {key} from chosen", "from chosen")
    for part, column in _parts_of(table):
        if part.union_by:
            continue
        read = f"select part.* from staged_{part.name} as part semi join chosen on part.{column} = chosen.{key} and part.shard = chosen.shard"
        changes.replace(part.name, f"select {key} as {column} from chosen", read)
    changes.connection.execute("drop table chosen")


def _remove_unreferenced(changes: Changes) -> None:
    """Remove entities that nothing refers to any longer, with their parts: those first that refer to others."""
    for table in reversed(ENTITIES):
        if table.whole is None:
            is_tree = any(parent == table.name for parent, _ in table.references.values())
            while _remove_round(changes, table) and is_tree:
                pass


def _remove_round(changes: Changes, table: Table) -> int:
    (key,) = table.key
    referrers = _referrers(table)
    if not referrers:
        return 0
    let_go = " union ".join(f"select {column} as {key} from {changes.removed(name)}" for name, column in referrers)
    if table.name == "people":  # an earlier program left some whom no credit named
        let_go = f"select {key} from people"
    holders = [table.needs] if table.needs else referrers
    held = " ".join(f"anti join (select {column} as {key} from {name}) using ({key})" for name, column in holders)
    changes.connection.execute(f"create or replace temp table gone as select {key} from {table.name} semi join ({let_go}) using ({key}) {held}")
    removed = changes.remove(table.name, "from gone")
    for part, column in _parts_of(table):
        changes.remove(part.name, f"select {key} as {column} from gone")
    changes.connection.execute("drop table gone")
    return removed


def _take_out_lost_references(changes: Changes) -> None:
    """A capture stays when its article goes: it was read, but the article's last version was set aside."""
    for table in OF_CAPTURES:
        for column, (parent, parent_column) in table.references.items():
            if TABLES[parent].needs and table.field(column).nullable:
                gone = f"(from {changes.removed(parent)} anti join {parent} using ({parent_column})) as gone"
                changes.connection.execute(
                    f"create or replace temp table lost as select t.* replace (null as {column}) from {table.name} as t "
                    f"semi join {gone} on t.{column} = gone.{parent_column}"
                )
                changes.replace(table.name, f"select {_key(table)} from lost", "from lost")
                changes.connection.execute("drop table lost")


def _hand_on(changes: Changes, table: Table, captures: str) -> None:
    """A row that its first capture, one of `captures`, does not show any longer has the earliest of the others for its first."""
    (key,) = table.key
    shown = " union all ".join(
        f"select capture_id, {column} as {key} from {name}" for name, column in _referrers(table) if TABLES[name] in OF_CAPTURES
    )
    changes.connection.execute(
        f"create or replace temp table orphans as select * from {table.name} "
        f"semi join {captures} as firsts on {table.name}.first_capture_id = firsts.capture_id "
        f"anti join ({shown}) as own on {table.name}.{key} = own.{key} and {table.name}.first_capture_id = own.capture_id"
    )
    changes.replace(
        table.name,
        f"select {key} from orphans",
        f"select orphans.* replace (coalesce(shown.capture_id, first_capture_id) as first_capture_id) from orphans "
        f"left join ({shown}) as shown using ({key}) left join captures on captures.capture_id = shown.capture_id "
        f"qualify row_number() over (partition by {key} order by captures.captured_at nulls last, shown.capture_id) = 1",
    )
    changes.connection.execute("drop table orphans")


# --- the lake ------------------------------------------------------------------------------------------------------------


def rewrite_parts(changes: Changes, lake: Lake, parts: Parts) -> None:
    """Let the lake follow: parts that hold a removed row are written anew without it, added rows come as parts of their own.

    To be called before tables are derived, which are not in the lake.
    """
    connection = changes.connection
    for name, (added, removed) in changes.counts().items():
        key, order = _key(TABLES[name]), ", ".join(TABLES[name].sort)
        for file in _touched(changes, lake, name) if removed else ():
            relative = file.relative_to(lake.tables)
            # rows as the warehouse has them: a part that an earlier program wrote lacks newer columns
            rest = f"select {key} from read_parquet(?, hive_partitioning = false) anti join {changes.removed(name)} using ({key})"
            rows = connection.execute(f"select * from {name} semi join ({rest}) using ({key}) order by {order}", [str(file)])
            parts.write(name, arrow_of(rows), _month(relative))
            parts.withdraw(relative)
        if added:
            connection.execute(f"create or replace temp view fresh as from {changes.added(name)}")
            write_parts(connection, parts, name, None if TABLES[name].layer == "operation" else capture_of(name, prefix=""))
            connection.execute("drop view fresh")


def _touched(changes: Changes, lake: Lake, name: str) -> list[Path]:
    """Parts of a table that hold rows which were removed."""
    files = [str(path) for path in table_parts(lake, name)]
    sql = (
        f"select distinct filename from read_parquet(?, hive_partitioning = false, filename = true) "
        f"semi join {changes.removed(name)} using ({_key(TABLES[name])}) order by filename"
    )
    return [Path(file) for (file,) in changes.connection.execute(sql, [files]).fetchall()]


def _month(part: Path) -> str | None:
    _, found, month = part.parent.name.partition("capture_month=")
    return month if found else None
