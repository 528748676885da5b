"""What a warehouse holds, in a form that says whether two hold the same: for each table the number of its rows and a hash of them all."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from broadsheet.lake import Lake, write_records
from broadsheet.runs import Run
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.query import connect

# Columns that tell when a load ran; all others must be the same whatever was killed.
OF_LOADING = {"started_at", "finished_at", "seconds", "quarantined_at", "checked_at"}


def twin(begun: Run, lake: Path, **settings: Any) -> Run:
    """The same run, begun at the same instant, in a lake of its own, with other settings."""
    shutil.copytree(begun.lake, lake)
    run = msgspec.structs.replace(begun, lake=str(lake.resolve()), settings={**begun.settings, **settings})
    write_records(run.where.staging(run.run_id) / "run.json", [run])
    return run


def row_sets(lake: Lake) -> dict[str, tuple]:
    """Count and hash of every table's rows, whatever their order. Snapshots tell of loads alone."""
    with connect(lake.root) as connection:
        return {name: row_set(connection, name, name) for name in TABLES if name != "snapshots"}


def row_set(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> tuple:
    columns = ", ".join(column for column in TABLES[name].columns if column not in OF_LOADING)
    return connection.execute(f"select count(*), sum(hash({columns})::hugeint) from {relation}").fetchall()[0]
