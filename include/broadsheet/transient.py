"""Faults that pass: a lock that another process holds, a disk that is full, a file that cannot be read just now. All are told as TransientError."""

import errno
import fcntl
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from broadsheet.errors import TransientError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# What a file system on the network, or a disk of one machine, may do once.
_PASSING = (errno.ESTALE, errno.EIO, errno.ETIMEDOUT)
# How a disk that is full is told of, by DuckDB also of what it puts down while memory is short.
FULL = ("No space left on device", "failed to offload data block", "Disk quota exceeded")


@contextmanager
def held(lock: Path, holder: str, seconds: float, *, is_given_up: Callable[[], bool] | None = None) -> Iterator[None]:
    """Hold a lock file, whose folder is made. Raises TransientError where a `holder`, as `another load`, does so for longer, or to wait for it
    `is_given_up`."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock).acquire(timeout=seconds, cancel_check=is_given_up):
            yield
    except Timeout as error:
        if is_given_up is not None and is_given_up():
            raise TransientError(f"nobody waits any more for {holder}, which holds {error.lock_file}") from error
        raise TransientError(f"{holder} holds {error.lock_file} for more than {seconds} s") from error


@contextmanager
def held_at_once(lock: Path, told: str, *, is_shared: bool = False) -> Iterator[None]:
    """Hold a lock file, whose folder is made, alone or with others that share it. Raises TransientError, as `told`, where that cannot be now."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+b") as file:  # to be shared over NFS, it must be open for reading
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # a file system's other way to say so
            raise TransientError(told) from None
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a process that was forked meanwhile may have the file, too


@contextmanager
def room_needed() -> Iterator[None]:
    """Around, or as decorator of, what writes to the lake. Raises TransientError where the disk is full."""
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        told = " ".join(str(error).split(".\n")[0].split())  # DuckDB goes on about its settings
        raise TransientError(f"the disk is full: {told}. Make room and repeat it; nothing published was harmed") from error


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says so, of the system, of Arrow, SQLite or DuckDB."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, sqlite3.OperationalError):
        return "disk is full" in str(error)
    duckdb = sys.modules.get("duckdb")  # whose error it is, it has been imported
    return duckdb is not None and isinstance(error, duckdb.Error) and any(text in str(error) for text in FULL)


def may_pass(error: BaseException) -> bool:
    """Whether an error of the system is one that the same call may not have later, or on another machine."""
    return isinstance(error, ConnectionError) or (isinstance(error, OSError) and error.errno in _PASSING)
