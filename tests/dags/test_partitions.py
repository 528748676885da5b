"""Days as partitions under a real scheduler: what `ingest` brings is built by itself, a late capture has its own day built again, a backfill and a
trigger with a day build what was built without adding a row."""

import json
import subprocess
import sys

import pytest
from days import FIRST, SECOND, Drop, totals
from served import PROJECT, Served, serving, wait_for, wait_for_backfills

pytestmark = pytest.mark.airflow


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path / "airflow") as up:
        up.wait_for("Ctrl-C stops everything", 300)
        yield up


def airflow(served: Served, *arguments: str) -> None:
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import airflow_home;"
        "os.execvpe(sys.executable, [sys.executable, '-m', 'airflow', *sys.argv[3:]], airflow_home.environment(Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(PROJECT / "bin"), str(served.home), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_days_are_built_by_themselves_again_when_late_and_by_backfill(served, tmp_path):
    drop, lake, token = Drop(tmp_path), tmp_path / "lake", served.token()
    for day, number in ((FIRST, 1), (FIRST, 2), (SECOND, 3)):
        drop.put(day, number)
    conf = {"lake": str(lake), "sources": str(drop.sources)}

    served.call("/api/v2/dags/ingest/dagRuns", token, {"logical_date": None, "conf": conf})
    runs = wait_for(served, token, "build", 2)
    assert {run["partition_key"] for run in runs} == {FIRST, SECOND}
    assert {run["run_type"] for run in runs} == {"asset_triggered"}
    assert totals(lake) == {"captures": 3, "articles": 3, "article_versions": 3}

    drop.put(FIRST, 4)
    served.call("/api/v2/dags/ingest/dagRuns", token, {"logical_date": None, "conf": conf})
    runs = wait_for(served, token, "build", 3)
    assert runs[-1]["partition_key"] == FIRST
    whole = {"captures": 4, "articles": 4, "article_versions": 4}
    assert totals(lake) == whole

    given = {"logical_date": None, "partition_key": SECOND, "conf": {"lake": str(lake)}}
    served.call("/api/v2/dags/build/dagRuns", token, given)
    wait_for(served, token, "build", 4)

    span = ("--dag-id", "build", "--from-date", FIRST, "--to-date", SECOND)
    conf_of_backfill = json.dumps({"lake": str(lake)})
    airflow(served, "backfill", "create", *span, "--dag-run-conf", conf_of_backfill)  # all of it is there
    wait_for_backfills(served, token, "build")
    airflow(served, "backfill", "create", *span, "--reprocess-behavior", "completed", "--dag-run-conf", conf_of_backfill)
    runs = wait_for(served, token, "build", 6)
    assert [(run["run_type"], run["partition_key"]) for run in runs[-2:]] == [("backfill", FIRST), ("backfill", SECOND)]
    assert totals(lake) == whole
