"""What differs between two texts: by paragraph, and by character within a changed one."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

CHARACTERS = 4000  # of a pair of paragraphs that are compared within; longer ones are shown whole, as comparing takes their product
PAIRS = 250_000  # of paragraphs, up to which every one is looked for

Change = Literal["same", "gone", "new", "changed"]


class Piece(NamedTuple):
    """A stretch of a paragraph: in both, only before (`gone`) or only after (`new`)."""

    change: Change
    text: str


class Paragraph(NamedTuple):
    change: Change
    pieces: tuple[Piece, ...]


def paragraphs_compared(before: Sequence[str], after: Sequence[str]) -> list[Paragraph]:
    """The paragraphs of both in reading order; one that was replaced by another is `changed`, and tells by stretches what was."""
    compared: list[Paragraph] = []
    # of very many lines the frequent ones are left aside: comparing takes the product of equal ones
    is_long = len(before) * len(after) > PAIRS
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after, autojunk=is_long).get_opcodes():
        old, new = before[old_from:old_to], after[new_from:new_to]
        if kind == "equal":
            compared += [_whole("same", text) for text in old]
            continue
        paired = min(len(old), len(new))
        for pair in zip(old, new, strict=False):
            compared += _pair_compared(*pair)
        compared += [_whole("gone", text) for text in old[paired:]] + [_whole("new", text) for text in new[paired:]]
    return compared


def _pair_compared(old: str, new: str) -> list[Paragraph]:
    if len(old) + len(new) > CHARACTERS:
        return [_whole("gone", old), _whole("new", new)]
    matcher = SequenceMatcher(None, old, new)
    if matcher.ratio() < 0.3:  # a common letter here and there tells nothing
        return [_whole("gone", old), _whole("new", new)]
    pieces = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", old[old_from:old_to]))
            continue
        pieces += [piece for piece in (Piece("gone", old[old_from:old_to]), Piece("new", new[new_from:new_to])) if piece.text]
    return [Paragraph("changed", tuple(pieces))]


def _whole(change: Change, text: str) -> Paragraph:
    return Paragraph(change, (Piece(change, text),))
