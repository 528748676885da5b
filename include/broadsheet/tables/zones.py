"""The zone in which a site's displayed times are read."""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

import yaml


class Zone(NamedTuple):
    name: str
    basis: str  # site, language or default

    @property
    def info(self) -> ZoneInfo:
        return ZoneInfo(self.name)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    return yaml.safe_load(resources.files("broadsheet.tables").joinpath("zones.yaml").read_text("utf-8"))


def zone_of(site: str, language: str | None, default: str) -> Zone:
    """Zone of a site: its own entry in `zones.yaml`, its language's, or `default`."""
    table = _table()
    if name := table["sites"].get(site):
        return Zone(name, "site")
    if language and (name := table["languages"].get(language)):
        return Zone(name, "language")
    return Zone(default, "default")
