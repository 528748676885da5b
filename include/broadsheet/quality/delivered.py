"""Parquet files of tables, as a lake or somebody else's program lays them, and what is wrong with the files themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet.errors import ConfigurationError
from broadsheet.quality.suites import typed
from broadsheet.tables.schema import TABLES, Table

BATCH_ROWS = 50_000
SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a table's files. `reason` is a slug of `reasons.py`, `file` a path below what is checked."""

    table: str
    reason: str
    file: str
    detail: str


@dataclass(slots=True)
class Delivered:
    """Files of one table. `columns` are those that any sound file has; `byte_count` is their size unpacked."""

    table: Table
    files: list[Path] = field(default_factory=list)
    sound: list[Path] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    row_count: int = 0
    byte_count: int = 0

    @property
    def is_whole(self) -> bool:
        return len(self.sound) == len(self.files)


def delivered_tables() -> tuple[Table, ...]:
    """The tables that are delivered as Parquet."""
    return tuple(table for table in TABLES.values() if table.layer != "derived")


def find(path: Path) -> tuple[dict[str, Delivered], list[Fault]]:
    """Files by table, of `<table>.parquet` and `<table>/**/*.parquet` in `path`, or in its folder `tables` where it is a lake.

    Raises ConfigurationError where there is no directory, or no Parquet file in it.
    """
    if not path.is_dir():
        raise ConfigurationError(f"{path} is no directory; give a lake, or a directory with <table>.parquet or <table>/….parquet")
    is_lake = (path / "tables").is_dir()
    known = {table.name for table in delivered_tables()}
    found: dict[str, Delivered] = {}
    faults = []
    for entry in sorted((path / "tables" if is_lake else path).iterdir()):
        name = entry.name.removesuffix(SUFFIX)
        files = [entry] if entry.is_file() and entry.suffix == SUFFIX else _below(entry)
        if entry.name.startswith(".") or not (files or entry.is_dir()):
            continue
        if name in known:
            found.setdefault(name, Delivered(TABLES[name])).files.extend(files)
        elif files:
            is_derived = name in TABLES
            faults.append(Fault(name, "unknown_table", entry.name, "is computed in the warehouse" if is_derived else "is no table of the schema"))
    if not any(delivered.files for delivered in found.values()) and not faults:
        raise ConfigurationError(f"{path} holds no Parquet file of a table; expected <table>.parquet or <table>/….parquet")
    for name, delivered in list(found.items()):
        if not delivered.files:
            del found[name]
            if not is_lake:  # a load may leave a folder behind when the last part of a table goes
                faults.append(Fault(name, "missing_table", name, "the folder holds no Parquet file"))
    return found, faults


def _below(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob(f"*{SUFFIX}") if file.is_file() and not file.name.startswith(".")) if folder.is_dir() else []


def read_through(delivered: Delivered, root: Path) -> Iterator[Fault]:
    """Read every file of a table once, batch by batch, so that what can be read of them is known; fills in `sound` and what it sums up."""
    for file in delivered.files:
        shown = str(file.relative_to(root))
        at = "the file's end"
        try:
            with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
                schema = parquet.schema_arrow
                faults = list(_schema_faults(delivered.table, shown, schema))
                yield from faults
                is_sound = all(fault.reason in {"unknown_column", "missing_nullable_column"} for fault in faults)
                other = [
                    field.name
                    for field in schema
                    if field.name in delivered.table.columns and field.type not in {_type(delivered.table, field.name), pa.null()}
                ]
                misfits: dict[str, int] = {}
                for group in range(parquet.num_row_groups):
                    at = f"row group {group}"
                    for batch in parquet.iter_batches(BATCH_ROWS, row_groups=[group]):
                        batch.validate(full=True)
                        for name, count in _misfits(delivered.table, batch, other).items() if is_sound and other else ():
                            misfits[name] = misfits.get(name, 0) + count
                for name, count in misfits.items():
                    is_sound = False
                    detail = f"{name}: {count} values of {schema.field(name).type} are no {_type(delivered.table, name)}"
                    yield Fault(delivered.table.name, "wrong_type", shown, detail)
                if is_sound:
                    delivered.sound.append(file)
                    delivered.columns.update(schema.names)
                    delivered.row_count += parquet.metadata.num_rows
                    delivered.byte_count += sum(parquet.metadata.row_group(group).total_byte_size for group in range(parquet.num_row_groups))
        except (pa.ArrowException, OSError, UnicodeError) as error:
            yield Fault(delivered.table.name, "damaged_file", shown, f"{at}: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}")


def _schema_faults(table: Table, file: str, schema: pa.Schema) -> Iterator[Fault]:
    """What a file's columns are not as the table's."""
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    for name in twice:
        yield Fault(table.name, "wrong_type", file, f"{name}: the file has this column more than once")
    for column in table.fields:
        if column.name not in schema.names:
            yield Fault(table.name, "missing_nullable_column" if column.nullable else "missing_column", file, column.name)
        elif column.name not in twice and not _is_as(found := schema.field(column.name).type, wanted := _type(table, column.name)):
            yield Fault(table.name, "wrong_type", file, f"{column.name}: is {found}, must be {wanted}")
    for name in dict.fromkeys(schema.names):
        if name not in table.columns:
            yield Fault(table.name, "unknown_column", file, name)


def _type(table: Table, column: str) -> pa.DataType:
    return table.arrow.field(column).type


def _is_as(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a type is the wanted one to every reader; that of a column without any value is."""
    return pa.types.is_null(found) or _family(found) == _family(wanted)


def _family(kind: pa.DataType) -> tuple:
    """What types have in common whose values are the same for every reader: width, unit and encoding do not count."""
    types = pa.types
    if types.is_dictionary(kind):
        return _family(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind):
        return ("list", *_family(kind.value_type))
    if types.is_timestamp(kind):
        return ("timestamp", kind.tz is not None)
    families = {
        "string": (types.is_string, types.is_large_string, types.is_string_view),
        "binary": (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view),
        "integer": (types.is_integer,),
        "float": (types.is_floating,),
    }
    return next(((family,) for family, tests in families.items() if any(test(kind) for test in tests)), (str(kind),))


def _misfits(table: Table, batch: pa.RecordBatch, names: list[str]) -> dict[str, int]:
    """How many values of a batch's columns of another type the table's type cannot hold, by column."""
    rows = pa.Table.from_batches([batch]).select(names)
    for column in table.arrow:
        if column.name not in names:
            rows = rows.append_column(column.with_nullable(True), pa.nulls(len(batch), column.type))
    return {name: len(cells) for name, cells in typed(table, rows)[1].items()}
