"""SQL functions of the warehouse, stored in the file so that analysts have them too."""

import duckdb

from broadsheet.tables.schema import UNKNOWN_SITE

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)).replace("'", "''")


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """`folded(text)`: full-width ASCII to half-width, as rendered captures show it. `headline_key(text)`: letters and digits alone,
    lower case, folded, as `broadsheet.text.headline_key` does but for rarer compatibility characters. `is_one_site(site, other)`: pages
    of unknown sites are not of one."""
    connection.execute(f"create or replace macro is_one_site(site, other) as site = other and site <> '{UNKNOWN_SITE}'")
    connection.execute(f"create or replace macro folded(shown) as translate(shown, '{_FULL}', '{_HALF}')")
    connection.execute("create or replace macro headline_key(headline) as lower(regexp_replace(folded(headline), '[^\\p{L}\\p{N}]', '', 'g'))")
