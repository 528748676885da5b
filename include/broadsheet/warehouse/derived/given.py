"""Derived tables that were made elsewhere (`engine/spark/derive.py`): a folder of Parquet with, in `derived.json`, what it was made of."""

from pathlib import Path

import msgspec

from broadsheet.errors import ConfigurationError
from broadsheet.records import Record
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes

MANIFEST = "derived.json"


class Given(Record, frozen=True):
    """What a folder holds.

    Attributes
    ----------
    snapshot_id : published state whose rows it was derived from.
    derivation_id : by which derivation; another would give other rows.
    engine : which engine derived it.
    row_counts : its tables, with their rows.
    """

    snapshot_id: str
    derivation_id: str
    engine: str
    row_counts: dict[str, int]


def read_given(folder: Path) -> Given:
    """Raises ConfigurationError where the folder holds no derived tables, or was not finished."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Given)
    except OSError as error:
        raise ConfigurationError(f"{folder} holds no derived tables: `broadsheet derive --out {folder}` makes them") from error
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{folder / MANIFEST} is damaged: {error}") from error


def take(changes: Changes, folder: Path, name: str) -> None:
    """Fill an empty derived table from a folder. Raises ConfigurationError where the folder has not the rows that it tells of."""
    files = [str(file) for file in sorted((folder / name).glob("*.parquet"))]
    wanted = read_given(folder).row_counts.get(name)
    if wanted is None:
        raise ConfigurationError(f"{folder / MANIFEST} tells of no table {name}: derive anew")
    if files:
        columns = ", ".join(TABLES[name].columns)
        changes.connection.execute(f"create or replace temp table fresh as select {columns} from read_parquet(?)", [files])
        count = changes.insert_fresh(name)
    else:
        count = 0
    if count != wanted:
        raise ConfigurationError(f"{folder / name} holds {count} rows instead of {wanted}: derive anew")
