"""The page kernel on real pages with truth: no figure may fall below its floor. Lowering one is an explicit act."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def test_no_figure_is_below_its_floor(dev_set, score_script):
    import evaluate

    reached = evaluate.scores(dev_set, score_script)
    assert {name: (reached[name], floor) for name, floor in evaluate.FLOORS.items() if reached[name] < floor} == {}
