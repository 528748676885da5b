"""Spark as the engine of a run: its driver submitted with `spark-submit`, which lies in an environment of its own."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import broadsheet
from broadsheet.engine.attempts import program
from broadsheet.engine.engines import Progress
from broadsheet.engine.spark import state
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ATTEMPTS
from broadsheet.runs import Run
from broadsheet.settings import SparkSettings, read_spark_settings

# A driver that was lost is submitted again; each goes on where the one before ended.
TRIES = 3
_INCLUDE = Path(broadsheet.__file__).resolve().parents[1]
_STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1

APPLICATION = Path(__file__).parent / "app" / "by_shard.py"


class Spark:
    """A job of one task a shard on the cluster that `BROADSHEET_SPARK_MASTER` names; this machine's cores without it.

    Raises ConfigurationError where there is no `spark-submit` or no Java.
    """

    def __init__(self) -> None:
        self.settings = read_spark_settings()
        self.program = submit_program(self.settings)

    def prepare(self, captures: int) -> None:
        pass

    def spread(self, run: Run, shards: Sequence[int], report: Progress) -> None:
        """All shards that are staged. The log is `attempts/spark.log` in the run's staging."""
        for last in (number == TRIES for number in range(1, TRIES + 1)):
            error = self._submit(run, report)
            if error is None:
                return
            if last or not isinstance(error, TransientError):
                raise error

    def _submit(self, run: Run, report: Progress) -> Exception | None:
        """Submit a driver and wait for it. Returns why it did not do its work."""
        log = run.where.staging(run.run_id, ATTEMPTS) / "spark.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        token = state.begin(run)
        settings = self.settings
        command = [
            str(self.program), "--master", settings.master, "--name", f"broadsheet {run.run_id}",
            *(f"--conf={name}={value}" for name, value in configuration().items()),
            *(["--properties-file", str(settings.properties_file)] if settings.properties_file else []),
            str(APPLICATION), *arguments(run, token),
        ]  # fmt: skip
        with log.open("w", encoding="utf-8") as kept:
            driver = subprocess.Popen(
                command, env=os.environ | environment(settings.master, self.program), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=kept,
                text=True, errors="replace", preexec_fn=end_with_parent,
            )  # fmt: skip
            try:
                assert driver.stdout is not None
                for line in driver.stdout:
                    if line.startswith(state.PROGRESS):
                        done, _, of = line.removeprefix(state.PROGRESS).partition(" of ")
                        report("shards", int(done), int(of))
                    else:
                        kept.write(line)
                        kept.flush()
                driver.wait()
            finally:
                end(driver)
        return state.error_of(run, token, log.read_text("utf-8", "replace"), is_failed=driver.returncode != 0)


def arguments(run: Run, token: str) -> list[str]:
    """Of the driver; `token` is that of its submission."""
    return [run.lake, run.run_id, program(), token]


def configuration() -> dict[str, str]:
    """Spark's properties that a run needs; those of the properties file go behind them."""
    return {
        # An executor that is lost costs an attempt; faults of the program are told, and not tried again.
        "spark.task.maxFailures": "4",
        "spark.executorEnv.PYTHONPATH": _python_path(),
        "spark.ui.showConsoleProgress": "false",
    }


def environment(master: str, program: Path) -> dict[str, str]:
    """What `spark-submit` needs in its environment: the Python beside it, this package, and the loopback address where all is on this machine."""
    own = {"PYTHONPATH": _python_path()}
    if (python := program.parent / "python").exists() and "PYSPARK_PYTHON" not in os.environ:
        own |= {"PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}
    if master.startswith(("local", "spark://127.0.0.1")) and "SPARK_LOCAL_IP" not in os.environ:
        own["SPARK_LOCAL_IP"] = "127.0.0.1"
    return own


def _python_path() -> str:
    """Of the driver and the executors: this package, then what this process has."""
    return os.pathsep.join(filter(None, [str(_INCLUDE), os.environ.get("PYTHONPATH")]))


def submit_program(settings: SparkSettings) -> Path:
    """`spark-submit`: the one of the settings, of `.venv-spark` beside this package, or of the path.

    Raises ConfigurationError where there is none, or no Java.
    """
    beside = _INCLUDE.parent / ".venv-spark" / "bin" / "spark-submit"
    found = settings.submit or (beside if beside.exists() else shutil.which("spark-submit"))
    if found is None or not os.access(found, os.X_OK):
        raise ConfigurationError(f"there is no {found or 'spark-submit'}: `make .venv-spark/ready`, or name one as BROADSHEET_SPARK_SUBMIT")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise ConfigurationError("Spark needs Java 17 or later, and there is no `java`: install it, or set JAVA_HOME")
    return Path(found).absolute()


def end_with_parent() -> None:
    """In a process that is begun, before its program: be ended when the one that began it is gone, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end(process: subprocess.Popen) -> None:
    """End a process that may still run."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
