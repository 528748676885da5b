"""Serves the Airflow UI on the loopback address until Ctrl-C, with the DAGs ready to trigger. This is `make up`.

Four processes: api-server, scheduler (which runs the tasks), dag-processor, triggerer. Each has a session of its own, so that a
signal from the terminal reaches this program alone, which then stops them and everything they started. Log servers are off: the
api-server reads the log files itself, and nothing listens beyond 127.0.0.1.

Exit codes: 0 stopped by Ctrl-C or SIGTERM · 1 a process of Airflow ended by itself or did not come up · 2 the port is taken.
"""

import argparse
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import airflow_home
import psutil

DAG_ID = "news_pipeline"
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
READY_WITHIN = 240  # seconds; some 40 on a quiet machine
STOP_WITHIN = 20  # seconds; then SIGKILL


class Stopped(Exception):
    """Ctrl-C or SIGTERM came."""


class Fault(Exception):
    """Airflow cannot be served; the message says why."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make up", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, help="port of the UI; 8080 or the next free one without it")
    parser.add_argument("--airflow-home", type=Path, default=airflow_home.DEFAULT_HOME, help="where Airflow keeps its state")
    given = parser.parse_args()
    home = given.airflow_home.resolve()
    port = given.port or next((port for port in range(8080, 8180) if is_free(port)), None)
    if port is None or not is_free(port):
        print(f"Port {port or '8080 to 8179'} is taken; choose another: make up PORT=…", file=sys.stderr)
        return 2
    with airflow_home.only_user_of(home):
        return until_stopped(lambda: serve(home, port))


def until_stopped(work: Callable[[], None], name: str = "Airflow") -> int:
    """Do work that ends by an exception only, and stop all that it started, which is called `name`. Returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    _adopt_orphans()
    try:
        work()
    except Stopped:
        return 0
    except Fault as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 1
    finally:
        stop_everything(name)
    return 0


def serve(home: Path, port: int) -> None:
    """Start Airflow and watch over it; comes back by an exception only."""
    environment = airflow_home.environment(home, port)
    processes: dict[str, subprocess.Popen] = {}
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    print("Airflow: preparing its metadata database …", flush=True)
    with (logs / "prepare.log").open("wb") as log:
        preparing = start([sys.executable, airflow_home.__file__], environment, log)
        if preparing.wait():
            raise Fault(f"The metadata database could not be prepared: {log.name}")
    print("Airflow: starting (about a minute) …", flush=True)
    for name, command in COMPONENTS.items():
        with (logs / f"{name}.log").open("wb") as log:
            processes[name] = start([sys.executable, "-m", "airflow", *command], environment, log)
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(home, port):
        _watch(processes, logs)
        if time.monotonic() > deadline:
            raise Fault(f"Airflow did not come up within {READY_WITHIN} s. Its logs: {logs}")
        time.sleep(1)
    user, password = credentials(home)
    url = f"http://{airflow_home.LOOPBACK}:{port}"
    print(
        f"\nAirflow is ready: {url}/dags\n"
        f"  user      {user}\n  password  {password}\n"
        f"  logs      {logs}\n"
        f"Trigger {DAG_ID} as it is to run the bundled sample. Ctrl-C stops everything.",
        flush=True,
    )
    while True:
        _watch(processes, logs)
        time.sleep(1)


def stop_everything(name: str) -> None:
    """Stop all that this program started, and wait until it is gone: SIGTERM first, SIGKILL for what stays."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    me = psutil.Process()
    if not me.children():
        return
    print(f"\nStopping {name} …", flush=True)
    told: set[int] = set()
    deadline = time.monotonic() + STOP_WITHIN
    # What a process leaves behind when it ends is seen in the next round, as a child of this one.
    while remaining := _living_children(me):
        for process in remaining:
            try:
                if time.monotonic() > deadline:
                    process.kill()
                elif process.pid not in told:
                    told.add(process.pid)
                    process.terminate()
            except psutil.NoSuchProcess:
                pass
        time.sleep(0.2)
    print("Stopped.", flush=True)


def _living_children(me: psutil.Process) -> list[psutil.Process]:
    while True:  # collect those that have ended, adopted ones too
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    return [process for process in me.children(recursive=True) if process.is_running()]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((airflow_home.LOOPBACK, port))
        except OSError:
            return False
    return True


def is_ready(home: Path, port: int) -> bool:
    """All four components report healthy and the DAGs are there."""
    # The endpoint answers 200 whatever the components' state: read what it says.
    health = _get(port, "/api/v2/monitor/health")
    if health is None or any(health.get(part, {}).get("status") != "healthy" for part in ("metadatabase", "scheduler", "triggerer", "dag_processor")):
        return False
    user, password = credentials(home)
    token = _get(port, "/auth/token", body={"username": user, "password": password})
    if token is None:
        return False
    dags = _get(port, "/api/v2/dags", token=token["access_token"])
    return dags is not None and {path.stem for path in (airflow_home.PROJECT / "dags").glob("*.py")} <= {dag["dag_id"] for dag in dags["dags"]}


def credentials(home: Path) -> tuple[str, str]:
    """User and password, as the api-server made them up."""
    return next(iter(json.loads(airflow_home.password_file(home).read_text("utf-8")).items()))


def _get(port: int, path: str, *, token: str = "", body: dict[str, str] | None = None) -> dict | None:
    """JSON answer of the api-server, or None while it does not answer."""
    request = urllib.request.Request(
        f"http://{airflow_home.LOOPBACK}:{port}{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy
    try:
        with opener.open(request, timeout=10) as response:
            return json.load(response)
    except (urllib.error.URLError, OSError, ValueError):
        return None


def start(command: list[str], environment: dict[str, str], log) -> subprocess.Popen:
    """Start a process in a session of its own, which signals from the terminal do not reach."""
    return subprocess.Popen(
        command, env=environment, cwd=airflow_home.PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def _watch(processes: dict[str, subprocess.Popen], logs: Path) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise Fault(f"Airflow's {name} ended by itself with {process.returncode}. Its log: {logs / name}.log")


def _stop(number: int, frame) -> None:
    raise Stopped


def _adopt_orphans() -> None:
    """Become the parent of what a killed component leaves behind (Linux), so that it is found and stopped too."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
