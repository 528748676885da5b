"""Text of a page -> Page record: pure, deterministic, and without an exception for any string."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from broadsheet import PARSER_VERSION
from broadsheet.page import body as text_body
from broadsheet.page import surroundings as around
from broadsheet.page import words
from broadsheet.page.blocks import OUTSIDE, UNKNOWN, Document, Hint
from broadsheet.page.by_profile import RULE, ByProfile
from broadsheet.page.cards import card_blocks
from broadsheet.page.credits import read_dateline, read_opening_credit, read_signature, read_tail_credit
from broadsheet.page.crumb_lines import read_crumbs
from broadsheet.page.dom import read_html
from broadsheet.page.fingerprint import layout_fingerprint
from broadsheet.page.headlines import split_headline
from broadsheet.page.labels import label_rest
from broadsheet.page.languages import language_of, writes_day_first
from broadsheet.page.masthead import masthead
from broadsheet.page.mentions import describe_blocks
from broadsheet.page.metadata import Metadata, is_house, read_metadata
from broadsheet.page.modules import find_modules, in_page_order
from broadsheet.page.names import is_cjk
from broadsheet.page.own_lists import own_lists
from broadsheet.page.plaintext import read_text
from broadsheet.page.profiles import Layout
from broadsheet.page.rendered import is_rendered_paragraph, rendered_range
from broadsheet.page.rendered_title import rendered_title
from broadsheet.page.rights import applicability
from broadsheet.page.surroundings import Surroundings
from broadsheet.page.times import day_if_midnight, find_times, parse_time
from broadsheet.page.title import find_title
from broadsheet.records import (
    Block,
    BlockLabel,
    Decoded,
    Headline,
    Module,
    Page,
    PageKind,
    PersonCredit,
    PersonRole,
    PublishedTime,
    SourceCredit,
    SourceRole,
)
from broadsheet.text import headline_key, without_surrogates
from broadsheet.urls import canonical, is_front_page


def read_page(
    text: str,
    *,
    media_type: str,
    url: str | None = None,
    decoded: Decoded | None = None,
    captured_at: datetime | None = None,
    layout: Layout | None = None,
) -> Page:
    """Everything that is understood of one page.

    `media_type` is text/html or text/plain; `captured_at` dates "3 hours ago" and is never taken for a publication time; `url` is the
    capture's and tells a front page alone: all else is left to the tables. `layout` is of the site's profile, if it has one.
    """
    if decoded is None or text is not decoded.text:  # what `decode` returns is clean
        text = without_surrogates(text.replace("\0", ""))
    selectors = layout.selectors() if layout else None
    document = read_html(text, selectors) if media_type != "text/plain" else read_text(text)
    return read_document(document, captured_at, layout, url).page(decoded)


def read_document(document: Document, captured_at: datetime | None = None, layout: Layout | None = None, url: str | None = None) -> "Reading":
    """A page whose blocks were cut, read."""
    describe_blocks(document)
    metadata = read_metadata(document.metas, document.json_ld, document.title, document.canonical, document.language)
    reading = Reading(document, metadata, captured_at, layout, url)
    reading.read()
    return reading


class Reading:
    """One page while it is read."""

    def __init__(self, document: Document, metadata: Metadata, captured_at: datetime | None, layout: Layout | None = None, url: str | None = None):
        self.document = document
        self.is_front_page = (address := canonical(url)) is not None and is_front_page(address)
        self.layout = layout
        # selectors say nothing of a plain text
        self.profile = ByProfile(document, layout, captured_at) if layout and not document.is_plain else None
        if layout and layout.site_name:
            metadata = replace(metadata, site_name=layout.site_name)
        self.metadata = metadata
        self.captured_at = captured_at
        self.found = Surroundings()
        self.headlines: tuple[Headline, ...] = ()
        self.title: int | None = None
        self.body: list[int] = []
        self.modules: list[Module] = []
        self.place: tuple[int, int, int] | None = None
        self.kind = PageKind.OTHER

    def read(self) -> None:
        document, found, profile = self.document, self.found, self.profile
        blocks = document.blocks
        weights = [text_body.weight(block) if block.width >= text_body.NARROWEST else 0.0 for block in blocks]
        if document.is_plain:
            lines = rendered_range(document, weights)
            self.place = (0, *lines) if lines else None
        else:
            for index in card_blocks(document):
                weights[index] *= _OF_A_CARD
            if profile:
                profile.begin(weights)
                self.place = profile.place(weights)
            self.place = self.place or text_body.find_body(document, weights)
        start, stop = self.place[1:] if self.place else (None, None)
        title, headline = rendered_title(document, start) if document.is_plain else find_title(document, self.metadata, start)
        by_profile = profile.title() if profile else None
        if by_profile:
            title, headline = by_profile[0] if by_profile[0] is not None else title, by_profile[1]
        if headline:
            self.headlines = split_headline(headline)
        self.title = title
        if title is not None:
            blocks[title].mark(BlockLabel.TITLE, f"{RULE}title" if by_profile else "headline")
        if start is None or stop is None:
            start = stop = title + 1 if title is not None else 0
        if title is not None and start <= title <= stop:
            start = title + 1
        written_in = document.language or self.metadata.language or language_of(block.text for block in blocks[start : stop + 1])
        document.is_day_first = writes_day_first(written_in)
        if profile:
            profile.read_lines(found)
        if not found.breadcrumb:
            read_crumbs(document, found, title, start)
        around.read_originals(document, found, title, start, stop)
        around.read_info(document, found, self.metadata, title, start, stop, self.captured_at)
        around.read_closing(document, found, start, stop)
        if found.published is None and self.metadata.published is None:
            around.read_late_time(document, found, stop)
        around.read_bylines(document, found, start, stop)
        around.read_standings(document, title, start)
        if self.place and not self.metadata.authors:
            around.read_bold_name(document, found, self.place[0], stop)
        around.read_notice(document, found, start, stop)
        if self.place:
            self._read_body(start, stop, weights)
        known = profile.modules() if profile else []
        self.modules = find_modules(document, set(self.body), self.place[0] if self.place else None, known)
        if known:
            self.modules = in_page_order(document, self.modules)
        if profile:
            profile.settle(found)
        self.kind = self._kind()
        if self.kind == PageKind.LIST:
            self._take_own_lists(is_by_profile=bool(known))
        label_rest(document, start if self.place else None, stop if self.place else None)
        if profile:
            profile.label_dropped()

    def _take_own_lists(self, *, is_by_profile: bool) -> None:
        """A front or section page consists of lists. Those that a profile selects are what they are said to be."""
        if not (is_by_profile or self.document.is_plain):
            self.modules = in_page_order(self.document, own_lists(self.document, self.modules))
        self.modules = [replace(module, is_own=True) for module in self.modules]

    def _read_body(self, start: int, stop: int, weights: list[float]) -> None:
        assert self.place is not None
        document, box = self.document, self.place[0]
        blocks = document.blocks
        if self.profile and self.profile.body:
            self._read_selected_body(self.profile, box, weights)
            return
        dropped = self.profile.dropped if self.profile else ()
        for index in range(self._lead(start), min(stop + 1, len(blocks))):
            if index in dropped:
                continue
            if self.body and blocks[index].level and "comment" in words.groups_of(blocks[index].shown):
                break  # what follows such a heading are comments, however long
            around_both = box if index >= start else document.common(box, blocks[index].box)
            if text_body.is_paragraph(document, index, around_both, weights) and not (
                document.is_plain and not is_rendered_paragraph(document, index)
            ):
                self.body.append(index)
        while len(self.body) > 2 and blocks[self.body[-1]].level and blocks[self.body[-1]].width <= _WIDEST_LAST_HEADING:
            self.body.pop()  # what it heads is no text: More stories
        self.body[:0] = self._bracketed_original()
        self._take_body("paragraph")

    def _read_selected_body(self, profile: ByProfile, box: int, weights: list[float]) -> None:
        """The text that the layout selects; a headline in the same container stands before it."""
        title = self.title if self.title is not None and self.title in profile.body else -1
        self.body += [index for index in profile.body if index > title and profile.is_paragraph(index, box, weights)]
        self._take_body(f"{RULE}body")

    def _take_body(self, rule: str) -> None:
        blocks = self.document.blocks
        for index in self.body:
            blocks[index].mark(BlockLabel.BODY, rule)
        if self.body:
            opening = (read_opening_credit(blocks[index].text) for index in self.body[:_OPENING])
            self.found.add((), next(filter(None, opening), ()))
            if (credit := read_tail_credit(blocks[self.body[-1]].text)) is not None:
                self.found.add(credit.sources, credit.people)
            self.found.add((), read_signature(blocks[self.body[-1]].text))

    def _bracketed_original(self) -> list[int]:
        """（原标题：…） as the first paragraph of the text's box: it belongs to the text as well."""
        assert self.place is not None
        if not self.body or self.document.is_plain:
            return []
        for index in range(self.body[0] - 1, max(-1, self.body[0] - 4), -1):
            block = self.document.blocks[index]
            if block.label == BlockLabel.ORIGINAL_TITLE and block.text[:1] in "（(" and self.document.holds(self.place[0], block.box):
                return [index]
        return []

    def _lead(self, start: int) -> int:
        """First paragraph outside of the text's box: a lead between the headline and the text."""
        assert self.place is not None
        document, box, blocks, boxes = self.document, self.place[0], self.document.blocks, self.document.boxes
        if self.title is None or document.is_plain or not 0 < start - self.title <= _SAME_WITHIN:
            return start
        named = {boxes[blocks[index].box].name for index in range(start, min(start + 6, len(blocks)))} - {""}
        for index in range(self.title + 1, start):
            block = blocks[index]
            if start - self.title > _LEAD_WITHIN and boxes[block.box].name not in named:
                continue
            own = block.hints & ~document.boxes[document.common(box, block.box)].hints
            if block.label is UNKNOWN and block.width >= _LEAD_WIDTH and not block.level and not own & _NO_LEAD:
                if words.is_standfirst(block.shown):
                    block.mark(BlockLabel.STANDFIRST, "standfirst_label")
                elif block.link_density < 0.3 and text_body.ends_a_sentence(block.text):
                    return index
        return start

    # --- result -----------------------------------------------------------------------------------------------------------------

    def page(self, decoded: Decoded | None) -> Page:
        document, found, metadata = self.document, self.found, self.metadata
        blocks, coverage = self._blocks()
        paragraphs = tuple(document.blocks[index].text for index in self.body)
        site_name = masthead(metadata.site_name, found.breadcrumb or metadata.breadcrumb, document.title, is_plain=document.is_plain)
        sources = tuple(found.sources) or self._stated_sources()
        kind = self.kind
        # A page that is no article has no parts of one to be missed.
        missed = tuple(self.profile.missed) if self.profile and kind == PageKind.ARTICLE else ()
        return Page(
            page_kind=kind,
            parser_version=PARSER_VERSION,
            language=metadata.language or language_of(paragraphs or [block.text for block in blocks[:80]]),
            charset=decoded.charset if decoded else "utf-8",
            charset_basis=decoded.charset_basis if decoded else "",
            charset_declared=decoded.charset_declared if decoded else None,
            replaced_count=decoded.replaced_count if decoded else 0,
            canonical_url=metadata.canonical_url,
            site_name=site_name,
            breadcrumb=self._breadcrumb(),
            headlines=(*self.headlines, *found.originals),
            published=self._published(),
            sources=sources,
            people=self._people(),
            dateline=next((line for text in paragraphs[:2] if (line := read_dateline(text))), None),
            body=paragraphs,
            rights_notice=found.notice,
            rights_applies=applicability(found.notice, sources, site_name),
            modules=tuple(self.modules),
            blocks=blocks,
            coverage_ratio=coverage,
            layout_fingerprint=layout_fingerprint(document),
            is_unfinished=document.is_unfinished,
            left_out_count=document.left_out_count,
            warnings=(*self._warnings(paragraphs), *(("profile_selector_missed",) if missed else ())),
            site_profile=self.layout.identity if self.layout else None,
            time_zone=self.layout.time_zone if self.layout else None,
            profile_missed=missed,
        )

    def _blocks(self) -> tuple[tuple[Block, ...], float]:
        """Blocks with their spans; hidden ones only if they are in a module."""
        kept: list[Block] = []
        position = explained = total = 0
        for block in self.document.blocks:
            if block.hints & _UNSEEN and block.label not in _SHOWN_WHEN_HIDDEN:
                continue
            size = len(block.text)
            count = size - block.text.count(" ")
            total += count
            if block.label is not UNKNOWN:
                explained += count
            kept.append(
                Block(text=block.text, label=block.label, rule=block.rule, module_index=block.module, char_start=position, char_end=position + size)
            )
            position += size + 1
        total += self.document.left_out_count
        return tuple(kept), explained / total if total else 1.0

    def _warnings(self, paragraphs: tuple[str, ...]) -> Iterator[str]:
        if self.document.is_unfinished:
            yield "page_unfinished"
        if self.document.left_out_count:
            yield "page_cut_short"
        if any("\ufffd" in text for text in paragraphs):
            yield "replacement_characters"

    def _breadcrumb(self) -> tuple[str, ...]:
        crumbs = self.found.breadcrumb or self.metadata.breadcrumb
        headline = self.headlines[0].raw if self.headlines else ""
        key, last = headline_key(headline), headline_key(crumbs[-1]) if crumbs else ""
        shortest = _CUT_HEADLINE if is_cjk(last) else 2 * _CUT_HEADLINE  # a channel's name begins a headline as well
        if key and last and (key == last or (len(last) >= shortest and key.startswith(last))):
            crumbs = crumbs[:-1]
        return crumbs

    def _published(self) -> PublishedTime | None:
        shown, stated = self.found.published, self.metadata.published
        if shown is None:
            return stated or self._marked_time() or self._opening_time()
        if shown.precision == "day" and shown.rule != f"{RULE}published":
            # the same day, stated to the minute
            more = (time for time in (stated, self._marked_time()) if time and time.precision != "day" and time.local.date() == shown.local.date())
            return next(more, shown)
        return shown

    def _marked_time(self) -> PublishedTime | None:
        times = [day_if_midnight(time) for _, stamp in self.document.times[:8] if (time := parse_time(stamp, "time_tag"))]
        return times[0] if times else None

    def _opening_time(self) -> PublishedTime | None:
        """`March 3, 2021 -- The bridge …`: the day that opens the text, as in a dateline."""
        opening = self.document.blocks[self.body[0]].text[:_LONGEST_DAY] if self.body else ""
        found = next(iter(find_times(opening)), None)
        return found.time if found and found.start == 0 and opening[found.end :].lstrip(" .").startswith(("-", "–", "—")) else None

    def _stated_sources(self) -> tuple[SourceCredit, ...]:
        source = self.metadata.source
        return (SourceCredit(role=SourceRole.ORIGIN, name=source, raw=source),) if source else ()

    def _people(self) -> tuple[PersonCredit, ...]:
        house = self.metadata.site_name
        people = [person for person in self.found.people if is_cjk(person.name) or not is_house(person.name, house)]
        if not any(person.role not in _NO_WRITERS for person in people):
            editors = {person.name for person in people} | set(self.metadata.editors)
            people += [PersonCredit(role=PersonRole.AUTHOR, name=name, raw=name) for name in self.metadata.authors if name not in editors]
        elif (shown := {person.name for person in people if person.role in _WRITERS}) and shown < set(self.metadata.authors):
            known = {person.name for person in people}  # an editor of the page is no author of the head
            stated = self.metadata.authors
            people += [PersonCredit(role=PersonRole.AUTHOR, name=name, raw=name) for name in stated if name not in known]
            people.sort(key=lambda person: stated.index(person.name) if person.name in stated and person.role in _WRITERS else len(stated))
        if not any(person.role in _EDITORS for person in people):
            people += [PersonCredit(role=PersonRole.EDITOR, name=name, raw=name) for name in self.metadata.editors]
        return tuple(people)

    def _kind(self) -> PageKind:
        """An article has a text. Lists are undated pages with little text beside many links; pages with hardly a text and without a headline
        of their own, which the summary of a leading story gives one; and front pages, by their URL."""
        linked = sum(len(module.items) for module in self.modules)
        is_undated = self.found.published is None and self.metadata.published is None
        if self.is_front_page and linked >= _FEW_LINKS:
            return PageKind.LIST
        if not self.body:
            return PageKind.LIST if linked >= (_LIST_LINKS if self._has_headline() else _SOME_LINKS) else PageKind.OTHER
        chars = sum(len(self.document.blocks[index].text) for index in self.body)
        if is_undated and (self.metadata.kind_hint == PageKind.LIST or (linked >= _MANY_LINKS and chars < _LITTLE_TEXT)):
            return PageKind.LIST
        if linked >= _SOME_LINKS and chars < _SUMMARY and self.metadata.kind_hint != PageKind.ARTICLE:
            widest = _SECTION_NAME if is_undated else 0
            if not self._has_headline(wider_than=widest):
                return PageKind.LIST
        return PageKind.ARTICLE

    def _has_headline(self, wider_than: int = 0) -> bool:
        """Whether the page displays a headline that is no link elsewhere, wider than a section's name."""
        block = self.document.blocks[self.title] if self.title is not None else None
        return block is not None and block.link_density <= 0.5 and block.width > wider_than


_LONGEST_DAY = 40  # characters
_OPENING = 3  # paragraphs among which the first credit is looked for: a picture's text may come first
_UNSEEN = Hint.HIDDEN | Hint.COPY
_FEW_LINKS, _SOME_LINKS, _LIST_LINKS, _MANY_LINKS = 3, 6, 10, 60  # entries of lists
_LITTLE_TEXT, _SUMMARY = 1500, 500  # characters
_SECTION_NAME = 16  # display columns
_CUT_HEADLINE = 8  # Chinese characters
_OF_A_CARD = 0.1
_LEAD_WITHIN, _SAME_WITHIN = 25, 80  # blocks; the second for paragraphs in boxes of the text's own name
_LEAD_WIDTH, _WIDEST_LAST_HEADING = 60, 44  # display columns
_NO_LEAD = OUTSIDE | Hint.CAPTION | Hint.SHARE | Hint.TAGS | Hint.RELATED | Hint.RIGHTS | Hint.ASIDE
_EDITORS = (PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR)
_NO_WRITERS = (*_EDITORS, PersonRole.PHOTOGRAPHER)
_WRITERS = (PersonRole.AUTHOR, PersonRole.REPORTER, PersonRole.CORRESPONDENT)
_SHOWN_WHEN_HIDDEN = (BlockLabel.FEED, BlockLabel.RELATED, BlockLabel.MODULE_HEADING)
