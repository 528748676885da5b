"""Reading the published warehouse."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.tables.ddl import quoted
from broadsheet.warehouse.parts import require_warehouse

_EXPLAIN = re.compile(
    r"^(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b(?:\s*\(\s*(?:analyze|format|verbose)\b[^)]*\)|\s+analyze\b)?", re.IGNORECASE | re.DOTALL
)
_OF_PIVOT = (duckdb.StatementType.CREATE, duckdb.StatementType.SELECT)


def connect(lake: Path, shadow: str | None = None) -> duckdb.DuckDBPyConnection:
    """Read-only connection to a lake's published warehouse, instants in UTC. It keeps its state while newer ones are published.

    Parameters
    ----------
    shadow : a waiting reparse, whose state is asked for instead.
    """
    where = Lake.at(lake)
    if shadow is not None:
        return open_published(require_shadow(where, shadow))
    file = where.warehouse
    if not os.access(file, os.F_OK):  # unlike Path.exists, False where it may not be looked
        if where.binding:
            require_warehouse(where)
        raise ConfigurationError(
            f"{file} does not exist: nothing has been published in this lake yet (`broadsheet run --lake {lake} PATH…`, "
            f"or `broadsheet ingest --lake {lake}` and `broadsheet build DAY --lake {lake}`)"
        )
    return open_published(file)


def require_shadow(lake: Lake, run_id: str) -> Path:
    """The warehouse as a waiting reparse would make it. Raises ConfigurationError where no such reparse waits."""
    file = lake.shadow(run_id)
    if not file.exists():
        raise ConfigurationError(f"no reparse {run_id!r} waits in {lake.root}; `broadsheet runs --lake {lake.root}` lists the runs")
    return file


def open_published(file: Path) -> duckdb.DuckDBPyConnection:
    """Read-only connection to a warehouse file as it is now. `duckdb.connect(file)` would give the state that another connection of this
    process holds, though a newer file has taken its place."""
    connection = duckdb.connect()
    try:
        connection.execute(f"attach {quoted(str(file))} as warehouse (read_only)")
        connection.execute("use warehouse")
        connection.execute("set TimeZone = 'UTC'")  # the machine's, else
    except duckdb.Error as error:
        connection.close()
        raise ConfigurationError(f"{file} cannot be opened: {error}") from error
    return connection


def require_question(sql: str) -> None:
    """Raises ConfigurationError unless there is one statement and it only reads: a read-only file does not keep COPY from writing others."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise ConfigurationError(str(error)) from error
    # a PIVOT whose columns follow from the data is two, both without a text: an enumeration for the time being, and the question
    if len(statements) > 1 and all(not part.query and part.type in _OF_PIVOT for part in statements):
        return
    if len(statements) != 1:
        raise ConfigurationError(f"one SQL statement is run at a time; there are {len(statements)}")
    kind = statements[0].type
    # EXPLAIN ANALYZE runs what it explains
    if kind == duckdb.StatementType.EXPLAIN and (found := _EXPLAIN.match(statements[0].query)):
        require_question(statements[0].query[found.end() :])
    elif kind != duckdb.StatementType.SELECT:
        raise ConfigurationError(f"only questions are run here (SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, EXPLAIN); this is {kind.name}")


def query(lake: Path, sql: str, *, parameters: Mapping[str, Any] | None = None, time_zone: str = "UTC", shadow: str | None = None) -> pa.Table:
    """Rows of one statement that reads. Raises ConfigurationError, with DuckDB's message when the statement is wrong.

    Parameters
    ----------
    shadow : a waiting reparse, whose state is asked instead of the published one.
    """
    require_question(sql)
    with connect(lake, shadow) as connection:
        try:
            connection.execute("set TimeZone = ?", [time_zone])
            result = connection.execute(sql, dict(parameters) if parameters else None)
            return result.to_arrow_table() if result.description else pa.table({})
        except duckdb.Error as error:
            raise ConfigurationError(str(error)) from error
