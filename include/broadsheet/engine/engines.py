"""The engines: who takes a run's shards through extract, transform and validate.

Whoever does it, the stages are those of `pipeline`, with the same kernel, ids and checks, and leave the same files in staging. Which engine a run
has is the setting `engine`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from broadsheet.engine.names import EngineName
from broadsheet.runs import Run
from broadsheet.settings import Settings

Progress = Callable[[str, int, int], None]  # stage, done, of


class Engine(Protocol):
    """What spreads the stages in the middle over a run's shards."""

    def prepare(self, captures: int) -> None:
        """Begin in the background what takes seconds, if so many captures, which are known so far, are worth it."""

    def spread(self, run: Run, shards: Sequence[int], report: Progress) -> None:
        """Take shards whose captures are staged through the stages in the middle; repeating it gives the same rows.

        Raises what the stages raise, the three kinds of errors apart.
        """


def engine_for(settings: Settings, workers: int | None = None) -> Engine:
    """The engine that settings ask for; `workers` is the greatest number of the pool's processes.

    Raises ConfigurationError where it cannot work on this machine.
    """
    if settings.engine is EngineName.process:
        from broadsheet.engine.process import InProcess

        return InProcess()
    if settings.engine is EngineName.spark:
        from broadsheet.engine.spark.submit import Spark

        return Spark()
    from broadsheet.engine.pool import Pool

    return Pool(workers)
