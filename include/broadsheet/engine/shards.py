"""The work of one shard: files of the stage before in, files of this stage out. Repeating it gives the same files."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from broadsheet.capture.raw_zone import RawZone
from broadsheet.engine.extracting import profiles_for, read_pages
from broadsheet.engine.tasks import Task
from broadsheet.errors import BadInput
from broadsheet.lake import ABSENCES, CAPTURES, OUTCOMES, PAGES, REJECTIONS, Lake, read_records, write_lines, write_records
from broadsheet.records import Absence, Capture, PageResult, Record, Rejection, StageOutcome
from broadsheet.settings import Settings, read_settings
from broadsheet.sites.load import load_profiles
from broadsheet.tables.batch import Batch
from broadsheet.tables.outlets import load_outlets
from broadsheet.tables.transform import add_absence, add_page
from broadsheet.tombstones import FORGOTTEN, Tombstones
from broadsheet.urls import page_url

EXCERPT_CHARS = 400


def extract_shard(lake: Lake, run_id: str, shard: int, settings: Settings | None = None) -> StageOutcome:
    """Captures of a shard -> pages, read in guarded children. A page that cannot be read is one rejection, and so is one that says that its URL is
    one which was forgotten.

    Raises WorkFault when the reading itself is at fault, TransientError when the guard's own processes were killed.
    """
    options = settings or read_settings()
    began = _Clock()
    raw = RawZone(lake)
    rejections: list[Rejection] = []
    target = lake.shard(run_id, "extract", shard)
    profiles = load_profiles(options.sites_dir)
    tombstones = Tombstones(lake)

    def contents() -> Iterator[tuple[tuple[Capture, bytes | BadInput], Task | None]]:
        for capture in read_records(lake.shard(run_id, "capture", shard) / CAPTURES, Capture):
            try:
                content = raw.read(capture.raw_file, capture.raw_offset, capture.raw_length)
                yield (capture, content), Task(capture=capture, content=content, profiles=profiles_for(capture, profiles))
            except BadInput as error:
                yield (capture, error), None

    def pages() -> Iterator[bytes]:
        for (capture, content), answer in read_pages(contents(), settings=options, workers=options.workers or 1):
            if isinstance(content, BadInput):
                rejections.append(_rejected(capture, b"", content))
            elif isinstance(answer, BadInput):
                rejections.append(_rejected(capture, content, answer))
            elif answer is not None and (covered := tombstones.covered) and covered.has_url(url := _own_url(capture, answer)):
                rejections.append(_rejected(capture, b"", BadInput(FORGOTTEN, f"the page says that it is {url}")))
            elif answer is not None:
                yield answer

    read = write_lines(target / PAGES, pages())
    return began.finish(target, rejections, stage="extract", shard=shard, unit="page", in_count=read + len(rejections), out_count=read)


def transform_shard(
    lake: Lake, run_id: str, shard: int, *, default_zone: str, run_started_at: datetime, outlets_file: Path | None = None
) -> StageOutcome:
    """Pages and absences of a shard -> rows of all tables, as Parquet in staging."""
    began = _Clock()
    outlets = load_outlets(outlets_file)
    target = lake.shard(run_id, "transform", shard)
    batch, count = Batch(), 0
    for result in read_records(lake.shard(run_id, "extract", shard) / PAGES, PageResult):
        add_page(batch, result, run_id=run_id, default_zone=default_zone, run_started_at=run_started_at, outlets=outlets)
        count += 1
    absences = lake.shard(run_id, "capture", shard) / ABSENCES
    for absence in read_records(absences, Absence) if absences.exists() else ():
        add_absence(batch, absence, run_id=run_id, run_started_at=run_started_at)
    target.mkdir(parents=True, exist_ok=True)
    for name, table in batch.tables().items():
        pq.write_table(table, target / f"{name}.parquet", compression="zstd")
    return began.finish(target, [], stage="transform", shard=shard, unit="page", in_count=count, out_count=count)


class _Links(Record, frozen=True):
    canonical_url: str | None = None


class _Stated(Record, frozen=True):
    """Of a `PageResult` what the page says of its URL."""

    page: _Links


_stated = msgspec.json.Decoder(_Stated).decode


def _own_url(capture: Capture, result: bytes) -> str | None:
    """The URL of a page that was read, as its row of `captures` will have it."""
    return page_url(capture.url, _stated(result).page.canonical_url)


class _Clock:
    """Start of a piece of work; `finish` writes down what became of it."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC)
        self._started = time.perf_counter()

    def finish(self, target, rejections: list[Rejection], *, stage: str, shard: int, unit: str, in_count: int, out_count: int) -> StageOutcome:
        outcome = StageOutcome(
            stage=stage, shard=shard, table_name="", unit=unit, in_count=in_count, out_count=out_count,
            quarantined_count=len(rejections), new_count=out_count, started_at=self.started_at,
            seconds=round(time.perf_counter() - self._started, 3),
        )  # fmt: skip
        write_records(target / REJECTIONS, rejections)
        write_records(target / OUTCOMES, [outcome])
        return outcome


def _rejected(capture: Capture, content: bytes, error: BadInput) -> Rejection:
    return Rejection(
        stage="extract",
        scope="page",
        reasons=(error.reason,),
        detail=error.detail,
        input_path=capture.input_path,
        capture_id=capture.capture_id,
        site=capture.site,
        row_json=msgspec.json.encode(capture).decode(),
        raw_excerpt=content[:EXCERPT_CHARS].decode("utf-8", "replace") or None,
    )
