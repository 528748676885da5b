"""What class names and ids of a page's boxes suggest."""

import re
from functools import cache, lru_cache

from broadsheet.page.blocks import Hint
from broadsheet.page.vocabulary import load

_PART = re.compile(r"[a-z]+")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 160  # characters
_SHORT = 3  # parts


class _Names:
    """The vocabulary of class names and ids, by the form of its words. Affixes are found by their lengths, phrases by their first word."""

    def __init__(self) -> None:
        self.whole: dict[str, int] = {}
        self.in_short: dict[str, int] = {}
        self.starts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.anywhere: dict[str, int] = {}
        self.phrases: dict[str, list[tuple[str, int]]] = {}
        self.exact: dict[str, int] = {}
        self.excepted = frozenset(load("modules")["not_names"])
        self.of_style = tuple(load("modules")["not_phrases"])
        for group, listed in load("modules")["names"].items():
            hint = getattr(Hint, group.upper())
            for word in listed:
                bare = word.strip("*=~")
                if word[0] in "=~":
                    special = self.exact if word[0] == "=" else self.in_short
                    special[bare] = special.get(bare, 0) | hint
                    continue
                if " " in word:
                    ends = "" if word.endswith("*") else " "
                    self.phrases.setdefault(bare.split()[0], []).append((f" {bare}{ends}", hint))
                    continue
                form = {(True, True): self.anywhere, (True, False): self.ends, (False, True): self.starts, (False, False): self.whole}
                words = form[word.startswith("*"), word.endswith("*")]
                words[bare] = words.get(bare, 0) | hint
        self.start_lengths = sorted(set(map(len, self.starts)))
        self.end_lengths = sorted(set(map(len, self.ends)))


_names = cache(_Names)


@lru_cache(maxsize=50_000)
def _part_hints(part: str) -> int:
    names = _names()
    if part in names.excepted:
        return 0
    found = names.whole.get(part, 0)
    for length in names.start_lengths:
        found |= names.starts.get(part[:length], 0)
    for length in names.end_lengths:
        found |= names.ends.get(part[-length:], 0)
    for inner, hint in names.anywhere.items():
        if inner in part:
            found |= hint
    return found


@lru_cache(maxsize=20_000)
def name_hints(name: str) -> int:
    """What a folded name suggests."""
    found = _names().exact.get(name, 0)
    phrases = _names().phrases
    for style in _names().of_style:
        if style in name:
            name = name.replace(style, "")
    parts = _PART.findall(name)
    if len(parts) <= _SHORT:
        for part in parts:
            found |= _names().in_short.get(part, 0)
    for part in parts:
        found |= _part_hints(part)
        if part in phrases:
            padded = f" {name} "
            for phrase, hint in phrases[part]:
                if phrase in padded:
                    found |= hint
    return found


def folded_name(classes: str, ident: str) -> str:
    """Class names and id in lower case, words apart: `mainNav top_2` -> `main nav top 2`."""
    return _NOT_NAME.sub(" ", _CAMEL.sub("-", f"{classes} {ident}"[:_LONGEST]).lower()).strip()
