"""Data Docs of a run: one static page that opens offline and runs nothing.

Great Expectations' own site puts values into its pages unescaped and loads its style and a picture from the network, so the
report is rendered here (`pages.py`).
"""

from collections import Counter
from datetime import datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from broadsheet.lake import written_aside
from broadsheet.quality.pages import render
from broadsheet.quality.reasons import told

SHOWN_ROWS = 50


def build_data_docs(folder: Path, *, run_id: str, results: pa.Table, quarantine: pa.Table, created_at: datetime) -> Path:
    """Write `folder/index.html` and return its path. `results` and `quarantine` have the schemas of the tables of these names."""
    checks = _merged(results)
    rejected = quarantine.to_pylist()
    reasons = Counter(reason for row in rejected for reason in row["reasons"])
    page = render(
        "data_docs.html",
        run_id=run_id,
        created_at=created_at,
        tables=[(name, list(rows)) for name, rows in groupby(checks, key=lambda check: check["table_name"])],
        failed=sum(not check["is_success"] for check in checks),
        checks=len(checks),
        reasons=[(reason, count, told(reason)) for reason, count in reasons.most_common()],
        rows_by_reason={reason: [row for row in rejected if reason in row["reasons"]][:SHOWN_ROWS] for reason in reasons},
        rejected=len(rejected),
        shown=SHOWN_ROWS,
    )
    target = folder / "index.html"
    with written_aside(target) as aside:
        aside.write_text(page, "utf-8")
    return target


def _merged(results: pa.Table) -> list[dict]:
    """Checks of all shards added up, failed ones first within a table."""
    merged: dict[tuple[str, str], dict] = {}
    for row in results.to_pylist():
        key = (row["table_name"], row["check_name"])
        known = merged.setdefault(key, {**row, "checked_count": 0, "failed_count": 0, "examples": []})
        known["checked_count"] += row["checked_count"]
        known["failed_count"] += row["failed_count"]
        known["is_success"] = known["failed_count"] == 0
        known["examples"] = [*known["examples"], *(row["examples"] or [])][:3]
    return sorted(merged.values(), key=lambda check: (check["table_name"], check["is_success"], check["check_name"]))
