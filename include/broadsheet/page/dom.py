"""HTML -> the block model, in one walk. The only module that touches the HTML library."""

import re
from functools import cache, lru_cache
from typing import Any

from turbohtml import Element, Text, parse

from broadsheet.page.blocks import Box, Document, Hint, Link, RawBlock
from broadsheet.page.vocabulary import load
from broadsheet.text import fold_blanks

_BLOCK_TAGS = frozenset(load("modules")["tags"]["blocks"])
_SKIPPED = frozenset(load("modules")["tags"]["skipped"])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRONG = frozenset(("b", "strong"))
_TAG_HINTS = {
    "nav": Hint.NAV, "footer": Hint.FOOTER, "aside": Hint.ASIDE, "form": Hint.FORM, "figcaption": Hint.CAPTION, "caption": Hint.CAPTION,
    "ol": Hint.RANKED | Hint.LIST, "ul": Hint.LIST,
}  # fmt: skip
# Names of these say what the whole page is, or list a story's tags: `<article class="post-1 tag-sport">`.
_UNNAMED = frozenset(("html", "body", "main", "article"))
_OF_PARAGRAPHS = Hint.CAPTION | Hint.INFO | Hint.TITLE | Hint.CRUMB | Hint.SUMMARY | Hint.HEADING | Hint.SHARE | Hint.RIGHTS
_HIDDEN_STYLE = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_PART = re.compile(r"[a-z]+")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# A run of elements without a blank between them: a blank if the block is a short line of parts, nothing inside running text.
_SEAM = "\x1f"
_SHORT = 160
# Far more than any page needs; a hostile page ends here instead of filling memory.
MAX_DEPTH = 256
MAX_BLOCKS = 12_000
MAX_BOXES = 60_000


def read_html(html: str) -> Document:
    """Blocks, boxes and head of a page. Never raises on any string."""
    document = Document()
    # The parser wants text that UTF-8 can hold.
    clean = html.replace("\0", "").replace(_SEAM, " ")
    if not clean.isascii():
        clean = clean.encode("utf-8", "replace").decode("utf-8")
    walker = _Walker(document)
    walker.walk(parse(clean))
    document.seal()
    return document


class _Names:
    """The vocabulary of class names and ids, by the form of its words."""

    def __init__(self) -> None:
        self.whole: dict[str, int] = {}
        self.starts: list[tuple[str, int]] = []
        self.ends: list[tuple[str, int]] = []
        self.anywhere: list[tuple[str, int]] = []
        self.phrases: list[tuple[str, int]] = []
        for group, listed in load("modules")["names"].items():
            hint = getattr(Hint, group.upper())
            for word in listed:
                bare = word.strip("*")
                if " " in word:
                    self.phrases.append((f" {bare}" + ("" if word.endswith("*") else " "), hint))
                elif word.startswith("*") and word.endswith("*"):
                    self.anywhere.append((bare, hint))
                elif word.startswith("*"):
                    self.ends.append((bare, hint))
                elif word.endswith("*"):
                    self.starts.append((bare, hint))
                else:
                    self.whole[bare] = self.whole.get(bare, 0) | hint


_names = cache(_Names)


@lru_cache(maxsize=50_000)
def _part_hints(part: str) -> int:
    names = _names()
    found = names.whole.get(part, 0)
    for start, hint in names.starts:
        if part.startswith(start):
            found |= hint
    for end, hint in names.ends:
        if part.endswith(end):
            found |= hint
    for inner, hint in names.anywhere:
        if inner in part:
            found |= hint
    return found


@lru_cache(maxsize=20_000)
def name_hints(name: str) -> int:
    """What class names and ids suggest."""
    found = 0
    for part in _PART.findall(name):
        found |= _part_hints(part)
    padded = f" {name} "
    for phrase, hint in _names().phrases:
        if phrase in padded:
            found |= hint
    return found


@lru_cache(maxsize=20_000)
def _folded_name(classes: str, ident: str) -> str:
    return _NOT_NAME.sub(" ", _CAMEL.sub("-", f"{classes} {ident}"[:160]).lower()).strip()


class _Walker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.parts: list[str] = []
        self.links: list[Link] = []
        self.link_chars = 0
        self.strong_chars = 0
        self.chars = 0
        self.link: Link | None = None
        self.box = 0
        self.level = 0
        self.strong = False

    def walk(self, root: Any) -> None:
        # An explicit stack: hostile nesting must not end in a RecursionError. A tuple restores what it names.
        stack: list[Any] = [root]
        pop, extend = stack.pop, stack.extend
        document, boxes, blocks = self.document, self.document.boxes, self.document.blocks
        parts = self.parts
        while stack:
            node = pop()
            kind = type(node)
            if kind is Text:
                text = node.data
                parts.append(text)
                if not text.isspace():
                    count = len(text)
                    self.chars += count
                    if self.strong:
                        self.strong_chars += count
                    link = self.link
                    if link is not None:
                        link.text += text
                        self.link_chars += count
                        if not self.links or self.links[-1] is not link:
                            self.links.append(link)
            elif kind is tuple:
                code, value = node
                if code == 0:
                    self._flush()
                    self.box, self.level = value
                elif code == 1:
                    self.link = value
                    parts.append(_SEAM)
                elif code == 2:
                    parts.append(_SEAM)
                else:
                    self.strong = False
            elif kind is Element:
                tag = node.tag
                if tag in _BLOCK_TAGS:
                    self._flush()
                    if len(blocks) >= MAX_BLOCKS or len(boxes) >= MAX_BOXES:
                        break
                    stack.append((0, (self.box, self.level)))
                    self._enter(tag, node)
                elif tag == "a":
                    link = Link(node.attr("href"), node.attr("title"))
                    stack.append((1, self.link))
                    parts.append(_SEAM)
                    self.link = link
                elif tag == "span" or tag == "i" or tag == "em" or tag == "label" or tag == "font":
                    style = node.attr("style")
                    if style and _HIDDEN_STYLE.search(style):
                        continue
                    if tag != "font":
                        parts.append(_SEAM)
                        stack.append((2, None))
                elif tag in _STRONG:
                    if not self.strong:
                        self.strong = True
                        stack.append((3, None))
                elif tag == "br":
                    if self.link is None and not self.level:
                        self._flush()
                        if len(blocks) >= MAX_BLOCKS:
                            break
                    else:
                        parts.append(" ")
                    continue
                elif tag == "img":
                    if self.link is not None:
                        self.link.has_image = True
                        if self.link.href:
                            document.images.add(self.link.href)
                        self.link.image_text = self.link.image_text or node.attr("alt") or node.attr("title")
                        if not self.links or self.links[-1] is not self.link:
                            self.links.append(self.link)
                    continue
                elif tag == "script":
                    if (node.attr("type") or "").lower().startswith("application/ld+json"):
                        document.json_ld.append(node.text)
                    continue
                elif tag == "meta":
                    name = node.attr("property") or node.attr("name") or node.attr("itemprop")
                    content = node.attr("content")
                    if name and content:
                        document.metas.append((name, content))
                    continue
                elif tag == "title":
                    document.title = document.title or fold_blanks(node.text)
                    continue
                elif tag == "link":
                    if document.canonical is None and "canonical" in (node.attr("rel") or ""):
                        document.canonical = node.attr("href")
                    continue
                elif tag in _SKIPPED:
                    continue
                elif tag == "time" and (stamp := node.attr("datetime")):
                    document.times.append((len(blocks), stamp))
                extend(node.children[::-1])
            elif kind not in _LEAVES and hasattr(node, "children"):
                extend(node.children[::-1])
        self._flush()

    def _enter(self, tag: str, node: Element) -> None:
        boxes = self.document.boxes
        parent = boxes[self.box]
        if tag == "html":
            self.document.language = node.attr("lang")
        if tag in _HEADINGS:
            self.level = _HEADINGS[tag]
        if parent.depth >= MAX_DEPTH:
            return
        classes, ident = node.attr("class"), node.attr("id")
        own = _TAG_HINTS.get(tag, 0)
        name = ""
        if classes or ident:
            name = _folded_name(classes or "", ident or "")
            if tag == "p":
                own |= name_hints(name) & _OF_PARAGRAPHS
            elif tag not in _UNNAMED:
                own |= name_hints(name)
        style = node.attr("style")
        if (style and _HIDDEN_STYLE.search(style)) or node.attr("hidden") is not None:
            own |= Hint.HIDDEN
        boxes.append(Box(self.box, parent.depth + 1, tag, name, own))
        self.box = len(boxes) - 1

    def _flush(self) -> None:
        """End the current run of text as a block."""
        parts = self.parts
        if not parts:
            return
        text = "".join(parts)
        parts.clear()
        if text and not text.isspace():
            if _SEAM in text:
                text = text.replace(_SEAM, " " if len(text) < _SHORT or self.link_chars > 0.5 * len(text) else "")
            text = " ".join(text.split()) if text.isascii() else fold_blanks(text)
            if text:
                document = self.document
                box = document.boxes[self.box]
                link_chars = min(self.link_chars, len(text))
                block = RawBlock(text, self.box, box.tag, self.links, link_chars, level=self.level)
                block.is_strong = self.strong_chars > 0 and self.strong_chars >= 0.9 * self.chars
                document.blocks.append(block)
                self.links = []
        if self.links:
            self.links = []
        self.link_chars = self.strong_chars = self.chars = 0


_LEAVES = frozenset({type(None)})
