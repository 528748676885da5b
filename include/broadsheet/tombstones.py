"""Tombstones: pages and sites that were forgotten (`forget.py`), and that do not come back.

`tombstones.jsonl` has one a line, and lies where the lake keeps what it keeps for good. Whatever brings pages in asks here: `capture` passes them
over, the crawler does not ask for them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from broadsheet.errors import ConfigurationError
from broadsheet.lake import TOMBSTONES, Lake, read_records, write_records
from broadsheet.records import Absence, Capture, Record, Rejection
from broadsheet.store import store_of
from broadsheet.urls import canonical, is_site_host, site_of, url_key

FORGOTTEN = "forgotten"  # what is passed over for a tombstone, in accounts
_URL = re.compile(r"https?://[^\s\"'<>，,;；）)]+")
_OWN_URLS = ("url", "canonical_url")  # columns by which a row of these tables is of a page
_OF_PAGES = ("captures", "articles", "page_absences")


class TargetKind(StrEnum):
    """What is forgotten: a page, by its URL, or a site with all below it."""

    URL = "url"
    SITE = "site"


class Target(Record, frozen=True):
    """What is to be forgotten: a canonical URL, or a site as `captures.site` has it."""

    name: str
    kind: TargetKind

    @property
    def is_page(self) -> bool:
        return self.kind is TargetKind.URL

    @classmethod
    def of(cls, text: str) -> "Target":
        """A URL or a site as a person writes it. Raises ConfigurationError for what is neither."""
        from broadsheet.tables.schema import UNKNOWN_SITE

        said = text.strip()
        if "://" in said:
            if not (url := canonical(said)):
                raise ConfigurationError(f"{said!r} is no http(s) URL")
            return cls(name=url, kind=TargetKind.URL)
        host = said.lower().removeprefix("www.").rstrip(".")
        site = host if is_site_host(host) else said
        if not site or "/" in site or site == UNKNOWN_SITE:
            raise ConfigurationError(f"{said!r} is neither a URL, as https://news.example/a.html is, nor a site, as news.example is")
        return cls(name=site, kind=TargetKind.SITE)


class Tombstone(Record, frozen=True):
    """What was forgotten.

    Attributes
    ----------
    urls : of a page, where it was captured besides: it says of itself there that its URL is the target.
    counts : what was removed; no content.
    """

    target: str
    kind: TargetKind
    forgotten_at: datetime
    urls: tuple[str, ...] = ()
    reason: str = ""
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Covered:
    """Whether something is of the pages and sites that are meant. A page is known by its `url_key`, whichever of its addresses is used."""

    def __init__(self, urls: Iterable[str] = (), sites: Iterable[str] = ()):
        self.keys = {url_key(page) for url in urls if (page := canonical(url))}
        self.sites = frozenset(sites)

    def __bool__(self) -> bool:
        return bool(self.keys or self.sites)

    def has_url(self, url: str | None) -> bool:
        """Whether a URL is of a page or site that is meant."""
        if not self or not (page := canonical(url)):
            return False
        return url_key(page) in self.keys or self.has_site(site_of(page))

    def has_site(self, site: str | None) -> bool:
        """Whether a site is meant, or one above it."""
        if not site or not self.sites:
            return False
        labels = site.split(".")
        return any(".".join(labels[start:]) in self.sites for start in range(len(labels)))

    def has(self, item: Capture | Absence | Rejection) -> bool:
        """Whether something that came, or was rejected, is of what is meant."""
        if isinstance(item, Rejection):
            return self.has_rejection(msgspec.structs.asdict(item))
        return self.has_url(item.url) or self.has_site(item.site)

    def has_rejection(self, row: dict[str, Any]) -> bool:
        """The same for a rejection as a row of `quarantine` has it. A page and an input are known by the URLs that their rejection names; a row of a
        page by its own, not by those of the links that it shows."""
        if not self:
            return False
        if self.has_site(row["site"]):
            return True
        if row["scope"] != "row":
            return any(self.has_url(url) for url in _URL.findall(f"{row['detail']} {row['row_json'] or ''}"))
        told = json.loads(row["row_json"] or "{}") if row["table_name"] in _OF_PAGES else {}
        return any(self.has_url(told.get(column)) for column in _OWN_URLS)


class Tombstones:
    """The tombstones of a lake, as they are now: one that is added counts for whoever is at work in its directory."""

    def __init__(self, lake: Lake):
        self._file = store_of(lake).current(TOMBSTONES)
        self._seen: tuple[int, int] | None = None
        self._covered = Covered()

    @property
    def covered(self) -> Covered:
        """What does not come back."""
        try:
            status = self._file.stat()
        except FileNotFoundError:
            return self._covered
        if (state := (status.st_mtime_ns, status.st_size)) != self._seen:
            told = list(read_records(self._file, Tombstone))
            self._covered, self._seen = covered_by(told), state
        return self._covered


def covered_by(tombstones: Iterable[Tombstone]) -> Covered:
    """What some tombstones mean."""
    told = list(tombstones)
    urls = [url for stone in told if stone.kind is TargetKind.URL for url in (stone.target, *stone.urls)]
    return Covered(urls, (stone.target for stone in told if stone.kind is TargetKind.SITE))


def tombstones_of(lake: Lake) -> Iterator[Tombstone]:
    """The tombstones of a lake, the oldest first."""
    if (told := store_of(lake).current(TOMBSTONES)).exists():
        yield from read_records(told, Tombstone)


def set_tombstones(lake: Lake, fresh: Iterable[Tombstone]) -> None:
    """Add tombstones; one of a target that has one already takes its place."""
    by_target = {(stone.kind, stone.target): stone for stone in (*tombstones_of(lake), *fresh)}
    with store_of(lake).new(TOMBSTONES) as aside:
        write_records(aside, by_target.values())
