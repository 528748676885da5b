"""Memory of a benchmark and of all processes that it begins."""

import threading

import psutil


class Meter:
    """Watches the memory of this process and its children together, in bytes: resident; pages that processes share are shared out among them,
    where the system tells (Linux), else counted in each."""

    def __init__(self, every: float = 0.2) -> None:
        self._peak = 0
        self._every, self._stop = every, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Meter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def take_peak(self) -> int:
        """The peak since it was taken last."""
        peak, self._peak = self._peak, 0
        return peak

    def _watch(self) -> None:
        own = psutil.Process()
        while not self._stop.wait(self._every):
            self._peak = max(self._peak, sum(resident(process) for process in (own, *own.children(recursive=True))))


def resident(process: psutil.Process) -> int:
    try:
        if psutil.LINUX:
            return process.memory_full_info().pss
        return process.memory_info().rss
    except psutil.Error:  # it has ended
        return 0
