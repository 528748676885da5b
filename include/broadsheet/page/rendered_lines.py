"""Lines of a rendered page: which are stories, names, notes of an entry (date, counter, outlet), summaries, and which break a list."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from broadsheet.page import words
from broadsheet.page.blocks import Document, RawBlock, columns
from broadsheet.page.entries import undoubled
from broadsheet.page.headings import Heading
from broadsheet.page.names import is_cjk
from broadsheet.page.rendered import begins_comments
from broadsheet.page.stories import NARROWEST_ENTRY, NARROWEST_STORY, is_date, is_more
from broadsheet.page.times import find_times
from broadsheet.records import BlockLabel

_WIDEST_STORY = 150
_LONGEST_DOUBLED = 400  # characters of a line with a headline twice
_LEAST_CUT, _MOST_OF_WHOLE = 6, 0.6  # characters of a cut headline; its share of the whole one, if nothing marks the cut
_CUT_MARKS = " .…"
_WIDEST_OFFER, _BESIDE_PRICE = 30, 4  # display columns of a line with any price; characters before or after the price of a wider one
_ROW, _ROW_PART = 6, 14  # words of a row of links, whatever they are; characters of one
_WIDEST_NOTE, _BESIDE_TIME, _BESIDE_DAY = 80, 40, 12  # display columns of a line with a time in it; of what it says besides
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # by which ages are read: only that they are there matters
_OFTEN = 4  # a line that stands so often is a part of every entry: 不感兴趣, 分享至…
NOTE = re.compile(
    r"^(?:\W{0,3}\d[\d,.:万+\s]{0,12}\W{0,3}(?:阅读|评论|跟贴|跟帖|播放|点赞|赞|浏览|回复|人看过|人参与|人气|次|views?|comments?|shares?|likes?)?\s?(?:.{0,12}前)?"
    r"|posted (?:in|by|on)\b.*|by [a-z].{2,60}|in [a-z]{3,20}|\d{1,2}:\d{2}(?: ?[ap]m)?|video|photos?|watch|live|new"
    r"|屏蔽[::].*|(?:标签|关键词|来源|作者|编辑|责任编辑|时间|时长|分类|tags?|source|author)\s?[::].{0,40})$",
    re.IGNORECASE,
)
DATED = re.compile(
    r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,3}\s?(?:分钟|小时|天|秒|minutes?|hours?|days?|weeks?|months?)\s?(?:前|ago)"
    r"|^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z.]{0,7} \d{1,2},? (?:19|20)\d\d|^\d{1,2}月\d{1,2}日",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"[。；;,，]$|[a-z)”\"]\.$|\w[.!]$")
TAG = re.compile(r"^(?:[【\[]\s?(?P<box>[^【】\[\]]{1,6}?)\s?[】\]]\s+|(?P<bar>[^\s|]{1,6}) ?[|丨｜] )(?=\S)")
_DATED_NOTE = re.compile(r"^(?:今天|昨天|前天|\d{1,2}月\d{1,2}日|(?:19|20)\d\d-\d{1,2}-\d{1,2})\s?\d{1,2}:\d{2}")
_PRICE = re.compile(
    r"[$￥¥€£]\s?\d[\d.,]{0,12}(?![\d.,]|\s?(?:[mbk]n?\b|万|億|亿|千|hundred|thousand|million|billion|trillion|mio|mrd|milli))", re.IGNORECASE
)
_ALL_COMMENTS = re.compile(r"^(?:查看|加载|点击|展开)")
_SORT_WORDS = re.compile(r"^(?:(?:最热|最早|最新|热门|全部|默认|newest|oldest|best)\s?){2,5}$", re.IGNORECASE)
_TEMPLATE = re.compile(r"@@\w{1,30}@@|\{\{.{1,40}?\}\}|<%.{1,40}?%>|[$#]\{\w{1,30}\}")  # a script was to fill it
_HAS_DIGIT = re.compile(r"[0-9]")
PUNCTUATION = re.compile(r"[,，;；!！?？:：。“”\"]")
_RANK = re.compile(r"\W?0?(\d{1,2})(?=[^\d%年月日号万亿岁])")
PICTURE = re.compile(r"[-—_ ]?图\d{1,2}$")
_GLUED_DATE = re.compile(r"[^\s\d](?:19|20)\d\d-\d\d-\d\d$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
LONE_NUMBER = re.compile(r"^(?:NO\.?)?(\d{1,2})[.、]?(?: \1)?$", re.IGNORECASE)


class Kind(Enum):
    """What a line is to a list."""

    STORY = 1
    SHORT = 7  # too short for a story: a name, a counter, perhaps a heading
    NOTE = 2
    SUMMARY = 3
    HEADING = 4
    BREAK = 5
    COMMENTS = 6


@dataclass(slots=True, eq=False)
class Line:
    """A block as lists see it. Of a headline that stands whole and cut, `text` is the cut one."""

    index: int
    block: RawBlock
    text: str
    kind: Kind
    heading: Heading | None = None
    full: str | None = None  # the whole headline, where a cut one is displayed
    number: int | None = None
    is_often: bool = False  # stands again and again: a part of every entry

    @property
    def width(self) -> int:
        return self.block.width if self.text == self.block.text else columns(self.text)


def lines_of(document: Document, body: set[int]) -> list[Line]:
    """A line for each block, in page order; what belongs to the article breaks lists. `rendered_headings.py` finds which are headings."""
    blocks = document.blocks
    often = {text for text, count in Counter(block.text for block in blocks).items() if count >= _OFTEN and columns(text) <= 50}
    lines: list[Line] = []
    for index, block in enumerate(blocks):
        text, full = _displayed(block.links[0].text if block.links else block.text)
        if index in body or block.label not in (BlockLabel.UNKNOWN, BlockLabel.CREDIT):
            lines.append(Line(index, block, text, Kind.BREAK))
        else:
            is_often = text in often or block.text in often
            lines.append(Line(index, block, text, _kind(block, text, is_often), full=full, number=block.rank, is_often=is_often))
    return lines


def _kind(block: RawBlock, text: str, is_frequent: bool) -> Kind:
    width = block.width if text == block.text else columns(text)
    groups = words.line_groups(text)
    if not is_frequent and (("comment" in groups and block.gap) or (width <= 40 and begins_comments(text))):
        return Kind.BREAK if _ALL_COMMENTS.match(text) else Kind.COMMENTS
    if "neighbours" in groups or words.leads_to_neighbour(block.shown) or words.is_of_footer(block):
        return Kind.BREAK
    if words.is_footer_word(text):
        return Kind.BREAK
    if _is_row_of_links(text):
        return Kind.NOTE
    if is_frequent or groups or is_date(text) or is_more(text) or NOTE.match(text) or _SORT_WORDS.match(text):
        return Kind.NOTE
    if (block.is_item and PICTURE.search(text)) or _is_enumeration(text) or text.count(" | ") >= 2:
        return Kind.NOTE
    if (
        width <= 60
        and not _GLUED_DATE.search(text)
        and DATED.search(text)
        and len(_CLOCK.sub("", DATED.sub("", text)).strip()) <= (4 if block.is_item else 12)
    ):
        return Kind.NOTE
    if _is_offer(text, width) or (not block.is_item and _DATED_NOTE.match(text)):
        return Kind.NOTE
    if width <= _WIDEST_NOTE and text.isascii() and _tells_time(text):
        return Kind.NOTE
    if ("{" in text or "@@" in text or "<%" in text) and _TEMPLATE.search(text):
        return Kind.NOTE
    if width <= _WIDEST_NOTE and words.is_interface(block):
        return Kind.NOTE
    if width <= _WIDEST_STORY and words.is_picture_credit(block):
        return Kind.NOTE
    narrowest = NARROWEST_ENTRY if block.rank is not None and is_cjk(text) else NARROWEST_STORY
    if width < narrowest or (not block.is_item and width < 12):
        return Kind.SHORT
    if width > _WIDEST_STORY or (width > 70 and text.endswith(("。", "...", "…", "."))) or words.is_boilerplate(block):
        return Kind.SUMMARY
    return Kind.STORY


def _displayed(text: str) -> tuple[str, str | None]:
    """(what a link displays, its picture's text if that says the headline whole and the link cuts it) of `whole headline whole head…`."""
    shown = undoubled(text)
    if shown != text or not _LEAST_CUT < len(text) <= _LONGEST_DOUBLED:
        return shown, None
    again, last = f" {text[0]}", 2 * len(text) // 3
    at = text.find(again, len(text) // 2, last)
    while at > 0:
        if is_cut(text[at + 1 :], text[:at]):
            return text[at + 1 :], text[:at]
        at = text.find(again, at + 1, last)
    return text, None


def is_cut(text: str, whole: str) -> bool:
    """Whether a text is the beginning of a longer one, and most of it or marked as cut."""
    begin = text.rstrip(_CUT_MARKS)
    return _LEAST_CUT <= len(begin) < len(whole) and whole.startswith(begin) and (begin != text or len(begin) >= _MOST_OF_WHOLE * len(whole))


def _is_offer(text: str, width: int) -> bool:
    """A price with a thing; a headline has one in the midst of a sentence."""
    price = _PRICE.search(text)
    return price is not None and (
        len(_PRICE.findall(text)) > 1 or width <= _WIDEST_OFFER or price.start() <= _BESIDE_PRICE or len(text) - price.end() <= _BESIDE_PRICE
    )


def _tells_time(text: str) -> bool:
    """`In News, Oldtown - 02 Feb 2025, 19:49`, `vor 22 Stunden`: a time, and little beside it. Times to the day stand in headlines as well."""
    found = find_times(text, reference=_ANY_DAY) if _HAS_DIGIT.search(text) else []
    if not found:
        return False
    beside = len(text) - sum(one.end - one.start for one in found)
    return beside <= (_BESIDE_TIME if any(one.time.precision != "day" for one in found) else _BESIDE_DAY)


def _is_enumeration(text: str) -> bool:
    """大陆社会、地铁、运营: an entry's tags."""
    parts = text.split("、")
    return len(parts) >= 3 and max(map(len, parts)) <= 10 and not PUNCTUATION.search(text)


def _is_row_of_links(text: str) -> bool:
    """国画 水彩 油画, or a row of brands: many short words; a Chinese headline has few blanks."""
    parts = text.split()
    if (
        len(parts) >= _ROW
        and is_cjk(text)
        and 2 <= sum(map(str.isascii, parts)) <= len(parts) - 2
        and max(map(len, parts)) <= _ROW_PART
        and not PUNCTUATION.search(text)
    ):
        return True
    if len(parts) < 3 or len(parts[-1]) < 2 or 2 * len(_HAN.findall(text)) < len(text) - len(parts) or any(not part.isalnum() for part in parts[:2]):
        return False
    mean = sum(map(len, parts)) / len(parts)
    return mean <= 4.5 or (len(parts) >= 5 and mean <= 10)


def are_same(first: Line, second: Line) -> bool:
    """Whether two lines show one headline, perhaps cut otherwise."""
    shorter, longer = sorted((TAG.sub("", line.text).rstrip(_CUT_MARKS) for line in (first, second)), key=len)
    return longer.startswith(shorter) and (len(shorter) >= _LEAST_CUT or shorter == longer)


def rank_of(line: Line) -> int | None:
    """The number that an entry shows before its headline."""
    if line.number is not None:
        return line.number
    match = _RANK.match(line.text)
    return int(match[1]) if match else None
