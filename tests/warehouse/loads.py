"""A warehouse in memory that rows are loaded into, some at a time, with its derived tables and views."""

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from broadsheet.tables.ddl import ddl
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import derive
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.views import create_views

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
_FILLERS = {"string": "x", "int32": 1, "int64": 1, "float64": 1.0, "boolean": False, "timestamp": BEGIN}


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})  # the tables are tiny
    connection.execute("set TimeZone = 'UTC'")
    for statement in ddl():
        connection.execute(statement)
    create_macros(connection)
    create_views(connection)
    return connection


def filled(name: str, values: dict) -> dict:
    """A row of a table with what is given; the rest gets what its type allows."""
    return {field.name: values.get(field.name, None if field.nullable else _FILLERS.get(field.type)) for field in TABLES[name].fields}


class Loads:
    """Brings rows in; `update` is the derived step to run, all of them without it."""

    def __init__(self, update: Callable[[Changes], None] = derive) -> None:
        self.connection = empty_warehouse()
        self._update = update
        self._waiting: dict[str, list[dict]] = {}

    def insert(self, name: str, **values) -> None:
        """A row for the next load, as `filled` gives it."""
        self._waiting.setdefault(name, []).append(filled(name, values))

    def load(self) -> Changes:
        """Load what waits; what changed."""
        changes = Changes(self.connection)
        for name in TABLES:
            if rows := self._waiting.pop(name, None):
                self.connection.register("rows", pa.Table.from_pylist(rows, schema=TABLES[name].arrow))
                changes.add(name, "from rows")
        self._update(changes)
        return changes

    def ask(self, sql: str) -> list[tuple]:
        """Load what waits, and ask."""
        if self._waiting:
            self.load()
        return self.connection.execute(sql).fetchall()
