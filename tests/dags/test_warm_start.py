"""A scheduler that forks its tasks imports for them; no other process of Airflow does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STARTED = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import warm_start; assert 'pandas' not in sys.modules;"
    "warm_start.on_starting(None); print('great_expectations' in sys.modules)"
)


@pytest.mark.parametrize(
    ("component", "settings", "is_warm"),
    [
        ("scheduler", {}, True),
        ("scheduler", {"BROADSHEET_WARM_START": "0"}, False),
        ("scheduler", {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}, False),
        ("triggerer", {}, False),
    ],
)
def test_only_a_scheduler_that_forks_its_tasks_imports(component, settings, is_warm):
    environment = {**os.environ, "AIRFLOW__CORE__EXECUTOR": "LocalExecutor", **settings}
    command = [sys.executable, "-c", STARTED, str(PROJECT / "plugins"), component]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == str(is_warm)
