"""The benchmark of scale comes to its figures, and all engines to the same rows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    return folder, figures_of(folder, "--parts", "pool", "workers")


def test_the_pool_comes_to_its_figures(of_the_pool):
    folder, figures = of_the_pool
    assert all(figures[name] > 0 for name in ("pool_pages_per_s", "peak_memory_gb", "pool_efficiency_2"))
    assert (folder / "memory.svg").read_text("utf-8").startswith("<svg")


def test_spark_derives_from_what_the_pool_left(of_the_pool, spark):
    figures = figures_of(of_the_pool[0], "--reuse", "--parts", "derive")
    assert figures["derive_s"] > 0 and figures["derive_shuffled_gb"] > 0


def test_spark_comes_to_its_figures_and_all_engines_to_the_same_rows(tmp_path: Path, spark):
    figures = figures_of(tmp_path, "--parts", "spark", "equal")
    assert figures["engines_equal"] == 1
    assert all(figures[name] > 0 for name in ("spark_gross_pages_per_s", "spark_startup_s"))  # so few pages are within the start-up's scatter
