"""Golden pairs of invented front pages, section pages and feed files: `golden/<name>` as it would be captured, and beside it what is read of it.

`PYTHONPATH=include python tests/page/golden_pages.py` writes the records anew; each change of them is a change of behaviour and is read as one.
"""

import json
from pathlib import Path
from typing import Any

from broadsheet.capture.sources import first_page
from broadsheet.engine.reading import read_capture
from broadsheet.page.contract import prediction
from broadsheet.records import Page

FOLDER = Path(__file__).with_name("golden")
PAGES = sorted(file for file in FOLDER.iterdir() if not file.name.endswith(".record.json"))


def page_of(file: Path) -> Page:
    item = first_page(file)
    return read_capture(item.capture, item.content).page


def record_of(page: Page) -> dict[str, Any]:
    """What the extraction contract says of the page's lists, and where those without a heading stand."""
    said = prediction("", page)
    places = [module.place for module in page.modules if module.items and not module.heading]
    return {name: said[name] for name in ("page_kind", "language", "leads", "modules")} | {"places": places}


def record_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.record.json")


if __name__ == "__main__":
    for page_file in PAGES:
        record_file(page_file).write_text(json.dumps(record_of(page_of(page_file)), ensure_ascii=False, indent=1) + "\n", "utf-8")
