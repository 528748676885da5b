"""Policy: what follows from a reason. Detection does not know it; configuration decides it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from broadsheet.errors import ConfigurationError
from broadsheet.quality.reasons import NEVER_KEPT, OF_THE_BATCH, REASONS

ACTIONS = ("warn", "quarantine", "stop")


@dataclass(frozen=True, slots=True)
class Rule:
    action: str
    max_failed_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Actions by reason."""

    rules: Mapping[str, Rule]

    def action(self, reason: str) -> str:
        return self.rules[reason].action

    def stops(self, reason: str, failed: int, checked: int) -> bool:
        """Whether so many failures stop the batch."""
        rule = self.rules[reason]
        if not failed:
            return False
        return rule.action == "stop" or (rule.max_failed_ratio is not None and failed > rule.max_failed_ratio * checked)

    def without_shares(self) -> "Policy":
        """The policy with its actions alone."""
        return Policy({reason: Rule(rule.action) for reason, rule in self.rules.items()})

    def as_json(self) -> str:
        """The policy as it was in force, for the `runs` table."""
        return json.dumps({reason: _plain(rule) for reason, rule in sorted(self.rules.items())})


def load_policy(file: Path | str | None = None) -> Policy:
    """The embedded policy, with a user's file laid over it. Raises ConfigurationError naming file and key."""
    rules = dict(_embedded())
    if file is not None:
        rules.update(_read(Path(file)))
    return Policy(rules)


@lru_cache(maxsize=1)
def _embedded() -> Mapping[str, Rule]:
    text = resources.files("broadsheet.quality").joinpath("policy.yaml").read_text("utf-8")
    return _parse(yaml.safe_load(text), "policy.yaml")


def _read(file: Path) -> dict[str, Rule]:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"policy {file} cannot be read: {error}") from error
    return _parse(content or {}, str(file))


def _parse(content: Any, where: str) -> dict[str, Rule]:
    if not isinstance(content, dict):
        raise ConfigurationError(f"policy {where}: expected `reason: {{action: …}}` lines, found {type(content).__name__}")
    return {str(reason): _rule(reason, value, where) for reason, value in content.items()}


def _rule(reason: Any, value: Any, where: str) -> Rule:
    if reason not in REASONS:
        raise ConfigurationError(f"policy {where}: unknown reason {reason!r}; `broadsheet reasons` lists them")
    value = {"action": value} if isinstance(value, str) else value
    if not isinstance(value, dict) or value.keys() - {"action", "max_failed_ratio"} or value.get("action") not in ACTIONS:
        raise ConfigurationError(
            f"policy {where}: {reason} must have `action` ({', '.join(ACTIONS)}) and may have `max_failed_ratio`; found {value!r}"
        )
    if value["action"] == "warn" and reason in NEVER_KEPT:
        raise ConfigurationError(f"policy {where}: {reason} must be quarantine or stop; what has it cannot be kept")
    if value["action"] == "quarantine" and reason in OF_THE_BATCH:
        raise ConfigurationError(f"policy {where}: {reason} must be warn or stop; there is no row to set aside")
    ratio = value.get("max_failed_ratio")
    if ratio is not None and (isinstance(ratio, bool) or not (isinstance(ratio, int | float) and 0 <= ratio <= 1)):
        raise ConfigurationError(f"policy {where}: {reason}.max_failed_ratio must be a number from 0 to 1; found {ratio!r}")
    return Rule(value["action"], float(ratio) if ratio is not None else None)


def _plain(rule: Rule) -> dict[str, Any]:
    return {"action": rule.action} | ({"max_failed_ratio": rule.max_failed_ratio} if rule.max_failed_ratio is not None else {})
