"""The language of a page: as it states it, else by the script of its texts and by the sequences of their letters."""

import re
from collections.abc import Iterable

from broadsheet.page.vocabulary import load, word_set

_KANA, _HANGUL, _HAN = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]"), re.compile(r"[\uac00-\ud7a3]"), re.compile(r"[\u4e00-\u9fff]")

_SAMPLE, _LEAST_SAMPLE = 4000, 200  # characters
_FARTHEST = 800  # by resiliparse's measure: news is at 100 to 500 of its own language


def stated_language(value: str | None) -> str | None:
    """ISO 639-1 code of what a page states, `zh-CN`, `en_US` or a code that templates use instead; None for anything else."""
    code = re.split(r"[-_,;. ]", (value or "").strip().lower(), maxsplit=1)[0]
    code = load("fields")["languages"].get(code, code)
    return code if re.fullmatch(r"[a-z]{2}", code) else None


def writes_day_first(value: str | None) -> bool:
    """Whether a page in the language that it states (`fr`, `en-GB`) writes 03/04/2021 for the third of April."""
    stated = (value or "").strip().lower().replace("_", "-")
    return stated in word_set("fields", "day_first") or stated_language(value) in word_set("fields", "day_first")


def language_of(texts: Iterable[str]) -> str | None:
    """ISO 639-1 code by script and letters, for pages that do not state it; None for a text that is short or fits no language well."""
    sample = " ".join(texts)[:_SAMPLE]
    if len(_KANA.findall(sample)) > 0.02 * len(sample):
        return "ja"
    if len(_HANGUL.findall(sample)) > 20:
        return "ko"
    if len(_HAN.findall(sample)) > 0.1 * len(sample):
        return "zh"
    if len(sample) < _LEAST_SAMPLE:
        return None
    from resiliparse.parse.lang import detect_fast

    code, distance = detect_fast(sample, cutoff=_FARTHEST)
    return stated_language(code) if distance < _FARTHEST else None
