"""Which version of an article was seen last, and how often the article was seen: else every question about articles would go through all captures."""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `current_versions` up to date."""
    run_sql(changes.connection, "derived/current_versions.sql")
    changes.replace("current_versions", "from changed_articles", "from current_versions_anew")
