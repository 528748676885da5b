"""A person's ways through Airflow's UI, in a real browser: log in, build a day, look at every page of the plugin, ask a question; backfill days, and
again; replay and dismiss what was rejected.

Pictures of it are left in the folder that `SCREENSHOTS` names (those of the README come from there), else in the test's own.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from days import FIRST, SECOND, Drop, totals
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright
from served import Served, serving, wait_for, wait_for_backfills

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
def drop(tmp_path) -> Drop:
    """Captures of two days, and two inputs that are no pages."""
    drop = Drop(tmp_path)
    for day, number in ((FIRST, 1), (FIRST, 2), (SECOND, 3)):
        drop.put(day, number)
    for name in ("mended", "useless"):
        (drop.root / f"{name}.txt").write_bytes(b"")
    return drop


@pytest.fixture
def airflow(request, tmp_path, monkeypatch) -> Iterator[Served]:
    """Airflow over the lake of the test."""
    lake = request.getfixturevalue("lake") if "lake" in request.fixturenames else tmp_path / "lake"
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
    form.get_by_text("Single Run", exact=True).click()  # it keeps what was chosen before
    form.locator("input[name=element_day]").fill(day)
    form.get_by_role("button", name="Trigger").click()
    page.wait_for_url(re.compile("/dags/build/runs/"))
    return page.url.rsplit("/", 1)[-1]


def backfill(page: Page, first: str, last: str, which: str) -> None:
    """Have the DAG's runs for a span of days made by its form."""
    page.get_by_role("button", name="Trigger").first.click()
    form = page.locator("[data-scope=dialog][data-part=content]")  # popovers have the role of dialogs too
    form.get_by_text("Backfill", exact=True).click()
    for number, day in enumerate((first, last)):
        form.get_by_test_id("datetime-input").nth(number).click()
        calendar = page.locator("[data-scope=popover][data-part=content][data-state=open]")
        calendar.get_by_placeholder("YYYY/MM/DD").fill(day.replace("-", "/"))
        calendar.get_by_placeholder("HH:mm").fill("00:00")
        page.keyboard.press("Escape")
        expect(calendar).to_have_count(0)
    form.get_by_text(which, exact=True).click()
    form.get_by_role("button", name="Run Backfill").click()
    expect(form).to_be_hidden()


def opened(frame: FrameLocator, name: str) -> FrameLocator:
    frame.locator("nav").get_by_role("link", name=name, exact=True).click()
    expect(frame.locator("nav [aria-current=page]")).to_have_text(name)
    return frame


def settle(page: Page, airflow: Served, what: str, button: str, note: str = "") -> None:
    """Tick an open rejection, and trigger what settles it."""
    page.goto(f"http://127.0.0.1:{airflow.port}/plugin/broadsheet")
    frame = opened(page.frame_locator("iframe"), "Quality")
    frame.get_by_role("link", name="Open quarantine").click()
    frame.get_by_role("row", name=what).get_by_role("checkbox").check()
    frame.get_by_label("Note").fill(note)
    frame.get_by_role("button", name=button).click()
    expect(frame.locator("body")).to_contain_text("Triggered: run ")


def expect_settled(page: Page, airflow: Served, what: str, *told: str) -> None:
    """A rejection is open no longer, and its page tells what became of it."""
    frame = opened(page.frame_locator("iframe"), "Quality")
    frame.get_by_role("link", name="Open quarantine").click()
    expect(frame.locator("h1")).to_contain_text("Open quarantine")
    expect(frame.get_by_role("row", name=what)).to_have_count(0)
    lake = os.environ["BROADSHEET_LAKE"]
    (rejected,) = query(Path(lake), "select quarantine_id from quarantine where ends_with(input_path, $what)", parameters={"what": what}).to_pylist()
    page.goto(f"http://127.0.0.1:{airflow.port}/broadsheet/quality/quarantine/{rejected['quarantine_id']}")
    for text in ("Settled", *told):
        expect(page.locator("body")).to_contain_text(text)


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
    # else the link that is clicked may be one of the list before, which goes
    page.locator("iframe").element_handle().content_frame().wait_for_url(re.compile(r"[?&]q=[^&]"))
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


def test_days_are_backfilled_and_what_was_rejected_is_settled(page, airflow, drop, tmp_path, picture):
    lake, token = tmp_path / "lake", airflow.token()
    *_, today = drop.ingest(lake)  # of the inputs that are no pages, no other time is known
    log_in(page, airflow, "/dags/build")
    backfill(page, FIRST, SECOND, "Missing Runs")
    runs = wait_for(airflow, token, "build", 2)
    assert [(run["run_type"], run["partition_key"]) for run in runs] == [("backfill", FIRST), ("backfill", SECOND)]
    wait_for_backfills(airflow, token, "build")
    built = totals(lake)
    assert built == {"captures": 3, "articles": 3, "article_versions": 3}

    backfill(page, FIRST, SECOND, "All Runs")
    runs = wait_for(airflow, token, "build", 4)
    assert [run["partition_key"] for run in runs[2:]] == [FIRST, SECOND]
    wait_for_backfills(airflow, token, "build", count=2)
    assert totals(lake) == built

    trigger_build(page, today)
    expect(page.get_by_test_id("header-card").get_by_test_id("state-badge")).to_contain_text("Success")
    (drop.root / "mended.txt").write_bytes((drop.root / f"page-{FIRST}-1.txt").read_bytes() + "园里还有一口老井。\n".encode())
    settle(page, airflow, "mended.txt", "Replay what is ticked")
    wait_for(airflow, token, "replay", 1)
    expect_settled(page, airflow, "mended.txt", "replayed_good")
    assert totals(lake)["captures"] == built["captures"] + 1
    settle(page, airflow, "useless.txt", "Dismiss what is ticked", note="an empty frame")
    wait_for(airflow, token, "dismiss", 1)
    expect_settled(page, airflow, "useless.txt", "dismissed", "an empty frame")
    picture("quarantine")
