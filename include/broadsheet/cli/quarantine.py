"""`broadsheet quarantine`: look at what was rejected, read it anew, or dismiss it."""

import json
from typing import Annotated, Any

import typer

from broadsheet.cli.exits import Exit, exit_code
from broadsheet.cli.options import (
    DEFAULT_LAKE,
    EngineOption,
    Format,
    LakeOption,
    OutletsOption,
    PolicyOption,
    ShardsOption,
    WorkersOption,
    ZoneOption,
)
from broadsheet.cli.output import draw_overview
from broadsheet.cli.profile import SitesOption


class _Group(typer.core.TyperGroup):
    """Without a command it lists."""

    def parse_args(self, ctx, args):
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


quarantine_app = typer.Typer(
    cls=_Group,
    help="What was rejected and why: list it (also without a command), look at it, read it anew after a fix, dismiss it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="Rejections, as `quarantine list` names them.", show_default=False)]
RunOption = Annotated[str | None, typer.Option("--run", help="Only what this run rejected.", show_default=False)]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only this reason.", show_default=False)]
SiteOption = Annotated[str | None, typer.Option("--site", help="Only this site.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@quarantine_app.command("list")
def list_rejections(
    lake: LakeOption = DEFAULT_LAKE,
    run_id: RunOption = None,
    reason: ReasonOption = None,
    site: SiteOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Settled ones too, a row for each run that rejected it, with what became of it.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Their number by reason, site and day of quarantine (UTC) instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows at the most; --counts has all.")] = 100,
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
) -> None:
    """List what was rejected and why, and is not settled yet."""
    from broadsheet.cli.rows import print_rows
    from broadsheet.warehouse.rejections import counted, listed

    if counts:
        print_rows(counted(lake, is_all=all_, reason=reason, site=site, run_id=run_id), format)
    else:
        print_rows(listed(lake, is_all=all_, limit=limit, reason=reason, site=site, run_id=run_id), format)


@quarantine_app.command("show")
def show_rejections(ids: IdsArgument, lake: LakeOption = DEFAULT_LAKE, *, as_json: JsonOption = False) -> None:
    """Show rejections whole: reasons, what they mean and what to do, row or beginning of the text, capture, runs, and what became of them."""
    from broadsheet.warehouse.rejections import told_whole

    told = [told_whole(lake, quarantine_id) for quarantine_id in ids]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for number, rejection in enumerate(told):
        if number:
            typer.echo("")
        for name, value in rejection.items():
            _print_value(name, value)


def _print_value(name: str, value: Any) -> None:
    if isinstance(value, dict):
        value = [f"{key}: {meaning}" for key, meaning in value.items()]
    if isinstance(value, list):
        lines = [item if isinstance(item, str) else "  ".join(str(part) for part in item.values() if part not in (None, "")) for item in value]
        typer.echo(f"{name:15} {lines[0] if lines else 'nothing'}")
        for line in lines[1:]:
            typer.echo(f"{'':15} {line}")
    elif value is not None:
        typer.echo(f"{name:15} {value}")


@quarantine_app.command()
def dismiss(
    ids: IdsArgument,
    note: Annotated[str, typer.Option("--note", help="Why it is right to leave this out.", show_default=False)],
    lake: LakeOption = DEFAULT_LAKE,
) -> None:
    """Say that it is right to leave out what was rejected. Nothing is deleted; a dismissed rejection is not open any more."""
    from broadsheet.replay import dismiss as dismiss_rejections

    summary = dismiss_rejections(lake, ids, note)
    typer.echo(f"Run {summary['run_id']}: {summary['tables']['quarantine_outcomes']['new']} dismissed")
    if not draw_overview(lake):
        raise typer.Exit(Exit.REJECTED)


@quarantine_app.command()
def replay(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Rejections; all open ones that the options choose without.", show_default=False)
    ] = None,
    lake: LakeOption = DEFAULT_LAKE,
    reason: ReasonOption = None,
    site: SiteOption = None,
    run_id: RunOption = None,
    policy: PolicyOption = None,
    shards: ShardsOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = None,
    time_zone: ZoneOption = None,
    sites: SitesOption = None,
    outlets: OutletsOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Read anew the pages behind open rejections, after the program, a site profile or an input was mended, and publish what is good now.

    With a page go all its open rejections. What is still wrong stays in quarantine. Exit code 3: something is rejected again, or cannot be read.
    """
    from broadsheet import replay as anew
    from broadsheet.cli.progress import stage_bars
    from broadsheet.cli.summary import print_summary

    selection = anew.Selection(ids=tuple(ids or ()), reason=reason, site=site, run_id=run_id)
    with stage_bars() as report:
        run = anew.replay(
            lake, selection, workers=workers, on_progress=report, engine=engine, policy_file=policy, shards=shards, default_time_zone=time_zone,
            sites_dir=sites, outlets_file=outlets,
        )  # fmt: skip
    summary = anew.publish(run)
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, default=str))
    else:
        print_summary(summary)
        _print_outcomes(summary["replayed"], summary["left_open"])
    is_whole = draw_overview(lake) and not summary["left_open"]
    raise typer.Exit(exit_code(summary, is_whole=is_whole))


def _print_outcomes(replayed: dict[str, int], left_open: dict[str, str]) -> None:
    good, again = (replayed.get(outcome, 0) for outcome in ("replayed_good", "replayed_rejected"))
    typer.echo(f"Read anew: {good:,} rejection{'' if good == 1 else 's'} good now, {again:,} rejected again")
    for quarantine_id, why in left_open.items():
        typer.echo(f"Left open: {quarantine_id}, {why}")
