"""`make bench-quality`: which faults are told by the check that is there for them, what is told where nothing is wrong, what checking costs.

Faults (`faults.py`) are put into generated data one after the other, each where it would arise. Clean days of a generated world (`drift.py`) go
through validate, the audit and the incidents, and nothing may stop. Real HTML of the sample world goes through the whole job, and the time
of what checks is compared with the time of all. The last line is one line of JSON with the figures by name. docs/benchmarks.md has more.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # the sample world, and its words

from drift import Watched, first_day
from faults import all_faults

from broadsheet.quality.policy import load_policy
from broadsheet.quality.validate import validate_tables
from broadsheet.warehouse.alarms import alarms
from broadsheet.warehouse.audit import findings
from sampleworld.world import build
from sampleworld.write import write

ROOT = Path(__file__).resolve().parents[1]


class Sizes(NamedTuple):
    sites: int  # of the world whose days are watched
    days_before: int  # faults
    clean_days: int
    pages: int  # of the batch whose checking is measured


FULL = Sizes(sites=51, days_before=10, clean_days=30, pages=10_000)
SMALL = Sizes(sites=25, days_before=6, clean_days=1, pages=200)
# Days that incidents need before the first comparison.
UNWATCHED = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="all faults, one clean day and 200 pages: whether it works, in some minutes")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what is measured, all of it by default")
    given = parser.parse_args()
    sizes = SMALL if given.small else FULL
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    figures: dict[str, Any] = {}
    (ROOT / "build").mkdir(exist_ok=True)
    for part in given.parts:
        print(f"\n{part}, load {os.getloadavg()[0]:.1f}", flush=True)
        with TemporaryDirectory(dir=ROOT / "build", prefix="bench-quality-") as folder:
            figures |= PARTS[part](sizes, Path(folder))
    print(json.dumps(figures))


# --- faults ------------------------------------------------------------------------------------------------------------------


def measure_faults(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Every fault beside the check that must tell it and those that did."""
    caught = []
    for told in all_faults(folder, site_count=sizes.sites, days_before=sizes.days_before):
        caught.append(told.is_caught)
        fired = ", ".join(f"{reason} {count}" for reason, count in told.fired.most_common(4)) or "nothing"
        print(f"{'caught' if told.is_caught else 'MISSED'}  {told.where:<7}{told.name:<50}{told.expected:<45} fired: {fired}", flush=True)
    return {"fault_kinds": len(caught), "caught_share": round(sum(caught) / len(caught), 3)}


# --- clean days --------------------------------------------------------------------------------------------------------------


def measure_clean_days(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """Days of a world in which nothing happens: what would stop, is set aside or is told all the same. Warnings of rows are facts of the world."""
    watched, policy = Watched(sizes.sites), load_policy()
    stops: list[str] = []
    quarantined: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    row_count = 0
    for number in range(UNWATCHED + sizes.clean_days):
        day, now = first_day() + timedelta(days=number), datetime.now(UTC)
        validated = validate_tables(watched.rows(day, {}), run_id=str(day), shard=0, policy=policy, checked_at=now)
        changes = watched.add(validated.tables)
        came = validated.counts["captures"][0]
        _, alarmed = alarms(changes, policy, run_id=str(day), checked_at=now, came=came, new=changes.counts()["captures"][0])
        stops += [f"{day}: {stop}" for stop in (*validated.stops, *alarmed, *findings(changes))]
        quarantined.update(reason for rejection in validated.rejections for reason in rejection.reasons)
        warnings.update(validated.warnings)
        row_count += sum(count for count, _, _ in validated.counts.values())
    incidents = watched.incidents()
    for told in (*stops, *incidents):
        print(f"false: {told}")
    print(
        f"{row_count:,} rows of {UNWATCHED + sizes.clean_days} days of {sizes.sites} sites: {len(stops)} stops, {len(incidents)} incidents; "
        f"rows set aside {dict(quarantined)}, with warnings {dict(warnings)}"
    )
    return {
        "clean_days": sizes.clean_days, "false_stops": len(stops), "false_quarantines": quarantined.total(), "false_incidents": len(incidents),
    }  # fmt: skip


# --- cost --------------------------------------------------------------------------------------------------------------------


def measure_cost(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """The whole job on pages of the sample world (`checking.py`); what checks is `validate`, and in `load` the audit and the alarms."""
    write(build(pages=sizes.pages), folder)
    command = [sys.executable, str(ROOT / "bench" / "checking.py"), str(folder), str(folder / "lake")]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    seconds, checking, peaks = told["seconds"], told["checking"], told["peaks"]
    print(
        f"{told['pages']:,} pages, seconds: {', '.join(f'{stage} {value:.1f}' for stage, value in seconds.items())}; "
        f"in load {', '.join(f'{name} {value:.2f}' for name, value in checking.items())}; load of the machine at the end {told['load']:.1f}"
    )
    print("peak memory, all processes together: " + ", ".join(f"{stage} {peak / 1e9:.2f} GB" for stage, peak in peaks.items()))
    audit = (seconds["validate"] + sum(checking.values())) / sum(seconds.values())
    return {"audit_share": round(audit, 3), "peak_memory_gb": round(max(peaks.values()) / 1e9, 2)}


PARTS: dict[str, Callable[[Sizes, Path], dict[str, Any]]] = {"faults": measure_faults, "clean": measure_clean_days, "cost": measure_cost}

if __name__ == "__main__":
    main()
