"""The block model that HTML and plain-text captures share.

A page is a sequence of blocks (visible runs of inline text) in document order, and a tree of boxes (containers). Everything that
understands a page works on these; only `dom.py` knows HTML, only `plaintext.py` knows rendered text.
"""

from dataclasses import dataclass, field
from enum import IntFlag, auto

from broadsheet.records import BlockLabel
from broadsheet.text import display_width


class Hint(IntFlag):
    """What tags, class names and ids of a box and its ancestors suggest."""

    NAV = auto()
    FOOTER = auto()
    HEADER = auto()
    COMMENT = auto()
    AD = auto()
    RELATED = auto()
    ASIDE = auto()
    BODY = auto()
    SHARE = auto()
    TAGS = auto()
    CAPTION = auto()
    HIDDEN = auto()
    FORM = auto()


@dataclass(slots=True)
class Link:
    """An anchor. `text` grows while its content is read."""

    href: str | None
    title: str | None = None
    text: str = ""
    has_image: bool = False
    image_text: str | None = None


@dataclass(slots=True)
class Box:
    """A container. `parent` is an index into the document's boxes, -1 for the root."""

    parent: int
    depth: int
    tag: str
    name: str  # class names and id, lower case
    hints: Hint


@dataclass(slots=True)
class RawBlock:
    """A block before it has a label."""

    text: str
    box: int
    tag: str
    hints: Hint
    links: list[Link] = field(default_factory=list)
    link_chars: int = 0
    is_item: bool = False  # a bullet or a numbered line of a plain-text capture
    rank: int | None = None  # number that a plain-text line shows
    label: BlockLabel = BlockLabel.UNKNOWN
    rule: str = ""
    module: int | None = None
    width: int = 0
    after_blank: bool = True

    def __post_init__(self) -> None:
        self.width = display_width(self.text)

    @property
    def link_density(self) -> float:
        return self.link_chars / max(len(self.text), 1)

    @property
    def is_heading_tag(self) -> bool:
        return len(self.tag) == 2 and self.tag[0] == "h" and self.tag[1] in "123456"

    def mark(self, label: BlockLabel, rule: str) -> None:
        """Label the block unless it has a label: earlier rules win."""
        if self.label == BlockLabel.UNKNOWN:
            self.label, self.rule = label, rule


@dataclass(slots=True)
class Document:
    """A page as blocks and boxes, with what its head says."""

    blocks: list[RawBlock] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=lambda: [Box(-1, 0, "root", "", Hint(0))])
    metas: list[tuple[str, str]] = field(default_factory=list)
    json_ld: list[str] = field(default_factory=list)
    title: str | None = None
    canonical: str | None = None
    language: str | None = None
    times: list[tuple[int, str]] = field(default_factory=list)  # (index of the block, `<time datetime>`)
    is_plain: bool = False

    def ancestors(self, box: int) -> list[int]:
        """The box itself and the boxes around it, innermost first."""
        chain = []
        while box >= 0:
            chain.append(box)
            box = self.boxes[box].parent
        return chain

    def common(self, first: int, second: int) -> int:
        """Innermost box that holds both."""
        boxes = self.boxes
        while first != second:
            if boxes[first].depth >= boxes[second].depth:
                first = boxes[first].parent
            else:
                second = boxes[second].parent
        return first

    def holds(self, outer: int, inner: int) -> bool:
        boxes, depth = self.boxes, self.boxes[outer].depth
        while boxes[inner].depth > depth:
            inner = boxes[inner].parent
        return inner == outer
