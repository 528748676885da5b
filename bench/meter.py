"""Memory of a benchmark and of all processes that it begins."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_SPAN = 10.0  # seconds of which the line over time has one point, the highest


class Meter:
    """Watches the memory of this process and its children together, in bytes: resident; pages that processes share are shared out among them,
    where the system tells (Linux), else counted in each."""

    def __init__(self, every: float = 0.2) -> None:
        self._peak = 0
        self.line: list[tuple[float, int]] = []  # seconds since it began, highest memory in the span from there
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
        own, began = psutil.Process(), time.monotonic()
        while not self._stop.wait(self._every):
            now = sum(resident(process) for process in (own, *own.children(recursive=True)))
            self._peak = max(self._peak, now)
            start = (time.monotonic() - began) // _SPAN * _SPAN
            if self.line and self.line[-1][0] == start:
                self.line[-1] = start, max(now, self.line[-1][1])
            else:
                self.line.append((start, now))


def resident(process: psutil.Process) -> int:
    try:
        if psutil.LINUX:
            return process.memory_full_info().pss
        return process.memory_info().rss
    except psutil.Error:  # it has ended
        return 0


def memory_chart(line: Sequence[tuple[float, int]], marks: Sequence[float], target: Path) -> None:
    """Draw memory over time as SVG.

    Parameters
    ----------
    line : as `Meter.line`.
    marks : seconds at which a run ended.
    """
    import altair as alt
    import vl_convert

    memory = alt.Chart(alt.Data(values=[{"minutes": start / 60, "gb": held / 1e9} for start, held in line])).mark_line(strokeWidth=1)
    ends = alt.Chart(alt.Data(values=[{"minutes": mark / 60} for mark in marks])).mark_rule(color="#cccccc", strokeWidth=0.5)
    chart = ends.encode(alt.X("minutes:Q")) + memory.encode(
        alt.X("minutes:Q", title="minutes; grey: the end of a run"), alt.Y("gb:Q", title="GB, all processes together")
    )
    target.write_text(vl_convert.vegalite_to_svg(chart.properties(width=640, height=200).to_dict(), allowed_base_urls=[]), "utf-8")
