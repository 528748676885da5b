"""Great Expectations as it is used here. To import it costs seconds: import this module where it is needed, inside functions.

A process that others are forked from can import it for all of them (`pipeline.py`).
"""

import logging
import os
from functools import cache, lru_cache
from typing import Any

# read when the library is imported; nothing about the pages may leave the machine
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx

logging.getLogger("great_expectations").setLevel(logging.ERROR)


def validate(name: str, batch: Any, expectations: list[tuple[str, dict[str, Any]]], result_format: dict[str, Any]) -> list[Any]:
    """GX's results of some expectations (name of the class, arguments) of a table's batch, in their order."""
    asset = _asset(name)  # a suite can be made once there is a context
    suite = gx.ExpectationSuite(name=f"{name}_suite")
    for number, (expectation, arguments) in enumerate(expectations):
        suite.add_expectation(getattr(gx.expectations, expectation)(**arguments, meta={"number": number}))
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
