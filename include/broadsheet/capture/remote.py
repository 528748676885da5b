"""Single files of other hosts, `s3://bucket/key` and `https://host/path`, into files of this machine.

What is asked for stands in a source's configuration, or below a base that stands there: unlike the links that a crawler follows, it may be of a
private network. An object store's keys, region and endpoint come from the environment by AWS's names (`AWS_ACCESS_KEY_ID`, `AWS_REGION`,
`AWS_ENDPOINT_URL`; `AWS_SKIP_SIGNATURE=true` where anybody may read).
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from broadsheet import __version__
from broadsheet.errors import BadInput, TransientError

if TYPE_CHECKING:
    from obstore.store import HTTPStore, S3Store

SCHEMES = ("s3", "http", "https")
# Files of archives have a gigabyte, rarely ten. What has more would fill the disk, whatever it is.
LARGEST_FILE = 32 << 30
ATTEMPTS = 3  # at a whole file, whose server cannot go on where it broke off
_RETRY_SECONDS = 120.0  # for one request that gets no answer, or one that says "later"
_QUERY = re.compile(r"\?\S+")
_STATUS = re.compile(r"status code: (4(?!08|25|29)\d\d)")  # of an answer that will be the same next time


def is_remote(path: str) -> bool:
    """Whether a path is a URL of another host."""
    return path.partition("://")[0].lower() in SCHEMES and "://" in path


def file_name(url: str) -> str:
    """What the file of a URL is called."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def mark_of(url: str, contact: str | None = None) -> str:
    """Size and ETag of a file, or when it was changed: what differs when the file does. Errors as of `fetch`."""
    import obstore

    with _asking(url):
        store, key = _place(url, contact)
        return _mark(obstore.head(store, key))


def fetch(url: str, target: Path, contact: str | None = None, limit: int | None = None) -> str:
    """Write a file to `target`. Returns its mark, as `mark_of` does.

    Raises BadInput (`missing_file`, `unreadable`) for what is not there, not given out, or larger than `limit` bytes (`LARGEST_FILE`),
    TransientError for what may be had later.

    Parameters
    ----------
    contact : sent to web servers, so that their people can reach whoever runs this.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _fetched(url, target, contact, limit or LARGEST_FILE)
        except TransientError:
            continue
    return _fetched(url, target, contact, limit or LARGEST_FILE)


def _fetched(url: str, target: Path, contact: str | None, limit: int) -> str:
    import obstore

    with target.open("wb") as file, _asking(url):
        store, key = _place(url, contact)
        answer = obstore.get(store, key)
        if (size := answer.meta["size"]) > limit:  # no more than it states can come of it
            raise BadInput("unreadable", f"{shown(url)}: {size:,} bytes, more than the {limit:,} that are fetched")
        for chunk in answer.stream():  # asked for again from where it broke off, where the server states an ETag
            file.write(chunk)
        if file.tell() != size:
            raise TransientError(f"{shown(url)}: {file.tell()} bytes came of {size}")
        return _mark(answer.meta)


def _mark(meta: Any) -> str:
    return f"{meta['size']}-{meta['e_tag'] or meta['last_modified'].isoformat()}"


def _place(url: str, contact: str | None) -> tuple["S3Store | HTTPStore", str]:
    parts = urlsplit(url)
    if parts.scheme.lower() == "s3":
        return _bucket(parts.netloc, os.getpid()), parts.path.lstrip("/")
    # a query, as of a signed URL, goes with every request
    base = urlunsplit((parts.scheme, parts.netloc, "/", parts.query, ""))
    return _server(base, f"Broadsheet/{__version__}" + (f" (+{contact})" if contact else ""), os.getpid()), unquote(parts.path).lstrip("/")


@lru_cache(maxsize=8)
def _bucket(name: str, process: int) -> "S3Store":
    """A bucket; `process`: a client's threads do not outlive a fork."""
    from obstore.store import S3Store

    from broadsheet.store import endpoint, is_plain_http_allowed

    return S3Store(name, **_options(is_plain_allowed=is_plain_http_allowed(endpoint())))


@lru_cache(maxsize=8)
def _server(base: str, agent: str, process: int) -> "HTTPStore":
    from obstore.store import HTTPStore

    return HTTPStore(base, **_options(is_plain_allowed=base.lower().startswith("http:"), user_agent=agent))


def _options(*, is_plain_allowed: bool, **client: Any) -> Any:
    # as long as there is something to read, a large file takes the time that it takes
    timeouts = {"connect_timeout": timedelta(seconds=20), "read_timeout": timedelta(seconds=60), "timeout": timedelta(hours=2)}
    return {
        "client_options": {**timeouts, **({"allow_http": True} if is_plain_allowed else {}), **client},
        "retry_config": {"max_retries": 10, "retry_timeout": timedelta(seconds=_RETRY_SECONDS), "backoff": {"init_backoff": timedelta(seconds=0.5)}},
    }


@contextmanager
def _asking(url: str) -> Iterator[None]:
    """Turns what the client raises into our kinds of errors."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as error:
        raise BadInput("missing_file", f"{shown(url)}: no such file there") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise BadInput("unreadable", f"{shown(url)}: access is refused; some stores say so of a file that is not there, too") from error
    except BaseError as error:
        told = str(error).strip().partition("\n")[0][:300]  # below is a dump of the client's own structures
        told = _QUERY.sub("?…", told)
        if found := _STATUS.search(told):
            raise BadInput("unreadable", f"{shown(url)}: the server answers with status {found.group(1)}") from error
        raise TransientError(f"{shown(url)} cannot be had now: {told}") from error


def shown(path: str) -> str:
    """A path, or a URL without what may be a secret in it."""
    if not is_remote(path):
        return path
    parts = urlsplit(path)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else ""))
