"""Which fields of the pages the columns of the lake's tables are made of, measured: a field of a page is changed, the page is turned into rows
again, and the columns that differ are made of it. Those that then hold what the field was changed to are the field itself.

A field that no page has is not measured, nor is what a change does that gives other rows instead of other values.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
from sql_lineage import IDENTITY, TRANSFORMATION, Columns

from broadsheet.records import Absence, PageResult
from broadsheet.tables.batch import Batch
from broadsheet.tables.transform import add_absence, add_page

TRIES = 4  # changes of one field, in as many records

Steps = tuple[str | int, ...]  # attributes and positions that lead to a value in a record
Tables = dict[str, pa.Table]
Found = defaultdict[str, defaultdict[str, dict[tuple[str, str], str]]]  # table -> column -> origin -> how

_RUN: dict[str, Any] = {"run_id": "run", "run_started_at": datetime(2100, 1, 1, tzinfo=UTC)}


def record_lineage(pages: Iterable[PageResult], absences: Iterable[Absence]) -> dict[str, Columns]:
    """The columns of every table that the records have rows in, by fields of the records: ``("pages", "page.published.raw")``."""
    found: Found = defaultdict(lambda: defaultdict(dict))
    _measure(found, "pages", pages, partial(_rows, partial(add_page, default_zone="Asia/Shanghai")))
    _measure(found, "absences", absences, partial(_rows, add_absence))
    return {table: {column: dict(origins) for column, origins in columns.items()} for table, columns in found.items()}


def _measure(found: Found, source: str, records: Iterable[msgspec.Struct], rows_of: Callable[[Any], Tables]) -> None:
    tries: Counter[tuple[str, ...]] = Counter()
    for record in records:
        before: Tables = {}
        for steps, kinds, value in _values(record):
            field = ".".join(step for step in steps if isinstance(step, str))
            changed = _changed(value)
            if changed is None or tries[field, *kinds] >= TRIES:
                continue
            before = before or rows_of(record)
            tries[field, *kinds] += 1
            for table, column, how in _differences(before, rows_of(_replaced(record, steps, changed)), changed):
                known = found[table][column].get((source, field), how)
                found[table][column][source, field] = how if how == known else TRANSFORMATION


def _rows(add: Callable[..., None], record: msgspec.Struct) -> Tables:
    batch = Batch()
    add(batch, record, **_RUN)
    return batch.tables()


def _values(value: Any, steps: Steps = (), kinds: tuple[str, ...] = ()) -> Iterator[tuple[Steps, tuple[str, ...], Any]]:
    """Every value in a record that is no record itself, of lists one of each kind of items; with the kinds that it lies in."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _values(getattr(value, name), (*steps, name), kinds)
    elif isinstance(value, tuple):
        seen = set()
        for position, item in enumerate(value):
            kind = str(getattr(item, "role", None) or getattr(item, "kind", ""))
            if kind not in seen:
                seen.add(kind)
                yield from _values(item, (*steps, position), (*kinds, kind))
    else:
        yield steps, kinds, value


def _replaced(record: Any, steps: Steps, value: Any) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        return (*record[:step], _replaced(record[step], tuple(rest), value), *record[step + 1 :])
    return msgspec.structs.replace(record, **{step: _replaced(getattr(record, step), tuple(rest), value)})


def _changed(value: Any) -> Any:
    """Another value of the same type; None for one that has none."""
    match value:
        case bool():
            return not value
        case Enum():
            return next((other for other in type(value) if other != value), None)
        case str() if value.startswith("http"):
            return f"{value}/x?utm_source=x"  # as no normal form has it
        case str():
            return f"{value}  Ｘ"
        case int():
            return value + 1_000_003  # a rank that no other item has
        case float():
            return value / 2 + 0.001
        case datetime():
            return value + timedelta(minutes=1)
    return None


def _differences(before: Tables, after: Tables, changed: Any) -> Iterator[tuple[str, str, str]]:
    """(table, column, how) of the columns that differ. Of a table with more or fewer rows it cannot be told which rows correspond."""
    for name in before.keys() & after.keys():
        if before[name].num_rows == after[name].num_rows:
            for column in before[name].column_names:
                cells = zip(before[name][column].to_pylist(), after[name][column].to_pylist(), strict=True)
                if differing := [new for old, new in cells if old != new]:
                    yield name, column, IDENTITY if all(new == changed for new in differing) else TRANSFORMATION
