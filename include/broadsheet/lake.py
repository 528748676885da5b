"""Where things lie in a lake, and how files get there: written aside, then renamed.

raw/                        WARC files with the pages' bytes, never changed
arrivals/<day>/<run>/       what `ingest` brought into the raw zone, by day of capture
crawls/                     which hosts are being asked, which WARC files of crawls were listed as arrivals
staging/<run>/<stage>/      what one stage hands to the next, by shard
tables/<table>/capture_month=…/   published Parquet
warehouse/broadsheet.duckdb       the published warehouse; beside it the file that was published before, changes/
                                  and what waiting reparses would make of it, shadow-<run>.duckdb and .json
withdrawn/                  Parquet that published states no longer count
docs/index.html             quality overview
docs/<run>/                 Data Docs
runs/<run>.json             summary of a run
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow as pa

from broadsheet.errors import ConfigurationError

T = TypeVar("T")

# Files that stages leave in their staging: what goes on, what was rejected, what became of it all.
CAPTURES = "captures.jsonl"
ABSENCES = "absences.jsonl"
PAGES = "pages.jsonl.zst"
REJECTIONS = "rejections.jsonl"
OUTCOMES = "outcomes.jsonl"
WARNED_ROWS = "warned_rows"  # Parquet: what `validate` warns of and other shards may have too
COMPRESSIONS = {".zst": "zstd", ".gz": "gzip"}  # of a file, by the ending of its name


@dataclass(frozen=True, slots=True)
class Lake:
    """Paths of one lake."""

    root: Path

    @property
    def raw(self) -> Path:
        return self.root / "raw"

    @property
    def arrivals(self) -> Path:
        """What `ingest` brought into the raw zone, by day of capture."""
        return self.root / "arrivals"

    @property
    def crawls(self) -> Path:
        """What crawls know beside the raw zone: who asks which host, which files were listed."""
        return self.root / "crawls"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

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
    def commits(self) -> Path:
        return self.root / "commits"

    @property
    def withdrawn(self) -> Path:
        """Parquet that was published and no longer counts."""
        return self.root / "withdrawn"

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

    def shard(self, run_id: str, stage: str, shard: int) -> Path:
        """Directory that a stage's shard writes to."""
        return self.staging(run_id, stage) / f"shard-{shard:03d}"


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
    """A path beside `target` to write to: fsynced and renamed over it on success, removed on failure."""
    if not target.name:  # "." and "/", beside which there is no name for a file
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


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
