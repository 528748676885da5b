"""Publication times as pages print them.

Every pattern is bounded, so that a search is linear; a text longer than `SEARCHED` characters is searched only that far. What is
found keeps the page's wall clock: an offset is reported beside it and never applied. A year-less or relative time needs a
reference, and without one it is not read: unknown stays unknown.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, pattern, word_set, words
from broadsheet.records import PublishedTime

SEARCHED = 4000  # characters
YEARS = range(1990, 2101)
_VALUE_SEARCHED = 120  # a meta value longer than this is no time


class FoundTime(NamedTuple):
    """A time and where in the text it stands."""

    start: int
    end: int
    time: PublishedTime


def find_time(text: str, *, reference: datetime | None = None) -> PublishedTime | None:
    """First plausible publication time of an info line. A time labelled as an update is taken only if there is no other; a bare
    date gives way to the same day with a clock time.

    `reference` is a wall-clock time of the page (naive; an aware one loses its zone), by which `03-08 11:20` and `3小时前` are read.
    """
    found = find_times(text, reference=reference)
    return preferred(found, text).time if found else None


def may_hold_time(text: str, *, is_stated: bool = False) -> bool:
    """Whether a text has the digits of a date that needs no reference, or of one that the stated time dates."""
    shown = plain(text)
    return _DATED.search(shown) is not None or (is_stated and _SHORT_DATED.search(shown) is not None)


def is_time_alone(text: str) -> bool:
    """Whether a line is nothing but a time, with or without its year: 20 ноября, 08:00."""
    found = find_times(text, reference=_ANY_TIME, day_first=True)
    return bool(found) and not any(char.isalnum() for char in text[: found[0].start] + text[found[-1].end :])


_ANY_TIME = datetime(2024, 12, 31)  # noqa: DTZ001 - the end of a leap year


def find_times(text: str, *, reference: datetime | None = None, day_first: bool = False, stated: datetime | None = None) -> list[FoundTime]:
    """All times in a text, in order, not overlapping. `stated` is when the page's head says that it was published: a day without a
    year (11/27(金) 9:30) is read by it if it is within two days of it."""
    shown = lowered(text[:SEARCHED])
    reference = reference.replace(tzinfo=None) if reference else None
    stated = stated.replace(tzinfo=None) if stated else None
    found: list[FoundTime] = []
    end = 0
    for start, rank, match, rule in sorted(_candidates(shown, reference is not None, stated is not None), key=lambda c: (c[0], c[1])):
        del rank
        if start < end:
            continue
        if (one := _read(match, rule, text, shown, reference, day_first, stated)) is not None:
            found.append(one)
            end = one.end
    return found


def preferred(found: list[FoundTime], text: str) -> FoundTime:
    """The publication time among several: see `find_time`. `found` is not empty."""
    shown = lowered(text[:SEARCHED])
    published = [one for one in found if not _is_of_update(shown, one)] or found
    first = published[0]
    if first.time.precision == "day":
        same_day = (one for one in published if one.time.precision != "day" and one.time.local.date() == first.time.local.date())
        return next(same_day, first)
    return first


def parse_time(text: str, rule: str) -> PublishedTime | None:
    """A whole string as time: meta content, JSON-LD value, `<time datetime>`. `rule` is stored as the rule's name."""
    value = text.strip()
    if not value or len(value) > _VALUE_SEARCHED:
        return None
    if standard := _standard_time(value, rule):
        return standard
    if match := _COMPACT.fullmatch(plain(value)):
        value = "{}-{}-{}".format(*match.group(1, 2, 3))
        if match[4]:
            value += f" {match[4]}:{match[5]}" + (f":{match[6]}" if match[6] else "") + (match[7] or "")
    found = find_times(value)
    if not found:
        return None
    first = found[0]
    if len(value[: first.start].strip(" ,.:'\"([")) > 12 or len(value[first.end :].strip(" ,.:'\")]")) > 40:
        return None  # a sentence with a date in it
    return PublishedTime(
        local=first.time.local, precision=first.time.precision, raw=text.strip(), rule=rule, utc_offset_minutes=first.time.utc_offset_minutes
    )


def day_if_midnight(time: PublishedTime) -> PublishedTime:
    """A stated time, which of midnight to the second tells the day alone: programs fill a date up with it."""
    is_midnight = time.precision != "day" and (time.local.hour, time.local.minute, time.local.second) == (0, 0, 0)
    return replace(time, precision="day") if is_midnight else time


def _standard_time(value: str, rule: str) -> PublishedTime | None:
    """A time in the form that machines write, which most metas have: the general rules would find the same in ten searches."""
    match = _STANDARD.fullmatch(value)
    if match is None:
        return None
    day = _day(int(match[1]), int(match[2]), int(match[3]))
    hour, minute, second = int(match[4]), int(match[5]), int(match[6] or 0)
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    local = day.replace(hour=hour, minute=minute, second=second)
    offset = 0 if match[7] == "Z" else _offset(None, match[7])
    return PublishedTime(local=local, precision="second" if match[6] else "minute", raw=value, rule=rule, utc_offset_minutes=offset)


_STANDARD = re.compile(r"((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d):?(\d\d):?(\d\d)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


# --- patterns -------------------------------------------------------------------------------------------------------------------

_NOT_AFTER_DIGIT = r"(?<![0-9])"
_YEAR_DIGITS = r"(?:19|20|21|1[34]|25)[0-9]{2}"  # of our calendar, the Persian and the Buddhist
_WEEKDAY = (
    r"(?:\ ?[(]?(?:星期|周|週|礼拜)[一二三四五六日天][)]?|\ ?\([月火水木金土日월화수목금토일](?:曜日?|요일)?\)"
    r"|\ ?[月火水木金土日]曜日?|\ ?[월화수목금토일]요일|\ ?\(?(?:mon|tue|wed|thu|fri|sat|sun)\.?\)?(?=\ ))?"
)
_SEPARATOR = r"(?:[\ t,|·•/_–—@-]{0,4}\(?|:\ )"


class _Rule(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    day: Callable[[re.Match[str]], tuple[int, int, int] | None]
    signs: str  # one of these is in every text that it matches
    needs_clock: bool = False
    needs_reference: bool = False
    needs_year: bool = True  # of four digits
    clock_may_precede: bool = False  # "5:04 PM, March 3, 2021", "09:30, 27.11.2026"


def _numbers(match: re.Match[str]) -> tuple[int, int, int]:
    return int(match["y"]), int(match["m"]), int(match["d"])


def _year_first(match: re.Match[str]) -> tuple[int, int, int] | None:
    year, month, day = _numbers(match)
    return _from_jalali(year, month, day) if year < 1900 else (year, month, day)


def _two_digit_year(match: re.Match[str]) -> tuple[int, int, int]:
    year = int(match["y"])
    return (2000 if year < 90 else 1900) + year, int(match["m"]), int(match["d"])


def _day_or_month_first(match: re.Match[str]) -> tuple[int, int, int] | None:
    first, second = int(match["a"]), int(match["b"])
    if first == second or second > 12 >= first:
        return int(match["y"]), first, second
    return (int(match["y"]), second, first) if first > 12 >= second else None  # 03/04/2021 may be either


def _two_digit_year_last(match: re.Match[str]) -> tuple[int, int, int] | None:
    """8/27/26, which can be read in one way; what can be read in two (27.11.26) is read where the language tells that the day is first."""
    first, second = int(match["a"]), int(match["b"])
    return (2000 + int(match["y"]), first, second) if match["s"] == "/" and second > 12 >= first else None


def _month_name(match: re.Match[str]) -> tuple[int, int, int] | None:
    name = " ".join(match["month"].split()).rstrip(".")
    year, day = int(match["y"]), int(match["d"])
    if month := _months().get(name):
        return year, month, day
    return _from_jalali(year, month, day) if (month := _jalali_months().get(name)) else None


_BUDDHIST = 543  # Thai pages count the years from then
_JALALI = range(1369, 1420)  # 1990 to 2040; the moon's years of today are beyond


def _from_jalali(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    """A day of the Persian solar calendar: six months of 31 days from the March equinox, then months of 30. Leap years by the rule of 33 years."""
    if year not in _JALALI or not (1 <= month <= 12 and 1 <= day <= 31 - (month > 6)):
        return None
    passed = (year - 1) * 365 + (8 * year + 21) // 33 + 31 * min(month - 1, 6) + 30 * max(month - 7, 0) + day - 1
    found = date.fromordinal(_JALALI_BEGINS + passed)
    return found.year, found.month, found.day


_JALALI_BEGINS = date(2026, 3, 21).toordinal() - (1404 * 365 + (8 * 1405 + 21) // 33)


def _month_name_without_year(match: re.Match[str]) -> tuple[int, int, int] | None:
    month = _months().get(" ".join(match["month"].split()).rstrip("."))
    return (0, month, int(match["d"])) if month else None


def _year_from_reference(match: re.Match[str]) -> tuple[int, int, int]:
    return 0, int(match["m"]), int(match["d"])


@cache
def _months() -> dict[str, int]:
    return _numbers_of("months")


@cache
def _jalali_months() -> dict[str, int]:
    return _numbers_of("jalali_months")


def _numbers_of(group: str) -> dict[str, int]:
    return {lowered(name).rstrip("."): number for number, names in load("fields")[group].items() for name in names}


@cache
def _rules() -> tuple[_Rule, ...]:
    # looked up afterwards: cheaper than six hundred branches. Names of two letters, or with a blank, a dot, a figure or a vowel sign are listed.
    listed = alternation(name for group in ("months", "jalali_months") for name in words("fields", group) if not name.isalpha() or len(name) < 3)
    month = rf"(?<![^\W\d_])(?P<month>(?:{listed})|[^\W\d_]{{3,12}})"
    other = rf"(?:\ ?[/(]\ ?(?:{listed}|[^\W\d_]{{3,12}})\)?)?"  # نوفمبر/تشرين الثاني
    year4 = rf"(?P<y>{_YEAR_DIGITS})"
    glued_day = r"(?P<d>[0-9]{2}(?=[0-9]{1,2}:[0-9]{2})|[0-9]{1,2}(?![0-9])|(?<=-[0-9]{2}-)[0-9]{2}(?=[0-9]{1,4}(?![0-9-])))"
    return (
        _Rule(
            "year_month_day",
            re.compile(rf"{_NOT_AFTER_DIGIT}{year4}(?P<s>[-/.])(?P<m>[0-9]{{1,2}})(?P=s){glued_day}\.?"),
            _year_first,
            "-/.",
            clock_may_precede=True,
        ),
        _Rule(
            "cjk_date",
            re.compile(rf"{_NOT_AFTER_DIGIT}{year4} ?[年년] ?(?P<m>[0-9]{{1,2}}) ?[月월] ?(?P<d>[0-9]{{1,2}}) ?[日号號일]"),
            _numbers,
            "年년",
        ),
        _Rule(
            "year_month_name_day",  # 2026. november 27., 09:30
            re.compile(rf"{_NOT_AFTER_DIGIT}{year4}\.? {month}\.? (?P<d>[0-9]{{1,2}})(?![0-9:.]*[0-9])\.?"),
            _month_name,
            " ",
        ),
        _Rule("spaced_dots", re.compile(rf"{_NOT_AFTER_DIGIT}{year4}\. (?P<m>[0-9]{{1,2}})\. (?P<d>[0-9]{{1,2}})(?![0-9])\.?"), _numbers, "."),
        _Rule(
            "two_digit_year",
            re.compile(r"(?<![0-9/.:-])(?P<y>[0-9]{2})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?![0-9-])"),
            _two_digit_year,
            "-",
            needs_clock=True,
            needs_year=False,
        ),
        _Rule(
            "month_day_year",
            re.compile(
                rf"{month}\.? {{0,2}}(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:, ?| ){{1,2}}{year4}(?![0-9])",
            ),
            _month_name,
            " ,/-.",
            clock_may_precede=True,
        ),
        _Rule(
            "day_month_year",
            re.compile(
                rf"{_NOT_AFTER_DIGIT}(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th|er|º|°|ª)?\.?[ -]{{0,2}}(?:de |of |di |ngày )?"
                rf"{month}{other}(?:\.?[ ,/-]{{1,2}}|\.)(?:de |del |do |năm |พ.ศ. )?{year4}(?![0-9])",
            ),
            _month_name,
            " ,/-.",
            clock_may_precede=True,
        ),
        _Rule(
            "weekday_month_day_clock_year",
            re.compile(
                rf"{month} {{1,2}}(?P<d>[0-9]{{1,2}}) (?P<inside>[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?) [^0-9]{{0,9}}{year4}(?![0-9])",
            ),
            _month_name,
            ":",
        ),
        _Rule(
            "day_dot_month_dot_year",
            re.compile(rf"{_NOT_AFTER_DIGIT}(?P<d>[0-9]{{1,2}})\. ?(?P<m>[0-9]{{1,2}})\. ?{year4}(?![0-9])"),
            _numbers,
            ".",
            clock_may_precede=True,
        ),
        _Rule(
            "slashes_year_last",
            re.compile(rf"(?<![0-9/.-])(?P<a>[0-9]{{1,2}})(?P<s>-|\ ?/\ ?)(?P<b>[0-9]{{1,2}})(?P=s){year4}(?![0-9])"),
            _day_or_month_first,
            "/-",
            clock_may_precede=True,
        ),
        _Rule(
            "two_digit_year_last",  # 27.11.26, in languages that write the day first
            re.compile(r"(?<![0-9/.:-])(?P<a>[0-9]{1,2})(?P<s>[./])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{2})(?![0-9/.:-]*[0-9])"),
            _two_digit_year_last,
            "./",
            needs_clock=True,
            needs_year=False,
            clock_may_precede=True,
        ),
        _Rule(
            "day_month",  # 27 ноября, 09:30
            re.compile(rf"{_NOT_AFTER_DIGIT}(?P<d>[0-9]{{1,2}})\.? {month}(?![^\W\d_]|,? {{1,2}}{_YEAR_DIGITS})"),
            _month_name_without_year,
            " ",
            needs_clock=True,
            needs_year=False,
            needs_reference=True,
        ),
        _Rule(
            "month_day",
            re.compile(r"(?<![0-9/.:年-])(?P<m>[0-9]{1,2})(?:[-/]|月)(?P<d>[0-9]{1,2})(?![0-9/-])日?"),
            _year_from_reference,
            "-/月",
            needs_clock=True,
            needs_year=False,
            needs_reference=True,
        ),
    )


@cache
def _clock() -> re.Pattern[str]:
    """Clock time that follows a date, from where the date ends."""
    data = load("fields")
    part = "|".join(re.escape(plain(word)) for word in sorted(words("fields", "day_parts"), key=len, reverse=True))
    joiner = alternation(word for word in data["clock_joiners"] if word[0].isalpha())
    years, days = alternation(words("fields", "year_words")), alternation(words("fields", "weekdays"))
    half_days = pattern("fields", "half_days").pattern
    zone = alternation([*data["zone_names"], *data["unclear_zone_names"]])
    after_dot = rf"\ ?(?:uhr|h)|\ (?:{zone})\b|\ ?(?:$|[)|·•])"  # 18.30, but no 18.3 million
    return re.compile(
        rf"{_WEEKDAY}(?:\ ?(?:{years}))?(?:,?\ (?:{days})\.?)?{_SEPARATOR}(?:(?:{joiner})\ ?)?(?P<part>{part})?\ ?"
        r"(?P<hour>[0-9]{1,2})"
        r"(?:(?P<minutes>\ ?[:时時點点시h]\ ?(?P<minute>[0-9]{2})(?:[分분]|(?=[^0-9]|$)|(?=:[0-9]{2}))"
        rf"|\.(?P<minute_dot>[0-9]{{2}})(?={after_dot}))?"
        r"(?:\ ?:?(?P<second>[0-9]{2})(?:[秒초]|(?<=:[0-9]{2}))(?:[.,][0-9]{1,9})?)?)?"
        rf"(?:\ ?(?P<half>[ap])(?:\.?m\b\.?|(?<=[0-9][ap])\b)|\ ?(?P<after>{half_days}))?(?:\ ?uhr\b|h\b)?"
        rf"(?:\ ?[(]?(?P<zone>{zone}))?(?P<offset>\ ?[+-][0-9]{{2}}:?[0-9]{{2}}(?![0-9:])|(?<=gmt|utc)[+-][0-9]{{1,2}}(?![0-9:]))?[)]?",
    )


@cache
def _ago() -> re.Pattern[str]:
    units = "|".join(f"(?P<{unit}>{alternation(names)})" for unit, names in load("fields")["ago"].items())
    return re.compile(rf"{_NOT_AFTER_DIGIT}(?P<count>[0-9]{{1,3}}) ?(?:个|個)?(?:{units})")


@cache
def _day_words() -> dict[str, int]:
    return {lowered(word): days for word, days in load("fields")["day_words"].items()}


@cache
def _day_word() -> re.Pattern[str]:
    return re.compile(rf"(?P<word>{alternation(load('fields')['day_words'])})")


# --- reading --------------------------------------------------------------------------------------------------------------------


_DIGIT = re.compile(r"[0-9]")
_DATED = re.compile(_YEAR_DIGITS + r"|[0-9]{1,2}([-./])[0-9]{2}\1[0-9]{2}")
_SHORT_DATED = re.compile(r"[0-9]{1,2}[-/月][0-9]{1,2}日?[^0-9]{0,5}[0-9]{1,2}[:時时]")
_YEAR = re.compile(_YEAR_DIGITS)


def _candidates(shown: str, has_reference: bool, is_stated: bool) -> Iterator[tuple[int, int, re.Match[str], _Rule | None]]:
    if not _DIGIT.search(shown):
        return
    has_year = _YEAR.search(shown) is not None
    for rank, rule in enumerate(_rules()):
        if (
            (has_year or not rule.needs_year)
            and (has_reference or is_stated or not rule.needs_reference)
            and any(map(shown.__contains__, rule.signs))
        ):
            for match in rule.pattern.finditer(shown):
                yield match.start(), rank, match, rule
    if has_reference:
        for regex in (_ago(), _day_word()):
            for match in regex.finditer(shown):
                yield match.start(), 99, match, None


def _read(
    match: re.Match[str], rule: _Rule | None, text: str, shown: str, reference: datetime | None, day_first: bool, stated: datetime | None
) -> FoundTime | None:
    if rule is None:
        return _read_relative(match, text, shown, reference)
    parts = rule.day(match)
    if parts is None and day_first and rule.name.endswith("year_last"):
        year = int(match["y"])
        parts = 2000 + year if year < 100 else year, int(match["b"]), int(match["a"])
    if parts is None:
        return None
    start, end = match.span()
    if "inside" in rule.pattern.groupindex:
        clock = _read_clock(shown, match.start("inside"))
        clock = clock._replace(end=end) if clock else None
    else:
        clock = _read_clock(shown, end)
    if clock is None and rule.clock_may_precede and (before := _read_clock_before(shown, start)):
        start, clock = before.start, before.clock._replace(end=end)
    if clock is None and rule.needs_clock:
        return None
    if rule.needs_reference:
        day = _latest_day(parts[1], parts[2], reference) if reference is not None else _day_near(parts[1], parts[2], stated)
    else:
        day = _day(*parts)
    return _made(day, clock, start, end, text, rule.name) if day else None


def _made(day: datetime, clock: "_ClockTime | None", start: int, end: int, text: str, rule: str) -> FoundTime:
    if clock is None:
        return FoundTime(start, end, PublishedTime(local=day, precision="day", raw=text[start:end].rstrip(" ."), rule=rule))
    local = day.replace(hour=clock.hour, minute=clock.minute, second=clock.second or 0)
    precision = "minute" if clock.second is None else "second"
    raw = " ".join(text[start : clock.end].split())
    return FoundTime(start, clock.end, PublishedTime(local=local, precision=precision, raw=raw, rule=rule, utc_offset_minutes=clock.offset))


def _read_relative(match: re.Match[str], text: str, shown: str, reference: datetime | None) -> FoundTime | None:
    if reference is None:
        return None
    groups = match.groupdict()
    midnight = reference.replace(hour=0, minute=0, second=0, microsecond=0)
    if (word := groups.get("word")) is not None:
        clock = _read_clock(shown, match.end())
        days = _day_words()[word.lower()]
        # "today" without a clock time is too common a word to be a time
        return _made(midnight - timedelta(days=days), clock, match.start(), match.end(), text, "day_word") if clock else None
    count = int(groups["count"])
    raw = text[match.start() : match.end()]
    if groups.get("minute"):
        local = (reference - timedelta(minutes=count)).replace(second=0, microsecond=0)
        return FoundTime(match.start(), match.end(), PublishedTime(local=local, precision="minute", raw=raw, rule="ago"))
    # "3小时前" is true within an hour, so only its day is claimed
    back = timedelta(hours=count) if groups.get("hour") else timedelta(days=count)
    local = (reference - back).replace(hour=0, minute=0, second=0, microsecond=0)
    return FoundTime(match.start(), match.end(), PublishedTime(local=local, precision="day", raw=raw, rule="ago"))


class _ClockTime(NamedTuple):
    hour: int
    minute: int
    second: int | None
    offset: int | None
    end: int


def _read_clock(shown: str, start: int) -> _ClockTime | None:
    match = _clock().match(shown, start)
    if match is None:
        return None
    minute_text = match["minute"] or match["minute_dot"]
    half = match["half"] or (_half_of(match["after"]) if match["after"] else None)
    if minute_text is None and not half:
        return None
    hour, minute = int(match["hour"]), int(minute_text or 0)
    second = int(match["second"]) if match["second"] else None
    hour = _on_24_hours(hour, match["part"], half)
    if hour > 23 or minute > 59 or (second or 0) > 59:
        return None
    end, offset = match.end(), match["offset"]
    if offset and ":" in offset and second is None and not match["zone"] and shown[match.start() : match.start() + 1] != "t":
        end, offset = match.start("offset"), None  # "14:30-16:00" is a span of time
    return _ClockTime(hour, minute, second, _offset(match["zone"], offset), match.start() + len(shown[match.start() : end].rstrip(" (")))


def _half_of(word: str) -> str:
    """The half of the day that a word after a clock time tells, as "pm" does."""
    return "p" if " ".join(word.split()) in word_set("fields", "half_days", "p") else "a"


class _ClockBefore(NamedTuple):
    start: int
    clock: _ClockTime


@cache
def _clock_before() -> re.Pattern[str]:
    days, half_days = alternation(words("fields", "weekdays")), pattern("fields", "half_days").pattern
    return re.compile(
        rf"(?<![0-9:.])[0-9]{{1,2}}[:h][0-9]{{2}}(?::[0-9]{{2}})?(?:\ ?[ap]\.?m\b\.?|\ (?:{half_days}))?(?:\ ?uhr)?(?:\ [a-z]{{2,4}})?"
        rf"(?:\ ?[,|/·•(–—-])?(?:\ (?:on|ngày))?\ ?(?:[a-z]{{3,9}}\.?, ?|(?:{days}),?\ )?(?:ngày )?$"
    )


def _read_clock_before(shown: str, start: int) -> _ClockBefore | None:
    match = _clock_before().search(shown[max(0, start - 36) : start])
    if match is None:
        return None
    where = max(0, start - 36) + match.start()
    clock = _read_clock(shown[:start], where)
    return _ClockBefore(where, clock) if clock else None


def _on_24_hours(hour: int, part: str | None, half: str | None) -> int:
    parts = load("fields")["day_parts"]
    if half:
        return hour % 12 + (12 if half.lower() == "p" else 0) if hour <= 12 else hour
    if part in parts["pm"] and hour < 12:
        return hour + 12
    if part in parts["noon"] and hour < 3:
        return hour + 12
    if part in parts["am"] and hour == 12:
        return 0
    return hour


def _offset(zone: str | None, offset: str | None) -> int | None:
    if offset:
        digits = offset.strip().replace(":", "")
        minutes = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
        return (-minutes if digits[0] == "-" else minutes) if minutes <= 14 * 60 else None
    return load("fields")["zone_names"].get(zone.lower()) if zone else None


def _day(year: int, month: int, day: int) -> datetime | None:
    if year >= 2400:
        year -= _BUDDHIST
    if year not in YEARS:
        return None
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - the page's wall clock has no zone
    except ValueError:
        return None


def _latest_day(month: int, day: int, reference: datetime) -> datetime | None:
    """The last such day up to a day after the reference: clocks of page and crawler may differ."""
    for year in (reference.year + 1, reference.year, reference.year - 1):
        if (candidate := _day(year, month, day)) and candidate <= reference + timedelta(days=1):
            return candidate
    return None


def _day_near(month: int, day: int, stated: datetime | None) -> datetime | None:
    """Such a day within two days of the stated one: the head's zone may be another."""
    if stated is None:
        return None
    days = (_day(year, month, day) for year in (stated.year - 1, stated.year, stated.year + 1))
    return next((found for found in days if found and abs(found - stated) <= timedelta(days=2)), None)


@cache
def _update_label() -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern('fields', 'labels', 'updated').pattern})[\ :|]{{0,3}}(?:on )?(?:\w{{3,10}}, ?)?$")


def _is_of_update(shown: str, found: FoundTime) -> bool:
    before = shown[max(0, found.start - 40) : found.start]
    return _update_label().search(before) is not None or _UPDATED_AFTER.match(shown, found.end) is not None


_UPDATED_AFTER = re.compile(r"\ ?(?:更新|수정|업데이트)(?=\s*(?:$|[)|\]]))")  # 2026/11/27 08:12 更新


def are_of_updates(text: str, found: list[FoundTime]) -> bool:
    """Whether all times of a line tell a revision."""
    shown = lowered(text[:SEARCHED])
    return bool(found) and all(_is_of_update(shown, one) for one in found)
