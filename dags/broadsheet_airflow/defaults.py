"""What every DAG begins with: owner, which faults are tried again, who is told when something fails or is late."""

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from broadsheet_airflow.alerts import task_failed
from broadsheet_alerts import deadline_missed

WRITER_POOL = "warehouse_writer"

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

TASKS: dict[str, Any] = {
    "owner": "broadsheet",
    "retries": 3,
    # for a task whose worker died: the policy, which is asked in the worker, never sees that
    "retry_delay": timedelta(seconds=20),
    "retry_policy": ONLY_TRANSIENT,
    "on_failure_callback": task_failed,
}

# A source whose host another one is asking looks so often whether it is its turn, and gives up in the end: the next run goes on.
TURN_LOOKED_FOR_AFTER = timedelta(minutes=2)
TURN_WAITED_FOR = timedelta(hours=2)

# What all deadlines are multiplied by: 2 for a machine half as quick as they are meant for.
DEADLINE_FACTOR = float(os.environ.get("BROADSHEET_DEADLINE_FACTOR") or 1)


def ready_within(hours: float) -> DeadlineAlert:
    """Tell of a run that has not ended so long after it was queued. It goes on."""
    interval = timedelta(hours=hours * DEADLINE_FACTOR)
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=interval, callback=AsyncCallback(deadline_missed, kwargs={"within": str(interval)})
    )
