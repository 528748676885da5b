"""Labels for the blocks that neither article nor modules claimed: navigation, footer, share, follow, comments, ads, forms."""

from functools import cache, lru_cache

from broadsheet.page import words
from broadsheet.page.blocks import UNKNOWN, Document, Hint, RawBlock
from broadsheet.page.plain import lowered
from broadsheet.page.vocabulary import words as vocabulary
from broadsheet.records import BlockLabel

_LINES = {
    "share": BlockLabel.SHARE,
    "follow": BlockLabel.FOLLOW,
    "comment": BlockLabel.COMMENT,
    "pagination": BlockLabel.PAGINATION,
    "ad": BlockLabel.AD,
    "tags": BlockLabel.TAGS,
    "form": BlockLabel.FORM,
    "more": BlockLabel.LINKS,
}
_BEGINNINGS = ("share", "follow", "tags", "comment")
_LONGEST_LINE = 160
_WIDEST_ACCOUNT = 24  # display columns
_HINTS = (
    (Hint.COMMENT, BlockLabel.COMMENT),
    (Hint.FOOTER, BlockLabel.FOOTER),
    (Hint.CRUMB, BlockLabel.BREADCRUMB),
    (Hint.NAV, BlockLabel.NAV),
    (Hint.NEIGHBOURS, BlockLabel.NEIGHBOURS),
    (Hint.SHARE, BlockLabel.SHARE),
    (Hint.TAGS, BlockLabel.TAGS),
    (Hint.FORM, BlockLabel.FORM),
    (Hint.AD, BlockLabel.AD),
    (Hint.PROMO, BlockLabel.FOLLOW),
    (Hint.CAPTION, BlockLabel.CAPTION),
)


def label_rest(document: Document, start: int | None, stop: int | None) -> None:
    """Label what is left, by what a line says, then by what its box is called, then by where it stands."""
    blocks = document.blocks
    head = start if start is not None else len(blocks)
    for index, block in enumerate(blocks):
        if block.label is not UNKNOWN:
            continue
        shown = block.shown
        begins = len(shown) <= _LONGEST_LINE and words.begins_like_a_line(shown)
        if begins and len(shown) <= 120 and words.begins_with("neighbours", shown):
            block.mark(BlockLabel.NEIGHBOURS, "neighbours_word")
            continue
        if begins and (line := _line_group(shown)):
            block.mark(_LINES[line], f"{line}_word")
            continue
        if (stop is None or index > stop) and words.is_of_footer(block):
            block.mark(BlockLabel.FOOTER, "footer_words")
            continue
        hinted = _hinted(block.hints)
        if hinted is not None:
            block.mark(hinted, "box_name")
            continue
        if index < head and (block.link_density > 0.5 or (document.is_plain and block.width <= 24)):
            block.mark(BlockLabel.NAV, "links_above_article")
        elif index < head and words.is_menu(block.text):
            block.mark(BlockLabel.NAV, "menu_above_article")
        elif block.link_density > 0.5:
            block.mark(BlockLabel.LINKS, "mostly_links")
    _label_by_neighbours(document, stop)


@lru_cache(maxsize=4096)
def _hinted(hints: int) -> BlockLabel | None:
    return next((label for hint, label in _HINTS if hints & hint), None)


def _line_group(shown: str) -> str | None:
    groups = words.groups_of(shown)
    if groups:
        return next((group for group in _LINES if group in groups), None)
    if len(shown) > _LONGEST_LINE:
        return None
    return next((group for group in _BEGINNINGS if words.begins_with(group, shown) and words.is_made_of(group, shown)), None)


def _names_account(block: RawBlock) -> bool:
    """云州网微信, 云州网客户端: where a reader can follow the site."""
    return block.width <= _WIDEST_ACCOUNT and block.shown.endswith(tuple(word for word in _account_words() if word != block.shown))


@cache
def _account_words() -> tuple[str, ...]:
    return tuple(lowered(word) for group in ("follow", "share") for word in vocabulary("modules", "lines", group) if len(word) > 1)


def _label_by_neighbours(document: Document, stop: int | None) -> None:
    """What stands between two blocks of a kind is of that kind; what follows a heading of a kind is under it."""
    blocks = document.blocks
    kinds = (BlockLabel.FOLLOW, BlockLabel.COMMENT, BlockLabel.FOOTER, BlockLabel.SHARE, BlockLabel.FORM, BlockLabel.AD)
    before: RawBlock | None = None
    for index, block in enumerate(blocks):
        if block.label is UNKNOWN and before is not None and before.label in kinds and block.width <= 60:
            same = document.is_plain and not block.gap
            if not document.is_plain:
                same = document.boxes[document.common(before.box, block.box)].end - document.boxes[document.common(before.box, block.box)].first <= 12
            elif not same and before.label in (BlockLabel.FOLLOW, BlockLabel.FOOTER):
                same = index > 0 and (blocks[index - 1].rule != "after_heading" or _names_account(block))
            if same or before.label == BlockLabel.FOOTER:
                block.mark(before.label, "after_heading")
        before = block
