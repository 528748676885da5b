"""The recipe: captured pages in, audited DuckDB out.

    capture     files, WARC              -> raw zone, captures, absences  (once)
    extract     captures' bytes          -> pages                     (by shard)
    transform   pages                    -> rows of every table       (by shard)
    validate    rows                     -> good rows, quarantine     (by shard)
    load        good rows of all shards  -> lake, warehouse, summary  (once, one writer)

Each stage is a function of a `Run`; arguments and results are plain data, so that an Airflow task, a command of the CLI and a
notebook call the same thing. Repeating a stage of a run gives the same files.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from broadsheet.engine.engines import Engine, Progress, engine_for
from broadsheet.errors import ConfigurationError
from broadsheet.lake import OUTCOMES, Lake, write_records
from broadsheet.records import StageOutcome
from broadsheet.runs import STAGES as STAGES
from broadsheet.runs import Run, is_reparse, is_replay, policy_of
from broadsheet.settings import Settings, read_settings
from broadsheet.summary import summary_text as summary_text
from broadsheet.transient import room_needed

if TYPE_CHECKING:
    from broadsheet.capture.archives import Archives

# Runs whose staging is kept, so that a task of a recent run can be repeated.
KEPT_STAGINGS = 3


# --- the stages --------------------------------------------------------------------------------------------------------


@room_needed()
def capture(
    run: Run, paths: Iterable[str | Path], manifest: str | Path | None = None, on_progress: Callable[[int], None] | None = None, *,
    archives: "Archives | None" = None,
) -> list[int]:  # fmt: skip
    """Bring files and WARC records into the raw zone. Returns the numbers of the shards that hold captures or absences."""
    from broadsheet.capture.stage import capture as capture_inputs

    began = datetime.now(UTC)
    summary = capture_inputs(
        [Path(path) for path in paths], lake=run.where, run_id=run.run_id, settings=run.options,
        manifest=Path(manifest) if manifest else None, on_progress=on_progress, archives=archives,
    )  # fmt: skip
    outcome = StageOutcome(
        stage="capture", shard=-1, table_name="", unit="input", in_count=summary.in_count, out_count=summary.in_count - summary.quarantined_count,
        quarantined_count=summary.quarantined_count, new_count=summary.out_count + sum(summary.absences.values()), started_at=began,
        seconds=(datetime.now(UTC) - began).total_seconds(), absences=summary.absences, passed_over=summary.passed_over,
    )  # fmt: skip
    write_records(run.where.staging(run.run_id, "capture") / OUTCOMES, [outcome])
    return list(summary.shards)


@room_needed()
def extract(run: Run, shard: int) -> dict[str, Any]:
    """Read the pages of a shard. Returns its outcome."""
    from broadsheet.engine.shards import extract_shard

    return msgspec.to_builtins(extract_shard(run.where, run.run_id, shard, run.options))


@room_needed()
def transform(run: Run, shard: int) -> dict[str, Any]:
    """Turn the pages of a shard into rows. Returns its outcome."""
    from broadsheet.engine.shards import transform_shard

    outcome = transform_shard(
        run.where, run.run_id, shard, default_zone=run.options.default_time_zone, run_started_at=run.started_at, outlets_file=run.options.outlets_file
    )  # fmt: skip
    return msgspec.to_builtins(outcome)


@room_needed()
def validate(run: Run, shard: int) -> dict[str, Any]:
    """Check the rows of a shard and set the failing ones aside. Returns its summary."""
    from broadsheet.quality.stage import validate_shard

    return msgspec.to_builtins(validate_shard(run.where, run.run_id, shard, policy_of(run)))


BY_SHARD = (extract, transform, validate)


def load(run: Run, is_dry_run: bool = False) -> dict[str, Any]:
    """Publish a run: Data Docs, lake, warehouse. Returns the run's summary and keeps it as `runs/<run>.json`.

    Raises BatchStopped when the quality policy or the audit of the new warehouse says so, ConfigurationError for a reparse or a replay, which are
    published in their own ways (`broadsheet.reparse`, `broadsheet.replay`); nothing is changed then.
    """
    from broadsheet import publish

    if is_reparse(run):
        raise ConfigurationError(f"run {run.run_id} is a reparse; `broadsheet reparse --publish --run {run.run_id}` publishes it")
    if is_replay(run):
        raise ConfigurationError(f"run {run.run_id} is a replay, which `broadsheet quarantine replay` publishes: begin a new one")
    summary = publish.publish(run, is_dry_run=is_dry_run)
    if not is_dry_run:
        prune_staging(run.where, keep=run.run_id)
    return summary


def document(lake: str | Path, settings: Settings | None = None) -> Path:
    """Bring the quality overview of a lake up to date, and remove Data Docs beyond the newest `kept_data_docs`. Returns the overview's path.

    Raises ConfigurationError where nothing was published.
    """
    from broadsheet.quality.overview import build_overview

    where = Lake.at(lake)
    kept = (settings or read_settings()).kept_data_docs
    docs = sorted((path for path in where.docs("").glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in docs[kept:]:
        shutil.rmtree(old, ignore_errors=True)
    return build_overview(where)


def run_all(
    lake: str | Path, paths: Iterable[str | Path], *, manifest: str | Path | None = None, is_dry_run: bool = False, workers: int | None = None,
    on_progress: Progress | None = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """All stages without Airflow. Returns the run's summary."""
    from broadsheet.lineage.events import told

    report = on_progress or (lambda stage, done, of: None)
    run = Run.start(lake, **settings)
    engine = engine_for(run.options, workers)
    inputs = [Path(path) for path in paths]

    def captured(done: int) -> None:
        engine.prepare(done)
        report("capture", done, 0)

    with told(run, inputs, is_dry_run=is_dry_run):
        shards = capture(run, inputs, manifest, on_progress=captured)
        by_shard(run, shards, engine, report)
        summary = load(run, is_dry_run)
    report("load", 1, 1)
    return summary


def read_staged(run: Run, shards: Sequence[int], workers: int | None, on_progress: Progress | None) -> Run:
    """The stages by shard of a run whose captures were staged by `reparse.prepare` or `replay.prepare`. Returns the run."""
    report = on_progress or (lambda stage, done, of: None)
    report("capture", 1, 1)
    by_shard(run, shards, engine_for(run.options, workers), report)
    return run


def by_shard(run: Run, shards: Sequence[int], engine: Engine, on_progress: Progress) -> None:
    """The stages between capture and load, as the engine spreads them."""
    if shards:
        engine.spread(run, shards, on_progress)


def prune_staging(lake: Lake, keep: str) -> None:
    """Remove the staging of older runs that were loaded; one that was not keeps everything for a retry."""
    loaded = [path for path in lake.staging("").glob("*") if path.is_dir() and path.name != keep and lake.summary(path.name).exists()]
    loaded.sort(key=lambda path: path.stat().st_mtime)
    for path in loaded[: max(0, len(loaded) - (KEPT_STAGINGS - 1))]:
        shutil.rmtree(path, ignore_errors=True)
