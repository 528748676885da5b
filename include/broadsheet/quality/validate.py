"""Rows of a shard -> good rows, rejections, results. Every row that comes in goes on or is rejected with all its reasons."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.ids import make_id
from broadsheet.quality.policy import Policy
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.suites import Check, Outcome, not_blank, required, run_suite, tables_with_suites, typed
from broadsheet.records import Rejection
from broadsheet.tables.schema import TABLES, Table
from broadsheet.text import fold_blanks

EXCERPT_CHARS = 200


@dataclass(slots=True)
class Validated:
    """What became of a batch. `counts` is table -> (in, out, quarantined)."""

    tables: dict[str, pa.Table]
    results: pa.Table
    rejections: list[Rejection] = field(default_factory=list)
    counts: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)


def validate_tables(tables: dict[str, pa.Table], *, run_id: str, shard: int, policy: Policy, checked_at: datetime) -> Validated:
    """Run every table's suite and apply the policy.

    A row below a quarantined row goes with it (`parent_quarantined`); captures are facts and stay, with the reference to a
    quarantined article taken out. References to rows that are not in the batch are left to the warehouse's audit.

    Raises ValueError when a table's columns are not those of the schema, RuntimeError when GX could not run an expectation.
    """
    delivered = tables
    fitted = {name: typed(TABLES[name], table) for name, table in delivered.items()}
    tables = {name: rows for name, (rows, _) in fitted.items()}
    frames = {name: table.to_pandas() for name, table in tables.items()}
    reasons: dict[str, defaultdict[int, list[str]]] = {name: defaultdict(list) for name in tables}
    result_rows: list[dict[str, Any]] = []
    stops: list[str] = []
    warnings: Counter[str] = Counter()
    for table in tables_with_suites():
        if table.name not in tables or not tables[table.name].num_rows:
            continue
        for outcome in run_suite(table, frames[table.name], frames, fitted[table.name][1]):
            reason = outcome.check.reason
            action = policy.action(reason)
            result_rows.append(_result(table, outcome, action, run_id, shard, checked_at))
            failed = len(outcome.failed_rows)
            if policy.stops(reason, failed, outcome.checked):
                stops.append(_stop(table.name, outcome))
            if action == "warn" and failed:
                warnings[reason] += failed
            if action != "warn":
                for row in outcome.failed_rows:
                    reasons[table.name][row].append(outcome.check.name)
    _cascade(tables, reasons)
    for outcome_table, outcome in _cascade_outcomes(tables, reasons):
        result_rows.append(_result(outcome_table, outcome, policy.action("parent_quarantined"), run_id, shard, checked_at))
        if policy.stops("parent_quarantined", len(outcome.failed_rows), outcome.checked):
            stops.append(_stop(outcome_table.name, outcome))
    validated = Validated(
        tables={}, results=pa.Table.from_pylist(result_rows, schema=TABLES["quality_results"].arrow), stops=stops, warnings=dict(warnings)
    )
    for name, table in tables.items():
        _split(validated, TABLES[name], table, delivered[name], reasons[name])
    _take_out_references(validated)
    validated.tables = {name: pa.table(rows.columns, schema=TABLES[name].arrow) for name, rows in validated.tables.items()}
    return validated


def _cascade(tables: dict[str, pa.Table], reasons: dict[str, defaultdict[int, list[str]]]) -> None:
    """Give rows below quarantined rows the reason `parent_quarantined`, until nothing changes.

    A nullable reference does not drag its row along, unless it is to the row's own table: a channel without its parent would be a root.
    """
    changed = True
    while changed:
        changed = False
        for name, table in tables.items():
            for column, (parent, parent_column) in TABLES[name].references.items():
                if parent not in tables or not reasons[parent] or (TABLES[name].field(column).nullable and parent != name):
                    continue
                lost = _keys(tables[parent], parent_column, reasons[parent])
                for row, value in enumerate(table[column].to_pylist()):
                    if value in lost and "parent_quarantined" not in reasons[name][row]:
                        reasons[name][row].append("parent_quarantined")
                        changed = True
            for row in [row for row, found in reasons[name].items() if not found]:
                del reasons[name][row]


def _cascade_outcomes(tables: dict[str, pa.Table], reasons: dict[str, defaultdict[int, list[str]]]) -> Iterator[tuple[Table, Outcome]]:
    check = Check("parent_quarantined", None, "cascade", {})
    for table in tables_with_suites():
        if table.references and table.name in tables and (count := tables[table.name].num_rows):
            failed = tuple(sorted(row for row, found in reasons[table.name].items() if "parent_quarantined" in found))
            yield table, Outcome(check, count, failed, ())


def _stop(table_name: str, outcome: Outcome) -> str:
    return f"{table_name}, {outcome.check.name}: {len(outcome.failed_rows)} of {outcome.checked} rows failed. {outcome.check.meaning}"


def _keys(table: pa.Table, column: str, rows: dict[int, list[str]]) -> set[Any]:
    """Values of `column` that only quarantined rows have."""
    values = table[column].to_pylist()
    kept = {value for row, value in enumerate(values) if not rows.get(row)}
    return {values[row] for row, found in rows.items() if found} - kept


def _split(validated: Validated, table: Table, rows: pa.Table, delivered: pa.Table, reasons: dict[int, list[str]]) -> None:
    rejected = sorted(row for row, found in reasons.items() if found)
    mask = np.ones(rows.num_rows, dtype=bool)
    mask[rejected] = False
    kept = rows.filter(pa.array(mask))
    validated.tables[table.name] = kept
    was = delivered.take(pa.array(rejected, pa.int64())).to_pylist()
    validated.rejections.extend(_rejection(table, cells, reasons[row]) for row, cells in zip(rejected, was, strict=True))
    counts = (rows.num_rows, kept.num_rows, len(rejected))
    if counts[0] != counts[1] + counts[2]:
        raise AssertionError(f"validate lost rows of {table.name}: {counts}")
    validated.counts[table.name] = counts


def _take_out_references(validated: Validated) -> None:
    """NULL where a kept row refers, by a nullable column, to a row of the batch that was quarantined."""
    lost = {(rejection.table_name, rejection.row_key) for rejection in validated.rejections}
    for name, rows in validated.tables.items():
        for column, (parent, parent_column) in TABLES[name].references.items():
            if TABLES[name].field(column).nullable and TABLES[parent].key == (parent_column,):
                values = rows[column].to_pylist()
                if any((parent, value) in lost for value in values):
                    cleaned = [None if (parent, value) in lost else value for value in values]
                    kind = rows.schema.field(column)
                    rows = rows.set_column(rows.column_names.index(column), kind, pa.array(cleaned, kind.type))
        validated.tables[name] = rows


def _rejection(table: Table, row: dict[str, Any], names: list[str]) -> Rejection:
    slugs = tuple(dict.fromkeys(name.partition(":")[0] for name in names))
    return Rejection(
        stage="validate",
        scope="row",
        reasons=slugs,
        detail="; ".join(f"{name}{_columns(table, name, row)}: {REASONS[name.partition(':')[0]]}" for name in dict.fromkeys(names)),
        capture_id=row.get("capture_id") or row.get("first_capture_id"),
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
        pa.scalar(value).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _result(table: Table, outcome: Outcome, action: str, run_id: str, shard: int, checked_at: datetime) -> dict[str, Any]:
    check = outcome.check
    return {
        "quality_result_id": make_id("quality_result", run_id, shard, table.name, check.name),
        "run_id": run_id,
        "shard": shard,
        "suite": f"{table.name}_suite",
        "table_name": table.name,
        "check_name": check.name,
        "column_name": check.column,
        "is_success": not outcome.failed_rows,
        "policy_action": action,
        "checked_count": outcome.checked,
        "failed_count": len(outcome.failed_rows),
        "examples": list(outcome.examples) or None,
        "meaning": check.meaning,
        "checked_at": checked_at,
    }
