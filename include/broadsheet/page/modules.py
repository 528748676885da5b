"""Headline feeds and related links: runs of links to stories outside the body, with the heading above them.

A run is what repeats inside one container; a heading, a change of container or running text ends it. The vocabulary decides only
what kind it is and what is no module (navigation, friend links, tags).
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from broadsheet.page.blocks import Document, Hint, Link, RawBlock
from broadsheet.page.plaintext import undoubled
from broadsheet.page.times import find_time
from broadsheet.page.words import has_word, heading_text, is_word
from broadsheet.records import BlockLabel, LinkItem, Module, ModuleKind
from broadsheet.text import display_width, fold_blanks, headline_key

STORY_WIDTH = 13  # columns: seven Chinese characters, or a few words
HEADING_WIDTH = 44
LONGEST_STORY = 260
_RANK = re.compile(r"^(?:NO\.?\s?|TOP\s?)?0?(\d{1,2})(?:[.、．:：\s]\s*|(?=[^\W\d_]))", re.IGNORECASE)
_ELLIPSIS = re.compile(r"(?:\.{2,6}|…{1,3}|．{3}|·{3})$")
_NO_STORY = ("javascript:", "mailto:", "tel:", "#", "data:")
_EXCLUDED = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.SHARE
_MAX_GAP = 6  # blocks between a heading and its list


@dataclass(slots=True)
class Run:
    """A run of links: indices of its blocks, the innermost box around them."""

    blocks: list[int]
    box: int
    heading: int | None = None
    items: list[tuple[Link, int]] = field(default_factory=list)


def is_story(document: Document, link: Link, text: str) -> bool:
    """Whether an anchor leads to a story: long enough, and to somewhere."""
    if not document.is_plain:
        href = (link.href or "").strip().lower()
        if not href or href.startswith(_NO_STORY):
            return False
    return STORY_WIDTH <= display_width(text) <= LONGEST_STORY * 2


def find_modules(document: Document, body: tuple[int, int, int] | None, title_key: str) -> list[Module]:
    """Modules in page order; their blocks are labelled and carry the module's index."""
    stories = _story_blocks(document, body, title_key)
    runs = _with_headings(document, _runs(document, stories, body))
    modules: list[Module] = []
    for run in runs:
        module = _module(document, run)
        if module is None:
            continue
        number = len(modules)
        label = BlockLabel.FEED if module.kind == ModuleKind.HEADLINE_FEED else BlockLabel.RELATED
        for index in range(run.blocks[0], run.blocks[-1] + 1):
            block = document.blocks[index]
            if block.label == BlockLabel.UNKNOWN:
                block.mark(label, "link_run")
                block.module = number
        if run.heading is not None:
            block = document.blocks[run.heading]
            block.mark(BlockLabel.MODULE_HEADING, "heading_of_run")
            block.module = block.module if block.module is not None else number
        modules.append(module)
    _empty_headings(document, modules)
    return modules


def _story_blocks(document: Document, body: tuple[int, int, int] | None, title_key: str) -> dict[int, list[tuple[Link, str]]]:
    """Blocks that are links to stories, with these links."""
    found: dict[int, list[tuple[Link, str]]] = {}
    for index, block in enumerate(document.blocks):
        if not block.links or block.label != BlockLabel.UNKNOWN or block.hints & _EXCLUDED and not block.hints & Hint.RELATED:
            continue
        # Text of the body that carries links is no list; a list inside the body's box is one.
        if block.link_density < 0.5 and not (block.width <= 120 and block.link_density >= 0.3):
            continue
        stories = []
        for link in block.links:
            text = undoubled(_without_rank(fold_blanks(link.text)))
            if is_story(document, link, text) and headline_key(text) != title_key:
                stories.append((link, text))
        if stories:
            found[index] = stories
    return found


def _runs(document: Document, stories: dict[int, list[tuple[Link, str]]], body: tuple[int, int, int] | None) -> list[Run]:
    runs: list[Run] = []
    current: Run | None = None
    for index, block in enumerate(document.blocks):
        if index in stories:
            if current is not None and _belongs(document, current, block):
                current.box = document.common(current.box, block.box)
                current.blocks.append(index)
            else:
                current = Run([index], block.box)
                runs.append(current)
        elif current is not None and _ends(document, current, block, body, index):
            current = None
    for run in runs:
        run.items = [(link, index) for index in run.blocks for link, _ in stories[index]]
    return runs


def _belongs(document: Document, run: Run, block: RawBlock) -> bool:
    boxes = document.boxes
    common = document.common(run.box, block.box)
    if common == run.box:
        return True
    climb = boxes[run.box].depth - boxes[common].depth
    if len(run.blocks) == 1:  # the second item tells which box the list is
        return climb <= 5 and boxes[block.box].depth - boxes[common].depth <= 5 and boxes[common].tag not in ("body", "html")
    # Columns of one list: sibling boxes of the same make.
    mine, other = _child_towards(document, common, run.box), _child_towards(document, common, block.box)
    return (
        climb <= 2
        and boxes[mine].tag == boxes[other].tag
        and boxes[mine].name == boxes[other].name
        and boxes[mine].tag in ("ul", "ol", "div", "dl", "li")
    )


def _child_towards(document: Document, outer: int, inner: int) -> int:
    while document.boxes[inner].parent != outer and document.boxes[inner].depth > document.boxes[outer].depth + 1:
        inner = document.boxes[inner].parent
    return inner


def _ends(document: Document, run: Run, block: RawBlock, body: tuple[int, int, int] | None, index: int) -> bool:
    """Whether a block that is no story ends a run."""
    if _is_heading_word(block):
        return True
    inside = document.holds(run.box, block.box)
    if document.is_plain:
        return not inside
    if block.is_heading_tag and not (block.links and inside):
        return not inside or len(run.blocks) > 1
    if inside:
        return False
    if len(run.blocks) == 1:  # summaries and times beside the first item
        common = document.common(run.box, block.box)
        return document.boxes[run.box].depth - document.boxes[common].depth > 3 or (body is not None and body[1] <= index <= body[2])
    return block.width > 8 or bool(body and body[1] <= index <= body[2])


def _is_heading_word(block: RawBlock) -> bool:
    return block.width <= HEADING_WIDTH and (has_heading_word("related", block.text) or has_heading_word("feed", block.text))


def has_heading_word(group: str, text: str) -> bool:
    """Whether a short text reads as a heading of the group: it is one of the words, or ends or begins with one."""
    shown = heading_text(text)
    if not shown or display_width(shown) > HEADING_WIDTH:
        return False
    return is_word(group, shown) or (has_word(group, shown) and display_width(shown) <= 24 and not re.search(r"[,，。！？!?；;]", shown))


# --- headings ----------------------------------------------------------------------------------------------------------


def _with_headings(document: Document, runs: list[Run]) -> list[Run]:
    """Find each run's heading among the blocks just above it; tabs share the row of headings above the first list."""
    waiting: list[int] = []
    previous_end = -1
    for run in runs:
        start = run.blocks[0]
        candidates = [index for index in range(max(previous_end + 1, start - _MAX_GAP), start) if _can_head(document, index, run)]
        if not candidates and waiting and start - previous_end <= 3:
            run.heading = waiting.pop(0)
        elif candidates:
            row = _row(document, candidates)
            run.heading = row[0]
            waiting = row[1:]
        else:
            waiting = []
        previous_end = run.blocks[-1]
    return runs


def _can_head(document: Document, index: int, run: Run) -> bool:
    block = document.blocks[index]
    text = heading_text(block.text)
    if not text or block.label != BlockLabel.UNKNOWN or display_width(text) > HEADING_WIDTH or text.isdigit() or is_word("more", text):
        return False
    if block.is_item or (find_time(block.text) is not None and not has_word("feed", text)):
        return False
    if document.is_plain:
        return True
    common = document.common(block.box, run.box)
    return document.boxes[run.box].depth - document.boxes[common].depth <= 5 and document.boxes[common].tag not in ("html",)


def _row(document: Document, candidates: list[int]) -> list[int]:
    """The heading nearest to the list, or the tabs' headings from left to right."""
    known = [index for index in candidates if _is_heading_word(document.blocks[index]) or document.blocks[index].is_heading_tag]
    last = known[-1] if known else candidates[-1]
    row = [last]
    for index in reversed(candidates[: candidates.index(last)]):
        same = document.blocks[index], document.blocks[row[0]]
        if (
            row[0] - index == 1
            and same[0].tag == same[1].tag
            and _depth(document, same[0]) == _depth(document, same[1])
            and not same[0].is_heading_tag
        ):
            row.insert(0, index)
        else:
            break
    return row if all(_is_heading_word(document.blocks[index]) for index in row) else [last]


def _depth(document: Document, block: RawBlock) -> int:
    return document.boxes[block.box].depth


# --- one module ----------------------------------------------------------------------------------------------------------


def _module(document: Document, run: Run) -> Module | None:
    heading = heading_text(document.blocks[run.heading].text) if run.heading is not None else None
    items = _items(run)
    if len(items) < 2 or (heading and _is_no_module(heading)):
        return None
    hints = document.boxes[run.box].hints
    if hints & (Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.TAGS) and not (
        heading and (has_heading_word("feed", heading) or has_heading_word("related", heading))
    ):
        return None
    if document.is_plain and heading is None:
        return None
    if hints & Hint.AD and heading is None:
        return None
    ranks = [document.blocks[index].rank or _shown_rank(document.blocks[index].text) for _, index in _first_blocks(run)]
    is_ranked = bool(heading and has_word("ranked", heading)) or (len(ranks) >= 3 and ranks[:3] == [1, 2, 3])
    limit = width_limit([(item.text, bool(_ELLIPSIS.search(item.text))) for item in items])
    return Module(
        kind=_kind(heading, hints),
        heading=heading,
        is_ranked=is_ranked,
        items=tuple(_cut_marked(item, limit) for item in items),
        width_limit=limit,
        rule="headed_run" if heading else "link_run",
    )


def _first_blocks(run: Run) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    for link, index in run.items:
        seen.setdefault(link.href or str(index), index)
    return list(seen.items())


def _is_no_module(heading: str) -> bool:
    return is_word("not_modules", heading) or is_word("ad", heading) or is_word("comment", heading) or is_word("share", heading)


def _kind(heading: str | None, hints: Hint) -> ModuleKind:
    if heading:
        if has_heading_word("related", heading) and not is_word("feed", heading):
            return ModuleKind.RELATED_LINKS
        return ModuleKind.HEADLINE_FEED
    return ModuleKind.RELATED_LINKS if hints & Hint.RELATED else ModuleKind.HEADLINE_FEED


def _items(run: Run) -> list[LinkItem]:
    """Entries in displayed order; several anchors to one story (picture, headline, summary) are one entry."""
    merged: dict[str, list[Link]] = {}
    for position, (link, _) in enumerate(run.items):
        merged.setdefault(_target(link) or f"#{position}", []).append(link)
    items = []
    for links in merged.values():
        text = undoubled(_without_rank(fold_blanks(links[0].text)))
        longer = next((long for link in links for long in _longer(link, text)), None)
        width = display_width(text)
        items.append(
            LinkItem(rank=len(items) + 1, text=text, raw=fold_blanks(links[0].text), url=links[0].href, full_text=longer,
                     has_image=any(link.has_image for link in links), display_width=width)
        )  # fmt: skip
    return items


def _target(link: Link) -> str | None:
    try:
        parts = urlsplit((link.href or "").strip())
    except ValueError:
        return link.href
    return f"{parts.netloc}{parts.path}?{parts.query}" if link.href else None


def _longer(link: Link, text: str):
    """Longer headlines that the page itself gives: they begin as the shown one does."""
    shown = _ELLIPSIS.sub("", text)
    for candidate in (link.title, link.image_text):
        full = fold_blanks(candidate or "")
        if len(full) > len(shown) and full.startswith(shown[: max(len(shown) - 1, 1)]) and full != text:
            yield full


def _without_rank(text: str) -> str:
    found = _RANK.match(text)
    # "46名…" and "2025年…" begin with a number that belongs to the headline.
    if not found or (
        found.end() == len(found[0].rstrip())
        and text[found.end() : found.end() + 1] in "年月日名个人万亿岁元周天时届省市家位次连级点成强国大条部项所座轮辆场件种只张号后多余第"
    ):
        return text
    return text[found.end() :].strip() if not text[found.end(1) : found.end(1) + 1].isdigit() else text


def _shown_rank(text: str) -> int | None:
    found = _RANK.match(text)
    return int(found[1]) if found else None


# --- cut headlines ---------------------------------------------------------------------------------------------------------


def width_limit(items: list[tuple[str, bool]]) -> int | None:
    """Display columns at which a list cuts its headlines, learned from the list; None when nothing shows a cut.

    A wide character that does not fit, and a trailing blank that is stripped, leave an entry one to three columns short of the
    limit; so the limit is the greatest width, if enough of the entries gather just below it and more than could by chance.
    """
    marked = [display_width(_ELLIPSIS.sub("", text).rstrip()) for text, has_ellipsis in items if has_ellipsis]
    if len(marked) >= 2 and max(marked) - min(marked) <= 3:
        return max(marked)
    widths = Counter(display_width(text) for text, has_ellipsis in items if not has_ellipsis)
    if not widths or marked:
        return max(marked) if marked else None
    greatest = max(widths)
    gathered = widths[greatest] + widths[greatest - 1]
    total = sum(widths.values())
    return greatest if greatest >= 16 and gathered >= 3 and gathered >= 0.4 * total else None


def _cut_marked(item: LinkItem, limit: int | None) -> LinkItem:
    import msgspec

    has_ellipsis = bool(_ELLIPSIS.search(item.text))
    # A blank at the cut and a wide character that no longer fits: up to two columns short.
    at_limit = limit is not None and limit - 2 <= item.display_width <= limit
    is_cut = has_ellipsis or at_limit or item.full_text is not None
    if (
        is_cut
        and not has_ellipsis
        and item.full_text is None
        and item.text.endswith(("。", "！", "？", "!", "?", "”", "》", ")", "）"))
        and item.display_width < (limit or 0)
    ):
        is_cut = False
    return msgspec.structs.replace(item, is_truncated=is_cut)


# --- headings without a list -------------------------------------------------------------------------------------------------


def _empty_headings(document: Document, modules: list[Module]) -> None:
    """Headings whose list a script fills: kept as modules without items."""
    for block in document.blocks:
        if block.label != BlockLabel.UNKNOWN or block.width > 24 or block.hints & (_EXCLUDED | Hint.HIDDEN):
            continue
        shown = heading_text(block.text)
        kind = next(
            (kind for group, kind in (("related", ModuleKind.RELATED_LINKS), ("feed", ModuleKind.HEADLINE_FEED)) if is_word(group, shown)), None
        )
        if kind is not None:
            block.mark(BlockLabel.MODULE_HEADING, "heading_without_list")
            block.module = len(modules)
            modules.append(Module(kind=kind, heading=shown, is_ranked=has_word("ranked", shown), rule="heading_without_list"))
