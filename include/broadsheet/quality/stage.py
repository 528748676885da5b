"""The validate stage of one shard: Parquet of `transform` in; good rows, results, rejections and accounts out."""

import time
from datetime import UTC, datetime

import msgspec
import pyarrow.parquet as pq

from broadsheet.lake import OUTCOMES, REJECTIONS, WARNED_ROWS, Lake, write_records, written_aside
from broadsheet.quality.policy import Policy
from broadsheet.quality.suites import tables_with_suites
from broadsheet.quality.validate import validate_tables
from broadsheet.records import StageOutcome, ValidateSummary


def validate_shard(lake: Lake, run_id: str, shard: int, policy: Policy) -> ValidateSummary:
    """Validate a shard's rows. `stops` are returned, not raised: the load decides for the whole batch."""
    started_at, started = datetime.now(UTC), time.perf_counter()
    source, target = lake.shard(run_id, "transform", shard), lake.shard(run_id, "validate", shard)
    tables = {}
    for table in tables_with_suites():
        file = source / f"{table.name}.parquet"
        if file.exists():
            tables[table.name] = pq.read_table(file)
    validated = validate_tables(tables, run_id=run_id, shard=shard, policy=policy, checked_at=started_at)
    target.mkdir(parents=True, exist_ok=True)
    for name, rows in {**validated.tables, "quality_results": validated.results, WARNED_ROWS: validated.warned}.items():
        with written_aside(target / f"{name}.parquet") as aside:
            pq.write_table(rows, aside, compression="zstd")
    for table in tables_with_suites():  # what an earlier try left of a table that has no rows now
        if table.name not in validated.tables:
            (target / f"{table.name}.parquet").unlink(missing_ok=True)
    write_records(target / REJECTIONS, validated.rejections)
    seconds = (time.perf_counter() - started) / max(len(validated.counts), 1)
    write_records(
        target / OUTCOMES,
        [
            StageOutcome(stage="validate", shard=shard, table_name=name, unit="row", in_count=came, out_count=went, quarantined_count=lost,
                         new_count=went, started_at=started_at, seconds=round(seconds, 3))
            for name, (came, went, lost) in validated.counts.items()
        ],
    )  # fmt: skip
    failed = [
        f"{row['table_name']}: {row['check_name']}"
        for row in validated.results.select(["table_name", "check_name", "is_success"]).to_pylist()
        if not row["is_success"]
    ]
    summary = ValidateSummary(
        shard=shard, counts=validated.counts, stops=tuple(validated.stops), warnings=validated.warnings, failed_checks=tuple(failed)
    )
    with written_aside(target / "summary.json") as aside:
        aside.write_bytes(msgspec.json.encode(summary))
    return summary
