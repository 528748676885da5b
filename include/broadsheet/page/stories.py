"""Links that may be entries of a list: the stories of a page's blocks, and which box is one entry with all that belongs to it."""

import re
from collections.abc import Iterable

import msgspec

from broadsheet.page import words
from broadsheet.page.blocks import Document, Link, RawBlock, columns

NARROWEST_STORY = 7  # display columns
NARROWEST_ENTRY = 4  # of one whose siblings are entries
LONGEST_STORY = 300
_WIDE_ENOUGH = 12
_MANY = 4  # targets of a box, more of which make no difference
_LONGEST_PHRASE = 40  # characters of a link that says "more" or a date
_DATE = re.compile(
    r"^[\s\[(（【]*(?:(?:19|20)?\d{2}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?:[\sT]*\d{1,2}:\d{2}(?::\d{2})?)?[\s\])）】]*$"
    r"|^\d{1,2}:\d{2}(?::\d{2})?$|^\d+\s?(?:分钟|小时|天|秒)前$|^\d+ (?:min|hour|day|week|month)s? ago$"
)
_CHANNEL = re.compile(r"^(?:进入|去).{0,8}$")
_MORE = re.compile(
    r"^[\s\[(【<>＞»›+]*(?:查看|浏览|点击)?(?:更多|全部|阅读全部|详细|全文|换一换|阅读全文|more|view all|see all|read more|continue reading)"
    r"[\s\])】>＞»›.…+]*$",
    re.IGNORECASE,
)
# The same with what it is more of: 新着一覧を見る, ニュース一覧, 기사 더보기. A heading says the like.
_MORE_OF = re.compile(
    r"^(?:トピックス|ニュース|記事|新着|特集|連載|最新|ランキング).{0,4}一覧$"
    r"|^.{0,10}(?:一覧(?:を見る|へ|はこちら)|もっと(?:見る|みる|読む)|すべて(?:見る|を見る|表示)|더 ?보기|전체 ?보기)[\s\])】>＞»›.…+]*$",
)
_MORE_OF_LATIN = re.compile(
    r"^[»›>]?\s?(?:(?:view|see|browse|show|read) (?:all|more)(?! the)|(?:ver|voir|vedi) (?:tod[ao]s|tous|toutes|tutt[ei]|más|mais|plus)"
    r"|rss(?: feed)?\b|alle\b.{1,24} (?:anzeigen|ansehen|lesen)).{0,30}$|^(?:more|also in)\b[^»›>]{1,40}[»›>]$",
    re.IGNORECASE,
)
# The least that a text must have for `_DATE` and `_MORE` to match: most links are told by one character.
_DATE_BEGINS = frozenset("0123456789 [(（【")
_MORE_ENDS = frozenset("多部细文换eElLgG \xa0])】>＞»›.…+")

_MORE_OF_ENDS = frozenset("るへむら示覧기 ])】>＞»›.…+")
_MORE_OF_LATIN_BEGINS = frozenset("vVsSbBrRaAmM»›>")

Signature = tuple[str, str, str, str, int]
NO_SIGNATURE: Signature = ("", "", "", "", 0)


class Story(msgspec.Struct, eq=False):
    """A link that may be an entry of a list."""

    text: str
    width: int  # `columns` of the text
    block: int
    box: int
    link: Link
    origin: int  # block that tells how it is made
    blocks: list[int]
    item: int | None = None  # box of the entry that it belongs to


def stories_of(document: Document, index: int, block: RawBlock, seen: dict[int, Story]) -> list[Story]:
    """The stories that begin in a block. `seen` holds the page's stories so far by their links, for a link around several blocks."""
    found: list[Story] = []
    if block.link_density < 0.35 and block.width > 120:
        return found
    whole = block.text
    for link in block.links:
        known = seen.get(id(link))
        if known is not None:  # a link around several blocks: its headline is the first wide one or the one in a heading
            known.blocks.append(index)
            was_phrase = _is_phrase(known.text, None)  # 02:11, a video's length or a date, before the headline in one link
            if was_phrase or known.width < NARROWEST_STORY or (block.level and not document.blocks[known.block].level):
                if was_phrase and not _is_phrase(block.text, None):
                    found.append(known)
                known.text, known.width, known.block, known.box = block.text, block.width, index, block.box
                if titled := _headline_in(link, block.text):
                    known.text, known.width = titled, columns(titled)
            continue
        text = link.text
        if not text or not link.is_target:
            continue
        if text == whole or len(text) > len(whole) + 2:  # the link goes on in the next block
            text, width, shown = whole, block.width, block.shown
        else:
            width, shown = columns(text), None
        if titled := _headline_in(link, text):
            text, width, shown = titled, columns(titled), None
        seen[id(link)] = story = Story(text, width, index, block.box, link, index, [index])
        if not _is_phrase(text, shown) and not text.endswith(("客户端下载", "APP下载")):
            found.append(story)
    return found


def _headline_in(link: Link, text: str) -> str | None:
    """The part of a link's text that its markup names as a title, if it is not all of it."""
    titled = link.headline
    return titled if titled and titled != text and titled in text and columns(titled) >= _WIDE_ENOUGH else None


def item_boxes(document: Document) -> dict[int, int]:
    """Box -> outermost box that is one entry of a list with it: `<li>` with picture, headline, summary and counters.

    A box is an entry if it leads to one or two stories and has siblings that do.
    """
    boxes = document.boxes
    targets: list[set[str] | None] = [None] * len(boxes)
    for block in document.blocks:
        for link in block.links:
            if link.is_target and len(link.text) >= _WIDE_ENOUGH // 2 and columns(link.text) >= _WIDE_ENOUGH:
                mine = targets[block.box]
                if mine is None:
                    targets[block.box] = {link.href or ""}
                else:
                    mine.add(link.href or "")
    kids: dict[int, list[int]] = {}
    for index in range(len(boxes) - 1, 0, -1):  # inner boxes come after outer ones
        found = targets[index]
        if not found:
            continue
        parent = boxes[index].parent
        kids.setdefault(parent, []).append(index)
        outer = targets[parent]
        if outer is None:
            targets[parent] = found  # shared: a set is never changed once it is a box's whole
        elif len(outer) < _MANY:
            targets[parent] = outer | found
    entries: set[int] = set()
    for siblings in kids.values():
        if len(siblings) < 2:
            continue
        small = [index for index in siblings if len(targets[index] or ()) <= 2]
        if len(small) < 2 or len(small) < 0.6 * len(siblings):
            continue
        if len(small) == 2 and not (boxes[small[0]].tag == boxes[small[1]].tag and boxes[small[0]].name == boxes[small[1]].name):
            continue
        if len(small) == 2 and all(len(targets[index] or ()) == 1 for index in small) and len(targets[boxes[small[0]].parent] or ()) < 2:
            continue  # headline and summary of one entry
        entries.update(small)
    outermost: dict[int, int] = {}
    for index in range(min(entries, default=len(boxes)), len(boxes)):
        parent = boxes[index].parent
        if parent in outermost:
            outermost[index] = outermost[parent]
        elif index in entries:
            outermost[index] = index
    return outermost


def signature_of(document: Document, block: RawBlock) -> Signature:
    """How a block is made: entries of one list have one, and headings of one row."""
    box = document.boxes[block.box]
    parent = document.boxes[box.parent] if box.parent >= 0 else box
    return box.tag, box.name, parent.tag, parent.name, block.level


def is_date(text: str) -> bool:
    return _DATE.match(text) is not None


def is_more_label(text: str) -> bool:
    return any(pattern.match(text) is not None for pattern in (_MORE, _MORE_OF, _MORE_OF_LATIN))


def is_more(text: str) -> bool:
    return is_more_label(text) or _CHANNEL.match(text) is not None


def is_more_or_date(text: str) -> bool:
    return (
        (text[-1] in _MORE_ENDS and _MORE.match(text) is not None)
        or (text[0] in _DATE_BEGINS and _DATE.match(text) is not None)
        or (text[0] in "进去" and _CHANNEL.match(text) is not None)
    )


def _is_phrase(text: str, shown: str | None) -> bool:
    """Whether a link says "more", a date, a channel or a service instead of a headline. `shown` is its text as patterns see it."""
    if len(text) > _LONGEST_PHRASE:
        return False
    return (
        is_more_or_date(text)
        or (text[-1] in _MORE_OF_ENDS and _MORE_OF.match(text) is not None)
        or (text[0] in _MORE_OF_LATIN_BEGINS and _MORE_OF_LATIN.match(text) is not None)
        or bool(words.line_groups(text) if shown is None else words.groups_of(shown))
    )


def median(numbers: Iterable[int]) -> float:
    """As of `statistics`, without its generality."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
