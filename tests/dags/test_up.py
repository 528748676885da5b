"""`make up`: Airflow served on the loopback address, the DAG triggered over its API, and every process gone afterwards."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from pages import write_pages

pytestmark = pytest.mark.airflow

PROJECT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A running `bin/up.py` and what it printed."""

    def __init__(self, home: Path):
        self.home = home
        self.port = free_port()
        self.printed = ""
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "bin" / "up.py"), "--airflow-home", str(home), "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.printed += line

    def wait_for(self, text: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.printed:
            assert self.process.poll() is None and time.monotonic() < deadline, f"no {text!r} in:\n{self.printed}"
            time.sleep(0.5)

    def call(self, path: str, token: str = "", body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as response:
            return json.load(response)

    def family(self) -> list[psutil.Process]:
        """Every process that works in this Airflow's home, wherever it hangs in the tree, and every one below this one: servers that set
        their title overwrite the environment that others see."""
        found = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        for process in psutil.process_iter():
            try:
                if process not in found and process.status() != psutil.STATUS_ZOMBIE and process.environ().get("AIRFLOW_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found


def listening(process: psutil.Process) -> set[str]:
    """Addresses on which a process listens. Processes that run tasks shut themselves to all but root: others see nothing of them."""
    try:
        return {connection.laddr.ip for connection in process.net_connections("tcp") if connection.status == psutil.CONN_LISTEN}
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return set()


@pytest.fixture
def served(tmp_path):
    up = Served(tmp_path / "airflow")
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
            up.process.wait(90)
        for process in up.family():
            process.kill()


def test_up_serves_the_dag_and_leaves_no_process(served, tmp_path):
    served.wait_for("Ctrl-C stops everything", 300)
    password = re.search(r"password\s+(\S+)", served.printed)[1]
    health = served.call("/api/v2/monitor/health")
    assert {part: health[part]["status"] for part in ("metadatabase", "scheduler", "triggerer", "dag_processor")} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )
    token = served.call("/auth/token", body={"username": "admin", "password": password})["access_token"]
    assert [dag["dag_id"] for dag in served.call("/api/v2/dags", token)["dags"]] == ["news_pipeline"]

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
