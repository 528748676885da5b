"""Single files of web servers into files of this machine.

What is asked for stands in a source's configuration and may be of a private network. Where a server redirects to is its own word: it must be the
same host or a public address, which is checked at each connection, so that a name that changes its address changes nothing. A proxy that the
environment names (`HTTPS_PROXY`, `NO_PROXY`) connects by itself, to what it lets through.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import parse_url

from broadsheet.capture.addresses import is_public
from broadsheet.errors import BadInput, TransientError

RETRIES = 10  # of a request whose answer says "later": two and a half minutes with the waits between them
_SILENT_RETRIES = 2  # of one that gets none: three minutes
_LATER = (408, 425, 429, 500, 502, 503, 504)
_REFUSED = (401, 403)
_GONE = (404, 410)
_TIMES = Timeout(connect=20, read=60)  # seconds; as long as there is something to read, a large file takes the time that it takes
_CHUNK = 1 << 20
_PIECES = 100  # that a file comes in at most, where connections break


class BrokeOff(TransientError):
    """A file that came in part: another try may bring all of it."""


def mark_of(url: str, agent: str) -> str:
    """Size and ETag of a file, or when it was changed: what differs when the file does. Errors as of `fetch`."""
    with _manager(url, agent) as manager, _answer(manager, "HEAD", url) as answer:
        return _mark(answer, _length(answer))


def fetch(url: str, target: Path, agent: str, limit: int) -> str:
    """Write a file to `target`. Returns its mark, as `mark_of` does.

    Raises BadInput (`missing_file`, `unreadable`) for what is not there, not given out, elsewhere in a private network, or larger than `limit` bytes,
    TransientError for what may be had later, BrokeOff where a part of it came.
    """
    with _manager(url, agent) as manager, target.open("wb") as file:
        tag: str | None = None
        for _ in range(_PIECES):
            before = file.tell()
            since = {"Range": f"bytes={before}-", "If-Range": tag} if before and tag else {}
            with _answer(manager, "GET", url, **since) as answer:
                if answer.status == 206:
                    _require_rest(answer, before, tag)
                else:  # from the beginning
                    before = file.seek(0)
                    file.truncate()
                    size, tag = _length(answer), answer.headers.get("ETag")
                    mark = _mark(answer, size)
                if size is not None and size > limit:
                    raise BadInput("unreadable", f"{size:,} bytes, more than the {limit:,} that are fetched")
                broken = _written(answer, file, limit)
            if broken is None:
                if size not in (None, file.tell()):
                    raise BrokeOff(f"{file.tell():,} bytes came of {size:,}")
                return mark
            # a weak tag does not tell that bytes are the same
            if file.tell() == before or not tag or tag.startswith("W/"):
                break
        raise BrokeOff(f"it broke off after {file.tell():,} bytes: {broken}")


def _require_rest(answer: BaseHTTPResponse, begin: int, tag: str | None) -> None:
    """Raises BrokeOff where an answer is not the rest of the same file."""
    stated = answer.headers.get("Content-Range", "")
    if not stated.startswith(f"bytes {begin}-") or answer.headers.get("ETag", tag) != tag:
        raise BrokeOff(f"asked for what follows after {begin:,} bytes, the server gave {stated[:80]!r} of another file")


def _written(answer: BaseHTTPResponse, file: BinaryIO, limit: int) -> HTTPError | None:
    """Write an answer's body; what ended it before its end."""
    try:
        for chunk in answer.stream(_CHUNK, decode_content=False):
            file.write(chunk)
            if file.tell() > limit:
                raise BadInput("unreadable", f"more than the {limit:,} bytes that are fetched")
    except HTTPError as error:
        return error
    return None


@contextmanager
def _answer(manager: PoolManager, method: str, url: str, **headers: str) -> Iterator[BaseHTTPResponse]:
    """A good answer. Errors as of `fetch`."""
    try:
        answer = manager.request(method, url, headers={**manager.headers, **headers}, preload_content=False)
    except ValueError as error:  # of urllib3, and of what joins URLs
        raise BadInput("unreadable", f"it redirects to what is no URL that can be asked for: {error}") from error
    except HTTPError as error:
        raise TransientError(str(error.reason if isinstance(error, MaxRetryError) else error)) from error
    try:
        if answer.status in _LATER:
            raise TransientError(f"the server answers with status {answer.status}")
        if answer.status in _GONE:
            raise BadInput("missing_file", "no such file there")
        if answer.status in _REFUSED:
            raise BadInput("unreadable", "access is refused; some stores say so of a file that is not there, too")
        if answer.status != 200 and (answer.status != 206 or "Range" not in headers):
            raise BadInput("unreadable", f"the server answers with status {answer.status}")
        yield answer
    finally:
        answer.close()  # what is left of a body is not waited for


def _length(answer: BaseHTTPResponse) -> int | None:
    stated = answer.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() and len(stated) < 20 else None


def _mark(answer: BaseHTTPResponse, size: int | None) -> str:
    changed = answer.headers.get("Last-Modified")
    try:
        told = answer.headers.get("ETag") or (parsedate_to_datetime(changed).astimezone(UTC).isoformat() if changed else "")
    except (ValueError, OverflowError):
        told = ""
    return f"{'' if size is None else size}-{told}"


# --- connections -------------------------------------------------------------------------------------------------------------------


def _manager(url: str, agent: str) -> PoolManager:
    """Asks for one URL, and for what it redirects to: of https nothing but https."""
    parts = urlsplit(url)
    said: dict[str, Any] = {
        "headers": {"User-Agent": agent, "Accept-Encoding": "identity"},
        "timeout": _TIMES,
        "retries": Retry(
            None, connect=min(RETRIES, _SILENT_RETRIES), read=min(RETRIES, _SILENT_RETRIES), status=RETRIES, other=RETRIES, redirect=5,
            status_forcelist=_LATER, backoff_factor=0.5, backoff_max=30, raise_on_redirect=False, raise_on_status=False,
            respect_retry_after_header=False,
        ),
    }  # fmt: skip
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme.lower())
    manager = ProxyManager(proxy, **said) if proxy else PoolManager(**said)
    if not proxy:
        manager.pool_classes_by_scheme = _pools(_plain(parse_url(url).host or ""))
    if parts.scheme.lower() == "https":
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "http": _PlainPool}
    return manager


class _PlainPool(HTTPConnectionPool):
    """Raises BadInput: what was asked by https is asked by nothing else."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise BadInput("unreadable", "it redirects from https to http")


def _plain(host: str) -> str:
    """A host as connections name it, one name for all its spellings."""
    return host.strip("[]").rstrip(".").lower()


def _pools(named: str) -> dict[str, Any]:
    """Pools whose connections reach a private address only of the host that was named."""

    class Http(_Guarded, HTTPConnection):
        host_named = named

    class Https(_Guarded, HTTPSConnection):
        host_named = named

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}


class _Guarded:
    host: str
    host_named: str

    def _new_conn(self) -> Any:
        """As urllib3 makes a connection, before anything is sent."""
        connection = super()._new_conn()  # type: ignore[misc]
        if _plain(self.host) != self.host_named and not is_public(connection.getpeername()[0]):
            connection.close()
            raise BadInput("unreadable", f"it redirects to {self.host}, which is not public")
        return connection
