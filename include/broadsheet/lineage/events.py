"""OpenLineage events of a run without Airflow, whose provider tells of its own.

Where they go is said by the setting `openlineage_file`, else by the variables that OpenLineage's client reads. Without either there are none.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet import __version__
from broadsheet.errors import BatchStopped
from broadsheet.runs import STAGES, Run, outcomes_of, stored_summary

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

JOB = "broadsheet"  # its stages are `broadsheet.capture` and so on
PRODUCER = f"urn:broadsheet:{__version__}"
_CONFIGURED_BY = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")  # how the variables begin

log = logging.getLogger(__name__)


@contextmanager
def told(run: Run, paths: Iterable[Path], *, is_dry_run: bool = False) -> Iterator[None]:
    """Tell of the run that is done within: that it began, and at its end what each stage read and wrote, or why it failed.

    What cannot be told is logged, and changes nothing for the run.

    Parameters
    ----------
    paths : what `capture` is given.
    is_dry_run : nothing is published, so that there is nothing to tell of `load`.
    """
    if not is_configured(run):
        yield
        return
    teller = _Teller(run, list(paths))
    teller.begin()
    try:
        yield
    except Exception as error:
        # a batch that was stopped went through all stages but the last, and what its checks found is why
        teller.end(STAGES[:-1] if isinstance(error, BatchStopped) else (), error)
        raise
    teller.end(STAGES[:-1] if is_dry_run else STAGES)


def is_configured(run: Run) -> bool:
    """Whether it is said where events go."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return bool(run.options.openlineage_file) or is_configured_by_environment()


def is_configured_by_environment() -> bool:
    """Whether variables of OpenLineage's client say where events go."""
    return any(value and name.startswith(_CONFIGURED_BY) for name, value in os.environ.items())


class _Teller:
    """The events of one run. After one that could not be sent there is no other: each would wait for the same dead server."""

    def __init__(self, run: Run, paths: list[Path]):
        self._run = run
        self._paths = paths
        self._client: OpenLineageClient | None = None
        self._is_mute = False

    def begin(self) -> None:
        self._tell(lambda: [self._event(None, "START", self._run.started_at)])

    def end(self, stages: Iterable[str], error: Exception | None = None) -> None:
        self._tell(lambda: (event for stage in stages for event in self._stage_events(stage)))
        self._tell(lambda: [self._event(None, "FAIL" if error else "COMPLETE", datetime.now(UTC), error=error)])

    def _stage_events(self, stage: str) -> "Iterator[RunEvent]":
        from broadsheet.lineage.datasets import stage_lineage

        began_at, ended_at = _times(self._run, stage)
        yield self._event(stage, "START", began_at)
        event = self._event(stage, "COMPLETE", ended_at)
        lineage = stage_lineage(self._run, stage, paths=self._paths)
        event.inputs, event.outputs = lineage.inputs, lineage.outputs
        event.run.facets = {**(event.run.facets or {}), **lineage.run_facets}
        yield event

    def _event(self, stage: str | None, state: str, at: datetime, error: Exception | None = None) -> "RunEvent":
        from openlineage.client.event_v2 import Job, RunEvent, RunState
        from openlineage.client.event_v2 import Run as JobRun
        from openlineage.client.facet_v2 import RunFacet, error_message_run, job_type_job, parent_run, processing_engine_run
        from openlineage.client.uuid import generate_static_uuid

        from broadsheet.lineage.datasets import run_facets

        def run_id_of(part: str | None) -> str:  # the same however often it is told
            return str(generate_static_uuid(self._run.started_at, f"{self._run.lake} {self._run.run_id} {part}".encode()))

        namespace = os.environ.get("OPENLINEAGE_NAMESPACE", "default")
        facets: dict[str, RunFacet] = {
            **run_facets(self._run),
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(version=__version__, name="Broadsheet"),
        }
        if stage:
            facets["parent"] = parent_run.ParentRunFacet(parent_run.Run(run_id_of(None)), parent_run.Job(namespace, JOB))
        if error:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(message=str(error), programmingLanguage="PYTHON")
        kind = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="BROADSHEET", jobType="TASK" if stage else "JOB")
        return RunEvent(
            eventType=RunState[state],
            eventTime=at.isoformat(),
            run=JobRun(run_id_of(stage), facets),
            job=Job(namespace, f"{JOB}.{stage}" if stage else JOB, {"jobType": kind}),
            producer=PRODUCER,
        )

    def _tell(self, events: "Callable[[], Iterable[RunEvent]]") -> None:
        if self._is_mute:
            return
        try:
            self._client = self._client or _client(self._run.options.openlineage_file)
            for event in events():
                self._client.emit(event)
        except Exception as error:  # transports raise what their libraries raise, and the run is worth more than what is told of it
            self._is_mute = True
            log.warning("No more lineage events of this run: %s: %s", type(error).__name__, error)


def _times(run: Run, stage: str) -> tuple[datetime, datetime]:
    """When a stage began and ended: as its shards tell, or the summary of the run if it is the load."""
    if stage == STAGES[-1]:
        summary = stored_summary(run.lake, run.run_id)
        ended_at = datetime.fromisoformat(summary["finished_at"])
        return ended_at - timedelta(seconds=summary["seconds"][stage]), ended_at
    spans = [(o.started_at, o.started_at + timedelta(seconds=o.seconds)) for o in outcomes_of(run) if o.stage == stage]
    return min((began for began, _ in spans), default=run.started_at), max((ended for _, ended in spans), default=run.started_at)


def _client(file: Path | None) -> "OpenLineageClient":
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.file import FileConfig, FileTransport

    # the directory that one happens to be in says nothing of where this program's source is
    config = {"facets": {"source_code_location": {"disabled": True}}}
    if file is None:
        return OpenLineageClient(config=config)
    file.parent.mkdir(parents=True, exist_ok=True)
    return OpenLineageClient(config=config, transport=FileTransport(FileConfig(log_file_path=str(file), append=True)))
