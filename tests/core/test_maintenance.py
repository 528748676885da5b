"""Upkeep: what goes, and what must stay."""

import os
import shutil
import time

import pytest

from broadsheet.lake import Lake, write_records
from broadsheet.maintenance import compact, prune
from broadsheet.runs import Run


def aged(lake: Lake, run_id: str, days: float) -> None:
    then = time.time() - days * 86_400
    folder = lake.staging(run_id)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))


def begun(lake: Lake, run_id: str, days: float) -> Run:
    run = Run.start(lake.root, run_id)
    write_records(lake.staging(run_id, "capture") / "outcomes.jsonl", [])
    aged(lake, run_id, days)
    return run


def test_staging_that_nobody_went_on_with_goes(tmp_path):
    lake = Lake(tmp_path)
    begun(lake, "old", 15)
    begun(lake, "new", 13)
    begun(lake, "worked-on", 15)
    write_records(lake.staging("worked-on", "extract") / "outcomes.jsonl", [])
    begun(lake, "waits", 15)
    lake.shadow("waits").parent.mkdir()
    lake.shadow("waits").touch()
    (lake.staging("no-run") / "x").mkdir(parents=True)
    aged(lake, "no-run", 15)
    assert prune(tmp_path, days=14) == ["old"]
    assert sorted(path.name for path in lake.staging("").iterdir()) == ["new", "no-run", "waits", "worked-on"]
    assert prune(tmp_path, days=1) == ["new"]


def test_there_may_be_nothing_to_keep_up(tmp_path):
    assert prune(tmp_path / "nowhere") == []
    assert compact(tmp_path) == {"raw_index_parts": 0, "arrivals": 0}


@pytest.mark.parametrize("place", ["directory", "object store"])
def test_the_raw_zones_index_becomes_one_part_that_finds_the_same(tmp_path, request, place):
    from broadsheet.capture.raw_index import RawIndex
    from broadsheet.pipeline import capture
    from broadsheet.store import store_of

    lake = Lake.at(tmp_path / "lake" if place == "directory" else request.getfixturevalue("s3_url"))
    for number in range(3):
        page = tmp_path / f"{number}.txt"
        page.write_text(f"青河第{number}座口袋公园开放。", "utf-8")
        capture(Run.start(lake.root, f"run-{number}"), [page])
    store = store_of(lake)
    known = RawIndex(store)._table["content_sha256"].to_pylist()
    assert compact(lake.root)["raw_index_parts"] == 2
    if place == "object store":
        shutil.rmtree(lake.raw)
    assert len(store.keys("raw/index", ".parquet")) == 1
    assert len(known) == 3 and all(RawIndex(store).find(digest) for digest in known)
