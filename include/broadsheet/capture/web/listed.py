"""Which WARC files of crawls were listed as arrivals: those of a run that died before it could list them are listed by the next one.

`crawls/<source>.txt` names the files that finished runs listed, one a line. A run writes down beside its staging which files it lists;
they count when it is finished.
"""

import json
from pathlib import Path

from broadsheet.capture.raw_zone import RawZone
from broadsheet.lake import Lake, written_aside
from broadsheet.runs import Run
from broadsheet.store import store_of

_NAME = "crawl.json"


def let_be_listed(run: Run, source: str) -> None:
    """Write down which WARC files of a source the run lists: all that no finished run has listed."""
    files = [file for file in RawZone(run.where).visits.files_of(source) if file not in _listed(run.where, source)]
    with written_aside(run.where.staging(run.run_id) / _NAME) as aside:
        aside.write_text(json.dumps({"source": source, "files": files}), "utf-8")


def unlisted(run: Run) -> list[Path]:
    """The WARC files that the run lists."""
    store = store_of(run.where)
    return [store.file(file) for file in json.loads((run.where.staging(run.run_id) / _NAME).read_text("utf-8"))["files"]]


def mark_listed(run: Run) -> None:
    """Let the files that the run listed count as listed. Does nothing for a run that did not crawl."""
    note = run.where.staging(run.run_id) / _NAME
    if not note.exists():
        return
    told = json.loads(note.read_text("utf-8"))
    if new := [file for file in told["files"] if file not in _listed(run.where, told["source"])]:
        target = _list(run.where, told["source"])
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8") as file:  # one short write: whole or not at all
            file.write("".join(f"{name}\n" for name in new))


def _listed(lake: Lake, source: str) -> set[str]:
    listed = _list(lake, source)
    return set(listed.read_text("utf-8").split("\n")) if listed.exists() else set()


def _list(lake: Lake, source: str) -> Path:
    return lake.crawls / f"{source}.txt"
