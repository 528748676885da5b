"""Fixtures that several areas share."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "examples" / "sample"
sys.path.insert(0, str(ROOT / "examples"))


def _shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        if os.environ.get("REQUIRE_EVALUATION"):
            pytest.fail(f"the evaluation data is required here, and {Path(*parts)} is not in ../shared")
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
