"""How fast a crawl asks its hosts, and when it stops: limits of the source, robots.txt's Crawl-delay, how slowly a host answers, and what it asks for
itself by `Retry-After`."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.utils.asyncio import call_later
from twisted.python.failure import Failure

from broadsheet.capture.web.statuses import RETRIED

LONGEST_WAIT = 60.0  # seconds that a host may have the crawler wait; one that asks for more is asked again by the next run

OUT_OF_TIME = "limits.seconds"  # why a crawl ended


class Unasked(IgnoreRequest):
    """A request that was not made."""


class Pace(AutoThrottle):
    """Scrapy's throttle, which never asks faster than `limits.delay` and Crawl-delay say, waits for a host that asks it to, and ends with the run's
    time. A host is a slot of Scrapy's downloader."""

    def __init__(self, crawler: Crawler):
        super().__init__(crawler)
        self._resting: set[str] = set()  # hosts that are not asked again by this run
        self._is_over = False
        crawler.signals.connect(self._spider_closed, signal=signals.spider_closed)

    @classmethod
    def of(cls, crawler: Crawler) -> "Pace":
        """The one of a crawl."""
        pace = crawler.get_extension(cls)
        assert pace is not None
        return pace

    def refuse_late(self, request: Request) -> None:
        """Raises Unasked where the run's time is over, or where the host does not want to be asked by this run."""
        if self._is_over:
            raise Unasked("the run's time is over")
        if self._downloader.get_slot_key(request) in self._resting:
            raise Unasked("the host asks to be left alone for longer than a run waits")

    def slow_down(self, request: Request, delay: float) -> None:
        """Let a host be asked at most every `delay` seconds."""
        key = self._downloader.get_slot_key(request)
        least = max(min(delay, LONGEST_WAIT), self.mindelay, self._least(key))
        self._downloader.per_slot_settings[key] = {"delay": least, "concurrency": 1, "jitter": 0}
        if slot := self._downloader.slots.get(key):
            slot.delay, slot.concurrency = max(least, slot.delay), 1

    @property
    def is_over(self) -> bool:
        """Whether the run asks for nothing more."""
        return self._is_over

    @property
    def _downloader(self) -> Any:
        return self.crawler.engine.downloader

    def _least(self, key: str) -> float:
        return self._downloader.per_slot_settings.get(key, {}).get("delay", 0.0)

    def _spider_opened(self, spider: Spider) -> None:
        super()._spider_opened(spider)
        self._end = call_later(spider.source.limits.seconds, self._stop)  # type: ignore[attr-defined]

    def _spider_closed(self) -> None:
        self._end.cancel()

    def _stop(self) -> None:
        self._is_over = True
        for slot in self._downloader.slots.values():
            _drop(slot, "the run's time is over")
        self._stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=OUT_OF_TIME))

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        """Before the host is asked for anything else."""
        key, slot = self._get_slot(request, spider)
        if key is None or slot is None:
            return
        if spider.source.limits.delay:  # type: ignore[attr-defined]
            super()._response_downloaded(response, request, spider)
        slot.delay = max(slot.delay, self._least(key))
        wait = retry_after(response)
        if wait > LONGEST_WAIT:
            self._resting.add(key)
            _drop(slot, "the host asks to be left alone for longer than a run waits")
        elif wait:
            slot.lastseen = max(slot.lastseen, monotonic() + wait - slot.delay)  # the next request is due `delay` after the last


def _drop(slot: Slot, reason: str) -> None:
    """Let go of what waits for a host."""
    while slot.queue:
        _, answer = slot.queue.popleft()
        answer.errback(Failure(Unasked(reason)))


def backoff(attempt: int) -> float:
    """Seconds before a further attempt, which double: 1 before the second."""
    return min(2.0 ** (attempt - 1), LONGEST_WAIT)


def retry_after(response: Response) -> float:
    """Seconds that a server that says "later" asks to wait for; 0 where it does not say, or says something else."""
    stated = (response.headers.get("Retry-After") or b"").strip()
    if response.status not in RETRIED or not stated:
        return 0.0
    if stated.isdigit():  # of bytes: ASCII digits alone
        return float(stated)
    try:
        until = parsedate_to_datetime(stated.decode("latin-1"))
        return max(0.0, (until - datetime.now(until.tzinfo or UTC).replace(tzinfo=until.tzinfo)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
