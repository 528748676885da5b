"""Where the article stands: the box that holds most of the running text, and which of its blocks are paragraphs."""

import re
from itertools import islice

from broadsheet.page import mentions, words
from broadsheet.page.blocks import BESIDE, OUTSIDE, UNKNOWN, Document, Hint, RawBlock
from broadsheet.records import BlockLabel

# One set of characters in front, so that the engine skips to the next of them: `[。！？；，、：…”]|[.!?,;:](?:\s|$)|[.!?]”`.
_STOPS = re.compile(r"[。！？；，、：…”.!?,;:](?:(?<=[。！？；，、：…”])|\s|$|(?<=[.!?])”)")
_ENOUGH_STOPS = 4  # to be running text
_ENDS = re.compile(r"[。！？…；：.!?:;][”’\"'）)」』]?$")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
NARROWEST = 14  # display columns of running text
_NARROWEST_ALONE = 36  # display columns of a paragraph that speaks for itself
_DESCEND = 0.72  # of a box's running text in one of its children: the article is in there
_END_OF_ARTICLE = 1200.0  # more than the teasers of a list weigh, less than most of an article
_AFTER_TEXT = frozenset(("comment", "neighbours"))
_CLOSING = re.compile(r"[\s(（【\[]{0,3}(?:责任编辑|责编|编辑|責任編輯|編輯)\s?[:：]", re.IGNORECASE)
_RESPONSES = re.compile(r"\d{1,5} (?:responses|comments|replies)\b", re.IGNORECASE)
_ENOUGH = 400.0  # of an article to believe that what follows is something else
_FURNITURE = frozenset(("share", "follow", "comment", "neighbours", "pagination", "ad", "more", "form", "tags"))


def weight(block: RawBlock) -> float:
    """How much a block speaks for being running text, in display columns; 0 for lists, links and short lines."""
    width = block.width
    density = block.link_density
    if density > 0.5 or width < NARROWEST:
        return 0.0
    stops = len(list(islice(_STOPS.finditer(block.text, 0, 1500), _ENOUGH_STOPS)))
    if width < _NARROWEST_ALONE:
        value = 0.5 * width if stops and ends_a_sentence(block.text) else 0.0
    elif not stops:
        value = 0.15 * width
    else:
        value = min(width, 1200) * min(1.0, 0.4 + 0.15 * stops) * (1 - density)
    if block.level:
        value *= 0.3
    if block.hints & OUTSIDE:
        value *= 0.05
    elif block.hints & BESIDE:
        value *= 0.3
    if block.tag in ("li", "td", "dd") and density > 0.2:
        value *= 0.4
    return value if value and not _is_of_the_site(block) else 0.0


def _is_of_the_site(block: RawBlock) -> bool:
    """Cookie notes, closing credits and the footer's lines."""
    text, width = block.text, block.width
    if words.is_boilerplate(block) or (width <= 64 and _CLOSING.match(text) is not None):
        return True
    return width < 600 and words.is_of_footer(block) and "©" not in text[40:]


def find_body(document: Document, weights: list[float]) -> tuple[int, int, int] | None:
    """(box, first, last): the box of the article's text and its first and last paragraph; None without running text."""
    boxes = document.boxes
    mass = [0.0] * len(boxes)
    for block, value in zip(document.blocks, weights, strict=True):
        mass[block.box] += value
    children: dict[int, list[int]] = {}
    for index in range(len(boxes) - 1, 0, -1):
        if mass[index]:
            parent = boxes[index].parent
            mass[parent] += mass[index]
            children.setdefault(parent, []).append(index)
    if mass[0] < 60:
        return None
    box = 0
    while True:
        inner = max(children.get(box, ()), key=lambda child: mass[child], default=None)
        if inner is None or mass[inner] < _DESCEND * mass[box]:
            break
        box = inner
    if document.is_plain:
        return _range(document, weights, box)
    # A single paragraph is no container: its box's parent is.
    while boxes[box].tag in ("p", "li", "blockquote", "td", "dd") and boxes[box].parent > 0:
        box = boxes[box].parent
    return _range(document, weights, box)


def _range(document: Document, weights: list[float], box: int) -> tuple[int, int, int] | None:
    """The stretch of blocks with the greatest sum, where what is no running text costs a little."""
    blocks = document.blocks
    start, end = (0, len(blocks)) if document.is_plain else (document.boxes[box].first, document.boxes[box].end)
    best, best_range = 0.0, None
    total, begin = 0.0, start
    for index in range(start, end):
        if document.is_plain and best > _ENOUGH and _begins_comments(blocks[index]):
            break
        value = weights[index] or -_cost(blocks[index], document.is_plain)
        if total <= 0:
            total, begin = 0.0, index
        total += value
        if total > best and weights[index] > 0:
            best, best_range = total, (begin, index)
    if best_range is None:
        return None
    first, last = best_range
    while weights[first] <= 0:
        first += 1
    return box, first, last


def _cost(block: RawBlock, is_plain: bool) -> float:
    if block.label not in (BlockLabel.UNKNOWN, BlockLabel.BODY):
        return 10.0
    if is_plain:
        if _ends_article(block):
            return _END_OF_ARTICLE
        return 45.0 if block.is_item else 20.0
    if block.hints & OUTSIDE:
        return 6.0
    if block.link_density > 0.5:
        return 30.0
    return 5.0


def _begins_comments(block: RawBlock) -> bool:
    return block.width <= 64 and ("comment" in words.line_groups(block.text) or _RESPONSES.match(block.text) is not None)


def _ends_article(block: RawBlock) -> bool:
    """A rendered page has no boxes: the heading of a list, a closing credit or a comment line tells that the text is over."""
    if block.width > 64:
        return False
    if words.line_groups(block.text) & _AFTER_TEXT or _CLOSING.match(block.text):
        return True
    return block.gap and block.width <= 20 and not block.text.isascii() and words.heading_group(block.text) in ("related", "feed_first", "none")


def ends_a_sentence(text: str) -> bool:
    return _ENDS.search(text[-2:]) is not None


def is_paragraph(document: Document, index: int, box: int, weights: list[float]) -> bool:
    """Whether a block between the first and the last paragraph belongs to the text."""
    block = document.blocks[index]
    if block.label is not UNKNOWN:
        return False
    inner = block.hints & ~document.boxes[box].hints
    if inner & (OUTSIDE | Hint.SHARE | Hint.TAGS | Hint.ASIDE):
        return False
    if inner & Hint.RELATED and block.link_density > 0.2:
        return False
    if words.is_boilerplate(block):
        return False
    if inner & Hint.CAPTION and not weights[index] > 300:
        return False
    if block.link_density > 0.65 and (block.width > 24 or block.link_density > 0.95):
        return ends_a_sentence(block.text) and block.link_density < 0.9 and block.tag == "p"
    if block.width <= 40 and words.groups_of(block.shown) & _FURNITURE:
        return False
    if block.width <= 28 and _heads_links(document, index):
        return False
    return _LETTER_OR_DIGIT.search(block.text) is not None


def _heads_links(document: Document, index: int) -> bool:
    """相关新闻：above links to other stories inside the text."""
    block, following = document.blocks[index], document.blocks[index + 1 : index + 2]
    if not block.mentions & mentions.RELATED_HEADING or words.heading_group(block.text, block.mentions) not in ("related", "feed_first"):
        return False
    return any(other.link_density > 0.8 and other.width > 14 for other in following)
