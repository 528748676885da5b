"""The whole job over given pages, as `broadsheet run` does it, and what of its time goes into checking; a part of `quality.py`.

In a process of its own, which loads nothing but the job: workers are forked from one that imports what this file imports.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meter import Meter

from broadsheet import pipeline


def main() -> None:
    """Print one line of JSON: pages, seconds by stage, seconds of what checks in `load`, peak memory by stage in bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path, help="folder that the sample world was written to")
    parser.add_argument("lake", type=Path)
    given = parser.parse_args()
    from broadsheet.warehouse import load as loading

    ends: dict[str, float] = {}
    peaks: Counter[str] = Counter()
    checking: Counter[str] = Counter()

    def report(stage: str, done: int, of: int) -> None:
        ends[stage] = time.perf_counter()
        peaks[stage] = max(peaks[stage], meter.take_peak())

    with Meter() as meter, _timed(loading, "findings", checking), _timed(loading, "alarms", checking):
        began = time.perf_counter()
        summary = pipeline.run_all(given.lake, [given.world / "pages"], manifest=given.world / "manifest.jsonl", on_progress=report)
    seconds, before = {}, began
    for stage, end in ends.items():
        seconds[stage], before = end - before, end
    print(json.dumps({"pages": summary["page_count"], "seconds": seconds, "checking": checking, "peaks": peaks, "load": os.getloadavg()[0]}))


@contextmanager
def _timed(module: Any, name: str, seconds: Counter[str]) -> Iterator[None]:
    """Add up the seconds of a function of a module."""
    function: Callable = getattr(module, name)

    def timed(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            seconds[name] += time.perf_counter() - began  # type: ignore[assignment]

    setattr(module, name, timed)
    try:
        yield
    finally:
        setattr(module, name, function)


if __name__ == "__main__":
    main()
