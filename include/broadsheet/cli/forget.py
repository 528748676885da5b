"""`broadsheet forget`: a page or a site is removed from the lake for good."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from broadsheet.cli.exits import Exit
from broadsheet.cli.options import DEFAULT_LAKE, LakeOption
from broadsheet.errors import ConfigurationError

if TYPE_CHECKING:
    from broadsheet.forget import Found
    from broadsheet.tombstones import Target

errors = Console(stderr=True, soft_wrap=True)

_TOLD = {
    "captures": "captures of the warehouse",
    "articles": "articles that go entirely",
    "absences": "answers that a page is not there",
    "rejections": "rejections in quarantine, which keep their reasons alone",
    "records": "records of the raw zone",
    "arrivals": "entries in the lists of what came by day",
    "stagings": "runs whose staging holds any of it",
    "mentions": "links and feed entries of other pages that lead there: they stay",
}


_VERSIONS = (
    "The bucket keeps versions: earlier ones of the lake's files still hold it. Remove those that are not the latest; "
    "docs/operate/takedown.md says how."
)


def forget(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...", help="A URL, as https://news.example/a.html; or a site, as news.example, with all below it.", show_default=False
        ),
    ] = None,
    lake: LakeOption = DEFAULT_LAKE,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the tombstone.", show_default=False)] = "",
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what the lake holds of it.")] = False,
    is_unknown_too: Annotated[
        bool, typer.Option("--even-if-unknown", help="With --yes: also what the lake holds nothing of, so that it never comes in.")
    ] = False,
    is_list: Annotated[bool, typer.Option("--list", help="List the tombstones instead.")] = False,
) -> None:
    """Remove pages or sites from the lake for good: raw zone, tables, earlier states. A tombstone keeps them from coming back.

    What the lake holds is told first. There is no way back, and none to states of before. Without a TARGET, a takedown that was killed is completed.
    A name of which the lake holds nothing is refused with --yes: it is likely misspelt. Exit code 4 where the question is answered with no.
    """
    from broadsheet import forget as takedown

    if is_list:
        _print_stones(lake)
        return
    wanted = takedown.targets_of(targets or ())
    for target in wanted:
        _require_own_site(lake, target)
    left = takedown.unfinished(lake)
    if left:
        names = ", ".join(target.name for target in left)
        errors.print(f"A takedown was killed and is completed first: {names}", markup=False, highlight=False)
    elif not wanted:
        raise typer.BadParameter("name a URL or a site; no takedown waits to be completed")
    unknown: list[str] = []
    if wanted:
        found = takedown.find(lake, wanted)
        _print_found(found)
        if found.is_done:
            typer.echo("It was forgotten before, and nothing of it is there.")
            wanted = ()
        else:
            unknown = _unknown(lake, found)
    if is_dry_run or not (wanted or left):
        return
    if unknown and is_sure and not is_unknown_too:
        told = f"nothing of {', '.join(unknown)} is in the lake: is it spelt right? `--even-if-unknown` keeps it from coming in all the same"
        raise ConfigurationError(told)
    if not is_sure and not _is_confirmed(unknown):
        typer.echo("Nothing was removed.")
        raise typer.Exit(Exit.STOPPED)
    for stone in takedown.forget(lake, wanted, reason=reason):
        typer.echo(f"Forgotten: {stone.target}")
    if takedown.keeps_versions(lake):
        errors.print(_VERSIONS, markup=False, highlight=False)


def _require_own_site(lake: Path, target: "Target") -> None:
    """Raises ConfigurationError for a name that is no site of its own and below which all sites of a country lie, as `example` and `co.uk`."""
    from tldextract import TLDExtract

    if target.is_page:
        return
    suffixes = TLDExtract(cache_dir=None, suffix_list_urls=())  # the list that comes with it: nothing is asked for
    is_suffix = "." not in target.name or suffixes(target.name).suffix == target.name
    if is_suffix and not _is_site(lake, target.name):
        raise ConfigurationError(f"{target.name!r} is no site but what names of sites end with: all sites below it would go. Name each of them")


def _is_site(lake: Path, name: str) -> bool:
    """Whether captures are of a site of exactly this name."""
    from broadsheet.capture.arrivals import all_listed
    from broadsheet.lake import Lake
    from broadsheet.warehouse.query import query

    where = Lake.at(lake)
    if where.warehouse.exists() and query(lake, "select 1 from captures where site = $name limit 1", parameters={"name": name}).num_rows:
        return True
    return any(getattr(item, "site", None) == name for item in all_listed(where))


def _unknown(lake: Path, found: "Found") -> list[str]:
    """Targets of which the lake holds nothing."""
    from broadsheet.forget import find

    each = [found] if len(found.targets) == 1 else [find(lake, (target,)) for target in found.targets]
    return [one.targets[0].name for one in each if not any(count for name, count in one.counts.items() if name != "mentions")]


def _is_confirmed(unknown: list[str]) -> bool:
    question = f"Nothing of {', '.join(unknown)} is in the lake. Keep it from coming in all the same?" if unknown else "Remove it for good?"
    try:
        return typer.confirm(question)
    except typer.Abort:  # there is nobody to answer
        return False


def _print_found(found: "Found") -> None:
    for target in found.targets:
        typer.echo(f"{target.kind:4} {target.name}")
    for url in found.urls:
        typer.echo(f"     captured at {url} too")
    for name, meaning in _TOLD.items():
        if count := found.counts[name]:
            typer.echo(f"{count:>10,} {meaning}")
    for run_id in found.waiting_reparses:
        typer.echo(f"           reparse {run_id}, which waits, is discarded")
    if not any(found.counts.values()):
        typer.echo("           nothing of it is in the lake")


def _print_stones(lake: Path) -> None:
    from broadsheet.lake import Lake
    from broadsheet.tombstones import tombstones_of

    table = Table("forgotten at (UTC)", "kind", "target", "captures", "articles", "reason")
    for stone in tombstones_of(Lake.at(lake)):
        counts = (f"{stone.counts.get(name, 0):,}" for name in ("captures", "articles"))
        table.add_row(f"{stone.forgotten_at:%Y-%m-%d %H:%M:%S}", stone.kind, "\n".join((stone.target, *stone.urls)), *counts, stone.reason)
    Console().print(table)
