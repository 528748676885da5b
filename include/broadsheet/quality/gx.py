"""Great Expectations as it is used here. To import it costs seconds: import this module where it is needed, inside functions.

A process that others are forked from can import it for all of them (`pipeline.py`).

What the stock expectations do not know, the rules across columns and tables, are expectations of their own, made from the registry of rules: a
class for each, whose description says what it means and what to do when it fails. A rule itself is computed before (`rules.py`), over
the whole batch and what belongs to it; the expectation looks at the outcome, row by row.
"""
# ruff: noqa: E402  # what must be set before the library is imported

import logging
import os
import sys
from abc import ABC
from functools import cache, lru_cache
from typing import Any

# read when the library is imported; nothing about the pages may leave the machine
os.environ["GX_ANALYTICS_ENABLED"] = "false"

# Nor does it look at pyspark: the client of it that Airflow's provider brings ends a process that asks for what only the whole has, and on Spark's
# executors to import it all takes seconds for nothing.
_spark = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "pyspark"}
sys.modules["pyspark"] = None  # type: ignore[assignment]  # "not there", for an import

import great_expectations as gx
import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import ColumnMapMetricProvider, column_condition_partial

from broadsheet.quality.reasons import REASONS
from broadsheet.quality.suites import own_expectations

del sys.modules["pyspark"]
sys.modules.update(_spark)
logging.getLogger("great_expectations").setLevel(logging.ERROR)


class RuleHolds(ColumnMapMetricProvider):
    """For which rows a rule holds: the column says so."""

    condition_metric_name = "column_values.rule_holds"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **kwargs: Any) -> pd.Series:
        return column


class RowRule(ColumnMapExpectation, ABC):
    """Expects a rule of whole rows to hold; `column` has the rule's outcome. Its subclasses are made from the rules."""


def _expectation(name: str, reason: str) -> type[RowRule]:
    text = REASONS[reason].text
    return type(
        name,
        (RowRule,),
        {
            "__doc__": text,
            "__module__": __name__,
            "__annotations__": {"description": str},
            # by a factory: GX leaves plain defaults out of its report
            "description": pydantic.Field(default_factory=lambda: text),
            "map_metric": RuleHolds.condition_metric_name,
        },
    )


# Rules of whole rows by the name of their class.
ROW_RULES = {name: _expectation(name, reason) for name, reason in own_expectations().items()}


def validate(name: str, batch: Any, expectations: list[tuple[str, dict[str, Any]]], result_format: dict[str, Any]) -> list[Any]:
    """GX's results of some expectations (name of the class, arguments) of a table's batch, in their order."""
    asset = _asset(name)  # a suite can be made once there is a context
    suite = gx.ExpectationSuite(name=f"{name}_suite")
    for number, (expectation, arguments) in enumerate(expectations):
        kind = ROW_RULES.get(expectation) or getattr(gx.expectations, expectation)
        suite.add_expectation(kind(**arguments, meta={"number": number}))
    results = asset.get_batch({"dataframe": batch}).validate(suite, result_format=result_format).results
    return sorted(results, key=lambda result: result.expectation_config.meta["number"])


@cache
def _asset(name: str) -> Any:
    """By what GX takes a table's batches. One a process: to make it costs GX as much as ten expectations. It keeps the latest batch."""
    return _source().add_dataframe_asset(name).add_batch_definition_whole_dataframe("shard")


@lru_cache(maxsize=1)
def _source() -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context.data_sources.add_pandas("batch")
