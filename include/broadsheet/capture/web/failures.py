"""Why a request had no usable answer, in words: a reason by which they are counted, and after a colon what was seen."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from twisted.internet.error import ConnectionClosed, SSLError
from twisted.web._newclient import ParseError

from broadsheet.capture.addresses import is_public
from broadsheet.capture.web.addresses import stated_address
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import BadInput

PRIVATE = "{} is no public address; `allow_private: true` lets a source ask it"
_OF_CONTENT = {
    "page_too_large": "too large",
    "too_large": "too large",
    "broken_warc_record": "damaged",
    "unknown_coding": "unknown coding",
    "unreadable": "unreadable",
}


def told_of_content(error: BadInput) -> str:
    """Why an answer that came cannot be used."""
    return f"{_OF_CONTENT.get(error.reason, error.reason)}: {error.detail}"


async def told_of(error: Exception, url: str, source: WebSource) -> str:
    """Why no answer came."""
    if isinstance(error, CannotResolveHostError):
        return await _unresolved(url, source)
    if isinstance(error, DownloadTimeoutError):
        return f"timed out: no whole answer within {source.limits.timeout:g} s"
    if isinstance(error, DownloadConnectionRefusedError):
        return "connection refused: nothing listens there"
    if isinstance(error, ResponseDataLossError):
        return "cut off: the answer ended before it was whole"
    if isinstance(error, DownloadCancelledError):
        return f"too large: more than {source.limits.page_mb:g} MB, or than the program takes"
    if isinstance(error, DownloadFailedError):
        return _failed(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _failed(error: DownloadFailedError) -> str:
    causes = [getattr(failure, "value", failure) for failure in getattr(error.__cause__, "reasons", None) or [error.__cause__ or error]]
    cause = causes[0]
    if any(isinstance(one, SSLError) or type(one).__module__.startswith("OpenSSL") for one in causes):
        return f"no secure connection: {cause}"
    if isinstance(cause, ParseError | ValueError):
        said = cause.args[0] if cause.args else cause
        return f"no HTTP: {' '.join(map(str, said)) if isinstance(said, tuple) else said}"
    if isinstance(cause, ConnectionClosed):
        return "connection lost: it was closed before the answer was whole"
    return f"{type(cause).__name__}: {cause}"


async def _unresolved(url: str, source: WebSource) -> str:
    """A host without an address, or without one that may be asked: the resolver has left out those that are not public."""
    host = urlsplit(url).hostname or ""
    if not source.is_private_allowed and (private := [address for address in await _addresses(host, source.resolve) if not is_public(address)]):
        stated = private[0] if private[0] == host else f"{host}, at {private[0]},"
        return "private address: " + PRIVATE.format(stated)
    return f"unknown host: {host} has no address"


async def _addresses(host: str, resolve: Mapping[str, str]) -> list[str]:
    if stated := stated_address(host, resolve):
        return [stated[0]]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return []
    return [str(place[0]) for *_, place in found]
