"""What came, by day: captures, absences and rejected inputs that `ingest` brought, listed so that a day can be built, and built again.

`arrivals/<day>/<run>/` holds `captures.jsonl`, `absences.jsonl` and `rejections.jsonl`: what one run of `ingest` found that no
finished run had found before. A day is one of capture, in UTC; what has no known time is in `undated`, and a rejected input, of
which no time is known, in the day on which it was first seen. The bytes are in the raw zone.

A run is finished when its staging is gone. What an unfinished one listed does not count as known: it comes again, and is told of again.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from broadsheet.capture.stage import Files, shard_of
from broadsheet.ids import make_id
from broadsheet.lake import ABSENCES, CAPTURES, OUTCOMES, REJECTIONS, Lake, read_records, write_lines, write_records
from broadsheet.quality.quarantine import identity_of, quarantine_id
from broadsheet.records import Absence, Capture, Rejection, SiteBasis, StageOutcome
from broadsheet.runs import Run, shards_of
from broadsheet.transient import held, room_needed

UNDATED = "undated"
LOCK_SECONDS = 300

Arrival = Capture | Absence | Rejection
T = TypeVar("T", bound=Arrival)
_KINDS: dict[str, type[Arrival]] = {CAPTURES: Capture, ABSENCES: Absence, REJECTIONS: Rejection}


class _Told(NamedTuple):
    """What a source tells of its captures."""

    site: str | None
    time_zone: str | None
    profile: str | None


def day_of(instant: datetime | None) -> str:
    """The day that something of this time belongs to: in UTC, or `undated`."""
    return instant.astimezone(UTC).date().isoformat() if instant else UNDATED


def days_of(lake: Lake) -> list[str]:
    """Days of which something is there, in their order."""
    return sorted(folder.name for folder in lake.arrivals.glob("*") if folder.is_dir())


def list_arrivals(run: Run, site: str | None = None, time_zone: str | None = None, profile: str | None = None) -> list[str]:
    """List what a run captured, less what finished runs have listed. Returns the days of which the run has anything new.

    Repeating it for a run gives the same days, and those of what came meanwhile: what the run listed stays listed, whether or not it still lies where
    it did. An unknown time of capture is bounded by the run's beginning, once and for all.

    Parameters
    ----------
    site : of captures of which neither the manifest nor a URL tells one.
    time_zone : of the captures' sites, as their source states it.
    profile : site profile that reads the captures, by its host, as their source names it.
    """
    lake = run.where
    with _alone(lake), closing(sqlite3.connect("")) as sorter:  # a temporary file: there may be a million, of any number of days
        sorter.execute("create table arrivals (day text, name text, line blob)")
        sorter.executemany("insert into arrivals values (?, ?, ?)", chain(_listed_by(run), _new(run, _Told(site, time_zone, profile))))
        by_file = groupby(sorter.execute("select day, name, line from arrivals order by day, name, rowid"), key=itemgetter(0, 1))
        for (day, name), rows in by_file:
            write_lines(lake.arrivals / day / run.run_id / name, (line for _, _, line in rows))
    return days_listed(run)


def days_listed(run: Run) -> list[str]:
    """Days of which a run has listed anything, in their order."""
    return sorted(folder.parent.name for folder in run.where.arrivals.glob(f"*/{run.run_id}"))


def count_listed(run: Run) -> tuple[int, int]:
    """How many captures and absences, and how many rejected inputs, a run has listed."""
    counts = Counter(name == REJECTIONS for _, name, _ in _listed_by(run))
    return counts[False], counts[True]


def _listed_by(run: Run) -> Iterator[tuple[str, str, bytes]]:
    """What the run itself has listed so far, as day, name of the file and line."""
    for day in days_listed(run):
        for name, kind in _KINDS.items():
            if (file := run.where.arrivals / day / run.run_id / name).exists():
                for item in read_records(file, kind):
                    yield day, name, msgspec.json.encode(item)


def _new(run: Run, told: "_Told") -> Iterator[tuple[str, str, bytes]]:
    """What neither a finished run nor this one has listed, likewise."""
    known: dict[tuple[str, str], set[int]] = {}
    for name, item in _captured(run):
        day, item = _dated(run, item, told)
        # a rejected input has no time of its own, and may be seen again on any later day
        place = (name, "*" if name == REJECTIONS else day)
        if place not in known:
            known[place] = {_number(other) for other in _listed(run.where, name, type(item), place[1], known_to=run)}
        number = _number(item)
        if number not in known[place]:
            known[place].add(number)
            yield day, name, msgspec.json.encode(item)


def stage_day(run: Run, day: str) -> list[int]:
    """Stage all that came of a day and is not in the warehouse, for the stages that follow capture. Returns the numbers of the shards that hold any.

    A capture that is known is left out, since another program or profile would read other rows of it, which would come beside those that are
    there (`reparse` replaces them); a rejected page or input, since to reject it again would open again what was settled (`replay` reads it anew).
    """
    began = datetime.now(UTC)
    lake, staging = run.where, run.where.staging(run.run_id, "capture")
    shutil.rmtree(staging, ignore_errors=True)
    absences: Counter[str] = Counter()
    with _alone(lake), ExitStack() as outputs:
        files = Files(outputs, run.options.shards)
        known = _known_to_warehouse(lake, day)
        seen: set[int] = set()
        items: Iterator[Capture | Absence] = chain(_listed(lake, CAPTURES, Capture, day), _listed(lake, ABSENCES, Absence, day))
        for item in items:
            if (number := _number(item)) in seen or number in known:
                continue
            seen.add(number)
            if isinstance(item, Absence):
                absences[item.absence_kind] += 1
            shard = lake.shard(run.run_id, "capture", shard_of(_id(item), run.options.shards))
            # both files of a shard, as capture leaves them
            to_captures, to_absences = files.open(shard / CAPTURES), files.open(shard / ABSENCES)
            (to_absences if isinstance(item, Absence) else to_captures).write(msgspec.json.encode(item) + b"\n")
        rejections = _unknown_to_warehouse(lake, _listed(lake, REJECTIONS, Rejection, day))
    write_records(staging / REJECTIONS, rejections)
    went = len(seen)
    outcome = StageOutcome(
        stage="capture", shard=-1, table_name="", unit="input", in_count=went + len(rejections), out_count=went,
        quarantined_count=len(rejections), new_count=went, started_at=began, seconds=(datetime.now(UTC) - began).total_seconds(),
        absences=dict(absences.most_common()),
    )  # fmt: skip
    write_records(staging / OUTCOMES, [outcome])
    return shards_of(run)


def compact(lake: Lake) -> int:
    """Put together what many runs listed of a day. Returns how many folders became fewer."""
    before = sum(1 for _ in _folders(lake, "*"))
    with _alone(lake):
        for day in days_of(lake):
            finished = [folder for folder in _folders(lake, day) if _is_finished(lake, folder)]
            if len(finished) > 1:
                _merge(lake, day, finished)
    return before - sum(1 for _ in _folders(lake, "*"))


def all_listed(lake: Lake) -> Iterator[Arrival]:
    """All that is listed."""
    for name, kind in _KINDS.items():
        yield from _listed(lake, name, kind, "*")


def revise(lake: Lake, revised: Callable[[Arrival], Arrival | None]) -> int:
    """Let all that is listed be as `revised` says of each; what it says None of goes. Returns how many went."""
    gone = 0
    with _alone(lake):
        for folder in _folders(lake, "*"):
            for name, kind in _KINDS.items():
                if (file := folder / name).exists():
                    gone += revise_file(file, kind, revised)
    return gone


def revise_file(file: Path, kind: type[Arrival], revised: Callable[[Arrival], Arrival | None]) -> int:
    """The same for one file."""
    before = list(read_records(file, kind))
    after = [now for item in before if (now := revised(item)) is not None]
    if after != before:
        write_records(file, after)
    return len(before) - len(after)


def _merge(lake: Lake, day: str, folders: list[Path]) -> None:
    target = lake.arrivals / day / f"merged-{make_id('arrivals', *(folder.name for folder in folders))}"
    for name, kind in _KINDS.items():
        unique: dict[int, Arrival] = {}
        for folder in folders:
            if (file := folder / name).exists():
                for item in read_records(file, kind):
                    unique.setdefault(_number(item), item)
        if unique:
            write_records(target / name, unique.values())
    for folder in folders:  # what stands in two places until then counts once
        shutil.rmtree(folder)


@contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    """Raises TransientError while others list arrivals for too long, and where the disk is full."""
    with room_needed(), held(lake.arrivals / ".lock", "another process", LOCK_SECONDS):
        yield


def _captured(run: Run) -> Iterator[tuple[str, Arrival]]:
    """What the run's capture left in staging, with the name of its file."""
    staging = run.where.staging(run.run_id, "capture")
    for name, kind in _KINDS.items():
        for file in sorted(staging.glob(name if name == REJECTIONS else f"shard-*/{name}")):
            for item in read_records(file, kind):
                yield name, item


def _dated(run: Run, item: Arrival, told: "_Told") -> tuple[str, Arrival]:
    """An arrival with its day, and with what the source tells of it."""
    if isinstance(item, Rejection):
        return day_of(run.started_at), item
    if isinstance(item, Absence):
        return day_of(item.observed_at), item
    if item.captured_at is None:
        item = msgspec.structs.replace(item, captured_before=run.started_at)
    if told.site and item.site is None:
        item = msgspec.structs.replace(item, site=told.site, site_basis=SiteBasis.MANIFEST)
    return day_of(item.captured_at), msgspec.structs.replace(item, time_zone=told.time_zone, stated_profile=told.profile)


def _listed(lake: Lake, name: str, kind: type[T], day: str, *, known_to: Run | None = None) -> Iterator[T]:
    """What is listed of a day, or of all days (`*`); with a run, by it or by a finished one."""
    for folder in _folders(lake, day):
        if (file := folder / name).exists() and (known_to is None or folder.name == known_to.run_id or _is_finished(lake, folder)):
            yield from read_records(file, kind)


def _folders(lake: Lake, day: str) -> list[Path]:
    return sorted(folder for folder in lake.arrivals.glob(f"{day}/*") if folder.is_dir())


def _is_finished(lake: Lake, folder: Path) -> bool:
    return not lake.staging(folder.name).exists()


def _id(item: Capture | Absence) -> str:
    return item.absence_id if isinstance(item, Absence) else item.capture_id


def _number(item: Arrival) -> int:
    """An arrival's id as a number, which takes less memory."""
    return int(quarantine_id(identity_of(item)) if isinstance(item, Rejection) else _id(item), 16)


def _known_to_warehouse(lake: Lake, day: str) -> set[int]:
    """Captures and absences of a day that were published, and captures of any day that were rejected as a whole, so that a replay can read them."""
    if not lake.warehouse.exists():
        return set()
    from broadsheet.warehouse.query import open_published
    from broadsheet.warehouse.statements import sql_text

    of_day = "{0} is null" if day == UNDATED else "{0} >= $day::date and {0} < $day::date + interval 1 day"  # the connection's zone is UTC
    kinds = (("captures", "capture_id", "captured_at"), ("page_absences", "absence_id", "observed_at"))
    sql = " union all ".join(f"select {key} from {table} where {of_day.format(time)}" for table, key, time in kinds)
    sql += f" union all {sql_text('quarantine/rejected_pages.sql')}"
    with open_published(lake.warehouse) as connection:
        rows = connection.execute(sql, None if day == UNDATED else {"day": day}).fetchall()
    return {int(key, 16) for (key,) in rows}


def _unknown_to_warehouse(lake: Lake, rejections: Iterator[Rejection]) -> list[Rejection]:
    by_id = {quarantine_id(identity_of(rejection)): rejection for rejection in rejections}
    if by_id and lake.warehouse.exists():
        from broadsheet.warehouse.query import open_published

        with open_published(lake.warehouse) as connection:
            told = connection.execute("select distinct quarantine_id from quarantine where list_contains(?, quarantine_id)", [list(by_id)]).fetchall()
        for (known,) in told:
            del by_id[known]
    return list(by_id.values())
