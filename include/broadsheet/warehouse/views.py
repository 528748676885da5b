"""The views of the warehouse. Each is one file of `sql/marts/`: its grain, what it says, its columns, and the SQL.

The comment that a file begins with is read: `-- One row per …`, sentences about it, and after an empty line `column: description`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from broadsheet.tables.ddl import quoted
from broadsheet.warehouse.statements import described_sql

# A view comes after those that it reads.
NAMES = (
    "current_articles",
    "headline_ranks",
    "promoted_articles",
    "promotion",
    "campaign_tags",
    "feed_places",
    "repeated_headlines",
    "feed_health",
    "gone_pages",
    "related_graph",
    "article_version_times",
    "silent_edits",
    "title_changes",
    "reprints",
    "reprint_credits",
    "desk_output",
    "credit_pairs",
    "recommendation_ages",
    "corpus",
    "extraction_health",
    "drift",
    "capture_gaps",
    "open_quarantine",
)


@dataclass(frozen=True, slots=True)
class View:
    """`grain` completes "one row per …"."""

    name: str
    grain: str
    description: str
    columns: dict[str, str]
    sql: str


def _view(name: str) -> View:
    ((first, *rest), columns), sql = described_sql(f"marts/{name}.sql")
    grain = first.removeprefix("One row per ").removesuffix(".")
    return View(name, grain, " ".join(rest), dict(line.split(": ", 1) for line in columns), sql)


VIEWS = tuple(_view(name) for name in NAMES)


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views, or make them anew."""
    for statement in view_statements():
        connection.execute(statement)


def view_statements() -> Iterator[str]:
    """What makes each view with its comments, or makes it anew."""
    for view in VIEWS:
        yield f"create or replace view {view.name} as\n{view.sql}"
        yield f"comment on view {view.name} is {quoted(f'One row per {view.grain}. {view.description}')}"
        for name, description in view.columns.items():
            yield f"comment on column {view.name}.{name} is {quoted(description)}"
