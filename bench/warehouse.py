"""`make bench-warehouse`: what the warehouse costs to build, load and ask, and whether it survives being killed.

Two lakes are built of a generated world (`world.py`): a large one, and one of its last tenth. So the same batches follow both, and what a
batch costs in one can be compared with what it costs in the other. Pages are made as the kernel's records and written where `extract` leaves
them; from there on everything is the real thing: transform, validate, load. There is no raw zone, since no later stage reads it; `kernel.py`
measures the kernel. The last line is one line of JSON with the figures by name. docs/benchmarks.md has more.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the world's words

from meter import Meter
from row_sets import row_set, row_sets
from world import World

from broadsheet import pipeline
from broadsheet.lake import ABSENCES, OUTCOMES, PAGES, Lake, write_records
from broadsheet.records import StageOutcome
from broadsheet.runs import Run
from broadsheet.settings import read_settings
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.compact import compact
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.questions import QUESTIONS
from broadsheet.warehouse.views import VIEWS, create_views

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["broadsheet.pipeline", "broadsheet.quality.gx"])  # seconds of each of many short processes
DATA_TABLES = [name for name, table in TABLES.items() if table.layer in ("entity", "event")]
ROUNDS = 5
SEARCHES = ("湿地公园", "数字图书馆", "跨江大桥", "清河县", "高山蔬菜基地", "城市书房 民生", "地下综合管廊", "云台乡 水库")


class Sizes(NamedTuple):
    captures: int  # of the large lake
    per_run: int  # captures of a run while a lake is built
    per_shard: int
    batch: int  # captures of a batch whose load is measured
    loads: int  # of such batches
    kills: int
    killed_batch: int


FULL = Sizes(captures=1_000_000, per_run=50_000, per_shard=6_250, batch=10_000, loads=3, kills=50, killed_batch=300)
SMALL = Sizes(captures=2_000, per_run=2_000, per_shard=1_000, batch=300, loads=2, kills=5, killed_batch=50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="some thousand captures and five kills: whether it works, in some minutes")
    parser.add_argument("--captures", type=int, help="captures of the large lake")
    parser.add_argument("--batch", type=int, help="captures of a batch")
    parser.add_argument("--loads", type=int, help="batches that are loaded into both lakes")
    parser.add_argument("--kills", type=int, help="loads that are killed")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured, all of it by default")
    parser.add_argument("--lakes", type=Path, default=ROOT / "build" / "bench-lakes", help="folder for the lakes, emptied first")
    parser.add_argument("--reuse", action="store_true", help="take the lakes that an earlier call with the same sizes built")
    given = parser.parse_args()
    chosen = {name: value for name in ("captures", "batch", "loads", "kills") if (value := getattr(given, name)) is not None}
    sizes = (SMALL if given.small else FULL)._replace(**chosen)
    print(f"{platform.platform()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}, {os.cpu_count()} cores, "
          f"{psutil.virtual_memory().total / 2**30:.0f} GiB, load {os.getloadavg()[0]:.1f}")  # fmt: skip

    with Meter() as meter:
        if not given.reuse:
            shutil.rmtree(given.lakes, ignore_errors=True)
        bench = Bench(given.lakes, sizes)
        figures: dict[str, Any] = {"captures": sizes.captures}
        peaks = {}
        for part, measure in {**({} if given.reuse else {"build": build}), **{part: PARTS[part] for part in given.parts}}.items():
            figures |= measure(bench)
            peaks[part] = round(meter.take_peak() / 1e9, 2)
    print("peak memory, all processes together: " + ", ".join(f"{part} {peak} GB" for part, peak in peaks.items()))
    # asking and comparing are no part of what a lake's owner must have memory for
    figures["peak_memory_gb"] = max((peaks[part] for part in ("build", "loads") if part in peaks), default=None)
    figures["reader_errors"] = bench.reader_errors
    print(json.dumps(figures))


# --- lakes -------------------------------------------------------------------------------------------------------------------


class Bench:
    """The two lakes, and the number of the next capture of the world."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder, self.sizes = folder, sizes
        self.reader_errors = 0
        self.large, self.small = Lake(folder / "large"), Lake(folder / "small")
        self._next = max((int(path.name.split("-")[-1]) for path in folder.glob("*/staging/batch-*")), default=sizes.captures)

    def next_batch(self, count: int) -> range:
        self._next += count
        return range(self._next - count, self._next)

    def prepare(self, batches: list[tuple[Lake, range]], *, name: str = "batch") -> tuple[list[Run], dict[str, float]]:
        """Runs of these captures with everything done but the load, and the seconds that all took by stage."""
        runs = [Run.start(lake.root, f"{name}-{numbers.start}-{numbers.stop}") for lake, numbers in batches]
        shards = [range(-(-len(numbers) // self.sizes.per_shard)) for _, numbers in batches]
        work = [(run, shard) for run, of_run in zip(runs, shards, strict=True) for shard in of_run]
        parts = [numbers[shard :: len(of_run)] for (_, numbers), of_run in zip(batches, shards, strict=True) for shard in of_run]
        seconds = {}
        with pool_of(min(os.cpu_count() or 1, len(work))) as pool:
            for stage in (generate, pipeline.transform, pipeline.validate):
                began = time.perf_counter()
                list(pool.map(stage, *zip(*work, strict=True), *([parts] if stage is generate else [])))
                seconds[stage.__name__] = time.perf_counter() - began
        return runs, seconds

    def load(self, run: Run) -> float:
        """Seconds of the load stage."""
        return self.load_and_tell(run)[0]

    def load_and_tell(self, run: Run) -> tuple[float, dict[str, Any]]:
        """Seconds and summary of the load stage, in a process of its own whose start is not counted."""
        with pool_of(1) as pool:
            return pool.submit(timed_load, run).result()


def build(bench: Bench) -> dict[str, Any]:
    """Both lakes, in runs of equal size, and then the maintenance that a lake gets."""
    whole, step = range(bench.sizes.captures), bench.sizes.per_run
    for lake, numbers in ((bench.large, whole), (bench.small, whole[-(len(whole) // 10) :])):
        seconds: Counter[str] = Counter()
        for first in range(0, len(numbers), step):
            (run,), times = bench.prepare([(lake, numbers[first : first + step])])
            seconds.update(times)
            seconds["load"] += bench.load(run)
        began = time.perf_counter()
        with pool_of(1) as pool:
            runs_before, runs_after = pool.submit(compact, lake, read_settings()).result()
        print(f"search index of {lake.root.name}: {runs_before} sorted runs, {runs_after} after {time.perf_counter() - began:.0f} s of compacting")
        told = ", ".join(f"{stage} {value:,.0f} s" for stage, value in seconds.items())
        print(f"built {lake.root.name}: {len(numbers):,} captures in {told}; {lake.warehouse.stat().st_size / 1e9:.2f} GB, "
              f"Parquet {size_of(lake.tables) / 1e9:.2f} GB")  # fmt: skip
    with connect(bench.large.root) as connection:
        counts = {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for name in TABLES}
    print("  rows: " + ", ".join(f"{name} {count:,}" for name, count in counts.items() if count))
    return {}


def pool_of(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=PROCESSES, initializer=without_output)


def without_output() -> None:
    """DuckDB takes a child process for a person at a prompt, and draws progress bars."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def generate(run: Run, shard: int, numbers: range) -> None:
    """What `capture` and `extract` would leave of a shard: pages, absences and accounts. Shards take turns, where the pipeline goes by a hash."""
    began, started = datetime.now(UTC), time.perf_counter()
    before, target = (run.where.shard(run.run_id, stage, shard) for stage in ("capture", "extract"))
    absences = list(world().absences(numbers))
    write_records(before / ABSENCES, absences)
    count = write_records(target / PAGES, world().captures(numbers))
    gone = Counter(str(absence.absence_kind) for absence in absences)
    for stage, folder, unit, delivered in (("capture", before, "input", count + len(absences)), ("extract", target, "page", count)):
        outcome = StageOutcome(
            stage=stage, shard=shard, table_name="", unit=unit, in_count=delivered, out_count=delivered, quarantined_count=0, new_count=delivered,
            absences=dict(gone) if stage == "capture" else {}, started_at=began, seconds=time.perf_counter() - started,
        )  # fmt: skip
        write_records(folder / OUTCOMES, [outcome])


@cache
def world() -> World:
    return World()


def timed_load(run: Run) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    summary = pipeline.load(run)
    return time.perf_counter() - began, summary


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# --- loads -------------------------------------------------------------------------------------------------------------------


def measure_loads(bench: Bench) -> dict[str, Any]:
    """The same batches into both lakes, in turn, so that load on the machine hits both alike; then the last one again as a new run."""
    lakes, size = (bench.small, bench.large), bench.sizes.batch
    batches = [bench.next_batch(size) for _ in range(bench.sizes.loads)]
    runs, times = bench.prepare([(lake, numbers) for numbers in batches for lake in lakes])
    again, _ = bench.prepare([(lake, batches[-1]) for lake in lakes], name="again")
    seconds: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        seconds[run.lake].append(bench.load(run))
    before = ", ".join(f"{stage} {value / len(runs):.1f} s" for stage, value in times.items())
    print(f"a batch of {size:,} before its load: {before}")
    shares = []
    for run in again:
        median = statistics.median(seconds[run.lake])
        taken, summary = bench.load_and_tell(run)
        if new := {name: rows["new"] for name, rows in summary["tables"].items() if name in DATA_TABLES and rows["new"]}:
            raise AssertionError(f"loading the same captures again wrote rows: {new}")
        shares.append(taken / median)
        print(f"its load into {run.where.root.name}: {', '.join(f'{value:.1f}' for value in seconds[run.lake])} s; "
              f"the last one again, no row written: {taken:.1f} s, {shares[-1]:.0%}")  # fmt: skip
    ratio = statistics.median(seconds[again[1].lake]) / statistics.median(seconds[again[0].lake])
    return {"load_ratio_1m_vs_100k": round(ratio, 2), "rerun_share": round(max(shares), 3)}


# --- questions ---------------------------------------------------------------------------------------------------------------


def measure_questions(bench: Bench) -> dict[str, Any]:
    """Questions to the large lake while loads into it run, each asked on a connection of its own."""
    runs, _ = bench.prepare([(bench.large, bench.next_batch(bench.sizes.batch)) for _ in range(2)])
    questions = dict(all_questions(bench.large))
    searches = {f"search {text}": f"from search('{text}')" for text in SEARCHES}
    taken: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []
    asked = during = 0
    loading = PROCESSES.Process(target=load_all, args=(runs,))
    loading.start()
    for _ in range(ROUNDS):
        for name, sql in {**questions, **searches}.items():
            asked += 1
            during += loading.is_alive()
            try:
                taken[name].append(seconds_of(bench.large, sql))
            except Exception as error:
                errors.append(f"{name}: {error}")
    loading.join()
    if loading.exitcode:
        errors.append(f"the load ended with {loading.exitcode}")
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"questions while loads run ({during} of {asked} asked meanwhile), medians of {ROUNDS}, seconds:")
    for name, value in sorted(medians.items(), key=lambda pair: -pair[1]):
        print(f"  {value:8.3f}  {name}")
    for error in errors:
        print(f"  reader error: {error}", file=sys.stderr)
    bench.reader_errors += len(errors)
    return {
        "slowest_mart_s": round(max(value for name, value in medians.items() if name in questions and is_asked(name)), 3),
        "search_median_ms": round(1000 * statistics.median(value for name, value in medians.items() if name in searches), 1),
    }


def all_questions(lake: Lake) -> Iterator[tuple[str, str]]:
    """(name, SQL): the questions that the marts answer; a site's rows of each view; each view as a whole."""
    site = world().sites[3].site
    # one of them asks of a site of the sample
    yield from ((f"question {name}", question.sql.replace("haidu.example", site)) for name, question in QUESTIONS.items())
    with connect(lake.root) as connection:
        for view in VIEWS:
            columns = [row[0] for row in connection.execute(f"describe {view.name}").fetchall()]
            if "site" in columns:
                yield f"{view.name} of a site", f"select * from {view.name} where site = '{site}' limit 100"
    for view in VIEWS:
        yield f"{view.name} {WHOLE}", f"select bit_xor(hash(v)) from {view.name} as v"


WHOLE = "as a whole"


def is_asked(name: str) -> bool:
    """Whether it is a question that people ask: every row and column of a view is an export."""
    return not name.endswith(WHOLE)


def seconds_of(lake: Lake, sql: str) -> float:
    """Of a question and its answer, not of opening the file."""
    with connect(lake.root) as connection:
        connection.execute("select 1").fetchall()
        began = time.perf_counter()
        connection.execute(sql).fetchall()
        return time.perf_counter() - began


def load_all(runs: list[Run]) -> None:
    without_output()
    for run in runs:
        pipeline.load(run)


# --- kills -------------------------------------------------------------------------------------------------------------------


def measure_kills(bench: Bench) -> dict[str, Any]:
    """Batch after batch into two lakes: one load is left alone, its twin is killed at a random moment and done again. After each, every row
    of the two must be the same. Another process reads the second lake all the while."""
    rng = random.Random(1)
    quiet, killed = Lake(bench.folder / "quiet"), Lake(bench.folder / "killed")
    for lake in (quiet, killed):
        shutil.rmtree(lake.root, ignore_errors=True)
    spare = 2 + bench.sizes.kills // 5  # a load may end before it is killed
    first, *runs = bench.prepare([(quiet, bench.next_batch(bench.sizes.killed_batch)) for _ in range(bench.sizes.kills + spare)])[0]
    copy = copied(first, killed)
    for run in (first, copy):
        seconds = bench.load(run)
    reader, reports = start_reader(killed)
    hits = equal = 0
    moments: list[float] = []
    for run in runs:
        if hits == bench.sizes.kills:
            break
        copy = copied(run, killed)
        moment = rng.uniform(0, seconds)
        was_killed = kill_load(copy, after=moment)
        bench.load(copy)
        seconds = bench.load(run)
        expected, found = row_sets(quiet), row_sets(killed)
        for name in (different := [name for name in expected if expected[name] != found[name]]):
            print(f"  {name} differs after a kill at {moment:.2f} s", file=sys.stderr)
        hits += was_killed
        equal += was_killed and not different
        moments += [moment] if was_killed else []
    reads, errors = reports()
    reader.join()
    print(f"{hits} loads of about {seconds:.1f} s killed after {min(moments):.2f} to {max(moments):.2f} s; {equal} equal after a rerun; Parquet "
          f"{'equal' if parquet_sets(quiet) == parquet_sets(killed) else 'DIFFERS'}; {reads:,} reads meanwhile, {len(errors)} wrong")  # fmt: skip
    if left := [*killed.staging("").glob(".*"), *killed.warehouse.parent.glob(".build-*")]:
        print(f"  killed loads left {len(left)} folders of {sum(map(size_of, left)) / 1e6:.1f} MB behind")
    for error, count in Counter(errors).most_common(10):
        print(f"  reader error, {count} times: {error}", file=sys.stderr)
    bench.reader_errors += len(errors)
    return {"kills": hits, "kills_equal": equal}


def copied(run: Run, lake: Lake) -> Run:
    """The same run, ready to be loaded into another lake."""
    twin = msgspec.structs.replace(run, lake=str(lake.root.resolve()))
    shutil.copytree(run.where.staging(run.run_id), lake.staging(run.run_id))
    write_records(lake.staging(run.run_id) / "run.json", [twin])
    return twin


def kill_load(run: Run, *, after: float) -> bool:
    """Kill a load so many seconds after it began; whether it was still at work."""
    begun = PROCESSES.Event()
    process = PROCESSES.Process(target=signalled_load, args=(run, begun))
    process.start()
    while process.is_alive() and not begun.wait(1):
        pass
    time.sleep(after)
    process.kill()
    process.join()
    return process.exitcode != 0


def signalled_load(run: Run, begun) -> None:
    from broadsheet import publish  # noqa: F401  (what a load imports is no part of it)

    without_output()
    begun.set()
    pipeline.load(run)


def parquet_sets(lake: Lake) -> dict[str, tuple]:
    with duckdb.connect() as connection:
        found = {name: sorted(map(str, (lake.tables / name).rglob("*.parquet"))) for name in DATA_TABLES}
        return {name: row_set(connection, name, f"read_parquet({parts}, hive_partitioning = false)") for name, parts in found.items() if parts}


def start_reader(lake: Lake) -> tuple[Any, Callable[[], tuple[int, list[str]]]]:
    """A process that reads a lake until asked for its report: number of reads and what was wrong."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=read_on, args=(lake, theirs))
    process.start()

    def report() -> tuple[int, list[str]]:
        ours.send("enough")
        return ours.recv()

    return process, report


def read_on(lake: Lake, connection) -> None:
    """Open the published warehouse again and again, and stay on it for three reads: it must be a whole snapshot and stay the same."""
    reads, errors = 0, []
    while not connection.poll():
        try:
            with connect(lake.root) as warehouse:
                for _ in range(3):
                    errors += contradictions(warehouse)
                    reads += 1
                    time.sleep(0.05)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    connection.send((reads, errors))


def contradictions(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """What a published warehouse has that its latest snapshot does not tell."""
    counts = json.loads(warehouse.execute("select max_by(row_counts_json, snapshot_published_at) from snapshots").fetchall()[0][0])
    found = {name: warehouse.execute(f"select count(*) from {name}").fetchall()[0][0] for name in counts}
    return [f"{name}: not the {counts[name]} rows of the snapshot" for name in counts if found[name] != counts[name]]


# --- designs -----------------------------------------------------------------------------------------------------------------


def compare_designs(bench: Bench) -> dict[str, Any]:
    """Three ways to publish the large warehouse after a small load. That of two files is the load itself (`measure_loads`)."""
    size = bench.large.warehouse.stat().st_size
    print(f"copy, fsync and rename of the file of {size / 1e9:.2f} GB: {seconds_of_copy(bench.large.warehouse):.1f} s")
    with TemporaryDirectory(dir=bench.folder) as folder, duckdb.connect() as connection:
        began = time.perf_counter()
        views_over_parquet(connection, bench.large, Path(folder))
        print(f"views over Parquet: derived tables written in {time.perf_counter() - began:.1f} s")
        print("question, seconds with native tables and with views over Parquet, medians of 3, warm:")
        for name, sql in all_questions(bench.large):
            native, parquet = [], []
            for _ in range(4):
                native.append(seconds_of(bench.large, sql))
                began = time.perf_counter()
                connection.execute(sql).fetchall()
                parquet.append(time.perf_counter() - began)
            print(f"  {statistics.median(native[1:]):8.3f} {statistics.median(parquet[1:]):8.3f}  {name}")
    return {}


def seconds_of_copy(file: Path) -> float:
    """Of the simplest design: each load copies the published file, and puts the copy in its place."""
    aside, target = file.with_name("copy.tmp"), file.with_name("copy.duckdb")
    began = time.perf_counter()
    shutil.copyfile(file, aside)
    with aside.open("rb") as copy:
        os.fsync(copy.fileno())
    aside.replace(target)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def views_over_parquet(connection: duckdb.DuckDBPyConnection, lake: Lake, derived: Path) -> None:
    """The design without a file: every table is a view over its parts, those of derived tables written for the purpose."""
    connection.execute(f"attach '{lake.warehouse}' as native (read_only)")
    for name, table in TABLES.items():
        parts = sorted(map(str, (lake.tables / name).rglob("*.parquet")))
        if table.layer == "derived":
            parts = [str(derived / f"{name}.parquet")]
            connection.execute(f"copy native.{name} to '{parts[0]}' (format parquet, compression zstd, compression_level 3)")
        source = f"read_parquet({parts}, hive_partitioning = false, union_by_name = true)" if parts else f"native.{name}"
        connection.execute(f"create view {name} as from {source}")
    create_macros(connection)
    create_views(connection)


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "loads": measure_loads,
    "questions": measure_questions,
    "kills": measure_kills,
    "designs": compare_designs,
}

if __name__ == "__main__":
    main()
