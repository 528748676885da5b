"""What follows from a reason is configuration, and a wrong one is told by file and key."""

import json
from datetime import UTC, datetime

import pytest

from broadsheet.errors import ConfigurationError
from broadsheet.quality.policy import ACTIONS, load_policy
from broadsheet.quality.reasons import BY_SCOPE, REASONS
from broadsheet.quality.rules import RULES
from broadsheet.quality.units import unit_stops
from broadsheet.records import Rejection, StageOutcome
from broadsheet.tables.fields import FIELDS


def test_every_reason_has_a_policy_and_the_reverse():
    rules = load_policy().rules
    assert set(rules) == set(REASONS)
    assert {rule.action for rule in rules.values()} <= set(ACTIONS)


def test_reasons_have_the_scopes_of_quarantine_or_that_of_the_batch_each_in_one():
    assert tuple(BY_SCOPE) == (*FIELDS["scope"].allowed, "batch", "delivery")
    assert sum(map(len, BY_SCOPE.values())) == len(REASONS)


def test_every_rule_is_a_reason_for_rows():
    assert {rule.reason for rule in RULES} <= set(BY_SCOPE["row"])


def test_every_reason_says_in_sentences_what_it_means_and_what_to_do():
    for slug, reason in REASONS.items():
        for sentence in reason:
            assert len(sentence) > 10 and sentence.endswith(".") and (sentence[0].isupper() or sentence[0] == "`"), slug
        assert reason.meaning != reason.remedy


def test_a_users_policy_is_laid_over_the_embedded_one(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("no_source: stop\nlow_coverage: {action: quarantine, max_failed_ratio: 0.5}\n", "utf-8")
    policy = load_policy(file)
    assert policy.action("no_source") == "stop"
    assert policy.stops("no_source", 1, 100)
    assert not policy.stops("no_source", 0, 100)
    assert policy.stops("low_coverage", 51, 100)
    assert not policy.stops("low_coverage", 50, 100)
    assert policy.action("empty_file") == load_policy().action("empty_file")
    assert json.loads(policy.as_json())["no_source"] == {"action": "stop"}


@pytest.mark.parametrize(
    ("text", "key"),
    [("no_such_reason: warn", "no_such_reason"), ("no_source: ignore", "no_source"), ("no_source: {action: warn, limit: 3}", "no_source"),
     ("no_source: {action: warn, max_failed_ratio: 7}", "max_failed_ratio"), ("- a list", "expected"), ("null_value: warn", "null_value must be quarantine or stop"),
     ("empty_file: warn", "empty_file must be quarantine or stop"), ("parser_error: {action: warn, max_failed_ratio: 0.5}", "parser_error must be"),
     ("part_quarantined: warn", "part_quarantined must be"), ("feed_width_changed: quarantine", "must be warn or stop"),
     ("a: [", "cannot be read")],
)  # fmt: skip
def test_a_wrong_policy_names_file_and_key(tmp_path, text, key):
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as error:
        load_policy(file)
    assert "mine.yaml" in str(error.value)
    assert key in str(error.value)


def extracted(shard: int, pages: int, failed: int) -> tuple[StageOutcome, list[Rejection]]:
    outcome = StageOutcome(
        stage="extract", shard=shard, table_name="", unit="page", in_count=pages, out_count=pages - failed, quarantined_count=failed,
        new_count=pages - failed, started_at=datetime(2026, 3, 3, tzinfo=UTC), seconds=0.1,
    )  # fmt: skip
    return outcome, [Rejection(stage="extract", scope="page", reasons=("parser_error",), detail="")] * failed


@pytest.mark.parametrize(("failed", "is_stopped"), [(2, False), (3, True)])
def test_a_share_of_pages_is_taken_over_all_shards(failed, is_stopped):
    one, two = extracted(0, 4, failed), extracted(1, 6, 0)
    stops = unit_stops(load_policy(), [one[0], two[0]], one[1] + two[1])
    assert bool(stops) is is_stopped
    assert all(f"extract, parser_error: {failed} of 10 pages" in stop for stop in stops)


def test_rejected_rows_are_not_counted_among_pages(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("blank_value: stop\nempty_file: stop", "utf-8")
    rejections = [
        Rejection(stage="validate", scope="row", reasons=("blank_value",), detail=""),
        Rejection(stage="capture", scope="input", reasons=("empty_file",), detail="", input_path="a.html"),
    ]
    stops = unit_stops(load_policy(file), [], rejections)
    assert len(stops) == 1
    assert stops[0].startswith("capture, empty_file: 1 of 1")
