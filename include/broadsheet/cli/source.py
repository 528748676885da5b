"""`broadsheet source`: begin sources, check them, see what they would bring."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console

from broadsheet.cli.arguments import given_lake, given_path, given_time
from broadsheet.cli.exits import Exit
from broadsheet.cli.options import DEFAULT_LAKE, Format, LakeOption
from broadsheet.cli.output import OutOption, give
from broadsheet.cli.profile import SitesOption
from broadsheet.errors import ConfigurationError

if TYPE_CHECKING:
    from broadsheet.capture.source_list import FileSource, Source
    from broadsheet.capture.warc_source import WarcSource
    from broadsheet.capture.web.preview import Preview, Seed

source_app = typer.Typer(
    no_args_is_help=True,
    help="Sources: what `broadsheet ingest` brings in, a file <name>.yaml each. See docs/sources.md.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Kind(StrEnum):
    """Kinds of sources."""

    files = "files"
    warc = "warc"
    web = "web"
    feed = "feed"
    sitemap = "sitemap"


_CRAWLED = (Kind.web, Kind.feed, Kind.sitemap)
SourcesOption = Annotated[Path, typer.Option("--sources", parser=given_path, metavar="DIR", help="Folder of sources, <name>.yaml.")]
_LakeOption = Annotated[
    Path | None,
    typer.Option(
        "--lake", parser=given_lake, metavar="DIR|URL", help="Lake that knows of earlier runs; it is only read.", envvar="BROADSHEET_LAKE",
        show_default=False,
    ),
]  # fmt: skip
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_FOLDER = Path("sources")
_PLACES = 3  # of a source that a list shows


@source_app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call the source: small letters, digits, - and _.", show_default=False)],
    urls: Annotated[
        list[str],
        typer.Argument(metavar="URL...", help="Front and section pages, feeds or sitemaps; or paths of files, archives, lists of archives."),
    ],
    kind: Annotated[Kind | None, typer.Option("--kind", help="What they are; by default as their names say.", show_default=False)] = None,
    contact: Annotated[
        str | None,
        typer.Option(
            "--contact",
            help="URL or e-mail address that a site's people can reach you by; sent with each request.",
            envvar="BROADSHEET_CONTACT",
            show_default=False,
        ),
    ] = None,
    sources: SourcesOption = _FOLDER,
    probe: Annotated[bool, typer.Option("--probe", help="Ask for the first URL, and tell the kind by what it answers.")] = False,
    resolve: Annotated[
        list[str] | None,
        typer.Option(
            "--resolve",
            metavar="HOST=ADDRESS",
            help="Connect to this address, with or without a port, instead of asking DNS; may be given again.",
            show_default=False,
        ),
    ] = None,
    private: Annotated[bool, typer.Option("--allow-private", help="Ask addresses that are not public: for trials and an intranet.")] = False,
) -> None:
    """Write a source file with everything that one is likely to want to change, and comments. Nothing is overwritten.

    The kind is told by what URLs and paths are called: .warc and .paths are archives, …sitemap….xml sitemaps, .xml, .rss, .atom and /feed feeds,
    other URLs web pages, other paths files.

    Example: broadsheet source add lanshan https://news.lanshan.example/ --contact archive@press.example
    """  # fmt: skip
    from broadsheet.capture.source_scaffold import guessed_kind, is_contact, scaffold, stated_path

    target = sources / f"{name}.yaml"
    if target.exists():
        raise ConfigurationError(f"{target} is there already")
    addresses = dict(map(_stated_address, resolve or ()))
    paths = [stated_path(url) for url in urls]
    chosen = kind or Kind(guessed_kind(paths))
    if chosen in _CRAWLED and not contact:
        raise ConfigurationError("name a contact by --contact or BROADSHEET_CONTACT: a URL or an e-mail address, sent with each request")
    if contact and contact.isprintable() and not is_contact(contact):  # what else is wrong with it, the source tells
        raise ConfigurationError(f"contact: {contact!r} is neither an e-mail address nor a URL")
    if chosen not in _CRAWLED and (addresses or private):
        raise ConfigurationError(f"--resolve and --allow-private are for what is asked of a site, and no part of kind {chosen}")
    if probe and chosen in _CRAWLED:
        chosen = _probed({"urls": paths[:1], "contact": contact, "resolve": addresses, "allow_private": private})
    text = scaffold(name, paths, chosen, contact, resolve=addresses, is_private_allowed=private)
    _require_valid(name, text)
    _write_new(target, text)
    typer.echo(target)
    of_folder = "" if sources == _FOLDER else f" --sources {quote(str(sources))}"
    print(f"Kind: {chosen}. Next:", file=sys.stderr)
    for command in (f"source check {name}", f"source preview {name}", f"ingest --source {name}"):
        print(f"  broadsheet {command}{of_folder}", file=sys.stderr)


def _stated_address(text: str) -> tuple[str, str]:
    host, mark, address = text.partition("=")
    if not (host and mark and address):
        raise typer.BadParameter(f"--resolve {text!r}: name a host and an address, as news.example=10.0.0.5 or '*.example=127.0.0.1:8000'")
    return host, address


def _probed(said: dict[str, Any]) -> Kind:
    from broadsheet.capture.web.preview import kind_of
    from broadsheet.capture.web.source import WebSource
    from broadsheet.settings import read_settings

    trial = WebSource.model_validate({"name": "probe", "kind": "web", **said})
    return Kind(kind_of(trial, page_bytes=read_settings().max_page_bytes))


def _require_valid(name: str, text: str) -> None:
    """Raises ConfigurationError for what cannot become a source: a wrong name, a URL that is none."""
    from tempfile import TemporaryDirectory

    from broadsheet.capture.source_list import WrongSource, read_source

    with TemporaryDirectory() as folder:
        if "/" not in name:
            (Path(folder) / f"{name}.yaml").write_text(text, "utf-8")
        try:
            read_source(folder, name)
        except WrongSource as error:
            raise ConfigurationError("; ".join(f"{key}: {told}" if key else told for key, told in error.problems)) from error


def _write_new(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror or error}") from error


@source_app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these; all without.", show_default=False)] = None,
    sources: SourcesOption = _FOLDER,
    sites: SitesOption = None,
    lake: _LakeOption = None,
    as_json: _JsonOption = False,
) -> None:
    """Tell of all mistakes in source files, with file, key and what is expected, and warn of what is likely to be one.

    Warned of are hosts that two sources ask, regular expressions that cannot fit, files that are not there, manifests that do not fit them, haste;
    with --lake, sources of which all was forgotten. Nothing is asked of any site.

    Exit code 2 when a source cannot be used, or names a site profile that is not there; warnings alone: 0.
    """  # fmt: skip
    from broadsheet.capture.source_check import check as check_sources

    usable, findings = check_sources(sources, names or (), sites, lake)
    if as_json:
        typer.echo(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            kind = "warning" if finding.is_warning else "error"
            typer.echo(f"{finding.file}: {kind}: " + (f"{finding.key}: " if finding.key else "") + finding.told)
        problems = sum(not finding.is_warning for finding in findings)
        told = f"{_counted(len(usable), 'source')} can be used; {_counted(problems, 'error')}, {_counted(len(findings) - problems, 'warning')}"
        print(told, file=sys.stderr)
    if any(not finding.is_warning for finding in findings):
        raise typer.Exit(Exit.USAGE)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@source_app.command("list")
def list_sources(sources: SourcesOption = _FOLDER, lake: _LakeOption = None, as_json: _JsonOption = False) -> None:
    """List the sources of a folder: kind, hosts or places, schedule; with --lake, when each is due next and ran last, when it last
    answered and last brought a new page, how many requests of its last day failed, and what is wrong with it."""
    import pyarrow as pa

    from broadsheet.capture.source_check import check as check_sources
    from broadsheet.capture.source_list import source_names, unread
    from broadsheet.cli.rows import print_rows

    for told in unread(sources):
        print(told, file=sys.stderr)
    usable, _ = check_sources(sources)
    by_name = {source.name: source for source in usable}
    health = _health(lake) if lake else {}
    rows = [
        _listed(name, source) | ({} if lake is None else _state(lake, name, source, health.get(name, _UNKNOWN)))
        for name, source in ((name, by_name.get(name)) for name in source_names(sources))
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    print_rows(pa.Table.from_pylist([_shown(row, has_state=lake is not None) for row in rows]), Format.table)


_UNKNOWN: dict[str, Any] = {"answered_at": "", "new_page_at": "", "request_count": 0, "failed_count": 0, "trouble": ""}


def _state(lake: Path, name: str, source: "Source | None", health: dict[str, Any]) -> dict[str, Any]:
    from broadsheet.capture.schedule import last_run
    from broadsheet.capture.source_check import forgotten_whole
    from broadsheet.lake import Lake

    ran = last_run(Lake(lake), name)
    forgotten = forgotten_whole(source, lake) if source else None
    told = {"trouble": f"{forgotten}; {health['trouble']}".removesuffix("; ")} if forgotten else {}
    return {"due": _due(lake, source), "ran_at": ran.began_at.isoformat(sep=" ", timespec="seconds") if ran else "", **health, **told}


def _shown(row: dict[str, Any], *, has_state: bool) -> dict[str, str]:
    """A row as people read it."""
    more = len(row["places"]) - _PLACES
    places = ", ".join(row["places"][:_PLACES]) + (f" and {more} more" if more > 0 else "")
    told = {"name": row["name"], "kind": row["kind"], "hosts or places": places, "schedule": row["schedule"]}
    if not has_state:
        return told
    failed = f"{row['failed_count']:,} of {row['request_count']:,}" if row["request_count"] else ""
    return told | {
        "next due (UTC)": row["due"][:16], "last run": row["ran_at"][:16], "last answer": row["answered_at"][:16],
        "last new page": row["new_page_at"][:16], "failed of last day": failed, "trouble": row["trouble"],
    }  # fmt: skip


def _listed(name: str, source: "Source | None") -> dict[str, Any]:
    from broadsheet.capture.remote import shown
    from broadsheet.capture.web.source import WebSource

    if source is None:
        return {"name": name, "kind": "wrong", "places": [f"`broadsheet source check {name}`"], "schedule": ""}
    places = sorted(source.hosts) if isinstance(source, WebSource) else [shown(str(path)) for path in source.inputs]
    return {"name": name, "kind": source.kind, "places": places, "schedule": source.schedule or "every run"}


def _due(lake: Path, source: "Source | None") -> str:
    """When a run of `ingest` brings a source in: an instant, `next run`, or `when named`; nothing of one that cannot be used."""
    from broadsheet.ingest import source_due_at
    from broadsheet.lake import Lake

    if source is None:
        return ""
    if (at := source_due_at(Lake(lake), source)) is None:
        return "when named"
    return at.isoformat(sep=" ", timespec="seconds") if at > _now() else "next run"


def _now() -> datetime:
    """The crawler's time."""
    from broadsheet.settings import read_settings

    return datetime.now(UTC) + timedelta(seconds=read_settings().clock_offset_seconds)


def _health(lake: Path) -> dict[str, dict[str, Any]]:
    from broadsheet.capture.web.health import health_of, troubles
    from broadsheet.lake import Lake

    return {
        health.source: {
            "answered_at": health.answered_at.isoformat(sep=" ") if health.answered_at else "",
            "new_page_at": health.new_page_at.isoformat(sep=" ") if health.new_page_at else "",
            "request_count": health.request_count,
            "failed_count": health.failed_count,
            "trouble": "; ".join(trouble.told for trouble in troubles(health)),
        }
        for health in health_of(Lake(lake), _now())
    }


@source_app.command()
def preview(
    name: Annotated[str, typer.Argument(help="A source of the folder.", show_default=False)],
    sources: SourcesOption = _FOLDER,
    lake: _LakeOption = None,
    first: Annotated[int, typer.Option("--first", min=0, help="Pages or files to show.")] = 20,
    as_json: _JsonOption = False,
) -> None:
    """Tell what a run of a source would do now. No lake is written to.

    A site is asked for its robots.txt and the source's URLs once, as politely as in a run: what robots.txt says of each, what a page states of
    text and data mining, which pages a run would ask for, and how long that would take. Of files and archives: those that are found. Exit code 5
    where nothing at all was answered, as that of `ingest`.
    """  # fmt: skip
    from broadsheet.capture.source_list import read_source, source_names
    from broadsheet.capture.web.preview import preview as preview_source
    from broadsheet.capture.web.source import WebSource
    from broadsheet.settings import read_settings

    source = read_source(sources, source_names(sources, [name])[0])
    if not isinstance(source, WebSource):
        _print_files(source, lake, first, as_json)
        return
    settings = read_settings()
    told = preview_source(source, lake, page_bytes=settings.max_page_bytes, clock_offset=settings.clock_offset_seconds)
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
    else:
        _print_preview(told, first)
    if told.unanswered:
        raise typer.Exit(Exit.TRY_AGAIN)


def _print_files(source: "FileSource | WarcSource", lake: Path | None, first: int, as_json: bool) -> None:
    from tempfile import TemporaryDirectory

    from broadsheet.capture.archives import Archives
    from broadsheet.capture.source_check import doubts_of
    from broadsheet.capture.warc_source import WarcSource
    from broadsheet.capture.web.listed import listed
    from broadsheet.lake import Lake

    if isinstance(source, WarcSource):
        with TemporaryDirectory() as folder:
            archives = Archives(source, listed(Lake(lake), source.name) if lake else set(), Path(folder))
        found, left = [archive.shown for archive in archives.due], archives.left
    else:
        found, left = [str(path) for path in source.found()] or [source.manifest or ""], 0
    doubts = [f"{key}: {told}" for key, told in doubts_of(source)]
    if as_json:
        typer.echo(json.dumps({"source": source.name, "kind": source.kind, "files": found, "left": left, "warnings": doubts}, ensure_ascii=False))
        return
    what = "files of archives that were not read yet" if isinstance(source, WarcSource) else "files and directories"
    for told in doubts:
        print(f"warning: {told}", file=sys.stderr)
    typer.echo(f"{source.name} ({source.kind}): a run would read {len(found):,} {what}" + (f"; {left:,} are left for later runs" if left else ""))
    _print_first(found, first)


def _print_preview(told: "Preview", first: int) -> None:
    from broadsheet.capture.web.preview import FORBIDDEN

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{told.source} ({told.kind}), after {_counted(told.requests, 'request')}")
    if told.unanswered:
        console.print(f"Nothing can be told: {told.unanswered}", style="red", markup=False)
    if told.forgotten_count:
        console.print(f"Forgotten, and never asked for: {_counted(told.forgotten_count, 'URL')} of the source (`broadsheet forget --list`).")
    for host in told.hosts:
        status = f"status {host.status}" if host.status else f"no answer: {host.error}" if host.error else "was not asked for"
        delay = f", Crawl-delay {host.crawl_delay:g} s" if host.crawl_delay else ""
        console.print(f"{host.robots_url}: {status}{delay}; pages due: {host.pages:,}", markup=False)
    _print_seeds(told.seeds)
    forbidden = f", {len(told.forbidden):,} of which robots.txt forbids" if told.forbidden else ""
    later = f"; {told.due_count - len(told.pages):,} more are left for later runs (limits.pages)" if told.due_count > len(told.pages) else ""
    console.print(f"Pages that a run would ask for now: {len(told.pages):,}{forbidden}{later}.")
    ends = f", and ends after {_duration(told.most_seconds)} (limits.seconds)" if told.seconds > told.most_seconds else ""
    if old := sum(seed.old_count for seed in told.seeds):
        console.print(f"{_counted(old, 'entry').replace('entrys', 'entries')} left out, dated before `max_age`.")
    console.print(f"By its delays it takes at least {_duration(told.seconds)}{ends}.")
    forbids = set(told.forbidden)
    _print_first([f"{page}  (robots.txt forbids it)" if page in forbids else page for page in told.pages], first)
    if told.seeds and all(seed.robots == FORBIDDEN for seed in told.seeds):
        console.print("robots.txt forbids all of its URLs: they bring nothing.", style="yellow")


def _print_seeds(seeds: "list[Seed]") -> None:
    """Each with its URL whole, however long, so that it can be copied."""
    for seed in seeds:
        reservation = {"1": "reserved", "0": "not reserved"}.get(seed.tdm_reservation or "", "says nothing")
        old = f" ({seed.old_count:,} more are older than `max_age`)" if seed.old_count else ""
        typer.echo(seed.url)
        typer.echo(f"  robots.txt: {seed.robots}; answer: {_answer(seed)}; text and data mining: {reservation}")
        typer.echo(f"  links: {seed.link_count:,}{old}; pages of the source among them: {seed.page_count:,}")


def _answer(seed: "Seed") -> str:
    if seed.status is None:
        return seed.error or "none"
    return f"{seed.status}, to {seed.location}" if seed.location else str(seed.status)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min" if minutes >= 10 else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print_first(items: Sequence[str] | Iterable[str], first: int) -> None:
    items = list(items)
    for item in items[:first]:
        typer.echo(f"  {item}")
    if len(items) > first > 0:
        typer.echo(f"  … and {len(items) - first:,} more")


@source_app.command()
def visits(
    name: Annotated[str, typer.Argument(help="A source, also one whose file is gone.", show_default=False)],
    lake: LakeOption = DEFAULT_LAKE,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    url: Annotated[str | None, typer.Option("--url", metavar="TEXT", help="Only URLs with this text in them.", show_default=False)] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", parser=given_time, metavar="TIME", help="Only from this day or time on (UTC).", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Requests at the most, the latest first; 0: all.")] = 100,
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
) -> None:
    """List what a source asked for: when, which URL, and what came of it, the latest first.

    Example: broadsheet source visits lanshan --failed
    """  # fmt: skip
    from broadsheet.capture.web.requests import requests_of
    from broadsheet.cli.rows import print_rows
    from broadsheet.lake import Lake

    if not lake.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    print_rows(requests_of(Lake(lake), name, is_failed=failed, url=url, since=since, limit=limit or None), format)


@source_app.command()
def schema(out: OutOption = None) -> None:
    """Print the JSON Schema of source files, by which editors complete and check them.

    A source file names it in its first line: # yaml-language-server: $schema=.schema.json
    """
    from broadsheet.capture.source_schema import schema as source_schema

    give(json.dumps(source_schema(), ensure_ascii=False, indent=2) + "\n", out)
