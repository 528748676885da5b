"""The raw zone: pages' bytes in WARC 1.1 files, never changed but by a takedown (`erasure.py`), found by content or by place.

`<run>-00000.warc.gz`, … hold one gzip member a record; `index/` says where each content lies, `visits/` what was asked for when
(`broadsheet.capture.visits`). Of an answer that a page is not there the HTTP header is kept, and found by its own SHA-256. A file is
written as `.part`, fsynced, renamed (and sent to the object store before, where there is one) when it is full or the run ends, and then
entered in the indexes. What a run that died left behind is made good when the next one begins: a whole file without an entry is entered,
and so is what is whole of a `.part` without a living writer; half and damaged records of it are set aside in `aside/`. While a run writes,
nothing is taken down: what it knows of the zone, it holds in memory.
"""

import fcntl
import gzip
import io
import logging
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

import msgspec
from fastwarc.warc import WarcRecord, WarcRecordType

from broadsheet.capture.delivery import Delivery
from broadsheet.capture.digests import digest_key, digest_text, is_digest, sha256_of
from broadsheet.capture.frames import Frame, frames, parse_record
from broadsheet.capture.parts import COMPACT_FROM
from broadsheet.capture.raw_index import Place, RawIndex, parts_of
from broadsheet.capture.visits import Visit, VisitIndex, visit_of
from broadsheet.capture.warc import STATED_HEADER, TIME_BASIS_HEADER, split_http
from broadsheet.errors import BadInput, TransientError
from broadsheet.ids import content_sha256
from broadsheet.lake import RAW, Lake
from broadsheet.store import WARC, EndsBefore, store_of
from broadsheet.transient import held_at_once, may_pass

log = logging.getLogger(__name__)
ROTATE_BYTES = 256 * 1024 * 1024
_HTTP = "application/http; msgtype=response"
GZIP_LEVEL = 5  # twice as quick as 9 for 2 % more bytes
PART = ".part"
_WRITERS_LOCK = "raw.lock"  # beside the raw zone: what is in it is for good
# WARC demands a date. One that is unknown is written as the epoch, and its basis says so.
_NO_DATE = "1970-01-01T00:00:00Z"
# These told how the body was sent, not how it is kept. Web archives keep them under this prefix.
_SENT = re.compile(rb"^(content-encoding|transfer-encoding|content-length)\s*:", re.I)
_ORIGINAL = b"X-Archive-Orig-"
_LONGEST_BLOCK = 1 << 40
_COPIED_AT_ONCE = 1 << 20
_NO_CONTENTS = bytes(32)
_NOWHERE: Place = ("", 0, 0)
Piece = tuple[int, int]  # of a file: offset, length
_WITH_CONTENT = ("response", "resource")
_TAKEDOWN = "a takedown is under way: begin again when it has ended"
SAME_CONTENT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


class RawZone:
    """Raw zone of a lake."""

    def __init__(self, lake: Lake, *, rotate_bytes: int = ROTATE_BYTES):
        self.root = lake.root
        self.store = store_of(lake)
        self.folder = lake.raw
        self._writers_lock = lake.crawls / _WRITERS_LOCK
        self.rotate_bytes = rotate_bytes
        self._is_alone = False

    def read(self, raw_file: str, offset: int, length: int) -> bytes:
        """Payload of one record, checked against its digest.

        Raises BadInput (`unreadable`) naming file and offset when the record is missing or damaged; else as `frame`.
        """
        try:
            frame = self.frame(raw_file, offset, length)
            payload = split_http(frame).body
            if frame.headers.get("warc-payload-digest") != digest_text(bytes.fromhex(content_sha256(payload))):
                raise BadInput("unreadable", "the payload does not fit its digest")
        except BadInput as error:
            raise BadInput("unreadable", f"raw zone, {raw_file} at {offset}: {error.detail}") from error
        return payload

    def frame(self, raw_file: str, offset: int, length: int) -> Frame:
        """One record, also of a file that is being written.

        Raises BadInput (`unreadable`) where it is missing or damaged, TransientError where it cannot be read just now, and else the system's error:
        neither says anything of the record.
        """
        try:
            frame = parse_record(zlib.decompress(self._packed(raw_file, offset, length), wbits=31))
        except (FileNotFoundError, EndsBefore, zlib.error) as error:
            raise BadInput("unreadable", getattr(error, "strerror", None) or str(error)) from error
        except OSError as error:
            if not may_pass(error):
                raise
            raise TransientError(f"raw zone, {raw_file} at {offset}: {type(error).__name__}: {error}") from error
        if frame.damage:
            raise BadInput("unreadable", frame.damage)
        return frame

    def _packed(self, raw_file: str, offset: int, length: int) -> bytes:
        try:
            with _part(self.root / raw_file).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:  # it is whole
            return self.store.read_range(raw_file, offset, length)

    @contextmanager
    def writer(self, run_id: str) -> Iterator["Writer"]:
        """Writer of one run. All that it was given is kept for good when the block ends well.

        Raises TransientError when another process is writing for the same run, and while one takes records out.
        """
        with nullcontext() if self._is_alone else self._held(_TAKEDOWN, is_shared=True):
            self.folder.mkdir(parents=True, exist_ok=True)
            index = self.recover()
            writer = Writer(self, run_id, index)
            try:
                yield writer
                writer.seal()
            finally:
                writer.abandon()
            for parts in (index.parts, self.visits.parts):
                if len(parts.files()) >= COMPACT_FROM:
                    parts.compact()

    def compact(self) -> int:
        """Merge the parts of the index. Returns how many became fewer. Raises TransientError while a takedown takes rows out of them."""
        with self._held(_TAKEDOWN, is_shared=True):
            parts = parts_of(self.store)
            before = len(parts.files())
            parts.compact()
            return before - len(parts.files())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other writers out: what they hold of the index in memory would lead to records that are taken out. Raises TransientError while
        there are any."""
        with self._held("a run is writing to the raw zone: wait for its end, or stop it, and begin again"):
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def _held(self, told: str, *, is_shared: bool = False) -> AbstractContextManager[None]:
        return held_at_once(self._writers_lock, told, is_shared=is_shared)

    @property
    def visits(self) -> VisitIndex:
        """What was asked for, by URL and time."""
        return VisitIndex(self.store)

    def recover(self) -> RawIndex:
        """Make good what dead runs left, and open the index of contents."""
        for part in sorted(self.folder.glob("*" + PART)):
            self._save(part)
        index = RawIndex(self.store)
        for name in self.store.keys(RAW, WARC):
            if name not in index.covered:
                warc = self.store.file(name)
                contents, visits = _scan(warc, name)
                self.enter(index, warc, contents, visits)
                for digest, place in contents:
                    index.add(digest, place)
        return index

    def enter(self, index: RawIndex, warc: Path, contents: list[tuple[bytes, Place]], visits: list[Visit]) -> None:
        """Enter a whole file in the indexes: that of contents last, since it tells which files are entered."""
        if visits:
            self.visits.write_part(warc, visits)
        # a file without any, of a crawl that found nothing new, counts as entered by a row that is nobody's content
        index.write_part(warc, contents or [(_NO_CONTENTS, (self.relative(warc), 0, 0))])

    def relative(self, warc: Path) -> str:
        return str(warc.relative_to(self.root))

    def warcs(self, run_id: str) -> list[str]:
        """The whole files that a run wrote, relative to the lake."""
        written = re.compile(rf"{RAW}/{re.escape(_stem(run_id))}-[0-9]+{re.escape(WARC)}")
        return [name for name in self.store.keys(RAW, WARC) if written.fullmatch(name)]

    def _save(self, part: Path) -> None:
        """Take in what is whole of an unfinished file, and set the rest aside, unless its writer lives and holds its lock."""
        try:
            with part.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _is_at(file, part):
                    return
                whole, damaged = _sorted_out(part)
                for piece in damaged:
                    with _free_name(part).open("wb") as aside:
                        _copy(file, piece, aside)
                self._take_whole(part, file, whole)
                sync_folder(part.parent)
        except (BlockingIOError, FileNotFoundError):
            return

    def _take_whole(self, part: Path, file: BinaryIO, whole: list[Piece]) -> None:
        name, size = self.relative(part).removesuffix(PART), sum(length for _, length in whole)
        if whole and sum(whole[-1]) == size:  # all damage is behind it: this needs no room on a disk that may be full
            file.truncate(size)
            os.fsync(file.fileno())
            self.store.take(part, name)
            return
        if whole:
            with self.store.new(name) as fresh, fresh.open("wb") as target:
                for piece in whole:
                    _copy(file, piece, target)
        part.unlink()


class Writer:
    """Writes the contents that the zone does not have yet."""

    def __init__(self, zone: RawZone, run_id: str, index: RawIndex):
        self._zone = zone
        self._stem = _stem(run_id)
        self._index = index
        self._rows: list[tuple[bytes, Place]] = []  # of the open file
        self._visits: list[Visit] = []
        self._file: io.BufferedWriter | None = None
        self._target = zone.folder
        self._sequence = 0
        self.new_count = 0

    def add(self, delivery: Delivery) -> Place:
        """Place of a delivery's content, or of its HTTP header where it has none, which is written unless the zone has it."""
        digest, key = bytes.fromhex(_address(delivery)), _stated_key(delivery)
        place = self.place_of(digest)
        if place is None:
            self.new_count += 1
            return self._write(record_bytes(delivery), digest, *filter(None, [key]))
        if key and not self.place_of(key) and (original := self.original(digest)):
            self._write(_repeat_bytes(delivery, original), key)
        return place

    def place_of(self, digest: bytes) -> Place | None:
        """Place of a content that the zone has."""
        return self._index.find(digest)

    def original(self, digest: bytes) -> Frame | None:
        """The record that holds a content; None where the zone has it not, or where it is damaged."""
        if (place := self._index.find(digest)) is None:
            return None
        self.flush()  # it may be the one just written
        try:
            return self._zone.frame(*place)
        except BadInput:
            return None

    def original_of(self, stated: str) -> Frame | None:
        """The same by a payload digest as a WARC record states it."""
        sha256 = sha256_of(stated)
        found = (self.original(sha256) if sha256 else None) or self.original(digest_key(stated))
        if found and found.headers.get("warc-type") == "revisit":
            return self.original(sha256_of(found.headers.get("warc-payload-digest", "")) or b"")
        return found

    def append(self, record: bytes, digest: bytes | None = None) -> Place:
        """Write a record, which is found by `digest` from now on, by the digest that it states besides, and, if it tells of a visit, by that.

        Raises BadInput, and writes nothing, where it tells of a visit that could not be read again.
        """
        frame = parse_record(record)
        visit = visit_of(frame, _NOWHERE)
        stated = frame.headers.get(STATED_HEADER.lower())
        place = self._write(record, *filter(None, [digest, digest_key(stated) if stated else None]))
        if digest is not None:
            self.new_count += 1
        if visit:
            self._visits.append(msgspec.structs.replace(visit, raw_file=place[0], raw_offset=place[1], raw_length=place[2]))
        return place

    def _write(self, record: bytes, *digests: bytes) -> Place:
        """Write a record, which is found by `digests` from now on."""
        if self._file is not None and self._file.tell() >= self._zone.rotate_bytes:
            self.seal()
        file = self._file or self._open()
        offset = file.tell()
        file.write(gzip.compress(record, GZIP_LEVEL, mtime=0))
        place = self._zone.relative(self._target), offset, file.tell() - offset
        for digest in digests:
            self._index.add(digest, place)
            self._rows.append((digest, place))
        return place

    def flush(self, *, is_lasting: bool = False) -> None:
        """Hand what was written to the system, which keeps it when this process dies; `is_lasting`: and when the machine does."""
        if self._file is not None:
            self._file.flush()
            if is_lasting:
                os.fsync(self._file.fileno())

    def _open(self) -> io.BufferedWriter:
        """The run's next file. Files of an earlier attempt are kept: their numbers are taken."""
        while self._zone.store.exists(f"{RAW}/{self._stem}-{self._sequence:05d}{WARC}"):
            self._sequence += 1
        target = self._zone.folder / f"{self._stem}-{self._sequence:05d}{WARC}"
        try:
            self._file = _created(_part(target))
        except FileExistsError:
            raise TransientError(f"another process writes {_part(target)}: is the run going on elsewhere?") from None
        self._target = target
        return self._file

    def seal(self) -> None:
        """Finish the open file: on disk, taken in, entered in the index."""
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._zone.store.take(_part(self._target), self._zone.relative(self._target))
        sync_folder(self._zone.folder)
        self._zone.enter(self._index, self._target, self._rows, self._visits)
        self._zone.store.trim(RAW)
        self._file.close()
        self._file, self._rows, self._visits = None, [], []

    def abandon(self) -> None:
        """Let go of an unfinished file; the next run saves what is whole of it."""
        if self._file is not None:
            self._file.close()
            self._file = None


def record_bytes(delivery: Delivery) -> bytes:
    """WARC record of a delivery, unpacked: a response with its HTTP header where there is one, else a resource. The same delivery
    always gives the same bytes.
    """
    capture = delivery.capture
    digest, address = capture.content_sha256, _address(delivery)
    # Readers look for an HTTP header only under an http(s) URL.
    is_response = bool(delivery.http_header and capture.url)
    header = kept_header(delivery.http_header, len(delivery.content)) if is_response else b""
    fields = {
        **_told(delivery, address),
        "WARC-Block-Digest": digest_text(bytes.fromhex(content_sha256(header + delivery.content) if header else digest)),
        "Content-Type": _HTTP if is_response else capture.media_type,
    }
    return warc_record(WarcRecordType.response if is_response else WarcRecordType.resource, fields, header + delivery.content)


def _repeat_bytes(delivery: Delivery, original: Frame) -> bytes:
    """WARC record of a delivery whose content the zone has: it tells which digest was stated of it."""
    header = kept_header(delivery.http_header, len(delivery.content)) if delivery.http_header and delivery.capture.url else b""
    address = content_sha256(f"{delivery.capture.capture_id} {delivery.stated_digest}".encode())
    fields = {**_told(delivery, address), "WARC-Profile": SAME_CONTENT, **refers_to(original), "Content-Type": _HTTP}
    return warc_record(WarcRecordType.revisit, fields, header)


def _told(delivery: Delivery, address: str) -> dict[str, str]:
    """Headers of any record of a delivery, whose id comes of an address, a SHA-256."""
    capture = delivery.capture
    digest = capture.content_sha256
    return {
        # As much of the address as a UUID holds.
        "WARC-Record-ID": f"<urn:uuid:{address[:8]}-{address[8:12]}-{address[12:16]}-{address[16:20]}-{address[20:32]}>",
        "WARC-Target-URI": capture.url or f"urn:sha256:{digest}",
        "WARC-Date": capture.captured_at.isoformat().replace("+00:00", "Z") if capture.captured_at else _NO_DATE,
        TIME_BASIS_HEADER: str(capture.captured_at_basis),
        "WARC-Payload-Digest": digest_text(bytes.fromhex(digest)),
        **({STATED_HEADER: delivery.stated_digest} if _stated_key(delivery) else {}),
    }


def refers_to(original: Frame) -> dict[str, str]:
    """Headers by which a revisit names what it repeats."""
    names = {"WARC-Refers-To": "warc-record-id", "WARC-Refers-To-Target-URI": "warc-target-uri", "WARC-Refers-To-Date": "warc-date"}
    return {header: original.headers[name] for header, name in names.items() if name in original.headers}


def _stated_key(delivery: Delivery) -> bytes | None:
    """What a content is found by besides its SHA-256."""
    stated = delivery.stated_digest
    is_other = delivery.content and is_digest(stated) and sha256_of(stated) != bytes.fromhex(delivery.capture.content_sha256)
    return digest_key(stated) if is_other else None


def warc_record(record_type: WarcRecordType, fields: dict[str, str], block: bytes) -> bytes:
    """A WARC 1.1 record, unpacked. By FastWARC: warcio would rewrite what is not ASCII in HTTP headers."""
    record = WarcRecord()
    record.init_headers(record_type)
    for name, value in fields.items():
        record.headers[name] = value
    record.set_bytes_content(block)
    stream = io.BytesIO()
    record.write(stream)
    return stream.getvalue()


def _address(delivery: Delivery) -> str:
    """What a record is found by: SHA-256 of its content, or of its header as it is kept where there is no content."""
    return delivery.capture.content_sha256 if delivery.content else content_sha256(kept_header(delivery.http_header, 0))


def kept_header(header: bytes, length: int) -> bytes:
    """An HTTP header that is true of the unpacked payload; unchanged if it was so before."""
    lines = header.splitlines(keepends=True)
    sent = [found.group(1).lower() for line in lines if (found := _SENT.match(line))]
    if sent in ([], [b"content-length"]) and all(line.partition(b":")[2].strip() == b"%d" % length for line in lines if _SENT.match(line)):
        return header
    kept = [_ORIGINAL + line if _SENT.match(line) else line for line in lines[:-1]]
    return b"".join([*kept, b"Content-Length: %d\r\n" % length, lines[-1]])


def _scan(warc: Path, name: str) -> tuple[list[tuple[bytes, Place]], list[Visit]]:
    """What contents are found by, and visits, from the file itself. A record that is no HTTP answer is found by nothing; others are."""
    contents: list[tuple[bytes, Place]] = []
    visits: list[Visit] = []
    for frame, place in placed(warc, name):
        if frame.damage:
            continue
        try:
            visit = visit_of(frame, place)
            http = split_http(frame) if frame.headers.get("warc-type") in _WITH_CONTENT else None
        except BadInput as error:
            log.warning("raw zone, %s at %d: %s", name, place[1], error.detail)
            continue
        if http:
            contents.append((bytes.fromhex(content_sha256(http.body or http.header)), place))
        if stated := frame.headers.get(STATED_HEADER.lower()):
            contents.append((digest_key(stated), place))
        if visit:
            visits.append(visit)
    return contents, visits


def placed(warc: Path, name: str, *, limit: int = _LONGEST_BLOCK) -> Iterator[tuple[Frame, Place]]:
    """Records of a file with their places, in turn: no more than two are held. `name`: of the file, relative to the lake."""
    for frame, following in pairwise(chain(frames(warc, limit=limit), [None])):
        assert frame is not None  # the last is only ever `following`
        offset = _offset(frame)
        yield frame, (name, offset, (_offset(following) if following else warc.stat().st_size) - offset)


def _sorted_out(part: Path) -> tuple[list[Piece], list[Piece]]:
    """The whole records of a file, and what lies between and behind them."""
    whole: list[Piece] = []
    damaged: list[Piece] = []
    for frame, (_, offset, length) in placed(part, part.name):
        (damaged if frame.damage else whole).append((offset, length))
    return whole, damaged


def _copy(source: BinaryIO, piece: Piece, target: BinaryIO) -> None:
    offset, left = piece
    source.seek(offset)
    while left and (read := source.read(min(left, _COPIED_AT_ONCE))):
        target.write(read)
        left -= len(read)


def _offset(frame: Frame) -> int:
    return int(frame.position.partition(".")[0])


def _stem(run_id: str) -> str:
    """What the names of a run's files begin with."""
    return re.sub(r"[^\w.+-]", "_", run_id)


def _part(target: Path) -> Path:
    return target.with_name(target.name + PART)


def _created(part: Path) -> io.BufferedWriter:
    """A new file, locked. One that another run found empty and removed, before it was locked, is created again."""
    while True:
        file = part.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, part):
            return file
        file.close()


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _free_name(part: Path) -> Path:
    """Where the rest of an unfinished file is kept."""
    folder = part.parent / "aside"
    folder.mkdir(exist_ok=True)
    number = 0
    while (target := folder / f"{part.name}.{number}").exists():
        number += 1
    return target


def sync_folder(folder: Path) -> None:
    """Let what was renamed in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
