"""The benchmark of data quality catches what it says, misses what nothing tells, and comes to its figures."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import faults

from broadsheet.quality.reasons import REASONS

BENCH = Path(__file__).resolve().parents[2] / "bench" / "quality.py"
PAGE_FAULTS = ("year of two digits taken for the day", "person and outlet swapped")
ROW_FAULTS = ("times without zone", "entry lost")


def missed(told) -> list[str]:
    told = list(told)
    assert told
    return [f"{one.name}: {dict(one.fired)}" for one in told if not one.is_caught]


def test_broken_inputs_and_damaged_files_are_told_by_their_reasons(tmp_path):
    assert missed(faults.inputs(tmp_path / "inputs")) == []
    assert missed(faults.files(tmp_path / "files")) == []


def test_what_is_corrupted_on_pages_and_between_stages_is_told_by_its_check(monkeypatch):
    monkeypatch.setattr(faults, "PAGE_FAULTS", {name: faults.PAGE_FAULTS[name] for name in PAGE_FAULTS})
    monkeypatch.setattr(faults, "ROW_FAULTS", {name: faults.ROW_FAULTS[name] for name in ROW_FAULTS})
    assert missed(faults.pages()) == []
    assert missed(faults.rows()) == []


def test_a_fault_is_not_caught_by_another_check_or_in_other_rows(monkeypatch):
    lost = faults.ROW_FAULTS["entry lost"]
    monkeypatch.setattr(faults, "ROW_FAULTS", {"other check": replace(lost, expected="ranks_not_dense"), "other row": replace(lost, rows=(0, 3))})
    monkeypatch.setattr(faults, "PAGE_FAULTS", {"nothing": ("mojibake", lambda result: result)})
    assert [one.is_caught for one in (*faults.rows(), *faults.pages())] == [False, False, False]


def test_every_fault_names_a_reason_that_there_is():
    named = {expected for expected, _ in (*faults.PAGE_FAULTS.values(), *faults.BYTE_FAULTS.values())}
    named |= {expected for _, expected in faults.BROKEN_INPUTS.values()} | set(faults.BATCH_LOADS.values())
    named |= {fault.expected for fault in (*faults.ROW_FAULTS.values(), *faults.FILE_FAULTS.values())}
    named |= {kind for fault in faults.DAY_FAULTS.values() for kind in fault.kinds}
    assert named <= REASONS.keys()


def test_the_benchmark_ends_with_its_figures():
    command = [sys.executable, BENCH, "--small", "--parts", "cost"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]).keys() == {"audit_share", "peak_memory_gb"}
