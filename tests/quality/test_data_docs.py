"""Data Docs show hostile text as text and ask nothing of the network."""

import re
from datetime import UTC, datetime

import pyarrow as pa
from html_tags import Tags

from broadsheet.quality.data_docs import build_data_docs
from broadsheet.quality.quarantine import quarantine_table
from broadsheet.records import Rejection
from broadsheet.tables.schema import TABLES

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> javascript:alert(3) \"'&"
NOW = datetime(2026, 3, 3, tzinfo=UTC)


def page(tmp_path) -> str:
    rejection = Rejection(
        stage="validate",
        scope="row",
        reasons=("blank_value",),
        detail=HOSTILE,
        row_key=HOSTILE,
        table_name="articles",
        raw_excerpt="清河县 " + HOSTILE,
    )
    quarantine = quarantine_table([rejection], run_id=HOSTILE, quarantined_at=NOW)
    row = {
        "quality_result_id": "0" * 20, "run_id": "r", "shard": 0, "suite": "s", "table_name": "articles", "check_name": "blank_value",
        "column_name": None, "is_success": False, "policy_action": "quarantine", "checked_count": 2, "failed_count": 1,
        "examples": [HOSTILE], "meaning": "m", "checked_at": NOW,
    }  # fmt: skip
    results = pa.Table.from_pylist([row], schema=TABLES["quality_results"].arrow)
    return build_data_docs(tmp_path, run_id=HOSTILE, results=results, quarantine=quarantine, created_at=NOW).read_text("utf-8")


def test_hostile_text_is_text(tmp_path):
    tags = Tags()
    tags.feed(page(tmp_path))
    assert tags.tags.isdisjoint({"script", "img", "iframe", "a", "link", "object"})
    assert not any(name.startswith("on") or name in ("src", "href") for name in tags.attributes)
    assert HOSTILE in "".join(tags.text)
    assert "清河县" in "".join(tags.text)


def test_the_page_forbids_scripts_and_requests_nothing(tmp_path):
    html = page(tmp_path)
    assert "default-src 'none'" in html
    assert re.findall(r"https?://", html) == []
