"""Runs the services of docker-compose.yaml as processes of this machine, without containers, until Ctrl-C. This is `make cluster`.

Commands, settings and health checks are those of the compose file; only what a container brings is another: addresses are free ports of the
loopback address, /opt/airflow is Airflow's home, /opt/broadsheet the project. A service that ends is started again, as Docker would.
PostgreSQL and Redis must be installed (Debian: `apt-get install postgresql redis-server`); servers of them that run already are not
touched. The metadata database is a new one each time and is gone afterwards: this is for tests and rehearsals.

Exit codes: 0 stopped by Ctrl-C or SIGTERM · 1 something did not come up · 2 the port is taken, or something is not installed.
"""

import argparse
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import airflow_home
import up
import write_secrets
import yaml

COMPOSE = airflow_home.PROJECT / "docker-compose.yaml"
DEFAULT_HOME = airflow_home.PROJECT / "var" / "cluster"
AIRFLOW_SERVICES = ("apiserver", "scheduler", "dag-processor", "triggerer", "worker")
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?P<rule>:-|:\?)?(?P<text>[^}]*)\})")


class Service(NamedTuple):
    """A process to run: its host's name, command, variables, and the command that ends with 0 while it is healthy."""

    name: str
    command: list[str]
    environment: dict[str, str]
    health: list[str]


class Cluster:
    """PostgreSQL, Redis and the services of Airflow, all below this process. State lies in `home` and in a folder that is gone afterwards."""

    def __init__(self, home: Path, port: int, scratch: Path, settings: Mapping[str, str]):
        self.home, self.port, self.scratch = home, port, scratch
        self.postgres_port, self.redis_port = free_port(), free_port()
        self.secrets = write_secrets.fresh()
        self.services = composed({**os.environ, **self.secrets}, self._moved)
        self.here = {"AIRFLOW__API__HOST": airflow_home.LOOPBACK, "AIRFLOW__API__PORT": str(port), **settings}
        self.running: dict[str, subprocess.Popen] = {}

    def serve(self) -> None:
        """Start everything and watch over it; comes back by an exception only."""
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        print("PostgreSQL and Redis: starting …", flush=True)
        self._serve_postgres()
        (redis,) = self._instances("redis")
        self._start(redis)
        self._wait_until_healthy([redis], seconds=30)
        print("Airflow: preparing its metadata database …", flush=True)
        (init,) = self._instances("init")
        if self._start(init).wait():
            raise up.Fault(f"The metadata database could not be prepared: {self._log_of('init')}")
        del self.running["init"]
        print("Airflow: starting (about a minute) …", flush=True)
        services = [instance for name in AIRFLOW_SERVICES for instance in self._instances(name)]
        for service in services:
            self._start(service)
        self._wait_until_healthy(services, seconds=up.READY_WITHIN)
        print(
            f"\nAirflow is ready: http://{airflow_home.LOOPBACK}:{self.port}\n"
            f"  user      admin\n  password  {self.secrets['AIRFLOW_ADMIN_PASSWORD']}\n"
            f"  logs      {self.home / 'logs'}\n"
            "Ctrl-C stops everything.",
            flush=True,
        )
        while True:
            time.sleep(1)
            for service in services:
                if (status := self.running[service.name].poll()) is not None:
                    print(f"{service.name} ended with {status}, and is started again.", flush=True)
                    self._start(service)

    def _serve_postgres(self) -> None:
        """A database server of its own on the loopback address. It refuses to be root's, and then belongs to Debian's user postgres."""
        folder = self.scratch / "postgres"
        owner: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        folder.mkdir()
        password_file = folder / "password"
        password_file.write_text(self.secrets["POSTGRES_PASSWORD"])
        if owner:
            self.scratch.chmod(0o711)
            for path in (folder, password_file):
                shutil.chown(path, "postgres", "postgres")
        make = [postgres_program("initdb"), "--pgdata=data", "--username=airflow", "--pwfile=password", "--auth=scram-sha-256"]
        serve = [postgres_program("postgres"), "-D", "data", "-h", airflow_home.LOOPBACK, "-p", str(self.postgres_port), "-k", "", "-F"]
        with self._log_of("postgres").open("wb") as log:
            options: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": subprocess.STDOUT, **owner}
            subprocess.run([*make, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, **options)
            self.running["postgres"] = subprocess.Popen(serve, start_new_session=True, **options)
        server = ["-h", airflow_home.LOOPBACK, "-p", str(self.postgres_port), "-U", "airflow"]
        wait_until(lambda: succeeds([postgres_program("pg_isready"), *server]), "PostgreSQL", seconds=30)
        environment = {**os.environ, "PGPASSWORD": self.secrets["POSTGRES_PASSWORD"]}
        subprocess.run([postgres_program("createdb"), *server, "airflow"], env=environment, check=True)

    def _instances(self, name: str) -> list[Service]:
        """A service, as many times as the compose file says, each with a name of its own for its host."""
        declared = self.services[name]
        count = int(declared["deploy"].get("replicas", 1))
        names = [f"{name}-{number}" for number in range(1, count + 1)] if count > 1 else [name]
        machine = {name: value for name, value in airflow_home.environment(self.home, self.port).items() if not name.startswith("AIRFLOW__")}
        kind, *test = declared.get("healthcheck", {}).get("test", ["CMD", "true"])
        health = ["sh", "-c", *test] if kind == "CMD-SHELL" else test
        return [Service(host, declared["command"], {**machine, **declared["environment"], **self.here, "HOSTNAME": host}, health) for host in names]

    def _moved(self, value: str) -> str:
        """What the compose file says of places, as it is on this machine."""
        for there, here in {
            "@postgres:5432": f"@{airflow_home.LOOPBACK}:{self.postgres_port}",
            "@redis:6379": f"@{airflow_home.LOOPBACK}:{self.redis_port}",
            "http://apiserver:8080": f"http://{airflow_home.LOOPBACK}:{self.port}",
            "bind 0.0.0.0": f"bind {airflow_home.LOOPBACK}",
            "port 6379": f"port {self.redis_port}",
            "redis-cli ": f"redis-cli -p {self.redis_port} ",
            '"/data"': f'"{self.scratch}"',
            "/opt/broadsheet": str(airflow_home.PROJECT),
            "/opt/airflow": str(self.home),
        }.items():
            value = value.replace(there, here)
        return value

    def _start(self, service: Service) -> subprocess.Popen:
        with self._log_of(service.name).open("ab") as log:
            self.running[service.name] = up.start(service.command, service.environment, log)
        return self.running[service.name]

    def _wait_until_healthy(self, services: list[Service], *, seconds: float) -> None:
        for service in services:

            def is_healthy(service: Service = service) -> bool:
                if (status := self.running[service.name].poll()) is not None:
                    raise up.Fault(f"{service.name} ended by itself with {status}. Its log: {self._log_of(service.name)}")
                return succeeds(service.health, service.environment)

            wait_until(is_healthy, service.name, seconds=seconds)

    def _log_of(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, help="port of the UI; a free one without it")
    parser.add_argument("--airflow-home", type=Path, default=DEFAULT_HOME, help="where Airflow keeps its logs")
    parser.add_argument("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="a variable that every service gets")
    given = parser.parse_args()
    if missing := not_installed():
        print(f"Not installed: {', '.join(missing)}. On Debian: apt-get install postgresql redis-server", file=sys.stderr)
        return 2
    if given.port and not up.is_free(given.port):
        print(f"Port {given.port} is taken; choose another: make cluster PORT=…", file=sys.stderr)
        return 2
    home = given.airflow_home.resolve()
    with airflow_home.only_user_of(home), tempfile.TemporaryDirectory(prefix="broadsheet-cluster-") as scratch:
        return up.until_stopped(Cluster(home, given.port or free_port(), Path(scratch), dict(given.set)).serve)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def composed(variables: Mapping[str, str], moved: Callable[[str], str]) -> dict[str, Any]:
    """Services of the compose file, with variables put in as Compose does and places as they are here. KeyError: one that is demanded is not set.

    A variable without a value is handed on to the service, if it is set.
    """

    def put_in(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        value = variables.get(match["name"], "")
        if not value and match["rule"] == ":?":
            raise KeyError(f"{match['name']}: {match['text']}")
        return value or (match["text"] if match["rule"] == ":-" else "")

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: filled(value) for name, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        return moved(_VARIABLE.sub(put_in, node)) if isinstance(node, str) else node

    services = filled(yaml.safe_load(COMPOSE.read_text("utf-8")))["services"]
    for service in services.values():
        declared = {name: variables.get(name) if value is None else value for name, value in service.get("environment", {}).items()}
        service["environment"] = {name: value for name, value in declared.items() if value is not None}
    return services


def not_installed() -> list[str]:
    """What a cluster needs and is not on this machine."""
    there = {
        "PostgreSQL": Path(postgres_program("initdb")).is_file(),
        "Redis": shutil.which("redis-server") and shutil.which("redis-cli"),
        "Airflow's Celery provider": importlib.util.find_spec("celery"),
    }
    return [name for name, found in there.items() if not found]


def postgres_program(name: str) -> str:
    """Path of a program of the newest PostgreSQL; Debian has those of the server beside the usual folders."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return str(versions[-1]) if versions else shutil.which(name) or name


def wait_until(is_so: Callable[[], bool], name: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise up.Fault(f"{name} did not come up within {seconds:.0f} s.")
        time.sleep(1)


def succeeds(command: list[str], environment: Mapping[str, str] | None = None) -> bool:
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((airflow_home.LOOPBACK, 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
