"""The warehouse's SQL on Spark.

The steps that derive tables are written once, in DuckDB's SQL. Here they find what they know of DuckDB: a connection that executes statements, and
the `Changes` of a lake whose rows are all new. Statements are turned into Spark's SQL; what a text function does is not: functions that Spark has
not, or has otherwise (`derive_functions.py`), are DuckDB's own, which Spark's workers ask by Arrow batches, so that both engines see the same texts.
A temporary table is written to Parquet, so that what follows begins with rows instead of with all that they are made of.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import duckdb
import sqlglot
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from sqlglot import exp

from broadsheet.engine.spark.derive_functions import register, register_by_row
from broadsheet.tables.schema import TABLES, UNKNOWN_SITE
from broadsheet.warehouse.changes import ADDED, REMOVED

SPARK_TYPES = {
    "string": "string",
    "json": "string",
    "int32": "int",
    "int64": "bigint",
    "float64": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "local_timestamp": "timestamp_ntz",
    "date": "date",
    "list_string": "array<string>",
    "binary": "binary",
}


def spark_schema(name: str) -> str:
    """Columns of a table as Spark's DDL."""
    return ", ".join(f"`{field.name}` {SPARK_TYPES[field.type]}" for field in TABLES[name].fields)


class Rows:
    """The result of a statement, as far as the steps ask for it."""

    def __init__(self, frame: DataFrame) -> None:
        self.frame = frame

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.frame.collect()]


class Connection:
    """Executes DuckDB's SQL on a Spark session. `scratch` is a folder that all of Spark's machines see."""

    def __init__(self, spark: SparkSession, scratch: str) -> None:
        self.spark, self._scratch = spark, scratch
        self._numbers = count(1)
        self._variables: dict[str, exp.Expression] = {}
        # A table's name -> what makes it instead of its statement, which Spark cannot do.
        self.makers: dict[str, Callable[[Connection], DataFrame]] = {}
        register(spark)

    def execute(self, statement: str | duckdb.Statement, parameters: Mapping[str, Any] | None = None) -> Rows | None:
        """Execute one statement; the rows of a query."""
        text = statement if isinstance(statement, str) else statement.query
        tree = sqlglot.parse_one(text.strip().removesuffix(";"), read="duckdb")
        match tree:
            case exp.Create():
                self._create(tree)
            case exp.Insert():
                name = tree.this.name
                self.make(name, self.spark.table(name).union(self._query(tree.expression, parameters)))
            case exp.Drop():
                self.spark.catalog.dropTempView(tree.find(exp.Table).name)
            case exp.Set():
                (item,) = tree.expressions
                self._variables[item.this.this.name] = item.this.expression
            case _:
                return Rows(self._query(tree, parameters))
        return None

    def create_function(self, name: str, function: Callable[..., Any], parameters: list[str], return_type: str) -> None:
        """Let SQL call a Python function. NULL gives NULL."""
        register_by_row(self.spark, name, function, return_type)

    def remove_function(self, name: str) -> None:
        """A function of the session goes with it."""

    def make(self, name: str, rows: DataFrame, path: str | None = None) -> None:
        """Make a temporary table of rows, or make it anew; its Parquet is below the scratch folder unless a path is given."""
        path = path or f"{self._scratch}/{name}-{next(self._numbers)}"
        rows.write.mode("overwrite").parquet(path)
        self.spark.read.schema(rows.schema).parquet(path).createOrReplaceTempView(name)

    def _create(self, tree: exp.Create) -> None:
        name = tree.find(exp.Table).name
        if maker := self.makers.get(name):
            self.make(name, maker(self))
        elif tree.args["kind"] == "VIEW":  # as text: it is read as the tables are by then
            self.spark.sql(f"create or replace temporary view {name} as {self._sql(tree.expression, None)}")
        elif tree.expression is None:
            columns = ", ".join(f"`{column.name}` {column.kind.sql('spark')}" for column in tree.this.expressions)
            self.make(name, self.spark.createDataFrame([], columns))
        else:
            self.make(name, self._query(tree.expression, None))

    def _query(self, tree: exp.Expression, parameters: Mapping[str, Any] | None) -> DataFrame:
        return self.spark.sql(self._sql(tree, parameters))

    def _sql(self, tree: exp.Expression, parameters: Mapping[str, Any] | None) -> str:
        given = {f"${name}": exp.convert(value) for name, value in (parameters or {}).items()}
        return spark_sql(tree, {**self._variables, **given})


def spark_sql(tree: exp.Expression, values: Mapping[str, exp.Expression] | None = None) -> str:
    """A DuckDB query as Spark's SQL.

    Parameters
    ----------
    values : what variables, by their name, and parameters, by `$name`, stand for.
    """
    tree = tree.copy()
    for node in reversed(list(tree.walk())):  # what is within first
        new = _spark_form(node, values or {})
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree.sql("spark", comments=False)


def _spark_form(node: exp.Expression, values: Mapping[str, exp.Expression]) -> exp.Expression:
    match node:
        case exp.CTE():
            node.set("materialized", None)
        case exp.Select():
            node.set("expressions", [column for projection in node.expressions for column in _without_replace(projection)])
        case exp.Placeholder():
            return values[f"${node.name}"].copy()
        case exp.RegexpReplace():
            flags = node.args.get("modifiers") or exp.Literal.string("")
            return exp.func("duckdb_regexp_replace", node.this, node.expression, node.args["replacement"], flags)
        case exp.Trim() if node.args.get("position") == "TRAILING":
            return exp.func("duckdb_rtrim", node.this)
        case exp.Round():
            return exp.func("duckdb_round", exp.cast(node.this, "double"), node.args["decimals"])
        case exp.Div():  # always of doubles in DuckDB, of decimals in Spark
            return exp.Div(this=exp.cast(node.this, "double"), expression=exp.cast(node.expression, "double"))
        case exp.Bracket() if isinstance(node.expressions[0], exp.Slice):
            part = node.expressions[0]
            length = exp.Paren(this=part.expression.copy()) - exp.Paren(this=part.this.copy()) + 1
            return exp.func("substring", node.this, part.this, length)
        case exp.DateDiff() if node.text("unit").lower() == "second":
            return exp.func("unix_seconds", node.this) - exp.func("unix_seconds", node.expression)
        case exp.BitwiseRightShift() if node.this.name.lower() == "md5_number_lower":  # Spark has no number that it fits in before
            return exp.func("half_md5_number_lower", *node.this.expressions)
        case exp.Alias() if node.alias == "chunk" and isinstance(node.this, exp.IntDiv):
            # parts that fit DuckDB's memory: Spark has its own, and would number all rows on one machine
            return exp.alias_(exp.Literal.number(0), "chunk")
        case exp.Anonymous():
            return _function(node, values)
    return node


def _without_replace(projection: exp.Expression) -> list[exp.Expression]:
    """`* replace (x as y)` as `* except (y), x as y`."""
    star = projection.find(exp.Star) if projection.is_star else None
    replaced = star.args.get("replace") if star else None
    if star is None or not replaced:
        return [projection]
    star.set("replace", None)
    star.set("except_", [exp.to_identifier(column.alias) for column in replaced])
    return [projection, *replaced]


def _function(node: exp.Anonymous, values: Mapping[str, exp.Expression]) -> exp.Expression:
    match node.name.lower():
        case "getvariable":
            return values[node.expressions[0].name].copy()
        case "list_position":
            return exp.func("array_position", *node.expressions)
        case "is_one_site":  # in the open, since joins ask it
            site, other = node.expressions
            return exp.paren(exp.and_(exp.EQ(this=site, expression=other), exp.NEQ(this=site.copy(), expression=exp.Literal.string(UNKNOWN_SITE))))
    return node


class WholeChanges:
    """`Changes` of a lake of which all rows count as new: what a step makes is all that its table holds.

    Parameters
    ----------
    files : Parquet files of the tables that there are.
    out : folder that the tables which steps make go to, each as a folder of its name.
    """

    is_whole = True

    def __init__(self, connection: Connection, files: Mapping[str, list[str]], out: str) -> None:
        self.connection, self._out = connection, out
        spark = connection.spark
        for name in TABLES:
            empty = spark.createDataFrame([], spark_schema(name))
            if files.get(name):
                reader = spark.read.schema(spark_schema(name)).option("recursiveFileLookup", "true")  # months are no column
                reader.parquet(*files[name]).createOrReplaceTempView(name)
            else:
                empty.createOrReplaceTempView(name)
            empty.createOrReplaceTempView(self.removed(name))
            spark.sql(f"create or replace temporary view {self.added(name)} as select * from {name}")

    def added(self, name: str) -> str:
        return f"{ADDED}_{name}"

    def removed(self, name: str) -> str:
        return f"{REMOVED}_{name}"

    def add(self, name: str, query: str) -> None:
        """The rows of a query; a key's first row counts."""
        self._hold(name, self._rows(query).dropDuplicates(list(TABLES[name].key)))

    def insert_fresh(self, name: str) -> None:
        """The rows of the temporary table `fresh`."""
        self._hold(name, self.connection.spark.table("fresh"))

    def remove(self, name: str, keys: str) -> None:
        """Nothing was there before."""

    def replace(self, name: str, keys: str, rows: str) -> None:
        """The rows of the query `rows`, whatever the keys: all are to be replaced."""
        self._hold(name, self._rows(rows))

    def _rows(self, query: str) -> DataFrame:
        rows = self.connection.execute(f"select * from ({query})")
        assert rows is not None
        return rows.frame

    def _hold(self, name: str, rows: DataFrame) -> None:
        columns = [F.col(field.name).cast(SPARK_TYPES[field.type]) for field in TABLES[name].fields]
        self.connection.make(name, rows.select(*columns), f"{self._out}/{name}")
