"""What keeps a lake quick and small, of which nothing changes what it says."""

import shutil
import time
from pathlib import Path

from broadsheet.capture.arrivals import compact as compact_arrivals
from broadsheet.capture.raw_zone import RawZone
from broadsheet.lake import Lake
from broadsheet.settings import Settings, read_settings
from broadsheet.transient import room_needed

KEPT_STAGING_DAYS = 14


@room_needed()
def compact(lake: str | Path) -> dict[str, int]:
    """Put many small files together: the raw zone's index, and what `ingest` listed by day. Returns how many files and folders became fewer.

    Raises TransientError during a takedown.
    """
    where = Lake.at(lake)
    return {"raw_index_parts": RawZone(where).compact(), "arrivals": compact_arrivals(where)}


def sort_index(lake: str | Path, settings: Settings | None = None) -> dict[str, int]:
    """Sort the search index as a whole if loads have left it in many runs. Returns how many it had and has, none where nothing was published.

    Raises TransientError while a load is at work.
    """
    from broadsheet.warehouse.compact import compact

    where = Lake.at(lake)
    before, after = compact(where, settings or read_settings()) if where.warehouse.exists() else (0, 0)
    return {"before": before, "after": after}


def prune(lake: str | Path, days: int = KEPT_STAGING_DAYS) -> list[str]:
    """Remove the staging of runs that nobody went on with for some days; returns their ids.

    Kept are reparses that wait, which a person decides on. A run that is loaded already has its staging removed by the loads after it. What a
    dead `ingest` listed counts as known from now on: its days are in the lake, and a build of them takes it in.
    """
    where = Lake.at(lake)
    latest = time.time() - days * 86_400
    gone = [
        folder
        for folder in sorted(where.staging("").glob("*"))
        if (folder / "run.json").exists() and _touched_at(folder) < latest and not where.shadow(folder.name).exists()
    ]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in gone]


def _touched_at(folder: Path) -> float:
    """When a stage last left something."""
    return max(path.stat().st_mtime for path in (folder, *folder.glob("*"), *folder.glob("*/*")))
