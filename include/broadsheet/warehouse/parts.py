"""Parquet parts of the lake that belong to one published state: written aside, moved into place together, undone together.

What will be moved is written down first (`commits/<snapshot>.json`). The published warehouse says which states there are: what was moved
for one that it does not know belongs to a load that died, and is moved back. A marker (`.published`) says so even when the file is lost.
Every step can be repeated, and none has to happen at one blow with another: an object store does as well as a directory. A part is named after
the state that it came with; earlier programs named it after run and shard, so that a run that was undone and loaded again had the same names.
"""

import json
import shutil
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from broadsheet.errors import ConfigurationError, TakenOver
from broadsheet.lake import COMMITS, TABLES, WITHDRAWN, Lake
from broadsheet.store import PARQUET, Store, store_of
from broadsheet.tables.parquet import part_path, write_part

_ASIDE = ".parts-"  # folders of parts that are not in place yet
_INTENT, _MARKER = ".json", ".published"
_AT_A_TIME = 32  # parts that are moved before it is asked again whether it is still for this working directory to do


class Parts:
    """Parts that come into the lake with a snapshot, and those that leave it: they are kept below `withdrawn/`."""

    def __init__(self, lake: Lake, snapshot_id: str) -> None:
        self._store, self.snapshot_id = store_of(lake), snapshot_id
        self._aside = lake.root / "staging" / f"{_ASIDE}{snapshot_id}"
        shutil.rmtree(self._aside, ignore_errors=True)
        self._coming: list[Path] = []
        self._leaving: list[Path] = []
        self._written: Counter[str] = Counter()

    def write(self, table_name: str, rows: pa.Table, month: str | None = None) -> None:
        """Write rows as the table's next part."""
        if rows.num_rows:
            relative = part_path(Path(), table_name, month, f"{self.snapshot_id}-{self._written[table_name]:03d}")
            self._written[table_name] += 1
            write_part(self._aside / relative, table_name, rows)
            self._coming.append(relative)

    def withdraw(self, relative: Path) -> None:
        """Let a part leave the lake."""
        self._leaving.append(relative)

    def bring_back(self, relative: Path) -> None:
        """Let a withdrawn part come back."""
        source, target = self._store.file(f"{WITHDRAWN}/{relative}"), self._aside / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        self._coming.append(relative)

    def move(self) -> None:
        """Write down what will be moved, then move it. A state that is only built anew moves nothing, and what was moved for it stays written.

        Raises TakenOver where another working directory publishes by now: what was moved is taken back.
        """
        if not (self._coming or self._leaving):
            return
        self._store.require_claim()  # hours may have gone by: a machine that stood still was perhaps given up
        earlier = set(self._store.keys(COMMITS, _INTENT))
        with self._store.new(_key(self.snapshot_id, _INTENT)) as aside:
            aside.write_text(json.dumps({"coming": [str(path) for path in self._coming], "leaving": [str(path) for path in self._leaving]}), "utf-8")
        try:
            for some in self._some_at_a_time(self._coming):
                self._store.take_all({f"{TABLES}/{path}": self._aside / path for path in some})
            for some in self._some_at_a_time(self._leaving):
                for path in some:
                    self._store.move(f"{TABLES}/{path}", f"{WITHDRAWN}/{path}")
            self._store.require_claim()
        except Exception:  # whatever was amiss: what is moved by another one as well is not there
            try:
                self._store.require_claim()
            except TakenOver:
                self._take_back(earlier)
                raise
            raise
        self.discard()

    def _some_at_a_time(self, paths: list[Path]) -> Iterator[list[Path]]:
        for start in range(0, len(paths), _AT_A_TIME):
            self._store.require_claim()
            yield paths[start : start + _AT_A_TIME]

    def _take_back(self, earlier: Container[str]) -> None:
        """Undo what was moved, unless whoever publishes now counts the state as published, and but for parts that it moved for states of its own.

        Parameters
        ----------
        earlier : what had been written down of other states before.
        """
        self.discard()
        if self._store.exists(_key(self.snapshot_id, _MARKER)):
            return
        others: set[str] = set()
        for intent in self._store.keys(COMMITS, _INTENT):
            if intent not in earlier and _snapshot_of(intent) != self.snapshot_id:
                with suppress(FileNotFoundError):  # undone just now
                    others.update(path for paths in json.loads(self._store.read(intent)).values() for path in paths)
        mine = ([str(path) for path in paths if str(path) not in others] for paths in (self._coming, self._leaving))
        _undo(self._store, self.snapshot_id, *mine)

    def discard(self) -> None:
        """Remove what was written aside."""
        shutil.rmtree(self._aside, ignore_errors=True)


def mark_published(lake: Lake, snapshot_id: str) -> None:
    """Say that what was moved for a snapshot stays. Raises TakenOver where another working directory publishes by now."""
    store = store_of(lake)
    store.require_claim()
    with store.new(_key(snapshot_id, _MARKER)) as aside:
        aside.write_text(datetime.now(UTC).isoformat(), "utf-8")


def undo_unpublished(lake: Lake, published: set[str]) -> list[str]:
    """Move back what loads moved that died before they were published, and mark what is published; returns the ids of those that were undone. Raw
    zone and staging keep all."""
    for left in (lake.root / "staging").glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    store = store_of(lake)
    undone = []
    for snapshot_id, moved in _unmarked(store):
        if snapshot_id in published:
            mark_published(lake, snapshot_id)
            continue
        _undo(store, snapshot_id, moved["coming"], moved["leaving"])
        undone.append(snapshot_id)
    return undone


def _undo(store: Store, snapshot_id: str, coming: Iterable[str], leaving: Iterable[str]) -> None:
    """Move back what may have been moved for a state, and forget that it was to be."""
    for path in coming:
        store.delete(f"{TABLES}/{path}")
    for path in leaving:
        # one that is in its place was not moved: what was withdrawn under its name is a copy of it, or one from when names came again
        if not store.exists(f"{TABLES}/{path}") and store.exists(f"{WITHDRAWN}/{path}"):
            store.move(f"{WITHDRAWN}/{path}", f"{TABLES}/{path}")
    store.delete(_key(snapshot_id, _INTENT))


def wholly_moved(lake: Lake) -> set[str]:
    """States without a marker of which all parts are where they should be. Where the warehouse is lost, nothing tells whether they were published;
    they had been audited."""
    store = store_of(lake)
    in_place = set(store.keys(TABLES, PARQUET))
    return {
        snapshot_id
        for snapshot_id, moved in _unmarked(store)
        if in_place.issuperset(f"{TABLES}/{path}" for path in moved["coming"])
        and in_place.isdisjoint(f"{TABLES}/{path}" for path in moved["leaving"])
    }


def moved_with(lake: Lake, snapshot_ids: Iterable[str]) -> dict[Path, int]:
    """Parts that came (1) or left (-1) with some published states, one after the other, all in all.

    Raises ConfigurationError where one of them has had two contents: which one a state had is not known.
    """
    store = store_of(lake)
    moved: Counter[Path] = Counter()
    for snapshot_id in snapshot_ids:
        if store.exists(intent := _key(snapshot_id, _INTENT)):
            paths = json.loads(store.read(intent))
            moved.update({Path(path): 1 for path in paths["coming"]})
            moved.subtract({Path(path): 1 for path in paths["leaving"]})
    withdrawn = set(store.keys(WITHDRAWN, PARQUET)) if moved else set()
    for here, there in ((f"{TABLES}/{path}", f"{WITHDRAWN}/{path}") for path in moved):
        if there in withdrawn and store.exists(here) and store.file(here).read_bytes() != store.file(there).read_bytes():
            raise ConfigurationError(
                f"{lake.name}: {here} was written twice, by an earlier program that loaded an undone run again; there is no way back past that"
            )
    return {path: side for path, side in moved.items() if side}


def require_warehouse(lake: Lake) -> None:
    """Refuse to begin anew beside a lake whose warehouse is lost: its rows would be taken for new."""
    if not lake.warehouse.exists() and store_of(lake).keys(COMMITS, _MARKER):
        raise ConfigurationError(
            f"{lake.warehouse} is missing, but the lake holds published runs; `broadsheet rebuild --lake {lake.name}` makes it anew"
        )


def table_parts(lake: Lake, table_name: str) -> list[Path]:
    """Published parts of a table, as files of this machine."""
    return store_of(lake).files(f"{TABLES}/{table_name}", PARQUET)


def arrow_of(result: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of a result."""
    return result.to_arrow_table()


def _unmarked(store: Store) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """States of which parts were moved and that no marker says to be published, with what came and what left."""
    marked = {_snapshot_of(key) for key in store.keys(COMMITS, _MARKER)}
    for intent in store.keys(COMMITS, _INTENT):
        if (snapshot_id := _snapshot_of(intent)) not in marked:
            yield snapshot_id, json.loads(store.read(intent))


def _key(snapshot_id: str, suffix: str) -> str:
    return f"{COMMITS}/{snapshot_id}{suffix}"


def _snapshot_of(key: str) -> str:
    return Path(key).stem
