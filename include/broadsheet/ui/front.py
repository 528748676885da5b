"""Front page: what the published state holds, by site and day, how fresh it is, and what waits for somebody."""

import json
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from broadsheet.quality.charts import counts_by_day
from broadsheet.ui.language import language_of, teller
from broadsheet.ui.pages import chart, lake_of, page, published

SITES = 50
router = APIRouter()
DaysParam = Annotated[int, Query(ge=1, le=180)]


class Counted(StrEnum):
    """What a chart of the front page counts."""

    pages = "pages"
    articles = "articles"
    feeds = "feeds"


_QUERIES = {Counted.pages: "ui/page_days", Counted.articles: "ui/article_days", Counted.feeds: "ui/feed_days"}


@router.get("/")
def front_page(request: Request, days: DaysParam = 30) -> Response:
    with published(lake_of(request)) as warehouse:
        snapshot = warehouse.row("ui/snapshot")
        sites = warehouse.rows("ui/site_totals", site_limit=SITES)
        incidents = warehouse.rows("quality/incident_days", days=days)
        runs = warehouse.rows("quality/run_accounts", runs=5)
    return page(
        request,
        "front.html",
        snapshot=snapshot,
        counts=json.loads(snapshot["row_counts_json"]) if snapshot else {},
        sites=sites,
        site_count=sites[0]["site_count"] if sites else 0,
        incident_count=sum(row["incident_count"] for row in incidents),
        runs=runs,
        days=days,
        charts=[name.value for name in Counted],
    )


@router.get("/charts/{counted}.svg")
def counted_chart(request: Request, counted: Counted, days: DaysParam = 30) -> Response:
    tell = teller(language_of(request))
    with published(lake_of(request)) as warehouse:
        rows = warehouse.rows_by_site(_QUERIES[counted], days=days, others=tell("other_sites"))
    return chart(request, rows, counts_by_day, kind="shown_site", count="counted", title=tell(counted))
