"""The rows of `selected` as Parquet, CSV and JSON Lines."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet.lake import COMPRESSIONS, written_aside
from broadsheet.tables.ddl import quoted
from broadsheet.tables.schema import TABLES

BATCH_ROWS = 50_000  # in memory at a time, and in a row group of Parquet
# What spreadsheets take for the beginning of a formula, full-width forms too, or strip before they look for one. Apostrophes may go before it:
# a text of that form gets one more, so that taking one away gives it back.
FORMULA = r"^('*[=+\-@\t\r\n\x00＝＋－＠])"


def write_parquet(connection: duckdb.DuckDBPyConnection, name: str, out: Path) -> int:
    """Rows with the declared types, nullability and descriptions of the table; a view's types as they are. Instants are in UTC."""
    columns = ", ".join(f"{_narrowed(column, kind)} as {column}" for column, kind in _columns(connection))
    comments = _comments(connection, name)  # before the rows: another query would end the stream
    reader = connection.execute(f"select {columns} from selected").to_arrow_reader(BATCH_ROWS)
    schema = TABLES[name].arrow if name in TABLES else pa.schema([_described(field, comments.get(field.name)) for field in reader.schema])
    count = 0
    with written_aside(out) as aside, pq.ParquetWriter(aside, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch.select(schema.names).cast(schema))
            count += batch.num_rows
    return count


def write_csv(connection: duckdb.DuckDBPyConnection, out: Path, *, is_exact: bool) -> int:
    """UTF-8 with a header. NULL is an empty cell, an empty text is `""`; lists are JSON."""
    return _copy(connection, out, {column: _csv_cell(column, kind, is_exact) for column, kind in _columns(connection)}, "csv, header")


def write_jsonl(connection: duckdb.DuckDBPyConnection, out: Path) -> int:
    """One JSON object a row, every column in it."""
    return _copy(connection, out, {column: _text_of_time(column, kind) for column, kind in _columns(connection)}, "json")


def _copy(connection: duckdb.DuckDBPyConnection, out: Path, columns: dict[str, str], format: str) -> int:
    query = "select " + ", ".join(f"{value} as {column}" for column, value in columns.items()) + " from selected"
    with written_aside(out) as aside:
        aside.touch()  # tells in the system's words what hinders it
        options = f"format {format}, compression {COMPRESSIONS.get(out.suffix, 'none')}, use_tmp_file false"
        return connection.execute(f"copy ({query}) to {quoted(str(aside))} ({options})").fetchall()[0][0]


def _columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(quoted name, DuckDB type) of each column."""
    return [(f'"{name}"', str(kind)) for name, kind, *_ in connection.execute("select * from selected limit 0").description]


def _csv_cell(column: str, kind: str, is_exact: bool) -> str:
    if kind == "VARCHAR" and not is_exact:
        return f"regexp_replace({column}, {quoted(FORMULA)}, '''\\1')"
    if kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(")):
        return f"to_json({column})::varchar"
    return _text_of_time(column, kind)


def _text_of_time(column: str, kind: str) -> str:
    """ISO 8601: an instant with its offset, hours and minutes; a wall clock without."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return rf"regexp_replace(replace({column}::varchar, ' ', 'T'), '([+-]\d\d)$', '\1:00')"
    if kind == "TIMESTAMP":
        return f"replace({column}::varchar, ' ', 'T')"
    return _narrowed(column, kind)


def _narrowed(column: str, kind: str) -> str:
    """Sums of whole numbers are 128 bits wide in DuckDB, which Parquet and most programs have no type for."""
    return f"{column}::bigint" if kind == "HUGEINT" else column


def _comments(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    sql = "select column_name, comment from duckdb_columns() where table_name = ? and comment is not null"
    return dict(connection.execute(sql, [name]).fetchall())


def _described(field: pa.Field, comment: str | None) -> pa.Field:
    kind = pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(field.type) and field.type.tz else field.type
    return pa.field(field.name, kind, metadata={"description": comment} if comment else None)
