"""`make bench-drift`: whether a site's change is noticed on its day, and how often nothing happened where an incident says so.

A generated world (`world.py`) is loaded day by day, some pages of each site a day: first as it is, over all sites; then with one fault per site
from one day on. Pages are made as the kernel's records; transform, the warehouse's tables and the derived steps that incidents follow from are
the real ones. The last line is one line of JSON with the figures by name. docs/drift.md has more.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the world's words

from world import CAPTURE_EVERY, LOCAL, START, World

from broadsheet.records import Module, ModuleKind, PageResult
from broadsheet.tables.batch import Batch
from broadsheet.tables.ddl import ddl
from broadsheet.tables.transform import add_page
from broadsheet.text import cut, display_width
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import feed_days, incidents, resolve, site_days
from broadsheet.warehouse.macros import create_macros

EVERY_TURN = 13  # so that sites, ages of stories and kinds of pages come by turns: 25 pages of a site a day
RUN_AT = datetime.fromisoformat("2026-06-01T00:00:00+00:00")
STEPS = (resolve, feed_days, site_days, incidents)
Change = Callable[[int, PageResult], PageResult | None]  # of the n-th page of a day; None: it does not come


@dataclass(frozen=True)
class Fault:
    """What becomes of a site's pages, and the kinds of incidents of which one must tell it. `is_seen_after`: once the day is over."""

    change: Change
    kinds: frozenset[str]
    is_seen_after: bool = False


def page_with(**fields) -> Change:
    return lambda _, result: msgspec.structs.replace(result, page=msgspec.structs.replace(result.page, **fields))


def _module(change: Callable[[Module], Module]) -> Change:
    return lambda number, result: page_with(modules=tuple(map(change, result.page.modules)))(number, result)


def _is_feed(module: Module) -> bool:
    return module.kind == ModuleKind.HEADLINE_FEED


def _narrow(module: Module) -> Module:
    if not module.width_limit:
        return module
    items = (
        msgspec.structs.replace(item, text=(text := cut(item.text, 28)), raw=text, display_width=display_width(text), is_truncated=True)
        for item in module.items
    )
    return msgspec.structs.replace(module, items=tuple(items), width_limit=28)


def _frozen() -> Change:
    """Feeds stay as the fault found them."""
    first = cache(lambda site, heading: {})

    def change(_: int, result: PageResult) -> PageResult:
        def stay(module: Module) -> Module:
            return first(result.capture.site, module.heading).setdefault("module", module) if _is_feed(module) else module

        return _module(stay)(0, result)

    return change


def _without(heading: str) -> Change:
    """A feed is there no more; its blocks are left unexplained."""

    def change(number: int, result: PageResult) -> PageResult:
        page = result.page
        modules = tuple(module for module in page.modules if module.heading != heading)
        blocks = tuple(msgspec.structs.replace(block, module_index=None) for block in page.blocks)
        return page_with(modules=modules, blocks=blocks, coverage_ratio=page.coverage_ratio - 0.03)(number, result)

    return change


def _twice(number: int, result: PageResult) -> PageResult:
    return msgspec.structs.replace(result, capture=msgspec.structs.replace(result.capture, content_sha256=f"{number % 5:064}"))


def _half(change: Change) -> Change:
    return lambda number, result: change(number, result) if number % 2 else result


FAULTS = {
    "new layout, read as before": Fault(page_with(layout_fingerprint="f" * 20), frozenset({"new_layout"})),
    "new layout, credits lost": Fault(
        page_with(layout_fingerprint="f" * 20, sources=(), people=(), coverage_ratio=0.7), frozenset({"new_layout"})
    ),
    "sources lost": Fault(page_with(sources=()), frozenset({"fill_rate_dropped"})),
    "sources lost on half the pages": Fault(_half(page_with(sources=())), frozenset({"fill_rate_dropped"})),
    "times lost": Fault(page_with(published=None), frozenset({"fill_rate_dropped"})),
    "articles no longer found": Fault(page_with(headlines=(), body=()), frozenset({"fill_rate_dropped"})),
    "text no longer explained": Fault(page_with(coverage_ratio=0.8), frozenset({"coverage_dropped"})),
    "a feed dropped": Fault(_without("即时播报"), frozenset({"feed_silent", "module_count_changed"})),
    "a feed narrower": Fault(_module(_narrow), frozenset({"feed_width_changed"})),
    "feeds half as long": Fault(
        _module(lambda m: msgspec.structs.replace(m, items=m.items[: len(m.items) // 2]) if _is_feed(m) else m), frozenset({"feed_length_changed"})
    ),
    "feeds frozen": Fault(_frozen(), frozenset({"feed_frozen"}), is_seen_after=True),
    "one answer for many pages": Fault(_twice, frozenset({"duplicates_rose"})),
    "a tenth of the pages": Fault(lambda number, result: None if number % 10 else result, frozenset({"volume_dropped"}), is_seen_after=True),
    "no page": Fault(lambda number, result: None, frozenset({"site_silent"}), is_seen_after=True),
}  # fmt: skip


class Watched:
    """A world's pages day by day, in a warehouse that is watched for incidents."""

    def __init__(self, site_count: int) -> None:
        self.world = World(site_count=site_count)
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set TimeZone = 'UTC'")
        for statement in ddl():
            self.connection.execute(statement)
        create_macros(self.connection)

    def load(self, day: date, faults: Mapping[str, Fault]) -> None:
        """Load the pages of a day; `faults` by site."""
        self.add(self.rows(day, faults))

    def rows(self, day: date, faults: Mapping[str, Fault]) -> dict[str, pa.Table]:
        """Tables of the pages of a day."""
        batch = Batch()
        numbers: Counter[str] = Counter()
        for result in self._results(day):
            site = result.capture.site
            numbers[site] += 1
            changed = faults[site].change(numbers[site], result) if site in faults else result
            if changed:
                add_page(batch, changed, run_id="run", default_zone="Asia/Shanghai", run_started_at=RUN_AT)
        return batch.tables()

    def add(self, tables: Mapping[str, pa.Table]) -> Changes:
        """Load tables, and derive what follows. Returns what that changed."""
        changes = Changes(self.connection)
        for name, rows in tables.items():
            self.connection.register("rows", rows)
            changes.add(name, "from rows")
        for step in STEPS:
            step.update(changes)
        return changes

    def incidents(self) -> list[tuple[str, str, date]]:
        """(site, kind, day) of what is known so far."""
        return self.connection.execute("select distinct site, incident_kind, incident_date from incidents order by all").fetchall()

    def _results(self, day: date) -> Iterator[PageResult]:
        begin = datetime(day.year, day.month, day.day, tzinfo=START.tzinfo) - LOCAL
        turns = (int((at - START) / CAPTURE_EVERY) for at in (begin, begin + timedelta(days=1)))
        for turn in range(*turns):
            if turn >= 0 and turn % EVERY_TURN == 0:
                first = turn * len(self.world.sites)
                yield from self.world.captures(range(first, first + len(self.world.sites)))


def first_day() -> date:
    """The first whole day of the world in its sites' zone."""
    return (START + LOCAL).date() + timedelta(days=1)


def clean(site_count: int, days: int) -> list[tuple[str, str, date]]:
    """Incidents of a world in which nothing happens; as many days are watched, after those that the first comparison needs."""
    watched = Watched(site_count)
    for number in range(days + 5):
        watched.load(first_day() + timedelta(days=number), {})
    return watched.incidents()


class Told(NamedTuple):
    """Of one site's fault: the kinds of incidents of its day, and whether one of those that must tell it was among them in time."""

    fault: str
    kinds: set[str]
    is_caught: bool


def faulty(site_count: int, before: int, faults: Mapping[str, Fault] = FAULTS) -> tuple[list[Told], list[tuple[str, str, date]]]:
    """What was told of the fault of each site, which take turns, and the incidents of the days before."""
    watched = Watched(site_count)
    sites = [site.site for site in watched.world.sites]
    of_site = dict(zip(sites, list(faults) * site_count, strict=False))
    begins = first_day() + timedelta(days=before)
    for number in range(before):
        watched.load(first_day() + timedelta(days=number), {})
    early = watched.incidents()
    told: dict[bool, set[tuple[str, str]]] = {}
    for is_after in (False, True):
        watched.load(begins + timedelta(days=int(is_after)), {site: faults[name] for site, name in of_site.items()})
        told[is_after] = {(site, kind) for site, kind, day in watched.incidents() if day == begins}
    outcome = []
    for site, name in of_site.items():
        kinds = {kind for other, kind in told[faults[name].is_seen_after] if other == site}
        outcome.append(Told(name, kinds, bool(kinds & faults[name].kinds)))
    return outcome, early


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=51)
    parser.add_argument("--days", type=int, default=30, help="clean days that are watched")
    parser.add_argument("--before", type=int, default=10, help="days before the faults")
    given = parser.parse_args()
    false = clean(given.sites, given.days)
    for site, kind, day in false:
        print(f"false: {site} {day} {kind}")
    outcome, early = faulty(given.sites, given.before)
    for name in FAULTS:
        caught = [told.is_caught for told in outcome if told.fault == name]
        print(f"{name:<40}{sum(caught):>4} caught{len(caught) - sum(caught):>4} missed")
    caught = sum(told.is_caught for told in outcome)
    figures = {
        "clean_days": given.days, "sites": given.sites, "false_incidents": len(false), "incidents_before_faults": len(early),
        "fault_kinds": len(FAULTS), "faults": len(outcome), "caught_share": round(caught / len(outcome), 3),
    }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
