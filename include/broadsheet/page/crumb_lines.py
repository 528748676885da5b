"""Where a page's breadcrumb stands: in one line, in a list with a crumb an entry, or in lines above a rendered headline."""

import re
from collections.abc import Sequence

from broadsheet.page import mentions
from broadsheet.page.blocks import UNKNOWN, Document, Hint, columns
from broadsheet.page.breadcrumbs import LONGEST_LINE, has_label, is_home, is_no_crumb, read_breadcrumb
from broadsheet.page.surroundings import Surroundings
from broadsheet.page.times import may_hold_time
from broadsheet.records import BlockLabel
from broadsheet.text import headline_key


def read_crumbs(document: Document, found: Surroundings, title: int | None, start: int) -> None:
    """The breadcrumb above the headline or anywhere before the text: one line, or a list with a crumb an entry."""
    blocks = document.blocks
    limit = min(len(blocks), (max(title or 0, start)) + 1)
    best: tuple[int, int, tuple[str, ...]] | None = None
    for index in range(limit):
        block = blocks[index]
        text = block.text
        if len(text) > LONGEST_LINE or block.label is not UNKNOWN:
            continue
        hinted = bool(block.hints & Hint.CRUMB)
        if block.level == 1 and hinted:
            continue  # the last of a list's crumbs
        has_sign = block.mentions & mentions.CRUMB and _CRUMB_SIGN.search(text) is not None
        if not has_sign and (not hinted or (block.tag in ("li", "dd", "td") and len(block.links) < 2)):
            continue
        texts = [link.text for link in block.links if link.text]
        crumbs = read_breadcrumb(text, texts, is_known=hinted and len(text) < 200)
        if not crumbs or (len(crumbs) == 1 and not texts and not has_sign):
            continue
        value = 4 * has_label(text) + 3 * hinted + 2 * (len(crumbs) > 1) - 2 * (block.level > 0)
        value -= 3 if block.hints & (Hint.FOOTER | Hint.COMMENT | Hint.HIDDEN) else 0
        if best is None or value > best[0]:
            best = (value, index, crumbs)
    if best is not None and best[0] >= 2:
        index = best[1]
        found.breadcrumb = (*_with_root(document, index, best[2]), *_rest_of_box(document, index))
        blocks[index].mark(BlockLabel.BREADCRUMB, "breadcrumb")
    if len(found.breadcrumb) <= 1 and not document.is_plain:
        _read_crumb_list(document, found, limit)
    if not found.breadcrumb and document.is_plain and title is not None:
        _read_line_above(document, found, title)
        if not found.breadcrumb:
            _read_crumb_lines(document, found, title)


_CRUMB_SIGN = re.compile(r"[>＞»›→❯▸]|\s[/|-]\s|位置|here\b|hier\b", re.IGNORECASE)


def _with_root(document: Document, index: int, crumbs: tuple[str, ...]) -> tuple[str, ...]:
    """The channel's name may stand in a block of its own before the line: [新闻中心] [国内新闻 > 正文]."""
    blocks = document.blocks
    block, before = blocks[index], blocks[index - 1] if index else None
    if before is None or not block.hints & Hint.CRUMB or not before.hints & Hint.CRUMB or not before.links or before.width > 24:
        return crumbs
    both = document.boxes[document.common(before.box, block.box)]
    if both.end - both.first > 4 or before.hints & Hint.HIDDEN:
        return crumbs
    before.mark(BlockLabel.BREADCRUMB, "breadcrumb")
    return (before.text, *crumbs)


def _rest_of_box(document: Document, index: int) -> tuple[str, ...]:
    """Further crumbs in boxes of their own, where the first stands alone in the box that is named after them: [News [Local]]."""
    block, blocks = document.blocks[index], document.blocks
    box = document.boxes[block.box]
    if not box.own & Hint.CRUMB or box.first != index or len(block.links) != 1 or box.end - box.first > _MOST_CRUMBS:
        return ()
    rest = blocks[index + 1 : box.end]
    if any(other.label is not UNKNOWN or other.level or len(other.links) != 1 or columns(other.text) > _WIDEST_CRUMB for other in rest):
        return ()
    for other in rest:
        other.mark(BlockLabel.BREADCRUMB, "breadcrumb")
    return tuple(other.text for other in rest)


def _read_crumb_list(document: Document, found: Surroundings, limit: int) -> None:
    blocks, boxes = document.blocks, document.boxes
    lists: dict[int, list[int]] = {}
    for index in range(limit):
        block = blocks[index]
        if block.hints & Hint.CRUMB and not block.hints & Hint.HIDDEN and len(block.text) < 120:
            box = boxes[block.box].parent if block.tag in ("li", "dd", "td", "div", "p") else block.box
            lists.setdefault(box, []).append(index)
    for members in sorted(lists.values(), key=lambda members: "crumb" not in _names_around(document, members[0])):
        if not 2 <= len(members) <= 8 or _is_of_menu(document, members[0]):
            continue
        crumbs = read_breadcrumb(" > ".join(blocks[index].text for index in members), is_known=True)
        if crumbs and not any(map(is_no_crumb, crumbs)):
            found.breadcrumb = crumbs
            for index in members:
                if blocks[index].label in (BlockLabel.UNKNOWN, BlockLabel.BREADCRUMB):
                    blocks[index].label, blocks[index].rule = BlockLabel.BREADCRUMB, "breadcrumb_list"
            return


def _is_of_menu(document: Document, index: int) -> bool:
    """Whether the box that is named after crumbs holds more than a path has: a site's local navigation."""
    boxes = document.boxes
    box = boxes[document.blocks[index].box]
    while not box.own & Hint.CRUMB and box.parent >= 0:
        box = boxes[box.parent]
    return box.end - box.first > _MOST_IN_BOX


def _read_line_above(document: Document, found: Surroundings, title: int) -> None:
    """Crumbs in one line right above a rendered headline: with bars between them, or home first and a channel, perhaps with the headline behind."""
    blocks = document.blocks
    headline = blocks[title].displayed()
    for index in range(title - 1, max(-1, title - _KICKERS - 1), -1):
        text = blocks[index].text
        if blocks[index].is_item or len(text) > LONGEST_LINE or may_hold_time(text):
            continue
        at = text.rfind(headline[:_BEGIN_OF_HEADLINE])
        crumbs = text[:at].rstrip(" /|>›»") if at > 0 else text
        if at <= 0 and index != title - 1:
            continue
        if len(_BARS.findall(crumbs)) >= (1 if at > 0 else 2):
            read = read_breadcrumb(crumbs, is_known=True) or ()
        else:
            first, _, rest = crumbs.partition(" ")
            read = (first, rest) if is_home(first) and 1 <= len(rest.split()) <= _WORDS_OF_CRUMB else ()
        if _may_be_crumbs(read):
            found.breadcrumb = read
            blocks[index].mark(BlockLabel.BREADCRUMB, "breadcrumb")
            return


_MOST_IN_BOX = 14  # blocks: some crumbs with their marks between them
_BARS = re.compile(r"[/|›>»]")
_BEGIN_OF_HEADLINE, _WORDS_OF_CRUMB = 16, 3  # characters; words


def _read_crumb_lines(document: Document, found: Surroundings, title: int) -> None:
    """Short lines right above a rendered headline that begin at the site's root, or a list there that counts them."""
    blocks = document.blocks
    texts = {index: blocks[index].displayed() for index in range(max(0, title - _KICKERS - _MOST_CRUMBS), title)}
    homes = [index for index, text in texts.items() if is_home(text)]
    firsts = [index for index in texts if blocks[index].rank == 1]
    if not homes and not firsts:
        return
    first = homes[-1] if homes else firsts[-1]
    while first - 1 in homes:  # Home, News
        first -= 1
    members = [first]
    while members[-1] + 1 < title and blocks[members[-1] + 1].is_item == blocks[first].is_item:
        members.append(members[-1] + 1)
    if title - members[-1] > _KICKERS + 1:
        return
    if headline_key(texts[members[-1]]) == headline_key(blocks[title].displayed()):
        members.pop()
    crumbs = [texts[index] for index in members]
    if not _may_be_crumbs(crumbs):
        return
    found.breadcrumb = read_breadcrumb(" > ".join(crumbs), is_known=True) or ()
    for index in members:
        blocks[index].mark(BlockLabel.BREADCRUMB, "breadcrumb_list")


def _may_be_crumbs(crumbs: Sequence[str]) -> bool:
    return 2 <= len(crumbs) <= _MOST_CRUMBS and max(map(columns, crumbs)) <= _WIDEST_CRUMB and not any(map(is_no_crumb, crumbs))


_KICKERS, _MOST_CRUMBS, _WIDEST_CRUMB = 2, 4, 30  # lines between list and headline; crumbs; display columns


def _names_around(document: Document, index: int) -> str:
    names, box = [], document.blocks[index].box
    for _ in range(4):
        if box <= 0:
            break
        names.append(document.boxes[box].name)
        box = document.boxes[box].parent
    return " ".join(names)
