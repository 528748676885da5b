"""The benchmark of the UI asks for every page, and comes to its figures."""

import json
import subprocess
import sys
from pathlib import Path

from fastapi.routing import APIRoute

from broadsheet.ui import console, feeds, front, quality, viewer

BENCH = Path(__file__).resolve().parents[2] / "bench" / "ui.py"
NOT_MEASURED = {"/sql.csv", "/quality/replay", "/quality/dismiss", "/docs/{path:path}"}  # a download, what triggers a DAG, files


def test_every_page_is_asked_for(sample_run):
    lake, _ = sample_run
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*")}
    done = subprocess.run([sys.executable, str(BENCH), "--lake", str(lake)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    figures = json.loads(last)
    asked = [line.split()[-1].partition("?")[0] for line in lines[1:]]
    assert len(figures) == len(asked) + 2
    assert figures["slowest_page_s"] == max(value for name, value in figures.items() if not name.startswith("slowest"))
    routes = [route for part in (front, viewer, feeds, console, quality) for route in part.router.routes if isinstance(route, APIRoute)]
    left_out = {route.path for route in routes if not any(route.path_regex.match(path) for path in asked)}
    assert left_out == NOT_MEASURED
    assert {path: path.stat().st_mtime_ns for path in lake.rglob("*")} == before


def test_a_lake_that_is_not_there_is_told_of(tmp_path):
    done = subprocess.run([sys.executable, str(BENCH), "--lake", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has no published warehouse: run `make bench-warehouse` first" in done.stderr
