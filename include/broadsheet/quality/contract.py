"""The schema as a data contract: Open Data Contract Standard v3.1, made of the same declarations as the tables, the suites and the policy."""

from collections.abc import Iterator
from typing import Any

from broadsheet.quality.policy import Policy
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.suites import Check, checks
from broadsheet.tables.ddl import DUCKDB_TYPES
from broadsheet.tables.fields import Field
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES, Table
from broadsheet.warehouse.audit import Assertion, all_assertions

API_VERSION = "v3.1.0"
LOGICAL_TYPES = {
    "string": "string",
    "json": "string",
    "int32": "integer",
    "int64": "integer",
    "float64": "number",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "local_timestamp": "timestamp",
    "date": "date",
    "list_string": "array",
    "binary": "string",
}
DIMENSIONS = {
    "null_value": "completeness",
    "blank_value": "completeness",
    "duplicate_key": "uniqueness",
    "broken_reference": "consistency",
}


def contract(policy: Policy) -> dict[str, Any]:
    """The contract's document. Owner (`team`), service levels (`slaProperties`), `servers` and `domain` are the user's to add.

    `severity` of a quality rule is what the policy does: warn, quarantine, stop.
    """
    contradictions: dict[str, list[Assertion]] = {}
    for assertion in all_assertions():
        if assertion.reason == "contradiction":
            contradictions.setdefault(assertion.table, []).append(assertion)
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": "broadsheet",
        "name": "Broadsheet",
        "version": f"{SCHEMA_VERSION}.0.0",
        "status": "draft",
        "description": {
            "purpose": "News pages as rows: articles with their versions, headline feeds, related links.",
            "usage": "Parquet in a lake's folder tables/, and the published DuckDB warehouse; derived tables are in the warehouse alone.",
            "limitations": "What is not known is NULL, with its basis where there is one; inferences are in derived tables, apart from facts.",
        },
        "schema": [_table(table, policy, contradictions.get(table.name, [])) for table in TABLES.values()],
    }


def _table(table: Table, policy: Policy, contradictions: list[Assertion]) -> dict[str, Any]:
    suite = list(checks(table))
    quality = [_row_rule(table, check, policy) for check in suite if check.column is None or check.reason == "duplicate_key"]
    if table.references:
        quality.append(_rule("broken_reference", policy, {"type": "text"}))
    for assertion in contradictions:
        quality.append(_rule("contradiction", policy, {"type": "text"}) | {"name": assertion.name, "description": assertion.told.text})
    return {
        "name": table.name,
        "physicalName": table.name,
        "logicalType": "object",
        "physicalType": "table",
        "description": f"One row per {table.grain}.",
        "dataGranularityDescription": f"One row per {table.grain}.",
        "tags": [table.layer],
        "properties": [_column(table, field, suite, policy) for field in table.fields],
        **({"quality": quality} if quality else {}),
    }


def _column(table: Table, field: Field, suite: list[Check], policy: Policy) -> dict[str, Any]:
    column: dict[str, Any] = {
        "name": field.name,
        "description": f"{field.description}{f' [{field.unit}]' if field.unit else ''}.",
        "logicalType": LOGICAL_TYPES[field.type],
        "physicalType": DUCKDB_TYPES[field.type],
        "required": not field.nullable,
    }
    if field.name in table.key:
        column |= {"primaryKey": True, "primaryKeyPosition": table.key.index(field.name) + 1, "unique": len(table.key) == 1}
    if options := _options(field):
        column["logicalTypeOptions"] = options
    if field.type == "list_string":
        column["items"] = {"logicalType": "string", "physicalType": "VARCHAR"}
    if reference := table.references.get(field.name):
        column["relationships"] = [{"type": "foreignKey", "to": ".".join(reference)}]
    if quality := list(_column_rules(field, suite, policy)):
        column["quality"] = quality
    return column


def _options(field: Field) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if field.type == "string" and field.pattern is not None:
        options["pattern"] = f"^(?:{field.pattern})$"
    if field.minimum is not None:
        options["minimum"] = field.minimum
    if field.maximum is not None:
        options["maximum"] = field.maximum
    if field.type in {"timestamp", "local_timestamp"}:
        options["timezone"] = field.type == "timestamp"
    return options


def _column_rules(field: Field, suite: list[Check], policy: Policy) -> Iterator[dict[str, Any]]:
    for check in suite:
        if check.column != field.name or check.reason == "duplicate_key":
            continue
        if check.reason == "not_allowed":
            how: dict[str, Any] = {"metric": "invalidValues", "arguments": {"validValues": check.arguments["value_set"]}, "mustBe": 0}
        elif check.reason == "pattern_mismatch":
            how = {"metric": "invalidValues", "arguments": {"pattern": f"^(?:{field.pattern})$"}, "mustBe": 0}
        else:
            how = {"type": "custom", "engine": "greatExpectations", "implementation": {"type": check.expectation, "kwargs": check.arguments}}
        yield _rule(check.reason, policy, {"type": "library"} | how)


def _row_rule(table: Table, check: Check, policy: Policy) -> dict[str, Any]:
    if check.reason == "duplicate_key":
        how: dict[str, Any] = {"type": "library", "metric": "duplicateValues", "arguments": {"properties": list(table.key)}, "mustBe": 0}
    else:
        how = {"type": "text"} | ({"customProperties": [{"property": "columns", "value": list(check.columns)}]} if check.columns else {})
    return _rule(check.reason, policy, how)


def _rule(reason: str, policy: Policy, how: dict[str, Any]) -> dict[str, Any]:
    rule = policy.rules[reason]
    custom = [*how.pop("customProperties", ())]
    if rule.max_failed_ratio is not None:
        custom.append({"property": "maxFailedRatio", "value": rule.max_failed_ratio})
    return {
        "name": reason,
        "description": REASONS[reason].text,
        "dimension": DIMENSIONS.get(reason, "conformity"),
        "severity": rule.action,
        **how,
        **({"customProperties": custom} if custom else {}),
    }
