"""The capture stage: inputs into the raw zone, capture records split over shards."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.sources import Delivery, deliveries
from broadsheet.lake import Lake, write_records, written_aside
from broadsheet.records import Record, Rejection
from broadsheet.settings import Settings


class CaptureSummary(Record, frozen=True):
    """`in_count` = `out_count` + `duplicate_count` + `quarantined_count`."""

    in_count: int
    out_count: int
    duplicate_count: int  # the same content, url and time delivered again
    quarantined_count: int
    shards: tuple[int, ...]  # those that hold captures


def capture(
    paths: Sequence[Path | str],
    *,
    lake: Lake,
    run_id: str,
    settings: Settings,
    manifest: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> CaptureSummary:
    """Write `captures.jsonl` of each shard that gets any, and `rejections.jsonl`, into the run's staging.

    A capture's shard follows from its id. Memory holds ids and rejections only. Repeating it for a run gives the same files.
    """
    encode = msgspec.json.Encoder().encode
    seen: set[bytes] = set()
    rejections: list[Rejection] = []
    count = duplicates = 0
    files: dict = {}
    with ExitStack() as stack:
        raw = stack.enter_context(RawZone(lake).writer(run_id))
        for count, item in enumerate(deliveries(paths, manifest=manifest, settings=settings), start=1):
            if on_progress:
                on_progress(count)
            if isinstance(item, Rejection):
                rejections.append(item)
                continue
            key = bytes.fromhex(item.capture.capture_id)
            if key in seen:
                duplicates += 1
                continue
            seen.add(key)
            shard = int(item.capture.capture_id[:8], 16) % settings.shards
            if shard not in files:
                target = lake.shard(run_id, "capture", shard) / "captures.jsonl"
                files[shard] = stack.enter_context(stack.enter_context(written_aside(target)).open("wb"))
            files[shard].write(encode(_placed(item, raw)) + b"\n")
    write_records(lake.staging(run_id, "capture") / "rejections.jsonl", rejections)
    summary = CaptureSummary(
        in_count=count, out_count=len(seen), duplicate_count=duplicates, quarantined_count=len(rejections), shards=tuple(sorted(files))
    )
    if summary.in_count != summary.out_count + summary.duplicate_count + summary.quarantined_count:
        raise AssertionError(f"capture lost track of its inputs: {summary}")
    return summary


def _placed(delivery: Delivery, raw) -> msgspec.Struct:
    raw_file, offset, length = raw.add(delivery)
    return msgspec.structs.replace(delivery.capture, raw_file=raw_file, raw_offset=offset, raw_length=length)
