"""Rows of a shard -> good rows, rejections, results. Every row that comes in goes on or is rejected with all its reasons."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from broadsheet.ids import make_id
from broadsheet.quality.policy import Policy
from broadsheet.quality.separate import PARENT, PART, Reasons, separate
from broadsheet.quality.suites import Check, Outcome, run_suite, tables_with_suites, typed
from broadsheet.records import Rejection
from broadsheet.tables.schema import TABLES, Table

# Rows that warn and that other shards may have too: of entities.
WARNED = pa.schema([("reason", pa.string()), ("table_name", pa.string()), ("row_key", pa.string())])


@dataclass(frozen=True, slots=True)
class Validated:
    """What became of a batch. `counts` is table -> (in, out, quarantined), `warned` are rows as in `WARNED`."""

    tables: dict[str, pa.Table]
    results: pa.Table
    rejections: list[Rejection]
    counts: dict[str, tuple[int, int, int]]
    stops: list[str]
    warnings: dict[str, int]
    warned: pa.Table


def validate_tables(tables: dict[str, pa.Table], *, run_id: str, shard: int, policy: Policy, checked_at: datetime) -> Validated:
    """Run every table's suite and apply the policy.

    What cannot stand without the failing rows goes with them: see `separate`.

    Raises ValueError when a table's columns are not those of the schema, RuntimeError when GX could not run an expectation.
    """
    delivered = tables
    fitted = {name: typed(TABLES[name], table) for name, table in delivered.items()}
    tables = {name: rows for name, (rows, _) in fitted.items()}
    frames = {name: table.to_pandas() for name, table in tables.items()}
    found: dict[str, defaultdict[int, list[str]]] = {name: defaultdict(list) for name in tables}
    result_rows: list[dict[str, Any]] = []
    stops: list[str] = []
    warnings: Counter[str] = Counter()
    warned: list[dict[str, str]] = []
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
                warned += _warned(table, tables[table.name], outcome)
            if action != "warn":
                for row in outcome.failed_rows:
                    found[table.name][row].append(outcome.check.name)
    separated = separate(tables, found, delivered)
    for outcome_table, outcome in _consequences(tables, separated.reasons):
        reason = outcome.check.reason
        result_rows.append(_result(outcome_table, outcome, policy.action(reason), run_id, shard, checked_at))
        if policy.stops(reason, len(outcome.failed_rows), outcome.checked):
            stops.append(_stop(outcome_table.name, outcome))
    return Validated(
        tables=separated.kept,
        results=pa.Table.from_pylist(result_rows, schema=TABLES["quality_results"].arrow),
        rejections=separated.rejections,
        counts=separated.counts,
        stops=stops,
        warnings=dict(warnings),
        warned=pa.Table.from_pylist(warned, schema=WARNED),
    )


def _warned(table: Table, rows: pa.Table, outcome: Outcome) -> Iterator[dict[str, str]]:
    if table.layer == "entity":
        for key in rows.select(list(table.key)).take(pa.array(outcome.failed_rows)).to_pylist():
            yield {"reason": outcome.check.reason, "table_name": table.name, "row_key": "|".join(map(str, key.values()))}


def _consequences(tables: dict[str, pa.Table], reasons: Reasons) -> Iterator[tuple[Table, Outcome]]:
    """What follows from failed checks, told like a check of each table that it can happen to."""
    wholes = {table.references[table.part_of][0] for table in TABLES.values() if table.part_of} | {t.name for t in TABLES.values() if t.needs}
    for table in tables_with_suites():
        if table.name in tables and (count := tables[table.name].num_rows):
            for reason, can_happen in ((PARENT, bool(table.references)), (PART, table.name in wholes)):
                if can_happen:
                    failed = tuple(sorted(row for row, names in reasons[table.name].items() if reason in names))
                    yield table, Outcome(Check(reason, None, "cascade", {}), count, failed, ())


def _stop(table_name: str, outcome: Outcome) -> str:
    return f"{table_name}, {outcome.check.name}: {len(outcome.failed_rows)} of {outcome.checked} rows failed. {outcome.check.meaning}"


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
