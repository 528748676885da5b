"""Where the article stands: the box that holds most running text."""

import re

from broadsheet.page.blocks import Document, Hint, RawBlock

_SENTENCE = re.compile(r"[。！？；，、：…”]|[.!?,;:](?:\s|$)")
_OUTSIDE = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.AD | Hint.FORM | Hint.HIDDEN
_WEAK = Hint.RELATED | Hint.ASIDE | Hint.SHARE | Hint.TAGS | Hint.HEADER
# How much of a paragraph's weight its box, the one around it, and so on get (readability's idea).
_SHARES = (1.0, 0.55, 0.28, 0.12)
_CLIMB_GAIN = 1.22
_PARAGRAPH_WIDTH = 40


def weight(block: RawBlock) -> float:
    """How much a block speaks for being running text; 0 for lists, links and crumbs."""
    if block.is_item or block.width < _PARAGRAPH_WIDTH or block.link_density > 0.5 or block.is_heading_tag:
        return 0.0
    value = min(block.width, 900) * (1 - block.link_density) + 30 * min(len(_SENTENCE.findall(block.text[:2000])), 12)
    if block.hints & _OUTSIDE:
        return value * 0.05
    return value * (0.4 if block.hints & _WEAK and not block.hints & Hint.BODY else 1.0)


def find_body(document: Document, weights: list[float]) -> tuple[int, int, int] | None:
    """(box, first, last): the box of the article's text and its first and last paragraph; None without running text."""
    boxes = document.boxes
    scores: dict[int, float] = {}
    mass: dict[int, float] = {}
    for block, value in zip(document.blocks, weights, strict=True):
        if value <= 0:
            continue
        chain = document.ancestors(block.box)
        # A paragraph's own <p> is no container of others; text straight in a div is in its container.
        owners = chain[1:] if boxes[block.box].tag in ("p", "li", "blockquote", "h2", "h3", "td") and len(chain) > 1 else chain
        for owner, share in zip(owners, _SHARES, strict=False):
            scores[owner] = scores.get(owner, 0.0) + share * value
        for owner in chain:
            mass[owner] = mass.get(owner, 0.0) + value
    if not scores:
        return None
    best = max(scores, key=lambda box: (scores[box] * (1.15 if boxes[box].hints & Hint.BODY else 1.0), boxes[box].depth))
    best = _climbed(document, best, mass)
    inside = [index for index, block in enumerate(document.blocks) if weights[index] > 0 and document.holds(best, block.box)]
    return best, inside[0], inside[-1]


def _climbed(document: Document, box: int, mass: dict[int, float]) -> int:
    """The box around, as long as it holds clearly more running text: an article cut into sections."""
    boxes = document.boxes
    parent, steps = boxes[box].parent, 0
    while parent > 0 and steps < 4:
        if mass[parent] >= _CLIMB_GAIN * mass[box]:
            box = parent
        parent = boxes[parent].parent
        steps += 1
    return box
