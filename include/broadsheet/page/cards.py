"""Teasers of other stories: alike boxes side by side, each with a linked headline and perhaps a picture, a summary, a date."""

from broadsheet.page.blocks import Document

_FEWEST = 4  # alike boxes side by side; two or three may be an article's own parts
_MOST_BLOCKS = 12  # of a teaser
_WIDEST = 900  # display columns of a teaser's text
_HEADLINE = 16  # display columns of a headline that is a link
_TAGS = frozenset(("div", "article", "section", "li", "figure", "dl", "tr", "td"))


def card_blocks(document: Document) -> set[int]:
    """Indexes of the blocks of teasers: in each of four and more alike boxes stands a headline that is a link, as the first or the
    only long link, with other text around it."""
    boxes, blocks = document.boxes, document.blocks
    small: dict[int, list[int]] = {}  # parent -> its boxes that may be teasers
    for index, box in enumerate(boxes):
        if 0 < box.end - box.first <= _MOST_BLOCKS and box.tag in _TAGS:
            small.setdefault(box.parent, []).append(index)
    found: set[int] = set()
    for siblings in small.values():
        if len(siblings) >= _FEWEST:
            for alike in _alike(document, siblings):
                cards = [index for index in alike if _is_card(document, index)]
                if len(cards) >= _FEWEST and len(cards) >= 0.7 * len(alike):
                    for index in cards:
                        found.update(range(boxes[index].first, boxes[index].end))
    return found if len(found) < 0.95 * len(blocks) else set()


def _alike(document: Document, siblings: list[int]) -> list[list[int]]:
    """Siblings of one tag and one first name, where they are many."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index in siblings:
        box = document.boxes[index]
        groups.setdefault((box.tag, box.name.partition(" ")[0]), []).append(index)
    return [group for group in groups.values() if len(group) >= _FEWEST]


def _is_card(document: Document, index: int) -> bool:
    box, width, has_headline = document.boxes[index], 0, False
    for block in document.blocks[box.first : box.end]:
        width += block.width
        if width > _WIDEST:
            return False
        if block.links and not has_headline:
            first = block.links[0]
            text = first.text
            has_headline = first.is_target and 2 * len(text) >= _HEADLINE and (block.link_density > 0.8 or block.text.startswith(text[:40]))
    return has_headline
