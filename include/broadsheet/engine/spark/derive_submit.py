"""A job that derives, given to `spark-submit` and waited for."""

import os
import subprocess
from pathlib import Path

from broadsheet.engine.spark.submit import configuration, environment, submit_program
from broadsheet.errors import BroadsheetError
from broadsheet.settings import read_spark_settings

_TOLD_LINES = 30


def submit(application: Path, arguments: list[str], log: Path, memory_mb: int) -> None:
    """Run a job on the cluster that `BROADSHEET_SPARK_MASTER` names; on this machine's cores without it. What Spark says goes to the log.

    Parameters
    ----------
    memory_mb : MiB for the driver, which does all where there is no cluster; a properties file goes before it.

    Raises ConfigurationError where there is no `spark-submit` or no Java, BroadsheetError where the job fails.
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
        ended = subprocess.run(command, env=given, stdin=subprocess.DEVNULL, stdout=kept, stderr=kept, check=False).returncode
    if ended:
        told = "\n".join(log.read_text("utf-8", "replace").splitlines()[-_TOLD_LINES:])
        raise BroadsheetError(f"spark-submit ended with {ended}; the last that it said:\n{told}")
