"""One statement of the SQL console, in a process of its own: `console.py` starts it, and kills it when its time is over.

What is asked comes as JSON on standard input. The answer goes to standard output: a line of JSON, `{"columns": […]}` or `{"error": "…"}`, and then
the rows: as CSV, or a JSON array a line with `{"is_cut": …}` or `{"error": …}` at the end.

Nothing of DuckDB can reach a file or the network here: access is off and the configuration locked before the statement is read. The
system's limits stand behind that: no file can be written to, and memory ends.
"""

import csv
import json
import os
import re
import resource
import sys
import threading
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import msgspec

MIB = 1024 * 1024
# Above DuckDB's own limit: the program, and what strings take that DuckDB does not count.
_SPARE_MB = 1536
CELL_CHARS = 4_000  # of a value in a page; a CSV has it whole
PAGE_CHARS = 2_000_000  # of all values in a page
_BATCH_ROWS = 2048
_LOCKS = (
    "set python_enable_replacements = false",  # a name would else be looked for among this program's variables
    "set allow_community_extensions = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set temp_directory = ''",
    "set threads = 2",
    "set enable_external_access = false",
)


class Asked(msgspec.Struct, frozen=True):
    """A statement, and what it may take."""

    lake: str
    sql: str
    seconds: float
    memory_mb: int
    row_limit: int
    is_csv: bool = False


def main() -> None:
    import broadsheet.warehouse.query  # noqa: F401  # while nobody waits: what is asked may come much later

    said = sys.stdin.buffer.read()
    if not said:  # the server ended
        return
    asked = msgspec.json.decode(said, type=Asked)
    confine(asked.memory_mb)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace", newline="")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # DuckDB draws a bar there when a statement takes long
    code = answer(asked, out)
    out.flush()
    os._exit(code)  # DuckDB's threads may be at work for rows that nobody takes


def confine(memory_mb: int) -> None:
    """Let the system refuse what DuckDB should never ask for."""
    most = (memory_mb + _SPARE_MB) * MIB
    for kind, limit in ((resource.RLIMIT_AS, most), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (limit, limit))


def answer(asked: Asked, out: TextIO) -> int:
    """Ask the published warehouse and write the answer. Returns the exit code: 1 if rows of a CSV are missing, which has no place to say so."""
    import duckdb

    from broadsheet.errors import ConfigurationError

    writer = (_Csv if asked.is_csv else _Json)(out)
    try:
        is_cut = _ask(asked, writer)
    except duckdb.InterruptException:
        return writer.fail(f"interrupted after {asked.seconds:g} seconds")
    except MemoryError:
        return writer.fail("out of memory")
    except (ConfigurationError, duckdb.Error, ValueError, OverflowError) as error:  # the last: instants that Python has no number for
        return writer.fail(str(error))
    return writer.end(is_cut)


def _ask(asked: Asked, writer: "_Json | _Csv") -> bool:
    """Write the rows. Returns whether there are more than the limit."""
    from broadsheet.warehouse.query import connect, require_question

    require_question(asked.sql)
    with connect(Path(asked.lake)) as connection:
        connection.execute(f"set memory_limit = '{asked.memory_mb}MiB'")  # as a parameter it would have DuckDB load pandas, for two seconds
        for lock in _LOCKS:
            connection.execute(lock)
        connection.execute("set lock_configuration = true")
        alarm = threading.Timer(asked.seconds, connection.interrupt)
        alarm.daemon = True
        alarm.start()
        reader = connection.execute(asked.sql).to_arrow_reader(_BATCH_ROWS)
        rows = _rows(reader)
        first = next(rows, None)  # what is wrong with a statement is mostly known by then, and told instead of a beginning
        writer.begin(reader.schema.names, [str(kind) for kind in reader.schema.types])
        for row in islice(chain(filter(None, [first]), rows), asked.row_limit):
            if writer.is_full:
                return True
            writer.row(row)
        return next(rows, None) is not None


def _rows(reader: Any) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*map(_values, batch.columns), strict=True)


def _values(column: Any) -> list[Any]:
    """The values of a column. Instants, which are in UTC, are made texts here: for their zone Arrow would load pandas, for two seconds."""
    import pyarrow as pa

    if not (pa.types.is_timestamp(column.type) and column.type.tz):
        return column.to_pylist()
    return [None if value is None else f"{value}+00:00" for value in column.cast(pa.timestamp(column.type.unit)).to_pylist()]


class _Json:
    """A line for the columns, one for each row, one for whether there are more. Long values are cut, and rows beyond `PAGE_CHARS` left out: what is
    written becomes a page, of which the server holds several copies."""

    def __init__(self, out: TextIO):
        self.out = out
        self._left = PAGE_CHARS

    @property
    def is_full(self) -> bool:
        return self._left <= 0

    def begin(self, names: list[str], types: list[str]) -> None:
        self._tell({"columns": names, "types": types})

    def row(self, row: tuple[Any, ...]) -> None:
        texts = [text if text is None or len(text) <= CELL_CHARS else text[:CELL_CHARS] + "…" for text in map(_text, row)]
        self._left -= sum(len(text or "") for text in texts)
        self._tell(texts)

    def end(self, is_cut: bool) -> int:
        self._tell({"is_cut": is_cut})
        return 0

    def fail(self, message: str) -> int:
        self._tell({"error": message})
        return 0

    def _tell(self, said: Any) -> None:
        self.out.write(json.dumps(said, ensure_ascii=False) + "\n")


class _Csv:
    """A line of JSON, and then the table."""

    is_full = False  # it goes through the server in pieces

    def __init__(self, out: TextIO):
        self.out = out
        self.table = csv.writer(out, lineterminator="\r\n")
        self.has_begun = False

    def begin(self, names: list[str], types: list[str]) -> None:
        self.out.write(json.dumps({"columns": names}, ensure_ascii=False) + "\n")
        self.has_begun = True
        self.row(tuple(names))

    def row(self, row: tuple[Any, ...]) -> None:
        from broadsheet.warehouse.export.tables import FORMULA

        # as `broadsheet export` writes it: no spreadsheet takes a text for a formula
        self.table.writerow(re.sub(FORMULA, r"'\1", value) if isinstance(value, str) else _text(value) for value in row)

    def end(self, is_cut: bool) -> int:
        return int(is_cut)

    def fail(self, message: str) -> int:
        if not self.has_begun:
            self.out.write(json.dumps({"error": message}, ensure_ascii=False) + "\n")
        return 1


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
