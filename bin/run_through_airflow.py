"""Runs the DAG `news_pipeline` through Airflow, without a server, and prints what came of it. This is `make run`.

Each task is run by Airflow's own task runner, mapped tasks one by one; states, XComs and asset events are kept in the metadata
database, where `make up` shows them. Airflow's output goes to a log file that is named at the end.

Exit codes: 0 the run succeeded · 1 it failed, or was stopped by the quality policy · 2 wrong usage · 3 it succeeded, but
there was neither a page nor an absence. `make run` itself ends with 2 for each of them but 0, as make does.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import airflow_home

DAG_ID = "news_pipeline"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "paths", nargs="*", type=path, metavar="PATH", help="pages, WARC files and directories of them; the bundled sample without any"
    )
    parser.add_argument("--manifest", type=path, help="CSV or JSON Lines with path, url, captured_at, site")
    parser.add_argument("--lake", type=lake, help="directory of the lake, or s3://BUCKET/FOLDER")
    parser.add_argument("--policy", type=path, help="quality policy (YAML) laid over the embedded one")
    parser.add_argument("--sites", type=path, help="folder of site profiles, <host>.yaml")
    parser.add_argument("--outlets", type=path, help="outlets with their other names and hosts (YAML), laid over the bundled table")
    parser.add_argument("--shards", type=int, help="parts to split the run into, 4 to 16")
    parser.add_argument("--dry-run", action="store_true", help="do everything but publish")
    parser.add_argument("--airflow-home", type=Path, default=airflow_home.DEFAULT_HOME, help="where Airflow keeps its state")
    return parser.parse_args()


def path(text: str) -> Path:
    """A path; an empty one, as a variable that is not set gives, would be the current directory."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def lake(text: str) -> str:
    """A lake as the DAG takes it: a URL, or an absolute path."""
    return text if "://" in text else str(path(text).absolute())


def run_conf(given: argparse.Namespace) -> dict[str, Any]:
    """The DAG's params that differ from their defaults. Paths are made absolute: they were typed here, not in the project."""
    conf: dict[str, Any] = {"dry_run": given.dry_run}
    if given.paths:
        conf |= {"paths": [str(given_path.absolute()) for given_path in given.paths], "manifest": None}
    conf |= {name: str(value.absolute()) for name in ("manifest", "policy", "sites", "outlets") if (value := getattr(given, name))}
    if given.lake is not None:
        conf["lake"] = given.lake
    if given.shards is not None:
        conf["shards"] = given.shards
    return conf


def main() -> int:
    given = arguments()
    home = given.airflow_home.resolve()
    environment = airflow_home.environment(home)
    os.environ.clear()
    os.environ.update(environment)
    log = home / "logs" / f"run-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with airflow_home.only_user_of(home), output_to(log) as terminal:
        try:
            return run(run_conf(given), terminal)
        except KeyboardInterrupt:
            print("Interrupted; nothing was published unless the load had ended.", file=terminal)
            return 130
        finally:
            print(f"\nAirflow's log: {log}", file=terminal)


def run(conf: dict[str, Any], terminal: TextIO) -> int:
    print("Airflow: preparing its metadata database …", file=terminal)
    airflow_home.prepare()

    from airflow.sdk.exceptions import ParamValidationError
    from airflow.sdk.listener import get_listener_manager
    from task_report import TaskReport

    bag = airflow_home.dag_bag()
    if bag.import_errors:
        for file, error in bag.import_errors.items():
            print(f"{file} cannot be imported:\n{error}", file=terminal)
        return 1
    dag = bag.dags[DAG_ID]
    report = TaskReport(terminal)
    get_listener_manager().add_listener(report)
    began = time.monotonic()
    try:
        dag_run = airflow_home.run_here(dag, conf)
    except ParamValidationError as error:
        print(f"Wrong parameter: {error}", file=terminal)
        return 2
    if dag_run.state != "success":
        print(f"\nThe run failed after {time.monotonic() - began:.0f} s.", file=terminal)
        for line in report.failures:
            print(f"  {line}", file=terminal)
        return 1

    from broadsheet.pipeline import summary_text

    summary = load_result(dag_run.run_id)
    print(f"\n{summary_text(summary)}", file=terminal)
    print(f"Took      {time.monotonic() - began:.0f} s through Airflow, {report.count} tasks", file=terminal)
    if not (summary["page_count"] or summary["absences"]):
        print("No page was read.", file=terminal)
        return 3
    return 0


def load_result(run_id: str) -> dict[str, Any]:
    """What the task `load` returned."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        stored = session.scalars(XComModel.get_many(run_id=run_id, dag_ids=DAG_ID, task_ids="load", key="return_value")).one()
        return XComModel.deserialize_value(stored)


@contextmanager
def output_to(log: Path) -> Iterator[TextIO]:
    """Send what this process and its children print to `log`; yields the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with log.open("ab") as target, os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as terminal:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, original in enumerate(kept, start=1):
                os.dup2(original, number)
                os.close(original)


if __name__ == "__main__":
    sys.exit(main())
