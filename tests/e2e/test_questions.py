"""The questions of docs/questions.md: answered on the sample as documented, and marts against the sample's truth."""

import json
import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.tables.schema import TABLES
from broadsheet.text import headline_key
from broadsheet.warehouse.query import query
from broadsheet.warehouse.questions import QUESTIONS, questions_page
from broadsheet.warehouse.views import VIEWS

ROOT = Path(__file__).resolve().parents[2]
SQL = ROOT / "include" / "broadsheet" / "warehouse" / "sql"


@pytest.fixture(scope="module")
def truths() -> list[dict]:
    return [json.loads(line) for line in (ROOT / "examples" / "sample" / "truth.jsonl").read_text("utf-8").splitlines()]


def test_the_page_of_questions_is_up_to_date(sample_run):
    lake, _ = sample_run
    assert (ROOT / "docs" / "questions.md").read_text("utf-8") == questions_page(lake), "run: make docs"


def test_every_file_of_a_mart_or_question_is_listed_and_every_question_asks_a_mart():
    assert {file.stem for file in (SQL / "marts").glob("*.sql")} == {view.name for view in VIEWS}
    assert {file.stem for file in (SQL / "questions").glob("*.sql")} == set(QUESTIONS)
    assert [name for name, question in QUESTIONS.items() if not question.marts] == []


def test_columns_that_views_and_tables_share_by_name_are_told_in_order(sample_run):
    """Each view's description names its columns, all of them, as they come."""
    lake, _ = sample_run
    for view in VIEWS:
        assert query(lake, f"from {view.name} limit 0").column_names == list(view.columns), view.name
    assert {view.name for view in VIEWS} & set(TABLES) == set()


def test_a_question_is_asked_by_its_name(sample_run, tmp_path):
    lake, _ = sample_run
    asked = CliRunner().invoke(app, ["questions", "feed_health", "--lake", str(lake), "--format", "csv"])
    assert asked.exit_code == 0
    assert "即时播报" in asked.stdout
    assert QUESTIONS["feed_health"].sql in asked.stderr
    assert all(name in CliRunner().invoke(app, ["questions"]).stdout for name in QUESTIONS)
    unknown = CliRunner().invoke(app, ["questions", "weather", "--lake", str(lake)])
    assert unknown.exit_code == 2
    assert "there is no question 'weather'" in unknown.stderr
    nowhere = CliRunner().invoke(app, ["questions", "--lake", str(tmp_path), "--out", str(tmp_path / "q.md")])
    assert "nothing has been published" in nowhere.stderr


# --- marts against the sample's truth ------------------------------------------------------------------------------------


def test_silent_edits_are_the_true_ones(sample_run, truths):
    """A URL whose page shows something else than before; of edits in plain text captures too, which fold blanks and widths."""
    shown: dict[str, list[tuple]] = {}
    for truth in sorted((truth for truth in truths if truth["captured_at"]), key=lambda truth: truth["captured_at"]):
        told = tuple("".join(part.split()) for part in (truth["title"], "".join(truth["body"])))
        if shown.setdefault(truth["url"], [told])[-1] != told:
            shown[truth["url"]].append(told)
    true = {(url.replace("//www.", "//"), old[0] != new[0], old[1] != new[1]) for url, states in shown.items() for old, new in pairwise(states)}
    lake, _ = sample_run
    rows = query(
        lake,
        "select canonical_url, is_headline_changed, is_body_changed, changed_after, changed_before from silent_edits join articles using (article_id)",
    ).to_pylist()
    assert len(true) > 5
    assert {(row["canonical_url"].replace("//www.", "//"), row["is_headline_changed"], row["is_body_changed"]) for row in rows} == true
    assert all(row["changed_after"] < row["changed_before"] for row in rows)


def test_original_titles_are_the_true_ones(sample_run, truths):
    lake, _ = sample_run
    true = {(headline_key(truth["title"]), truth["original_title"]) for truth in truths if truth["original_title"]}
    rows = query(
        lake, "select distinct headline_raw, original_title from title_changes join article_headlines using (version_id) where headline_role = 'main'"
    )
    assert {(headline_key(row["headline_raw"]), row["original_title"]) for row in rows.to_pylist()} == true


def test_reprints_are_the_true_ones_in_the_order_of_their_publication(sample_run, truths):
    captured = {truth["url"] for truth in truths}
    true = {(truth["url"], truth["reprint_of"]) for truth in truths if truth["reprint_of"] in captured}
    lake, _ = sample_run
    rows = query(
        lake,
        """
        select
            a.canonical_url as url,
            o.canonical_url as origin_url,
            r.lag_seconds, r.published_at, r.cluster_id, r.chain_position, r.step_seconds, r.has_original_title, r.has_editor, r.has_source,
        from reprints r join articles a using (article_id) join articles o on o.article_id = r.origin_article_id
        where not r.is_origin_site
        order by r.cluster_id, r.chain_position
        """,
    ).to_pylist()
    assert len(true) > 8
    assert {(row["url"], row["origin_url"]) for row in rows} == true
    assert all(row["has_original_title"] and row["has_editor"] and row["has_source"] and row["lag_seconds"] > 0 for row in rows)
    for row, following in pairwise(rows):
        if row["cluster_id"] == following["cluster_id"]:
            assert following["chain_position"] == row["chain_position"] + 1
            assert following["step_seconds"] == (following["published_at"] - row["published_at"]).total_seconds() >= 0


def test_slots_of_campaign_tags_are_the_true_ones_by_the_sites_own_day(sample_run, truths):
    true: Counter[tuple] = Counter()
    for truth in truths:
        if not truth["captured_at"] or truth["site"] == "yunzhou-net.example":  # some of its captures are plain text
            continue
        zone = ZoneInfo("Europe/Berlin" if "nordtaler" in truth["site"] else "Asia/Shanghai")
        day = str(datetime.fromisoformat(truth["captured_at"]).astimezone(zone).date())
        for module in truth["modules"]:
            if module["kind"] == "headline_feed":
                for item in module["items"]:
                    tag = re.match("【(.+?)】", item.get("full", item["text"]))
                    true[truth["site"], module["heading"], day, tag and tag[1]] += 1
    lake, _ = sample_run
    sql = "select site, feed_label, observed_date::varchar as day, campaign_tag, slot_count, slot_ratio from campaign_tags where site not in ('yunzhou-net.example', '云州网')"
    rows = query(lake, sql).to_pylist()
    assert len(true) > 50
    assert {(row["site"], row["feed_label"], row["day"], row["campaign_tag"]): row["slot_count"] for row in rows} == true
    shares: Counter[tuple] = Counter()
    for row in rows:
        shares[row["site"], row["feed_label"], row["day"]] += row["slot_ratio"]
    assert {round(share, 9) for share in shares.values()} == {1.0}


def test_what_was_promoted_and_what_was_published_add_up(sample_run):
    lake, _ = sample_run
    (row,) = query(
        lake,
        """
        select
            (select sum(article_count) from promotion) as published,
            (select count(*) from current_versions) as articles,
            (select sum(promoted_count) from promotion) as promoted,
            (select count(*) from promoted_articles) as shown,
            (select sum(slot_count) from headline_feed_days) as slots,
            (select sum(observation_count) from headline_ranks) as seen,
        """,
    ).to_pylist()
    assert row["published"] == row["articles"]
    assert row["promoted"] == row["shown"] > 50
    assert row["slots"] == row["seen"]
