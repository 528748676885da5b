"""A job given to `spark-submit`, which lies in an environment of its own, and waited for."""

import os
import shutil
import subprocess
from pathlib import Path

from broadsheet.errors import BroadsheetError, ConfigurationError

_INCLUDE = Path(__file__).parents[3]
_TOLD_LINES = 30


def submit(application: Path, arguments: list[str], log: Path, memory_mb: int) -> None:
    """Run a job on the cluster that `BROADSHEET_SPARK_MASTER` names; on this machine's cores without it. What Spark says goes to the log.

    `BROADSHEET_SPARK_SUBMIT` names spark-submit, `BROADSHEET_SPARK_PROPERTIES_FILE` a file of Spark's properties: memory, cores, queue.

    Parameters
    ----------
    memory_mb : MiB for the driver, which does all where there is no cluster; the properties file goes before it.

    Raises ConfigurationError where there is no `spark-submit` or no Java, BroadsheetError where the job fails.
    """
    program = _program()
    master, properties = os.environ.get("BROADSHEET_SPARK_MASTER") or "local[*]", os.environ.get("BROADSHEET_SPARK_PROPERTIES_FILE")
    command = [
        str(program), "--master", master, f"--conf=spark.executorEnv.PYTHONPATH={_INCLUDE}",
        *(["--properties-file", properties] if properties else [f"--driver-memory={memory_mb}m"]),
        str(application), *arguments,
    ]  # fmt: skip
    with log.open("wb") as kept:
        ended = subprocess.run(command, env=_environment(program, master), stdin=subprocess.DEVNULL, stdout=kept, stderr=kept, check=False).returncode
    if ended:
        told = "\n".join(log.read_text("utf-8", "replace").splitlines()[-_TOLD_LINES:])
        raise BroadsheetError(f"spark-submit ended with {ended}; the last that it said:\n{told}")


def _program() -> Path:
    beside = _INCLUDE.parent / ".venv-spark" / "bin" / "spark-submit"
    found = os.environ.get("BROADSHEET_SPARK_SUBMIT") or (beside if beside.exists() else shutil.which("spark-submit"))
    if found is None or not os.access(found, os.X_OK):
        raise ConfigurationError(f"there is no {found or 'spark-submit'}: `make .venv-spark/ready`, or name one as BROADSHEET_SPARK_SUBMIT")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise ConfigurationError("Spark needs Java 17 or later, and there is no `java`: install it, or set JAVA_HOME")
    return Path(found).absolute()


def _environment(program: Path, master: str) -> dict[str, str]:
    """The Python beside spark-submit, with this package, and the loopback address where all is on this machine."""
    inherited = dict(os.environ)
    own = {"PYTHONPATH": os.pathsep.join(filter(None, [str(_INCLUDE), inherited.get("PYTHONPATH")]))}
    if (python := program.parent / "python").exists() and "PYSPARK_PYTHON" not in inherited:
        own |= {"PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    if master.startswith(("local", "spark://127.0.0.1")):
        own["SPARK_LOCAL_IP"] = inherited.get("SPARK_LOCAL_IP", "127.0.0.1")
    return inherited | own
