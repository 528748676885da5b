"""Quality: failed checks, the last runs with their Data Docs, what was rejected, its replay and its dismissal, drift incidents."""

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse, Response

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.quality.charts import counts_by_day, shares_by_day
from broadsheet.quality.reasons import REASONS
from broadsheet.ui.front import DaysParam
from broadsheet.ui.gate import Refused
from broadsheet.ui.language import language_of, teller
from broadsheet.ui.pages import NothingPublished, NotThere, chart, lake_of, page, published, root_of
from broadsheet.warehouse.rejections import told_whole

RUNS = 30
INCIDENTS = 200
REJECTIONS = 200
# Data Docs carry their style in the page; scripts and requests are forbidden in them as everywhere.
_DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

router = APIRouter()
FilterParam = Annotated[str, Query(max_length=500)]
FilterForm = Annotated[str, Form(max_length=500)]


class Settling(StrEnum):
    """DAGs that settle rejections."""

    replay = "replay"
    dismiss = "dismiss"


class Drawn(StrEnum):
    """What a chart of the quality page shows."""

    checks = "checks"
    quarantine = "quarantine"
    incidents = "incidents"


@router.get("/quality")
def quality_page(request: Request, days: DaysParam = 30) -> Response:
    lake = Lake(lake_of(request))
    with published(lake.root) as warehouse:
        runs = warehouse.rows("quality/run_accounts", runs=RUNS)
        reasons = warehouse.rows("ui/open_reasons")
    for run in runs:
        run["has_docs"] = (lake.docs(run["run_id"]) / "index.html").exists()
    return page(
        request, "quality.html", runs=runs, reasons=[{**row, "meaning": REASONS.get(row["reason"], "")} for row in reasons], days=days,
        has_overview=lake.overview.exists(),
    )  # fmt: skip


@router.get("/quality/charts/{drawn}.svg")
def quality_chart(request: Request, drawn: Drawn, days: DaysParam = 30) -> Response:
    tell = teller(language_of(request))
    with published(lake_of(request)) as warehouse:
        if drawn == Drawn.checks:
            rows = warehouse.rows("quality/checked_days", days=days)
            return chart(request, rows, shares_by_day, row="table_name", share="failed_ratio", title=tell("failed_checks"))
        if drawn == Drawn.quarantine:
            rows = warehouse.rows("quality/quarantined_days", days=days)
            return chart(request, rows, counts_by_day, kind="shown_reason", count="rejection_count", title=tell("quarantined"))
        rows = warehouse.rows("quality/incident_days", days=days)
        return chart(request, rows, counts_by_day, kind="incident_kind", count="incident_count", title=tell("incidents"))


@router.get("/quality/incidents")
def incident_page(request: Request, site: FilterParam = "", kind: FilterParam = "") -> Response:
    with published(lake_of(request)) as warehouse:
        rows = warehouse.rows("ui/incidents", site=site.strip() or None, kind=kind.strip() or None, row_limit=INCIDENTS)
    kinds = {row["incident_kind"]: REASONS.get(row["incident_kind"], "") for row in rows}
    return page(request, "incidents.html", incidents=rows, kinds=kinds, site=site.strip(), kind=kind.strip(), limit=INCIDENTS)


@router.get("/quality/quarantine")
def quarantine_page(
    request: Request, reason: FilterParam = "", site: FilterParam = "", run: FilterParam = "", started: FilterParam = "",
    dag: Settling = Settling.replay,
) -> Response:  # fmt: skip
    """Open rejections; `started` names the run of the DAG that has just been asked to settle some."""
    filters = {"reason": reason.strip() or None, "site": site.strip() or None, "run_id": run.strip() or None}
    with published(lake_of(request)) as warehouse:
        rows = warehouse.rows("ui/rejections", **filters, row_limit=REJECTIONS)
    return page(
        request, "quarantine.html", rejections=rows, rejection_count=rows[0]["rejection_count"] if rows else 0, filters=filters, started=started,
        dag=dag.value, limit=REJECTIONS, **_allowed(request),
    )  # fmt: skip


@router.get("/quality/quarantine/{quarantine_id}")
def rejection_page(request: Request, quarantine_id: str) -> Response:
    if not Lake(lake_of(request)).warehouse.exists():
        raise NothingPublished
    try:
        rejection = told_whole(lake_of(request), quarantine_id)
    except ConfigurationError as error:
        raise NotThere(quarantine_id) from error
    return page(request, "rejection.html", rejection=rejection, **_allowed(request))


def _allowed(request: Request) -> dict[str, bool]:
    """What the person may do with rejections, by the templates' names."""
    access, user = request.app.state.access, request.state.user
    return {f"may_{dag}": access.may_trigger(user, dag) for dag in Settling}


@router.post("/quality/replay")
async def replay(
    request: Request,
    ids: Annotated[list[str] | None, Form(max_length=REJECTIONS)] = None,
    all: FilterForm = "",
    reason: FilterForm = "",
    site: FilterForm = "",
    run: FilterForm = "",
) -> Response:
    """Trigger the DAG `replay` for the rejections that are ticked, or, with `all`, for all open ones that the filters choose."""
    tell = teller(language_of(request))
    if not await _may(request, Settling.replay):
        raise Refused(tell("may_not_replay"))
    if not (ids or all):
        raise ConfigurationError(tell("nothing_chosen"))
    chosen = {"reason": reason, "site": site, "run": run} if all else {"ids": ids}
    return await _triggered(request, Settling.replay, {name: value for name, value in chosen.items() if value})


@router.post("/quality/dismiss")
async def dismiss(request: Request, ids: Annotated[list[str] | None, Form(max_length=REJECTIONS)] = None, note: FilterForm = "") -> Response:
    """Trigger the DAG `dismiss` for the rejections that are ticked; the note says why."""
    tell = teller(language_of(request))
    if not await _may(request, Settling.dismiss):
        raise Refused(tell("may_not_dismiss"))
    if not ids:
        raise ConfigurationError(tell("nothing_chosen"))
    if not note.strip():
        raise ConfigurationError(tell("note_missing"))
    return await _triggered(request, Settling.dismiss, {"ids": ids, "note": note.strip()})


async def _may(request: Request, dag: Settling) -> bool:
    return await run_in_threadpool(request.app.state.access.may_trigger, request.state.user, dag)


async def _triggered(request: Request, dag: Settling, chosen: dict[str, Any]) -> Response:
    """Back to the open rejections, with the id of the run that was triggered."""
    started = await request.app.state.access.trigger(request.state.user, dag, chosen)
    return RedirectResponse(f"{root_of(request)}/quality/quarantine?{urlencode({'started': started, 'dag': dag})}", 303)


@router.get("/docs/{path:path}")
def data_docs(request: Request, path: str) -> Response:
    """A page of the Data Docs or the quality overview, from the lake."""
    docs = (Lake(lake_of(request)).root / "docs").resolve()
    try:
        file = (docs / (path or "index.html")).resolve()
    except (OSError, ValueError) as error:
        raise NotThere(path) from error
    if not file.is_relative_to(docs) or file.suffix != ".html" or not file.is_file():
        raise NotThere(path)
    return FileResponse(file, media_type="text/html", headers={"Content-Security-Policy": _DOCS_POLICY})
