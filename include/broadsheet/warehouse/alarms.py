"""What only the whole warehouse can tell of a batch: results of checks against what was known before."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from broadsheet.ids import make_id
from broadsheet.quality.policy import Policy
from broadsheet.quality.reasons import REASONS
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes

WIDTH_CHANGED = "feed_width_changed"
_EXAMPLES = 20

# Feeds that were known to cut at some width, with one that this load saw first.
_NEW_WIDTHS = """
    with fresh as (
        from added_headline_feed_widths anti join removed_headline_feed_widths using (feed_id, width_limit)
    )
    select fresh.site, feeds.feed_label, fresh.width_limit, list(known.width_limit order by known.width_limit) as known_widths
    from fresh
    join headline_feed_widths as known using (feed_id)
    join headline_feeds as feeds using (feed_id)
    anti join fresh as other on other.feed_id = known.feed_id and other.width_limit = known.width_limit
    group by all
    order by all
"""


def alarms(changes: Changes, policy: Policy, *, run_id: str, checked_at: datetime) -> tuple[pa.Table, list[str]]:
    """Results of the checks of a batch against the warehouse, as rows of `quality_results`, and a sentence for each that stops the batch.

    A feed that cuts its headlines at another width has a new layout; resolution learns the new width, and what it resolved stays.
    """
    connection = changes.connection
    found = connection.execute(_NEW_WIDTHS).fetchall() if not changes.is_whole else []
    checked = connection.execute("select count(distinct feed_id) from added_headline_feed_snapshots where width_limit is not null").fetchall()[0][0]
    rows: list[dict[str, Any]] = []
    if checked:
        examples = [f"{site} {label}: {width} columns, so far {', '.join(map(str, known))}" for site, label, width, known in found[:_EXAMPLES]]
        rows.append(
            {"quality_result_id": make_id("quality_result", run_id, -1, "headline_feed_widths", WIDTH_CHANGED), "run_id": run_id, "shard": -1,
             "suite": "warehouse_suite", "table_name": "headline_feed_widths", "check_name": WIDTH_CHANGED, "column_name": "width_limit",
             "is_success": not found, "policy_action": policy.action(WIDTH_CHANGED), "checked_count": checked, "failed_count": len(found),
             "examples": examples or None, "meaning": REASONS[WIDTH_CHANGED], "checked_at": checked_at}
        )  # fmt: skip
    stops = [f"{WIDTH_CHANGED}: {len(found)} of {checked} feeds"] if policy.stops(WIDTH_CHANGED, len(found), checked) else []
    return pa.Table.from_pylist(rows, schema=TABLES["quality_results"].arrow), stops
