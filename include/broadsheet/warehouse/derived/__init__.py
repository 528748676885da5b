"""Derived tables: each step brings its tables up to date from what a load changed, in the order of `STEPS`.

A step is `update(changes: Changes) -> None`. It reads `changes.added(table)` and `changes.removed(table)`, and writes through `changes`
alone. Whatever the order and number of loads, the same captures give the same rows.
"""

from broadsheet.ids import make_id
from broadsheet.tables.ddl import create_table
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import (
    aliases,
    current,
    feed_days,
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

# To be raised where a step gives other rows than before: warehouses that an earlier program wrote are then derived anew by their next load.
DERIVATION = 1


def derivation_id() -> str:
    """Changes with what the derived tables hold."""
    return make_id("derivation", str(DERIVATION), *(create_table(table) for table in TABLES.values() if table.layer == "derived"))


def derive(changes: Changes) -> None:
    """Bring every derived table up to date. Where a load brought nothing new, there is nothing to do."""
    if all(TABLES[name].layer == "operation" for name in changes.counts()):
        return
    for step in STEPS:
        step.update(changes)
