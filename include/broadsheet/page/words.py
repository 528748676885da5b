"""The structural vocabulary as quick tests on short texts."""

import re
from functools import cache, lru_cache

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, pattern, words
from broadsheet.records import ModuleKind

EDGES = " \t|>＞»›:：•·-—–_【】[]()（）《》<＜«‹■◆●▶►▪◎☆★↓↑→…/+"
LONGEST_LINE = 40


@cache
def _exact(group: str) -> frozenset[str]:
    return frozenset(word.lower() for word in words("modules", "lines", group))


@cache
def _line(group: str) -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "lines", group)))


@lru_cache(maxsize=20_000)
def is_line(group: str, text: str) -> bool:
    """Whether a text is one of the group's words, ornaments and numbers aside."""
    if len(text) > LONGEST_LINE:
        return False
    shown = plain(text).strip(EDGES + "0123456789").lower()
    return shown in _exact(group)


@lru_cache(maxsize=20_000)
def is_made_of(group: str, text: str, share: float = 0.6) -> bool:
    """Whether a line consists mostly of the group's words."""
    if len(text) > 4 * LONGEST_LINE:
        return False
    shown = lowered(text)
    letters = sum(char.isalnum() for char in shown)
    found = sum(sum(char.isalnum() for char in match[0]) for match in _line(group).finditer(shown))
    return bool(found) and found >= share * letters


def begins_with(group: str, text: str) -> bool:
    """Whether a text begins with one of the group's words."""
    return _line(group).match(lowered(text[:LONGEST_LINE]).lstrip(EDGES)) is not None


@cache
def _kind_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, pattern("modules", "kinds", kind)) for kind in load("modules")["kinds"])


@lru_cache(maxsize=20_000)
def heading_group(text: str) -> str | None:
    """`none`, `feed_first`, `related` or `feed`: the group of words that a heading belongs to."""
    shown = lowered(text[:80])
    return next((kind for kind, words_ in _kind_patterns() if words_.search(shown)), None)


@cache
def _period() -> re.Pattern[str]:
    return re.compile(rf"(?:{alternation(words('modules', 'periods'))})")


def is_period(text: str) -> bool:
    """Tabs of a ranking: 日 周 月, today, this week."""
    return _period().fullmatch(lowered(text[:20]).strip(EDGES)) is not None


def module_kind(group: str | None) -> ModuleKind:
    return ModuleKind.RELATED_LINKS if group == "related" else ModuleKind.HEADLINE_FEED


def says_ranked(heading: str) -> bool:
    shown = lowered(heading[:80])
    return pattern("modules", "ranked").search(shown) is not None and pattern("modules", "not_ranked").search(shown) is None


def footer_score(text: str) -> int:
    """2 and more: the text is a footer's."""
    shown = lowered(text[:600])
    return 2 * bool(pattern("modules", "footer", "sure").search(shown)) + len(
        {match[0].lower() for match in pattern("modules", "footer", "words").finditer(shown)}
    )
