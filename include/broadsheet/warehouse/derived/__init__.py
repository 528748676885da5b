"""Derived tables: each step brings its tables up to date from what a load changed, in the order of `STEPS`.

A step is `update(changes: Changes) -> None`. It reads `changes.added(table)` and `changes.removed(table)`, and writes through `changes`
alone. Whatever the order and number of loads, the same captures give the same rows.
"""

from pathlib import Path

from broadsheet.ids import make_id
from broadsheet.tables.ddl import create_table
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import (
    aliases,
    current,
    feed_days,
    given,
    incidents,
    places,
    repeats,
    reprints,
    resolve,
    search,
    site_days,
    spells,
    top_stories,
)

STEPS = (aliases, current, resolve, spells, reprints, top_stories, feed_days, repeats, places, search, site_days, incidents)

# Those that need all rows to begin with, and the tables that they make: Spark can derive these as well (`engine/spark/derive.py`).
SPREAD = {
    aliases: ("article_aliases",),
    current: ("current_versions",),
    resolve: ("headline_feed_widths", "headline_titles", "headline_candidates", "headline_resolutions"),
    reprints: ("reprint_bands", "reprint_pairs", "reprint_members", "reprint_clusters"),
}

# To be raised where a step gives other rows than before: warehouses that an earlier program wrote are then derived anew by their next load.
DERIVATION = 2


def derivation_id() -> str:
    """Changes with what the derived tables hold."""
    return make_id("derivation", str(DERIVATION), *(create_table(table) for table in TABLES.values() if table.layer == "derived"))


def derive(changes: Changes, given_folder: Path | None = None) -> None:
    """Bring every derived table up to date. Where a load brought nothing new, there is nothing to do.

    Parameters
    ----------
    given_folder : where the tables of `SPREAD` are found ready, for a warehouse whose rows are all new.
    """
    if all(TABLES[name].layer == "operation" for name in changes.counts()):
        return
    for step in STEPS:
        if given_folder and step in SPREAD:
            for name in SPREAD[step]:
                given.take(changes, given_folder, name)
        else:
            step.update(changes)
