"""What a crawl asks for, and when: a source's rules over what is known of its URLs.

A front page, feed or sitemap is due when its last answer is older than the source's `every`, or nearly so (`eased`); a page when it was never
asked for, or when one of the source's `revisit` times since it was first seen has passed and no answer came since then. Times that were missed
together count once. A page that is gone is not asked for again. After a failure the next run tries again, later each time, and gives up in the end.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from broadsheet.capture.durations import eased
from broadsheet.capture.visits import Role, Visit
from broadsheet.capture.web.source import WebSource
from broadsheet.capture.web.statuses import is_later
from broadsheet.urls import canonical

MOST_FAILURES = 5
_FIRST_WAIT = timedelta(minutes=10)
_NEVER = datetime.min.replace(tzinfo=UTC)
_GONE = (404, 410)


@dataclass(slots=True)
class Known:
    """What is known of a URL.

    Attributes
    ----------
    first_at, last_at : first and last answer that counts.
    failures : attempts since then without one; `tried_at` is the last of them.
    content_sha256, etag, last_modified : of the last content.
    """

    first_at: datetime | None = None
    last_at: datetime | None = None
    tried_at: datetime | None = None
    failures: int = 0
    is_gone: bool = False
    content_sha256: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None

    def add(self, visit: Visit) -> None:
        """Let a visit count, later than those before."""
        self.tried_at = visit.captured_at
        if visit.http_status is None or is_later(visit.http_status):
            self.failures += 1
            return
        self.failures = 0
        self.first_at = self.first_at or visit.captured_at
        self.last_at = visit.captured_at
        self.is_gone = visit.http_status in _GONE
        if visit.content_sha256 is not None and (visit.http_status == 304 or 200 <= visit.http_status < 300):
            self.content_sha256 = visit.content_sha256
            self.etag = visit.etag or (self.etag if visit.http_status == 304 else None)
            self.last_modified = visit.last_modified or (self.last_modified if visit.http_status == 304 else None)


class Plan:
    """What one run of a source may ask for."""

    def __init__(
        self, source: WebSource, known: dict[str, Known], now: datetime, is_forgotten: Callable[[str], bool] = lambda url: False,
        others: Mapping[str, Known] = MappingProxyType({}),
    ):  # fmt: skip
        self.source = source
        self._is_forgotten = is_forgotten
        self.known = known
        self.others = others  # sitemaps and robots.txt files: no pages
        self.now = now
        self.left = source.limits.pages
        self.taken: set[str] = set()
        self._allow = [re.compile(pattern) for pattern in source.follow.allow]
        self._deny = [re.compile(pattern) for pattern in source.follow.deny]

    def seeds(self) -> Iterable[tuple[str, bool]]:
        """The source's URLs, and whether each is due. Those that are not lead to what their last answer showed."""
        return [(url, self.is_due(url, Role.SEED)) for url in self.source.urls]

    def due_pages(self) -> list[str]:
        """Pages to ask for that are known, or listed: those that waited longest first."""

        def tried_at(url: str) -> datetime:
            known = self.known.get(url)
            return known.tried_at if known and known.tried_at else _NEVER

        urls = {*self.source.listed, *self.known} - set(self.source.urls)
        return sorted((url for url in urls if self.is_due(url, Role.PAGE)), key=lambda url: (tried_at(url), url))

    def take(self, url: str, role: Role) -> bool:
        """Whether the run asks for a URL now: once a run, and no more pages than it may."""
        if role is not Role.PAGE:
            return self._take(url, role)
        is_taken = self.left > 0 and self._take(url, role)
        self.left -= is_taken
        return is_taken

    def take_behind_redirect(self, url: str) -> bool:
        """The same for where a redirect leads, which is not counted: it belongs to the page that was taken."""
        return self._take(url, Role.PAGE)

    def _take(self, url: str, role: Role) -> bool:
        if url in self.taken or not self.is_due(url, role):
            return False
        self.taken.add(url)
        return True

    def page_behind(self, link: str, base: str | None = None) -> str | None:
        """The page that a link leads to, in canonical form, if the source follows it."""
        url = canonical(link, base)
        if url is None or url in self.source.urls or not self.source.is_own(url):
            return None
        if self._allow and not any(pattern.search(url) for pattern in self._allow):
            return None
        return None if any(pattern.search(url) for pattern in self._deny) else url

    def is_due(self, url: str, role: Role) -> bool:
        """Whether a URL is to be asked for at the time of the run. One that was forgotten never is."""
        if self._is_forgotten(url):
            return False
        known = self.known.get(url) or self.others.get(url)
        if known is None or known.tried_at is None:
            return True
        if known.failures:
            wait = _FIRST_WAIT * 2 ** (known.failures - 1)
            return (known.failures < MOST_FAILURES or role is not Role.PAGE) and self.now >= known.tried_at + min(wait, timedelta(days=1))
        assert known.first_at is not None
        assert known.last_at is not None
        if role is not Role.PAGE:
            return self.now >= known.last_at + eased(self.source.every)
        if known.is_gone:
            return False
        return any(known.last_at < known.first_at + wait <= self.now for wait in self.source.revisit)


def known_of(visits: Iterable[tuple[str, list[Visit]]]) -> tuple[dict[str, Known], dict[str, Known]]:
    """What is known of a source's URLs: of pages and seeds, and of sitemaps and robots.txt files."""
    pages: dict[str, Known] = {}
    others: dict[str, Known] = {}
    for url, told in visits:
        known = Known()
        for visit in told:
            known.add(visit)
        (pages if told[-1].role in (Role.SEED, Role.PAGE) else others)[url] = known
    return pages, others
