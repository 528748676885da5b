"""Where each content lies in the raw zone. `index/` holds the parts (`broadsheet.capture.parts`).

A content is found by its SHA-256, and by the key of the payload digest that a delivered WARC file stated of it (`broadsheet.capture.digests`),
which leads to the record that holds it, or to a `revisit` record that repeats it.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from broadsheet.capture.parts import Parts
from broadsheet.lake import RAW
from broadsheet.store import Store

SCHEMA = pa.schema([("content_sha256", pa.binary(32)), ("raw_file", pa.string()), ("raw_offset", pa.int64()), ("raw_length", pa.int64())])
_FOLDER = f"{RAW}/index"
# Equal contents of concurrent runs stay side by side, and the first is found.
_ORDER = ("content_sha256", "raw_file", "raw_offset")
_FRESH = 100_000

Place = tuple[str, int, int]  # file relative to the lake, offset, length


class RawIndex:
    """Look-up by content. Some 50 bytes of memory for each known content, and as many for what else it is found by."""

    def __init__(self, store: Store):
        self.parts = parts_of(store)
        self.covered: set[str] = set()  # files that parts speak of
        self._fresh: dict[bytes, Place] = {}
        self._set(self.parts.read(lambda files: self.parts.merged([pq.read_table(file, schema=SCHEMA) for file in files])))

    def find(self, digest: bytes) -> Place | None:
        """Place of a content by its SHA-256, or another key (32 bytes)."""
        if place := self._fresh.get(digest):
            return place
        key = int.from_bytes(digest[:8], "big")
        row = int(np.searchsorted(self._keys, np.uint64(key)))
        while row < len(self._keys) and int(self._keys[row]) == key:
            if self._table["content_sha256"][row].as_py() == digest:
                return tuple(self._table[name][row].as_py() for name in SCHEMA.names[1:])
            row += 1
        return None

    def add(self, digest: bytes, place: Place) -> None:
        """Remember a content that this process has written; `write_part` makes it last."""
        self._fresh[digest] = place

    def write_part(self, warc: Path, rows: Iterable[tuple[bytes, Place]]) -> None:
        """Store where the contents of one WARC file lie: from now on they count as kept."""
        table = _table(rows)
        self.parts.write(warc, table)
        self.covered.update(pc.unique(table["raw_file"]).to_pylist())
        if len(self._fresh) > _FRESH:
            self._set(self.parts.merged([self._table, _table(self._fresh.items())]))
            self._fresh.clear()

    def _set(self, table: pa.Table) -> None:
        self.covered.update(pc.unique(table["raw_file"]).to_pylist())
        # Files repeat: coded, a row's name costs four bytes.
        self._table = table.set_column(1, "raw_file", table["raw_file"].dictionary_encode())
        digests = table["content_sha256"].combine_chunks()
        words = np.frombuffer(digests.buffers()[1] or b"", dtype=">u8", count=4 * (digests.offset + len(digests)))
        self._keys = words[4 * digests.offset :: 4].astype(np.uint64)


def parts_of(store: Store) -> Parts:
    return Parts(store, _FOLDER, SCHEMA, _ORDER)


def _table(rows: Iterable[tuple[bytes, Place]]) -> pa.Table:
    columns = list(zip(*((digest, *place) for digest, place in rows), strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)
