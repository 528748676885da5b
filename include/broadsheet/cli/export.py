"""`broadsheet extract --jsonl`: pages to prediction objects, without a lake."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.progress import track

from broadsheet.capture.sources import deliveries
from broadsheet.engine.shards import read_capture
from broadsheet.errors import BadInput
from broadsheet.lake import written_aside
from broadsheet.page.contract import prediction
from broadsheet.records import Rejection
from broadsheet.settings import read_settings

PAGE_SUFFIXES = (".gz", ".html", ".htm", ".txt")


def page_id(input_path: str) -> str:
    """File name without .html / .htm / .txt and .gz; a WARC record keeps its `#offset`."""
    name = Path(input_path).name
    for suffix in PAGE_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def export_pages(paths: Sequence[Path], out: Path, *, manifest: Path | None = None) -> tuple[int, int]:
    """Write one JSON object per input to `out`, in the order of the inputs. Returns (read, rejected)."""
    encode = msgspec.json.Encoder().encode
    read = rejected = 0
    with ExitStack() as stack:
        file = sys.stdout.buffer if str(out) == "-" else stack.enter_context(stack.enter_context(written_aside(out)).open("wb"))
        inputs = deliveries(paths, manifest=manifest, settings=read_settings())
        for item in track(inputs, "extract", disable=not sys.stderr.isatty(), transient=True):
            row = _row(item)
            rejected += "error" in row
            read += "error" not in row
            file.write(encode(row) + b"\n")
    return read, rejected


def _row(item) -> dict:
    if isinstance(item, Rejection):
        return _error(item.input_path or "", item.reasons[0], item.detail)
    path = item.capture.input_path
    try:
        return prediction(page_id(path), read_capture(item.capture, item.content).page)
    except BadInput as error:
        return _error(path, error.reason, error.detail)
    except Exception as error:  # one page's fault must not cost the others; it is named on its line
        return _error(path, "parser_error", f"{type(error).__name__}: {error}")


def _error(path: str, reason: str, detail: str) -> dict:
    return {"id": page_id(path), "page_kind": "other", "error": {"reason": reason, "detail": detail, "path": path}}
