"""Which headlines and states a feed showed on which day, and how often: shares of slots without going through every entry.

A day on which observations came or went is counted anew; of a site that is read under another time zone, all days are.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `headline_feed_days` and `feed_days` up to date."""
    run_sql(changes.connection, "derived/headline_feed_days.sql")
    changes.replace("headline_feed_days", "select feed_id, observed_date from changed_days", "from days_anew")
    changes.replace("feed_days", "select feed_id, observed_date from changed_days", "from feed_days_anew")
