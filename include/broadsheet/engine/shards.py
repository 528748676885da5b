"""The work of one shard: files of the stage before in, files of this stage out. Repeating it gives the same files."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow.parquet as pq

from broadsheet.capture.raw_zone import RawZone
from broadsheet.errors import BadInput
from broadsheet.lake import CAPTURES, OUTCOMES, PAGES, REJECTIONS, Lake, read_records, write_records
from broadsheet.page.decode import decode
from broadsheet.page.read import read_page
from broadsheet.records import Capture, PageResult, Rejection, StageOutcome
from broadsheet.tables.batch import Batch
from broadsheet.tables.transform import add_page

EXCERPT_CHARS = 400
# Above this share of unreadable characters a text is noise.
UNDECODABLE_RATIO = 0.1


def read_capture(capture: Capture, content: bytes) -> PageResult:
    """One capture's bytes, read. Raises BadInput when there is nothing to read."""
    decoded = decode(content, http_charset=capture.http_charset, is_html=capture.media_type == "text/html")
    if decoded.replaced_count > UNDECODABLE_RATIO * max(len(decoded.text), 1):
        raise BadInput("undecodable", f"{decoded.replaced_count} of {len(decoded.text)} characters, tried as {decoded.charset}")
    page = read_page(decoded.text, media_type=capture.media_type, url=capture.url, decoded=decoded, captured_at=capture.captured_at)
    if not page.blocks:
        raise BadInput("no_visible_text", f"{capture.byte_count} bytes without a visible text block")
    return PageResult(capture=capture, page=page)


def extract_shard(lake: Lake, run_id: str, shard: int) -> StageOutcome:
    """Captures of a shard -> pages. A page that cannot be read is one rejection."""
    began = _Clock()
    raw = RawZone(lake)
    rejections: list[Rejection] = []
    target = lake.shard(run_id, "extract", shard)

    def pages() -> Iterator[PageResult]:
        for capture in read_records(lake.shard(run_id, "capture", shard) / CAPTURES, Capture):
            content = b""
            try:
                content = raw.read(capture.raw_file, capture.raw_offset, capture.raw_length)
                yield read_capture(capture, content)
            except BadInput as error:
                rejections.append(_rejected(capture, content, error.reason, error.detail))
            except Exception as error:  # a fault of the kernel on one page must not cost the batch; policy may stop it
                rejections.append(_rejected(capture, content, "parser_error", f"{type(error).__name__}: {error}"))

    read = write_records(target / PAGES, pages())
    return began.finish(target, rejections, stage="extract", shard=shard, unit="page", in_count=read + len(rejections), out_count=read)


def transform_shard(lake: Lake, run_id: str, shard: int, *, default_zone: str, run_started_at: datetime) -> StageOutcome:
    """Pages of a shard -> rows of all tables, as Parquet in staging."""
    began = _Clock()
    target = lake.shard(run_id, "transform", shard)
    batch, count = Batch(), 0
    for result in read_records(lake.shard(run_id, "extract", shard) / PAGES, PageResult):
        add_page(batch, result, run_id=run_id, default_zone=default_zone, run_started_at=run_started_at)
        count += 1
    target.mkdir(parents=True, exist_ok=True)
    for name, table in batch.tables().items():
        pq.write_table(table, target / f"{name}.parquet", compression="zstd")
    return began.finish(target, [], stage="transform", shard=shard, unit="page", in_count=count, out_count=count)


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


def _rejected(capture: Capture, content: bytes, reason: str, detail: str) -> Rejection:
    return Rejection(
        stage="extract",
        scope="page",
        reasons=(reason,),
        detail=detail,
        input_path=capture.input_path,
        capture_id=capture.capture_id,
        site=capture.site,
        raw_excerpt=content[:EXCERPT_CHARS].decode("utf-8", "replace") or None,
    )
