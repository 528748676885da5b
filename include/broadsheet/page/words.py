"""The structural vocabulary as quick tests on blocks and short texts. `shown` is a text as patterns see it (`plain.lowered`)."""

import re
from functools import cache

from broadsheet.page import mentions
from broadsheet.page.blocks import RawBlock
from broadsheet.page.names import is_cjk
from broadsheet.page.plain import lowered
from broadsheet.page.vocabulary import alternation, load, pattern, word_set, words
from broadsheet.records import ModuleKind

EDGES = " \t|>＞»›:：•·-—–_【】[]()（）《》<＜«‹■◆●▶►▪◎☆★↓↑→…/+"
_EDGE = frozenset(EDGES)
_EDGES_AND_DIGITS = EDGES + "0123456789"
_HANGUL = re.compile("[가-힣]")
LONGEST_LINE = 40


@cache
def _groups() -> dict[str, frozenset[str]]:
    """Word in lower case -> the groups of lines that it is in."""
    found: dict[str, set[str]] = {}
    for group in load("modules")["lines"]:
        for word in words("modules", "lines", group):
            found.setdefault(lowered(word), set()).add(group)
    return {word: frozenset(groups) for word, groups in found.items()}


@cache
def _line(group: str) -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "lines", group)))


_NO_GROUPS: frozenset[str] = frozenset()


def line_groups(text: str) -> frozenset[str]:
    """Groups of which a text is a word, ornaments and numbers aside."""
    return groups_of(lowered(text)) if len(text) <= LONGEST_LINE else _NO_GROUPS


def groups_of(shown: str) -> frozenset[str]:
    """The same of a text in the form that patterns see."""
    return _groups().get(shown.strip(_EDGES_AND_DIGITS), _NO_GROUPS) if len(shown) <= LONGEST_LINE else _NO_GROUPS


def is_line(group: str, text: str) -> bool:
    """Whether a text is one of the group's words."""
    return group in line_groups(text)


def is_made_of(group: str, shown: str, share: float = 0.6) -> bool:
    """Whether a line consists mostly of the group's words."""
    if len(shown) > 4 * LONGEST_LINE:
        return False
    letters = sum(char.isalnum() for char in shown)
    found = sum(sum(char.isalnum() for char in match[0]) for match in _line(group).finditer(shown))
    return bool(found) and found >= share * letters


@cache
def _beginnings() -> tuple[frozenset[str], re.Pattern[str]]:
    every = words("modules", "lines")
    return frozenset(lowered(word)[:2] for word in every), re.compile(alternation(every))


def begins_like_a_line(shown: str) -> bool:
    """Whether a text begins with a word of any group."""
    starts, pattern_ = _beginnings()
    begin = shown[:LONGEST_LINE]
    if begin[:1] in _EDGE:
        begin = begin.lstrip(EDGES)
    return (begin[:2] in starts or begin[:1] in starts) and pattern_.match(begin) is not None


def begins_with(group: str, shown: str) -> bool:
    """Whether a text begins with one of the group's words."""
    return _line(group).match(shown[:LONGEST_LINE].lstrip(EDGES)) is not None


def leads_to_neighbour(shown: str) -> bool:
    """Whether a line names the article before or after: 上一篇：…, Next article …, Previous: …; a headline may begin with "next" too."""
    begin = shown[:LONGEST_LINE].lstrip(EDGES)
    match = _line("neighbours").match(begin)
    if match is None:
        return False
    after = begin[match.end() :].lstrip()
    return is_cjk(match[0]) or " " in match[0] or not after or after[0] in EDGES


def is_loading(text: str) -> bool:
    """Whether a line only says that a list is still to come: 加载中, Loading …"""
    return len(text) <= LONGEST_LINE and lowered(text).strip(EDGES + ".") in word_set("modules", "loading")


def is_interface(block: RawBlock) -> bool:
    """Whether a line is what a player, a pop-up or a button says: 登录后内容更精彩, Video Player is loading."""
    return bool(block.mentions & mentions.INTERFACE) and pattern("modules", "interface").search(block.shown) is not None


def is_picture_credit(block: RawBlock) -> bool:
    """Whether a line is a picture's text, or names who took it: Symbolbild: …, (Foto: …), … / Getty Images."""
    return bool(block.mentions & mentions.PICTURE) and pattern("modules", "picture_credit").search(block.shown) is not None


def is_footer_word(text: str) -> bool:
    """Whether a link's text is one of a footer's: about us, terms of use."""
    return len(text) <= LONGEST_LINE and lowered(text).strip() in word_set("modules", "footer", "words")


@cache
def _boilerplate() -> re.Pattern[str]:
    return re.compile(alternation(words("modules", "boilerplate")))


def is_boilerplate(block: RawBlock) -> bool:
    """Whether a paragraph is the site's: cookies, newsletters, apps, comments policy, loading notes."""
    if not block.mentions & mentions.BOILERPLATE:
        return False
    return len(block.shown) <= 700 and _boilerplate().search(block.shown) is not None


@cache
def _read_also() -> re.Pattern[str]:
    return re.compile(rf"[\s>»→▶►•*+\[(-]{{0,4}}(?:{alternation(words('modules', 'read_also'))})")


def is_read_also(block: RawBlock) -> bool:
    """Whether a line of the text sends its readers to another story: Lesen Sie auch: Wem gehört die Stadt?"""
    return block.link_density > 0.3 and block.width < 300 and _read_also().match(block.shown[:LONGEST_LINE]) is not None


@cache
def _standfirst() -> re.Pattern[str]:
    return re.compile(rf"[\s\[【(]{{0,3}}(?:{alternation(words('modules', 'standfirst'))})[\s\]】)]{{0,3}}[:|\]]")


def is_standfirst(shown: str) -> bool:
    """Whether a paragraph says that it is the story's summary: 摘要：…"""
    return _standfirst().match(shown[:LONGEST_LINE]) is not None


@cache
def _kind_patterns() -> tuple[tuple[str, int, re.Pattern[str]], ...]:
    return tuple((kind, bit, pattern("modules", "kinds", kind)) for kind, bit in mentions.HEADINGS.items())


def heading_group(text: str, mentioned: int = mentions.HEADING) -> str | None:
    """`none`, `feed_first`, `related` or `feed`: the group of words that a heading belongs to. `mentioned` are the groups that the
    heading's block mentions."""
    if not mentioned & mentions.HEADING:
        return None
    shown = lowered(text[:80])
    kinds = (kind for kind, bit, words_ in _kind_patterns() if mentioned & bit and words_.search(shown))
    return next((kind for kind in kinds if kind != "none" or pattern("modules", "not_none").search(shown) is None), None)


_MOSTLY = 0.5  # share of a heading's letters


def is_other_heading(text: str, mentioned: int = mentions.HEADING) -> bool:
    """Whether a text is little more than a heading of what is no module: 招聘信息, Sponsored content. A headline holds such words too."""
    if len(text) > LONGEST_LINE or heading_group(text, mentioned) != "none":
        return False
    shown = lowered(text)
    found = sum(sum(char.isalnum() for char in match[0]) for match in pattern("modules", "kinds", "none").finditer(shown))
    return found >= _MOSTLY * sum(char.isalnum() for char in shown)


def is_menu(text: str) -> bool:
    """首页 新闻 体育 财经, or with bars between them: many short words; a Chinese headline has few blanks, a Korean one as many as words."""
    parts = text.split()
    return len(parts) >= 4 and is_cjk(text) and not _HANGUL.search(text) and sum(map(len, parts)) / len(parts) <= 5


_FEWEST_CHANNELS = 4


def is_row_of_channels(text: str) -> bool:
    """新闻体育财经娱乐, News Sport Business Opinion: little more than the names of a site's channels, blanks or not."""
    if len(text) > 4 * LONGEST_LINE:
        return False
    shown = lowered(text)
    found = [match[0] for match in pattern("modules", "channels").finditer(shown)]
    return len(found) >= _FEWEST_CHANNELS and sum(map(len, found)) >= _MOSTLY * sum(char.isalnum() for char in shown)


def is_of_the_site(word: str) -> bool:
    """Whether a word is a channel's name or a button's."""
    shown = lowered(word)
    return shown in word_set("modules", "channels") or bool(groups_of(shown))


def is_period(text: str) -> bool:
    """Tabs of a ranking: 日 周 月, today, this week."""
    return lowered(text[:20]).strip(EDGES) in word_set("modules", "periods")


def module_kind(group: str | None) -> ModuleKind:
    return ModuleKind.RELATED_LINKS if group == "related" else ModuleKind.HEADLINE_FEED


def says_ranked(heading: str) -> bool:
    shown = lowered(heading[:80])
    return pattern("modules", "ranked").search(shown) is not None and pattern("modules", "not_ranked").search(shown) is None


def is_of_footer(block: RawBlock) -> bool:
    """Whether a block is a footer's: it holds a sure word, or two others."""
    if not block.mentions & mentions.FOOTER:
        return False
    shown = block.shown[:600]
    return pattern("modules", "footer", "sure").search(shown) is not None or len(set(pattern("modules", "footer", "words").findall(shown))) >= 2
