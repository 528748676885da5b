"""What was rejected, for a person: which rejections there are, how many, and one whole with what became of it."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import ConfigurationError
from broadsheet.quality.reasons import REASONS, told
from broadsheet.warehouse.query import query
from broadsheet.warehouse.statements import sql_text


def listed(lake: Path, *, is_all: bool, limit: int, **filters: str | None) -> pa.Table:
    """Rejections, the earliest first, with the last that became of each: one row for each that is open, or with `is_all` for each run that
    rejected it.

    Parameters
    ----------
    filters : `reason`, `site`, `run_id`; None takes all. Raises ConfigurationError for a reason or run that there is not.
    """
    return query(lake, _of_rejections("listed", is_all), parameters={**checked_filters(lake, **filters), "limit": limit})


def counted(lake: Path, *, is_all: bool, **filters: str | None) -> pa.Table:
    """Number of rejections by reason, site and day (UTC) on which a run rejected them: of those that are open the last run, else each.
    `filters` as in `listed`."""
    return query(lake, _of_rejections("counted", is_all), parameters=checked_filters(lake, **filters))


def told_whole(lake: Path, quarantine_id: str) -> dict[str, Any]:
    """One rejection with what its reasons mean and ask for, the runs that rejected it, its trail. Raises ConfigurationError if there is none."""
    parameters = {"id": quarantine_id}
    rows = query(lake, "from quarantine where quarantine_id = $id order by quarantined_at, run_id", parameters=parameters).to_pylist()
    if not rows:
        raise ConfigurationError(f"there is no rejection {quarantine_id!r}; `broadsheet quarantine list --lake {lake}` lists what is open")
    last = rows[-1]
    trail = query(
        lake,
        "select decided_at, quarantine_outcome, run_id, successor_id, note from quarantine_outcomes where quarantine_id = $id order by all",
        parameters=parameters,
    )
    return {
        **{name: value for name, value in last.items() if name not in ("reasons", "run_id", "quarantined_at")},
        "is_open": query(lake, "from open_quarantine where quarantine_id = $id", parameters=parameters).num_rows > 0,
        "reasons": {reason: told(reason) for reason in last["reasons"]},
        "rejected_by": [{"quarantined_at": row["quarantined_at"], "run_id": row["run_id"]} for row in rows],
        "trail": trail.to_pylist(),
    }


def _of_rejections(name: str, is_all: bool) -> str:
    rejections = sql_text(f"quarantine/{'all' if is_all else 'open'}.sql")
    return f"with rejections as (\n{rejections}\n)\n\n{sql_text(f'quarantine/{name}.sql')}"


def checked_filters(lake: Path, **filters: str | None) -> dict[str, str | None]:
    """The filters as parameters of the queries. Raises ConfigurationError for a reason or run that there is not."""
    reason, run_id = filters.get("reason"), filters.get("run_id")
    if reason is not None and reason not in REASONS:
        raise ConfigurationError(f"there is no reason {reason!r}; `broadsheet reasons` lists them")
    if run_id is not None and not query(lake, "select 1 from runs where run_id = $run", parameters={"run": run_id}).num_rows:
        raise ConfigurationError(f"{lake} has no published run {run_id!r}; `broadsheet runs --lake {lake}` lists its runs")
    return {"reason": reason, "site": filters.get("site"), "run_id": run_id}
