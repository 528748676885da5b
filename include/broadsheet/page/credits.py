"""Who wrote, edited and supplied a piece, as info lines, bylines and closing lines say it.

A line is read in one pass (`credit_line.py`): marks (labels, times, noise words; `credit_labels.py`) are found first, then each label's value
is what stands between it and the next mark. `explained_ratio` says how much of the line that accounts for, so that a caller can tell an info
line from a sentence that happens to hold a date. Lines longer than `LONGEST_LINE` are read only that far.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from broadsheet.page.credit_labels import credit_word
from broadsheet.page.credit_line import LONGEST_LINE, NEARLY_ALL, CreditLine, InfoLine, Link
from broadsheet.page.names import begins_with_surname, has_japanese_form, has_person_form, is_outlet
from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, words
from broadsheet.records import PersonCredit, PersonRole, Record, SourceCredit
from broadsheet.text import fold_blanks

_LONGEST_BYLINE = 160


class ClosingCredit(Record, frozen=True):
    """Credits printed after the body. Both empty for a line that credits only roles without a row, such as 校对."""

    people: tuple[PersonCredit, ...] = ()
    sources: tuple[SourceCredit, ...] = ()
    raw: str = ""


def read_info_line(
    text: str, links: Sequence[Link] = (), *, day_first: bool = False, stated: datetime | None = None, are_lone_words_credits: bool = True
) -> InfoLine:
    """Time, sources and people of a line. `links` are the line's anchors as (text, href): a source that is a link gets its url.

    `stated` is the time that the page's head states, for days without a year. On Chinese pages a lone word beside the time is an outlet
    or a person; on Japanese and Korean ones (`are_lone_words_credits` false) it is a section, a place or a button."""
    reading = CreditLine(text, links, day_first=day_first, stated=stated)
    reading.are_lone_words_credits = are_lone_words_credits
    reading.read_labels()
    if not reading.marks:  # neither labels nor times
        return InfoLine()
    reading.read_unlabelled()
    return reading.info_line()


def read_closing_credit(text: str) -> ClosingCredit | None:
    """（责任编辑：甲）, 【编辑:乙】, `来源|甲日报`, `Editor: Jane Doe`; None unless nearly all of the text is credit."""
    shown = fold_blanks(text[:LONGEST_LINE])
    if not shown or len(text) > LONGEST_LINE or not credit_word().search(lowered(shown)):
        return None
    if standing := _author_standing(shown):
        return standing
    inside = _without_frame(shown)
    reading = CreditLine(inside)
    reading.read_labels()
    line = reading.info_line()
    if line.explained_ratio < NEARLY_ALL or not reading.has_credit_label:
        return None
    if inside == shown and not line.people and not line.sources and reading.ends_in_bare_label():
        return None  # a list's headline that is cut behind 记者
    return ClosingCredit(people=line.people, sources=line.sources, raw=shown)


def read_byline(text: str) -> tuple[PersonCredit, ...] | None:
    """People of a line that is nothing but a byline: `甲日报记者 王乙`, `文/甲 图/乙`, `By Jane Doe`. Empty for a byline without a name
    (`新华社记者`), None for anything else."""
    shown = fold_blanks(text[:LONGEST_LINE])
    if not shown or len(text) > _LONGEST_BYLINE or not credit_word().search(lowered(shown)):
        return None
    if korean := _KOREAN_BYLINE.fullmatch(shown):
        return (PersonCredit(role=PersonRole.REPORTER, name=korean["name"], affiliation=korean["house"], raw=shown),)
    if standing := _author_standing(shown):
        return standing.people
    reading = CreditLine(_without_frame(shown))
    reading.read_labels()
    line = reading.info_line()
    if line.explained_ratio < NEARLY_ALL or not reading.has_people_label:
        return None
    return line.people


def read_byline_without_label(text: str) -> tuple[PersonCredit, ...]:
    """People of a line that is a name with what the writer is behind it: `Jane Doe, Example News Staff Writer`."""
    if len(text) > _LONGEST_BYLINE or "," not in text or not text[:1].isupper():
        return ()
    reading = CreditLine(fold_blanks(text))
    reading.read_byline_without_label()
    return tuple(reading.people) if reading.ends_in_standing else ()


def read_opening_credit(paragraph: str) -> tuple[PersonCredit, ...]:
    """People credited inside a body paragraph: （记者 甲） at its start or after the dateline or the outlet, or at its end."""
    if (wired := _WIRED.match(plain(paragraph[:90]))) and all(map(begins_with_surname, names := wired["names"].split("、"))):
        raw = paragraph[wired.start("house") : wired.end("names")]
        return tuple(PersonCredit(role=PersonRole.REPORTER, name=name, affiliation=wired["house"], raw=raw) for name in names)
    if people := _signed_opening(paragraph[:120]):
        return people
    is_dated = read_dateline(paragraph) is not None
    opening = _OPENING_BRACKET.match(paragraph[:160])
    if opening and (is_dated or _OPENS_TEXT.fullmatch(opening["before"])):
        credit = read_closing_credit(opening["inside"])
        if credit and credit.people:
            return credit.people
        if is_dated and (names := _only_names(opening["inside"])):
            return tuple(PersonCredit(role=PersonRole.REPORTER, name=name, raw=opening["inside"]) for name in names)
    if is_dated and (reports := _REPORTS.match(paragraph[:100])):
        credit = read_closing_credit(reports["credit"])
        if credit and credit.people:
            return credit.people
    credit = read_tail_credit(paragraph)
    return credit.people if credit else ()


def _signed_opening(text: str) -> tuple[PersonCredit, ...]:
    """[강변일보 김갑을 기자], (서울=강변통신) 김갑을 기자 = …"""
    shown = plain(text)
    bracket = _BRACKET.match(shown)
    if bracket is not None and (people := (read_byline(text[slice(*bracket.span("inside"))]) or ())):
        return people
    start = bracket.end() if bracket else 0
    equals = shown.find("=", start, start + 60)
    return (read_byline(text[start:equals].strip()) or ()) if equals > 0 else ()


def read_signature(paragraph: str) -> tuple[PersonCredit, ...]:
    """（佐藤甲乙、鈴木丙丁） or 【ソウル＝佐藤甲乙】 at the end of a Japanese text: names and nothing else."""
    tail = _TAIL_BRACKET.search(plain(paragraph[-60:]).rstrip())
    names = [name.rsplit("=", 1)[-1].strip() for name in re.split(r"[、・]", tail["inside"])] if tail else []
    if not names or not all(has_japanese_form(name) and not is_outlet(name) and name[-1] not in "県市区町村郡州省" for name in names):
        return ()
    return tuple(PersonCredit(role=PersonRole.REPORTER, name=name, raw=name) for name in names)


def read_tail_credit(paragraph: str) -> ClosingCredit | None:
    """Credit in brackets at the end of a paragraph: …（记者 甲）, …（来源：甲网 文/乙）."""
    tail = _TAIL_BRACKET.search(paragraph[-160:].rstrip())
    return read_closing_credit(tail["inside"]) if tail else None


def read_dateline(paragraph: str) -> str | None:
    """`新华社云州3月1日电`, `本报讯`, `LONDON (Reuters)`: the dateline that opens a paragraph, as displayed."""
    shown = plain(paragraph[:90])
    match = _cjk_dateline().match(shown) or _LATIN_DATELINE.match(shown)
    return fold_blanks(paragraph[match.start(match.lastgroup or 0) : match.end(match.lastgroup or 0)]) if match else None


def _only_names(inside: str) -> list[str]:
    """(张三 李四) after an agency's dateline: names and nothing else."""
    names = inside.replace("、", " ").split()
    fit = 1 <= len(names) <= 4 and all(2 <= len(name) <= 3 and has_person_form(name) and begins_with_surname(name) for name in names)
    return names if fit else []


# --- frames and datelines -------------------------------------------------------------------------------------------------------

_OPENING_BRACKET = re.compile(r"(?P<before>[^()（）〔〕]{0,48})[(（〔](?P<inside>[^()（）〔〕]{2,80})[)）〕]")
_BRACKET = re.compile(r"\s{0,9}[\[(【<](?P<inside>[^\[\]()【】<>]{2,60})[\])】>]\s{0,3}")
_WIRED = re.compile(  # （甲社記者王小明台北22日電）
    r"\s{0,9}\(?(?P<house>[^\s(),，。]{2,8}社)[记記]者(?P<names>[\u3400-\u9fff]{2,3}(?:、[\u3400-\u9fff]{2,3}){0,4})[\u3400-\u9fff]{2,8}(?:[0-9]{1,2}月)?[0-9]{1,2}日[专專综綜合]{0,2}[电電]"
)
# Nothing, 【甲网】, 甲日报讯, 甲网消息:
_OPENS_TEXT = re.compile(r"\s{0,9}(?:【[^【】]{2,20}】|[^\s,，。;；:：“”\"]{2,16}(?:讯|訊|消息|报道))?[\s:：]{0,9}")
_REPORTS = re.compile(  # 本报云州5月8日电 记者张三、李四报道:
    r"[^,，。:：()（）]{2,30}[电電讯訊]\s{1,9}(?P<credit>[^\s,，。:：()（）]{0,10}记者[^,，。:：()（）]{2,24}?)(?:综合|现场)?报道[:：]"
)
_TAIL_BRACKET = re.compile(
    r"[(（【\[](?P<inside>[^()（）【】\[\]]{2,100})[)）】\]][。.]?(?:1[0-9]{6})?$"
)  # 1130322: the day by the Republic's calendar
_FRAME = re.compile(r"^[\s□■●▲△◆◇○◎▶►★☆※*•]{0,20}[(（【\[〔［<]?\s{0,9}(?P<inside>.*?)\s{0,9}[)）】\]〕］>]?[\s。]{0,9}$", re.DOTALL)
_KOREAN_BYLINE = re.compile(
    r"(?:[(\[](?P<house>[^()\[\]]{2,20})[)\]] ?)?(?P<name>[가-힣]{2,4}) ?(?:기자|특파원|인턴기자)(?: [\w.+-]{1,40}@[\w.-]{1,60})?(?: ?=)?"
)
_LATIN_DATELINE = re.compile(
    r"\s{0,9}(?P<line>[A-Z][A-Za-zÀ-ÿ.,'’\- /]{1,48}? ?\((?:[A-Z][A-Za-z&. /]{1,30}|dpa|dpa/[a-z]{2,4}|epd|afp|ots|sid)\))\s?[-–—]{1,2}(?=\s)"
    r"|\s{0,9}(?P<caps>[A-Z][A-Z.'’\-]{2,24}(?: [A-Z][A-Z.'’\-]{1,20}){0,3}(?:, [A-Z][A-Za-z.]{1,20}){0,2})\s?[–—]"
)


@cache
def _cjk_dateline() -> re.Pattern[str]:
    tails = alternation(words("fields", "dateline_tails"))
    bare = alternation(words("fields", "dateline_bare"))
    place = r"[^\s,，。;；:“”\"()《》|0-9]"
    day = r"(?:(?:[0-9]{4}年)?[0-9]{1,2}月)?[0-9]{1,2}日"
    dated = rf"{place}{{2,20}}?{day}(?:{tails})(?![视影话力商网子动器台信缆池梯脑竞息价费车厂站源])"  # 电, but not 电视 or 电影
    agency = rf"据{place}{{2,8}}(?:[0-9]{{1,2}}月[0-9]{{1,2}}日)?[电電]"
    return re.compile(rf"[\s(\[【]{{0,9}}(?!当地时间|北京时间|截至|自|从|据悉|在|于|到)(?P<line>{dated}|{bare}|{agency})")


def _without_frame(text: str) -> str:
    """Outer brackets and leading bullets off; inner brackets stay."""
    match = _FRAME.match(text)
    return match["inside"] if match else text


def _author_standing(text: str) -> ClosingCredit | None:
    """（作者甲系云州智库研究员）: a name followed by what the author is."""
    match = re.match(
        r"(?:本文)?(?:作者|撰文)[ :：]?(?P<name>[\u3400-\u9fff]{2,4}?)(?:[ ,，(（]?(?:系|为|是|单位|任职))[^。]{2,60}$", _without_frame(text)
    )
    if match is None:
        return None
    return ClosingCredit(people=(PersonCredit(role=PersonRole.AUTHOR, name=match["name"], raw=text),), raw=text)
