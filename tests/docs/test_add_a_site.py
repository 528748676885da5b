"""The walk-through of site profiles does what it says."""

import shutil
from pathlib import Path

import pytest
from walk_through import agrees, done, steps

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_prints_what_is_shown(tmp_path):
    shutil.copytree(ROOT / "examples" / "add_a_site", tmp_path / "examples" / "add_a_site")
    told = list(steps((ROOT / "docs" / "add_a_site.md").read_text("utf-8")))
    assert len(told) > 12
    for step in told:
        printed = done(step, tmp_path)
        assert agrees(step.shown, printed), f"{step.command or step.file}\n--- shown\n{step.shown}--- printed\n{printed}"


@pytest.mark.parametrize(
    ("shown", "printed", "is_same"),
    [("a\nb\n", "a\nb\n", True), ("a\n", "a\nb\n", False), ("a\n…\nd\n", "a\nb\nc\nd\n", True), ("…\nc\n", "a\nb\n", False), ("", "", True)],
)
def test_only_marked_lines_may_be_left_out(shown, printed, is_same):
    assert agrees(shown, printed) is is_same
