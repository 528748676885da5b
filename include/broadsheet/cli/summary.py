"""Runs, reasons and the closing summary in the terminal."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from broadsheet.cli.snapshots import print_differences
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.summary import program, shown_path, summary_text

if TYPE_CHECKING:
    from broadsheet.reparse import Comparison


def print_summary(summary: dict[str, Any]) -> None:
    print(summary_text(summary))


def print_comparison(comparison: "Comparison") -> None:
    """What a waiting reparse would change, and what can be done with it."""
    summary = comparison.summary
    run_id, lake = summary["run_id"], shown_path(summary["lake"])
    captures = f"{summary['input_count']:,} capture{'' if summary['input_count'] == 1 else 's'}"
    print(f"Reparse {run_id}: {captures} read anew, nothing published")
    if summary["quarantined_by_reason"]:
        print("Quarantined: " + ", ".join(f"{reason} {count:,}" for reason, count in summary["quarantined_by_reason"].items()))
    print_differences(comparison.differences)
    arguments = f"--lake {shlex.quote(lake)} --run {run_id}"
    print(f"Publish it  {program()} reparse {arguments} --publish")
    print(f"Discard it  {program()} reparse {arguments} --discard")


def print_runs(lake: Path) -> None:
    from broadsheet.runs import stored_summary

    where = Lake(lake)
    if not lake.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    loaded = {path.stem for path in where.summary("x").parent.glob("*.json")}
    begun = {path.name for path in where.staging("").glob("*") if (path / "run.json").exists()}
    table = Table("run", "status", "inputs", "pages", "new articles", "quarantined", header_style="bold")
    for run_id in sorted(loaded | begun, reverse=True):
        if run_id not in loaded:
            table.add_row(run_id, "reparse waits" if where.shadow(run_id).exists() else "not loaded")
            continue
        summary = stored_summary(lake, run_id)
        new_articles = summary["tables"].get("articles", {}).get("new", 0)
        aside = summary["rejected_input_count"] + summary["quarantined_row_count"]
        table.add_row(run_id, summary["run_status"], *(f"{n:,}" for n in (summary["input_count"], summary["page_count"], new_articles, aside)))
    Console().print(table)


def print_reasons() -> None:
    from broadsheet.quality.policy import load_policy
    from broadsheet.quality.reasons import BY_SCOPE

    policy = load_policy(None)
    table = Table("scope", Column("reason", no_wrap=True), "policy", "what it means, and what to do", header_style="bold")
    for scope, reasons in BY_SCOPE.items():
        for slug, reason in sorted(reasons.items()):
            table.add_row(scope, slug, policy.action(slug), Text(reason.text))
        table.add_section()
    Console().print(table)
