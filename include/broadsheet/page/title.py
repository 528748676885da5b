"""The headline: the block that shows what the page's head says its title is."""

from collections.abc import Sequence

from broadsheet.page.blocks import Document, Hint, RawBlock
from broadsheet.page.headlines import strip_site_suffix
from broadsheet.page.metadata import Metadata
from broadsheet.page.times import find_time
from broadsheet.page.words import is_word
from broadsheet.text import headline_key

_LONGEST = 240  # columns
_SHORTEST = 8


def candidates(metadata: Metadata) -> list[str]:
    """Titles that the page's head states, without the site's name, best first."""
    found = [strip_site_suffix(candidate.text, metadata.site_name) for candidate in metadata.titles]
    return list(dict.fromkeys(title for title in found if title))


def find_title(document: Document, metadata: Metadata, body_start: int) -> tuple[int | None, str | None]:
    """(index of the block, displayed headline). The block is None where the headline is known from the head alone."""
    stated = candidates(metadata)
    index = _plain_title(document, body_start) if document.is_plain else _html_title(document, stated, body_start)
    if index is not None:
        return index, document.blocks[index].text
    return None, stated[0] if stated else None


def _html_title(document: Document, stated: Sequence[str], body_start: int) -> int | None:
    keys = [headline_key(title) for title in stated]
    best, best_score = None, 0.0
    for index, block in enumerate(document.blocks):
        if not _may_be_title(block) or index > body_start + 8:
            continue
        score = _agreement(headline_key(block.text), keys) * 4
        if block.tag == "h1":
            score += 2.5
        elif block.is_heading_tag:
            score += 1.2
        elif score < 2:
            continue
        if block.link_density > 0.8:
            score -= 1.5
        if block.hints & (Hint.NAV | Hint.FOOTER | Hint.ASIDE | Hint.HIDDEN | Hint.COMMENT):
            score -= 1.0
        # The nearer above the text the better.
        score -= min(abs(body_start - index), 60) * 0.01 + (0.8 if index > body_start else 0)
        if score > best_score:
            best, best_score = index, score
    return best if best_score >= 1.0 else None


def _agreement(key: str, stated: Sequence[str]) -> float:
    """1 for a block that is a stated title, less for one that contains it or is its beginning."""
    if len(key) < 3:
        return 0.0
    best = 0.0
    for title in stated:
        if key == title:
            return 1.0
        if len(title) >= 6 and len(key) >= 6 and (title in key or key in title):
            best = max(best, min(len(key), len(title)) / max(len(key), len(title)))
    return best


def _may_be_title(block: RawBlock) -> bool:
    return 4 <= block.width <= _LONGEST and not is_word("search", block.text)


def _plain_title(document: Document, body_start: int) -> int | None:
    """In a rendered page: the line that stands twice (document title and heading), or the last long line above the info line."""
    blocks = document.blocks
    above = range(min(body_start, len(blocks)) - 1, -1, -1)
    seen: dict[str, int] = {}
    for index in range(min(body_start, len(blocks))):
        if not blocks[index].is_item:
            seen[headline_key(blocks[index].text)] = seen.get(headline_key(blocks[index].text), 0) + 1
    info = next((index for index in above if find_time(blocks[index].text) is not None and blocks[index].width < 140), body_start)
    lines = [index for index in range(info - 1, -1, -1) if not blocks[index].is_item and _SHORTEST <= blocks[index].width <= _LONGEST]
    doubled = [index for index in lines if seen[headline_key(blocks[index].text)] > 1 and blocks[index].width >= 12]
    if doubled and info - doubled[0] <= 12:
        return doubled[0]
    near = [index for index in lines if info - index <= 8 and find_time(blocks[index].text) is None]
    if not near:
        return None
    return max(near, key=lambda index: min(blocks[index].width, 60) - 6 * (info - index))
