"""The engine of one machine: processes over shards, each with its guarded children (`guard.py`). Small runs are done in one process."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from functools import partial
from multiprocessing import forkserver, get_context
from shlex import quote

from broadsheet.engine.engines import Progress
from broadsheet.errors import TransientError
from broadsheet.pipeline import BY_SHARD
from broadsheet.runs import Run, is_reparse, is_replay, outcomes_of

# Below this many captures a process pool costs more than it saves.
POOL_FROM = 2000


class Pool:
    """All shards of one stage before the next; in `workers` processes at most, by default one a core where that is quicker.

    Raises TransientError where one of them is killed.
    """

    def __init__(self, workers: int | None = None):
        self.workers = workers

    def prepare(self, captures: int) -> None:
        if captures >= POOL_FROM and self.workers != 1:
            _begin_processes()

    def spread(self, run: Run, shards: Sequence[int], report: Progress) -> None:
        with self._processes(run, len(shards)) as pool:
            for stage in BY_SHARD:
                results = pool.map(partial(stage, run), shards) if pool else map(partial(stage, run), shards)
                try:
                    for done, _ in enumerate(results, start=1):
                        report(stage.__name__, done, len(shards))
                except BrokenProcessPool as error:
                    raise TransientError(_killed(run, stage.__name__)) from error

    def _processes(self, run: Run, shard_count: int):
        """A process pool over shards, or None where one process is quicker."""
        outcomes = list(outcomes_of(run))
        captures = outcomes[0].new_count if outcomes else 0
        count = min(self.workers or (os.cpu_count() or 1 if captures >= POOL_FROM else 1), shard_count)
        if count <= 1:
            return nullcontext()
        _begin_processes()
        return ProcessPoolExecutor(count, mp_context=get_context("forkserver"))


def _killed(run: Run, stage: str) -> str:
    """What to tell of a process that was killed: Linux does so to the largest one where memory is short."""
    told = f"a process of run {run.run_id} was killed in {stage}, maybe for want of memory (fewer --workers take less)"
    if is_reparse(run) or is_replay(run):
        return f"{told}; nothing was published: begin it again"
    left = [other.__name__ for other in BY_SHARD]
    commands = [f"broadsheet {name} --lake {quote(run.where.name)} --run {run.run_id}" for name in (*left[left.index(stage) :], "load")]
    return f"{told}. What was done is kept; to go on (a dry run's `load` with --dry-run): `{' && '.join(commands)}`"


def _begin_processes() -> None:
    """Begin the process that a pool's workers are forked from. It imports for all of them what takes seconds, beside a capture that goes on."""
    get_context("forkserver").set_forkserver_preload(["__main__", "broadsheet.quality.gx"])
    forkserver.ensure_running()
