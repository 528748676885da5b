"""SQL files of the warehouse."""

from functools import cache
from importlib import resources

import duckdb


@cache
def sql_text(name: str) -> str:
    """Text of a file below `warehouse/sql`."""
    return resources.files("broadsheet.warehouse").joinpath("sql", *name.split("/")).read_text("utf-8")


def run_sql(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run the statements of a file below `warehouse/sql` one after the other."""
    for statement in duckdb.extract_statements(sql_text(name)):
        connection.execute(statement)
