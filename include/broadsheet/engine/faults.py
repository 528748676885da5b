"""Errors that go from one process to another, where the three kinds must stay apart."""

import traceback

from broadsheet.errors import BatchStopped, BroadsheetError, ConfigurationError, TransientError
from broadsheet.records import Record
from broadsheet.transient import may_pass

_KINDS: dict[str, type[BroadsheetError]] = {"transient": TransientError, "configuration": ConfigurationError}
FAULT = "fault"


class RemoteFault(RuntimeError):
    """A fault of the program in another process, maybe on another machine. The message holds its traceback."""


class Told(Record, frozen=True):
    """An error, told to another process.

    Attributes
    ----------
    kind : transient, configuration, stopped, or fault for all else.
    findings : of a batch that was stopped.
    """

    kind: str
    message: str
    findings: tuple[str, ...] = ()

    def error(self) -> Exception:
        """The error again, of its kind."""
        if self.kind == "stopped":
            return BatchStopped(list(self.findings))
        return _KINDS.get(self.kind, RemoteFault)(self.message)


def told(error: BaseException) -> Told:
    """What to tell of an error."""
    if isinstance(error, BatchStopped):
        return Told("stopped", str(error), tuple(error.findings))
    if may_pass(error):  # tried again wherever tasks are
        return Told("transient", f"{type(error).__name__}: {error}")
    for kind, kind_of_error in _KINDS.items():
        if isinstance(error, kind_of_error):
            return Told(kind, str(error))
    return Told(FAULT, "".join(traceback.format_exception(error)))
