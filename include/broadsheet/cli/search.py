"""`broadsheet search`: the articles of a lake that a question is about."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from broadsheet.cli.options import DEFAULT_LAKE, Format, LakeOption

_DAY = ["%Y-%m-%d"]


def search(
    text: Annotated[str, typer.Argument(help="Words to look for; what stands in quotation marks must be there as it is.")],
    lake: LakeOption = DEFAULT_LAKE,
    site: Annotated[str | None, typer.Option("--site", help="Only articles of this site.")] = None,
    first_day: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="Only articles of this day or later, as displayed.")] = None,
    last_day: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Only articles of this day or earlier, as displayed.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Articles at the most.")] = 10,
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Zone in which instants are shown.")] = "Asia/Shanghai",
) -> None:
    """Search headlines and texts, the most relevant articles first.

    In SQL: select * from search('text', site := 'a.example', from_day := '2026-03-01').
    See docs/search.md.
    """
    from broadsheet.cli.rows import print_rows
    from broadsheet.warehouse.query import query as ask

    filters = {"site": site, "from_day": first_day and first_day.date(), "to_day": last_day and last_day.date()}
    found = ask(
        lake,
        "select headline, site, published_at, score, snippet, article_id "
        "from search($text, site := $site, from_day := $from_day, to_day := $to_day, max_rows := $limit)",
        parameters={"text": text, "limit": limit, **filters},
        time_zone=time_zone,
    )
    if format != Format.table:
        print_rows(found, format)
    elif found.num_rows:
        _print_articles(found.to_pylist())
    if not found.num_rows:
        Console(stderr=True).print(_why_nothing(lake, text, has_filters=any(filters.values())), markup=False, highlight=False)


def _print_articles(articles: list[dict]) -> None:
    console = Console(highlight=False)
    for row in articles:
        published = f"{row['published_at']:%Y-%m-%d %H:%M}" if row["published_at"] else "no time"
        console.print(row["headline"], style="bold", markup=False)
        console.print(f"{row['site']} · {published} · {row['score']:.2f} · {row['article_id']}", style="dim", markup=False)
        console.print(f"{row['snippet']}\n", markup=False)


def _why_nothing(lake: Path, text: str, *, has_filters: bool) -> str:
    from broadsheet.warehouse.query import query as ask

    known = ask(lake, "select term from query_terms($text)", parameters={"text": text})["term"].to_pylist()
    if not known:
        return "Nothing found: no article has any of these words. Single letters and digits do not count."
    hints = []
    if has_filters:
        hints.append("without --site, --from and --to")
    if any(mark in text for mark in '"“”„'):
        hints.append("without quotation marks")
    return f"Nothing found, though there are articles with {', '.join(known)}" + (f": try {' or '.join(hints)}." if hints else ".")
