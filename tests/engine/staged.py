"""Runs whose captures are staged, the same for every engine, and what came of them."""

from pathlib import Path
from typing import Any

from row_sets import row_sets

from broadsheet import pipeline
from broadsheet.runs import Run

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "sample"

EVIL_PAGE = (
    "<html><body><h1>A synthetic headline, number {number}</h1><p>{what}: a synthetic paragraph of the page, and some more of it.</p></body></html>"
)


def begin(lake: Path, paths: list[Path], **settings: Any) -> Run:
    """A run with its captures staged, of pages that the sample's manifest may know."""
    run = Run.start(lake, "run-1", **settings)
    pipeline.capture(run, paths, SAMPLE / "manifest.jsonl")
    return run


def rows_of(run: Run) -> dict[str, Any]:
    """Number and hash of every table's rows, after a load. Of rejections, which and why: where a page was at work may differ from run to run."""
    from broadsheet.warehouse.query import connect

    pipeline.load(run)
    found: dict[str, Any] = row_sets(run.where)
    with connect(run.where.root) as connection:
        found["quarantine"] = connection.execute("select capture_id, table_name, row_key, reasons from quarantine order by all").fetchall()
    return found
