"""What the layout of a site's profile says of one page. `read.py` asks it first and fills the rest by the generic finders."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from broadsheet.page import body as text_body
from broadsheet.page.blocks import UNKNOWN, Document, RawBlock, Selected
from broadsheet.page.breadcrumbs import clean, read_breadcrumb
from broadsheet.page.credit_line import InfoLine, source_credits
from broadsheet.page.credits import read_closing_credit, read_info_line
from broadsheet.page.modules import module_in
from broadsheet.page.names import is_cjk
from broadsheet.page.profiles import Layout
from broadsheet.page.surroundings import Surroundings
from broadsheet.page.times import find_time, parse_time
from broadsheet.records import BlockLabel, Module, PersonCredit, PersonRole, PublishedTime, SourceCredit

RULE = "profile:"
_EDITORS = (PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR)
_LINES = {
    "info": BlockLabel.INFO_LINE,
    "published": BlockLabel.INFO_LINE,
    "source": BlockLabel.INFO_LINE,
    "author": BlockLabel.BYLINE,
    "editor": BlockLabel.CREDIT,
}
_LONGEST_LINE = 260  # characters of a line of credits; a longer block is running text, of which the element is a part


class ByProfile:
    """One page by its layout. `missed` grows while it is read: the parts that the layout selects and that are not there."""

    def __init__(self, document: Document, layout: Layout, captured_at: datetime | None):
        self.document = document
        self.layout = layout
        self.captured_at = captured_at
        self.missed: list[str] = []
        self.published: PublishedTime | None = None
        self.sources: tuple[SourceCredit, ...] = ()
        self.authors: tuple[PersonCredit, ...] = ()
        self.editors: tuple[PersonCredit, ...] = ()
        self.dropped = {index for part, found in document.selected.items() if part.startswith("drop[") for one in found for index in one.blocks}
        self.body: list[int] = []
        self._whole: set[int] = set()  # paragraphs that the layout selects one by one

    def begin(self, weights: list[float]) -> None:
        """Give the layout's labels; take the weight of running text from what is dropped."""
        for index in self.dropped:
            weights[index] = 0.0
        for number, label in enumerate(self.layout.labels.values()):
            for one in self.document.selected.get(f"labels[{number}]", ()):
                self._mark(one.blocks, label, "labels")
                for index in one.blocks:
                    weights[index] = 0.0

    def place(self, weights: list[float]) -> tuple[int, int, int] | None:
        """(box, first, last) of the selected text, as `body.find_body` gives them."""
        blocks = self.document.blocks
        for one in self._selected("body"):
            held = [index for index in one.blocks if index not in self.dropped and blocks[index].label is UNKNOWN]
            self.body += held
            if len(held) == 1:
                self._whole.update(held)
        if not self.body:
            self._miss("body")
            return None
        self.body = sorted(set(self.body))
        running = [index for index in self.body if weights[index] > 0 or index in self._whole] or self.body
        box = blocks[running[0]].box
        for index in running:
            box = self.document.common(box, blocks[index].box)
        return box, running[0], running[-1]

    def is_paragraph(self, index: int, box: int, weights: list[float]) -> bool:
        """A paragraph that is selected by itself is one; those of a selected container are told by what they are."""
        if index in self._whole:
            return self.document.blocks[index].label is UNKNOWN
        return text_body.is_paragraph(self.document, index, box, weights)

    def title(self) -> tuple[int | None, str] | None:
        """(index of the headline's block, None if the head states it; the headline)."""
        for one in self._selected("title"):
            if one.blocks:
                return one.blocks[0], self.document.blocks[one.blocks[0]].text if one.is_whole else one.text
            if one.value:
                return None, one.value
        self._miss("title")
        return None

    def read_lines(self, found: Surroundings) -> None:
        """Breadcrumb, info line and credits: what is selected counts, what else stands in the same lines is added."""
        self._read_crumbs(found)
        for field in ("published", "source", "author", "editor", "info"):
            self._read_field(field, found)
        if found.published is None:
            found.published = self.published
        if self.sources:
            found.sources[:] = self.sources

    def settle(self, found: Surroundings) -> None:
        """What the layout selects goes before what the generic finders found."""
        if self.published is not None:
            found.published = self.published
        if self.sources:
            found.sources[:] = self.sources
        if self.authors:
            found.people[:] = [*self.authors, *(person for person in found.people if person.role in _EDITORS)]
        if self.editors:
            found.people[:] = [*(person for person in found.people if person.role not in _EDITORS), *self.editors]

    def modules(self) -> list[Module]:
        """The modules that the layout selects, in its order; their blocks are labelled."""
        modules: list[Module] = []
        for number, spec in enumerate(self.layout.modules):
            headings = self.document.selected.get(f"modules[{number}].heading", [])
            count = len(modules)
            for one in self.document.selected.get(f"modules[{number}]", ()):
                heading = _heading_of(one, headings)
                # a heading that shares its block with the first entry
                named = heading.text if heading and not heading.is_whole else spec.heading_text
                where = heading.blocks[0] if heading and heading.is_whole else None
                module_in(
                    self.document, one.blocks, modules, kind=spec.kind, heading=where, named=named, is_ranked=spec.ranked,
                    rule=f"{RULE}modules",
                )  # fmt: skip
            if len(modules) == count:
                self._miss(f"modules[{number}]")
        return modules

    def label_dropped(self) -> None:
        """What is dropped and nothing else is an ad."""
        self._mark(sorted(self.dropped), BlockLabel.AD, "drop")

    # --- parts ------------------------------------------------------------------------------------------------------------------

    def _selected(self, field: str) -> list[Selected]:
        return self.document.selected.get(field, [])

    def _miss(self, part: str) -> None:
        if (part in self.layout.select and part not in self.layout.optional) or part.startswith("modules"):
            self.missed.append(part)

    def _mark(self, blocks: Sequence[int], label: BlockLabel, field: str) -> None:
        for index in blocks:
            self.document.blocks[index].mark(label, RULE + field)

    def _read_crumbs(self, found: Surroundings) -> None:
        selected = self._selected("breadcrumb")
        if len(selected) > 1:
            found.breadcrumb = tuple(clean([one.text for one in selected]))
        elif selected:
            blocks = [self.document.blocks[index] for index in selected[0].blocks]
            if len(blocks) > 1:
                found.breadcrumb = tuple(clean([block.text for block in blocks]))
            else:
                links = [link.text for block in blocks for link in block.links if link.text]
                found.breadcrumb = read_breadcrumb(selected[0].text, links, is_known=True) or ()
        if not found.breadcrumb:
            self._miss("breadcrumb")
            return
        for one in selected:
            self._mark(one.blocks, BlockLabel.BREADCRUMB, "breadcrumb")

    def _read_field(self, field: str, found: Surroundings) -> None:
        understood = False
        for one in self._selected(field):
            understood |= getattr(self, f"_read_{field}")(one)
            for index in one.blocks:
                block = self.document.blocks[index]
                if not one.is_whole and (len(block.text) > _LONGEST_LINE or text_body.ends_a_sentence(block.text)):
                    continue  # a part of a paragraph, which stays one
                if block.label is UNKNOWN:
                    line = _line(block)
                    found.add(line.sources, line.people)
                    if found.published is None and line.time is not None:
                        found.published = replace(line.time, rule=RULE + "info")
                block.mark(_LINES[field], RULE + field)
        if not understood:
            self._miss(field)

    def _read_info(self, one: Selected) -> bool:
        return any(line.time or line.sources or line.people for line in (_line(self.document.blocks[index]) for index in one.blocks))

    def _read_published(self, one: Selected) -> bool:
        shown = find_time(one.text, reference=self.captured_at) if one.text else None
        stated = parse_time(one.value, RULE + "published") if one.value else None
        # what is shown goes before what is stated beside it, unless it is "3 hours ago"
        time = stated if shown is None or (stated is not None and stated.local.date() != shown.local.date()) else shown
        if time is not None and self.published is None:
            self.published = replace(time, rule=RULE + "published")
        return time is not None

    def _read_source(self, one: Selected) -> bool:
        text = one.text or one.value or ""
        line = read_info_line(text)
        sources = line.sources or source_credits(text, self._href(one))
        if sources and not self.sources:
            self.sources = tuple(replace(source, url=source.url or self._href(one)) for source in sources)
        return bool(sources)

    def _read_author(self, one: Selected) -> bool:
        people = [person for person in _people(one.text or one.value or "", PersonRole.AUTHOR) if person.role not in _EDITORS]
        self.authors += tuple(person for person in people if person not in self.authors)
        return bool(people)

    def _read_editor(self, one: Selected) -> bool:
        people = [person for person in _people(one.text or one.value or "", PersonRole.EDITOR) if person.role in _EDITORS]
        self.editors += tuple(person for person in people if person not in self.editors)
        return bool(people)

    def _href(self, one: Selected) -> str | None:
        links = [link for index in one.blocks for link in self.document.blocks[index].links]
        return next((link.href for link in links if link.text and link.text in one.text), None)


def _heading_of(one: Selected, headings: list[Selected]) -> Selected | None:
    """The heading in a module's container, or the nearest before it."""
    first, last = one.blocks[0] if one.blocks else 0, one.blocks[-1] if one.blocks else -1
    shown = [heading for heading in headings if heading.blocks]
    inside = next((heading for heading in shown if first <= heading.blocks[0] <= last), None)
    return inside or max((heading for heading in shown if heading.blocks[0] < first), key=lambda heading: heading.blocks[0], default=None)


def _line(block: RawBlock) -> InfoLine:
    return read_info_line(block.text, [(link.text, link.href) for link in block.links])


_LABELS = {PersonRole.AUTHOR: ("作者：", "By "), PersonRole.EDITOR: ("编辑：", "Editor: ")}


def _people(text: str, role: PersonRole) -> tuple[PersonCredit, ...]:
    """People of a line with labels; of one without, all of them in `role`."""
    if people := read_info_line(text).people:
        return people
    if (credit := read_closing_credit(text)) is not None and credit.people:
        return credit.people
    if not text:
        return ()
    label = _LABELS[role][0 if is_cjk(text) else 1]
    named = read_info_line(f"{label}{text}").people
    return tuple(replace(person, raw=person.raw.removeprefix(label)) for person in named) or (PersonCredit(role=role, name=text, raw=text),)
