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
| `spark` | with the engine `spark`: the three of all shards as one job on a cluster; else skipped | once |
| `load` | publishes Parquet, the DuckDB file and the Data Docs, all or nothing | once, one writer at a time |
| `document` | brings the quality overview up to date, with charts of failed checks and quarantine by day | once |

**When something goes wrong.** A bad page or row never fails a task: it goes to the table `quarantine` with its reasons, and the
run goes on. A task retries after a *transient* fault only (a lock that another writer holds, a worker that died). Wrong
configuration and faults of the program fail at once. When the quality policy stops the batch, or the audit of the new warehouse
does, `load` fails, its log says why, and readers keep what was published before. Clear the failed task to repeat it: a repeated
task gives the same files, and a repeated run adds no row.

**Engine.** The param `engine` says who reads and checks the pages: mapped tasks, a shard each (`pool`), or Spark (`spark`), where `spark_shards`
parts go to the cluster of the connection `broadsheet_spark`. `docs/operate/spark.md` has the rest.

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

from datetime import timedelta

from airflow.sdk import Param, dag, task

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import RAW_ZONE
from broadsheet_airflow.defaults import TASKS, ready_within
from broadsheet_airflow.params import located

PARAMS = params.chosen(
    "lake",
    *params.READING,
    paths=Param(
        ["examples/sample/pages"],
        type="array",
        items={"type": "string", "minLength": 1},
        title="Input",
        description="Pages (.txt, .html, .htm), feeds (.xml, .rss, .atom, .rdf, .json), their .gz, WARC files (.warc, .warc.gz), and directories "
        "of them.",
    ),
    manifest=Param(
        "examples/sample/manifest.jsonl",
        type=["null", "string"],
        title="Manifest",
        description="CSV or JSON Lines with path, url, captured_at, site: what the files don't know. Empty: none.",
    ),
    trust_mtime=Param(
        False,
        type="boolean",
        title="Trust modification times",
        description="Take a file's modification time as capture time when nothing better is known.",
    ),
    dry_run=Param(False, type="boolean", title="Dry run", description="Do everything but publish."),
)


@task(outlets=[RAW_ZONE], execution_timeout=timedelta(hours=2))
def capture(params=None) -> list[int]:
    """Bring the input into the raw zone. Returns the numbers of the shards that are mapped over: those that hold captures."""
    from broadsheet import pipeline

    manifest = located(params["manifest"]) if params["manifest"] else None
    paths = [located(path) for path in params["paths"]]
    run = stages.broadsheet_run()
    shards = pipeline.capture(run, paths, manifest)
    stages.tell(run, "capture", paths=paths)
    return stages.mapped(run, shards)


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
    default_args=TASKS,
    deadline=ready_within(hours=8),
)
def news_pipeline():
    stages.read(capture()) >> stages.load() >> stages.document()


news_pipeline()
