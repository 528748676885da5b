"""A running `make up` or `make cluster` that tests talk to."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A running `bin/up.py` or `bin/cluster.py` and what it printed."""

    def __init__(self, home: Path, program: str = "up.py", *arguments: str):
        self.home = home
        self.port = free_port()
        self.printed = ""
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "bin" / program), "--airflow-home", str(home), "--port", str(self.port), *arguments],
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

    def call(self, path: str, token: str = "", body: dict | None = None, method: str | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
            method=method,
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

    def token(self) -> str:
        """A token of the user that is printed."""
        password = re.search(r"password\s+(\S+)", self.printed)[1]
        return self.call("/auth/token", body={"username": "admin", "password": password})["access_token"]


@contextmanager
def serving(home: Path, program: str = "up.py", *arguments: str) -> Iterator[Served]:
    """`make up`, or another program, with its state in `home`; no process of it is left afterwards."""
    up = Served(home, program, *arguments)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
            up.process.wait(90)
        for process in up.family():
            process.kill()


def wait_for(served: Served, token: str, dag_id: str, count: int) -> list[dict]:
    """The runs of a DAG, oldest first, when there are so many and all have ended."""
    deadline = time.monotonic() + 480
    runs: list[dict] = []
    while time.monotonic() < deadline:
        runs = served.call(f"/api/v2/dags/{dag_id}/dagRuns?order_by=id", token)["dag_runs"]
        if len(runs) >= count and all(run["state"] in ("success", "failed") for run in runs):
            break
        time.sleep(2)
    assert [run["state"] for run in runs] == ["success"] * count, runs
    return runs


def wait_for_backfills(served: Served, token: str, dag_id: str, count: int = 1, seconds: float = 300) -> None:
    """Until there are so many and none is open: the scheduler ends one some time after its last run, and there can be only one open."""
    deadline = time.monotonic() + seconds
    while True:
        found = served.call(f"/api/v2/backfills?dag_id={dag_id}", token)["backfills"]
        if len(found) >= count and all(backfill["completed_at"] for backfill in found):
            return
        assert time.monotonic() < deadline, found
        time.sleep(2)


def listening(process: psutil.Process) -> set[str]:
    """Addresses on which a process listens. Processes that run tasks shut themselves to all but root: others see nothing of them."""
    try:
        return {connection.laddr.ip for connection in process.net_connections("tcp") if connection.status == psutil.CONN_LISTEN}
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return set()
