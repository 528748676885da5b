"""The benchmark of scale comes to its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import scale

BENCH = Path(__file__).resolve().parents[2] / "bench" / "scale.py"


def figures_of(folder: Path, *arguments: str) -> dict[str, float]:
    command = [sys.executable, str(BENCH), "--small", "--folder", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def of_the_pool(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """The folder that the pool's parts leave, and their figures."""
    folder = tmp_path_factory.mktemp("bench") / "scale"
    return folder, figures_of(folder, "--parts", "pool", "workers", "--pages", "60", "--compared", "20")


def test_the_pool_comes_to_its_figures(of_the_pool):
    folder, figures = of_the_pool
    assert all(figures[name] > 0 for name in ("pool_pages_per_s", "peak_memory_gb", "pool_efficiency_2"))
    assert (folder / "memory.svg").read_text("utf-8").startswith("<svg")


def test_what_a_job_shuffled_is_told_by_its_tasks(tmp_path: Path):
    """By Spark's log of events; that Spark derives what a load does is tested where it is derived."""
    ended = [
        {"Event": "SparkListenerTaskEnd", "Task Metrics": {"Shuffle Write Metrics": {"Shuffle Bytes Written": n}, "Disk Bytes Spilled": n // 10}}
        for n in (200, 50)
    ]
    log = tmp_path / "events"
    log.write_text(
        "".join(json.dumps(event) + "\n" for event in [{"Event": "SparkListenerLogStart"}, *ended, {"Event": "SparkListenerTaskEnd"}]), "utf-8"
    )
    assert scale._shuffled(log) == (250, 25)


def test_spark_comes_to_its_figures(tmp_path: Path, spark):
    """That all engines make the same rows is tested where they are."""
    figures = figures_of(tmp_path, "--parts", "spark", "--compared", "20")
    assert all(figures[name] > 0 for name in ("spark_gross_pages_per_s", "spark_startup_s"))  # so few pages are within the start-up's scatter
