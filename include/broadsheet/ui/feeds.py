"""Feeds: which there are, and a feed's headlines over time, with what is known to stand behind each."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from broadsheet.ui.charts import ranks_over_time
from broadsheet.ui.language import language_of, teller
from broadsheet.ui.pages import NotThere, Warehouse, chart, lake_of, page, published

FEEDS = 500
DRAWN = 15  # headlines that the chart tells apart; more cannot be
SHOWN = 200  # headlines of the table

router = APIRouter()
WindowParam = Annotated[int, Query(ge=1, le=14)]
DayParam = Annotated[date | None, Query(ge=date(1970, 1, 31), le=date(2200, 1, 1))]


class Window(NamedTuple):
    """Days of a feed in its site's zone: the last one, how many, and the instants between which they lie."""

    last_day: date
    days: int
    begins_at: datetime
    ends_at: datetime


class Seen(NamedTuple):
    """A headline in a window, with its stays there."""

    headline: dict[str, Any]
    best_rank: int
    seconds: float
    spells: list[dict[str, Any]]


@router.get("/feeds")
def feed_list(request: Request, site: Annotated[str, Query(max_length=500)] = "") -> Response:
    with published(lake_of(request)) as warehouse:
        feeds = warehouse.rows("ui/feeds", site=site.strip() or None, row_limit=FEEDS)
    return page(request, "feeds.html", feeds=feeds, site=site.strip(), feed_count=feeds[0]["feed_count"] if feeds else 0)


@router.get("/feeds/{feed_id}")
def feed_page(request: Request, feed_id: str, day: DayParam = None, days: WindowParam = 2) -> Response:
    with published(lake_of(request)) as warehouse:
        feed, window = _feed_and_window(warehouse, feed_id, day, days)
        seen = _seen(warehouse, feed_id, window)
    return page(request, "feed.html", feed=feed, window=window, step=timedelta(days=days), seen=seen[:SHOWN], seen_count=len(seen), drawn=DRAWN)


@router.get("/feeds/{feed_id}/ranks.svg")
def rank_chart(request: Request, feed_id: str, day: DayParam = None, days: WindowParam = 2) -> Response:
    with published(lake_of(request)) as warehouse:
        feed, window = _feed_and_window(warehouse, feed_id, day, days)
        seen = _seen(warehouse, feed_id, window)
    tell = teller(language_of(request))
    status = {name: tell(f"status_{name}") for name in ("resolved", "ambiguous", "unresolved")}
    stays = [stay for one in seen[:DRAWN] for stay in _stays(one, ZoneInfo(feed["time_zone"]), status)]
    return chart(request, stays, ranks_over_time, rank=tell("rank"), headline=tell("headline"), status=tell("status"), statuses=list(status.values()))


def _feed_and_window(warehouse: Warehouse, feed_id: str, day: date | None, days: int) -> tuple[dict[str, Any], Window]:
    """A feed, and the days of it that are asked for, which end with `day`, else with its last."""
    feed = warehouse.row("ui/feed", feed_id=feed_id)
    if feed is None:
        raise NotThere(feed_id)
    zone = ZoneInfo(feed["time_zone"])
    last_day = day or feed["last_date"] or date(1970, 1, 31)
    ends_at = datetime.combine(last_day + timedelta(days=1), time(), zone)
    return feed, Window(last_day, days, ends_at - timedelta(days=days), ends_at)


def _seen(warehouse: Warehouse, feed_id: str, window: Window) -> list[Seen]:
    """Headlines of the window, those that stood highest and longest first."""
    spells = warehouse.rows("ui/feed_spells", feed_id=feed_id, begins_at=window.begins_at, ends_at=window.ends_at)
    spells.sort(key=lambda spell: (spell["headline_key"], spell["begins_at"], spell["rank"]))
    seen = []
    for _, group in groupby(spells, key=lambda spell: spell["headline_key"]):
        stays = list(group)
        seconds = sum((stay["ends_at"] - stay["begins_at"]).total_seconds() for stay in stays)
        seen.append(Seen(stays[-1], min(stay["rank"] for stay in stays), seconds, stays))
    return sorted(seen, key=lambda one: (one.best_rank, -one.seconds, one.headline["headline_key"]))


def _stays(seen: Seen, zone: ZoneInfo, status: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The stays of one headline for the chart: stays that follow each other without a pause are one line, and only its last has an end."""
    for line, stays in enumerate(_unbroken(seen.spells)):
        for at, spell in [*((stay["begins_at"], stay) for stay in stays), (stays[-1]["ends_at"], stays[-1])]:
            yield {
                "at": at.astimezone(zone).replace(tzinfo=None),
                "rank": spell["rank"],
                "key": spell["headline_key"],
                "headline": spell["headline_text"],
                "line": f"{spell['headline_key']} {line}",
                "status": status.get(spell["resolution_status"], spell["resolution_status"]),
            }


def _unbroken(spells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Stays in the order of time, in runs without a pause."""
    runs: list[list[dict[str, Any]]] = []
    for spell in spells:
        if runs and spell["begins_at"] <= runs[-1][-1]["ends_at"]:
            runs[-1].append(spell)
        else:
            runs.append([spell])
    return runs
