"""Exit codes of the commands."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    REJECTED = 3
    STOPPED = 4
    TRY_AGAIN = 5
