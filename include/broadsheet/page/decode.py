"""A page's bytes as text. Charset by evidence: what pages declare of themselves is often wrong.

In this order: byte order mark, valid UTF-8, the HTTP header's and the page's own charset where they decode without damage,
detection by letter statistics. A few broken bytes in otherwise valid UTF-8 (a capture cut in mid-character) do not turn it
into a legacy charset.
"""

import codecs
import re

from resiliparse.parse.encoding import detect_encoding

from broadsheet.records import Decoded

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?\s{0,5}([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s{0,10}<\?xml[^>]{0,200}?encoding\s{0,5}=\s{0,5}["']([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HEAD_BYTES = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
# The superset that browsers decode a label with (WHATWG), as Python names.
_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "hz": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs",
    "iso8859-1": "cp1252", "latin-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "euc_kr": "cp949", "iso8859-9": "cp1254",
    "iso8859-11": "cp874", "tis-620": "cp874",
}  # fmt: skip
_CHINESE = ("gb18030", "big5hkscs")
# Damage that a UTF-8 text may have and still be called so, as a share of its multi-byte characters.
_UTF8_DAMAGE = 0.02
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(data: bytes, *, http_charset: str | None = None, is_html: bool = True) -> Decoded:
    """Decode a page. Any bytes give a text that can be encoded to UTF-8 again; line ends become newlines.

    Parameters
    ----------
    http_charset : charset of the Content-Type header, if there was one.
    is_html : whether to look for a charset that the page declares of itself.
    """
    declared = _declared(data) if is_html else None
    text, charset, basis = _best(data, http_charset, declared)
    replaced = text.count("\ufffd") - data.count(b"\xef\xbf\xbd") if charset == "utf-8" else text.count("\ufffd")
    return Decoded(
        text=_SURROGATES.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n"),
        charset=charset,
        charset_basis=basis,
        charset_declared=declared,
        replaced_count=max(replaced, 0),
    )


def _best(data: bytes, http_charset: str | None, declared: str | None) -> tuple[str, str, str]:
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data.removeprefix(codecs.BOM_UTF8).decode(charset, "replace"), charset, "bom"
    try:
        return data.decode("utf-8"), "utf-8", "utf8_valid"
    except UnicodeDecodeError:
        pass
    lenient = data.decode("utf-8", "replace")
    damage = lenient.count("\ufffd")
    if damage <= _UTF8_DAMAGE * sum(byte >= 0xC0 for byte in data):
        return lenient, "utf-8", "utf8_valid"
    for label, basis in ((http_charset, "http"), (declared, "declared")):
        charset = _codec(label)
        if charset and charset != "utf-8" and (text := _clean(data, charset)) is not None:
            return text, charset, basis
    detected = _detect(data)
    if detected and detected != "utf-8":
        return data.decode(detected, "replace"), detected, "detected"
    # Nothing fits without damage: take what leaves the least of it.
    tries = [charset for charset in (_codec(declared), _codec(http_charset), "utf-8", "gb18030") if charset]
    text, charset = min(((data.decode(charset, "replace"), charset) for charset in dict.fromkeys(tries)), key=lambda pair: pair[0].count("\ufffd"))
    return text, charset, "fallback"


def _detect(data: bytes) -> str | None:
    """Charset by letter statistics; the Chinese families are preferred where they decode without damage."""
    detected = _codec(detect_encoding(data))
    if detected in _CHINESE or detected is None:
        return detected if detected and _clean(data, detected) is not None else _first_clean(data)
    # Short Chinese texts are taken for rarer charsets; a text mostly of two-byte characters that GB18030 reads is Chinese.
    high = sum(byte >= 0x80 for byte in data)
    if detected not in ("cp932", "euc_jp", "cp949", "koi8-r", "cp1251") and high > 0.3 * len(data):
        return _first_clean(data) or detected
    return detected


def _first_clean(data: bytes) -> str | None:
    return next((charset for charset in _CHINESE if _clean(data, charset) is not None), None)


def _clean(data: bytes, charset: str) -> str | None:
    """The text if it decodes with next to no damage (a cut last character is none), else None."""
    text = data.decode(charset, "replace")
    return text if text.count("\ufffd") <= 1 + len(data) // 2000 else None


def _declared(data: bytes) -> str | None:
    head = data[:_HEAD_BYTES]
    found = _META.search(head) or _XML.search(head)
    return found.group(1).decode("ascii").lower() if found else None


def _codec(label: str | None) -> str | None:
    """Python name of a charset label's superset; None for unknown labels and codecs that are not charsets."""
    try:
        info = codecs.lookup((label or "").strip().strip("\"'"))
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(info.name, info.name) if info._is_text_encoding else None
