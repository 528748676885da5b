"""The benchmark of scale comes to its figures."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench" / "scale.py"


def test_the_pool_comes_to_its_figures(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, str(BENCH), "--small", "--parts", "pool", "workers", "--folder", str(tmp_path / "bench")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert all(figures[name] > 0 for name in ("pool_pages_per_s", "peak_memory_gb", "pool_efficiency_2"))
    assert (tmp_path / "bench" / "memory.svg").read_text("utf-8").startswith("<svg")


def test_spark_comes_to_its_figures_and_all_engines_to_the_same_rows(tmp_path: Path, spark):
    done = subprocess.run(
        [sys.executable, str(BENCH), "--small", "--parts", "spark", "equal", "--folder", str(tmp_path / "bench")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["engines_equal"] == 1
    assert all(figures[name] > 0 for name in ("spark_pages_per_s", "spark_startup_s"))
