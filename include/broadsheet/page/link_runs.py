"""Runs of story links that nothing breaks. What breaks one is a heading, the article's text, or a jump to another part of the box tree."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from broadsheet.page import words
from broadsheet.page.blocks import UNKNOWN, Document, Hint
from broadsheet.page.headings import Heading, demote, heading_of, tab_headings
from broadsheet.page.mentions import HEADING
from broadsheet.page.stories import Story, item_boxes, signature_of, stories_of
from broadsheet.records import BlockLabel

_TABS_BETWEEN = 16  # blocks between a heading and the last of its tabs
_DEEPEST_PANEL = 6  # boxes between the panels' box and their entries
_LIST_TAGS = frozenset(("ul", "ol", "dl"))
_BREAKING = frozenset((BlockLabel.BODY, BlockLabel.TITLE, BlockLabel.INFO_LINE))


@dataclass(slots=True, eq=False)
class Run:
    """Stories under one heading."""

    heading: Heading | None
    stories: list[Story] = field(default_factory=list)
    tabs: list[Heading] = field(default_factory=list)
    top: int = -1  # innermost box that holds the stories so far
    outer: Heading | None = None  # above the row of tabs
    is_row_certain: bool = True  # the headings share a small box; else only panels as many as they prove that they are tabs


def tokens_of(document: Document, body: set[int], *, are_channels_headings: bool = False) -> list[Story | Heading | None]:
    """Stories and headings in page order; None stands for the article's running text, whose blocks `body` holds.

    `are_channels_headings`: a short link to a channel may head a list, as on front pages, though nothing else makes it a heading.
    """
    items = item_boxes(document)
    tokens: list[Story | Heading | None] = []
    seen: dict[int, Story] = {}
    for index, block in enumerate(document.blocks):
        if block.label is not UNKNOWN:
            if (block.label in _BREAKING or index in body) and tokens and tokens[-1] is not None:
                tokens.append(None)
            continue
        if block.hints & Hint.COPY:
            continue
        if block.links and block.text[:1] not in "[【" and words.leads_to_neighbour(block.shown) and 0 < block.link_chars < len(block.text):
            if tokens and tokens[-1] is not None:
                tokens.append(None)  # 上一篇：… 下一篇：… heads no list
            continue
        stories = stories_of(document, index, block, seen) if block.links else []
        item = items.get(block.box)
        if item is not None and not _heads_list_inside(document, index, item):
            for story in stories:
                story.item = item
            tokens.extend(stories)
            continue
        if tabs := tab_headings(document, index, block):
            tokens.extend(tabs)
            continue
        heading = heading_of(document, index, block, are_channels_headings=are_channels_headings)
        if heading is not None:
            heading.story = stories[0] if stories else None
            tokens.append(heading)
            if stories:
                continue
        tokens.extend(stories)
    demote(document, tokens)
    return tokens


def _heads_list_inside(document: Document, index: int, item: int) -> bool:
    """Whether a line in what looks like one entry of a list heads links of its own: LEIA TAMBÉM above two links, in one of the alike
    boxes that an editor wraps around each paragraph."""
    block = document.blocks[index]
    if block.links or not block.mentions & HEADING:
        return False
    below = document.blocks[index + 1 : min(index + 3, document.boxes[item].end)]
    if len(below) < 2 or not all(other.link_density > 0.8 for other in below):
        return False
    heading = heading_of(document, index, block)
    return heading is not None and heading.group in ("related", "none") and heading.strength >= 3


def link_runs(document: Document, tokens: Iterable[Story | Heading | None]) -> list[Run]:
    """The runs of a page's tokens; a run under a row of tabs is cut into the tabs' lists."""
    return [panel for run in _runs(document, tokens) for panel in _panels(document, run)]


def _runs(document: Document, tokens: Iterable[Story | Heading | None]) -> list[Run]:
    runs: list[Run] = []
    run = Run(None)
    pending: list[Heading] = []  # headings seen since the last story
    for token in tokens:
        if isinstance(token, Story) and pending and pending[-1].group == "none" and _leaves_section(document, pending[-1].box, token.box):
            runs += [run, Run(pending[-1])]
            run, pending = Run(None), []
        if token is None:
            runs.append(run)
            run, pending = Run(None), []
            continue
        if isinstance(token, Heading):
            if not token.demoted and not (pending and token.story is not None and token.width > 18):
                pending.append(token)
                continue
            if token.story is None:
                continue
            token = token.story
        if pending:
            runs.append(run)
            run = _headed(document, pending, token)
            pending = []
        elif run.stories and _jumps(document, run, token):
            runs.append(run)
            run = Run(None)
        run.top = token.box if run.top < 0 else document.common(run.top, token.box)
        run.stories.append(token)
    runs.append(run)
    if pending:
        runs.append(Run(pending[-1]))
    return runs


def _leaves_section(document: Document, heading: int, story: int) -> bool:
    """Whether a heading's own section ends before the story: a call to sign up stands above a list that is not its own."""
    boxes, top = document.boxes, document.common(heading, story)
    while heading > top:
        if boxes[heading].tag in ("section", "aside", "form"):
            return True
        heading = boxes[heading].parent
    return False


def _headed(document: Document, pending: list[Heading], story: Story) -> Run:
    """The heading of the list that begins with a story: the nearest, or the first of a row of tabs."""
    periods = [heading for heading in pending if heading.group == "period"]
    named = [heading for heading in pending if heading.group != "period"] or pending
    last = named[-1]
    if periods:
        return Run(last, tabs=[last] * (len(periods) - 1))
    if (above := _above_periods(named)) is not None:
        return Run(above, tabs=[above] * (len(named) - 1 - named.index(above) - 1))
    row, is_certain = [last], True
    for heading in named[-2::-1]:
        around = document.boxes[document.common(heading.box, last.box)]
        is_small = around.end - around.first <= 12
        is_beside = row[0].block - heading.block == 1 and heading.signature == last.signature
        if not (is_small or is_beside) or heading.signature[2:] != last.signature[2:]:
            break
        is_certain = is_certain and is_small
        row.insert(0, heading)
    if len(row) == 1 and (outer := _above_tabs(named, last)) is not last:
        return Run(outer)
    # of an outer heading and an inner one of other make, the inner one names the list, unless it says less
    if (
        len(row) == 1
        and len(named) > 1
        and last.group is None
        and named[-2].group
        and last.block - named[-2].block <= 2
        and last.strength < named[-2].strength
    ):
        return Run(_above_tabs(named, named[-2]))
    above = named[-len(row) - 1] if len(named) > len(row) else None
    is_outer = above is not None and above.group in ("feed", "feed_first") and above.block_level and above.strength > max(tab.strength for tab in row)
    return Run(row[0], tabs=row[1:], is_row_certain=is_certain, outer=above if is_outer and len(row) > 1 else None)


def _above_periods(named: list[Heading]) -> Heading | None:
    """The heading of a ranking whose tabs are blocks of their own: アクセスランキング, then 1日 and 1週間."""
    count = 0
    while count < len(named) and words.is_period(named[-count - 1].text):
        count += 1
    above = named[-count - 1] if 0 < count < len(named) else None
    is_near = above is not None and named[-1].block - above.block <= _TABS_BETWEEN
    return above if above is not None and is_near and words.says_ranked(above.text) else None


def _above_tabs(named: list[Heading], tab: Heading) -> Heading:
    """The heading that a tab repeats a part of, 为您推荐 above the tabs 推荐 娱乐 军事; else the tab itself."""
    for heading in named:
        if (
            heading.block < tab.block <= heading.block + _TABS_BETWEEN
            and heading.group
            and heading.text != tab.text
            and heading.text.endswith(tab.text)
        ):
            return heading
    return tab


def _panels(document: Document, run: Run) -> list[Run]:
    """A run under a row of tabs, cut into the tabs' lists; other runs as they are."""
    panels = _cut_at_tabs(document, run)
    if len(panels) == 1 and run.outer is not None:
        panels[0].heading = run.outer  # アクセスランキング above 1時間 24時間: a script fills the others
    elif len(panels) == 1 and not run.is_row_certain:
        panels[0].heading = run.tabs[-1]  # the headings before it have no list: a script fills them
    return panels


def _cut_at_tabs(document: Document, run: Run) -> list[Run]:
    stories = run.stories
    if len(stories) < 4:
        return [run]
    top = stories[0].box
    for story in stories:
        top = document.common(top, story.box)
    panels: dict[int, list[Story]] = {}
    for story in stories:
        panels.setdefault(document.child_towards(top, story.box), []).append(story)
    hidden = [bool(document.boxes[panel].hints & Hint.HIDDEN) for panel in panels]
    enough = len(panels) > 1 and min(map(len, panels.values())) >= 2
    if not enough or not (len(panels) == len(run.tabs) + 1 or (any(hidden[1:]) and not document.boxes[top].hints & Hint.HIDDEN)):
        return [run]
    headings: list[Heading | None] = [run.heading, *run.tabs]
    while len(headings) < len(panels):
        headings.append(headings[-1] if headings else None)
    return [Run(heading, stories=found) for heading, found in zip(headings, panels.values(), strict=False)]


def _jumps(document: Document, run: Run, story: Story) -> bool:
    """Whether a story is in another part of the page than the run before it."""
    boxes = document.boxes
    top = run.top
    common = document.common(top, story.box)
    if common == top:
        return False
    last = run.stories[-1].item
    if last is not None and story.item is not None and boxes[last].parent == boxes[story.item].parent:
        return False  # entries side by side, however differently they are built
    jump = boxes[top].depth - boxes[common].depth
    if len(run.stories) == 1:
        jump = min(boxes[run.stories[0].box].depth, boxes[story.box].depth) - boxes[common].depth
        return jump > 5 or (jump > 2 and run.heading is None and not _is_made_like(document, story, run.stories))
    if len(run.tabs) > 1 and 0 < jump <= _DEEPEST_PANEL and _is_made_like(document, story, run.stories[-3:]):
        return False
    if jump > 3 or jump <= 0:
        return jump > 3
    if run.heading is not None and len(run.stories) == 2 and run.heading.group:
        return False  # a leading story stands apart from the list under it
    if run.heading is None and boxes[top].tag in _LIST_TAGS:
        return not _is_made_like(document, story, run.stories[-3:])
    if run.tabs and run.is_row_certain:
        return False
    return (jump > 1 or bool(run.tabs)) and not _is_made_like(document, story, run.stories[-3:])


def _is_made_like(document: Document, story: Story, others: list[Story]) -> bool:
    blocks = document.blocks
    signature = signature_of(document, blocks[story.origin])
    return any(signature_of(document, blocks[other.origin]) == signature for other in others)
