"""What came, by day: only what is new is told of, nothing is lost, and a day can be staged again and again."""

import json
import threading
from datetime import datetime

import pytest
from warcs import page

from broadsheet import ingest, replay
from broadsheet.capture import arrivals
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ABSENCES, CAPTURES, OUTCOMES, REJECTIONS, Lake, read_records
from broadsheet.records import Absence, Capture, Rejection, StageOutcome
from broadsheet.runs import Run
from broadsheet.warehouse.query import query


class World:
    """A drop folder with its source, and a lake."""

    def __init__(self, root):
        self.drop, self.sources = root / "drop", root / "sources"
        self.lake = Lake(root / "lake")
        self.drop.mkdir()
        self.sources.mkdir()
        (self.sources / "qingxi.yaml").write_text("kind: files\npaths: [../drop/*.html]\nmanifest: ../drop/manifest.jsonl\nsite: qingxi.example\n")
        (self.drop / "manifest.jsonl").touch()

    def put(self, number, captured_at=None, content=None, **known):
        (self.drop / f"{number}.html").write_bytes(page(number) if content is None else content)
        with (self.drop / "manifest.jsonl").open("a") as manifest:
            manifest.write(json.dumps({"path": f"{number}.html", "captured_at": captured_at, **known}) + "\n")

    def ingest(self, run_id=None, *, is_finished=True):
        source = ingest.read_source(self.sources, "qingxi")
        run = ingest.start_source(self.lake.root, source, run_id)
        brought = ingest.ingest(run, source)
        if is_finished:
            ingest.finish(run)
        return brought["days"]

    def staged(self, day, run_id="build"):
        run = Run.start(self.lake.root, run_id, shards=4)
        shards = ingest.prepare(run, day)

        def read(name, record_type):
            return [item for shard in shards for item in read_records(self.lake.shard(run_id, "capture", shard) / name, record_type)]

        folder = self.lake.staging(run_id, "capture")
        (outcome,) = read_records(folder / OUTCOMES, StageOutcome)
        return read(CAPTURES, Capture), read(ABSENCES, Absence), list(read_records(folder / REJECTIONS, Rejection)), outcome


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def today():
    return datetime.now().astimezone(tz=arrivals.UTC).date().isoformat()


def test_a_day_is_one_of_capture_in_utc(world):
    world.put(1, "2024-03-05T23:30:00Z")
    world.put(2, "2024-03-06T07:30:00+08:00")  # still the 5th in UTC
    world.put(3, "2024-03-06T08:30:00+08:00")
    world.put(4)
    assert world.ingest() == ["2024-03-05", "2024-03-06", "undated"]
    captures, _, _, outcome = world.staged("2024-03-05")
    assert sorted(capture.input_path.rpartition("/")[2] for capture in captures) == ["1.html", "2.html"]
    assert (outcome.in_count, outcome.out_count, outcome.new_count, outcome.quarantined_count) == (2, 2, 2, 0)
    assert all(world.lake.root.joinpath(capture.raw_file).exists() for capture in captures)


def test_only_what_is_new_is_told_of(world):
    world.put(1, "2024-03-05T10:00:00Z")
    world.put(2, "2024-03-06T10:00:00Z")
    assert world.ingest() == ["2024-03-05", "2024-03-06"]
    assert world.ingest() == []
    world.put(3, "2024-03-05T11:00:00Z")
    assert world.ingest() == ["2024-03-05"]
    assert len(world.staged("2024-03-05")[0]) == 2


def test_what_a_dead_ingest_listed_comes_again_and_counts_once(world):
    world.put(1, "2024-03-05T10:00:00Z")
    assert world.ingest("dead", is_finished=False) == ["2024-03-05"]
    assert world.ingest("dead", is_finished=False) == ["2024-03-05"]  # the task is repeated
    assert world.ingest("next") == ["2024-03-05"]
    assert len(world.staged("2024-03-05")[0]) == 1
    assert world.ingest("third") == []


def test_a_repeated_ingest_forgets_nothing_that_it_had_listed(world):
    world.put(1, "2024-03-05T10:00:00Z")
    world.put(2, "2024-03-06T10:00:00Z")
    assert world.ingest("task", is_finished=False) == ["2024-03-05", "2024-03-06"]
    (world.drop / "manifest.jsonl").write_text("")  # what was delivered is taken away, and more comes
    for page_file in world.drop.glob("*.html"):
        page_file.unlink()
    assert world.ingest("task", is_finished=False) == ["2024-03-05", "2024-03-06"]
    world.put(3, "2024-03-05T11:00:00Z")
    for _ in range(2):
        assert world.ingest("task", is_finished=False) == ["2024-03-05", "2024-03-06"]
    world.ingest("task")
    assert sorted(capture.input_path.rpartition("/")[2] for capture in world.staged("2024-03-05")[0]) == ["1.html", "3.html"]
    assert len(world.staged("2024-03-06", "other")[0]) == 1


def test_a_rejected_input_is_of_the_day_on_which_it_was_first_seen_and_told_of_once(world):
    world.put(1, "2024-03-05T10:00:00Z", content=b"")
    assert world.ingest() == [today()]
    assert world.ingest() == []
    captures, _, rejections, outcome = world.staged(today())
    assert captures == [] and [rejection.reasons for rejection in rejections] == [("empty_file",)]
    assert (outcome.in_count, outcome.out_count, outcome.quarantined_count) == (1, 0, 1)


def test_a_rejection_that_the_warehouse_knows_is_not_staged_again(world):
    world.put(1, "2024-03-05T10:00:00Z", content=b"")
    (day,) = world.ingest()
    assert ingest.build(world.lake.root, day)["quarantined_by_reason"] == {"empty_file": 1}
    assert ingest.build(world.lake.root, day) is None


def test_a_page_that_was_rejected_is_read_again_by_a_replay_alone(world):
    for number in range(8):
        world.put(number, "2024-03-05T10:00:00Z", content=b"<html><body></body></html>" if number == 0 else None)
    world.ingest()
    lake = world.lake.root
    assert ingest.build(lake, "2024-03-05", shards=1)["quarantined_by_reason"] == {"no_visible_text": 1}
    assert ingest.build(lake, "2024-03-05", shards=1) is None
    world.put(9, "2024-03-05T11:00:00Z")
    world.ingest()
    assert [capture.input_path.rpartition("/")[2] for capture in world.staged("2024-03-05")[0]] == ["9.html"]

    run = replay.replay(lake, replay.Selection(reason="no_visible_text"), workers=1, shards=1)
    assert replay.publish(run)["replayed"] == {"replayed_rejected": 1}
    (open_one,) = query(lake, "select quarantine_id from open_quarantine").to_pylist()
    replay.dismiss(lake, [open_one["quarantine_id"]], "an empty frame")
    assert ingest.build(lake, "2024-03-05", shards=1)["page_count"] == 1  # the late one alone: what was dismissed stays so
    assert query(lake, "from open_quarantine").to_pylist() == []


def test_absences_are_of_the_day_of_the_answer(world):
    world.put(1, "2024-03-05T10:00:00Z", url="https://qingxi.example/1.html", http_status=404)
    assert world.ingest() == ["2024-03-05"]
    captures, absences, _, outcome = world.staged("2024-03-05")
    assert captures == [] and [absence.http_status for absence in absences] == [404]
    assert outcome.absences == {"gone_404": 1}


def test_an_unknown_time_is_bounded_by_the_ingest_whenever_it_is_built(world):
    world.put(1)
    world.ingest()
    (first,), *_ = world.staged("undated", "one")
    (again,), *_ = world.staged("undated", "two")
    assert first.captured_before is not None and first == again


def test_the_sources_site_is_that_of_captures_that_have_none(world):
    world.put(1, "2024-03-05T10:00:00Z")
    world.put(2, "2024-03-05T10:00:00Z", url="https://other.example/2.html")
    world.ingest()
    assert {capture.site for capture in world.staged("2024-03-05")[0]} == {"qingxi.example", "other.example"}


def test_compacting_changes_nothing_that_is_known(world):
    for number in range(3):
        world.put(number, "2024-03-05T10:00:00Z")
        world.ingest()
    world.put(9, "2024-03-05T10:00:00Z", content=b"")
    world.ingest()
    before = world.staged("2024-03-05")[:3]
    folders = list(world.lake.arrivals.glob("*/*"))
    assert len(folders) == 4
    assert arrivals.compact(world.lake) == 2
    assert sorted(capture.capture_id for capture in world.staged("2024-03-05")[0]) == sorted(capture.capture_id for capture in before[0])
    assert world.ingest() == []
    assert arrivals.compact(world.lake) == 0


def test_one_lists_at_a_time(world, monkeypatch):
    monkeypatch.setattr(arrivals, "LOCK_SECONDS", 0.2)
    world.put(1, "2024-03-05T10:00:00Z")
    held, done = threading.Event(), threading.Event()

    def hold():
        with arrivals._alone(world.lake):
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(30)
        with pytest.raises(TransientError, match="another process holds"):
            world.ingest()
    finally:
        done.set()
        holder.join()
    assert world.ingest() == ["2024-03-05"]


def test_a_source_whose_wildcards_match_nothing_is_not_all_of_its_manifest(world):
    (world.drop / "x.txt").write_text("text", "utf-8")
    (world.drop / "manifest.jsonl").write_text('{"path": "x.txt"}\n')
    assert world.ingest() == []


@pytest.mark.parametrize("day", ["2024-3-5", "2024-02-30", "", "../x", "20240305", "2024-03-05T00:00:00"])
def test_what_is_no_day_is_refused(tmp_path, day):
    with pytest.raises(ConfigurationError, match="is no day"):
        ingest.build(tmp_path, day)


def test_a_day_of_which_nothing_came_cannot_be_built(world):
    world.put(1, "2024-03-05T10:00:00Z")
    world.ingest()
    with pytest.raises(ConfigurationError, match=r"nothing of 2024-03-06 came into .*; there is: 2024-03-05"):
        ingest.build(world.lake.root, "2024-03-06")


def test_an_archive_of_many_days_needs_no_file_open_for_each(world):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    days = [f"{year}-{month:02d}-{day:02d}" for year in (2022, 2023) for month in range(1, 13) for day in range(1, 9)]
    for number, day in enumerate(days):
        world.put(number, f"{day}T10:00:00Z")
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        assert world.ingest() == days
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_the_warehouse_has_is_not_staged_again(world):
    for number, day in ((1, "2026-09-01"), (2, "2026-09-02")):
        world.put(number, f"{day}T10:00:00Z")
    world.ingest()
    assert ingest.build(world.lake.root, "2026-09-01", shards=1)["page_count"] == 1
    assert ingest.build(world.lake.root, "2026-09-01", shards=1) is None
    world.put(3, "2026-09-01T23:59:00Z")
    world.ingest()
    (late,), _, _, outcome = world.staged("2026-09-01")
    assert late.input_path.endswith("3.html") and outcome.in_count == 1
    assert len(world.staged("2026-09-02", "other")[0]) == 1
