"""Headline and text of a rendered page, where there are lines instead of boxes: by how lines read and by what stands around them."""

import re
from collections import Counter

from broadsheet.page import words
from broadsheet.page.blocks import Document, RawBlock
from broadsheet.page.body import ends_a_sentence
from broadsheet.page.breadcrumbs import has_label
from broadsheet.page.credits import read_byline, read_info_line
from broadsheet.records import BlockLabel
from broadsheet.text import headline_key

_END_OF_ARTICLE = 1200.0  # more than the teasers of a list weigh, less than most of an article
_SIGN_UP = 150.0  # a newsletter's box may stand inside the text
_ENOUGH = 120.0  # of an article to believe that comments or lists follow
_ITEM, _LINE = 45.0, 14.0  # what a bullet and a line that is no sentence take off the text's weight
_AFTER_TEXT = frozenset(("comment", "neighbours"))
_CLOSING = re.compile(r"[\s(（【\[]{0,3}(?:责任编辑|责编|编辑|責任編輯|編輯)\s?[:：]", re.IGNORECASE)
_COMMENTS = re.compile(
    r"^.{0,6}(?:评论|跟贴)\s?(?:\(\d{1,6}\)|\d{1,6}\s?条)|^(?:\d{1,6}条评论|评论列表|.{0,4}评论\s?刷新|查看(?:全部|更多|剩余)?\d{0,6}条?评论"
    r"|\d{1,6} (?:comments|responses|replies)\b|no comments yet\b)",
    re.IGNORECASE,
)
_INFORMS = re.compile(r"来源[:：]|编辑[:：]|作者[:：]|原标题|^分享|^字号")
_LEAST_TITLE, _WIDEST_TITLE = 8, 260  # display columns
_INFO_WITHIN = 60  # blocks above the text
_INFO_AFTER = 6  # blocks after a headline that was taken for text


# --- text ---------------------------------------------------------------------------------------------------------------------------


def rendered_range(document: Document, weights: list[float]) -> tuple[int, int] | None:
    """(first, last) line of the text: the stretch with the greatest sum of weights, where what is no sentence costs a little."""
    blocks = document.blocks
    best, best_range = 0.0, None
    total, begin = 0.0, 0
    for index, block in enumerate(blocks):
        value = weights[index] if _speaks(document, index, weights[index]) else -_cost(block)
        if best > _ENOUGH and (value <= -_END_OF_ARTICLE or _begins_comments(block)):
            break
        if total <= 0:
            total, begin = 0.0, index
        total += value
        if total > best and value > 0:
            best, best_range = total, (begin, index)
    if best_range is None:
        return None
    first, last = best_range
    for index in range(min(first + _INFO_AFTER, last) - 1, first - 1, -1):
        if _is_info(blocks[index].text):
            first = index + 1  # a headline that reads like a sentence stands above its info line
            break
    while first < last and not _speaks(document, first, weights[first]):
        first += 1
    return first, last


def _speaks(document: Document, index: int, weight: float) -> bool:
    """Whether a line is a sentence of the text: not a picture's caption, a headline of a list or a row of words in capitals."""
    block = document.blocks[index]
    if weight <= 0 or block.is_item or is_doubled(document, index) or _leads_elsewhere(block.text):
        return weight > 0 and block.is_item and block.width > 80 and ends_a_sentence(block.text)
    return ends_a_sentence(block.text) or block.width > 160


def _cost(block: RawBlock) -> float:
    if block.label not in (BlockLabel.UNKNOWN, BlockLabel.BODY):
        return 10.0
    if block.width <= 64 and begins_comments(block.text):
        return _END_OF_ARTICLE
    if _ends_article(block):
        # between Latin paragraphs a box of related stories is common
        return _END_OF_ARTICLE if not block.text.isascii() or words.heading_group(block.text, block.mentions) != "related" else 0.4 * _END_OF_ARTICLE
    if words.is_boilerplate(block):
        return _SIGN_UP
    return _ITEM if block.is_item else _LINE


def _begins_comments(block: RawBlock) -> bool:
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
    group = words.heading_group(block.text, block.mentions) if block.gap else None
    if group not in ("related", "feed_first") and not (group == "none" and words.is_other_heading(block.text, block.mentions)):
        return False
    return len(block.text.split()) <= 4 and block.width <= 28 and not ends_a_sentence(block.text) if block.text.isascii() else block.width <= 20


def is_doubled(document: Document, index: int) -> bool:
    """A picture's text and its caption, one after the other."""
    text = document.blocks[index].text
    if len(text) < 12:
        return False
    for other in (index - 1, index + 1):
        if 0 <= other < len(document.blocks):
            beside = document.blocks[other].text
            shorter, longer = sorted((text, beside), key=len)
            if len(shorter) >= 12 and shorter in longer and len(longer) <= 1.4 * len(shorter) + 8:
                return True
    return False


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


# --- headline -----------------------------------------------------------------------------------------------------------------------


def rendered_title(document: Document, start: int | None) -> tuple[int | None, str | None]:
    """(index, text) of the headline's line: wide, near the info line or the text, perhaps repeated; `start` is the text's first line."""
    blocks = document.blocks
    stop = start if start is not None else min(len(blocks), 40)
    info = _info_line_above(document, min(len(blocks), stop + 5))
    near = stop if info is None else min(stop, info)
    seen = Counter(headline_key(block.text) for block in blocks)
    whole = [headline_key(block.text) for block in blocks[: stop + 1]]
    best: tuple[float, int] | None = None
    for index in range(max(0, near - _INFO_WITHIN), stop):
        block = blocks[index]
        if not _may_be_title(block):
            continue
        key = whole[index]
        value = min(block.width, 60) - 2.5 * min(abs(near - index), 20) - (10 if index > near else 0)
        value -= (12 if _stands_alone(blocks, index) else 30) if block.is_item else 0
        value += 6 if block.gap else 0
        value += 6 if index + 1 < len(blocks) and blocks[index + 1].gap else 0
        if len(key) >= 6 and (seen[key] > 1 or any(key in other and key != other for other in whole[max(0, index - 40) : index])):
            value += 18  # the page's title, a crumb or a link to the page says it too
        if index and _is_crumb_line(blocks[index - 1].text):
            value += 15
        value -= 25 if ends_a_sentence(block.text) and block.text[-1] in "。.:：;；" else 0
        value -= 20 if is_doubled(document, index) or ">" in block.text else 0
        value -= 30 if "。" in block.text[:-1] or block.width > 140 or words.is_boilerplate(block) else 0
        value -= 15 if _is_caption(block.text) else 0
        value -= 20 if index and 2 <= len(blocks[index - 1].text) <= 4 and block.text.startswith(blocks[index - 1].text) else 0  # a name's note
        if best is None or value > best[0]:
            best = (value, index)
    if best is None:
        return None, None
    block = blocks[best[1]]
    return best[1], block.links[0].text if block.is_item and block.links else block.text


def _stands_alone(blocks: list[RawBlock], index: int) -> bool:
    before, after = (blocks[other] if 0 <= other < len(blocks) else None for other in (index - 1, index + 1))
    return not (before is not None and before.is_item and not blocks[index].gap) and not (after is not None and after.is_item and not after.gap)


def _may_be_title(block: RawBlock) -> bool:
    text = block.text
    return (
        _LEAST_TITLE <= block.width <= _WIDEST_TITLE
        and block.label == BlockLabel.UNKNOWN
        and any(char.isalpha() for char in text)
        and not has_label(text)
        and not _INFORMS.search(text[:60])
        and not words.is_menu(text)
        and not words.groups_of(block.shown)
        and not words.is_other_heading(text, block.mentions)
        and not _is_info(text)
    )


def _is_crumb_line(text: str) -> bool:
    return has_label(text) or (len(text) < 80 and (">" in text or "»" in text))


def _is_caption(text: str) -> bool:
    return text.startswith(("(", "（")) or "credit:" in text.lower() or "getty images" in text.lower()


def _is_info(text: str) -> bool:
    if len(text) > 160 or not any(char.isdigit() for char in text):
        return False
    line = read_info_line(text)
    return line.time is not None and line.explained_ratio >= 0.55


def _info_line_above(document: Document, stop: int) -> int | None:
    """The last line before `stop` that is dated as an article is, else the last byline."""
    byline: int | None = None
    for index in range(stop - 1, max(-1, stop - _INFO_WITHIN), -1):
        text = document.blocks[index].text
        if len(text) > 160:
            continue
        if any(char.isdigit() for char in text):
            line = read_info_line(text)
            if line.time is not None and (line.explained_ratio >= 0.55 or (line.has_label and line.explained_ratio >= 0.3)):
                return index
        elif byline is None and read_byline(text):
            byline = index
    return byline
