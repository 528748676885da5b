"""Airflow plugin: what tasks import, which takes seconds, is imported once by the scheduler whose LocalExecutor forks them.

Tasks of another executor import it themselves. `BROADSHEET_WARM_START=0` leaves it out: it costs the scheduler some 300 MB, which its tasks share.
"""

import os
import sys
from importlib import import_module

from airflow.configuration import conf
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

# of the stages by shard, each of which is a process of its own
_IMPORTED = ("broadsheet.engine.shards", "broadsheet.quality.gx", "broadsheet.quality.stage", "broadsheet.tables.transform")


@hookimpl
def on_starting(component: object) -> None:
    """Import when the scheduler starts, before its executor does."""
    if sys.argv[1:2] == ["scheduler"] and conf.get("core", "executor") == "LocalExecutor" and os.environ.get("BROADSHEET_WARM_START") != "0":
        for name in _IMPORTED:
            import_module(name)


class WarmStartPlugin(AirflowPlugin):
    name = "broadsheet_warm_start"
    listeners = [sys.modules[__name__]]  # noqa: RUF012  # as Airflow declares them
