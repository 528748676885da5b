"""A displayed headline taken apart: campaign tag, main text, subtitle; original titles; page titles without the site's name."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest

from broadsheet.page.names import is_cjk, is_outlet, is_site_name
from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, words
from broadsheet.records import Headline, HeadlineRole
from broadsheet.text import display_width, fold_blanks, headline_key

LONGEST_HEADLINE = 400  # characters; longer texts are no headlines and are kept whole
_LONGEST_TAG = 30
_WIDEST_BELOW = 120  # display columns of an original title in the line below its label
_TAG = re.compile(rf"\s{{0,9}}【\s{{0,9}}([^【】]{{1,{_LONGEST_TAG}}}?)\s{{0,9}}】\s{{0,9}}")
_DASH = re.compile(r"\s?(?:[—―─]{2,6}|⸺|(?<![-!<])-{2,6}(?![->]))\s?")
_LEADING_DASH = re.compile(r"\s{0,9}(?:[—―─]{1,6}|⸺|-{2,6})\s{0,9}")
_OPENERS, _CLOSERS = "“‘（(《〈【「『[", "”’）)》〉】」』]"


def split_headline(text: str) -> tuple[Headline, ...]:
    """MAIN (text without tag and subtitle, raw whole), then CAMPAIGN_TAG and SUBTITLE if displayed. Empty for a blank text.

    Only a double dash opens a subtitle: a single one joins words in every language that we read.
    """
    whole = fold_blanks(text)
    if not whole:
        return ()
    if len(whole) > LONGEST_HEADLINE:
        return (Headline(role=HeadlineRole.MAIN, text=whole, raw=whole),)
    tags: list[str] = []
    position = 0
    while (match := _TAG.match(whole, position)) and match.end() < len(whole) and len(tags) < 3:
        tags.append(match[1])
        position = match.end()
    main, subtitle = _split_subtitle(whole[position:])
    headlines = [Headline(role=HeadlineRole.MAIN, text=main, raw=whole)]
    headlines += [Headline(role=HeadlineRole.CAMPAIGN_TAG, text=tag, raw=f"【{tag}】") for tag in tags]
    if subtitle:
        headlines.append(Headline(role=HeadlineRole.SUBTITLE, text=subtitle, raw=whole[whole.rindex(subtitle) :]))
    return tuple(headlines)


def _split_subtitle(text: str) -> tuple[str, str | None]:
    for match in _DASH.finditer(text):
        before, after = text[: match.start()].strip(), text[match.end() :].strip()
        if _is_open(before) or display_width(before) < 6 or display_width(after) < 6:
            continue
        return before, after
    return text.strip(), None


def _is_open(text: str) -> bool:
    """Whether a quote or bracket is still open at the end of a text."""
    return sum(char in _OPENERS for char in text) > sum(char in _CLOSERS for char in text)


# --- page titles ----------------------------------------------------------------------------------------------------------------

_SUFFIX = re.compile(
    r"(?P<sep>\s?--\s?|\s?—{2}\s?|\s?[_|»«]+\s?|\s{1,9}[-–—·:]\s{1,9}|(?<=[\u3000-\u9fff”’》）)])-(?=[^\s-])|-(?=[\u3000-\u9fff\uac00-\ud7a3]))"
)
_LONGEST_SUFFIX = 48  # display columns
_LONGEST_CHANNEL = 20
_LONGEST_CJK_SITE = 26


def strip_site_suffix(title: str, site_name: str | None = None, others: Sequence[str] = ()) -> str:
    """`Title_channel_Site`, `Title - Site`, `Title--Site` without what follows the title.

    A part is dropped if it names the site (`site_name`, one of `others`, or by the form of an outlet's name), and so is a short
    part before it that is set off by the same sign (the channel). If one of `others` is itself the beginning of the title up to
    such a sign, it is the title.
    """
    whole = fold_blanks(title[: 4 * LONGEST_HEADLINE])
    shown = plain(whole)
    # 丨 sets off a kicker, never a site's name
    separators = [match for match in _SUFFIX.finditer(shown) if "丨" not in whole[match.start() : match.end()]]
    if not separators:
        return whole
    known = {headline_key(name) for name in (site_name, *others) if name} - {""}
    for separator in separators:
        begun = whole[: separator.start()].strip()
        if display_width(begun) >= 8 and headline_key(begun) in known - ({headline_key(site_name)} if site_name else set()):
            return begun
    end = len(whole)
    dropped_by: str | None = None
    for index, separator in reversed(list(enumerate(separators))):
        before, part = whole[: separator.start()].strip(), whole[separator.end() : end].strip()
        sign = separator["sep"].strip()
        if display_width(before) < 6:
            break
        key = headline_key(part)
        if not part or key in known or _names_site(part, sign):
            dropped_by = sign
        elif dropped_by == sign and display_width(part) <= _LONGEST_CHANNEL and sign:
            pass
        elif (
            dropped_by is None
            and index
            and display_width(part) <= 16
            and _names_site(whole[separators[index - 1].end() : separator.start()].strip(), "")
        ):
            dropped_by = sign  # 甲网-The Example: the site's name in two languages
        else:
            break
        end = separator.start()
    return whole[:end].strip() if dropped_by is not None else whole


def site_suffix(title: str) -> str | None:
    """The site's name that `strip_site_suffix` takes off a title: the last part with a site's form."""
    whole = fold_blanks(title[: 4 * LONGEST_HEADLINE])
    kept = len(strip_site_suffix(title))
    signs = [sign for sign in _SUFFIX.finditer(plain(whole)) if sign.start() >= kept]
    parts = [whole[sign.end() : after.start() if after else len(whole)].strip() for sign, after in zip_longest(signs, signs[1:])]
    return next((part for part in reversed(parts) if is_site_name(part)), None)


def _names_site(part: str, sign: str) -> bool:
    if display_width(part) > _LONGEST_SUFFIX:
        return False
    if is_outlet(part) and len(part.split()) <= 5 and not (is_cjk(part) and display_width(part) > _LONGEST_CJK_SITE):
        return True
    # `_` and `|` are never part of a Chinese headline, so a short end after them is a name that we do not know
    return sign in {"_", "|"} and display_width(part) <= 16


# --- original titles ------------------------------------------------------------------------------------------------------------


@cache
def _original() -> re.Pattern[str]:
    label = alternation(words("fields", "original_title"))
    return re.compile(rf"(?P<open>[(\[【]?)\s?(?:{label})\s?:\s*")


def read_original_title(lines: Sequence[str]) -> tuple[tuple[Headline, ...], int]:
    """Original title that `lines` begin with, and how many lines it takes: `原标题：…`, a following `——…` is its subtitle. A title in
    brackets inside other text, …（原标题：甲）…, takes 0 lines. `((), 0)` if there is none.

    ORIGINAL keeps a campaign tag in its text, for no other role would keep it; its raw is the whole title as displayed.
    """
    if not lines:
        return (), 0
    first = fold_blanks(lines[0][: 4 * LONGEST_HEADLINE])
    match = _original().search(lowered(first))
    if match is None or (match.start() > 4 and not match["open"]):
        return (), 0
    inline = match.start() > 4
    title = first[match.end() :]
    if match["open"]:
        title, rest = _to_closing_bracket(title)
        inline = inline or bool(rest.strip(" 。."))
    used = 1
    if not title.strip() and not inline and len(lines) > 1:
        title, used = fold_blanks(lines[1][:LONGEST_HEADLINE]), 2
        if title[-1:] in "。；;，,：:" or display_width(title) > _WIDEST_BELOW or re.match(r"\s*[|:]|(?:来源|作者|时间|分享|扫一扫)", title):
            return (), 0  # an empty label, and what follows it is the text or the info line
    title = _unquoted(title.strip())
    if not title or len(title) > LONGEST_HEADLINE:
        return (), 0
    subtitle: str | None = None
    if not inline and used < len(lines) and (dash := _LEADING_DASH.match(lines[used][:LONGEST_HEADLINE])) and len(lines[used]) <= LONGEST_HEADLINE:
        subtitle = fold_blanks(lines[used][dash.end() :])
        used += bool(subtitle)
    whole = title
    if subtitle is None:
        title, subtitle = _split_subtitle(title)
    headlines = [Headline(role=HeadlineRole.ORIGINAL, text=title, raw=whole)]
    if subtitle:
        headlines.append(Headline(role=HeadlineRole.ORIGINAL_SUBTITLE, text=subtitle, raw=subtitle))
    return tuple(headlines), 0 if inline else used


def _to_closing_bracket(text: str) -> tuple[str, str]:
    """Text up to the bracket that closes one opened before it, and what follows."""
    depth = 1
    for position, char in enumerate(text):
        if char in "（([【":
            depth += 1
        elif char in "）)]】":
            depth -= 1
            if depth == 0:
                return text[:position], text[position + 1 :]
    return text, ""


def _unquoted(title: str) -> str:
    if title[:1] == "《" and title[-1:] == "》" and title.count("《") == 1:
        return title[1:-1].strip()
    return title
