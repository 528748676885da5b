"""From rows to pages: templates that escape everything, in the language of the request."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from broadsheet.lake import Lake
from broadsheet.ui.language import language_of, teller
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.statements import sql_text

SECTIONS = ("front", "pages", "feeds", "sql", "quality")
# What a page of ours may take in DuckDB: it runs in Airflow's server.
_LIMITS = ("set memory_limit = '1GB'", "set threads = 2", "set temp_directory = ''")

_NO_ROWS = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="40"><text x="4" y="24" font-family="sans-serif" font-size="14">{}</text></svg>'
)


class NothingPublished(Exception):
    """The lake has no published warehouse yet."""


class NotThere(Exception):
    """There is no such article, capture, feed, …; the message names it."""


class Warehouse:
    """Questions to one published state, as rows."""

    def __init__(self, connection: Any):
        self.connection = connection

    def rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a query of `warehouse/sql/`, by name without `.sql`."""
        return self._answered(sql_text(f"{name}.sql"), values)

    def rows_by_site(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """What a query counts by day and site, with the smaller sites as one."""
        return self._answered(sql_text("ui/largest_sites.sql").replace("$recent", sql_text(f"{name}.sql")), values)

    def _answered(self, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        return self.connection.execute(sql, values or None).to_arrow_table().to_pylist()

    def row(self, name: str, **values: Any) -> dict[str, Any] | None:
        return next(iter(self.rows(name, **values)), None)


@contextmanager
def published(lake: Path):
    """The published warehouse for one request: a state is let go of before the next load wants its file back. Raises NothingPublished."""
    if not Lake(lake).warehouse.exists():
        raise NothingPublished
    with connect(lake) as connection:
        for limit in _LIMITS:
            connection.execute(limit)
        yield Warehouse(connection)


def lake_of(request: Request) -> Path:
    return request.app.state.lake


def root_of(request: Request) -> str:
    """Path at which the application is mounted, without a slash at its end."""
    return request.scope.get("root_path", "").rstrip("/")


def chart(request: Request, rows: Sequence[Mapping[str, Any]], draw: Callable[..., Markup], **how: Any) -> Response:
    """A chart as an image; of no rows one that says so."""
    tell = teller(language_of(request))
    svg = draw(rows, **how) if rows else _NO_ROWS.format(tell("no_rows"))
    return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'"})


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page by a template of `ui/templates`, which knows besides `values`: `tell`, `root`, `language`, `section`, `nonce`."""
    language = language_of(request)
    root = root_of(request)
    section = request.url.path.removeprefix(root).strip("/").split("/")[0]
    rendered = _environment().get_template(template).render(
        tell=teller(language),
        language=language,
        root=root,
        section=section if section in SECTIONS else "front",
        sections=SECTIONS,
        nonce=request.state.nonce,
        now=datetime.now(UTC),
        **values,
    )  # fmt: skip
    return HTMLResponse(rendered.encode("utf-8", "replace"), status_code=status)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("broadsheet.ui", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(moment=_moment, number=_number, percent=_percent, measured=_measured, query=_query)
    return environment


def _moment(value: datetime | None, zone: str = "UTC") -> str:
    """An instant as the clocks of a zone show it."""
    if value is None:
        return ""
    if value.tzinfo is not None:
        value = value.astimezone(ZoneInfo(zone))
    return f"{value:%Y-%m-%d %H:%M}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _measured(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _query(values: Mapping[str, Any]) -> str:
    """`?a=1&b=2` of the values that are given."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""
