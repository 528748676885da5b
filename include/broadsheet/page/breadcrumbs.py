"""The line that says where in a site's tree a page is: 当前位置：首页 > 新闻 > 正文."""

import re
from collections.abc import Sequence
from functools import cache

from broadsheet.page.names import is_cjk
from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, word_set, words
from broadsheet.text import display_width, fold_blanks

LONGEST_LINE = 300  # characters; the last crumb may be the page's whole headline
_LONGEST_CRUMB = 40  # display columns, for a line without a label
# Runs of blanks are bounded, here and in other patterns: a search that takes any number of them is quadratic on a long run.
_STRONG = re.compile(r"\s{0,9}(?:>+|»+|›+|→|❯|▸|▶|〉|》(?=\s|$)|➤|⟩|->)\s{0,9}")
_WEAK = re.compile(r"\s{0,9}(?:>+|»|›|→|❯|▸|▶|〉|\||/|\\|::|·|・|(?<=\s)[-–—](?=\s)|-{1,3}(?=[^\s])|[—–]+)\s{0,9}")
_UNLABELLED = re.compile(r"\s{0,9}/\s{0,9}|\s{1,9}-\s{0,9}")
_SENTENCE = re.compile(r"[。！？!?；;，,]")


@cache
def _label() -> re.Pattern[str]:
    return re.compile(rf"[\s•·*>»\[【]{{0,4}}(?:{alternation(words('fields', 'breadcrumb', 'labels'))})\s*(?:[:>»|]|(?=\s)|$)+\s*", re.IGNORECASE)


def has_label(text: str) -> bool:
    """Whether a line begins with 当前位置 or its like."""
    return _label().match(lowered(text[:60])) is not None


def is_home(text: str) -> bool:
    """Whether a crumb is a site's root: 首页, Home, Startseite."""
    return lowered(fold_blanks(text)) in word_set("fields", "breadcrumb", "homes")


def is_no_crumb(text: str) -> bool:
    """Whether a line is one of a menu: about us, contact."""
    shown = lowered(fold_blanks(text))
    return any(mark in shown for mark in words("fields", "breadcrumb", "never"))


def read_breadcrumb(text: str, link_texts: Sequence[str] = (), *, is_known: bool = False) -> tuple[str, ...] | None:
    """Crumbs from the site's root down, without the label and without 正文; None if the line is no breadcrumb.

    `link_texts` are the line's anchors: used where the page draws its separators by style. `is_known` says that the markup names
    the block a breadcrumb, so that weak separators and bare links are believed without a label.
    """
    if len(text) > LONGEST_LINE:
        return None
    shown = plain(text)
    label = _label().match(lowered(text))
    believed = is_known or label is not None
    start = label.end() if label else 0
    line, rest = text[start:], shown[start:]
    if "«" in rest and not believed:  # »…« and « … » are quotation marks
        return None
    if _STRONG.search(rest):
        crumbs = _cut(line, rest, _STRONG)
    elif believed and link_texts:
        tail = _after_last_link(line, link_texts)
        crumbs = [*link_texts, *([tail] if tail else [])]
    elif believed and _WEAK.search(rest):
        crumbs = _cut(line, rest, _WEAK)
    elif believed:
        crumbs = line.split() if label or is_cjk(line) else [line]  # Latin crumbs hold blanks
    elif _UNLABELLED.search(rest):
        crumbs = _cut(line, rest, _UNLABELLED)
        if not _begins_at_home_or_ends_in_text(crumbs):
            return None
    else:
        return None
    has_tail = bool(crumbs) and lowered(fold_blanks(crumbs[-1])) in word_set("fields", "breadcrumb", "tails")
    crumbs = clean(crumbs)
    if not crumbs or (len(crumbs) > 1 and lowered(fold_blanks(crumbs[-1])) in word_set("modules", "lines", "more")):
        return None  # World » More: a menu
    if not believed and (
        len(crumbs) < 2 - has_tail or any(_SENTENCE.search(crumb) or display_width(crumb) > _LONGEST_CRUMB for crumb in crumbs[:-1])
    ):
        return None
    if not believed and rest.rstrip().endswith("»") and not (is_cjk(rest) or is_home(crumbs[0])):
        return None  # links with an arrow behind each
    if not believed and (display_width(crumbs[-1]) > 2 * _LONGEST_CRUMB or shown.lstrip()[:1] in ">»›→"):
        return None
    return tuple(crumbs)


def clean(crumbs: Sequence[str]) -> list[str]:
    """Crumbs folded, blank ones and the 正文 tail dropped, with what stands behind it on its line."""
    kept = [crumb for crumb in (fold_blanks(crumb).strip(" >»›→|/·-—:：[]【】") for crumb in crumbs) if crumb]
    while kept and _is_tail(lowered(kept[-1])):
        kept.pop()
    return kept


def _is_tail(crumb: str) -> bool:
    tails = word_set("fields", "breadcrumb", "tails")
    first, _, rest = crumb.partition(" ")
    return crumb in tails or (bool(rest) and is_cjk(first) and first in tails)


def _begins_at_home_or_ends_in_text(crumbs: Sequence[str]) -> bool:
    """首页 / 新闻 / 正文: weak separators are believed of a short line between a site's root and 正文; footers' 首页 - 联系我们 is not one."""
    if not 2 <= len(crumbs) <= 5 or any(map(is_no_crumb, crumbs)):
        return False
    return is_home(crumbs[0]) or lowered(fold_blanks(crumbs[-1])) in word_set("fields", "breadcrumb", "tails")


def _cut(line: str, shown: str, separator: re.Pattern[str]) -> list[str]:
    parts, position = [], 0
    for match in separator.finditer(shown):
        if match.end() == match.start():
            continue
        parts.append(line[position : match.start()])
        position = match.end()
    return [*parts, line[position:]]


def _after_last_link(line: str, link_texts: Sequence[str]) -> str:
    last = link_texts[-1]
    where = line.rfind(last) if last else -1
    return line[where + len(last) :].strip(" >»›→|/·-—") if where != -1 else ""
