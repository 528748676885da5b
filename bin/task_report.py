"""A listener of Airflow's task runner that says on one line what became of each task."""

from datetime import UTC, datetime
from typing import TextIO

from airflow.listeners import hookimpl
from airflow.sdk import TaskInstanceState


class TaskReport:
    """One line per task on the terminal; `failures` keeps one sentence per failed task."""

    def __init__(self, terminal: TextIO):
        self.terminal = terminal
        self.count = 0
        self.failures: list[str] = []

    @hookimpl
    def on_task_instance_success(self, previous_state, task_instance):
        self._line(task_instance, "done")

    @hookimpl
    def on_task_instance_skipped(self, previous_state, task_instance):
        self._line(task_instance, "skipped")

    @hookimpl
    def on_task_instance_failed(self, previous_state, task_instance, error):
        will_retry = getattr(task_instance, "state", None) == TaskInstanceState.UP_FOR_RETRY
        self._line(task_instance, "to be retried" if will_retry else "failed")
        kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
        sentence = f"{_name(task_instance)}: {kind}{error}"
        if will_retry:
            print(f"    {sentence}", file=self.terminal)
        else:
            self.failures.append(sentence)

    def _line(self, ti, outcome: str) -> None:
        self.count += 1
        seconds = (datetime.now(UTC) - ti.start_date).total_seconds() if ti.start_date else 0.0
        print(f"  {_name(ti):<24}{outcome:<14}{seconds:6.1f} s", file=self.terminal)


def _name(ti) -> str:
    """Task id, with its number among the mapped ones: ``extract 2``."""
    return ti.task_id if ti.map_index is None or ti.map_index < 0 else f"{ti.task_id} {ti.map_index}"
