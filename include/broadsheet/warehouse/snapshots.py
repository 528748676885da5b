"""Published states: which there are, what changed between two, and the way back.

A state is not kept as a file of its own. Each load leaves what it changed (`changes.py`); undoing that, from the newest on, leads back. Going
back is a publication like any other: it adds a state that holds what the earlier one held, so that it can be undone too.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.records import Record
from broadsheet.settings import Settings
from broadsheet.tables.ddl import create_table, quoted
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.build import only_writer, open_build, published_snapshots
from broadsheet.warehouse.changes import ADDED, REMOVED, Changes
from broadsheet.warehouse.load import add_snapshot, new_snapshot_id, publish
from broadsheet.warehouse.parts import Parts, moved_with, require_warehouse, undo_unpublished
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.statements import row_count

EXAMPLES = 3
_LOG = "snapshots"  # tells of the states themselves and is not undone


class Snapshot(Record, frozen=True):
    """A published state."""

    snapshot_id: str
    published_at: datetime
    run_id: str
    row_counts: dict[str, int]
    is_current: bool
    is_reachable: bool  # whether one can go back to it


class TableDiff(Record, frozen=True):
    """Rows of a table that two states do not share. A changed row has its key in both; `fields` counts the columns that differ in these.

    `examples` are rows as dicts: {"key": …, "before": …, "after": …}, of a changed row only the columns that differ.
    """

    added: int
    gone: int
    changed: int
    fields: dict[str, int]
    examples: dict[str, list[dict[str, Any]]]


def snapshots(lake: Lake) -> list[Snapshot]:
    """Published states, newest first. Raises ConfigurationError where nothing was published."""
    with connect(lake.root) as connection:
        rows = connection.execute(
            "select snapshot_id, snapshot_published_at, run_id, row_counts_json from snapshots order by snapshot_published_at desc, snapshot_id desc"
        ).fetchall()
    states, is_reachable = [], True
    for number, (snapshot_id, published_at, run_id, counts) in enumerate(rows):
        states.append(
            Snapshot(
                snapshot_id=snapshot_id, published_at=published_at, run_id=run_id, row_counts=json.loads(counts), is_current=number == 0,
                is_reachable=is_reachable,
            )
        )  # fmt: skip
        is_reachable = is_reachable and lake.changes(snapshot_id).is_dir()
    return states


def diff(lake: Lake, before: str, after: str | None = None) -> dict[str, TableDiff]:
    """What differs between two states, table -> difference; tables that do not differ are left out.

    Parameters
    ----------
    after : the current state if None. It may be older than `before`; the difference is then the other way round.

    Raises ConfigurationError for a state that there is not, or whose changes are no longer kept.
    """
    states = published_snapshots(lake)
    require_states(lake, states, before, *([after] if after else []))
    first, last = states.index(before), states.index(after) if after else len(states) - 1
    between = states[min(first, last) + 1 : max(first, last) + 1]
    with net_changes([lake.changes(snapshot) for snapshot in between], is_reversed=first > last) as connection:
        return differences(connection)


def rollback(lake: Lake, snapshot_id: str, settings: Settings) -> str:
    """Publish an earlier state again; returns the id of the new one. Parts of the lake that it does not hold are moved to `withdrawn/`.

    Raises ConfigurationError for a state that there is not, or whose changes are no longer kept.
    """
    with only_writer(lake):
        require_warehouse(lake)
        states = published_snapshots(lake)
        undo_unpublished(lake, set(states))
        require_states(lake, states, snapshot_id)
        undone = states[states.index(snapshot_id) + 1 :]
        if not undone:
            raise ConfigurationError(f"{snapshot_id} is the current state already")
        new_id = new_snapshot_id(snapshot_id)
        with open_build(lake, new_id, settings) as build:
            if build.is_whole:
                raise ConfigurationError(
                    f"{lake.name} was written by an earlier program: its derived tables must be made anew first, by a load or by `broadsheet rebuild`"
                )
            changes = Changes(build.connection)
            with net_changes([lake.changes(snapshot) for snapshot in undone], is_reversed=True) as net:
                for name, table in TABLES.items():
                    if name != _LOG:
                        _hand_over(net, build.connection, name)
                        changes.remove(name, f"select {', '.join(table.key)} from net_removed")
                        changes.add(name, "from net_added")
            parts = Parts(lake, new_id)
            for path, side in moved_with(lake, undone).items():
                if path.parts[0] != _LOG:
                    (parts.withdraw if side > 0 else parts.bring_back)(path)
            add_snapshot(changes, parts, new_id, f"rollback-to-{snapshot_id}")
            publish(lake, build, changes, parts, new_id, kept=settings.kept_snapshots)
    return new_id


def require_states(lake: Lake, states: Sequence[str], *wanted: str) -> None:
    """Raises ConfigurationError unless the states exist and can be reached from the current one."""
    for snapshot_id in wanted:
        if snapshot_id not in states:
            raise ConfigurationError(f"{lake.name} has no published state {snapshot_id!r}; `broadsheet snapshots list --lake {lake.name}` lists them")
        if any(not lake.changes(later).is_dir() for later in states[states.index(snapshot_id) + 1 :]):
            raise ConfigurationError(
                f"what changed since {snapshot_id} is no longer kept; the setting kept_snapshots (BROADSHEET_KEPT_SNAPSHOTS) says how many states are"
            )


@contextmanager
def net_changes(folders: Sequence[Path], *, is_reversed: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Changes one after the other as one change: tables `<table>_added` and `<table>_removed` of a database in memory."""
    signs = ((ADDED, -1), (REMOVED, 1)) if is_reversed else ((ADDED, 1), (REMOVED, -1))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in TABLES.items():
            columns = ", ".join(table.columns)
            connection.execute(create_table(table))
            sources = [
                f"select {columns}, {sign} as side from read_parquet({quoted(str(file))})"
                for folder in folders
                for side, sign in signs
                if (file := folder / f"{name}.{side}.parquet").exists()
            ]
            for suffix, condition in ((ADDED, "> 0"), (REMOVED, "< 0")):
                rows = (
                    f"select {columns} from ({' union all '.join(sources)}) group by all having sum(side) {condition}" if sources else f"from {name}"
                )
                connection.execute(f"create table {name}_{suffix} as {rows}")
        yield connection


def differences(connection: duckdb.DuckDBPyConnection) -> dict[str, TableDiff]:
    """Differences by table of a database that holds `<table>_added` and `<table>_removed`."""
    found = {}
    for name, table in TABLES.items():
        key = ", ".join(table.key)
        added, removed = f"{name}_{ADDED}", f"{name}_{REMOVED}"
        changed = row_count(connection, f"{added} semi join {removed} using ({key})")
        counts = (row_count(connection, added) - changed, row_count(connection, removed) - changed, changed)
        if any(counts):
            fields = _changed_fields(connection, name) if changed else {}
            found[name] = TableDiff(
                added=counts[0], gone=counts[1], changed=changed, fields=fields, examples=dict(_examples(connection, name, list(fields)))
            )
    return found


def _changed_fields(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    table = TABLES[name]
    columns = [column for column in table.columns if column not in table.key]
    counts = ", ".join(f"count(*) filter (after.{column} is distinct from before.{column})" for column in columns)
    pairs = f"{name}_{ADDED} as after join {name}_{REMOVED} as before using ({', '.join(table.key)})"
    (row,) = connection.execute(f"select {counts} from {pairs}").fetchall()
    return dict(Counter({column: count for column, count in zip(columns, row, strict=True) if count}).most_common())


def _examples(connection: duckdb.DuckDBPyConnection, name: str, fields: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    table = TABLES[name]
    key = ", ".join(table.key)
    for kind, side, other in (("added", ADDED, REMOVED), ("gone", REMOVED, ADDED)):
        sql = f"from {name}_{side} anti join {name}_{other} using ({key}) order by {key} limit {EXAMPLES}"
        if rows := connection.execute(sql).to_arrow_table().to_pylist():
            yield kind, rows
    if fields:
        sides = ", ".join(f"{{{', '.join(f'{field}: {side}.{field}' for field in fields)}}} as {side}" for side in ("before", "after"))
        sql = f"select {key}, {sides} from {name}_{ADDED} as after join {name}_{REMOVED} as before using ({key}) order by {key} limit {EXAMPLES}"
        rows = connection.execute(sql).to_arrow_table().to_pylist()
        yield (
            "changed",
            [
                {
                    "key": {column: row[column] for column in table.key},
                    "before": {field: value for field, value in row["before"].items() if value != row["after"][field]},
                    "after": {field: value for field, value in row["after"].items() if value != row["before"][field]},
                }
                for row in rows
            ],
        )


def _hand_over(source: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection, name: str) -> None:
    """A table's net changes as `net_added` and `net_removed` of another database."""
    for side in (ADDED, REMOVED):
        target.register("handed", source.execute(f"from {name}_{side}").to_arrow_table())
        target.execute(f"create or replace temp table net_{side} as from handed")
        target.unregister("handed")
