"""The project's own Airflow: its settings, its metadata database and the writer's pool. Used by `make run` and `make up`.

Everything lies in one directory (`var/airflow`); an Airflow that is installed or configured elsewhere on the machine is not touched.
"""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_HOME = PROJECT / "var" / "airflow"
LOOPBACK = "127.0.0.1"


def environment(home: Path, port: int = 8080) -> dict[str, str]:
    """The environment in which Airflow works in `home`, serving on `port` of the loopback address."""
    from broadsheet.lineage.events import is_configured_by_environment

    url = f"http://{LOOPBACK}:{port}"
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # SQLite takes one writer at a time: at the default of 32 tasks at once, and of 5 seconds of waiting, it answers "database is locked".
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(home)),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # The components are started together and must agree; nothing signed with these outlives them.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        # Lineage events are sent in a thread: a fork of a task that has threads of DuckDB and Arrow may hang.
        "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
        "GX_ANALYTICS_ENABLED": "false",
    }
    if not is_configured_by_environment():
        transport = {"type": "file", "log_file_path": str(lineage_file(home)), "append": True}
        settings["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
    # Settings meant for another Airflow would make this one behave differently from machine to machine.
    # Connections and variables are used by name only.
    inherited = {name: value for name, value in os.environ.items() if _is_taken_over(name)}
    no_proxy = ",".join(filter(None, [inherited.get("NO_PROXY") or inherited.get("no_proxy"), LOOPBACK, "localhost"]))
    path = os.pathsep.join(filter(None, [str(Path(sys.executable).parent), inherited.get("PATH")]))
    return {**inherited, **settings, "NO_PROXY": no_proxy, "no_proxy": no_proxy, "PATH": path}


def _is_taken_over(name: str) -> bool:
    return name.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_")) or not name.startswith(("AIRFLOW_", "_AIRFLOW_"))


def password_file(home: Path) -> Path:
    """JSON object of user -> password, written by Airflow's API server."""
    return home / "passwords.json"


def lineage_file(home: Path) -> Path:
    """OpenLineage events, one a line, unless variables say that they go elsewhere."""
    return home / "openlineage.jsonl"


@contextmanager
def only_user_of(home: Path) -> Iterator[None]:
    """Hold `home`: two Airflows on one metadata database would take each other's tasks. Ends the program when it is taken."""
    from filelock import FileLock, Timeout

    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.exit(f"Another `make up` or `make run` is using {home}. Trigger the DAG there, or stop it first.")
    try:
        yield
    finally:
        lock.release()


def dag_bag():
    """The project's DAGs, with the folder of DAGs on the path as it is for Airflow's own processes."""
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = PROJECT / "dags"
    return BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")


def run_here(dag, conf: dict | None = None):
    """Run a DAG once in this process, task by task and without a scheduler. Returns its DAG run."""
    # `dag.test` of Airflow 3.3.2 fails at the end of a DAG that has one (apache/airflow#73428); nobody watches over it here anyway.
    dag.deadline = None
    return dag.test(run_conf=conf)


def prepare() -> None:
    """Configuration file, metadata database and pool, in a process whose environment is `environment(…)`."""
    from airflow.configuration import write_default_airflow_configuration_if_needed
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    # It holds the key of what is stored encrypted. Components that are started together would each make one, or read the file half written.
    write_default_airflow_configuration_if_needed()
    initdb()
    Pool.create_or_update_pool("warehouse_writer", slots=1, description="One writer of the warehouse at a time.", include_deferred=False)
    _end_abandoned_runs()


def _end_abandoned_runs() -> None:
    """Mark as failed what a killed `make run` left as running: nobody works on it, and it would hold back every later run."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, State, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType
    from sqlalchemy import select, update

    with create_session() as session:
        abandoned = select(DagRun).where(DagRun.triggered_by == DagRunTriggeredByType.TEST, DagRun.state.in_(State.unfinished_dr_states))
        for run in session.scalars(abandoned):
            of_run = (TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
            session.execute(update(TaskInstance).where(*of_run, TaskInstance.state.not_in(State.finished)).values(state=TaskInstanceState.FAILED))
            run.state = DagRunState.FAILED


if __name__ == "__main__":
    prepare()
