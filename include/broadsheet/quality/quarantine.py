"""Rejections -> rows of the `quarantine` table."""

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa

from broadsheet.ids import make_id
from broadsheet.records import Rejection
from broadsheet.tables.schema import TABLES


def quarantine_table(rejections: Iterable[Rejection], *, run_id: str, quarantined_at: datetime) -> pa.Table:
    """One row per rejection. The id tells stage, thing and reasons: the same rejection in another run has the same one."""
    rows: dict[str, dict] = {}
    for rejection in rejections:
        what = rejection.row_key or rejection.capture_id or rejection.input_path
        quarantine_id = make_id("quarantine", rejection.stage, rejection.scope, rejection.table_name, what, *sorted(rejection.reasons))
        rows.setdefault(
            quarantine_id,
            {
                "quarantine_id": quarantine_id,
                "stage": rejection.stage,
                "scope": rejection.scope,
                "table_name": rejection.table_name,
                "row_key": rejection.row_key,
                "reasons": list(rejection.reasons),
                "detail": rejection.detail,
                "site": rejection.site,
                "capture_id": rejection.capture_id,
                "input_path": rejection.input_path,
                "row_json": rejection.row_json,
                "raw_excerpt": rejection.raw_excerpt,
                "run_id": run_id,
                "quarantined_at": quarantined_at,
            },
        )
    return pa.Table.from_pylist(list(rows.values()), schema=TABLES["quarantine"].arrow)
