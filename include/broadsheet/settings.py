"""What can be configured, with its defaults. Environment variables `BROADSHEET_…` override."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from broadsheet.engine.names import EngineName
from broadsheet.errors import ConfigurationError

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Settings of one run; immutable."""

    model_config = SettingsConfigDict(env_prefix="BROADSHEET_", env_ignore_empty=True, frozen=True)

    engine: EngineName = Field(EngineName.pool, description="What reads and checks pages: this process (unguarded), a guarded pool, or Spark.")
    shards: int = Field(4, ge=1, le=4096, description="Parts that a run is split into; 4 to 16 as tasks of Airflow, some for each core of a cluster.")
    max_page_bytes: int = Field(16 * MIB, ge=1, description="A page larger than this, unpacked, is quarantined.")
    is_mtime_trusted: bool = Field(False, description="Take a file's modification time as capture time when nothing better is known.")
    default_time_zone: str = Field("Asia/Shanghai", description="Zone of sites that neither state one nor imply one by their language.")
    policy_file: Path | None = Field(None, description="Quality policy (YAML) laid over the embedded one.")
    sites_dir: Path | None = Field(None, description="Folder of site profiles, <host>.yaml, which go before the bundled ones.")
    outlets_file: Path | None = Field(None, description="Outlets with their other names and hosts (YAML), laid over the bundled table.")
    page_seconds: float = Field(20.0, gt=0, description="Seconds that reading one page may take; a page that takes longer is quarantined.")
    page_memory_mb: int = Field(1024, ge=0, description="MiB that reading one page may take; 0: any. Enforced on Linux only.")
    workers: int | None = Field(None, ge=1, le=256, description="Processes that read pages. Default: a core each in `extract --jsonl`, one a shard.")
    kept_snapshots: int = Field(3, ge=2, description="Published warehouse states that one can go back to, the current one included.")
    kept_data_docs: int = Field(30, ge=1, description="Runs whose Data Docs are kept.")
    openlineage_file: Path | None = Field(None, description="File that `broadsheet run` adds OpenLineage events to, one a line.")
    load_memory_mb: int = Field(4096, ge=256, description="MiB that the load may take in DuckDB; what needs more is put down on disk.")
    clock_offset_seconds: float = Field(0, description="Seconds that the crawler takes its clock to be ahead: for trials with a simulated web.")
    load_niceness: int = Field(5, ge=0, le=19, description="How far a load stands back for other processes, its readers among them; 0: not at all.")

    @field_validator("policy_file", "sites_dir", "outlets_file", "openlineage_file")
    @classmethod
    def _from_anywhere(cls, value: Path | None) -> Path | None:
        return value and value.absolute()  # a run's stages may be repeated from another directory

    @field_validator("default_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return zone_name(value)


def zone_name(value: str) -> str:
    """A time zone by its name. Raises ValueError for one that there is not."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not the name of a time zone, as Asia/Shanghai is") from error
    return value


class StoreSettings(BaseSettings):
    """How an object store is used; the environment's alone, since it may differ from machine to machine."""

    model_config = SettingsConfigDict(env_prefix="BROADSHEET_STORE_", env_ignore_empty=True, frozen=True)

    retry_seconds: float = Field(60.0, gt=0, description="Seconds for which a request is tried again while the store does not answer.")
    cache_mb: int = Field(10_240, ge=0, description="MiB of raw files, and of Parquet as many again, that are kept beside the store.")


class SparkSettings(BaseSettings):
    """Where Spark is; the environment's alone, since it may differ from machine to machine."""

    model_config = SettingsConfigDict(env_prefix="BROADSHEET_SPARK_", env_ignore_empty=True, frozen=True)

    master: str = Field("local[*]", min_length=1, description="The cluster, as spark://HOST:PORT or yarn; local[*]: the cores of this machine.")
    submit: Path | None = Field(None, description="The program spark-submit. Default: that of .venv-spark, else the one of the path.")
    properties_file: Path | None = Field(None, description="File of Spark's properties: memory, cores, queue and what else the cluster wants.")


def read_spark_settings() -> SparkSettings:
    """Raises ConfigurationError naming what is wrong."""
    try:
        return SparkSettings()
    except ValidationError as error:
        raise ConfigurationError(f"wrong setting, {wrong_values(error)}") from error


def read_store_settings() -> StoreSettings:
    """Raises ConfigurationError naming what is wrong."""
    try:
        return StoreSettings()
    except ValidationError as error:
        raise ConfigurationError(f"wrong setting, {wrong_values(error)}") from error


def read_settings(**given: Any) -> Settings:
    """Settings as given; those that are None are the environment's, or the default. Raises ConfigurationError naming what is wrong."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationError(f"wrong setting, {wrong_values(error)}") from error


def wrong_values(error: ValidationError) -> str:
    """What is wrong where, for a person."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors())
