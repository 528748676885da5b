"""The lists that a front or section page consists of: its leading stories, columns, grids and rankings, each a headline feed.

On such a page nothing is an article's text. What was taken for a headline or a paragraph is a story or its summary, so that lists are looked for
once more in all blocks; a heading may be a link to its channel; and a story that stands out alone is a list of one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache, reduce

from msgspec.structs import replace

from broadsheet.page import words
from broadsheet.page.blocks import UNKNOWN, Document, Hint
from broadsheet.page.entries import entry_stories, link_items
from broadsheet.page.headings import Heading
from broadsheet.page.link_runs import Run, link_runs, tokens_of
from broadsheet.page.modules import accept, add_module, is_root_link, leads_off, mark_lonely_headings, site_part
from broadsheet.page.stories import Story
from broadsheet.records import BlockLabel, Module, ModuleKind

LEAD = "lead"
Token = Story | Heading | None
_READ_ANEW = frozenset(
    (BlockLabel.TITLE, BlockLabel.BODY, BlockLabel.STANDFIRST, BlockLabel.FEED, BlockLabel.RELATED, BlockLabel.MODULE_HEADING, BlockLabel.LINKS)
)
_READ_ANEW_IF_LINKED = frozenset((BlockLabel.INFO_LINE, BlockLabel.BYLINE, BlockLabel.ORIGINAL_TITLE, BlockLabel.KICKER, BlockLabel.SUBTITLE))
_NO_LEAD = (
    Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.AD | Hint.CRUMB | Hint.SHARE | Hint.TAGS | Hint.FORM | Hint.NEIGHBOURS | Hint.PROMO | Hint.RIGHTS
    | Hint.COPY
)  # fmt: skip
_PARTS = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.AD | Hint.PROMO | Hint.TAGS | Hint.SHARE | Hint.FORM | Hint.NEIGHBOURS
_FEWEST_OF_A_LIST = 3  # stories of a list without a heading
_MOST_LEADS, _MOST_BLOCKS = 8, 200  # of a page; of a box that may hold one lead alone
_MOST_OF_A_LEAD = 6  # stories: one that stands out and those that go with it
_WIDE_LEAD, _WIDE_LATIN_LEAD = 16, 24  # display columns of the headline that stands out
_LOWEST_LEVEL = 2  # of a heading that stands out on any part of the page
_FEWEST_OTHER_SITES, _MOSTLY_OTHER = 3, 0.6  # sites and share of a list's links, of friend links without a heading
_DIGITS = re.compile(r"\d+")


def own_lists(document: Document, known: list[Module]) -> list[Module]:
    """The page's lists in page order, all its own; their blocks are labelled anew. `known` is what was found as on any page."""
    before = [(block.label, block.rule) for block in document.blocks]
    for block in document.blocks:
        if block.label in _READ_ANEW or (block.links and block.label in _READ_ANEW_IF_LINKED):
            block.label, block.rule, block.module = UNKNOWN, "", None
    tokens = list(_parted(document, tokens_of(document, set(), are_channels_headings=True)))
    modules: list[Module] = []
    left: list[Run] = []
    for run in _joined(document, link_runs(document, tokens)):
        count = len(modules)
        if not (run.heading is None and _are_friends(run.stories)):
            accept(document, run, modules, None)
        if len(modules) == count:
            left.append(run)
        elif modules[-1].items:
            modules[-1] = replace(modules[-1], is_own=True, place=place_of(document, _box_of_module(document, count, run.stories)))
    mark_lonely_headings(document, tokens)
    first = min((index for index, block in enumerate(document.blocks) if block.label == BlockLabel.FEED), default=len(document.blocks))
    leads = 0
    for run in left:
        if leads < _MOST_LEADS and _take_lead(document, run, modules, first):
            leads += 1
    if not leads:
        any(_take_lead(document, run, modules, len(document.blocks)) for run in left if _is_headed(document, run))
    for block, (label, rule) in zip(document.blocks, before, strict=True):
        if block.label is UNKNOWN and label not in (BlockLabel.FEED, BlockLabel.RELATED, BlockLabel.MODULE_HEADING):
            block.label, block.rule = label, rule
    return modules if any(module.items for module in modules) else known


def _parted(document: Document, tokens: list[Token]) -> Iterator[Token]:
    """The tokens with breaks where the links of menus, footers, comments and ads begin and end: no list goes on there. A heading goes with what
    follows it, whatever its box is called."""
    part = 0
    headings: list[Token] = []
    for token in tokens:
        if isinstance(token, Heading):
            headings.append(token)
            continue
        if token is not None:
            here = document.blocks[token.block].hints & _PARTS
            if here != part:
                yield None
            part = here
        yield from headings
        headings.clear()
        yield token
    yield from headings


def _joined(document: Document, runs: list[Run]) -> list[Run]:
    """The runs, where a story or two and the list after them are one if a box holds them and nothing else: slides above a list."""
    joined: list[Run] = []
    for run in runs:
        before = joined[-1] if joined else None
        if before and 0 < len(before.stories) < _FEWEST_OF_A_LIST and run.stories and before.heading is run.heading is None:
            both = [*before.stories, *run.stories]
            if _holds_only(document, _around(document, both), both):
                before.stories = both
                continue
        joined.append(run)
    return joined


def place_of(document: Document, box: int) -> str:
    """Where a box stands: tags and first names of the boxes around it, which the next capture of the page has too."""
    boxes, steps = document.boxes, []
    while box > 0:
        if boxes[box].tag not in ("html", "body"):
            steps.append(_step(boxes[box].tag, boxes[box].name))
        box = boxes[box].parent
    return "/".join(reversed(steps))


@lru_cache(maxsize=20_000)
def _step(tag: str, name: str) -> str:
    first = _DIGITS.sub("0", name).split(maxsplit=1)
    return f"{tag}.{first[0]}" if first else tag


def _box_of_module(document: Document, number: int, stories: list[Story]) -> int:
    """Innermost box that holds all entries of a module; their blocks may be another's, where several lists are one block."""
    boxes = [block.box for block in document.blocks if block.module == number and block.label != BlockLabel.MODULE_HEADING]
    return reduce(document.common, boxes) if boxes else _around(document, stories)


def _around(document: Document, stories: list[Story]) -> int:
    """Innermost box that holds all stories of a list."""
    top = stories[0].box
    for story in stories:
        top = document.common(top, story.box)
    return top


def _are_friends(stories: list[Story]) -> bool:
    """Whether a list without a heading leads to many other sites."""
    sites = [site for story in stories if (site := site_part(story.link.href))]
    return len(sites) >= _MOSTLY_OTHER * len(stories) and len(set(sites)) >= _FEWEST_OTHER_SITES


def _take_lead(document: Document, run: Run, modules: list[Module], end: int) -> bool:
    """Append the list of a story that stands out before a block, with the few that go with it. Returns whether there is one."""
    stories = [story for story in entry_stories(document, run.stories) if _may_lead(document, story)]
    if not 0 < len(stories) <= _MOST_OF_A_LEAD or (run.heading is not None and run.heading.group == "none"):
        return False
    if not any(story.block < end and _stands_out(story) for story in stories) or leads_off(document, stories):
        return False
    items, _, limit = link_items(document, stories)
    heading = run.heading if run.heading is not None and run.heading.story is None else None
    module = Module(
        kind=ModuleKind.HEADLINE_FEED,
        heading=heading.text if heading else None,
        items=tuple(items),
        width_limit=limit,
        rule=LEAD,
        is_own=True,
        place=place_of(document, _outermost(document, stories)),
    )
    add_module(document, module, heading, stories, modules)
    return True


def _is_headed(document: Document, run: Run) -> bool:
    """Whether a story of a run is made as a heading: where a list stands above the leading story."""
    return any(0 < document.blocks[story.block].level <= _LOWEST_LEVEL for story in run.stories)


def _may_lead(document: Document, story: Story) -> bool:
    block = document.blocks[story.block]
    return block.label is UNKNOWN and not block.hints & _NO_LEAD and not is_root_link(story.link.href) and not words.is_footer_word(story.text)


def _stands_out(story: Story) -> bool:
    return story.width >= (_WIDE_LATIN_LEAD if story.text.isascii() else _WIDE_LEAD)


def _outermost(document: Document, stories: list[Story]) -> int:
    """Outermost box in which there are no links to other stories: the same with one story more or less."""
    box, boxes = _around(document, stories), document.boxes
    while boxes[box].parent > 0 and _holds_only(document, boxes[box].parent, stories):
        box = boxes[box].parent
    return box


def _holds_only(document: Document, box: int, stories: list[Story]) -> bool:
    """Whether a box holds no links to other stories, menus aside."""
    own = {story.link.href for story in stories}
    blocks = document.blocks[document.boxes[box].first : document.boxes[box].end]
    return len(blocks) <= _MOST_BLOCKS and all(
        link.href in own for block in blocks if not block.hints & _NO_LEAD for link in block.links if link.is_target
    )
