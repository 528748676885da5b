"""What the crawler asked for and what came back, and what it saw and is to ask for, by URL and time: its memory between runs.

Every row is a record of a WARC file of the raw zone, and can be read from there again (`visit_of`). `visits/` holds the parts
(`broadsheet.capture.parts`).
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from broadsheet.capture.delivery import parse_instant
from broadsheet.capture.frames import Frame
from broadsheet.capture.parts import Parts
from broadsheet.capture.raw_index import Place
from broadsheet.capture.warc import ROLE_HEADER, split_http
from broadsheet.lake import RAW
from broadsheet.records import Record
from broadsheet.store import Store

SOURCE_HEADER, ERROR_HEADER, TDM_HEADER = "Broadsheet-Source", "Broadsheet-Fetch-Error", "Broadsheet-Tdm-Reservation"
HOPS_HEADER = "Broadsheet-Hops"
ROBOTS_FORBIDDEN = "robots_forbidden"  # the error of what was not asked for because robots.txt forbids it
_FOLDER = f"{RAW}/visits"
SCHEMA = pa.schema([
    ("url", pa.string()), ("captured_at", pa.timestamp("us", "UTC")), ("source", pa.string()), ("role", pa.string()), ("http_status", pa.int16()),
    ("content_sha256", pa.binary(32)), ("etag", pa.string()), ("last_modified", pa.string()), ("location", pa.string()), ("error", pa.string()),
    ("tdm_reservation", pa.string()), ("hops", pa.int16()), ("raw_file", pa.string()), ("raw_offset", pa.int64()), ("raw_length", pa.int64()),
])  # fmt: skip
_ORDER = ("url", "captured_at", "raw_file", "raw_offset")
NO_CONTENT = hashlib.sha256(b"").digest()
_RANGE_ROWS = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TELLING = ("response", "revisit", "metadata")


class Role(StrEnum):
    """What a URL is to a source."""

    SEED = "seed"  # front and section pages, feeds: asked for again and again for the links they show
    PAGE = "page"
    SITEMAP = "sitemap"
    ROBOTS = "robots"


class Visit(Record, frozen=True, gc=False):  # it refers to nothing that could refer to it, and there are millions
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
        self.parts = parts_of(store)

    def write_part(self, warc: Path, visits: list[Visit]) -> None:
        """Store the visits of one WARC file."""
        self.parts.write(warc, pa.Table.from_pylist([msgspec.structs.asdict(visit) for visit in visits], schema=SCHEMA))

    def of_url(self, url: str) -> list[Visit]:
        """Visits of a URL, in the order of time."""
        return list(self._visits(pc.field("url") == url))

    def of_source(self, source: str) -> Iterator[tuple[str, list[Visit]]]:
        """URLs that a source asked for, each with its visits in the order of time."""
        cuts = self.parts.read(lambda files: _cuts(files, source))
        for low, high in pairwise([None, *cuts, None]):
            chosen = pc.field("source") == source
            if low is not None:
                chosen &= pc.field("url") >= low
            if high is not None:
                chosen &= pc.field("url") < high
            for url, visits in groupby(self._visits(chosen), key=lambda visit: visit.url):
                yield url, list(visits)

    def files_of(self, source: str) -> list[str]:
        """WARC files that hold visits of a source, relative to the lake."""
        return sorted(pc.unique(self._table(pc.field("source") == source, ["raw_file"])["raw_file"]).to_pylist())

    def _visits(self, chosen: pc.Expression) -> Iterator[Visit]:
        table = self._table(chosen, SCHEMA.names).sort_by([(name, "ascending") for name in _ORDER])
        last = None
        for batch in table.to_batches(max_chunksize=10_000):
            for row in zip(*map(_values, batch.columns), strict=True):
                visit = Visit(**dict(zip(SCHEMA.names, row, strict=True)))
                if (place := (visit.raw_file, visit.raw_offset)) != last:  # a row may be there twice
                    yield visit
                last = place

    def _table(self, chosen: pc.Expression, columns: list[str]) -> pa.Table:
        """Rows of all parts. What a part's statistics rule out is not read of it."""
        return self.parts.read(lambda files: dataset(files, schema=SCHEMA, format="parquet").to_table(columns, chosen))


def parts_of(store: Store) -> Parts:
    return Parts(store, _FOLDER, SCHEMA, _ORDER)


def _cuts(files: list[Path], source: str) -> list[str]:
    """URLs at which the visits of a source are cut into ranges, so that memory holds one of them at a time: by what the parts' statistics say."""
    groups = []
    for metadata in map(pq.read_metadata, files):
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            urls, sources = (group.column(SCHEMA.get_field_index(name)).statistics for name in ("url", "source"))
            if urls and urls.has_min_max and (not sources or not sources.has_min_max or sources.min <= source <= sources.max):
                groups.append((urls.min, group.num_rows))
    cuts, row_count = [], 0
    for url, count in sorted(groups):
        if row_count >= _RANGE_ROWS:
            cuts.append(url)
            row_count = 0
        row_count += count
    return cuts


def _values(column: pa.Array) -> list:
    """As `to_pylist`, which takes six times as long to make an instant."""
    if not pa.types.is_timestamp(column.type):
        return column.to_pylist()
    return [_EPOCH + timedelta(microseconds=value) for value in column.cast(pa.int64()).to_pylist()]
