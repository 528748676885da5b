"""Terms: the units by which the search index finds a text.

Folded first: compatibility forms (NFKC), lower case, Traditional characters as simplified ones. Then

- Chinese: every word of the dictionary, also those that overlap, so that a text holds the terms of each of its phrases whatever stands around
  it; and where the best reading of a sentence leaves characters single, these and the pairs of neighbours among them (names, mostly);
- kana and Hangul: pairs of neighbouring characters, since neither has word ends that tell;
- other scripts: runs of two or more letters and digits.

`macros.py` gives SQL the same folding and classes of characters, for what is asked.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from itertools import pairwise

import rjieba
import yaml

LONGEST = 8  # characters of a Chinese word; what is longer is found by the words within
LONGEST_WORD = 40  # characters of a word of another script; what is longer is no word
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff"
KANA_AND_HANGUL = "\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\uac00-\ud7a3"

_HAN_RUN = re.compile(f"[{HAN}]+")
_OTHER_RUN = re.compile(f"[{KANA_AND_HANGUL}]+")
_CJK = re.compile(f"[{HAN}{KANA_AND_HANGUL}]+")
_WORD = re.compile(r"[^\W_]+")


def terms(text: str) -> Iterator[str]:
    """Terms of a text, as often as it holds them; no term has a blank in it."""
    form = unicodedata.normalize("NFKC", text.translate(_table())).lower()
    yield from _chinese_terms(_HAN_RUN.findall(form))
    for run in _OTHER_RUN.findall(form):
        yield from _pairs(run)
    yield from (word for word in _WORD.findall(_CJK.sub(" ", form)) if 2 <= len(word) <= LONGEST_WORD)


def traditional_and_simplified() -> tuple[str, str]:
    """Characters that are folded, and what each becomes, in the same order."""
    pairs = yaml.safe_load(resources.files("broadsheet.warehouse").joinpath("simplified.yaml").read_text("utf-8"))["pairs"].split()
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)


@lru_cache(maxsize=1)
def _table() -> dict[int, int]:
    """Full-width ASCII is folded here as well: NFKC takes ten times longer on a text that has any. İ and Σ as SQL lowers them."""
    full_width = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    return full_width | str.maketrans("İΣ", "iσ") | str.maketrans(*traditional_and_simplified())


def _chinese_terms(runs: Iterable[str]) -> Iterator[str]:
    text = " ".join(runs)
    yield from (word for word in rjieba.cut_all(text) if 2 <= len(word) <= LONGEST)
    single = ""  # the single character just before
    for word in rjieba.cut(text, False):
        if len(word) > 1 or word == " ":
            single = ""
            continue
        yield word
        if single:
            yield single + word
        single = word


def _pairs(run: str) -> Iterator[str]:
    return ("".join(pair) for pair in pairwise(run)) if len(run) > 1 else iter(run)
