"""The index of visits finds them by URL and by source, each once and in the order of time."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from broadsheet.capture import visits as visits_module
from broadsheet.capture.visits import Role, Visit, VisitIndex
from broadsheet.lake import Lake
from broadsheet.store import store_of

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def visit(url, minute, *, file="raw/a.warc.gz", source="qingxi", **said) -> Visit:
    told = {"role": Role.PAGE, "http_status": 200, "raw_file": file, "raw_offset": minute * 100, "raw_length": 100}
    return Visit(url=url, captured_at=BEGAN + timedelta(minutes=minute, microseconds=7), source=source, **(told | said))


@pytest.fixture
def index(tmp_path) -> VisitIndex:
    return VisitIndex(store_of(Lake(tmp_path)))


def page(number):
    return f"https://qingxi.example/{number:04d}.html"


def test_a_visit_comes_back_as_it_was(index):
    full = visit(
        page(1), 1, http_status=301, content_sha256=bytes(range(32)), etag='"乙"', last_modified="x", location="/2", error="e", tdm_reservation="1"
    )
    bare = visit(page(1), 0, http_status=None)
    index.write_part(Path("a.warc.gz"), [full, bare])
    assert index.of_url(page(1)) == [bare, full]
    assert index.of_url(page(2)) == []


def test_a_visit_that_stands_in_two_parts_comes_once(index):
    index.write_part(Path("a.warc.gz"), [visit(page(1), 0), visit(page(1), 1)])
    index.write_part(Path("b.warc.gz"), [visit(page(1), 2, file="raw/b.warc.gz"), visit(page(1), 0, file="raw/b.warc.gz")])
    (first, _) = index.parts.files()
    shutil.copy(first, first.with_name("merged-1.parquet"))
    assert [(one.captured_at.minute, one.raw_file) for one in index.of_url(page(1))] == [
        (0, "raw/a.warc.gz"), (0, "raw/b.warc.gz"), (1, "raw/a.warc.gz"), (2, "raw/b.warc.gz")
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_a_source_is_read_in_ranges_and_gives_each_url_once(index, rows, monkeypatch):
    monkeypatch.setattr(visits_module, "_RANGE_ROWS", rows)
    monkeypatch.setattr("broadsheet.capture.parts._GROUP_ROWS", 5)
    everything = [
        visit(page(number % 40), number, file=f"raw/{number % 3}.warc.gz", source="qingxi" if number % 5 else "lanshan") for number in range(200)
    ]
    for part in range(3):
        index.write_part(Path(f"{part}.warc.gz"), [one for one in everything if one.raw_file == f"raw/{part}.warc.gz"])
    for source in ("qingxi", "lanshan"):
        told = list(index.of_source(source))
        own = [one for one in everything if one.source == source]
        assert [url for url, _ in told] == sorted({one.url for one in own})
        assert all(found == [one for one in own if one.url == url] for url, found in told)
    assert list(index.of_source("nobody")) == []


def test_urls_too_long_for_statistics_are_found(index):
    long = f"https://qingxi.example/{'长' * 3000}"
    index.write_part(Path("a.warc.gz"), [visit(long, 0), visit(page(1), 1)])
    assert [url for url, _ in index.of_source("qingxi")] == [page(1), long]
    assert len(index.of_url(long)) == 1


def test_files_of_a_source_are_those_with_its_visits(index):
    index.write_part(Path("a.warc.gz"), [visit(page(1), 0)])
    index.write_part(Path("b.warc.gz"), [visit(page(1), 0, file="raw/b.warc.gz", source="lanshan")])
    assert index.files_of("qingxi") == ["raw/a.warc.gz"]


def test_parts_are_cut_so_that_a_url_is_found_by_reading_little(index):
    index.write_part(Path("a.warc.gz"), [visit(page(number), number) for number in range(50_000)])
    metadata = pq.read_metadata(index.parts.files()[0])
    lowest = [metadata.row_group(number).column(0).statistics.min for number in range(metadata.num_row_groups)]
    assert len(lowest) == 3 and lowest == sorted(lowest)
