"""SQL files of the warehouse."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources

import duckdb


@cache
def sql_text(name: str) -> str:
    """Text of a file below `warehouse/sql`."""
    return resources.files("broadsheet.warehouse").joinpath("sql", *name.split("/")).read_text("utf-8")


def row_count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a table, view or other relation."""
    return connection.execute(f"select count(*) from {relation}").fetchall()[0][0]


def run_sql(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run the statements of a file below `warehouse/sql` one after the other."""
    for statement in duckdb.extract_statements(sql_text(name)):
        connection.execute(statement)


@contextmanager
def joined_as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB join in the order of the statements, with what stands on the right in memory: where it has no idea how much a condition leaves, it
    takes the larger side. Other engines' connections have a mind of their own."""
    is_duckdb = isinstance(connection, duckdb.DuckDBPyConnection)
    if is_duckdb:
        connection.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        if is_duckdb:
            connection.execute("reset disabled_optimizers")


def described_sql(name: str) -> tuple[list[list[str]], str]:
    """Paragraphs of the comment that a file begins with, each a list of its lines, and the SQL below."""
    lines = sql_text(name).splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    paragraphs: list[list[str]] = [[]]
    for line in lines[:head]:
        if text := line.removeprefix("--").strip():
            paragraphs[-1].append(text)
        else:
            paragraphs.append([])
    return paragraphs, "\n".join(lines[head:]).strip()
