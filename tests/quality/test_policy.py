"""What follows from a reason is configuration, and a wrong one is told by file and key."""

import json

import pytest

from broadsheet.errors import ConfigurationError
from broadsheet.quality.policy import ACTIONS, load_policy
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.rules import RULES


def test_every_reason_has_a_policy_and_the_reverse():
    rules = load_policy().rules
    assert set(rules) == set(REASONS)
    assert {rule.action for rule in rules.values()} <= set(ACTIONS)


def test_every_rule_is_a_reason_with_a_meaning():
    assert {rule.reason for rule in RULES} <= set(REASONS)
    assert all(len(REASONS[rule.reason]) > 20 for rule in RULES)


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
     ("no_source: {action: warn, max_failed_ratio: 7}", "max_failed_ratio"), ("- a list", "expected"), ("a: [", "cannot be read")],
)  # fmt: skip
def test_a_wrong_policy_names_file_and_key(tmp_path, text, key):
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as error:
        load_policy(file)
    assert "mine.yaml" in str(error.value)
    assert key in str(error.value)
