"""What every DAG begins with: owner, which faults are tried again, who is told when something fails or is late."""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from broadsheet_airflow.alerts import deadline_missed, task_failed

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


def ready_within(hours: float) -> DeadlineAlert:
    """Tell of a run that has not ended so long after it was queued. It goes on."""
    interval = timedelta(hours=hours)
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=interval, callback=SyncCallback(deadline_missed, kwargs={"within": str(interval)})
    )
