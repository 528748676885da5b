"""An index of the raw zone as sorted Parquet parts: one for each WARC file, merged when they grow many.

A part comes whole, and only a takedown changes it. Any number of processes read, add and merge at the same time, so that a part may be gone
between listing and reading, and a merged one may stand for a moment beside those that it was made of: rows may be there twice.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from broadsheet.errors import TransientError
from broadsheet.store import PARQUET, Store

COMPACT_FROM = 64  # parts
_ATTEMPTS = 5
_GROUP_ROWS = 20_000  # few enough that one row is found by reading little

T = TypeVar("T")


class Parts:
    """The parts of one index.

    Parameters
    ----------
    folder : its key.
    order : columns that the rows are sorted by.
    """

    def __init__(self, store: Store, folder: str, schema: pa.Schema, order: tuple[str, ...]):
        self._store = store
        self._folder = folder
        self.schema = schema
        self._order = [(name, "ascending") for name in order]

    def files(self) -> list[Path]:
        return self._store.files(self._folder, PARQUET)

    def read(self, reading: Callable[[list[Path]], T]) -> T:
        """What `reading` makes of the parts' files. It is called again when it raises FileNotFoundError: another process has merged them."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return reading(self.files())
            except FileNotFoundError:
                continue
        return reading(self.files())

    def write(self, warc: Path, table: pa.Table) -> None:
        """Store the rows of one WARC file."""
        self._write(f"{warc.name}{PARQUET}", table)

    def merged(self, tables: list[pa.Table]) -> pa.Table:
        """All rows in the index's order."""
        tables = [table.cast(self.schema) for table in tables]
        table = pa.concat_tables(tables) if tables else self.schema.empty_table()
        return table.sort_by(self._order).combine_chunks()

    def compact(self) -> None:
        """Merge all parts into one. Two processes at it write the same file."""
        parts = self.files()
        if len(parts) < 2:
            return
        name = hashlib.sha256("\n".join(part.name for part in parts).encode()).hexdigest()[:20]
        target = f"merged-{name}{PARQUET}"
        try:
            tables = [pq.read_table(part, schema=self.schema) for part in parts]
        except FileNotFoundError:  # another process is at it
            return
        self._write(target, pa.concat_tables(tables))
        for part in parts:
            if part.name != target:
                self._store.delete(f"{self._folder}/{part.name}")

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """The parts one by one, by their keys."""
        for key in self._store.keys(self._folder, PARQUET):
            try:
                yield key, pq.read_table(self._store.file(key), schema=self.schema)
            except FileNotFoundError:  # merged by another process
                continue

    def remove(self, goes: Callable[[dict], bool]) -> None:
        """Remove rows. Another process may merge parts meanwhile: until there is no such row. Raises TransientError where it goes on and on."""
        for _ in range(_ATTEMPTS):
            is_clean = True
            for key, table in self.tables():
                stays = pa.array([not goes(row) for batch in table.to_batches() for row in batch.to_pylist()], pa.bool_())
                if not pc.all(stays, min_count=0).as_py():
                    is_clean = False
                    self._put(key, table.filter(stays))
            if is_clean:
                return
        raise TransientError(f"another process goes on merging the parts of {self._folder}: begin again")

    def _write(self, name: str, table: pa.Table) -> None:
        self._put(f"{self._folder}/{name}", table.sort_by(self._order))

    def _put(self, key: str, table: pa.Table) -> None:
        with self._store.new(key) as aside:
            pq.write_table(table, aside, compression="zstd", row_group_size=_GROUP_ROWS)
