"""`broadsheet profile`: begin, look at and keep site profiles."""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.arguments import given_path
from broadsheet.cli.exits import Exit
from broadsheet.errors import ConfigurationError

if TYPE_CHECKING:
    from broadsheet.capture.delivery import Delivery

profile_app = typer.Typer(
    no_args_is_help=True,
    help="Site profiles: selectors for what the generic path gets wrong on one site. See docs/add_a_site.md.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SHOWN = 100  # characters of a value
PageArgument = Annotated[Path, typer.Argument(help="A page of the site (.html, .htm or .gz).", show_default=False)]
SitesOption = Annotated[
    Path | None,
    typer.Option(
        "--sites", parser=given_path, metavar="DIR", help="Folder of site profiles, <host>.yaml.", envvar="BROADSHEET_SITES_DIR", show_default=False
    ),
]
HostOption = Annotated[str | None, typer.Option("--host", help="The site's host; without it, as the page's canonical link says.", show_default=False)]


@profile_app.command()
def new(
    page: PageArgument,
    host: HostOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write here; else <sites>/<host>.yaml, else print it.", show_default=False)] = None,
    sites: SitesOption = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First day of this layout, YYYY-MM-DD.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Begin a profile from what the generic path finds on PAGE.

    Each selector is tried on the page and matches just what was found. What has no selector is named on standard error.
    """
    from broadsheet.lake import written_aside
    from broadsheet.page.decode import decode
    from broadsheet.sites.scaffold import scaffold

    item = _delivery(page)
    decoded = decode(item.content, http_charset=item.capture.http_charset, is_html=True)
    host = _host(host, item)
    target = out or (sites / f"{host}.yaml" if sites else None)
    if target is not None and target.exists() and not force:
        raise ConfigurationError(f"{target} is there already; --force overwrites it")
    text, missing = scaffold(decoded.text, host=host, page_name=page.name, valid_from=_day(valid_from, "--valid-from") if valid_from else None)
    if target is None:
        typer.echo(text, nl=False)
    else:
        try:
            with written_aside(target) as aside:
                aside.write_text(text, "utf-8")
        except OSError as error:
            raise ConfigurationError(f"{target} cannot be written: {error.strerror or error}") from error
        typer.echo(target)
    if missing:
        print(f"not found: {', '.join(missing)}", file=sys.stderr)


@profile_app.command()
def check(
    host: Annotated[str | None, typer.Argument(help="Only this site.", metavar="[HOST]", show_default=False)] = None,
    sites: SitesOption = None,
) -> None:
    """Read all golden pages and tell what differs from their records, field by field.

    Exit code 3 when something differs, 2 when HOST has no golden page.
    """
    from broadsheet.sites.golden import differences, pages
    from broadsheet.sites.load import load_profiles

    folder = _folder(sites)
    profiles = load_profiles(folder)
    host = _host_name(host) if host else None
    count = different = 0
    for of_host, day, page in pages(folder, host):
        count += 1
        found = list(differences(folder, of_host, day, page, profiles))
        different += bool(found)
        for difference in found:
            typer.echo(f"{of_host}/{page.name}: {difference.field}")
            _print_values(difference.expected, difference.found)
    if host and not count:
        raise ConfigurationError(f"{host} has no golden page in {folder}")
    typer.echo(f"{count} golden page{'' if count == 1 else 's'}, {different} different")
    if different:
        raise typer.Exit(Exit.REJECTED)


@profile_app.command()
def golden(
    page: PageArgument,
    day: Annotated[str, typer.Option("--date", help="Day on which the page was captured, YYYY-MM-DD; says which layout it has.")],
    host: HostOption = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call the pair; the page's file name without it.", show_default=False)] = None,
    sites: SitesOption = None,
) -> None:
    """Keep PAGE with the record that is read of it now as a golden pair, or write one anew.

    Read the record before you commit it: it is what the profile will be held to. What a rewritten record says otherwise is printed.
    """
    from broadsheet.sites.golden import write
    from broadsheet.sites.load import load_profiles

    folder = _folder(sites)
    of_host = _host(host, _delivery(page))
    try:
        target, changed = write(folder, page, host=of_host, day=_day(day, "--date"), name=name, profiles=load_profiles(folder))
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from error
    typer.echo(target)
    for difference in changed:
        typer.echo(f"changed: {difference.field}")
        _print_values(difference.expected, difference.found)


def _print_values(expected: Any, found: Any) -> None:
    """Two values with what they differ in, long ones from shortly before it."""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        unequal = [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]]
        expected, found = unequal[0] if len(unequal) == 1 else (expected, found)
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in (expected, found)]
    same = next((index for index, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    begin = max(0, same - 20) if same > _SHOWN // 2 else 0
    for mark, text in zip("-+", texts, strict=True):
        shown = text[begin : begin + _SHOWN].replace("\n", "⏎")
        typer.echo(f"  {mark} {'…' if begin else ''}{shown}{'…' if len(text) > begin + _SHOWN else ''}")


def _folder(sites: Path | None) -> Path:
    from broadsheet.settings import read_settings

    folder = sites or read_settings().sites_dir
    if folder is None:
        raise ConfigurationError("golden pages lie beside the profiles: name their folder by --sites or BROADSHEET_SITES_DIR")
    return folder


def _delivery(page: Path) -> "Delivery":
    from broadsheet.capture.sources import first_page

    item = first_page(page)
    if item.capture.media_type != "text/html":
        raise ConfigurationError(f"{page} is not HTML; selectors say nothing of a plain text")
    return item


def _host(given: str | None, item: "Delivery") -> str:
    """The host that was named, or that of the page's canonical link."""
    from broadsheet.engine.reading import read_capture
    from broadsheet.urls import site_of

    host = given or site_of(read_capture(item.capture, item.content).page.canonical_url)
    if not host:
        raise ConfigurationError("the page does not say which site it is of (no canonical link): name it by --host")
    return _host_name(host)


def _host_name(text: str) -> str:
    """A host as files are named after it. Raises ConfigurationError for what is none."""
    from broadsheet.sites.load import checked_profile

    return checked_profile({"host": text.strip().lower().removeprefix("www."), "layouts": [{}]}, "--host").host


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise typer.BadParameter(f"{option} must be a date, as 2026-03-01 is; found {text!r}") from error
