"""What a command takes of the machine, with all processes that it begins."""

import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_PR_SET_CHILD_SUBREAPER = 36


class Cost(NamedTuple):
    """Seconds of wall and CPU; bytes that system calls read and wrote, whether from disk or memory; bytes that went to the disk."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    read_bytes: int = 0
    written_bytes: int = 0
    to_disk_bytes: int = 0

    def plus(self, other: "Cost") -> "Cost":
        return Cost(*(one + two for one, two in zip(self, other, strict=True)))

    def times(self, factor: float) -> "Cost":
        return Cost(*(value * factor for value in self))  # type: ignore[arg-type]  # of a calculation


def costed(command: Sequence[str], **options: Any) -> tuple[subprocess.CompletedProcess, Cost]:
    """Run a command to its end, and that of all that it began. Linux only: processes whose parents have ended are taken in, and what they took is
    added when they are waited for, as the kernel does it."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this system does not hand over processes whose parent has ended")
    before, began = _taken(), time.perf_counter()
    done = subprocess.run(command, check=False, **options)
    seconds = time.perf_counter() - began
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return done, Cost(seconds, *(after - was for after, was in zip(_taken(), before, strict=True)))


def _taken() -> tuple[float, int, int, int]:
    """Of ended children: CPU seconds, bytes read and written by calls, bytes written to disk. This process's own reading and writing is in it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return usage.ru_utime + usage.ru_stime, int(counts["rchar"]), int(counts["wchar"]), int(counts["write_bytes"])
