"""How a source does, from its visits: when it last answered, how much fails, whether it still leads to new pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import Role, Visit
from broadsheet.capture.web.statuses import is_failure
from broadsheet.lake import Lake
from broadsheet.records import Record

RECENT = timedelta(days=1)
_SILENT_AFTER = timedelta(days=1)
_BARREN_AFTER = timedelta(days=3)
_FEWEST_REQUESTS = 10  # of which a share is told
_MOST_FAILING = 0.5


class Health(Record, frozen=True):
    """One source.

    Attributes
    ----------
    asked_at, answered_at : last request, last one that was answered well (200s, and what has not changed).
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
    index, latest = RawZone(lake).visits, now or datetime.now(UTC)
    asked = {
        source: [visit for _, visits in index.of_source(source) for visit in visits if visit.is_request and visit.captured_at <= latest]
        for source in index.sources()
    }
    return [_health(source, visits) for source, visits in asked.items() if visits]


def _health(source: str, visits: list[Visit]) -> Health:
    asked_at = max(visit.captured_at for visit in visits)
    recent = [visit for visit in visits if visit.captured_at > asked_at - RECENT]
    first_seen: dict[str, datetime] = {}
    for visit in visits:
        if visit.role == Role.PAGE and _is_good(visit):
            first_seen[visit.url] = min(visit.captured_at, first_seen.get(visit.url, visit.captured_at))
    return Health(
        source=source,
        asked_at=asked_at,
        answered_at=max((visit.captured_at for visit in visits if _is_good(visit)), default=None),
        request_count=len(recent),
        failed_count=sum(is_failure(visit.http_status) for visit in recent),
        page_count=len(first_seen),
        new_page_at=max(first_seen.values(), default=None),
    )


def troubles(health: Health) -> Iterator[Trouble]:
    """What is wrong with a source, by its own visits alone."""
    if health.answered_at is None or health.asked_at - health.answered_at >= _SILENT_AFTER:
        yield Trouble("source_silent", f"{health.source}: no good answer since {health.answered_at or 'it was first asked'}")
    elif health.request_count >= _FEWEST_REQUESTS and health.failed_count > _MOST_FAILING * health.request_count:
        yield Trouble("source_failing", f"{health.source}: {health.failed_count} of {health.request_count} requests of the last day failed")
    elif health.new_page_at is None or health.asked_at - health.new_page_at >= _BARREN_AFTER:
        yield Trouble("source_barren", f"{health.source}: no new page since {health.new_page_at or 'it was first asked'}")


def _is_good(visit: Visit) -> bool:
    return visit.http_status is not None and (200 <= visit.http_status < 300 or visit.http_status == 304)
