"""Great Expectations suites: generated from the schema, and one expectation for each hand-written rule.

A check is an expectation with the reason that its failing rows get. GX is imported inside: it costs seconds.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from broadsheet.quality.reasons import REASONS
from broadsheet.quality.rules import RULES
from broadsheet.tables.fields import Field
from broadsheet.tables.schema import TABLES, Table

ROW = "__row"  # row number, by which GX names failing rows
RULE_PREFIX = "__rule_"
# Checked by the hand-written rules and the key alone: these tables are long and written by one place in the code.
LEAN_TABLES = {"page_blocks": ("block_label",)}


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of a table's suite."""

    reason: str
    column: str | None
    expectation: str  # name of the GX class
    arguments: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.reason}:{self.column}" if self.column else self.reason

    @property
    def meaning(self) -> str:
        return REASONS[self.reason]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check: numbers of the failing rows, and some of their values."""

    check: Check
    checked: int
    failed_rows: tuple[int, ...]
    examples: tuple[str, ...]


def checks(table: Table) -> Iterator[Check]:
    """The table's suite: key, values that must be there, columns in order, rules.

    An expectation costs GX some 30 ms however few the rows, so that missing and blank values are one expectation a table each,
    over a column of booleans; the rejection names the columns.
    """
    if len(table.key) == 1:
        yield Check("duplicate_key", table.key[0], "ExpectColumnValuesToBeUnique", {"column": table.key[0]})
    else:
        yield Check("duplicate_key", None, "ExpectCompoundColumnsToBeUnique", {"column_list": list(table.key)})
    for reason in ("null_value", "blank_value"):
        yield Check(reason, None, "ExpectColumnValuesToBeInSet", {"column": RULE_PREFIX + reason, "value_set": [True]})
    lean = LEAN_TABLES.get(table.name)
    for field in table.fields:
        if lean is None or field.name in lean:
            yield from _column_checks(field)
    for rule in RULES:
        if rule.table == table.name:
            yield Check(rule.reason, None, "ExpectColumnValuesToBeInSet", {"column": RULE_PREFIX + rule.reason, "value_set": [True]})


def required(table: Table) -> list[str]:
    """Columns that must have a value."""
    return [field.name for field in table.fields if not field.nullable]


def not_blank(table: Table) -> list[str]:
    """Text columns whose values must say something."""
    return [field.name for field in table.fields if field.type == "string" and not field.is_blank_allowed and not (field.allowed or field.pattern)]


def _column_checks(field: Field) -> Iterator[Check]:
    column = {"column": field.name}
    if field.allowed is not None:
        yield Check("not_allowed", field.name, "ExpectColumnValuesToBeInSet", {**column, "value_set": [str(value) for value in field.allowed]})
    elif field.pattern is not None:
        yield Check("pattern_mismatch", field.name, "ExpectColumnValuesToMatchRegex", {**column, "regex": f"^(?:{field.pattern})$"})
    if field.minimum is not None or field.maximum is not None:
        yield Check("out_of_bounds", field.name, "ExpectColumnValuesToBeBetween", {**column, "min_value": field.minimum, "max_value": field.maximum})


def run_suite(table: Table, rows: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> list[Outcome]:
    """Run a table's suite over its batch. Raises RuntimeError naming the expectation that GX itself could not run."""
    batch = rows.copy(deep=False)
    batch[ROW] = range(len(batch))
    batch[RULE_PREFIX + "null_value"] = rows[required(table)].notna().all(axis=1)
    blank = [rows[column].notna() & (rows[column].astype("string").str.strip() == "") for column in not_blank(table)]
    batch[RULE_PREFIX + "blank_value"] = ~pd.concat(blank, axis=1).any(axis=1) if blank else True
    for rule in RULES:
        if rule.table == table.name:
            batch[RULE_PREFIX + rule.reason] = rule.holds(rows, frames).fillna(True).astype(bool)
    suite = list(checks(table))
    results = _validate(table.name, batch, suite)
    return [_outcome(check, result, rows) for check, result in zip(suite, results, strict=True)]


def _validate(name: str, batch: pd.DataFrame, suite: list[Check]) -> list[Any]:
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_pandas("batch")
    definition = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("shard")
    expectations = gx.ExpectationSuite(name=f"{name}_suite")
    for number, check in enumerate(suite):
        expectation = getattr(gx.expectations, check.expectation)(**check.arguments, meta={"number": number})
        expectations.add_expectation(expectation)
    result = definition.get_batch({"dataframe": batch}).validate(
        expectations, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [ROW], "include_unexpected_rows": False}
    )
    by_number = {item.expectation_config.meta["number"]: item for item in result.results}
    return [by_number[number] for number in range(len(suite))]


@lru_cache(maxsize=1)
def _great_expectations():
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import logging

    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return gx


def _outcome(check: Check, result: Any, rows: pd.DataFrame) -> Outcome:
    raised = result.exception_info or {}
    infos = [raised] if "raised_exception" in raised else list(raised.values())
    for info in infos:
        if info.get("raised_exception"):
            raise RuntimeError(f"{check.expectation} {check.arguments} could not run: {info.get('exception_message')}")
    if result.success:
        return Outcome(check, len(rows), (), ())
    found = result.result.get("unexpected_index_list") or []
    failed = tuple(sorted({int(item[ROW]) for item in found}))
    if not failed:
        raise RuntimeError(f"{check.expectation} {check.arguments} failed without naming rows: {result.result}")
    shown = rows.iloc[list(failed[:3])]
    columns = [check.column] if check.column else []
    examples = tuple(str(value)[:120] for column in columns for value in shown[column])
    return Outcome(check, len(rows), failed, examples)


def tables_with_suites() -> tuple[Table, ...]:
    return tuple(table for table in TABLES.values() if table.layer in ("entity", "event"))
