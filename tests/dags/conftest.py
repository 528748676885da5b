"""Airflow for these tests: a home of their own, set before anything imports Airflow, which would else make one in $HOME."""

import json
import os
import sys
import tempfile
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bin"))

if "airflow" not in sys.modules:
    import airflow_home

    _home = tempfile.TemporaryDirectory(prefix="broadsheet-airflow-")  # removed when the interpreter ends
    os.environ.update({name: value for name, value in airflow_home.environment(Path(_home.name)).items() if name.startswith("AIRFLOW_")})


@pytest.fixture(scope="session")
def bag():
    """The project's DAGs."""
    import airflow_home

    return airflow_home.dag_bag()


@pytest.fixture(scope="session")
def run_dag():
    """`run_dag(dag_id, **conf)`: a DAG run by Airflow's own task runner, in this process; its DAG run."""
    import airflow_home

    airflow_home.prepare()

    def run(dag_id: str, **conf: object):
        dag = airflow_home.dag_bag().dags[dag_id]  # a DAG that was run here keeps the params of its run
        return airflow_home.run_here(dag, {name: str(value) if isinstance(value, Path) else value for name, value in conf.items()})

    return run


@pytest.fixture(scope="session")
def states():
    """`states(dag_run)`: task id -> states of its task instances, in the order of their map indexes."""

    def of(dag_run) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for ti in sorted(dag_run.get_task_instances(), key=lambda ti: ti.map_index):
            found[ti.task_id].append(str(ti.state))
        return dict(found)

    return of


@pytest.fixture
def hook():
    """A webhook on the loopback address: what it was sent, and what it answers."""
    sent = SimpleNamespace(requests=[], status=200)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.requests.append((self.path, self.headers.get("Authorization"), json.loads(body)))
            self.send_response(sent.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sent.url = f"http://127.0.0.1:{server.server_port}/hooks/secret-path"
        yield sent
        server.shutdown()


@pytest.fixture
def connect(monkeypatch):
    """`connect(name, **fields)`: a connection of Airflow, as its environment tells of it."""
    return lambda name, **fields: monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
