"""Takedown: a page or a site is removed from the lake for good, and does not come back.

    find        what is meant                -> what the lake holds of it
    forget      what is meant                -> a tombstone, and nothing of it any more in
                    the warehouse and its earlier states, the lake's Parquet, arrivals, staging, the raw zone, Data Docs

What is under way is written down first (`forgetting.json`), with what only rows tell that go. A takedown that was killed is completed by the next
one, whatever that one is asked for: each step finds by itself what is left to do.

What other pages say of a forgotten one stays: that is a fact about them. docs/operate/takedown.md tells all.
"""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import duckdb
import msgspec
import pyarrow.parquet as pq

from broadsheet.capture.arrivals import Arrival, all_listed, revise, revise_file
from broadsheet.capture.erasure import At, Member, erase, erase_remains, kept_still, members, mend_references, move_shared
from broadsheet.capture.raw_index import Place
from broadsheet.capture.raw_zone import RawZone, sync_folder
from broadsheet.errors import ConfigurationError
from broadsheet.lake import (
    ABSENCES,
    ATTEMPTS,
    CAPTURES,
    FORGETTING,
    OUTCOMES,
    PAGES,
    REJECTIONS,
    TOMBSTONES,
    Lake,
    is_left_aside,
    read_records,
    require_writable,
    write_records,
)
from broadsheet.quality.data_docs import build_data_docs
from broadsheet.quality.overview import build_overview
from broadsheet.quality.quarantine import quarantine_table
from broadsheet.records import Absence, Capture, PageResult, Record, Rejection, StageOutcome
from broadsheet.runs import REPARSE, REPLAY, Run, quality_results_of, rejections_of
from broadsheet.settings import Settings, read_settings
from broadsheet.store import store_of
from broadsheet.tables.schema import TABLES
from broadsheet.tombstones import FORGOTTEN, Covered, Target, Tombstone, covered_by, set_tombstones, tombstones_of
from broadsheet.transient import held_at_once, room_needed
from broadsheet.urls import page_url, url_key
from broadsheet.warehouse.build import only_writer, published_snapshots, remove_builds
from broadsheet.warehouse.load import published_runs, remove_earlier
from broadsheet.warehouse.parts import require_warehouse, undo_unpublished
from broadsheet.warehouse.query import open_published
from broadsheet.warehouse.takedown import Rows, capture_of, other_addresses, referring, rows_of, take_out, together

STALE_SECONDS = 3600  # a file for the time being that was not touched for so long is a dead process's, be it of another machine
_LISTS: dict[str, type[Arrival]] = {CAPTURES: Capture, ABSENCES: Absence, REJECTIONS: Rejection}
_LATER_STAGES = ("extract", "transform", "validate", ATTEMPTS)
_COUNTED = ("captures", "absences", "articles", "rejections")

IsMeant = Callable[[Arrival], bool]


class Found(Record, frozen=True):
    """What a lake holds of what is meant.

    Attributes
    ----------
    urls : of pages, where they were captured besides.
    counts : `captures`, `absences`, `articles` (that go entirely) and `rejections` of the warehouse, `records` of the raw zone, `arrivals` (listed,
        whether or not a build took them in), `stagings` that hold any of it, and `mentions`: links and feed entries of other pages that lead
        there, which stay.
    waiting_reparses : that are discarded, since each is a state of the whole warehouse.
    is_known : whether all that is meant has a tombstone already.
    """

    targets: tuple[Target, ...]
    urls: tuple[str, ...]
    counts: dict[str, int]
    waiting_reparses: tuple[str, ...]
    is_known: bool

    @property
    def is_done(self) -> bool:
        """Whether it was forgotten and nothing of it is there."""
        return self.is_known and not any(count for name, count in self.counts.items() if name != "mentions")


class Work(Record, frozen=True):
    """A takedown under way: what is meant, and what was found of it before any of that was removed."""

    run_id: str
    targets: tuple[Target, ...]
    reason: str
    begun_at: datetime
    rows: Rows = Rows()

    @property
    def stones(self) -> list[Tombstone]:
        """The tombstones of its targets. Counts are of all targets together."""
        counts = {name: self.rows.counts.get(name, 0) for name in _COUNTED}
        return [
            Tombstone(
                target=target.name, kind=target.kind, forgotten_at=self.begun_at, reason=self.reason, counts=counts,
                urls=tuple(sorted(url for url, stated in self.rows.urls.items() if target.is_page and url_key(stated) == url_key(target.name))),
            )
            for target in self.targets
        ]  # fmt: skip

    @property
    def asked(self) -> Covered:
        """What is meant, by the names that were given."""
        return covered_by(msgspec.structs.replace(stone, urls=()) for stone in self.stones)

    @property
    def covered(self) -> Covered:
        """What is meant, wherever it was captured."""
        return covered_by(self.stones)

    def is_meant(self) -> IsMeant:
        """Tells whether something that came, or was rejected, is of what is meant."""
        covered, captures, absences = self.covered, self.rows.captures, self.rows.absences

        def tell(item: Arrival) -> bool:
            own = item.absence_id in absences if isinstance(item, Absence) else item.capture_id in captures
            return own or covered.has(item)

        return tell


def targets_of(texts: Iterable[str]) -> tuple[Target, ...]:
    """What is meant, as a person writes it. Raises ConfigurationError for what is neither a URL nor a site."""
    return tuple(dict.fromkeys(map(Target.of, texts)))


def find(lake: str | Path, targets: Sequence[Target]) -> Found:
    """What a lake holds of pages and sites. Reads the raw zone through. Raises ConfigurationError where there is no lake."""
    where = _lake(lake)
    work = _with_rows(where, _work(where, targets, ""))
    is_meant = work.is_meant()
    known = {(stone.kind, stone.target) for stone in tombstones_of(where)}
    counts = {name: work.rows.counts.get(name, 0) for name in _COUNTED}
    counts["records"] = len(_lost_members(where, work))
    counts["arrivals"] = sum(map(is_meant, all_listed(where)))
    counts["stagings"] = sum(_is_touched(folder, is_meant, {}) for folder in _stagings(where))
    counts["mentions"] = work.rows.counts.get("mentions", 0)
    return Found(
        targets=tuple(targets),
        urls=tuple(sorted(work.rows.urls)),
        counts=counts,
        waiting_reparses=tuple(sorted(file.stem.removeprefix("shadow-") for file in where.warehouse.parent.glob("shadow-*.duckdb"))),
        is_known=all((target.kind, target.name) in known for target in targets),
    )


def unfinished(lake: str | Path) -> tuple[Target, ...]:
    """What a takedown that was killed was asked for; nothing where none was."""
    where = _lake(lake)
    begun = _begun(where)
    return begun.targets if begun else ()


@room_needed()
def forget(lake: str | Path, targets: Sequence[Target] = (), *, reason: str = "", settings: Settings | None = None) -> list[Tombstone]:
    """Remove pages and sites for good. Completes before that what an earlier takedown left. Returns the tombstones that were set.

    Raises TransientError while a run writes to the raw zone, the arrivals or the warehouse, or Spark reads pages that are meant, and where the disk
    is full; ConfigurationError for a lake whose warehouse is lost or must be derived anew first; BatchStopped where the audit of the warehouse
    finds something. The tombstones count from the beginning; to begin again completes the rest.
    """
    where, options = _lake(lake), settings or read_settings()
    require_writable(where.root)
    stones: list[Tombstone] = []
    with only_writer(where):
        require_warehouse(where)
        if begun := _begun(where):
            stones += _carry_out(where, begun, options)
        if targets:
            stones += _carry_out(where, _work(where, targets, reason), options)
    return stones


def keeps_versions(lake: str | Path) -> bool:
    """Whether the object store of a lake that forgot something keeps versions of files: earlier ones hold what was forgotten."""
    return store_of(_lake(lake)).keeps_versions(TOMBSTONES)


def _lake(lake: str | Path) -> Lake:
    where = Lake.at(lake)
    if not where.root.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    return where


def _work(lake: Lake, targets: Sequence[Target], reason: str) -> Work:
    now = datetime.now(UTC)
    known = {url: stone.target for stone in tombstones_of(lake) for url in stone.urls if Target(name=stone.target, kind=stone.kind) in targets}
    return Work(
        run_id=f"forget-{now:%Y%m%dT%H%M%S}-{token_hex(3)}", targets=tuple(targets), reason=reason.strip(), begun_at=now, rows=Rows(urls=known)
    )


def _begun(lake: Lake) -> Work | None:
    """The takedown that is under way, if one is."""
    told = store_of(lake).current(FORGETTING)
    return next(read_records(told, Work)) if told.exists() else None


def _write_down(lake: Lake, work: Work) -> None:
    with store_of(lake).new(FORGETTING) as aside:
        write_records(aside, [work])


# --- the recipe --------------------------------------------------------------------------------------------------------------


def _carry_out(lake: Lake, work: Work, settings: Settings) -> list[Tombstone]:
    zone = RawZone(lake)
    _write_down(lake, work)
    set_tombstones(lake, work.stones)  # from here on nothing of it comes in
    with kept_still(zone):
        work = _with_rows(lake, work)
        _write_down(lake, work)
        set_tombstones(lake, work.stones)
        lost = _lost_members(lake, work)
        moved = _move_shared(zone, lake, work, lost)
        _empty_warehouse(lake, work, moved, settings)
        _empty_lists(lake, work, moved)
        erase(zone, lost, work.covered.has_url)
        mend_references(zone, work.covered.has_url)
        erase_remains(zone, work.covered.has_url)
    _draw_docs(lake)
    _remove_stale(lake)
    zone.store.remove_strays()
    zone.store.delete(FORGETTING)
    sync_folder(lake.root)
    return work.stones


def _with_rows(lake: Lake, work: Work) -> Work:
    """The work with what warehouse, arrivals and staging hold of it, beside what was known of it before."""

    def add(rows: Rows) -> None:
        nonlocal work
        work = msgspec.structs.replace(work, rows=together(work.rows, rows))

    if lake.warehouse.exists():
        with open_published(lake.warehouse) as connection:
            add(Rows(urls=other_addresses(connection, work.asked)))
            add(rows_of(connection, work.asked, work.covered))
    for folder in _stagings(lake):
        if not _is_loaded(lake, folder):
            add(_stated(folder, work))
    is_meant = work.is_meant()
    listed = [item for item in (*all_listed(lake), *_all_staged(lake)) if isinstance(item, Capture | Absence) and is_meant(item)]
    add(Rows(places=frozenset((item.raw_file, item.raw_offset or 0) for item in listed if item.raw_file)))
    return work


# --- the raw zone ------------------------------------------------------------------------------------------------------------


def _lost_members(lake: Lake, work: Work) -> list[Member]:
    """Records that go: of a URL that is meant, and those that captures which go refer to, unless another page of that URL does too."""
    has_url, places = work.covered.has_url, work.rows.places
    found = [member for member in members(RawZone(lake)) if has_url(member.url) or member.at in places]
    shared = _referring(lake, work, [member.at for member in found if not has_url(member.url)])
    return [member for member in found if member.at not in shared]


def _move_shared(zone: RawZone, lake: Lake, work: Work, lost: Sequence[Member]) -> dict[At, Place]:
    has_url, gone = work.covered.has_url, {member.at for member in lost}
    return move_shared(
        zone, work.run_id, lost, _referring(lake, work, gone),
        is_kept=lambda visit: not has_url(visit.url) and (visit.raw_file, visit.raw_offset) not in gone,
    )  # fmt: skip


def _referring(lake: Lake, work: Work, places: Collection[At]) -> dict[At, Capture]:
    """Of records, what refers to them and stays."""
    asked = set(places)
    if not asked:
        return {}
    is_meant = work.is_meant()
    found: dict[At, Capture] = {}
    for item in (*all_listed(lake), *_all_staged(lake)):
        if isinstance(item, Capture | Absence) and (at := (item.raw_file or "", item.raw_offset or 0)) in asked and not is_meant(item):
            found[at] = capture_of(item)
    if lake.warehouse.exists():
        with open_published(lake.warehouse) as connection:
            found |= referring(connection, asked, work.rows)
    return found


# --- the warehouse -----------------------------------------------------------------------------------------------------------


def _empty_warehouse(lake: Lake, work: Work, moved: Mapping[At, Place], settings: Settings) -> None:
    remove_builds(lake)
    if not lake.warehouse.exists():
        return
    if work.run_id in published_runs(lake):  # killed after that
        undo_unpublished(lake, set(published_snapshots(lake)))
        remove_earlier(lake)
    else:
        take_out(lake, settings, work.rows, moved, work.stones, work.run_id)


# --- arrivals and staging ----------------------------------------------------------------------------------------------------


def _empty_lists(lake: Lake, work: Work, moved: Mapping[At, Place]) -> None:
    """Let arrivals and staging tell of nothing that is meant, and refer to where contents are now.

    The staging of a run that was loaded goes: it is kept to repeat the load. So does that of a reparse or replay, whose captures were chosen from
    a state that is no more. Another run begins again with `extract`.
    """
    is_meant = work.is_meant()

    def revised(item: Arrival) -> Arrival | None:
        if is_meant(item):
            return None
        if not isinstance(item, Rejection) and (place := moved.get((item.raw_file or "", item.raw_offset or 0))):
            return msgspec.structs.replace(item, **dict(zip(("raw_file", "raw_offset", "raw_length"), place, strict=True)))
        return item

    if lake.arrivals.exists():
        revise(lake, revised)
    for folder in _stagings(lake):
        is_of_state = any((folder / name).exists() for name in (REPARSE, REPLAY))
        is_touched, is_loaded = _is_touched(folder, is_meant, moved), _is_loaded(lake, folder)
        if not is_touched and (is_loaded or not is_of_state):
            continue
        is_removed = is_loaded or is_of_state
        with held_at_once(lake.driver_lock(folder.name), f"Spark is at work on the run {folder.name}; repeat it when that has ended"):
            if is_removed:
                _remove_stages(folder, "capture", *_LATER_STAGES)
            else:
                _revise_staging(folder, revised)
        if is_removed:  # the lock's file with it: on a network's file system it cannot go while it is open
            shutil.rmtree(folder)


def _revise_staging(folder: Path, revised: Callable[[Arrival], Arrival | None]) -> None:
    gone: Counter[str] = Counter()
    for name, file in _lists(folder):
        gone[name] += revise_file(file, _LISTS[name], revised)
    _remove_stages(folder, *_LATER_STAGES)
    if (outcomes := folder / "capture" / OUTCOMES).exists():
        (told,) = read_records(outcomes, StageOutcome)
        went, absences = gone[CAPTURES] + gone[ABSENCES], Counter(item.absence_kind for item in _staged(folder) if isinstance(item, Absence))
        outcome = msgspec.structs.replace(
            told,
            in_count=told.in_count - gone.total(),
            out_count=told.out_count - went,
            new_count=told.new_count - went,
            quarantined_count=told.quarantined_count - gone[REJECTIONS],
            absences=dict(absences.most_common()),
            passed_over={**told.passed_over, FORGOTTEN: told.passed_over.get(FORGOTTEN, 0) + gone.total()},
        )
        write_records(outcomes, [outcome])


def _remove_stages(folder: Path, *stages: str) -> None:
    for stage in stages:
        shutil.rmtree(folder / stage, ignore_errors=True)


def _stagings(lake: Lake) -> list[Path]:
    return sorted(folder for folder in lake.staging("").glob("[!.]*") if folder.is_dir())


def _is_loaded(lake: Lake, folder: Path) -> bool:
    return lake.summary(folder.name).exists()


def _lists(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in _LISTS:
        for file in sorted((folder / "capture").glob(name if name == REJECTIONS else f"shard-*/{name}")):
            yield name, file


def _staged(folder: Path) -> Iterator[Arrival]:
    for name, file in _lists(folder):
        yield from read_records(file, _LISTS[name])


def _all_staged(lake: Lake) -> Iterator[Arrival]:
    for folder in _stagings(lake):
        yield from _staged(folder)


def _is_touched(folder: Path, is_meant: IsMeant, moved: Mapping[At, Place]) -> bool:
    return any(
        is_meant(item) or (not isinstance(item, Rejection) and (item.raw_file or "", item.raw_offset or 0) in moved) for item in _staged(folder)
    )


def _stated(folder: Path, work: Work) -> Rows:
    """Captures of a run that was not loaded of which only the page says that they are meant."""
    asked = work.asked
    told = [(result.capture, page_url(result.capture.url, result.page.canonical_url), None) for result in _pages(folder)]
    for file in sorted((folder / "transform").glob("shard-*/captures.parquet")):
        for row in pq.read_table(file, columns=["capture_id", "url", "canonical_url", "site", "raw_file", "raw_offset"]).to_pylist():
            capture = Capture(
                capture_id=row["capture_id"], content_sha256="", byte_count=0, media_type="", input_path="", url=row["url"], raw_file=row["raw_file"],
                raw_offset=row["raw_offset"],
            )  # fmt: skip
            told.append((capture, row["canonical_url"], row["site"]))
    meant = [(capture, url) for capture, url, site in told if asked.has_url(url) or asked.has_site(site)]
    return Rows(
        captures=frozenset(capture.capture_id for capture, _ in meant),
        places=frozenset((capture.raw_file, capture.raw_offset) for capture, _ in meant if capture.raw_file),
    )


def _pages(folder: Path) -> Iterator[PageResult]:
    for file in sorted((folder / "extract").glob(f"shard-*/{PAGES}")):
        yield from read_records(file, PageResult)


# --- what is drawn and left behind -------------------------------------------------------------------------------------------


def _draw_docs(lake: Lake) -> None:
    """Draw all Data Docs anew from what the warehouse tells of their runs, or their staging; those of which neither tells go."""
    if not lake.warehouse.exists():
        shutil.rmtree(lake.docs(""), ignore_errors=True)
        return
    with open_published(lake.warehouse) as connection:
        published = {run_id for (run_id,) in connection.execute("select run_id from runs").fetchall()}
        for folder in sorted(path for path in lake.docs("").glob("*") if path.is_dir()):
            drawn_at = folder.stat().st_mtime_ns
            if folder.name in published:
                _draw_published(folder, connection)
            elif (lake.staging(folder.name) / "run.json").exists():
                _draw_staged(folder, Run.open(lake.root, folder.name))
            else:
                shutil.rmtree(folder)
                continue
            os.utime(folder, ns=(drawn_at, drawn_at))  # by which old ones are told
    build_overview(lake)


def _draw_published(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    asked = {"run_id": folder.name}
    results = connection.execute("from quality_results where run_id = $run_id and suite <> 'warehouse_suite'", asked).to_arrow_table()
    rejected = connection.execute("from quarantine where run_id = $run_id", asked).to_arrow_table()
    first = "select min(quarantined_at) from quarantine where run_id = $run_id"
    created_at = connection.execute(f"select coalesce(({first}), finished_at, started_at) from runs where run_id = $run_id", asked).fetchall()[0][0]
    build_data_docs(folder, run_id=folder.name, results=results, quarantine=rejected.cast(TABLES["quarantine"].arrow), created_at=created_at)


def _draw_staged(folder: Path, run: Run) -> None:
    rejected = quarantine_table(rejections_of(run), run_id=run.run_id, quarantined_at=run.started_at)
    build_data_docs(folder, run_id=run.run_id, results=quality_results_of(run), quarantine=rejected, created_at=run.started_at)


def _remove_stale(lake: Lake) -> None:
    """Remove what dead processes left of files that they were writing aside, or had fetched to read."""
    for file in (*lake.root.rglob(".*.tmp"), *lake.staging("").glob("*/fetched-*")):
        try:
            if is_left_aside(file) or file.stat().st_mtime < time.time() - STALE_SECONDS:
                file.unlink()
        except FileNotFoundError:
            continue
