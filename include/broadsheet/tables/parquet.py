"""Parts of the lake's tables: `tables/<table>/capture_month=2026-03/<snapshot>-<number>.parquet`.

The month is that of the capture that showed the row first, in UTC; `unknown` without a capture time. Small tables that belong
to no capture (sites, channels, feeds, absences) and those that tell of runs are not partitioned.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet.lake import written_aside
from broadsheet.tables.schema import TABLES


def capture_of(table_name: str, prefix: str = "staged_") -> str | None:
    """SQL that joins `fresh` rows of a table to their captures as `c`; None for a table whose rows belong to none.

    Parameters
    ----------
    prefix : what the names of the tables begin with in which captures, versions and feed states are found.
    """
    columns = TABLES[table_name].columns
    captures = f"left join {prefix}captures as c on c.capture_id ="
    if "capture_id" in columns:
        return f"{captures} fresh.capture_id"
    if "first_capture_id" in columns:
        return f"{captures} fresh.first_capture_id"
    for whole, key in (("article_versions", "version_id"), ("headline_feed_snapshots", "feed_snapshot_id")):
        if key in columns:
            wholes = f"(select {key}, min(first_capture_id) as first_capture_id from {prefix}{whole} semi join fresh using ({key}) group by {key})"
            return f"left join {wholes} as whole on whole.{key} = fresh.{key} {captures} whole.first_capture_id"
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
