"""Headed lists in a rendered page, which has lines, bullets and blank lines but no boxes and no links.

Each line is a heading, a story, a note of an entry or a break (`rendered_lines.py`, `rendered_headings.py`). A section is what follows a heading
until the next one; its entries are the headlines of its records (`rendered_records.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from broadsheet.page import words
from broadsheet.page.blocks import Document, Link
from broadsheet.page.headings import Heading
from broadsheet.page.link_runs import Run
from broadsheet.page.names import is_cjk
from broadsheet.page.rendered_headings import mark_headings, tabs_beside
from broadsheet.page.rendered_lines import Kind, Line, are_same, lines_of, rank_of
from broadsheet.page.rendered_records import clean, headlines_of, listed
from broadsheet.page.stories import Story, median
from broadsheet.records import BlockLabel
from broadsheet.text import headline_key

_COPIED = 0.62  # share of distinct entries below which a list stands twice
_TABS_WITHIN = 3  # lines from one tab to the next
_MENU, _NARROW = 3, 0.6  # fewest words of a menu; share of the width of a list's first entries that they are below
_WIDE_WORDS, _WIDE_LATIN_WORDS = 14, 26  # display columns
_FEWEST_COPIED, _MOSTLY_COPIED, _FEW = 3, 0.75, 4  # entries of a copied list, share of them that are the same; copies that are looked for
_SLIDER = 12  # entries of a slider with its copies, at most
_WIDE_ENOUGH, _WIDE_ABOVE = 16, 26  # display columns of a typical entry
_NOTES_BETWEEN = 14  # more notes than an entry has: the list is over


@dataclass(slots=True, eq=False)
class _Section:
    heading: Heading | None
    is_above: bool = False  # above the article's headline, where menus are
    tabs: list[Heading] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def rendered_runs(document: Document, body: set[int]) -> Iterator[Run]:
    """Lists of a rendered page in page order: stories under their heading, one for each entry."""
    for section in _sections(document, body):
        yield from _runs(section)


def _sections(document: Document, body: set[int]) -> Iterator[_Section]:
    """Stretches under one heading. Comments last until a heading of a list; weak headings count only under the article's headline."""
    title = next((index for index, block in enumerate(document.blocks) if block.label == BlockLabel.TITLE), 0) if body else 0
    section = _Section(None, title > 0)
    notes, in_comments = 0, False
    in_place_of_list = False  # after a note that a script loads the list, up to the next heading, stand lists that nobody sees
    lines = lines_of(document, body)
    mark_headings(lines)
    for line in lines:
        heading = line.heading if line.kind == Kind.HEADING else None
        if heading is not None and in_comments and (heading.strength < 3 or not heading.group):
            heading = None
        if line.kind in (Kind.BREAK, Kind.COMMENTS):
            yield section
            section, notes = _Section(None, line.index < title), 0
            in_comments, in_place_of_list = line.kind == Kind.COMMENTS, False
        elif heading is not None:
            in_comments = in_place_of_list = False
            if _is_tab_beside(section, line):
                section.tabs.append(heading)
                continue
            yield section
            section, notes = _Section(heading, line.index < title, tabs_beside(heading, line)), 0
        elif section.heading is not None and _is_empty(section) and words.is_loading(line.text):
            yield section
            section, in_place_of_list = _Section(None, line.index < title), True
        elif not in_comments and not in_place_of_list:
            notes = notes + (not line.is_often) if line.kind in (Kind.NOTE, Kind.SHORT) else 0
            if notes > _NOTES_BETWEEN:
                yield section
                section, notes = _Section(None, line.index < title), 0
            section.lines.append(line)
    yield section


def _is_tab_beside(section: _Section, line: Line) -> bool:
    """Whether a heading stands close under that of a section in which there is nothing yet: tabs."""
    head = section.heading
    if head is None or head.group in (None, "none") or line.index - head.block > _TABS_WITHIN:
        return False
    return _is_empty(section) and not any(other.block.is_item for other in section.lines)


def _is_empty(section: _Section) -> bool:
    return not any(line.kind == Kind.STORY for line in section.lines)


def _runs(section: _Section) -> Iterator[Run]:
    """The section's list, or one for each ranking that begins with number 1 again."""
    entries = _without_copy(_once(headlines_of(section.lines if section.heading is not None else listed(section.lines))))
    entries = entries[: _end_of_list(entries)]
    if section.heading is None and len({line.text[:2] for line in entries}) == 1:
        return  # 回复【福利】…, 回复【社保】…: instructions
    if not entries or median(line.width for line in entries) < (_WIDE_ABOVE if section.is_above else _WIDE_ENOUGH):
        return
    starts = [position for position, line in enumerate(entries) if rank_of(line) == 1]
    bounds = [*starts, len(entries)]
    if section.heading is None or len(starts) < 2 or starts[0] != 0 or min(b - a for a, b in pairwise(bounds)) < 3:
        bounds = [0, len(entries)]
    headings = [section.heading, *section.tabs]
    lists: list[list[Line]] = []
    for start, stop in pairwise(bounds):
        if not any(_is_copy(entries[start:stop], other) for other in lists[:_FEW]):
            lists.append(entries[start:stop])
    for number, list_ in enumerate(lists):
        stories = [_story(line) for line in list_]
        clean(stories)
        yield Run(headings[min(number, len(headings) - 1)], stories=stories)


def _once(entries: list[Line]) -> list[Line]:
    """A slider's entries stand twice in the page; in a list with ranks one headline may hold two."""
    if sum(rank_of(line) is not None for line in entries) > 0.5 * len(entries):
        return entries
    distinct = list({headline_key(line.text) or line.text: line for line in reversed(entries)}.values())[::-1]
    return distinct if len(entries) <= _SLIDER and len(distinct) <= _COPIED * len(entries) else entries


def _end_of_list(entries: list[Line]) -> int:
    """Number of entries before a menu, which is three words and more after a list of headlines."""
    if len(entries) <= _MENU or any(rank_of(line) for line in entries[:2]):
        return len(entries)
    typical = median(line.width for line in entries[:_MENU])
    end = len(entries)
    while end > 2 and entries[end - 1].width < min(_NARROW * typical, _WIDE_WORDS if is_cjk(entries[end - 1].text) else _WIDE_LATIN_WORDS):
        end -= 1
    return end if len(entries) - end >= _MENU else len(entries)


def _without_copy(entries: list[Line]) -> list[Line]:
    """A list's entries without the same list after it, perhaps cut otherwise: a slider's copy, or that for narrow screens."""
    starts = [at for at in range(_FEWEST_COPIED, len(entries) - _FEWEST_COPIED + 1) if are_same(entries[0], entries[at])]
    for at in starts[:_FEW]:
        if len(entries) - at >= _MOSTLY_COPIED * at and _is_copy(entries[at:], entries):
            return entries[:at]
    return entries


def _is_copy(entries: list[Line], of: list[Line]) -> bool:
    """Whether most entries are those of another list, the first among them: a copy may be older or cut otherwise."""
    return len(entries) <= len(of) and are_same(entries[0], of[0]) and sum(map(are_same, entries, of)) >= _MOSTLY_COPIED * len(entries)


def _story(line: Line) -> Story:
    link = Link(None, title=line.full, text=line.text)
    return Story(line.text, line.width, line.index, line.block.box, link, line.index, [line.index])
