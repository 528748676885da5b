"""The structural vocabulary as quick tests on short texts."""

import re
from functools import cache, lru_cache

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, pattern, words
from broadsheet.records import ModuleKind

EDGES = " \t|>＞»›:：•·-—–_【】[]()（）《》<＜«‹■◆●▶►▪◎☆★↓↑→…/+"
LONGEST_LINE = 40


@cache
def _groups() -> dict[str, frozenset[str]]:
    """Word in lower case -> the groups of lines that it is in."""
    found: dict[str, set[str]] = {}
    for group in load("modules")["lines"]:
        for word in words("modules", "lines", group):
            found.setdefault(word.lower(), set()).add(group)
    return {word: frozenset(groups) for word, groups in found.items()}


@cache
def _line(group: str) -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "lines", group)))


_NO_GROUPS: frozenset[str] = frozenset()


def line_groups(text: str) -> frozenset[str]:
    """Groups of which a text is a word, ornaments and numbers aside."""
    if len(text) > LONGEST_LINE:
        return _NO_GROUPS
    return _groups().get(plain(text).strip(EDGES + "0123456789").lower(), _NO_GROUPS)


def is_line(group: str, text: str) -> bool:
    """Whether a text is one of the group's words."""
    return group in line_groups(text)


@lru_cache(maxsize=20_000)
def is_made_of(group: str, text: str, share: float = 0.6) -> bool:
    """Whether a line consists mostly of the group's words."""
    if len(text) > 4 * LONGEST_LINE:
        return False
    shown = lowered(text)
    letters = sum(char.isalnum() for char in shown)
    found = sum(sum(char.isalnum() for char in match[0]) for match in _line(group).finditer(shown))
    return bool(found) and found >= share * letters


@cache
def _beginnings() -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "lines")))


def begins_like_a_line(text: str) -> bool:
    """Whether a text begins with a word of any group."""
    return _beginnings().match(lowered(text[:LONGEST_LINE]).lstrip(EDGES)) is not None


def begins_with(group: str, text: str) -> bool:
    """Whether a text begins with one of the group's words."""
    return _line(group).match(lowered(text[:LONGEST_LINE]).lstrip(EDGES)) is not None


@cache
def _footer_word() -> re.Pattern[str]:
    return re.compile(rf"(?:{alternation(words('modules', 'footer', 'words'))})")


def is_footer_word(text: str) -> bool:
    """Whether a link's text is one of a footer's: about us, terms of use."""
    return len(text) <= LONGEST_LINE and _footer_word().fullmatch(lowered(text).strip()) is not None


@cache
def _boilerplate() -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "boilerplate")))


def is_boilerplate(text: str) -> bool:
    """Whether a paragraph is the site's: cookies, newsletters, apps, comments policy, loading notes."""
    return len(text) <= 700 and _boilerplate().search(lowered(text)) is not None


@cache
def _standfirst() -> re.Pattern[str]:
    return re.compile(rf"[\s\[【(]{{0,3}}(?:{alternation(words('modules', 'standfirst'))})[\s\]】)]{{0,3}}[:|\]]")


def is_standfirst(text: str) -> bool:
    """Whether a paragraph says that it is the story's summary: 摘要：…"""
    return _standfirst().match(lowered(text[:LONGEST_LINE])) is not None


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
