"""What the crawler asked for and what came back, and what it saw and is to ask for, by URL and time: its memory between runs.

Every row is a record of a WARC file of the raw zone, and can be read from there again (`visit_of`). `visits/` holds sorted Parquet
parts, one for each WARC file, merged when they grow many.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from broadsheet.capture.delivery import parse_instant
from broadsheet.capture.frames import Frame
from broadsheet.capture.raw_index import Place
from broadsheet.capture.warc import ROLE_HEADER, split_http
from broadsheet.lake import RAW
from broadsheet.records import Record
from broadsheet.store import PARQUET, Store

SOURCE_HEADER, ERROR_HEADER, TDM_HEADER = "Broadsheet-Source", "Broadsheet-Fetch-Error", "Broadsheet-Tdm-Reservation"
HOPS_HEADER = "Broadsheet-Hops"
ROBOTS_FORBIDDEN = "robots_forbidden"  # the error of what was not asked for because robots.txt forbids it
FOLDER = f"{RAW}/visits"
SCHEMA = pa.schema([
    ("url", pa.string()), ("captured_at", pa.timestamp("us", "UTC")), ("source", pa.string()), ("role", pa.string()), ("http_status", pa.int16()),
    ("content_sha256", pa.binary(32)), ("etag", pa.string()), ("last_modified", pa.string()), ("location", pa.string()), ("error", pa.string()),
    ("tdm_reservation", pa.string()), ("hops", pa.int16()), ("raw_file", pa.string()), ("raw_offset", pa.int64()), ("raw_length", pa.int64()),
])  # fmt: skip
NO_CONTENT = hashlib.sha256(b"").digest()
_TELLING = ("response", "revisit", "metadata")


class Role(StrEnum):
    """What a URL is to a source."""

    SEED = "seed"  # front and section pages, feeds: asked for again and again for the links they show
    PAGE = "page"
    SITEMAP = "sitemap"
    ROBOTS = "robots"


class Visit(Record, frozen=True):
    """One request and what became of it, or that a URL was seen and is to be asked for. Fields as the columns of `SCHEMA`."""

    url: str
    captured_at: datetime  # aware, UTC: when the answer came
    source: str
    role: str
    http_status: int | None = None  # None: no answer
    content_sha256: bytes | None = None  # of the payload, also one that was not sent again; None without one
    etag: str | None = None
    last_modified: str | None = None
    location: str | None = None  # where a redirect leads, as stated
    error: str | None = None  # why there is no answer
    tdm_reservation: str | None = None  # as the answer's header or the page's meta element states it
    hops: int | None = None  # of a sighting: links from a seed to the URL
    raw_file: str = ""
    raw_offset: int = 0
    raw_length: int = 0

    @property
    def is_sighting(self) -> bool:
        """Whether the URL was only seen: an answer led to it."""
        return self.http_status is None and self.error is None

    @property
    def is_request(self) -> bool:
        """Whether it was asked for."""
        return not self.is_sighting and self.error != ROBOTS_FORBIDDEN


def visit_of(frame: Frame, place: Place) -> Visit | None:
    """The visit that a record of the crawler tells of; None for any other record."""
    told = frame.headers
    source = told.get(SOURCE_HEADER.lower())
    if not source or told.get("warc-type") not in _TELLING:
        return None
    captured_at = parse_instant(told.get("warc-date"), is_utc_assumed=True)
    assert captured_at is not None
    has_answer = told.get("warc-type") != "metadata"
    http = split_http(frame) if has_answer else None
    answered = http.headers if http else {}
    _, _, stated = told.get("warc-payload-digest", "").partition("sha256:")
    digest = base64.b32decode(stated)
    return Visit(
        url=told["warc-target-uri"], captured_at=captured_at, source=source, role=told.get(ROLE_HEADER.lower(), Role.PAGE),
        http_status=http.status if http else None, content_sha256=digest if digest not in (b"", NO_CONTENT) else None, etag=answered.get("etag"),
        last_modified=answered.get("last-modified"), location=answered.get("location"), error=told.get(ERROR_HEADER.lower()),
        tdm_reservation=told.get(TDM_HEADER.lower()), hops=int(hops) if (hops := told.get(HOPS_HEADER.lower(), "")).isdecimal() else None,
        raw_file=place[0], raw_offset=place[1], raw_length=place[2],
    )  # fmt: skip


class VisitIndex:
    """Look-up by URL, and by source."""

    def __init__(self, store: Store):
        self._store = store

    def parts(self) -> list[Path]:
        return self._store.files(FOLDER, PARQUET)

    def write_part(self, warc: Path, visits: list[Visit]) -> None:
        """Store the visits of one WARC file."""
        self._write(f"{warc.name}{PARQUET}", pa.Table.from_pylist([msgspec.structs.asdict(visit) for visit in visits], schema=SCHEMA))

    def of_url(self, url: str) -> list[Visit]:
        """Visits of a URL, in the order of time."""
        return list(self._visits(pc.field("url") == url))

    def of_source(self, source: str) -> Iterator[tuple[str, list[Visit]]]:
        """URLs that a source asked for, each with its visits in the order of time."""
        for url, visits in groupby(self._visits(pc.field("source") == source), key=lambda visit: visit.url):
            yield url, list(visits)

    def sources(self) -> list[str]:
        """Sources that anything was asked for."""
        return sorted(pc.unique(self._table(None, ["source"])["source"]).to_pylist())

    def files_of(self, source: str) -> list[str]:
        """WARC files that hold visits of a source, relative to the lake."""
        return sorted(pc.unique(self._table(pc.field("source") == source, ["raw_file"])["raw_file"]).to_pylist())

    def compact(self) -> None:
        """Merge all parts into one. Two processes at it write the same file."""
        parts = self.parts()
        if len(parts) < 2:
            return
        name = hashlib.sha256("\n".join(part.name for part in parts).encode()).hexdigest()[:20]
        target = f"merged-{name}{PARQUET}"
        try:
            self._write(target, pa.concat_tables([pq.read_table(part, schema=SCHEMA) for part in parts]))
        except FileNotFoundError:  # another process is at it
            return
        for part in parts:
            if part.name != target:
                self._store.delete(f"{FOLDER}/{part.name}")

    def _write(self, name: str, table: pa.Table) -> None:
        with self._store.new(f"{FOLDER}/{name}") as aside:
            pq.write_table(table.sort_by([("url", "ascending"), ("captured_at", "ascending")]), aside, compression="zstd", row_group_size=20_000)

    def _visits(self, chosen: pc.Expression) -> Iterator[Visit]:
        table = self._table(chosen, SCHEMA.names).sort_by([("url", "ascending"), ("captured_at", "ascending"), ("raw_offset", "ascending")])
        seen: set[tuple[str, int]] = set()
        for batch in table.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                place = row["raw_file"], row["raw_offset"]
                if place not in seen:  # a merged part and its parts may stand side by side for a moment
                    seen.add(place)
                    yield Visit(**row)

    def _table(self, chosen: pc.Expression | None, columns: list[str]) -> pa.Table:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._read(chosen, columns)
            except FileNotFoundError:  # merged by another process between listing and reading
                continue
        return self._read(chosen, columns)

    def _read(self, chosen: pc.Expression | None, columns: list[str]) -> pa.Table:
        tables = [pq.read_table(part, schema=SCHEMA, columns=columns, filters=chosen) for part in self.parts()]
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table().select(columns)


_ATTEMPTS = 5
