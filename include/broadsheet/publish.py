"""The load stage: what the shards left is audited as a whole, documented and published; the run's summary is kept."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from broadsheet.errors import BatchStopped, ConfigurationError
from broadsheet.lake import written_aside
from broadsheet.quality.data_docs import build_data_docs
from broadsheet.quality.quarantine import quarantine_table
from broadsheet.quality.units import unit_stops
from broadsheet.records import StageOutcome, ValidateSummary
from broadsheet.runs import Run, outcomes_of, policy_of, quality_results_of, reason_counts, rejections_of, repeated_warnings, run_row, stored_summary
from broadsheet.tables.schema import TABLES
from broadsheet.transient import room_needed
from broadsheet.warehouse.load import BringIn, Keep, LoadSummary, load, published_runs

# What became of earlier rejections, rows of `quarantine_outcomes`, given the run's own rows of `quarantine`.
Decide = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


@room_needed()
def publish(run: Run, *, is_dry_run: bool, bring_in: BringIn | None = None, keep: Keep | None = None, decide: Decide | None = None) -> dict[str, Any]:
    """Publish a run and return its summary; `bring_in` and `keep` as in `warehouse.load.load`.

    Parameters
    ----------
    decide : says what became of earlier rejections, given the rows of `quarantine` that the run has.

    A run that was published, and whose staging has been removed since, stays as it is: its summary is the one that was kept.

    Raises BatchStopped with nothing changed but the Data Docs, which tell why; ConfigurationError where such a run's state was taken back.
    """
    if run.where.summary(run.run_id).exists() and not any(outcomes_of(run)):
        if run.run_id not in published_runs(run.where):
            raise ConfigurationError(f"run {run.run_id} was taken back, and its staging has been removed since: read its captures again in a new run")
        return stored_summary(run.lake, run.run_id)
    began = datetime.now(UTC)
    validated = list(_validate_summaries(run))
    rejections = list(rejections_of(run))
    results = quality_results_of(run)
    quarantine = quarantine_table(rejections, run_id=run.run_id, quarantined_at=began)
    docs = build_data_docs(run.where.docs(run.run_id), run_id=run.run_id, results=results, quarantine=quarantine, created_at=began)
    stops = [finding for summary in validated for finding in summary.stops]
    stops += unit_stops(policy_of(run), outcomes_of(run), rejections)
    if stops:
        raise BatchStopped([*dict.fromkeys(stops), f"Data Docs: {docs}"])
    loaded = load(
        run.where,
        run.run_id,
        settings=run.options,
        stage_outcomes=_outcome_table(run.run_id, outcomes_of(run)),
        quarantine=quarantine,
        quarantine_outcomes=_decided(decide(quarantine.to_pylist()) if decide else [], run.run_id, began),
        quality_results=results,
        run_row=run_row(run, "succeeded"),
        is_dry_run=is_dry_run,
        bring_in=bring_in,
        keep=keep,
    )
    summary = _summary(run, loaded, validated, docs, (datetime.now(UTC) - began).total_seconds())
    if not is_dry_run:
        with written_aside(run.where.summary(run.run_id)) as aside:
            aside.write_text(json.dumps(summary, ensure_ascii=False, indent=1, default=str), "utf-8")
    return summary


def _decided(rows: Iterable[dict[str, Any]], run_id: str, decided_at: datetime) -> pa.Table:
    told = [{"run_id": run_id, "decided_at": decided_at, **row} for row in rows]
    return pa.Table.from_pylist(told, schema=TABLES["quarantine_outcomes"].arrow)


def _validate_summaries(run: Run) -> Iterable[ValidateSummary]:
    for source in sorted(run.where.staging(run.run_id, "validate").glob("shard-*/summary.json")):
        yield msgspec.json.decode(source.read_bytes(), type=ValidateSummary)


def _outcome_table(run_id: str, outcomes: Iterable[StageOutcome]) -> pa.Table:
    rows = [
        {
            "run_id": run_id,
            "absence_count": sum(outcome.absences.values()) if outcome.unit == "input" else None,
            "passed_over_count": sum(outcome.passed_over.values()),
            **msgspec.structs.asdict(outcome),
        }
        for outcome in outcomes
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["stage_outcomes"].arrow)


def _counts(name: str, came: int, new: int, total: int) -> dict[str, int | None]:
    """A table's rows. A derived table is made anew by each load, so that none of its rows is delivered or new."""
    if TABLES[name].layer == "derived":
        return {"delivered": None, "new": None, "total": total}
    return {"delivered": came, "new": new, "total": total}


def _summary(run: Run, loaded: LoadSummary, validated: Iterable[ValidateSummary], docs: Path, load_seconds: float) -> dict[str, Any]:
    outcomes = list(outcomes_of(run))
    rejections = list(rejections_of(run))
    seconds: defaultdict[str, float] = defaultdict(float)
    for outcome in outcomes:
        seconds[outcome.stage] += outcome.seconds
    warnings: Counter[str] = Counter(loaded.warnings)
    for summary in validated:
        warnings.update(summary.warnings)
    warnings -= repeated_warnings(run)
    absences: Counter[str] = Counter()
    passed_over: Counter[str] = Counter()
    for outcome in outcomes:
        absences.update(outcome.absences)
        passed_over.update(outcome.passed_over)
    captured = [outcome for outcome in outcomes if outcome.stage == "capture"]
    return {
        "run_id": run.run_id,
        "run_status": "succeeded",
        "is_dry_run": loaded.is_dry_run,
        "lake": run.where.name,
        "input_count": sum(outcome.in_count for outcome in captured),
        "duplicate_count": sum(outcome.out_count - outcome.new_count for outcome in captured),
        "page_count": sum(outcome.out_count for outcome in outcomes if outcome.stage == "extract"),
        "rejected_input_count": sum(rejection.scope != "row" for rejection in rejections),
        "absences": dict(absences.most_common()),
        "passed_over": dict(passed_over.most_common()),
        "quarantined_row_count": sum(rejection.scope == "row" for rejection in rejections),
        "quarantined_by_reason": reason_counts(rejections),
        "warnings": dict(warnings.most_common()),
        "tables": {name: _counts(name, *counts) for name, counts in loaded.rows.items()},
        "resolutions": loaded.resolutions,
        "seconds": {**seconds, "load": round(load_seconds, 3)},
        "warehouse": loaded.warehouse,
        "snapshot_id": loaded.snapshot_id,
        "data_docs": str(docs),
        "quality_overview": str(run.where.overview),
        "finished_at": datetime.now(UTC).isoformat(),
    }
