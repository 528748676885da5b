"""The manifest: what the files don't know. CSV with a header, or JSON Lines; columns path, url, captured_at, site, http_status.

Paths are absolute, or relative to the manifest's folder or to a walked directory. A row may name one record of a WARC file as
`archive.warc.gz#12345`. Several rows of one path are several captures of the same bytes. `captured_at` needs an offset
(`2026-03-01T08:00:00+08:00`, or `Z`): without one the row's time is rejected (`bad_manifest_row`) and its page goes on with an
unknown time. The same holds for a URL or a status that cannot be understood. `http_status` 404 or 410 says that there is no page at `url`, whatever
the file holds. Other columns are ignored, with a line in the log.
"""

import codecs
import csv
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec

from broadsheet.capture.delivery import Known, clean_url, parse_instant, printable, rejected
from broadsheet.errors import BadInput, ConfigurationError
from broadsheet.records import Rejection

COLUMNS = ("path", "url", "captured_at", "site", "http_status")
_CHUNK = 1 << 20
_EXCERPT = 400
log = logging.getLogger(__name__)

Row = dict[str, Any]


class Manifest:
    """A manifest's rows by file, on disk rather than in memory: it may have a million."""

    def __init__(self, path: Path, directories: Sequence[Path] = ()):
        self.path = path
        self.folders = [path.parent, *directories]
        self._rows = sqlite3.connect("")  # a temporary file, gone when closed
        self._rows.execute("create table rows (line integer primary key, key text, position text, path text, known blob)")

    def load(self) -> Iterator[Rejection]:
        """Read all rows. Yields what is wrong with them, in their order.

        Raises ConfigurationError when the manifest itself is missing, unreadable or without a `path` column.
        """
        for line, row in _rows(self.path):
            place = f"{printable(self.path)}:{line}"
            if isinstance(row, BadInput):
                yield rejected(place, row)
                continue
            named = _text(row.get("path"))
            if not named:
                yield rejected(place, BadInput("bad_manifest_row", "no path"), excerpt=_excerpt(row))
                continue
            known, problems = _known(row)
            if problems:
                yield rejected(place, BadInput("bad_manifest_row", "; ".join(problems)), excerpt=_excerpt(row))
            found = self.find(named)
            if found is None:
                yield rejected(
                    printable(named),
                    BadInput("missing_file", f"named in {place}"),
                    known=[msgspec.structs.replace(known, path=printable((self.path.parent / named).absolute()))],
                )
                continue
            path, position = found
            values = (line, _key(path), position, os.fsencode(path), msgspec.json.encode(known))
            self._rows.execute("insert into rows values (?, ?, ?, ?, ?)", values)
        self._rows.execute("create index by_key on rows (key, position)")

    def about(self, path: Path, position: str = "") -> list[Known]:
        """What the rows of a file, or of one record in it, say, in their order."""
        found = self._rows.execute("select known from rows where key = ? and position = ? order by line", (_key(path), position))
        return [msgspec.json.decode(known, type=Known) for (known,) in found]

    def files(self) -> Iterator[Path]:
        """The files that rows name, each once, in the order of their first rows."""
        for path, _ in self._rows.execute("select path, min(line) from rows group by key order by min(line)"):
            yield Path(os.fsdecode(path))

    def find(self, named: str) -> tuple[Path, str] | None:
        """The file that a row names, and the position of the record if it names one."""
        file, _, position = named.rpartition("#")
        for text, at in ((named, ""), (file, position)):
            for folder in self.folders if text else ():
                if os.path.lexists(folder / text):
                    return folder / text, at
        return None


class Fit(NamedTuple):
    """How a manifest fits the files.

    Attributes
    ----------
    row_count : rows that name a path; `missing_count` of them lead to no file, `first` of which stands in `line` and was looked for at `looked_at`.
    """

    row_count: int
    missing_count: int
    line: int = 0
    first: str = ""
    looked_at: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        where = " and ".join(self.looked_at)
        first = f"the first, {self.first!r} in line {self.line}, was looked for at {where}"
        return f"{self.missing_count:,} of {self.row_count:,} rows lead to no file; {first}"


def unmatched(path: Path, roots: Sequence[Path]) -> Fit:
    """How many rows of a manifest lead to no file. Raises ConfigurationError as `Manifest.load` does.

    Parameters
    ----------
    roots : inputs that the manifest comes with; paths may start at those that are directories.
    """
    manifest = Manifest(path, [root for root in roots if root.is_dir()])
    fit = Fit(0, 0)
    for line, row in _rows(path):
        if isinstance(row, BadInput) or not (named := _text(row.get("path"))):
            continue
        fit = fit._replace(row_count=fit.row_count + 1)
        if manifest.find(named) is None:
            if not fit.missing_count:
                places = tuple(dict.fromkeys(os.path.normpath((folder / named).absolute()) for folder in manifest.folders))
                fit = fit._replace(line=line, first=named, looked_at=places)
            fit = fit._replace(missing_count=fit.missing_count + 1)
    return fit


def _key(path: Path) -> bytes:
    # Not resolved: a link is an input of its own. `..` is taken away as a walk would never write it.
    return os.fsencode(os.path.normpath(path.absolute()))


def _known(row: Row) -> tuple[Known, list[str]]:
    """What a row says, and what of it cannot be understood."""
    problems = []
    url_text, time_text, status_text = (_text(row.get(name)) for name in ("url", "captured_at", "http_status"))
    url, captured_at = clean_url(url_text), parse_instant(time_text)
    if url_text and not url:
        problems.append(f"url {url_text[:100]!r} is not http(s)")
    if time_text and not captured_at:
        problems.append(f"captured_at {time_text[:40]!r} is not an ISO 8601 time with an offset, such as 2026-03-01T08:00:00+08:00")
    status = int(status_text) if status_text.isascii() and status_text.isdigit() and len(status_text) == 3 else None
    if status_text and status is None:
        problems.append(f"http_status {status_text[:20]!r} is not a status")
    site = _text(row.get("site")).lower().removeprefix("www.") or None
    return Known(url=url, captured_at=captured_at, site=site, http_status=status), problems


def _text(value: Any) -> str:
    return "" if value is None else str(value).encode("utf-8", "replace").decode().strip()


def _excerpt(row: Row) -> str:
    return json.dumps({str(name): _text(value) for name, value in row.items()}, ensure_ascii=False)[:_EXCERPT]


# --- files -------------------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[tuple[int, Row | BadInput]]:
    """Line numbers, from 1, and rows; a BadInput where a line cannot be read."""
    try:
        with path.open(encoding=_charset(path), errors="replace", newline="") as file:
            is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json") or (path.suffix.lower() != ".csv" and file.read(1) == "{")
            file.seek(0)
            yield from _json_rows(file) if is_json else _csv_rows(file, path)
    except OSError as error:
        raise ConfigurationError(f"manifest {path}: {error.strerror or error}") from error


def _charset(path: Path) -> str:
    """UTF-8, or GB18030, in which Chinese spreadsheets save CSV."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


def _json_rows(file: TextIO) -> Iterator[tuple[int, Row | BadInput]]:
    unknown: set[str] = set()
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield line, BadInput("bad_manifest_row", f"not JSON: {str(error)[:200]}")
            continue
        if not isinstance(row, dict):
            yield line, BadInput("bad_manifest_row", "not a JSON object")
            continue
        _log_unknown(row, unknown)
        yield line, row


def _csv_rows(file: TextIO, path: Path) -> Iterator[tuple[int, Row | BadInput]]:
    reader = csv.reader(file)
    header = [name.strip().lower() for name in _next_row(reader) or ()]
    if "path" not in header:
        raise ConfigurationError(f"manifest {path}: the first line must name the columns, `path` among them; found {header[:10]}")
    _log_unknown(header, set())
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield reader.line_num, BadInput("bad_manifest_row", str(error))
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            yield reader.line_num, BadInput("bad_manifest_row", f"{len(cells)} cells for {len(header)} columns: {','.join(cells)[:200]}")
            continue
        yield reader.line_num, dict(zip(header, cells, strict=False))


def _next_row(reader: Any) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error:
        return None


def _log_unknown(names: Any, seen: set[str]) -> None:
    for name in names:
        if name not in COLUMNS and name not in seen:
            seen.add(name)
            log.info("manifest column %r is not known and is ignored; known are %s", name, ", ".join(COLUMNS))
