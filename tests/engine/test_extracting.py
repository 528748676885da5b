"""Hostile pages in the extract stage and in `extract --jsonl`: one line of the quarantine, or of the output, each."""

import json
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from broadsheet import pipeline
from broadsheet.cli.extract_jsonl import export_pages
from broadsheet.engine import extracting, guard
from broadsheet.lake import read_records
from broadsheet.records import PageResult, Rejection
from broadsheet.runs import Run

HERE = Path(__file__).parent
EVIL = {"segfault": 7, "spin": 2, "memory": 4}
REASONS = {"page_crashed": 7, "page_timeout": 2, "page_out_of_memory": 4}
PAGE = (
    "<html><body><h1>A synthetic headline, number {number}</h1><p>{what}: a synthetic paragraph of the page, and some more of it.</p></body></html>"
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux only")


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of 400 pages, some of them evil."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setattr(extracting, "WORK", "evil_reading:evil_reader")
    monkeypatch.setenv("BROADSHEET_PAGE_SECONDS", "2")
    monkeypatch.setenv("BROADSHEET_PAGE_MEMORY_MB", "300")
    kinds = [kind for kind, count in EVIL.items() for _ in range(count)]
    kinds += ["sound"] * (400 - len(kinds))
    random.Random(11).shuffle(kinds)
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, what in enumerate(kinds):
        (folder / f"{number:03d}.html").write_text(PAGE.format(number=number, what=what), "utf-8")
    yield folder
    guard.release()


def test_each_evil_page_is_one_quarantined_page(pages: Path, tmp_path: Path) -> None:
    run = Run.start(tmp_path / "lake", shards=1)
    assert pipeline.capture(run, [pages]) == [0]
    outcome = pipeline.extract(run, 0)
    assert (outcome["in_count"], outcome["out_count"], outcome["quarantined_count"]) == (400, 387, 13)
    folder = run.where.shard(run.run_id, "extract", 0)
    rejections = list(read_records(folder / "rejections.jsonl", Rejection))
    assert Counter(rejection.reasons for rejection in rejections) == {(reason,): count for reason, count in REASONS.items()}
    assert all(rejection.raw_excerpt and rejection.capture_id and "evil_work.py" in rejection.detail for rejection in rejections)
    read = [result.capture.input_path for result in read_records(folder / "pages.jsonl.zst", PageResult)]
    assert len(set(read)) == 387


def test_extract_writes_a_line_for_each_evil_page_in_its_place(pages: Path, tmp_path: Path) -> None:
    assert export_pages([pages], tmp_path / "out.jsonl", workers=2) == (387, 13, 0)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"{number:03d}" for number in range(400)]
    assert Counter(row["error"]["reason"] for row in rows if "error" in row) == REASONS
    assert all(row["title"].endswith(f"number {int(row['id'])}") for row in rows if "error" not in row)
