"""Headlines that stand more than once in one state of a feed."""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import sql_text


def update(changes: Changes) -> None:
    """Bring `headline_repeats` up to date."""
    # a state that lost no entry is new: it has no rows yet
    lost = f"select feed_snapshot_id from {changes.removed('headline_feed_entries')}"
    changes.replace("headline_repeats", lost, sql_text("derived/headline_repeats.sql"))
