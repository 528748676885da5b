"""Parts of the lake's tables: `tables/<table>/capture_month=2026-03/<run>-<shard>.parquet`.

The month is that of the capture that showed the row first, in UTC; `unknown` without a capture time. Small tables that belong
to no capture (sites, channels, feeds, absences) and those that tell of runs are not partitioned.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet.lake import written_aside
from broadsheet.tables.schema import TABLES

# How a row of a table finds its capture among the rows that came with it: SQL that joins `fresh` rows to staged captures.
_BY_CAPTURE = "left join staged_captures as c on c.capture_id = fresh.capture_id"
_BY_FIRST_CAPTURE = "left join staged_captures as c on c.capture_id = fresh.first_capture_id"
_BY_VERSION = (
    "left join (from staged_article_versions qualify row_number() over (partition by version_id) = 1) as v on v.version_id = fresh.version_id "
    "left join staged_captures as c on c.capture_id = v.first_capture_id"
)
_BY_STATE = (
    "left join (from staged_headline_feed_snapshots qualify row_number() over (partition by feed_snapshot_id) = 1) as s "
    "on s.feed_snapshot_id = fresh.feed_snapshot_id left join staged_captures as c on c.capture_id = s.first_capture_id"
)


def capture_of(table_name: str) -> str | None:
    """SQL that joins `fresh` rows of a table to their captures as `c`; None for a table whose rows belong to none."""
    columns = TABLES[table_name].columns
    if "capture_id" in columns:
        return _BY_CAPTURE
    if "first_capture_id" in columns:
        return _BY_FIRST_CAPTURE
    if "version_id" in columns:
        return _BY_VERSION
    if "feed_snapshot_id" in columns:
        return _BY_STATE
    return None


# Month of a capture `c`.
MONTH = "coalesce(strftime(c.captured_at at time zone 'UTC', '%Y-%m'), 'unknown')"


def part_path(tables: Path, table_name: str, month: str | None, part: str) -> Path:
    folder = tables / table_name / f"capture_month={month}" if month else tables / table_name
    return folder / f"{part}.parquet"


def write_part(target: Path, table_name: str, rows: pa.Table) -> None:
    """Write sorted rows with the declared schema, aside and renamed."""
    schema = TABLES[table_name].arrow
    with written_aside(target) as aside:
        pq.write_table(rows.select(schema.names).cast(schema), aside, compression="zstd", compression_level=3)
