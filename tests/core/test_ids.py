"""Ids identify: same parts, same id; any difference, another id."""

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.ids import ID_LENGTH, make_id

parts = st.lists(st.one_of(st.none(), st.text(max_size=10), st.integers()), max_size=4)


def test_ids_are_stable_across_machines_and_versions():
    # Stored in every lake: a change here orphans them all.
    assert make_id("article", "https://news.yunzhou.example/1.html") == "9157cadd3bfbc7dc82ae"


@given(st.text(max_size=5), parts, parts)
def test_different_parts_give_different_ids(kind, first, second):
    same = [None if p is None else str(p) for p in first] == [None if p is None else str(p) for p in second]
    assert (make_id(kind, *first) == make_id(kind, *second)) == same
    assert len(make_id(kind, *first)) == ID_LENGTH


def test_where_one_part_ends_matters():
    assert make_id("x", "ab", "c") != make_id("x", "a", "bc")
    assert make_id("x", None) != make_id("x", "")
