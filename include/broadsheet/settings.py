"""What can be configured, with its defaults. Environment variables `BROADSHEET_…` override."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Settings of one run; immutable."""

    model_config = SettingsConfigDict(env_prefix="BROADSHEET_", frozen=True)

    shards: int = Field(4, ge=1, le=256, description="Parts that a run is split into; 4 to 16 under Airflow.")
    max_page_bytes: int = Field(16 * MIB, ge=1, description="A page larger than this, unpacked, is quarantined.")
    is_mtime_trusted: bool = Field(False, description="Take a file's modification time as capture time when nothing better is known.")
    default_time_zone: str = Field("Asia/Shanghai", description="Zone of sites that neither state one nor are listed in sites.yaml.")
    policy_file: Path | None = Field(None, description="Quality policy (YAML) laid over the embedded one.")
    kept_snapshots: int = Field(3, ge=2, description="Published warehouse states to keep, the current one included.")

    @field_validator("default_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

        ZoneInfo(value)  # raises with the zone's name
        return value
