"""What a driver tells of itself in the staging of its run, for whoever submitted it: it may be on another machine, and end in any way.

attempts/submitted.json         which submission was the last
attempts/driver-<token>.json    what the driver of a submission tells: one that was given up and still runs tells nothing in another's name
"""

from pathlib import Path
from secrets import token_hex

from broadsheet.engine.attempts import undone
from broadsheet.engine.faults import Told
from broadsheet.engine.spark.failures import LOST, last_lines
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ATTEMPTS, read_records, write_records
from broadsheet.records import Record
from broadsheet.runs import Run

# Begins the line by which a driver tells how many shards are done: `… 3 of 16`.
PROGRESS = "shards done: "


class State(Record, frozen=True):
    """Where a driver is: at work unless `is_done`, or `error` tells why it ended."""

    is_done: bool = False
    error: Told | None = None


class Submission(Record, frozen=True):
    """A driver that was submitted."""

    token: str


def begin(run: Run) -> str:
    """The token of a driver that is to be submitted. What those before it told goes."""
    token = token_hex(8)
    for file in _folder(run).glob("driver-*.json"):
        file.unlink(missing_ok=True)
    write_records(_folder(run) / "submitted.json", [Submission(token=token)])
    return token


def last(run: Run) -> str:
    """The token of the driver that was submitted last; empty where none was."""
    try:
        (submission,) = read_records(_folder(run) / "submitted.json", Submission)
    except FileNotFoundError:
        return ""
    return submission.token


def tell(run: Run, token: str, state: State) -> None:
    write_records(_file(run, token), [state])


def error_of(run: Run, token: str, log: str, *, is_failed: bool) -> Exception | None:
    """Why a driver that has ended did not do its work; None where it did, and all shards are there as their input is now.

    What it tells itself; TransientError where it was lost, ConfigurationError where it never began.

    Parameters
    ----------
    log : what it and `spark-submit` wrote.
    is_failed : whether Spark says that it failed.
    """
    try:
        (state,) = read_records(_file(run, token), State)
    except FileNotFoundError:
        kind = TransientError if any(sign in log for sign in LOST) else ConfigurationError
        return kind(f"Spark's driver could not be begun:\n{last_lines(log)}")
    if state.error:
        return state.error.error()
    if not state.is_done:
        return TransientError("Spark's driver was lost; what it had finished is kept")
    if is_failed:
        return TransientError("Spark says that its driver failed, which had done all; what it did is kept")
    if left := undone(run):
        return TransientError(f"the input of shards {left} is another one since Spark's driver read it, or what it left was removed")
    return None


def _folder(run: Run) -> Path:
    return run.where.staging(run.run_id, ATTEMPTS)


def _file(run: Run, token: str) -> Path:
    return _folder(run) / f"driver-{token}.json"
