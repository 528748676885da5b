"""A standalone Spark cluster on the loopback address: hostile pages in its executors, and its processes killed in the middle of a run."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from row_sets import twin
from staged import EVIL_PAGE, ROOT, SAMPLE, begin, rows_of

from broadsheet import pipeline
from broadsheet.engine import engines, extracting, guard
from broadsheet.engine.spark import submit
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ATTEMPTS
from broadsheet.runs import Run, shards_of

HERE = Path(__file__).parent
SHARDS = 8
EVIL = {"segfault": 3, "spin": 2, "memory": 2}
REASONS = {"page_crashed": 3, "page_timeout": 2, "page_out_of_memory": 2}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux only")


@pytest.fixture(scope="module")
def cluster(spark: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psutil.Process]:
    """`make spark-up`, named by the environment as the cluster to work on. Guards of its executors read pages with the evil reader."""
    home = tmp_path_factory.mktemp("spark")
    command = [sys.executable, ROOT / "bin" / "spark_up.py", "--home", home]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = ""
        while not (found := re.search(r"BROADSHEET_SPARK_MASTER=(\S+)", told)):
            line = process.stdout.readline()
            assert line, told
            told += line
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BROADSHEET_SPARK_MASTER", found[1])
            patch.setenv("PYTHONPATH", str(HERE / "evil_site"), prepend=os.pathsep)
            yield psutil.Process(process.pid)
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not psutil.wait_procs(below, timeout=10)[1]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Pages of the sample and hostile ones, captured."""
    folder = tmp_path_factory.mktemp("evil pages")
    for number, what in enumerate(kind for kind, count in EVIL.items() for _ in range(count)):
        (folder / f"{number}.html").write_text(EVIL_PAGE.format(number=number, what=what), "utf-8")
    sample = random.Random(7).sample(sorted((SAMPLE / "pages").glob("*.html.gz")), 60)
    settings = {"page_seconds": 2, "page_memory_mb": 300}
    return begin(tmp_path_factory.mktemp("begun") / "lake", [folder, *sample], shards=SHARDS, **settings)


@pytest.fixture(scope="module")
def of_the_pool(begun: Run, tmp_path_factory: pytest.TempPathFactory):
    """The rows that the pool makes of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        patch.setattr(extracting, "WORK", "evil_reading:evil_reader")
        run = twin(begun, tmp_path_factory.mktemp("pool") / "lake", engine="pool")
        pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options, workers=1), lambda *progress: None)
    guard.release()
    return rows_of(run)


def test_each_hostile_page_costs_one_row_and_whatever_is_killed_costs_none(cluster, begun: Run, of_the_pool, tmp_path: Path) -> None:
    """In one run an executor, a worker, the driver and the process that submitted it are killed in turn, each after another shard is done."""
    run = twin(begun, tmp_path / "lake", engine="spark")
    assert len(shards_of(run)) == SHARDS
    killed: list[str] = []
    done_before: dict[Path, int] = {}
    turns = iter((kill_executor, kill_worker, kill_driver, kill_submitter))

    def report(_: str, done: int, of: int) -> None:
        assert of == SHARDS
        if 0 < done < of and (kill := next(turns, None)):
            done_before.update({path: path.stat().st_ino for path in run.where.staging(run.run_id, "validate").glob("shard-*/summary.json")})
            killed.append(kill(cluster))

    pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options), report)
    assert killed == ["executor", "worker", "driver", "submitter"]
    assert done_before == {path: path.stat().st_ino for path in done_before}  # what was done was not done again
    assert not (run.where.staging(run.run_id, ATTEMPTS) / "open").exists()
    rows = rows_of(run)
    assert rows == of_the_pool
    hostile = [reason for _, _, _, reasons in rows["quarantine"] for reason in reasons if reason in REASONS]
    assert Counter(hostile) == REASONS
    assert not [process for process in descendants(cluster) if "nursery" in " ".join(cmdline(process))]


def test_a_fault_of_the_program_is_not_tried_again(cluster, begun: Run, tmp_path: Path) -> None:
    run = twin(begun, tmp_path / "lake", engine="spark")
    (run.where.shard(run.run_id, "capture", 0) / "captures.jsonl").write_bytes(b"no capture\n")
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*read_records.*DecodeError"):
        pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options), lambda *progress: None)
    log = (run.where.staging(run.run_id, ATTEMPTS) / "spark.log").read_text("utf-8")
    assert log.count("SparkContext: Running Spark version") == 1


def test_a_cluster_that_there_is_not_is_told_of(spark: Path, begun: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADSHEET_SPARK_MASTER", "no-such-master")
    run = twin(begun, tmp_path / "lake", engine="spark")
    with pytest.raises(ConfigurationError, match=r"no-such-master|Master must"):
        pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options), lambda *progress: None)


def test_a_cluster_that_does_not_answer_may_do_so_later(spark: Path, begun: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark asks three times, twenty seconds apart."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and listens to nothing
        monkeypatch.setenv("BROADSHEET_SPARK_MASTER", f"spark://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setattr(submit, "TRIES", 1)
        run = twin(begun, tmp_path / "lake", engine="spark")
        with pytest.raises(TransientError, match="the cluster does not answer"):
            pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options), lambda *progress: None)


def descendants(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def kill_first(processes: list[psutil.Process], *words: str) -> None:
    for _ in range(600):
        for process in processes:
            line = cmdline(process)
            if all(any(word in part for part in line) for word in words):
                process.kill()
                return
        time.sleep(0.1)
    raise AssertionError(f"no process has {words}")


def kill_executor(cluster: psutil.Process) -> str:
    kill_first(descendants(cluster), "CoarseGrainedExecutorBackend")
    return "executor"


def kill_worker(cluster: psutil.Process) -> str:
    kill_first(descendants(cluster), "org.apache.spark.deploy.worker.Worker")
    return "worker"


def kill_driver(_: psutil.Process) -> str:
    """The Python process; its parent, the submitter, is of Java."""
    drivers = [process for process in descendants(psutil.Process()) if "python" in process.name()]
    kill_first(drivers, "by_shard.py")
    return "driver"


def kill_submitter(_: psutil.Process) -> str:
    kill_first(descendants(psutil.Process()), "org.apache.spark.deploy.SparkSubmit")
    return "submitter"
