"""Fixtures that several areas share."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says nothing: machines are busy, and two processes run tests.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "examples" / "sample"
S3_SERVER = ROOT / "build" / "s3-server" / "bin" / "moto_server"
BUCKET = "press-archive"
sys.path.insert(0, str(ROOT / "examples"))
sys.path.append(str(ROOT / "bench"))  # last: it has an airflow.py


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where the evaluation data is required, everything is at hand that any test needs: one that is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REQUIRE_EVALUATION"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{reason}, with REQUIRE_EVALUATION set, which lets no test be skipped"
    return report


def _shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the evaluation data beside the checkout: no {Path(*parts)} in ../shared")
    return path


@pytest.fixture(scope="session")
def seed_page() -> Path:
    """The seed page, a plain-text capture of a real portal."""
    return next(iter(sorted(_shared("seed").glob("*.txt"))))


@pytest.fixture(scope="session")
def dev_set() -> Path:
    """Real pages with their truth."""
    return _shared("evaluation", "dev")


@pytest.fixture(scope="session")
def score_script() -> Path:
    return _shared("evaluation", "score.py")


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """(lake, summary) of the bundled sample, run once for all tests; treat as read-only."""
    from broadsheet.pipeline import run_all

    lake = tmp_path_factory.mktemp("sample_lake")
    return lake, run_all(lake, [SAMPLE / "pages"], manifest=SAMPLE / "manifest.jsonl", shards=1)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """URL of an S3-compatible server with an empty bucket, on the loopback address; this process and its children are told of it as of any."""
    if not S3_SERVER.exists():
        pytest.skip("needs the S3-compatible server of the tests: make build/s3-server/ready")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("s3")
    url = f"http://127.0.0.1:{port}"
    environment = {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "of-the-press", "AWS_REGION": "us-east-1",
        "BROADSHEET_WORK": str(folder / "work"), "BROADSHEET_STORE_RETRY_SECONDS": "10", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, (folder / "server.log").open("wb") as log:
        for name, value in environment.items():
            patch.setenv(name, value)
        server = subprocess.Popen([S3_SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=subprocess.STDOUT)
        try:
            _make_bucket(server, f"{url}/{BUCKET}")
            yield url
        finally:
            server.kill()
            server.wait()


def _make_bucket(server: subprocess.Popen, url: str) -> None:
    deadline = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise RuntimeError("the S3-compatible server of the tests does not answer")


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def new_bucket(s3_server):
    """Makes a bucket in the object store that holds nothing yet; gives its URL."""

    def make() -> str:
        name = f"{BUCKET}-{next(_numbers)}"
        with urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT"), timeout=10):
            return f"s3://{name}"

    return make


@pytest.fixture
def s3_url(s3_server):
    """URL of a lake in the object store that holds nothing yet."""
    return f"s3://{BUCKET}/lakes/test-{next(_numbers)}"


@pytest.fixture(scope="session")
def make_run():
    """Runs the DAG through Airflow, as `make run` does: `make_run(home, *arguments)` with Airflow's state in `home`."""

    def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ROOT / "bin" / "run_through_airflow.py", "--airflow-home", home, *arguments]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, check=False)

    return run


@pytest.fixture(scope="session")
def spark() -> Iterator[Path]:
    """Folder of Spark's programs; the test is skipped where there is none, or no Java."""
    programs = ROOT / ".venv-spark" / "bin"
    if not (programs / "spark-submit").exists():
        pytest.skip("needs Spark: make .venv-spark/ready")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java 17 or later, as Spark does")
    with pytest.MonkeyPatch.context() as patch:
        # of a job of a minute, Java's second compiler and its collector for many cores take a third
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield programs
