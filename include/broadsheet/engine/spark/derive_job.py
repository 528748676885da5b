"""Spark's driver: derives from the Parquet that a plan names, and writes each table to a folder. `derive.py` makes the plan."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
from pyspark import SparkConf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from broadsheet.engine.spark import derive_reprints
from broadsheet.engine.spark.derive_sql import Connection, WholeChanges
from broadsheet.engine.spark.failures import told_by_driver
from broadsheet.lake import written_aside
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import SPREAD, aliases, current, reprints, resolve

# What spark-submit is not told otherwise. One site may have half of all pages, one text a tenth: where rows are joined, partitions that are this
# large, and much larger than the others, are divided.
_SETTINGS = {
    "spark.cleaner.periodicGC.interval": "5min",  # files of what was shuffled go with the garbage of the driver
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.skewJoin.enabled": "true",
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "64MB",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "32MB",
}
_LEAST_PARTITIONS, _PARTITION_BYTES = 8, 16 * 1024 * 1024


def main(plan_file: str) -> None:
    """Do what a plan says: JSON with `files` of each table that is read, their `bytes`, the folders `out` and `scratch`, and the file `counts`
    that the rows of each derived table are written to. Why it ends otherwise goes to the file `failure`, as `Told`."""
    plan = json.loads(Path(plan_file).read_text("utf-8"))
    try:
        rows = _derive(plan)
    except Exception as error:
        with suppress(OSError), written_aside(Path(plan["failure"])) as aside:  # a disk that is full takes no more
            aside.write_bytes(msgspec.json.encode(told_by_driver(error)))
        raise
    Path(plan["counts"]).write_text(json.dumps(rows), "utf-8")


def _derive(plan: Mapping[str, Any]) -> dict[str, int]:
    """Make all tables; table -> its rows."""
    spark = _session(plan["bytes"])
    try:
        connection = Connection(spark, plan["scratch"])
        connection.makers["standing"] = derive_reprints.standing
        changes = cast(Changes, WholeChanges(connection, plan["files"], plan["out"]))
        aliases.update(changes)
        current.update(changes)
        resolve.update(changes)
        reprints.update(changes, cast(Any, derive_reprints.measure), cast(Any, derive_reprints.cluster))
        return {name: _checked_rows(spark, name) for names in SPREAD.values() for name in names}
    finally:
        with suppress(Exception):  # of a cluster that is gone: it would be told instead of what happened
            spark.stop()


def _session(byte_count: int) -> SparkSession:
    """A session for sources of so many bytes of Parquet."""
    told = SparkConf()
    builder = SparkSession.builder
    for name, value in {**_SETTINGS, "spark.sql.shuffle.partitions": str(max(_LEAST_PARTITIONS, byte_count // _PARTITION_BYTES))}.items():
        if not told.contains(name):
            builder = builder.config(name, value)
    return builder.getOrCreate()


def _checked_rows(spark: SparkSession, name: str) -> int:
    """Rows of a derived table. Raises ValueError where a column is NULL that must not be."""
    required = [field.name for field in TABLES[name].fields if not field.nullable]
    counted = spark.table(name).agg(F.count("*"), *(F.count(column) for column in required)).first()
    total, *filled = counted or (0,)
    if missing := [column for column, count in zip(required, filled, strict=True) if count != total]:
        raise ValueError(f"{name} has rows without {', '.join(missing)}")
    return int(total)
