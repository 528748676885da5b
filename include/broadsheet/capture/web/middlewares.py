"""Scrapy's downloader middlewares of the crawler: what is kept of each exchange, robots.txt as RFC 9309 has it, retries that wait."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes
from scrapy.utils.misc import load_object

from broadsheet.capture.content import decode_body
from broadsheet.capture.visits import Role
from broadsheet.capture.warc import Http
from broadsheet.capture.web.archive import Exchange
from broadsheet.capture.web.statuses import is_robots_unreachable
from broadsheet.errors import BadInput
from broadsheet.urls import canonical

ROLE = "broadsheet_role"
LONGEST_WAIT = 60.0  # seconds before a retry; a server that asks for more is asked again by the next run
_LONGEST_HEADER = 32 * 1024  # readers of WARC files have limits
_UNREACHABLE = b"User-agent: *\nDisallow: /\n"


def role_of(request: Request) -> Role:
    """What a request is for."""
    return Role(request.meta.get(ROLE, Role.ROBOTS if urlsplit(request.url).path == "/robots.txt" else Role.PAGE))


class OwnHosts(OffsiteMiddleware):
    """Nothing leads away from the source's sites: no link, no redirect."""

    def should_follow(self, request: Request, spider: Any) -> bool:
        """As Scrapy asks it."""
        return spider.source.is_own(request.url)


class Keeping:
    """Keeps every exchange that counts, before anything else looks at the answer; asks only for what has changed since the last one."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._thread = ThreadPoolExecutor(1, "archive")
        self._retried = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}
        self._retried_exceptions = tuple(map(load_object, crawler.settings.getlist("RETRY_EXCEPTIONS")))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Keeping":
        """As Scrapy makes it."""
        keeping = cls(crawler)
        crawler.signals.connect(keeping.close, signals.spider_closed)
        return keeping

    def close(self) -> None:
        """Wait until all is written."""
        self._thread.shutdown()

    def process_request(self, request: Request) -> None:
        """Ask for what has changed. Where a redirect leads is asked for by the rules of the plan, as everything is."""
        spider: Any = self._crawler.spider
        url = canonical(request.url) or request.url
        request.meta[ROLE] = role_of(request)  # where a redirect leads has it too
        is_led_here = request.meta.get("redirect_times") and not request.meta.get("retry_times") and role_of(request) is Role.PAGE
        if is_led_here and not spider.plan.take_behind_redirect(url):
            raise IgnoreRequest(f"{url} is known")
        if known := spider.known(url):
            if known.content_sha256 is not None and known.etag:
                request.headers.setdefault("If-None-Match", known.etag)
            if known.content_sha256 is not None and known.last_modified:
                request.headers.setdefault("If-Modified-Since", known.last_modified)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Keep an answer, unless it will be asked for again at once."""
        spider: Any = self._crawler.spider
        if response.status in self._retried and not self._is_last(request):
            return response
        url = canonical(request.url) or request.url
        known = spider.known(url)
        at = spider.clock()
        asked, header = request_header(request), response_header(response)
        try:
            if len(header) > _LONGEST_HEADER:
                raise BadInput("too_large", f"a header of {len(header)} bytes")
            content = decode_body(response.body, transfer_coding="", content_coding=_text(response, "Content-Encoding"), limit=spider.page_bytes)
        except BadInput as error:
            await self._keep(Exchange(url=url, role=role_of(request), at=at, request=asked, error=str(error)))
            raise IgnoreRequest(str(error)) from error
        exchange = Exchange(url=url, role=role_of(request), at=at, request=asked, header=header, content=content)
        digest = known.content_sha256 if known and response.status == 304 else None
        await self._keep(exchange, digest)
        if digest and (stored := await self._in_thread(spider.archive.stored, digest)) is not None:
            # what has not changed leads to what it led to
            return response_of(url, stored)
        # unpacked already, and within bounds
        headers = Headers({name: values for name, values in response.headers.items() if name.lower() != b"content-encoding"})
        kind = responsetypes.from_args(headers=headers, url=response.url, body=content)
        return response.replace(cls=kind, body=content, headers=headers, **({"encoding": None} if issubclass(kind, TextResponse) else {}))

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Keep that no answer came, unless it will be asked for again at once, or never was asked for."""
        spider: Any = self._crawler.spider
        is_retried = isinstance(exception, self._retried_exceptions) and not self._is_last(request)
        if is_retried or isinstance(exception, IgnoreRequest):
            return
        url = canonical(request.url) or request.url
        reason = f"{type(exception).__name__}: {exception}"
        exchange = Exchange(url=url, role=role_of(request), at=spider.clock(), request=request_header(request), error=reason)
        await self._keep(exchange)

    def _is_last(self, request: Request) -> bool:
        return request.meta.get("retry_times", 0) >= request.meta.get("max_retry_times", self._crawler.settings.getint("RETRY_TIMES"))

    async def _keep(self, exchange: Exchange, known: bytes | None = None) -> None:
        """What cannot be kept must not be asked for: the run ends."""
        spider: Any = self._crawler.spider
        try:
            await self._in_thread(spider.archive.keep, exchange, known)
        except Exception as error:
            if spider.fault is None:
                spider.fault = error
                self._stopping = asyncio.ensure_future(self._crawler.stop_async())
            raise IgnoreRequest(f"cannot be kept: {error}") from error
        spider.count(exchange)

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


class Robots(RobotsTxtMiddleware):
    """robots.txt as RFC 9309 has it: where the file cannot be had for the server's fault, nothing of the host is asked for. Its Crawl-delay
    is kept."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if is_robots_unreachable(response.status):
            response = response.replace(body=_UNREACHABLE)
        elif response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        parser = self._parsers[netloc]
        if parser is not None and (delay := parser.crawl_delay(self._default_useragent)):  # type: ignore[union-attr]
            self._slow_down(request, delay)

    def _slow_down(self, request: Request, delay: float) -> None:
        downloader = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        least = min(delay, LONGEST_WAIT)
        downloader.per_slot_settings[key] = {"delay": max(least, self.crawler.settings.getfloat("DOWNLOAD_DELAY")), "concurrency": 1, "jitter": 0}
        if slot := downloader.slots.get(key):
            slot.delay, slot.jitter, slot.concurrency = max(least, slot.delay), 0, 1

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        super()._robots_error(exc, netloc)
        self._parsers[netloc] = self._parserimpl.from_crawler(self.crawler, _UNREACHABLE)


class WaitingRetry(RetryMiddleware):
    """Scrapy's retries after a wait that doubles, or as long as the server says."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """As Scrapy asks it."""
        result = super().process_response(request, response)
        if isinstance(result, Request):
            wait = max(_backoff(result), _retry_after(response))
            if wait > LONGEST_WAIT:
                return response
            await asyncio.sleep(wait)
        return result

    async def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        """As Scrapy asks it."""
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await asyncio.sleep(_backoff(result))
        return result


def _backoff(request: Request) -> float:
    return float(2 ** (request.meta.get("retry_times", 1) - 1))


def _retry_after(response: Response) -> float:
    """Seconds that a server asks to wait for; 0 where it does not say."""
    stated = _text(response, "Retry-After").strip()
    if stated.isdigit():
        return float(stated)
    try:
        until = parsedate_to_datetime(stated)
        return max(0.0, (until - datetime.now(until.tzinfo)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _text(response: Response, name: str) -> str:
    return b", ".join(response.headers.getlist(name)).decode("latin-1")


def request_header(request: Request) -> bytes:
    """A request's line and headers, as bytes."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1".encode(), b"Host: " + parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii")]
    return b"\r\n".join([*lines, *_lines(request.headers)]) + b"\r\n\r\n"


def response_header(response: Response) -> bytes:
    """A response's status line and headers, as bytes."""
    return b"\r\n".join([f"{response.protocol or 'HTTP/1.1'} {response.status} ".encode(), *_lines(response.headers)]) + b"\r\n\r\n"


def response_of(url: str, stored: Http) -> Response:
    """An answer of the raw zone, as Scrapy has answers."""
    kind = responsetypes.from_args(headers=Headers(stored.headers), url=url, body=stored.body)
    return kind(url, status=200, headers=stored.headers, body=stored.body)


def _lines(headers: Any) -> Iterable[bytes]:
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            yield name + b": " + b" ".join(value.splitlines())
