"""# News pages in, audited warehouse out

Brings captured news pages into the lake and publishes articles, headline feeds and related links as Parquet and as one DuckDB
file. Trigger it with the paths of new pages; the bundled sample is the default. The same stages run without Airflow:
`broadsheet run --lake LAKE PATH…`.

| task | does | once or by shard |
|---|---|---|
| `capture` | files and WARC records into the raw zone, bytes as they came | once |
| `extract` | reads each page: headline, credits, body, feeds, related links, a label for every block | by shard |
| `transform` | turns pages into the rows of every table | by shard |
| `validate` | checks the rows; failing ones are set aside with all their reasons | by shard |
| `load` | publishes Parquet, the DuckDB file and the Data Docs, all or nothing | once, one writer at a time |
| `document` | brings the quality overview up to date, with charts of failed checks and quarantine by day | once |

**When something goes wrong.** A bad page or row never fails a task: it goes to the table `quarantine` with its reasons, and the
run goes on. A task retries after a *transient* fault only (a lock that another writer holds, a worker that died). Wrong
configuration and faults of the program fail at once. When the quality policy stops the batch, or the audit of the new warehouse
does, `load` fails, its log says why, and readers keep what was published before. Clear the failed task to repeat it: a repeated
task gives the same files, and a repeated run adds no row.

**Pool.** `load` takes the only slot of the pool `warehouse_writer`. `make run` and `make up` create it; elsewhere:
`airflow pools set warehouse_writer 1 "One writer of the warehouse at a time"`.

**Assets.** `capture` updates the raw zone. `load` updates the warehouse and one asset per published table, each event with its
row counts, the snapshot's id and the place of the Data Docs, so that other DAGs can be scheduled on them. A dry run updates
neither: its `load` ends as skipped and its summary is in the task's log and XCom.

**Lineage.** Where OpenLineage is configured, each task tells of the datasets that it read and wrote: columns and where they come from,
rows, the results of the checks. `make run` and `make up` write the events to `openlineage.jsonl` in Airflow's home. `docs/lineage.md` has
the rest.

Relative paths start at the project's directory.
"""

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, TriggerRule, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

# The library is imported inside the tasks: this file is parsed again and again, and must stay light.

PROJECT = Path(__file__).resolve().parents[1]
WRITER_POOL = "warehouse_writer"

RAW_ZONE = Asset(name="raw_zone", uri="broadsheet://lake/raw", group="broadsheet")
WAREHOUSE = Asset(name="warehouse", uri="broadsheet://lake/warehouse", group="broadsheet")
# Tables that other work may wait for; the rest are written with them.
PUBLISHED_TABLES = (
    "captures", "articles", "article_versions", "article_headlines", "article_people", "article_sources", "headline_feeds",
    "headline_feed_snapshots", "headline_feed_entries", "headline_resolutions", "related_links", "quarantine",
)  # fmt: skip
TABLE_ASSETS = {name: Asset(name=name, uri=f"broadsheet://lake/tables/{name}", group="broadsheet") for name in PUBLISHED_TABLES}

ONLY_TRANSIENT = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=["broadsheet.errors.TransientError", "builtins.ConnectionError"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=20),
            reason="Transient: the same call may succeed later.",
        ),
    ],
    default=RetryAction.FAIL,
)

PARAMS = {
    "paths": Param(
        ["examples/sample/pages"],
        type="array",
        items={"type": "string", "minLength": 1},
        title="Input",
        description="Pages (.txt, .html, .htm, their .gz), WARC files (.warc, .warc.gz), and directories of them.",
    ),
    "manifest": Param(
        "examples/sample/manifest.jsonl",
        type=["null", "string"],
        title="Manifest",
        description="CSV or JSON Lines with path, url, captured_at, site: what the files don't know. Empty: none.",
    ),
    "lake": Param("lake", type="string", minLength=1, title="Lake", description="Directory of the lake; made if it is not there."),
    "policy": Param(
        None,
        type=["null", "string"],
        title="Quality policy",
        description="YAML laid over the embedded policy: which reasons warn, quarantine the row or stop the batch. Empty: the embedded one.",
    ),
    "shards": Param(
        4, type="integer", minimum=4, maximum=16, title="Shards", description="Parts that the run is split into; each is one mapped task."
    ),
    "trust_mtime": Param(
        False,
        type="boolean",
        title="Trust modification times",
        description="Take a file's modification time as capture time when nothing better is known.",
    ),
    "time_zone": Param(
        None,
        type=["null", "string"],
        title="Time zone",
        description="Zone of sites that neither state one nor imply one by their language. Empty: the setting's, Asia/Shanghai.",
        examples=["Asia/Shanghai", "Asia/Taipei", "UTC"],
    ),
    "sites": Param(
        None,
        type=["null", "string"],
        title="Site profiles",
        description="Folder of site profiles, <host>.yaml. Empty: the setting's (BROADSHEET_SITES_DIR), else the bundled ones alone.",
    ),
    "outlets": Param(
        None,
        type=["null", "string"],
        title="Outlets",
        description="YAML with outlets, their other names and hosts, laid over the bundled table. Empty: the setting's (BROADSHEET_OUTLETS_FILE).",
    ),
    "dry_run": Param(False, type="boolean", title="Dry run", description="Do everything but publish."),
}


def located(path: str) -> Path:
    """`path` as given when absolute, else from the project's directory."""
    return PROJECT / path


def broadsheet_run():
    """The library's run that belongs to this DAG run; every task, and every repetition of a task, finds the same one."""
    from broadsheet.runs import Run

    context = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    # An Airflow run id may hold any character; its digest keeps two runs of one second apart.
    run_id = f"{dag_run.run_after:%Y%m%dT%H%M%S}-{hashlib.sha256(dag_run.run_id.encode()).hexdigest()[:6]}"
    return Run.start(
        located(params["lake"]), run_id, policy_file=located(params["policy"]) if params["policy"] else None, shards=params["shards"],
        is_mtime_trusted=params["trust_mtime"] or None, default_time_zone=params["time_zone"] or None,
        sites_dir=located(params["sites"]) if params["sites"] else None, outlets_file=located(params["outlets"]) if params["outlets"] else None,
    )  # fmt: skip


def tell(run, stage: str, shard: int | None = None, paths=()) -> None:
    """Tell OpenLineage, where it is configured, what this task read and wrote, as an event of the task's own run."""
    from airflow.providers.openlineage.api import emit_dataset_lineage, is_openlineage_active

    if not is_openlineage_active():
        return
    try:
        from broadsheet.lineage.datasets import stage_lineage

        lineage = stage_lineage(run, stage, shard, paths)
        if lineage.inputs or lineage.outputs:
            emit_dataset_lineage(inputs=[*lineage.inputs], outputs=[*lineage.outputs], additional_run_facets=lineage.run_facets)
    except Exception:  # the task's work is done, and worth more than what is told of it
        logging.getLogger("airflow.task").exception("No lineage of this task is told")


def run_of(shard: int):
    """The library's run, for the task of one shard; names the task in the UI after its shard."""
    get_current_context()["shard_label"] = f"shard {shard}"  # type: ignore[typeddict-unknown-key]  # Airflow's documented way
    return broadsheet_run()


@task(outlets=[RAW_ZONE], execution_timeout=timedelta(hours=2))
def capture(params=None) -> list[int]:
    """Bring the input into the raw zone. Returns the numbers of the shards that hold captures."""
    from broadsheet import pipeline

    manifest = located(params["manifest"]) if params["manifest"] else None
    paths = [located(path) for path in params["paths"]]
    run = broadsheet_run()
    shards = pipeline.capture(run, paths, manifest)
    tell(run, "capture", paths=paths)
    return shards


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


@task_group(group_id="by_shard", prefix_group_id=False)
def by_shard(shard: int) -> None:
    """One shard's way through the stages in the middle; shards do not wait for each other."""
    extract(shard) >> transform(shard) >> validate(shard)


# An input without one readable page has no shard to map over: what was rejected is published all the same.
@task(
    outlets=[WAREHOUSE, *TABLE_ASSETS.values()],
    trigger_rule=TriggerRule.NONE_FAILED,
    pool=WRITER_POOL,
    execution_timeout=timedelta(hours=4),
)
def load(params=None, ti=None, outlet_events=None) -> dict[str, Any]:
    """Publish the run. Returns its summary."""
    from broadsheet import pipeline
    from broadsheet.errors import BatchStopped

    log = logging.getLogger("airflow.task")
    run = broadsheet_run()
    pipeline.give_way(run.options)
    try:
        summary = pipeline.load(run, is_dry_run=params["dry_run"])
    except BatchStopped as stopped:
        log.error("The batch was stopped; nothing was published, and readers keep the warehouse as it was. Findings:")
        for finding in stopped.findings:
            log.error("  %s", finding)
        raise
    for line in pipeline.summary_text(summary).splitlines():
        log.info("%s", line)
    if params["dry_run"]:
        ti.xcom_push("return_value", summary)
        raise AirflowSkipException("Dry run: nothing was published, so no asset was updated.")
    tell(run, "load")
    published = {"run_id": summary["run_id"], "snapshot_id": summary["snapshot_id"], "data_docs": summary["data_docs"]}
    for name, asset in TABLE_ASSETS.items():
        outlet_events[asset].extra = {**published, "rows": summary["tables"].get(name, {"new": 0, "total": 0})}
    outlet_events[WAREHOUSE].extra = {**published, "warehouse": summary["warehouse"], "rows": summary["tables"]}
    return summary


@task(execution_timeout=timedelta(minutes=10))
def document(params=None) -> str:
    """Bring the quality overview up to date, which leads to the Data Docs of the last runs. Returns its path."""
    from broadsheet import pipeline

    return str(pipeline.document(located(params["lake"])))


@dag(
    dag_display_name="News pipeline",
    description="Captured news pages in; articles, headline feeds and related links out, audited, in Parquet and DuckDB.",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    params=PARAMS,
    tags=["broadsheet", "pipeline"],
    # The delay is for a task whose worker died: the policy, which is asked in the worker, never sees that.
    default_args={"owner": "broadsheet", "retries": 3, "retry_delay": timedelta(seconds=20), "retry_policy": ONLY_TRANSIENT},
)
def news_pipeline():
    by_shard.expand(shard=capture()) >> load() >> document()


news_pipeline()
