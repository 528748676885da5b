"""`broadsheet extract --jsonl`: pages to prediction objects, without a lake."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.progress import track

from broadsheet.engine.extracting import begin_loading, profiles_for, read_pages
from broadsheet.engine.tasks import LINE, Task
from broadsheet.errors import BadInput
from broadsheet.lake import written_aside
from broadsheet.page.profiles import Profiles
from broadsheet.records import Absence, Rejection
from broadsheet.settings import read_settings
from broadsheet.sites.load import load_profiles

if TYPE_CHECKING:
    from broadsheet.capture.delivery import Delivery, Missing

PAGE_SUFFIXES = (".gz", ".html", ".htm", ".txt")


def page_id(input_path: str) -> str:
    """File name without .html / .htm / .txt and .gz; a WARC record keeps its `#offset`."""
    name = Path(input_path).name
    for suffix in PAGE_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def export_pages(
    paths: Sequence[Path], out: Path, *, manifest: Path | None = None, workers: int | None = None, sites_dir: Path | None = None
) -> tuple[int, int, int]:
    """Write one JSON object per input to `out`, in the order of the inputs. Returns (read, rejected, passed over).

    Pages are read in guarded children, `workers` at most: the setting's number, or one a core.
    """
    begin_loading()
    from broadsheet.capture.delivery import Missing, PassedOver
    from broadsheet.capture.sources import deliveries

    settings = read_settings(sites_dir=sites_dir)
    profiles = load_profiles(settings.sites_dir)
    encode = msgspec.json.Encoder().encode
    read = rejected = passed_over = 0

    def tasks(items: "Iterable[Delivery | Missing | Rejection | PassedOver]") -> "Iterator[tuple[str | Rejection, Task | None]]":
        nonlocal passed_over
        for item in items:
            if isinstance(item, PassedOver):
                passed_over += 1
            elif isinstance(item, Missing):
                yield _no_page(item.absence), None
            else:
                yield _task(item, profiles)

    with ExitStack() as stack:
        file = sys.stdout.buffer if str(out) == "-" else stack.enter_context(stack.enter_context(written_aside(out)).open("wb"))
        inputs = tasks(deliveries(paths, manifest=manifest, settings=settings))
        answers = read_pages(inputs, settings=settings, workers=workers or settings.workers or os.cpu_count() or 1)
        for item, answer in track(stack.enter_context(closing(answers)), "extract", disable=not sys.stderr.isatty(), transient=True):
            if isinstance(answer, bytes):
                read += 1
                file.write(answer + b"\n")
            else:
                rejected += 1
                file.write(encode(_error(item, answer)) + b"\n")
    return read, rejected, passed_over


def _task(item: "Delivery | Rejection", profiles: Profiles) -> "tuple[str | Rejection, Task | None]":
    if isinstance(item, Rejection):
        return item, None
    path = item.capture.input_path
    return path, Task(capture=item.capture, content=item.content, form=LINE, line_id=page_id(path), profiles=profiles_for(item.capture, profiles))


def _no_page(absence: Absence) -> Rejection:
    leads = f" to {absence.redirect_url}" if absence.redirect_url else ""
    return Rejection(
        stage="capture",
        scope="page",
        reasons=(absence.absence_kind,),
        detail=f"status {absence.http_status}{leads}, {absence.url}",
        input_path=absence.input_path,
    )


def _error(item: str | Rejection, error: BadInput | None) -> dict[str, Any]:
    if isinstance(item, Rejection):
        path, reason, detail = item.input_path or "", item.reasons[0], item.detail
    else:
        assert error is not None
        path, reason, detail = item, error.reason, error.detail
    return {"id": page_id(path), "page_kind": "other", "error": {"reason": reason, "detail": detail, "path": path}}
