"""What Airflow adds: a day of captures built by the DAG `build` under a real scheduler, beside `broadsheet build`. `make bench-airflow`

Pages of the sample world, all of one day, are brought in once; two copies of the lake are built. `make up` runs the DAG (LocalExecutor, SQLite,
four shards) and is timed from the trigger to the end of the run; the command is timed as a process. The last line is JSON: how many times as
long the DAG took, by number of pages, and `parse_seconds`, the time that reading the slowest DAG file takes in a new process.

(`airflow.py` calls it: under that name alone it would hide Airflow itself.)
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bin"))

import airflow_home
import up

from broadsheet import ingest
from broadsheet.lake import CAPTURES, Lake
from broadsheet.runs import stored_summary
from sampleworld.world import build
from sampleworld.write import write

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"overhead_10k": 10_000, "overhead_50k": 50_000}
SMALL = {"overhead_10k": 200, "overhead_50k": 400}
SHARDS = 4
SERVED_WITHIN = 300  # seconds
BUILT_WITHIN = 4 * 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="200 and 400 pages: whether it works, in some minutes")
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    (ROOT / "build").mkdir(exist_ok=True)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="bench-airflow-") as folder:
        with serving(Path(folder) / "airflow") as port:
            for name, pages in (SMALL if given.small else SIZES).items():
                figures[name] = compare(Path(folder) / name, pages, port)
        figures["parse_seconds"] = slowest_parse()
    print(json.dumps(figures))


def compare(folder: Path, pages: int, port: int) -> float:
    """Build a day both ways. Returns the DAG's time over the command's."""
    lake, day = brought_in(folder, pages)
    other = folder / "other_lake"
    shutil.copytree(lake, other)
    by_command = by_cli(lake, day)
    by_dag, tasks = by_airflow(other, day, port, folder.name)
    counts = [page_count(place) for place in (lake, other)]
    if counts[0] != counts[1]:
        raise SystemExit(f"the two built {counts[0]} and {counts[1]} pages")
    print(
        f"{counts[0]:,} pages of {day}: command {by_command:.1f} s, DAG {by_dag:.1f} s; load of the machine {os.getloadavg()[0]:.1f}\n"
        f"  seconds of the DAG's tasks: {', '.join(f'{task} {seconds:.1f}' for task, seconds in tasks.items())}"
    )
    return round(by_dag / by_command, 2)


def brought_in(folder: Path, pages: int) -> tuple[Path, str]:
    """A lake that pages of one day came into, and the day."""
    write(build(pages=pages, days=1), folder, with_broken=False)
    (folder / "sources").mkdir()
    (folder / "sources" / "sample.yaml").write_text("kind: files\npaths: [../pages]\nmanifest: ../manifest.jsonl\n", "utf-8")
    source = ingest.read_source(folder / "sources", "sample")
    run = ingest.start_source(folder / "lake", source)
    days = ingest.ingest(run, source)["days"]
    ingest.finish(run)
    return folder / "lake", max(days, key=lambda day: captures_of(folder / "lake", day))


def captures_of(lake: Path, day: str) -> int:
    return sum(len(file.read_bytes().splitlines()) for file in (Lake(lake).arrivals / day).glob(f"*/{CAPTURES}"))


def page_count(lake: Path) -> int:
    (file,) = (lake / "runs").glob("*.json")
    return stored_summary(lake, file.stem)["page_count"]


def by_cli(lake: Path, day: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "build", day, "--lake", str(lake), "--shards", str(SHARDS)], stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode not in (0, 3):
        raise SystemExit(f"`broadsheet build` ended with {done.returncode}")
    return time.perf_counter() - began


def by_airflow(lake: Path, day: str, port: int, name: str) -> tuple[float, dict[str, float]]:
    """Seconds from the trigger to the end of the run, and those of its tasks, mapped ones added up."""
    home = lake.parents[1] / "airflow"
    user, password = up.credentials(home)
    told = up._get(port, "/auth/token", body={"username": user, "password": password})
    assert told
    token = told["access_token"]
    runs = "/api/v2/dags/build/dagRuns"
    body: Any = {"logical_date": None, "partition_key": day, "dag_run_id": name, "conf": {"lake": str(lake), "shards": SHARDS}}
    began = time.perf_counter()
    up._get(port, runs, token=token, body=body)
    while time.perf_counter() - began < BUILT_WITHIN:
        run = up._get(port, f"{runs}/{name}", token=token)
        if run and run["state"] == "success":
            seconds = time.perf_counter() - began
            break
        if run and run["state"] == "failed":
            raise SystemExit(f"the run of the DAG failed; Airflow's logs: {home / 'logs'}")
        time.sleep(0.2)
    else:
        raise SystemExit("the run of the DAG did not end")
    tasks: dict[str, float] = {}
    for ti in (up._get(port, f"{runs}/{name}/taskInstances?order_by=start_date", token=token) or {})["task_instances"]:
        tasks[ti["task_id"]] = tasks.get(ti["task_id"], 0.0) + (ti["duration"] or 0.0)
    return seconds, tasks


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """`make up` with its state in `home`; yields its port."""
    port = next(port for port in range(8180, 8280) if up.is_free(port))
    command = [sys.executable, str(ROOT / "bin" / "up.py"), "--airflow-home", str(home), "--port", str(port)]
    served = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + SERVED_WITHIN
        while not (airflow_home.password_file(home).exists() and up.is_ready(home, port)):
            if served.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"Airflow did not come up; its logs: {home / 'logs'}")
            time.sleep(1)
        yield port
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(90)


def slowest_parse() -> float:
    """Seconds that reading the slowest DAG file takes, in a process that has Airflow loaded, as the one that parses has."""
    code = (
        "import runpy, sys, time; import airflow.sdk, airflow.plugins_manager, airflow.timetables.simple, airflow.dag_processing.dagbag;"
        "sys.path += sys.argv[2:]; began = time.perf_counter(); runpy.run_path(sys.argv[1]); print(time.perf_counter() - began)"
    )
    with tempfile.TemporaryDirectory() as home:
        environment = airflow_home.environment(Path(home))
        seconds = {}
        for file in sorted((ROOT / "dags").glob("*.py")):
            command = [sys.executable, "-c", code, str(file), str(ROOT / "dags"), str(ROOT / "plugins")]
            told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
            seconds[file.stem] = float(told.splitlines()[-1])
    print("reading a DAG file: " + ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()))
    return round(max(seconds.values()), 2)


if __name__ == "__main__":
    main()
