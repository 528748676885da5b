"""The recipe: captured pages in, audited DuckDB out.

    capture     files, WARC              -> raw zone, captures        (once)
    extract     captures' bytes          -> pages                     (by shard)
    transform   pages                    -> rows of every table       (by shard)
    validate    rows                     -> good rows, quarantine     (by shard)
    load        good rows of all shards  -> lake, warehouse, summary  (once, one writer)

Each stage is a function of a `Run`; arguments and results are plain data, so that an Airflow task, a command of the CLI and a
notebook call the same thing. Repeating a stage of a run gives the same files.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec

from broadsheet import PARSER_VERSION, __version__
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake, read_records, write_records
from broadsheet.records import Record, Rejection, StageOutcome
from broadsheet.settings import Settings
from broadsheet.summary import summary_text as summary_text

STAGES = ("capture", "extract", "transform", "validate", "load")
# Runs whose staging is kept, so that a task of a recent run can be repeated.
KEPT_STAGINGS = 3
# Below this many captures a process pool costs more than it saves.
POOL_FROM = 2000

Progress = Callable[[str, int, int], None]  # stage, done, of


class Run(Record):
    """One run of the pipeline: where it works and with which settings."""

    lake: str
    run_id: str
    started_at: datetime
    settings: dict[str, Any]

    @classmethod
    def start(cls, lake: str | Path, run_id: str | None = None, **settings: Any) -> "Run":
        """Begin a run, or take up the one of the same id: a repeated task finds its run as it was begun.

        Parameters
        ----------
        settings : fields of `Settings`; those that are None take the environment's value or the default.
        """
        started_at = datetime.now(UTC)
        run_id = run_id or f"{started_at:%Y%m%dT%H%M%S}-{token_hex(3)}"
        target = Lake(Path(lake)).staging(run_id) / "run.json"
        if target.exists():
            return cls.open(lake, run_id)
        given = {name: value for name, value in settings.items() if value is not None}
        run = cls(
            lake=str(Path(lake).resolve()), run_id=run_id, started_at=started_at, settings=Settings(**given).model_dump(mode="json"),
        )  # fmt: skip
        write_records(target, [run])
        return run

    @classmethod
    def open(cls, lake: str | Path, run_id: str) -> "Run":
        """Take up a run that was begun."""
        source = Lake(Path(lake)).staging(run_id) / "run.json"
        if not source.exists():
            raise ConfigurationError(f"{lake} has no run {run_id!r} in staging; `broadsheet runs --lake {lake}` lists its runs")
        return next(iter(read_records(source, cls)))

    @property
    def where(self) -> Lake:
        return Lake(Path(self.lake))

    @property
    def options(self) -> Settings:
        return Settings(**self.settings)


# --- the stages --------------------------------------------------------------------------------------------------------


def capture(run: Run, paths: Iterable[str | Path], manifest: str | Path | None = None, on_progress: Callable[[int], None] | None = None) -> list[int]:
    """Bring files and WARC records into the raw zone. Returns the numbers of the shards that hold captures."""
    from broadsheet.capture.stage import capture as capture_inputs
    from broadsheet.engine.shards import OUTCOMES

    began = datetime.now(UTC)
    summary = capture_inputs(
        [Path(path) for path in paths], lake=run.where, run_id=run.run_id, settings=run.options,
        manifest=Path(manifest) if manifest else None, on_progress=on_progress,
    )  # fmt: skip
    outcome = StageOutcome(
        stage="capture", shard=-1, table_name="", unit="input", in_count=summary.in_count, out_count=summary.in_count - summary.quarantined_count,
        quarantined_count=summary.quarantined_count, new_count=summary.out_count, started_at=began,
        seconds=(datetime.now(UTC) - began).total_seconds(),
    )  # fmt: skip
    write_records(run.where.staging(run.run_id, "capture") / OUTCOMES, [outcome])
    return list(summary.shards)


def extract(run: Run, shard: int) -> dict[str, Any]:
    """Read the pages of a shard. Returns its outcome."""
    from broadsheet.engine.shards import extract_shard

    return msgspec.to_builtins(extract_shard(run.where, run.run_id, shard))


def transform(run: Run, shard: int) -> dict[str, Any]:
    """Turn the pages of a shard into rows. Returns its outcome."""
    from broadsheet.engine.shards import transform_shard

    return msgspec.to_builtins(transform_shard(run.where, run.run_id, shard, run.options.default_time_zone))


def validate(run: Run, shard: int) -> dict[str, Any]:
    """Check the rows of a shard and set the failing ones aside. Returns its summary."""
    from broadsheet.quality.policy import load_policy
    from broadsheet.quality.stage import validate_shard

    return msgspec.to_builtins(validate_shard(run.where, run.run_id, shard, load_policy(run.options.policy_file)))


def load(run: Run, is_dry_run: bool = False) -> dict[str, Any]:
    """Publish a run: Data Docs, lake, warehouse. Returns the run's summary and keeps it as `runs/<run>.json`.

    Raises BatchStopped when the quality policy or the audit of the new warehouse says so; nothing is changed then.
    """
    from broadsheet import publish

    summary = publish.publish(run, is_dry_run=is_dry_run)
    if not is_dry_run:
        _prune_staging(run.where, keep=run.run_id)
    return summary


def run_all(
    lake: str | Path, paths: Iterable[str | Path], *, manifest: str | Path | None = None, is_dry_run: bool = False, workers: int | None = None,
    on_progress: Progress | None = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """All stages without Airflow. Returns the run's summary."""
    report = on_progress or (lambda stage, done, of: None)
    run = Run.start(lake, **settings)
    shards = capture(run, paths, manifest, on_progress=lambda done: report("capture", done, 0))
    with _workers(run, len(shards), workers) as pool:
        for stage in (extract, transform, validate):
            results = pool.map(partial(stage, run), shards) if pool else map(partial(stage, run), shards)
            for done, _ in enumerate(results, start=1):
                report(stage.__name__, done, len(shards))
    summary = load(run, is_dry_run)
    report("load", 1, 1)
    return summary


def _workers(run: Run, shard_count: int, workers: int | None):
    """A process pool over shards, or None where one process is quicker."""
    outcomes = list(outcomes_of(run))
    captures = outcomes[0].new_count if outcomes else 0
    count = min(workers or (os.cpu_count() or 1 if captures >= POOL_FROM else 1), shard_count)
    return ProcessPoolExecutor(count, mp_context=get_context("forkserver")) if count > 1 else nullcontext()


# --- what a run left ---------------------------------------------------------------------------------------------------


def outcomes_of(run: Run) -> Iterator[StageOutcome]:
    """Outcomes that the stages of a run wrote down, in the order of the stages."""
    for stage in STAGES:
        for source in sorted(run.where.staging(run.run_id, stage).rglob("outcomes.jsonl")):
            yield from read_records(source, StageOutcome)


def rejections_of(run: Run) -> Iterator[Rejection]:
    """Everything that the stages of a run rejected."""
    for stage in STAGES:
        for source in sorted(run.where.staging(run.run_id, stage).rglob("rejections.jsonl")):
            yield from read_records(source, Rejection)


def shards_of(run: Run) -> list[int]:
    """Shards that hold captures."""
    return sorted(int(path.name.removeprefix("shard-")) for path in run.where.staging(run.run_id, "capture").glob("shard-*"))


def stored_summary(lake: str | Path, run_id: str) -> dict[str, Any]:
    """Summary of a run that was loaded."""
    source = Lake(Path(lake)).summary(run_id)
    if not source.exists():
        raise ConfigurationError(f"no summary of run {run_id!r} in {source.parent}")
    return json.loads(source.read_text("utf-8"))


def _prune_staging(lake: Lake, keep: str) -> None:
    """Remove the staging of older runs that were loaded; one that was not keeps everything for a retry."""
    loaded = [path for path in lake.staging("").glob("*") if path.is_dir() and path.name != keep and lake.summary(path.name).exists()]
    loaded.sort(key=lambda path: path.stat().st_mtime)
    for path in loaded[: max(0, len(loaded) - (KEPT_STAGINGS - 1))]:
        shutil.rmtree(path, ignore_errors=True)


def reason_counts(rejections: Iterable[Rejection]) -> dict[str, int]:
    """Rejections by reason, most frequent first; one with two reasons counts under both."""
    return dict(Counter(reason for rejection in rejections for reason in rejection.reasons).most_common())


def run_row(run: Run, status: str) -> dict[str, Any]:
    """Row of the `runs` table."""
    from broadsheet.quality.policy import load_policy
    from broadsheet.tables.schema import SCHEMA_VERSION

    return {
        "run_id": run.run_id, "started_at": run.started_at, "finished_at": datetime.now(UTC), "run_status": status,
        "parser_version": PARSER_VERSION, "schema_version": SCHEMA_VERSION, "program_version": __version__,
        "policy_json": load_policy(run.options.policy_file).as_json(),
    }  # fmt: skip
