"""Exit codes of the commands."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    REJECTED = 3
    STOPPED = 4
    TRY_AGAIN = 5


def exit_code(summary: Mapping[str, Any], *, is_whole: bool = True) -> Exit:
    """What a run's summary makes of the exit code; `is_whole` tells whether all was done that the summary does not tell of."""
    is_read = summary["page_count"] or summary["absences"]
    is_rejected = summary["rejected_input_count"] or summary["quarantined_row_count"]
    return Exit.DONE if is_whole and is_read and not is_rejected else Exit.REJECTED
