"""# Captures in, by source

Brings what the sources hold into the raw zone, every hour or as `BROADSHEET_INGEST_SCHEDULE` says. A source is a file `<name>.yaml` in
the folder `sources`: which pages of a site to ask for, which archives to read, where captures are put down.

    kind: web
    urls: [https://news.lanshan.example/]
    contact: https://archive.example/crawler

`docs/sources.md` tells of all kinds and keys; `broadsheet source check` of mistakes.

| task | does | once or by source |
|---|---|---|
| `find_sources` | reads the folder of sources, and which of them are due; without any there is nothing to do | once |
| `ingest` | brings a source's captures into the raw zone, and lists by day of capture what is new | by source |

**Sources do not wait for each other.** One that fails, as for a manifest that is not there, fails its own task alone; the rest
go on. What was ingested before is not ingested again. A source that has nothing new ends as skipped. Up to four runs overlap: a source that
an earlier one is still bringing in is skipped, so that a slow one keeps no other from the next hour. One whose host another source is asking
waits for its turn without taking a worker's place (`up_for_reschedule`), for two hours at most.

**Schedules.** A source is due in every run, unless it states a `schedule`: a duration, as `6h`, a cron expression, or `manual`. The param
`only` names some that are brought in whether or not they are due. A source whose last task failed is due.

**Partitions.** The asset `arrivals` gets an event for each day (UTC) of which anything new came, as `2026-03-01`, with its lake
and source; what has no known time of capture is in `undated`, a rejected input in the day on which it was first seen. Each
event has the DAG `build` build that day: a late capture only its own.

**When something goes wrong.** Bad inputs fail no task: they are listed with their reasons, and `build` quarantines them. A task
retries after a transient fault only. A task that died can be cleared, or left to the next hour: what it had begun counts as new
until it is finished.
"""

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from broadsheet_airflow import defaults, params, stages
from broadsheet_airflow.assets import ARRIVALS, RAW_ZONE
from broadsheet_airflow.defaults import TASKS, ready_within
from broadsheet_airflow.params import located

log = logging.getLogger("airflow.task")

# When sources are looked for that are due; a source may state a schedule of its own.
SCHEDULE = os.environ.get("BROADSHEET_INGEST_SCHEDULE") or "17 * * * *"
# A source may take its two hours: the rest are brought in each hour all the same.
MOST_RUNS = 4
PARAMS = params.chosen(
    "lake",
    sources=Param("sources", type="string", minLength=1, title="Sources", description="Folder of sources, <name>.yaml."),
    only=params.strings("Only these sources", "Names of sources, due or not. Empty: all of the folder that are due.", examples=["lanshan"]),
)


@task(execution_timeout=timedelta(minutes=5))
def find_sources(params=None) -> list[str]:
    """The names of the sources to ingest: those that the param `only` names, else those that are due by their schedules."""
    from broadsheet.ingest import due_sources, source_names

    folder = located(params["sources"])
    if params["only"]:
        return source_names(folder, params["only"])
    if not folder.exists():
        raise AirflowSkipException(f"There is no folder {folder}: nothing to ingest.")
    due, waiting = due_sources(stages.lake(), folder)
    for one in waiting:
        log.info(one.told)
    return due


@task(outlets=[RAW_ZONE, ARRIVALS], execution_timeout=timedelta(hours=2), map_index_template="{{ source_label }}")
def ingest(name: str, params=None, outlet_events=None) -> dict[str, Any]:
    """Bring one source in. Returns the days of which anything new came, and the numbers of its inputs."""
    from broadsheet import ingest as bringing

    get_current_context()["source_label"] = name  # type: ignore[typeddict-unknown-key]  # Airflow's documented way
    source = bringing.read_source(located(params["sources"]), name)
    try:
        with bringing.alone(stages.lake(), source):
            run = bringing.start_source(stages.lake(), source, stages.run_id(f"-{name}"))
            brought = bringing.ingest(run, source)
            if brought["in_count"]:
                stages.tell(run, "capture", paths=source.inputs)
            bringing.finish(run)
    except bringing.SourceBusy as busy:
        raise AirflowSkipException(f"{busy}: the next one goes on.") from None
    except bringing.HostBusy as busy:
        now = datetime.now(UTC)
        begun_at = get_current_context()["dag_run"].start_date or now
        if now - begun_at > defaults.TURN_WAITED_FOR:
            raise AirflowSkipException(f"{busy}: the next run goes on.") from None
        log.info("%s: it waits for its turn.", busy)
        raise AirflowRescheduleException(now + defaults.TURN_LOOKED_FOR_AFTER) from None
    if not brought["days"]:
        raise AirflowSkipException(f"{name}: nothing new among {brought['in_count']} inputs.")
    outlet_events[ARRIVALS].add_partitions(brought["days"])
    outlet_events[ARRIVALS].extra = {"lake": run.where.name, **brought}
    outlet_events[RAW_ZONE].extra = {"lake": run.where.name, **brought}
    return brought


@dag(
    dag_id="ingest",
    dag_display_name="Ingest",
    description="Captures of all sources into the raw zone; tells of the days of which anything new came.",
    doc_md=__doc__,
    schedule=SCHEDULE,
    catchup=False,
    max_active_runs=MOST_RUNS,
    max_active_tasks=4,
    params=PARAMS,
    tags=["broadsheet", "ingest"],
    default_args=TASKS,
    deadline=ready_within(hours=2),
)
def ingest_sources():
    ingest.expand(name=find_sources())


ingest_sources()
