"""A site profile to begin with: what the generic path found on one page, as selectors that people then correct."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from broadsheet.page.blocks import Document
from broadsheet.page.dom import read_with_elements
from broadsheet.page.read import Reading, read_document
from broadsheet.page.selectors import Selectors
from broadsheet.records import BlockLabel, Module
from broadsheet.text import without_surrogates

_SHOWN = 60  # characters of a value in a comment
# Field -> label of the blocks that it is in, for those of one line.
_LINES = {"breadcrumb": BlockLabel.BREADCRUMB, "info": BlockLabel.INFO_LINE, "author": BlockLabel.BYLINE, "editor": BlockLabel.CREDIT}
_ALWAYS = ("title", "body", "breadcrumb", "info")  # what most articles have; its absence is worth a line


def scaffold(html: str, *, host: str, page_name: str, captured_at: datetime | None = None, valid_from: date | None = None) -> tuple[str, list[str]]:
    """(YAML of a profile, what could not be found). Each selector matches just what the generic path found on this page."""
    document, root, elements = read_with_elements(without_surrogates(html.replace("\0", "")))
    return _Scaffold(read_document(document, captured_at), Selectors(root), elements).write(host, page_name, valid_from)


class _Scaffold:
    """One page, read by the generic path, with the elements of its boxes."""

    def __init__(self, reading: Reading, selectors: Selectors, elements: list[Any]):
        self.reading = reading
        self.document: Document = reading.document
        self.selectors = selectors
        self.elements = elements
        self.missing: list[str] = []

    def write(self, host: str, page_name: str, valid_from: date | None) -> tuple[str, list[str]]:
        begin = f"valid_from: {valid_from}" if valid_from else "# valid_from: 2026-01-01  # the first day of this layout; open without it"
        lines = [
            f"# Profile of {host}, begun from {page_name} by what the generic path found there.",
            "# Keep what is right, correct what is wrong, remove what the generic path finds anyway. How: docs/add_a_site.md",
            f"host: {host}",
            f"# name: {_comment(self.reading.metadata.site_name or 'the name that the site gives itself')}",
            "# time_zone: Asia/Shanghai  # in which its clock times are read",
            "layouts:",
            f"  - {begin}",
            "    select:",
        ]
        for field, value, blocks in self._fields():
            css = self._selector_of(blocks, field)
            if css is None:
                self.missing.append(field)
                lines += [f"      # {field}: no selector found for {_comment(value)}"]
            else:
                lines += [f"      # {_comment(value)}", f"      {field}: {_quoted(css)}"]
        if all(line.lstrip().startswith("#") for line in lines[8:]):
            lines[7] = "    select: {}"
        found = [line for number, module in enumerate(self.reading.modules) for line in self._module(number, module)]
        lines += ["    modules:", *found] if found else []
        lines += [
            "    # drop: [.promo]  # stands in the body's container and is never part of the text",
            "    # labels: {.live-bar: follow}  # for anything else; `broadsheet dictionary` lists the labels, as `block_label`",
        ]
        return "\n".join(lines) + "\n", self.missing

    def _fields(self) -> Iterable[tuple[str, str, list[int]]]:
        """(field, what was found, its blocks) of what the page shows."""
        blocks, title = self.document.blocks, self.reading.title
        found = {"title": [title] if title is not None else [], "body": self.reading.body}
        found |= {field: [index for index, block in enumerate(blocks) if block.label == label] for field, label in _LINES.items()}
        for field, indexes in found.items():
            if indexes:
                text = " ".join(blocks[index].text for index in indexes)
                yield field, f"{len(indexes)} paragraphs: {text}" if field == "body" else text, indexes
            elif field in _ALWAYS:
                self.missing.append(field)

    def _selector_of(self, blocks: list[int], field: str) -> str | None:
        """Of the container of the text, of the smallest boxes of anything else."""
        box = self._common(blocks)
        if field == "body":
            while self.document.boxes[box].tag == "p" and self.document.boxes[box].parent > 0:
                box = self.document.boxes[box].parent  # a text of one paragraph
        elif len({self.document.blocks[index].box for index in blocks}) > 1 and not self._is_all_of(box, blocks):
            # lines in several places: each by itself
            elements = [self.elements[one] for one in dict.fromkeys(self.document.blocks[index].box for index in blocks)]
            return self.selectors.of([element for element in elements if element is not None])
        return self._selector_of_box(box)

    def _selector_of_box(self, box: int) -> str | None:
        return self.selectors.of([self.elements[box]]) if box > 0 and self.elements[box] is not None else None

    def _common(self, blocks: Iterable[int]) -> int:
        indexes = list(blocks)
        box = self.document.blocks[indexes[0]].box
        for index in indexes:
            box = self.document.common(box, self.document.blocks[index].box)
        return box

    def _is_all_of(self, box: int, blocks: list[int]) -> bool:
        return self.document.boxes[box].end - self.document.boxes[box].first == len(blocks)

    def _module(self, number: int, module: Module) -> list[str]:
        blocks = self.document.blocks
        held = [index for index, block in enumerate(blocks) if block.module == number]
        if not held or not module.items:
            return []
        name = module.heading or "list without a heading"
        heading = next((index for index in held if blocks[index].label == BlockLabel.MODULE_HEADING), None)
        box = self._common(held)
        css = self._selector_of_box(box)
        if css is None:
            self.missing.append(f"module {name}")
            return []
        lines = [f"      # {_comment(name)}, {len(module.items)} entries: {_comment(module.items[0].text)}"]
        lines += [f"      - selector: {_quoted(css)}", f"        kind: {module.kind}"]
        if heading is not None:
            inner = self.selectors.within(self.elements[box], self.elements[blocks[heading].box])
            shown = f"heading: {_quoted(inner)}" if inner else f"heading_text: {_quoted(module.heading or blocks[heading].text)}"
            lines.append(f"        {shown}")
        if module.is_ranked:
            lines.append("        ranked: true")
        return lines


def _comment(text: str) -> str:
    """A value in a comment: one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def _quoted(text: str) -> str:
    """A YAML scalar: plain where that is safe."""
    is_plain = (
        text[0].isalpha() and not any(char in text for char in ":#{}[]&*!|>'\"%@`,") and text.lower() not in ("true", "false", "null", "yes", "no")
    )
    return text if is_plain or (text[0] == "." and not any(char in text for char in ":#'\"")) else json.dumps(text, ensure_ascii=False)
