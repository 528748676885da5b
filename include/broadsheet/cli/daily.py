"""`broadsheet ingest`, `build` and `maintain`: what the DAGs of these names do, without Airflow."""

import json
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer
from rich.console import Console

from broadsheet.cli.arguments import given_path
from broadsheet.cli.exits import Exit, exit_code
from broadsheet.cli.options import (
    DEFAULT_LAKE,
    EngineOption,
    LakeOption,
    NewLakeOption,
    OutletsOption,
    PolicyOption,
    ShardsOption,
    WorkersOption,
    ZoneOption,
)
from broadsheet.cli.output import draw_overview
from broadsheet.cli.profile import SitesOption

errors = Console(stderr=True, soft_wrap=True)


def ingest(
    sources: Annotated[Path, typer.Option("--sources", parser=given_path, metavar="DIR", help="Folder of sources, <name>.yaml.")] = Path("sources"),
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be given again.", show_default=False)] = None,
    lake: NewLakeOption = DEFAULT_LAKE,
) -> None:
    """Bring what sources hold into the raw zone. Prints the days of which anything new came; `broadsheet build DAY` builds one.

    Without --source, those that are due by their schedules; those that are not are told of. One that is named is brought in whenever it was last.

    A source that cannot be brought in does not keep the others from it; the exit code is 2 then, or 5 where it may be tried again.
    """
    from broadsheet import ingest as bringing
    from broadsheet.errors import ConfigurationError, TransientError

    days: set[str] = set()
    failed: set[Exit] = set()
    names, waiting = (bringing.source_names(sources, source), []) if source else bringing.due_sources(lake, sources)
    for one in waiting:
        errors.print(one.told, markup=False, highlight=False)
    for name in names:
        try:
            found = bringing.read_source(sources, name)
            with bringing.alone(lake, found):
                run = bringing.start_source(lake, found)
                brought = bringing.ingest(run, found)
                # before it is finished: what is told of no more must have been told
                for day in sorted(set(brought["days"]) - days):
                    typer.echo(day)
                days.update(brought["days"])
                bringing.finish(run)
        except (ConfigurationError, TransientError) as error:
            failed.add(Exit.USAGE if isinstance(error, ConfigurationError) else Exit.TRY_AGAIN)
            errors.print(f"{name}: {error}", style="red", markup=False, highlight=False)
            continue
        for line in _told(name, brought, lake):
            errors.print(line, markup=False, highlight=False)
    raise typer.Exit(min(failed, default=Exit.DONE))


def _told(name: str, brought: dict[str, Any], lake: Path) -> Iterator[str]:
    """What a source brought, what of it cannot be used, and which requests failed; each with how to see more."""
    of_lake = "" if lake == DEFAULT_LAKE else f" --lake {quote(str(lake))}"
    came, new, aside, left = brought["in_count"], brought["new_count"], brought["quarantined_count"], brought.get("archives", {}).get("left")
    told = f"{name}: {came:,} input{'' if came == 1 else 's'}: {new:,} new, {came - new - aside:,} known, {aside:,} quarantined"
    if aside:
        told += f" ({_by_reason(brought['reasons'])}; {brought['new_quarantined_count']:,} of them new)"
    yield told + (f"; {left:,} archive{'' if left == 1 else 's'} left" if left else "")
    if brought["new_quarantined_count"]:
        yield from (f"  {rejected}" for rejected in brought["quarantined"])
        if (more := aside - len(brought["quarantined"])) > 0:
            yield f"  … and {more:,} more"
        yield f"  `broadsheet quarantine{of_lake}` lists them once their day is built."
    account = brought.get("crawl", {})
    if failures := account.get("failures"):
        yield f"  {sum(failures.values()):,} of {account['requests']:,} requests failed: {_by_reason(failures)}"
        yield f"  `broadsheet source visits {name} --failed{of_lake}` lists them."


def _by_reason(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())


def build(
    day: Annotated[str, typer.Argument(help="Day of capture in UTC, as 2026-03-01, or `undated`.")],
    lake: LakeOption = DEFAULT_LAKE,
    policy: PolicyOption = None,
    shards: ShardsOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = None,
    time_zone: ZoneOption = None,
    sites: SitesOption = None,
    outlets: OutletsOption = None,
) -> None:
    """Build a day of what `broadsheet ingest` brought: extract, transform, validate, load. Building it again adds no row."""
    from broadsheet.cli.progress import stage_bars
    from broadsheet.cli.summary import print_summary
    from broadsheet.ingest import build as build_day

    with stage_bars() as report:
        summary = build_day(
            lake, day, workers=workers, on_progress=report, engine=engine, policy_file=policy, shards=shards, default_time_zone=time_zone,
            sites_dir=sites, outlets_file=outlets,
        )  # fmt: skip
    if summary is None:
        errors.print(f"All that came of {day} is in the warehouse.", markup=False, highlight=False)
        return
    print_summary(summary)
    raise typer.Exit(exit_code(summary, is_whole=draw_overview(lake)))


def maintain(
    lake: LakeOption = DEFAULT_LAKE,
    days: Annotated[int, typer.Option("--kept-staging-days", min=1, help="Days for which staging is kept that nobody works on.")] = 14,
) -> None:
    """Put small files together, sort the search index, remove the staging of abandoned runs, bring the quality overview up to date. Prints JSON."""
    from broadsheet.errors import ConfigurationError
    from broadsheet.lake import Lake, require_writable
    from broadsheet.maintenance import compact, prune, sort_index

    if not lake.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    require_writable(lake)
    typer.echo(json.dumps({"compacted": compact(lake), "index_runs": sort_index(lake), "pruned": prune(lake, days)}))
    if Lake(lake).warehouse.exists() and not draw_overview(lake):
        raise typer.Exit(Exit.REJECTED)
