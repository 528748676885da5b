"""The driver: one task a shard, and what comes of each brought into staging as it comes."""

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from time import monotonic, sleep

from broadsheet.cli.exits import Exit
from broadsheet.engine.attempts import Attempts, Done, attempt, require_same_program
from broadsheet.engine.spark import state
from broadsheet.engine.spark.failures import GIVEN_UP, is_sparks, told_by_driver
from broadsheet.engine.spark.state import State
from broadsheet.errors import TransientError
from broadsheet.runs import Run, shards_of
from broadsheet.transient import held

# How long a driver waits for another one of its run, which nobody watches any more, to end.
OTHER_DRIVER_SECONDS = 4 * 3600.0
_LOOK_SECONDS = 0.5
# How long what an executor wrote may stay unseen: where it was looked for too early, a client of NFS says for up to a minute that it is not there.
_UNSEEN_SECONDS = 90.0
_CODES = {"transient": Exit.TRY_AGAIN, "configuration": Exit.USAGE, "stopped": Exit.STOPPED}


def main(lake: str, run_id: str, program: str, token: str) -> int:
    """Take all shards of a run through its stages. Returns the exit code, as the command line has it; `state.py` tells more, in the name of the
    submission that has this token."""
    run, parent = Run.open(lake, run_id), os.getppid()
    state.tell(run, token, State())
    try:
        require_same_program(program, "Spark's driver")
        with held(run.where.driver_lock(run_id), "another driver of the run", OTHER_DRIVER_SECONDS, is_given_up=lambda: os.getppid() != parent):
            _take_through(run, program)
    except Exception as error:
        failure = told_by_driver(error)
        state.tell(run, token, State(error=failure))
        print(failure.message, file=sys.stderr, flush=True)
        return _CODES.get(failure.kind, Exit.FAULT)
    state.tell(run, token, State(is_done=True))
    return Exit.DONE


def _take_through(run: Run, program: str) -> None:
    shards = shards_of(run)
    attempts = Attempts(run, shards)
    attempts.take_up()
    _tell_done(attempts)
    if attempts.left:
        from pyspark import SparkContext

        context = SparkContext.getOrCreate()
        try:
            _submit(context, run, program, attempts)
        except Exception as error:
            if is_sparks(error) and _is_stopped(context):  # whatever it was asked for when that came
                raise TransientError(GIVEN_UP) from error
            raise
        finally:
            with suppress(Exception):  # of a cluster that is gone: it would be told instead of what happened
                context.stop()
    attempts.clear()


def _submit(context, run: Run, program: str, attempts: Attempts) -> None:
    """Do what is left as one job. A fault that one shard tells of ends it for all."""
    left = [(shard, attempts.bases[shard]) for shard in attempts.left]
    tasks = context.parallelize(left, len(left)).map(partial(_do, run, program))
    with ThreadPoolExecutor(1) as thread:
        job = thread.submit(tasks.collect)
        try:
            _bring_in(job, attempts)
        except BaseException:
            with suppress(Exception):
                context.cancelAllJobs()
            raise
    if attempts.left:
        raise TransientError(f"what executors wrote of shards {attempts.left} is not to be seen here")


def _bring_in(job: Future, attempts: Attempts) -> None:
    """Bring in what has finished until the job has ended, and then what of it is not to be seen yet. Raises the job's error."""
    before = len(attempts.left)
    ended_at: float | None = None
    while ended_at is None or (attempts.left and monotonic() < ended_at + _UNSEEN_SECONDS):
        if ended_at is not None:
            sleep(_LOOK_SECONDS)
        elif wait([job], timeout=_LOOK_SECONDS).done:
            ended_at = monotonic()
        attempts.settle()
        if len(attempts.left) < before:
            before = len(attempts.left)
            _tell_done(attempts)
        if ended_at is not None:
            job.result()


def _do(run: Run, program: str, task: tuple[int, str]) -> Done:
    """In an executor."""
    require_same_program(program, "an executor")
    return attempt(run, *task)


def _is_stopped(context) -> bool:
    """Whether Spark stopped it by itself: no master answers, or takes the application any more."""
    try:
        return bool(context._jsc.sc().isStopped())
    except Exception:  # Java is gone: the error at hand tells
        return False


def _tell_done(attempts: Attempts) -> None:
    count = len(attempts.bases)
    print(f"{state.PROGRESS}{count - len(attempts.left)} of {count}", flush=True)
