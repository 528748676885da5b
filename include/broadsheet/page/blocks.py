"""The block model that HTML and plain-text captures share.

A page is a sequence of blocks (visible runs of inline text) in document order, and a tree of boxes (containers). Everything that
understands a page works on these; only `dom.py` knows HTML, only `plaintext.py` knows rendered text.
"""

import re
from dataclasses import dataclass, field
from itertools import accumulate

import msgspec

from broadsheet.records import BlockLabel


class Hint:
    """What the tags, class names and ids of a box and the boxes around it suggest: bits of an int. (An IntFlag is ten times slower.)"""

    NAV = 1 << 0
    FOOTER = 1 << 1
    COMMENT = 1 << 2
    AD = 1 << 3
    ASIDE = 1 << 4
    RELATED = 1 << 5
    SHARE = 1 << 6
    TAGS = 1 << 7
    FORM = 1 << 8
    HIDDEN = 1 << 9
    CAPTION = 1 << 10
    INFO = 1 << 11
    TITLE = 1 << 12
    CRUMB = 1 << 13
    PROMO = 1 << 14
    NEIGHBOURS = 1 << 15
    HEADING = 1 << 16
    RIGHTS = 1 << 17
    SUMMARY = 1 << 18
    RANKED = 1 << 19
    LIST = 1 << 20
    CONTENT = 1 << 22  # the article's own box, by its name
    COPY = 1 << 21  # for search engines: nobody sees it


# What never holds the article's text.
OUTSIDE = Hint.NAV | Hint.FOOTER | Hint.COMMENT | Hint.AD | Hint.FORM | Hint.HIDDEN | Hint.CRUMB | Hint.PROMO | Hint.NEIGHBOURS | Hint.COPY
# What seldom does.
BESIDE = Hint.ASIDE | Hint.RELATED | Hint.SHARE | Hint.TAGS | Hint.RIGHTS
_NAV_TAGS = frozenset(("nav", "ul", "ol"))
_OF_WHOLE_PAGE, _NEARLY_ALL = 0.4, 0.9  # shares of the page's text

UNKNOWN = BlockLabel.UNKNOWN  # looked up once: a member of an enum is slow to find


def columns(text: str) -> int:
    """Display columns, quickly: GBK bytes, as portals count them. For thresholds; what is stored comes from `display_width`."""
    if text.isascii():
        return len(text)
    return len(text.encode("gbk", "replace")) - len(_NARROW.findall(text))


_NARROW = re.compile(
    r"[\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c1\u03c3-\u03c9\u0401\u0410-\u044f\u0451]"
)  # Greek and Cyrillic letters: two bytes in GBK, and as narrow as Latin ones


# msgspec's structs are made in a third of the time of a dataclass; those without references to others need no garbage collection.
class Link(msgspec.Struct, eq=False, gc=False):
    """An anchor; `text` is what it displays, blanks folded."""

    href: str | None
    title: str | None = None
    text: str = ""
    has_image: bool = False
    image_text: str | None = None
    headline: str = ""  # the part of its text that is named as a title
    is_target: bool = False  # leads to another page


class Box(msgspec.Struct, eq=False, gc=False):
    """A container. `parent` is an index into the document's boxes, -1 for the root; a parent comes before its children."""

    parent: int
    depth: int
    tag: str
    name: str = ""  # class names and id, lower case
    own: int = 0  # `Hint` bits
    hints: int = 0  # with those of the boxes around it
    first: int = 0  # its blocks are blocks[first:end], those of the boxes inside it included
    end: int = 0


class RawBlock(msgspec.Struct, eq=False):
    """A block before it has a label."""

    text: str
    box: int
    tag: str  # of the box, or the heading tag that the whole block stands in
    links: list[Link] = []  # each struct gets a list of its own
    link_chars: int = 0
    level: int = 0  # of a heading, 1-6
    is_strong: bool = False  # all of it bold
    hints: int = 0
    is_item: bool = False  # a bullet or numbered line of a plain-text capture
    rank: int | None = None  # the number that it shows
    gap: bool = False  # a blank line above it (plain text)
    label: BlockLabel = UNKNOWN
    rule: str = ""
    module: int | None = None
    # What `describe_blocks` tells of it:
    width: int = 0  # `columns` of the text
    link_density: float = 0.0  # share of its characters in links
    shown: str = ""  # the text as patterns see it: `plain`, lower case, of the same length
    mentions: int = 0  # groups of the vocabulary, see `mentions.py`

    def displayed(self) -> str:
        """The text, without the bullet or the number of a plain-text capture's line."""
        return self.links[0].text if self.is_item and self.links else self.text

    def mark(self, label: BlockLabel, rule: str) -> None:
        """Label the block unless it has a label: earlier rules win."""
        if self.label is UNKNOWN:
            self.label, self.rule = label, rule


class Selected(msgspec.Struct, eq=False):
    """An element that a selector of the site's profile matched.

    Attributes
    ----------
    blocks : indexes of the blocks in it, or of the block that it is a part of.
    text : what it displays.
    is_whole : it is all of its blocks, not a part of one.
    value : what it states instead of displaying it: `<meta content>`, `<time datetime>`.
    """

    blocks: tuple[int, ...]
    text: str
    is_whole: bool = True
    value: str | None = None


@dataclass(slots=True, eq=False)
class Document:
    """A page as blocks and boxes, with what its head says."""

    blocks: list[RawBlock] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=lambda: [Box(-1, 0, "root")])
    metas: list[tuple[str, str]] = field(default_factory=list)
    json_ld: list[str] = field(default_factory=list)
    title: str | None = None
    canonical: str | None = None
    language: str | None = None
    is_day_first: bool = False  # 03/04/2021 is the third of April, by the page's language
    times: list[tuple[int, str]] = field(default_factory=list)  # (index of the next block, `<time datetime>`)
    images: set[str] = field(default_factory=set)  # targets of links around a picture
    is_plain: bool = False
    is_unfinished: bool = False  # HTML that opens and is never closed
    left_out_count: int = 0  # non-blank characters beyond the limit of blocks
    selected: dict[str, list[Selected]] = field(default_factory=dict)  # by part of the site's layout; empty without a profile

    def common(self, first: int, second: int) -> int:
        """Innermost box that holds both."""
        boxes = self.boxes
        while first != second:
            # a child's index is greater than its parent's
            if first > second:
                first = boxes[first].parent
            else:
                second = boxes[second].parent
        return first

    def holds(self, outer: int, inner: int) -> bool:
        boxes = self.boxes
        while inner > outer:
            inner = boxes[inner].parent
        return inner == outer

    def is_quoted(self, inner: int, outer: int) -> bool:
        """Whether a quotation holds `inner` inside of `outer`."""
        boxes = self.boxes
        while inner > outer:
            if boxes[inner].tag == "blockquote":
                return True
            inner = boxes[inner].parent
        return False

    def child_towards(self, outer: int, inner: int) -> int:
        """The child of `outer` that holds `inner`, or `outer` itself."""
        boxes, child = self.boxes, inner
        while inner > outer:
            child, inner = inner, boxes[inner].parent
        return child if inner == outer else outer

    def seal(self) -> None:
        """Give every box its range of blocks and every box and block the hints of what surrounds it."""
        self._find_ranges()
        self.spread_hints()

    def _find_ranges(self) -> None:
        boxes = self.boxes
        for box in boxes:
            box.first, box.end = len(self.blocks), 0
        for index, block in enumerate(self.blocks):
            box = boxes[block.box]
            box.first, box.end = min(box.first, index), index + 1
        for index in range(len(boxes) - 1, 0, -1):
            box, parent = boxes[index], boxes[boxes[index].parent]
            parent.first, parent.end = min(parent.first, box.first), max(parent.end, box.end)

    def spread_hints(self) -> None:
        """Give every box and block the hints of what surrounds it; the boxes know their ranges.

        A hint of a box that holds much of the page's text says nothing: `<body class="with-comments">`.
        """
        boxes, blocks = self.boxes, self.blocks
        chars = list(accumulate([len(block.text) - block.link_chars for block in blocks], initial=0))  # before each block, links aside
        much, nearly_all = max(_OF_WHOLE_PAGE * chars[-1], 60), max(_NEARLY_ALL * chars[-1], 60)
        heads = [index for index, block in enumerate(blocks) if block.level == 1]
        in_article = [False] * len(boxes)
        for index, box in enumerate(boxes):
            own, parent = box.own, box.parent
            if parent >= 0 and (in_article[parent] or boxes[parent].tag == "article"):
                in_article[index] = True
                if own & Hint.NAV and box.tag not in _NAV_TAGS:
                    own &= ~Hint.NAV  # an article's header is its head
            if own:
                held = chars[box.end] - chars[box.first] if box.end > box.first else 0
                if held > much:
                    # comments may well be longer than the article; then they stand apart from its headline
                    apart = held < nearly_all and heads and not any(box.first <= head < box.end for head in heads)
                    aside = Hint.ASIDE if box.tag == "aside" and held < nearly_all else 0
                    own &= Hint.HIDDEN | (Hint.COMMENT if apart else 0) | aside
            if parent >= 0:
                own |= boxes[parent].hints
            if own:
                box.hints = own
        for block in blocks:
            if hints := boxes[block.box].hints:
                block.hints |= hints
