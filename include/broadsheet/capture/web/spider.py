"""The spider: a source's seeds, what they lead to, and the pages that are due again."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from broadsheet.capture.visits import Role
from broadsheet.capture.web.archive import Archive, Exchange
from broadsheet.capture.web.links import entries_of, links_of, sitemap_of
from broadsheet.capture.web.middlewares import ROLE, response_of
from broadsheet.capture.web.plan import Known, Plan
from broadsheet.capture.web.source import WebSource

_DEEPEST = 5  # sitemap indexes below each other
_PRIORITY = {Role.SITEMAP: 30, Role.SEED: 20, Role.PAGE: 0}


def _is_kept(failure: Any) -> None:
    """Why there is no answer, the archive tells."""


class NewsSpider(Spider):
    """Asks for what a plan says."""

    name = "broadsheet"

    def __init__(
        self, *, source: WebSource, plan: Plan, archive: Archive, clock: Callable[[], datetime], page_bytes: int,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.source = source
        self.plan = plan
        self.archive = archive
        self.clock = clock
        self.page_bytes = page_bytes
        self.counts: Counter[str] = Counter()  # what this run asked for and got
        self._seed_role = Role.SITEMAP if source.kind == "sitemap" else Role.SEED
        self.last_error = ""
        self.fault: Exception | None = None

    def known(self, url: str) -> Known | None:
        """What earlier runs learnt of a URL."""
        return self.plan.known.get(url) or self.plan.others.get(url)

    def count(self, exchange: Exchange) -> None:
        """Let an exchange count for the run's account."""
        status = int(exchange.header.split(None, 2)[1]) if exchange.header else None
        self.last_error = exchange.error or self.last_error
        self.counts["requests"] += 1
        self.counts[f"{exchange.role}s"] += 1
        self.counts["failed" if status is None or status >= 500 else "unchanged" if status == 304 else "answered"] += 1

    async def start(self) -> AsyncIterator[Request]:
        """Seeds that are due, links of those that are not, pages that are due again."""
        for url, is_due in self.plan.seeds():
            if is_due and self.plan.take(url, self._seed_role):
                yield self._request(url, self._seed_role)
            else:
                for request in self._shown_before(url):
                    yield request
        for url in self.plan.due_pages():
            if self.plan.take(url, Role.PAGE):
                yield self._request(url, Role.PAGE, depth=self.source.follow.depth)

    def parse_answer(self, response: Response, **kwargs: Any) -> Iterator[Request]:
        """What an answer leads to."""
        role, depth = Role(response.meta[ROLE]), response.meta.get("broadsheet_depth", 0)
        if response.status == 200:
            yield from self._led_to(response, role, depth)

    def _shown_before(self, url: str) -> Iterator[Request]:
        """What the last answer of a seed leads to: what an earlier run had no time for, or died over."""
        known = self.known(url)
        if known and known.content_sha256 and (stored := self.archive.stored(known.content_sha256)):
            yield from self._led_to(response_of(url, stored), self._seed_role, 0)

    def _led_to(self, response: Response, role: Role, depth: int) -> Iterator[Request]:
        if role is Role.SITEMAP:
            yield from self._of_sitemap(response, depth)
        elif role is Role.SEED and self.source.kind == "feed":
            yield from self._pages(entries_of(response.body, response.url), response.url, depth)
        elif depth < self.source.follow.depth:
            yield from self._pages(links_of(response), response.url, depth)

    def _pages(self, links: list[str], base: str, depth: int) -> Iterator[Request]:
        for link in links:
            url = self.plan.page_behind(link, base)
            if url and self.plan.take(url, Role.PAGE):
                yield self._request(url, Role.PAGE, depth=depth + 1)

    def _of_sitemap(self, response: Response, depth: int) -> Iterator[Request]:
        oldest = self.plan.now - self.source.max_age
        for link, at, is_sitemap in sitemap_of(response.body, self.page_bytes):
            if at is not None and at < oldest - (timedelta(days=1) if is_sitemap else timedelta()):
                continue
            if not is_sitemap:
                yield from self._pages([link], response.url, depth)
            elif depth < _DEEPEST and self.source.is_own(link) and self.plan.take(link, Role.SITEMAP):
                yield self._request(link, Role.SITEMAP, depth=depth + 1)
            elif (known := self.known(link)) and known.content_sha256 and depth < _DEEPEST and (stored := self.archive.stored(known.content_sha256)):
                yield from self._of_sitemap(response_of(link, stored), depth + 1)

    def _request(self, url: str, role: Role, depth: int = 0) -> Request:
        # What may be asked for, and once, the plan says; Scrapy's own filter knows nothing of it.
        return Request(
            url, callback=self.parse_answer, errback=_is_kept, priority=_PRIORITY[role], dont_filter=True,
            meta={ROLE: role, "broadsheet_depth": depth},
        )  # fmt: skip
