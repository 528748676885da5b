"""Scrapy's downloader middlewares of the crawler: which requests are made, what is kept of each exchange, and which are made again at once."""

import asyncio
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.responsetypes import responsetypes
from scrapy.utils.misc import load_object

from broadsheet.capture.content import decode_body
from broadsheet.capture.visits import ROBOTS_FORBIDDEN, Role
from broadsheet.capture.warc import Http
from broadsheet.capture.web.archive import Exchange, Link
from broadsheet.capture.web.failures import told_of, told_of_content
from broadsheet.capture.web.pace import LONGEST_WAIT, Pace, Unasked, backoff, retry_after
from broadsheet.capture.web.robots import ROBOTS_PATH, crawl_delay, is_allowed, is_robots_file, rules_of
from broadsheet.capture.web.statuses import RETRIED
from broadsheet.errors import BadInput
from broadsheet.urls import canonical

ROLE, HOPS = "broadsheet_role", "broadsheet_hops"
ACCEPTED_CODINGS = "gzip, deflate, br"  # that `decode_body` unpacks
_URL = "broadsheet_url"  # canonical, that a request was let through for
_ROBOTS_PRIORITY = 1000  # before all else
_LONGEST_HEADER = 32 * 1024  # readers of WARC files have limits
_LOG = logging.getLogger(__name__)


class Forbidden(Unasked):
    """A request that robots.txt forbids."""


def role_of(request: Request) -> Role:
    """What a request is for."""
    return Role(request.meta[ROLE])


class OwnHosts:
    """Nothing leads away from the source's sites: no link, no redirect. Only the robots.txt of a host may be elsewhere (RFC 9309, 2.3.1.2)."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "OwnHosts":
        """As Scrapy makes it."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """As Scrapy asks it."""
        spider: Any = self._crawler.spider
        if role_of(request) is not Role.ROBOTS and not spider.source.may_ask(request.url):
            spider.counts["elsewhere"] += 1
            raise Unasked(f"{request.url} is of another site")


class Robots:
    """Asks for the robots.txt of a host before anything else of it, and lets pass what it allows. Its Crawl-delay is kept."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._rules: dict[str, asyncio.Task[Protego | None]] = {}  # by the file's URL

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Robots":
        """As Scrapy makes it."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """As Scrapy asks it. robots.txt itself is always allowed."""
        if role_of(request) is Role.ROBOTS or is_robots_file(request.url):
            return
        url = urljoin(request.url, ROBOTS_PATH)
        if url not in self._rules:
            self._rules[url] = asyncio.ensure_future(self._ask(url))
        rules = await self._rules[url]
        if rules is None:
            raise Unasked(f"{url} cannot be had")
        if not is_allowed(rules, request.url):
            raise Forbidden(ROBOTS_FORBIDDEN)

    async def _ask(self, url: str) -> Protego | None:
        asked = Request(url, priority=_ROBOTS_PRIORITY, meta={ROLE: Role.ROBOTS}, callback=NO_CALLBACK)
        assert self._crawler.engine is not None
        try:
            answer = await self._crawler.engine.download_async(asked)
        except Exception:  # of whatever kind: why there is no answer, the archive tells
            return None
        rules = rules_of(answer.status, answer.body)
        if delay := crawl_delay(rules):
            Pace.of(self._crawler).slow_down(asked, delay)
        return rules


class Keeping:
    """Keeps every exchange that is not repeated at once, before anything else looks at the answer; asks only for what has changed since the last."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._thread = ThreadPoolExecutor(1, "archive")
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

    async def process_request(self, request: Request) -> None:
        """Let a request pass, if the plan does, that asks for what has changed."""
        request.meta.pop("download_slot", None)  # where a redirect leads, that of where it came from
        Pace.of(self._crawler).refuse_late(request)
        if role_of(request) is not Role.ROBOTS:
            self._ask_plan(request)
        for name in ("If-None-Match", "If-Modified-Since"):  # where a redirect leads, those of where it came from
            request.headers.pop(name, None)
        spider: Any = self._crawler.spider
        known = spider.plan.known.get(_url(request))
        # what has not changed is of use only where it can be read
        if known and known.content_sha256 and await self._in_thread(spider.archive.stored, known.content_sha256):
            if known.etag:
                request.headers["If-None-Match"] = known.etag
            if known.last_modified:
                request.headers["If-Modified-Since"] = known.last_modified

    def _ask_plan(self, request: Request) -> None:
        """Where a redirect leads is asked for by the rules of the plan, as everything is, but for another spelling of the page's own URL."""
        spider: Any = self._crawler.spider
        url = _url(request)
        if request.url in request.meta.get("redirect_urls", ()):
            raise Unasked(f"{request.url} leads to itself")
        if spider.plan.is_forgotten(url):
            raise Unasked(f"{url} was forgotten")
        if request.meta.setdefault(_URL, url) != url:
            request.meta.pop("retry_times", None)
            request.meta[_URL] = url
            if not spider.plan.take_behind_redirect(url, role_of(request), canonical(request.meta["redirect_urls"][0]) or ""):
                raise Unasked(f"{url} is known")

    async def process_response(self, request: Request, response: Response) -> Response | Request:
        """Keep an answer, unless it is asked for again at once."""
        if again := await self._again(request, response):
            return again
        spider: Any = self._crawler.spider
        header = response_header(response)
        try:
            if len(header) > _LONGEST_HEADER:
                raise BadInput("too_large", f"a header of {len(header)} bytes")
            content = decode_body(response.body, transfer_coding="", content_coding=_text(response, "Content-Encoding"), limit=spider.page_bytes)
            known = spider.plan.known.get(_url(request)) if response.status == 304 else None
            digest = known.content_sha256 if known else None
            stored = await self._in_thread(spider.archive.stored, digest) if digest else None
            if response.status == 304 and stored is None:
                raise BadInput("unreadable", "304 Not Modified, of a content that is not there")
        except BadInput as error:
            told = told_of_content(error)
            await self._keep(self._exchange(request, error=told))
            raise IgnoreRequest(told) from error
        # what has not changed leads to what it led to
        answer = response_of(response.url, stored) if stored else _unpacked(response, content)
        await self._keep(self._exchange(request, header=header, content=content), digest, self._links(request, answer))
        return answer

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Keep that no answer came, unless it is asked for again at once, or never was asked for; and what robots.txt forbids."""
        if isinstance(exception, Forbidden):
            await self._keep(self._exchange(request, error=ROBOTS_FORBIDDEN))
        elif not isinstance(exception, IgnoreRequest):
            if again := await self._again(request, exception):
                return again
            spider: Any = self._crawler.spider
            await self._keep(self._exchange(request, error=await told_of(exception, request.url, spider.source)))
        return None

    async def _again(self, request: Request, answer: Response | Exception) -> Request | None:
        """The request once more, after a wait, where what came of it may be better then; None where it counts."""
        is_passing = answer.status in RETRIED if isinstance(answer, Response) else isinstance(answer, self._retried_exceptions)
        if not is_passing or (isinstance(answer, Response) and retry_after(answer) > LONGEST_WAIT):
            return None
        spider: Any = self._crawler.spider
        reason = str(answer.status) if isinstance(answer, Response) else answer
        if (again := get_retry_request(request, spider=spider, reason=reason)) is None:
            return None
        await asyncio.sleep(backoff(again.meta["retry_times"]))
        return None if Pace.of(self._crawler).is_over else again

    def _exchange(self, request: Request, **said: Any) -> Exchange:
        spider: Any = self._crawler.spider
        return Exchange(url=_url(request), role=role_of(request), at=spider.clock(), request=request_header(request), **said)

    def _links(self, request: Request, answer: Response) -> list[Link]:
        spider: Any = self._crawler.spider
        try:
            return spider.read(answer, role_of(request), request.meta.get(HOPS, 0))
        except Exception:  # a page that parsers stumble over is kept all the same
            _LOG.exception("links of %s", answer.url)
            return []

    async def _keep(self, exchange: Exchange, known: bytes | None = None, links: Iterable[Link] = ()) -> None:
        """What cannot be kept must not be asked for: the run ends."""
        spider: Any = self._crawler.spider
        try:
            await self._in_thread(spider.archive.keep, exchange, known, links)
        except Exception as error:
            if spider.fault is None:
                spider.fault = error
                self._stopping = asyncio.ensure_future(self._crawler.stop_async())
            raise IgnoreRequest(f"cannot be kept: {error}") from error
        spider.count(exchange)

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _url(request: Request) -> str:
    return canonical(request.url) or request.url


def _text(response: Response, name: str) -> str:
    return b", ".join(response.headers.getlist(name)).decode("latin-1")


def _unpacked(response: Response, content: bytes) -> Response:
    headers = Headers({name: values for name, values in response.headers.items() if name.lower() != b"content-encoding"})
    kind = responsetypes.from_args(headers=headers, url=response.url, body=content)
    return response.replace(cls=kind, body=content, headers=headers, **({"encoding": None} if issubclass(kind, TextResponse) else {}))


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
