"""The optional manifest: what files do not know of themselves (url, capture time, site)."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from broadsheet.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a file and what is known of its capture."""

    path: Path
    where: str  # manifest and line, for messages
    url: str | None = None
    captured_at: datetime | None = None
    site: str | None = None
    problem: str | None = None  # what could not be understood; the rest of the row holds


@dataclass(frozen=True, slots=True)
class Manifest:
    """Rows by resolved path. A file may have several rows: the same bytes captured more than once."""

    file: Path
    entries: dict[Path, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    unusable: list[tuple[str, str]] = field(default_factory=list)  # (manifest and line, problem) of rows without a path

    def of(self, path: Path) -> list[Entry]:
        return self.entries.get(path.resolve(), [])


def read_manifest(file: Path, folders: Sequence[Path] = ()) -> Manifest:
    """Read a CSV (with header) or JSON Lines manifest with the columns path, url, captured_at, site; others are ignored.

    A relative path is looked up beside the manifest, then in `folders`. A `captured_at` must state its offset from UTC
    (`2026-03-02T08:00:00+08:00`); one that does not is a problem of its row, not a guess.
    Raises ConfigurationError when the manifest itself cannot be read.
    """
    manifest = Manifest(file)
    try:
        rows = list(_rows(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigurationError(f"manifest {file} cannot be read: {error}") from error
    for line, row in rows:
        where = f"{file}:{line}"
        if not isinstance(row, dict) or not isinstance(row.get("path"), str) or not row["path"].strip():
            manifest.unusable.append((where, row if isinstance(row, str) else "the row names no path"))
            continue
        entry = _entry(row, where, file, folders)
        manifest.entries[entry.path.resolve()].append(entry)
    return manifest


def _rows(file: Path) -> Iterator[tuple[int, dict | str]]:
    """(line, row) or (line, what is wrong with it)."""
    if file.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        with file.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except ValueError as error:
                        yield number, f"not JSON: {error}"
        return
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if "path" not in (reader.fieldnames or ()):
            raise ConfigurationError(f"manifest {file} needs a header line with a column `path`; found {reader.fieldnames}")
        for row in reader:
            yield reader.line_num, row


def _entry(row: dict, where: str, file: Path, folders: Sequence[Path]) -> Entry:
    written = Path(row["path"].strip())
    candidates = [folder / written for folder in (file.parent, *folders)]
    path = next((candidate for candidate in candidates if candidate.exists()), candidates[0])
    captured_at, problem = _instant(row.get("captured_at"))
    return Entry(path, where, url=_text(row.get("url")), captured_at=captured_at, site=_text(row.get("site")), problem=problem)


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _instant(value: object) -> tuple[datetime | None, str | None]:
    if value in (None, ""):
        return None, None
    try:
        instant = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None, f"captured_at {value!r} is not an ISO 8601 time"
    if instant.tzinfo is None:
        return None, f"captured_at {value!r} states no offset from UTC"
    return instant.astimezone(UTC), None
