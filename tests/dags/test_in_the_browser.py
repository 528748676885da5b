"""A person's way through Airflow's UI, in a real browser: log in, build a day, look at every page of the plugin, ask a question.

Pictures of it are left in the folder that `SCREENSHOTS` names (those of the README come from there), else in the test's own.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright
from served import Served, serving

from broadsheet import ingest
from broadsheet.pipeline import document
from broadsheet.warehouse.query import query

pytestmark = pytest.mark.airflow

PROJECT = Path(__file__).resolve().parents[2]
DAY = "2026-03-03"
PATIENCE = 120_000  # milliseconds; on a quiet machine some seconds are enough


@pytest.fixture
def lake(sample_run, tmp_path) -> Path:
    """The sample as it is published, with a source whose captures are in and not built."""
    root = tmp_path / "lake"
    shutil.copytree(sample_run[0], root)
    document(root)
    source = ingest.read_source(PROJECT / "examples" / "sources", "sample")
    run = ingest.start_source(root, source, "sources")
    assert DAY in ingest.ingest(run, source)["days"]
    ingest.finish(run)
    return root


@pytest.fixture
def airflow(lake, tmp_path, monkeypatch) -> Iterator[Served]:
    monkeypatch.setenv("BROADSHEET_LAKE", str(lake))
    with serving(tmp_path / "airflow") as up:
        up.wait_for("Ctrl-C stops everything", 300)
        yield up


@pytest.fixture
def page() -> Iterator[Page]:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs the browser chromium")
    with sync_playwright() as playwright:
        # as root, Chromium has no sandbox; it opens nothing but our own pages here
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        window = chromium.new_page(viewport={"width": 1400, "height": 900}, locale="en-US")
        window.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield window
        chromium.close()


@pytest.fixture
def picture(page, tmp_path):
    """`picture(name)` keeps what the window shows."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path / "screenshots")

    def take(name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}.png")

    return take


def log_in(page: Page, airflow: Served, to: str) -> None:
    page.goto(f"http://127.0.0.1:{airflow.port}{to}")
    page.get_by_label(re.compile("username", re.IGNORECASE)).fill("admin")
    page.locator("input[type=password]").fill(re.search(r"password\s+(\S+)", airflow.printed)[1])
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.wait_for_url(re.compile(re.escape(to)))


def trigger_build(page: Page, day: str) -> str:
    """Trigger the DAG by its form. Returns the run's id."""
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog")
    form.locator("input[name=element_day]").fill(day)
    form.get_by_role("button", name="Trigger").click()
    page.wait_for_url(re.compile("/dags/build/runs/"))
    return page.url.rsplit("/", 1)[-1]


def opened(frame: FrameLocator, name: str) -> FrameLocator:
    frame.locator("nav").get_by_role("link", name=name, exact=True).click()
    expect(frame.locator("nav [aria-current=page]")).to_have_text(name)
    return frame


def expect_charts(frame: FrameLocator) -> None:
    """Charts are there and drawn: an image that could not be fetched has no width."""
    charts = frame.locator("img.chart")
    expect(charts.first).to_be_visible()
    for chart in charts.all():
        expect(chart).not_to_have_js_property("naturalWidth", 0)


def test_a_day_is_built_and_looked_at(page, airflow, lake, picture):
    log_in(page, airflow, "/dags/build")
    run_id = trigger_build(page, DAY)
    expect(page.get_by_test_id("header-card").get_by_test_id("state-badge")).to_contain_text("Success")
    picture("build")
    assert airflow.call(f"/api/v2/dags/build/dagRuns/{run_id}", airflow.token())["state"] == "success"

    page.goto(f"http://127.0.0.1:{airflow.port}/plugin/broadsheet")
    frame = page.frame_locator("iframe")
    body = frame.locator("body")
    expect(body).to_contain_text("news.lanshan.example")
    expect_charts(frame)
    picture("overview")

    opened(frame, "Pages").get_by_label("Search").fill("高山蔬菜基地")
    frame.get_by_role("button", name="Show").click()
    frame.locator("a[href*='/pages/article/']", has_text="高山蔬菜基地").first.click()
    expect(frame.locator("h1")).to_contain_text("高山蔬菜基地")
    picture("article")

    opened(frame, "Feeds").locator("a[href*='/feeds/']").first.click()
    expect_charts(frame)
    picture("feed")

    opened(frame, "SQL").get_by_label("SQL").fill("select run_id, run_status, started_at from runs order by started_at")
    frame.get_by_role("button", name="Run").click()
    expect(body).to_contain_text(query(lake, "select max(run_id) as last from runs").to_pylist()[0]["last"])
    picture("sql")

    opened(frame, "Quality")
    expect_charts(frame)
    picture("quality")
