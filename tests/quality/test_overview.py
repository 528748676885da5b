"""The quality overview and the Data Docs open offline in a real browser, show hostile text as text and run nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from html_tags import Tags

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.pipeline import document, run_all
from broadsheet.settings import Settings
from broadsheet.warehouse.query import query

PAGES = Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages"
# What changes the title of the page if a browser takes it for more than text.
HOSTILE = "</text></svg><script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"> javascript:alert(1) 清河县"


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """A lake of two runs, one with hostile rejections."""
    root = tmp_path_factory.mktemp("overview") / "lake"
    pages = sorted(PAGES.glob("*.html.gz"))
    for batch in (pages[:4], pages[4:6]):
        run_all(root, batch, shards=1, is_mtime_trusted=True)
    lake = Lake(root)
    with duckdb.connect(str(lake.warehouse)) as connection:
        run_id = connection.execute("select max(run_id) from runs").fetchall()[0][0]
        connection.execute(
            "insert into quarantine (quarantine_id, stage, scope, reasons, detail, input_path, run_id, quarantined_at) "
            "select 'q' || i, 'extract', 'page', case when i % 2 = 0 then ['parser_error'] else ['parser_error', ?] end, 'd', 'p', ?, now() "
            "from range(6) as t(i)",
            [HOSTILE, run_id],
        )
        connection.execute(
            "insert into incidents by name select 'i' as incident_id, 'feed_silent' as incident_kind, ? as site, captured_date as incident_date, "
            "'captures' as metric, 0.0 as value, 41.25 as baseline, 5.0 as spread, -8.0 as deviation, 3 as capture_count, 9 as baseline_day_count from site_days limit 1",
            [HOSTILE],
        )
    return lake


@pytest.fixture(scope="module")
def overview(lake) -> Path:
    return document(lake.root)


@pytest.fixture(scope="session")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs the browser chromium")
    return found


def seen(browser: str, page: Path, profile: Path) -> str:
    """The page's elements as a browser that opened it has them."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=2000", "--dump-dom"]
    return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout


def test_the_overview_counts_rejections_by_reason_and_leads_to_the_data_docs_of_its_runs(lake, overview):
    tags = Tags()
    tags.feed(overview.read_text("utf-8"))
    text = " ".join(" ".join(tags.text).split())
    assert "parser_error 6 The page kernel failed" in text
    assert f"{HOSTILE} 3" in text
    assert f"{HOSTILE} feed_silent captures 0 41.2" in text
    assert len(tags.links) == 2
    assert all((overview.parent / link).exists() for link in tags.links)
    assert text.count("succeeded") == 2
    assert tags.tags >= {"svg"}


def test_the_overview_asks_nothing_of_the_network(overview):
    html = overview.read_text("utf-8")
    assert "default-src 'none'" in html
    assert set(re.findall(r"https?://[^\"' ]+", html)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_nothing_of_a_page_runs_in_a_browser(lake, overview, browser, tmp_path):
    for page in (overview, *lake.docs("").glob("*/index.html")):
        dom = seen(browser, page, tmp_path / "profile")
        assert "<title>ran</title>" not in dom
        tags = Tags()
        tags.feed(dom)
        assert tags.tags.isdisjoint({"script", "img", "iframe", "object"})
        assert not any(name.startswith("on") for name in tags.attributes)
    unescaped = tmp_path / "unescaped.html"
    unescaped.write_text(f"<!doctype html><title>quiet</title><p>{HOSTILE}", "utf-8")
    assert "<title>ran</title>" in seen(browser, unescaped, tmp_path / "profile"), "the browser would not have run it anyway"


def test_data_docs_of_the_newest_runs_are_kept(lake):
    before = {path.name for path in lake.docs("").iterdir() if path.is_dir()}
    page = document(lake.root, Settings(kept_data_docs=1)).read_text("utf-8")
    (kept,) = {path.name for path in lake.docs("").iterdir() if path.is_dir()}
    assert kept == max(before)
    assert page.count("<a href") == 1
    assert page.count("succeeded") == 2


def test_a_lake_in_which_nothing_was_checked_has_an_overview(sample_run, tmp_path):
    lake = Lake(tmp_path)
    lake.warehouse.parent.mkdir()
    shutil.copyfile(Lake(sample_run[0]).warehouse, lake.warehouse)
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute("delete from quality_results")
    assert "Nothing was checked" in document(tmp_path).read_text("utf-8")


def test_times_are_in_utc_wherever_the_program_runs(sample_run):
    lake = Lake(sample_run[0])
    code = (
        "import sys; from pathlib import Path; from broadsheet.lake import Lake; from broadsheet.pipeline import document; "
        "from broadsheet.warehouse.snapshots import snapshots; lake = Lake(Path(sys.argv[1])); "
        "document(lake.root); print(snapshots(lake)[0].published_at.utcoffset())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(lake.root)], env={**os.environ, "TZ": "Asia/Shanghai"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0:00:00"
    (run,) = query(lake.root, "select strftime(started_at, '%Y-%m-%d %H:%M') as began from runs").to_pylist()
    assert f"<td>{run['began']}</td>" in lake.overview.read_text("utf-8")


def test_a_lake_without_a_published_run_has_no_overview(tmp_path):
    with pytest.raises(ConfigurationError):
        document(tmp_path)
