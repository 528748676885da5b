"""Rejections -> rows of the `quarantine` table."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa

from broadsheet.ids import make_id
from broadsheet.records import Rejection
from broadsheet.tables.schema import TABLES


def quarantine_table(rejections: Iterable[Rejection], *, run_id: str, quarantined_at: datetime) -> pa.Table:
    """One row per rejection.

    The id tells stage, thing and reasons, so that the same rejection has the same one in every run. Those that are equal in this, as
    the two rows of a doubled key or a row in two shards, are told apart by an ordinal, in the order in which the run rejected them.
    """
    rows = []
    seen: Counter[tuple] = Counter()
    for rejection in rejections:
        identity = identity_of(rejection)
        seen[identity] += 1
        rows.append(
            {
                "quarantine_id": quarantine_id(identity, seen[identity]),
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
    return pa.Table.from_pylist(rows, schema=TABLES["quarantine"].arrow)


def identity_of(rejection: Rejection) -> tuple:
    """What makes a rejection the same in every run: stage, thing and reasons."""
    what = rejection.row_key or rejection.capture_id or rejection.input_path
    return (rejection.stage, rejection.scope, rejection.table_name, what, *sorted(rejection.reasons))


def quarantine_id(identity: tuple, ordinal: int = 1) -> str:
    """Id of a rejection, given its identity and its number among those of a run that are equal in it."""
    return make_id("quarantine", *identity, ordinal)
