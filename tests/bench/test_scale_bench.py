"""The benchmark of scale comes to its figures, and all engines to the same rows."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench" / "scale.py"


def figures_of(folder: Path, *parts: str) -> dict[str, float]:
    command = [sys.executable, str(BENCH), "--small", "--folder", str(folder / "bench"), "--parts", *parts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_pool_comes_to_its_figures(tmp_path: Path):
    figures = figures_of(tmp_path, "pool", "workers")
    assert all(figures[name] > 0 for name in ("pool_pages_per_s", "peak_memory_gb", "pool_efficiency_2"))
    assert (tmp_path / "bench" / "memory.svg").read_text("utf-8").startswith("<svg")


def test_spark_comes_to_its_figures_and_all_engines_to_the_same_rows(tmp_path: Path, spark):
    figures = figures_of(tmp_path, "spark", "equal")
    assert figures["engines_equal"] == 1
    assert all(figures[name] > 0 for name in ("spark_pages_per_s", "spark_startup_s"))
