"""Which WARC files were listed as arrivals: those of a crawl that died before it could list them are listed by the next one, and those that
somebody else wrote (`broadsheet.capture.archives`) are read once.

`crawls/<source>.txt` names the files that finished runs listed, one a line with the run before it. A run writes down beside its staging which
files it lists; they count when it is finished. A run that is repeated does not heed what it listed itself: it lists the same again.
"""

import json
from pathlib import Path
from typing import Any

from broadsheet.capture.raw_zone import RawZone
from broadsheet.lake import Lake, written_aside
from broadsheet.runs import Run
from broadsheet.store import store_of

_NAME = "crawl.json"


def let_be_listed(run: Run, source: str, *, is_idle: bool = False) -> None:
    """Write down which WARC files of a source the run lists: all that no other finished run has listed.

    Parameters
    ----------
    is_idle : it asked for nothing though it should have: the source's schedule does not count it as a run.
    """
    known = listed(run.where, source, but_of=run.run_id)
    let_lines_be_listed(run, source, [file for file in RawZone(run.where).visits.files_of(source) if file not in known], is_idle=is_idle)


def let_lines_be_listed(run: Run, source: str, files: list[str], *, is_idle: bool = False) -> None:
    """The same for files that the caller tells, as lines."""
    with written_aside(run.where.staging(run.run_id) / _NAME) as aside:
        aside.write_text(json.dumps({"source": source, "files": files, "is_idle": is_idle}), "utf-8")


def unlisted(run: Run) -> list[Path]:
    """The WARC files that the run lists."""
    store, note = store_of(run.where), noted(run)
    return [store.file(file) for file in note["files"]] if note else []


def noted(run: Run) -> dict[str, Any] | None:
    """What the run has written down; None for one that wrote nothing down."""
    note = run.where.staging(run.run_id) / _NAME
    return json.loads(note.read_text("utf-8")) if note.exists() else None


def mark_listed(run: Run, note: dict[str, Any]) -> None:
    """Let the files that the run listed count as listed."""
    target = _list(run.where, note["source"])
    there = _lines(target)
    if new := [line for file in note["files"] if (line := f"{run.run_id} {file}") not in there]:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8") as file:  # what is half written is listed once more, which does no harm
            file.write("".join(f"{line}\n" for line in new))


def listed(lake: Lake, source: str, *, but_of: str = "") -> set[str]:
    """What finished runs of a source listed, but for that of the id `but_of`."""
    lines = (line.split(" ", 1) for line in _lines(_list(lake, source)))
    return {file for run_id, file in lines if run_id != but_of}


def _lines(file: Path) -> set[str]:
    return set(file.read_text("utf-8").split("\n")) - {""} if file.exists() else set()


def _list(lake: Lake, source: str) -> Path:
    return lake.crawls / f"{source}.txt"
