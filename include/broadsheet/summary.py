"""What a run did, for a person: the closing summary of `broadsheet run`, `broadsheet load` and `make run`."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from broadsheet.tombstones import FORGOTTEN

# Asked of the new warehouse by a reader who wants to see something at once; works on any lake.
EXAMPLE_QUERY = "select site, headline, published_at from current_articles order by published_at desc limit 5"
TABLES_SHOWN = (
    "captures", "articles", "article_versions", "article_people", "article_sources", "headline_feeds", "headline_feed_snapshots",
    "headline_feed_observations", "headline_feed_entries", "related_links", "headline_resolutions", "page_blocks", "page_absences", "quarantine",
)  # fmt: skip


def summary_text(summary: dict[str, Any]) -> str:
    """The closing summary, some 30 lines."""
    return "\n".join(_lines(summary))


def shown_path(path: str | Path) -> str:
    """A path as it is quickest to type from here."""
    return str(Path(path).relative_to(Path.cwd()) if Path(path).is_relative_to(Path.cwd()) else path)


def program() -> str:
    """How to call the command line from here. `make run` puts it on its own PATH, which is not the reader's."""
    beside = Path(sys.executable).parent / "broadsheet"
    return shown_path(beside) if beside.exists() and (beside.is_relative_to(Path.cwd()) or not shutil.which("broadsheet")) else "broadsheet"


def _inputs(summary: dict[str, Any]) -> str:
    """What became of the inputs: the figures add up to their number."""
    text = f"pages read {summary['page_count']:,}, quarantined {summary['rejected_input_count']:,}"
    text += f", absences {gone:,}" if (gone := sum(summary.get("absences", {}).values())) else ""
    return text + (f", {again:,} the same page again" if (again := summary.get("duplicate_count")) else "")


def _lines(summary: dict[str, Any]):
    yield f"Run {summary['run_id']}: {summary['run_status']}" + (" (dry run, nothing published)" if summary["is_dry_run"] else "")
    yield ""
    yield f"Inputs    {summary['input_count']:>9,}   of which {_inputs(summary)}"
    if absences := summary.get("absences"):
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in absences.items())
        yield f"Absences  {sum(absences.values()):>9,}   answers that a page is not there: {kinds}"
    passed_over = dict(summary.get("passed_over", {}))
    if forgotten := passed_over.pop(FORGOTTEN, 0):
        yield f"Forgotten {forgotten:>9,}   that came again and have a tombstone: passed over"
    if passed_over:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in passed_over.items())
        yield f"Besides   {sum(passed_over.values()):>9,}   records of WARC files that are no pages: {kinds}"
    yield ""
    yield f"{'Table':<28}{'new rows':>10}{'all rows':>12}"
    for name in TABLES_SHOWN:
        if rows := summary["tables"].get(name):
            new = "–" if rows["new"] is None else f"{rows['new']:,}"
            yield f"{name:<28}{new:>10}{rows['total']:>12,}"
    yield ""
    if summary["quarantined_by_reason"]:
        yield "Quarantined, by reason"
        for reason, count in summary["quarantined_by_reason"].items():
            yield f"  {reason:<32}{count:>8,}"
    else:
        yield "Nothing was quarantined."
    if summary["warnings"]:
        yield "Checks that warn (rows are kept)"
        for check, count in summary["warnings"].items():
            yield f"  {check:<32}{count:>8,}"
    resolved = summary["resolutions"]
    if resolved:
        yield "Headlines behind feed entries: " + ", ".join(f"{count:,} {status}" for status, count in resolved.items())
    yield ""
    yield "Seconds   " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in summary["seconds"].items())
    if summary["is_dry_run"]:
        return
    yield f"Warehouse {shown_path(summary['warehouse'])}"
    yield f"Data Docs {shown_path(summary['data_docs'])}"
    yield f"Quality   {shown_path(summary['quality_overview'])}"
    yield f"Snapshot  {summary['snapshot_id']}"
    yield ""
    yield "Try"
    lake = shlex.quote(shown_path(summary["lake"]))
    yield f"  {program()} query --lake {lake} \\"
    yield f'    "{EXAMPLE_QUERY}"'
    if summary["quarantined_by_reason"]:
        yield f"  {program()} quarantine --lake {lake} --run {summary['run_id']}"
