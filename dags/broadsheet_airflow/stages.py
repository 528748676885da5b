"""The stages of the library as tasks, for the DAGs to put in order. A stage by shard is one mapped task; shards do not wait for each other."""

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import TriggerRule, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from broadsheet_airflow.assets import ARRIVALS, PUBLISHED, RAW_ZONE, tell_published
from broadsheet_airflow.defaults import WRITER_POOL
from broadsheet_airflow.params import located_lake, settings

log = logging.getLogger("airflow.task")

SPARK_DOC = """With the engine `spark`: extract, transform and validate of all shards, as one job on the cluster that the connection
`broadsheet_spark` names (BROADSHEET_SPARK_CONN_ID; without such a connection the setting BROADSHEET_SPARK_MASTER, else this machine's cores).
A retry goes on where the last try ended, and waits for a driver that still runs. With other engines it is skipped."""


def lake() -> Path:
    """The lake that this DAG run works on: the one whose arrivals started it, else the param's."""
    context = get_current_context()
    events = context.get("triggering_asset_events") or {}
    told = [event.extra["lake"] for event in events.get(ARRIVALS, ()) if "lake" in event.extra]
    return located_lake(told[-1] if told else context["params"]["lake"])


def run_id(part: str = "") -> str:
    """The id of the library's run for this DAG run; every task, and every repetition of a task, finds the same one."""
    dag_run = get_current_context()["dag_run"]
    # An Airflow run id may hold any character; its digest keeps two runs of one second apart.
    digest = hashlib.sha256(f"{dag_run.dag_id} {dag_run.run_id}".encode()).hexdigest()[:6]
    return f"{dag_run.run_after:%Y%m%dT%H%M%S}-{digest}{part}"


def broadsheet_run():
    """The library's run that belongs to this DAG run: begun, or taken up as it was begun."""
    from broadsheet.runs import Run

    return Run.start(lake(), run_id(), **settings(get_current_context()["params"]))


def run_of(shard: int):
    """The library's run, for the task of one shard; names the task in the UI after its shard."""
    get_current_context()["shard_label"] = f"shard {shard}"  # type: ignore[typeddict-unknown-key]  # Airflow's documented way
    return broadsheet_run()


def tell(run, stage: str, shard: int | None = None, paths=()) -> None:
    """Tell OpenLineage, where it is configured, what this task read and wrote, as an event of the task's own run.

    Reparses and replays are not told of.
    """
    from airflow.providers.openlineage.api import emit_dataset_lineage, is_openlineage_active

    from broadsheet.runs import is_reparse, is_replay

    if not is_openlineage_active() or is_reparse(run) or is_replay(run):
        return
    try:
        from broadsheet.lineage.datasets import stage_lineage

        lineage = stage_lineage(run, stage, shard, paths)
        if lineage.inputs or lineage.outputs:
            emit_dataset_lineage(inputs=[*lineage.inputs], outputs=[*lineage.outputs], additional_run_facets=lineage.run_facets)
    except Exception:  # the task's work is done, and worth more than what is told of it
        log.exception("No lineage of this task is told")


def published(publish) -> dict[str, Any]:
    """The summary of what `publish()` published, with its text in the log. Where the batch is stopped, the findings are in the log."""
    from broadsheet import pipeline
    from broadsheet.errors import BatchStopped

    try:
        summary = publish()
    except BatchStopped as stopped:
        log.error("The batch was stopped; nothing was published, and readers keep the warehouse as it was. Findings:")
        for finding in stopped.findings:
            log.error("  %s", finding)
        raise
    for line in pipeline.summary_text(summary).splitlines():
        log.info("%s", line)
    return summary


@task(inlets=[RAW_ZONE], execution_timeout=timedelta(hours=2), map_index_template="{{ shard_label }}")
def extract(shard: int) -> dict[str, Any]:
    """Read the pages of one shard. Returns its outcome."""
    from broadsheet import pipeline

    run = run_of(shard)
    outcome = pipeline.extract(run, shard)
    tell(run, "extract", shard)
    return outcome


@task(execution_timeout=timedelta(hours=1), map_index_template="{{ shard_label }}")
def transform(shard: int) -> dict[str, Any]:
    """Turn the pages of one shard into rows of every table. Returns its outcome."""
    from broadsheet import pipeline

    run = run_of(shard)
    outcome = pipeline.transform(run, shard)
    tell(run, "transform", shard)
    return outcome


@task(execution_timeout=timedelta(hours=1), map_index_template="{{ shard_label }}")
def validate(shard: int) -> dict[str, Any]:
    """Check the rows of one shard and set the failing ones aside. Returns the summary of the checks."""
    from broadsheet import pipeline

    run = run_of(shard)
    summary = pipeline.validate(run, shard)
    tell(run, "validate", shard)
    return summary


def mapped(run, shards: list[int]) -> list[int]:
    """The shards for the mapped tasks: none where Spark has them."""
    from broadsheet.engine.names import EngineName

    return [] if run.options.engine is EngineName.spark else shards


def staged_run():
    """The library's run, if it leaves any shards to Spark."""
    from broadsheet.engine.names import EngineName
    from broadsheet.lake import Lake
    from broadsheet.runs import shards_of

    if not Lake(lake()).staging(run_id()).exists():  # nothing was begun, since there was nothing to do
        return None
    run = broadsheet_run()
    return run if run.options.engine is EngineName.spark and shards_of(run) else None


@task_group(group_id="by_shard", prefix_group_id=False)
def by_shard(shard: int) -> None:
    """One shard's way through the stages in the middle."""
    extract(shard) >> transform(shard) >> validate(shard)


def read(shards) -> list:
    """The stages in the middle: mapped over the shards, or, where there are none to map over, one job of Spark. Returns what ends them.

    Where the mapped tasks ran, or failed, `spark` is skipped without being started.
    """
    from broadsheet_airflow.spark import SparkShards

    by_mapped_tasks = by_shard.expand(shard=shards)
    by_spark = SparkShards(
        task_id="spark", trigger_rule=TriggerRule.ALL_SKIPPED, inlets=[RAW_ZONE], execution_timeout=timedelta(hours=8), doc_md=SPARK_DOC
    )
    by_mapped_tasks >> by_spark
    return [by_mapped_tasks, by_spark]


# What publishes a run. It goes on where an input has no readable page, and so no shard to map over: what was rejected is published all the same.
publishing: dict[str, Any] = {
    "outlets": PUBLISHED,
    "trigger_rule": TriggerRule.NONE_FAILED,
    "pool": WRITER_POOL,
    "execution_timeout": timedelta(hours=4),
}


@task(**publishing)
def load(params=None, ti=None, outlet_events=None) -> dict[str, Any]:
    """Publish the run. Returns its summary."""
    from broadsheet import pipeline

    run = broadsheet_run()
    is_dry_run = params.get("dry_run", False)
    summary = published(lambda: pipeline.load(run, is_dry_run=is_dry_run))
    if is_dry_run:
        ti.xcom_push("return_value", summary)
        raise AirflowSkipException("Dry run: nothing was published, so no asset was updated.")
    tell(run, "load")
    tell_published(summary, outlet_events)
    return summary


@task(execution_timeout=timedelta(minutes=10))
def document() -> str:
    """Bring the quality overview up to date, which leads to the Data Docs of the last runs. Returns its path."""
    from broadsheet import pipeline

    return str(pipeline.document(lake()))
