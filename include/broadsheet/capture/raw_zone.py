"""The raw zone: pages' bytes in WARC 1.1 files, never changed, found by content or by place.

A run writes its own files (`<run>-00000.warc.gz`, …), one gzip member a record, and then a part of the index that says where
each content lies. A file that no index part speaks of was left by a run that died: nothing in it was acknowledged, and a
retry of that run writes it anew.
"""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from broadsheet.capture.sources import Delivery
from broadsheet.errors import BroadsheetError
from broadsheet.ids import content_sha256
from broadsheet.lake import Lake, written_aside

ROTATE_BYTES = 256 * 1024 * 1024
GZIP_LEVEL = 5  # twice as quick as warcio's 9 for 2 % more bytes
_INDEX = pa.schema([("content_sha256", pa.binary(32)), ("raw_file", pa.string()), ("raw_offset", pa.int64()), ("raw_length", pa.int64())])
# What the headers say of the transfer no longer holds for the decoded payload; kept under the name that web archives use.
_TRANSFER_HEADERS = ("content-encoding", "transfer-encoding", "content-length")

Place = tuple[str, int, int]  # file relative to the lake, offset, length


class DamagedRaw(BroadsheetError):
    """The raw zone does not hold what its index says: the disk or a hand has changed it."""


class RawZone:
    """Raw zone of a lake."""

    def __init__(self, lake: Lake) -> None:
        self._root = lake.root
        self._raw = lake.raw

    def read(self, raw_file: str, offset: int, length: int) -> bytes:
        """Payload of one record, checked against its digest."""
        place = f"{raw_file} at {offset}"
        try:
            with (self._root / raw_file).open("rb") as file:
                file.seek(offset)
                record = next(ArchiveIterator(io.BytesIO(zlib.decompress(file.read(length), wbits=31)), parse_http=True))
                payload = record.reader.read()
        except (OSError, zlib.error, StopIteration, ValueError) as error:
            raise DamagedRaw(f"{place}: {error or 'no record'}") from error
        if record.headers.get("WARC-Record-ID") != _record_id(content_sha256(payload)):
            raise DamagedRaw(f"{place}: the payload is not the one that the record's id was made of")
        return payload

    @contextmanager
    def writer(self, run_id: str) -> Iterator["Writer"]:
        """Writer of one run. What it wrote is acknowledged, by an index part, when the block ends well."""
        writer = Writer(self._root, self._raw, run_id, _KnownContent(self._raw / "index"))
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()


class Writer:
    def __init__(self, root: Path, raw: Path, run_id: str, known: "_KnownContent") -> None:
        self._root, self._raw, self._run_id, self._known = root, raw, run_id, known
        self._new: dict[bytes, Place] = {}
        self._file: io.BufferedWriter | None = None
        self._path = raw
        self._files = 0

    def add(self, delivery: Delivery) -> Place:
        """Place of the delivery's content; written unless the zone has it."""
        digest = bytes.fromhex(delivery.capture.content_sha256)
        place = self._new.get(digest) or self._known.place(digest)
        if place is None:
            place = self._new[digest] = self._write(delivery)
        return place

    def _write(self, delivery: Delivery) -> Place:
        file = self._open()
        offset = file.tell()
        record = io.BytesIO()
        WARCWriter(record, gzip=False, warc_version="1.1").write_record(_record(delivery))
        file.write(gzip.compress(record.getvalue(), GZIP_LEVEL, mtime=0))
        return str(self._path.relative_to(self._root)), offset, file.tell() - offset

    def _open(self) -> io.BufferedWriter:
        if self._file is not None and self._file.tell() >= ROTATE_BYTES:
            self.close()
        if self._file is None:
            self._raw.mkdir(parents=True, exist_ok=True)
            self._path = self._raw / f"{self._run_id}-{self._files:05d}.warc.gz"
            self._file = self._path.open("wb")
            self._files += 1
        return self._file

    def finish(self) -> None:
        self.close()
        if self._new:
            rows = sorted((digest, *place) for digest, place in self._new.items())
            table = pa.table([pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), _INDEX.types, strict=True)], schema=_INDEX)
            # A retry after the index was written finds its content known and writes nothing; a new part never hides an old one.
            with written_aside(self._raw / "index" / f"{self._run_id}.parquet") as aside:
                pq.write_table(table, aside, compression="zstd")

    def close(self) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


class _KnownContent:
    """Look-up in the index parts: 8 bytes a record in memory, the rest stays in Arrow."""

    def __init__(self, index: Path) -> None:
        parts = sorted(index.glob("*.parquet"))
        table = pa.concat_tables([pq.read_table(part, schema=_INDEX) for part in parts]) if parts else _INDEX.empty_table()
        self._table = table.combine_chunks()
        digests = b"".join(self._table["content_sha256"].to_pylist())
        prefixes = np.frombuffer(digests, dtype=">u8").reshape(-1, 4)[:, 0] if digests else np.empty(0, dtype=">u8")
        self._order = np.argsort(prefixes, kind="stable")
        self._prefixes = prefixes[self._order]

    def place(self, digest: bytes) -> Place | None:
        prefix = np.frombuffer(digest[:8], dtype=">u8")[0]
        first, last = np.searchsorted(self._prefixes, prefix, "left"), np.searchsorted(self._prefixes, prefix, "right")
        for row in self._order[first:last]:
            found, *place = (self._table[name][int(row)].as_py() for name in _INDEX.names)
            if found == digest:
                return tuple(place)
        return None


def _record(delivery: Delivery):
    """WARC record of a delivery: a response with its headers where there were some, else a resource. Id and date are the
    capture's, so that the same delivery gives the same record."""
    capture, writer = delivery.capture, WARCWriter(io.BytesIO(), gzip=False, warc_version="1.1")
    digest = capture.content_sha256
    headers = {
        "WARC-Record-ID": _record_id(digest),
        # WARC demands a date; an unknown capture time is written as the epoch and is NULL in the tables.
        "WARC-Date": (capture.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ") if capture.captured_at else "1970-01-01T00:00:00Z"),
    }
    uri = capture.url or f"urn:sha256:{digest}"
    payload = io.BytesIO(delivery.content)
    if delivery.http_headers is None:
        return writer.create_warc_record(uri, "resource", payload=payload, warc_content_type=capture.media_type, warc_headers_dict=headers)
    return writer.create_warc_record(uri, "response", payload=payload, http_headers=_http(delivery), warc_headers_dict=headers)


def _record_id(digest: str) -> str:
    """The content's SHA-256, as much of it as a UUID holds: ids are content addresses, and damage shows."""
    return f"<urn:uuid:{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}>"


def _http(delivery: Delivery) -> StatusAndHeaders:
    status, *lines = (delivery.http_headers or b"").decode("latin-1").split("\r\n")
    protocol, _, rest = status.partition(" ")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines) if name]
    kept = [(f"X-Archive-Orig-{name}" if name.lower() in _TRANSFER_HEADERS else name, value) for name, value in pairs]
    return StatusAndHeaders(rest, [*kept, ("Content-Length", str(len(delivery.content)))], protocol=protocol)
