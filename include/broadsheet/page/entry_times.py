"""Publication times beside the entries of a list: `<time>`, or a short text with a date, in the box that an entry has to itself.

Times without a year and ages are left: they need the clock of the page's own zone, which a page does not say.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import reduce

from broadsheet.page.blocks import Document
from broadsheet.page.stories import Story
from broadsheet.page.times import find_times, parse_time, preferred
from broadsheet.records import PublishedTime

_MOST_BLOCKS = 12  # of an entry
_LONGEST = 60  # characters beside a headline: a date, an outlet, a counter; a summary tells of other days
_BESIDE = 24  # of them that are no time
_DIGITS = re.compile(r"[0-9]{2}")
_SENTENCE_ENDS = frozenset("。!?！？…")
_FEWEST, _SHARE = 2, 0.5  # entries with a time, of a list that shows times


def entry_times(document: Document, stories: Sequence[Story]) -> list[PublishedTime | None]:
    """The time of each of a list's stories. All None for a list of which most show none: what is found there belongs to something else."""
    none: list[PublishedTime | None] = [None] * len(stories)
    if document.is_plain or len(stories) < _FEWEST:
        return none
    top = reduce(document.common, [story.box for story in stories])
    taken = sorted({block for story in stories for block in story.blocks})
    found: list[PublishedTime | None] = []
    left = len(stories) - max(_FEWEST, _SHARE * len(stories))  # entries that may have none
    for story in stories:
        found.append(_time_of(document, story, top, taken))
        left -= found[-1] is None
        if left < 0:
            return none
    return found


def _time_of(document: Document, story: Story, top: int, taken: list[int]) -> PublishedTime | None:
    """What a `<time>` in the entry's box states, else the first that is displayed there."""
    first, end = _own_blocks(document, story, top, taken)
    if first == end:
        return None
    start = bisect_left(document.times, (first, ""))
    stamps = (stamp for index, stamp in document.times[start : start + _MOST_BLOCKS] if index < end)
    stated = next((time for stamp in stamps if (time := parse_time(stamp, "time_tag"))), None)
    return stated or next((time for index in range(first, end) if (time := _displayed(document, story, index))), None)


def _own_blocks(document: Document, story: Story, top: int, taken: list[int]) -> tuple[int, int]:
    """[first, end) of the outermost small box inside the list's that holds no other story."""
    boxes, blocks = document.boxes, document.blocks
    own = min(story.blocks), max(story.blocks)
    place = bisect_left(taken, own[0])
    before = taken[place - 1] if place else -1
    place = bisect_left(taken, own[1] + 1)
    after = taken[place] if place < len(taken) else len(blocks)
    box, found = story.box, (own[0], own[0])
    while box != top and box > 0:
        here = boxes[box]
        if here.first <= before or here.end > after or here.end - here.first > _MOST_BLOCKS:
            break
        found = here.first, here.end
        box = here.parent
    return found


def _displayed(document: Document, story: Story, index: int) -> PublishedTime | None:
    """The time that a block shows besides the headline, with little else."""
    block = document.blocks[index]
    beside = block.text
    if index in story.blocks:
        before, headline, after = beside.partition(story.text)
        beside = f"{before} {after}" if headline else ""
    if not beside or len(beside) > _LONGEST or beside[-1] in _SENTENCE_ENDS or not _DIGITS.search(beside):
        return None
    found = find_times(beside)
    if not found or len(beside) - sum(one.end - one.start for one in found) > _BESIDE:
        return None
    return preferred(found, beside).time
