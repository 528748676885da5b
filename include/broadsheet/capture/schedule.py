"""When a source is brought in by itself: in every run of `ingest`, or when its `schedule` says that it is due.

`crawls/<source>.json` tells of the last run of a source that was finished. A run that failed leaves the one before it there, so that the next
run tries again.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from pydantic import AfterValidator, Field

from broadsheet.capture.durations import duration, eased, is_duration
from broadsheet.lake import Lake, written_aside
from broadsheet.records import Record

MANUAL = "manual"
AT_ONCE = datetime.min.replace(tzinfo=UTC)
_CRON_FIELDS = 5


def _schedule(text: str) -> str:
    text = text.strip()
    if text != MANUAL:
        due_at(text, None, datetime.now(UTC))
    return text


Schedule = Annotated[str, AfterValidator(_schedule), Field(examples=["6h", "0 6 * * *", MANUAL])]


class LastRun(Record, frozen=True):
    """The last finished run of a source."""

    run_id: str
    began_at: datetime  # aware, UTC


class Waiting(NamedTuple):
    """A source that is not due: before when, or None for one that is brought in only when it is named."""

    name: str
    until: datetime | None

    @property
    def told(self) -> str:
        return f"{self.name}: " + (f"not due before {self.until:%Y-%m-%d %H:%M} UTC" if self.until else "only when it is named (schedule: manual)")


def due_at(schedule: str | None, time_zone: str | None, ran_at: datetime | None) -> datetime | None:
    """When a source is due after its last run, in UTC; `AT_ONCE` where nothing makes it wait, None where it is never due by itself.

    Raises ValueError for a text that is no schedule, or one that never comes.

    Parameters
    ----------
    schedule : duration, cron expression or `manual`; None: every run.
    time_zone : in which a cron expression is read; None: UTC.
    """
    if schedule == MANUAL:
        return None
    if schedule is None or ran_at is None:
        return AT_ONCE
    if is_duration(schedule):
        return ran_at + eased(duration(schedule))
    return _next(schedule, ran_at.astimezone(ZoneInfo(time_zone or "UTC"))).astimezone(UTC)


def _next(cron: str, after: datetime) -> datetime:
    from croniter import CroniterBadDateError, CroniterError, croniter

    try:
        if len(cron.split()) != _CRON_FIELDS and not cron.startswith("@"):
            raise CroniterError
        return croniter(cron, after).get_next(datetime)
    except CroniterBadDateError as error:
        raise ValueError(f"{cron!r} never comes") from error
    except CroniterError as error:
        raise ValueError(f"{cron!r} is no schedule, as 6h, '0 6 * * *' (minute, hour, day, month, weekday) and manual are") from error


def last_run(lake: Lake, source: str) -> LastRun | None:
    """The last finished run of a source; None where none is known."""
    file = _file(lake, source)
    return msgspec.json.decode(file.read_bytes(), type=LastRun) if file.exists() else None


def mark_run(lake: Lake, source: str, run: LastRun) -> None:
    """Let a finished run be the last one, unless one that began later was finished before."""
    known = last_run(lake, source)
    if known is None or known.began_at < run.began_at:
        with written_aside(_file(lake, source)) as aside:
            aside.write_bytes(msgspec.json.encode(run))


def _file(lake: Lake, source: str) -> Path:
    return lake.crawls / f"{source}.json"
