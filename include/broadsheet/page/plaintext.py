"""Rendered text -> the block model: lines are blocks, runs of bullets or numbers are boxes of links."""

import re
from collections.abc import Sequence

from broadsheet.page import words
from broadsheet.page.blocks import Box, Document, Hint, Link, RawBlock, columns
from broadsheet.page.entries import undoubled
from broadsheet.page.languages import language_of
from broadsheet.text import fold_blanks

_BULLET = re.compile(r"^[\s\xa0]{1,24}[•·*◦▪‣-][\s\xa0]{1,4}(?=\S)")
# "1   title", "02. title": a number that is followed by a gap or a sign, not one that begins a sentence.
_NUMBER = re.compile(r"^[\s\xa0]{0,24}(\d{1,2})(?:[\s\xa0]{2,}|[.、][\s\xa0]*|\t)(?=\S)")
_LONGEST_ENTRY = 60  # characters of a numbered headline; a longer line is a numbered paragraph
_SHORTEST_TEASER = 60  # characters
_TEASER_ENDS = tuple("】])>»…›细文情eG")
_TEASER_END = re.compile(r"(?:详细|全文|详情|更多|read more|continue reading)[\]】)>»›\s]{0,4}$", re.IGNORECASE)
_WIDE_BLANK = re.compile(r"(?<=\S)[ \xa0\u3000]{2,9}(?=\S)")
_SHORTEST_HEADLINE, _LONGEST_HEADLINE = 6, 80  # characters of a teaser's
_OF_LANGUAGE = 20  # longest lines by which a page's language is told
MAX_LINES = 12_000


def read_text(text: str) -> Document:
    """Blocks of a plain-text capture. Links are known by bullets and numbers alone and have no URL. Never raises on any string."""
    document = Document(is_plain=True)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates: a record must have a JSON form
    lines = [part for line in re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text.replace("\0", "")) for part in _parts(line)]
    boxes, blocks = document.boxes, document.blocks
    number, list_box, gap = 0, 0, True
    for position, line in enumerate(lines[:MAX_LINES]):
        shown = fold_blanks(line)
        if not shown:
            gap = True
            continue
        bullet = _BULLET.match(line)
        ranked = None if bullet or len(shown) > _LONGEST_ENTRY else _NUMBER.match(line)
        value = int(ranked[1]) if ranked else 0
        is_next = ranked is not None and (value == number + 1 if number else value == 1 and _is_followed(lines, position))
        if bullet or (ranked is not None and is_next):
            if not list_box or (value and number == 0) or (bullet and number):
                boxes.append(Box(0, 1, "ul" if bullet else "ol", own=Hint.LIST if bullet else Hint.LIST | Hint.RANKED))
                list_box = len(boxes) - 1
            number = value
            marker = bullet or ranked
            boxes.append(Box(list_box, 2, "li"))
            entry = undoubled(fold_blanks(line[marker.end() :] if marker else line))
            blocks.append(RawBlock(shown, len(boxes) - 1, "li", [Link(None, text=entry)], len(shown), is_item=True, rank=value or None, gap=gap))
        else:
            number = list_box = 0
            boxes.append(Box(0, 1, "p"))
            blocks.append(RawBlock(shown, len(boxes) - 1, "p", gap=gap))
        gap = False
    document.left_out_count = sum(len("".join(line.split())) for line in lines[MAX_LINES:])
    document.language = language_of(sorted((block.text for block in blocks), key=len, reverse=True)[:_OF_LANGUAGE])
    _mark_lists(document)
    document.seal()
    return document


def _parts(line: str) -> Sequence[str]:
    """A teaser's headline and summary, which a wide blank parts in one line; any other line as it is."""
    if len(line) < _SHORTEST_TEASER or not line.endswith(_TEASER_ENDS) or not _TEASER_END.search(line[-20:]):
        return (line,)
    blank = _WIDE_BLANK.search(line, _SHORTEST_HEADLINE, _LONGEST_HEADLINE)
    return (line[: blank.start()], line[blank.end() :]) if blank else (line,)


def _mark_lists(document: Document) -> None:
    """Lines under a module's heading that nothing separates are entries, though they have no bullets."""
    blocks = document.blocks
    position = 0
    while position < len(blocks):
        end = position + 1
        while end < len(blocks) and not blocks[end].gap:
            end += 1
        head, lines = _head_and_lines(blocks, position, end)
        if head is not None:
            entries = [block for block in lines if not block.is_item and _may_be_entry(block)]
            if len(entries) >= 2 and len(entries) >= 0.6 * sum(not block.is_item for block in lines):
                for block in entries:
                    block.links = [Link(None, text=undoubled(block.text))]
                    block.link_chars = len(block.text)
        position = end


def _head_and_lines(blocks: list[RawBlock], start: int, end: int) -> tuple[RawBlock | None, list[RawBlock]]:
    """The heading of the lines between two blank ones: the line before the blank one, or their first."""
    if start and not blocks[start - 1].is_item and (start < 2 or blocks[start - 1].gap) and _may_head(blocks[start - 1]):
        return blocks[start - 1], blocks[start:end]
    return (blocks[start], blocks[start + 1 : end]) if end - start > 2 and _may_head(blocks[start]) else (None, [])


def _may_head(block: RawBlock) -> bool:
    return columns(block.text) <= 36 and not words.line_groups(block.text) and words.heading_group(block.text) in ("related", "feed", "feed_first")


def _may_be_entry(block: RawBlock) -> bool:
    return 12 <= columns(block.text) <= 110 and not block.text.endswith(("。", "：", ":", "；"))


def _is_followed(lines: list[str], position: int) -> bool:
    """Whether a line "2 …" follows soon: a lone "1 …" is a sentence."""
    for line in lines[position + 1 : position + 4]:
        found = _NUMBER.match(line)
        if found:
            return int(found[1]) == 2
    return False
