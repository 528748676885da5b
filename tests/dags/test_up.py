"""`make up`: Airflow served on the loopback address, the DAG triggered over its API, and every process gone afterwards."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from pages import write_pages
from served import listening, serving

pytestmark = pytest.mark.airflow

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path / "airflow") as up:
        yield up


def test_up_serves_the_dag_and_leaves_no_process(served, tmp_path):
    served.wait_for("Ctrl-C stops everything", 300)
    health = served.call("/api/v2/monitor/health")
    assert {part: health[part]["status"] for part in ("metadatabase", "scheduler", "triggerer", "dag_processor")} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )
    token = served.token()
    assert {dag["dag_id"] for dag in served.call("/api/v2/dags", token)["dags"]} == {
        "news_pipeline", "ingest", "build", "reparse", "replay", "dismiss", "maintain",
    }  # fmt: skip

    conf = {"paths": [str(write_pages(tmp_path / "pages"))], "manifest": None, "lake": str(tmp_path / "lake")}
    run_id = served.call("/api/v2/dags/news_pipeline/dagRuns", token, {"logical_date": None, "conf": conf})["dag_run_id"]
    deadline = time.monotonic() + 480
    state = "queued"
    while state in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(2)
        state = served.call(f"/api/v2/dags/news_pipeline/dagRuns/{run_id}", token)["state"]
    assert state == "success", [
        (ti["task_id"], ti["map_index"], ti["state"])
        for ti in served.call(f"/api/v2/dags/news_pipeline/dagRuns/{run_id}/taskInstances", token)["task_instances"]
    ]
    assert (tmp_path / "lake" / "warehouse" / "broadsheet.duckdb").is_file()
    assert "warehouse" in {asset["name"] for asset in served.call("/api/v2/assets", token)["assets"]}

    family = served.family()
    assert len(family) >= 4
    assert set().union(*map(listening, family)) == {"127.0.0.1"}

    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(90) == 0
    assert served.family() == []
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


def test_a_taken_port_is_refused_by_name(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        command = [sys.executable, str(PROJECT / "bin" / "up.py"), "--airflow-home", str(tmp_path / "airflow"), "--port", str(port)]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 2
    assert str(port) in refused.stderr
