"""What a lake keeps for good (`raw/`, `tables/`, `withdrawn/`, `commits/`, tombstones): in its directory, or in an S3-compatible object store.

A file is known by its key, its path relative to the lake (`raw/run-00000.warc.gz`). It comes whole and is never changed but by a takedown; it
may move from one zone to another, and go. Object stores have no rename: there a file is sent whole, copied and deleted, and what belongs together
is written down beforehand (`warehouse/parts.py`).

Of an object store, the lake's directory holds copies at the same paths: what was sent from here and what was read whole, up to
`BROADSHEET_STORE_CACHE_MB`. Clients of object stores run threads, which no fork takes along: use none before a fork and after it.
"""

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import obstore
from filelock import FileLock
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from broadsheet.errors import ConfigurationError, TakenOver, TransientError
from broadsheet.lake import COMMITS, RAW, TABLES, WITHDRAWN, Binding, Lake, require_writable, written_aside
from broadsheet.settings import MIB, read_store_settings

T = TypeVar("T")
R = TypeVar("R")

WARC, PARQUET = ".warc.gz", ".parquet"
_COPIED = ((RAW, WARC), (RAW, PARQUET), (TABLES, PARQUET), (WITHDRAWN, PARQUET))
WRITER = "writer.json"  # key: which working directory publishes
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Of a file that is asked for more often, the rest is likely to be asked for too: it is fetched whole.
FEW_READS = 32
CHUNK_BYTES = 16 * MIB  # fetched at a time
AT_ONCE = 8  # files that are sent or fetched at the same time
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# What is said by an answer that will be the same next time.
_FOR_GOOD = re.compile(r"status code: 4(?!08|29)\d\d|incorrectly configured region")
_NO_BUCKET, _BEYOND_THE_END = "<Code>NoSuchBucket</Code>", "status code: 416"
_NO_KEYS = "http://169.254.169.254/"  # asked as the last resort: it gives keys to machines of clouds


class EndsBefore(OSError):
    """A file is shorter than what is asked of it."""


class Store:
    """The zones in the lake's own directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keys(self, folder: str, suffix: str) -> list[str]:
        """Keys below a folder, in their order."""
        return sorted(path.relative_to(self.root).as_posix() for path in (self.root / folder).rglob(f"*{suffix}"))

    def files(self, folder: str, suffix: str) -> list[Path]:
        """Files of this machine with all that lies below a folder, at the paths of their keys and in their order."""
        return sorted((self.root / folder).rglob(f"*{suffix}"))

    def exists(self, key: str) -> bool:
        return (self.root / key).exists()

    def file(self, key: str) -> Path:
        """A file of this machine with the content. FileNotFoundError where there is none."""
        return self.root / key

    def current(self, key: str) -> Path:
        """Where a small file that changes is on this machine, as it is now; there may be none."""
        return self.root / key

    def read(self, key: str) -> bytes:
        """A small file whole. FileNotFoundError where there is none."""
        return self.file(key).read_bytes()

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """Some bytes of a file, fewer at its end. FileNotFoundError where there is none."""
        with (self.root / key).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    @contextmanager
    def new(self, key: str) -> Iterator[Path]:
        """A path to write a small file to, which is kept, whole, on success."""
        with written_aside(self.root / key) as aside:
            yield aside

    def take(self, local: Path, key: str) -> None:
        """Take in a file of this machine, which lies below the lake's directory and is moved."""
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        local.replace(target)

    def take_all(self, files: Mapping[str, Path]) -> None:
        """Take in files by key."""
        for key, local in files.items():
            self.take(local, key)

    def move(self, key: str, to: str) -> None:
        self.take(self.root / key, to)

    def delete(self, key: str) -> None:
        """Remove a file, if it is there."""
        (self.root / key).unlink(missing_ok=True)

    def require(self) -> None:
        """Raises ConfigurationError, TransientError for a store that cannot be asked."""

    def claim(self, *, is_taken_over: bool = False) -> None:
        """Be the one working directory that publishes. Raises ConfigurationError where another one is, unless its place is taken over."""

    def require_claim(self) -> None:
        """Raises TakenOver where another working directory has taken the place of this one since it was claimed."""

    def trim(self, *folders: str) -> None:
        """Remove copies, the oldest first, that take more than they may."""

    def remove_strays(self) -> None:
        """Remove copies of files that are no longer there."""

    def keeps_versions(self, key: str) -> bool:
        """Whether what a file held before it was changed is kept."""
        return False


class ObjectStore(Store):
    """The zones in a bucket of an S3-compatible object store, below the URL's path.

    All methods raise TransientError for trouble that may pass (no answer, 5xx), ConfigurationError for what will not (no bucket, no permission);
    `read_range` EndsBefore for what lies behind a file's end.
    """

    def __init__(self, root: Path, binding: Binding) -> None:
        super().__init__(root)
        self.url = binding.url
        self._directory_id = binding.directory_id
        self._reads: Counter[str] = Counter()

    def keys(self, folder: str, suffix: str) -> list[str]:
        return sorted(self._listed(folder, suffix))

    def files(self, folder: str, suffix: str) -> list[Path]:
        listed = self._listed(folder, suffix)
        self._remove_but(listed, folder, suffix)
        return sorted(_in_threads(self._fetched, listed.items()))

    def exists(self, key: str) -> bool:
        try:
            with self._asking():
                obstore.head(self._client, key)
        except FileNotFoundError:
            return False
        return True

    def file(self, key: str) -> Path:
        with self._asking():
            size = obstore.head(self._client, key)["size"]
        return self._fetched((key, size))

    def current(self, key: str) -> Path:
        copy = self.root / key
        try:
            content = self.read(key)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)
            return copy
        if not (copy.exists() and copy.read_bytes() == content):
            with written_aside(copy) as aside:
                aside.write_bytes(content)
        return copy

    def read(self, key: str) -> bytes:
        with self._asking():
            return bytes(obstore.get(self._client, key).bytes())

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        with suppress(FileNotFoundError):  # no copy here
            return super().read_range(key, offset, length)
        self._reads[key] += 1
        if self._reads[key] > FEW_READS:
            self._reads[key] = 0
            with FileLock(self.root / ".fetching.lock"):  # the other shards want the same file
                self.file(key)
                self.trim(RAW)
            with suppress(FileNotFoundError):  # removed again by another process
                return super().read_range(key, offset, length)
        return self._ranged(key, offset, length)

    @contextmanager
    def new(self, key: str) -> Iterator[Path]:
        with written_aside(self.root / key) as aside:
            yield aside
            self._send(aside, key)

    def take(self, local: Path, key: str) -> None:
        self._send(local, key)
        super().take(local, key)

    def take_all(self, files: Mapping[str, Path]) -> None:
        _in_threads(lambda item: self.take(item[1], item[0]), files.items())

    def move(self, key: str, to: str) -> None:
        with self._asking():
            obstore.copy(self._client, key, to)
            obstore.delete(self._client, key)
        if (self.root / key).exists():
            super().move(key, to)

    def delete(self, key: str) -> None:
        with self._asking():
            obstore.delete(self._client, key)
        super().delete(key)

    def require(self) -> None:
        with self._asking():  # unlike the answer to HEAD, that to a list tells a missing bucket from a missing file
            next(iter(obstore.list(self._client, COMMITS, chunk_size=1)), None)

    def claim(self, *, is_taken_over: bool = False) -> None:
        writer = self._writer() or self._first_writer()
        if writer["directory_id"] == self._directory_id:
            return
        if not is_taken_over:
            raise ConfigurationError(
                f"what {self.url} holds is published from another working directory since {writer['since']}, "
                f"{writer['directory']} of {writer['host']}: work there, or, if that is lost, `broadsheet rebuild --lake {self.url}` takes its place"
            )
        for folder, suffix in _COPIED:  # the other one may have changed what is copied here; before, since who publishes lets go of nothing
            self._remove_but((), folder, suffix)
        with self.new(WRITER) as aside:
            aside.write_bytes(self._own_claim())

    def require_claim(self) -> None:
        writer = self._writer()
        if writer is None or writer["directory_id"] != self._directory_id:
            who = f"{writer['directory']} of {writer['host']} publishes" if writer else f"somebody removed {WRITER}, which says who publishes"
            raise TakenOver(f"what {self.url} holds was taken over while this was at work: {who}; nothing more was published from here")

    def _writer(self) -> dict[str, str] | None:
        """Which working directory publishes, if any does."""
        try:
            return json.loads(self.read(WRITER))
        except FileNotFoundError:
            return None

    def _first_writer(self) -> dict[str, str]:
        """Publish from here, unless another one was quicker; which one does."""
        with self._asking(), suppress(AlreadyExistsError):
            try:
                obstore.put(self._client, WRITER, self._own_claim(), mode="create")
            except NotImplementedError:  # AWS_CONDITIONAL_PUT=disabled: a store that knows no conditions
                obstore.put(self._client, WRITER, self._own_claim())
        return json.loads(self.read(WRITER))

    def _own_claim(self) -> bytes:
        told = {
            "directory_id": self._directory_id, "directory": str(self.root.resolve()), "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        return json.dumps(told).encode()

    def trim(self, *folders: str) -> None:
        copies = []
        for folder in folders:
            for path in super().files(folder, WARC if folder == RAW else PARQUET):
                with suppress(FileNotFoundError):  # another process is at it
                    copies.append((path.stat(), path))
        copies.sort(key=lambda copy: copy[0].st_mtime_ns, reverse=True)
        room = read_store_settings().cache_mb * MIB
        for number, (status, path) in enumerate(copies):
            room -= status.st_size
            if room < 0 and number:  # the newest is what is about to be read
                path.unlink(missing_ok=True)

    def remove_strays(self) -> None:
        for folder, suffix in _COPIED:
            self._remove_but(self._listed(folder, suffix), folder, suffix)

    def keeps_versions(self, key: str) -> bool:
        with self._asking():
            return obstore.head(self._client, key)["version"] is not None

    # --- requests --------------------------------------------------------------------------------------------------------

    @property
    def _client(self) -> S3Store:
        return _client(self.url, endpoint(), os.getpid())

    def _listed(self, folder: str, suffix: str) -> dict[str, int]:
        """Keys below a folder, with the files' bytes."""
        with self._asking():
            found = (item for chunk in obstore.list(self._client, folder, chunk_size=1000) for item in chunk)
            return {item["path"]: item["size"] for item in found if item["path"].endswith(suffix)}

    def _remove_but(self, keys: Container[str], folder: str, suffix: str) -> None:
        """Remove copies of all other files below a folder."""
        for copy in super().files(folder, suffix):
            if copy.relative_to(self.root).as_posix() not in keys:
                copy.unlink(missing_ok=True)

    def _fetched(self, listed: tuple[str, int]) -> Path:
        """The copy of a file, fetched if it is not here."""
        key, size = listed
        copy = self.root / key
        if not (copy.exists() and copy.stat().st_size == size):
            with written_aside(copy) as aside, aside.open("wb") as file:
                for start in range(0, size, CHUNK_BYTES):
                    file.write(self._ranged(key, start, CHUNK_BYTES))
        return copy

    def _ranged(self, key: str, offset: int, length: int) -> bytes:
        with self._asking():
            return bytes(obstore.get_range(self._client, key, start=offset, length=length))

    def _send(self, local: Path, key: str) -> None:
        with self._asking():
            obstore.put(self._client, key, local)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turns what the client raises into our kinds of errors; FileNotFoundError stays."""
        try:
            yield
        except (FileNotFoundError, BaseError) as error:
            said = str(error)
            told = said.strip().partition("\n")[0][:500]  # below is a dump of the client's own structures
            if _NO_BUCKET in said:
                raise ConfigurationError(f"{self.url}: there is no such bucket ({endpoint() or 'AWS'})") from error
            if isinstance(error, FileNotFoundError):
                raise
            if _BEYOND_THE_END in said:
                raise EndsBefore("it ends before") from error
            if _NO_KEYS in said:
                raise ConfigurationError(f"{self.url}: neither the environment (AWS_ACCESS_KEY_ID) nor the machine has keys: {told}") from error
            if isinstance(error, PermissionDeniedError | UnauthenticatedError):
                raise ConfigurationError(f"{self.url}: the keys that the environment gives (AWS_ACCESS_KEY_ID) are refused: {told}") from error
            if _FOR_GOOD.search(said):
                raise ConfigurationError(f"{self.url} refuses what is asked: {told}") from error
            raise TransientError(f"{self.url} does not answer as it should ({endpoint() or 'AWS'}): {told}") from error


def store_of(lake: Lake) -> Store:
    """Where a lake keeps what it keeps for good."""
    binding = lake.binding
    return ObjectStore(lake.root, binding) if binding else Store(lake.root)


def require_usable(lake: Lake) -> None:
    """Raises ConfigurationError, TransientError for a lake that cannot be written to or whose store cannot be asked."""
    require_writable(lake.root)
    store_of(lake).require()


@lru_cache(maxsize=8)
def _client(url: str, endpoint: str | None, process: int) -> S3Store:
    """Keys, region, endpoint and the like come from the environment, by AWS's names. Raises ConfigurationError for a wrong endpoint.

    Parameters
    ----------
    process : the one that asks. The client's threads stay behind when a process is forked, and one that waits for them waits for ever.
    """
    _first_user.append(process)
    if process != _first_user[0]:
        raise RuntimeError("a client of an object store was used before this process was forked")
    wait = timedelta(seconds=read_store_settings().retry_seconds)
    return S3Store.from_url(
        url,
        client_options={
            "connect_timeout": timedelta(seconds=10), "read_timeout": timedelta(seconds=60), "timeout": timedelta(minutes=10),
            **({"allow_http": True} if is_plain_http_allowed(endpoint) else {}),
        },
        retry_config={"max_retries": 1000, "retry_timeout": wait, "backoff": {"max_backoff": timedelta(seconds=5)}},
    )  # fmt: skip


_first_user: list[int] = []


def endpoint() -> str | None:
    """Where the store is; None for AWS."""
    return next((value for name in _ENDPOINTS if (value := os.environ.get(name))), None)


def is_plain_http_allowed(endpoint: str | None) -> bool:
    """Whether pages and keys' signatures may go unencrypted: to this machine, or where it is said. Raises ConfigurationError for a wrong endpoint."""
    if endpoint is None:
        return False
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigurationError(f"AWS_ENDPOINT_URL is {endpoint!r}; expected is a URL, as https://s3.example or http://127.0.0.1:9000")
    is_allowed = address.hostname in LOOPBACK or os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
    if address.scheme == "http" and not is_allowed:
        raise ConfigurationError(f"AWS_ENDPOINT_URL is {endpoint}, without encryption and not on this machine; AWS_ALLOW_HTTP=true allows that")
    return is_allowed


def _in_threads(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))
