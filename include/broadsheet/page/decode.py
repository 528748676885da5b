"""A page's bytes as text. The charset is found by evidence, since declared ones lie: a quarter of Chinese pages say GB and are UTF-8.

In this order: byte order mark; UTF-8, where all or nearly all bytes agree with it; what the server or the page declares, if the
text then looks like text; what a detector says; what looks best. Pure functions, no I/O.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from broadsheet.records import Decoded

# Longest BOM first: UTF-16's is the beginning of UTF-32's.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# WHATWG's answer to a label -> the widest Python codec of that family, which is what browsers decode with.
_WIDEST = {
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "cp1252": "windows-1252",
    "cp1251": "windows-1251",
}
# Tried when neither declaration nor detector gives a text that looks like one. The GB family leads: most pages are Chinese.
_GUESSES = ("gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "windows-1251", "windows-1252")
# Codecs whose looks settle the matter whatever is declared: a text of Hangul, or one with kana, is not Chinese by accident,
# while its bytes pass for GB.
_TELLING = ("cp949", "cp932", "euc_jp")

# Share of damaged to sound multi-byte characters up to which a text is UTF-8 with some broken bytes.
_UTF8_DAMAGE = 0.02
# A text looks like its charset's language when this share of its non-ASCII characters is common there. Honest decodings give
# 0.9 and more, wrong ones of the same bytes about 0.5 and less.
_LOOKS_RIGHT = 0.8
_LOOKS_POSSIBLE = 0.4
_LOOKS_TELLING = 0.95
# Share of the characters that a language is never without (kana, Hangul, Russian vowels).
_MUST_HAVE = 0.15
# Share of undecodable to non-ASCII characters that a charset may have and still be believed.
_DAMAGE = 0.01
# Bytes that are looked at to judge a charset, and of one stretch between tags.
_SAMPLE_BYTES, _STRETCH_BYTES = 3000, 600
_HEAD_BYTES = 8192  # a meta charset is searched here; portals put scripts before it

_META = re.compile(
    rb"""<meta\s[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:\-]{2,30})|<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([\w.:\-]{2,30})""", re.I
)
# Non-ASCII text with at most 40 ASCII bytes in between. Tag brackets and line feeds are never the second byte of a two-byte character,
# and the last byte of a stretch may be one, so that each begins with a whole character.
_STRETCH = re.compile(rb"[\x80-\xff](?:[^<>\n]{0,40}[\x80-\xff])*[^<>\n]?")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_NEIGHBOURS = re.compile(r"[^\x00-\x7f]{2}")


def decode(data: bytes, *, http_charset: str | None = None, is_html: bool = True) -> Decoded:
    """Text of a page, with `\\n` line ends, always encodable to UTF-8.

    Parameters
    ----------
    data : the page's bytes.
    http_charset : charset of the HTTP Content-Type header, if any.
    is_html : whether a `<meta>` charset or an XML declaration counts.
    """
    declared = _declared(data) if is_html else None
    text, charset, basis, replaced = _sound_utf8(data), "utf-8", "utf8_valid", 0
    if text is None:
        text, charset, basis = _decode(data, _codec(http_charset), _codec(declared))
        replaced = text.count("\ufffd") - _own_replacements(data, charset)
    if b"\x00" in data and "\x00" in text:  # as the HTML standard has it; no database column takes NUL gladly
        replaced += text.count("\x00")
        text = text.replace("\x00", "\ufffd")
    if b"\r" in data and "\r" in text:  # a search in the bytes is many times quicker
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text=text, charset=charset, charset_basis=basis, charset_declared=declared, replaced_count=max(replaced, 0))


def bom_codec(data: bytes) -> tuple[str, int] | None:
    """Codec that a byte order mark names and the mark's length."""
    return next(((codec, len(bom)) for bom, codec in _BOMS if data.startswith(bom)), None)


def _sound_utf8(data: bytes) -> str | None:
    """Text of bytes that are UTF-8 throughout, as most pages are; None for others and those with a byte order mark."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if text.startswith("\ufeff") else text


def _decode(data: bytes, http: str | None, declared: str | None) -> tuple[str, str, str]:
    """Text, codec and basis."""
    if marked := bom_codec(data):
        codec, length = marked
        text = data[length:].decode(codec, "replace")
        if codec != "utf-8" or _is_nearly_utf8(text):
            return text, codec, "bom"
        data = data[length:]  # a UTF-8 mark that an editor put before a legacy page
    try:
        return data.decode("utf-8"), "utf-8", "utf8_valid"
    except UnicodeDecodeError:
        sample = _sample(data)
    # Decoding a legacy page as UTF-8 only to count the damage is slow; the sample shows it.
    if _damage(sample.decode("utf-8", "replace")) < 0.5:
        text = data.decode("utf-8", "replace")
        if _is_nearly_utf8(text):
            return text, "utf-8", "utf8_valid"
    codec, basis = _legacy_codec(data, sample, http, declared)
    return data.decode(codec, "replace"), codec, basis


def _is_nearly_utf8(text: str) -> bool:
    """Whether text decoded as UTF-8 with replacements is UTF-8 with a few broken bytes. In legacy charsets, hardly any multi-byte
    sequence is valid UTF-8. Damage from before the capture, U+FFFD in the source, counts against it as well; it is as rare."""
    damaged = text.count("\ufffd")
    sound = len(_NON_ASCII.findall(text)) - damaged
    return damaged <= _UTF8_DAMAGE * sound or (damaged == 1 and sound >= 4)


def _legacy_codec(data: bytes, sample: bytes, http: str | None, declared: str | None) -> tuple[str, str]:
    """Codec and basis of a page that is not UTF-8."""
    looks = cache(lambda codec: _looks(sample, codec))
    for codec in _TELLING:
        if looks(codec) >= _LOOKS_TELLING:
            return codec, {http: "http", declared: "declared"}.get(codec, "detected")
    for codec, basis in _candidates(data, http, declared):
        if looks(codec) >= _LOOKS_RIGHT:
            if basis == "detected" and _has_damage(data, codec):
                # A declared charset that fits every byte, and does not look absurd, is better than a guess that does not fit.
                for stated, stated_basis in ((http, "http"), (declared, "declared")):
                    if stated and looks(stated) >= _LOOKS_POSSIBLE and not _has_damage(data, stated):
                        return stated, stated_basis
            return codec, basis
    # Nothing looks right: a language without a profile, or a damaged or very short text. Evidence counts by rank if it decodes.
    candidates = list(_candidates(data, http, declared))
    for codec, basis in candidates:
        if _damage(data.decode(codec, "replace")) <= _DAMAGE:
            return codec, basis
    best = max((codec for codec, _ in candidates), key=lambda codec: (looks(codec), -_damage(data.decode(codec, "replace"))))
    return best, "fallback"


def _has_damage(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return True
    return False


def _candidates(data: bytes, http: str | None, declared: str | None) -> Iterator[tuple[str, str]]:
    """Codecs with their basis, in the order of evidence; UTF-8 has been ruled out. Lazy: the detector runs when it is asked."""
    seen = set()
    for codec, basis in _evidence(data, http, declared):
        if codec and not codec.startswith("utf-") and codec not in seen:
            seen.add(codec)
            yield codec, basis


def _evidence(data: bytes, http: str | None, declared: str | None) -> Iterator[tuple[str | None, str]]:
    from resiliparse.parse.encoding import detect_encoding

    yield http, "http"
    yield declared, "declared"
    yield _codec(detect_encoding(data)), "detected"
    for guess in _GUESSES:
        yield guess, "detected"


def _sample(data: bytes) -> bytes:
    """Stretches of text that hold non-ASCII bytes."""
    stretches, size = [], 0
    for match in _STRETCH.finditer(data):
        stretches.append(match.group()[:_STRETCH_BYTES])
        size += len(stretches[-1])
        if size >= _SAMPLE_BYTES:
            break
    return b"\n".join(stretches)


# --- what texts look like ------------------------------------------------------------------------------------------------


def _looks(sample: bytes, codec: str) -> float:
    """Share of the non-ASCII characters that are common in the languages of `codec`, 0 to 1; 0 for a codec without a profile."""
    profile = _PROFILES.get(codec)
    if profile is None:
        return 0.0
    common, must_have = profile()
    text = sample.decode(codec, "replace")
    chars = _NON_ASCII.findall(text)
    if not chars:
        return 0.0
    if codec in _ALPHABETS and (2 * len(_NEIGHBOURS.findall(text)) > len(chars) / 2) != _ALPHABETS[codec]:
        return 0.0
    if must_have and sum(map(must_have.__contains__, chars)) < _MUST_HAVE * len(chars):
        return 0.0
    return sum(map(common.__contains__, chars)) / len(chars)


def _damage(text: str) -> float:
    return text.count("\ufffd") / max(len(_NON_ASCII.findall(text)), 1)


def _two_byte(codec: str, leads: Iterable[int], trails: Iterable[int]) -> frozenset[str]:
    text = "".join(bytes((lead, trail)).decode(codec, "ignore") for lead in leads for trail in trails)
    return frozenset(text)


_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
_HANGUL = frozenset(map(chr, range(0xAC00, 0xD7A4)))
_SIGNS = frozenset("\u00a0·—‘’“”…、。〈〉《》「」『』【】〔〕！（），：；？～￥％．－／＂＇｜•–©®™°×→■□●○▲△★☆◆◇※★")
_WIDE_ASCII = frozenset(map(chr, range(0xFF01, 0xFF5F)))
_PUNCTUATION = _SIGNS | _WIDE_ASCII | {"\u3000"}


@cache
def _chinese() -> tuple[frozenset[str], frozenset[str]]:
    # GB 2312 level 1, the 3,755 most used Han characters, and the traditional ones, which GBK holds too.
    return _PUNCTUATION | _two_byte("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)) | _traditional()[0], frozenset()


@cache
def _traditional() -> tuple[frozenset[str], frozenset[str]]:
    # Big5 level 1: the 5,401 most used.
    return _PUNCTUATION | _two_byte("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]), frozenset()


@cache
def _japanese() -> tuple[frozenset[str], frozenset[str]]:
    # JIS X 0208 level 1, and kana: no Japanese text is without them.
    return _PUNCTUATION | _KANA | _two_byte("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF)), _KANA


@cache
def _korean() -> tuple[frozenset[str], frozenset[str]]:
    return _PUNCTUATION | _two_byte("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)), _HANGUL


@cache
def _russian() -> tuple[frozenset[str], frozenset[str]]:
    # Lower case makes up nearly all of a text; KOI8-R read as windows-1251 has the cases swapped.
    return frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў«»—–“”„…№\u00a0") | frozenset("ВСПНОКМАДБИРТ"), frozenset("аеио")


@cache
def _western() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØÚÛÜŒ«»‘’“”„–—…•·©®°£€§¡¿ºª\u00a0"), frozenset()


_PROFILES: dict[str, Callable[[], tuple[frozenset[str], frozenset[str]]]] = {
    "gb18030": _chinese,
    "big5hkscs": _traditional,
    "cp932": _japanese,
    "euc_jp": _japanese,
    "cp949": _korean,
    "windows-1251": _russian,
    "koi8-r": _russian,
    "windows-1252": _western,
}
# Whether non-ASCII letters stand beside each other: in Cyrillic words they do, in French ones an accent stands here and there. The
# same bytes pass for both otherwise, and those of Chinese for French.
_ALPHABETS = {"windows-1251": True, "koi8-r": True, "windows-1252": False}


# --- labels ----------------------------------------------------------------------------------------------------------------


def _declared(data: bytes) -> str | None:
    """Charset that the page's own markup states, as written."""
    found = _META.search(data, 0, _HEAD_BYTES)
    return (found.group(1) or found.group(2)).decode("ascii") if found else None


def _codec(label: str | None) -> str | None:
    """Python codec of a charset label by the WHATWG rules; None for an unknown one, so that `rot13` or `utf-7` is never used."""
    if not label:
        return None
    from resiliparse.parse.encoding import map_encoding_to_html5

    label = label.strip(" \t\r\n\"'").lower()
    name = map_encoding_to_html5({"cp936": "gbk"}.get(label, label), fallback_utf8=False)
    if name is None:
        return None
    name = _WIDEST.get(name, name)
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name


def _own_replacements(data: bytes, charset: str) -> int:
    """U+FFFD that the source itself holds: damage from before the capture, not from decoding."""
    if charset in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        return data.count("\ufffd".encode(charset))
    return 0
