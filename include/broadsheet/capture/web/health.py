"""How a source does, from its visits: when it last answered, how much fails, whether it still leads to new pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import ROBOTS_FORBIDDEN
from broadsheet.capture.web.statuses import is_failure, is_robots_unreachable
from broadsheet.lake import Lake
from broadsheet.records import Record

RECENT = timedelta(days=1)
_SILENT_AFTER = timedelta(days=1)
_BARREN_AFTER = timedelta(days=3)
_FEWEST_REQUESTS = 10  # of which a share is told
_MOST_FAILING = 0.5
_MEMORY = "1GiB"  # more pages than fit are counted on disk
# A visit may stand in two parts: a record's place tells it from others where they are counted.
_FAILURES = tuple(status for status in range(1000) if is_failure(status))
_UNREACHABLE = tuple(status for status in range(1000) if is_robots_unreachable(status))
_SQL = f"""
with tried as ( -- more than seen
    select
        source, url, role, captured_at, raw_file, raw_offset,
        coalesce(http_status between 200 and 299 or http_status = 304, false) as is_good,
        coalesce(http_status in {_FAILURES}, true) as is_failure,
        -- neither what robots.txt forbids nor a robots.txt that can be had: a site may answer for nothing else
        coalesce(error <> '{ROBOTS_FORBIDDEN}', true) and (role <> 'robots' or coalesce(http_status in {_UNREACHABLE}, true)) as is_counted
    from read_parquet($1)
    where (http_status is not null or error is not null) and captured_at <= $3
),
visits as (from tried where is_counted),
asked as (
    select source, max(captured_at) as asked_at, max(captured_at) filter (is_counted and is_good) as answered_at from tried group by source
),
recent as (
    select source, count(distinct (raw_file, raw_offset)) as request_count, count(distinct (raw_file, raw_offset)) filter (is_failure) as failed_count
    from visits join asked using (source)
    where captured_at > asked_at - $2
    group by source
),
pages as (select source, url, min(captured_at) as seen_at from visits where role = 'page' and is_good group by source, url),
led_to as (select source, count(*) as page_count, max(seen_at) as new_page_at from pages group by source)
select
    source, asked_at, answered_at, coalesce(request_count, 0) as request_count, coalesce(failed_count, 0) as failed_count,
    coalesce(page_count, 0) as page_count, new_page_at
from asked left join recent using (source) left join led_to using (source)
order by source
"""


class Health(Record, frozen=True):
    """One source.

    Attributes
    ----------
    asked_at, answered_at : last request, or one that robots.txt forbade; last one that was answered well (200s, and what has not changed). Of those
        for a robots.txt only the ones that cannot be had count here and below.
    request_count, failed_count : of the day before the last request. An answer that a page is gone or elsewhere is no failure.
    page_count : pages it ever led to. `new_page_at` is when the last of them was first seen.
    """

    source: str
    asked_at: datetime
    answered_at: datetime | None
    request_count: int
    failed_count: int
    page_count: int
    new_page_at: datetime | None


class Trouble(NamedTuple):
    """What is wrong with a source: a reason of `broadsheet.quality.reasons`, and a sentence."""

    reason: str
    told: str


def health_of(lake: Lake, now: datetime | None = None) -> list[Health]:
    """Of all sources that the crawler has asked anything for, by name. What is of a time to come, when some clock was wrong, does not count."""
    latest = now or datetime.now(UTC)
    rows = RawZone(lake).visits.parts.read(lambda files: _rows(files, latest))
    return [Health(**row) for row in rows]


def _rows(files: list[Path], latest: datetime) -> list[dict[str, Any]]:
    """Raises FileNotFoundError for a part that is gone."""
    if not files:
        return []
    import duckdb

    with TemporaryDirectory(prefix="broadsheet-health-") as spilled:
        settings = {"memory_limit": _MEMORY, "temp_directory": spilled, "preserve_insertion_order": "false"}
        with duckdb.connect(config=settings) as connection:
            connection.execute("set TimeZone = 'UTC'")
            try:
                return connection.execute(_SQL, [list(map(str, files)), RECENT, latest]).to_arrow_table().to_pylist()
            except duckdb.IOException as error:
                if all(file.exists() for file in files):
                    raise
                raise FileNotFoundError(str(error)) from error


def troubles(health: Health) -> Iterator[Trouble]:
    """What is wrong with a source, by its own visits alone."""
    if health.answered_at is None or health.asked_at - health.answered_at >= _SILENT_AFTER:
        yield Trouble("source_silent", f"{health.source}: no good answer since {health.answered_at or 'it was first asked'}")
    elif health.request_count >= _FEWEST_REQUESTS and health.failed_count > _MOST_FAILING * health.request_count:
        yield Trouble("source_failing", f"{health.source}: {health.failed_count} of {health.request_count} requests of the last day failed")
    elif health.new_page_at is None or health.asked_at - health.new_page_at >= _BARREN_AFTER:
        yield Trouble("source_barren", f"{health.source}: no new page since {health.new_page_at or 'it was first asked'}")
