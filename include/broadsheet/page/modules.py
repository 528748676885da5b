"""Headed lists of links to other stories: which runs of links are modules, of what kind, and the labels of their blocks."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from broadsheet.page import words
from broadsheet.page.blocks import UNKNOWN, Document, Hint
from broadsheet.page.entries import entry_stories, link_items
from broadsheet.page.headings import Heading, heading_text
from broadsheet.page.link_runs import Run, link_runs, tokens_of
from broadsheet.page.names import is_cjk
from broadsheet.page.rendered_lists import rendered_runs
from broadsheet.page.stories import LONGEST_STORY, Story, item_boxes, median, stories_of
from broadsheet.records import BlockLabel, Module, ModuleKind

_NOT_MODULE = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.CRUMB | Hint.SHARE | Hint.TAGS | Hint.FORM | Hint.NEIGHBOURS
_BELOW = Hint.FOOTER | Hint.COMMENT
_NO_HEADING = Hint.COMMENT | Hint.FORM | Hint.SHARE  # what stands out there is a commenter, the label of a field or a message
_WIDER_THAN_CRUMBS = 32  # display columns
_RENDERED_MENU = 8  # display columns more: without boxes a menu of several words looks like a list
_WITHOUT_LIST = "heading_without_list"
_HOST = re.compile(r"(?:https?:)?//([a-z0-9.-]{1,253})")
_SECOND_LEVEL = frozenset(("com", "net", "org", "gov", "edu", "co", "ac"))


def find_modules(document: Document, body: set[int], body_box: int | None, known: Iterable[Module] = ()) -> list[Module]:
    """Modules in page order; their blocks are labelled. `body` holds the indexes of the article's blocks; `known` modules, whose blocks are
    labelled already, come first."""
    modules = list(known)
    tokens: list[Story | Heading | None] = []
    if document.is_plain:
        runs: Iterable[Run] = rendered_runs(document, body)
    else:
        tokens = tokens_of(document, body)
        runs = link_runs(document, tokens)
    for run in list(runs):
        accept(document, run, modules, body_box)
    mark_lonely_headings(document, tokens)
    return modules


def mark_lonely_headings(document: Document, tokens: Iterable[Story | Heading | None]) -> None:
    """Label headings above another heading: a script fills their lists."""
    for token in tokens:
        if type(token) is Heading and token.story is None and not token.demoted and _may_stand_alone(document, token):
            document.blocks[token.block].mark(BlockLabel.MODULE_HEADING, _WITHOUT_LIST)


def module_in(
    document: Document, container: Sequence[int], modules: list[Module], *, kind: ModuleKind, heading: int | None, named: str | None,
    is_ranked: bool | None, rule: str,
) -> None:  # fmt: skip
    """Append the module of a container's blocks, which is known to be one, and label them. Nothing without an entry.

    `heading` is the index of the heading's block; `named` is what it is called otherwise; `is_ranked` None is told by the list.
    """
    seen: dict[int, Story] = {}
    found: list[Story] = []
    boxes = item_boxes(document)
    for index in container:
        block = document.blocks[index]
        if block.label is UNKNOWN and index != heading and block.links and not block.hints & Hint.COPY:
            for story in stories_of(document, index, block, seen):
                story.item = boxes.get(block.box)
                found.append(story)
    stories = entry_stories(document, found)
    if not stories:
        return
    head = document.blocks[heading] if heading is not None else None
    text = named or (heading_text(head) if head is not None else None)
    items, is_numbered, limit = link_items(document, stories)
    if is_ranked is None:
        is_ranked = is_numbered or bool(text and words.says_ranked(text)) or _has_rank_markup(document, stories)
    module = Module(kind=kind, heading=text, is_ranked=is_ranked, items=tuple(items), width_limit=limit, rule=rule)
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


def accept(document: Document, run: Run, modules: list[Module], body_box: int | None) -> None:
    """Append the module that a run is, if it is one, and label its blocks."""
    heading = run.heading
    if heading is not None and heading.group == "none":
        for story in run.stories:
            document.blocks[story.block].mark(BlockLabel.LINKS, "list_under_other_heading")
        if not words.groups_of(document.blocks[heading.block].shown):
            document.blocks[heading.block].mark(BlockLabel.LINKS, "other_heading")
        return
    if heading is not None and heading.group is None and document.blocks[heading.block].hints & _NO_HEADING:
        heading = None
    stories = entry_stories(document, run.stories)
    if not _is_module(document, heading, stories):
        if heading is not None and len(stories) < 2 and _may_stand_alone(document, heading):
            add_module(document, Module(kind=words.module_kind(heading.group), heading=heading.text, rule=_WITHOUT_LIST), heading, [], modules)
        return
    items, is_numbered, limit = link_items(document, stories)
    kind = words.module_kind(heading.group) if heading else _kind_by_place(document, stories, body_box)
    is_ranked = is_numbered or (heading is not None and words.says_ranked(heading.text)) or _has_rank_markup(document, stories)
    module = Module(
        kind=kind,
        heading=heading.text if heading else None,
        is_ranked=is_ranked,
        items=tuple(items),
        width_limit=limit,
        rule=f"heading_{heading.group or 'unknown'}" if heading else "list_without_heading",
    )
    add_module(document, module, heading, stories, modules)


def _may_stand_alone(document: Document, heading: Heading) -> bool:
    """Whether a block is a list's heading even without a list under it."""
    is_named = heading.group in ("related", "feed", "feed_first")
    return is_named and heading.strength >= 2 and not document.blocks[heading.block].hints & _NOT_MODULE


def add_module(document: Document, module: Module, heading: Heading | None, stories: list[Story], modules: list[Module]) -> None:
    """Append a module and label the blocks of its heading and stories, and what stands between them."""
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
        if block.label is UNKNOWN and (document.is_plain or document.holds(top, block.box)):
            block.label, block.rule, block.module = label, module.rule, number


def _is_module(document: Document, heading: Heading | None, stories: list[Story]) -> bool:
    if len(stories) < 2 or (heading is None and len(stories) < 3):
        return False
    blocks = document.blocks
    widths = [story.width for story in stories]
    typical = median(widths)
    latin = sum(not is_cjk(story.text) for story in stories) > len(stories) / 2
    known = heading is not None and heading.group is not None
    least = (16 if latin else 12) if known else (20 if latin else 15) if heading is not None else (32 if latin else 20)
    if latin and document.is_plain:
        least += _RENDERED_MENU
    if typical < least:
        return False
    hints = [blocks[story.block].hints for story in stories]
    if sum(1 for hint in hints if hint & _BELOW) > len(stories) / 2 and not (known and typical >= 20):
        return False
    # a menu may have a heading with a list's word; its entries are short. Those of a breadcrumb are too: wide ones stand in a box called "position"
    elsewhere = _NOT_MODULE if typical < _WIDER_THAN_CRUMBS else _NOT_MODULE & ~Hint.CRUMB
    if sum(1 for hint in hints if hint & elsewhere) > len(stories) / 2 and not (known and typical >= (28 if latin else 16)):
        return False
    if max(widths) > LONGEST_STORY and typical > 200:
        return False
    if sum(words.is_footer_word(story.text) for story in stories) >= 2:
        return False
    if not known and leads_off(document, stories):
        return False  # a shop's or a partner's
    roots = sum(is_root_link(story.link.href) for story in stories)
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


@lru_cache(maxsize=4096)
def is_root_link(href: str | None) -> bool:
    """A link to a site's or a channel's first page."""
    if not href:
        return False
    path = re.sub(r"^(?:https?:)?//[^/?#]*", "", href.strip()).split("#")[0]
    return path.strip("/") == "" or (path.startswith("/") and path.strip("/").isalpha() and len(path) < 12)


def _kind_by_place(document: Document, stories: list[Story], body_box: int | None) -> ModuleKind:
    """A list without a heading goes with the story if it stands in the article's own column; in a rendered page, right under the text."""
    if document.is_plain:
        first = min(story.block for story in stories)
        return ModuleKind.RELATED_LINKS if first and document.blocks[first - 1].label is BlockLabel.BODY else ModuleKind.HEADLINE_FEED
    if body_box is None or body_box <= 0:
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
