"""A run of the pipeline: where it works, with which settings, and what its stages left."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from broadsheet import PARSER_VERSION, __version__
from broadsheet.errors import ConfigurationError
from broadsheet.lake import OUTCOMES, REJECTIONS, WARNED_ROWS, Lake, read_records, write_records
from broadsheet.records import Record, Rejection, StageOutcome
from broadsheet.settings import Settings, read_settings
from broadsheet.store import require_usable

if TYPE_CHECKING:
    import pyarrow as pa

    from broadsheet.quality.policy import Policy

STAGES = ("capture", "extract", "transform", "validate", "load")
# In the staging of a run that reads captures anew: which.
REPARSE = "reparse.json"
# In the staging of a run that reads rejected pages and inputs anew: which.
REPLAY = "replay.json"
# A run's id is the name of its folders and files.
RUN_ID_PATTERN = r"[0-9A-Za-z][0-9A-Za-z_.+:-]*"


class Run(Record, frozen=True):
    """One run of the pipeline: where it works and with which settings."""

    lake: str
    run_id: str
    started_at: datetime
    settings: dict[str, Any]

    @classmethod
    def start(cls, lake: str | Path, run_id: str | None = None, **settings: Any) -> "Run":
        """Begin a run, or take up the one of the same id: a repeated task finds its run as it was begun.

        Raises ConfigurationError for a lake that cannot be written, a wrong setting, policy or site profile: before any work is done.

        Parameters
        ----------
        settings : fields of `Settings`; those that are None take the environment's value or the default.
        """
        started_at = datetime.now(UTC)
        run_id = run_id or f"{started_at:%Y%m%dT%H%M%S}-{token_hex(3)}"
        if not re.fullmatch(RUN_ID_PATTERN, run_id):
            raise ConfigurationError(f"a run cannot be named {run_id!r}: letters, digits and . _ + : - only, the first a letter or digit")
        where = Lake.at(lake)
        target = where.staging(run_id) / "run.json"
        if os.access(target, os.R_OK):
            return cls.open(where.root, run_id)
        options = read_settings(**settings)
        _check_files(options)
        require_usable(where)
        run = cls(lake=str(where.root.resolve()), run_id=run_id, started_at=started_at, settings=options.model_dump(mode="json"))
        write_records(target, [run])
        return run

    @classmethod
    def open(cls, lake: str | Path, run_id: str) -> "Run":
        """Take up a run that was begun."""
        where = Lake.at(lake)
        source = where.staging(run_id) / "run.json"
        if not os.access(source, os.R_OK):  # unlike Path.exists, False where it may not be looked
            raise ConfigurationError(f"{lake} has no run {run_id!r} in staging; `broadsheet runs --lake {lake}` lists its runs")
        require_usable(where)
        return next(iter(read_records(source, cls)))

    @property
    def where(self) -> Lake:
        return Lake(Path(self.lake))

    @property
    def options(self) -> Settings:
        return Settings(**self.settings)


def _check_files(options: Settings) -> None:
    """Read the files that settings name, so that a wrong one is told at once. Raises ConfigurationError."""
    from broadsheet.quality.policy import load_policy

    load_policy(options.policy_file)
    if options.sites_dir:
        from broadsheet.sites.load import load_profiles

        load_profiles(options.sites_dir)
    if options.outlets_file:
        from broadsheet.tables.outlets import load_outlets

        load_outlets(options.outlets_file)


def outcomes_of(run: Run) -> Iterator[StageOutcome]:
    """Outcomes that the stages of a run wrote down, in the order of the stages."""
    for stage in STAGES:
        for source in sorted(run.where.staging(run.run_id, stage).rglob(OUTCOMES)):
            yield from read_records(source, StageOutcome)


def rejections_of(run: Run) -> Iterator[Rejection]:
    """Everything that the stages of a run rejected."""
    for stage in STAGES:
        for source in sorted(run.where.staging(run.run_id, stage).rglob(REJECTIONS)):
            yield from read_records(source, Rejection)


def quality_results_of(run: Run, shard: int | None = None) -> "pa.Table":
    """Rows of `quality_results` that `validate` left, of one shard or of all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from broadsheet.tables.schema import TABLES

    folder = "shard-*" if shard is None else run.where.shard(run.run_id, "validate", shard).name
    parts = sorted(run.where.staging(run.run_id, "validate").glob(f"{folder}/quality_results.parquet"))
    schema = TABLES["quality_results"].arrow
    return pa.concat_tables([schema.empty_table(), *(pq.read_table(part).cast(schema) for part in parts)])


def repeated_warnings(run: Run) -> Counter[str]:
    """How often `validate` warned of a row that another shard has too, by reason: an entity is one row, whichever shards hold it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = [pq.read_table(part) for part in run.where.staging(run.run_id, "validate").glob(f"shard-*/{WARNED_ROWS}.parquet")]
    if len(parts) < 2:
        return Counter()
    warned = pa.concat_tables(parts)
    counted = warned.group_by(warned.column_names).aggregate([([], "count_all")])
    repeats: Counter[str] = Counter()
    for reason, count in zip(counted["reason"].to_pylist(), counted["count_all"].to_pylist(), strict=True):
        repeats[reason] += count - 1
    return repeats


def is_reparse(run: Run) -> bool:
    """Whether a run reads captures of the warehouse anew (`broadsheet.reparse`)."""
    return (run.where.staging(run.run_id) / REPARSE).exists()


def is_replay(run: Run) -> bool:
    """Whether a run reads anew what was rejected (`broadsheet.replay`)."""
    return (run.where.staging(run.run_id) / REPLAY).exists()


def policy_of(run: Run) -> "Policy":
    """The quality policy of a run. Shares stop no replay: its batch was chosen for what is wrong with it."""
    from broadsheet.quality.policy import load_policy

    policy = load_policy(run.options.policy_file)
    return policy.without_shares() if is_replay(run) else policy


def shards_of(run: Run) -> list[int]:
    """Shards that hold captures or absences."""
    return sorted(int(path.name.removeprefix("shard-")) for path in run.where.staging(run.run_id, "capture").glob("shard-*"))


def stored_summary(lake: str | Path, run_id: str) -> dict[str, Any]:
    """Summary of a run that was loaded."""
    source = Lake.at(lake).summary(run_id)
    if not source.exists():
        raise ConfigurationError(f"no summary of run {run_id!r} in {source.parent}")
    return json.loads(source.read_text("utf-8"))


def reason_counts(rejections: Iterable[Rejection]) -> dict[str, int]:
    """Rejections by reason, most frequent first; one with two reasons counts under both."""
    return dict(Counter(reason for rejection in rejections for reason in rejection.reasons).most_common())


def run_row(run: Run, status: str) -> dict[str, Any]:
    """Row of the `runs` table."""
    from broadsheet.tables.schema import SCHEMA_VERSION

    return {
        "run_id": run.run_id, "started_at": run.started_at, "finished_at": datetime.now(UTC), "run_status": status,
        "parser_version": PARSER_VERSION, "schema_version": SCHEMA_VERSION, "program_version": __version__,
        "policy_json": policy_of(run).as_json(),
    }  # fmt: skip
