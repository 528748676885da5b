"""Where things lie in a lake, and how files get there: written aside, then renamed.

A lake is a directory. What it keeps for good, marked * here, may lie in an object store instead (`store.py`); the directory, which `store.json`
then binds to the store, is where work is done.

raw/ *                      WARC files with the pages' bytes, never changed
arrivals/<day>/<run>/       what `ingest` brought into the raw zone, by day of capture
crawls/                     which hosts are being asked, which WARC files of crawls and of others were listed as arrivals,
                            when each source last ran
staging/<run>/<stage>/      what one stage hands to the next, by shard
tables/<table>/capture_month=…/ *   published Parquet
warehouse/broadsheet.duckdb       the published warehouse; beside it the file that was published before, changes/
                                  and what waiting reparses would make of it, shadow-<run>.duckdb and .json
withdrawn/ *                Parquet that published states no longer count
commits/<snapshot>.json *   parts that a load moved into tables/
docs/index.html             quality overview
docs/<run>/                 Data Docs
runs/<run>.json             summary of a run
tombstones.jsonl *          what was forgotten and does not come back; beside it forgetting.json * while one is under way
"""

import errno
import hashlib
import os
import platform
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

import msgspec
import pyarrow as pa

from broadsheet.errors import ConfigurationError

T = TypeVar("T")

# Zones of what is kept for good.
RAW, TABLES, WITHDRAWN, COMMITS = "raw", "tables", "withdrawn", "commits"
# Small files that are kept for good beside them, and change.
TOMBSTONES, FORGETTING = "tombstones.jsonl", "forgetting.json"
# Which object store a directory works for.
BINDING = "store.json"
# A URL; as a path it would have one slash less.
_URL = re.compile(r"([a-z][a-z0-9+.-]*):/+(.*)", re.IGNORECASE)
_BUCKET_AND_FOLDER = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.+(/|$))[\w.=+-]+)*")

# Of `aside_of`, with the host and the process that writes it. Hosts and containers that share a lake have their own numbers of processes.
_ASIDE = re.compile(r"\..+\.([0-9a-f]{8})-([1-9][0-9]{0,6})\.tmp")

# Files that stages leave in their staging: what goes on, what was rejected, what became of it all.
CAPTURES = "captures.jsonl"
ABSENCES = "absences.jsonl"
PAGES = "pages.jsonl.zst"
REJECTIONS = "rejections.jsonl"
OUTCOMES = "outcomes.jsonl"
ATTEMPTS = "attempts"  # folder: shards that are done elsewhere, until they are brought in
WARNED_ROWS = "warned_rows"  # Parquet: what `validate` warns of and other shards may have too
COMPRESSIONS = {".zst": "zstd", ".gz": "gzip"}  # of a file, by the ending of its name


class Binding(msgspec.Struct, frozen=True):
    """The object store that a working directory is bound to. `directory_id` tells the directory from others that are bound to the same one."""

    url: str
    directory_id: str


@dataclass(frozen=True, slots=True)
class Lake:
    """Paths of one lake."""

    root: Path

    @classmethod
    def at(cls, place: str | Path) -> "Lake":
        """The lake of a directory, or of an object store's URL, `s3://bucket/folder`, whose working directory is made if it is not there.

        Raises ConfigurationError for a URL that names no such store, and where its working directory cannot be made or is another store's.
        """
        url = store_url(place)
        if url is None:
            return cls(Path(place))
        lake = cls(working_directory(url))
        lake._bind(url)
        return lake

    @property
    def binding(self) -> Binding | None:
        """The object store that keeps what is kept for good; None where the directory itself does."""
        try:
            return msgspec.json.decode((self.root / BINDING).read_bytes(), type=Binding)
        except OSError:
            return None
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"{self.root / BINDING} is damaged ({error}); remove it, and name the lake by its URL") from error

    @property
    def name(self) -> str:
        """What the lake is called: the object store's URL, else the directory."""
        binding = self.binding
        return binding.url if binding else str(self.root)

    def _bind(self, url: str) -> None:
        binding = self.binding
        if binding is None:
            if any((self.root / zone).exists() for zone in (RAW, TABLES)):
                raise ConfigurationError(f"{self.root} is a lake of its own, and cannot be the working directory of {url}")
            require_writable(self.root)
            with written_aside(self.root / BINDING) as aside:
                aside.write_bytes(msgspec.json.encode(Binding(url, token_hex(8))))
        elif binding.url != url:
            raise ConfigurationError(f"{self.root} is the working directory of {binding.url}, and cannot be that of {url}")

    @property
    def raw(self) -> Path:
        return self.root / RAW

    @property
    def arrivals(self) -> Path:
        """What `ingest` brought into the raw zone, by day of capture."""
        return self.root / "arrivals"

    @property
    def crawls(self) -> Path:
        """What crawls know beside the raw zone: who asks which host, which files were listed; and when each source last ran."""
        return self.root / "crawls"

    @property
    def tables(self) -> Path:
        return self.root / TABLES

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "broadsheet.duckdb"

    @property
    def standby(self) -> Path:
        """The file that was published before the present one."""
        return self.root / "warehouse" / ".standby.duckdb"

    def shadow(self, run_id: str) -> Path:
        """The warehouse as a reparse that waits would make it."""
        return self.root / "warehouse" / f"shadow-{run_id}.duckdb"

    def changes(self, snapshot_id: str) -> Path:
        """What a published state changed of the one before."""
        return self.root / "warehouse" / "changes" / snapshot_id

    @property
    def tombstones(self) -> Path:
        """What was forgotten, and does not come back."""
        return self.root / TOMBSTONES

    def docs(self, run_id: str) -> Path:
        return self.root / "docs" / run_id

    @property
    def overview(self) -> Path:
        """The quality overview, which leads to the Data Docs of the runs."""
        return self.root / "docs" / "index.html"

    def summary(self, run_id: str) -> Path:
        return self.root / "runs" / f"{run_id}.json"

    def staging(self, run_id: str, stage: str = "") -> Path:
        return self.root / "staging" / run_id / stage

    def driver_lock(self, run_id: str) -> Path:
        """Held by whoever brings attempts into a run's staging, or takes something out of it."""
        return self.staging(run_id) / "driver.lock"

    def shard(self, run_id: str, stage: str, shard: int) -> Path:
        """Directory that a stage's shard writes to."""
        return self.staging(run_id, stage) / f"shard-{shard:03d}"


def store_url(place: str | Path) -> str | None:
    """The URL of an object store as it is written down; None for a directory. Raises ConfigurationError for any other URL."""
    found = _URL.fullmatch(str(place).strip())
    if found is None:
        return None
    scheme, rest = found[1].lower(), found[2].rstrip("/")
    if scheme != "s3" or not _BUCKET_AND_FOLDER.fullmatch(rest):
        raise ConfigurationError(
            f"{place} is no lake: give a directory, or s3://BUCKET/FOLDER for an object store, whose keys and endpoint come from the environment"
        )
    return f"s3://{rest}"


def working_directory(url: str) -> Path:
    """Where work on an object store's lake is done: below `BROADSHEET_WORK`, else in the user's own folder of data."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    folder = Path(os.environ.get("BROADSHEET_WORK") or data / "broadsheet" / "lakes")
    readable = re.sub(r"[^A-Za-z0-9]+", "-", url.removeprefix("s3://"))
    return folder.absolute() / f"{readable}-{hashlib.sha256(url.encode()).hexdigest()[:6]}"


def require_writable(root: Path) -> None:
    """Make the lake's directory if it is not there. Raises ConfigurationError if it cannot be made or written to."""
    probe = root / f".writable-{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{root} cannot be a lake: {error.strerror or error}") from error


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to: fsynced and renamed over it on success, removed on failure. What is no file, such as /dev/null or a
    pipe, is itself written to."""
    if _is_device(target):
        yield target
        return
    if target.is_symlink():
        target = target.resolve()  # the link stays
    if not target.name:  # "." and "/", beside which there is no name for a file
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(target)
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _is_device(target: Path) -> bool:
    """Whether a path is a device, a pipe or a socket."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def aside_of(target: Path) -> Path:
    """The name beside `target` by which `is_left_aside` knows what this process writes."""
    return target.with_name(f".{target.name}.{_host()}-{os.getpid()}.tmp")


def is_left_aside(file: Path) -> bool:
    """Whether a file or folder was written aside by a process that this host does not have any more, or that is this one."""
    named = _ASIDE.fullmatch(file.name)
    if not named or named[1] != _host():
        return False
    try:
        os.kill(writer := int(named[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's
        return False
    return writer == os.getpid()


def _host() -> str:
    """This host's mark in names of files; a container's name is its own."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def write_records(target: Path, records: Iterable[msgspec.Struct]) -> int:
    """Records to JSON Lines, compressed when the name ends as `COMPRESSIONS` says; returns their number."""
    return write_lines(target, map(msgspec.json.Encoder().encode, records))


def write_lines(target: Path, lines: Iterable[bytes]) -> int:
    """The same for records that are encoded already."""
    count = 0
    with written_aside(target) as aside, pa.output_stream(str(aside), compression=COMPRESSIONS.get(target.suffix)) as out:
        for line in lines:
            out.write(line + b"\n")
            count += 1
    return count


def read_records(source: Path, record_type: type[T]) -> Iterator[T]:
    """Records of a file that `write_records` made."""
    decode = msgspec.json.Decoder(record_type).decode
    with pa.input_stream(str(source), compression=COMPRESSIONS.get(source.suffix)) as stream:
        rest = b""
        while chunk := stream.read(1 << 20):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield decode(line)
        if rest:
            yield decode(rest)
