"""The application: its routes, behind the gate."""

from datetime import datetime
from pathlib import Path

import duckdb
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from broadsheet.errors import ConfigurationError
from broadsheet.ui import console, feeds, front, quality, viewer
from broadsheet.ui.charts import ranks_over_time
from broadsheet.ui.gate import Access, Gate, Refused
from broadsheet.ui.pages import NothingPublished, NotThere, page


def create_app(lake: Path, access: Access) -> FastAPI:
    """The UI over a lake.

    Parameters
    ----------
    access : who is asking and what they may do; every path answers 401 where it knows nobody.
    """
    app = FastAPI(title="Broadsheet", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.lake = lake
    app.state.access = access
    for part in (front, viewer, feeds, console, quality):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(packages=[("broadsheet.ui", "static")]), name="static")
    app.add_exception_handler(NothingPublished, _nothing_published)
    app.add_exception_handler(NotThere, _not_there)
    for status in (404, 405):
        app.add_exception_handler(status, _not_there)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(ConfigurationError, _not_understood)
    app.add_exception_handler(Refused, _refused)
    for fault in (duckdb.CatalogException, duckdb.BinderException):  # our queries fit this schema version
        app.add_exception_handler(fault, _of_another_version)
    app.add_middleware(Gate, access=access)
    return app


def warm_up() -> None:
    """Load what the first page would else wait some seconds for: what draws charts, and what DuckDB loads to bind values."""
    stay = {"at": datetime(1970, 1, 1), "rank": 1, "key": "", "headline": "", "line": "", "status": ""}  # noqa: DTZ001  # a wall clock
    ranks_over_time([stay], rank="", headline="", status="", statuses=[""])
    with duckdb.connect() as connection:
        connection.execute("select $value", {"value": 1})


def _nothing_published(request: Request, error: Exception) -> Response:
    return page(request, "message.html", status=404, title="nothing_published", message="nothing_published_hint", detail="")


def _not_there(request: Request, error: Exception) -> Response:
    detail = str(error) if isinstance(error, NotThere) else ""
    return page(request, "message.html", status=404, title="not_there", message="not_there_hint", detail=detail)


def _not_understood(request: Request, error: Exception) -> Response:
    detail = str(error) if isinstance(error, ConfigurationError) else ""
    return page(request, "message.html", status=400, title="not_understood", message="not_understood_hint", detail=detail)


def _of_another_version(request: Request, error: Exception) -> Response:
    return page(request, "message.html", status=503, title="other_version", message="other_version_hint", detail=str(error))


def _refused(request: Request, error: Exception) -> Response:
    return page(request, "message.html", status=403, title="refused", message="refused_hint", detail=str(error))
