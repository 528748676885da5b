"""`broadsheet derive`: the derived tables that need all rows, made apart from a load."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.arguments import given_path
from broadsheet.cli.options import DEFAULT_LAKE, LakeOption
from broadsheet.errors import ConfigurationError


class DerivingEngine(StrEnum):
    spark = "spark"
    duckdb = "duckdb"


def derive(
    lake: LakeOption = DEFAULT_LAKE,
    *,
    out: Annotated[Path, typer.Option("--out", parser=given_path, metavar="DIR", help="New folder; with a cluster, one that all machines see.")],
    engine: Annotated[DerivingEngine, typer.Option("--engine", help="Who derives: Spark, or DuckDB on this machine.")] = DerivingEngine.spark,
) -> None:
    """Derive aliases, resolved headlines and reprints of the whole lake anew, as Parquet.

    The rows are those that a load gives, whichever engine derives them. Loads may
    go on meanwhile; `broadsheet rebuild --derived DIR` takes the tables into a
    warehouse of the same published state. BROADSHEET_SPARK_MASTER names a cluster
    (without it, this machine's cores), BROADSHEET_SPARK_SUBMIT another
    spark-submit, BROADSHEET_SPARK_PROPERTIES_FILE a file of Spark's properties.
    """
    from broadsheet.engine.spark.derive import derive as derive_anew
    from broadsheet.lake import Lake
    from broadsheet.settings import read_settings

    if not lake.is_dir():
        raise ConfigurationError(f"there is no lake at {lake}")
    given = derive_anew(Lake(lake), out, engine.value, read_settings())
    for name, count in given.row_counts.items():
        typer.echo(f"{name}: {count}")
