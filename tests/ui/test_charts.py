"""The rank chart."""

import subprocess
import sys
from datetime import datetime, timedelta

from broadsheet.ui.charts import ranks_over_time

BEGAN = datetime.fromisoformat("2026-03-02T08:00")


def stay(key: str, headline: str, rank: int, hours: tuple[int, int], line: str, status: str = "resolved") -> list[dict]:
    return [{"at": BEGAN + timedelta(hours=hour), "rank": rank, "key": key, "headline": headline, "line": line, "status": status} for hour in hours]


def drawn(stays) -> str:
    return ranks_over_time(stays, rank="Rank", headline="Headline", status="Status", statuses=["resolved", "ambiguous", "unresolved"])


def lines(svg: str) -> int:
    """Lines of headlines: they alone have this width."""
    return svg.count('stroke-width="2.5"') - 3  # three in the legend of the status are drawn alike


def test_a_headline_that_was_gone_for_a_while_is_two_lines():
    once = drawn([*stay("a", "甲", 1, (0, 5), "a 0"), *stay("a", "甲", 2, (5, 9), "a 0")])
    twice = drawn([*stay("a", "甲", 1, (0, 5), "a 0"), *stay("a", "甲", 2, (7, 9), "a 1")])
    assert lines(twice) == lines(once) + 1


def test_headlines_that_begin_alike_have_names_of_their_own():
    text = "一个很长的标题，它的前二十四个字与另一个标题完全一样，"
    svg = drawn([*stay("a", text + "其一", 1, (0, 5), "a 0"), *stay("b", text + "其二", 2, (0, 5), "b 0")])
    assert f">{text[:24]}<" in svg
    assert f">{text[:24]} (2)<" in svg


def test_a_headline_is_text():
    svg = drawn(stay("a", "<script>x</script>", 1, (0, 5), "a 0", "unresolved"))
    assert "<script" not in svg
    assert "&lt;script&gt;x" in svg


def test_what_is_loaded_ahead_is_what_the_pages_load():
    code = "import sys; from broadsheet.ui.app import warm_up; warm_up(); print({'altair', 'vl_convert', 'pandas'} <= set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "True"


def test_times_are_the_wall_clock_whatever_the_servers_zone(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert ">02. 08:00<" in drawn(stay("a", "甲", 1, (0, 2), "a 0"))
