"""The benchmark of capture comes to its figures, and killed crawls lose nothing."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench" / "capture.py"


def test_it_ends_with_its_figures():
    done = subprocess.run([sys.executable, str(BENCH), "--small"], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["kills"], figures["lost"], figures["broken"], figures["again"]) == (2, 0, 0, 0)
    assert all(figures[name] > 0 for name in ("web_pages_per_s", "ratio_vs_bare_scrapy", "warc_pages_per_cpu_s"))
    assert all(figures[name] > 0 for name in ("visit_lookup_ms", "plan_ms", "health_ms"))
    assert "ratio_vs_bare_fastwarc" in figures
