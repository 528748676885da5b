"""The headline among a page's blocks."""

from broadsheet.page import mentions, words
from broadsheet.page.blocks import BESIDE, OUTSIDE, Document, Hint, columns
from broadsheet.page.headlines import strip_site_suffix
from broadsheet.page.metadata import Metadata
from broadsheet.page.names import is_cjk
from broadsheet.text import headline_key

_NARROWEST, _WIDEST = 4, 260
_LEAST = 3.0
_LONG_TITLE, _NARROWEST_KICKER, _WIDEST_KICKER = 20, 8, 60
_NEAR = 5
_LONG_KEY = 8  # that does not agree with another by accident
_FAR = 40  # blocks before the text


def find_title(document: Document, metadata: Metadata, start: int | None) -> tuple[int | None, str | None]:
    """(index of the headline's block, headline as displayed). Without such a block the headline is the one that the head states.

    `start` is the index of the article's first paragraph.
    """
    blocks = document.blocks
    titles = list(dict.fromkeys(title.text for title in metadata.titles))
    stated = [strip_site_suffix(text, metadata.site_name) for text in titles]
    keys = [key for text in stated if len(key := headline_key(text)) >= 2]
    raw_keys = list(map(headline_key, titles))
    every_key = "\n".join([*keys, *raw_keys])
    best: tuple[float, int] | None = None
    stop = len(blocks) if start is None else min(len(blocks), start + 2)
    for index, block in enumerate(blocks):
        if block.level != 1 and index >= stop:
            if index > stop + 400:
                break
            continue
        if not len(block.text) * 2 >= _NARROWEST or len(block.text) > _WIDEST:
            continue
        key = headline_key(block.text)
        if len(key) < 2:
            continue
        agreement = _agreement(key, keys, raw_keys) if key in every_key or _holds_one(key, keys) else 0.0
        if not agreement and block.level != 1 and keys:
            if not _may_be_unstated(document, index, start):
                continue
            agreement = 2.0
        value = agreement + _standing(document, index, start)
        if best is None or value > best[0]:
            best = (value, index)
    if best is not None and best[0] >= _LEAST:
        index = best[1]
        return index, without_kicker(blocks[index].text, stated)
    if stated:
        h1 = next((b.text for b in blocks if b.level == 1), None)
        texts = [strip_site_suffix(t.text, metadata.site_name, (h1,) if h1 else ()) for t in metadata.titles]
        return None, texts[0]
    return None, None


def without_kicker(shown: str, stated: list[str]) -> str:
    """`Premiere in Seestadt - The play opens` -> `The play opens`, where the head states that as the title. Only in scripts that put
    blanks between words: in front of a Chinese headline stands a campaign tag, which is kept."""
    if is_cjk(shown):
        return shown
    for title in stated:
        before = shown[: -len(title)] if len(title) >= _LONG_TITLE and shown.endswith(title) else ""
        if before.endswith(" ") and _NARROWEST_KICKER <= columns(before) <= _WIDEST_KICKER:
            return title
    return shown


def _holds_one(key: str, keys: list[str]) -> bool:
    return len(key) >= _LONG_KEY and any(stated in key for stated in keys)


def _agreement(key: str, keys: list[str], raw_keys: list[str]) -> float:
    """How well a line agrees with a title that the head states, with the site's suffix or without it."""
    if key in keys:
        return 5.0
    if len(key) >= 5 and any(raw.startswith(key) for raw in raw_keys):
        return 4.5
    if len(key) >= _LONG_KEY and any(key in raw for raw in raw_keys):
        return 4.0 if len(key) >= 12 else 3.0
    return 3.0 if any(len(stated) >= _LONG_KEY and stated in key and len(key) < 2 * len(stated) for stated in keys) else 0.0


def _may_be_unstated(document: Document, index: int, start: int | None) -> bool:
    """Whether a line shortly above the text may be the headline though the head names only the site or the channel."""
    block = document.blocks[index]
    if start is None or not 0 < start - index <= _NEAR or block.hints & (OUTSIDE | BESIDE) or block.width < 14:
        return False
    if not (block.level or document.boxes[block.box].own & Hint.TITLE):
        return False
    return not words.is_other_heading(block.text, block.mentions)


def _standing(document: Document, index: int, start: int | None) -> float:
    """What a line's tag, place and surroundings say for it as the headline."""
    block = document.blocks[index]
    value = 0.0
    value += {1: 3.0, 2: 1.5, 3: 1.0}.get(block.level, 0.0)
    own = document.boxes[block.box].own
    if own & Hint.TITLE:
        value += 1.0
    if block.hints & (OUTSIDE & ~Hint.HIDDEN):
        value -= 2.0
    if block.hints & Hint.HIDDEN:
        value -= 4.0
    if block.hints & (BESIDE & ~Hint.SHARE):
        value -= 1.5
    elif block.hints & Hint.SHARE:
        value -= 0.5  # a headline may stand in a bar with buttons, and be repeated in one
    if block.link_density > 0.8 and block.links:
        value -= 2.0
    if start is not None:
        value += 1.0 if index <= start + 1 else -1.0
        value -= min(abs(start - index), _FAR) / 40
    if block.mentions & mentions.HEADINGS["related"] and block.width < 16 and words.heading_group(block.text, block.mentions) == "related":
        value -= 2
    return value
