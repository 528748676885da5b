"""Assets at the boundaries of the data sets, and what an update of one tells."""

from typing import Any

from airflow.sdk import Asset

RAW_ZONE = Asset(name="raw_zone", uri="broadsheet://lake/raw", group="broadsheet")
# Partitions are days of capture in UTC, as 2026-03-01, and `undated`.
ARRIVALS = Asset(name="arrivals", uri="broadsheet://lake/arrivals", group="broadsheet")
WAREHOUSE = Asset(name="warehouse", uri="broadsheet://lake/warehouse", group="broadsheet")
# Tables that other work may wait for; the rest are written with them.
PUBLISHED_TABLES = (
    "captures", "articles", "article_versions", "article_headlines", "article_people", "article_sources", "headline_feeds",
    "headline_feed_snapshots", "headline_feed_entries", "headline_resolutions", "related_links", "quarantine",
)  # fmt: skip
TABLE_ASSETS = {name: Asset(name=name, uri=f"broadsheet://lake/tables/{name}", group="broadsheet") for name in PUBLISHED_TABLES}
PUBLISHED = [WAREHOUSE, *TABLE_ASSETS.values()]


def tell_published(summary: dict[str, Any], outlet_events) -> None:
    """Give the events of the warehouse and its tables their row counts, the snapshot's id and the place of the Data Docs."""
    published = {name: summary[name] for name in ("lake", "run_id", "snapshot_id", "data_docs")}
    for name, asset in TABLE_ASSETS.items():
        outlet_events[asset].extra = {**published, "rows": summary["tables"].get(name, {"new": 0, "total": 0})}
    outlet_events[WAREHOUSE].extra = {**published, "warehouse": summary["warehouse"], "rows": summary["tables"]}
