"""Spark for these tests, where it is installed."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def spark() -> Path:
    """Folder of Spark's programs; the test is skipped where there is none, or no Java."""
    programs = ROOT / ".venv-spark" / "bin"
    if not (programs / "spark-submit").exists():
        pytest.skip("needs Spark: make .venv-spark/ready")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java 17 or later, as Spark does")
    return programs
