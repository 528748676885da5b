"""When sources are due: by duration, by clock in their own zone, when named; after the last run that was finished."""

from datetime import UTC, datetime, timedelta

import pytest
from warcs import page

from broadsheet import ingest
from broadsheet.capture.durations import eased
from broadsheet.capture.schedule import AT_ONCE, LastRun, due_at, last_run, mark_run
from broadsheet.capture.source_list import WrongSource
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.runs import Run

RAN = datetime(2026, 3, 27, 22, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "expected"),
    [
        (None, None, AT_ONCE),
        ("manual", None, None),
        ("10m", None, "2026-03-27T22:26:05"),  # nearly so: the next run, ten minutes later, begins some seconds earlier or later
        ("6h", None, "2026-03-28T04:12:05"),
        ("0 6 * * *", None, "2026-03-28T06:00:00"),
        ("0 6 * * *", "Asia/Shanghai", "2026-03-28T22:00:00"),  # it is 06:17 there
        ("0 6 28 * *", "Europe/Berlin", "2026-03-28T05:00:00"),
        ("0 6 29 * *", "Europe/Berlin", "2026-03-29T04:00:00"),  # clocks went forward that night
        ("30 2 29 3 *", "Europe/Berlin", "2026-03-29T01:00:00"),  # there is no 02:30
        ("0 6 * * wed", None, "2026-04-01T06:00:00"),
        ("@daily", None, "2026-03-28T00:00:00"),
    ],
)
def test_a_source_is_due(schedule, zone, expected):
    at = due_at(schedule, zone, RAN)
    assert at == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if isinstance(expected, str) else expected)


@pytest.mark.parametrize("schedule", ["6h", "0 6 * * *", None])
def test_one_that_never_ran_is_due_at_once(schedule):
    assert due_at(schedule, None, None) == AT_ONCE


def test_a_wait_is_eased_by_no_more_than_five_minutes():
    assert eased(timedelta(minutes=10)) == timedelta(minutes=9)
    assert eased(timedelta(hours=1)) == timedelta(minutes=55)
    assert eased(timedelta(days=7)) == timedelta(days=7) - timedelta(minutes=5)


class World:
    """A folder of sources over one drop folder, and a lake."""

    def __init__(self, root):
        self.folder, self.lake = root / "sources", Lake(root / "lake")
        self.folder.mkdir()
        (root / "1.html").write_bytes(page(1))

    def state(self, name: str, text: str = "") -> None:
        (self.folder / f"{name}.yaml").write_text(f"kind: files\npaths: [../1.html]\n{text}\n")

    def ran(self, name: str, at: datetime = RAN) -> None:
        mark_run(self.lake, name, LastRun(run_id=f"{at:%d}", began_at=at))

    def due(self, **later: float) -> tuple[list[str], dict[str, datetime | None]]:
        due, waiting = ingest.due_sources(self.lake.root, self.folder, RAN + timedelta(**later))
        return due, {one.name: one.until for one in waiting}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_sources_are_due_by_their_last_runs(world):
    for name, schedule in (("always", ""), ("hourly", "schedule: 1h"), ("morning", "schedule: 0 6 * * *"), ("named", "schedule: manual")):
        world.state(name, schedule)
    assert world.due() == (["always", "hourly", "morning"], {"named": None})
    for name in ("always", "hourly", "morning", "named"):
        world.ran(name)
    morning = datetime(2026, 3, 28, 6, tzinfo=UTC)
    assert world.due(minutes=30) == (["always"], {"hourly": RAN + timedelta(minutes=55), "morning": morning, "named": None})
    assert world.due(minutes=59, seconds=50) == (["always", "hourly"], {"morning": morning, "named": None})
    assert world.due(hours=8) == (["always", "hourly", "morning"], {"named": None})


def test_a_source_that_cannot_be_used_is_due_so_that_its_fault_is_told(world):
    world.state("wrong", "schedule: 6h\ncolour: blue")
    world.ran("wrong")
    assert world.due() == (["wrong"], {})


def test_a_run_that_failed_is_tried_again_by_the_next(world):
    world.state("daily", "schedule: 24h\nmanifest: gone.csv")
    source = ingest.read_source(world.folder, "daily")
    with pytest.raises(ConfigurationError):
        ingest.ingest(ingest.start_source(world.lake.root, source), source)
    assert last_run(world.lake, "daily") is None
    (world.folder / "gone.csv").write_text("path,captured_at\n../1.html,2026-03-01T00:00:00Z\n")
    run = ingest.start_source(world.lake.root, source)
    ingest.ingest(run, source)
    assert last_run(world.lake, "daily") is None, "it may be repeated still"
    ingest.finish(run)
    assert last_run(world.lake, "daily") == LastRun(run_id=run.run_id, began_at=run.started_at)
    due, (waiting,) = ingest.due_sources(world.lake.root, world.folder, run.started_at + timedelta(hours=23))
    assert (due, waiting.name, waiting.until) == ([], "daily", run.started_at + timedelta(hours=24, minutes=-5))
    assert waiting.told == f"daily: not due before {waiting.until:%Y-%m-%d %H:%M} UTC"


def test_a_run_that_ends_late_hides_none_that_began_after_it(world):
    world.ran("daily")
    world.ran("daily", RAN - timedelta(days=1))
    assert last_run(world.lake, "daily").began_at == RAN


def test_the_crawlers_clock_counts(world, monkeypatch):
    monkeypatch.setenv("BROADSHEET_CLOCK_OFFSET_SECONDS", "7200")
    world.state("daily", "schedule: 24h")
    source = ingest.read_source(world.folder, "daily")
    run = ingest.start_source(world.lake.root, source)
    ingest.ingest(run, source)
    ingest.finish(run)
    assert last_run(world.lake, "daily").began_at == run.started_at + timedelta(hours=2)
    monkeypatch.setenv("BROADSHEET_CLOCK_OFFSET_SECONDS", str(26 * 3600))
    assert ingest.due_sources(world.lake.root, world.folder) == (["daily"], [])


def test_a_day_that_is_built_is_no_run_of_a_source(world):
    run = Run.start(world.lake.root, "build", shards=1)
    ingest.finish(run)
    assert not world.lake.crawls.exists()


@pytest.mark.parametrize("schedule", ["soon", "'* * * *'", "0 0 6 * * *", "61 * * * *", "0 6 31 2 *", "6 hours", "''", "6"])
def test_what_is_no_schedule_is_refused(world, schedule):
    world.state("wrong", f"schedule: {schedule}")
    with pytest.raises(WrongSource) as refused:
        ingest.read_source(world.folder, "wrong")
    assert [key for key, _ in refused.value.problems] == ["schedule"]
