"""Rows of one batch, collected by table and turned into Arrow with the declared schema."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from broadsheet.tables.schema import TABLES

_COLUMNS = {name: frozenset(table.columns) for name, table in TABLES.items()}


class Batch:
    """Rows by table. Entity rows that several captures show are kept once: the first wins."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[Any]]] = {name: {column: [] for column in table.columns} for name, table in TABLES.items()}
        self._seen: dict[str, set[tuple]] = {name: set() for name in TABLES}
        self._shown: dict[str, set[tuple]] = {name: set() for name in TABLES}
        self._last_positions: Counter[tuple] = Counter()

    def add(self, table_name: str, **values: Any) -> None:
        """Add a row. A missing nullable column is NULL; an unknown column is a code fault (KeyError)."""
        if not values.keys() <= _COLUMNS[table_name]:
            raise KeyError(f"{table_name} has no column {', '.join(sorted(values.keys() - _COLUMNS[table_name]))}")
        key = tuple([values[column] for column in TABLES[table_name].key])
        seen = self._seen[table_name]
        if key in seen:
            return
        seen.add(key)
        for column, cells in self._columns[table_name].items():
            cells.append(values.get(column))

    def positions(self, table_name: str, parts: Sequence[tuple]) -> list[int | None]:
        """Where to add parts that one capture shows of a whole, as the table's `union_by` tells them apart: None for one that an earlier capture
        has shown, else the next position among those that are alike but for the last of these columns."""
        shown = self._shown[table_name]
        places: list[int | None] = []
        for part in parts:
            if part in shown:
                places.append(None)
                continue
            group = table_name, *part[:-1]
            self._last_positions[group] += 1
            places.append(self._last_positions[group])
        shown.update(parts)
        return places

    def has(self, table_name: str, *key: Any) -> bool:
        return key in self._seen[table_name]

    def tables(self) -> dict[str, pa.Table]:
        """Arrow tables in schema order; only those that have rows."""
        return {name: pa.table(self._columns[name], schema=table.arrow) for name, table in TABLES.items() if self._seen[name]}
