"""# What is right to leave out

Says of open rejections that it is right to leave out what they are of, and why. Nothing is deleted: `quarantine_outcomes` keeps the
note, and a dismissed rejection is not open any more, also if another run rejects the same again. The tab **Quarantine** triggers
this DAG; without Airflow it is `broadsheet quarantine dismiss`.

| task | does |
|---|---|
| `dismiss` | publishes that the rejections are settled, with the note, as a run of its own; one writer at a time |
| `document` | brings the quality overview up to date |

**When something goes wrong.** An id that is not there or not open, no id, and a blank note fail `dismiss`, and its log says why. To take a
dismissal back: `broadsheet snapshots rollback`.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import WAREHOUSE
from broadsheet_airflow.defaults import TASKS, WRITER_POOL, ready_within

PARAMS = params.chosen(
    "lake",
    ids=params.strings("Rejections", "These rejections, by their ids."),
    note=Param(None, type=["null", "string"], title="Note", description="Why it is right to leave them out."),
)


@task(outlets=[WAREHOUSE], pool=WRITER_POOL, execution_timeout=timedelta(hours=1))
def dismiss(params=None, outlet_events=None) -> dict[str, Any]:
    """Settle the rejections. Returns the run's summary."""
    from broadsheet import replay

    summary = stages.published(lambda: replay.dismiss(stages.lake(), params["ids"], params["note"] or "", stages.run_id()))
    outlet_events[WAREHOUSE].extra = {name: summary[name] for name in ("lake", "run_id", "snapshot_id", "warehouse")}
    return summary


@dag(
    dag_id="dismiss",
    dag_display_name="Dismiss",
    description="Open rejections that it is right to leave out, settled with a note.",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    params=PARAMS,
    tags=["broadsheet", "repair"],
    default_args=TASKS,
    deadline=ready_within(hours=8),
)
def dismiss_rejections():
    dismiss() >> stages.document()


dismiss_rejections()
