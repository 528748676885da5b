"""Work that does what hostile pages do, on command: each page's first word says what."""

import os
import pathlib
import signal
import time
from collections.abc import Callable

MIB = 1 << 20
_kept: list[bytearray] = []


def obedient() -> Callable[[bytes], bytes]:
    return _obey


def broken() -> Callable[[bytes], bytes]:
    raise LookupError("nothing to load")


def dying() -> Callable[[bytes], bytes]:
    """Work whose children end before they have taken a page."""
    os.register_at_fork(after_in_child=lambda: os._exit(7))
    return _obey


def transform(run: object, shard: int) -> None:
    """A stage whose process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def _obey(page: bytes) -> bytes:
    what, _, rest = page.partition(b" ")
    if what == b"segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == b"exit":
        os._exit(3)
    elif what == b"hang":
        while True:
            time.sleep(3600)
    elif what == b"spin":
        while True:
            pass
    elif what == b"memory":
        while True:
            _kept.append(bytearray(16 * MIB))
    elif what == b"leak":  # as a cache without a limit does
        _kept.append(bytearray(int(rest) * MIB))
    elif what == b"fault":
        raise ValueError("a fault of the work")
    elif what == b"slow":
        time.sleep(float(rest))
    elif what == b"once":  # the file is there the second time
        if not pathlib.Path(os.fsdecode(rest)).exists():
            pathlib.Path(os.fsdecode(rest)).open("wb").close()
            os.kill(os.getpid(), signal.SIGKILL)
    elif what == b"pid":
        return str(os.getpid()).encode()
    return page * 2
