"""Blocks that may head a list: told by their make, their words and what follows them."""

import re
from collections import Counter, defaultdict

import msgspec

from broadsheet.page import words
from broadsheet.page.blocks import Document, Hint, RawBlock, columns
from broadsheet.page.mentions import HEADING, PERIOD
from broadsheet.page.names import is_cjk
from broadsheet.page.stories import Signature, Story, is_more_label, is_more_or_date, median, signature_of

WIDEST_HEADING = 44  # display columns
_WIDEST_NAMED = 42  # of a Japanese or Korean sentence that its words tell to be a heading
_WIDEST_CHANNEL = 16  # display columns of a channel's name
_STRONG = 4  # strength of a heading that its make proves
_NOTES = 10  # blocks of one make that are notes of entries, when few of them look like headings
_NUMBER = re.compile(r"^\D{0,3}\d{1,2}\D{0,2}$")
_HEADING_TAIL = re.compile(
    r"[\s|/·>＞»›+]{0,9}(?:查看)?(?:更多|更多內容|more|view all|see all|换一换|換一換|进入|全部)?[\s>＞»›.…+]{0,9}$", re.IGNORECASE
)
_TAIL_ENDS = frozenset(" |/·>＞»›+.…多容看elEL换換入部")
_NO_HEADING = re.compile(r"[，。]|[⋅·.]{3}|看到这里|\d篇|刷新|加载|未读|.首页$")
_GOES_ON = re.compile(r"\b(?:from|on|in|of|about|for|by|at|the|de|del|von|aus|zu|zum|über|sur|su|da|do|van|over|из|от|о|на|в) $", re.IGNORECASE)
_NO_HEADINGS = frozenset(("关注", "收藏", "分享", "举报", "评论", "+关注", "+ 关注", "Follow", "Share"))
_NAMED_HEADING = Hint.HEADING | Hint.TITLE
_HEADING_TAGS = frozenset(("dt", "th", "caption", "summary"))


class Heading(msgspec.Struct, eq=False):
    """A block that may head a list."""

    text: str
    width: int
    block: int
    box: int
    signature: Signature
    group: str | None
    strength: int
    story: Story | None = None
    demoted: bool = False
    block_level: int = 0


def heading_of(document: Document, index: int, block: RawBlock, *, are_channels_headings: bool = False) -> Heading | None:
    if block.is_item or block.width > 100:
        return None
    strength = _make_strength(document, block)
    if are_channels_headings and _names_channel(block):
        strength += 2 if len(block.links) > 1 else bool(strength)
    if not block.mentions & HEADING and (not strength or (strength < 2 and block.links and block.link_density > 0.5)):
        return None
    text = heading_text(block)
    width = columns(text)
    if (
        not 2 <= width <= WIDEST_HEADING
        or (_NUMBER.match(text) and not words.is_period(text))
        or is_more_or_date(text)
        or text in _NO_HEADINGS
        or _NO_HEADING.search(text)
        or text[-1] in "。，,；;"
        or text[-2:-1] == "…"
    ):
        return None
    lines = words.groups_of(block.shown) - {"more"}
    if "share" in lines or "ad" in lines or "pagination" in lines:
        return None
    group = "none" if lines else words.heading_group(text, block.mentions) if width <= (_WIDEST_NAMED if is_cjk(text) else 36) else None
    if group and width <= 24 and not lines:
        strength += 2 if width <= 14 else 1
    if not strength or (block.links and strength < 2 and block.link_density > 0.5):
        return None
    return Heading(text, width, index, block.box, signature_of(document, block), group, strength, block_level=block.level)


def _names_channel(block: RawBlock) -> bool:
    """Whether a block is a link to a channel, perhaps with "more" beside it."""
    if not 1 <= len(block.links) <= 2 or block.hints & (Hint.NAV | Hint.CRUMB | Hint.FOOTER):
        return False
    name = block.links[0].text
    is_alone = len(block.links) == 1 or is_more_label(block.links[1].text)
    return is_alone and bool(name) and block.text.startswith(name) and columns(name) <= _WIDEST_CHANNEL


def _make_strength(document: Document, block: RawBlock) -> int:
    """How much a block's make speaks for a heading: its tag, its names, its type."""
    boxes = document.boxes
    box = boxes[block.box]
    own = box.own
    if box.parent >= 0 and _is_small(document, box.parent):
        own |= boxes[box.parent].own
    return (2 if block.level else 0) + bool(own & _NAMED_HEADING) + (block.tag in _HEADING_TAGS) + block.is_strong


def _is_small(document: Document, box: int) -> bool:
    return document.boxes[box].end - document.boxes[box].first <= 3


def tab_headings(document: Document, index: int, block: RawBlock) -> list[Heading]:
    """阅读排行榜 | 评论排行榜: headings of several lists in one line."""
    if len(block.text) > 60 or not block.mentions & (HEADING | PERIOD):
        return []
    parts = [link.text for link in block.links if link.text] if len(block.links) > 1 else block.text.split()
    if not 2 <= len(parts) <= 6:
        return []
    if sum(map(len, parts)) < 0.7 * len(block.text.replace(" ", "")):
        return []
    if all(map(words.is_period, parts)):
        signature = signature_of(document, block)
        return [Heading(part, columns(part), index, block.box, signature, "period", 3) for part in parts]
    if len(parts) > 2 and all(map(words.is_period, parts[1:])) and words.heading_group(parts[0], block.mentions) in ("feed", "feed_first"):
        signature = signature_of(document, block)  # 点击排行 日 周 月
        return [Heading(parts[0], columns(parts[0]), index, block.box, signature, "period", 3) for _ in parts[1:]]
    if len(block.links) <= 1 and any(len(part) < 4 or not is_cjk(part) for part in parts):  # words of one heading
        return []
    if any(columns(part) > 16 for part in parts):
        return []
    groups = [words.heading_group(part, block.mentions) for part in parts]
    if not all(group in ("feed", "feed_first", "related") for group in groups):
        return []
    signature = signature_of(document, block)
    return [Heading(part, columns(part), index, block.box, signature, group, 3) for part, group in zip(parts, groups, strict=True)]


def heading_text(block: RawBlock) -> str:
    """A module's heading as displayed, without "more" and ornaments."""
    text = block.text
    if (
        block.links
        and block.links[0].text
        and block.link_chars < len(text)
        and (before := text.find(block.links[0].text)) > 2
        and columns(text[:before].strip()) >= 4
        and not (len(block.links) == 1 and _GOES_ON.search(text[:before]))  # More from The Herald
    ):
        return text[:before].strip(" \t|>＞»›:：•·-_<＜«‹■◆●▶►▪◎☆★↓↑→/+")[:120] or text[:120]
    if len(block.links) > 1 or (block.links and 0 < block.link_chars < len(text)):
        for link in block.links[::-1]:
            label = link.text
            if label and text.endswith(label) and label != text and is_more_label(label):
                text = text[: -len(label)].rstrip()
    text = text[:120]
    if text[-1:] in _TAIL_ENDS:
        text = _HEADING_TAIL.sub("", text)
    return text.strip(" \t|>＞»›:：•·-_<＜«‹■◆●▶►▪◎☆★↓↑→/+") or text


def demote(document: Document, tokens: list[Story | Heading | None]) -> None:
    """Headings under which there is one story at most are headlines or notes of entries, if they come in numbers."""
    followers: dict[Signature, list[int]] = defaultdict(list)
    for position, token in enumerate(tokens):
        if isinstance(token, Heading):
            count = 0
            for following in tokens[position + 1 : position + 6]:
                if not isinstance(following, Story) and not (isinstance(following, Heading) and following.story is not None and following.width > 18):
                    if isinstance(following, Heading) and count == 0 and following.signature == token.signature:
                        continue  # tabs stand side by side
                    break
                count += 1
            followers[token.signature].append(count)
    alike = _alike(document, tokens)
    numbers = {signature: (len(counts), median(counts), max(counts)) for signature, counts in followers.items()}
    for token in tokens:
        if isinstance(token, Heading):
            seen, typical, most = numbers[token.signature]
            if alike[token.signature] >= _NOTES and seen < 0.4 * alike[token.signature] and token.strength < _STRONG and not token.block_level:
                token.demoted = True  # one of many notes of one make: an outlet's name under each entry
            elif (
                token.story is not None
                and (
                    (seen >= 3 and typical < 2)
                    or (most < 2 and (token.group is None or token.strength < 3))
                    or (token.strength < 3 and token.group is None and token.width > 16)
                )
            ) or (token.story is None and seen >= 3 and most < 2):
                token.demoted = True


def _alike(document: Document, tokens: list[Story | Heading | None]) -> Counter[Signature]:
    """How many short blocks without links are made like a weak heading, by its signature."""
    weak = {token.signature for token in tokens if type(token) is Heading and not token.block_level and token.strength < _STRONG}
    if not weak:
        return Counter()
    lines = (signature_of(document, block) for block in document.blocks if not block.links and block.width <= WIDEST_HEADING)
    return Counter(signature for signature in lines if signature in weak)
