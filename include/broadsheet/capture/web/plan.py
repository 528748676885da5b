"""What a crawl asks for, and when: a source's rules over what is known of its URLs.

A front page, feed or sitemap is due when its last answer is older than the source's `every`, or nearly so (`eased`); a page when it was never
asked for, or when one of the source's `revisit` times since it was first seen has passed and no answer came since then. Times that were missed
together count once. A page that is gone is not asked for again. After a failure the next run tries again, later each time, and gives up in the
end. What robots.txt forbids is looked at again after a week.

Pages that are due wait for their turn. The hosts take turns, so that one which answers slowly gets as many pages of a run as a quick one; of a host
those come first that have waited longest, then those that this run sees, in their order.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from broadsheet.capture.durations import eased
from broadsheet.capture.visits import ROBOTS_FORBIDDEN, Role, Visit
from broadsheet.capture.web.robots import is_robots_file
from broadsheet.capture.web.source import WebSource
from broadsheet.capture.web.statuses import is_later
from broadsheet.urls import canonical

MOST_FAILURES = 5
LONGEST_URL = 2083  # as Scrapy has it, and many servers
_FIRST_WAIT = timedelta(minutes=10)
_FORBIDDEN_FOR = timedelta(days=7)
_NEVER = datetime.min.replace(tzinfo=UTC)
_GONE = (404, 410)


@dataclass(slots=True)
class Known:
    """What is known of a URL.

    Attributes
    ----------
    role : what it was to the source last.
    hops : links from a seed, by the shortest way seen; None: nothing is known to lead to it.
    seen_at : when it was first seen, or asked for.
    first_at, last_at : first and last answer that counts.
    failures : attempts since then without one; `tried_at` is the last attempt.
    is_forbidden : by robots.txt, when it was last looked at, at `tried_at`.
    content_sha256, etag, last_modified : of the last content.
    """

    role: str = Role.PAGE
    hops: int | None = None
    seen_at: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    tried_at: datetime | None = None
    failures: int = 0
    is_gone: bool = False
    is_forbidden: bool = False
    content_sha256: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None

    def add(self, visit: Visit) -> None:
        """Let a visit count, later than those before. One that a robots.txt led to tells nothing of the page."""
        if visit.role == Role.ROBOTS and not is_robots_file(visit.url):
            return
        self.role = visit.role
        self.seen_at = self.seen_at or visit.captured_at
        if visit.hops is not None:
            self.hops = visit.hops if self.hops is None else min(self.hops, visit.hops)
        if visit.is_sighting:
            return
        self.tried_at = visit.captured_at
        self.is_forbidden = visit.error == ROBOTS_FORBIDDEN
        if self.is_forbidden:
            return
        if visit.http_status is None or is_later(visit.http_status):
            self.failures += 1
            return
        self.failures = 0
        self.first_at = self.first_at or visit.captured_at
        self.last_at = visit.captured_at
        self.is_gone = visit.http_status in _GONE
        if visit.content_sha256 is not None and visit.http_status in (200, 304):
            self.content_sha256 = visit.content_sha256
            self.etag = visit.etag or (self.etag if visit.http_status == 304 else None)
            self.last_modified = visit.last_modified or (self.last_modified if visit.http_status == 304 else None)


class Plan:
    """What one run of a source may ask for.

    Attributes
    ----------
    left : how many pages may still be asked for.
    lists_under_way : answers yet to come that may show pages. Until they are there no host takes more than its share.
    """

    def __init__(self, source: WebSource, known: dict[str, Known], now: datetime, is_forgotten: Callable[[str], bool] = lambda url: False):
        self.source = source
        self.is_forgotten = is_forgotten
        self.known = known
        self.now = now
        self.left = source.limits.pages
        self.lists_under_way = 0
        self.taken: set[str] = set()
        self._share = source.limits.pages // max(1, len({_host(url) for url in (*source.urls, *source.listed)}))
        self._taken_of: Counter[str] = Counter()  # pages, by host
        self._allow = [re.compile(pattern) for pattern in source.follow.allow]
        self._deny = [re.compile(pattern) for pattern in source.follow.deny]
        self._waiting: dict[str, dict[str, int]] = {}  # host -> page -> its place in the order of all
        self._waiting_count = 0
        for url in self.due_pages():
            self._let_wait(url)

    def due_seeds(self) -> list[tuple[str, int]]:
        """The source's URLs that are due, and further sitemaps that were seen and not asked for; each with its links from a seed."""
        seeds = [(url, 0) for url in self.source.urls]
        if self.source.kind == "sitemap":
            seeds += [(url, known.hops or 0) for url, known in self.known.items() if known.role == Role.SITEMAP and known.tried_at is None]
        return [(url, hops) for url, hops in seeds if self.is_due(url, Role.SEED)]

    def put_off_count(self) -> int:
        """How many of the source's own URLs are not asked for now since they failed lately."""
        own = [*((url, Role.SEED) for url in self.source.urls), *((url, Role.PAGE) for url in self.source.listed)]
        return sum(self._is_put_off(url, role) for url, role in own)

    def due_pages(self) -> list[str]:
        """Pages to ask for that are known, or listed: those that waited longest first."""

        def waits_since(url: str) -> datetime:
            known = self.known.get(url)
            return (known.tried_at or known.seen_at if known else None) or _NEVER

        listed = set(self.source.listed)
        known = {url for url in self.known if not self._is_list(url)}
        due = [url for url in (known | listed) - set(self.source.urls) if self.is_due(url, Role.PAGE)]
        return sorted((url for url in due if url in listed or self.page_behind(url) == url), key=lambda url: (waits_since(url), url))

    def see_page(self, url: str, hops: int) -> bool:
        """Let a page that an answer shows wait for its turn if it is due. Whether it was not known yet, or not to be so few links from a seed."""
        if self.is_forgotten(url) or self._is_list(url):
            return False
        is_new = self._see(url, Role.PAGE, hops)
        if url not in self.taken and url not in self._waiting.get(_host(url), ()) and self.is_due(url, Role.PAGE):
            self._let_wait(url)
        return is_new

    def see_sitemap(self, url: str, hops: int) -> bool:
        """The same for a further sitemap, which does not wait."""
        return not self.is_forgotten(url) and self._see(url, Role.SITEMAP, hops)

    def _see(self, url: str, role: Role, hops: int) -> bool:
        known = self.known.setdefault(url, Known(role=role, seen_at=self.now))
        if known.hops is not None and known.hops <= hops:
            return False
        known.hops = hops
        return True

    def next_page(self) -> tuple[str, int] | None:
        """The page whose turn it is, with its links from a seed: no more pages than a run may ask for."""
        while self.left > 0 and (url := self._next_waiting()):
            if self.take(url, Role.PAGE):
                self.left -= 1
                self._taken_of[_host(url)] += 1
                known = self.known.get(url)
                return url, self.source.follow.depth if known is None or known.hops is None else known.hops
        return None

    def give_back(self, url: str) -> None:
        """Let another page be asked for in the place of one that was not."""
        self.left += 1
        self._taken_of[_host(url)] -= 1

    def _let_wait(self, url: str) -> None:
        self._waiting.setdefault(_host(url), {})[url] = self._waiting_count
        self._waiting_count += 1

    def _next_waiting(self) -> str | None:
        """The first page of the host that has had the fewest, among those whose turn it may be."""
        hosts = [host for host in self._waiting if not self.lists_under_way or self._taken_of[host] < self._share]
        if not hosts:
            return None
        host = min(hosts, key=lambda host: (self._taken_of[host], next(iter(self._waiting[host].values()))))
        pages = self._waiting[host]
        url = next(iter(pages))
        del pages[url]
        if not pages:
            del self._waiting[host]
        return url

    def take(self, url: str, role: Role) -> bool:
        """Whether the run asks for a URL now: once a run."""
        if url in self.taken or not self.is_due(url, role):
            return False
        self.taken.add(url)
        return True

    def take_behind_redirect(self, url: str, role: Role, origin: str) -> bool:
        """The same for where a redirect leads, by the rules of links. What shows links is as due as what led to it.

        Parameters
        ----------
        origin : the URL that was asked for first. Where a listed page has moved to need fit no `allow`.
        """
        if role is Role.PAGE:
            return not self._is_denied(url) and (origin in self.source.listed or self._is_allowed(url)) and self.take(url, role)
        is_taken = url not in self.taken
        self.taken.add(url)
        return is_taken

    def page_behind(self, link: str, base: str | None = None) -> str | None:
        """The page that a link leads to, in canonical form, if the source follows it."""
        url = canonical(link, base)
        if url is None or len(url) > LONGEST_URL or url in self.source.urls or not self.source.is_own(url):
            return None
        return None if self._is_denied(url) or not self._is_allowed(url) else url

    def _is_allowed(self, url: str) -> bool:
        return not self._allow or any(pattern.search(url) for pattern in self._allow)

    def _is_denied(self, url: str) -> bool:
        return any(pattern.search(url) for pattern in self._deny)

    def sitemap_behind(self, link: str, base: str) -> str | None:
        """The further sitemap that a sitemap names, in canonical form, if it is of the source's sites."""
        url = canonical(link, base)
        return url if url is not None and len(url) <= LONGEST_URL and self.source.may_ask(url) else None

    def is_due(self, url: str, role: Role) -> bool:
        """Whether a URL is to be asked for at the time of the run. One that was forgotten never is."""
        if self.is_forgotten(url):
            return False
        known = self.known.get(url)
        if known is None or known.tried_at is None:
            return True
        if known.is_forbidden:
            return self.now >= known.tried_at + (_FORBIDDEN_FOR if role is Role.PAGE else self.source.every)
        if known.failures:
            wait = _FIRST_WAIT * 2 ** (known.failures - 1)
            return not self._is_given_up(known, role) and self.now >= known.tried_at + min(wait, timedelta(days=1))
        assert known.first_at is not None
        assert known.last_at is not None
        if role is not Role.PAGE:
            return self.now >= known.last_at + eased(self.source.every)
        if known.is_gone:
            return False
        return any(known.last_at < known.first_at + wait <= self.now for wait in self.source.revisit)

    def _is_put_off(self, url: str, role: Role) -> bool:
        """Whether a URL will be due again after failures, and is not yet."""
        known = self.known.get(url)
        if known is None or not known.failures or self._is_given_up(known, role):
            return False
        return not self.is_forgotten(url) and not self.is_due(url, role)

    def _is_given_up(self, known: Known, role: Role) -> bool:
        return role is Role.PAGE and known.failures >= MOST_FAILURES

    def _is_list(self, url: str) -> bool:
        """Whether a URL is asked for as what shows links, as where a front page redirects to: it is no page besides."""
        known = self.known.get(url)
        return known is not None and known.role != Role.PAGE


def _host(url: str) -> str:
    return urlsplit(url).netloc


def known_of(visits: Iterable[tuple[str, list[Visit]]], now: datetime) -> tuple[dict[str, Known], int]:
    """What is known of a source's URLs, and how many visits do not count because they are of a time to come: some clock was wrong."""
    found: dict[str, Known] = {}
    ahead = 0
    for url, told in visits:
        known = Known()
        for visit in told:
            if visit.captured_at > now:
                ahead += 1
            else:
                known.add(visit)
        if known.seen_at:
            found[url] = known
    return found, ahead
