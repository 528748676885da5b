"""`make bench-scale`: a million pages on one machine, what a second worker gains, and the same on Spark.

`pool` brings pages of the sample world in, run after run, as a user would: WARC file, `broadsheet run`, some days of news each time. It tells
pages a second from the WARC file to the published warehouse, what a million pages cost, and whether memory stays flat (chart: memory.svg).
`workers` and `spark` do what spreads, the stages by shard, of one run with one worker and with two, each worker on a core of its own.
`equal` compares all rows that the engines make of the same pages. The last line is one line of JSON with the figures by name.
docs/scale.md has more.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the sample world

from cost import Cost, costed
from meter import Meter, memory_chart
from row_sets import row_sets

from broadsheet import pipeline
from broadsheet.lake import Lake
from broadsheet.runs import Run
from broadsheet.warehouse.query import connect
from sampleworld import render
from sampleworld.world import START, World
from sampleworld.write import WarcFile

ROOT = Path(__file__).resolve().parents[1]
DAYS = 3  # of news in a run
STAGES = ("extract", "transform", "validate")
MILLION = 1_000_000


BROADSHEET = (sys.executable, "-m", "broadsheet")


class Sizes(NamedTuple):
    pages: int  # through the pool, all runs together
    per_run: int
    compared: int  # pages of the run that is done with one worker and with two
    shards: int  # of that run
    equal: int  # pages that all engines read


FULL = Sizes(pages=MILLION, per_run=50_000, compared=100_000, shards=16, equal=2_000)
SMALL = Sizes(pages=600, per_run=300, compared=600, shards=4, equal=200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="some hundred pages: whether it works, in some minutes")
    parser.add_argument("--pages", type=int, help="pages through the pool")
    parser.add_argument("--compared", type=int, help="pages of the run that one worker and two do")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured, all of it by default")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench-scale", help="where lakes and the chart go, emptied first")
    given = parser.parse_args()
    chosen = {name: value for name in ("pages", "compared") if (value := getattr(given, name)) is not None}
    sizes = (SMALL if given.small else FULL)._replace(**chosen)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    figures: dict[str, Any] = {"pages": sizes.pages, "compared": sizes.compared}
    for part in given.parts:
        figures |= PARTS[part](sizes, given.folder)
    print(json.dumps(figures))


# --- a million pages through the pool ------------------------------------------------------------------------------------------------


def through_the_pool(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Run after run into one lake."""
    lake, file = folder / "lake", folder / "captures.warc.gz"
    total, seconds_of, ends, peaks = Cost(), defaultdict(float), [], []
    began = time.monotonic()
    with Meter() as meter:
        for number in range(-(-sizes.pages // sizes.per_run)):
            count = min(sizes.per_run, sizes.pages - number * sizes.per_run)
            made = write_pages(file, number, count)
            meter.take_peak()
            done, cost = costed([*BROADSHEET, "run", str(file), "--lake", str(lake), "--json"], stdout=subprocess.PIPE)
            summary = told(done)
            if summary["page_count"] != count:
                raise SystemExit(f"{count} pages went in, {summary['page_count']} came out")
            total = total.plus(cost)
            peaks.append(meter.take_peak())
            ends.append(time.monotonic() - began)
            for stage, seconds in stage_seconds(lake, summary["run_id"]).items():
                seconds_of[stage] += seconds
            print(f"run {number}: {count:,} pages of {made / count / 1000:.1f} kB, {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of CPU, "
                  f"peak {peaks[-1] / 1e9:.2f} GB; load of the machine {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    memory_chart(meter.line, ends, folder / "memory.svg")
    each = total.times(MILLION / sizes.pages)
    kept = {name: sum(path.stat().st_size for path in (lake / name).rglob("*") if path.is_file()) for name in ("raw", "tables", "warehouse")}
    print(
        f"a million pages: {each.seconds / 3600:.2f} h, {each.cpu_seconds / 3600:.2f} h of CPU; {each.read_bytes / 1e9:.0f} GB read and "
        f"{each.written_bytes / 1e9:.0f} GB written by calls, {each.to_disk_bytes / 1e9:.0f} GB to disk\n"
        f"  seconds of work by stage, all processes added up, a million pages: "
        + ", ".join(f"{stage} {seconds * MILLION / sizes.pages:,.0f}" for stage, seconds in seconds_of.items())
        + f"\n  GB kept: {', '.join(f'{name} {size / 1e9:.2f}' for name, size in kept.items())}"
        f"\n  peak of the first runs {max(peaks[:3]) / 1e9:.2f} GB, of the last {max(peaks[-3:]) / 1e9:.2f} GB"
    )
    return {
        "pool_pages_per_s": round(sizes.pages / total.seconds, 1), "pool_hours": round(total.seconds / 3600, 2),
        "peak_memory_gb": round(max(peaks) / 1e9, 2), "peak_of_last_vs_first": round(max(peaks[-3:]) / max(peaks[:3]), 2),
    }  # fmt: skip


def write_pages(file: Path, number: int, count: int) -> int:
    """Pages of some days as a WARC file; the days of the next number follow. Returns the bytes of the pages."""
    world, made = World(number, count, DAYS, start=START + number * timedelta(days=DAYS)), 0
    with WarcFile(file) as warc:
        for sighting in world.captures():
            content = render.html_bytes(sighting)
            warc.add(sighting.story, sighting.captured_at, content)
            made += len(content)
    return made


def told(done: subprocess.CompletedProcess) -> dict[str, Any]:
    """The summary that a command printed."""
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(done.args)} ended with {done.returncode}")
    return json.loads(done.stdout)


def stage_seconds(lake: Path, run_id: str) -> dict[str, float]:
    """Seconds of each stage of a run, its shards added up."""
    with connect(lake) as connection:
        rows = connection.execute("select stage, sum(seconds) from stage_outcomes where run_id = ? group by all order by min(started_at)", [run_id])
        return dict(rows.fetchall())


PARTS = {"pool": through_the_pool}


if __name__ == "__main__":
    main()
