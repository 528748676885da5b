"""Rows of a batch -> rows that go on and rejections, given the checks that rows failed. Knows no Great Expectations."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.quality.reasons import REASONS
from broadsheet.quality.suites import differ_in_zone
from broadsheet.records import Rejection
from broadsheet.tables.demands import not_blank, required
from broadsheet.tables.schema import TABLES, Table
from broadsheet.text import fold_blanks

EXCERPT_CHARS = 200
PARENT, PART = "parent_quarantined", "part_quarantined"

Found = Mapping[str, Mapping[int, list[str]]]  # table -> row -> names of the checks that it failed and that set it aside
Reasons = dict[str, dict[int, list[str]]]
Cells = Callable[[str, str], list[Any]]  # (table, column) -> its values


@dataclass(frozen=True, slots=True)
class Separated:
    """What became of a batch. `reasons` are those found and those that follow from them; `counts` is table -> (in, out, quarantined)."""

    kept: dict[str, pa.Table]
    reasons: Reasons
    rejections: list[Rejection]
    counts: dict[str, tuple[int, int, int]]


def separate(tables: Mapping[str, pa.Table], found: Found, delivered: Mapping[str, pa.Table] | None = None) -> Separated:
    """Set aside the rows that failed, and those that cannot stand without them.

    A row below a rejected row goes with it (`parent_quarantined`), a whole goes with any of its parts, and what needs a part with the
    last of them: an article with its versions (`part_quarantined`). A nullable reference to a rejected row is taken out and its row
    kept, so that captures, which are facts, stay when their article does not; not so one to a row that lost its last part here, which
    another shard or the warehouse may have with another. References to rows that are not in the batch are left to the load.

    Parameters
    ----------
    tables : the batch, in the schema's types.
    delivered : the batch as it came; a rejection shows its row from here.
    """
    cells = _columns_of(tables)
    reasons: Reasons = {name: {row: list(names) for row, names in found.get(name, {}).items() if names} for name in tables}
    while _below(reasons, cells) | _around(reasons, cells) | _without_parts(reasons, cells):
        pass
    kept, rejections, counts = {}, [], {}
    for name, rows in tables.items():
        rejected = sorted(reasons[name])
        mask = np.ones(rows.num_rows, dtype=bool)
        mask[rejected] = False
        going_on = _without_lost_references(name, rows, reasons, cells).filter(pa.array(mask))
        kept[name] = pa.table(going_on.columns, schema=TABLES[name].arrow)
        shown = (delivered or tables)[name].take(pa.array(rejected, pa.int64())).to_pylist()
        captures = _captures(TABLES[name], cells, shown)
        rejections += [
            _rejection(TABLES[name], row, reasons[name][number], capture) for number, row, capture in zip(rejected, shown, captures, strict=True)
        ]
        counts[name] = (rows.num_rows, going_on.num_rows, len(rejected))
        if rows.num_rows != going_on.num_rows + len(rejected):
            raise AssertionError(f"validate lost rows of {name}: {counts[name]}")
    return Separated(kept, reasons, rejections, counts)


# --- what goes with what ---------------------------------------------------------------------------------------------------


def _columns_of(tables: Mapping[str, pa.Table]) -> Cells:
    @cache
    def cells(name: str, column: str) -> list[Any]:
        return tables[name][column].to_pylist() if name in tables else []

    return cells


def _references(reasons: Reasons, *, that_drag: bool) -> Iterator[tuple[str, str, str, str]]:
    """(table, column, parent, parent's column) within the batch, of those that drag their row along or of those that are taken out.

    A nullable reference is taken out, unless it is to the row's own table: a channel without its parent would be a root.
    """
    for name in reasons:
        table = TABLES[name]
        for column, (parent, parent_column) in table.references.items():
            if parent in reasons and that_drag == (parent == name or not table.field(column).nullable):
                yield name, column, parent, parent_column


def _lost(reasons: Reasons, cells: Cells, name: str, column: str) -> set[Any]:
    """Values of `column` that only rejected rows have; of rows that lost their last part nothing else is lost."""
    rejected = {row for row, names in reasons[name].items() if TABLES[name].needs is None or names != [PART]}
    if not rejected:
        return set()
    values = cells(name, column)
    kept = {value for row, value in enumerate(values) if row not in rejected}
    return {values[row] for row in rejected} - kept - {None}


def _mark(reasons: Reasons, cells: Cells, name: str, column: str, values: set[Any], reason: str) -> bool:
    """Give `reason` to the rows with one of `values`; whether any did not have it. A part that has a reason of its own is what its whole
    fell for, not the reverse."""
    is_cause = reasons[name].keys() if column == TABLES[name].part_of else ()
    marked = [
        row
        for row, value in enumerate(cells(name, column) if values else ())
        if value in values and row not in is_cause and reason not in reasons[name].get(row, ())
    ]
    for row in marked:
        reasons[name].setdefault(row, []).append(reason)
    return bool(marked)


def _below(reasons: Reasons, cells: Cells) -> bool:
    """Rows below rejected rows; whether there were new ones."""
    is_new = False
    for name, column, parent, parent_column in _references(reasons, that_drag=True):
        is_new |= _mark(reasons, cells, name, column, _lost(reasons, cells, parent, parent_column), PARENT)
    return is_new


def _around(reasons: Reasons, cells: Cells) -> bool:
    """Wholes of which a part is rejected for more than having no parent; whether there were new ones."""
    is_new = False
    for name in reasons:
        column = TABLES[name].part_of
        if column is None or TABLES[name].references[column][0] not in reasons:
            continue
        whole, whole_column = TABLES[name].references[column]
        torn = {cells(name, column)[row] for row, names in reasons[name].items() if names != [PARENT]} - {None}
        is_new |= _mark(reasons, cells, whole, whole_column, torn, PART)
    return is_new


def _without_parts(reasons: Reasons, cells: Cells) -> bool:
    """Rows of which all parts in the batch are rejected, and that say nothing without one; whether there were new ones."""
    is_new = False
    for name in reasons:
        if (needs := TABLES[name].needs) is None or needs[0] not in reasons:
            continue
        parts, column = needs
        own = TABLES[parts].references[column][1]
        fallen = {cells(name, own)[row] for row in reasons[name]}
        is_new |= _mark(reasons, cells, name, own, _lost(reasons, cells, parts, column) - fallen, PART)
    return is_new


def _without_lost_references(name: str, rows: pa.Table, reasons: Reasons, cells: Cells) -> pa.Table:
    for child, column, parent, parent_column in _references(reasons, that_drag=False):
        if child == name and (lost := _lost(reasons, cells, parent, parent_column)):
            kind = rows.schema.field(column)
            cleaned = [None if value in lost else value for value in cells(name, column)]
            rows = rows.set_column(rows.column_names.index(column), kind, pa.array(cleaned, kind.type))
    return rows


# --- rejections ------------------------------------------------------------------------------------------------------------


def _captures(table: Table, cells: Cells, rows: list[dict[str, Any]]) -> list[str | None]:
    """The capture of each row, or the one that showed it, or its whole, first; None for what belongs to a site, and not to a capture."""
    own = [row.get("capture_id") or row.get("first_capture_id") for row in rows]
    if not rows or table.whole is None or "first_capture_id" not in TABLES[table.whole[1]].columns:
        return own
    column, whole, key = table.whole
    firsts = dict(zip(cells(whole, key), cells(whole, "first_capture_id"), strict=True))
    return [capture or firsts.get(row[column]) for capture, row in zip(own, rows, strict=True)]


def _rejection(table: Table, row: dict[str, Any], names: list[str], capture_id: str | None) -> Rejection:
    slugs = tuple(dict.fromkeys(name.partition(":")[0] for name in names))
    return Rejection(
        stage="validate",
        scope="row",
        reasons=slugs,
        detail="; ".join(f"{name}{_columns(table, name, row)}: {REASONS[name.partition(':')[0]].text}" for name in dict.fromkeys(names)),
        capture_id=capture_id,
        site=row.get("site"),
        table_name=table.name,
        row_key="|".join(str(row[column]) for column in table.key),
        row_json=json.dumps(row, ensure_ascii=False, default=str),
        raw_excerpt=str(row.get("headline_raw") or row.get("credit_raw") or row.get("headline") or "")[:EXCERPT_CHARS] or None,
    )


def _columns(table: Table, check: str, row: dict[str, Any]) -> str:
    """The columns that a check of the whole row found without a value or blank."""
    if check == "null_value":
        return f" ({', '.join(column for column in required(table) if row[column] is None)})"
    if check == "blank_value":
        return f" ({', '.join(column for column in not_blank(table) if isinstance(row[column], str) and not fold_blanks(row[column]))})"
    if check == "wrong_type":
        return f" ({', '.join(column for column in table.columns if not _fits(row[column], table.arrow.field(column).type))})"
    return ""


def _fits(value: Any, kind: pa.DataType) -> bool:
    if value is None:
        return True
    try:
        given = pa.scalar(value)
        given.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return not differ_in_zone(given.type, kind)
