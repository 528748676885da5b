"""What a load changes, table by table: the rows it added and those it removed.

All that writes to a build goes through here. The derived tables are brought up to date from the changes instead of from all rows; the
changes are written down beside the warehouse, so that another copy of it can follow (`apply`) and an earlier state be made again (`snapshots.py`).
"""

from pathlib import Path

import duckdb

from broadsheet.tables.ddl import quoted
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.statements import row_count

ADDED, REMOVED = "added", "removed"


class Changes:
    """Changes of one load to a build.

    The rows of a table that were added and removed are temporary relations of the connection, `added_<table>` and `removed_<table>`, in
    normal form: a row that was added and removed again is in neither. Where all rows count as new (an empty build, a rebuilt one), the
    table itself is what was added; nothing is copied then.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_whole: bool = False) -> None:
        self.connection = connection
        self.is_whole = is_whole
        for name in TABLES:
            connection.execute(f"create or replace temp table {self.removed(name)} as from {name} limit 0")
            added = f"temp view {self.added(name)} as from {name}" if is_whole else f"temp table {self.added(name)} as from {name} limit 0"
            connection.execute(f"create or replace {added}")

    def added(self, name: str) -> str:
        """Name of the relation that holds the rows added to a table so far."""
        return f"{ADDED}_{name}"

    def removed(self, name: str) -> str:
        """Name of the relation that holds the rows removed from a table so far."""
        return f"{REMOVED}_{name}"

    def add(self, name: str, query: str) -> int:
        """Insert the rows of a query whose keys the table lacks; a key's first row counts. Returns how many were new."""
        key = ", ".join(TABLES[name].key)
        self.connection.execute(
            f"create or replace temp table fresh as select * from ({query}) anti join {name} using ({key}) "
            f"qualify row_number() over (partition by {key}) = 1"
        )
        return self.insert_fresh(name)

    def insert_fresh(self, name: str) -> int:
        """Insert the rows of the temporary table `fresh`, whose keys the caller knows to be new and single."""
        table = TABLES[name]
        count = row_count(self.connection, "fresh")
        if count:
            columns = ", ".join(table.columns)
            self.connection.execute(f"insert into {name} by name select {columns} from fresh order by {', '.join(table.sort)}")
            if not self.is_whole:
                self.connection.execute(f"insert into {self.added(name)} by name select {columns} from fresh")
                self._cancel(name)
        self.connection.execute("drop table fresh")
        return count

    def remove(self, name: str, keys: str) -> int:
        """Delete the rows whose key columns (all of them, or those that the query names) are in `keys`. Returns how many there were."""
        self.connection.execute(f"create or replace temp table doomed_keys as select distinct * from ({keys})")
        columns = ", ".join(column for (column,) in self.connection.execute("select column_name from (describe doomed_keys)").fetchall())
        self.connection.execute(f"create or replace temp table doomed as select * from {name} semi join doomed_keys using ({columns})")
        count = row_count(self.connection, "doomed")
        if count:
            key = ", ".join(TABLES[name].key)
            self.connection.execute(f"delete from {name} using doomed_keys as doomed where {_same(columns, name, 'doomed')}")
            if not self.is_whole:
                added, removed = self.added(name), self.removed(name)
                self.connection.execute(f"insert into {removed} by name select * from doomed anti join {added} using ({key})")
                self.connection.execute(f"delete from {added} using doomed where {_same(key, added, 'doomed')}")
        self.connection.execute("drop table doomed")
        self.connection.execute("drop table doomed_keys")
        return count

    def replace(self, name: str, keys: str, rows: str) -> tuple[int, int]:
        """Let the rows whose key columns are in `keys` (as in `remove`) be those of the query `rows`, and leave alone those that stay as
        they are. Returns how many went and came."""
        columns = ", ".join(TABLES[name].columns)
        key = ", ".join(TABLES[name].key)
        self.connection.execute(f"create or replace temp table scope as select distinct * from ({keys})")
        by = ", ".join(column for (column,) in self.connection.execute("select column_name from (describe scope)").fetchall())
        self.connection.execute(f"create or replace temp table wanted as select {columns} from ({rows})")
        self.connection.execute(f"create or replace temp table present as select {columns} from {name} semi join scope using ({by})")
        gone = self.remove(name, f"select {key} from (from present except from wanted)")
        self.connection.execute("create or replace temp table fresh as from wanted except from present")
        came = self.insert_fresh(name)
        for scratch in ("scope", "wanted", "present"):
            self.connection.execute(f"drop table {scratch}")
        return gone, came

    def counts(self) -> dict[str, tuple[int, int]]:
        """(added, removed) of every table that changed."""
        counts = {name: (row_count(self.connection, self.added(name)), row_count(self.connection, self.removed(name))) for name in TABLES}
        return {name: both for name, both in counts.items() if any(both)}

    def write(self, folder: Path) -> None:
        """Write the changes as `<table>.added.parquet` and `<table>.removed.parquet`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, (added, removed) in self.counts().items():
            for side, count in ((ADDED, added), (REMOVED, removed)):
                if count:
                    target = quoted(str(folder / f"{name}.{side}.parquet"))
                    self.connection.execute(f"copy {side}_{name} to {target} (format parquet, compression zstd, compression_level 1)")

    def _cancel(self, name: str) -> None:
        """A row that was removed and is added again as it was has not changed."""
        added, removed = self.added(name), self.removed(name)
        if not row_count(self.connection, removed):
            return
        key = ", ".join(TABLES[name].key)
        self.connection.execute(f"create or replace temp table same as from {added} intersect from {removed}")
        if row_count(self.connection, "same"):
            for relation in (added, removed):
                self.connection.execute(f"delete from {relation} using same where {_same(key, relation, 'same')}")
        self.connection.execute("drop table same")


def _same(columns: str, name: str, other: str) -> str:
    """Condition that two relations agree in the columns. Column by column: where tuples are compared, DuckDB reads all rows to find a few."""
    return " and ".join(f"{name}.{column} = {other}.{column}" for column in columns.split(", "))


def apply(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the changes that `Changes.write` wrote down."""
    for name, table in TABLES.items():
        key = ", ".join(table.key)
        if (source := folder / f"{name}.{REMOVED}.parquet").exists():
            gone = f"(select {key} from read_parquet({quoted(str(source))}))"
            connection.execute(f"delete from {name} using {gone} as gone where {_same(key, name, 'gone')}")
        if (source := folder / f"{name}.{ADDED}.parquet").exists():
            connection.execute(f"insert into {name} by name select * from read_parquet({quoted(str(source))}) order by {', '.join(table.sort)}")
