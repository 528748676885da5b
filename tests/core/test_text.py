"""Folding, headline keys and display columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import cut, display_width, fold_blanks, headline_key

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc 12", 6), ("云州", 4), ("“云州”", 8), ("云州A1", 6), ("ｅ", 2), ("e\u0301", 1), ("é", 2)],
)
def test_width_counts_columns_as_gbk_bytes_would(text, width):
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("云州桥梁通车", 8, "云州桥梁"),
        ("云州桥梁通车", 9, "云州桥梁"),  # half a wide character does not fit
        ("云州 桥梁", 5, "云州"),  # the blank at the cut is stripped
        ("short", 36, "short"),
        ("trailing  ", 36, "trailing"),
    ],
)
def test_cut_keeps_whole_characters_and_strips_the_trailing_blank(text, width, shown):
    assert cut(text, width) == shown


@given(anything, st.integers(0, 60))
def test_cut_is_a_fitting_prefix_that_cannot_be_longer(text, width):
    shown = cut(text, width)
    assert text.startswith(shown)
    assert display_width(shown) <= width
    rest = text[len(shown) :].lstrip()
    if rest and not text[len(shown)].isspace():
        following = text[: len(shown) + 1]
        assert display_width(following) > width
    assert cut(shown, width) == shown


@given(anything, anything)
def test_width_adds_up(first, second):
    assert display_width(first + second) == display_width(first) + display_width(second)


@given(anything)
def test_folding_is_idempotent_and_leaves_single_inner_blanks(text):
    folded = fold_blanks(text)
    assert fold_blanks(folded) == folded
    assert "  " not in folded
    assert folded == folded.strip()


def test_folding_takes_nbsp_ideographic_and_zero_width_blanks():
    assert fold_blanks("\u3000云州\xa0\u200b 日报\ufeff\n") == "云州 日报"


@pytest.mark.parametrize(("first", "second"), [("云州：通车", "云州:通车"), ("ＡＢＣ 通车", "abc通车"), ("“通车”了！", "通车了")])
def test_headlines_compare_by_letters_and_digits_alone(first, second):
    assert headline_key(first) == headline_key(second)
