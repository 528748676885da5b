"""Each check catches what it is for; every row goes on or is rejected with all its reasons."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from builders import part, valid_batch, with_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.ids import content_sha256
from broadsheet.quality import suites
from broadsheet.quality.policy import load_policy
from broadsheet.quality.quarantine import quarantine_table
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.rules import RULES
from broadsheet.quality.validate import Validated, validate_tables
from broadsheet.tables.schema import TABLES
from broadsheet.text import fold_blanks

NOW = datetime(2026, 3, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def batch() -> dict[str, pa.Table]:
    return valid_batch()


def validate(tables: dict[str, pa.Table], policy=None) -> Validated:
    return validate_tables(tables, run_id="run", shard=0, policy=policy or load_policy(), checked_at=NOW)


def failed_checks(tables: dict[str, pa.Table], name: str) -> dict[str, tuple[int, ...]]:
    """Reason -> failing rows of one table's suite."""
    frames = {other: table.to_pandas() for other, table in tables.items()}
    return {outcome.check.reason: outcome.failed_rows for outcome in suites.run_suite(TABLES[name], frames[name], frames) if outcome.failed_rows}


def test_a_valid_batch_goes_on_whole(batch):
    validated = validate(batch)
    assert validated.rejections == []
    assert validated.stops == []
    assert {name: table.num_rows for name, table in validated.tables.items()} == {name: table.num_rows for name, table in batch.items()}
    assert all(validated.tables[name].schema.equals(TABLES[name].arrow) for name in batch)
    assert set(validated.results["is_success"].to_pylist()) == {True}


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "reason"),
    [
        ("captures", "site", 0, None, "null_value"),
        ("article_people", "person_name", 0, " \u00a0\u200b", "blank_value"),
        ("captures", "page_kind", 0, "poem", "not_allowed"),
        ("captures", "coverage_ratio", 0, 1.5, "out_of_bounds"),
        ("captures", "language", 0, "zh\n", "pattern_mismatch"),
        ("page_blocks", "char_end", 1, 99_999, "block_span_mismatch"),
        ("headline_feed_entries", "rank", 1, 7, "ranks_not_dense"),
        ("headline_feed_snapshots", "entry_count", 0, 4, "entry_count_mismatch"),
        ("article_versions", "published_at", 0, datetime(2026, 3, 9, tzinfo=UTC), "published_after_capture"),
        ("article_versions", "published_at", 0, datetime(1970, 1, 1, tzinfo=UTC), "published_too_early"),
        ("articles", "published_at", 0, datetime(1970, 1, 1, tzinfo=UTC), "published_too_early"),
        ("articles", "published_at", 0, datetime(2026, 3, 9, tzinfo=UTC), "published_after_capture"),
        ("captures", "captured_at_basis", 0, "none", "capture_time_without_basis"),
        ("captures", "captured_at", 0, datetime(2099, 1, 1, tzinfo=UTC), "captured_in_future"),
        ("article_versions", "body_text", 0, "周一上午，清河县跨江大桥正式通车", "body_hash_mismatch"),
        ("headline_feed_observations", "observed_at", 0, None, "observation_time_without_basis"),
        ("article_versions", "headline", 0, "相关阅读", "headline_is_module_heading"),
        ("article_people", "person_name", 0, "点击排行", "person_is_module_heading"),
        ("article_versions", "body_text", 0, "大桥全长一千二百米，总投资三亿元。".encode().decode("gb18030", "replace"), "mojibake"),
        (
            "article_versions",
            "body_text",
            0,
            "Conseil élargi à l'été, où l'école prévoit déjà d'être prête".encode().decode("cp1252", "replace"),
            "mojibake",
        ),
    ],
)
def test_a_wrong_value_fails_the_check_for_it(batch, table, column, row, value, reason):
    failed = failed_checks(with_value(batch, table, column, row, value), table)
    assert row in failed[reason]
    assert load_policy().action(reason) == "quarantine"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("article_id", None, "headline_missing"),
        ("left_out_char_count", 12, "page_cut_short"),
        ("coverage_ratio", 0.4, "low_coverage"),
        ("is_unfinished", True, "page_unfinished"),
    ],
)
def test_what_is_odd_about_a_capture_is_warned_of(batch, column, value, reason):
    changed = with_value(batch, "captures", column, 0, value)
    assert failed_checks(changed, "captures") == {reason: (0,)}
    assert load_policy().action(reason) == "warn"
    assert failed_checks(with_value(with_value(batch, "captures", "article_id", 0, None), "captures", "page_kind", 0, "list"), "captures") == {}


def test_an_entry_that_lost_its_state_is_missed_there(batch):
    last = batch["headline_feed_entries"].num_rows - 1
    changed = with_value(batch, "headline_feed_entries", "feed_snapshot_id", last, None)
    assert failed_checks(changed, "headline_feed_snapshots")["entry_count_mismatch"] == (0,)


def test_a_page_of_unknown_capture_time_was_captured_before_the_run_that_read_it(batch):
    unknown = with_value(with_value(batch, "captures", "captured_at", 0, None), "captures", "captured_before", 0, datetime(2026, 3, 4, tzinfo=UTC))
    for published_at, is_wrong in ((datetime(2026, 3, 4, 20, tzinfo=UTC), False), (datetime(2099, 1, 1, tzinfo=UTC), True)):
        for table in ("articles", "article_versions"):
            failed = failed_checks(with_value(unknown, table, "published_at", 0, published_at), table)
            assert ("published_after_capture" in failed) is is_wrong


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("captures", "coverage_ratio", 0.3, "low_coverage"),
        ("captures", "replaced_count", 4, "replacement_characters"),
        ("article_versions", "published_at", None, "no_publication_time"),
        ("article_versions", "body_text", "", "body_missing"),
        ("article_versions", "headline", "桥" * 201, "headline_too_long"),
        ("article_versions", "body_text", "清河县跨江大桥 建成投用\n大桥通车。\n清河县跨江大桥建成投用", "headline_repeated_in_body"),
        ("article_versions", "body_text", "大桥通车。\n两岸居民出行方便。\n大桥通车。\n两岸居民出行方便。", "body_doubled"),
        ("article_versions", "body_text", "大桥&nbsp;通车。", "markup_in_text"),
        ("article_versions", "headline", '<span class="b">大桥通车</span>', "markup_in_text"),
        ("article_people", "person_name", "记者：赵文博", "label_in_person"),
        ("article_sources", "outlet_name", "来源:云州日报", "label_in_outlet"),
        ("article_people", "person_name", "云州 日报", "person_is_outlet"),
        ("article_versions", "headline", "云州网", "headline_is_site_name"),
        ("related_links", "canonical_url", "https://www.yunzhou-net.example/a/100.html", "link_to_own_page"),
        ("headline_feed_snapshots", "width_limit", 8, "entry_wider_than_limit"),
    ],
)
def test_what_policy_only_warns_of_fails_its_check_too(batch, table, column, value, reason):
    changed = with_value(batch, table, column, 0, value)
    if reason == "entry_wider_than_limit":
        changed, table = with_value(changed, "headline_feed_entries", "is_truncated", 0, True), "headline_feed_entries"
    assert failed_checks(changed, table)[reason] == (0,)
    assert load_policy().action(reason) == "warn"


def test_a_headline_that_stands_twice_in_a_state_is_told_at_both_ranks(batch):
    shown = batch["headline_feed_entries"].to_pylist()
    twice = with_value(batch, "headline_feed_entries", "headline_text", 2, shown[0]["headline_text"])
    assert "headline_twice_in_feed" not in failed_checks(twice, "headline_feed_entries")
    twice = with_value(twice, "headline_feed_entries", "url", 2, shown[0]["url"])
    assert failed_checks(twice, "headline_feed_entries") == {"headline_twice_in_feed": (0, 2)}
    assert load_policy().action("headline_twice_in_feed") == "warn"


@pytest.mark.parametrize(
    ("url", "local", "is_wrong"),
    [
        ("https://www.yunzhou-net.example/2022/01/14/100.html", "2014-01-22T08:34", True),
        ("https://www.yunzhou-net.example/content_20220114.html", "0022-01-14T08:34", True),
        ("https://www.yunzhou-net.example/a/2026-04-03/7.html", "2026-03-04T00:00", True),
        ("https://www.yunzhou-net.example/2022/01/14/100.html", "2022-01-15T23:59", False),
        ("https://www.yunzhou-net.example/2022/01/100.html", "2022-03-01T00:00", False),
        ("https://www.yunzhou-net.example/a/2022011499.html", "2014-01-22T00:00", False),
        ("https://www.yunzhou-net.example/2022-02-31/1.html", "2014-01-22T00:00", False),
        (None, "2014-01-22T00:00", False),
        ("https://www.yunzhou-net.example/2022/01/14/100.html", None, False),
    ],
)
def test_the_day_in_an_url_is_that_of_the_publication(batch, url, local, is_wrong):
    shown = local and datetime.fromisoformat(local)
    changed = with_value(with_value(batch, "articles", "canonical_url", 0, url), "articles", "published_at_local", 0, shown)
    assert ("published_not_as_url" in failed_checks(changed, "articles")) is is_wrong


@pytest.mark.parametrize(
    "text",
    [
        "大桥通车，桥长三里",
        "Éléonore a été élue à Orléans où naît la fête",
        "Мост открыт для движения",
        "全長1200メートルの橋",
        "a < b, p > 0 & AT&T",
        "多桥\n多桥多桥",
    ],
)
def test_texts_that_are_as_they_should_be_fail_no_check(batch, text):
    changed = with_value(with_value(batch, "article_versions", "body_text", 0, text), "article_versions", "headline", 0, text)
    changed = with_value(changed, "article_versions", "body_sha256", 0, content_sha256(text.encode()))
    assert failed_checks(changed, "article_versions") == {}


def test_rows_with_warnings_are_kept_and_counted(batch):
    validated = validate(with_value(part(batch, "captures"), "captures", "coverage_ratio", 0, 0.3))
    assert validated.warnings == {"low_coverage": 1}
    assert validated.rejections == []


def test_sources_and_editors_are_judged_across_tables(batch):
    without = {name: table for name, table in batch.items() if name != "article_sources"}
    assert failed_checks(without, "article_versions")["no_source"] == (0,)
    names = batch["article_people"]["person_name"].to_pylist()
    assert failed_checks(with_value(batch, "article_people", "person_name", 0, names[1]), "article_people")["editor_is_author"]


def test_both_rows_of_a_doubled_key_are_set_aside(batch):
    links = batch["related_links"]
    validated = validate({"related_links": pa.concat_tables([links, links.slice(0, 1)])})
    doubled = [rejection for rejection in validated.rejections if "duplicate_key" in rejection.reasons]
    assert len(doubled) == 2


def test_what_hangs_below_a_quarantined_row_goes_with_it_but_captures_stay(batch):
    names = ("article_versions", "article_headlines", "article_people", "article_sources")
    validated = validate(with_value(part(batch, "captures", "articles", *names), "articles", "headline", 0, ""))
    by_table = {rejection.table_name: rejection.reasons for rejection in validated.rejections}
    assert by_table["articles"] == ("blank_value",)
    for name in names:
        assert by_table[name] == ("parent_quarantined",)
    assert validated.tables["captures"].num_rows == 1
    assert validated.tables["captures"]["article_id"].to_pylist() == [None]
    assert validated.tables["captures"]["version_id"].to_pylist() == [None]


def test_policy_can_stop_the_batch_and_says_why(batch, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("low_coverage: stop", "utf-8")
    validated = validate(with_value(part(batch, "captures"), "captures", "coverage_ratio", 0, 0.1), load_policy(file))
    assert len(validated.stops) == 1
    assert "low_coverage" in validated.stops[0]
    assert "1 of 1" in validated.stops[0]


@given(data=st.data())
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_is_out_plus_quarantined_for_any_corruption(batch, data):
    tables = batch
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(["article_versions", "related_links", "headline_feed_entries"]))
        column = data.draw(st.sampled_from([column for column in TABLES[name].columns if TABLES[name].field(column).type == "string"]))
        tables = with_value(tables, name, column, data.draw(st.integers(0, tables[name].num_rows - 1)), data.draw(st.sampled_from([None, "", "x"])))
    small = {name: tables[name] for name in ("article_versions", "related_links", "headline_feed_entries")}
    validated = validate(small)
    for name, table in small.items():
        rejected = sum(rejection.table_name == name for rejection in validated.rejections)
        assert table.num_rows == validated.tables[name].num_rows + rejected


def test_every_rule_is_an_expectation_that_says_what_it_means_and_what_to_do():
    from broadsheet.quality import gx

    assert set(gx.ROW_RULES) == set(suites.own_expectations())
    for name, reason in suites.own_expectations().items():
        expectation = gx.ROW_RULES[name](column="x")
        assert expectation.expectation_type.startswith("expect_"), name
        assert REASONS[reason].meaning in expectation.description and REASONS[reason].remedy in expectation.description
        assert name.startswith("Expect") and REASONS[reason].text == type(expectation).__doc__
    classes = {rule.expectation: rule.reason for rule in RULES}
    assert len(classes) == len({rule.reason for rule in RULES})


def test_a_failing_rule_is_named_in_the_report_of_great_expectations(batch):
    from broadsheet.quality import gx

    entries = batch["headline_feed_entries"].to_pandas().assign(__row=range(batch["headline_feed_entries"].num_rows))
    rows = entries.assign(__rule_ranks_not_dense=[False, *[True] * (len(entries) - 1)])
    asked = [("ExpectRanksOfAFeedStateToRunFromOne", {"column": "__rule_ranks_not_dense"})]
    (result,) = gx.validate("headline_feed_entries", rows, asked, {"result_format": "COMPLETE", "unexpected_index_column_names": ["__row"]})
    assert not result.success
    assert result.expectation_config.type == "expect_ranks_of_a_feed_state_to_run_from_one"
    assert result.expectation_config.description == REASONS["ranks_not_dense"].text
    assert [row["__row"] for row in result.result["unexpected_index_list"]] == [0]


def test_an_expectation_that_great_expectations_cannot_run_is_a_fault(batch, monkeypatch):
    broken = suites.Check("not_allowed", "no_such_column", "ExpectColumnValuesToBeInSet", {"column": "no_such_column", "value_set": ["a"]})
    monkeypatch.setattr(suites, "checks", lambda table: iter([broken]))
    with pytest.raises(RuntimeError, match="no_such_column"):
        suites.run_suite(TABLES["sites"], batch["sites"].to_pandas(), {})


def test_a_rejection_has_the_same_quarantine_id_in_every_run(batch):
    rejections = validate(with_value(part(batch, "articles"), "articles", "headline", 0, "")).rejections
    first = quarantine_table(rejections, run_id="one", quarantined_at=NOW)
    second = quarantine_table(rejections, run_id="two", quarantined_at=NOW)
    assert first["quarantine_id"].to_pylist() == second["quarantine_id"].to_pylist()
    assert len(set(first["quarantine_id"].to_pylist())) == len(rejections)
    assert "headline" in first["row_json"].to_pylist()[0]


def test_every_rejection_is_a_row_whatever_it_shares_with_others(batch):
    """Both rows of a doubled key, and a row that two shards have: the thing and its reasons are the same."""
    links = batch["related_links"]
    doubled = validate({"related_links": pa.concat_tables([links, links.slice(0, 1)])}).rejections
    rejections = [*doubled, *doubled]
    rows = quarantine_table(rejections, run_id="one", quarantined_at=NOW)
    assert rows.num_rows == len(rejections) == 4
    ids = rows["quarantine_id"].to_pylist()
    assert len(set(ids)) == 4
    assert quarantine_table(rejections, run_id="two", quarantined_at=NOW)["quarantine_id"].to_pylist() == ids
    assert quarantine_table(doubled, run_id="three", quarantined_at=NOW)["quarantine_id"].to_pylist() == ids[:2]


def test_a_body_that_is_nothing_but_the_rights_notice_is_set_aside(batch):
    body = batch["article_versions"]["body_text"][0].as_py()
    changed = with_value(batch, "article_versions", "rights_notice", 0, f" {body}")
    assert failed_checks(changed, "article_versions")["body_is_rights_notice"] == (0,)


def test_values_of_another_type_are_turned_into_it_or_set_aside_as_they_were(batch):
    entries = batch["headline_feed_entries"]
    place = entries.column_names.index("display_width")
    texts = [str(width) for width in entries["display_width"].to_pylist()]
    texts[1] = "wide"
    validated = validate({"headline_feed_entries": entries.set_column(place, "display_width", pa.array(texts))})
    (rejection,) = validated.rejections
    assert rejection.reasons == ("wrong_type",)
    assert "(display_width)" in rejection.detail
    assert '"display_width": "wide"' in rejection.row_json
    assert validated.tables["headline_feed_entries"].schema.equals(TABLES["headline_feed_entries"].arrow)
    assert validated.counts["headline_feed_entries"] == (entries.num_rows, entries.num_rows - 1, 1)


@pytest.mark.parametrize(("column", "kind"), [("captured_at", pa.timestamp("us")), ("captured_at", pa.timestamp("ns"))])
def test_a_time_without_zone_is_no_instant(batch, column, kind):
    captures = batch["captures"]
    validated = validate({"captures": captures.set_column(captures.column_names.index(column), column, captures[column].cast(kind))})
    (rejection,) = validated.rejections
    assert "wrong_type" in rejection.reasons
    assert f"wrong_type ({column})" in rejection.detail


def test_a_table_with_other_columns_is_a_fault(batch):
    with pytest.raises(ValueError, match=r"sites.*site_name"):
        validate({"sites": batch["sites"].drop_columns(["site_name"])})


def test_a_table_without_rows_is_not_checked_and_goes_on(batch):
    validated = validate({"sites": batch["sites"].slice(0, 0)})
    assert validated.counts == {"sites": (0, 0, 0)}
    assert validated.results.num_rows == 0
    assert validated.tables["sites"].schema.equals(TABLES["sites"].arrow)


def test_a_row_gets_all_its_reasons_and_a_failed_check_shows_examples(batch):
    changed = with_value(part(batch, "article_versions"), "article_versions", "published_at", 0, datetime(1970, 1, 1, tzinfo=UTC))
    changed = with_value(with_value(changed, "article_versions", "headline", 0, " "), "article_versions", "body_sha256", 0, None)
    validated = validate(changed)
    (rejection,) = validated.rejections
    assert set(rejection.reasons) == {"null_value", "blank_value", "published_too_early"}
    assert "(body_sha256)" in rejection.detail
    assert "(headline)" in rejection.detail
    assert "published_too_early" in rejection.detail
    assert "清河县" in rejection.row_json
    assert rejection.capture_id == batch["captures"]["capture_id"][0].as_py()
    examples = {row["check_name"]: row["examples"] for row in validated.results.to_pylist() if not row["is_success"]}
    assert examples["null_value"] == ["body_sha256: 1 rows"]
    assert examples["blank_value"] == ["headline: 1 rows"]
    assert examples["published_too_early"] == ["published_at=1970-01-01 00:00:00+00:00"]


def test_channels_below_a_quarantined_one_go_with_it_and_versions_lose_the_channel(batch):
    root = batch["channels"].to_pylist()[0]
    child = {**root, "channel_id": "c" * 20, "parent_channel_id": root["channel_id"], "channel_name": "县区", "depth": 2}
    channels = pa.Table.from_pylist([{**root, "channel_name": ""}, child], schema=TABLES["channels"].arrow)
    versions = with_value(part(batch, "article_versions"), "article_versions", "channel_id", 0, child["channel_id"])
    validated = validate({"channels": channels, **versions})
    assert [rejection.reasons for rejection in validated.rejections] == [("blank_value",), ("parent_quarantined",)]
    assert validated.tables["article_versions"]["channel_id"].to_pylist() == [None]
    cascade = [row for row in validated.results.to_pylist() if row["check_name"] == "parent_quarantined" and row["table_name"] == "channels"]
    assert [(row["is_success"], row["failed_count"], row["checked_count"]) for row in cascade] == [(False, 1, 2)]


def test_references_to_rows_that_are_not_in_the_batch_are_fine(batch):
    validated = validate(with_value(part(batch, "sites", "captures"), "captures", "site", 0, "elsewhere.example"))
    assert validated.rejections == []


@given(st.lists(st.none() | st.text("a，\x1c\n \xa0\xad\u200b\u3000\ufeff", max_size=4), min_size=1))
def test_a_text_is_blank_if_nothing_is_left_when_its_blanks_are_folded(texts):
    frame = pa.table({"headline": pa.array(texts, pa.string())}).to_pandas()
    assert suites.is_blank(frame, "headline").tolist() == [text is not None and fold_blanks(text) == "" for text in texts]
