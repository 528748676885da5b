"""A job that derives, given to `spark-submit` and waited for."""

import os
import signal
import subprocess
from pathlib import Path

import msgspec

from broadsheet.engine.faults import FAULT, Told
from broadsheet.engine.spark.failures import LOST, last_lines
from broadsheet.engine.spark.submit import configuration, end, end_with_parent, environment, submit_program
from broadsheet.errors import BroadsheetError, TransientError
from broadsheet.settings import read_spark_settings
from broadsheet.transient import FULL

# How `spark-submit` ends when it, or the driver below it, is killed.
_KILLED = {code for sent in (signal.SIGKILL, signal.SIGTERM) for code in (-sent, 128 + sent)}


def submit(application: Path, arguments: list[str], log: Path, failure: Path, memory_mb: int) -> None:
    """Run a job on the cluster that `BROADSHEET_SPARK_MASTER` names; on this machine's cores without it. What Spark says goes to the log.

    Parameters
    ----------
    failure : where the job tells, as `Told`, why it ended, if it could.
    memory_mb : MiB for the driver, which does all where there is no cluster; a properties file goes before it.

    Raises ConfigurationError where there is no `spark-submit` or no Java, TransientError where it, machines or processes of it were lost or a disk is
    full, BroadsheetError where the job fails otherwise.
    """
    settings = read_spark_settings()
    program = submit_program(settings)
    command = [
        str(program), "--master", settings.master, "--name", "broadsheet derive",
        *(f"--conf={name}={value}" for name, value in configuration().items()),
        *(["--properties-file", str(settings.properties_file)] if settings.properties_file else [f"--driver-memory={memory_mb}m"]),
        str(application), *arguments,
    ]  # fmt: skip
    given = os.environ | environment(settings.master, program)
    with log.open("wb") as kept:
        job = subprocess.Popen(command, env=given, stdin=subprocess.DEVNULL, stdout=kept, stderr=kept, preexec_fn=end_with_parent)
        try:
            ended = job.wait()
        finally:
            end(job)
    if ended:
        raise _error(ended, log.read_text("utf-8", "replace"), failure)


def _error(ended: int, log: str, failure: Path) -> Exception:
    """Why the job ended. What Spark said on its way counts only where the job did not come to tell: executors that are lost are replaced."""
    last = f"the last that it said:\n{last_lines(log)}"
    try:
        told = msgspec.json.decode(failure.read_bytes(), type=Told)
    except FileNotFoundError:
        is_passing = ended in _KILLED or any(sign in log for sign in (*LOST, *FULL))
        return (TransientError if is_passing else BroadsheetError)(f"spark-submit ended with {ended}; {last}")
    kind = BroadsheetError if told.kind == FAULT else type(told.error())
    return kind(f"spark-submit ended with {ended}: {told.message}\n{last}")
