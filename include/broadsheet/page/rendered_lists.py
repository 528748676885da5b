"""Headed lists in a rendered page, which has lines, bullets and blank lines but no boxes and no links.

Each line is a heading, a story, a note of an entry (date, counter, outlet) or a break. A section is what follows a heading until the
next one; its entries are records of a story line with notes around it, and the records of one section look alike.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from itertools import pairwise

from broadsheet.page import words
from broadsheet.page.blocks import Document, Link, RawBlock, columns
from broadsheet.page.entries import undoubled
from broadsheet.page.headings import WIDEST_HEADING, Heading, heading_text
from broadsheet.page.link_runs import Run
from broadsheet.page.names import is_cjk
from broadsheet.page.rendered import begins_comments
from broadsheet.page.stories import NARROWEST_ENTRY, NARROWEST_STORY, NO_SIGNATURE, Story, is_date, is_more, median
from broadsheet.page.times import find_times
from broadsheet.records import BlockLabel
from broadsheet.text import headline_key

_WIDEST_STORY = 150
_COPIED = 0.62  # share of distinct entries below which a list stands twice
_LONGEST_DOUBLED = 400  # characters of a line with a headline twice
_TABS_WITHIN = 3  # lines from one tab to the next
_WIDEST_TAB = 24  # display columns of a heading with a bullet, or with "more" beside it
_LEAST_CUT, _MOST_OF_WHOLE = 6, 0.6  # characters of a cut headline; its share of the whole one, if nothing marks the cut
_CUT_MARKS = " .…"
_WIDEST_OFFER, _BESIDE_PRICE = 30, 4  # display columns of a line with any price; characters before or after the price of a wider one
_ROW, _ROW_PART = 6, 14  # words of a row of links, whatever they are; characters of one
_MENU, _NARROW = 3, 0.6  # fewest words of a menu; share of the width of a list's first entries that they are below
_WIDE_WORDS, _WIDE_LATIN_WORDS = 14, 26  # display columns
_FEWEST_NUMBERED = 3  # stories under numbers, without a heading
_FEWEST_COPIED, _MOSTLY_COPIED, _FEW = 3, 0.75, 4  # entries of a copied list, share of them that are the same; copies that are looked for
_SLIDER = 12  # entries of a slider with its copies, at most
_MANY = 5  # records that are a list though nothing heads them
_WIDE_BULLET = 12  # display columns of a bullet that is more than a word
_WIDE_ENOUGH, _WIDE_ABOVE = 16, 26  # display columns of a typical entry
_NOTES_BETWEEN = 14  # more notes than an entry has: the list is over
_WIDEST_NOTE, _BESIDE_TIME, _BESIDE_DAY = 80, 40, 12  # display columns of a line with a time in it; of what it says besides
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # by which ages are read: only that they are there matters
_OFTEN = 4  # a line that stands so often is a part of every entry: 不感兴趣, 分享至…
_NOTE = re.compile(
    r"^(?:\W{0,3}\d[\d,.:万+\s]{0,12}\W{0,3}(?:阅读|评论|跟贴|跟帖|播放|点赞|赞|浏览|回复|人看过|人参与|人气|次|views?|comments?|shares?|likes?)?\s?(?:.{0,12}前)?"
    r"|posted (?:in|by|on)\b.*|by [a-z].{2,60}|in [a-z]{3,20}|\d{1,2}:\d{2}(?: ?[ap]m)?|video|photos?|watch|live|new"
    r"|屏蔽[::].*|(?:标签|关键词|来源|作者|编辑|责任编辑|时间|时长|分类|tags?|source|author)\s?[::].{0,40})$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,3}\s?(?:分钟|小时|天|秒|minutes?|hours?|days?|weeks?|months?)\s?(?:前|ago)"
    r"|^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z.]{0,7} \d{1,2},? (?:19|20)\d\d|^\d{1,2}月\d{1,2}日",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。；;,，]$|[a-z)”\"]\.$|\w[.!]$")
_TAG = re.compile(r"^(?:[【\[]\s?(?P<box>[^【】\[\]]{1,6}?)\s?[】\]]\s+|(?P<bar>[^\s|]{1,6}) ?[|丨｜] )(?=\S)")
_COUNTER = re.compile(r"\s?(?:\(\d{1,3}(?:,\d{3})*\)|(?<=\s)\d{1,3}(?:,\d{3})+|(?<=\s)\d{3,7}|评论(?: ?\d{1,6})?(?: 赞 ?\d{1,6})?)$")
_DATE_HEAD = re.compile(r"^(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/]\d{1,2}|\d{1,2}:\d{2}|[\[(]\d{1,2}-\d{1,2}[\])])\s?(?=\D)")
_AGO_TAIL = re.compile(r"\s?[~(]?\d{1,3}\s?(?:分钟|小时|天|minutes?|hours?|days?|weeks?|months?)\s?(?:前|ago)\)?$", re.IGNORECASE)
_DATED_NOTE = re.compile(r"^(?:今天|昨天|前天|\d{1,2}月\d{1,2}日|(?:19|20)\d\d-\d{1,2}-\d{1,2})\s?\d{1,2}:\d{2}")
_PRICE = re.compile(
    r"[$￥¥€£]\s?\d[\d.,]{0,12}(?![\d.,]|\s?(?:[mbk]n?\b|万|億|亿|千|hundred|thousand|million|billion|trillion|mio|mrd|milli))", re.IGNORECASE
)
_DATE_TAIL = re.compile(
    r"\s?(?:[\[(（]\s?)?(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日)"
    r"(?: ?\d{1,2}:\d{2}(?::\d{2})?)?(?:\s?[\])）])?$"
)
_WATCHED = re.compile(r"\s?\d{1,7}\s?(?:人看过|人阅读|次播放|次阅读|阅读|评论)$")
_ALL_COMMENTS = re.compile(r"^(?:查看|加载|点击|展开)")
_SORT_WORDS = re.compile(r"^(?:(?:最热|最早|最新|热门|全部|默认|newest|oldest|best)\s?){2,5}$", re.IGNORECASE)
_TEMPLATE = re.compile(r"@@\w{1,30}@@|\{\{.{1,40}?\}\}|<%.{1,40}?%>|[$#]\{\w{1,30}\}")  # a script was to fill it
_HAS_DIGIT = re.compile(r"[0-9]")
_PUNCTUATION = re.compile(r"[,，;；!！?？:：。“”\"]")
_RANK = re.compile(r"\W?0?(\d{1,2})(?=[^\d%年月日号万亿岁])")
_GLUED_COUNTER = re.compile(r"^\d{3,7}(?=\D)")
_NO_HEADING = re.compile(
    r"客户端|下载|登录|注册|官方微|浏览器|加载|刷新|^(?:推荐|点赞|赞|分享|回复|阅读)\s?\d*$|没有|\bapp\b|log ?in|sign ?(?:in|up)", re.IGNORECASE
)
_PICTURE = re.compile(r"[-—_ ]?图\d{1,2}$")
_GLUED_DATE = re.compile(r"[^\s\d](?:19|20)\d\d-\d\d-\d\d$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_LONE_NUMBER = re.compile(r"^(?:NO\.?)?(\d{1,2})[.、]?(?: \1)?$", re.IGNORECASE)


class _Kind(Enum):
    STORY = 1
    SHORT = 7  # too short for a story: a name, a counter, perhaps a heading
    NOTE = 2
    SUMMARY = 3
    HEADING = 4
    BREAK = 5
    COMMENTS = 6


@dataclass(slots=True, eq=False)
class _Line:
    index: int
    block: RawBlock
    text: str
    kind: _Kind
    heading: Heading | None = None
    full: str | None = None  # the whole headline, where a cut one is displayed
    number: int | None = None
    is_often: bool = False  # stands again and again: a part of every entry

    @property
    def width(self) -> int:
        return self.block.width if self.text == self.block.text else columns(self.text)


@dataclass(slots=True, eq=False)
class _Section:
    heading: Heading | None
    is_above: bool = False  # above the article's headline, where menus are
    tabs: list[Heading] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)


def rendered_runs(document: Document, body: set[int]) -> Iterator[Run]:
    """Lists of a rendered page in page order: stories under their heading, one for each entry."""
    for section in _sections(document, body):
        yield from _runs(section)


# --- lines --------------------------------------------------------------------------------------------------------------------------


def _lines(document: Document, body: set[int]) -> list[_Line]:
    blocks = document.blocks
    often = {text for text, count in Counter(block.text for block in blocks).items() if count >= _OFTEN and columns(text) <= 50}
    lines: list[_Line] = []
    for index, block in enumerate(blocks):
        text, full = _displayed(block.links[0].text if block.links else block.text)
        if index in body or block.label not in (BlockLabel.UNKNOWN, BlockLabel.CREDIT):
            lines.append(_Line(index, block, text, _Kind.BREAK))
        else:
            is_often = text in often or block.text in often
            lines.append(_Line(index, block, text, _kind(block, text, is_often), full=full, number=block.rank, is_often=is_often))
    for position, line in enumerate(lines):
        if line.kind in (_Kind.STORY, _Kind.SHORT) and (heading := _heading(lines, position)) is not None:
            line.kind, line.heading = _Kind.HEADING, heading
    _demote(lines)
    return lines


def _displayed(text: str) -> tuple[str, str | None]:
    """(what a link displays, its picture's text if that says the headline whole and the link cuts it) of `whole headline whole head…`."""
    shown = undoubled(text)
    if shown != text or not _LEAST_CUT < len(text) <= _LONGEST_DOUBLED:
        return shown, None
    again, last = f" {text[0]}", 2 * len(text) // 3
    at = text.find(again, len(text) // 2, last)
    while at > 0:
        if _is_cut(text[at + 1 :], text[:at]):
            return text[at + 1 :], text[:at]
        at = text.find(again, at + 1, last)
    return text, None


def _is_cut(text: str, whole: str) -> bool:
    """Whether a text is the beginning of a longer one, and most of it or marked as cut."""
    begin = text.rstrip(_CUT_MARKS)
    return _LEAST_CUT <= len(begin) < len(whole) and whole.startswith(begin) and (begin != text or len(begin) >= _MOST_OF_WHOLE * len(whole))


def _demote(lines: list[_Line]) -> None:
    """Headings in a row with one story each are parts of entries: the channel under a headline."""
    heads = [line for line in lines if line.kind == _Kind.HEADING]
    counts = {id(head): 0 for head in heads}
    current: _Line | None = None
    for line in lines:
        if line.kind == _Kind.HEADING:
            current = line
        elif line.kind == _Kind.STORY and current is not None:
            counts[id(current)] += 1
        elif line.kind in (_Kind.BREAK, _Kind.COMMENTS):
            current = None
    few = [counts[id(head)] == 1 and not head.block.is_item for head in heads]
    start = 0
    for position in range(len(heads) + 1):
        if position == len(heads) or not few[position]:
            if position - start >= 3:
                for head in heads[start:position]:
                    head.kind, head.heading = _Kind.SHORT, None
            start = position + 1


def _kind(block: RawBlock, text: str, is_frequent: bool) -> _Kind:
    width = block.width if text == block.text else columns(text)
    groups = words.line_groups(text)
    if not is_frequent and (("comment" in groups and block.gap) or (width <= 40 and begins_comments(text))):
        return _Kind.BREAK if _ALL_COMMENTS.match(text) else _Kind.COMMENTS
    if "neighbours" in groups or words.leads_to_neighbour(block.shown) or words.is_of_footer(block):
        return _Kind.BREAK
    if words.is_footer_word(text):
        return _Kind.BREAK
    if _is_row_of_links(text):
        return _Kind.NOTE
    if is_frequent or groups or is_date(text) or is_more(text) or _NOTE.match(text) or _SORT_WORDS.match(text):
        return _Kind.NOTE
    if (block.is_item and _PICTURE.search(text)) or _is_enumeration(text) or text.count(" | ") >= 2:
        return _Kind.NOTE
    if (
        width <= 60
        and not _GLUED_DATE.search(text)
        and _DATED.search(text)
        and len(_CLOCK.sub("", _DATED.sub("", text)).strip()) <= (4 if block.is_item else 12)
    ):
        return _Kind.NOTE
    if _is_offer(text, width) or (not block.is_item and _DATED_NOTE.match(text)):
        return _Kind.NOTE
    if width <= _WIDEST_NOTE and text.isascii() and _tells_time(text):
        return _Kind.NOTE
    if ("{" in text or "@@" in text or "<%" in text) and _TEMPLATE.search(text):
        return _Kind.NOTE
    if width <= _WIDEST_NOTE and words.is_interface(block):
        return _Kind.NOTE
    if width <= _WIDEST_STORY and words.is_picture_credit(block):
        return _Kind.NOTE
    narrowest = NARROWEST_ENTRY if block.rank is not None and is_cjk(text) else NARROWEST_STORY
    if width < narrowest or (not block.is_item and width < 12):
        return _Kind.SHORT
    if width > _WIDEST_STORY or (width > 70 and text.endswith(("。", "...", "…", "."))) or words.is_boilerplate(block):
        return _Kind.SUMMARY
    return _Kind.STORY


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
    return len(parts) >= 3 and max(map(len, parts)) <= 10 and not _PUNCTUATION.search(text)


def _is_row_of_links(text: str) -> bool:
    """国画 水彩 油画, or a row of brands: many short words; a Chinese headline has few blanks."""
    parts = text.split()
    if (
        len(parts) >= _ROW
        and is_cjk(text)
        and 2 <= sum(map(str.isascii, parts)) <= len(parts) - 2
        and max(map(len, parts)) <= _ROW_PART
        and not _PUNCTUATION.search(text)
    ):
        return True
    if len(parts) < 3 or len(parts[-1]) < 2 or 2 * len(_HAN.findall(text)) < len(text) - len(parts) or any(not part.isalnum() for part in parts[:2]):
        return False
    mean = sum(map(len, parts)) / len(parts)
    return mean <= 4.5 or (len(parts) >= 5 and mean <= 10)


def _heading(lines: list[_Line], position: int) -> Heading | None:
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
        and not _PUNCTUATION.search(text)
        and _is_above_bullet(lines, position)
        and _bullets(lines, position + 1) >= 3
        and not _goes_with_bullet(lines, position)
    ):
        return Heading(text, width, line.index, block.box, NO_SIGNATURE, group, 1)
    return None


def _says_no_heading(text: str) -> bool:
    return _NO_HEADING.search(text) is not None or is_date(text) or is_more(text) or _SENTENCE_END.search(text) is not None


def _is_above_bullet(lines: list[_Line], position: int) -> bool:
    """Whether a bullet is what follows a line, notes and names aside."""
    following = next((line for line in lines[position + 1 : position + 4] if line.kind not in (_Kind.NOTE, _Kind.SHORT)), None)
    return following is not None and following.block.is_item


def _goes_with_bullet(lines: list[_Line], position: int) -> bool:
    """Whether a line without a bullet follows one as the lines before do: picture's text and headline of an entry."""
    before = lines[max(0, position - 3) : position]
    return [line.block.is_item for line in before] == [True, False, True] and _are_same(before[0], before[1])


def _parts_bullets(lines: list[_Line], position: int) -> bool:
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


def _tabs_beside(heading: Heading, line: _Line) -> list[Heading]:
    """The other headings in the line of one."""
    parts = line.text.split()[1:] if not line.block.is_item and _are_tabs(line.text) else []
    return [Heading(part, columns(part), line.index, line.block.box, NO_SIGNATURE, words.heading_group(part), heading.strength) for part in parts]


def _is_detail(text: str) -> bool:
    """A date, counter or bar: it follows a headline, never a heading."""
    if (number := _LONE_NUMBER.match(text)) and int(number[1]) == 1:  # the first rank
        return False
    return is_date(text) or _NOTE.match(text) is not None or _DATED.match(text) is not None or text in ("|", "·", "-")


def _opens_a_list(lines: list[_Line], position: int) -> bool:
    """A bulleted heading (a tab) is followed by stories without bullets."""
    for line in lines[position + 1 : position + 8]:
        if line.block.is_item and line.width <= 22:
            continue
        return not line.block.is_item and line.kind in (_Kind.STORY, _Kind.SUMMARY)
    return False


def _bullets(lines: list[_Line], position: int) -> int:
    return sum(line.block.is_item and line.kind == _Kind.STORY for line in lines[position : position + 12])


# --- sections -----------------------------------------------------------------------------------------------------------------------


def _sections(document: Document, body: set[int]) -> Iterator[_Section]:
    """Stretches under one heading. Comments last until a heading of a list; weak headings count only under the article's headline."""
    title = next((index for index, block in enumerate(document.blocks) if block.label == BlockLabel.TITLE), 0) if body else 0
    section = _Section(None, title > 0)
    notes, in_comments = 0, False
    in_place_of_list = False  # after a note that a script loads the list, up to the next heading, stand lists that nobody sees
    for line in _lines(document, body):
        heading = line.heading if line.kind == _Kind.HEADING else None
        if heading is not None and in_comments and (heading.strength < 3 or not heading.group):
            heading = None
        if line.kind in (_Kind.BREAK, _Kind.COMMENTS):
            yield section
            section, notes = _Section(None, line.index < title), 0
            in_comments, in_place_of_list = line.kind == _Kind.COMMENTS, False
        elif heading is not None:
            in_comments = in_place_of_list = False
            if _is_tab_beside(section, line):
                section.tabs.append(heading)
                continue
            yield section
            section, notes = _Section(heading, line.index < title, _tabs_beside(heading, line)), 0
        elif section.heading is not None and _is_empty(section) and words.is_loading(line.text):
            yield section
            section, in_place_of_list = _Section(None, line.index < title), True
        elif not in_comments and not in_place_of_list:
            notes = notes + (not line.is_often) if line.kind in (_Kind.NOTE, _Kind.SHORT) else 0
            if notes > _NOTES_BETWEEN:
                yield section
                section, notes = _Section(None, line.index < title), 0
            section.lines.append(line)
    yield section


def _is_tab_beside(section: _Section, line: _Line) -> bool:
    """Whether a heading stands close under that of a section in which there is nothing yet: tabs."""
    head = section.heading
    if head is None or head.group in (None, "none") or line.index - head.block > _TABS_WITHIN:
        return False
    return _is_empty(section) and not any(other.block.is_item for other in section.lines)


def _is_empty(section: _Section) -> bool:
    return not any(line.kind == _Kind.STORY for line in section.lines)


def _runs(section: _Section) -> Iterator[Run]:
    """The section's list, or one for each ranking that begins with number 1 again."""
    entries = _without_copy(_once(_entries(section.lines if section.heading is not None else _listed(section.lines))))
    entries = entries[: _end_of_list(entries)]
    if section.heading is None and len({line.text[:2] for line in entries}) == 1:
        return  # 回复【福利】…, 回复【社保】…: instructions
    if not entries or median(line.width for line in entries) < (_WIDE_ABOVE if section.is_above else _WIDE_ENOUGH):
        return
    starts = [position for position, line in enumerate(entries) if _rank(line) == 1]
    bounds = [*starts, len(entries)]
    if section.heading is None or len(starts) < 2 or starts[0] != 0 or min(b - a for a, b in pairwise(bounds)) < 3:
        bounds = [0, len(entries)]
    headings = [section.heading, *section.tabs]
    lists: list[list[_Line]] = []
    for start, stop in pairwise(bounds):
        if not any(_is_copy(entries[start:stop], other) for other in lists[:_FEW]):
            lists.append(entries[start:stop])
    for number, list_ in enumerate(lists):
        stories = [_story(line) for line in list_]
        _clean(stories)
        yield Run(headings[min(number, len(headings) - 1)], stories=stories)


def _once(entries: list[_Line]) -> list[_Line]:
    """A slider's entries stand twice in the page; in a list with ranks one headline may hold two."""
    if sum(_rank(line) is not None for line in entries) > 0.5 * len(entries):
        return entries
    distinct = list({headline_key(line.text) or line.text: line for line in reversed(entries)}.values())[::-1]
    return distinct if len(entries) <= _SLIDER and len(distinct) <= _COPIED * len(entries) else entries


def _end_of_list(entries: list[_Line]) -> int:
    """Number of entries before a menu, which is three words and more after a list of headlines."""
    if len(entries) <= _MENU or any(_rank(line) for line in entries[:2]):
        return len(entries)
    typical = median(line.width for line in entries[:_MENU])
    end = len(entries)
    while end > 2 and entries[end - 1].width < min(_NARROW * typical, _WIDE_WORDS if is_cjk(entries[end - 1].text) else _WIDE_LATIN_WORDS):
        end -= 1
    return end if len(entries) - end >= _MENU else len(entries)


def _without_copy(entries: list[_Line]) -> list[_Line]:
    """A list's entries without the same list after it, perhaps cut otherwise: a slider's copy, or that for narrow screens."""
    starts = [at for at in range(_FEWEST_COPIED, len(entries) - _FEWEST_COPIED + 1) if _are_same(entries[0], entries[at])]
    for at in starts[:_FEW]:
        if len(entries) - at >= _MOSTLY_COPIED * at and _is_copy(entries[at:], entries):
            return entries[:at]
    return entries


def _is_copy(entries: list[_Line], of: list[_Line]) -> bool:
    """Whether most entries are those of another list, the first among them: a copy may be older or cut otherwise."""
    return len(entries) <= len(of) and _are_same(entries[0], of[0]) and sum(map(_are_same, entries, of)) >= _MOSTLY_COPIED * len(entries)


def _are_same(first: _Line, second: _Line) -> bool:
    shorter, longer = sorted((_TAG.sub("", line.text).rstrip(_CUT_MARKS) for line in (first, second)), key=len)
    return longer.startswith(shorter) and (len(shorter) >= _LEAST_CUT or shorter == longer)


def _rank(line: _Line) -> int | None:
    """The number that an entry shows before its headline."""
    if line.number is not None:
        return line.number
    match = _RANK.match(line.text)
    return int(match[1]) if match else None


def _listed(lines: list[_Line]) -> list[_Line]:
    """Without a heading only bullets are a list, or many stories with a note under each."""
    others = [line for line in lines if not line.block.is_item]
    stories = sum(line.kind == _Kind.STORY for line in others)
    noted = sum(a.kind == _Kind.STORY and not a.block.is_item and b.kind in (_Kind.NOTE, _Kind.SHORT) for a, b in pairwise(lines))
    if len(numbered := _numbered(lines)) >= _FEWEST_NUMBERED:
        return numbered
    if noted >= _MANY and noted >= 0.7 * stories:
        return others
    return [line for line in lines if line.block.is_item]


def _numbered(lines: list[_Line]) -> list[_Line]:
    """Stories that each stand under their number, which count up from 1."""
    found: list[_Line] = []
    for line, below in pairwise(lines):
        number = _LONE_NUMBER.match(line.text)
        if number and below.kind == _Kind.STORY and int(number[1]) == len(found) + 1:
            found.append(below)
    return found


# --- entries ------------------------------------------------------------------------------------------------------------------------


def _entries(lines: list[_Line]) -> list[_Line]:
    """The headline of each record."""
    lines = _without_doubles(lines)
    stories = [line for line in lines if line.kind == _Kind.STORY]
    # bullets after a list without them are a menu, if they are words
    least = _WIDE_BULLET if not any(line.block.is_item for line in stories[:2]) else 0
    bullets = [line for line in lines if line.block.is_item and ((line.kind == _Kind.STORY and line.width >= least) or _LONE_NUMBER.match(line.text))]
    if not stories:
        return []
    if len(bullets) >= 2 and 2 * len(bullets) >= len({id(line) for line in stories} | {id(line) for line in bullets}) - 1:
        records = _by_bullet(lines)
    elif len(parts := _by_gap(lines)) >= 2:
        records = parts
    else:
        records = _by_note(lines)
    return _headlines(records)


def _without_doubles(lines: list[_Line]) -> list[_Line]:
    """Of a line that stands twice (picture's text and headline) the first; of a whole headline and the cut one after it that, with the whole."""
    kept: list[_Line] = []
    for line in lines:
        key = headline_key(line.text)
        before = next((other for other in reversed(kept[-2:]) if other.kind not in (_Kind.NOTE, _Kind.SHORT)), None)
        if before is not None and line.kind in (_Kind.STORY, _Kind.SUMMARY) and key:
            if _is_cut(line.text, before.text):
                before.full, before.text = before.text, line.text
                continue
            known = headline_key(before.text)
            if known == key or (len(key) >= 6 and known.startswith(key)) or (key.startswith(known) and _PICTURE.search(line.text)):
                continue
        kept.append(line)
    return kept


def _records(lines: list[_Line], begins: Callable[[RawBlock], bool]) -> list[list[_Line]]:
    """The stories of each record that has any; a record begins with a block of which that is true."""
    records: list[list[_Line]] = []
    for line in lines:
        if begins(line.block) or not records:
            records.append([])
        if line.kind == _Kind.STORY:
            records[-1].append(line)
    return [record for record in records if record]


def _by_bullet(lines: list[_Line]) -> list[list[_Line]]:
    return _records(lines, lambda block: block.is_item)


def _by_gap(lines: list[_Line]) -> list[list[_Line]]:
    """Records that blank lines part, if most hold two stories: picture's text and headline. Nothing where they do not."""
    records = _records(lines, lambda block: block.gap)
    pairs = sum(len(record) == 2 for record in records)
    return records if pairs >= _MOSTLY_COPIED * len(records) else []


def _by_note(lines: list[_Line]) -> list[list[_Line]]:
    """Records end with their notes; without notes each story is one."""
    noted = any(line.kind in (_Kind.NOTE, _Kind.SHORT, _Kind.SUMMARY) for line in lines[1:])
    records: list[list[_Line]] = [[]]
    before = _Kind.NOTE
    for line in lines:
        if line.kind == _Kind.STORY:
            if not noted or before != _Kind.STORY:
                records.append([])
            records[-1].append(line)
        before = line.kind
    records = [record for record in records if record]
    # notes are rare: the stories stand by themselves
    if noted and sum(map(len, records)) > 2.2 * len(records):
        return [[line] for record in records for line in record]
    return records


def _headlines(records: list[list[_Line]]) -> list[_Line]:
    """Which line of the records is the headline: the first, unless the second looks more like one in most of them."""
    pairs = [record for record in records if len(record) >= 2]
    place = 0
    if pairs and 2 * len(pairs) >= len(records):
        first, second = median(record[0].width for record in pairs), median(record[1].width for record in pairs)
        ends = sum(_SENTENCE_END.search(record[1].text) is not None for record in pairs)
        if first <= 1.15 * second and second <= 100 and ends <= 0.3 * len(pairs):
            place = 1
    picked = [record[_place(record, place)] for record in records]
    if not picked:
        return picked
    typical = median(line.width for line in picked)
    return [line for line in picked if _rank(line) or line.width >= (0.35 if line.block.is_item else 0.45) * min(typical, 44)]


def _place(record: list[_Line], place: int) -> int:
    if len(record) > 1 and _is_picture_text(record[0].text) and not _is_picture_text(record[1].text):
        return 1
    return min(place, len(record) - 1)


def _is_picture_text(text: str) -> bool:
    """`joe elliott bret michael`: no headline is written without a capital letter."""
    return text.isascii() and text == text.lower()


def _story(line: _Line) -> Story:
    link = Link(None, title=line.full, text=line.text)
    return Story(line.text, line.width, line.index, line.block.box, link, line.index, [line.index])


def _clean(stories: list[Story]) -> None:
    """Take off what most entries of a list carry besides the headline: a channel before it, a date or a counter after it."""
    tags = [match[match.lastgroup or 0] if (match := _TAG.match(story.text)) else None for story in stories]
    if len(set(tags) - {None}) >= max(3, 0.3 * len(stories)) and sum(tag is not None for tag in tags) >= 0.4 * len(stories):
        for story in stories:
            story.text = _TAG.sub("", story.text)
    _take_off_ranks(stories)
    for pattern, share in ((_DATE_HEAD, 0.6), (_DATE_TAIL, 0.6), (_AGO_TAIL, 0.3), (_WATCHED, 0.6), (_COUNTER, 0.6)):
        matches = [pattern.search(story.text) for story in stories]
        if len(stories) >= 2 and sum(match is not None for match in matches) >= share * len(stories):
            for story, match in zip(stories, matches, strict=True):
                if match and (text := (story.text[: match.start()] + story.text[match.end() :]).strip()):
                    story.text = text
    for story in stories:
        story.width = columns(story.text)


def _take_off_ranks(stories: list[Story]) -> None:
    """Ranks, and counters behind them, that a rendered page glues to the headline: `1`, `16909` and `甲` are `116909甲`."""
    shown: list[tuple[Story, str]] = []
    last = 0
    for story in stories:
        text = story.text.lstrip("0")
        rank = next((rank for rank in (last + 1, 1, 2) if text.startswith(str(rank))), None)
        if rank is not None:
            shown.append((story, text[len(str(rank)) :].lstrip(" .、:/")))
            last = rank
    if len(stories) < 3 or len(shown) < 0.8 * len(stories) or last < 3:
        return
    for story, rest in shown:
        story.text = rest or story.text
    counted = [match for story in stories if (match := _GLUED_COUNTER.match(story.text))]
    if len(counted) >= 0.8 * len(stories):
        for story in stories:
            story.text = _GLUED_COUNTER.sub("", story.text) or story.text
