"""Headed lists of links to other stories.

The page becomes a sequence of tokens: links that may be stories, blocks that may head a list, running text of the article. A list is
a run of story links that nothing breaks; what breaks it is a heading, the article, or a jump to another part of the box tree.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import msgspec

from broadsheet.page import words
from broadsheet.page.blocks import UNKNOWN, Document, Hint, Link, RawBlock, columns
from broadsheet.page.mentions import HEADING, PERIOD
from broadsheet.page.names import is_cjk
from broadsheet.records import BlockLabel, LinkItem, Module, ModuleKind
from broadsheet.text import ELLIPSES, display_width, fold_blanks, headline_key

NARROWEST_STORY = 7  # display columns
NARROWEST_ENTRY = 4  # of one whose siblings are entries
_WIDE_ENOUGH = 12
LONGEST_STORY = 300
WIDEST_HEADING = 44
_NOT_MODULE = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.CRUMB | Hint.SHARE | Hint.TAGS | Hint.FORM | Hint.NEIGHBOURS
_BELOW = Hint.FOOTER | Hint.COMMENT
_RANK = re.compile(
    r"^\s{0,9}(?:NO\.?|No\.?|TOP)?\s{0,9}(\d{1,2})(?:[.、．:：]|\s|(?=[^\d\s.,:%年月日个万亿岁点大届强部名只条人元度倍分天成起家位米-]))\s{0,9}"
)
_NUMBER = re.compile(r"^\D{0,3}\d{1,2}\D{0,2}$")
_DATE = re.compile(
    r"^[\s\[(（【]*(?:(?:19|20)?\d{2}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?:[\sT]*\d{1,2}:\d{2}(?::\d{2})?)?[\s\])）】]*$"
    r"|^\d{1,2}:\d{2}(?::\d{2})?$|^\d+\s?(?:分钟|小时|天|秒)前$|^\d+ (?:min|hour|day|week|month)s? ago$"
)
_HEADING_TAIL = re.compile(
    r"[\s|/·>＞»›+]{0,9}(?:查看)?(?:更多|更多內容|more|view all|see all|换一换|換一換|进入|全部)?[\s>＞»›.…+]{0,9}$", re.IGNORECASE
)
_TAIL_ENDS = frozenset(" |/·>＞»›+.…多容看elEL换換入部")
_CHANNEL = re.compile(r"^(?:进入|去).{0,8}$")
_MORE = re.compile(
    r"^[\s\[(【<>＞»›+]*(?:查看|浏览|点击)?(?:更多|全部|阅读全部|详细|全文|换一换|阅读全文|more|view all|see all|read more|continue reading)"
    r"[\s\])】>＞»›.…+]*$",
    re.IGNORECASE,
)


_WITHOUT_LIST = "heading_without_list"
_STRONG = 4  # strength of a heading that its make proves
_NOTES = 10  # blocks of one make that are notes of entries, when few of them look like headings
_TABS_BETWEEN = 16  # blocks between a heading and the last of its tabs
_LIST_TAGS = frozenset(("ul", "ol", "dl"))
_NO_HEADING = re.compile(r"[，。]|[⋅·.]{3}|看到这里|\d篇|刷新|加载|未读|.首页$")
_COPY, _NAMED_HEADING, _HEADING_TAGS = Hint.COPY, Hint.HEADING | Hint.TITLE, frozenset(("dt", "th", "caption", "summary"))
_MANY = 4  # targets of a box, more of which make no difference
_LONGEST_PHRASE = 40  # characters of a link that says "more" or a date
# The least that a text must have for `_DATE` and `_MORE` to match: most links are told by one character.
_DATE_BEGINS = frozenset("0123456789 [(（【")
_MORE_ENDS = frozenset("多部细文换eElLgG \xa0])】>＞»›.…+")
_NO_HEADINGS = frozenset(("关注", "收藏", "分享", "举报", "评论", "+关注", "+ 关注", "Follow", "Share"))


Signature = tuple[str, str, str, str, int]


class Story(msgspec.Struct, eq=False):
    """A link that may be an entry of a list."""

    text: str
    width: int  # `columns` of the text
    block: int
    box: int
    link: Link
    origin: int  # block that tells how it is made
    blocks: list[int]
    item: int | None = None  # box of the entry that it belongs to


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


@dataclass(slots=True, eq=False)
class Run:
    """Stories under one heading."""

    heading: Heading | None
    stories: list[Story] = field(default_factory=list)
    tabs: list[Heading] = field(default_factory=list)
    top: int = -1  # innermost box that holds the stories so far
    is_row_certain: bool = True  # the headings share a small box; else only panels as many as they prove that they are tabs


def median(numbers: list[int]) -> float:
    """As of `statistics`, without its generality."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def find_modules(document: Document, body: set[int], body_box: int | None, known: Iterable[Module] = ()) -> list[Module]:
    """Modules in page order; their blocks are labelled. `body` holds the indexes of the article's blocks; `known` modules, whose blocks are
    labelled already, come first."""
    modules = list(known)
    tokens: list[Story | Heading | None] = []
    if document.is_plain:
        from broadsheet.page.rendered_lists import rendered_runs

        runs: Iterable[Run] = rendered_runs(document, body)
    else:
        tokens = _tokens(document, body, item_boxes(document))
        _demote(document, tokens)
        runs = (panel for run in _runs(document, tokens) for panel in _panels(document, run))
    for run in list(runs):
        _accept(document, run, modules, body_box)
    for token in tokens:  # headings above another heading: a script fills their lists
        if type(token) is Heading and token.story is None and not token.demoted and _may_stand_alone(document, token):
            document.blocks[token.block].mark(BlockLabel.MODULE_HEADING, _WITHOUT_LIST)
    return modules


def module_in(
    document: Document, container: Sequence[int], modules: list[Module], *, kind: ModuleKind, heading: int | None, named: str | None,
    is_ranked: bool | None, rule: str,
) -> None:  # fmt: skip
    """Append the module of a container's blocks, which is known to be one, and label them. Nothing without an entry.

    `heading` is the index of the heading's block; `named` is what it is called otherwise; `is_ranked` None is told by the list.
    """
    seen: dict[int, Story] = {}
    run = Run(None)
    items = item_boxes(document)
    for index in container:
        block = document.blocks[index]
        if block.label is UNKNOWN and index != heading and block.links and not block.hints & _COPY:
            for story in _stories(document, index, block, seen):
                story.item = items.get(block.box)
                run.stories.append(story)
    stories = _entries(document, run) if len(run.stories) > 1 else run.stories
    if not stories:
        return
    head = document.blocks[heading] if heading is not None else None
    text = named or (heading_text(head) if head is not None else None)
    is_numbered, entries = _items(stories, document)
    if is_ranked is None:
        is_ranked = is_numbered or bool(text and words.says_ranked(text)) or _has_rank_markup(document, stories)
    limit = width_limit([entry.text for entry in entries])
    is_marked = any(entry.text.endswith(ELLIPSES) for entry in entries)
    shown = tuple(_with_cut(entry, limit, is_marked) for entry in entries)
    module = Module(kind=kind, heading=text, is_ranked=is_ranked, items=shown, width_limit=limit, rule=rule)
    number = len(modules)
    modules.append(module)
    if head is not None and head.label is UNKNOWN:
        head.label, head.rule, head.module = BlockLabel.MODULE_HEADING, rule, number
    label = BlockLabel.RELATED if kind == ModuleKind.RELATED_LINKS else BlockLabel.FEED
    for index in container:
        inner = document.blocks[index]
        if inner.label is UNKNOWN:
            inner.label, inner.rule, inner.module = label, rule, number


def in_page_order(document: Document, modules: list[Module]) -> list[Module]:
    """Modules of two finders as the page has them; their blocks follow."""
    first: dict[int, int] = {}
    for index, block in enumerate(document.blocks):
        if block.module is not None:
            first.setdefault(block.module, index)
    order = sorted(range(len(modules)), key=lambda number: first.get(number, len(document.blocks)))
    place = {number: position for position, number in enumerate(order)}
    for block in document.blocks:
        if block.module is not None:
            block.module = place[block.module]
    return [modules[number] for number in order]


def is_date(text: str) -> bool:
    return _DATE.match(text) is not None


def is_more(text: str) -> bool:
    return _MORE.match(text) is not None or _CHANNEL.match(text) is not None


def item_boxes(document: Document) -> dict[int, int]:
    """Box -> outermost box that is one entry of a list with it: `<li>` with picture, headline, summary and counters.

    A box is an entry if it leads to one or two stories and has siblings that do.
    """
    boxes = document.boxes
    targets: list[set[str] | None] = [None] * len(boxes)
    if document.is_plain:
        return {}
    for block in document.blocks:
        for link in block.links:
            if link.is_target and len(link.text) >= _WIDE_ENOUGH // 2 and columns(link.text) >= _WIDE_ENOUGH:
                mine = targets[block.box]
                if mine is None:
                    targets[block.box] = {link.href or ""}
                else:
                    mine.add(link.href or "")
    kids: dict[int, list[int]] = {}
    for index in range(len(boxes) - 1, 0, -1):  # inner boxes come after outer ones
        found = targets[index]
        if not found:
            continue
        parent = boxes[index].parent
        kids.setdefault(parent, []).append(index)
        outer = targets[parent]
        if outer is None:
            targets[parent] = found  # shared: a set is never changed once it is a box's whole
        elif len(outer) < _MANY:
            targets[parent] = outer | found
    entries: set[int] = set()
    for siblings in kids.values():
        if len(siblings) < 2:
            continue
        small = [index for index in siblings if len(targets[index] or ()) <= 2]
        if len(small) < 2 or len(small) < 0.6 * len(siblings):
            continue
        if len(small) == 2 and not (boxes[small[0]].tag == boxes[small[1]].tag and boxes[small[0]].name == boxes[small[1]].name):
            continue
        if len(small) == 2 and all(len(targets[index] or ()) == 1 for index in small) and len(targets[boxes[small[0]].parent] or ()) < 2:
            continue  # headline and summary of one entry
        entries.update(small)
    outermost: dict[int, int] = {}
    for index in range(min(entries, default=len(boxes)), len(boxes)):
        parent = boxes[index].parent
        if parent in outermost:
            outermost[index] = outermost[parent]
        elif index in entries:
            outermost[index] = index
    return outermost


# --- tokens -------------------------------------------------------------------------------------------------------------------------


def _tokens(document: Document, body: set[int], items: dict[int, int]) -> list[Story | Heading | None]:
    """Stories and headings in page order; None stands for the article's running text."""
    tokens: list[Story | Heading | None] = []
    seen: dict[int, Story] = {}
    for index, block in enumerate(document.blocks):
        if block.label is not UNKNOWN:
            if (block.label in _BREAKING or index in body) and tokens and tokens[-1] is not None:
                tokens.append(None)
            continue
        if block.hints & _COPY:
            continue
        stories = _stories(document, index, block, seen) if block.links else []
        item = items.get(block.box)
        if item is not None:
            for story in stories:
                story.item = item
            tokens.extend(stories)
            continue
        if tabs := _tab_headings(document, index, block):
            tokens.extend(tabs)
            continue
        heading = _heading(document, index, block)
        if heading is not None:
            heading.story = stories[0] if stories else None
            tokens.append(heading)
            if stories:
                continue
        tokens.extend(stories)
    return tokens


_BREAKING = frozenset((BlockLabel.BODY, BlockLabel.TITLE, BlockLabel.INFO_LINE))


NO_SIGNATURE: Signature = ("", "", "", "", 0)


def _signature(document: Document, block: RawBlock) -> Signature:
    """How a block is made: entries of one list have one, and headings of one row."""
    box = document.boxes[block.box]
    parent = document.boxes[box.parent] if box.parent >= 0 else box
    return box.tag, box.name, parent.tag, parent.name, block.level


def _stories(document: Document, index: int, block: RawBlock, seen: dict[int, Story]) -> list[Story]:
    found: list[Story] = []
    if block.link_density < 0.35 and block.width > 120:
        return found
    whole = block.text
    for link in block.links:
        known = seen.get(id(link))
        if known is not None:  # a link around several blocks: its headline is the first wide one or the one in a heading
            known.blocks.append(index)
            if known.width < NARROWEST_STORY or (block.level and not document.blocks[known.block].level):
                known.text, known.width, known.block, known.box = block.text, block.width, index, block.box
            continue
        text = link.text
        if not text or not (link.is_target or document.is_plain):
            continue
        if text == whole or len(text) > len(whole) + 2:  # the link goes on in the next block
            text, width, shown = whole, block.width, block.shown
        else:
            width, shown = columns(text), None
        seen[id(link)] = story = Story(text, width, index, block.box, link, index, [index])
        if not _is_phrase(text, shown) and not text.endswith(("客户端下载", "APP下载")):
            found.append(story)
    return found


def _is_phrase(text: str, shown: str | None) -> bool:
    """Whether a link says "more", a date, a channel or a service instead of a headline. `shown` is its text as patterns see it."""
    if len(text) > _LONGEST_PHRASE:
        return False
    return _is_more_or_date(text) or bool(words.line_groups(text) if shown is None else words.groups_of(shown))


def _is_more_or_date(text: str) -> bool:
    return (
        (text[-1] in _MORE_ENDS and _MORE.match(text) is not None)
        or (text[0] in _DATE_BEGINS and _DATE.match(text) is not None)
        or (text[0] in "进去" and _CHANNEL.match(text) is not None)
    )


def _heading(document: Document, index: int, block: RawBlock) -> Heading | None:
    if block.is_item or block.width > 100:
        return None
    strength = _make_strength(document, block)
    may_gain = block.mentions & HEADING or document.is_plain
    if not may_gain and (not strength or (strength < 2 and block.links and block.link_density > 0.5)):
        return None
    text = heading_text(block)
    width = columns(text)
    if (
        not 2 <= width <= WIDEST_HEADING
        or _NUMBER.match(text)
        or _is_more_or_date(text)
        or text in _NO_HEADINGS
        or _NO_HEADING.search(text)
        or text[-1] in "。，,；;"
        or text[-2:-1] == "…"
    ):
        return None
    lines = words.groups_of(block.shown) - {"more"}
    if "share" in lines or "ad" in lines or "pagination" in lines:
        return None
    group = "none" if lines else words.heading_group(text, block.mentions) if width <= 36 else None
    if group and width <= 24 and not lines:
        strength += 2 if width <= 14 else 1
    if document.is_plain and not strength and width <= 16 and block.gap:
        strength += 1
    if not strength or (block.links and strength < 2 and block.link_density > 0.5):
        return None
    return Heading(text, width, index, block.box, _signature(document, block), group, strength, block_level=block.level)


def _make_strength(document: Document, block: RawBlock) -> int:
    """How much a block's make speaks for a heading: its tag, its names, its type."""
    boxes = document.boxes
    box = boxes[block.box]
    own = box.own
    if box.parent >= 0 and _is_small(document, box.parent):
        own |= boxes[box.parent].own
    return (2 if block.level else 0) + bool(own & _NAMED_HEADING) + (block.tag in _HEADING_TAGS) + block.is_strong


def _tab_headings(document: Document, index: int, block: RawBlock) -> list[Heading]:
    """阅读排行榜 | 评论排行榜: headings of several lists in one line."""
    if len(block.text) > 60 or not block.mentions & (HEADING | PERIOD):
        return []
    parts = [link.text for link in block.links if link.text] if len(block.links) > 1 else block.text.split()
    if not 2 <= len(parts) <= 6:
        return []
    if sum(map(len, parts)) < 0.7 * len(block.text.replace(" ", "")):
        return []
    if all(map(words.is_period, parts)):
        signature = _signature(document, block)
        return [Heading(part, columns(part), index, block.box, signature, "period", 3) for part in parts]
    if len(block.links) <= 1 and any(len(part) < 4 or part.isascii() for part in parts):
        return []
    if any(columns(part) > 16 for part in parts):
        return []
    groups = [words.heading_group(part, block.mentions) for part in parts]
    if not all(group in ("feed", "feed_first", "related") for group in groups):
        return []
    signature = _signature(document, block)
    return [Heading(part, columns(part), index, block.box, signature, group, 3) for part, group in zip(parts, groups, strict=True)]


def _is_small(document: Document, box: int) -> bool:
    return document.boxes[box].end - document.boxes[box].first <= 3


def heading_text(block: RawBlock) -> str:
    """A module's heading as displayed, without "more" and ornaments."""
    text = block.text
    if (
        block.links
        and block.links[0].text
        and block.link_chars < len(text)
        and (before := text.find(block.links[0].text)) > 2
        and columns(text[:before].strip()) >= 4
    ):
        return text[:before].strip(" \t|>＞»›:：•·-_<＜«‹■◆●▶►▪◎☆★↓↑→/+")[:120] or text[:120]
    if len(block.links) > 1 or (block.links and 0 < block.link_chars < len(text)):
        for link in block.links[::-1]:
            label = link.text
            if label and text.endswith(label) and (_MORE.match(label) and label != text):
                text = text[: -len(label)].rstrip()
    text = text[:120]
    if text[-1:] in _TAIL_ENDS:
        text = _HEADING_TAIL.sub("", text)
    return text.strip(" \t|>＞»›:：•·-_<＜«‹■◆●▶►▪◎☆★↓↑→/+") or text


def _alike(document: Document, tokens: list[Story | Heading | None]) -> Counter[Signature]:
    """How many short blocks without links are made like a weak heading, by its signature."""
    weak = {token.signature for token in tokens if type(token) is Heading and not token.block_level and token.strength < _STRONG}
    if not weak:
        return Counter()
    lines = (_signature(document, block) for block in document.blocks if not block.links and block.width <= WIDEST_HEADING)
    return Counter(signature for signature in lines if signature in weak)


def _demote(document: Document, tokens: list[Story | Heading | None]) -> None:
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


# --- runs ---------------------------------------------------------------------------------------------------------------------------


def _runs(document: Document, tokens: Iterable[Story | Heading | None]) -> list[Run]:
    runs: list[Run] = []
    run = Run(None)
    pending: list[Heading] = []  # headings seen since the last story
    for token in tokens:
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


def _headed(document: Document, pending: list[Heading], story: Story) -> Run:
    """The heading of the list that begins with a story: the nearest, or the first of a row of tabs."""
    periods = [heading for heading in pending if heading.group == "period"]
    named = [heading for heading in pending if heading.group != "period"] or pending
    last = named[-1]
    if periods:
        return Run(last, tabs=[last] * (len(periods) - 1))
    row, is_certain = [last], True
    for heading in named[-2::-1]:
        around = document.boxes[document.common(heading.box, last.box)]
        is_small = around.end - around.first <= 12
        is_beside = not document.is_plain and row[0].block - heading.block == 1 and heading.signature == last.signature
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
    return Run(row[0], tabs=row[1:], is_row_certain=is_certain)


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
    if len(panels) == 1 and not run.is_row_certain:
        panels[0].heading = run.tabs[-1]  # the headings before it have no list: a script fills them
    return panels


def _cut_at_tabs(document: Document, run: Run) -> list[Run]:
    stories = run.stories
    if len(stories) < 4:
        return [run]
    if document.is_plain:
        return _numbered_panels(document, run)
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


def _numbered_panels(document: Document, run: Run) -> list[Run]:
    """Rankings one after the other: each begins with number 1 again."""
    starts = [index for index, story in enumerate(run.stories) if _number(document, story) == 1]
    if len(starts) < 2 or starts[0] > 1 or min(b - a for a, b in pairwise([*starts, len(run.stories)])) < 3:
        return [run]
    bounds = [0, *starts[1:], len(run.stories)]
    headings = [run.heading, *run.tabs, *[run.heading] * len(bounds)]
    return [Run(heading, stories=run.stories[a:b]) for heading, (a, b) in zip(headings, pairwise(bounds), strict=False)]


def _number(document: Document, story: Story) -> int | None:
    match = _RANK.match(story.text)
    return int(match[1]) if match else document.blocks[story.block].rank


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
    signature = _signature(document, blocks[story.origin])
    return any(_signature(document, blocks[other.origin]) == signature for other in others)


# --- acceptance ---------------------------------------------------------------------------------------------------------------------


def _accept(document: Document, run: Run, modules: list[Module], body_box: int | None) -> None:
    heading = run.heading
    if heading is not None and heading.group == "none":
        for story in run.stories:
            document.blocks[story.block].mark(BlockLabel.LINKS, "list_under_other_heading")
        if not words.groups_of(document.blocks[heading.block].shown):
            document.blocks[heading.block].mark(BlockLabel.LINKS, "other_heading")
        return
    stories = _entries(document, run) if len(run.stories) > 1 else run.stories
    if not _is_module(document, heading, stories):
        if heading is not None and len(stories) < 2 and _may_stand_alone(document, heading):
            _add(document, Module(kind=words.module_kind(heading.group), heading=heading.text, rule=_WITHOUT_LIST), heading, [], modules)
        return
    ranked, items = _items(stories, document)
    kind = words.module_kind(heading.group) if heading else _kind_by_place(document, stories, body_box)
    is_ranked = ranked or (heading is not None and words.says_ranked(heading.text)) or _has_rank_markup(document, stories)
    limit = width_limit([item.text for item in items])
    is_marked = any(item.text.endswith(ELLIPSES) for item in items)
    items = [_with_cut(item, limit, is_marked) for item in items]
    module = Module(
        kind=kind,
        heading=heading.text if heading else None,
        is_ranked=is_ranked,
        items=tuple(items),
        width_limit=limit,
        rule=f"heading_{heading.group or 'unknown'}" if heading else "list_without_heading",
    )
    _add(document, module, heading, stories, modules)


def _may_stand_alone(document: Document, heading: Heading) -> bool:
    """Whether a block is a list's heading even without a list under it."""
    is_named = heading.group in ("related", "feed", "feed_first")
    return is_named and heading.strength >= 2 and not document.blocks[heading.block].hints & _NOT_MODULE


def _add(document: Document, module: Module, heading: Heading | None, stories: list[Story], modules: list[Module]) -> None:
    number = len(modules)
    modules.append(module)
    label = BlockLabel.RELATED if module.kind == ModuleKind.RELATED_LINKS else BlockLabel.FEED
    if heading is not None:
        block = document.blocks[heading.block]
        if block.label is UNKNOWN:
            block.label, block.rule, block.module = BlockLabel.MODULE_HEADING, module.rule, number
    if not stories:
        return
    first, last = min(min(s.blocks) for s in stories), max(max(s.blocks) for s in stories)
    top = stories[0].box
    for story in stories:
        top = document.common(top, story.box)
    for index in range(first, last + 1):
        block = document.blocks[index]
        if (
            block.label is UNKNOWN
            and (document.is_plain or document.holds(top, block.box))
            and not (document.is_plain and block.label is not UNKNOWN)
        ):
            block.label, block.rule, block.module = label, module.rule, number


def _entries(document: Document, run: Run) -> list[Story]:
    """The run's stories, one for each target: of an image link, a headline and a summary with one href the headline stays; of an
    entry's other links (channel, author, counter) none does."""
    by_href: dict[str, Story] = {}
    kept: list[Story] = []
    for story in run.stories:
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
    return document.boxes[entry].parent, _signature(document, document.blocks[story.origin])


def _is_module(document: Document, heading: Heading | None, stories: list[Story]) -> bool:
    if len(stories) < 2 or (heading is None and len(stories) < 3):
        return False
    blocks = document.blocks
    widths = [story.width for story in stories]
    typical = median(widths)
    latin = sum(story.text.isascii() for story in stories) > len(stories) / 2
    known = heading is not None and heading.group is not None
    least = (16 if latin else 12) if known else (20 if latin else 15) if heading is not None else (32 if latin else 20)
    if typical < least:
        return False
    hints = [blocks[story.block].hints for story in stories]
    if sum(1 for hint in hints if hint & _BELOW) > len(stories) / 2 and not (known and typical >= 20):
        return False
    # a menu may have a heading with a list's word; its entries are short
    if sum(1 for hint in hints if hint & _NOT_MODULE) > len(stories) / 2 and not (known and typical >= (28 if latin else 16)):
        return False
    if max(widths) > LONGEST_STORY and typical > 200:
        return False
    if sum(words.is_footer_word(story.text) for story in stories) >= 2:
        return False
    if not known and leads_off(document, stories):
        return False  # a shop's or a partner's
    roots = sum(_is_root(story.link.href) for story in stories)
    return roots <= len(stories) / 3


def leads_off(document: Document, stories: list[Story]) -> bool:
    """Whether nearly all of a list's links lead to one other host than most links of the page."""
    hosts = [host for story in stories if (host := site_part(story.link.href))]
    return len(hosts) >= 0.9 * len(stories) and len(set(hosts)) == 1 and hosts[0] != _own_site(document)


def _own_site(document: Document) -> str:
    sites = Counter(site_part(link.href) for block in document.blocks for link in block.links)
    return next((site for site, _ in sites.most_common(2) if site), "")


@lru_cache(maxsize=8192)
def site_part(href: str | None) -> str:
    """The last two labels of an absolute link's host (three under a second-level domain such as com.cn); blank for a relative one."""
    match = _HOST.match((href or "").strip().lower())
    if match is None:
        return ""
    labels = match[1].split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2:])


_HOST = re.compile(r"(?:https?:)?//([a-z0-9.-]{1,253})")
_SECOND_LEVEL = frozenset(("com", "net", "org", "gov", "edu", "co", "ac"))


@lru_cache(maxsize=4096)
def _is_root(href: str | None) -> bool:
    """A link to a site's or a channel's first page."""
    if not href:
        return False
    path = re.sub(r"^(?:https?:)?//[^/?#]*", "", href.strip()).split("#")[0]
    return path.strip("/") == "" or (path.startswith("/") and path.strip("/").isalpha() and len(path) < 12)


def _kind_by_place(document: Document, stories: list[Story], body_box: int | None) -> ModuleKind:
    """A list without a heading goes with the story if it stands in the article's own column."""
    if body_box is None or body_box <= 0 or document.is_plain:
        return ModuleKind.HEADLINE_FEED
    boxes = document.boxes
    common = document.common(body_box, stories[0].box)
    return ModuleKind.RELATED_LINKS if boxes[body_box].depth - boxes[common].depth <= 1 else ModuleKind.HEADLINE_FEED


def _has_rank_markup(document: Document, stories: list[Story]) -> bool:
    if all(document.blocks[story.block].hints & Hint.RANKED for story in stories):
        boxes = document.boxes
        box = boxes[stories[0].box]
        while box.parent >= 0:
            if box.tag == "ol" or "rank" in box.name:
                return True
            if box.end - box.first > 60:
                return False
            box = boxes[box.parent]
    return False


# --- items --------------------------------------------------------------------------------------------------------------------------


def _items(stories: list[Story], document: Document) -> tuple[bool, list[LinkItem]]:
    """(whether numbers are displayed, items)."""
    texts = [undoubled(story.text) for story in stories]
    matches = [_RANK.match(text) for text in texts]
    numbers = [int(match[1]) if match else None for match in matches]
    ranked = _counts_up(numbers)
    shown_ranks = [_shown_rank(document, story) for story in stories]
    if ranked:
        texts = [text[match.end() :] if match and text[match.end() :].strip() else text for text, match in zip(texts, matches, strict=True)]
    ranked = ranked or _counts_up(shown_ranks)
    items = []
    for rank, (story, text) in enumerate(zip(stories, texts, strict=True), start=1):
        items.append(
            LinkItem(
                rank=rank,
                text=text,
                raw=document.blocks[story.block].text if document.is_plain else story.text,
                url=story.link.href,
                full_text=_full_text(text, story.link),
                has_image=story.link.has_image or story.link.href in document.images,
                display_width=display_width(text),
            )
        )
    return ranked, items


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
    if not is_cut:
        return item
    return LinkItem(
        rank=item.rank, text=item.text, raw=item.raw, url=item.url, full_text=item.full_text, has_image=item.has_image,
        display_width=item.display_width, is_truncated=True,
    )  # fmt: skip
