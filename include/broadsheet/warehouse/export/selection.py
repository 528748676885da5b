"""Which rows are exported: the temporary view `selected`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import duckdb

from broadsheet.errors import ConfigurationError
from broadsheet.tables.ddl import quoted

ARTICLES = "current_articles"
# The column that says when a row is of: the first of these that a table or view has.
TIME_COLUMNS = (
    "published_at", "observed_at", "first_observed_at", "captured_at", "quarantined_at", "checked_at", "started_at", "snapshot_published_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Conditions that a row must all meet. Without any, every row is selected."""

    where: str | None = None
    sites: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def select_rows(connection: duckdb.DuckDBPyConnection, name: str, selection: Selection) -> None:
    """Make the temporary view `selected` of a table or view's rows. Raises ConfigurationError naming what does not exist or is no condition."""
    _require_known(connection, name)
    columns = [column for column, *_ in connection.execute(f"select * from {name} limit 0").description]
    conditions = list(_conditions(connection, name, columns, selection))
    connection.execute(f"create temp view selected as select * from {name}" + (f" where {' and '.join(conditions)}" if conditions else ""))


def _conditions(connection: duckdb.DuckDBPyConnection, name: str, columns: list[str], selection: Selection) -> Iterator[str]:
    if selection.where is not None:
        yield _condition(selection.where)
    if selection.sites:
        if "site" not in columns:
            raise ConfigurationError(f"{name} has no column site")
        _require_sites(connection, selection.sites)
        yield f"site in ({', '.join(map(quoted, selection.sites))})"
    if selection.since or selection.until:
        column = next((column for column in TIME_COLUMNS if column in columns), None)
        if column is None:
            raise ConfigurationError(f"{name} has none of the times that --since and --until look at ({', '.join(TIME_COLUMNS)}); use --where")
        if selection.since:
            yield f"{column} >= timestamptz {quoted(selection.since.isoformat())}"
        if selection.until:
            yield f"{column} < timestamptz {quoted(selection.until.isoformat())}"


def _condition(text: str) -> str:
    """A condition in brackets. It is parsed without them too, so that it cannot close them and go on with something else."""
    in_brackets = f"({text}\n)"  # a line of its own: the text may end in a comment
    for form in (text, in_brackets):
        try:
            duckdb.SQLExpression(form)
        except duckdb.Error as error:
            raise ConfigurationError(f"{text!r} is not one SQL condition: {error}") from error
    return in_brackets


def _require_known(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    sql = "select table_name from duckdb_tables() where not internal union all select view_name from duckdb_views() where not internal order by 1"
    names = [known for (known,) in connection.execute(sql).fetchall()]
    if name not in names:
        raise ConfigurationError(f"the warehouse has no table or view {name!r}{_nearest(name, names)}; it has {', '.join(names)}")


def _require_sites(connection: duckdb.DuckDBPyConnection, sites: Iterable[str]) -> None:
    known = [site for (site,) in connection.execute("select site from sites").fetchall()]
    for site in sites:
        if site not in known:
            raise ConfigurationError(f"the warehouse has no site {site!r}{_nearest(site, known)}; the table sites lists them")


def _nearest(text: str, known: list[str]) -> str:
    matches = get_close_matches(text, known, n=1)
    return f" (nearest: {matches[0]})" if matches else ""
