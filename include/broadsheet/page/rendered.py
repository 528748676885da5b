"""Text of a rendered page, where there are lines instead of boxes: by how lines read and by what stands around them."""

import re
from collections.abc import Iterator

from broadsheet.page import words
from broadsheet.page.blocks import Document, RawBlock
from broadsheet.page.body import ends_a_sentence
from broadsheet.page.credit_line import InfoLine
from broadsheet.page.credits import read_byline, read_info_line
from broadsheet.page.entries import undoubled
from broadsheet.page.names import is_cjk
from broadsheet.records import BlockLabel

_END_OF_ARTICLE = 1200.0  # more than the teasers of a list weigh, less than most of an article
_BOX_OF_STORIES = 480.0  # between Latin paragraphs
_SIGN_UP = 150.0  # a newsletter's box may stand inside the text
_ENOUGH, _SURELY_ENOUGH = 120.0, 400.0  # of an article to believe that lists follow, or comments
_OF_GREATEST = 0.3  # share of the greatest stretch's weight that the article's has
_ITEM, _LINE = 45.0, 14.0  # what a bullet and a line that is no sentence take off the text's weight
_WITHIN_LATIN_TEXT = frozenset(("related", "feed_first"))  # headings of boxes that are common between its paragraphs
_AFTER_TEXT = frozenset(("comment", "neighbours"))
_WITHIN_TEXT = frozenset(("ad", "share", "follow"))  # advertisements and buttons stand between paragraphs as well
_CLOSING = re.compile(r"[\s(（【\[]{0,3}(?:责任编辑|责编|编辑|責任編輯|編輯)\s?[:：]", re.IGNORECASE)
_COMMENTS = re.compile(
    r"^.{0,6}(?:评论|跟贴)\s?(?:\(\d{1,6}\)|\d{1,6}\s?条)|^(?:\d{1,6}条评论|评论列表|.{0,4}评论\s?刷新|查看(?:全部|更多|剩余)?\d{0,6}条?评论"
    r"|\d{1,6} (?:comments|responses|replies)\b|no comments yet\b)",
    re.IGNORECASE,
)
INFO_WITHIN = 60  # blocks above the text
_GLUED = re.compile(r"[a-zà-ÿ](?=[A-ZÀ-Þ][a-zà-ÿ])")
_FEWEST_GLUED, _OF_ROW = 3, 200  # links; characters that are looked at
_ABOVE_INFO = 0.15  # share of the text's weight that may stand above the info line
_SHORT_INFO = 80  # characters
_INFO_AFTER = 10  # blocks after a headline that was taken for text


def rendered_range(document: Document, weights: list[float]) -> tuple[int, int] | None:
    """(first, last) line of the text: the first of the page's stretches that is not much less than the greatest."""
    blocks = document.blocks
    stretches = list(_stretches(document, weights))
    if not stretches:
        return None
    enough = _OF_GREATEST * max(weight for weight, _, _ in stretches)
    first, last = next((first, last) for weight, first, last in stretches if weight >= enough)
    for index in range(min(first + _INFO_AFTER, last) - 1, first - 1, -1):
        if is_info(blocks[index].text) and sum(weights[first:index]) <= _ABOVE_INFO * sum(weights[first : last + 1]):
            first = index + 1  # a headline or a standfirst that reads like a sentence stands above its info line
            break
    while first < last and not _speaks(document, first, weights[first]):
        first += 1
    return first, last


def _stretches(document: Document, weights: list[float]) -> Iterator[tuple[float, int, int]]:
    """(weight, first, last) of the stretches between which something ends an article: each with the greatest sum of weights, where what is
    no sentence costs a little. None after the heading of comments, which may be longer than the article."""
    blocks = document.blocks
    best, best_range = 0.0, (0, 0)
    total, begin = 0.0, 0
    greatest = 0.0
    for index, block in enumerate(blocks):
        is_above_bullets = index + 1 < len(blocks) and blocks[index + 1].is_item and not block.is_item
        value = weights[index] if _speaks(document, index, weights[index]) else -_cost(block, is_above_bullets=is_above_bullets)
        greatest = max(greatest, best)
        begins_comments = greatest > _ENOUGH and _begins_comments(block)
        if best > _ENOUGH and (value <= -_END_OF_ARTICLE or begins_comments):
            yield (best, *best_range)
            best = total = 0.0
        if begins_comments and (greatest > _SURELY_ENOUGH or is_cjk(block.text) or any(char.isdigit() for char in block.text)):
            break  # a Latin word alone may be a button above the text
        if total <= 0:
            total, begin = 0.0, index
        total += value
        if total > best and value > 0:
            best, best_range = total, (begin, index)
    if best:
        yield (best, *best_range)


def _speaks(document: Document, index: int, weight: float) -> bool:
    """Whether a line is a sentence of the text: not a picture's caption, a headline of a list or a row of words in capitals."""
    block = document.blocks[index]
    if weight <= 0 or block.is_item or is_doubled(document, index) or _leads_elsewhere(block.text) or is_glued(block.text[:_OF_ROW]):
        return weight > 0 and block.is_item and block.width > 80 and ends_a_sentence(block.text)
    return ends_a_sentence(block.text) or block.width > 160


def _cost(block: RawBlock, *, is_above_bullets: bool = False) -> float:
    if block.label not in (BlockLabel.UNKNOWN, BlockLabel.BODY):
        return 10.0
    if block.width <= 64 and begins_comments(block.text):
        return _END_OF_ARTICLE
    if _ends_article(block):
        if is_cjk(block.text) or words.heading_group(block.text, block.mentions) not in _WITHIN_LATIN_TEXT:
            return _END_OF_ARTICLE
        return _LINE if is_above_bullets else _BOX_OF_STORIES  # bullets have a cost of their own, and end by themselves
    if words.is_boilerplate(block):
        return _SIGN_UP
    return _ITEM if block.is_item else _LINE


def _begins_comments(block: RawBlock) -> bool:
    if block.is_item and block.text.isascii():
        return False  # a button beside those that share
    return block.width <= 64 and ("comment" in words.groups_of(block.shown) or begins_comments(block.text))


def begins_comments(text: str) -> bool:
    """观察员评论 4条, 34 responses to …: a counted heading of comments."""
    return _COMMENTS.search(text[:64]) is not None


def _ends_article(block: RawBlock) -> bool:
    """The heading of a list, a closing credit or a comment line tells that the text is over."""
    if block.width > 64:
        return False
    if words.groups_of(block.shown) & _AFTER_TEXT or _CLOSING.match(block.text):
        return True
    if words.groups_of(block.shown) & _WITHIN_TEXT or words.begins_with("share", block.shown):
        return False
    group = words.heading_group(block.text, block.mentions) if block.gap else None
    if group not in ("related", "feed_first") and not (group == "none" and words.is_other_heading(block.text, block.mentions)):
        return False
    return len(block.text.split()) <= 4 and block.width <= 28 and not ends_a_sentence(block.text) if not is_cjk(block.text) else block.width <= 20


def is_doubled(document: Document, index: int) -> bool:
    """A picture's text and its caption, one after the other."""
    text = document.blocks[index].text
    if len(text) < 12:
        return False
    if undoubled(text) != text:
        return True
    for other in (index - 1, index + 1):
        if 0 <= other < len(document.blocks):
            beside = document.blocks[other].text
            shorter, longer = sorted((text, beside), key=len)
            if len(shorter) >= 12 and shorter in longer and len(longer) <= 1.4 * len(shorter) + 8:
                return True
    return False


def is_glued(text: str) -> bool:
    """Whether a line is a row of links without blanks: StartNewsSport."""
    glued = len(_GLUED.findall(text))
    return glued >= _FEWEST_GLUED and 3 * glued > text.count(" ")


def _leads_elsewhere(text: str) -> bool:
    """Related: another story; or a promotion in capitals."""
    label, colon, _ = text[:40].partition(":")
    if colon and words.heading_group(label) == "related" and len(label) <= 24:
        return True
    if not text.isascii():
        return False
    capitals, letters = sum(map(str.isupper, text)), sum(map(str.isalpha, text))
    return letters > 20 and capitals > 0.8 * letters and not ends_a_sentence(text)


def is_rendered_paragraph(document: Document, index: int) -> bool:
    """Whether a line between the first and the last of the text is not a caption or a pointer to another story."""
    return not (is_doubled(document, index) or _leads_elsewhere(document.blocks[index].text))


def is_info(text: str) -> bool:
    """Whether a line says when the article was published, and little besides."""
    if len(text) > 160 or not any(char.isdigit() for char in text):
        return False
    return _tells_publication(read_info_line(text), text)


def _tells_publication(line: InfoLine, text: str) -> bool:
    if line.time is None:
        return False
    return line.explained_ratio >= (0.35 if line.time.precision != "day" and len(text) <= _SHORT_INFO else 0.55)


def is_byline(text: str) -> bool:
    """Whether a line names who wrote: By Jane Doe, Par Jeanne Martin (Oslo, envoyée spéciale)."""
    if len(text) > 120:
        return False
    if read_byline(text):
        return True
    line = read_info_line(text)
    return bool(line.people) and line.has_label and line.explained_ratio >= 0.5


def info_line_above(document: Document, stop: int) -> int | None:
    """The last line before `stop` that is dated as an article is, else the last byline."""
    byline: int | None = None
    for index in range(stop - 1, max(-1, stop - INFO_WITHIN), -1):
        text = document.blocks[index].text
        if len(text) > 160:
            continue
        if any(char.isdigit() for char in text):
            line = read_info_line(text)
            if _tells_publication(line, text) or (line.time is not None and line.has_label and line.explained_ratio >= 0.3):
                return index
        elif byline is None and not words.is_picture_credit(document.blocks[index]) and is_byline(text):
            byline = index
    return byline
