"""Text as patterns see it: half-width, single kinds of blanks and colons, and of the same length as the text displayed, so that
what a pattern finds can be cut from the displayed text."""

import re

_TABLE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
_TABLE |= dict.fromkeys(
    map(ord, "\u3000\xa0\t\n\r\x0b\x0c\x85\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2028\u2029"), " "
)
_TABLE |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x1c\x1d\x1e\x1f\u1680"), " ")  # `fold_blanks` takes them for blanks too
_TABLE |= dict.fromkeys(map(ord, "︰﹕∶꞉："), ":")
_TABLE |= dict.fromkeys(map(ord, "丨│︱┃❘｜"), "|")
_TABLE |= {ord("ㅣ"): "|", ord("〔"): "[", ord("〕"): "]", ord("［"): "[", ord("］"): "]", ord("﹝"): "(", ord("﹞"): ")"}
_TABLE |= {ord("‐"): "-", ord("‑"): "-", ord("−"): "-", ord("﹣"): "-"}
_TABLE |= {ord(zero) + digit: str(digit) for zero in "٠۰०০๐" for digit in range(10)}  # Arabic, Persian, Hindi, Bengali and Thai digits
_TABLE |= {ord("،"): ",", ord("؛"): ";", ord("؟"): "?"}
_TABLE |= dict.fromkeys(map(ord, "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), " ")  # marks of direction

_PLAIN_OF = {chr(code): char for code, char in _TABLE.items()}
_ODD = re.compile(f"[{re.escape(''.join(_PLAIN_OF))}]")


def plain(text: str) -> str:
    """Same text, same length, with full-width ASCII, odd blanks, colons, bars and brackets in their plain form."""
    if text.isascii() and "\t" not in text and "\n" not in text:
        return text
    return _ODD.sub(_plain_char, text)  # few characters are odd: a third of the time of `translate`


def _plain_char(match: re.Match[str]) -> str:
    return _PLAIN_OF[match[0]]


def lowered(text: str) -> str:
    """`plain` text in lower case, still of the same length, with one form of letters that are typed in several: Turkish `İ` and `ı` are `i`,
    Arabic hamzas on alif and Persian or Arabic yeh and kaf are one each."""
    if text.isascii():
        return plain(text).lower()
    return _ODD_OR_TYPED.sub(_form_of, text).lower()


_FORM_OF = _PLAIN_OF | dict(zip("İıأإآٱىیک", "iiااااييك", strict=True))
_ODD_OR_TYPED = re.compile(f"[{re.escape(''.join(_FORM_OF))}]")


def _form_of(match: re.Match[str]) -> str:
    return _FORM_OF[match[0]]
