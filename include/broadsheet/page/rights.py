"""Rights notices: what is one, and whether it covers the piece it stands under."""

import re
from collections.abc import Sequence
from functools import cache

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, pattern, words
from broadsheet.records import RightsApplicability, SourceCredit, SourceRole
from broadsheet.text import headline_key

LONGEST_NOTICE = 2000  # characters
_LONGEST_UNHEADED = 320
_BULLET = re.compile(r"^[\s•·●◦▪‣*]{1,9}")
_QUOTED = re.compile(r"[“\"‘'「『《]([^“”\"‘’'「」『』《》]{2,60})[”\"’'」』》]")
_UNQUOTED = re.compile(r"(?:来源|來源|出处)(?:为|是|:)([^,，。;；:的“”\"()]{2,20})")
_SOURCE_LABEL = re.compile(r"(?:稿件)?(?:来源|來源|出处|source) ?:? ?", re.IGNORECASE)


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(
        rf"[\s【\[(（*※★◎■]{{0,4}}(?P<word>{alternation(words('fields', 'rights', 'openings'))})(?P<colon>\s?[:】\])]|\s|,)?", re.IGNORECASE
    )


@cache
def _statements() -> re.Pattern[str]:
    return _with_gaps("statements")


@cache
def _disclaimers() -> re.Pattern[str]:
    return _with_gaps("disclaimers")


def _with_gaps(group: str) -> re.Pattern[str]:
    return re.compile("|".join(".{0,24}?".join(map(re.escape, lowered(word).split("…"))) for word in words("fields", "rights", group)))


@cache
def _conditions() -> re.Pattern[str]:
    return pattern("fields", "rights", "conditions")


def is_rights_notice(text: str) -> bool:
    """Whether a block says who may reprint a piece or whose it is. A footer's `版权所有 甲网 2020` or a link 版权声明 is not one."""
    if not 8 <= len(text) <= LONGEST_NOTICE:
        return False
    shown = lowered(text)
    reprints = {match[0].lower() for match in pattern("fields", "rights", "reprint").finditer(shown)}
    subjects = {match[0].lower() for match in pattern("fields", "rights", "subjects").finditer(shown)}
    if _conditions().search(shown[:400]) and (reprints or subjects):
        return True
    disclaims = _disclaimers().search(shown) is not None
    says = disclaims or _statements().search(shown) is not None
    opening = _opening().match(shown)
    if opening and opening["colon"]:
        about = {subject for subject in subjects if subject not in opening["word"].lower()}
        if says or (reprints and "版权所有" not in opening["word"]) or (opening["colon"].strip() and about):
            return True
    return len(shown) <= _LONGEST_UNHEADED and (disclaims or (says and bool(reprints)))


def notice_text(text: str) -> str:
    """A notice without the bullet before it and the labels of buttons after it: `• 转载请注明：… +复制链接`."""
    return _buttons().sub("", _BULLET.sub("", text)) or text


@cache
def _buttons() -> re.Pattern[str]:
    labels = alternation([word for word in words("modules", "lines", "share") if len(word) > 1])
    return re.compile(rf"(?:\s{{0,9}}[+＋|]\s{{0,9}}|\s{{1,9}})(?:{labels})\s{{0,9}}$", re.IGNORECASE)


def applicability(notice: str | None, sources: Sequence[SourceCredit], site_name: str | None) -> RightsApplicability | None:
    """Whether a notice covers a piece with these credited sources; None without a notice.

    A notice without a condition applies. One for pieces credited to X applies if X is an origin, does not if the sources are known
    and X is none of them, and is ambiguous if X only passed the piece on or no source is known.
    """
    if not notice:
        return None
    shown = plain(notice[:LONGEST_NOTICE])
    condition = _conditions().search(lowered(shown))
    if condition is None:
        return RightsApplicability.APPLIES
    named = {headline_key(name) for name in _named_sources(shown, condition.start(), site_name)} - {""}
    if not named or not sources:
        return RightsApplicability.AMBIGUOUS
    if any(source.role == SourceRole.ORIGIN and headline_key(source.name) in named for source in sources):
        return RightsApplicability.APPLIES
    if any(headline_key(source.name) in named or headline_key(source.raw) in named for source in sources):
        return RightsApplicability.AMBIGUOUS
    return RightsApplicability.DOES_NOT_APPLY


def _named_sources(shown: str, start: int, site_name: str | None) -> list[str]:
    """Outlets of the condition that begins at `start`: the names in quotes up to the end of its clause."""
    clause = re.split(r"[。;；]|,\s?均|均为|，均", shown[start : start + 200], maxsplit=1)[0]
    data = load("fields")["rights"]
    names: list[str] = []
    for match in (*_QUOTED.finditer(clause), *(() if _QUOTED.search(clause) else _UNQUOTED.finditer(clause))):
        # "来源：甲网（署名）", "甲网：XXX"
        text = re.split(r"[:(（]", _SOURCE_LABEL.sub("", match[1], count=1), maxsplit=1)[0]
        inside = match[1][len(text) :]
        if text[:1] in data["exceptions"] or "(非" in inside or re.fullmatch(r"[Xx×*]+.*", text):
            continue
        names += re.split(r"[、/]|或者?|和|及", text)
    own = {plain(word) for word in data["self"]}
    resolved = [site_name if name.strip() in own and site_name else name.strip() for name in names]
    return [name for name in resolved if name]
