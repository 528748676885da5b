"""The quality overview of a lake on one page: failed checks by table and day, quarantine by reason, incidents, the last runs with their Data Docs.

Like the Data Docs it opens offline and runs nothing; charts are SVG in the page (`charts.py`).
"""

from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from broadsheet.lake import Lake, written_aside
from broadsheet.quality.charts import counts_by_day, shares_by_day
from broadsheet.quality.pages import render
from broadsheet.quality.reasons import told
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.statements import sql_text

DAYS = 60  # with runs
RUNS = 30
INCIDENTS = 50


def build_overview(lake: Lake) -> Path:
    """Write `docs/index.html` of the lake from its published warehouse and return its path.

    Raises ConfigurationError where nothing was published.
    """
    with connect(lake.root) as connection:
        checked = _rows(connection, "checked_days", days=DAYS)
        quarantined = _rows(connection, "quarantined_days", days=DAYS)
        incidents = _rows(connection, "incident_days", days=DAYS)
        last_incidents = _rows(connection, "last_incidents", incidents=INCIDENTS)
        runs = _rows(connection, "run_accounts", runs=RUNS)
    for run in runs:
        run["has_docs"] = (lake.docs(run["run_id"]) / "index.html").exists()
    days = sorted({row["day"] for row in checked})
    target = lake.overview
    page = render(
        "overview.html",
        runs=runs,
        days=days,
        checked_count=sum(row["checked_count"] for row in checked),
        failed_count=sum(row["failed_count"] for row in checked),
        failed=_chart(shares_by_day, checked, row="table_name", share="failed_ratio", title="failed"),
        quarantined=_chart(counts_by_day, quarantined, kind="shown_reason", count="rejection_count", title="rejections"),
        incidents=_chart(counts_by_day, incidents, kind="incident_kind", count="incident_count", title="incidents"),
        last_incidents=last_incidents,
        kinds=[(kind, told(kind)) for kind in sorted({incident["incident_kind"] for incident in last_incidents})],
        reasons=[(reason, count, told(reason)) for reason, count in _totals(quarantined)],
    )
    with written_aside(target) as aside:
        aside.write_text(page, "utf-8")
    return target


def _rows(connection: duckdb.DuckDBPyConnection, name: str, **values: int) -> list[dict[str, Any]]:
    return connection.execute(sql_text(f"quality/{name}.sql"), values).to_arrow_table().to_pylist()


def _chart(draw, rows: list[dict[str, Any]], **columns: str) -> Markup | None:
    return draw(rows, **columns) if rows else None


def _totals(quarantined: list[dict[str, Any]]) -> list[tuple[str, int]]:
    totals: dict[str, int] = {}
    for row in quarantined:
        totals[row["shown_reason"]] = totals.get(row["shown_reason"], 0) + row["rejection_count"]
    return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))
