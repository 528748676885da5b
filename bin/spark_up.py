"""Serves a standalone Spark cluster on the loopback address until Ctrl-C: a master and workers of a core each. This is `make spark-up`.

For tests and rehearsals: all is on this machine. A worker that ends is started again, as a supervisor would; the cluster ends with its master.

Exit codes: 0 stopped by Ctrl-C or SIGTERM · 1 the master ended by itself or did not come up · 2 Spark or Java is not installed.
"""

import argparse
import subprocess
import sys
import time
from os import environ
from pathlib import Path

import airflow_home
import up

from broadsheet.engine.spark.submit import environment, submit_program
from broadsheet.errors import ConfigurationError
from broadsheet.settings import read_spark_settings

DEFAULT_HOME = airflow_home.PROJECT / "var" / "spark"
READY_WITHIN = 120  # seconds; some 5 on a quiet machine
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"


class Cluster:
    """A master and its workers, all below this process; logs and what workers write in `home`."""

    def __init__(self, home: Path, spark_class: Path, workers: int):
        self.home, self.spark_class = home, spark_class
        self.port, self.web_port = _free_port(7077), _free_port(8180)
        self.url = f"spark://{airflow_home.LOOPBACK}:{self.port}"
        # Anyone who reaches the REST server could submit anything, without a password.
        options = {"SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false", "SPARK_LOCAL_IP": airflow_home.LOOPBACK}
        self.environment = environ | environment(self.url, spark_class) | options
        self.workers = [f"worker-{number}" for number in range(1, workers + 1)]

    def serve(self) -> None:
        """Start everything and watch over it; comes back by an exception only."""
        here = ["--host", airflow_home.LOOPBACK]
        master = self._start("master", MASTER, *here, "--port", str(self.port), "--webui-port", str(self.web_port))
        running = {name: self._start_worker(name) for name in self.workers}
        deadline = time.monotonic() + READY_WITHIN
        while self._log("master").read_text("utf-8", "replace").count("Registering worker") < len(self.workers):
            self._require(master)
            if time.monotonic() > deadline:
                raise up.Fault(f"Spark did not come up within {READY_WITHIN} s. Its logs: {self.home}")
            time.sleep(0.2)
        print(
            f"\nSpark is ready: {self.url}\n"
            f"  UI        http://{airflow_home.LOOPBACK}:{self.web_port}\n"
            f"  workers   {len(self.workers)}, a core each\n"
            f"  logs      {self.home}\n"
            f"BROADSHEET_SPARK_MASTER={self.url} broadsheet run --engine spark PATH… works on it. Ctrl-C stops everything.",
            flush=True,
        )
        while True:
            time.sleep(1)
            self._require(master)
            for name, process in running.items():
                if (status := process.poll()) is not None:
                    print(f"{name} ended with {status}, and is started again.", flush=True)
                    running[name] = self._start_worker(name)

    def _start_worker(self, name: str) -> subprocess.Popen:
        here = ["--host", airflow_home.LOOPBACK, "--webui-port", "0", "--work-dir", str(self.home / name)]
        return self._start(name, WORKER, *here, "--cores", "1", "--memory", "1g", self.url)

    def _start(self, name: str, *command: str) -> subprocess.Popen:
        with self._log(name).open("wb") as log:
            return up.start([str(self.spark_class), *command], self.environment, log)

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _require(self, master: subprocess.Popen) -> None:
        if master.poll() is not None:
            raise up.Fault(f"Spark's master ended by itself with {master.returncode}. Its log: {self._log('master')}")


def _free_port(first: int) -> int:
    return next(port for port in range(first, first + 100) if up.is_free(port))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make spark-up", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, help="workers, a core and 1 GiB of Java's memory each (2)")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="where logs and executors' folders lie")
    given = parser.parse_args()
    try:
        spark_class = submit_program(read_spark_settings()).with_name("spark-class")
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    home = given.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    return up.until_stopped(Cluster(home, spark_class, given.workers).serve, "Spark")


if __name__ == "__main__":
    sys.exit(main())
