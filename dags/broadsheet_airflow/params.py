"""Params that several DAGs have. Relative paths start at the project's directory."""

import os
from pathlib import Path
from typing import Any

from airflow.sdk import Param

PROJECT = Path(__file__).resolve().parents[2]


def located(path: str) -> Path:
    """`path` as given when absolute, else from the project's directory."""
    return PROJECT / path


def located_lake(lake: str) -> Path:
    """The directory of a lake; of one in an object store (`s3://…`), its working directory, which is made if it is not there."""
    from broadsheet.lake import Lake, store_url

    return Lake.at(lake if store_url(lake) else located(lake)).root


def chosen(*names: str, **own: Param) -> dict[str, Param]:
    """Params of a DAG: its own first, then those of `SHARED` that are named."""
    return {**own, **{name: SHARED[name] for name in names}}


def strings(title: str, description: str, **schema: Any) -> Param:
    """A list of words, empty by default."""
    return Param([], type="array", items={"type": "string", "minLength": 1}, title=title, description=description, **schema)


SHARED = {
    "lake": Param(
        os.environ.get("BROADSHEET_LAKE") or "lake",
        type="string",
        minLength=1,
        title="Lake",
        description="Directory of the lake, made if it is not there, or s3://BUCKET/FOLDER. BROADSHEET_LAKE says which one schedules work on.",
    ),
    "policy": Param(
        None,
        type=["null", "string"],
        title="Quality policy",
        description="YAML laid over the embedded policy: which reasons warn, quarantine the row or stop the batch. Empty: the embedded one.",
    ),
    "shards": Param(
        4, type="integer", minimum=4, maximum=16, title="Shards", description="Parts that the run is split into; each is one mapped task."
    ),
    "engine": Param(
        os.environ.get("BROADSHEET_ENGINE") or "pool",
        type="string",
        enum=["pool", "spark", "process"],
        title="Engine",
        description="Who reads and checks the pages: `pool`, mapped tasks with guarded processes; `spark`, one job on a cluster, the task "
        "`spark`; `process`, mapped tasks without a guard, for a debugger.",
    ),
    "spark_shards": Param(
        16,
        type="integer",
        minimum=1,
        maximum=4096,
        title="Shards on Spark",
        description="Parts that the run is split into with the engine `spark`, one Spark task each: three or four for each core of the cluster.",
    ),
    "time_zone": Param(
        None,
        type=["null", "string"],
        title="Time zone",
        description="Zone of sites that neither state one nor imply one by their language. Empty: the setting's, Asia/Shanghai.",
        examples=["Asia/Shanghai", "Asia/Taipei", "UTC"],
    ),
    "sites": Param(
        None,
        type=["null", "string"],
        title="Site profiles",
        description="Folder of site profiles, <host>.yaml. Empty: the setting's (BROADSHEET_SITES_DIR), else the bundled ones alone.",
    ),
    "outlets": Param(
        None,
        type=["null", "string"],
        title="Outlets",
        description="YAML with outlets, their other names and hosts, laid over the bundled table. Empty: the setting's (BROADSHEET_OUTLETS_FILE).",
    ),
}
# How pages are read and judged.
READING = ("policy", "shards", "engine", "spark_shards", "time_zone", "sites", "outlets")


def settings(params: dict[str, Any]) -> dict[str, Any]:
    """The library's settings that params give; those that a DAG does not have are the environment's, or the default."""
    paths = {"policy_file": "policy", "sites_dir": "sites", "outlets_file": "outlets"}
    given: dict[str, Any] = {setting: located(params[name]) for setting, name in paths.items() if params.get(name)}
    shards = "spark_shards" if params.get("engine") == "spark" else "shards"
    plain = {"engine": "engine", "shards": shards, "default_time_zone": "time_zone", "is_mtime_trusted": "trust_mtime"}
    return given | {setting: params[name] for setting, name in plain.items() if params.get(name)}
