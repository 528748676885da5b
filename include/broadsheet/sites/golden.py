"""Golden pages: pages of a site with the fields that its profile must give, `golden/<host>/<date>-<name>.html.gz` and `.json`.

The page is kept as it came; the record beside it is written by a command and read by people, as every change of it is.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from broadsheet.capture.delivery import Delivery
from broadsheet.capture.sources import first_page
from broadsheet.engine.reading import read_capture
from broadsheet.errors import ConfigurationError
from broadsheet.lake import written_aside
from broadsheet.page.contract import prediction
from broadsheet.page.profiles import Profiles
from broadsheet.records import Capture, SiteBasis, TimeBasis

FOLDER = "golden"
# Of the record of `extract --jsonl`: what a profile may decide.
FIELDS = (
    "page_kind", "title", "published_at", "source", "editor", "authors", "breadcrumb", "original_title", "rights_notice", "body", "modules",
)  # fmt: skip


class Difference(msgspec.Struct, frozen=True):
    """One field of one golden page that is not as it should be."""

    page: Path
    field: str
    expected: Any
    found: Any


def record_of(item: Delivery, *, host: str, day: date, profiles: Profiles) -> dict[str, Any]:
    """A golden page's record: the page, read as if it had been captured from a host on a day."""
    read = prediction("", read_capture(captured(item.capture, host=host, day=day), item.content, profiles).page)
    return {field: read[field] for field in FIELDS}


def captured(capture: Capture, *, host: str, day: date) -> Capture:
    """The capture with the site and the day that a person says."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)  # noon: the same day nearly everywhere
    return msgspec.structs.replace(capture, site=host, site_basis=SiteBasis.MANIFEST, captured_at=at, captured_at_basis=TimeBasis.MANIFEST)


def pages(folder: Path, host: str | None = None) -> Iterator[tuple[str, date, Path]]:
    """(host, day, page) of the golden pages of a folder of profiles."""
    for record in sorted((folder / FOLDER).glob(f"{host or '*'}/*.json")):
        stem = record.name.removesuffix(".json")
        page = next((file for file in (record.with_name(f"{stem}.html.gz"), record.with_name(f"{stem}.html")) if file.exists()), None)
        if page is None:
            raise ConfigurationError(f"golden record {record} has no page beside it, {stem}.html.gz or {stem}.html")
        yield record.parent.name, _day_of(record), page


def differences(folder: Path, host: str, day: date, page: Path, profiles: Profiles) -> Iterator[Difference]:
    """What a golden page gives otherwise than its record says. Fields that the record does not have may be anything."""
    expected = _record_beside(page)
    found = record_of(first_page(page), host=host, day=day, profiles=profiles)
    for field, value in expected.items():
        if field not in FIELDS:
            raise ConfigurationError(f"golden record of {page}: {field!r} is not known; allowed: {', '.join(FIELDS)}")
        if found[field] != value:
            yield Difference(page, field, value, found[field])


def write(folder: Path, file: Path, *, host: str, day: date, name: str | None, profiles: Profiles) -> tuple[Path, list[Difference]]:
    """Keep a page and its record as a golden pair. Returns the record's file and what differs from an earlier record of that name."""
    stem = f"{day}-{name or _name_of(file)}"
    page = folder / FOLDER / host / f"{stem}.html.gz"
    item = first_page(file)
    found = record_of(item, host=host, day=day, profiles=profiles)
    record = page.with_name(f"{stem}.json")
    earlier = _record_beside(page) if record.exists() else {}
    with written_aside(page) as aside:
        aside.write_bytes(gzip.compress(item.content, mtime=0))  # the same page gives the same file
    with written_aside(record) as aside:
        aside.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return record, [Difference(page, field, earlier[field], found[field]) for field in FIELDS if field in earlier and earlier[field] != found[field]]


def _record_beside(page: Path) -> dict[str, Any]:
    record = page.with_name(page.name.removesuffix(".gz").removesuffix(".html") + ".json")
    try:
        content = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"golden record {record} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"golden record {record}: must be an object with {', '.join(FIELDS)}")
    return content


def _day_of(record: Path) -> date:
    try:
        return date.fromisoformat(record.name[:10])
    except ValueError as error:
        raise ConfigurationError(f"golden record {record}: its name must begin with the day of its capture, as 2026-03-01-name.json does") from error


def _name_of(file: Path) -> str:
    """A file's name without what a golden page's name has around it."""
    name = file.name
    for suffix in (".gz", ".html", ".htm"):
        name = name.removesuffix(suffix)
    try:
        date.fromisoformat(name[:10])
    except ValueError:
        return name
    return name[11:] or name
