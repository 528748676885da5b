"""Entries of a list in a rendered page: records of a story line with notes around it. The records of one list look alike."""

import re
from collections.abc import Callable
from itertools import pairwise

from broadsheet.page.blocks import RawBlock, columns
from broadsheet.page.rendered_lines import LONE_NUMBER, PICTURE, SENTENCE_END, TAG, Kind, Line, is_cut, rank_of
from broadsheet.page.stories import Story, median
from broadsheet.text import headline_key

_FEWEST_NUMBERED = 3  # stories under numbers, without a heading
_MANY = 5  # records that are a list though nothing heads them
_MOSTLY_PAIRS = 0.75  # share of records that hold two stories
_WIDE_BULLET = 12  # display columns of a bullet that is more than a word
_COUNTER = re.compile(r"\s?(?:\(\d{1,3}(?:,\d{3})*\)|(?<=\s)\d{1,3}(?:,\d{3})+|(?<=\s)\d{3,7}|评论(?: ?\d{1,6})?(?: 赞 ?\d{1,6})?)$")
_DATE_HEAD = re.compile(r"^(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/]\d{1,2}|\d{1,2}:\d{2}|[\[(]\d{1,2}-\d{1,2}[\])])\s?(?=\D)")
_AGO_TAIL = re.compile(r"\s?[~(]?\d{1,3}\s?(?:分钟|小时|天|minutes?|hours?|days?|weeks?|months?)\s?(?:前|ago)\)?$", re.IGNORECASE)
_DATE_TAIL = re.compile(
    r"\s?(?:[\[(（]\s?)?(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日)"
    r"(?: ?\d{1,2}:\d{2}(?::\d{2})?)?(?:\s?[\])）])?$"
)
_WATCHED = re.compile(r"\s?\d{1,7}\s?(?:人看过|人阅读|次播放|次阅读|阅读|评论)$")
_GLUED_COUNTER = re.compile(r"^\d{3,7}(?=\D)")


def listed(lines: list[Line]) -> list[Line]:
    """Without a heading only bullets are a list, or many stories with a note under each."""
    others = [line for line in lines if not line.block.is_item]
    stories = sum(line.kind == Kind.STORY for line in others)
    noted = sum(a.kind == Kind.STORY and not a.block.is_item and b.kind in (Kind.NOTE, Kind.SHORT) for a, b in pairwise(lines))
    if len(numbered := _numbered(lines)) >= _FEWEST_NUMBERED:
        return numbered
    if noted >= _MANY and noted >= 0.7 * stories:
        return others
    return [line for line in lines if line.block.is_item]


def _numbered(lines: list[Line]) -> list[Line]:
    """Stories that each stand under their number, which count up from 1."""
    found: list[Line] = []
    for line, below in pairwise(lines):
        number = LONE_NUMBER.match(line.text)
        if number and below.kind == Kind.STORY and int(number[1]) == len(found) + 1:
            found.append(below)
    return found


def headlines_of(lines: list[Line]) -> list[Line]:
    """The headline of each entry that lines under one heading hold."""
    lines = _without_doubles(lines)
    stories = [line for line in lines if line.kind == Kind.STORY]
    # bullets after a list without them are a menu, if they are words
    least = _WIDE_BULLET if not any(line.block.is_item for line in stories[:2]) else 0
    bullets = [line for line in lines if line.block.is_item and ((line.kind == Kind.STORY and line.width >= least) or LONE_NUMBER.match(line.text))]
    if not stories:
        return []
    if len(bullets) >= 2 and 2 * len(bullets) >= len({id(line) for line in stories} | {id(line) for line in bullets}) - 1:
        records = _by_bullet(lines)
    elif len(parts := _by_gap(lines)) >= 2:
        records = parts
    else:
        records = _by_note(lines)
    return _headlines(records)


def _without_doubles(lines: list[Line]) -> list[Line]:
    """Of a line that stands twice (picture's text and headline) the first; of a whole headline and the cut one after it that, with the whole."""
    kept: list[Line] = []
    for line in lines:
        key = headline_key(line.text)
        before = next((other for other in reversed(kept[-2:]) if other.kind not in (Kind.NOTE, Kind.SHORT)), None)
        if before is not None and line.kind in (Kind.STORY, Kind.SUMMARY) and key:
            if is_cut(line.text, before.text):
                before.full, before.text = before.text, line.text
                continue
            known = headline_key(before.text)
            if known == key or (len(key) >= 6 and known.startswith(key)) or (key.startswith(known) and PICTURE.search(line.text)):
                continue
        kept.append(line)
    return kept


def _by_bullet(lines: list[Line]) -> list[list[Line]]:
    return _records(lines, lambda block: block.is_item)


def _by_gap(lines: list[Line]) -> list[list[Line]]:
    """Records that blank lines part, if most hold two stories: picture's text and headline. Nothing where they do not."""
    records = _records(lines, lambda block: block.gap)
    pairs = sum(len(record) == 2 for record in records)
    return records if pairs >= _MOSTLY_PAIRS * len(records) else []


def _by_note(lines: list[Line]) -> list[list[Line]]:
    """Records end with their notes; without notes each story is one."""
    noted = any(line.kind in (Kind.NOTE, Kind.SHORT, Kind.SUMMARY) for line in lines[1:])
    records: list[list[Line]] = [[]]
    before = Kind.NOTE
    for line in lines:
        if line.kind == Kind.STORY:
            if not noted or before != Kind.STORY:
                records.append([])
            records[-1].append(line)
        before = line.kind
    records = [record for record in records if record]
    # notes are rare: the stories stand by themselves
    if noted and sum(map(len, records)) > 2.2 * len(records):
        return [[line] for record in records for line in record]
    return records


def _records(lines: list[Line], begins: Callable[[RawBlock], bool]) -> list[list[Line]]:
    """The stories of each record that has any; a record begins with a block of which that is true."""
    records: list[list[Line]] = []
    for line in lines:
        if begins(line.block) or not records:
            records.append([])
        if line.kind == Kind.STORY:
            records[-1].append(line)
    return [record for record in records if record]


def _headlines(records: list[list[Line]]) -> list[Line]:
    """Which line of the records is the headline: the first, unless the second looks more like one in most of them."""
    pairs = [record for record in records if len(record) >= 2]
    place = 0
    if pairs and 2 * len(pairs) >= len(records):
        first, second = median(record[0].width for record in pairs), median(record[1].width for record in pairs)
        ends = sum(SENTENCE_END.search(record[1].text) is not None for record in pairs)
        if first <= 1.15 * second and second <= 100 and ends <= 0.3 * len(pairs):
            place = 1
    picked = [record[_place(record, place)] for record in records]
    if not picked:
        return picked
    typical = median(line.width for line in picked)
    return [line for line in picked if rank_of(line) or line.width >= (0.35 if line.block.is_item else 0.45) * min(typical, 44)]


def _place(record: list[Line], place: int) -> int:
    if len(record) > 1 and _is_picture_text(record[0].text) and not _is_picture_text(record[1].text):
        return 1
    return min(place, len(record) - 1)


def _is_picture_text(text: str) -> bool:
    """`joe elliott bret michael`: no headline is written without a capital letter."""
    return text.isascii() and text == text.lower()


def clean(stories: list[Story]) -> None:
    """Take off what most entries of a list carry besides the headline: a channel before it, a date or a counter after it."""
    tags = [match[match.lastgroup or 0] if (match := TAG.match(story.text)) else None for story in stories]
    if len(set(tags) - {None}) >= max(3, 0.3 * len(stories)) and sum(tag is not None for tag in tags) >= 0.4 * len(stories):
        for story in stories:
            story.text = TAG.sub("", story.text)
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
