"""The structural vocabulary as quick tests on short texts."""

import re
from functools import cache

from broadsheet.page.plain import plain
from broadsheet.page.vocabulary import pattern, word_set

_MORE_TAIL = re.compile(r"[\s|/·]*(?:查看)?(?:更多|更多內容|more|view all|see all|换一换|換一換)[\s>＞»›.…]*$", re.IGNORECASE)
_EDGES = " \t|>＞»›:：•·-—–_【】[]()（）《》<＜«‹■◆●▶►▪◎☆★↓↑→…"


def heading_text(text: str) -> str:
    """A module's heading as displayed, without "more" and ornaments."""
    return _MORE_TAIL.sub("", text).strip(_EDGES)


@cache
def _exact(group: str) -> frozenset[str]:
    return word_set("modules", group)


def is_word(group: str, text: str) -> bool:
    """Whether a short text is one of the group's words, ornaments aside."""
    return plain(text).strip(_EDGES).lower() in _exact(group)


def has_word(group: str, text: str) -> bool:
    """Whether a text contains one of the group's words."""
    return pattern("modules", group).search(plain(text[:300])) is not None


def count_words(group: str, text: str) -> int:
    return sum(1 for _ in pattern("modules", group).finditer(plain(text[:600])))
