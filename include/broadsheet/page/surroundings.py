"""The lines around the article's text: info line, original title, byline, closing credits, rights notice.

Each finder labels the blocks that it reads, so that they are not taken for text.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from broadsheet.page import mentions, words
from broadsheet.page.blocks import UNKNOWN, Document, Hint, RawBlock
from broadsheet.page.credit_line import InfoLine, is_standing, source_credits
from broadsheet.page.credits import read_byline, read_byline_without_label, read_closing_credit, read_info_line, read_signature
from broadsheet.page.headlines import read_original_title
from broadsheet.page.metadata import Metadata
from broadsheet.page.names import begins_with_surname, has_person_form, is_cjk, is_outlet, signed_names
from broadsheet.page.rights import is_rights_notice, notice_text
from broadsheet.page.times import find_time, may_hold_time
from broadsheet.records import BlockLabel, Headline, PersonCredit, PersonRole, PublishedTime, SourceCredit
from broadsheet.text import headline_key

_INFO_LENGTH = 260
_ABOVE = 12  # blocks above the headline, among them a share bar's buttons
_WIDEST_SIGNATURE = 50  # display columns
_WIDEST_COUNTER, _NARROWEST_STORY = 6, 20  # display columns
_LONGEST_LABEL = 12  # 本文原标题：
_MAY_INFORM = re.compile(
    r"\d|[:：|｜]|[Bb][Yy]\b|来源|來源|记者|記者|编辑|編輯|作者|기자|특파원|위원|委員|特派員|支局長"
    r"|[Vv]on |[Pp]or |[Pp]ar |[Dd]i |[Dd]oor |Autor|Tekst|Źródło|Bron"
)
_ENDS_IN_LABEL = re.compile(r"[:：]\s*$")


@dataclass(slots=True)
class Surroundings:
    """What the lines said, in page order."""

    published: PublishedTime | None = None
    sources: list[SourceCredit] = field(default_factory=list)
    people: list[PersonCredit] = field(default_factory=list)
    originals: tuple[Headline, ...] = ()
    breadcrumb: tuple[str, ...] = ()
    notice: str | None = None

    def add(self, sources: tuple[SourceCredit, ...], people: tuple[PersonCredit, ...]) -> None:
        """Credits that are not known yet."""
        if sources and not self.sources:
            self.sources.extend(sources)
        known = {(person.role, person.name) for person in self.people}
        self.people.extend(person for person in people if (person.role, person.name) not in known)


def read_info(
    document: Document, found: Surroundings, metadata: Metadata, title: int | None, start: int, stop: int, reference: datetime | None
) -> None:
    """Time, sources and people of the lines between the headline and the text (and shortly before and after)."""
    blocks = document.blocks
    begin = max(0, (title if title is not None else start) - _ABOVE)
    end = min(len(blocks), max(start + 5, (title if title is not None else start) + 4), stop + 1)
    best_time: tuple[float, PublishedTime] | None = None
    stated = metadata.published.local if metadata.published else None
    are_credits = (document.language or "")[:2].lower() not in ("ja", "ko")
    order = [*range(title if title is not None else begin, end), *range((title if title is not None else begin) - 1, begin - 1, -1)]
    for index in order:
        block = blocks[index]
        if (
            block.label not in (BlockLabel.UNKNOWN, BlockLabel.TITLE)
            or index == title
            or len(block.text) > _INFO_LENGTH
            or not _MAY_INFORM.search(block.text)
        ):
            continue
        if block.hints & (Hint.COMMENT | Hint.FOOTER | Hint.RELATED | Hint.HIDDEN | Hint.FORM) and not block.hints & Hint.INFO:
            continue
        text, taken = _joined(document, index)
        if not any(blocks[position].mentions & mentions.LABEL for position in taken) and not may_hold_time(text, is_stated=stated is not None):
            continue
        line = read_info_line(
            text, [(link.text, link.href) for link in block.links], day_first=document.is_day_first, stated=stated, are_lone_words_credits=are_credits
        )
        if not _informs(line, text, block, index, title, start):
            continue
        if line.time is None and _credits_a_picture(document, block, text):
            continue
        if index < (title or 0) and not (line.time or block.hints & Hint.INFO):
            continue
        for position in taken:
            blocks[position].mark(BlockLabel.INFO_LINE, "info_line")
        if index < (title or 0) and title is not None and line.time is None:
            continue
        found.add(line.sources, line.people)
        time = line.time or (find_time(text, reference=reference) if reference else None)
        if time is not None:
            value = (2.0 if time.precision != "day" else 1.0) - 1.2 * line.is_update
            value -= (0.5 if index < (title or 0) else 0.0) + 0.05 * min(abs(index - (title or start)), abs(index - start))
            if best_time is None or value > best_time[0] + 0.8:
                best_time = (value, time)
    if best_time:
        found.published = best_time[1]
    _read_named_authors(document, found, title, start, metadata.site_name)


def _read_named_authors(document: Document, found: Surroundings, title: int | None, start: int, house: str | None) -> None:
    """A name alone in a box called author, between headline and text. `house` is the site's name."""
    for index in range((title if title is not None else start - 6) + 1, min(start + 1, len(document.blocks))):
        if index < 0:
            continue
        block = document.blocks[index]
        if block.label is not UNKNOWN or len(block.text) > (80 if len(block.links) == 1 else 40):
            continue
        if _SOURCE_BOX.search(document.boxes[block.box].name) and not found.sources and is_cjk(block.text) and _NAME_ALONE.fullmatch(block.text):
            block.mark(BlockLabel.INFO_LINE, "source_box")
            found.add(source_credits(block.text, next((link.href for link in block.links), None)), ())
            continue
        if words.groups_of(block.shown) or not _is_for_authors(document, index, title) or is_standing(block.shown.partition(",")[0]):
            continue
        if block.hints & (Hint.ASIDE | Hint.RELATED | Hint.COMMENT) and (found.people or found.sources):
            continue  # who wrote the stories beside this one
        if any(char.isdigit() for char in block.text) or block.text.endswith(":") or "'s " in block.text or words.is_line("more", block.text):
            continue
        link = block.links[0] if len(block.links) == 1 and block.links[0].is_target else None
        name = link.text if link and block.text.startswith(link.text) and " " in link.text else block.text  # Jane Doe Reporter
        name, outlet = _without_house(name, house)
        if not is_cjk(name):
            name = _name_part(name)
        if not is_cjk(name) and not 2 <= len(name.split()) <= 5:
            continue
        line = read_info_line(f"作者：{name}" if is_cjk(name) else f"By {name}")
        if line.people and line.explained_ratio >= 0.9 and all(begins_with_surname(p.name) for p in line.people if is_cjk(p.name)):
            block.mark(BlockLabel.BYLINE, "author_box")
            found.add(source_credits(outlet) if outlet else (), line.people)

    _read_linked_authors(document, found, title, start, house)


def _without_house(text: str, house: str | None) -> tuple[str, str | None]:
    """`Example News - Jane Doe` or the other way round: the name and, if it is the site's, the outlet."""
    parts = _DASH.split(text)
    if house and len(parts) == 2:
        for outlet, name in (parts, parts[::-1]):
            if len(key := headline_key(outlet)) > 2 and key in headline_key(house):
                return name, outlet
    return text, None


_TITLE_CASE = frozenset(("en", "de"))
_DASH = re.compile(r"\s[-–—|]\s")


def read_bold_name(document: Document, found: Surroundings, box: int, stop: int) -> None:
    """A name alone in bold under the text, where no writer is known, in languages whose headings are not written with capitals."""
    blocks = document.blocks
    if any(person.role in _WRITERS for person in found.people) or (document.language or "en")[:2].lower() in _TITLE_CASE:
        return
    for index in range(stop + 1, min(stop + 3, len(blocks))):
        block = blocks[index]
        names = block.text.split()
        if block.label is not UNKNOWN or not block.is_strong or block.links or block.level or not document.holds(box, block.box):
            continue
        if not 2 <= len(names) <= 4 or not all(name[0].isupper() and not name[1:].isupper() for name in names):
            continue
        if words.groups_of(block.shown) or words.heading_group(block.text, block.mentions) or any(map(words.is_of_the_site, names)):
            continue
        line = read_info_line(f"By {block.text}")
        if len(line.people) == 1 and line.explained_ratio >= 0.9:
            block.mark(BlockLabel.BYLINE, "signature")
            found.add((), line.people)


def _read_linked_authors(document: Document, found: Surroundings, title: int | None, start: int, house: str | None) -> None:
    """Names between headline and text that are links to an author's page, where no label tells an author."""
    if title is None or any(person.role in _WRITERS for person in found.people):
        return
    for index in range(title + 1, min(start + 1, len(document.blocks))):
        block = document.blocks[index]
        if (
            block.label not in (BlockLabel.UNKNOWN, BlockLabel.INFO_LINE)
            or block.width > 160
            or block.hints & (Hint.COMMENT | Hint.CAPTION | Hint.NAV)
        ):
            continue
        for link in block.links:
            is_name = has_person_form(link.text) and len(link.text) > 2 and not is_outlet(link.text)
            if not (link.is_target and (is_name or 2 <= len(link.text.split()) <= 5) and _AUTHOR_PATH.search(link.href or "")):
                continue
            name, outlet = _without_house(link.text, house)
            line = read_info_line(f"作者：{name}" if is_name else f"By {name}")
            if len(line.people) == 1 and line.explained_ratio >= 0.9:
                block.mark(BlockLabel.BYLINE, "author_link")
                found.add(source_credits(outlet) if outlet else (), line.people)


_WRITERS = frozenset((PersonRole.AUTHOR, PersonRole.REPORTER, PersonRole.CORRESPONDENT))
_AUTHOR_PATH = re.compile(
    r"/(?:authors?|autor(?:es|en|zy|i|e)?|auteurs?|journalists?|reporters?|writers?|contributors?|profiles?|staff|columnists?|signataires)(?:[/-]|\.|$)",
    re.IGNORECASE,
)


def _is_for_authors(document: Document, index: int, title: int | None) -> bool:
    """Whether a block's box, or a small one around it, is named after authors; in a rendered page, whether it is a name alone."""
    block = document.blocks[index]
    if document.is_plain:
        if is_cjk(block.text):
            return title is not None and index <= title + 3 and 2 <= len(block.text) <= 3 and begins_with_surname(block.text)
        return _is_name_beside_info(document, index)
    box = document.boxes[block.box]
    for _ in range(4):
        if _AUTHOR_BOX.search(box.name):
            return True
        box = document.boxes[box.parent] if box.parent > 0 else box
        if box.end - box.first > 4:
            break
    return False


def _is_name_beside_info(document: Document, index: int) -> bool:
    """Whether a line of a rendered page is a name or two, right above or below the info line: two to four words with capitals each."""
    beside = (document.blocks[other] for other in (index - 1, index + 1) if 0 <= other < len(document.blocks))
    if not any(block.label == BlockLabel.INFO_LINE for block in beside):
        return False
    names = [name.split() for name in _JOINED.split(_name_part(document.blocks[index].text))]
    if any(words.is_of_the_site(part) for parts in names for part in parts):
        return False
    return all(2 <= len(parts) <= 4 and all(part[0].isupper() or part in _PARTICLES for part in parts) for parts in names)


def _name_part(text: str) -> str:
    """Jane Doe in Seahaven, Jane Doe - Example News, ByJane Doe: the name in its line."""
    return _BY_GLUED.sub("", _AFTER_NAME.sub("", text.rstrip(".")))


_JOINED = re.compile(r",?\s(?:and|und|et|y|e|og|och|en|i|и|та|ve)\s|,\s")
_AFTER_NAME = re.compile(r"\s(?:in|en|à|w|[-–—|])\s\S.{0,40}$")
_BY_GLUED = re.compile(r"^(?:By|Por|Par|Von|Di|Door)(?=[A-ZÀ-Þ])")
_PARTICLES = frozenset(("de", "da", "do", "di", "del", "della", "dos", "das", "du", "la", "le", "van", "von", "der", "den", "ter", "bin", "al", "el"))
_AUTHOR_BOX = re.compile(
    r"(?<![a-z])(?:author|byline|writer|zuozhe|person|journalist|reporter|auteur|autore|autor)(?![a-z]{4})|(?<![a-z])firma(?![a-z])"
)
_SOURCE_BOX = re.compile(r"(?<![a-z])(?:source|laiyuan)(?![a-z])")
_NAME_ALONE = re.compile(r"[^\s\d:：|/，。,.()（）]{2,16}")


def read_late_time(document: Document, found: Surroundings, stop: int) -> None:
    """A labelled time under the text, where nothing above it is dated."""
    for index, block in enumerate(document.blocks[stop + 1 : stop + 16], stop + 1):
        if found.published is None and len(block.text) <= _INFO_LENGTH and not block.hints & (Hint.COMMENT | Hint.RELATED):
            line = read_info_line(block.text, day_first=document.is_day_first)
            is_info = line.has_label or (block.hints & Hint.INFO and line.time is not None and line.time.precision != "day")
            if line.time is not None and is_info and line.explained_ratio >= 0.5 and not _is_of_other_story(document, index):
                found.published = line.time
                block.mark(BlockLabel.INFO_LINE, "info_line_below")


def _joined(document: Document, index: int) -> tuple[str, list[int]]:
    """A line's text; a line that ends in a label goes on in the next block."""
    block = document.blocks[index]
    if _ENDS_IN_LABEL.search(block.text) and index + 1 < len(document.blocks) and len(document.blocks[index + 1].text) <= 40:
        return f"{block.text} {document.blocks[index + 1].text}", [index, index + 1]
    return block.text, [index]


def _informs(line: InfoLine, text: str, block: RawBlock, index: int, title: int | None, start: int) -> bool:
    ratio = line.explained_ratio
    if line.time is not None and (ratio >= 0.55 or (ratio >= 0.3 and (line.has_label or block.hints & Hint.INFO or len(text) < 60))):
        return True
    if (line.sources or line.people) and line.has_label and ratio >= 0.6:
        return True
    return bool(block.hints & Hint.INFO and ratio >= 0.4 and (line.sources or line.people))


def read_originals(document: Document, found: Surroundings, title: int | None, start: int, stop: int) -> None:
    """原标题：… above the text or under it. One that gives its title itself goes before a label whose title is the next line."""
    blocks = document.blocks
    found_at: tuple[int, int, tuple[Headline, ...]] | None = None  # index, lines, titles
    for index in range(max(0, title if title is not None else start - 6), min(len(blocks), stop + 25)):
        text = blocks[index].text
        if "原" not in text[:400] and "Original" not in text[:60]:
            continue
        lines = [blocks[i].text for i in range(index, min(index + 3, len(blocks)))]
        headlines, used = read_original_title(lines)
        if not headlines:
            continue
        is_label_alone = used > 1 and len(text) <= _LONGEST_LABEL
        if found_at is None or not is_label_alone:
            found_at = index, used, headlines
        if not is_label_alone:
            break
    if found_at is None:
        return
    index, used, found.originals = found_at
    for position in range(index, index + used):
        blocks[position].label, blocks[position].rule = BlockLabel.ORIGINAL_TITLE, "original_title"


def read_bylines(document: Document, found: Surroundings, start: int, stop: int) -> None:
    """Bylines among the first lines of the text."""
    blocks = document.blocks
    for index in range(max(0, start - 3), min(len(blocks), start + 4, stop + 1)):
        block = blocks[index]
        if block.label is not UNKNOWN or len(block.text) > 160:
            continue
        if not block.mentions & mentions.CREDIT:
            if not block.hints & Hint.CAPTION and (signed := read_byline_without_label(block.text)):
                block.mark(BlockLabel.BYLINE, "byline")
                found.add((), signed)
            continue
        if block.hints & Hint.RELATED and not block.hints & Hint.INFO:
            continue  # who wrote another story
        if _credits_a_picture(document, block, block.text):
            continue
        people = read_byline(block.text)
        if people is not None:
            block.mark(BlockLabel.BYLINE, "byline")
            found.add((), people)


def _credits_a_picture(document: Document, block: RawBlock, text: str) -> bool:
    """Whether a credit is a caption's: Foto: Example. Chinese pages name a piece's reporters there."""
    is_caption = block.hints & Hint.CAPTION or (document.is_plain and words.is_picture_credit(block))
    return bool(is_caption) and not block.hints & Hint.INFO and not is_cjk(text)


def read_standings(document: Document, title: int | None, start: int) -> None:
    """What an author is, in a line of its own under the name: Business reporter."""
    blocks = document.blocks
    for index in range(max(0, title if title is not None else start - 6) + 1, min(start + 4, len(blocks))):
        block, before = blocks[index], blocks[index - 1]
        if block.label is UNKNOWN and before.label in (BlockLabel.BYLINE, BlockLabel.INFO_LINE) and not block.level and is_standing(block.shown):
            block.mark(BlockLabel.BYLINE, "standing")


def read_closing(document: Document, found: Surroundings, start: int, stop: int) -> None:
    """Closing credits in the last lines of the text and under it."""
    blocks = document.blocks
    for index in range(max(start + 1, stop - 5), min(len(blocks), stop + 16)):
        block = blocks[index]
        if block.label is not UNKNOWN or len(block.text) > 300 or block.hints & (Hint.COMMENT | Hint.FOOTER | Hint.HIDDEN):
            continue
        if stop < index <= stop + 2 and block.width <= _WIDEST_SIGNATURE and block.text[:1] in "（【(" and (signed := read_signature(block.text)):
            block.mark(BlockLabel.CREDIT, "signature")
            found.add((), signed)
            continue
        if not block.mentions & mentions.LABEL:
            continue
        text, taken = _joined(document, index)
        if not any(blocks[position].mentions & mentions.CREDIT for position in taken):
            continue
        credit = read_closing_credit(text)
        if credit is None or (index > stop and _is_of_other_story(document, index)):
            continue
        for position in taken:
            blocks[position].mark(BlockLabel.CREDIT, "closing_credit")
        if index > stop and next(signed_names(text), None) and any(person.role in _WRITERS for person in found.people):
            continue  # reporters of other stories stand there too
        found.add(credit.sources, credit.people)


def _is_of_other_story(document: Document, index: int) -> bool:
    """Whether a line stands under a link to a story, perhaps with a counter between them: By Jane Doe in a list. Chinese pages
    print the article's own credits under the links to the next one."""
    blocks = document.blocks
    if is_cjk(blocks[index].text):
        return False
    before = index - 1 if blocks[index - 1].width > _WIDEST_COUNTER else index - 2
    return blocks[before].link_density > 0.8 and blocks[before].width >= _NARROWEST_STORY


def read_notice(document: Document, found: Surroundings, start: int, stop: int) -> None:
    """The first rights notice in the last lines of the text or under it."""
    blocks = document.blocks
    for index in range(max(start + 1, stop - 4), min(len(blocks), stop + 40)):
        block = blocks[index]
        if block.label not in (BlockLabel.UNKNOWN, BlockLabel.CREDIT) or block.hints & (Hint.COMMENT | Hint.HIDDEN):
            continue
        if index > stop + 6 and words.is_of_footer(block):
            continue
        if block.mentions & mentions.RIGHTS and is_rights_notice(block.text):
            block.label, block.rule = BlockLabel.RIGHTS_NOTICE, "rights_notice"
            if found.notice is None:
                found.notice = notice_text(block.text)
