"""The words by which pages are read: YAML under `vocabulary/`, loaded once, compiled to patterns.

Whatever is a word list, a label or a name of a thing on a page belongs to the YAML; how it is used belongs to the modules.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from broadsheet.page.plain import plain


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
    return frozenset(word.lower() for word in words(name, *keys))


def alternation(items: Iterable[str]) -> str:
    """Regex source that matches any of the words, longest first; blanks match any run of up to 3; Latin words match whole only."""
    return "|".join(_source(word) for word in sorted(set(items), key=lambda word: (-len(word), word)))


@cache
def pattern(name: str, *keys: str) -> re.Pattern[str]:
    """The words at a place of a vocabulary as one case-insensitive pattern for `plain` text."""
    return re.compile(alternation(words(name, *keys)), re.IGNORECASE)


def _source(word: str) -> str:
    source = r"\ {1,3}".join(re.escape(part) for part in plain(word).split())
    if _is_alphabetic(word[0]):
        source = r"(?<![^\W\d_\u2e80-\uffef])" + source
    if _is_alphabetic(word[-1]):
        source += r"(?![^\W\d_\u2e80-\uffef])"
    return source


def _is_alphabetic(char: str) -> bool:
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
