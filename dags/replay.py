"""# What was rejected, read anew

After a fix: reads the pages and inputs behind open rejections anew, by the present program, and publishes the result, with what
became of each rejection. Without `ids`, `reason`, `site` and `run` it reads all that is open; `broadsheet quarantine list`
shows that.

| task | does | once or by shard |
|---|---|---|
| `prepare` | chooses the rejections; stages captures from the raw zone, and inputs from where they lie | once |
| `extract`, `transform`, `validate` | as in `build`, by the present program | by shard |
| `spark` | with the engine `spark`: the three as one job on a cluster; else skipped | once |
| `publish` | publishes what can be read now; every rejection gets a row in `quarantine_outcomes` | once, one writer at a time |
| `document` | brings the quality overview up to date | once |

What is read of published captures takes the place of what was read before; other captures are added. What is still wrong stays
quarantined, under the same id where it is the same. Give `sites`, `outlets` and `policy` as the runs had them.

**When something goes wrong.** A selection that fits nothing open, or nothing that can be read, fails `prepare`, and its log
says why. To say that it is right to leave something out: `broadsheet quarantine dismiss`.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import RAW_ZONE, tell_published
from broadsheet_airflow.defaults import TASKS, ready_within

TEXT: Any = {"type": ["null", "string"], "minLength": 1}
PARAMS = params.chosen(
    "lake",
    *params.READING,
    reason=Param(None, **TEXT, title="Reason", description="Only rejections for this reason, as `broadsheet reasons` names it."),
    site=Param(None, **TEXT, title="Site", description="Only rejections of this site.", examples=["news.lanshan.example"]),
    run=Param(None, **TEXT, title="Run", description="Only what this run rejected."),
    ids=params.strings("Rejections", "Only these rejections, by their ids. Empty: all that are open."),
)


@task(inlets=[RAW_ZONE], execution_timeout=timedelta(hours=1))
def prepare(params=None) -> list[int]:
    """Choose the rejections and stage what is behind them. Returns the numbers of the shards that are mapped over."""
    from broadsheet import replay

    selection = replay.Selection(ids=tuple(params["ids"]), reason=params["reason"], site=params["site"], run_id=params["run"])
    run = replay.start(stages.lake(), selection, stages.run_id(), **stages.settings(params))
    return stages.mapped(run, replay.prepare(run))


@task(**stages.publishing)
def publish(outlet_events=None) -> dict[str, Any]:
    """Publish what was read, and what became of the rejections. Returns the run's summary."""
    from broadsheet import replay

    run = stages.broadsheet_run()
    summary = stages.published(lambda: replay.publish(run))
    for outcome, count in summary["replayed"].items():
        stages.log.info("%s: %d", outcome, count)
    for quarantine_id, why in summary["left_open"].items():
        stages.log.warning("%s stays open: %s", quarantine_id, why)
    tell_published(summary, outlet_events)
    return summary


@dag(
    dag_id="replay",
    dag_display_name="Replay",
    description="Rejected pages and inputs read anew after a fix, and what became of each.",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    params=PARAMS,
    tags=["broadsheet", "repair"],
    default_args=TASKS,
    deadline=ready_within(hours=8),
)
def replay_quarantine():
    stages.read(prepare()) >> publish() >> stages.document()


replay_quarantine()
