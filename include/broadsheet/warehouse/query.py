"""Reading the published warehouse."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake


def connect(lake: Path) -> duckdb.DuckDBPyConnection:
    """Read-only connection to a lake's published warehouse. It keeps its state while newer ones are published."""
    file = Lake(Path(lake)).warehouse
    if not file.exists():
        raise ConfigurationError(f"{file} does not exist: nothing has been published in this lake yet (`broadsheet run --lake {lake} PATH…`)")
    return duckdb.connect(str(file), read_only=True)


def query(lake: Path, sql: str, *, parameters: Mapping[str, Any] | None = None, time_zone: str = "UTC") -> pa.Table:
    """Rows of one statement. Raises ConfigurationError with DuckDB's message when the statement is wrong."""
    with connect(lake) as connection:
        try:
            connection.execute("set TimeZone = ?", [time_zone])
            result = connection.execute(sql, dict(parameters) if parameters else None)
            if result is None:
                raise ConfigurationError("there is no SQL statement to run")
            return result.to_arrow_table() if result.description else pa.table({})
        except duckdb.Error as error:
            raise ConfigurationError(str(error)) from error
