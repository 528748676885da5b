"""Parts of the lake's tables: `tables/<table>/capture_month=2026-03/<run>-<shard>.parquet`.

The month is that of the capture that showed the row first, in UTC; `unknown` without a capture time. Small tables that belong
to no capture (sites, channels, feeds) and those that tell of runs are not partitioned.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from broadsheet.lake import written_aside
from broadsheet.tables.schema import TABLES

# How a row of a table finds its capture: SQL that joins `new` rows to captures as `c`. Tables without an entry have no month.
CAPTURE_JOINS = {
    "captures": "join captures c using (capture_id)",
    "page_blocks": "join captures c using (capture_id)",
    "related_links": "join captures c using (capture_id)",
    "headline_feed_observations": "join captures c using (capture_id)",
    "articles": "join captures c on c.capture_id = new.first_capture_id",
    "article_versions": "join captures c on c.capture_id = new.first_capture_id",
    "headline_feed_snapshots": "join captures c on c.capture_id = new.first_capture_id",
    "article_headlines": "join article_versions v using (version_id) join captures c on c.capture_id = v.first_capture_id",
    "article_people": "join article_versions v using (version_id) join captures c on c.capture_id = v.first_capture_id",
    "article_sources": "join article_versions v using (version_id) join captures c on c.capture_id = v.first_capture_id",
    "headline_feed_entries": "join headline_feed_snapshots s using (feed_snapshot_id) join captures c on c.capture_id = s.first_capture_id",
}
MONTH = "coalesce(strftime(c.captured_at at time zone 'UTC', '%Y-%m'), 'unknown')"


def part_path(tables: Path, table_name: str, month: str | None, part: str) -> Path:
    folder = tables / table_name / f"capture_month={month}" if month else tables / table_name
    return folder / f"{part}.parquet"


def write_part(target: Path, table_name: str, rows: pa.Table) -> None:
    """Write sorted rows with the declared schema, aside and renamed."""
    schema = TABLES[table_name].arrow
    with written_aside(target) as aside:
        pq.write_table(rows.select(schema.names).cast(schema), aside, compression="zstd", compression_level=3)
