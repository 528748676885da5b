"""How sources do, in one query: what counting their visits one by one tells."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import ROBOTS_FORBIDDEN, Role, Visit
from broadsheet.capture.web.health import RECENT, Health, health_of, troubles
from broadsheet.lake import Lake

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
GOOD, FAILED = (200, 204, 299, 304), (None, 403, 408, 425, 429, 500, 503, 599)
ROBOTS_UNREACHABLE = (None, 429, 500, 503, 599)


def told_one_by_one(visits: list[Visit]) -> list[Health]:
    """The definition; a visit without an answer or an error is an address that was seen, and not asked for. That a robots.txt can be had says nothing."""
    visits = [visit for visit in visits if visit.http_status is not None or visit.error is not None]
    return [_told(source, [visit for visit in visits if visit.source == source]) for source in sorted({visit.source for visit in visits})]


def _told(source: str, visits: list[Visit]) -> Health:
    asked_at = max(visit.captured_at for visit in visits)
    visits = [visit for visit in visits if (visit.role != Role.ROBOTS or visit.http_status in ROBOTS_UNREACHABLE) and visit.error != ROBOTS_FORBIDDEN]
    recent = [visit for visit in visits if visit.captured_at > asked_at - RECENT]
    first_seen: dict[str, datetime] = {}
    for visit in visits:
        if visit.role == Role.PAGE and visit.http_status in GOOD:
            first_seen[visit.url] = min(visit.captured_at, first_seen.get(visit.url, visit.captured_at))
    return Health(
        source=source, asked_at=asked_at, answered_at=max((visit.captured_at for visit in visits if visit.http_status in GOOD), default=None),
        request_count=len(recent), failed_count=sum(visit.http_status in FAILED for visit in recent), page_count=len(first_seen),
        new_page_at=max(first_seen.values(), default=None),
    )  # fmt: skip


def visit(number: int, *, source: str, url: str, hours: float, role: Role, status: int | None, error: str | None = None) -> Visit:
    return Visit(
        url=url, captured_at=BEGAN + timedelta(hours=hours, microseconds=1), source=source, role=role, http_status=status, error=error,
        raw_file=f"raw/{number % 3}.warc.gz", raw_offset=number, raw_length=1,
    )  # fmt: skip


statuses = st.sampled_from([*GOOD, *FAILED, 301, 404, 410, 199])
drawn = st.fixed_dictionaries({
    "source": st.sampled_from(["晚报", "a", "B"]), "url": st.sampled_from(["https://a.example/1", "https://a.example/2", "https://b.example/"]),
    "hours": st.sampled_from([0, 1, 23, 24, 24.5, 48, 47.99, 100]), "role": st.sampled_from(list(Role)), "status": statuses,
    "error": st.sampled_from([None, "timeout", ROBOTS_FORBIDDEN]),
})  # fmt: skip


@given(st.lists(drawn, max_size=25), st.sets(st.integers(0, 2)))
@settings(max_examples=80, deadline=None)
def test_it_is_what_counting_one_by_one_tells(tmp_path_factory, said, doubled):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    visits = [visit(number, **one) for number, one in enumerate(said)]
    index = RawZone(lake).visits
    for part in range(3):
        if own := [one for one in visits if one.raw_file == f"raw/{part}.warc.gz"]:
            index.write_part(Path(f"{part}.warc.gz"), own)
    for part in doubled & {int(file.name[0]) for file in index.parts.files()}:  # a merged part beside what it was made of
        shutil.copy(lake.root / f"raw/visits/{part}.warc.gz.parquet", lake.root / f"raw/visits/merged-{part}.parquet")
    assert health_of(lake) == told_one_by_one(visits)


@pytest.fixture
def lake(tmp_path) -> Lake:
    lake = Lake(tmp_path)
    for part in range(2):
        own = [visit(part + 3 * number, source="a", url="https://a.example/1", hours=number, role=Role.PAGE, status=200) for number in range(5)]
        RawZone(lake).visits.write_part(Path(f"{part}.warc.gz"), own)
    return lake


def test_parts_that_are_merged_meanwhile_are_looked_for_again(lake, monkeypatch):
    before = health_of(lake)
    connect = duckdb.connect

    def slow(**settings):
        RawZone(lake).visits.parts.compact()
        return connect(**settings)

    monkeypatch.setattr(duckdb, "connect", slow)
    assert health_of(lake) == before and before[0].request_count == 10


def test_a_damaged_part_is_a_fault(lake):
    RawZone(lake).visits.parts.files()[0].write_bytes(b"PAR1 no more")
    with pytest.raises(duckdb.Error):
        health_of(lake)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("answered", "failed", "new_page", "reasons"),
    [
        (0 * DAY, 10, 2.99 * DAY, []),
        (1 * DAY, 20, None, ["source_silent"]),
        (None, 20, None, ["source_silent"]),
        (0 * DAY, 11, 0 * DAY, ["source_failing"]),
        (0 * DAY, 0, 3 * DAY, ["source_barren"]),
        (0 * DAY, 0, None, ["source_barren"]),
    ],
)
def test_what_is_wrong_with_a_source_follows_from_it(answered, failed, new_page, reasons):
    at = {name: None if ago is None else BEGAN - ago for name, ago in (("answered_at", answered), ("new_page_at", new_page))}
    health = Health(source="a", asked_at=BEGAN, request_count=20, failed_count=failed, page_count=1, **at)
    assert [trouble.reason for trouble in troubles(health)] == reasons
