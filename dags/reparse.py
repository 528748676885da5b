"""# History read anew, with a person's approval

After the page kernel, a site profile or the table of outlets has changed: reads captures of the warehouse anew, from the raw
zone, builds the warehouse that this would make aside, tells what differs, and publishes it when a person approves. Without
`since`, `until`, `site` and `capture` it reads all captures.

| task | does | once or by shard |
|---|---|---|
| `prepare` | chooses the captures, as they were delivered | once |
| `extract`, `transform`, `validate` | as in `build`, by the present program | by shard |
| `spark` | with the engine `spark`: the three as one job on a cluster; else skipped | once |
| `shadow` | makes the warehouse aside, `warehouse/shadow-<run>.duckdb`, and says which rows would come, go and change | once |
| `approve` | waits for a person, under *Required actions*: what differs stands in its text | once |
| `publish` | after *Approve*: what was read takes the place of what was read before, all or nothing | once, one writer at a time |
| `discard` | after *Reject*: leaves nothing of it | once |
| `document` | brings the quality overview up to date | once |

**Look before you approve.** The run's log of `shadow` has examples. `broadsheet query --shadow RUN "select …"` asks the
warehouse as it would be; `RUN` stands in the text of `approve`. Loads go on while it waits: `publish` puts what was read into
the state that is published then.

**Afterwards.** A published reparse is a state like any other: `broadsheet snapshots diff` and `rollback` work on it.

**When something goes wrong.** What the quality policy stops is not published: `shadow` fails with the findings in its log. A
selection that fits no capture fails `prepare`. Give `sites`, `outlets` and `policy` as the runs had them.
"""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, TriggerRule, dag, task

from broadsheet_airflow import params, stages
from broadsheet_airflow.assets import RAW_ZONE, tell_published
from broadsheet_airflow.defaults import TASKS, WRITER_POOL

DAY: Any = {"type": ["null", "string"], "format": "date"}
PARAMS = params.chosen(
    "lake",
    *params.READING,
    since=Param(None, **DAY, title="Since", description="First day of capture, in the site's zone."),
    until=Param(None, **DAY, title="Until", description="Last day of capture, in the site's zone."),
    site=params.strings("Sites", "Only captures of these sites. Empty: of all.", examples=["news.lanshan.example"]),
    capture=params.strings("Captures", "Only these captures, by their ids. Empty: all."),
    undated=Param(False, type="boolean", title="Undated too", description="With Since or Until: captures of unknown time too."),
)


@task(inlets=[RAW_ZONE], execution_timeout=timedelta(hours=1))
def prepare(params=None) -> list[int]:
    """Choose the captures and stage them as they were delivered. Returns the numbers of the shards that are mapped over."""
    from datetime import date

    from broadsheet import reparse

    def day(name: str) -> date | None:
        return date.fromisoformat(params[name]) if params[name] else None

    selection = reparse.Selection(
        since=day("since"), until=day("until"), sites=tuple(params["site"]), captures=tuple(params["capture"]), is_undated=params["undated"]
    )
    run = reparse.start(stages.lake(), selection, stages.run_id(), **stages.settings(params))
    return stages.mapped(run, reparse.prepare(run))


# It builds as a load does, and would keep one waiting for longer than that waits.
@task(pool=WRITER_POOL, trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, execution_timeout=timedelta(hours=4))
def shadow() -> str:
    """Make the warehouse aside. Returns what differs, as Markdown."""
    from broadsheet import reparse

    run = stages.broadsheet_run()
    found: list[Any] = []

    def make() -> dict[str, Any]:
        found.append(reparse.shadow(run))
        return found[0].summary

    stages.published(make)
    return reparse.comparison_text(found[0])


@task(**stages.publishing | {"trigger_rule": TriggerRule.ALL_SUCCESS})
def publish(outlet_events=None) -> dict[str, Any]:
    """Let what was read take the place of what was read before. Returns the run's summary."""
    from broadsheet import reparse

    run = stages.broadsheet_run()
    summary = stages.published(lambda: reparse.publish(run))
    tell_published(summary, outlet_events)
    return summary


# A rejection skips `publish`; a task before it that failed does not, and keeps everything for another try.
@task(trigger_rule=TriggerRule.ALL_SKIPPED, execution_timeout=timedelta(minutes=10))
def discard() -> None:
    """Leave nothing of the reparse."""
    from broadsheet import reparse

    reparse.discard(stages.broadsheet_run())


@dag(
    dag_id="reparse",
    dag_display_name="Reparse",
    description="Captures read anew into a shadow of the warehouse; published when a person approves of what differs.",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    max_active_tasks=4,
    params=PARAMS,
    tags=["broadsheet", "repair"],
    default_args=TASKS,
)
def reparse_history():
    compared = shadow()
    approve = ApprovalOperator(
        task_id="approve",
        subject="Publish what was read anew?",
        body="{{ ti.xcom_pull(task_ids='shadow') }}",
        doc_md="Waits for a person, who sees what differs.",
    )
    done = publish()
    stages.read(prepare()) >> compared >> approve >> done >> [discard(), stages.document()]


reparse_history()
