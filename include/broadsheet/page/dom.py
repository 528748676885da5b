"""HTML -> the block model, in one walk. The only module that touches the HTML library.

The walk runs for every node of every page and is written for speed: one loop, one lookup to tell a tag's part in the page, nothing
asked of a node that cannot matter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from turbohtml import Element, SelectorSyntaxError, Text, parse

from broadsheet.page.blocks import Box, Document, Hint, Link, RawBlock, Selected
from broadsheet.page.class_names import folded_name, name_hints
from broadsheet.page.vocabulary import load
from broadsheet.text import fold_blanks

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TAG_HINTS = {
    "nav": Hint.NAV, "footer": Hint.FOOTER, "aside": Hint.ASIDE, "form": Hint.FORM, "figcaption": Hint.CAPTION, "caption": Hint.CAPTION,
    "ol": Hint.RANKED | Hint.LIST, "ul": Hint.LIST,
}  # fmt: skip
# Names of these say what the whole page is, or list a story's tags: `<article class="post-1 tag-sport">`.
_UNNAMED = frozenset(("html", "body", "main", "article"))
_OF_PARAGRAPHS = Hint.CAPTION | Hint.INFO | Hint.TITLE | Hint.CRUMB | Hint.SUMMARY | Hint.HEADING | Hint.SHARE | Hint.RIGHTS
_HIDDEN_STYLE = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_CRUMB_TAGS = frozenset(("nav", "ol", "ul", "div"))
# The accessible name that the WAI-ARIA pattern gives a breadcrumb, or its microdata
_SAYS_CRUMB = re.compile(r"bread ?crumb|ariane|brotkr|migas|migalhas|kruimel|briciole|okrusz", re.IGNORECASE)
# A run of elements without a blank between them: a blank if the block is a short line of parts, nothing inside running text.
_SEAM = "\x1f"
_SHORT = 160
# Far more than any page needs; a hostile page ends here instead of filling memory.
MAX_DEPTH = 256
MAX_BLOCKS = 12_000
MAX_BOXES = 60_000
MOST_COUNTED = 500_000  # nodes beyond
# A fragment has neither; a page that leaves out what HTML lets it leave out has no opening tag either, as a rule.
_OPENS = re.compile("<(?:html|body)[\\s>]", re.IGNORECASE)
_CLOSES = re.compile("</(?:html|body)[\\s>]", re.IGNORECASE)
_TAIL = 2_000

# What a tag is to the walk. Tags without a part are looked into and change nothing.
_NOTHING, _BLOCK, _LINK, _SEAMED, _FONT, _STRONG, _TIME, _LEAF = range(8)
_PARTS = {
    "a": _LINK, "span": _SEAMED, "i": _SEAMED, "em": _SEAMED, "label": _SEAMED, "font": _FONT, "b": _STRONG, "strong": _STRONG, "time": _TIME,
    **dict.fromkeys(("br", "img", "script", "meta", "title", "link", *load("modules")["tags"]["skipped"]), _LEAF),
    **dict.fromkeys(load("modules")["tags"]["blocks"], _BLOCK),
}  # fmt: skip


def read_html(html: str, selectors: Mapping[str, Sequence[str]] | None = None) -> Document:
    """Blocks, boxes and head of a page. Never raises on any string that UTF-8 can hold.

    `selectors` are those of the site's layout, by part: what they match is in `Document.selected`.
    """
    document = Document(is_unfinished=_is_unfinished(html))
    if _SEAM in html:
        html = html.replace(_SEAM, " ")
    root = parse(html)
    if selectors:
        watching = _WatchingWalker(document, root, selectors)
        watching.walk(root)
        document.selected = watching.selected()
    else:
        _Walker(document).walk(root)
    document.spread_hints()
    return document


def _is_unfinished(html: str) -> bool:
    """Whether a page opens and is closed nowhere. Most are closed at their end, and cost nothing."""
    return not _CLOSES.search(html, max(len(html) - _TAIL, 0)) and _OPENS.search(html) is not None and not _CLOSES.search(html)


def selector_error(css: str) -> str | None:
    """What is wrong with a CSS selector; None if nothing is."""
    try:
        parse("").select(css)
    except SelectorSyntaxError as error:
        return str(error)
    return None


def read_with_elements(html: str) -> tuple[Document, Any, list[Any]]:
    """A page, the root of its tree and the element of each of its boxes: for `selectors.py`, which looks for the selectors that
    would match them."""
    document = Document()
    root = parse(html.replace(_SEAM, " "))
    walker = _KeepingWalker(document)
    walker.walk(root)
    document.spread_hints()
    return document, root, walker.elements


class _NamesAndHints(dict[tuple[str, str | None, str | None], tuple[str, int]]):
    """(tag, class, id) -> folded name of a box and the hints that it gives by itself. Kept between pages: those of a site share most.

    A dict, since it answers in half the time of an `lru_cache`; it begins anew when it is full.
    """

    MOST = 20_000

    def __missing__(self, key: tuple[str, str | None, str | None]) -> tuple[str, int]:
        tag, classes, ident = key
        own, name = _TAG_HINTS.get(tag, 0), ""
        if classes or ident:
            name = folded_name(classes or "", ident or "")
            if tag == "p":
                own |= name_hints(name) & _OF_PARAGRAPHS
            elif tag not in _UNNAMED:
                own |= name_hints(name)
        if len(self) >= self.MOST:
            self.clear()
        self[key] = name, own
        return name, own


_names_and_hints = _NamesAndHints()


def _is_target(href: str | None) -> bool:
    """Whether a link leads to another page."""
    if not href:
        return False
    if href.startswith(("/", "http")):  # nearly all
        return True
    href = href.strip().lower()
    return bool(href) and not href.startswith(("#", "javascript:", "mailto:", "tel:", "data:", "about:"))


# The last word of a class: list_title, item-headline, tit01; but not teaser__title__kicker
_TITLED = re.compile(r"(?<!sub)(?<!sub[_-])(?<!sub__)(?<!pre)(?<!over)(?<!section[_-])(?:title|headline|(?<!pe)tit|ttl)[0-9]{0,2}(?:\s|$)")


class _Walker:
    """The walk's state: the run of text that will be the next block, and what is open around it."""

    __slots__ = ("blocks", "box", "boxes", "document", "level", "link", "link_chars", "links", "parts", "strong", "strong_chars")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.boxes, self.blocks = document.boxes, document.blocks
        self.parts: list[str] = []
        self.links: list[Link] = []
        self.link_chars = 0
        self.strong_chars = 0
        self.link: Link | None = None
        self.box = 0
        self.level = 0  # of the heading around
        self.strong = False

    def walk(self, root: Any) -> None:
        # An explicit stack: hostile nesting must not end in a RecursionError. An entry holds the nodes that follow an open element,
        # its part, and what its end restores.
        open_elements: list[tuple[Iterator[Any], int, Any]] = []
        nodes = iter(root.children)
        boxes, blocks, parts, part_of = self.boxes, self.blocks, self.parts, _PARTS.get
        while True:
            for node in nodes:
                kind = type(node)
                if kind is Text:
                    text = node.data
                    if not text.isspace():
                        parts.append(text)
                        if self.strong:
                            self.strong_chars += len(text)
                        if self.link is not None:
                            self._add_to_link(text)
                    elif parts or self.links:  # a blank begins no block
                        parts.append(text)
                        if self.link is not None and self.link.text:
                            self.link.text += " "
                    continue
                if kind is not Element:
                    continue
                tag = node.tag
                part = part_of(tag, _NOTHING)
                if part == _BLOCK:
                    if parts:
                        self._flush()
                    if len(blocks) >= MAX_BLOCKS or len(boxes) >= MAX_BOXES:
                        self._break_off(open_elements)
                        self._count_left_out([*(others for others, _, _ in open_elements), nodes, iter((node,))])
                        return
                    open_elements.append((nodes, _BLOCK, (self.box, self.level)))
                    self._enter(tag, node)
                elif part == _LINK:
                    open_elements.append((nodes, _LINK, self.link))
                    parts.append(_SEAM)
                    href = node.attr("href")
                    self.link = Link(href, node.attr("title"), is_target=_is_target(href))
                elif part == _LEAF:
                    self._read_leaf(tag, node)
                    continue
                elif part == _NOTHING:
                    open_elements.append((nodes, _NOTHING, None))
                elif part == _STRONG:
                    open_elements.append((nodes, _NOTHING if self.strong else _STRONG, self._headline_of_link(node)))
                    self.strong = True
                elif part == _TIME:
                    if stamp := node.attr("datetime"):
                        self.document.times.append((len(blocks), stamp))
                    open_elements.append((nodes, _NOTHING, None))
                elif (style := node.attr("style")) and _HIDDEN_STYLE.search(style):
                    continue
                elif part == _SEAMED:
                    parts.append(_SEAM)
                    if self.link is not None and self.link.text and parts:
                        self.link.text += " "
                    open_elements.append((nodes, _SEAMED, self._headline_of_link(node)))
                else:
                    open_elements.append((nodes, _NOTHING, None))
                nodes = iter(node.children)
                break
            else:
                if not open_elements:
                    break
                nodes, part, before = open_elements.pop()
                if part == _BLOCK:
                    if parts:
                        self._flush()
                    boxes[self.box].end = len(blocks)
                    self.box, self.level = before
                elif part == _LINK:
                    self._close_link()
                    self.link = before
                    parts.append(_SEAM)
                else:
                    if before is not None:
                        link, begin = before
                        link.headline = link.headline or fold_blanks(link.text[begin:])
                    if part == _SEAMED:
                        parts.append(_SEAM)
                    elif part == _STRONG:
                        self.strong = False
        if parts:
            self._flush()
        boxes[0].end = len(blocks)

    def _headline_of_link(self, node: Element) -> tuple[Link, int] | None:
        """Where a part of a link begins that is named as a title: what stands beside it are counters, ranks and outlets."""
        if self.link is None or not (classes := node.attr("class")) or not _TITLED.search(classes.lower()):
            return None
        return self.link, len(self.link.text)

    def _add_to_link(self, text: str) -> None:
        link = self.link
        assert link is not None
        link.text += text
        self.link_chars += len(text)
        if not self.links or self.links[-1] is not link:
            self.links.append(link)

    def _close_link(self) -> None:
        link = self.link
        if link is not None and link.text:
            link.text = fold_blanks(link.text)

    def _break_off(self, open_elements: list[tuple[Iterator[Any], int, Any]]) -> None:
        """End all that is open where the page gets too long."""
        for _, part, before in reversed(open_elements):
            if part == _LINK:
                self._close_link()
                self.link = before
            elif part == _BLOCK:
                self.boxes[self.box].end = len(self.blocks)
                self.box = before[0]
        self.boxes[0].end = len(self.blocks)

    def _count_left_out(self, pending: list[Iterator[Any]]) -> None:
        """Count the characters of what follows, for a page that breaks off. It may be millions of nodes: so many are counted."""
        count, nodes = 0, MOST_COUNTED
        while pending and nodes:
            for node in pending[-1]:
                nodes -= 1
                if not nodes:
                    break
                kind = type(node)
                if kind is Text:
                    count += len("".join(node.data.split()))
                elif kind is Element and _PARTS.get(node.tag) != _LEAF:
                    pending.append(iter(node.children))
                    break
            else:
                pending.pop()
        self.document.left_out_count = count

    def _enter(self, tag: str, node: Element) -> None:
        """Open a box."""
        boxes = self.boxes
        if tag in _HEADINGS:
            self.level = _HEADINGS[tag]
        elif tag == "html":
            self.document.language = node.attr("lang")
        depth = boxes[self.box].depth
        if depth >= MAX_DEPTH:
            return
        attributes = len(node.attrs)
        if not attributes:
            name, own = "", _TAG_HINTS.get(tag, 0)
        else:
            classes, ident = node.attr("class"), node.attr("id")
            name, own = _names_and_hints[tag, classes, ident]
            if attributes > (classes is not None) + (ident is not None):
                style = node.attr("style")
                if (style and _HIDDEN_STYLE.search(style)) or node.attr("hidden") is not None:
                    own |= Hint.HIDDEN
                if tag in _CRUMB_TAGS and _SAYS_CRUMB.search(f"{node.attr('aria-label') or ''} {node.attr('itemtype') or ''}"):
                    own |= Hint.CRUMB
        boxes.append(Box(self.box, depth + 1, tag, name, own, 0, len(self.blocks)))
        self.box = len(boxes) - 1

    def _read_leaf(self, tag: str, node: Element) -> None:
        """An element whose content is not displayed as text."""
        document = self.document
        if tag == "img":
            link = self.link
            if link is not None:
                link.has_image = True
                if link.href:
                    document.images.add(link.href)
                link.image_text = link.image_text or node.attr("alt") or node.attr("title")
                if not self.links or self.links[-1] is not link:
                    self.links.append(link)
        elif tag == "meta":
            name = node.attr("property") or node.attr("name") or node.attr("itemprop")
            if name and (content := node.attr("content")):
                document.metas.append((name, content))
        elif tag == "script":
            if (node.attr("type") or "").lower().startswith("application/ld+json"):
                document.json_ld.append(node.text)
        elif tag == "link":
            if document.canonical is None and "canonical" in (node.attr("rel") or ""):
                document.canonical = node.attr("href")
        elif tag == "br":
            if self.link is not None or self.level:
                self.parts.append(" ")
            elif self.parts and len(self.blocks) < MAX_BLOCKS:
                self._flush()
        elif tag == "title":
            document.title = document.title or fold_blanks(node.text)

    def _flush(self) -> None:
        """End the current run of text as a block."""
        parts = self.parts
        text = "".join(parts)
        if not text.isspace():
            if _SEAM in text:
                text = text.replace(_SEAM, " " if len(text) < _SHORT or self.link_chars > 0.5 * len(text) else "")
            text = fold_blanks(text)
            if text:
                box = self.boxes[self.box]
                block = RawBlock(text, self.box, box.tag, self.links, min(self.link_chars, len(text)), level=self.level)
                if self.strong_chars:
                    block.is_strong = self.strong_chars >= 0.9 * sum(len(part) for part in parts if not part.isspace())
                self.blocks.append(block)
        parts.clear()
        self.links = []
        self.link_chars = self.strong_chars = 0


_MOST_MATCHES = 400  # of a selector; one that matches more is `*` or its like
_MOST_INSIDE = 20_000  # nodes looked into below matches that are no boxes, on a page


class _WatchingWalker(_Walker):
    """The walk over a page whose site has a profile: remembers which boxes the selected elements became.

    Inline elements are no boxes. Those are looked for in the nearest box around them, and the boxes inside them are watched too.
    """

    __slots__ = ("dense", "entered", "inside", "matches")

    def __init__(self, document: Document, root: Any, selectors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(document)
        self.matches = {part: [root.select(css)[:_MOST_MATCHES] for css in choices] for part, choices in selectors.items()}
        self.entered: dict[Element, int | None] = {}  # watched element -> its box
        self.dense: dict[int, str] = {}  # block -> its text without blanks
        self.inside: dict[Element, tuple[Element | None, list[Element]]] = {}  # inline element -> box around it, boxes inside it
        budget = _MOST_INSIDE
        for choices in self.matches.values():
            for element in (element for found in choices for element in found):
                if _PARTS.get(element.tag) == _BLOCK:
                    self.entered[element] = None
                elif element not in self.inside:
                    nodes = list(islice(element.descendants, budget))
                    budget -= len(nodes)
                    inner = [node for node in nodes if type(node) is Element and _PARTS.get(node.tag) == _BLOCK]
                    around = next((node for node in element.ancestors if type(node) is Element and _PARTS.get(node.tag) == _BLOCK), None)
                    self.inside[element] = around, inner
                    self.entered.update(dict.fromkeys(inner))
                    if around is not None:
                        self.entered[around] = None

    def _enter(self, tag: str, node: Element) -> None:
        count = len(self.boxes)
        super()._enter(tag, node)
        if len(self.boxes) > count and node in self.entered:
            self.entered[node] = self.box

    def selected(self) -> dict[str, list[Selected]]:
        """Of each part, what the first of its selectors gives that matches something that says something."""
        found: dict[str, list[Selected]] = {}
        for part, choices in self.matches.items():
            for elements in choices:
                if known := [one for element in elements if (one := self._selected(element)) is not None]:
                    found[part] = known
                    break
        return found

    def _selected(self, element: Element) -> Selected | None:
        value = element.attr("content") if element.tag == "meta" else element.attr("datetime") if element.tag == "time" else None
        value = fold_blanks(value) if value else None
        blocks: list[int]
        if element in self.inside:
            around, inner = self.inside[element]
            blocks = sorted({index for node in inner for index in self._range(node)})
            if not blocks and around is not None and (text := fold_blanks(element.text)):
                return self._part_of_block(self.entered[around], text, value)
        else:
            blocks = list(self._range(element))
        if not blocks:
            return Selected((), "", value=value) if value else None
        return Selected(tuple(blocks), " ".join(self.blocks[index].text for index in blocks), value=value)

    def _range(self, node: Element) -> range:
        box = self.entered[node]
        return range(self.boxes[box].first, self.boxes[box].end) if box is not None else range(0)

    def _part_of_block(self, box: int | None, text: str, value: str | None) -> Selected | None:
        """An inline element as the part of a block of its box that says what it says, blanks aside: the walk sets some of its own."""
        sought = "".join(text.split())
        for index in range(self.boxes[box].first, self.boxes[box].end) if box is not None and sought else ():
            block = self.blocks[index]
            if block.box != box:
                continue
            if index not in self.dense:  # several matches may be parts of the blocks of one box
                self.dense[index] = "".join(block.text.split())
            where = self.dense[index].find(sought)
            if where >= 0:
                places = [position for position, char in enumerate(block.text) if not char.isspace()]
                shown = block.text[places[where] : places[where + len(sought) - 1] + 1]
                return Selected((index,), shown, is_whole=shown == block.text, value=value)
        return Selected((), "", value=value) if value else None


class _KeepingWalker(_Walker):
    """Keeps the element of each box."""

    __slots__ = ("elements",)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.elements: list[Any] = [None]

    def _enter(self, tag: str, node: Element) -> None:
        count = len(self.boxes)
        super()._enter(tag, node)
        if len(self.boxes) > count:
            self.elements.append(node)
