"""What differs between two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.ui.differences import CHARACTERS, paragraphs_compared

TEXTS = st.lists(st.text("桥开通了。ab ", max_size=12), max_size=8)


def side(compared, kept: str) -> list[str]:
    """The paragraphs of one side, put together again from the pieces that it has."""
    return [
        "".join(piece.text for piece in paragraph.pieces if piece.change in ("same", kept))
        for paragraph in compared
        if paragraph.change in ("same", "changed", kept)
    ]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_again(before, after):
    compared = paragraphs_compared(before, after)
    assert side(compared, "gone") == before
    assert side(compared, "new") == after


def test_a_changed_paragraph_tells_what_in_it_changed():
    (paragraph,) = paragraphs_compared(["大桥昨日开通，数千人到场。"], ["大桥今日开通，数千人到场。"])
    assert paragraph.change == "changed"
    assert [piece for piece in paragraph.pieces if piece.change != "same"] == [("gone", "昨"), ("new", "今")]


def test_paragraphs_that_have_nothing_in_common_are_shown_whole():
    assert [paragraph.change for paragraph in paragraphs_compared(["大桥昨日开通"], ["Rain in the hills"])] == ["gone", "new"]


@pytest.mark.parametrize("letter", ["桥", "ab"])
def test_long_paragraphs_are_not_compared_within(letter):
    old, new = letter * CHARACTERS, letter * CHARACTERS + "x"
    assert [paragraph.change for paragraph in paragraphs_compared([old], [new])] == ["gone", "new"]
