"""The capture stage: inputs into the raw zone, their captures split over shards."""

import resource
import shutil
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from broadsheet.capture.archives import Archives
from broadsheet.capture.delivery import Delivery, Missing, PassedOver
from broadsheet.capture.raw_index import Place
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.sources import deliveries
from broadsheet.errors import ConfigurationError
from broadsheet.lake import ABSENCES, CAPTURES, REJECTIONS, Lake, written_aside
from broadsheet.records import Absence, Capture, Record, Rejection
from broadsheet.settings import Settings
from broadsheet.tombstones import FORGOTTEN, Covered, Tombstones

_PROGRESS_EVERY = 20
_OTHER_FILES = 256  # that a process has open beside those of its shards, at most about
_MOST_KINDS = 30  # of records passed over that are told apart: an archive may name any number of content types


class CaptureSummary(Record, frozen=True):
    """What became of the inputs: every one went on as a capture or an absence, was a duplicate of one, or was quarantined."""

    in_count: int
    out_count: int  # captures
    duplicate_count: int  # the same content, url and time, or the same absence, delivered again
    quarantined_count: int
    shards: tuple[int, ...]  # those that hold captures or absences
    new_content_count: int = 0  # contents, and answers without content, that the raw zone did not have
    absences: dict[str, int] = msgspec.field(default_factory=dict)  # answers that a page is not there, by their kind
    # what is no input: records of WARC files that are no pages, by what they are, and what was forgotten
    passed_over: dict[str, int] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.in_count != self.out_count + sum(self.absences.values()) + self.duplicate_count + self.quarantined_count:
            raise AssertionError(f"capture lost track of its inputs: {self}")


def capture(
    paths: Sequence[Path | str],
    *,
    lake: Lake,
    run_id: str,
    settings: Settings,
    manifest: Path | str | None = None,
    on_progress: Callable[[int], None] | None = None,
    only: Container[str] | None = None,
    archives: Archives | None = None,
) -> CaptureSummary:
    """Bring inputs into the raw zone; write `captures.jsonl` and `absences.jsonl` of each shard that gets any, and `rejections.jsonl`, into
    staging.

    A capture's or absence's shard follows from its id. Captures are listed whether or not an earlier run knew them: later stages decide. Memory
    holds one page and the ids. Repeating it for a run gives the same files and writes no content twice. The files appear when the
    raw zone has all they speak of on disk. What has a tombstone is passed over as `forgotten`.

    Parameters
    ----------
    on_progress : called with the number of inputs so far, now and then and at the end.
    only : of what `paths` hold, take these inputs, by their paths: files, records of WARC files, directories with all below.
    archives : WARC files that are read after `paths`.
    """
    report = on_progress or (lambda count: None)
    staging = lake.staging(run_id, "capture")
    seen: set[int] = set()
    absences: Counter[str] = Counter()
    passed_over: Counter[str] = Counter()
    tombstones = Tombstones(lake)
    in_count = captured = duplicates = quarantined = 0
    with ExitStack() as outputs, RawZone(lake).writer(run_id) as raw:
        files = Files(outputs, settings.shards)
        rejections = files.open(staging / REJECTIONS)
        items = deliveries(paths, manifest=manifest, settings=settings, originals=raw.original_of)
        for item in chain(items, archives.deliveries(settings, raw.original_of)) if archives else items:
            if only is not None and not any(path in only for path in holders(_path_of(item))):
                continue
            if isinstance(item, PassedOver):
                passed_over[item.kind if item.kind in passed_over or len(passed_over) < _MOST_KINDS else "other"] += 1
                continue
            if _is_forgotten(item, tombstones.covered):
                passed_over[FORGOTTEN] += 1
                continue
            in_count += 1
            if in_count % _PROGRESS_EVERY == 0:
                report(in_count)
            if isinstance(item, Rejection):
                quarantined += 1
                rejections.write(msgspec.json.encode(item) + b"\n")
                continue
            item_id = item.absence.absence_id if isinstance(item, Missing) else item.capture.capture_id
            identity = int(item_id, 16)
            if identity in seen:
                duplicates += 1
                continue
            seen.add(identity)
            shard = lake.shard(run_id, "capture", shard_of(item_id, settings.shards))
            # both files of a shard, so that no other attempt's is left beside one
            to_captures, to_absences = files.open(shard / CAPTURES), files.open(shard / ABSENCES)
            if isinstance(item, Missing):
                absences[item.absence.absence_kind] += 1
                to_absences.write(_placed(item.absence, raw.add(item.answer) if item.answer.http_header else None))
            else:
                captured += 1
                to_captures.write(_placed(item.capture, raw.add(item)))
    report(in_count)
    shards = tuple(shard for shard in range(settings.shards) if lake.shard(run_id, "capture", shard) / CAPTURES in files)
    _remove_other_shards(lake, run_id, shards)
    return CaptureSummary(
        in_count=in_count, out_count=captured, duplicate_count=duplicates, quarantined_count=quarantined, shards=shards,
        new_content_count=raw.new_count, absences=dict(absences.most_common()), passed_over=dict(passed_over.most_common()),
    )  # fmt: skip


def holders(input_path: str) -> Iterator[str]:
    """Paths by which an input may be asked for: its own, the WARC file that it is a record of, the directories above."""
    file = input_path.rpartition("#")[0] or input_path
    yield from (input_path, file, *map(str, Path(file).parents))


def _is_forgotten(item: Delivery | Missing | Rejection, covered: Covered) -> bool:
    return covered.has(item.absence if isinstance(item, Missing) else item.capture if isinstance(item, Delivery) else item)


def _path_of(item: Delivery | Missing | Rejection | PassedOver) -> str:
    if isinstance(item, Missing):
        return item.absence.input_path
    return item.capture.input_path if isinstance(item, Delivery) else item.input_path or ""


def shard_of(item_id: str, shards: int) -> int:
    """Shard that a capture or an absence belongs to: spread evenly, and the same in every run."""
    return int(item_id[:8], 16) % shards


def _placed(record: Capture | Absence, place: Place | None) -> bytes:
    """A line of JSON, with the record's place in the raw zone."""
    if place is not None:
        raw_file, offset, length = place
        record = msgspec.structs.replace(record, raw_file=raw_file, raw_offset=offset, raw_length=length)
    return msgspec.json.encode(record) + b"\n"


def _let_be_open(count: int) -> None:
    """Let this process have so many files open at a time."""
    granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if granted == resource.RLIM_INFINITY or granted >= count:
        return
    if most != resource.RLIM_INFINITY and most < count:
        raise ConfigurationError(f"so many shards need {count} files open at a time, and a process may have {most}: give fewer, or raise `ulimit -n`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


class Files:
    """JSON Lines files that are written side by side, two a shard, opened when first needed, in place when the stack closes.

    Raises ConfigurationError where a process may not have so many open.
    """

    def __init__(self, stack: ExitStack, shards: int):
        _let_be_open(2 * shards + _OTHER_FILES)
        self._stack = stack
        self._open: dict[Path, BinaryIO] = {}

    def open(self, target: Path) -> BinaryIO:
        if target not in self._open:
            aside = self._stack.enter_context(written_aside(target))
            self._open[target] = self._stack.enter_context(aside.open("wb"))
        return self._open[target]

    def __contains__(self, target: Path) -> bool:
        return target in self._open


def _remove_other_shards(lake: Lake, run_id: str, shards: tuple[int, ...]) -> None:
    """Shards of an earlier attempt of the run that this one has nothing for (its input has changed)."""
    kept = {lake.shard(run_id, "capture", shard) for shard in shards}
    for folder in lake.staging(run_id, "capture").glob("shard-*"):
        if folder not in kept:
            shutil.rmtree(folder)
