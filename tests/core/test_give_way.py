"""Whatever publishes stands back for others, once, whatever was asked before."""

import multiprocessing
import os
import shutil
import sys

import pytest

from broadsheet import reparse, replay
from broadsheet.lake import Lake
from broadsheet.settings import Settings
from broadsheet.warehouse import build
from broadsheet.warehouse.build import give_way
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.query import query
from broadsheet.warehouse.snapshots import rollback, snapshots


def niceness_after(*values: int) -> int:
    """What the niceness of a process becomes, beyond what it has at its start."""
    began = os.nice(0)
    for value in values:
        give_way(Settings(load_niceness=began + value))
    return os.nice(0) - began


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no niceness here")
@pytest.mark.parametrize(("asked", "becomes"), [((0,), 0), ((3,), 3), ((3, 3), 3), ((3, 1), 3)])
def test_a_process_stands_back_as_far_as_was_asked_and_no_further(asked, becomes):
    if os.nice(0) > 10:
        pytest.skip("the tests themselves stand back too far")
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        assert pool.apply(niceness_after, asked) == becomes


def test_whatever_publishes_stands_back(sample_run, tmp_path, monkeypatch):
    lake = tmp_path / "lake"
    shutil.copytree(sample_run[0], lake)
    first = query(lake, "select min(quarantine_id) as rejection, (select min(capture_id) from captures) as capture from open_quarantine").to_pylist()[
        0
    ]
    asked: list[int] = []
    monkeypatch.setattr(build.os, "nice", lambda step: asked.append(step) or 0)
    monkeypatch.setenv("BROADSHEET_LOAD_NICENESS", "7")
    publications = {
        "dismissal": lambda: replay.dismiss(lake, [first["rejection"]], "no page"),
        "reparse": lambda: reparse.publish(reparse.read_anew(lake, reparse.Selection(captures=(first["capture"],)), shards=1)),
        "rollback": lambda: rollback(Lake(lake), snapshots(Lake(lake))[1].snapshot_id, Settings(load_niceness=7)),
        "rebuild": lambda: rebuild(Lake(lake), Settings(load_niceness=7)),
    }
    for name, publish in publications.items():
        asked.clear()
        publish()
        assert 7 in asked, name
