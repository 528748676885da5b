"""What spark-submit runs: derives from the Parquet that a plan names, and writes each table to a folder. `derive.py` makes the plan.

    spark-submit derive_job.py PLAN
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from broadsheet.engine.spark import derive_reprints
from broadsheet.engine.spark.derive_sql import Connection, WholeChanges
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import SPREAD, aliases, current, reprints, resolve

# One site may have half of all pages, one text a tenth: partitions that are this much larger than the others are divided where they are joined.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.skewJoin.enabled": "true",
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "64MB",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "32MB",
}


def main(plan_file: str) -> None:
    plan = json.loads(Path(plan_file).read_text("utf-8"))
    builder = SparkSession.builder.appName("broadsheet derive")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        connection = Connection(spark, plan["scratch"])
        connection.makers["standing"] = derive_reprints.standing
        changes = cast(Changes, WholeChanges(connection, plan["files"], plan["out"]))
        aliases.update(changes)
        current.update(changes)
        resolve.update(changes)
        reprints.update(changes, cast(Any, derive_reprints.measure), cast(Any, derive_reprints.cluster))
        rows = {name: _checked_rows(spark, name) for names in SPREAD.values() for name in names}
        Path(plan["counts"]).write_text(json.dumps(rows), "utf-8")
    finally:
        spark.stop()


def _checked_rows(spark: SparkSession, name: str) -> int:
    """Rows of a derived table. Raises ValueError where a column is NULL that must not be."""
    required = [field.name for field in TABLES[name].fields if not field.nullable]
    counted = spark.table(name).agg(F.count("*"), *(F.count(column) for column in required)).first()
    total, *filled = counted or (0,)
    if missing := [column for column, count in zip(required, filled, strict=True) if count != total]:
        raise ValueError(f"{name} has rows without {', '.join(missing)}")
    return int(total)


if __name__ == "__main__":
    main(sys.argv[1])
