"""The application over the sample's lake, with a login of the tests' own; and one over a lake with hostile texts."""

import shutil
import sys
from pathlib import Path

import duckdb
import pytest

from broadsheet.lake import Lake
from broadsheet.pipeline import document

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))  # airflow_home

from visitors import HOSTILE


@pytest.fixture(scope="session")
def ui_lake(sample_run, tmp_path_factory) -> Path:
    """A copy of the sample's lake with its quality overview and Data Docs; treat as read-only."""
    root = tmp_path_factory.mktemp("ui_lake") / "lake"
    shutil.copytree(sample_run[0], root)
    document(root)
    return root


@pytest.fixture(scope="session")
def hostile_lake(ui_lake, tmp_path_factory) -> Path:
    """The same with hostile text in every column that a page of another may have written."""
    root = tmp_path_factory.mktemp("hostile") / "lake"
    shutil.copytree(ui_lake, root)
    with duckdb.connect(str(Lake(root).warehouse)) as connection:
        for table, columns in _TEXTS.items():
            assignments = ", ".join(f"{column} = $text || {column}" for column in columns)
            connection.execute(f"update {table} set {assignments}", {"text": HOSTILE})
        connection.execute("update quarantine set reasons = [$text]", {"text": HOSTILE})
        connection.execute(
            "insert into incidents by name select 'i1' as incident_id, 'feed_silent' as incident_kind, site, captured_date as incident_date, "
            "$text as metric, 0.0 as value, 41.25 as baseline, 5.0 as spread, -8.0 as deviation, 3 as capture_count, 9 as baseline_day_count, "
            "poorest_capture_id as example_capture_id from site_days limit 1",
            {"text": HOSTILE},
        )
    return root


_TEXTS = {
    "captures": ("url", "input_path", "charset_declared"),
    "page_blocks": ("block_text", "block_rule"),
    "articles": ("headline",),
    "article_versions": ("headline", "body_text", "published_at_raw"),
    "article_headlines": ("headline_text",),
    "article_people": ("person_name", "affiliation"),
    "article_sources": ("outlet_name",),
    "headline_feeds": ("feed_label",),
    "headline_feed_entries": ("headline_text",),
    "headline_resolutions": ("full_headline",),
    "headline_spells": ("headline_text",),
    "related_links": ("headline_text", "url", "module_heading"),
    "quarantine": ("detail", "raw_excerpt", "input_path", "row_json"),
}
