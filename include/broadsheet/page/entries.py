"""Entries of a list: one for each story, with its rank, and whether the list cuts its headlines."""

import re
from collections import Counter
from itertools import pairwise

import msgspec

from broadsheet.page.blocks import Document, Link
from broadsheet.page.entry_times import entry_times
from broadsheet.page.names import is_cjk
from broadsheet.page.stories import LONGEST_STORY, NARROWEST_ENTRY, NARROWEST_STORY, Signature, Story, median, signature_of
from broadsheet.records import LinkItem
from broadsheet.text import ELLIPSES, display_width, fold_blanks, headline_key

_RANK = re.compile(
    r"^\s{0,9}(?:NO\.?|No\.?|TOP)?\s{0,9}(\d{1,2})(?:[位위](?=\s)|[.、．:：]|\s|(?=[^\d\s.,:%年月日个万亿岁点大届强部名只条人元度倍分天成起家位米-]))\s{0,9}"
)

_CLOCK_TAIL = re.compile(r"(?<=\S)\s[0-9]{1,2}:[0-9]{2}$")  # of a list that prints the hour inside its links


def entry_stories(document: Document, stories: list[Story]) -> list[Story]:
    """A run's stories, one for each target: of an image link, a headline and a summary with one href the headline stays; of an
    entry's other links (channel, author, counter) none does."""
    if len(stories) < 2:
        return stories
    by_href: dict[str, Story] = {}
    kept: list[Story] = []
    for story in stories:
        href = (story.link.href or "").strip()
        if href and (known := by_href.get(href)) is not None:
            known.blocks.extend(story.blocks)
            known.link.has_image |= story.link.has_image
            if known.width < NARROWEST_STORY or (document.blocks[story.block].level and not document.blocks[known.block].level):
                known.text, known.width, known.block = story.text, story.width, story.block
            continue
        # image text and anchor text on lines of their own; the same headline at another rank is another entry
        if document.is_plain and kept and headline_key(kept[-1].text) == headline_key(story.text):
            kept[-1].blocks.extend(story.blocks)
            continue
        if href:
            by_href[href] = story
        kept.append(story)
    wide = [story for story in kept if story.width >= NARROWEST_STORY]
    short = _short_entries(document, [story for story in kept if story.width < NARROWEST_STORY], wide)
    kept = [story for story in kept if story.width >= NARROWEST_STORY or story.block in short]
    if not wide:
        return []
    widest: dict[int, int] = {}
    for story in kept:
        if story.item is not None:
            widest[story.item] = max(widest.get(story.item, 0), min(story.width, 60))
    kept = [story for story in kept if story.item is None or story.width >= 0.5 * widest[story.item]]
    widths = [story.width for story in kept]
    typical = median(widths)
    narrow = 0.5 * typical
    if typical < 16 or min(widths) >= narrow:
        return kept
    counts = Counter(story.text for story in kept)
    return [story for story, width in zip(kept, widths, strict=True) if not (width < narrow and counts[story.text] > 1)]


def _short_entries(document: Document, narrow: list[Story], wide: list[Story]) -> set[int]:
    """Which of a list's narrow stories are entries, by their blocks: few, each alone in its block (a channel's name stands beside a
    headline), in the place and of the make of most others."""
    if not narrow or len(narrow) > len(wide) / 3:
        return set()
    made = Counter(_place_and_make(document, story) for story in wide)
    usual, count = made.most_common(1)[0]
    taken = {story.block for story in wide}
    if count < 3 or count <= len(wide) / 2:
        return set()
    return {
        story.block
        for story in narrow
        if story.width >= NARROWEST_ENTRY and story.block not in taken and is_cjk(story.text) and _place_and_make(document, story) == usual
    }


def _place_and_make(document: Document, story: Story) -> tuple[int, Signature]:
    entry = story.box if story.item is None else story.item
    return document.boxes[entry].parent, signature_of(document, document.blocks[story.origin])


def link_items(document: Document, stories: list[Story]) -> tuple[list[LinkItem], bool, int | None]:
    """(entries of a list in page order, whether their numbers are displayed, display columns at which the list cuts them)."""
    is_ranked, entries = _items(document, stories)
    limit = width_limit([entry.text for entry in entries])
    is_marked = any(entry.text.endswith(ELLIPSES) for entry in entries)
    return [_with_cut(entry, limit, is_marked) for entry in entries], is_ranked, limit


def _items(document: Document, stories: list[Story]) -> tuple[bool, list[LinkItem]]:
    """(whether numbers are displayed, items)."""
    texts = [_without_mark(undoubled(story.text)) for story in stories]
    matches = [_RANK.match(text) for text in texts]
    numbers = [int(match[1]) if match else None for match in matches]
    ranked = _counts_up(numbers)
    shown_ranks = [_shown_rank(document, story) for story in stories]
    if ranked:
        texts = [text[match.end() :] if match and text[match.end() :].strip() else text for text, match in zip(texts, matches, strict=True)]
    ranked = ranked or _counts_up(shown_ranks)
    if len(texts) > 1 and all(_CLOCK_TAIL.search(text) for text in texts):
        texts = [_CLOCK_TAIL.sub("", text) for text in texts]
    items = []
    times = entry_times(document, stories)
    for rank, (story, text, time) in enumerate(zip(stories, texts, times, strict=True), start=1):
        items.append(
            LinkItem(
                rank=rank,
                text=text,
                raw=document.blocks[story.block].text if document.is_plain else story.text,
                url=story.link.href,
                full_text=_full_text(text, story.link),
                has_image=story.link.has_image or story.link.href in document.images,
                display_width=display_width(text),
                published=time,
            )
        )
    return ranked, items


def _without_mark(text: str) -> str:
    """A headline without the NEW that a list prints behind it; one in capitals may end in the word."""
    return text if text == text.upper() and not is_cjk(text) else _NEW.sub("", text)


_NEW = re.compile(r"(?<=\S)\s{1,3}NEW!?$")


def _counts_up(numbers: list[int | None]) -> bool:
    known = [(position, number) for position, number in enumerate(numbers, start=1) if number is not None]
    if len(known) < 2 or len(known) < 0.6 * len(numbers):
        return False
    return sum(position == number for position, number in known) >= 0.7 * len(known) or all(b - a == 1 for (_, a), (_, b) in pairwise(known))


def _shown_rank(document: Document, story: Story) -> int | None:
    """A number before the link, in its block or in the block before it."""
    block = document.blocks[story.block]
    if block.rank is not None:
        return block.rank
    where = block.text.find(story.text)
    if where > 0 and (match := re.fullmatch(r"\D{0,4}(\d{1,2})\D{0,3}", block.text[:where])):
        return int(match[1])
    if story.block > 0 and where <= 0:
        before = document.blocks[story.block - 1].text
        if len(before) <= 4 and (match := re.fullmatch(r"\D?(\d{1,2})\D?", before)):
            return int(match[1])
    return None


def _full_text(text: str, link: Link) -> str | None:
    """A longer headline that the page itself gives for a cut one."""
    for stated in (link.title, link.image_text):
        full = fold_blanks(stated or "")
        if len(full) > len(text) and len(full) <= 2 * LONGEST_STORY and full.startswith(_without_ellipsis(text)[:12]):
            return full
    return None


def _without_ellipsis(text: str) -> str:
    return text.rstrip(".…·．")


def undoubled(text: str) -> str:
    """`title title` (image text and anchor text of one link) -> `title`; anything else as it is."""
    half = len(text) // 2
    if len(text) % 2 == 1 and half and text[half] == " " and text[:half] == text[half + 1 :]:
        return text[:half]
    return text[:half] if half >= 4 and len(text) % 2 == 0 and text[:half] == text[half:] else text


def width_limit(texts: list[str]) -> int | None:
    """Display columns at which a list cuts its headlines, or None: three entries or more end at the limit or one column before it
    (a wide character did not fit) and none is wider. Where cut entries end in an ellipsis two of them are enough; the ellipsis
    stands beyond the limit and does not count."""
    widths = [display_width(text) for text in texts]
    if len(widths) < 2:
        return None
    limit = max(widths)
    cut = [text.endswith(ELLIPSES) for text in texts]
    if sum(cut) >= 2:
        limits = [display_width(_without_ellipsis(text)) for text, is_cut in zip(texts, cut, strict=True) if is_cut]
        return max(limits) if max(limits) - min(limits) <= 6 else None
    at_limit = sum(limit - 1 <= width <= limit for width in widths)
    if limit < 16 or at_limit < 3 or at_limit < 0.3 * len(widths):
        return None
    return limit


def _with_cut(item: LinkItem, limit: int | None, is_marked: bool) -> LinkItem:
    """The entry with its flag. In a list that marks its cuts, what has no mark is whole; else it is cut if it ends at the limit, up
    to two columns short of it for a blank that was stripped and a wide character that did not fit."""
    at_limit = not is_marked and limit is not None and limit - 2 <= item.display_width <= limit
    is_cut = item.text.endswith(ELLIPSES) or at_limit or item.full_text is not None
    return msgspec.structs.replace(item, is_truncated=True) if is_cut else item
