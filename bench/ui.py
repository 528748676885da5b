"""How long the pages of Broadsheet's UI take over a large lake. `make bench-ui`

The application is served as Airflow serves it, on the loopback address and without Airflow, whose login is not counted. Each page is asked for four
times: first with nothing of the warehouse's file in the system's memory (cold), then three times more, of which the median counts (warm). A chart is
a request of its own, as in a browser. Nothing is written to the lake. The last line is JSON: the slowest page in seconds, warm and cold, and
each page's warm seconds.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import httpx
import uvicorn

from broadsheet.lake import Lake
from broadsheet.ui.app import create_app, warm_up
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.questions import QUESTIONS

ROOT = Path(__file__).resolve().parents[1]
LAKE = ROOT / "build" / "bench-lakes" / "large"
WARM = 3
SEARCH = "湿地公园"
QUESTION = "promotion"


class Anybody:
    """Access for the one who measures."""

    async def user(self, request: Any) -> str:
        return "anybody"

    def may_read(self, user: str) -> bool:
        return True

    def may_trigger(self, user: str, dag_id: str) -> bool:
        return True

    async def trigger(self, user: str, dag_id: str, chosen: Any) -> str:
        raise NotImplementedError("nothing is triggered here")


class Asked(NamedTuple):
    """A page: its path, or the statement that is put into the console."""

    path: str
    sql: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", type=Path, default=LAKE, help="a lake with a published warehouse; else the one that bench-warehouse left")
    given = parser.parse_args()
    warehouse = Lake(given.lake).warehouse
    if not warehouse.exists():
        sys.exit(f"{given.lake} has no published warehouse: run `make bench-warehouse` first, or name a lake (ARGS='--lake DIR')")
    print(f"{platform.platform()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}, {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}, warehouse {warehouse.stat().st_size / 1e9:.1f} GB")  # fmt: skip
    cold, warm = {}, {}
    warm_up()
    with serving(given.lake) as address, httpx.Client(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=120) as client:
        for name, asked in pages(given.lake).items():
            forget(warehouse)
            cold[name] = seconds(client, asked)
            warm[name] = statistics.median(seconds(client, asked) for _ in range(WARM))
            print(f"{name:28} cold {cold[name]:6.2f} s   warm {warm[name]:6.2f} s   {asked.path}", flush=True)
    slowest = {"slowest_page_s": max(warm.values()), "slowest_cold_page_s": max(cold.values())}
    print(json.dumps({name: round(value, 3) for name, value in {**slowest, **{f"{name}_s": value for name, value in warm.items()}}.items()}))


def pages(lake: Path) -> dict[str, Asked]:
    """Every page, of the articles, captures, feeds and rejections that the lake has much of."""
    with connect(lake) as connection:

        def one(sql: str) -> list[str]:
            return [str(value) for value in (connection.execute(sql).fetchone() or ())]

        site, url, capture_id = one("select site, url, capture_id from captures where article_id is not null order by captured_at desc limit 1")
        (article_id,) = one("select article_id from article_versions group by all order by count(*) desc, article_id limit 1")
        before, after = one(f"select min(version_id), max(version_id) from article_versions where article_id = '{article_id}'")
        (feed_id,) = one("select feed_id from feed_days group by all order by sum(observation_count) desc, feed_id limit 1")
        rejected = one("select quarantine_id from open_quarantine limit 1")
    paths = {
        "front": "/",
        "chart_pages": "/charts/pages.svg",
        "chart_articles": "/charts/articles.svg",
        "chart_feeds": "/charts/feeds.svg",
        "pages": "/pages",
        "pages_of_site": f"/pages?site={site}",
        "pages_by_words": f"/pages?q={SEARCH}",
        "pages_by_url": f"/pages?q={url}",
        "pages_by_id": f"/pages?q={capture_id[:12]}",
        "article": f"/pages/article/{article_id}",
        "capture": f"/pages/capture/{capture_id}",
        "differences": f"/pages/diff/{before}/{after}",
        "feeds": "/feeds",
        "feeds_of_site": f"/feeds?site={site}",
        "feed": f"/feeds/{feed_id}",
        "feed_ranks": f"/feeds/{feed_id}/ranks.svg",
        "console": f"/sql?question={QUESTION}",
        "dictionary": "/sql/dictionary",
        "quality": "/quality",
        "chart_checks": "/quality/charts/checks.svg",
        "chart_quarantine": "/quality/charts/quarantine.svg",
        "chart_incidents": "/quality/charts/incidents.svg",
        "incidents": "/quality/incidents",
        "quarantine": "/quality/quarantine",
    }
    if rejected:
        paths["rejection"] = f"/quality/quarantine/{rejected[0]}"
    return {**{name: Asked(path) for name, path in paths.items()}, "question": Asked("/sql", QUESTIONS[QUESTION].sql)}


def seconds(client: httpx.Client, asked: Asked) -> float:
    began = time.perf_counter()
    answer = client.post(asked.path, data={"sql": asked.sql}) if asked.sql else client.get(asked.path)
    taken = time.perf_counter() - began
    answer.raise_for_status()
    return taken


def forget(file: Path) -> None:
    """Have the system drop what it holds of a file in memory."""
    with file.open("rb") as opened:
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def serving(lake: Path) -> Iterator[str]:
    """The application on the loopback address."""
    server = uvicorn.Server(uvicorn.Config(create_app(lake, Anybody()), host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            sys.exit("the application could not be served")
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


if __name__ == "__main__":
    main()
