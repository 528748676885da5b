"""Captures in by source, out by day: what lies between sources that deliver at any time and a warehouse that is built day by day.

    sources     sources/*.yaml          -> sources
    ingest      a source                -> raw zone, arrivals by day      (by source)
    finish                              -> the source's staging is gone
    start       a day                   -> a run
    prepare     the day's arrivals      -> captures                       (once)
    extract, transform, validate, load of `pipeline`

A day that is built again gives no new row; a capture that came late has only its own day built again.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from broadsheet.capture.archives import Archives
from broadsheet.capture.arrivals import UNDATED, count_listed, days_of, list_arrivals, stage_day
from broadsheet.capture.schedule import LastRun, Waiting, due_at, last_run, mark_run
from broadsheet.capture.source_list import Source, WrongSource, unread
from broadsheet.capture.source_list import read_source as read_source
from broadsheet.capture.source_list import source_names as source_names
from broadsheet.capture.warc_source import WarcSource
from broadsheet.capture.web.crawl import HostBusy as HostBusy
from broadsheet.capture.web.listed import let_be_listed, let_lines_be_listed, listed, mark_listed, noted, unlisted
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import Lake, require_writable
from broadsheet.pipeline import Progress, capture, load, read_staged
from broadsheet.runs import Run, outcomes_of, reason_counts, rejections_of
from broadsheet.settings import read_settings
from broadsheet.transient import held_at_once, room_needed


class SourceBusy(TransientError):
    """Another run is bringing the source in."""


@contextmanager
def alone(lake: str | Path, source: Source) -> Iterator[None]:
    """Around all that brings a source in. Raises SourceBusy while another run does that, ConfigurationError for a lake that cannot be written."""
    where = Lake.at(lake)
    require_writable(where.root)
    with ExitStack() as lock:
        try:
            told = f"source {source.name} is still being brought in by another run"
            lock.enter_context(held_at_once(where.crawls / "sources" / f"{source.name}.lock", told))
        except TransientError as error:
            raise SourceBusy(str(error)) from None
        yield


_UNANSWERED = "unanswered.txt"  # in a run's staging: why an attempt got nothing
_SHOWN = 3  # quarantined inputs that are told of one by one
log = logging.getLogger(__name__)


def due_sources(lake: str | Path, folder: str | Path, now: datetime | None = None) -> tuple[list[str], list[Waiting]]:
    """The names of the sources of a folder that are due by their schedules, and those that are not. A source that cannot be used is due: to bring
    it in tells why.

    Parameters
    ----------
    now : aware; by default the crawler's clock.
    """
    where = Lake.at(lake)
    now = now or datetime.now(UTC) + timedelta(seconds=read_settings().clock_offset_seconds)
    due: list[str] = []
    waiting: list[Waiting] = []
    for told in unread(folder):
        log.warning(told)
    for name in source_names(folder):
        try:
            at = source_due_at(where, read_source(folder, name))
        except WrongSource:
            due.append(name)
            continue
        if at is None or at > now:
            waiting.append(Waiting(name, at))
        else:
            due.append(name)
    return due, waiting


def source_due_at(lake: Lake, source: Source) -> datetime | None:
    """When a source is due by its schedule and its last finished run; as `due_at` of `broadsheet.capture.schedule`."""
    ran = last_run(lake, source.name)
    return due_at(source.schedule, source.time_zone, ran.began_at if ran else None)


@room_needed()
def start_source(lake: str | Path, source: Source, run_id: str | None = None, **settings: Any) -> Run:
    """Begin to bring in a source, or take it up again. `settings` as in `Run.start`."""
    return Run.start(lake, run_id, is_mtime_trusted=source.is_mtime_trusted or None, **settings)


@room_needed()
def ingest(run: Run, source: Source) -> dict[str, Any]:
    """Bring what a source holds into the raw zone, and list by day what is new. Repeating it for a run forgets nothing of what it
    had listed; a crawl asks only for what is still due.

    Returns the source's name, `days` of which there is anything new, and the inputs: `in_count`, of which `new_count` were not known before and
    go on; `quarantined_count`, of which `new_quarantined_count` were not known, by `reasons`, the first of them as texts in `quarantined`; of a
    crawl also its account, `crawl`, and of others' archives how many files were `read`, `failed` and are `left`, `archives`.

    Raises ConfigurationError for a manifest or a list of paths that cannot be read, HostBusy while another run asks a host of the source,
    TransientError for a crawl that was killed or got no answer, where the disk is full, and where none of others' archives can be had now.
    """
    told: dict[str, Any] = {"source": source.name, "in_count": 0, "quarantined_count": 0}
    if isinstance(source, WarcSource):
        told |= _read_archives(run, source)
    elif isinstance(source, WebSource):
        told["crawl"] = _crawled(run, source)
        if found := unlisted(run):
            told |= _captured(run, found)
    else:
        let_lines_be_listed(run, source.name, [])  # that it ran is all there is to remember
        if (found := source.found()) or not source.paths:  # without paths, capture would take all that the manifest names
            told |= _captured(run, found, source.manifest)
    days = list_arrivals(run, source.site, source.time_zone, source.profile)
    if "crawl" in told:
        _require_answers(run, source.name, told["crawl"])
    new, rejected = count_listed(run)
    return {**told, "days": days, "new_count": new, "new_quarantined_count": rejected, **_rejected(run)}


def _rejected(run: Run) -> dict[str, Any]:
    """What of a run's inputs is quarantined: their number by reason, and what the first of them are."""
    rejections = list(rejections_of(run))
    shown = [f"{rejection.input_path}: {', '.join(rejection.reasons)}: {rejection.detail}" for rejection in rejections[:_SHOWN]]
    return {"reasons": reason_counts(rejections), "quarantined": shown}


def _require_answers(run: Run, source: str, account: dict[str, Any]) -> None:
    """A site that answers nothing at all is told of at once; what else is wrong with a source, the alarms of the next load.

    A run that is repeated, in which nothing is due so soon after the failure, ends as it did before.
    """
    from broadsheet.capture.web.crawl import unanswered

    note = run.where.staging(run.run_id) / _UNANSWERED
    if told := unanswered(account):
        note.write_text(told, "utf-8")
    elif _is_idle(account) and note.exists():
        told = note.read_text("utf-8")
    else:
        note.unlink(missing_ok=True)
    if told:
        raise TransientError(f"source {source}: {told}")


def _is_idle(account: dict[str, Any]) -> bool:
    """Whether a crawl asked for nothing, since what it should have asked for failed lately."""
    return bool(account["put_off"]) and not account.get("requests")


def _captured(run: Run, paths: list[Path], manifest: str | None = None, archives: Archives | None = None) -> dict[str, int]:
    capture(run, paths, manifest, archives=archives)
    (outcome,) = outcomes_of(run)
    return {"in_count": outcome.in_count, "quarantined_count": outcome.quarantined_count}


def _read_archives(run: Run, source: WarcSource) -> dict[str, Any]:
    archives = Archives(source, listed(run.where, source.name, but_of=run.run_id), run.where.staging(run.run_id))
    told = _captured(run, [], archives=archives) if archives.due else {}
    let_lines_be_listed(run, source.name, archives.told)
    return {**told, "archives": {"read": archives.read_count, "failed": archives.failed_count, "left": archives.left}}


def _crawled(run: Run, source: WebSource) -> dict[str, Any]:
    from broadsheet.capture.web.crawl import crawl

    account = crawl(run.where, source, run.run_id, page_bytes=run.options.max_page_bytes, clock_offset=run.options.clock_offset_seconds)
    let_be_listed(run, source.name, is_idle=_is_idle(account))
    return account


@room_needed()
def finish(run: Run) -> None:
    """Remove the staging of a run with which nothing more is done: what a source listed counts as known from now on, and that it ran."""
    note = noted(run)
    shutil.rmtree(run.where.staging(run.run_id), ignore_errors=True)
    if note:  # last: what is listed twice comes in once, what counts as listed and was not told of never
        mark_listed(run, note)
    if note and not note.get("is_idle"):
        mark_run(run.where, note["source"], LastRun(run_id=run.run_id, began_at=run.started_at + timedelta(seconds=run.options.clock_offset_seconds)))


def require_day(day: str) -> str:
    """A day as `2026-03-01`, or `undated`. Raises ConfigurationError for anything else."""
    if day != UNDATED:
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
                raise ValueError
            date.fromisoformat(day)
        except ValueError:
            raise ConfigurationError(f"{day!r} is no day: give one as 2026-03-01 (UTC), or {UNDATED}") from None
    return day


def has_arrivals(lake: str | Path, day: str) -> bool:
    """Whether anything came of a day."""
    return day in days_of(Lake.at(lake))


def prepare(run: Run, day: str) -> list[int]:
    """Stage all that came of a day and is not in the warehouse. Returns the numbers of the shards that hold any."""
    return stage_day(run, require_day(day))


def has_new(run: Run) -> bool:
    """Whether `prepare` staged anything, be it a rejected input."""
    return any(outcome.in_count for outcome in outcomes_of(run))


def build(lake: str | Path, day: str, *, workers: int | None = None, on_progress: Progress | None = None, **settings: Any) -> dict[str, Any] | None:
    """Build a day without Airflow. Returns the run's summary, None where all that came is in the warehouse; `settings` as in `Run.start`.

    Raises ConfigurationError for a day of which nothing came.
    """
    if not has_arrivals(lake, require_day(day)):
        raise ConfigurationError(f"nothing of {day} came into {lake}; there is: {', '.join(days_of(Lake.at(lake))) or 'nothing'}")
    run = Run.start(lake, **settings)
    shards = prepare(run, day)
    if not has_new(run):
        finish(run)
        return None
    read_staged(run, shards, workers, on_progress)
    return load(run)
