"""One line of credits while it is read: marks are found first, then what stands behind each, then what has no mark.

`shown` is plain text of the line's length, so that spans cut the displayed text.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, TypeVar

from broadsheet.page.credit_labels import (
    CONTACT,
    CREDITS,
    MAY_CONTACT,
    PEOPLE,
    STRONG_SIGN,
    after_time,
    bare_label,
    before_time,
    label_kinds,
    noise,
    place,
    strong_label,
)
from broadsheet.page.mentions import CREDIT, LABEL, mentioned
from broadsheet.page.names import (
    POSSESSIVE,
    begins_with_surname,
    has_japanese_form,
    has_person_form,
    is_body,
    is_cjk,
    is_outlet,
    is_site_name,
    read_names,
    signed_names,
    standing_at,
    standings,
)
from broadsheet.page.plain import lowered, plain
from broadsheet.page.times import are_of_updates, find_times, preferred
from broadsheet.page.vocabulary import alternation, word_set, words
from broadsheet.records import PersonCredit, PersonRole, PublishedTime, Record, SourceCredit, SourceRole
from broadsheet.text import fold_blanks

LONGEST_LINE = 400  # characters
NEARLY_ALL = 0.85  # of a line's letters and digits
_LONGEST_VALUE = 60
_MOST_WORDS_BEFORE = 3  # an outlet's telling end
_LONGEST_AFFILIATION = 24
_WRITERS = {PersonRole.REPORTER, PersonRole.CORRESPONDENT}
_AFFILIATED = {"reporter", "correspondent", "author", "photographer"}
_STRONGLY_AFFILIATED = {"reporter", "correspondent"}
_BOUNDARY = set('○●◎⊙□■◇◆△▲ |/·•,，、;；。:()[]【】<>《》-–—_"”')
_EDITING = {"editor", "responsible_editor"}
_WIDENED = {*_EDITING, "author", "photographer", "other_credits"}
_LONGEST_GLUED = 6
_GLUED = re.compile(rf"[\u3400-\u9fff]{{1,{_LONGEST_GLUED}}}$")
_UNKNOWN_ROLE = re.compile(r"(?<![^\W_])[\u3400-\u9fff]{2,6}:\ ?")
_BEFORE_AFFILIATION = re.compile(r"[^\s|:,，、;；。()\[\]【】<>/_]{1,24}$")
_HOUSE_BEFORE = re.compile(r"(?P<house>[^\s()\[\]【】<>=|,·]{2,16})(?:\ ?(?P<is>=)\ ?|\ )$")
_SENT_FROM = re.compile(r"\s{0,3}\(?\s?(?:发自|發自)[\u3400-\u9fff、]{2,12}\)?")  # 发自云州
_TAIL_SEPARATOR = re.compile(r"\s{0,9}[,|–—-]\s{0,9}")
_BLANK = re.compile(r"\ ")
_VALUE_END = re.compile(r"\s{2,}|[|()\[\]【】{}<>;；。]|\s[/·•]\s")
_YEAR_FIRST = frozenset(("year_month_day", "cjk_date", "spaced_dots", "two_digit_year"))  # forms of East Asian info lines
_IN_SENTENCE = re.compile(r"(?<![^\W_])(?:[^\W\d_]{1,20}\ ){3}$")
_IN_NAME = re.compile(r"[^\W\d_] $")
_SENTENCE = re.compile(r"[?!。…]|(?<![ap]\.m)\.\s")

_Credit = TypeVar("_Credit", PersonCredit, SourceCredit)
Link = tuple[str, str | None]  # text, href


class InfoLine(Record, frozen=True):
    """What an info line says. `explained_ratio` counts letters and digits: 1.0 is a line of nothing but labels, values and times."""

    time: PublishedTime | None = None
    sources: tuple[SourceCredit, ...] = ()
    people: tuple[PersonCredit, ...] = ()
    explained_ratio: float = 0.0
    has_label: bool = False
    is_update: bool = False  # its times tell a revision


class _Mark(NamedTuple):
    """A label, time or noise word. `kind` is a group of `labels` in the vocabulary, `noise` or `clock`."""

    start: int
    end: int
    kind: str
    is_strong: bool = False  # followed by a colon, bar or slash
    affiliation: tuple[int, int] | None = None


class CreditLine:
    """One line while it is read. `shown` is plain text of the line's length, so spans cut the displayed text."""

    def __init__(self, text: str, links: Sequence[Link] = (), *, day_first: bool = False, stated: datetime | None = None):
        self.whole = text
        self.text = text[:LONGEST_LINE]
        self.shown = plain(self.text)
        self.links = [(fold_blanks(label), href) for label, href in links if label and label.strip()]
        self.lower = lowered(self.text)
        self.explained = bytearray(len(self.shown))
        self.people: list[PersonCredit] = []
        self.sources: list[SourceCredit] = []
        self.houses: list[SourceCredit] = []  # credited as authors
        self.times = find_times(self.text, day_first=day_first, stated=stated)
        self.are_lone_words_credits = True
        self.marks: list[_Mark] = []
        self.signed: dict[int, list[tuple[int, int]]] = {}  # start of the mark -> spans of names
        self.has_label = self.has_credit_label = self.has_people_label = self.ends_in_standing = False

    # -- result

    def info_line(self) -> InfoLine:
        return InfoLine(
            time=preferred(self.times, self.text).time if self.times else None,
            sources=tuple(_distinct(self.sources)),
            people=tuple(_distinct(self.people)),
            explained_ratio=self.ratio(),
            has_label=self.has_label,
            is_update=are_of_updates(self.text, self.times),
        )

    def ratio(self) -> float:
        if not any(self.explained):
            return 0.0
        counted = bytes(map(str.isalnum, self.shown))
        total = sum(counted) + len(self.whole) - len(self.shown)
        explained = int.from_bytes(counted, "little") & int.from_bytes(self.explained, "little")
        return explained.bit_count() / total if total else 0.0

    def ends_in_bare_label(self) -> bool:
        """Whether the line ends in a label that something stands before and nothing after."""
        last = self.marks[-1]
        return last.affiliation is not None and not last.is_strong and not self.shown[last.end :].strip()

    # -- labels

    def read_labels(self) -> None:
        self._find_marks()
        for position, mark in enumerate(self.marks):
            self._explain(mark.start, mark.end)
            if mark.kind in {"clock", "noise"}:
                continue
            end = self.marks[position + 1].start if position + 1 < len(self.marks) else len(self.shown)
            if position + 1 < len(self.marks) and (following := self.marks[position + 1].affiliation):
                end = min(end, following[0])
            self._read_value(mark, end)
        if not self.sources:
            self.sources.extend(self.houses)

    def _find_marks(self) -> None:
        taken = bytearray(len(self.shown))
        for found in self.times:
            self._add(_Mark(found.start, found.end, "clock"), taken)
            before = before_time().search(self.lower[max(0, found.start - 40) : found.start])
            if before and before[0].strip():
                self._add(_Mark(found.start - len(before[0]), found.start, "time" if before["label"] else "noise"), taken)
            if after := after_time().match(self.lower, found.end):
                self._add(_Mark(found.end, after.end(), "time"), taken)
        mentions = mentioned(self.lower)
        for start, end, spans in signed_names(self.shown) if mentions & CREDIT else ():
            if not any(taken[start:end]):
                self._add(_Mark(start, end, "signed"), taken)
                self.signed[start] = spans
        for match in strong_label().finditer(self.lower) if mentions & LABEL and STRONG_SIGN.search(self.lower) else ():
            word = " ".join((match["word"] or match["single"]).lower().split())
            kind = label_kinds()[word]
            affiliation = self._affiliation_before(match.start(), word, taken) if kind in _STRONGLY_AFFILIATED and match["word"] else None
            start = self._widened(match.start(), taken) if kind in _WIDENED and match["word"] else match.start()
            self._add(_Mark(start, match.end(), kind, True, affiliation), taken)
        if any(mark.kind in CREDITS for mark in self.marks):
            self._find_unknown_roles(taken)
        for match in bare_label().finditer(self.lower) if mentions & CREDIT else ():
            if not any(taken[match.start() : match.end()]) and (mark := self._bare_mark(match, taken)):
                self._add(mark, taken)
        if not self.marks:  # a sentence, or nothing but noise
            return
        for match in CONTACT.finditer(self.lower) if MAY_CONTACT.search(self.lower) else ():
            self._add(_Mark(match.start(), match.end(), "noise"), taken)
        for match in noise().finditer(self.lower):
            self._add(_Mark(match.start(), match.end(), "noise"), taken)
        self.marks.sort()
        kinds = {mark.kind for mark in self.marks}
        self.has_label = bool(kinds - {"clock", "noise"})
        self.has_credit_label = bool(kinds & CREDITS)
        self.has_people_label = bool(kinds & {*PEOPLE, "signed"})

    def _add(self, mark: _Mark, taken: bytearray) -> None:
        if not any(taken[mark.start : mark.end]):
            taken[mark.start : mark.end] = b"\1" * (mark.end - mark.start)
            self.marks.append(mark)

    def _bare_mark(self, match: re.Match[str], taken: bytearray) -> _Mark | None:
        word = " ".join(match["word"].lower().split())
        kind = label_kinds()[word]
        start, end = match.span()
        affiliation = (
            self._affiliation_before(start, word, taken) if (kind in _AFFILIATED and len(word) > 1) or word in {"实习生", "實習生"} else None
        )
        if word in word_set("fields", "name_particles") and _IN_NAME.search(self.shown, max(0, start - 3), start) and not taken[start - 2]:
            return None  # Anna Di Prova
        if (
            not is_cjk(word)
            and (before := _IN_SENTENCE.search(self.shown, max(0, start - 60), start))
            and " and " not in before[0]
            and before[0] != before[0].title()
        ):
            return None  # A series of talks by members of the council
        begins = affiliation is not None or start == 0 or self.shown[start - 1] in _BOUNDARY or bool(taken[start - 1])
        if not begins:
            return None
        after = self.shown[end : end + 1]
        if after and after not in " /)]】" and not (kind in {"reporter", "correspondent"} and is_cjk(after)):
            return None
        if kind == "source":
            value = self.shown[end:].split()
            return _Mark(start, end, kind) if value and after == " " and is_outlet(value[0]) else None
        names = read_names(self.shown, end, min(len(self.shown), end + _LONGEST_VALUE), labelled=False)
        if not names.names and names.end <= end and (self.shown[end:].strip(" )]】") or kind != "reporter" or affiliation is None):
            return None
        # without a colon 编辑 工作 会议 looks like a credit; a surname tells
        han = [name for name in names.names if is_cjk(name)]
        follows_others = kind == "correspondent" and any(mark.kind in PEOPLE for mark in self.marks)  # 记者 张三 通讯员 粤交宣
        if han and not follows_others and not any(begins_with_surname(name) or "·" in name for name in han):
            return None
        return _Mark(start, end, kind, False, affiliation)

    def _widened(self, start: int, taken: bytearray) -> int:
        """Where 每经编辑, 微信编辑, 值班审读 begin: what is glued to a label goes with it, unless it is a site, a name or another label's value."""
        glued = _GLUED.search(self.shown, max(0, start - _LONGEST_GLUED - 1), start)
        if glued is None or any(taken[glued.start() : start]) or is_site_name(glued[0]):
            return start
        if glued.start() and (self.shown[glued.start() - 1] not in _BOUNDARY or taken[glued.start() - 1]):
            return start
        return start if len(glued[0]) in (2, 3) and begins_with_surname(glued[0]) else glued.start()

    def _find_unknown_roles(self, taken: bytearray) -> None:
        """总值班：甲, 文案：乙 beside a known credit: a role that no list has, with names after it."""
        for match in _UNKNOWN_ROLE.finditer(self.shown):
            if any(taken[match.start() : match.end()]):
                continue
            found = read_names(self.shown, match.end(), min(len(self.shown), match.end() + _LONGEST_VALUE), labelled=False)
            if found.names and all(begins_with_surname(name) and len(name) <= 3 for name in found.names):
                self._add(_Mark(match.start(), match.end(), "other_credits", True), taken)

    def _affiliation_before(self, start: int, word: str, taken: bytearray) -> tuple[int, int] | None:
        """Span of the outlet in 甲日报记者 or 甲日报 记者."""
        if not is_cjk(word):
            return None
        before = self.shown[max(0, start - _LONGEST_AFFILIATION - 1) : start]
        match = _BEFORE_AFFILIATION.search(before)
        if match is None and before.endswith(" "):
            match = _BEFORE_AFFILIATION.search(before.rstrip(" "))
            if match is not None and not is_outlet(match[0]):
                match = None
        if match is None:
            return None
        begin = start - len(before) + match.start()
        # a cut word is no name, and a time is none either
        if match.start() == 0 and begin > 0 and self.shown[begin - 1] not in _BOUNDARY:
            return None
        if any(found.start < begin + len(match[0]) and begin < found.end for found in self.times):
            begin = max(found.end for found in self.times if found.start < begin + len(match[0]) and begin < found.end)
            if begin >= start:
                return None
        # 来源:甲报 作者:乙 - what stands after another label is its value
        if any(taken[max(0, begin - 1) : start]) and not any(mark.end == begin and mark.kind in {"clock", *PEOPLE} for mark in self.marks):
            return None
        return begin, start

    # -- values

    def _read_value(self, mark: _Mark, end: int) -> None:
        if mark.kind == "signed":
            self._read_signed(mark)
        elif mark.kind in PEOPLE:
            self._read_people(mark, end)
        elif mark.kind == "source":
            self._read_source(mark.end, end)
        elif mark.kind in {"other_credits", "ignored", "size"}:
            self._affiliation(mark)
            cut = _VALUE_END.search(self.shown, mark.end, end)
            self._explain(mark.end, min(end, cut.start() if cut else end, mark.end + _LONGEST_VALUE))

    def _read_signed(self, mark: _Mark) -> None:
        """김갑을 기자, with the outlet or the place before it: [강변일보 김갑을 기자], 도쿄=김갑을 특파원."""
        affiliation = None
        if (before := _HOUSE_BEFORE.search(self.shown[: mark.start])) and (before["is"] or is_outlet(before["house"])):
            self._explain(before.start("house"), mark.start)
            affiliation = before["house"] if is_outlet(before["house"]) else None
        for start, end in self.signed[mark.start]:
            self.people.append(
                PersonCredit(role=PersonRole.REPORTER, name=self.text[start:end], affiliation=affiliation, raw=self._raw(mark.start, mark.end))
            )

    def _read_people(self, mark: _Mark, end: int) -> None:
        role = PEOPLE[mark.kind]
        affiliation = self._affiliation(mark)
        found = read_names(self.shown, mark.end, min(end, mark.end + 4 * _LONGEST_VALUE), labelled=mark.is_strong)
        stop = found.end
        if found.names and (sent := _SENT_FROM.match(self.shown, stop, end)):
            stop = sent.end()
        if tail := pattern_tail("byline_tails").match(self.shown, stop, end):
            stop = tail.end()
        elif found.names and (tail := pattern_tail("photo_tails").match(self.shown, stop, end)):
            role, stop = PersonRole.PHOTOGRAPHER, tail.end()
        source_tail: str | None = None
        spans, names = list(found.spans), list(found.names)
        if found.names and not is_cjk(found.names[-1]):
            if (signed := signed_latin(self.shown, spans[-1][0], end)) and not is_outlet(signed["name"]) and not _STAFF.search(signed["name"]):
                spans[-1], names[-1], stop = signed.span("name"), signed["name"], signed.end()
                if signed["house"]:
                    affiliation = source_tail = signed["house"]
            stop, affiliation, tail_source = self._latin_tail(stop, end, affiliation)
            source_tail = tail_source or source_tail
        self._explain(mark.end, stop)
        raw = self._raw(mark.affiliation[0] if mark.affiliation else mark.start, found.end)
        for span, name in zip(spans, names, strict=True):
            shown = fold_blanks(self._as_displayed(span, name))
            if _STAFF.search(shown):
                continue
            if is_cjk(shown) and is_body(shown):  # 作者：云州日报, 责任编辑：市政府办公室信息科
                if mark.kind not in _EDITING:
                    self.houses.append(SourceCredit(role=SourceRole.ORIGIN, name=shown, raw=shown))
            elif not is_cjk(shown) and is_outlet(shown):  # By Example News Agency
                self.sources.append(SourceCredit(role=SourceRole.ORIGIN, name=shown, raw=shown))
            else:
                self.people.append(PersonCredit(role=role, name=shown, affiliation=affiliation, raw=raw))
        if source_tail:
            self.sources.append(SourceCredit(role=SourceRole.ORIGIN, name=source_tail, raw=source_tail))

    def _as_displayed(self, span: tuple[int, int], name: str) -> str:
        shown = self.text[span[0] : span[1]]
        return shown if len(shown) == len(name) else name

    def _affiliation(self, mark: _Mark) -> str | None:
        if mark.affiliation is None:
            return None
        start, end = mark.affiliation
        self._explain(start, end)
        name = self.text[start:end].strip()
        for tail in sorted(words("fields", "affiliation_tails"), key=len, reverse=True):
            if name.endswith(tail):
                name = name[: -len(tail)]
        return None if not name or name in word_set("fields", "self_affiliations") else name

    def read_byline_without_label(self) -> None:
        """`Jane Doe, Example Today 3:15 p.m. March 1, 2024`, `JANE DOE AP Sports Writer Published: …`: names with their house or with what the
        writer is, at the line's beginning and before its time."""
        stop = min((mark.start for mark in self.marks if mark.kind in {"clock", "time"}), default=len(self.shown))
        head = CONTACT.sub("", self.shown[:stop]).strip(" ,|-–—")
        if (signed := signed_latin(head, 0, len(head))) and signed.end() == len(head):
            names, house = [signed["name"]], signed["house"]
        elif listed := _NAMES_FIRST.fullmatch(head):
            names, house = _JOINED_NAMES.split(listed["names"]), _house_of(listed["rest"])
            if not house and not is_standing(listed["rest"]):
                return
        else:
            return
        if any(is_outlet(name) or standings().search(lowered(name)) or POSSESSIVE.search(name) for name in names):
            return
        self.ends_in_standing = is_standing(head)
        self._explain(0, stop)
        self.people.extend(PersonCredit(role=PersonRole.AUTHOR, name=name, affiliation=house, raw=head) for name in names)
        if house and not self.sources:
            self.sources.append(SourceCredit(role=SourceRole.ORIGIN, name=house, raw=house))

    def _latin_tail(self, start: int, end: int, affiliation: str | None) -> tuple[int, str | None, str | None]:
        """`, Staff Writer`, `- Example Weekly Contributor`, `| Example News`: where it ends, the affiliation, and a source that it names."""
        separator = _TAIL_SEPARATOR.match(self.shown, start, end) or (standing_at(self.lower, start, end) and _BLANK.match(self.shown, start))
        if separator is None:
            return start, affiliation, None
        cut = re.compile(r"\s*[|•·()]|\s{2,}|\.\s|\s[–—-]\s").search(self.shown, separator.end(), end)
        stop = min(cut.start() if cut else end, separator.end() + _LONGEST_VALUE)
        rest = self.text[separator.end() : stop].strip(" ,")
        standing = standings().search(lowered(rest))
        if standing:
            before, after = rest[: standing.start()].strip(" ,"), rest[standing.end() :].strip(" ,")
            house = after if lowered(before) in ("", *word_set("fields", "standing_fields")) else before  # Science Editor, Example News
            if house and len(house.split()) <= 5 and house[:1].isupper():
                affiliation = fold_blanks(house)
            return stop, affiliation, None
        if rest and len(rest.split()) <= 5 and is_outlet(rest):
            return stop, fold_blanks(rest), fold_blanks(rest)
        return start, affiliation, None

    def _read_source(self, start: int, end: int) -> None:
        while start < end and self.shown[start] in " :":
            start += 1
        link = self._link_at(start)
        stop = start + link[0] if link else self._source_end(start, end)
        self._explain(start, stop)
        # （广州）after a source is where its desk sits
        if place := re.compile(r"\ ?\([^()\s]{1,8}\)").match(self.shown, stop, end):
            self._explain(place.start(), place.end())
        self._add_source(self._raw(start, stop), link[1] if link else None)

    def _source_end(self, start: int, end: int) -> int:
        end = min(end, start + _LONGEST_VALUE)
        if cut := _VALUE_END.search(self.shown, start, end):
            end = cut.start()
        blank = self.shown.find(" ", start, end)
        while blank != -1:
            before, after = self.shown[start:blank], self.shown[blank:end].strip()
            # a Latin name holds blanks; a Chinese one ends there, unless a dash or an enumeration goes on
            if is_cjk(before[-1:]) and not before.endswith(("、", "-")) and not after.startswith(("-", "、", "—", "–")):
                return blank
            blank = self.shown.find(" ", blank + 1, end)
        while end > start and self.shown[end - 1] in " ,，:/-_·.":
            end -= 1
        return end

    def _link_at(self, start: int) -> tuple[int, str | None] | None:
        for label, href in self.links:
            if len(label) >= 2 and self.text.startswith(label, start):
                return len(label), href
        return None

    def _add_source(self, raw: str, url: str | None = None) -> None:
        self.sources.extend(source_credits(raw, url))

    # -- what has no label

    def read_unlabelled(self) -> None:
        """`2024-03-01 09:00 甲日报`, `甲网 2024-03-01`: what is left of a line that has a time and little else."""
        if self.times and not self.has_people_label and not self.sources:
            self.read_byline_without_label()
        if self.times and not self.sources:  # 潮云新闻 记者 张三 2024-03-01 09:00
            for person in self.people:
                if person.role in _WRITERS and person.affiliation and is_outlet(person.affiliation):
                    self._add_source(person.affiliation)
                    break
        tokens = self._left_over()
        credited = {person.name for person in self.people} | {source.name for source in self.sources} | {source.raw for source in self.sources}
        left: list[tuple[int, int]] = []
        for start, stop in tokens:
            is_place = self.times and self.sources and place().fullmatch(self.shown, start, stop)  # an account's province
            if is_place or self.text[start:stop] in credited:  # an editor's name repeated before the label
                self._explain(start, stop)
            else:
                left.append((start, stop))
        self._explain_section(left)
        left = [(start, stop) for start, stop in left if not self.explained[start]]
        if not self.times or not left or _SENTENCE.search(self.shown) or sum(stop - start for start, stop in left) > 40 or len(left) > 6:
            return
        outlets = [span for span in left if is_outlet(self.shown[span[0] : span[1]]) and stop_is_short(span)]
        persons = [span for span in left if has_person_form(self.shown[span[0] : span[1]]) and span not in outlets]
        # a lone word beside a bare date is as likely a headline
        has_clock = any(found.time.precision != "day" for found in self.times)
        if not self.sources and outlets:
            first, last = self._whole_outlet(left, left.index(outlets[0]))
            start, stop = left[first][0], left[last][1]
            if not self.lower[:start].endswith(" in "):  # in Example News: a section
                self._explain(start, stop)
                self._add_source(self._raw(start, stop))
                del left[first : last + 1]
        if not left or not has_clock:
            return
        if not self.are_lone_words_credits and not all(has_japanese_form(self.shown[start:stop]) for start, stop in left):
            return
        if not self._has_author() and len(persons) == len(left) and _are_persons([self.shown[start:stop] for start, stop in left]):
            for start, stop in left:
                self._explain(start, stop)
                self.people.append(PersonCredit(role=PersonRole.AUTHOR, name=self.text[start:stop], raw=self.text[start:stop]))
        elif len(left) == 1 and not self.sources and not self.people and stop_is_short(left[0]):
            start, stop = left[0]
            if not is_cjk(self.text[start:stop]) and self.times[0].time.rule not in _YEAR_FIRST:
                return  # a label of a language that is not listed, a place, an edition
            self._explain(start, stop)
            self._add_source(self._raw(start, stop))

    def _whole_outlet(self, left: list[tuple[int, int]], told: int) -> tuple[int, int]:
        """First and last word of an outlet of several Latin words, of which `told` is known to end one: The Guardian, Example News Bureau. One
        that is known as it is (AP, Reuters) has no words before it."""
        first = last = told
        while last + 1 < len(left) and self._goes_on(left[last], left[last + 1]) and is_outlet(self.shown[slice(*left[last + 1])]):
            last += 1
        while first and told - first < _MOST_WORDS_BEFORE and self.shown[slice(*left[told])] not in _agencies():
            if not self._goes_on(left[first - 1], left[first]) or not self.shown[left[first - 1][0]].isupper():
                break
            first -= 1
        return first, last

    def _goes_on(self, one: tuple[int, int], other: tuple[int, int]) -> bool:
        return other[0] - one[1] == 1 and self.shown[one[1]] == " " and not is_cjk(self.shown[one[0] : other[1]])

    def _explain_section(self, left: list[tuple[int, int]]) -> None:
        """`By Jane Doe 2024-03-01 Science & Space`: a few words after byline and time are the section."""
        if not (self.times and self.people and left) or left[0][0] < self.times[-1].end:
            return
        rest = self.shown[left[0][0] : left[-1][1]]
        if len(rest) <= 32 and not is_cjk(rest) and not _SENTENCE.search(rest):
            self._explain(left[0][0], left[-1][1])

    def _has_author(self) -> bool:
        return any(person.role in {PersonRole.AUTHOR, PersonRole.REPORTER} for person in self.people)

    def _left_over(self) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        for match in re.finditer(r"[^\s|,，、;；()\[\]【】<>/]{1,80}", self.shown):
            start, stop = match.span()
            while start < stop and (self.explained[start] or not self.shown[start].isalnum()):
                start += 1
            while stop > start and (self.explained[stop - 1] or not self.shown[stop - 1].isalnum()):
                stop -= 1
            if start < stop and not any(self.explained[start:stop]):
                spans.append((start, stop))
        return spans

    def _explain(self, start: int, end: int) -> None:
        if end > start:
            self.explained[start:end] = b"\1" * (end - start)

    def _raw(self, start: int, end: int) -> str:
        return fold_blanks(self.text[start:end])


def _are_persons(names: list[str]) -> bool:
    """Unlabelled words beside a time: people if half of several begin with a surname, or a short lone one does."""
    surnames = sum(map(begins_with_surname, names))
    return 2 * surnames >= len(names) if len(names) > 1 else len(names[0]) <= 3 and surnames == 1


def stop_is_short(span: tuple[int, int]) -> bool:
    return span[1] - span[0] <= 16


_NAME = r"[A-ZÀ-Þ][\w'’.-]{0,20}(?:\ [A-ZÀ-Þ][\w'’.-]{0,20}){1,3}"
_NAMES_FIRST = re.compile(rf"(?P<names>{_NAME}(?:(?:,|,?\ and|\ AND)\ {_NAME}){{0,3}})\ {{0,2}},\ (?P<rest>[^,|]{{2,50}})")
_STAFF = re.compile(r"\bStaff(?: Writers?| Reporters?| Reports?)?$", re.IGNORECASE)  # Example Staff Writer, Staff Reports: nobody by name
_JOINED_NAMES = re.compile(r",?\ (?:and|AND)\ |,\ ")
_COLLECTIVES = frozenset(("bureau", "desk", "team", "agency", "agencies"))  # Bigtown, Example News Bureau: the place is no writer
_SPECIAL = re.compile(r"special (?:for|to) ", re.IGNORECASE)


@cache
def _agencies() -> frozenset[str]:
    return frozenset(words("fields", "agencies"))


@cache
def _signed_latin() -> re.Pattern[str]:
    agencies = "|".join(map(re.escape, sorted(_agencies(), key=len, reverse=True)))
    house = rf"(?P<house>(?:{agencies})(?:\ (?:News|Sports?))??|[A-Z]{{2,5}}\ (?:News|Sports?|TODAY))"
    standing = rf"(?i:(?:(?:{alternation(words('fields', 'standing_fields'))})\ )?(?:{alternation(words('fields', 'standings'))}))"
    return re.compile(rf"(?P<name>{_NAME}?)\ (?:{house}(?:\ {standing})?|{standing})(?=\ ?(?:$|[^\w\s]))")


def signed_latin(shown: str, start: int, end: int) -> re.Match[str] | None:
    """`Jane Doe BBC News`, `Jane Doe AP Sports Writer`, `Jane Doe Science reporter`: a name with a house or a standing and no mark between."""
    return _signed_latin().match(shown, start, end)


def _house_of(rest: str) -> str | None:
    """The outlet in `Example Today`, `Example News Sports`, `Special for Example Times`, `Daily Example Staff Writer`."""
    house = rest[special.end() :] if (special := _SPECIAL.match(rest)) else rest
    if standing := standings().search(lowered(house)):
        house = house[: standing.start()].rstrip(" ,")
    bare, _, field = house.rpartition(" ")
    if len(house.split()) > 5 or not house[:1].isupper() or lowered(field) in _COLLECTIVES:
        return None
    return house if is_outlet(house) or (lowered(field) in word_set("fields", "standing_fields") and is_outlet(bare)) else None


def is_standing(shown: str) -> bool:
    """Whether a line is little more than what an author is: Highlands reporter."""
    return len(shown) <= 60 and not _SENTENCE.search(shown) and any(match.end() == len(shown) for match in standings().finditer(shown))


@cache
def pattern_tail(group: str) -> re.Pattern[str]:
    """After the names: 摄, 报道, /云州报道."""
    return re.compile(rf"\ ?[/|]?\ ?[\u3400-\u9fff]{{0,6}}?(?:{alternation(words('fields', group))})(?![\u3400-\u9fff])", re.IGNORECASE)


def _unquoted(name: str) -> str:
    """`“甲网”` and `《甲报》` without the marks; marks around a part of a name stay."""
    if len(name) > 2 and f"{name[0]}{name[-1]}" in {'""', "“”", "‘’", "《》", "「」"} and name[0] not in name[1:-1]:
        return name[1:-1].strip()
    return name


def source_credits(raw: str, url: str | None = None) -> tuple[SourceCredit, ...]:
    """Credits of a displayed source: `甲网-乙日报` is via 甲网 and origin 乙日报 if both have the form of outlets; `甲报、乙报` are two
    origins. Empty for a blank or a placeholder such as 网络."""
    raw = _unquoted(fold_blanks(raw).strip(" ,，:：-—"))
    if not raw or lowered(raw) in word_set("fields", "placeholders") or not any(char.isalpha() for char in raw):
        return ()
    shown = plain(raw)
    parts = [part for part in re.split(r"\s?(?:--|[-–—])\s?", shown) if part]
    if 1 < len(parts) <= 4 and all(is_outlet(part) for part in parts):
        roles = [SourceRole.VIA] * (len(parts) - 1) + [SourceRole.ORIGIN]
        return tuple(SourceCredit(role=role, name=part, raw=raw, url=url) for role, part in zip(roles, parts, strict=True))
    listed = [part.strip() for part in re.split(r"[、,，]|\s/\s", raw) if part.strip()]
    if len(listed) > 1 and is_cjk(raw):
        return tuple(SourceCredit(role=SourceRole.ORIGIN, name=part, raw=raw, url=url) for part in listed)
    return (SourceCredit(role=SourceRole.ORIGIN, name=raw, raw=raw, url=url),)


def _distinct(items: "Iterable[_Credit]") -> "list[_Credit]":
    return list(dict.fromkeys(items))
