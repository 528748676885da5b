"""DuckDB DDL from the schema: tables without primary keys (their indexes cost at every checkpoint; the audit checks keys), a comment on
every table and column, and an index where questions fetch single long rows."""

from collections.abc import Iterator

from broadsheet.tables.fields import Field
from broadsheet.tables.schema import TABLES, Table

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "json": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "local_timestamp": "TIMESTAMP",
    "date": "DATE",
    "list_string": "VARCHAR[]",
    "binary": "BLOB",
}


def ddl() -> Iterator[str]:
    """Statements that make every table that is missing, the nullable columns that a file of an earlier program lacks, and comments."""
    for table in TABLES.values():
        yield create_table(table)
        for field in table.fields:
            if field.nullable:
                yield f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {field.name} {DUCKDB_TYPES[field.type]}"
        yield from comments(table)


def create_table(table: Table) -> str:
    columns = ", ".join(f"{field.name} {DUCKDB_TYPES[field.type]}{'' if field.nullable else ' NOT NULL'}" for field in table.fields)
    return f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})"


def comments(table: Table) -> Iterator[str]:
    """Statements that describe a table and its columns in the file."""
    yield f"COMMENT ON TABLE {table.name} IS {quoted(f'One row per {table.grain}.')}"
    for field in table.fields:
        yield f"COMMENT ON COLUMN {table.name}.{field.name} IS {quoted(described(field))}"


def create_indexes() -> Iterator[str]:
    """Statements that make the indexes that are missing."""
    for table in TABLES.values():
        if table.looked_up_by:
            yield f"CREATE INDEX IF NOT EXISTS {_index(table)} ON {table.name} ({table.looked_up_by})"


def drop_indexes() -> Iterator[str]:
    """Statements that remove them: DuckDB alters no column of a table that has one."""
    for table in TABLES.values():
        if table.looked_up_by:
            yield f"DROP INDEX IF EXISTS {_index(table)}"


def _index(table: Table) -> str:
    return f"{table.name}_by_{table.looked_up_by}"


def described(field: Field) -> str:
    """Description with unit and allowed values."""
    unit = f" [{field.unit}]" if field.unit else ""
    allowed = f" One of: {', '.join(field.allowed)}." if field.allowed else ""
    return f"{field.description}{unit}.{allowed}"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
