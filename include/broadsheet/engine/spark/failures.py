"""What ends a driver, told by its kind to whoever submitted it: Spark's own errors hold in a text what went wrong on other machines."""

from broadsheet.engine.faults import Told, told
from broadsheet.transient import FULL, is_disk_full

# What Spark says of its context, by what it was asked for next, where no master answers or takes the application any more.
STOPPED = ("Cannot call methods on a stopped SparkContext", "SparkContext has been shutdown", "Spark context stopped")
# How Spark tells that machines and processes were lost, as often as it tries again.
LOST = (
    "TransientError", "ExecutorLostFailure", "exited unexpectedly", "was shut down", "unresponsive", "Connection refused", "Py4JNetworkError",
    "FetchFailed", "Missing an output location", *STOPPED,
)  # fmt: skip
_LAST_LINES = 30  # of a log, that an error has
GIVEN_UP = "Spark gave up: the cluster does not answer, or does not take the application any more; its log tells more"


def is_sparks(error: BaseException) -> bool:
    """Whether Spark raised it."""
    return type(error).__module__.startswith(("py4j", "pyspark"))


def last_lines(log: str) -> str:
    """The end of a log, as an error tells it."""
    return "\n".join(log.splitlines()[-_LAST_LINES:])


def told_by_driver(error: BaseException) -> Told:
    """As `faults.told`; what Spark raises for processes and machines that were lost, and for disks that are full, is transient."""
    if is_sparks(error):
        text = f"{type(error).__name__}: {error}"
        if "ConfigurationError: " in text:
            return Told("configuration", text.rpartition("ConfigurationError: ")[2].split("\n")[0])
        if any(sign in text for sign in STOPPED):
            return Told("transient", GIVEN_UP)
        if any(sign in text for sign in (*LOST, *FULL)):
            return Told("transient", f"Spark gave up: {text[:2000]}")
    if is_disk_full(error):
        return Told("transient", f"the disk is full: {error}")
    return told(error)
