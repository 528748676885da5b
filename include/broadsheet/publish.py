"""The load stage: what the shards left is audited as a whole, documented and published; the run's summary is kept."""

import json
from collections import Counter, defaultdict
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet import pipeline
from broadsheet.errors import BatchStopped
from broadsheet.lake import read_records, written_aside
from broadsheet.quality.data_docs import build_data_docs
from broadsheet.quality.policy import load_policy
from broadsheet.quality.quarantine import quarantine_table
from broadsheet.quality.stage import ValidateSummary
from broadsheet.records import StageOutcome
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import LoadSummary, load


def publish(run: "pipeline.Run", *, is_dry_run: bool) -> dict[str, Any]:
    """Publish a run and return its summary. Raises BatchStopped with nothing changed but the Data Docs, which tell why."""
    validated = list(_validate_summaries(run))
    docs = _write_docs(run)
    if stops := [finding for summary in validated for finding in summary.stops]:
        raise BatchStopped([*dict.fromkeys(stops), f"Data Docs: {docs}"])
    loaded = load(
        run.where,
        run.run_id,
        settings=run.options,
        is_dry_run=is_dry_run,
        stage_outcomes=_outcome_table(run, list(pipeline.outcomes_of(run))),
        run_row=pipeline.run_row(run, "succeeded"),
    )
    summary = _summary(run, loaded, str(docs), is_dry_run)
    if not is_dry_run:
        with written_aside(run.where.summary(run.run_id)) as aside:
            aside.write_text(json.dumps(summary, ensure_ascii=False, indent=1, default=str), "utf-8")
    return summary


def _validate_summaries(run: "pipeline.Run"):
    for source in sorted(run.where.staging(run.run_id, "validate").glob("shard-*/summary.json")):
        yield msgspec.json.decode(source.read_bytes(), type=ValidateSummary)
