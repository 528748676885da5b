"""Where a site's day is unlike the days before it: new layouts, fields no longer read, sites and feeds that fell silent. See docs/drift.md.

A site's incidents are found anew from the first of its changed days on. What is known of the days is read from `site_days` and `feed_days`
alone, never from the clock: the latest day that the warehouse knows of is taken as not yet over.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `incidents` up to date."""
    run_sql(changes.connection, "derived/incidents.sql")
    since = "select incident_id from incidents join changed_sites using (site) where incident_date >= since"
    changes.replace("incidents", since, "from incidents_anew")
