"""# A day of captures, built into the warehouse

Takes all that `ingest` brought of one day of capture (UTC) and publishes its rows. Each day is a partition of the asset
`arrivals`: `ingest` tells of the days of which anything new came, and each gets a run of its own. A capture that came late has
only its day built again.

| task | does | once or by shard |
|---|---|---|
| `prepare` | lists the day's captures, absences and rejected inputs that the warehouse does not have; their bytes are in the raw zone | once |
| `extract` | reads each page: headline, credits, body, feeds, related links, a label for every block | by shard |
| `transform` | turns pages into the rows of every table | by shard |
| `validate` | checks the rows; failing ones are set aside with all their reasons | by shard |
| `spark` | with the engine `spark`: the three of all shards as one job on a cluster; else skipped | once |
| `load` | publishes Parquet, the DuckDB file and the Data Docs, all or nothing | once, one writer at a time |
| `document` | brings the quality overview up to date | once |

**By hand.** Trigger it with the partition key, or the param `day`: `2026-03-01`, or `undated` for captures of unknown time. A
day of which nothing came, or of which all is in the warehouse, ends as skipped.

**Backfill** in the UI, or

    airflow backfill create --dag-id build --from-date 2026-03-01 --to-date 2026-03-31 --reprocess-behavior completed

A day that is built again adds no row, and changes none that is there: what the warehouse has is not read again. To read pages
anew after the program or a profile was mended is what `reparse` does.

**Unpause it before `ingest`.** Airflow keeps no events for a DAG that is paused: days that `ingest` tells of meanwhile must be
backfilled.

**When something goes wrong.** As in `news_pipeline`: bad pages and rows are quarantined, only transient faults are retried, a
stopped batch fails `load`, with its reasons in the log, and readers keep what was published before.

**Assets.** `load` updates the warehouse and one asset per published table, each event with row counts, the snapshot's id and
the place of the Data Docs.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import ARRIVALS, RAW_ZONE
from broadsheet_airflow.defaults import TASKS, ready_within
from capture_days import CaptureDayMapper, CaptureDayTimetable

PARAMS = params.chosen(
    "lake",
    *params.READING,
    day=Param(
        None,
        type=["null", "string"],
        pattern=r"^(\d{4}-\d\d-\d\d|undated)$",
        title="Day",
        description="Day of capture in UTC, as 2026-03-01, or `undated`, where the run has no partition key.",
    ),
)


@task(inlets=[RAW_ZONE, ARRIVALS], execution_timeout=timedelta(hours=1))
def prepare(params=None, partition_key=None) -> list[int]:
    """List all that came of the day. Returns the numbers of the shards that are mapped over: those that hold any."""
    from broadsheet import ingest
    from broadsheet.errors import ConfigurationError

    if not (day := partition_key or params["day"]):
        raise ConfigurationError("which day is to be built? Give the run a partition key, or the param `day`")
    if not ingest.has_arrivals(stages.lake(), ingest.require_day(day)):
        raise AirflowSkipException(f"Nothing of {day} came into {stages.lake()}.")
    run = stages.broadsheet_run()
    shards = ingest.prepare(run, day)
    if not ingest.has_new(run):
        ingest.finish(run)
        raise AirflowSkipException(f"All that came of {day} is in the warehouse.")
    return stages.mapped(run, shards)


@dag(
    dag_id="build",
    dag_display_name="Build",
    description="One day of captures into the warehouse: extract, transform, validate, load.",
    doc_md=__doc__,
    schedule=CaptureDayTimetable(assets=ARRIVALS, default_partition_mapper=CaptureDayMapper()),  # type: ignore[arg-type]  # takes a DAG file's assets too
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    params=PARAMS,
    tags=["broadsheet", "build"],
    default_args=TASKS,
    deadline=ready_within(hours=8),
)
def build_day():
    shards = prepare()
    loaded = stages.load.override(trigger_rule="none_failed_min_one_success")()
    shards >> loaded
    stages.read(shards) >> loaded >> stages.document()


build_day()
