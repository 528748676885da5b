"""A load stands back for others, once, whatever was asked before."""

import multiprocessing
import os
import sys

import pytest

from broadsheet.pipeline import give_way
from broadsheet.settings import Settings


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
