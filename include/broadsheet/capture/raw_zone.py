"""The raw zone: pages' bytes in WARC 1.1 files, never changed, found by content or by place.

`<run>-00000.warc.gz`, … hold one gzip member a record; `index/` says where each content lies. Of an answer that a page is not there the
HTTP header is kept, and found by its own SHA-256. A file is written as `.part`,
fsynced, renamed (and sent to the object store before, where there is one) when it is full or the run ends, and then entered in the index.
What a run that died left behind is made good when the next one begins: a whole file without an entry is entered, a `.part` without a
living writer is set aside in `aside/`.
"""

import base64
import fcntl
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.capture.delivery import Delivery
from broadsheet.capture.frames import frames, parse_record
from broadsheet.capture.raw_index import COMPACT_FROM, Place, RawIndex
from broadsheet.capture.warc import TIME_BASIS_HEADER, split_http
from broadsheet.errors import BadInput, TransientError
from broadsheet.ids import content_sha256
from broadsheet.lake import RAW, Lake
from broadsheet.store import WARC, store_of

ROTATE_BYTES = 256 * 1024 * 1024
GZIP_LEVEL = 5  # twice as quick as 9 for 2 % more bytes
PART = ".part"
# WARC demands a date. One that is unknown is written as the epoch, and its basis says so.
_NO_DATE = "1970-01-01T00:00:00Z"
# These told how the body was sent, not how it is kept. Web archives keep them under this prefix.
_SENT = re.compile(rb"^(content-encoding|transfer-encoding|content-length)\s*:", re.I)
_ORIGINAL = b"X-Archive-Orig-"
_LONGEST_BLOCK = 1 << 40


class RawZone:
    """Raw zone of a lake."""

    def __init__(self, lake: Lake, *, rotate_bytes: int = ROTATE_BYTES):
        self.root = lake.root
        self.store = store_of(lake)
        self.folder = lake.raw
        self.rotate_bytes = rotate_bytes

    def read(self, raw_file: str, offset: int, length: int) -> bytes:
        """Payload of one record, checked against its digest.

        Raises BadInput (`unreadable`) naming file and offset when the record is missing or damaged.
        """
        try:
            frame = parse_record(zlib.decompress(self.store.read_range(raw_file, offset, length), wbits=31))
            if frame.damage:
                raise BadInput("unreadable", frame.damage)
            payload = split_http(frame).body
            if frame.headers.get("warc-payload-digest") != _digest(content_sha256(payload)):
                raise BadInput("unreadable", "the payload does not fit its digest")
        except (OSError, zlib.error, BadInput) as error:
            what = error.detail if isinstance(error, BadInput) else getattr(error, "strerror", None) or str(error)
            raise BadInput("unreadable", f"raw zone, {raw_file} at {offset}: {what}") from error
        return payload

    @contextmanager
    def writer(self, run_id: str) -> Iterator["Writer"]:
        """Writer of one run. All that it was given is kept for good when the block ends well.

        Raises TransientError when another process is writing for the same run.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        index = self.recover()
        writer = Writer(self, run_id, index)
        try:
            yield writer
            writer.seal()
        finally:
            writer.abandon()
        if len(index.parts()) >= COMPACT_FROM:
            index.compact()

    def recover(self) -> RawIndex:
        """Make good what dead runs left, and open the index."""
        for part in sorted(self.folder.glob("*" + PART)):
            _set_aside(part)
        index = RawIndex(self.store)
        for name in self.store.keys(RAW, WARC):
            if name not in index.covered:
                warc = self.store.file(name)
                rows = list(_scan(warc, name))
                index.write_part(warc, rows)
                for digest, place in rows:
                    index.add(digest, place)
        return index

    def relative(self, warc: Path) -> str:
        return str(warc.relative_to(self.root))


class Writer:
    """Writes the contents that the zone does not have yet."""

    def __init__(self, zone: RawZone, run_id: str, index: RawIndex):
        self._zone = zone
        self._stem = re.sub(r"[^\w.+-]", "_", run_id)
        self._index = index
        self._rows: list[tuple[bytes, Place]] = []  # of the open file
        self._file: io.BufferedWriter | None = None
        self._target = zone.folder
        self._sequence = 0
        self.new_count = 0

    def add(self, delivery: Delivery) -> Place:
        """Place of a delivery's content, or of its HTTP header where it has none, which is written unless the zone has it."""
        digest = bytes.fromhex(_address(delivery))
        place = self._index.find(digest)
        if place is None:
            place = self._write(delivery)
            self._index.add(digest, place)
            self._rows.append((digest, place))
            self.new_count += 1
        return place

    def _write(self, delivery: Delivery) -> Place:
        if self._file is not None and self._file.tell() >= self._zone.rotate_bytes:
            self.seal()
        file = self._file or self._open()
        offset = file.tell()
        file.write(gzip.compress(record_bytes(delivery), GZIP_LEVEL, mtime=0))
        return self._zone.relative(self._target), offset, file.tell() - offset

    def _open(self) -> io.BufferedWriter:
        """The run's next file. Files of an earlier attempt are kept: their numbers are taken."""
        while self._zone.store.exists(f"{RAW}/{self._stem}-{self._sequence:05d}{WARC}"):
            self._sequence += 1
        target = self._zone.folder / f"{self._stem}-{self._sequence:05d}{WARC}"
        try:
            self._file = _part(target).open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (FileExistsError, BlockingIOError):
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
        _sync_folder(self._zone.folder)
        self._index.write_part(self._target, self._rows)
        self._zone.store.trim(RAW)
        self._file.close()
        self._file, self._rows = None, []

    def abandon(self) -> None:
        """Let go of an unfinished file; the next run sets it aside."""
        if self._file is not None:
            self._file.close()
            self._file = None


def record_bytes(delivery: Delivery) -> bytes:
    """WARC record of a delivery, unpacked: a response with its HTTP header where there is one, else a resource. The same delivery
    always gives the same bytes.

    Put together here: warcio, otherwise the standard, rewrites what is not ASCII in HTTP headers.
    """
    capture = delivery.capture
    digest, address = capture.content_sha256, _address(delivery)
    # Readers look for an HTTP header only under an http(s) URL.
    is_response = bool(delivery.http_header and capture.url)
    header = _kept_header(delivery.http_header, len(delivery.content)) if is_response else b""
    fields = {
        "WARC-Type": "response" if is_response else "resource",
        # As much of the address as a UUID holds.
        "WARC-Record-ID": f"<urn:uuid:{address[:8]}-{address[8:12]}-{address[12:16]}-{address[16:20]}-{address[20:32]}>",
        "WARC-Target-URI": capture.url or f"urn:sha256:{digest}",
        "WARC-Date": capture.captured_at.isoformat().replace("+00:00", "Z") if capture.captured_at else _NO_DATE,
        TIME_BASIS_HEADER: str(capture.captured_at_basis),
        "WARC-Payload-Digest": _digest(digest),
        "WARC-Block-Digest": _digest(content_sha256(header + delivery.content) if header else digest),
        "Content-Type": "application/http; msgtype=response" if is_response else capture.media_type,
        "Content-Length": str(len(header) + len(delivery.content)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"".join((b"WARC/1.1\r\n", lines.encode(), b"\r\n", header, delivery.content, b"\r\n\r\n"))


def _address(delivery: Delivery) -> str:
    """What a record is found by: SHA-256 of its content, or of its header as it is kept where there is no content."""
    return delivery.capture.content_sha256 if delivery.content else content_sha256(_kept_header(delivery.http_header, 0))


def _kept_header(header: bytes, length: int) -> bytes:
    """An HTTP header that is true of the unpacked payload; unchanged if it was so before."""
    lines = header.splitlines(keepends=True)
    sent = [found.group(1).lower() for line in lines if (found := _SENT.match(line))]
    if sent in ([], [b"content-length"]) and all(line.partition(b":")[2].strip() == b"%d" % length for line in lines if _SENT.match(line)):
        return header
    kept = [_ORIGINAL + line if _SENT.match(line) else line for line in lines[:-1]]
    return b"".join([*kept, b"Content-Length: %d\r\n" % length, lines[-1]])


def _digest(sha256: str) -> str:
    return "sha256:" + base64.b32encode(bytes.fromhex(sha256)).decode()


def _scan(warc: Path, name: str) -> Iterator[tuple[bytes, Place]]:
    """Contents and places of a file, from the file itself."""
    found = list(_offsets(warc))
    ends = [*(offset for offset, _ in found[1:]), warc.stat().st_size]
    for (offset, digest), end in zip(found, ends, strict=True):
        if digest:
            yield digest, (name, offset, end - offset)


def _offsets(warc: Path) -> Iterator[tuple[int, bytes | None]]:
    for frame in frames(warc, limit=_LONGEST_BLOCK):
        http = None if frame.damage else split_http(frame)
        yield int(frame.position.partition(".")[0]), None if http is None else bytes.fromhex(content_sha256(http.body or http.header))


def _part(target: Path) -> Path:
    return target.with_name(target.name + PART)


def _set_aside(part: Path) -> None:
    """Move an unfinished file out of the way, unless its writer lives and holds its lock."""
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder = part.parent / "aside"
            folder.mkdir(exist_ok=True)
            number = 0
            while (target := folder / f"{part.name}.{number}").exists():
                number += 1
            part.rename(target)
    except (BlockingIOError, FileNotFoundError):
        return


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
