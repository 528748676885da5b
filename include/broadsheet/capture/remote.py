"""Single files of other hosts, `s3://bucket/key` and `https://host/path`, into files of this machine.

What is asked for stands in a source's configuration, or below a base that stands there: unlike the links that a crawler follows, it may be of a
private network (`web_files.py`). An object store's keys, region and endpoint come from the environment by AWS's names
(`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`; `AWS_SKIP_SIGNATURE=true` where anybody may read).
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
    from obstore.store import S3Store

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

    from broadsheet.capture import web_files

    with _asking(url):
        if not _is_object(url):
            return web_files.mark_of(url, _agent(contact))
        store, key = _place(url)
        return _mark(obstore.head(store, key))


def fetch(url: str, target: Path, contact: str | None = None, limit: int | None = None) -> str:
    """Write a file to `target`. Returns its mark, as `mark_of` does.

    Raises BadInput (`missing_file`, `unreadable`) for what is not there, not given out, or larger than `limit` bytes (`LARGEST_FILE`),
    TransientError for what may be had later.

    Parameters
    ----------
    contact : sent to web servers, so that their people can reach whoever runs this.
    """
    from broadsheet.capture.web_files import BrokeOff

    for _ in range(ATTEMPTS - 1):
        try:
            return _fetched(url, target, contact, limit or LARGEST_FILE)
        except TransientError as error:
            if not (_is_object(url) or isinstance(error, BrokeOff)):  # the request was repeated already
                raise
    return _fetched(url, target, contact, limit or LARGEST_FILE)


def _fetched(url: str, target: Path, contact: str | None, limit: int) -> str:
    import obstore

    from broadsheet.capture import web_files

    if not _is_object(url):
        with _asking(url):
            return web_files.fetch(url, target, _agent(contact), limit)
    with target.open("wb") as file, _asking(url):
        store, key = _place(url)
        answer = obstore.get(store, key)
        if (size := answer.meta["size"]) > limit:  # no more than it states can come of it
            raise BadInput("unreadable", f"{size:,} bytes, more than the {limit:,} that are fetched")
        for chunk in answer.stream():  # asked for again from where it broke off, where the server states an ETag
            file.write(chunk)
        if file.tell() != size:
            raise TransientError(f"{file.tell()} bytes came of {size}")
        return _mark(answer.meta)


def _mark(meta: Any) -> str:
    return f"{meta['size']}-{meta['e_tag'] or meta['last_modified'].isoformat()}"


def _is_object(url: str) -> bool:
    return urlsplit(url).scheme.lower() == "s3"


def _agent(contact: str | None) -> str:
    return f"Broadsheet/{__version__}" + (f" (+{contact})" if contact else "")


def _place(url: str) -> tuple["S3Store", str]:
    parts = urlsplit(url)
    return _bucket(parts.netloc, os.getpid()), parts.path.lstrip("/")


@lru_cache(maxsize=8)
def _bucket(name: str, process: int) -> "S3Store":
    """A bucket; `process`: a client's threads do not outlive a fork."""
    from obstore.store import S3Store

    from broadsheet.store import endpoint, is_plain_http_allowed

    return S3Store(name, **_options(is_plain_allowed=is_plain_http_allowed(endpoint())))


def _options(*, is_plain_allowed: bool) -> Any:
    # as long as there is something to read, a large file takes the time that it takes
    timeouts = {"connect_timeout": timedelta(seconds=20), "read_timeout": timedelta(seconds=60), "timeout": timedelta(hours=2)}
    return {
        "client_options": {**timeouts, **({"allow_http": True} if is_plain_allowed else {})},
        "retry_config": {"max_retries": 10, "retry_timeout": timedelta(seconds=_RETRY_SECONDS), "backoff": {"init_backoff": timedelta(seconds=0.5)}},
    }


@contextmanager
def _asking(url: str) -> Iterator[None]:
    """Turns what the clients raise into our kinds of errors, which name the URL."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except BadInput as error:
        raise BadInput(error.reason, f"{shown(url)}: {error.detail}") from error
    except TransientError as error:
        raise type(error)(f"{shown(url)} cannot be had now: {_QUERY.sub('?…', str(error))}") from error
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
