"""Parquet parts of the lake that belong to one published state: written aside, moved into place together, undone together.

What will be moved is written down first (`commits/<snapshot>.json`). The published warehouse says which states there are: what was moved
for one that it does not know belongs to a load that died, and is moved back. A marker (`.published`) says so even when the file is lost.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake, written_aside
from broadsheet.tables.parquet import part_path, write_part

_ASIDE = ".parts-"  # folders of parts that are not in place yet


class Parts:
    """Parts that come into the lake with a snapshot, and those that leave it: they are kept below `withdrawn/`."""

    def __init__(self, lake: Lake, snapshot_id: str) -> None:
        self._lake, self.snapshot_id = lake, snapshot_id
        self._aside = lake.root / "staging" / f"{_ASIDE}{snapshot_id}"
        shutil.rmtree(self._aside, ignore_errors=True)
        self._coming: list[Path] = []
        self._leaving: list[Path] = []

    def write(self, table_name: str, rows: pa.Table, part: str, month: str | None = None) -> None:
        """Write rows as the part of that name."""
        if rows.num_rows:
            relative = part_path(Path(), table_name, month, part)
            write_part(self._aside / relative, table_name, rows)
            self._coming.append(relative)

    def withdraw(self, relative: Path) -> None:
        """Let a part leave the lake."""
        self._leaving.append(relative)

    def bring_back(self, relative: Path) -> None:
        """Let a withdrawn part come back."""
        source, target = self._lake.withdrawn / relative, self._aside / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        self._coming.append(relative)

    def move(self) -> None:
        """Write down what will be moved, then move it. A state that is only built anew moves nothing, and what was moved for it stays written."""
        if not (self._coming or self._leaving):
            return
        with written_aside(_intent(self._lake, self.snapshot_id)) as aside:
            aside.write_text(json.dumps({"coming": [str(path) for path in self._coming], "leaving": [str(path) for path in self._leaving]}), "utf-8")
        for path in self._leaving:
            _move(self._lake.tables / path, self._lake.withdrawn / path)
        for path in self._coming:
            _move(self._aside / path, self._lake.tables / path)
        self.discard()

    def discard(self) -> None:
        """Remove what was written aside."""
        shutil.rmtree(self._aside, ignore_errors=True)


def mark_published(lake: Lake, snapshot_id: str) -> None:
    """Say that what was moved for a snapshot stays."""
    with written_aside(_intent(lake, snapshot_id).with_suffix(".published")) as aside:
        aside.write_text(datetime.now(UTC).isoformat(), "utf-8")


def undo_unpublished(lake: Lake, published: set[str]) -> list[str]:
    """Move back what loads moved that died before they were published; returns their snapshot ids. Raw zone and staging keep all."""
    for left in (lake.root / "staging").glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    undone = []
    for intent in sorted(lake.commits.glob("*.json")):
        if intent.stem in published or intent.with_suffix(".published").exists():
            continue
        moved = json.loads(intent.read_text("utf-8"))
        for path in moved["coming"]:
            (lake.tables / path).unlink(missing_ok=True)
        for path in moved["leaving"]:
            if (lake.withdrawn / path).exists():
                _move(lake.withdrawn / path, lake.tables / path)
        intent.unlink()
        undone.append(intent.stem)
    return undone


def moved_with(lake: Lake, snapshot_ids: Iterable[str]) -> dict[Path, int]:
    """Parts that came (1) or left (-1) with some published states, one after the other, all in all."""
    moved: Counter[Path] = Counter()
    for snapshot_id in snapshot_ids:
        if (intent := _intent(lake, snapshot_id)).exists():
            paths = json.loads(intent.read_text("utf-8"))
            moved.update({Path(path): 1 for path in paths["coming"]})
            moved.subtract({Path(path): 1 for path in paths["leaving"]})
    return {path: side for path, side in moved.items() if side}


def require_warehouse(lake: Lake) -> None:
    """Refuse to begin anew beside a lake whose warehouse is lost: its rows would be taken for new."""
    if not lake.warehouse.exists() and any(lake.commits.glob("*.published")):
        raise ConfigurationError(
            f"{lake.warehouse} is missing, but the lake holds published runs; `broadsheet rebuild --lake {lake.root}` makes it anew"
        )


def table_parts(lake: Lake, table_name: str) -> list[Path]:
    """Published parts of a table."""
    return sorted((lake.tables / table_name).rglob("*.parquet"))


def arrow_of(result: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of a result."""
    return result.to_arrow_table()


def _intent(lake: Lake, snapshot_id: str) -> Path:
    return lake.commits / f"{snapshot_id}.json"


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
