"""`make cluster`, which is docker-compose.yaml without containers: workers are killed in the middle of a run, and the run still ends right."""

import contextlib
import json
import signal
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import cluster
import msgspec
import psutil
import pytest
from row_sets import row_sets
from served import PROJECT, Served, listening, serving

from broadsheet import pipeline
from broadsheet.lake import CAPTURES, Lake, read_records
from broadsheet.records import Capture
from broadsheet.runs import Run

SAMPLE = PROJECT / "examples" / "sample"
RUNS = "/api/v2/dags/news_pipeline/dagRuns"
# A worker counts as dead sooner than in earnest.
IMPATIENT = {
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}
UNDER_WAY = {"extract": "staging/*/extract/shard-*/.pages*.tmp", "load": "warehouse/.build-*.duckdb"}


@pytest.fixture
def served(tmp_path):
    if missing := cluster.not_installed():
        pytest.skip(f"needs {', '.join(missing)} (Debian: postgresql, redis-server)")
    with serving(tmp_path / "airflow", "cluster.py", *(f"--set={name}={value}" for name, value in IMPATIENT.items())) as program:
        yield program


@pytest.mark.airflow
def test_a_run_whose_workers_are_killed_ends_as_one_that_was_left_alone(served, tmp_path):
    served.wait_for("Ctrl-C stops everything", 300)
    token = served.token()
    served.call("/api/v2/dags/news_pipeline", token, {"is_paused": False}, method="PATCH")
    lake = tmp_path / "lake"
    manifest, pages = two_shards_of_the_sample(tmp_path)
    conf = {"lake": str(lake), "manifest": str(manifest), "paths": list(map(str, pages))}
    run_id = served.call(RUNS, token, {"logical_date": None, "conf": conf})["dag_run_id"]
    run = f"{RUNS}/{run_id}"

    killed = [kill_worker_at(stage, served, run, token, lake) for stage in ("extract", "load")]

    deadline = time.monotonic() + 300
    while (state := served.call(run, token)["state"]) in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(1)
    told = tries(served, run, token)
    assert state == "success", told
    assert all(told[task] >= 2 for task in killed), told
    assert served.printed.count("ended with -9, and is started again") == 2
    assert len(list(lake.glob("runs/*.json"))) == 1
    assert set().union(*map(listening, served.family())) == {"127.0.0.1"}
    quiet = same_run_undisturbed(lake, tmp_path / "quiet", manifest, pages)
    expected, found = row_sets(quiet), row_sets(Lake(lake))
    assert expected["captures"][0] == len(pages) > 50
    assert {name: found[name] for name in expected if found[name] != expected[name]} == {}


def kill_worker_at(stage: str, served: Served, run: str, token: str, lake: Path) -> tuple[str, int]:
    """Wait until files show that a task of the stage is under way, and kill -9 its worker with all that is below it. Returns task and map index."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if not list(lake.glob(UNDER_WAY[stage])):
            time.sleep(0.01)
            continue
        # Still while it is looked for, so that what dies is certain to be in the middle.
        trees = [halted(worker) for worker in workers_of(served)]
        under_way = {shard_of(path) for path in lake.glob(UNDER_WAY[stage])}
        at_it = [
            task
            for task in tasks_of(served, run, token)
            if task["task_id"] == stage and task["state"] == "running" and task["map_index"] in under_way
        ]
        found = [(task, tree) for task in at_it for tree in trees if task["pid"] in {process.pid for process in tree}]
        for _, tree in found[:1]:
            tell(tree, signal.SIGKILL)
        tell(chain(*trees), signal.SIGCONT)
        if found:
            return stage, found[0][0]["map_index"]
        time.sleep(0.2)
    raise AssertionError(f"no worker was seen at {stage}: {tries(served, run, token)}")


def workers_of(served: Served) -> list[psutil.Process]:
    alive = [child for child in psutil.Process(served.process.pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "celery" in " ".join(child.cmdline())]


def halted(worker: psutil.Process) -> list[psutil.Process]:
    """A worker and all below it, stopped; what was begun while the others were being stopped too."""
    tree = [worker]
    worker.suspend()
    while new := [process for process in worker.children(recursive=True) if process not in tree]:
        tell(new, signal.SIGSTOP)
        tree += new
    return tree


def tell(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def shard_of(path: Path) -> int:
    """Shard that a file is of, which is its task's map index too, as the first shards have captures; -1: of a task that is not mapped."""
    return int(path.parent.name.removeprefix("shard-")) if path.parent.name.startswith("shard-") else -1


def tasks_of(served: Served, run: str, token: str) -> list[dict]:
    return served.call(f"{run}/taskInstances", token)["task_instances"]


def tries(served: Served, run: str, token: str) -> dict[tuple[str, int], int]:
    return {(task["task_id"], task["map_index"]): task["try_number"] for task in tasks_of(served, run, token)}


def two_shards_of_the_sample(folder: Path) -> tuple[Path, list[Path]]:
    """Pages of the bundled sample that fall into the first two of four shards, which is half the tasks, and a manifest of them."""
    probe = Run.start(folder / "probe", shards=4)
    pipeline.capture(probe, [SAMPLE / "pages"], SAMPLE / "manifest.jsonl")
    captures = [capture for shard in (0, 1) for capture in read_records(probe.where.shard(probe.run_id, "capture", shard) / CAPTURES, Capture)]
    chosen = {SAMPLE / capture.input_path for capture in captures if "#" not in capture.input_path}
    entries = [
        entry for line in (SAMPLE / "manifest.jsonl").read_text("utf-8").splitlines() if SAMPLE / (entry := json.loads(line))["path"] in chosen
    ]
    pages = [SAMPLE / entry["path"] for entry in entries]
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps({**entry, "path": str(page)}) + "\n" for entry, page in zip(entries, pages, strict=True)), "utf-8")
    return manifest, pages


def same_run_undisturbed(lake: Path, other: Path, manifest: Path, pages: list[Path]) -> Lake:
    """The lake of the same run, as the command line does it, with the same id, beginning and settings."""
    (run_id,) = (path.stem for path in lake.glob("runs/*.json"))
    twin = msgspec.structs.replace(Run.open(lake, run_id), lake=str(other))
    shards = pipeline.capture(twin, pages, manifest)
    for stage in (pipeline.extract, pipeline.transform, pipeline.validate):
        for shard in shards:
            stage(twin, shard)
    pipeline.load(twin)
    return twin.where
