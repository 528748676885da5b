"""Names of people and outlets by their form."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, word_set, words

_HAN = r"\u3005\u3007\u3400-\u9fff\uf900-\ufaff"
_HANGUL = r"\uac00-\ud7a3"
_HAN_NAME = re.compile(rf"[{_HAN}]{{2,4}}|[{_HANGUL}]{{2,4}}|[{_HAN}]{{1,6}}(?:[·•・‧][{_HAN}]{{1,8}}){{1,3}}")
_CJK = re.compile(rf"[{_HAN}{_HANGUL}\u3040-\u30ff]")
_TOKEN = re.compile(r"[^\s、,，/;；&▪|()\[\]{}【】<>《》“”\"!?！？。:：]{1,60}")
_BETWEEN = re.compile(r"[\s、,，/;；&+▪]*")
_STANDING = re.compile(r"\ ?\([^()]{3,40}(?:\)(?=\ ?[、,，;；]|\s*$)|$)")  # 甲（云州大学教授）、乙（…）
_IS_STANDING = re.compile(r"(?:系|为|是|现任|单位|任职)[^、,，]{3,}")  # 甲，系云州大学教授
# Jane Doe in Seahaven and John Roe in Bigtown
_PLACED = re.compile(r"\ in [A-Z][^\W\d_]{1,20}(?:[ -][A-Z][^\W\d_]{1,20}){0,2}(?=\ ?[,;)]|\ and\ |\ {0,3}$)")
_CODE = re.compile(
    r"\s{0,9}(?:[(\[](?:实习生?|见习生?|實習生?)(?:[)\]]|$)|_[A-Za-z]{0,5}[0-9]{1,7}|[(\[]?\b[A-Z]{1,5}[0-9]{2,7}\b[)\]]?|\([0-9]{3,8}\))"
)  # an editor's number or rank: _NB123, SF160, (EN012), (实习)
_COLON = re.compile(r"\ ?:")
_GLUED_CODE = re.compile(r"(?<=[^\W\d_])[_ ]?[A-Z]{0,4}[0-9]{2,7}$|_[A-Za-z]{0,5}[0-9]{0,7}$")
# Vowel signs, which are no letters: Arabic, Indic and Thai
_SIGN = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_LATIN_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_SIGN}'’.-])*")


class FoundNames(NamedTuple):
    """Names with their spans in the text searched, and how far the search came."""

    spans: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    end: int


def read_names(shown: str, start: int, end: int, *, labelled: bool) -> FoundNames:
    """Names at the beginning of `shown[start:end]` (plain text): `甲、乙`, `王甲 方 乙`, `Jane Doe and John Roe`.

    `labelled` accepts pen names of any script (`棒棒不是糖`, `alonliu`); without it only what has the form of a name.
    """
    spans: list[tuple[int, int]] = []
    names: list[str] = []
    position, lower = start, lowered(shown)
    is_placed, where = False, start
    while position < end and len(spans) < 24:
        if code := _CODE.match(shown, position, end):
            position = code.end()
            continue
        if placeholder := _placeholder().match(lower, position, end):
            position = placeholder.end()
            continue
        if names and " " in names[-1] and _ends_name(shown, lower, position, end):
            break
        here = _BETWEEN.match(shown, position, end).end()  # type: ignore[union-attr]
        if standing := _standing_before().match(shown, here, end):
            here = standing.end()
        token = _TOKEN.match(shown, here, end)
        if token is None:
            break
        if spans and _COLON.match(shown, token.end(), end):
            break  # 作者：甲 栏名：… - a label of its own
        if _CJK.search(token[0]):
            if spans and _IS_STANDING.match(token[0]):
                break
            span = _cjk_name(shown, token, end, labelled)
        elif spans and lowered(token[0]) in word_set("fields", "name_joiners"):
            position = token.end()
            continue
        else:
            span = _latin_name(shown, lower, here, end, labelled)
        if span is None:
            break
        if spans and not is_cjk(token[0]) and (is_outlet(shown[slice(*span)]) or standings().search(shown, *span)):
            break  # "Jane Doe, Staff Writer", "Jane Doe, Example News"
        if spans and not is_cjk(token[0]) and " " in names[-1] and " " not in shown[slice(*span)] and "," in shown[spans[-1][1] : span[0]]:
            break  # "Jane Doe, Hamburg", "Jane Doe, dpa": a place or an agency
        name = _without_code(shown[span[0] : span[1]])
        if POSSESSIVE.search(name):
            break  # By The Town's Editorial Writers
        if spans and _is_small(name) and _is_small(names[-1]) and shown[spans[-1][1] : span[0]].isspace():
            return FoundNames((), (), start)  # several small words are no pen names: 图 press office of the town
        position = span[1]
        if lowered(name) in word_set("fields", "placeholders"):
            continue
        if is_placed and " " not in name and not is_cjk(name):
            return FoundNames(tuple(spans), tuple(names), where)  # Jane Doe in Seahaven and Bigtown
        if is_placed := (placed := _PLACED.match(shown, position, end)) is not None:
            position = placed.end()
        where = position
        spans.append(span)
        names.append(name.replace(" ", "") if _CJK.search(name) and len(name) <= 5 else name)
        if labelled and is_cjk(name) and (standing := _STANDING.match(shown, position, end)):
            position = standing.end()
    while position < end and (code := _CODE.match(shown, position, end)):
        position = code.end()
    return FoundNames(tuple(spans), tuple(names), position)


_CAPITAL_INSIDE = re.compile(r"[a-zà-ÿ]{1,3}['’]?[A-ZÀ-Þ][a-zà-ÿ]")  # Jane deLuca, Jane d'Orsa
POSSESSIVE = re.compile(r"['’]s ")


def _is_small(name: str) -> bool:
    return name == name.lower() != name.upper()


@cache
def _placeholder() -> re.Pattern[str]:
    listed = alternation(words("fields", "placeholders"))
    return re.compile(rf"[\s、,，/;；&+]{{0,9}}(?:{listed})(?=$|[、,，/;；|)\]】]|\s(?![^\W\d_]))", re.IGNORECASE)


@cache
def _standing_before() -> re.Pattern[str]:
    """編集委員・甲乙丙"""
    return re.compile(rf"(?:{'|'.join(words('fields', 'standings_cjk'))})[·・](?=[{_HAN}{_HANGUL}])")


@cache
def standings() -> re.Pattern[str]:
    """What people are, behind or before their names: Staff Writer, correspondent."""
    return re.compile(alternation(words("fields", "standings")), re.IGNORECASE)


def is_outlet(name: str) -> bool:
    """Whether a name has the form of an outlet's: 甲日报, 乙在线, The Daily Example."""
    shown = plain(name).strip()
    if not 2 <= len(shown) <= 40:
        return False
    return _outlet().search(shown) is not None


def is_body(name: str) -> bool:
    """Whether what a Chinese label credits is an outlet or an office rather than a person: 云州日报, 云州市气象局."""
    if not 4 <= len(name) <= 20 or "·" in name:
        return False
    return (is_outlet(name) and (len(name) > 4 or not begins_with_surname(name))) or (len(name) >= 5 and name.endswith(words("fields", "offices")))


def is_site_name(name: str) -> bool:
    """Whether a name has the form of a site's: an outlet's, and no channel's."""
    if not is_outlet(name) or may_be_channel(name):
        return False
    return is_cjk(name) or " " in name.strip() or "." in name


def may_be_channel(name: str) -> bool:
    """国内新闻, 财经频道, or an outlet's ending alone."""
    shown = plain(name).strip()
    return shown.endswith(words("fields", "outlets", "of_channels")) or shown in word_set("fields", "outlets", "endings")


def has_person_form(name: str) -> bool:
    """Two to four Han or Hangul characters, or a name with a middle dot."""
    return _HAN_NAME.fullmatch(name) is not None


def begins_with_surname(name: str) -> bool:
    return name[:1] in _surnames() or has_japanese_form(name) or ("\uac00" <= name[:1] <= "\ud7a3" and _is_korean_name(name))


def has_japanese_form(name: str) -> bool:
    """Whether a name of three to five characters begins with a Japanese surname."""
    return 3 <= len(name) <= 5 and _HAN_NAME_JA.fullmatch(name) is not None and (name[:2] in _japanese() or name[:3] in _japanese())


@cache
def _japanese() -> frozenset[str]:
    return frozenset(name for name in load("fields")["surnames_ja"].split() if len(name) > 1)


@cache
def _signed() -> re.Pattern[str]:
    standing = "|".join(sorted(words("fields", "standings_cjk"), key=len, reverse=True))
    korean, japanese = rf"[{_HANGUL}]{{2,4}}", rf"[{_HAN}]{{3,5}}?"
    return re.compile(
        rf"(?<![{_HANGUL}])(?P<ko>{korean}(?:[·ㆍ・,、]\ ?{korean}){{0,4}})\ ?(?:{standing})(?![{_HANGUL}])"
        rf"|(?<![{_HAN}])(?P<ja>{japanese})\ ?(?:{standing})(?![{_HAN}\u3040-\u30ff])"
    )


def signed_names(shown: str) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Names with their standing after them, 김갑을·이병정 기자, 佐藤甲乙記者: where it stands, and the spans of the names."""
    for match in _signed().finditer(shown):
        group = "ko" if match["ko"] else "ja"
        spans = [(name.start(), name.end()) for name in _SIGNED_NAME.finditer(shown, *match.span(group))]
        begin = match.start()
        while (
            group == "ko" and (before := _NAME_BEFORE.search(shown, max(0, begin - 6), begin)) and _is_korean_name(before["name"])
        ):  # 이갑을 김병정 기자
            spans.insert(0, before.span("name"))
            begin = before.start("name")
        names = [shown[start:end] for start, end in spans]
        if all(map(_is_korean_name if group == "ko" else has_japanese_form, names)):
            yield begin, match.end(), spans


def _is_korean_name(name: str) -> bool:
    """Two to four syllables that begin with a surname."""
    barred = word_set("fields", "not_names_ko")
    return name[0] in load("fields")["surnames_ko"] and name not in barred and not is_outlet(name)


_HAN_NAME_JA = re.compile(rf"[{_HAN}]+")
_NAME_BEFORE = re.compile(rf"(?<![{_HANGUL}])(?P<name>[{_HANGUL}]{{2}}(?![부팀])[{_HANGUL}]) $")
_SIGNED_NAME = re.compile(rf"[{_HAN}{_HANGUL}]{{2,5}}")


def is_cjk(text: str) -> bool:
    return _CJK.search(text) is not None


@cache
def _people_labels() -> frozenset[str]:
    kinds = ("reporter", "correspondent", "author", "photographer", "editor", "responsible_editor", "other_credits")
    return frozenset(word.lower() for kind in kinds for word in words("fields", "labels", kind) if is_cjk(word))


@cache
def _surnames() -> frozenset[str]:
    return frozenset(load("fields")["surnames"].replace(" ", ""))


@cache
def _outlet() -> re.Pattern[str]:
    endings = "|".join(map(re.escape, sorted(words("fields", "outlets", "endings"), key=len, reverse=True)))
    glued = "|".join(map(re.escape, words("fields", "outlets", "glued_endings")))
    known = "|".join(map(re.escape, words("fields", "outlets", "known")))
    latin = alternation(words("fields", "outlets", "latin"))
    domains = r"\.(?:com|net|org|cn|de|info)"
    return re.compile(rf"(?:{endings})$|{known}|(?:{latin})(?:\.\w{{2,4}})?$|{domains}$|\w(?:{glued})$", re.IGNORECASE)


def _without_code(name: str) -> str:
    return _GLUED_CODE.sub("", name).strip(" .-_")


def _cjk_name(shown: str, token: re.Match[str], end: int, labelled: bool) -> tuple[int, int] | None:
    text = _without_code(token[0])
    if token[0].endswith(words("fields", "byline_tails")):
        return None  # 記者甲／云州報導, 甲 云州报道
    if text.startswith(("发自", "發自")) or (len(text) >= 2 and text.lower() in _people_labels()):
        return None  # 发自云州; the next label, 通讯员
    if len(text) == 1:  # 方 乙: a two-character name spread over three columns
        following = _TOKEN.match(shown, _skip_blank(shown, token.end(), end), end)
        if following and len(following[0]) == 1 and is_cjk(following[0]) and following.start() > token.end():
            return token.start(), following.end()
        return None
    if lowered(text) in word_set("fields", "placeholders"):
        return token.span()
    if has_person_form(text) and not (len(text) >= 3 and is_outlet(text) and not begins_with_surname(text)):
        photographed = len(text) >= 3 and text[-1] in "摄攝"  # 王甲摄
        return token.start(), token.start() + len(text) - photographed if photographed or not labelled else token.end()
    if labelled and len(text) <= 10:
        return token.span()
    return None


def _latin_name(shown: str, lower: str, start: int, end: int, labelled: bool) -> tuple[int, int] | None:
    particles, joiners, barred = (word_set("fields", key) for key in ("name_particles", "name_joiners", "not_names"))
    position, last, count = start, start, 0
    while count < 5 and (word := _LATIN_WORD.match(shown, position, end)):
        text = word[0]
        if is_cjk(text) or (count and _CODE.match(shown, position, end)):
            break
        if count > 1 and _ends_name(shown, lower, last, end):
            break
        small = text.lower().rstrip(".")
        if not text[0].isupper() and text[0] == text[0].upper():  # a script without capitals
            if small in joiners:
                break
            if count == 4 and _LATIN_WORD.match(shown, _skip_blank(shown, word.end(), end), end):
                return None  # a sentence
        elif not text[0].isupper() and not (count and _CAPITAL_INSIDE.match(text)):
            single = labelled and count == 0
            if not single and (
                small.partition("-")[0] not in particles or (count > 0 and small in joiners and not _capital_follows(shown, word.end(), end))
            ):
                break
            if count > 0 and small in joiners and small not in {"de", "e", "y"}:
                break
            if count > 0 and small in {"e", "y"}:  # "Ana Souza e João Lima": two people rather than one
                break
        elif count and len(text) > 2 and text.isupper() and small in joiners:  # JANE DOE AND JOHN ROE
            break
        elif count == 0 and small in barred:
            return None
        count += 1
        last = word.end()
        if last < end and shown[last] not in " ":
            break
        position = _skip_blank(shown, last, end)
        if count == 1 and (nickname := _NICKNAME.match(shown, position, end)):
            position = nickname.end()
    if count == 0:
        return _pen_name(shown, start, end) if labelled else None
    text = shown[start:last]
    if lowered(text) in word_set("fields", "placeholders"):
        return start, last
    if not labelled and text == text.lower() != text.upper():
        return None
    return start, last


def standing_at(lower: str, start: int, end: int) -> re.Match[str] | None:
    """What a person is, right behind the name and a blank, in `lowered` text: Jane Doe Staff Writer."""
    return standings().match(lower, start + 1, end) if lower[start : start + 1] == " " else None


_NICKNAME = re.compile(r"\([^\W\d_][^\s()]{0,12}\) (?=[^\W\d_])")  # Jane (J.D.) Doe


def _ends_name(shown: str, lower: str, start: int, end: int) -> bool:
    """Whether a blank and no name stand behind a name: what the person is (Staff Writer), or a day (March 18)."""
    word = _LATIN_WORD.match(shown, start + 1, end) if shown[start : start + 1] == " " else None
    if word is None:
        return False
    if lower[word.start() : word.end()].rstrip(".") in word_set("fields", "months"):
        return _DAY.match(shown, word.end()) is not None
    return standing_at(lower, start, end) is not None


_DAY = re.compile(r"\ [0-9]{1,2}\b")


def _pen_name(shown: str, start: int, end: int) -> tuple[int, int] | None:
    token = _TOKEN.match(shown, start, end)
    if token is None or len(token[0]) > 20 or not any(char.isalpha() for char in token[0]) or "@" in token[0]:
        return None
    return token.span()


def _capital_follows(shown: str, position: int, end: int) -> bool:
    position = _skip_blank(shown, position, end)
    return position < end and shown[position] == shown[position].upper()


def _skip_blank(shown: str, position: int, end: int) -> int:
    while position < end and shown[position] == " ":
        position += 1
    return position
