"""What only the whole warehouse can tell of a batch: results of checks against what was known before."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from broadsheet.capture.web.health import Health, troubles
from broadsheet.ids import make_id
from broadsheet.quality.policy import Policy
from broadsheet.quality.reasons import INCIDENT_REASONS, REASONS
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import row_count

WIDTH_CHANGED = "feed_width_changed"
EMPTY_BATCH, BATCH_KNOWN = "empty_batch", "batch_known"
PERSON_WITHOUT_CREDIT = "person_without_credit"
SOURCE_REASONS = ("source_silent", "source_failing", "source_barren")
_EXAMPLES = 20

# Feeds that were known to cut at some width, with one that this load saw first, whether or not it is known when.
_NEW_WIDTHS = """
    with fresh as (
        from added_headline_feed_widths anti join removed_headline_feed_widths using (feed_id, width_limit)
    )
    select fresh.feed_id, fresh.site, feeds.feed_label, fresh.width_limit, list(known.width_limit order by known.width_limit) as known_widths
    from fresh
    join headline_feed_widths as known using (feed_id)
    join headline_feeds as feeds using (feed_id)
    anti join fresh as other on other.feed_id = known.feed_id and other.width_limit = known.width_limit
    group by all
    order by all
"""
# Feeds that a load saw cut, or of whose widths it learned.
_CHECKED_FEEDS = (
    "select feed_id from added_headline_feed_snapshots where width_limit is not null union select feed_id from added_headline_feed_widths"
)
# Incidents of the other kinds that this load made known, and the days of sites that it touched or that they fall on.
_NEW_INCIDENTS = """
    select incident_kind, incidents.site, incident_date, metric, value, baseline, feed_label, example_capture_id
    from added_incidents as incidents
    anti join removed_incidents using (incident_id)
    left join headline_feeds as feeds using (feed_id)
    order by abs(deviation) desc nulls first, incident_date, incidents.site, incident_id
"""
_WITHOUT_CREDIT = """
    select person_name, coalesce(people.site, outlet_name, '')
    from people
    anti join article_people using (person_id)
    left join outlets using (outlet_id)
    order by all
"""
_CHECKED_DAYS = "select site, captured_date from added_site_days union select site, incident_date from added_incidents"


class Finding(NamedTuple):
    """Outcome of one check: how many of what was looked at failed, and some of them in words."""

    check_name: str
    table_name: str
    column_name: str | None
    checked: int
    failed: int
    unit: str
    examples: list[str]


def alarms(
    changes: Changes,
    policy: Policy,
    *,
    run_id: str,
    checked_at: datetime,
    came: int | None = None,
    new: int | None = None,
    sources: Sequence[Health] = (),
) -> tuple[pa.Table, list[str]]:
    """Results of the checks of a batch against the warehouse, as rows of `quality_results`, and a sentence for each that stops the batch.

    Parameters
    ----------
    came, new : captures and absences that the run brought, known ones too, and those of them that were not known; None where that is not told.

    sources : how those do that the crawler asks.

    In a warehouse whose rows all count as new nothing is news, so that no check but that for an empty batch fails.
    """
    findings = [*_batch(came, new), *_sources(sources), *_people(changes), *_widths(changes), *_incidents(changes)]
    rows = [
        {"quality_result_id": make_id("quality_result", run_id, -1, finding.table_name, finding.check_name), "run_id": run_id, "shard": -1,
         "suite": "warehouse_suite", "table_name": finding.table_name, "check_name": finding.check_name, "column_name": finding.column_name,
         "is_success": not finding.failed, "policy_action": policy.action(finding.check_name), "checked_count": finding.checked,
         "failed_count": finding.failed, "examples": finding.examples[:_EXAMPLES] or None, "meaning": REASONS[finding.check_name].text,
         "checked_at": checked_at}
        for finding in findings
    ]  # fmt: skip
    stops = [
        f"{finding.check_name}: {finding.failed} of {finding.checked} {finding.unit}"
        for finding in findings
        if policy.stops(finding.check_name, finding.failed, finding.checked)
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["quality_results"].arrow), stops


def _batch(came: int | None, new: int | None) -> Iterator[Finding]:
    if came is not None:
        yield Finding(EMPTY_BATCH, "captures", None, 1, int(not came), "batches", [])
        if came and new is not None:
            yield Finding(BATCH_KNOWN, "captures", None, 1, int(not new), "batches", [] if new else [f"{came} captures and absences"])


def _sources(sources: Sequence[Health]) -> Iterator[Finding]:
    found = [trouble for health in sources for trouble in troubles(health)]
    for reason in SOURCE_REASONS if sources else ():
        told = [trouble.told for trouble in found if trouble.reason == reason]
        yield Finding(reason, "captures", None, len(sources), len(told), "sources", told)


def _people(changes: Changes) -> Iterator[Finding]:
    """Dimension and credits must tell of the same people. All are looked at: what is lost is lost until someone reads the pages anew."""
    checked = row_count(changes.connection, "people")
    lost = changes.connection.execute(_WITHOUT_CREDIT).fetchall()
    if checked:
        yield Finding(PERSON_WITHOUT_CREDIT, "people", "person_id", checked, len(lost), "people", [f"{name}, {where}" for name, where in lost])


def _widths(changes: Changes) -> Iterator[Finding]:
    """A feed that cuts its headlines at another width; resolution learns the new width, and what it resolved stays."""
    connection = changes.connection
    found = connection.execute(_NEW_WIDTHS).fetchall() if not changes.is_whole else []
    checked = connection.execute(f"select count(*) from ({_CHECKED_FEEDS})").fetchall()[0][0]
    if checked:
        examples = [f"{site} {label}: {width} columns, so far {', '.join(map(str, known))}" for _, site, label, width, known in found]
        yield Finding(WIDTH_CHANGED, "headline_feed_widths", "width_limit", checked, len({feed for feed, *_ in found}), "feeds", examples)


def _incidents(changes: Changes) -> Iterator[Finding]:
    """Days that are unlike the days before. What fails is a site's day, however many of its metrics or feeds do."""
    connection = changes.connection
    found = connection.execute(_NEW_INCIDENTS).fetchall() if not changes.is_whole else []
    checked = connection.execute(f"select count(*) from ({_CHECKED_DAYS})").fetchall()[0][0]
    if not checked:
        return
    for kind in INCIDENT_REASONS:
        if kind != WIDTH_CHANGED:
            of_kind = [row for row in found if row[0] == kind]
            days = {(site, day) for _, site, day, *_ in of_kind}
            yield Finding(kind, "incidents", None, checked, len(days), "days of sites", [_told(*row[1:]) for row in of_kind])


def _told(site: str, day: Any, metric: str, value: float, baseline: float, feed: str | None, capture_id: str | None) -> str:
    where = f"{site} {feed}" if feed else site
    example = f", e.g. capture {capture_id}" if capture_id else ""
    return f"{where} {day}: {metric} {value:.3g}, before {baseline:.3g}{example}"
