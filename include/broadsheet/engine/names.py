"""Names of the engines; a module of its own, so that the command line starts without settings."""

from enum import StrEnum


class EngineName(StrEnum):
    """Who takes a run's shards through extract, transform and validate (`engines.py`)."""

    process = "process"
    pool = "pool"
    spark = "spark"
