"""The words by which pages are read: YAML under `vocabulary/`, loaded once, compiled to patterns.

Whatever is a word list, a label or a name of a thing on a page belongs to the YAML; how it is used belongs to the modules.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from broadsheet.page.plain import lowered, plain

# A letter of a script that puts blanks between words. Case does not matter to it: folding so wide a range costs 10 ms each time.
_LETTER = r"[^\W\d_]"  # a class of categories compiles a hundred times faster than one of ranges


@cache
def load(name: str) -> Mapping[str, Any]:
    """Content of `vocabulary/<name>.yaml`; treat as read-only. Raises FileNotFoundError for an unknown name."""
    path = resources.files("broadsheet.page").joinpath("vocabulary", f"{name}.yaml")
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def words(name: str, *keys: str) -> tuple[str, ...]:
    """Words at a place of a vocabulary, nested lists flattened, plain (half-width), doubled ones dropped."""
    value: Any = load(name)
    for key in keys:
        value = value[key]
    return tuple(dict.fromkeys(plain(str(word)) for word in _flat(value)))


@cache
def word_set(name: str, *keys: str) -> frozenset[str]:
    """The same, lower-cased, for membership tests."""
    return frozenset(map(lowered, words(name, *keys)))


def alternation(items: Iterable[str]) -> str:
    """Regex source that matches any of the words in `lowered` text, longest first. Blanks match runs of up to three, Latin words
    match whole only. Branches begin with a literal each, one a character, so that the engine skips quickly to where one can begin.
    """
    by_first: dict[str, list[str]] = {}
    for word in sorted({lowered(word) for word in items}, key=lambda word: (-len(word), word)):
        by_first.setdefault(word[0], []).append(word)
    return "|".join(_branch(first, group) for first, group in by_first.items())


@cache
def pattern(name: str, *keys: str) -> re.Pattern[str]:
    """The words at a place of a vocabulary as one pattern for `lowered` text."""
    return re.compile(alternation(words(name, *keys)))


def _branch(first: str, group: list[str]) -> str:
    whole = rf"(?<!{_LETTER}.)" if is_alphabetic(first) else ""
    rests = [_source(word[1:]) + (rf"(?!{_LETTER})" if is_alphabetic(word[-1]) else "") for word in group]
    # an empty look-ahead keeps the compiler from merging single characters to sets, whose Han members cost it milliseconds each
    return f"{re.escape(first)}{whole}(?:{'|'.join(rest + '(?=)' if len(rest) == 1 else rest for rest in rests)})"


def _source(text: str) -> str:
    return r"\ {1,3}".join(re.escape(part) for part in text.split(" "))


def is_alphabetic(char: str) -> bool:
    """Letters of scripts that put blanks between words (all but CJK; Korean counts as CJK because particles are glued on)."""
    return char.isalpha() and not "\u1100" <= char <= "\u11ff" and char < "\u2e80"


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _flat(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
