"""`broadsheet export`: a table, a view or the articles of a lake to a file."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.arguments import given_path, given_time
from broadsheet.cli.options import DEFAULT_LAKE, LakeOption


class ExportFormat(StrEnum):
    parquet = "parquet"
    csv = "csv"
    jsonl = "jsonl"
    jsonld = "jsonld"
    ninjs = "ninjs"


def _option(name: str, metavar: str, help: str, **options):
    return typer.Option(name, metavar=metavar, help=help, show_default=False, **options)


def export(
    name: Annotated[str, typer.Argument(help="A table or view; `articles` for jsonld and ninjs.", metavar="NAME")],
    out: Annotated[Path, _option("--out", "FILE", "File to write; compressed if its name ends in .gz or .zst.", parser=given_path)],
    lake: LakeOption = DEFAULT_LAKE,
    format: Annotated[ExportFormat | None, typer.Option("--format", help="By the file's name without it.", show_default=False)] = None,
    where: Annotated[str | None, _option("--where", "SQL", "Only rows that meet this condition.")] = None,
    site: Annotated[list[str] | None, _option("--site", "SITE", "Only rows of this site; may be repeated.")] = None,
    since: Annotated[datetime | None, _option("--since", "TIME", "Only rows of this day or time, or later.", parser=given_time)] = None,
    until: Annotated[datetime | None, _option("--until", "TIME", "Only rows of before this day or time.", parser=given_time)] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="Zone in which CSV and JSON Lines show instants, and of times without an offset.")
    ] = "Asia/Shanghai",
    exact: Annotated[bool, typer.Option("--exact", help="CSV: put no apostrophe before what a spreadsheet would take for a formula.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a table or view of the published warehouse to a file: Parquet, CSV, JSON Lines.

    Articles also as schema.org NewsArticle (jsonld) or IPTC ninjs 3.2 (ninjs), one
    object a line; conditions are then on the columns of current_articles.
    Rows whose time is unknown are neither since nor until anything. The file is
    there when it is whole. See docs/exports.md.
    """
    from broadsheet.warehouse.export import export as write

    if str(out) == "-":
        raise typer.BadParameter("an export is a file; `broadsheet query --format csv` prints rows")
    count = write(
        lake, name, out, format, where=where, sites=tuple(site or ()), since=since, until=until, time_zone=time_zone, is_exact=exact, is_forced=force
    )
    typer.echo(f"{out}: {count:,} row{'' if count == 1 else 's'}")
