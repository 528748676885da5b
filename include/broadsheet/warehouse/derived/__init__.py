"""Derived tables: each step brings its tables up to date from what a load changed, in the order of `STEPS`.

A step is `update(changes: Changes) -> None`. It reads `changes.added(table)` and `changes.removed(table)`, and writes through `changes`
alone. Whatever the order and number of loads, the same captures give the same rows.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import aliases, feed_days, incidents, places, repeats, reprints, resolve, search, site_days, spells

STEPS = (aliases, resolve, spells, reprints, feed_days, repeats, places, search, site_days, incidents)


def derive(changes: Changes) -> None:
    """Bring every derived table up to date."""
    for step in STEPS:
        step.update(changes)
