"""The records of a WARC file, one by one, with damage found and stepped over.

Own framing instead of a WARC library's iterator: those stop at the first damaged record, end silently in a truncated one, or hand
on a record without checking that the next begins where it ends. Here a damaged record is one answer, and reading goes on at the
next record that can be found. No more than the limit of a record's block is held.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from broadsheet.records import Record

_CHUNK = 64 * 1024
_MAX_HEADER = 64 * 1024
_GZIP = b"\x1f\x8b\x08"
_RECORD_START = re.compile(rb"(?<=\n)WARC/[01]\.\d+\r?\n")
_RECORD_START_LENGTH = 16

Wanted = Callable[[Mapping[str, str]], bool]  # headers of a record -> whether its block is of use


class Frame(Record, frozen=True):
    """One record, or what is left of one."""

    position: str  # where it begins: byte offset in the file; `offset.n` for the n-th byte unpacked of a gzip member with several
    headers: dict[str, str]  # by lower-case name; empty if they could not be read
    block: bytes = b""  # at most the limit
    is_cut: bool = False  # the block is longer than the limit
    damage: str = ""  # what is wrong; empty for a sound record


class _Damaged(Exception):
    """The record under way cannot be used."""


def frames(path: Path, *, limit: int, is_wanted: Wanted = lambda _: True) -> Iterator[Frame]:
    """All records of a WARC file, sound and damaged. Raises OSError if the file cannot be read.

    Parameters
    ----------
    is_wanted : of a record that is not, the block is read over, and empty.
    """
    with path.open("rb") as file:
        is_gzip = _is_gzip(file, path)
        start: int | None = 0
        while start is not None:
            file.seek(start)
            source = _Gzip(file, start) if is_gzip else _Plain(file, start)
            bad = yield from _sound_frames(source, limit, is_wanted)
            if bad is None:
                return
            frame, offset = bad
            yield frame
            start = _next_start(file, offset + 1, is_gzip)


def _is_gzip(file: BinaryIO, path: Path) -> bool:
    """By what it begins with; by its name where that is damaged."""
    start = file.read(5)
    return start.startswith(_GZIP[:2]) or (start != b"WARC/" and ".gz" in path.suffixes)


def frame_at(path: Path, position: str, *, limit: int) -> Frame:
    """The record at a position that `frames` gave, read again."""
    offset, _, inner = position.partition(".")
    with path.open("rb") as file:
        is_gzip = _is_gzip(file, path)
        file.seek(int(offset))
        source = _Gzip(file, int(offset)) if is_gzip else _Plain(file, int(offset))
        source.skip(int(inner or 0))
        return _read_frame(source, limit)


def parse_record(data: bytes) -> Frame:
    """The one record that unpacked bytes hold. `damage` tells if they don't."""
    source = _Plain(io.BytesIO(data), 0)
    try:
        return _read_frame(source, len(data))
    except _Damaged as error:
        return Frame(position="0", headers={}, damage=str(error))


def _sound_frames(source: "_Source", limit: int, is_wanted: Wanted):
    """Yields records up to the end, or to the first damaged one, which is returned with its offset in the file."""
    while True:
        frame = None
        try:
            if not source.skip_blank_lines():
                return None
            frame = Frame(position=source.position(), headers={})
            frame = _read_frame(source, limit, is_wanted)
            _check_end(source)
            yield frame
        except _Damaged as error:
            # The record that was read whole but does not end well is as suspect as one that breaks off.
            known = frame or Frame(position=source.position(), headers={})
            offset = int(known.position.partition(".")[0])
            return Frame(position=known.position, headers=known.headers, block=known.block, damage=str(error)), offset


def _read_frame(source: "_Source", limit: int, is_wanted: Wanted = lambda _: True) -> Frame:
    position = source.position()
    first = source.line()
    if not first.startswith(b"WARC/"):
        raise _Damaged("a WARC record should begin here" if first else "the file ends inside a record")
    headers, size = {}, len(first)
    while (line := source.line()) not in (b"\r\n", b"\n"):
        size += len(line)
        if not line.endswith(b"\n") or size > _MAX_HEADER:
            raise _Damaged("the record's header does not end")
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().lower().decode("latin-1")] = value.strip().decode("utf-8", "replace")
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise _Damaged(f"no usable Content-Length ({length[:20]!r})")
    size = min(int(length), limit) if is_wanted(headers) else 0
    block = source.read(size)
    rest = int(length) - len(block)
    if rest and (len(block) < size or source.skip(rest) < rest):
        raise _Damaged(f"the record ends before its {length} bytes" + (f", {url}" if (url := headers.get("warc-target-uri")) else ""))
    return Frame(position=position, headers=headers, block=block, is_cut=rest > 0)


def _check_end(source: "_Source") -> None:
    """Two line ends, the next record, or the end: otherwise the length was wrong, or bytes of the record are missing."""
    following = source.peek(16)
    if following.startswith((b"\r\n\r\n", b"\n\n")):
        return
    following = following.lstrip(b"\r\n")[:5]
    if not b"WARC/".startswith(following):
        raise _Damaged("the record does not end where its Content-Length says")


def _next_start(file: BinaryIO, offset: int, is_gzip: bool) -> int | None:
    """Offset of the next record from `offset` on."""
    overlap = _RECORD_START_LENGTH
    file.seek(max(offset - 1, 0))  # the byte before tells whether a line begins
    window, base = file.read(_CHUNK), max(offset - 1, 0)
    while window:
        if is_gzip:
            candidate = window.find(_GZIP)
            while candidate >= 0:
                if base + candidate >= offset and _is_record_member(file, base + candidate):
                    return base + candidate
                candidate = window.find(_GZIP, candidate + 1)
        else:
            for match in _RECORD_START.finditer(window):
                if base + match.start() >= offset:
                    return base + match.start()
        file.seek(base + len(window))
        more = file.read(_CHUNK)
        base += max(len(window) - overlap, 0)
        window = window[-overlap:] + more if more else b""
    return None


def _is_record_member(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    try:
        return zlib.decompressobj(31).decompress(file.read(4096), 5) == b"WARC/"
    except zlib.error:
        return False


# --- byte sources ----------------------------------------------------------------------------------------------------------


class _Source:
    """Bytes with look-ahead. `_more` gives the next ones, empty at the end."""

    def __init__(self, file: BinaryIO, offset: int):
        self.file = file
        self.offset = offset  # of the first buffered byte
        self.buffer = b""
        self.at = 0

    def _more(self) -> bytes:
        raise NotImplementedError

    def position(self) -> str:
        raise NotImplementedError

    def fill(self, size: int) -> int:
        """Have at least `size` bytes ahead, unless the end comes first; returns how many there are."""
        while len(self.buffer) - self.at < size:
            more = self._more()
            if not more:
                break
            self._drop_used()
            self.buffer += more
        return len(self.buffer) - self.at

    def _drop_used(self) -> None:
        self.buffer = self.buffer[self.at :]
        self.offset += self.at
        self.at = 0

    def line(self) -> bytes:
        """Bytes up to and with the next line feed; without one at the end or when the line is too long."""
        size = 256
        while True:
            there = self.fill(size)
            end = self.buffer.find(b"\n", self.at, self.at + size)
            if end >= 0 or there < size or size > _MAX_HEADER:
                return self.take(end + 1 - self.at if end >= 0 else min(there, size))
            size *= 4

    def take(self, size: int) -> bytes:
        taken = self.buffer[self.at : self.at + size]
        self.at += len(taken)
        return taken

    def read(self, size: int) -> bytes:
        pieces = []
        while size and self.fill(1):
            pieces.append(self.take(size))
            size -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, size: int) -> int:
        """Step over `size` bytes; returns how many there were."""
        left = size
        while left and self.fill(1):
            left -= len(self.take(left))
        return size - left

    def skip_blank_lines(self) -> bool:
        """Step to the next record; False at the end."""
        while self.fill(1):
            if self.buffer[self.at] not in b"\r\n":
                return True
            self.at += 1
        return False

    def peek(self, size: int) -> bytes:
        """The next bytes, without stepping; fewer at the end."""
        self.fill(size)
        return self.buffer[self.at : self.at + size]


class _Plain(_Source):
    def _more(self) -> bytes:
        return self.file.read(_CHUNK)

    def position(self) -> str:
        return str(self.offset + self.at)


class _Gzip(_Source):
    """Unpacked bytes of gzip members. The look-ahead never mixes two members: a record belongs to one."""

    def __init__(self, file: BinaryIO, offset: int):
        super().__init__(file, 0)
        self.packed = b""
        self.packed_end = offset  # file offset after `packed`
        self.member_offset = offset
        self.decompressor = zlib.decompressobj(31)
        self.has_begun = False

    def position(self) -> str:
        inner = self.offset + self.at
        return f"{self.member_offset}.{inner}" if inner else str(self.member_offset)

    def skip_blank_lines(self) -> bool:
        while not super().skip_blank_lines():
            if not self._next_member():
                return False
        return True

    def _next_member(self) -> bool:
        """Turn to the next member, which the one before has reached the end for; False at the end of the file."""
        if self.has_begun and self.decompressor.eof:
            self.packed = self.decompressor.unused_data
            self.decompressor = zlib.decompressobj(31)
            self.has_begun = False
            self.buffer, self.at, self.offset = b"", 0, 0
        while True:  # some writers pad with zeros between members
            self.packed = self.packed.lstrip(b"\0")
            if self.packed or not self._read_packed():
                break
        self.member_offset = self.packed_end - len(self.packed)
        if not self.packed:
            return False
        self.has_begun = True
        return True

    def _read_packed(self) -> bool:
        more = self.file.read(_CHUNK)
        self.packed_end += len(more)
        self.packed += more
        return bool(more)

    def _more(self) -> bytes:
        if not self.has_begun and not self._next_member():
            return b""
        while not self.decompressor.eof:
            if not self.packed and not self._read_packed():
                raise _Damaged("the gzip member ends early")
            try:
                unpacked = self.decompressor.decompress(self.packed, _CHUNK)
            except zlib.error as error:
                raise _Damaged(f"the gzip member is damaged: {error}") from None
            self.packed = self.decompressor.unconsumed_tail
            if unpacked:
                return unpacked
        return b""
