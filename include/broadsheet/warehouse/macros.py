"""SQL functions of the warehouse, stored in the file so that analysts have them too."""

import duckdb

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)).replace("'", "''")


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """`headline_key(text)`: letters and digits alone, lower case, full-width ASCII folded, as `broadsheet.text.headline_key` does
    but for rarer compatibility characters."""
    letters = f"regexp_replace(translate(headline, '{_FULL}', '{_HALF}'), '[^\\p{{L}}\\p{{N}}]', '', 'g')"
    connection.execute(f"create or replace macro headline_key(headline) as lower({letters})")
