"""Where each content lies in the raw zone: sorted Parquet parts, one for each WARC file, merged when they grow many."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from broadsheet.lake import RAW
from broadsheet.store import PARQUET, Store

SCHEMA = pa.schema([("content_sha256", pa.binary(32)), ("raw_file", pa.string()), ("raw_offset", pa.int64()), ("raw_length", pa.int64())])
FOLDER = f"{RAW}/index"
COMPACT_FROM = 64  # parts
_FRESH = 100_000
_ATTEMPTS = 5

Place = tuple[str, int, int]  # file relative to the lake, offset, length


class RawIndex:
    """Look-up by content. Some 50 bytes of memory for each known content."""

    def __init__(self, store: Store):
        self._store = store
        self.covered: set[str] = set()  # files that parts speak of
        self._fresh: dict[bytes, Place] = {}
        self._set(self._load())

    def parts(self) -> list[Path]:
        return self._store.files(FOLDER, PARQUET)

    def find(self, digest: bytes) -> Place | None:
        """Place of a content by its SHA-256 (32 bytes)."""
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
        with self._store.new(f"{FOLDER}/{warc.name}{PARQUET}") as aside:
            pq.write_table(table, aside, compression="zstd")
        self.covered.update(pc.unique(table["raw_file"]).to_pylist())
        if len(self._fresh) > _FRESH:
            self._set(_merged([self._table, _table(self._fresh.items())]))
            self._fresh.clear()

    def compact(self) -> None:
        """Merge all parts into one. Two processes at it write the same file."""
        parts = self.parts()
        if len(parts) < 2:
            return
        try:
            merged = _merged([pq.read_table(part, schema=SCHEMA) for part in parts])
        except FileNotFoundError:  # another process is at it
            return
        name = hashlib.sha256("\n".join(part.name for part in parts).encode()).hexdigest()[:20]
        target = f"merged-{name}{PARQUET}"
        with self._store.new(f"{FOLDER}/{target}") as aside:
            pq.write_table(merged, aside, compression="zstd")
        for part in parts:
            if part.name != target:
                self._store.delete(f"{FOLDER}/{part.name}")

    def _load(self) -> pa.Table:
        for attempt in range(_ATTEMPTS):
            try:
                return _merged([pq.read_table(part, schema=SCHEMA) for part in self.parts()])
            except FileNotFoundError:  # merged by another process between listing and reading
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _set(self, table: pa.Table) -> None:
        self.covered.update(pc.unique(table["raw_file"]).to_pylist())
        # Files repeat: coded, a row's name costs four bytes.
        self._table = table.set_column(1, "raw_file", table["raw_file"].dictionary_encode())
        digests = table["content_sha256"].combine_chunks()
        words = np.frombuffer(digests.buffers()[1] or b"", dtype=">u8", count=4 * (digests.offset + len(digests)))
        self._keys = words[4 * digests.offset :: 4].astype(np.uint64)


def _table(rows: Iterable[tuple[bytes, Place]]) -> pa.Table:
    flat = sorted((digest, *place) for digest, place in rows)
    columns = list(zip(*flat, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)


def _merged(tables: list[pa.Table]) -> pa.Table:
    """Sorted by content; equal contents of concurrent runs stay side by side and the first is found."""
    tables = [table.cast(SCHEMA) for table in tables]
    table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    return table.sort_by([("content_sha256", "ascending"), ("raw_file", "ascending"), ("raw_offset", "ascending")]).combine_chunks()
