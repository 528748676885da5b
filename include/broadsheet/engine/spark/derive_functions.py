"""Functions of the warehouse's SQL on Spark, asked by Arrow batches.

Texts are folded, keyed and compared by DuckDB in Spark's workers: another engine's classes of letters, blanks and small letters are others.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.functions import ArrowUDFType, arrow_udf

from broadsheet.warehouse.macros import text_macro_statements

_ARGUMENTS = ("a", "b", "c", "d")
_ARROW_TYPES = {"string": pa.string(), "bigint": pa.int64(), "double": pa.float64()}
# Name in Spark's SQL -> (DuckDB's SQL of the arguments a, b, …, with a dollar where they are constants, Spark's type of what it gives).
_BY_DUCKDB = {
    "folded": ("folded(a)", "string"),
    "headline_key": ("headline_key(a)", "string"),
    "title_similarity": ("title_similarity(a, b)", "double"),
    "title_change": ("title_change(a, b, c)", "string"),
    "half_md5_number_lower": ("(md5_number_lower(a) >> 1)::bigint", "bigint"),
    "duckdb_regexp_replace": ("regexp_replace(a, $b, $c, $d)", "string"),
    "duckdb_rtrim": ("rtrim(a)", "string"),
    "duckdb_round": ("round(a, b)", "double"),
}


def register(spark: SparkSession) -> None:
    """Let the session's SQL call DuckDB's functions."""
    for name, (expression, kind) in _BY_DUCKDB.items():
        spark.udf.register(name, arrow_udf(_by_duckdb(expression, kind), kind, ArrowUDFType.SCALAR))


def register_by_row(spark: SparkSession, name: str, function: Callable[..., Any], kind: str) -> None:
    """Let the session's SQL call a Python function; NULL among its arguments gives NULL."""

    def call(*columns: pa.Array) -> pa.Array:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        return pa.array([None if None in row else function(*row) for row in rows], pa.string())

    if kind.upper() != "VARCHAR":
        raise ValueError(f"{name} gives {kind}: only texts are provided for")
    spark.udf.register(name, arrow_udf(call, "string", ArrowUDFType.SCALAR))


def _by_duckdb(expression: str, kind: str) -> Callable[..., pa.Array]:
    def call(*columns: pa.Array) -> pa.Array:
        rows = pa.table(dict(zip(_ARGUMENTS, columns, strict=False)))
        if not rows.num_rows:
            return pa.array([], _ARROW_TYPES[kind])
        constants = {name: rows[name][0].as_py() for name in rows.column_names if f"${name}" in expression}
        with _duckdb().cursor() as connection:
            connection.register("rows", rows)
            answer = connection.execute(f"select {expression} as answer from rows", constants).to_arrow_table()["answer"]
        return answer.combine_chunks().cast(_ARROW_TYPES[kind])

    return call


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One for each of Spark's worker processes, of one thread, so that rows keep their order."""
    connection = duckdb.connect(config={"threads": 1})
    for statement in text_macro_statements():
        connection.execute(statement)
    return connection
