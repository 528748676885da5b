"""Headings of lists in a rendered page: by their words, or as short lines alone above bullets."""

import re

from broadsheet.page import words
from broadsheet.page.blocks import columns
from broadsheet.page.entries import undoubled
from broadsheet.page.headings import WIDEST_HEADING, Heading, heading_text
from broadsheet.page.rendered_lines import DATED, LONE_NUMBER, NOTE, PUNCTUATION, SENTENCE_END, Kind, Line, are_same
from broadsheet.page.stories import NO_SIGNATURE, is_date, is_more

_WIDEST_TAB = 24  # display columns of a heading with a bullet, or with "more" beside it
_NO_HEADING = re.compile(
    r"客户端|下载|登录|注册|官方微|浏览器|加载|刷新|^(?:推荐|点赞|赞|分享|回复|阅读)\s?\d*$|没有|\bapp\b|log ?in|sign ?(?:in|up)", re.IGNORECASE
)


def mark_headings(lines: list[Line]) -> None:
    """Tell which stories and short lines are headings."""
    for position, line in enumerate(lines):
        if line.kind in (Kind.STORY, Kind.SHORT) and (heading := _heading(lines, position)) is not None:
            line.kind, line.heading = Kind.HEADING, heading
    _demote(lines)


def _heading(lines: list[Line], position: int) -> Heading | None:
    """A heading by its words, or a short line alone above bullets."""
    line = lines[position]
    block = line.block
    if block.is_item and line.width > _WIDEST_TAB:
        return None
    text = undoubled(heading_text(block)) if not block.is_item else line.text
    width = columns(text)
    if not 4 <= width <= WIDEST_HEADING or _is_doubled(block.text) or _says_no_heading(text):
        return None
    group = words.heading_group(text, block.mentions) if width <= 36 else None
    if group == "none" and width > 20:
        group = None
    after = lines[position + 1] if position + 1 < len(lines) else None
    if after is None or (not after.block.is_item and _is_detail(after.text)) or (position and lines[position - 1].text == line.text):
        return None
    has_more = is_more(after.text) or (block.text.endswith(("更多", "更多>>", "更多>", "更多»")) and width <= 24)
    if has_more and width <= _WIDEST_TAB and (group or not block.is_item):
        return Heading(text, width, line.index, block.box, NO_SIGNATURE, group, 3 if group else 2)
    if not block.is_item and _are_tabs(text):
        first = text.split()[0]
        return Heading(first, columns(first), line.index, block.box, NO_SIGNATURE, words.heading_group(first), 3)
    if block.is_item:
        if group in ("related", "feed", "feed_first") and width <= 22 and _opens_a_list(lines, position):
            return Heading(text, width, line.index, block.box, NO_SIGNATURE, group, 2)
        return None
    if group and (width <= 20 or (text.isascii() and len(text.split()) <= 5)):
        return Heading(text, width, line.index, block.box, NO_SIGNATURE, group, 3)
    if (
        (block.gap or _parts_bullets(lines, position))
        and width <= 24
        and not PUNCTUATION.search(text)
        and _is_above_bullet(lines, position)
        and _bullets(lines, position + 1) >= 3
        and not _goes_with_bullet(lines, position)
    ):
        return Heading(text, width, line.index, block.box, NO_SIGNATURE, group, 1)
    return None


def _says_no_heading(text: str) -> bool:
    return _NO_HEADING.search(text) is not None or is_date(text) or is_more(text) or SENTENCE_END.search(text) is not None


def _is_above_bullet(lines: list[Line], position: int) -> bool:
    """Whether a bullet is what follows a line, notes and names aside."""
    following = next((line for line in lines[position + 1 : position + 4] if line.kind not in (Kind.NOTE, Kind.SHORT)), None)
    return following is not None and following.block.is_item


def _goes_with_bullet(lines: list[Line], position: int) -> bool:
    """Whether a line without a bullet follows one as the lines before do: picture's text and headline of an entry."""
    before = lines[max(0, position - 3) : position]
    return [line.block.is_item for line in before] == [True, False, True] and are_same(before[0], before[1])


def _parts_bullets(lines: list[Line], position: int) -> bool:
    """Whether a line stands between the bullets of two lists."""
    around = [*lines[max(0, position - 2) : position], *lines[position + 1 : position + 4]]
    return len(around) == 5 and all(line.block.is_item for line in around)


def _is_doubled(text: str) -> bool:
    """`headline headline`, a picture's text and the headline: an entry."""
    half = len(text) // 2
    return text[half : half + 1] == " " and len(undoubled(text)) == half


def _are_tabs(text: str) -> bool:
    """阅读排行榜 评论排行榜: several headings in one line."""
    parts = text.split()
    return 2 <= len(parts) <= 4 and all(6 <= columns(part) <= 16 and words.heading_group(part) in ("feed", "feed_first", "related") for part in parts)


def tabs_beside(heading: Heading, line: Line) -> list[Heading]:
    """The other headings in the line of one."""
    parts = line.text.split()[1:] if not line.block.is_item and _are_tabs(line.text) else []
    return [Heading(part, columns(part), line.index, line.block.box, NO_SIGNATURE, words.heading_group(part), heading.strength) for part in parts]


def _is_detail(text: str) -> bool:
    """A date, counter or bar: it follows a headline, never a heading."""
    if (number := LONE_NUMBER.match(text)) and int(number[1]) == 1:  # the first rank
        return False
    return is_date(text) or NOTE.match(text) is not None or DATED.match(text) is not None or text in ("|", "·", "-")


def _opens_a_list(lines: list[Line], position: int) -> bool:
    """A bulleted heading (a tab) is followed by stories without bullets."""
    for line in lines[position + 1 : position + 8]:
        if line.block.is_item and line.width <= 22:
            continue
        return not line.block.is_item and line.kind in (Kind.STORY, Kind.SUMMARY)
    return False


def _bullets(lines: list[Line], position: int) -> int:
    return sum(line.block.is_item and line.kind == Kind.STORY for line in lines[position : position + 12])


def _demote(lines: list[Line]) -> None:
    """Headings in a row with one story each are parts of entries: the channel under a headline."""
    heads = [line for line in lines if line.kind == Kind.HEADING]
    counts = {id(head): 0 for head in heads}
    current: Line | None = None
    for line in lines:
        if line.kind == Kind.HEADING:
            current = line
        elif line.kind == Kind.STORY and current is not None:
            counts[id(current)] += 1
        elif line.kind in (Kind.BREAK, Kind.COMMENTS):
            current = None
    few = [counts[id(head)] == 1 and not head.block.is_item for head in heads]
    start = 0
    for position in range(len(heads) + 1):
        if position == len(heads) or not few[position]:
            if position - start >= 3:
                for head in heads[start:position]:
                    head.kind, head.heading = Kind.SHORT, None
            start = position + 1
