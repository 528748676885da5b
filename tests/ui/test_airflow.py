"""The plugin in a real Airflow: its login before every path, its permissions, its views in Airflow's list, a replay through its API."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from visitors import every_path

pytestmark = pytest.mark.airflow

PROJECT = Path(__file__).resolve().parents[2]
DAGS = """
from airflow.sdk import Param, dag, task

@dag(schedule=None)
def news_pipeline():
    @task
    def nothing(): ...
    nothing()

@dag(schedule=None, params={"ids": Param([], type="array", items={"type": "string"}), "reason": Param(None, enum=[None, "parser_error"])})
def replay():
    @task
    def nothing(): ...
    nothing()

news_pipeline()
@dag(schedule=None, params={"ids": Param([], type="array"), "note": Param(None, type=["null", "string"])})
def dismiss():
    @task
    def nothing(): ...
    nothing()

replay()
dismiss()
"""


class Airflow:
    """An api-server of Airflow on the loopback address, and nothing else of it."""

    def __init__(self, home: Path, lake: Path):
        import airflow_home

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        (home / "dags").mkdir(parents=True)
        (home / "dags" / "dags.py").write_text(DAGS, "utf-8")
        self.environment = {
            **airflow_home.environment(home, self.port),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer,stranger:",
            "BROADSHEET_LAKE": str(lake),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self._run(airflow_home.__file__)
        self._run("-m", "airflow", "dags", "reserialize")
        self.log = (home / "api-server.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server"],
            env=self.environment,
            cwd=PROJECT,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def _run(self, *command: str) -> None:
        done = subprocess.run([sys.executable, *command], env=self.environment, cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None and time.monotonic() < deadline, Path(self.log.name).read_text("utf-8", "replace")
            try:
                if self.client().get("/api/v2/version").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.5)

    def client(self, user: str | None = None) -> httpx.Client:
        """A browser of nobody, or of a user, as Airflow's login leaves it: with a cookie."""
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60)
        if user is not None:
            passwords = json.loads((self.home / "passwords.json").read_text("utf-8"))
            answer = client.post("/auth/token", json={"username": user, "password": passwords[user]})
            client.cookies.set("_token", answer.json()["access_token"])
        return client

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")
def airflow(ui_lake, tmp_path_factory) -> Iterator[Airflow]:
    served = Airflow(tmp_path_factory.mktemp("airflow") / "home", ui_lake)
    try:
        served.wait(480)
        yield served
    finally:
        served.stop()


def test_airflow_lists_the_plugin_and_its_views(airflow):
    token = airflow.client("admin").cookies["_token"]
    answer = airflow.client().get("/api/v2/plugins", headers={"Authorization": f"Bearer {token}"}).json()
    (plugin,) = [plugin for plugin in answer["plugins"] if plugin["name"] == "broadsheet"]
    assert [app["url_prefix"] for app in plugin["fastapi_apps"]] == ["/broadsheet"]
    assert [(view["destination"], view["href"]) for view in plugin["external_views"]] == [
        ("nav", "/broadsheet/"), ("dag", "/broadsheet/"), ("dag", "/broadsheet/quality/quarantine"),
    ]  # fmt: skip
    assert {airflow.client("viewer").get(view["icon"]).headers["content-type"] for view in plugin["external_views"]} == {"image/svg+xml"}


def test_every_path_is_closed_to_who_is_not_logged_in_and_to_who_may_not_read(airflow, ui_lake):
    nobody, stranger, viewer = airflow.client(), airflow.client("stranger"), airflow.client("viewer")
    for path in every_path(ui_lake):
        assert nobody.get(f"/broadsheet{path}").status_code == 401, path
        assert stranger.get(f"/broadsheet{path}").status_code == 403, path
    for path in ("/", "/pages", "/feeds", "/sql", "/quality", "/charts/pages.svg", "/static/style.css", "/docs/index.html"):
        assert viewer.get(f"/broadsheet{path}").status_code == 200, path
    assert nobody.get("/broadsheet/", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_links_of_the_pages_lead_to_the_pages(airflow):
    page = airflow.client("viewer").get("/broadsheet/").text
    assert {"/broadsheet/pages", "/broadsheet/static/style.css"} <= set(re.findall(r'href="([^"?]+)', page))


def test_a_replay_is_triggered_by_who_may_and_by_nobody_else(airflow, ui_lake):
    origin = {"Origin": f"http://127.0.0.1:{airflow.port}"}
    form = {"ids": ["aaaa", "bbbb"]}
    assert airflow.client("viewer").post("/broadsheet/quality/replay", data=form, headers=origin).status_code == 403
    assert airflow.client("admin").post("/broadsheet/quality/replay", data=form, headers={"Origin": "http://evil.example"}).status_code == 403
    admin = airflow.client("admin")
    answer = admin.post("/broadsheet/quality/replay", data=form, headers=origin)
    assert answer.status_code == 303, answer.text
    bearer = {"Authorization": f"Bearer {admin.cookies['_token']}"}
    (run,) = airflow.client().get("/api/v2/dags/replay/dagRuns", headers=bearer).json()["dag_runs"]
    assert run["conf"] == {"lake": str(ui_lake), "ids": ["aaaa", "bbbb"]}
    assert run["triggering_user_name"] == "admin"
    assert run["dag_run_id"].split("T")[0] in answer.headers["location"].replace("%3A", ":")
    assert run["dag_run_id"] in httpx.URL(answer.headers["location"]).params["started"]


def test_a_dismissal_is_triggered_by_who_may_and_by_nobody_else(airflow, ui_lake):
    origin = {"Origin": f"http://127.0.0.1:{airflow.port}"}
    form = {"ids": ["aaaa"], "note": "an empty frame"}
    assert airflow.client().post("/broadsheet/quality/dismiss", data=form, headers=origin).status_code == 401
    assert airflow.client("viewer").post("/broadsheet/quality/dismiss", data=form, headers=origin).status_code == 403
    admin = airflow.client("admin")
    answer = admin.post("/broadsheet/quality/dismiss", data=form, headers=origin)
    assert answer.status_code == 303, answer.text
    bearer = {"Authorization": f"Bearer {admin.cookies['_token']}"}
    (run,) = airflow.client().get("/api/v2/dags/dismiss/dagRuns", headers=bearer).json()["dag_runs"]
    assert run["conf"] == {"lake": str(ui_lake), "ids": ["aaaa"], "note": "an empty frame"}
    assert run["triggering_user_name"] == "admin"


def test_what_airflow_refuses_is_told(airflow):
    origin = {"Origin": f"http://127.0.0.1:{airflow.port}"}
    answer = airflow.client("admin").post("/broadsheet/quality/replay", data={"all": "yes", "reason": "nonsense"}, headers=origin)
    assert answer.status_code == 403
    assert "nonsense" in answer.text
