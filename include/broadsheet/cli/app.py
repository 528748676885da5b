"""Commands. Each parses its arguments, calls the library and prints; imports are made inside, so that `--help` is quick."""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from broadsheet import __version__
from broadsheet.cli.arguments import given_path
from broadsheet.cli.check import check, contract
from broadsheet.cli.daily import build, ingest, maintain
from broadsheet.cli.derive import derive
from broadsheet.cli.exits import Exit, exit_code
from broadsheet.cli.export_lake import export
from broadsheet.cli.forget import forget
from broadsheet.cli.options import (
    DEFAULT_LAKE,
    EngineOption,
    Format,
    LakeOption,
    NewLakeOption,
    OutletsOption,
    PolicyOption,
    ShardsOption,
    WorkersOption,
    ZoneOption,
)
from broadsheet.cli.output import OutOption, draw_overview, give
from broadsheet.cli.profile import SitesOption, profile_app
from broadsheet.cli.quarantine import quarantine_app
from broadsheet.cli.search import search
from broadsheet.cli.snapshots import snapshots_app
from broadsheet.cli.source import source_app
from broadsheet.errors import BadInput, BatchStopped, BroadsheetError, ConfigurationError, TransientError
from broadsheet.transient import room_needed

EXIT_CODES = (
    "Exit codes: 0 done · 1 fault of the program · 2 wrong usage or configuration · 3 done, but inputs, pages or rows were quarantined, or "
    "there was neither a page nor an absence (the summary names the reasons), or the quality overview could not be drawn · "
    "4 stopped by the quality policy or the audit, nothing published; "
    "of `forget`: 4 its question was answered with no; of `check`: 3 checks failed, 4 one of them stops · "
    "5 try again later: another writer is at work, or the disk is full."
)

errors = Console(stderr=True, soft_wrap=True)  # a command that a message names can be copied


class _Group(typer.core.TyperGroup):
    """Turns the library's three kinds of errors into messages and exit codes."""

    def invoke(self, ctx):
        try:
            with room_needed():
                return super().invoke(ctx)
        except BatchStopped as error:
            errors.print("[bold red]stopped[/]: nothing was published.")
            for finding in error.findings:
                errors.print(f"  {finding}", markup=False, highlight=False)
            sys.exit(Exit.STOPPED)
        except TransientError as error:
            _fail("try again", error, Exit.TRY_AGAIN)
        except (ConfigurationError, BadInput) as error:
            _fail("error", error, Exit.USAGE)
        except BroadsheetError as error:
            _fail("error", error, Exit.FAULT)
        except BrokenPipeError:  # `broadsheet query … | head`
            sys.stderr.close()
            sys.exit(Exit.DONE)


def _fail(kind: str, error: Exception, code: Exit) -> None:
    errors.print(f"{kind}: {error}", style="red", markup=False, highlight=False)
    sys.exit(code)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=f"Broadsheet: news pages in; articles, headline feeds and related links out.\n\n{EXIT_CODES}",
)

app.add_typer(profile_app, name="profile")
app.add_typer(snapshots_app, name="snapshots")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(source_app, name="source")

RunOption = Annotated[str, typer.Option("--run", help="Run to work on, as `broadsheet capture` printed it.")]
ShardOption = Annotated[int | None, typer.Option("--shard", help="Only this shard; all shards of the run without it.")]
PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        parser=given_path,
        metavar="[PATH]...",
        help="Pages (.txt, .html, .htm), feeds (.xml, .rss, .atom, .rdf, .json), their .gz, WARC files (.warc, .warc.gz), and directories of them.",
        show_default=False,
    ),
]
ManifestOption = Annotated[
    Path | None,
    typer.Option(
        "--manifest", parser=given_path, metavar="FILE", help="CSV or JSON Lines with path, url, captured_at, site: what the files don't know."
    ),
]
MtimeOption = Annotated[bool, typer.Option("--trust-mtime", help="Take a file's modification time as capture time when nothing better is known.")]


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"broadsheet {__version__}")
        raise typer.Exit


# --- the main job and its stages -----------------------------------------------------------------------------------------


@app.command()
def run(
    paths: PathsArgument = None,
    lake: NewLakeOption = DEFAULT_LAKE,
    manifest: ManifestOption = None,
    policy: PolicyOption = None,
    shards: ShardsOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = None,
    trust_mtime: MtimeOption = False,
    time_zone: ZoneOption = None,
    sites: SitesOption = None,
    outlets: OutletsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """All stages without Airflow: capture, extract, transform, validate, load."""
    from broadsheet.cli.progress import stage_bars
    from broadsheet.cli.summary import print_summary
    from broadsheet.pipeline import run_all

    inputs = _inputs(paths, manifest)
    with stage_bars() as report:
        summary = run_all(
            lake, inputs, manifest=manifest, is_dry_run=dry_run, workers=workers, on_progress=report, engine=engine, policy_file=policy,
            shards=shards, is_mtime_trusted=trust_mtime or None, default_time_zone=time_zone, sites_dir=sites, outlets_file=outlets,
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, default=str))
    else:
        print_summary(summary)
    is_whole = dry_run or draw_overview(lake)
    raise typer.Exit(exit_code(summary, is_whole=is_whole))


@app.command()
def capture(
    paths: PathsArgument = None,
    lake: NewLakeOption = DEFAULT_LAKE,
    manifest: ManifestOption = None,
    policy: PolicyOption = None,
    shards: ShardsOption = None,
    trust_mtime: MtimeOption = False,
    time_zone: ZoneOption = None,
    sites: SitesOption = None,
    outlets: OutletsOption = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Name of the new run; made up without it.")] = None,
) -> None:
    """1. Bring pages into the raw zone and begin a run. Prints the run's id."""
    from broadsheet import pipeline
    from broadsheet.cli.progress import stage_bars
    from broadsheet.runs import Run

    inputs = _inputs(paths, manifest)
    begun = Run.start(
        lake, run_id, policy_file=policy, shards=shards, is_mtime_trusted=trust_mtime or None, default_time_zone=time_zone, sites_dir=sites,
        outlets_file=outlets,
    )  # fmt: skip
    with stage_bars() as report:
        pipeline.capture(begun, inputs, manifest, on_progress=lambda done: report("capture", done, 0))
    _print_outcomes(begun, "capture")
    typer.echo(begun.run_id)


@app.command()
def extract(
    paths: PathsArgument = None,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Write one JSON object per page to this file (`-` for standard output).")] = None,
    lake: LakeOption = DEFAULT_LAKE,
    run_id: Annotated[str | None, typer.Option("--run", help="Run to work on, as `broadsheet capture` printed it.")] = None,
    shard: ShardOption = None,
    manifest: ManifestOption = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=256, help="Processes that read pages; one a core without it.")] = None,
    sites: SitesOption = None,
) -> None:
    """2. Read pages: those of a run's shards, or, with --jsonl OUT PATH…, any pages without a lake.

    A run keeps the settings and site profiles that `capture` began it with.

    A line of OUT holds id, page_kind, title, published_at, source, editor,
    authors, breadcrumb, original_title, rights_notice, body, modules (kind,
    heading, ranked, items), and leads, the stories that stand alone above the
    lists of a front page. A page that cannot be read has `error` with reason and
    detail instead.
    """
    if jsonl is None:
        if run_id is None:
            raise typer.BadParameter("give --jsonl OUT PATH… for pages, or --lake DIR --run ID for a run")
        if paths or manifest or workers:
            raise typer.BadParameter("paths, --manifest and --workers go with --jsonl; a run has those that it began with")
        return _run_stage("extract", lake, run_id, shard)
    from broadsheet.cli.extract_jsonl import export_pages

    read, rejected, passed_over = export_pages(_inputs(paths, manifest), jsonl, manifest=manifest, workers=workers, sites_dir=sites)
    besides = f", {passed_over} records of WARC files that are no pages" if passed_over else ""
    errors.print(f"{read} page{'' if read == 1 else 's'} read, {rejected} rejected{besides}", highlight=False)
    return None


@app.command()
def transform(lake: LakeOption = DEFAULT_LAKE, *, run_id: RunOption, shard: ShardOption = None) -> None:
    """3. Turn a run's pages into rows of every table."""
    _run_stage("transform", lake, run_id, shard)


@app.command()
def validate(lake: LakeOption = DEFAULT_LAKE, *, run_id: RunOption, shard: ShardOption = None) -> None:
    """4. Check a run's rows and set the failing ones aside."""
    _run_stage("validate", lake, run_id, shard)


@app.command()
def load(
    lake: LakeOption = DEFAULT_LAKE,
    *,
    run_id: RunOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build and audit, but publish nothing.")] = False,
) -> None:
    """5. Publish a run's good rows: Parquet in the lake, the DuckDB warehouse, Data Docs."""
    from broadsheet import pipeline
    from broadsheet.cli.summary import print_summary
    from broadsheet.runs import Run

    run = Run.open(lake, run_id)
    print_summary(pipeline.load(run, dry_run))
    if not dry_run and not draw_overview(lake):
        raise typer.Exit(Exit.REJECTED)


@app.command()
def reparse(
    lake: LakeOption = DEFAULT_LAKE,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of capture, in the site's zone.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of capture, in the site's zone.")] = None,
    site: Annotated[list[str] | None, typer.Option("--site", help="Only captures of this site; may be given again.", show_default=False)] = None,
    captures: Annotated[list[str] | None, typer.Option("--capture", help="Only this capture; may be given again.", show_default=False)] = None,
    undated: Annotated[bool, typer.Option("--undated", help="With --since or --until: captures of unknown time too.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish what was read; without it, only what would change is told.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="With --run: leave nothing of a reparse that waits.")] = False,
    run_id: Annotated[str | None, typer.Option("--run", help="A reparse that waits: tell again what it would change, publish or discard it.")] = None,
    policy: PolicyOption = None,
    shards: ShardsOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = None,
    time_zone: ZoneOption = None,
    sites: SitesOption = None,
    outlets: OutletsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read captures of the warehouse anew, with the present page kernel and site profiles, and tell what that would change.

    All captures without --since, --until, --site or --capture. The warehouse that it would make waits as a shadow, which
    `broadsheet query --shadow RUN` asks, until `reparse --run RUN --publish` or `--discard`.
    """
    from broadsheet import reparse as anew
    from broadsheet.cli.progress import stage_bars
    from broadsheet.cli.summary import print_comparison, print_summary
    from broadsheet.runs import Run

    if discard and (publish or run_id is None):
        raise typer.BadParameter("--discard goes with --run alone")
    if run_id is None:
        selection = anew.Selection(
            since=since and since.date(), until=until and until.date(), sites=tuple(site or ()), captures=tuple(captures or ()), is_undated=undated
        )
        with stage_bars() as report:
            run = anew.read_anew(
                lake, selection, workers=workers, on_progress=report, engine=engine, policy_file=policy, shards=shards, default_time_zone=time_zone,
                sites_dir=sites, outlets_file=outlets,
            )  # fmt: skip
        comparison = None if publish else anew.shadow(run)
    else:
        if since or until or site or captures or undated or policy or shards or workers or engine or time_zone or sites or outlets:
            raise typer.BadParameter("a reparse that waits has its captures and settings: only --publish, --discard and --json go with --run")
        run = Run.open(lake, run_id)
        if discard:
            anew.discard(run)
            return
        comparison = None if publish else anew.compared(run)
    summary = comparison.summary if comparison else anew.publish(run)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(comparison or summary), ensure_ascii=False, default=str))
    elif comparison:
        print_comparison(comparison)
    else:
        print_summary(summary)
    is_whole = comparison is not None or draw_overview(lake)
    raise typer.Exit(exit_code(summary, is_whole=is_whole))


app.command()(ingest)
app.command()(build)


def _run_stage(stage: str, lake: Path, run_id: str, shard: int | None) -> None:
    from broadsheet import pipeline
    from broadsheet.cli.progress import stage_bars
    from broadsheet.runs import Run, shards_of

    opened = Run.open(lake, run_id)
    shards = shards_of(opened)
    if shard is not None:
        if shard not in shards:
            raise ConfigurationError(f"run {run_id} has no shard {shard} that holds pages; it has {', '.join(map(str, shards)) or 'none'}")
        shards = [shard]
    with stage_bars() as report:
        for done, number in enumerate(shards, start=1):
            getattr(pipeline, stage)(opened, number)
            report(stage, done, len(shards))
    _print_outcomes(opened, stage)


def _print_outcomes(run, stage: str) -> None:
    from broadsheet.runs import outcomes_of
    from broadsheet.tombstones import FORGOTTEN

    outcomes = [outcome for outcome in outcomes_of(run) if outcome.stage == stage]
    for unit in dict.fromkeys(outcome.unit for outcome in outcomes):
        of_unit = [outcome for outcome in outcomes if outcome.unit == unit]
        came, went, aside = (sum(getattr(o, name) for o in of_unit) for name in ("in_count", "out_count", "quarantined_count"))
        again = sum(outcome.out_count - outcome.new_count for outcome in of_unit) if unit == "input" else 0
        absent = sum(sum(outcome.absences.values()) for outcome in of_unit)
        passed_over: Counter[str] = sum((Counter(outcome.passed_over) for outcome in of_unit), Counter())
        forgotten = passed_over.pop(FORGOTTEN, 0)
        errors.print(
            f"{stage}: {came} {unit}{'' if came == 1 else 's'} in, {went - again} on, {aside} quarantined"
            + (f", {absent} of those that went on are absences" if absent else "")
            + (f", {again} the same page again" if again else "")
            + (f"; {passed_over.total()} records of WARC files that are no pages" if passed_over else "")
            + (f"; {forgotten} forgotten, which have a tombstone" if forgotten else ""),
            highlight=False,
        )


def _inputs(paths: list[Path] | None, manifest: Path | None) -> list[Path]:
    if not paths and not manifest:
        raise typer.BadParameter("name at least one PATH or a --manifest")
    return paths or []


# --- looking at it ---------------------------------------------------------------------------------------------------------


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement, or `-` to read it from standard input.")],
    lake: LakeOption = DEFAULT_LAKE,
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Zone in which instants are shown.")] = "Asia/Shanghai",
    shadow: Annotated[
        str | None, typer.Option("--shadow", metavar="RUN", help="Ask the warehouse as this waiting reparse would make it.", show_default=False)
    ] = None,
) -> None:
    """Ask the published warehouse (read-only)."""
    from broadsheet.cli.rows import print_rows
    from broadsheet.warehouse.query import query as ask

    print_rows(ask(lake, sys.stdin.read() if sql == "-" else sql, time_zone=time_zone, shadow=shadow), format)


app.command()(export)
app.command()(search)
app.command()(check)
app.command()(contract)


@app.command()
def show(
    page: Annotated[
        str, typer.Argument(help="A capture of the lake, by its id (or its beginning) or its URL, or the path of a page.", metavar="PAGE")
    ],
    lake: LakeOption = DEFAULT_LAKE,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to look at in a browser instead of printing.", show_default=False)] = None,
    sites: SitesOption = None,
) -> None:
    """Show a page with its fields, modules and labelled blocks, in the terminal or as a page of its own in which nothing can run."""
    from broadsheet.cli.show import print_page, read_shown

    result = read_shown(page, lake, sites)
    if html is None:
        print_page(result)
        return
    from broadsheet.cli.show_html import write_page

    try:
        typer.echo(write_page(result, html))
    except OSError as error:
        raise ConfigurationError(f"{html} cannot be written: {error.strerror or error}") from error


@app.command()
def runs(lake: LakeOption = DEFAULT_LAKE) -> None:
    """List the runs of a lake, newest first; those in staging that were never loaded too."""
    from broadsheet.cli.summary import print_runs

    print_runs(lake)


@app.command()
def rebuild(
    lake: LakeOption = DEFAULT_LAKE,
    derived: Annotated[
        Path | None, typer.Option("--derived", parser=given_path, metavar="DIR", help="Take the tables that `derive` made.", show_default=False)
    ] = None,
) -> None:
    """Make the warehouse anew from the lake's Parquet: for a file that is lost or damaged."""
    from broadsheet.lake import Lake, require_writable
    from broadsheet.warehouse.load import rebuild as make_anew

    if not lake.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    require_writable(lake)
    typer.echo(make_anew(Lake(lake), derived_folder=derived))


app.command()(derive)
app.command()(maintain)
app.command()(forget)


@app.command()
def reasons() -> None:
    """List every reason for which something is marked, with its meaning and what the embedded policy does."""
    from broadsheet.cli.summary import print_reasons

    print_reasons()


@app.command()
def quality(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Make the quality overview anew: failed checks, quarantine and runs by day, with the Data Docs. Prints the page's path."""
    from broadsheet.pipeline import document

    typer.echo(document(lake))


@app.command()
def questions(
    name: Annotated[str | None, typer.Argument(help="Question to ask; without it they are listed.", metavar="[NAME]", show_default=False)] = None,
    lake: LakeOption = DEFAULT_LAKE,
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Zone in which instants are shown.")] = "Asia/Shanghai",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", parser=given_path, metavar="FILE", help="Write all questions with their answers to this file (Markdown).", show_default=False
        ),
    ] = None,
) -> None:
    """List the questions that come with the warehouse, or ask one; each is SQL to start from."""
    from broadsheet.cli.rows import print_rows
    from broadsheet.warehouse.query import query as ask
    from broadsheet.warehouse.questions import QUESTIONS, questions_page

    if out is not None:
        give(questions_page(lake), out)
    elif name is None:
        width = max(map(len, QUESTIONS))
        for question in QUESTIONS.values():
            typer.echo(f"{question.name:{width}}  {question.question}")
    elif (asked := QUESTIONS.get(name)) is None:
        raise ConfigurationError(f"there is no question {name!r}; `broadsheet questions` lists them")
    else:
        errors.print(f"{asked.question} {asked.reading}", f"{asked.sql}\n", sep="\n\n", markup=False, highlight=False)
        print_rows(ask(lake, asked.sql, time_zone=time_zone), format)


@app.command()
def dictionary(
    out: OutOption = None,
    diagram: Annotated[bool, typer.Option("--diagram", help="The diagram of tables, keys and references instead.")] = False,
    suites: Annotated[bool, typer.Option("--suites", help="The suite of every table instead: its checks, what they mean, what to do.")] = False,
) -> None:
    """Print the data dictionary (Markdown), generated from the schema."""
    if diagram and suites:
        raise typer.BadParameter("--diagram and --suites are two pages: give one")
    if suites:
        from broadsheet.quality.listing import suites_page as page
    elif diagram:
        from broadsheet.tables.diagram import entity_diagram as page
    else:
        from broadsheet.tables.dictionary import data_dictionary as page
    give(page(), out)
