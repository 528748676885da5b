"""The spider: a source's seeds, what they lead to, and the pages that are due again."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from broadsheet.capture.visits import ROBOTS_FORBIDDEN, Role
from broadsheet.capture.warc import status_of
from broadsheet.capture.web.archive import Archive, Exchange, Link
from broadsheet.capture.web.links import entries_of, is_too_old, links_of, sitemap_of
from broadsheet.capture.web.middlewares import HOPS, ROLE
from broadsheet.capture.web.pace import Unasked
from broadsheet.capture.web.plan import Plan
from broadsheet.capture.web.source import WebSource
from broadsheet.capture.web.statuses import is_failure, is_robots_unreachable

_DEEPEST = 5  # sitemap indexes below each other
_PRIORITY = {Role.SITEMAP: 30, Role.SEED: 20, Role.PAGE: 0}
_COUNTED = {Role.SEED: "seeds", Role.PAGE: "pages", Role.SITEMAP: "sitemaps", Role.ROBOTS: "robots"}


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
        # What this run asked for, by role, and got: `answered`, `unchanged` and `failed` of what is not robots.txt. `forbidden` by robots.txt and
        # `elsewhere`, of another site, were not asked for.
        self.counts: Counter[str] = Counter()
        # What failed by reason, robots.txt that cannot be had too.
        self.failures: Counter[str] = Counter()
        self.last_error = ""
        self.fault: Exception | None = None
        self._seed_role = Role.SITEMAP if source.kind == "sitemap" else Role.SEED
        self._sitemaps: list[tuple[str, int]] = []  # further ones, to be asked for next

    def count(self, exchange: Exchange) -> None:
        """Let an exchange count for the run's account."""
        if exchange.error == ROBOTS_FORBIDDEN:
            self.last_error = f"robots.txt forbids {exchange.url}"
            self.counts["forbidden"] += 1
            return
        status = status_of(exchange.header)
        is_failed = is_failure(status)
        if is_failed:
            self.last_error = exchange.error or f"{exchange.url} answered {status}"
        self.counts["requests"] += 1
        self.counts[_COUNTED[exchange.role]] += 1
        if is_robots_unreachable(status) if exchange.role is Role.ROBOTS else is_failed:
            self.failures[exchange.error.partition(": ")[0] if exchange.error else f"status {status}"] += 1
        if exchange.role is not Role.ROBOTS:
            self.counts["failed" if is_failed else "unchanged" if status == 304 else "answered"] += 1

    async def start(self) -> AsyncIterator[Request]:
        """Seeds and pages that are due."""
        seeds = [(url, hops) for url, hops in self.plan.due_seeds() if self.plan.take(url, self._seed_role)]
        self.plan.lists_under_way += len(seeds)
        for url, hops in seeds:
            yield self._request(url, self._seed_role, hops)
        for request in self._due():
            yield request

    def read(self, response: Response, role: Role, hops: int) -> list[Link]:
        """Let what an answer leads to be asked for when it is due. Returns what of it was not known."""
        if response.status != 200 or role is Role.ROBOTS:
            return []
        if role is Role.SITEMAP:
            return list(self._read_sitemap(response, hops))
        if role is Role.SEED and self.source.kind == "feed":
            return list(self._read_pages(entries_of(response.body, response.url), response.url, hops))
        return list(self._read_pages(links_of(response), response.url, hops)) if hops < self.source.follow.depth else []

    def _read_pages(self, links: list[str], base: str, hops: int) -> Iterator[Link]:
        for link in links:
            if (url := self.plan.page_behind(link, base)) and self.plan.see_page(url, hops + 1):
                yield Link(url, Role.PAGE, hops + 1)

    def _read_sitemap(self, response: Response, hops: int) -> Iterator[Link]:
        oldest = self.plan.now - self.source.max_age
        for link, at, is_sitemap in sitemap_of(response.body, self.page_bytes):
            if is_too_old(at, oldest, is_sitemap=is_sitemap):
                continue
            if not is_sitemap:
                yield from self._read_pages([link], response.url, hops)
            elif hops < _DEEPEST and (url := self.plan.sitemap_behind(link, response.url)):
                self._sitemaps.append((url, hops + 1))
                if self.plan.see_sitemap(url, hops + 1):
                    yield Link(url, Role.SITEMAP, hops + 1)

    def parse_answer(self, response: Response, **kwargs: Any) -> Iterator[Request]:
        """An answer was read when it was kept: on with what is due."""
        self._let_end(response.meta[ROLE])
        yield from self._due()

    def _unanswered(self, failure: Any) -> Iterator[Request]:
        """Why there is no answer, the archive tells. What was not asked for leaves its place to another page."""
        meta = failure.request.meta
        if failure.check(Unasked) and meta[ROLE] is Role.PAGE and not meta.get("redirect_times"):
            self.plan.give_back(failure.request.url)
        self._let_end(meta[ROLE])
        yield from self._due()

    def _let_end(self, role: Role) -> None:
        if role is not Role.PAGE:
            self.plan.lists_under_way -= 1

    def _due(self) -> Iterator[Request]:
        while self._sitemaps:
            url, hops = self._sitemaps.pop(0)
            if self.plan.take(url, Role.SITEMAP):
                self.plan.lists_under_way += 1
                yield self._request(url, Role.SITEMAP, hops)
        while due := self.plan.next_page():
            yield self._request(due[0], Role.PAGE, due[1])

    def _request(self, url: str, role: Role, hops: int) -> Request:
        # What may be asked for, and once, the plan says; Scrapy's own filter knows nothing of it.
        return Request(
            url, callback=self.parse_answer, errback=self._unanswered, priority=_PRIORITY[role], dont_filter=True,
            meta={ROLE: role, HOPS: hops},
        )  # fmt: skip
