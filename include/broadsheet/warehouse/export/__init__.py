"""Exports: what is in the published warehouse, to one file that other programs read."""

from datetime import datetime
from pathlib import Path

import duckdb

from broadsheet.errors import ConfigurationError
from broadsheet.lake import COMPRESSIONS
from broadsheet.warehouse.export.articles import write_articles
from broadsheet.warehouse.export.selection import ARTICLES, Selection, select_rows
from broadsheet.warehouse.export.tables import write_csv, write_jsonl, write_parquet
from broadsheet.warehouse.query import connect

TABLE_FORMATS = ("parquet", "csv", "jsonl")
ARTICLE_FORMATS = ("jsonld", "ninjs")


def export(
    lake: Path,
    name: str,
    out: Path,
    format: str | None = None,
    *,
    where: str | None = None,
    sites: tuple[str, ...] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    time_zone: str = "UTC",
    is_exact: bool = False,
    is_forced: bool = False,
) -> int:
    """Write rows of a table or view to a file, in the order of the warehouse and without holding them in memory. Returns their number.

    Parameters
    ----------
    name : table or view. For ``jsonld`` and ``ninjs`` it is ``articles``: the rows of `current_articles` with all their credits.
    format : ``parquet``, ``csv``, ``jsonl`` (one JSON object a line), ``jsonld`` (one schema.org NewsArticle a line) or ``ninjs`` (one
        IPTC ninjs 3.2 object a line); by the name of `out` if None. A name that ends in ``.gz`` or ``.zst`` is compressed, but for Parquet.
    where : SQL condition on the columns of the table or view.
    sites : only rows of these sites.
    since, until : only rows whose time (the first of `selection.TIME_COLUMNS` that it has) is not before `since` and before `until`; rows of
        unknown time are in neither. Without an offset they are in `time_zone`.
    time_zone : zone in which CSV and JSON Lines show instants; Parquet has them in UTC, articles in the zone of their page.
    is_exact : leave CSV cells that a spreadsheet would take for formulas as they are, instead of putting ``'`` before them.
    is_forced : replace a file that is there.

    Raises
    ------
    ConfigurationError : nothing has that name, the condition is none, the file is there or cannot be written, …
    """
    format = _format(out, format)
    if format in ARTICLE_FORMATS and name not in ("articles", ARTICLES):
        raise ConfigurationError(f"{format} is a format of articles; {name} has {', '.join(TABLE_FORMATS)}")
    name = ARTICLES if format in ARTICLE_FORMATS else name
    selection = Selection(where=where, sites=sites, since=since, until=until)
    try:
        _require_free(out, is_forced)
        with connect(lake) as connection:
            connection.execute("set TimeZone = ?", [time_zone])
            # what does not fit into memory lies beside the file: where one may write and expects to need room
            connection.execute("set temp_directory = ?", [str(out.with_name(f".{out.name}.spilled"))])
            select_rows(connection, name, selection)
            if format == "parquet":
                return write_parquet(connection, name, out)
            if format == "csv":
                return write_csv(connection, out, is_exact=is_exact)
            if format == "jsonl":
                return write_jsonl(connection, out)
            return write_articles(connection, out, format)
    except duckdb.Error as error:
        raise ConfigurationError(str(error)) from error
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror or error}") from error


def _format(out: Path, given: str | None) -> str:
    """The format that was given, else the one that the file is named after."""
    formats = (*TABLE_FORMATS, *ARTICLE_FORMATS)
    is_compressed = out.suffix in COMPRESSIONS
    format = given or (out.with_suffix("") if is_compressed else out).suffix.removeprefix(".")
    if format not in formats:
        raise ConfigurationError(f"the format of {out} must be one of {', '.join(formats)}: by its name's ending or by --format")
    if format == "parquet" and is_compressed:
        raise ConfigurationError(f"Parquet is compressed inside: name the file without {out.suffix}")
    return format


def _require_free(out: Path, is_forced: bool) -> None:
    if out.is_dir():
        raise ConfigurationError(f"{out} is a directory")
    if out.exists() and not is_forced:
        raise ConfigurationError(f"{out} is there already; --force overwrites it")
