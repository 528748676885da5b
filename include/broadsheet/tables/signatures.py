"""MinHash signatures of texts, by which the warehouse finds reprints.

A text is taken by its letters and digits alone (NFKC, lower case), so that blanks, punctuation and paragraphs don't count. Its shingles begin at
every letter: five characters long where the letter is a CJK character, syllable or kana, ten elsewhere; both are about three words. This
depends on the place alone, not on the language of the whole, so that mixed texts and wrongly told languages fare the same. A credit in brackets
or a dateline is a dozen shingles of hundreds.
"""

import struct
from typing import NamedTuple

from rensa import RMinHash

from broadsheet.ids import make_id
from broadsheet.text import headline_key

MINIMA_COUNT = 128
LEAST_LETTERS = 50  # shorter texts are alike by chance: 更多内容请下载客户端
MOST_LETTERS = 200_000  # what follows is not looked at: the memory of a set of shingles is some hundred times its text's
_SEED = 1
_CJK = "\u2e80"  # from here on: radicals, kana, ideographs, Hangul, compatibility forms and all supplementary planes
_CJK_LETTERS, _OTHER_LETTERS = 5, 10


class Signature(NamedTuple):
    """`text_id` is the same for texts of the same letters; `minima` are 128 unsigned 32-bit integers, little-endian."""

    text_id: str
    minima: bytes
    shingle_count: int


def signature_of(text: str) -> Signature | None:
    """Signature of a text; None if it has fewer than `LEAST_LETTERS` letters and digits, too few to tell.

    The share of equal minima estimates the share of common shingles |A∩B| / |A∪B| with a standard error of at most 0.045. Signatures
    are the same on every machine, and comparable as long as rensa's `RMinHash.ALGORITHM_VERSION` is the same.
    """
    letters = headline_key(text)
    if len(letters) < LEAST_LETTERS:
        return None
    shingles = _shingles(letters[:MOST_LETTERS])
    minhash = RMinHash(num_perm=MINIMA_COUNT, seed=_SEED)
    minhash.update(shingles)
    return Signature(make_id("text", letters), struct.pack(f"<{MINIMA_COUNT}I", *minhash.digest()), len(shingles))


def _shingles(letters: str) -> set[str]:
    starts = range(len(letters) - _CJK_LETTERS + 1)
    return {letters[start : start + (_CJK_LETTERS if letters[start] >= _CJK else _OTHER_LETTERS)] for start in starts}
