"""Fixtures that several areas share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "examples" / "sample"
sys.path.insert(0, str(ROOT / "examples"))


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
def make_run():
    """Runs the DAG through Airflow, as `make run` does: `make_run(home, *arguments)` with Airflow's state in `home`."""

    def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ROOT / "bin" / "run_through_airflow.py", "--airflow-home", home, *arguments]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, check=False)

    return run
