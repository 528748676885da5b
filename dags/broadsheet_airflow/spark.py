"""All shards of a run as one job of Spark, by Airflow's own operator."""

import json
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowSkipException

from broadsheet_airflow import stages

if TYPE_CHECKING:
    from broadsheet.runs import Run

# The connection that names the cluster. Where there is none, the setting BROADSHEET_SPARK_MASTER does.
CONNECTION = os.environ.get("BROADSHEET_SPARK_CONN_ID") or "broadsheet_spark"


class SparkShards(SparkSubmitOperator):
    """`spark-submit` of the driver that takes a run's shards through extract, transform and validate.

    What fails is told as the stages tell it, so that only what is transient is tried again. Where the driver runs in the cluster (YARN,
    Kubernetes), a retry reconnects to it; elsewhere it waits for a driver that still runs, and goes on where the last one ended.
    """

    def __init__(self, **given: Any):
        super().__init__(conn_id=CONNECTION, durable=True, **given)
        self._staged: Run | None = None

    def execute(self, context) -> None:
        from broadsheet.engine.spark import state, submit
        from broadsheet.settings import read_spark_settings

        run = stages.staged_run()
        if run is None:
            raise AirflowSkipException("No shard is left to Spark.")
        settings = read_spark_settings()
        program = submit.submit_program(settings)
        connection = _connection(settings.master)
        self._staged, self.application = run, str(submit.APPLICATION)
        self.conf = {**submit.configuration(), **(self.conf or {})}
        self.env_vars = submit.environment(connection.host or "", program)
        self.name = f"broadsheet {run.run_id}"
        self.properties_file = str(settings.properties_file) if settings.properties_file else None
        self._follow(connection)
        # The operator takes the program by its name alone.
        self._spark_binary = program.name
        os.environ["PATH"] = os.pathsep.join([str(program.parent), os.environ["PATH"]])
        try:
            super().execute(context)
        except (AirflowException, RuntimeError) as error:
            raise (state.error_of(run, state.last(run), str(error), is_failed=True) or error) from error
        if failure := state.error_of(run, state.last(run), "", is_failed=False):
            raise failure
        for stage in ("extract", "transform", "validate"):
            stages.tell(run, stage)

    def is_job_succeeded(self, status: str) -> bool:
        """Of an earlier try's driver: what it did counts as long as the input is the same; else another is submitted."""
        from broadsheet.engine.attempts import undone

        return super().is_job_succeeded(status) and self._staged is not None and not undone(self._staged)

    def _get_hook(self) -> SparkSubmitHook:
        """The operator's; each driver gets a token of its own when it is submitted, and only then, since a retry may reconnect to one that runs."""
        hook = super()._get_hook()
        hook.submit = partial(self._submit_anew, hook, hook.submit)  # type: ignore[method-assign]
        return hook

    def _submit_anew(self, hook: SparkSubmitHook, submit_with: Callable[..., str | None], *given: Any, **named: Any) -> str | None:
        from broadsheet.engine.spark import state, submit

        assert self._staged is not None
        hook._application_args = submit.arguments(self._staged, state.begin(self._staged))
        return submit_with(*given, **named)

    def _follow(self, connection) -> None:
        """Let a driver in the cluster be asked after through the cluster's own interface; the operator wants to be told for which."""
        is_in_cluster = connection.extra_dejson.get("deploy-mode") == "cluster"
        master = f"{connection.conn_type}://{connection.host}"
        self._yarn_track_via_rm_api = is_in_cluster and "yarn" in master
        self._track_driver_via_k8s_api = is_in_cluster and "k8s" in master


def _connection(master: str):
    """The connection to the cluster; one to `master` where nobody made it."""
    try:
        return BaseHook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        os.environ[f"AIRFLOW_CONN_{CONNECTION.upper()}"] = json.dumps({"conn_type": "spark", "host": master})
        return BaseHook.get_connection(CONNECTION)
