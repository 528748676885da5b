"""Rows of one batch, collected by table and turned into Arrow with the declared schema."""

from collections import defaultdict
from typing import Any

import pyarrow as pa

from broadsheet.tables.schema import TABLES


class Batch:
    """Rows by table. Entity rows that several captures show are kept once: the first wins."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[Any]]] = {}
        self._seen: dict[str, set[tuple]] = defaultdict(set)

    def add(self, table_name: str, **values: Any) -> None:
        """Add a row. A missing nullable column is NULL; an unknown column is a code fault (KeyError)."""
        table = TABLES[table_name]
        if unknown := values.keys() - set(table.columns):
            raise KeyError(f"{table_name} has no column {', '.join(sorted(unknown))}")
        key = tuple(values[column] for column in table.key)
        if key in self._seen[table_name]:
            return
        self._seen[table_name].add(key)
        columns = self._columns.setdefault(table_name, {column: [] for column in table.columns})
        for column, cells in columns.items():
            cells.append(values.get(column))

    def has(self, table_name: str, *key: Any) -> bool:
        return key in self._seen[table_name]

    def tables(self) -> dict[str, pa.Table]:
        """Arrow tables in schema order; only those that have rows."""
        return {name: pa.table(self._columns[name], schema=table.arrow) for name, table in TABLES.items() if name in self._columns}
