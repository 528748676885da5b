"""Rendered text -> the block model: lines are blocks, runs of bullets or numbers are boxes of links."""

import re

from broadsheet.page.blocks import Box, Document, Hint, Link, RawBlock
from broadsheet.text import fold_blanks

_BULLET = re.compile(r"^[\s\xa0]{1,8}[•·*◦▪‣-][\s\xa0]+(?=\S)")
# "1   title", "02. title": a number that is followed by a gap or a sign, not one that begins a sentence.
_NUMBER = re.compile(r"^[\s\xa0]{0,8}(\d{1,2})(?:[\s\xa0]{2,}|[.、][\s\xa0]*)(?=\S)")


def read_text(text: str) -> Document:
    """Blocks of a plain-text capture. Anchors are known by bullets and numbers alone and have no URL."""
    document = Document(is_plain=True)
    lines = text.replace("\0", "").split("\n")
    number = 0
    list_box = 0
    was_blank = True
    for position, line in enumerate(lines):
        shown = fold_blanks(line)
        if not shown:
            was_blank = True
            continue
        bullet = _BULLET.match(line)
        ranked = None if bullet else _NUMBER.match(line)
        expected = int(ranked[1]) if ranked else None
        is_next = ranked is not None and (expected == number + 1 if number else expected == 1 and _is_followed(lines, position))
        if bullet or is_next:
            if not list_box or (ranked is not None and number == 0) or (bullet and number):
                document.boxes.append(Box(0, 1, "ul" if bullet else "ol", "", Hint(0)))
                list_box = len(document.boxes) - 1
            number = expected if ranked and expected else 0
            _add_item(document, list_box, line, (bullet or ranked), number or None)
        else:
            list_box = number = 0
            document.boxes.append(Box(0, 1, "p", "", Hint(0)))
            document.blocks.append(RawBlock(shown, len(document.boxes) - 1, "p", Hint(0), after_blank=was_blank))
        was_blank = False
    return document


def _is_followed(lines: list[str], position: int) -> bool:
    """Whether a line "2 …" follows soon: a lone "1 …" is a sentence."""
    for line in lines[position + 1 : position + 4]:
        found = _NUMBER.match(line)
        if found:
            return found[1].lstrip("0") == "2"
    return False


def _add_item(document: Document, box: int, line: str, marker: re.Match | None, rank: int | None) -> None:
    raw = fold_blanks(line)
    shown = undoubled(fold_blanks(line[marker.end() :] if marker else line))
    document.boxes.append(Box(box, 2, "li", "", Hint(0)))
    block = RawBlock(raw, len(document.boxes) - 1, "li", Hint(0), links=[Link(None, text=shown)], link_chars=len(raw), is_item=True, rank=rank)
    document.blocks.append(block)


def undoubled(text: str) -> str:
    """`title title` (image text and anchor text of one link) -> `title`; anything else as it is."""
    half = len(text) // 2
    if len(text) % 2 == 1 and text[half] == " " and text[:half] == text[half + 1 :]:
        return text[:half]
    return text[:half] if half >= 4 and len(text) % 2 == 0 and text[:half] == text[half:] else text
