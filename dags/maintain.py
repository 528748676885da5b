"""# Upkeep of a lake

Keeps a lake quick and small; nothing that it says changes. Every night, and by hand.

| task | does |
|---|---|
| `compact` | puts together the small files of the raw zone's index, and what `ingest` listed of a day in many runs |
| `sort_index` | sorts the search index as a whole, if loads have left it in four runs or more: searches read less then |
| `prune` | removes the staging of runs that nobody went on with for `kept_staging_days`; reparses that wait for approval are kept |
| `rebuild` | with the param `rebuild`: makes the warehouse anew from Parquet, which sorts all tables as a whole |
| `document` | brings the quality overview up to date; Data Docs beyond the newest 30 runs (`BROADSHEET_KEPT_DATA_DOCS`) go |

**Sorting** takes the one writer's place for some minutes at millions of articles; readers keep the old file meanwhile. It
changes no row and adds no state.

**Rebuild** after hundreds of small loads, when questions have become slow. It takes the one writer's place for as long as it
lasts (about as long as loading all rows), readers keep the old file meanwhile, and there is no way back over it: `broadsheet
snapshots rollback` reaches no state of before.

What else is kept within bounds needs no upkeep: each load brings baselines of drift up to date and keeps the changes of the last states
(`BROADSHEET_KEPT_SNAPSHOTS`).
"""

from datetime import timedelta

from airflow.sdk import Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import WAREHOUSE
from broadsheet_airflow.defaults import TASKS, WRITER_POOL, ready_within

PARAMS = params.chosen(
    "lake",
    rebuild=Param(False, type="boolean", title="Rebuild", description="Make the warehouse anew from Parquet. There is no way back over it."),
    kept_staging_days=Param(
        14, type="integer", minimum=1, title="Days of staging", description="Staging of runs that nobody went on with is kept for so long."
    ),
)


def require_lake() -> None:
    """Skip a task where there is no lake yet."""
    if not (stages.lake() / "runs").is_dir():
        raise AirflowSkipException(f"{stages.lake()} holds no published run yet.")


@task(execution_timeout=timedelta(hours=1))
def compact() -> dict[str, int]:
    """Put small files together. Returns how many became fewer."""
    from broadsheet import maintenance

    require_lake()
    return maintenance.compact(stages.lake())


@task(pool=WRITER_POOL, execution_timeout=timedelta(hours=4))
def sort_index() -> dict[str, int]:
    """Sort the search index as a whole. Returns of how many sorted runs it was made before and after."""
    from broadsheet import maintenance

    require_lake()
    return maintenance.sort_index(stages.lake())


@task(execution_timeout=timedelta(hours=1))
def prune(params=None) -> list[str]:
    """Remove abandoned staging. Returns the runs that it was of."""
    from broadsheet import maintenance

    return maintenance.prune(stages.lake(), params["kept_staging_days"])


@task(outlets=[WAREHOUSE], pool=WRITER_POOL, execution_timeout=timedelta(hours=12))
def rebuild(params=None, outlet_events=None) -> str:
    """Make the warehouse anew from Parquet. Returns its path."""
    from broadsheet.lake import Lake
    from broadsheet.warehouse.load import rebuild as make_anew

    if not params["rebuild"]:
        raise AirflowSkipException("Not asked for.")
    lake = Lake(stages.lake())
    warehouse = str(make_anew(lake))
    outlet_events[WAREHOUSE].extra = {"lake": lake.name, "warehouse": warehouse}
    return warehouse


@dag(
    dag_id="maintain",
    dag_display_name="Maintain",
    description="Upkeep of a lake: small files, abandoned staging, the quality overview; on demand the warehouse anew.",
    doc_md=__doc__,
    schedule="43 2 * * *",
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    params=PARAMS,
    tags=["broadsheet", "upkeep"],
    default_args=TASKS,
    deadline=ready_within(hours=12),
)
def maintain_lake():
    pruned, documented = prune(), stages.document.override(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)()
    compact() >> sort_index() >> pruned >> rebuild() >> documented
    pruned >> documented


maintain_lake()
