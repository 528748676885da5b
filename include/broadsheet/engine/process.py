"""The engine for a debugger: a plain loop in this process, which reads the pages too. `breakpoint()` works anywhere.

Nothing guards it: a page that hangs hangs the run, and one that crashes its process crashes it.
"""

from collections.abc import Sequence

from broadsheet.engine.engines import Progress
from broadsheet.pipeline import BY_SHARD
from broadsheet.runs import Run


class InProcess:
    """One shard after the other. That pages are read here follows from the run's settings (`extracting.read_pages`)."""

    def prepare(self, captures: int) -> None:
        pass

    def spread(self, run: Run, shards: Sequence[int], report: Progress) -> None:
        for stage in BY_SHARD:
            for done, shard in enumerate(shards, start=1):
                stage(run, shard)
                report(stage.__name__, done, len(shards))
