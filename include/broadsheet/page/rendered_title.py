"""Headline of a rendered page: among lines that may be one, by how they read and by what stands around them."""

import re
from collections import Counter

from broadsheet.page import words
from broadsheet.page.blocks import Document, RawBlock
from broadsheet.page.body import ends_a_sentence
from broadsheet.page.breadcrumbs import has_label
from broadsheet.page.names import is_cjk
from broadsheet.page.rendered import INFO_WITHIN, info_line_above, is_byline, is_doubled, is_glued, is_info
from broadsheet.records import BlockLabel
from broadsheet.text import headline_key

_LEAST, _WIDEST, _WIDEST_QUESTION = 8, 260, 100  # display columns
_INFORMS = re.compile(r"来源[:：]|来源标题|编辑[:：]|作者[:：]|原标题|^分享|^字号")
_ORIGINAL = re.compile(r"(?:原|来源)标题[:：]")
_TELLS_TIME = re.compile(
    r"\d{1,2}[:.]\d{2}\s?(?:uhr|h\b|am\b|pm\b)|\d{1,2}:\d{2}$|\d (?:minutes?|hours?|days?) ago|\bvor \d{1,2} (?:minuten|stunden|tagen)", re.IGNORECASE
)
_MARK = "●■◆▲★○□◇△☆"
_SUBTITLE = ("——", "— ", "– ")
_CUT = ("…", "...")
_LABEL_WITHIN = 8  # lines of the text's first
_LEAST_CUT = 8  # letters of a headline that a list cuts
_SAME_GROUP, _MUCH_WIDER = 40, 0.77  # display columns of a headline above its standfirst, at least; share of the standfirst's, at most
_CRUMBS = re.compile(r">|\s[»›]\s")
_BY = re.compile(r"By [A-Z]")


def rendered_title(document: Document, start: int | None) -> tuple[int | None, str | None]:
    """(index, text) of the headline's line: wide, near the info line or the text, perhaps repeated; `start` is the text's first line."""
    blocks = document.blocks
    stop = start if start is not None else min(len(blocks), 40)
    info = info_line_above(document, min(len(blocks), stop + 5))
    near = stop if info is None else min(stop, info)
    told = _Told(blocks, stop)
    best: tuple[float, int] | None = None
    for index in range(max(0, near - INFO_WITHIN), stop + _asks(blocks, start)):
        if _may_be_title(blocks[index]):
            value = _likeness(document, index, near, told)
            if best is None or value > best[0]:
                best = (value, index)
    if best is None:
        return None, None
    index = _above_standfirst(document, best[1])
    return index, blocks[index].displayed()


class _Told:
    """What the page says again: lines by their letters and digits."""

    def __init__(self, blocks: list[RawBlock], stop: int) -> None:
        keys = [headline_key(block.text) for block in blocks]
        self.above = keys[: stop + 1]
        self.seen = Counter(keys)
        labelled = range(max(0, stop - _LABEL_WITHIN), min(len(blocks), stop + _LABEL_WITHIN))
        self.original = [(index, keys[index]) for index in labelled if _ORIGINAL.search(blocks[index].text[:20])]
        self.cut = [key for block, key in zip(blocks, keys, strict=True) if block.text.endswith(_CUT) and len(key) >= _LEAST_CUT]

    def again(self, index: int) -> float:
        """How much it says for a line that the page's title, a crumb or a link to the page, or the label of its original title, says it too."""
        key = self.above[index]
        if len(key) < 6:
            return 0.0
        if any(index < place and key in other for place, other in self.original):
            return 45.0
        is_told = (
            self.seen[key] > 1
            or any(key in other and key != other for other in self.above[max(0, index - 40) : index])
            or any(key.startswith(other) for other in self.cut)
        )
        return 18.0 if is_told else 0.0


def _likeness(document: Document, index: int, near: int, told: _Told) -> float:
    """How much a line is like the headline of a page whose info line or text begins at `near`."""
    blocks = document.blocks
    block, text = blocks[index], blocks[index].text
    value = min(block.width, 60) - 2.5 * min(abs(near - index), 20) - (10 if index > near else 0)
    value -= (12 if _stands_alone(blocks, index) else 30) if block.is_item else 0
    value += 6 if block.gap else 0
    value += 6 if index + 1 < len(blocks) and blocks[index + 1].gap else 0
    value += told.again(index)
    value += 15 if index and _is_crumb_line(blocks[index - 1].text) else 0
    value -= 25 if ends_a_sentence(text) and text[-1] in "。.:：;；" else 0
    value -= 20 if is_doubled(document, index) or ("«" not in text and _CRUMBS.search(text)) else 0
    value -= 30 if "。" in text[:-1] or block.width > 140 or words.is_boilerplate(block) else 0
    value -= 15 if _is_caption(block) or _BY.match(text) else 0
    value -= 45 if text[0] in _MARK or text.startswith(_SUBTITLE) else 0
    value -= 60 if _is_of_the_site(text) else 0
    value -= 25 if index and _describes_a_picture(blocks[index - 1], block) else 0
    return value


def _describes_a_picture(before: RawBlock, block: RawBlock) -> bool:
    """Whether a line goes on from the one before, as a caption does from the picture's own text, and a note from a name."""
    return block.text.startswith(before.text) and before.text != block.text and (not block.gap or 2 <= len(before.text) <= 4)


def _asks(blocks: list[RawBlock], start: int | None) -> bool:
    """Whether the first line of the text may be a headline that reads like a sentence: 他还能赢吗？"""
    if start is None or start + 1 >= len(blocks):
        return False
    return blocks[start + 1].gap and blocks[start].width <= _WIDEST_QUESTION and blocks[start].text[-1] in "？！?!"


def _above_standfirst(document: Document, index: int) -> int:
    """The line above, if that is a headline too: under it a standfirst stands, which may be the wider one."""
    blocks = document.blocks
    block = blocks[index]
    if not index or is_cjk(block.text) or block.is_item or not block.gap:
        return index
    above = blocks[index - 1]
    is_headline = (
        _SAME_GROUP <= above.width <= _MUCH_WIDER * block.width
        and not above.is_item
        and _may_be_title(above)
        and not (ends_a_sentence(above.text) and above.text[-1] in ".:;")
        and not is_doubled(document, index - 1)
        and not _is_caption(above)
        and not _is_of_the_site(above.text)
        and not words.is_boilerplate(above)
    )
    return index - 1 if is_headline else index


def _stands_alone(blocks: list[RawBlock], index: int) -> bool:
    before, after = (blocks[other] if 0 <= other < len(blocks) else None for other in (index - 1, index + 1))
    return not (before is not None and before.is_item and not blocks[index].gap) and not (after is not None and after.is_item and not after.gap)


def _may_be_title(block: RawBlock) -> bool:
    text = block.text
    return (
        _LEAST <= block.width <= _WIDEST
        and block.label == BlockLabel.UNKNOWN
        and any(char.isalpha() for char in text)
        and not has_label(text)
        and not _INFORMS.search(text[:60])
        and not words.is_menu(text)
        and not words.groups_of(block.shown)
        and not words.is_other_heading(text, block.mentions)
        and not is_info(text)
        and not is_byline(text)
    )


def _is_crumb_line(text: str) -> bool:
    return has_label(text) or (len(text) < 80 and (">" in text or "»" in text))


def _is_caption(block: RawBlock) -> bool:
    text = block.text
    return text.startswith(("(", "（")) or "credit:" in text.lower() or "getty images" in text.lower() or words.is_picture_credit(block)


def _is_of_the_site(text: str) -> bool:
    """A row of links without blanks, or a line that says when: StartNewsSport, Published: 5 hours ago."""
    return is_glued(text) or words.is_row_of_channels(text) or (len(text) <= 160 and not is_cjk(text) and _TELLS_TIME.search(text) is not None)
