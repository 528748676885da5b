"""The guarded pool: work on hostile pages in child processes, each page with a deadline and a memory limit.

A page that hangs, crashes the interpreter or eats memory costs one `Failure`; everything else comes out, in the order it went in. The
guard starts one process that loads the work (`nursery.py`), has children forked from it, streams pages to them ahead of need, and
watches on a board in shared memory which page each is at. Plain `subprocess` and sockets: multiprocessing forbids children to daemonic
processes, as Airflow's and Celery's are, and a fork of a process with threads may lock up.

Why not a library: docs/architecture.md, "The guard".
"""

import atexit
import contextlib
import json
import mmap
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from broadsheet.engine import nursery
from broadsheet.engine.nursery import ANSWER, COMMAND, DONE, IDLE, OUT_OF_MEMORY, PLACE, PLACES, STARTING, TASK
from broadsheet.errors import TransientError

T = TypeVar("T")

PAGE_TIMEOUT, PAGE_CRASHED, PAGE_OUT_OF_MEMORY = "page_timeout", "page_crashed", "page_out_of_memory"

# Pages, and bytes of pages, that a child has before it: enough that it never waits, few enough to be sent again when it dies.
_AHEAD, _AHEAD_BYTES = 50, 8 << 20
# Pages whose outcome is held until those before them are through, for each child.
_HELD = 2 * _AHEAD
# A page up to this size is copied to go out in one call with its header.
_COPIED = 32 << 10
# Another child is forked when every other one has so many pages before it.
_FORK_AT = 8
# Deaths in a row without a page under work: then the fault is not in a page.
_IDLE_DEATHS = 3
_TICK = 0.25  # seconds between two looks at the board
_BOOT = "import json, sys; a = json.loads(sys.argv[1]); sys.path[:] = a[3]; from broadsheet.engine.nursery import main; main(*a)"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may take: seconds from its beginning, and bytes above what a child has when it starts (0: any; Linux only)."""

    page_seconds: float = 20.0
    page_memory_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Failure:
    """A page's work did not end: `reason` from `quality.reasons` (page_timeout, page_crashed, page_out_of_memory)."""

    reason: str
    detail: str


class WorkFault(RuntimeError):
    """The work itself raised, or cannot be loaded: a fault of the program. The message holds its traceback."""


def guarded(
    work: str, jobs: Iterable[tuple[T, bytes | None]], *, limits: Limits | None = None, workers: int = 1
) -> Generator[tuple[T, bytes | Failure | None], None, None]:
    """Do the work on each job's bytes; yields (what came with the job, answer or failure), in the order of the jobs.

    A page that crashes or runs out of memory is tried once more in a new child, so that neither damage that an earlier page left nor a
    signal from outside is held against it.

    Parameters
    ----------
    work : `package.module:function` that returns the function bytes -> bytes; see `nursery.main`.
    jobs : pairs; a job whose bytes are None passes through in its place. Read ahead of what is yielded, by about 100 for each child.
    workers : children at most; fewer are forked while there is little to do.

    Raises
    ------
    WorkFault : the work raised, or cannot be loaded, or children die without a page under work.
    TransientError : the process that children are forked from was killed.
    """
    pool = _Pool[T](_borrow(work), limits or Limits(), max(1, min(workers, PLACES)))
    try:
        yield from pool.run(iter(jobs))
        pool.dismiss()
    except BaseException:
        pool.source.close()
        raise
    finally:
        pool.close()
    _give_back(pool.source)


def prepare(work: str) -> None:
    """Begin to load the work in the background; the next `guarded` with it finds it loaded, or on its way."""
    _give_back(_borrow(work))


# --- the pool ------------------------------------------------------------------------------------------------------------


class _Job(Generic[T]):
    __slots__ = ("answer", "attempts", "is_done", "item", "number", "payload")

    def __init__(self, number: int, item: T, payload: bytes | None) -> None:
        self.number = number
        self.item = item
        self.payload = payload
        self.answer: bytes | Failure | None = None
        self.attempts = 0
        self.is_done = payload is None

    def finish(self, answer: bytes | Failure) -> None:
        self.answer, self.payload, self.is_done = answer, None, True


class _Worker(Generic[T]):
    """The guard's end of one child."""

    def __init__(self, child: int, channel: socket.socket) -> None:
        self.child = child
        self.channel = channel
        self.ahead: deque[_Job[T]] = deque()  # sent or to be sent, and not answered
        self.ahead_bytes = 0
        self.outbox: deque[memoryview] = deque()
        self.inbox = bytearray()
        self.seen = IDLE  # page at the last look
        self.spent = 0.0  # seconds that it was seen at it
        self.expired: int | None = None  # page that it is killed for
        self.memory_place: str | None = None  # where memory ran out
        self.is_watched_for_write = False


class _Pool(Generic[T]):
    def __init__(self, source: "_Nursery", limits: Limits, size: int) -> None:
        self.source = source
        self.limits = limits
        self.size = size
        self.tick = min(_TICK, limits.page_seconds / 4)
        self.pending: deque[_Job[T]] = deque()  # in the order of the input
        self.workers: dict[int, _Worker[T]] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(source.control, selectors.EVENT_READ, None)
        self.idle_deaths = 0
        self.looked_at = time.monotonic()

    def run(self, jobs: Iterator[tuple[T, bytes | None]]) -> Generator[tuple[T, bytes | Failure | None], None, None]:
        count, is_more, pending = 0, True, self.pending
        while True:
            worker = self.free_worker() if is_more and len(pending) < _HELD * self.size else None
            if worker:
                try:
                    item, payload = next(jobs)
                except StopIteration:
                    is_more = False
                else:
                    job = _Job(count, item, payload)
                    count += 1
                    pending.append(job)
                    if payload is not None:
                        self.send(worker, job)
            while pending and pending[0].is_done:
                job = pending.popleft()
                yield job.item, job.answer
            if not pending and not is_more:
                return
            if pending:
                self.wait(0 if worker and is_more else self.tick)

    def free_worker(self) -> _Worker[T] | None:
        """The child with the fewest pages before it; None when all have enough."""
        best = min(self.workers.values(), key=lambda worker: len(worker.ahead), default=None)
        if best is None or (len(best.ahead) >= _FORK_AT and len(self.workers) < self.size):
            return self.fork()
        return best if len(best.ahead) < _AHEAD and (best.ahead_bytes < _AHEAD_BYTES or not best.ahead) else None

    def fork(self) -> _Worker[T]:
        child, channel = self.source.fork(self.limits.page_memory_bytes)
        worker = _Worker[T](child, channel)
        self.workers[child] = worker
        self.selector.register(channel, selectors.EVENT_READ, worker)
        return worker

    def send(self, worker: _Worker[T], job: _Job[T]) -> None:
        payload = job.payload or b""
        worker.ahead.append(job)
        worker.ahead_bytes += len(payload)
        head = TASK.pack(job.number, len(payload))
        worker.outbox.extend((memoryview(head), memoryview(payload)) if len(payload) > _COPIED else (memoryview(head + payload),))
        self.flush(worker)

    def flush(self, worker: _Worker[T]) -> None:
        """Send as much as the socket takes."""
        outbox = worker.outbox
        try:
            while outbox:
                sent = worker.channel.send(outbox[0])
                if sent < len(outbox[0]):
                    outbox[0] = outbox[0][sent:]
                else:
                    outbox.popleft()
        except BlockingIOError:
            pass
        except OSError:  # it died; its end is reported
            outbox.clear()
        if bool(outbox) != worker.is_watched_for_write:
            worker.is_watched_for_write = bool(outbox)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if outbox else 0)
            self.selector.modify(worker.channel, events, worker)

    def wait(self, seconds: float) -> None:
        """Let things happen for at most so many seconds, and take note of them."""
        for key, events in self.selector.select(seconds):
            worker = key.data
            if worker is None:
                for report in self.source.reports():
                    self.bury(report)
            elif worker.child in self.workers:
                if events & selectors.EVENT_READ:
                    self.receive(worker)
                if events & selectors.EVENT_WRITE:
                    self.flush(worker)
        if (now := time.monotonic()) - self.looked_at >= self.tick:
            self.look(now)

    def receive(self, worker: _Worker[T]) -> bool:
        """Take what a child has sent. False at the end of it."""
        try:
            data = worker.channel.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            if worker.channel.fileno() in self.selector.get_map():
                self.selector.unregister(worker.channel)
            worker.outbox.clear()  # nobody takes it; its pages go to other children when its end is reported
            worker.is_watched_for_write = False
            return False
        inbox = worker.inbox
        inbox += data
        start, size = 0, len(inbox)
        while size - start >= ANSWER.size:
            number, status, length = ANSWER.unpack_from(inbox, start)
            end = start + ANSWER.size + length
            if size < end:
                break
            self.answer(worker, number, status, bytes(inbox[start + ANSWER.size : end]))
            start = end
        del inbox[:start]
        return True

    def answer(self, worker: _Worker[T], number: int, status: int, content: bytes) -> None:
        job = worker.ahead[0]
        if job.number != number:
            raise WorkFault(f"a child answered page {number} when {job.number} was due")
        if status == OUT_OF_MEMORY:
            worker.memory_place = content.decode("utf-8", "replace")
        elif status != DONE:
            raise WorkFault(content.decode("utf-8", "replace"))
        else:
            self.idle_deaths = 0
            worker.ahead.popleft()
            worker.ahead_bytes -= len(job.payload or b"")
            job.finish(content)

    # --- what goes wrong ---------------------------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Find pages that are over their time. Only time in which the guard itself ran counts: a stopped or suspended machine, or a
        consumer that takes its time, is not the page's fault."""
        passed = min(now - self.looked_at, 2 * self.tick)
        self.looked_at = now
        for worker in self.workers.values():
            number, since = self.source.at(worker.child)
            if number == IDLE or worker.expired is not None or not worker.ahead:
                worker.seen = IDLE
            elif number != worker.seen:
                worker.seen, worker.spent = number, min(passed, max(now - since, 0.0))
            else:
                worker.spent += passed
                if worker.spent >= self.limits.page_seconds and number != STARTING:
                    worker.expired = number
                    self.source.kill(worker.child)

    def bury(self, report: dict[str, Any]) -> None:
        """A child ended: settle the page it was at, and let a new child go on with the rest."""
        worker = self.workers.get(report["child"])
        if worker is None:
            return  # of an earlier call
        worker.channel.setblocking(True)
        while self.receive(worker):
            pass
        worker.channel.close()
        del self.workers[worker.child]
        number, _ = self.source.at(worker.child)
        rest = list(worker.ahead)
        if worker.memory_place is not None or (rest and rest[0].number == number):
            self.settle(worker, rest[0], report)
        else:
            self.idle_deaths += 1
            if self.idle_deaths >= _IDLE_DEATHS:
                raise WorkFault(f"children end without a page under work: {_account(report)}")
        rest = [job for job in rest if not job.is_done]
        if rest:
            heir = self.fork()
            for job in rest:
                self.send(heir, job)

    def settle(self, worker: _Worker[T], job: _Job[T], report: dict[str, Any]) -> None:
        job.attempts += 1
        if worker.expired == job.number:
            job.finish(Failure(PAGE_TIMEOUT, f"no answer within {self.limits.page_seconds:g} s{_where(report['log'])}"))
        elif job.attempts > 1:
            if worker.memory_place is not None:
                mib = self.limits.page_memory_bytes / (1 << 20)
                job.finish(Failure(PAGE_OUT_OF_MEMORY, f"more than {mib:g} MiB, at {worker.memory_place}"))
            else:
                job.finish(Failure(PAGE_CRASHED, _account(report)))

    def dismiss(self) -> None:
        """All is done: let the children go."""
        for worker in self.workers.values():
            with contextlib.suppress(OSError):  # an explicit end: a forked process may hold a copy of the socket
                worker.channel.send(TASK.pack(nursery.END, 0))

    def close(self) -> None:
        for worker in self.workers.values():
            worker.channel.close()
        self.selector.close()


def _account(report: dict[str, Any]) -> str:
    code = report["code"]
    try:
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    except ValueError:
        how = f"killed by signal {-code}"
    return how + _where(report["log"])


def _where(log: str) -> str:
    """The innermost frames that faulthandler wrote down: `, at file.py:12 in f < file.py:30 in g`."""
    frames = []
    for line in log.splitlines():
        head, _, name = line.strip().rpartition(" in ")
        if head.startswith('File "'):
            file, _, number = head.removeprefix('File "').partition('", line ')
            frames.append(f"{os.path.basename(file)}:{number} in {name}")  # noqa: PTH119  # text, not a path here
    return f", at {' < '.join(frames[:4])}" if frames else ""


# --- the process that children are forked from -------------------------------------------------------------------------------


class _Nursery:
    """The guard's end of one nursery."""

    def __init__(self, work: str) -> None:
        self.work = work
        self.children = 0
        self.partial = b""
        self.control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as shared:
            shared.truncate(PLACES * PLACE.size)
            self.board = mmap.mmap(shared.fileno(), PLACES * PLACE.size)
            arguments = json.dumps([theirs.fileno(), shared.fileno(), work, sys.path])
            self.process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, arguments],
                pass_fds=(theirs.fileno(), shared.fileno()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        self.control.setblocking(False)
        _alive.add(self)

    def at(self, child: int) -> tuple[int, float]:
        """Page that a child is at, and since when."""
        return PLACE.unpack_from(self.board, child % PLACES * PLACE.size)

    def fork(self, memory: int) -> tuple[int, socket.socket]:
        self.children += 1
        child = self.children
        ours, theirs = socket.socketpair()
        PLACE.pack_into(self.board, child % PLACES * PLACE.size, STARTING, time.monotonic())
        with theirs:
            self.command(COMMAND.pack(b"f", child, memory), [theirs.fileno()])
        ours.setblocking(False)
        return child, ours

    def kill(self, child: int) -> None:
        self.command(COMMAND.pack(b"k", child, 0), [])

    def command(self, content: bytes, fds: list[int]) -> None:
        try:
            self.control.setblocking(True)
            socket.send_fds(self.control, [content], fds)
        except OSError as error:
            list(self.reports())  # raises with what it had to say, if anything
            raise TransientError(f"the process that reads pages is gone: {error}") from error
        finally:
            self.control.setblocking(False)

    def reports(self) -> Iterator[dict[str, Any]]:
        """Ends of children since the last call. Raises WorkFault when the work could not be loaded, TransientError when the nursery is gone."""
        try:
            data = self.control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "fault" in message:
                raise WorkFault(message["fault"])
            yield message
        if not data:
            raise TransientError(f"the process that reads pages is gone: code {self.process.wait()}")

    def close(self) -> None:
        """End it and all its children."""
        _alive.discard(self)
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the children die with it
            self.process.wait()

    def forget(self) -> None:
        """In a process forked from the guard's: its copy of the socket must not keep the nursery alive."""
        self.control.close()
        self.process.returncode = 0  # not its child


# One is kept for the next call with the same work: a run's shards are extracted one after the other.
_kept: list[_Nursery] = []
_lock = threading.Lock()
_alive: weakref.WeakSet[_Nursery] = weakref.WeakSet()


def _borrow(work: str) -> _Nursery:
    with _lock:
        found = next((source for source in _kept if source.work == work), None)
        if found:
            _kept.remove(found)
    if found and found.process.poll() is not None:
        found.close()
        found = None
    return found or _Nursery(work)


def _give_back(source: _Nursery) -> None:
    with _lock:
        surplus, _kept[:] = _kept[:], [source]
    for other in surplus:
        other.close()


@atexit.register
def release() -> None:
    """End the process that is kept for the next call, if there is one."""
    while _kept:
        _kept.pop().close()


def _forget_all() -> None:
    global _lock
    _lock = threading.Lock()
    _kept.clear()
    for source in _alive:
        source.forget()
    _alive.clear()


os.register_at_fork(after_in_child=_forget_all)
