"""The seed page, through every stage: what must be read from it stands in the tables."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from broadsheet.pipeline import run_all
from broadsheet.warehouse.query import query

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module", params=["run", pytest.param("dag", marks=pytest.mark.airflow)])
def lake(request, tmp_path_factory, seed_page, make_run):
    """A lake that holds the seed page, made by `broadsheet run` and, once more, by the DAG through Airflow."""
    root = tmp_path_factory.mktemp(f"seed_{request.param}")
    lake = root / "lake"
    if request.param == "run":
        summary = run_all(lake, [seed_page], shards=1)
    else:
        made = make_run(root / "airflow", "--lake", lake, seed_page)
        assert made.returncode == 0, made.stdout + made.stderr
        (stored,) = (lake / "runs").glob("*.json")
        summary = json.loads(stored.read_text("utf-8"))
    assert summary["rejected_input_count"] == summary["quarantined_row_count"] == 0
    return lake


@pytest.fixture(scope="module")
def ask(lake):
    return lambda sql: query(lake, sql).to_pylist()


def test_headlines(ask):
    roles = {row["headline_role"]: row["headline_text"] for row in ask("select * from article_headlines")}
    assert roles["campaign_tag"] == "聚焦2022甘肃两会"
    assert roles["main"] == "紧扣时代脉搏 广泛凝聚共识"
    assert roles["subtitle"] == "甘肃省政协2021年凝聚共识工作综述"
    assert roles["original"] == "【迎两会 看履职】紧扣时代脉搏 广泛凝聚共识"
    assert roles["original_subtitle"] == "省政协2021年凝聚共识工作综述"


def test_publication_time_is_two_digit_year_first_in_the_sites_zone(ask):
    (row,) = ask("select published_at, published_at_raw, published_at_precision, article_id_basis from articles")
    assert row["published_at"] == datetime(2022, 1, 14, 8, 34, tzinfo=SHANGHAI)
    assert (row["published_at_raw"], row["published_at_precision"]) == ("22-01-14 08:34", "minute")
    assert row["article_id_basis"] == "site_published_headline"


def test_credits_keep_their_roles(ask):
    assert {(row["source_role"], row["outlet_name"]) for row in ask("select * from article_sources")} == {
        ("via", "中国甘肃网"),
        ("origin", "甘肃日报"),
    }
    people = {(row["person_role"], row["person_name"], row["affiliation"]) for row in ask("select * from article_people")}
    assert people == {("editor", "张玉芳", None), ("reporter", "崔亚明", "新甘肃·甘肃日报")}


def test_breadcrumb_is_a_chain_of_channels(ask):
    rows = ask("select channel_name, depth, channel_path from channels order by depth")
    assert [row["channel_name"] for row in rows] == ["中国甘肃网", "甘肃新闻", "要闻"]
    assert rows[-1]["channel_path"] == "中国甘肃网 / 甘肃新闻 / 要闻"


def test_body_has_seventeen_paragraphs_and_nothing_else(ask):
    (row,) = ask("select body_text, paragraph_count from article_versions")
    paragraphs = row["body_text"].split("\n")
    assert len(paragraphs) == row["paragraph_count"] == 17
    assert paragraphs[0].startswith("有共识才有团结")
    assert paragraphs[-1].endswith("政治责任。")
    assert not any(word in row["body_text"] for word in ("原标题", "记者", "来源:", "版权声明", "精彩推荐"))


def test_rights_notice_is_conditional_and_ambiguous(ask):
    (row,) = ask("select rights_notice, rights_applies from article_versions")
    assert row["rights_notice"].startswith("版权声明")
    assert row["rights_applies"] == "ambiguous"


def test_related_links_are_undoubled(ask):
    rows = ask("select headline_text, module_heading from related_links order by position")
    assert len(rows) == 8
    assert rows[0] == {"headline_text": "甘肃乡村建设行动有序开展", "module_heading": "精彩推荐"}


def test_feed_has_fifteen_entries_of_which_thirteen_are_cut_at_36_columns(ask):
    rows = ask("select * from headline_feed_entries order by rank")
    assert [row["rank"] for row in rows] == list(range(1, 16))
    assert [row["rank"] for row in rows if not row["is_truncated"]] == [2, 5]
    (snapshot,) = ask("select s.*, f.feed_label, f.is_ranked from headline_feed_snapshots s join headline_feeds f using (feed_id)")
    assert (snapshot["width_limit"], snapshot["cut_count"], snapshot["feed_label"], snapshot["is_ranked"]) == (36, 13, "即时播报", True)


def test_ranks_two_four_and_five_are_resolved_on_the_page_and_no_other(ask):
    rows = {row["rank"]: row for row in ask("select * from headline_feed_entries join headline_resolutions using (feed_headline_id)")}
    assert {rank for rank, row in rows.items() if row["resolution_status"] == "resolved"} == {2, 4, 5}
    assert {rows[rank]["resolution_method"] for rank in (2, 5)} == {"same_page_exact"}
    assert rows[4]["resolution_method"] == "same_page_cut"
    assert rows[4]["full_headline"] == "甘肃教育丨“王叔的班”怎么带的?王老师“现身说法”"
    assert all(row["candidate_count"] == 0 for row in rows.values() if row["resolution_status"] == "unresolved")


def test_unknown_capture_time_is_null_and_the_feeds_time_is_bounded_by_publication(ask):
    (capture,) = ask("select captured_at, captured_at_basis, captured_after, captured_before, started_at from captures join runs using (run_id)")
    published = datetime(2022, 1, 14, 8, 34, tzinfo=SHANGHAI)
    assert (capture["captured_at"], capture["captured_at_basis"], capture["captured_after"]) == (None, "none", published)
    assert capture["captured_before"] == capture["started_at"]
    (seen,) = ask("select observed_at, observed_at_basis, observed_after from headline_feed_observations")
    assert (seen["observed_at"], seen["observed_at_basis"], seen["observed_after"]) == (None, "publication", published)
    assert ask("select * from headline_ranks") == []


def test_every_block_is_labelled(ask):
    (row,) = ask("select coverage_ratio, block_count from captures")
    assert row["coverage_ratio"] == 1.0
    assert ask("select count(*) as n from page_blocks where block_label = 'unknown'") == [{"n": 0}]
    assert ask("select count(*) as n from page_blocks")[0]["n"] == row["block_count"]
