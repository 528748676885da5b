"""Which columns a table's or view's columns are made of, as `bin/column_lineage.py` found it."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("columns.json")
DIRECT = frozenset({"IDENTITY", "TRANSFORMATION", "AGGREGATION"})  # the others decide about a value and are not in it


class Origin(NamedTuple):
    """A column that another is made of.

    Attributes
    ----------
    source : table or view, or the kind of records (`pages`, `absences`) that tables are made of.
    column : its column, or the path of a record's field: ``page.published.raw``.
    how : IDENTITY, TRANSFORMATION or AGGREGATION of its value; CONDITIONAL, FILTER, SORT or WINDOW where it decides which value it is.
    """

    source: str
    column: str
    how: str


@cache
def origins() -> dict[str, dict[str, tuple[Origin, ...]]]:
    """By table or view and column. One whose origins are not known, or that has none, is not there."""
    stored = json.loads(FILE.read_text("utf-8"))
    return {
        relation: {column: tuple(_origin(name, how) for name, how in made_of.items()) for column, made_of in columns.items()}
        for relation, columns in stored.items()
    }


def _origin(name: str, how: str) -> Origin:
    source, _, column = name.partition(".")
    return Origin(source, column, how)
