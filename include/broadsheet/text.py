"""Text measures that page, tables and warehouse share: folding, headline keys and display columns."""

import re
import unicodedata

# Between letters of Arabic and Indic scripts the joiners U+200C and U+200D are spelling, elsewhere they are blanks.
_BLANKS = re.compile(r"(?:[\s\u200b\u2060\ufeff\u00ad]|(?<![\u0600-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0dff]))+")
_INVISIBLE = re.compile(r"[\u200b\u200c\u200d\u2060\ufeff\u00ad]")  # what `_BLANKS` has and `str.split` has not
_NOT_WORD = re.compile(r"[\W_]+")
_LOWER = bytes(range(256)).lower()
_ASCII_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
ELLIPSES = ("...", "…", "……", "．．．", "···")


def fold_blanks(text: str) -> str:
    """Whitespace runs (NBSP, ideographic and zero-width blanks too) to one space, ends stripped."""
    if text.isascii() or not _INVISIBLE.search(text):
        return " ".join(text.split())
    return _BLANKS.sub(" ", text).strip()


def without_surrogates(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates, which no decoder makes, become question marks."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def headline_key(text: str) -> str:
    """Headline compared by letters and digits alone: NFKC, lower case, no blanks, no punctuation."""
    if text.isascii():
        return text.encode().translate(_LOWER, _ASCII_SIGNS).decode()
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text)).lower()


def display_width(text: str) -> int:
    """Columns of a text as portals count them when they cut headlines: ASCII 1, wide and ambiguous 2.

    Ambiguous characters (curly quotes, dashes, …) count 2 because the cut is made on GBK bytes; combining marks count 0.
    """
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if char < "\x80":
        return 1
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1


def cut(text: str, width: int) -> str:
    """`text` cut to at most `width` display columns, trailing blank stripped: `cut(title, 36) == shown` is the exact test of
    whether `title` is the one behind a cut entry."""
    used = 0
    for position, char in enumerate(text):
        used += _columns(char)
        if used > width:
            return text[:position].rstrip()
    return text.rstrip()
