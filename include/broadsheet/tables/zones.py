"""The zone in which a site's displayed times are read."""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

import yaml


class Zone(NamedTuple):
    name: str
    basis: str  # site, source, language or default

    @property
    def info(self) -> ZoneInfo:
        return ZoneInfo(self.name)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    return yaml.safe_load(resources.files("broadsheet.tables").joinpath("zones.yaml").read_text("utf-8"))


def zone_of(site: str, language: str | None, default: str, *, stated: str | None = None) -> Zone:
    """Zone of a site: as the source of its captures states it, its own entry in `zones.yaml`, its language's, or `default`."""
    if stated:
        return Zone(stated, "source")
    table = _table()
    if name := table["sites"].get(site):
        return Zone(name, "site")
    if language and (name := table["languages"].get(language)):
        return Zone(name, "language")
    return Zone(default, "default")
