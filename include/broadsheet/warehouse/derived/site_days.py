"""What the captures of a site's day show: pages, fields that were read, modules, by layout and parser version.

A day on which captures came or went, or whose captures are read otherwise, is counted anew; of a site that is read under another time zone, all
days are.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `site_days` up to date."""
    run_sql(changes.connection, "derived/site_days.sql")
    changes.replace("site_days", "select site, captured_date from changed_site_days", "from site_days_anew")
