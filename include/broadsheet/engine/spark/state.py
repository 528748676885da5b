"""What a driver tells of itself in the staging of its run, for whoever submitted it: it may be on another machine, and end in any way."""

from pathlib import Path

from broadsheet.engine.faults import Told
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ATTEMPTS, read_records, write_records
from broadsheet.records import Record
from broadsheet.runs import Run

# Begins the line by which a driver tells how many shards are done: `… 3 of 16`.
PROGRESS = "shards done: "
# Last lines of a log that an error has.
_TOLD_LINES = 30


class State(Record, frozen=True):
    """Where a driver is: at work unless `is_done`, or `error` tells why it ended."""

    is_done: bool = False
    error: Told | None = None


def tell(run: Run, state: State) -> None:
    write_records(_file(run), [state])


def forget(run: Run) -> None:
    """Let nothing be told, before another driver is submitted."""
    _file(run).unlink(missing_ok=True)


def error_of(run: Run, log: str) -> Exception | None:
    """Why a driver that has ended did not do its work; None where it did. `log` is what it and `spark-submit` wrote.

    What it tells itself; TransientError where it was lost, ConfigurationError where it never began.
    """
    try:
        (state,) = read_records(_file(run), State)
    except FileNotFoundError:
        told = "\n".join(log.splitlines()[-_TOLD_LINES:])
        return ConfigurationError(f"Spark's driver could not be begun:\n{told}")
    if state.is_done:
        return None
    return state.error.error() if state.error else TransientError("Spark's driver was lost; what it had finished is kept")


def _file(run: Run) -> Path:
    return run.where.staging(run.run_id, ATTEMPTS) / "driver.json"
