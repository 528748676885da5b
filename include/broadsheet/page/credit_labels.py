"""The words that introduce credits and times in a line, as patterns for `lowered` text: made of the vocabulary when first asked for."""

import re
from functools import cache

from broadsheet.page.names import is_cjk
from broadsheet.page.plain import lowered
from broadsheet.page.vocabulary import alternation, load, word_set, words
from broadsheet.records import PersonRole

PEOPLE = {role.value: role for role in PersonRole}
CREDITS = {*PEOPLE, "signed", "source", "other_credits"}
CONTACT = re.compile(
    r"[\w.+-]{1,40}@[\w-]{1,40}(?:\.[\w-]{1,20}){1,3}|\(?\b\d{3}\)?[ -]\d{3}-\d{4}\b|@\w{2,20}|\([0-9]{1,2}:[0-9]{2}(?: ?[ap]m)?(?: [A-Z]{2,4})?\)",
    re.IGNORECASE,
)


@cache
def label_kinds() -> dict[str, str]:
    """Label in lower case, blanks single -> kind. A word listed twice keeps its first kind."""
    kinds: dict[str, str] = {}
    for kind in load("fields")["labels"]:
        for word in words("fields", "labels", kind):
            kinds.setdefault(" ".join(lowered(word).split()), kind)
    return kinds


@cache
def credit_word() -> re.Pattern[str]:
    """Any label of people or sources: most blocks of a page have none, and need no reading."""
    labels = (word for word, kind in label_kinds().items() if kind in CREDITS)
    return re.compile(alternation([*labels, *words("fields", "standings_cjk")]))


MAY_CONTACT = re.compile(r"@|[0-9]-[0-9]|\([0-9]")
STRONG_SIGN = re.compile(r"[^\W\d_] {0,3}[:|】]|/")


@cache
def strong_label() -> re.Pattern[str]:
    """A label with its colon, bar or slash. Single characters (文, 图) must stand alone."""
    every = label_kinds()
    singles = "|".join(re.escape(word) for word in every if len(word) == 1)
    longer = alternation(word for word in every if len(word) > 1)
    ends = r"\ {0,3}[:|]\ ?|(?<=[文图影撰圖者辑摄记記译譯真手成진글])\ ?[/=]\ ?|(?<=/[文图影圖])\ {1,3}|】\ {0,3}(?=\w)"
    return re.compile(rf"(?:(?P<word>{longer})|(?<!\w)(?P<single>{singles}))(?:{ends})")


@cache
def bare_label() -> re.Pattern[str]:
    """A people's or source label that is followed by a blank or, for reporters, directly by the name."""
    kinds = label_kinds()
    signed = word_set("fields", "labels_with_sign")
    bare = [word for word, kind in kinds.items() if (kind in CREDITS and len(word) > 1 and word not in signed) or word in {"文", "图", "摄"}]
    return re.compile(rf"(?P<word>{alternation(bare)})")


@cache
def before_time() -> re.Pattern[str]:
    """What joins a time to what is before it: `Updated`, `发布于`, `on`."""
    labels = alternation([*words("fields", "labels", "time"), *words("fields", "labels", "updated")])
    days = alternation(words("fields", "weekdays"))
    return re.compile(
        rf"(?:(?P<label>{labels})[\ :|,]{{0,3}})?(?:\b(?:on|at|am|le|el|il|em|den|ngày)\ )?(?:(?:{days})\.?(?:,|\ [/|–-])?\ )?(?:ngày\ )?$"
    )


@cache
def after_time() -> re.Pattern[str]:
    """2026年11月27日07時05分配信, 2026/11/27 10:00 송고: what a time tells, said after it."""
    labels = alternation(word for group in ("time", "updated") for word in words("fields", "labels", group) if len(word) == 2 and is_cjk(word))
    return re.compile(rf"\ ?(?:{labels})(?=\s*(?:$|[)|\]]|\s[^:]))")


@cache
def noise() -> re.Pattern[str]:
    every = words("fields", "noise")
    glued = alternation(word for word in every if len(word) >= 3 and is_cjk(word))
    lone = alternation(word for word in every if len(word) < 3 or not is_cjk(word))
    places = load("fields")["posted_from"]
    posted = rf"(?:{'|'.join(places['verbs'])}):? ?(?:{'|'.join(places['places'])})(?:{'|'.join(places['endings'])})?"
    counts = r"(?<![\w.])[0-9]{1,6}(?:\.[0-9])?[wk万]?(?![\w.:/-])|(?<=\()[0-9]{1,7}(?:人参与|人跟贴|条)"
    sizes = r"\ba ?[+-]|(?<=\s)a(?=\s)"  # A- A A+
    return re.compile(rf"{posted}|{glued}|(?:(?<=^)|(?<=[\s|\[(/,)\]0-9]))(?:{lone})(?=$|[\s|:\])(/,0-9】])|{sizes}|{counts}")


@cache
def place() -> re.Pattern[str]:
    places = load("fields")["posted_from"]
    return re.compile(rf"(?:{'|'.join(places['places'])})(?:{'|'.join(places['endings'])})?")
