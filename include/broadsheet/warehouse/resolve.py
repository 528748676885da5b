"""Which full headline stands behind a feed's entry.

Titles are tried from the nearest to the farthest: what the page itself gives for the entry, the article that the entry's URL
leads to, titles on the same pages, titles anywhere in the warehouse. A cut entry fits a title if cutting the title to the
feed's width gives exactly the entry. One fitting headline resolves the entry, several leave it ambiguous.
"""

from importlib import resources

import duckdb

from broadsheet.text import cut


def resolve(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Fill `headline_resolutions` anew, one row for each feed entry; returns the number of rows by status."""
    connection.create_function("cut_to_width", _cut, ["VARCHAR", "INTEGER"], "VARCHAR")
    try:
        for statement in resources.files("broadsheet.warehouse").joinpath("sql", "resolve.sql").read_text("utf-8").split(";\n"):
            if statement.strip():
                connection.execute(statement)
    finally:
        connection.remove_function("cut_to_width")
    rows = connection.execute("select resolution_status, count(*) from headline_resolutions group by all order by all").fetchall()
    return dict(rows)


def _cut(text: str, width: int) -> str:
    return cut(text, width)
