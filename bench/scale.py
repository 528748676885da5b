"""`make bench-scale`: a million pages on one machine, what a second worker gains, and the same on Spark.

`pool` brings pages of the sample world in, run after run, as a user would: WARC file, `broadsheet run`, some days of news each time. It tells
pages a second from the WARC file to the published warehouse, what a million pages cost, and whether memory stays flat (chart: memory.svg).
`workers` and `spark` do what spreads, the stages by shard, of one run with one worker on one processor and with two on two; with Spark the
time is the whole job's less that of a job with a page or two in each shard, which is told apart.
`derive` has Spark derive from all rows of the lake that `pool` left, and tells what it shuffled. `equal` compares all rows that the engines make of
the same pages. The last line is one line of JSON with the figures by name.
docs/scale.md has more.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the sample world

from cost import Cost, costed
from meter import Meter, memory_chart
from row_sets import row_sets, twin

from broadsheet import pipeline
from broadsheet.engine.engines import engine_for
from broadsheet.engine.names import EngineName
from broadsheet.lake import ATTEMPTS, Lake
from broadsheet.runs import Run, shards_of
from broadsheet.warehouse.query import connect
from sampleworld import render
from sampleworld.world import START, World
from sampleworld.write import WarcFile, write

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
SMALL = Sizes(pages=300, per_run=150, compared=200, shards=2, equal=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="some hundred pages: whether it works, in some minutes")
    parser.add_argument("--pages", type=int, help="pages through the pool")
    parser.add_argument("--compared", type=int, help="pages of the run that one worker and two do")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured, all of it by default")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench-scale", help="where lakes and the chart go, emptied first")
    parser.add_argument(
        "--reuse", action="store_true", help="leave the folder as it is: `pool` goes on with the lake that an earlier one left, `derive` takes it"
    )
    given = parser.parse_args()
    chosen = {name: value for name in ("pages", "compared") if (value := getattr(given, name)) is not None}
    sizes = (SMALL if given.small else FULL)._replace(**chosen)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    if not given.reuse:
        shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"pages": sizes.pages, "compared": sizes.compared}
    for part in given.parts:
        figures |= PARTS[part](sizes, given.folder)
    print(json.dumps(figures))


# --- a million pages through the pool ------------------------------------------------------------------------------------------------


def through_the_pool(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Run after run into one lake; into what an earlier call left there. Figures are of this call's runs."""
    lake, file = folder / "lake", folder / "captures.warc.gz"
    begun = runs_in(lake)
    pages = sizes.pages - begun * sizes.per_run
    if pages <= 0:
        print(f"the lake has its {sizes.pages:,} pages")
        return {"pool_from_page": sizes.pages}
    total, seconds_of, ends, peaks = Cost(), defaultdict(float), [], []
    began = time.monotonic()
    with Meter() as meter:
        for number in range(begun, -(-sizes.pages // sizes.per_run)):
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
    each = total.times(MILLION / pages)
    kept = {name: sum(path.stat().st_size for path in (lake / name).rglob("*") if path.is_file()) for name in ("raw", "tables", "warehouse")}
    print(
        f"a million pages: {each.seconds / 3600:.2f} h, {each.cpu_seconds / 3600:.2f} h of CPU; {each.read_bytes / 1e9:.0f} GB read and "
        f"{each.written_bytes / 1e9:.0f} GB written by calls, {each.to_disk_bytes / 1e9:.0f} GB to disk\n"
        f"  seconds of work by stage, all processes added up, a million pages: "
        + ", ".join(f"{stage} {seconds * MILLION / pages:,.0f}" for stage, seconds in seconds_of.items())
        + f"\n  GB kept: {', '.join(f'{name} {size / 1e9:.2f}' for name, size in kept.items())}"
        f"\n  peak of the first runs {max(peaks[:3]) / 1e9:.2f} GB, of the last {max(peaks[-3:]) / 1e9:.2f} GB"
    )
    return {
        "pool_from_page": begun * sizes.per_run, "pool_pages_per_s": round(pages / total.seconds, 1), "pool_hours": round(total.seconds / 3600, 2),
        "peak_memory_gb": round(max(peaks) / 1e9, 2), "peak_of_last_vs_first": round(max(peaks[-3:]) / max(peaks[:3]), 2),
    }  # fmt: skip


def runs_in(lake: Path) -> int:
    """How many runs a lake's warehouse holds; 0 where there is none."""
    if not Lake(lake).warehouse.exists():
        return 0
    with connect(lake) as connection:
        return connection.execute("select count(*) from runs").fetchall()[0][0]


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


# --- a second worker -----------------------------------------------------------------------------------------------------------------


def pool_by_workers(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """The pool on one core and on two."""
    run = staged(folder / "by_workers", sizes.compared, sizes.shards, engine="pool")
    seconds = {workers: spread(run, workers) for workers in (1, 2)}
    print("  the pool: " + told_by_workers(seconds, sizes.compared))
    return {"pool_efficiency_2": round(seconds[1] / seconds[2], 2)}


def spark_by_workers(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Spark with one worker on one core and with two on two, cluster and driver on the same cores. Start-up is a job of two pages
    a shard: submitting it, executors, imports, and what a shard costs whatever its size."""
    run = staged(folder / "by_workers_on_spark", sizes.compared, sizes.shards, engine="spark")
    few = staged(folder / "few_on_spark", 2 * sizes.shards, sizes.shards, engine="spark")
    seconds, startup = {}, {}
    for workers in (1, 2):
        with cluster(folder / f"spark-{workers}", workers) as master:
            startup[workers] = spread(few, workers, BROADSHEET_SPARK_MASTER=master)
            seconds[workers] = spread(run, workers, BROADSHEET_SPARK_MASTER=master)
    print("  Spark: " + told_by_workers(seconds, sizes.compared) + f"; of which start-up {startup[1]:.0f} and {startup[2]:.0f} s")
    net = {workers: seconds[workers] - startup[workers] for workers in (1, 2)}
    return {
        "spark_pages_per_s": round(sizes.compared / net[2], 1), "spark_efficiency_2": round(net[1] / net[2], 2),
        "spark_gross_pages_per_s": round(sizes.compared / seconds[2], 1), "spark_startup_s": round(startup[2], 1),
    }  # fmt: skip


def staged(lake: Path, count: int, shards: int, **settings: Any) -> Run:
    """A run whose captures are staged."""
    file = lake.with_suffix(".warc.gz")
    write_pages(file, 0, count)
    run = Run.start(lake, "run-1", shards=shards, **settings)
    pipeline.capture(run, [file])
    return run


def spread(run: Run, workers: int, **environment: str) -> float:
    """Seconds of the stages by shard, on as many cores as workers, from the beginning."""
    for stage in (*STAGES, ATTEMPTS):
        shutil.rmtree(run.where.staging(run.run_id, stage), ignore_errors=True)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("spread.py")), run.lake, run.run_id, str(workers)], stdout=subprocess.PIPE, check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, processors(workers)), env=os.environ | environment,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])["seconds"]


def processors(count: int) -> list[int]:
    """Of those that this process may use, threads of different cores first."""

    def core_of(number: int) -> str:
        return Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list").read_text("ascii")

    usable = sorted(os.sched_getaffinity(0))
    first_of = {core_of(number): number for number in reversed(usable)}
    return [*sorted(first_of.values()), *(number for number in usable if number not in first_of.values())][:count]


def told_by_workers(seconds: dict[int, float], count: int) -> str:
    shown = ", ".join(f"{workers} worker{'s' * (workers > 1)} {taken:.0f} s ({count / taken:.0f} pages/s)" for workers, taken in seconds.items())
    return f"{count:,} pages, {shown}; load of the machine {os.getloadavg()[0]:.1f}"


@contextmanager
def cluster(home: Path, workers: int) -> Iterator[str]:
    """A standalone cluster on as many cores as workers; yields its master's URL."""
    home.mkdir(parents=True)
    with (home / "up.log").open("w+", encoding="utf-8") as log:
        command = [sys.executable, "-u", str(ROOT / "bin" / "spark_up.py"), "--workers", str(workers), "--home", str(home)]
        served = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=lambda: os.sched_setaffinity(0, processors(workers)))
        try:
            while not (found := re.search(r"Spark is ready: (\S+)", (home / "up.log").read_text("utf-8"))):
                if served.poll() is not None:
                    raise SystemExit(f"the cluster did not come up:\n{(home / 'up.log').read_text('utf-8')}")
                time.sleep(0.2)
            yield found[1]
        finally:
            served.send_signal(signal.SIGTERM)
            served.wait(60)


# --- deriving from all rows ----------------------------------------------------------------------------------------------------------


def derived_on_spark(_: Sizes, folder: Path) -> dict[str, Any]:
    """What a load derives of all rows, anew, on this machine's cores; bytes by the tasks' own account in Spark's log of events."""
    events, properties = folder / "events", folder / "spark.properties"
    for old in (events, folder / "derived"):
        shutil.rmtree(old, ignore_errors=True)
    events.mkdir()
    told = {"eventLog.enabled": "true", "eventLog.dir": events.as_uri(), "eventLog.compress": "false", "eventLog.rolling.enabled": "false",
            "driver.memory": "6g", "local.dir": folder / "spark-local"}  # fmt: skip
    properties.write_text("".join(f"spark.{name} {value}\n" for name, value in told.items()), "utf-8")
    with Meter() as meter:
        done, cost = costed(
            [*BROADSHEET, "derive", "--lake", str(folder / "lake"), "--out", str(folder / "derived")],
            env=os.environ | {"BROADSHEET_SPARK_PROPERTIES_FILE": str(properties)},
        )
    if done.returncode:
        raise SystemExit(f"broadsheet derive ended with {done.returncode}")
    shuffled, spilled = _shuffled(next(events.iterdir()))
    with connect(folder / "lake") as connection:
        ((captures,),) = connection.execute("select count(*) from captures").fetchall()
    print(f"  derived from {captures:,} captures in {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of CPU; {shuffled / 1e9:.3f} GB shuffled, "
          f"{spilled / 1e9:.2f} GB spilled, peak {meter.take_peak() / 1e9:.2f} GB")  # fmt: skip
    return {"derive_s": round(cost.seconds, 1), "derive_shuffled_gb": round(shuffled / 1e9, 3)}


def _shuffled(log: Path) -> tuple[int, int]:
    """Bytes that a job's tasks wrote for others to read, and that they wrote to disk for want of memory."""
    shuffled = spilled = 0
    with log.open(encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if event["Event"] == "SparkListenerTaskEnd" and (metrics := event.get("Task Metrics")):
                shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                spilled += metrics["Disk Bytes Spilled"]
    return shuffled, spilled


# --- the same rows -------------------------------------------------------------------------------------------------------------------


def same_rows(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """All rows of a warehouse, by count and hash of every table, whoever took the pages through the stages; some pages cannot be read."""
    found = {}
    write(World(7, sizes.equal, DAYS), folder / "equal_pages")
    begun = Run.start(folder / "equal", "run-1", shards=sizes.shards)
    pipeline.capture(begun, [folder / "equal_pages" / "pages"], folder / "equal_pages" / "manifest.jsonl")
    for engine in EngineName:
        run = twin(begun, folder / f"equal_{engine}", engine=engine)
        pipeline.by_shard(run, shards_of(run), engine_for(run.options, 2), lambda *_: None)
        pipeline.load(run)
        found[engine] = row_sets(run.where)
    differing = [name for name in found[EngineName.pool] if len({str(sets[name]) for sets in found.values()}) > 1]
    count = sum(rows for rows, *_ in found[EngineName.pool].values())
    print(f"  {len(found)} engines, {sizes.equal:,} pages, {count:,} rows" + (f"; different: {', '.join(differing)}" if differing else ""))
    return {"engines_equal": int(not differing)}


PARTS: dict[str, Callable[[Sizes, Path], dict[str, Any]]] = {
    "pool": through_the_pool,
    "derive": derived_on_spark,
    "workers": pool_by_workers,
    "spark": spark_by_workers,
    "equal": same_rows,
}


if __name__ == "__main__":
    main()
