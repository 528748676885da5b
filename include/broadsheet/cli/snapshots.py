"""`broadsheet snapshots`: published states, what changed between two, the way back."""

import json
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from broadsheet.cli.exits import Exit
from broadsheet.cli.options import DEFAULT_LAKE, LakeOption
from broadsheet.cli.output import draw_overview

snapshots_app = typer.Typer(no_args_is_help=True, help="List the published states of a lake, compare them, go back to one.")
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_SHOWN = 400  # characters of an example


@snapshots_app.command("list")
def list_states(lake: LakeOption = DEFAULT_LAKE, *, as_json: _JsonOption = False) -> None:
    """List the published states, newest first."""
    from broadsheet.lake import Lake
    from broadsheet.warehouse.snapshots import snapshots

    states = snapshots(Lake(lake))
    if as_json:
        typer.echo(msgspec.json.encode(states).decode())
        return
    table = Table("published at (UTC)", "captures", "articles", "feed entries", "")
    table.add_column("snapshot", no_wrap=True)
    table.add_column("run", overflow="fold")
    for state in states:
        counts = (f"{state.row_counts.get(name, 0):,}" for name in ("captures", "articles", "headline_feed_entries"))
        remark = "current" if state.is_current else "" if state.is_reachable else "no way back"
        table.add_row(f"{state.published_at:%Y-%m-%d %H:%M:%S}", *counts, remark, state.snapshot_id, escape(state.run_id))
    Console().print(table)


@snapshots_app.command("diff")
def diff_states(
    before: Annotated[str, typer.Argument(help="Snapshot, as `snapshots list` names it.")],
    after: Annotated[str | None, typer.Argument(help="Another one; the current state without it.", show_default=False)] = None,
    lake: LakeOption = DEFAULT_LAKE,
    *,
    as_json: _JsonOption = False,
) -> None:
    """Tell what differs between two published states: rows added, gone and changed, by table and field, with examples."""
    from broadsheet.lake import Lake
    from broadsheet.warehouse.snapshots import diff

    found = diff(Lake(lake), before, after)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, default=str))
    else:
        print_differences(found)


@snapshots_app.command("rollback")
def roll_back(snapshot: Annotated[str, typer.Argument(help="Snapshot to go back to.")], lake: LakeOption = DEFAULT_LAKE) -> None:
    """Publish an earlier state again. It becomes a new one, so that this can be undone in the same way. Prints its id.

    Runs that were loaded since are no longer in the lake; their Parquet is kept below withdrawn/.
    """
    from broadsheet.lake import Lake, require_writable
    from broadsheet.settings import read_settings
    from broadsheet.warehouse.snapshots import rollback

    require_writable(lake)
    typer.echo(rollback(Lake(lake), snapshot, read_settings()))
    if not draw_overview(lake):
        raise typer.Exit(Exit.REJECTED)


def print_differences(found) -> None:
    """Differences by table, as `broadsheet.warehouse.snapshots.diff` gives them, for a person."""
    console = Console()
    if not found:
        console.print("No row differs.")
        return
    table = Table("table", "added", "gone", "changed", "fields that changed")
    for name, difference in found.items():
        fields = ", ".join(f"{field} {count:,}" for field, count in difference.fields.items())
        table.add_row(name, f"{difference.added:,}", f"{difference.gone:,}", f"{difference.changed:,}", fields)
    console.print(table)
    for name, difference in found.items():
        for kind, rows in difference.examples.items():
            for row in rows:
                text = ", ".join(f"{field}: {value}" for field, value in row.items() if value is not None)
                console.print(f"{name}, {kind}: {text}"[:_SHOWN], markup=False, highlight=False)
