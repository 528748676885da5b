"""Facts of all blocks, found in one pass over the page: above all, which groups of the vocabulary each mentions.

Most blocks mention none, and the patterns that tell exactly what a block says are not tried on them. A mention is necessary for such
a pattern to match, not sufficient: words may overlap, and only the clearest parts of longer words are left out here.
"""

from collections.abc import Iterable
from functools import cache

from ahocorasick_rs import AhoCorasick, Implementation

from broadsheet.page.blocks import Document, RawBlock, columns
from broadsheet.page.plain import lowered
from broadsheet.page.vocabulary import is_alphabetic, load, words

FOOTER = 1 << 0
BOILERPLATE = 1 << 1
CREDIT = 1 << 2
RIGHTS = 1 << 3
LABEL = 1 << 4  # of any field, CREDIT's included
CRUMB = 1 << 5
PERIOD = 1 << 6
INTERFACE = 1 << 7
PICTURE = 1 << 14
HEADINGS = {kind: 1 << (8 + number) for number, kind in enumerate(load("modules")["kinds"])}
HEADING = sum(HEADINGS.values())
RELATED_HEADING = HEADINGS["related"] | HEADINGS["feed_first"]
# Labels that make no line a credit, unlike roles with a row, the source, and roles that are read over.
_NO_CREDIT = frozenset(("time", "updated", "ignored", "size"))
_CRUMB_SIGNS = (">", "»", "›", "→", "❯", "▸", " / ", " | ", " - ", "位置", "here", "hier")
# A hostile page of nothing but words is searched in parts, so that what is found fits in memory. No pattern reads a block further.
_AT_ONCE, _BLOCKS_AT_ONCE, _LONGEST_ASKED = 100_000, 40, 2000
_BETWEEN = "\0"  # blocks: in no text


def describe_blocks(document: Document) -> None:
    """Give each block what is asked of it again and again: its width and share of links, its text as patterns see it, and the groups
    of words that it mentions."""
    blocks = document.blocks
    if not blocks:
        return
    others: list[RawBlock] = []
    for block in blocks:
        text = block.text
        if block.link_chars:
            block.link_density = block.link_chars / len(text)
        if text.isascii():
            block.width, block.shown = len(text), text.lower()
        else:
            block.width = columns(text)
            others.append(block)
    if others:  # together: they are many and short
        texts = lowered(_BETWEEN.join([block.text for block in others])).split(_BETWEEN)
        if len(texts) != len(others):  # the page was not decoded by us
            texts = [lowered(block.text).replace(_BETWEEN, " ") for block in others]
        for block, text in zip(others, texts, strict=True):
            block.shown = text
    page = _BETWEEN.join([block.shown for block in blocks])
    if len(page) <= _AT_ONCE:
        _mark(blocks, page)
    else:
        for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
            some = blocks[start : start + _BLOCKS_AT_ONCE]
            _mark(some, _BETWEEN.join([block.shown[:_LONGEST_ASKED] for block in some]))


def mentioned(shown: str) -> int:
    """Groups that a single text mentions."""
    search, bits_of = _automaton()
    found = 0
    for word, _, _ in search.find_matches_as_indexes(shown, overlapping=True):
        found |= bits_of[word][0]
    return found


def _mark(blocks: list[RawBlock], page: str) -> None:
    """`page` is what the blocks show, or the beginning of each."""
    search, bits_of = _automaton()
    number = block_end = -1
    for word, start, end in search.find_matches_as_indexes(page, overlapping=True):
        bits, begins_with_letter, ends_with_letter = bits_of[word]
        if (begins_with_letter and start and page[start - 1].isalpha()) or (ends_with_letter and page[end : end + 1].isalpha()):
            continue  # part of a longer word
        while start > block_end:
            number += 1
            block_end = page.find(_BETWEEN, block_end + 1)
            if block_end < 0:
                block_end = len(page)
        blocks[number].mentions |= bits


@cache
def _automaton() -> tuple[AhoCorasick, list[tuple[int, bool, bool]]]:
    """The searcher, and by word: its groups, and whether a letter before or after it would make another word of it."""
    bits_of: dict[str, int] = {}
    pieces: set[str] = set()
    for bits, group in _groups():
        for word in group:
            whole = lowered(word)
            first = whole.split("…")[0]
            if first != whole or bits == RIGHTS:
                pieces.add(first)  # a stem, or the beginning of a statement with a gap
            bits_of[first] = bits_of.get(first, 0) | bits
    facts = [(bits, word not in pieces and is_alphabetic(word[0]), word not in pieces and is_alphabetic(word[-1])) for word, bits in bits_of.items()]
    return AhoCorasick(list(bits_of), implementation=Implementation.ContiguousNFA), facts


def _groups() -> Iterable[tuple[int, tuple[str, ...]]]:
    yield FOOTER, words("modules", "footer")
    yield BOILERPLATE, words("modules", "boilerplate")
    for kind, bit in HEADINGS.items():
        yield bit, words("modules", "kinds", kind)
    for kind in load("fields")["labels"]:
        yield LABEL if kind in _NO_CREDIT else LABEL | CREDIT, words("fields", "labels", kind)
    yield LABEL | CREDIT, words("fields", "standings_cjk")
    for kind in ("openings", "statements", "disclaimers", "conditions"):
        yield RIGHTS, words("fields", "rights", kind)
    yield PERIOD, words("modules", "periods")
    yield INTERFACE, words("modules", "interface")
    yield PICTURE, words("modules", "picture_credit")
    yield CRUMB, _CRUMB_SIGNS
