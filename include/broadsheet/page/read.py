"""The page kernel: a page's text -> `Page`. Pure and deterministic, and never raises on any string.

In reading order: blocks and boxes; where the article stands; headline, breadcrumb, info line and credits around it; the body
between them; headline feeds and related links outside of it; a label for everything else.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from broadsheet import PARSER_VERSION
from broadsheet.page.blocks import Document, Hint, RawBlock
from broadsheet.page.body import find_body, weight
from broadsheet.page.breadcrumbs import has_label, read_breadcrumb
from broadsheet.page.credits import read_byline, read_closing_credit, read_dateline, read_info_line, read_opening_credit, source_credits
from broadsheet.page.dom import read_html
from broadsheet.page.headlines import read_original_title, split_headline
from broadsheet.page.labels import label_rest
from broadsheet.page.metadata import Metadata, read_metadata
from broadsheet.page.modules import find_modules
from broadsheet.page.plaintext import read_text
from broadsheet.page.rights import applicability, is_rights_notice
from broadsheet.page.times import find_time, parse_time
from broadsheet.page.title import find_title
from broadsheet.page.words import has_word, is_word
from broadsheet.records import (
    Block,
    BlockLabel,
    Decoded,
    Headline,
    HeadlineRole,
    Module,
    Page,
    PageKind,
    PersonCredit,
    PersonRole,
    PublishedTime,
    SourceCredit,
)
from broadsheet.text import headline_key

# An info line stands within so many blocks of the headline or the text.
_NEAR = 14
_INFO_RATIO = 0.55
_LONGEST_INFO = 260  # columns
_ARTICLE_CHARS = 60
_HAS_YEAR = re.compile(r"\d")


def read_page(text: str, *, media_type: str, url: str | None = None, decoded: Decoded | None = None, captured_at: datetime | None = None) -> Page:
    """Read one page.

    Parameters
    ----------
    text : the page, decoded; HTML or a rendered plain-text capture as `media_type` says.
    url : URL of the capture, if known.
    decoded : how the text was decoded, copied into the page.
    captured_at : capture time; only for displayed times that lack the year or count hours back.
    """
    document = read_html(text) if media_type == "text/html" else read_text(text)
    reading = _Reading(document, captured_at)
    return reading.page(decoded)


class _Reading:
    """One page while it is read. Labels are given in the order of certainty: what has a label keeps it."""

    def __init__(self, document: Document, captured_at: datetime | None) -> None:
        self.document = document
        self.blocks = document.blocks
        self.reference = captured_at.replace(tzinfo=None) if captured_at else None
        self.metadata: Metadata = read_metadata(document.metas, document.json_ld, document.title, document.canonical, document.language)
        self.published: PublishedTime | None = None
        self.sources: list[SourceCredit] = []
        self.people: list[PersonCredit] = []
        self.originals: tuple[Headline, ...] = ()
        self.crumbs: tuple[str, ...] = ()
        self.rights: str | None = None

    def page(self, decoded: Decoded | None) -> Page:
        for block in self.blocks:
            if block.hints & Hint.HIDDEN and not block.links:
                block.mark(BlockLabel.FORM, "hidden")
        weights = [weight(block) for block in self.blocks]
        area = _dense_part(self.document, weights) if self.document.is_plain else find_body(self.document, weights)
        first, last = (area[1], area[2]) if area else (len(self.blocks), len(self.blocks))
        title_at, title = find_title(self.document, self.metadata, first)
        if title_at is not None:
            self.blocks[title_at].mark(BlockLabel.TITLE, "title")
        self._mark_repeated_title(title, first)
        start = title_at if title_at is not None else max(first - _NEAR, 0)
        self._read_breadcrumb(min(start, first), first)
        self._read_original_title(start, first)
        self._read_info_lines(start, first)
        first = self._read_bylines(start, first, last)
        last = self._read_closing(first, last, area)
        self._read_rights(start, last)
        paragraphs = self._mark_body(area, first, last, title_at) if area else []
        modules = find_modules(self.document, (area[0], first, last) if area else None, headline_key(title or ""))
        paragraphs = [index for index in paragraphs if self.blocks[index].label == BlockLabel.BODY]
        label_rest(self.document, min(start, first), last)
        body = tuple(self.blocks[index].text for index in paragraphs)
        self._read_inside(body)
        self._complete_from_head()
        return self._made(title, body, modules, decoded)

    # --- fields above the text -------------------------------------------------------------------------------------------

    def _mark_repeated_title(self, title: str | None, first: int) -> None:
        key = headline_key(title or "")
        for block in self.blocks[:first]:
            if key and headline_key(block.text) == key and not block.is_item:
                block.mark(BlockLabel.TITLE, "title_repeated")

    def _read_breadcrumb(self, start: int, first: int) -> None:
        for index, block in enumerate(self.blocks[: max(start, first) + 1]):
            if block.width > 200 or block.label != BlockLabel.UNKNOWN or (block.is_item and not has_label(block.text)):
                continue
            is_crumb_box = "crumb" in self._names(block)
            if not (is_crumb_box or has_label(block.text) or any(sign in block.text for sign in ">＞»›→/")):
                continue
            links = [link.text for link in block.links]
            crumbs = read_breadcrumb(block.text, links, is_known=is_crumb_box)
            if crumbs and (len(crumbs) > 1 or is_crumb_box or has_label(block.text)):
                block.mark(BlockLabel.BREADCRUMB, "breadcrumb")
                if not self.crumbs or has_label(block.text):
                    self.crumbs = crumbs
        if not self.crumbs:
            self._read_spread_breadcrumb(start)

    def _read_spread_breadcrumb(self, start: int) -> None:
        """A crumb in each list item: `<ol class=breadcrumb><li>…`."""
        spread = [block for block in self.blocks[: start + 1] if "breadcrumb" in self._names(block) and block.label == BlockLabel.UNKNOWN]
        if 1 < len(spread) <= 8:
            texts = [block.text for block in spread]
            crumbs = read_breadcrumb(" > ".join(texts), texts, is_known=True)
            if crumbs:
                self.crumbs = crumbs
                for block in spread:
                    block.mark(BlockLabel.BREADCRUMB, "breadcrumb_items")

    def _names(self, block: RawBlock) -> str:
        boxes = self.document.boxes
        return " ".join(boxes[box].name for box in self.document.ancestors(block.box)[:3])

    def _read_original_title(self, start: int, first: int) -> None:
        for index in range(start, min(first + 6, len(self.blocks))):
            block = self.blocks[index]
            if block.label == BlockLabel.UNKNOWN and ("原标题" in block.text[:12] or "原题" in block.text[:8] or "原標題" in block.text[:12]):
                originals, used = read_original_title([other.text for other in self.blocks[index : index + 4]])
                if originals and not self.originals:
                    self.originals = originals
                    for other in self.blocks[index : index + used]:
                        other.mark(BlockLabel.ORIGINAL_TITLE, "original_title")

    def _read_info_lines(self, start: int, first: int) -> None:
        """Time, source and people in the lines around the headline; the line with the clearest form is believed first."""
        near = range(max(0, start - 6), min(max(first, start) + 3, start + 2 * _NEAR, len(self.blocks)))
        found = []
        for index in near:
            block = self.blocks[index]
            if block.label != BlockLabel.UNKNOWN or block.width > _LONGEST_INFO or block.is_item:
                continue
            if block.width > 120 and index >= first:
                continue
            line = read_info_line(block.text, [(link.text, link.href) for link in block.links])
            is_known = bool(line.time or line.sources or line.people)
            if is_known and (line.explained_ratio >= _INFO_RATIO or (line.time and index < first and line.explained_ratio >= 0.3)):
                if line.people and not line.time and not line.sources and not line.has_label:
                    continue
                found.append((index < start, abs(index - start), index, line))
        for is_above, _, index, line in sorted(found, key=lambda entry: entry[:3]):
            if is_above and self.published and not line.has_label:
                continue
            self.blocks[index].mark(BlockLabel.INFO_LINE, "info_line")
            if line.time and (self.published is None or (self.published.precision == "day" and line.time.precision != "day")):
                self.published = line.time
            self._add(line.sources, line.people)

    def _add(self, sources: Sequence[SourceCredit], people: Sequence[PersonCredit]) -> None:
        known_sources = {(source.role, headline_key(source.name)) for source in self.sources}
        if not self.sources or len(known_sources) < 1:
            self.sources.extend(source for source in sources if (source.role, headline_key(source.name)) not in known_sources)
        known = {(person.role, person.name) for person in self.people}
        self.people.extend(person for person in people if (person.role, person.name) not in known)

    def _read_bylines(self, start: int, first: int, last: int) -> int:
        """Bylines between headline and text; returns where the text begins after them."""
        for index in range(start, min(first + 3, len(self.blocks))):
            block = self.blocks[index]
            if block.label != BlockLabel.UNKNOWN or block.width > 120:
                continue
            people = read_byline(block.text)
            if people is not None:
                block.mark(BlockLabel.BYLINE, "byline")
                self._add((), people)
        while first < last and self.blocks[first].label != BlockLabel.UNKNOWN:
            first += 1
        return first

    # --- the text and what follows it --------------------------------------------------------------------------------------

    def _read_closing(self, first: int, last: int, area) -> int:
        """Credits below the text; returns the text's last block before them."""
        end = min(last + 16, len(self.blocks))
        for index in range(max(first, last - 6), end):
            block = self.blocks[index]
            if block.label != BlockLabel.UNKNOWN or block.width > 160 or block.is_item:
                continue
            credit = read_closing_credit(block.text)
            if credit is None:
                continue
            block.mark(BlockLabel.CREDIT, "closing_credit")
            self._add(credit.sources, credit.people)
            if index <= last and index > first:
                last = index - 1 if all(other.label != BlockLabel.UNKNOWN for other in self.blocks[index : last + 1]) else last
        return last

    def _read_rights(self, start: int, last: int) -> None:
        for index in range(start, min(last + 25, len(self.blocks))):
            block = self.blocks[index]
            if block.label == BlockLabel.UNKNOWN and 20 <= block.width <= 1200 and not block.is_item and is_rights_notice(block.text):
                block.mark(BlockLabel.RIGHTS_NOTICE, "rights_notice")
                self.rights = self.rights or block.text

    def _mark_body(self, area: tuple[int, int, int], first: int, last: int, title_at: int | None) -> list[int]:
        """Label the blocks of the text; returns their indices."""
        box, document = area[0], self.document
        begin = first
        # Short lines above the first long paragraph belong to the text when they are in its box and below the headline.
        floor = max((title_at + 1) if title_at is not None else first, first - 10)
        while begin > floor and self._may_be_body(begin - 1, box) and self.blocks[begin - 1].label in (BlockLabel.UNKNOWN, *_FIELD_LABELS):
            begin -= 1
        end = last
        while end + 1 < len(self.blocks) and end - last < 12 and self._may_be_body(end + 1, box) and not self._begins_furniture(end + 1):
            end += 1
        paragraphs = []
        for index in range(begin, end + 1):
            block = self.blocks[index]
            if block.label != BlockLabel.UNKNOWN or not document.holds(box, block.box):
                continue
            if self._is_furniture(block, first <= index <= last):
                continue
            if block.hints & Hint.CAPTION and not block.hints & Hint.BODY:
                block.mark(BlockLabel.CAPTION, "caption_box")
                continue
            block.mark(BlockLabel.BODY, "body")
            paragraphs.append(index)
        return paragraphs

    def _may_be_body(self, index: int, box: int) -> bool:
        block = self.blocks[index]
        if block.label in _FIELD_LABELS:
            return True
        return block.label == BlockLabel.UNKNOWN and self.document.holds(box, block.box) and not block.is_item and block.link_density < 0.5

    def _begins_furniture(self, index: int) -> bool:
        block = self.blocks[index]
        return (
            block.width <= 44
            and any(
                is_word(group, block.text) or has_word(group, block.text) for group in ("related", "feed", "share", "follow", "comment", "neighbours")
            )
            or (self.document.is_plain and block.width < 40)
        )

    def _is_furniture(self, block: RawBlock, is_inside: bool) -> bool:
        """Link lists, share bars, ads and module headings that stand inside the text's box."""
        if block.hints & (Hint.COMMENT | Hint.FORM | Hint.HIDDEN) or (block.hints & (Hint.AD | Hint.SHARE) and block.width < 120):
            return True
        if (
            block.link_density > 0.75
            and block.width > 0
            and (block.tag in ("li", "dd", "dt") or block.hints & (Hint.RELATED | Hint.NAV | Hint.TAGS) or not is_inside)
        ):
            return True
        if block.width <= 44 and (
            is_word("share", block.text) or is_word("follow", block.text) or is_word("ad", block.text) or is_word("more", block.text)
        ):
            return True
        if block.width <= 30 and (is_word("related", block.text) or is_word("feed", block.text)):
            return True
        return is_word("comment", block.text) or is_word("pagination", block.text)

    def _read_inside(self, body: Sequence[str]) -> None:
        """Credits inside paragraphs: （记者 甲） in the first and last ones."""
        for paragraph in (*body[:2], *body[-2:]):
            self._add((), read_opening_credit(paragraph))

    def _complete_from_head(self) -> None:
        """What the page does not display is taken from its head."""
        stated = self.metadata.published
        if self.published is None:
            self.published = self._time_element() or stated or self._time_above()
        elif self.published.precision == "day":
            for time in (stated, self._time_element()):
                if time and time.precision != "day" and time.local.date() == self.published.local.date():
                    self.published = time
                    break
        if not self.sources and self.metadata.source:
            self.sources.extend(source_credits(self.metadata.source))
        if not any(person.role in _WRITERS for person in self.people):
            known = {person.name for person in self.people}
            self.people.extend(PersonCredit(role=PersonRole.AUTHOR, name=name, raw=name) for name in self.metadata.authors if name not in known)
        if not any(person.role in _EDITORS for person in self.people):
            self.people.extend(PersonCredit(role=PersonRole.EDITOR, name=name, raw=name) for name in self.metadata.editors)
        if not self.crumbs:
            self.crumbs = self.metadata.breadcrumb

    def _time_element(self) -> PublishedTime | None:
        for _, stamp in self.document.times[:3]:
            if (time := parse_time(stamp, "time_element")) is not None:
                return time
        return None

    def _time_above(self) -> PublishedTime | None:
        """First time in a short block that is no link list: the last resort."""
        for block in self.blocks[:120]:
            if block.width <= 100 and block.link_density < 0.5 and not block.hints & (Hint.FOOTER | Hint.HIDDEN) and _HAS_YEAR.search(block.text):
                time = find_time(block.text, reference=self.reference)
                if time is not None:
                    return time
        return None

    # --- the result ----------------------------------------------------------------------------------------------------------

    def _made(self, title: str | None, body: tuple[str, ...], modules: Sequence[Module], decoded: Decoded | None) -> Page:
        blocks, total, explained = _spans(self.blocks)
        body_chars = sum(len(paragraph) for paragraph in body)
        kind = self._kind(title, body_chars, modules)
        headlines = (*(split_headline(title) if title else ()), *self.originals)
        site_name = self.metadata.site_name or (self.crumbs[0] if self.crumbs and self.document.is_plain else None)
        found: dict[str, Any] = {}
        if decoded is not None:
            found = {name: getattr(decoded, name) for name in ("charset", "charset_basis", "charset_declared", "replaced_count")}
        return Page(
            page_kind=kind,
            parser_version=PARSER_VERSION,
            language=self.metadata.language or _language(body or (title or "",)),
            canonical_url=self.metadata.canonical_url,
            site_name=site_name,
            breadcrumb=self.crumbs,
            headlines=headlines,
            published=self.published,
            sources=tuple(self.sources),
            people=tuple(self.people),
            dateline=next((line for paragraph in body[:1] if (line := read_dateline(paragraph))), None),
            body=body,
            rights_notice=self.rights,
            rights_applies=applicability(self.rights, self.sources, site_name) if self.rights else None,
            modules=tuple(modules),
            blocks=blocks,
            coverage_ratio=round(explained / total, 4) if total else 1.0,
            layout_fingerprint=_fingerprint(self.document),
            warnings=("replacement_characters",) if decoded and decoded.replaced_count else (),
            **found,
        )

    def _kind(self, title: str | None, body_chars: int, modules: Sequence[Module]) -> PageKind:
        linked = sum(len(module.items) for module in modules)
        if title and (body_chars >= _ARTICLE_CHARS or self.metadata.kind_hint == PageKind.ARTICLE) and not (linked > 60 and body_chars < 300):
            return PageKind.ARTICLE
        if title and self.published and any(block.label == BlockLabel.INFO_LINE for block in self.blocks):
            return PageKind.ARTICLE
        if linked >= 6 or self.metadata.kind_hint == PageKind.LIST:
            return PageKind.LIST
        return PageKind.OTHER


_FIELD_LABELS = (BlockLabel.INFO_LINE, BlockLabel.BYLINE, BlockLabel.ORIGINAL_TITLE, BlockLabel.CREDIT)
_WRITERS = (PersonRole.AUTHOR, PersonRole.REPORTER, PersonRole.CORRESPONDENT)
_EDITORS = (PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR)


def _dense_part(document: Document, weights: Sequence[float]) -> tuple[int, int, int] | None:
    """Body of a rendered page, which has no boxes: the run of lines with the greatest sum, where long lines count for it and
    short lines and list items against it."""
    best, best_sum, total, start = None, 0.0, 0.0, 0
    for index, (block, value) in enumerate(zip(document.blocks, weights, strict=True)):
        if total <= 0:
            total, start = 0.0, index
        total += value if value > 0 else (-90.0 if block.is_item else -25.0)
        if value > 0 and total > best_sum:
            best, best_sum = (0, start, index), total
    if best is None:
        return None
    _, start, end = best
    start = _after_info_line(document, start, end)
    while start < end and weights[start] <= 0:
        start += 1
    return 0, start, end


def _after_info_line(document: Document, start: int, end: int) -> int:
    """The line below the info line, where a long headline has been taken for the first paragraph."""
    for index in range(start, min(start + 6, end)):
        block = document.blocks[index]
        if block.width <= 140 and not block.is_item and find_time(block.text) is not None:
            if read_info_line(block.text).explained_ratio >= _INFO_RATIO:
                return index + 1
    return start


def _spans(raw: Sequence[RawBlock]) -> tuple[tuple[Block, ...], int, int]:
    """Blocks with their spans in the page's text; visible non-blank characters in all and in labelled blocks."""
    blocks, position, total, explained = [], 0, 0, 0
    for block in raw:
        if block.rule == "hidden":
            continue
        end = position + len(block.text)
        blocks.append(Block(text=block.text, label=block.label, rule=block.rule, module_index=block.module, char_start=position, char_end=end))
        chars = len(block.text) - block.text.count(" ")
        total += chars
        explained += chars if block.label != BlockLabel.UNKNOWN else 0
        position = end + 1
    return tuple(blocks), total, explained


def _fingerprint(document: Document) -> str:
    """Hash of the containers' tags and names near the root: equal for pages of one template, whatever they say."""
    if document.is_plain:
        return ""
    skeleton = sorted(
        {f"{box.depth}:{box.tag}.{re.sub(r'[0-9]+', '', box.name)}" for box in document.boxes if 1 < box.depth <= 8 and box.tag in _SKELETON}
    )
    return hashlib.sha256("|".join(skeleton).encode("utf-8", "replace")).hexdigest()[:12]


_SKELETON = frozenset(("div", "section", "article", "main", "aside", "nav", "header", "footer", "table", "form"))
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)


def _language(texts: Sequence[str]) -> str | None:
    """Language by script; None where the script does not tell it."""
    sample = "".join(texts)[:2000]
    letters = sum(char.isalpha() for char in sample)
    return next((code for code, script in _SCRIPTS if letters and len(script.findall(sample)) > 0.15 * letters), None)


def with_url(page: Page, url: str | None) -> Page:
    """The page with `url` as its stated one where it states none."""
    return page if page.canonical_url or not url else msgspec.structs.replace(page, canonical_url=url)
