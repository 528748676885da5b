"""HTML -> the block model, in one walk. The only module that touches the HTML library."""

import re
from functools import lru_cache

from turbohtml import Element, Text, parse

from broadsheet.page.blocks import Box, Document, Hint, Link, RawBlock
from broadsheet.page.vocabulary import load
from broadsheet.text import fold_blanks

_BLOCK_TAGS = frozenset(
    "html body div p section article main header footer aside nav ul ol li dl dt dd table thead tbody tfoot tr td th caption h1 h2 h3 h4 h5 h6 "
    "figure figcaption blockquote pre form fieldset address center details summary hgroup hr dir menu amp-body".split()
)
_SKIPPED = frozenset("script style template svg iframe object embed select textarea noscript canvas video audio map math noembed noframes".split())
_TAG_HINTS = {
    "nav": Hint.NAV, "footer": Hint.FOOTER, "aside": Hint.ASIDE, "form": Hint.FORM, "figcaption": Hint.CAPTION, "article": Hint.BODY, "main": Hint.BODY,
}  # fmt: skip
_HIDDEN_STYLE = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
# Far more than any page needs; a hostile page ends here instead of filling memory.
MAX_DEPTH = 400
MAX_BLOCKS = 20_000


def read_html(html: str) -> Document:
    """Blocks, boxes and head of a page. Never raises on any string."""
    document = Document()
    walker = _Walker(document)
    walker.walk(parse(html.replace("\0", "")))
    return document


@lru_cache(maxsize=4096)
def _hints(name: str) -> Hint:
    """What class names and ids suggest."""
    found = Hint(0)
    for hint, parts in load("modules")["hints"].items():
        if any(part in name for part in parts):
            found |= Hint[hint.upper()]
    return found


class _Walker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.parts: list[str] = []
        self.links: list[Link] = []
        self.link_chars = 0
        self.link: Link | None = None
        self.box = 0
        self.tag = "body"

    def walk(self, root) -> None:
        # An explicit stack: hostile nesting must not end in a RecursionError. A tuple closes what it names.
        stack: list = [root]
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is Text:
                self._text(node.text)
            elif kind is tuple:
                self._close(*node)
            elif kind is Element:
                if len(self.document.blocks) >= MAX_BLOCKS:
                    return
                self._open(node, stack)
            elif kind not in _LEAVES:
                stack.extend(reversed(node.children))
        self._flush()

    def _text(self, text: str) -> None:
        if not text:
            return
        self.parts.append(text)
        if self.link is not None and not text.isspace():
            self.link.text += text
            self.link_chars += len(text.strip())
            if not self.links or self.links[-1] is not self.link:
                self.links.append(self.link)

    def _open(self, node: Element, stack: list) -> None:
        tag = node.tag
        if tag in _SKIPPED:
            if tag == "script" and (node.attr("type") or "").lower() == "application/ld+json":
                self.document.json_ld.append(node.text)
            return
        if tag in _HEAD:
            self._head(tag, node)
            return
        if tag == "br":
            if self.link is None and self.tag not in _HEADINGS:
                self._flush()
            else:
                self.parts.append(" ")
            return
        if tag == "img":
            self._image(node)
            return
        if tag == "input" or tag == "button":
            return
        if tag == "a":
            outer, self.link = self.link, Link(node.attr("href"), node.attr("title"))
            stack.append(("a", outer, None))
        elif tag in _BLOCK_TAGS:
            self._flush()
            stack.append(("box", self.box, self.tag))
            self._enter(tag, node)
        elif tag == "time" and (stamp := node.attr("datetime")):
            self.document.times.append((len(self.document.blocks), stamp))
        elif (style := node.attr("style")) and "none" in style and _HIDDEN_STYLE.search(style):
            self._flush()
            stack.append(("box", self.box, self.tag))
            self._enter(tag, node)
        stack.extend(reversed(node.children))

    def _enter(self, tag: str, node: Element) -> None:
        boxes = self.document.boxes
        if tag == "html":
            self.document.language = node.attr("lang")
        parent = boxes[self.box]
        if parent.depth >= MAX_DEPTH:
            return
        classes, ident = node.attr("class"), node.attr("id")
        name = " ".join((classes or "", ident or "")).lower()[:200] if classes or ident else ""
        hints = parent.hints | _TAG_HINTS.get(tag, Hint(0))
        # body, html and the outermost wrappers carry names such as `article-page` that say nothing of their parts.
        if name.strip() and parent.depth > 1:
            hints |= _hints(name)
        style = node.attr("style")
        if (style and "none" in style and _HIDDEN_STYLE.search(style)) or node.attr("hidden") is not None:
            hints |= Hint.HIDDEN
        boxes.append(Box(self.box, parent.depth + 1, tag, name, hints))
        self.box, self.tag = len(boxes) - 1, tag

    def _close(self, kind: str, before, tag: str | None) -> None:
        if kind == "a":
            self.link = before
        else:
            self._flush()
            self.box, self.tag = before, tag or "body"

    def _image(self, node: Element) -> None:
        if self.link is not None:
            self.link.has_image = True
            self.link.image_text = node.attr("alt") or node.attr("title") or self.link.image_text

    def _head(self, tag: str, node: Element) -> None:
        document = self.document
        if tag == "title":
            document.title = document.title or fold_blanks(node.text)
        elif tag == "meta":
            name = node.attr("property") or node.attr("name") or node.attr("itemprop")
            content = node.attr("content")
            if name and content:
                document.metas.append((name, content))
        elif tag == "link" and "canonical" in (node.attr("rel") or ""):
            document.canonical = document.canonical or node.attr("href")

    def _flush(self) -> None:
        """End the current run of text as a block."""
        if self.parts:
            text = fold_blanks("".join(self.parts))
            if text:
                box = self.document.boxes[self.box]
                self.document.blocks.append(RawBlock(text, self.box, self.tag, box.hints, links=self.links, link_chars=self.link_chars))
                self.links = []
            self.parts.clear()
        if self.links:
            self.links = []
        self.link_chars = 0


_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_HEAD = frozenset(("title", "meta", "link", "base"))
_LEAVES = frozenset({type(None)})
