"""Bringing the rows of an earlier schema version up to date.

What is new is computed from what is there. Parquet parts of the lake stay as they were written: whoever makes a warehouse of them fills
the columns that they lack in the same way.
"""

from collections.abc import Callable

import duckdb

from broadsheet.errors import ConfigurationError
from broadsheet.tables.ddl import DUCKDB_TYPES, drop_indexes
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES
from broadsheet.warehouse.statements import row_count

OLDEST = 2  # the first version that can be brought up to date

# All of a signature at once; bodies that are too short for one are asked again, which costs little.
_SIGN = """
    update article_versions
    set text_id = signed.signature.text_id, body_signature = signed.signature.minima, shingle_count = signed.signature.shingle_count
    from (select version_id, signature_of(body_text) as signature from article_versions where text_id is null) as signed
    where article_versions.version_id = signed.version_id
"""

# Columns that a later version added and that follow from others: (table, column) -> the statement that fills it where it is NULL.
FILLED: dict[tuple[str, str], str] = {
    ("headline_feed_entries", "feed_headline_id"): """
        update headline_feed_entries
        set feed_headline_id = id_of('feed_headline', [states.feed_id, headline_text, coalesce(canonical_url, url)])
        from headline_feed_snapshots as states
        where headline_feed_entries.feed_headline_id is null and states.feed_snapshot_id = headline_feed_entries.feed_snapshot_id
    """,
    ("articles", "url_key"): "update articles set url_key = key_of_url(canonical_url) where url_key is null and canonical_url is not null",
    ("article_versions", "text_id"): _SIGN,
    ("article_versions", "body_signature"): _SIGN,
    ("article_versions", "shingle_count"): _SIGN,
}


def require_known(version: str | None, of: object) -> bool:
    """Whether rows of a schema version must be brought up to date.

    Raises ConfigurationError for one that a newer program wrote, or that is too old.
    """
    if version is None or version == SCHEMA_VERSION:
        return False
    if int(version) > int(SCHEMA_VERSION):
        raise ConfigurationError(f"{of} has schema version {version}, written by a newer program; this one knows {SCHEMA_VERSION}: use the newer one")
    if int(version) < OLDEST:
        raise ConfigurationError(
            f"{of} has schema version {version}, which cannot be brought up to date (that begins with {OLDEST}): build the lake anew from its pages"
        )
    return True


def make_room(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the columns of `FILLED` be there and NULL, so that rows without them can be taken in. What is published has its indexes again."""
    for statement in drop_indexes():
        connection.execute(statement)
    for name, column in FILLED:
        connection.execute(f"alter table if exists {name} add column if not exists {column} {DUCKDB_TYPES[TABLES[name].field(column).type]}")
        connection.execute(f"alter table {name} alter column {column} drop not null")


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Compute what earlier versions lack, and require it from here on."""
    _with_functions(connection, lambda: [connection.execute(statement) for statement in dict.fromkeys(FILLED.values())])
    for name, column in FILLED:
        if not TABLES[name].field(column).nullable:
            connection.execute(f"alter table {name} alter column {column} set not null")


def drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the derived tables, which are made anew, and views that an earlier program had in place of one."""
    for kind, column in (("view", "view_name"), ("table", "table_name")):
        for (name,) in connection.execute(f"select {column} from duckdb_{kind}s() where not internal and not temporary").fetchall():
            if name in TABLES and TABLES[name].layer == "derived":
                connection.execute(f"drop {kind} {name}")


def has_rows(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a run was loaded."""
    return bool(connection.execute("select 1 from duckdb_tables() where table_name = 'runs'").fetchall()) and row_count(connection, "runs") > 0


def _with_functions(connection: duckdb.DuckDBPyConnection, work: Callable[[], object]) -> None:
    from broadsheet.ids import make_id
    from broadsheet.tables.signatures import signature_of
    from broadsheet.urls import url_key

    def signed(text: str) -> dict | None:
        signature = signature_of(text)
        return signature._asdict() if signature else None

    kind = "STRUCT(text_id VARCHAR, minima BLOB, shingle_count BIGINT)"
    connection.create_function("id_of", lambda kind, parts: make_id(kind, *parts), ["VARCHAR", "VARCHAR[]"], "VARCHAR")
    connection.create_function("key_of_url", url_key, ["VARCHAR"], "VARCHAR")
    connection.create_function("signature_of", signed, ["VARCHAR"], kind, null_handling="special")
    try:
        work()
    finally:
        connection.remove_function("id_of")
        connection.remove_function("key_of_url")
        connection.remove_function("signature_of")
