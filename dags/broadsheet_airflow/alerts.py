"""Who is told when a task fails: the log, and whom `broadsheet_alerts` knows."""

from typing import Any

from broadsheet_airflow.params import located_lake
from broadsheet_alerts import alert


def task_failed(context: Any) -> None:
    """Tell of a task that failed for good."""
    ti, error = context["ti"], context.get("exception")
    mapped = f" {ti.map_index}" if (ti.map_index or 0) >= 0 and ti.map_index is not None else ""
    cause = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    overview = _overview(context["params"]["lake"])
    alert(
        f"Broadsheet: {ti.dag_id}.{ti.task_id}{mapped} failed",
        f"{ti.dag_id}.{ti.task_id}{mapped} of run {ti.run_id} failed. {cause}. Data Docs: {overview}",
        context,
    )


def _overview(lake: str) -> str:
    from broadsheet.errors import ConfigurationError
    from broadsheet.lake import Lake

    try:
        return str(Lake(located_lake(lake)).overview)
    except ConfigurationError:  # what the task may have failed for
        return f"of {lake}"
