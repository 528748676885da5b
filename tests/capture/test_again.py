"""Captures that are read again come each once, after those that showed first what they show."""

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.capture.again import _firsts_first

NUMBERS = st.integers(0, 12)


def rows(order: list[int], edges: set[tuple[int, int]]) -> list[dict]:
    return [{"capture_id": str(number), "first_captures": sorted(str(first) for first, later in edges if later == number)} for number in order]


@given(order=st.permutations(range(10)), edges=st.sets(st.tuples(NUMBERS, NUMBERS)))
def test_each_comes_once_and_after_its_firsts(order, edges):
    forward = {(first, later) for first, later in edges if first < later}
    places = {row["capture_id"]: place for place, row in enumerate(_firsts_first(rows(order, forward)))}
    assert sorted(places) == sorted(map(str, order))
    assert all(places[str(first)] < places[str(later)] for first, later in forward if first < 10 and later < 10)


@given(order=st.permutations(range(10)), edges=st.sets(st.tuples(NUMBERS, NUMBERS)))
def test_circles_lose_none(order, edges):
    assert sorted(row["capture_id"] for row in _firsts_first(rows(order, edges))) == sorted(map(str, order))


def test_without_firsts_the_order_stays():
    assert [row["capture_id"] for row in _firsts_first(rows([3, 1, 2], set()))] == ["3", "1", "2"]
