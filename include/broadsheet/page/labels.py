"""Labels for what is neither field, body nor module: navigation, share bars, footers and the like. Every block gets one."""

from broadsheet.page.blocks import Document, Hint, RawBlock
from broadsheet.page.words import count_words, has_word, is_word
from broadsheet.records import BlockLabel
from broadsheet.text import display_width

# Word groups tried on short blocks, in order; what matches first labels the block.
_BY_WORD = (
    ("more", BlockLabel.LINKS, 20),
    ("neighbours", BlockLabel.NEIGHBOURS, 200),
    ("share", BlockLabel.SHARE, 80),
    ("follow", BlockLabel.FOLLOW, 80),
    ("comment", BlockLabel.COMMENT, 80),
    ("search", BlockLabel.FORM, 60),
    ("ad", BlockLabel.AD, 40),
    ("not_modules", BlockLabel.LINKS, 30),
)
_BY_HINT = (
    (Hint.FORM, BlockLabel.FORM),
    (Hint.SHARE, BlockLabel.SHARE),
    (Hint.COMMENT, BlockLabel.COMMENT),
    (Hint.FOOTER, BlockLabel.FOOTER),
    (Hint.NAV, BlockLabel.NAV),
    (Hint.AD, BlockLabel.AD),
    (Hint.TAGS, BlockLabel.TAGS),
    (Hint.CAPTION, BlockLabel.CAPTION),
    (Hint.HEADER, BlockLabel.MASTHEAD),
)
_SHORT = 24  # columns of a menu's label


def label_rest(document: Document, first: int, last: int) -> None:
    """Label the blocks that no rule has claimed. `first` and `last` bound the article's own part of the page."""
    for index, block in enumerate(document.blocks):
        if block.label == BlockLabel.UNKNOWN:
            _label_by_word(block, index > last)
        if block.label == BlockLabel.UNKNOWN:
            _label_by_hint(block)
    _label_by_neighbours(document, first, last)


def _label_by_word(block: RawBlock, is_after: bool) -> None:
    if (is_after or block.hints & Hint.FOOTER) and (count_words("footer", block.text) >= (1 if block.width < 120 else 2)):
        block.mark(BlockLabel.FOOTER, "footer_words")
        return
    for group, label, longest in _BY_WORD:
        if block.width <= longest and (
            is_word(group, block.text) or (group not in ("more", "ad", "not_modules", "search") and has_word(group, block.text))
        ):
            block.mark(label, f"{group}_words")
            return
    if block.text.isdigit() or not any(char.isalnum() for char in block.text):
        block.mark(BlockLabel.PAGINATION if block.text.isdigit() and block.links else BlockLabel.NAV, "no_words")


def _label_by_hint(block: RawBlock) -> None:
    for hint, label in _BY_HINT:
        if block.hints & hint:
            block.mark(label, f"{hint.name.lower()}_box" if hint.name else "box")
            return
    if block.link_density > 0.6:
        block.mark(BlockLabel.NAV if all(display_width(link.text.strip()) <= _SHORT for link in block.links) else BlockLabel.LINKS, "link_density")


def _label_by_neighbours(document: Document, first: int, last: int) -> None:
    """A short block between two of one kind is of that kind; what stands above the article is masthead, below it footer."""
    blocks = document.blocks
    for index, block in enumerate(blocks):
        if block.label != BlockLabel.UNKNOWN:
            continue
        before = blocks[index - 1] if index else None
        after = next((other for other in blocks[index + 1 : index + 4] if other.label != BlockLabel.UNKNOWN), None)
        if (
            before is not None
            and before.label in (BlockLabel.FOLLOW, BlockLabel.COMMENT, BlockLabel.SHARE, BlockLabel.FOOTER, BlockLabel.AD)
            and (
                block.width <= 60
                and (after is None or after.label == before.label or before.label in (BlockLabel.FOLLOW, BlockLabel.FOOTER))
                and _is_near(document, before, block)
            )
        ):
            block.mark(before.label, "as_before")
        elif before is not None and after is not None and before.label == after.label and before.label in _SPREADING and block.module is None:
            block.mark(before.label, "between")
            block.module = before.module if before.module == after.module else None
        elif index < first and block.width <= 80:
            block.mark(BlockLabel.MASTHEAD, "above_article")
        elif index > last and block.width <= _SHORT and blocks[index - 1].label in (BlockLabel.NAV, BlockLabel.FOOTER, BlockLabel.LINKS):
            block.mark(blocks[index - 1].label, "as_before")


_SPREADING = (
    BlockLabel.NAV,
    BlockLabel.FEED,
    BlockLabel.RELATED,
    BlockLabel.FOOTER,
    BlockLabel.LINKS,
    BlockLabel.COMMENT,
    BlockLabel.AD,
    BlockLabel.TAGS,
)


def _is_near(document: Document, first: RawBlock, second: RawBlock) -> bool:
    """In a rendered page, lines without a blank line between them belong together."""
    return not document.is_plain or not second.after_blank or first.label == BlockLabel.FOLLOW or first.label == BlockLabel.FOOTER
