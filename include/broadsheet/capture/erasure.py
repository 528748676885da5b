"""Taking records out of the raw zone: the only change that its files ever see.

A record that goes is overwritten by a blank one of the same length, so that all others stay where rows and indexes say they are, and so is one that
stays and names a URL that goes: as that whose content it repeats, or as where a link was seen. The file is
written aside without it, and takes the other's place whole: a reader sees the one or the other. A content that something else refers to moves
before that, under the URL of what refers to it and the id that it had, into a file of its own.
"""

import gzip
import os
import re
import shutil
import struct
import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import msgspec
import pyarrow.compute as pc
from fastwarc.warc import WarcRecordType

from broadsheet.capture import raw_index, visits
from broadsheet.capture.delivery import Delivery
from broadsheet.capture.digests import digest_text, sha256_of
from broadsheet.capture.frames import Frame
from broadsheet.capture.raw_index import Place
from broadsheet.capture.raw_zone import RawZone, kept_header, placed, record_bytes, refers_to, sync_folder, warc_record
from broadsheet.capture.visits import Visit
from broadsheet.capture.warc import ROLE_HEADER, STATED_HEADER, Http, split_http
from broadsheet.errors import BadInput
from broadsheet.ids import content_sha256
from broadsheet.lake import RAW
from broadsheet.records import Capture, Record
from broadsheet.store import WARC

BLANK_HEADER = "Broadsheet-Forgotten"
_NO_DATE = "1970-01-01T00:00:00Z"  # which WARC demands; a blank record has none
_SHORT = 512  # bytes of a blank record that stands alone
# Of gzip: header without options, header of a stored block, checksum and length at the end.
_GZIP_HEADER, _BLOCK_HEADER, _GZIP_TRAILER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", 5, 8
_LONGEST_STORED, _HAS_COMMENT = 65_535, 16
_READ_AHEAD = 1 << 13
_COPIED_AT_ONCE = 1 << 20
_LONGEST_SIGHTING = 8192  # bytes of what a record tells of a link that was seen: of two URLs one
_REPEATED_ID, _REPEATED_URL, _REPEATED_DATE = "WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"
_OWN_ID = re.compile(rb"(?m)^WARC-Record-ID: *([^\r\n]*)")
_VIA = re.compile(rb"(?m)^via: *([^\r\n]*)\r\n")

At = tuple[str, int]  # file and offset of a record


class Member(Record, frozen=True):
    """A record of the raw zone: one gzip member."""

    raw_file: str
    offset: int
    length: int
    record_type: str
    url: str | None

    @property
    def at(self) -> At:
        return self.raw_file, self.offset


@contextmanager
def kept_still(zone: RawZone) -> Iterator[None]:
    """For as long as the block lasts no run writes to the raw zone; what dead ones left is made whole. Raises TransientError while one writes."""
    with zone.alone():
        zone.recover()
        yield


def members(zone: RawZone) -> Iterator[Member]:
    """All records of the raw zone but blank ones. Reads every file through."""
    for name in zone.store.keys(RAW, WARC):
        for frame, (_, offset, length) in placed(zone.store.file(name), name, limit=0):
            if BLANK_HEADER.lower() not in frame.headers:
                yield Member(
                    raw_file=name, offset=offset, length=length, record_type=frame.headers.get("warc-type", ""),
                    url=frame.headers.get("warc-target-uri"),
                )  # fmt: skip
        zone.store.trim(RAW)


# --- contents that stay ----------------------------------------------------------------------------------------------------


def move_shared(zone: RawZone, run_id: str, lost: Iterable[Member], kept: Mapping[At, Capture], is_kept: Callable[[Visit], bool]) -> dict[At, Place]:
    """Give a record of its own to each content of a lost record that something else refers to. Returns where it is now.

    Parameters
    ----------
    kept : of lost records, a capture that refers to them and stays; one without content stands for an absence.
    is_kept : whether a visit stays; it refers to a content by its digest.
    """
    contents = [(member, digest) for member in lost if (digest := _content(zone, member))]
    visited = _visits_of(zone, {digest for _, digest in contents}, is_kept)
    wanted = [(member, digest, shown) for member, digest in contents if (shown := kept.get(member.at) or visited.get(digest))]
    if not wanted:
        return {}
    places = _elsewhere(zone, {digest for _, digest, _ in wanted}, {member.at for member, _ in contents})
    with zone.writer(run_id) as writer:
        for member, digest, shown in wanted:
            if digest not in places:
                lost_one = _frame(zone, member)
                record = _record_of(zone, shown, lost_one)
                places[digest] = writer.append(_under_id(record, lost_one.headers["warc-record-id"]), digest)
    return {member.at: places[digest] for member, digest, _ in wanted}


def _frame(zone: RawZone, member: Member) -> Frame:
    return zone.frame(member.raw_file, member.offset, member.length)


def _content(zone: RawZone, member: Member) -> bytes | None:
    """What the index finds a record by, if it is one that holds a content."""
    if member.record_type not in ("response", "resource"):
        return None
    try:
        http = split_http(_frame(zone, member))
    except BadInput:  # damaged: nothing can be had of it
        return None
    return bytes.fromhex(content_sha256(http.body or http.header))


def _visits_of(zone: RawZone, digests: set[bytes], is_kept: Callable[[Visit], bool]) -> dict[bytes, Visit]:
    """For each content that any visit which stays refers to, such a visit."""
    found: dict[bytes, Visit] = {}
    for _, rows in visits.parts_of(zone.store).tables():
        for row in rows.filter(pc.field("content_sha256").isin(list(digests))).to_pylist():
            if is_kept(visit := Visit(**row)):
                found.setdefault(row["content_sha256"], visit)
    return found


def _elsewhere(zone: RawZone, digests: set[bytes], lost: set[At]) -> dict[bytes, Place]:
    """Where the zone has a content besides in records that are lost."""
    found: dict[bytes, Place] = {}
    for _, rows in raw_index.parts_of(zone.store).tables():
        for row in rows.filter(pc.field("content_sha256").isin(list(digests))).to_pylist():
            if (row["raw_file"], row["raw_offset"]) not in lost:
                found.setdefault(row["content_sha256"], (row["raw_file"], row["raw_offset"], row["raw_length"]))
    return found


def _record_of(zone: RawZone, shown: Capture | Visit, lost: Frame) -> bytes:
    """A record of a content for what refers to it besides. The HTTP header is of another page's answer: it comes only where it is all there is."""
    http, stated = split_http(lost), lost.headers.get(STATED_HEADER.lower(), "")
    if isinstance(shown, Visit):
        return _answer(zone, shown, http, stated)
    capture = msgspec.structs.replace(shown, content_sha256=content_sha256(http.body), byte_count=len(http.body))
    return record_bytes(Delivery(capture=capture, content=http.body, http_header=b"" if http.body else http.header, stated_digest=stated))


def _under_id(record: bytes, record_id: str) -> bytes:
    """A record under the id by which others name it already."""
    return _OWN_ID.sub(lambda _: f"WARC-Record-ID: {record_id}".encode(), record, count=1)


def _answer(zone: RawZone, visit: Visit, http: Http, stated: str) -> bytes:
    """The response that a visit's own record, a revisit, tells of, with the content."""
    own = split_http(zone.frame(visit.raw_file, visit.raw_offset, visit.raw_length))
    _, *lines = own.header.splitlines(keepends=True)
    if "content-type" not in own.headers and (content_type := http.headers.get("content-type")):
        lines.insert(0, f"Content-Type: {content_type}\r\n".encode())
    header = kept_header(b"".join([b"HTTP/1.1 200 OK\r\n", *lines]), len(http.body))
    fields = {
        "WARC-Record-ID": f"<urn:uuid:{uuid4()}>",
        "WARC-Target-URI": visit.url,
        "WARC-Date": visit.captured_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        ROLE_HEADER: visit.role,
        **({STATED_HEADER: stated} if stated else {}),
        "WARC-Payload-Digest": digest_text(bytes.fromhex(content_sha256(http.body))),
        "WARC-Block-Digest": digest_text(bytes.fromhex(content_sha256(header + http.body))),
        "Content-Type": "application/http; msgtype=response",
    }
    return warc_record(WarcRecordType.response, fields, header + http.body)


# --- records that go -------------------------------------------------------------------------------------------------------


def erase(zone: RawZone, lost: Iterable[Member], is_lost: Callable[[str], bool]) -> None:
    """Take records out of the indexes, and visits of a URL that is lost, then blank the records in their files."""
    by_file: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for member in lost:
        by_file[member.raw_file][member.offset] = member.length

    def goes(row: dict) -> bool:
        return row["raw_offset"] in by_file.get(row["raw_file"], ())

    raw_index.parts_of(zone.store).remove(goes)
    visits.parts_of(zone.store).remove(lambda row: goes(row) or is_lost(row["url"]))
    for name, offsets in by_file.items():
        is_all = sum(offsets.values()) == zone.store.file(name).stat().st_size
        _overwrite(zone, name, None if is_all else {offset: blank(length) for offset, length in offsets.items()})


def mend_references(zone: RawZone, is_lost: Callable[[str], bool]) -> None:
    """Let no record that stays name a lost URL as that whose content it repeats, or as where its own was seen. To be called after `erase`: a revisit
    names the record that has the content now."""
    index = raw_index.RawIndex(zone.store)
    for name in zone.store.keys(RAW, WARC):
        mended = {}
        for frame, (_, offset, length) in placed(zone.store.file(name), name, limit=_LONGEST_SIGHTING):
            repeated = frame.headers.get(_REPEATED_URL.lower())
            via = _VIA.search(frame.block) if frame.headers.get("warc-type") == "metadata" else None
            if repeated and is_lost(repeated):
                edit: Callable[[bytes], Iterator[bytes]] = partial(_with_reference, _references(zone, index, frame))
            elif via and is_lost(via.group(1).decode("utf-8", "replace")):
                edit = _without_origin
            else:
                continue
            record = zlib.decompress(zone.store.read_range(name, offset, length), wbits=31)
            mended[offset] = next(member for form in edit(record) if (member := _packed(form, length)))
        if mended:
            _overwrite(zone, name, mended)
        zone.store.trim(RAW)


def _references(zone: RawZone, index: raw_index.RawIndex, revisit: Frame) -> list[dict[str, str]]:
    """How a revisit may name the record that has its content now: the first form that takes no more room than before is to be had."""
    digest = sha256_of(revisit.headers.get("warc-payload-digest", ""))
    try:
        now = refers_to(zone.frame(*place)) if digest and (place := index.find(digest)) else {}
    except BadInput:  # damaged
        now = {}
    return [now, {name: value for name, value in now.items() if name == _REPEATED_ID}, {}]


def _with_reference(forms: Iterable[Mapping[str, str]], record: bytes) -> Iterator[bytes]:
    """A revisit with each of some references in the place of its own."""
    head, end, block = record.partition(b"\r\n\r\n")
    names = tuple(f"{name}:".lower().encode() for name in (_REPEATED_ID, _REPEATED_URL, _REPEATED_DATE))
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(names)]
    for form in forms:
        yield b"\r\n".join([*lines, *(f"{name}: {value}".encode() for name, value in form.items())]) + end + block


def _without_origin(record: bytes) -> Iterator[bytes]:
    """A sighting that does not tell on which page it was."""
    head, end, block = record.partition(b"\r\n\r\n")
    left = _VIA.sub(b"", block, count=1)
    length = len(left) - len(b"\r\n\r\n")
    yield re.sub(rb"(?im)^Content-Length: *\d+", b"Content-Length: %d" % length, head) + end + left


def _packed(record: bytes, length: int) -> bytes | None:
    """A gzip member of a given length that holds a record, longer by a comment of blanks; None where it takes more room."""
    member = gzip.compress(record, 9, mtime=0)
    spare = length - len(member)
    if spare < 0:
        return None
    return member if not spare else b"".join([member[:3], bytes([_HAS_COMMENT]), member[4:10], b" " * (spare - 1), b"\0", member[10:]])


def erase_remains(zone: RawZone, is_lost: Callable[[str], bool]) -> None:
    """Remove what was set aside of unfinished files where any of it is of a lost URL, or where nobody can tell of which it is."""
    for remains in sorted((zone.folder / "aside").glob("*")):
        if any(url is None or is_lost(url) for url in _urls_of(remains)):
            remains.unlink()


def _urls_of(remains: Path) -> Iterator[str | None]:
    """URLs of the records, whole and half ones, of what was set aside; None for one that nobody can tell."""
    for _, (_, offset, _) in placed(remains, remains.name, limit=0):
        with remains.open("rb") as file:
            file.seek(offset)
            told = _beginning(file.read(_READ_AHEAD))
        url = re.search(rb"^WARC-Target-URI:\s*(\S+)", told, re.IGNORECASE | re.MULTILINE)
        yield url.group(1).decode("utf-8", "replace") if url else None


def _beginning(packed: bytes) -> bytes:
    """What a gzip member holds up to where it is damaged."""
    decompressor, told = zlib.decompressobj(31), bytearray()
    with suppress(zlib.error):
        for code in packed:  # by itself: a fault costs what was given together with it
            told += decompressor.decompress(bytes([code]))
    return bytes(told)


def _overwrite(zone: RawZone, name: str, members: Mapping[int, bytes] | None) -> None:
    """Put others in the place of the records at some offsets, each as long as it was. None: of the file a single short blank one is left."""
    warc = zone.store.file(name)
    with zone.store.new(name) as aside:
        if members is None:
            aside.write_bytes(blank(_SHORT))
        else:
            with warc.open("rb") as source, aside.open("wb") as target:
                for offset, member in sorted(members.items()):
                    _copy(source, target, offset - source.tell())
                    target.write(member)
                    source.seek(len(member), os.SEEK_CUR)
                shutil.copyfileobj(source, target)
    sync_folder(zone.folder)


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length and (piece := source.read(min(length, _COPIED_AT_ONCE))):
        target.write(piece)
        length -= len(piece)


def blank(length: int) -> bytes:
    """A gzip member of a given length that holds a WARC record of nothing but blanks. It is not packed, so that its length can be chosen; the few
    bytes by which no such record fits are a comment of the member."""
    filler = bisect_right(range(length), length, key=_size) - 1
    if filler < 0:
        raise ValueError(f"no record has {length} bytes")
    return _stored(_blank_record(filler), length - _size(filler))


def _blank_record(filler: int) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{uuid4()}>\r\nWARC-Date: {_NO_DATE}\r\n{BLANK_HEADER}: 1\r\n"
    return f"{head}Content-Length: {filler}\r\n\r\n{' ' * filler}\r\n\r\n".encode()


_FIXED = len(_blank_record(0)) - 1  # bytes of a blank record besides its filler and the digits of its length


def _size(filler: int) -> int:
    """Length of the member with so much filler."""
    record = _FIXED + len(str(filler)) + filler
    return len(_GZIP_HEADER) + _BLOCK_HEADER * -(-record // _LONGEST_STORED) + record + _GZIP_TRAILER


def _stored(record: bytes, comment: int) -> bytes:
    """A gzip member of stored blocks (RFC 1951, 3.2.4), longer by a comment of some bytes, its end counted."""
    pieces = [_GZIP_HEADER[:3], bytes([_HAS_COMMENT if comment else 0]), _GZIP_HEADER[4:], b" " * (comment - 1) + b"\0" if comment else b""]
    for start in range(0, len(record), _LONGEST_STORED):
        piece = record[start : start + _LONGEST_STORED]
        is_last = start + _LONGEST_STORED >= len(record)
        pieces += [struct.pack("<BHH", is_last, len(piece), len(piece) ^ 0xFFFF), piece]
    return b"".join([*pieces, struct.pack("<II", zlib.crc32(record), len(record) & 0xFFFFFFFF)])
