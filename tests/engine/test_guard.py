"""The guarded pool: what hangs, crashes or eats memory costs one failure, and nothing else."""

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from broadsheet.engine import guard
from broadsheet.engine.guard import Failure, Limits, WorkFault, guarded

HERE = Path(__file__).parent
LIMITS = Limits(page_seconds=1.5, page_memory_bytes=200 << 20)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux only")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(HERE))
    yield
    guard.release()


def run(pages: list[bytes | None], *, limits: Limits = LIMITS, workers: int = 1, work: str = "evil_work:obedient") -> list[bytes | Failure | None]:
    answers = list(guarded(work, enumerate(pages), limits=limits, workers=workers))
    assert [item for item, _ in answers] == list(range(len(pages)))
    return [answer for _, answer in answers]


def reasons(answers: list[bytes | Failure | None]) -> list[str | None]:
    return [answer.reason if isinstance(answer, Failure) else None for answer in answers]


@pytest.mark.parametrize("workers", [1, 3])
def test_answers_come_in_the_order_of_the_pages(workers: int) -> None:
    pages = [f"page {number} ".encode() * (number % 97) for number in range(500)]
    assert run(pages, workers=workers) == [page * 2 for page in pages]


@pytest.mark.parametrize("size", [20_000, 100_000])
@pytest.mark.parametrize("page", [b"exit", b"hang"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_child_that_dies_with_more_before_it_than_a_buffer_holds_costs_one_failure(workers: int, page: bytes, size: int) -> None:
    pages = [b"a page " * (size // 7)] * 40
    pages[3] = page + b" " + b"x" * size
    answers = run(pages, workers=workers)
    assert [number for number, answer in enumerate(answers) if isinstance(answer, Failure)] == [3]


def test_what_is_left_early_leaves_no_file_open() -> None:
    def held() -> int:
        return sum(1 for _ in Path("/dev/fd").iterdir())

    counts = []
    gc.disable()  # it would close what is forgotten
    try:
        for _ in range(4):
            answers = guarded("evil_work:obedient", enumerate([b"x"] * 50), limits=LIMITS, workers=2)
            next(answers)
            answers.close()
            counts.append(held())
    finally:
        gc.enable()
    assert counts[-1] <= counts[0]


def test_pages_and_answers_larger_than_any_buffer_go_through() -> None:
    pages = [os.urandom(3_000_000), b"", b"x" * 9_000_000, b"y"]
    assert run(pages, workers=2) == [page * 2 for page in pages]


def test_no_pages_and_pages_that_pass_through() -> None:
    assert run([]) == []
    assert run([None, b"a", None]) == [None, b"aa", None]


@pytest.mark.parametrize(
    "page, reason, part",
    [
        (b"segfault", "page_crashed", "SIGSEGV, at evil_work.py:"),
        (b"exit", "page_crashed", "ended with code 3"),
        (b"hang", "page_timeout", "within 1.5 s, at evil_work.py:"),
        (b"spin", "page_timeout", " in _obey"),
        pytest.param(b"memory", "page_out_of_memory", "more than 200 MiB, at ", marks=linux_only),
    ],
)
def test_an_evil_page_costs_one_failure(page: bytes, reason: str, part: str) -> None:
    pages = [b"before", *[b"same"] * 20, page, *[b"after"] * 20]
    answers = run(pages)
    (failure,) = [answer for answer in answers if isinstance(answer, Failure)]
    assert answers.index(failure) == 21
    assert failure.reason == reason
    assert part in failure.detail
    assert [answer for answer in answers if isinstance(answer, bytes)] == [other * 2 for other in pages if other != page]


@linux_only
def test_four_hundred_pages_of_all_kinds_give_four_hundred_outcomes() -> None:
    evil = {b"segfault": 12, b"exit": 4, b"hang": 3, b"spin": 2, b"memory": 6}
    pages = [kind for kind, count in evil.items() for _ in range(count)]
    pages += [f"page {number} ".encode() * 50 for number in range(400 - len(pages))]
    random.Random(5).shuffle(pages)
    answers = run(pages, workers=2)
    assert len(answers) == 400
    assert all((answer == page * 2) == (page not in evil) for page, answer in zip(pages, answers, strict=True))
    assert Counter(reasons(answers)) == {None: 373, "page_crashed": 16, "page_timeout": 5, "page_out_of_memory": 6}


@linux_only
def test_a_page_does_not_pay_for_the_memory_that_those_before_it_left() -> None:
    assert reasons(run([b"leak 120"] * 5)) == [None] * 5


def test_a_signal_from_outside_is_not_held_against_the_page(tmp_path: Path) -> None:
    pages = [b"a", b"once " + os.fsencode(tmp_path / "seen"), b"b"]
    assert reasons(run(pages)) == [None, None, None]


def test_time_that_the_consumer_takes_is_not_the_pages() -> None:
    answers = []
    for _, answer in guarded("evil_work:obedient", enumerate([b"slow 0.2"] * 8), limits=Limits(page_seconds=0.6)):
        time.sleep(0.4)
        answers.append(answer)
    assert reasons(answers) == [None] * 8


def test_a_fault_of_the_work_is_no_failure_of_a_page() -> None:
    with pytest.raises(WorkFault, match="a fault of the work"):
        run([b"a", b"fault", b"b"])
    with pytest.raises(WorkFault, match="nothing to load"):
        run([b"a"], work="evil_work:broken")
    with pytest.raises(WorkFault, match="No module named 'nowhere'"):
        run([b"a"], work="nowhere:at_all")
    with pytest.raises(WorkFault, match="without a page under work: ended with code 7"):
        run([b"a"], work="evil_work:dying")


def test_the_input_is_read_ahead_but_not_all_of_it() -> None:
    taken = []

    def jobs():
        for number in range(5000):
            taken.append(number)
            yield number, b"page"

    answers = guarded("evil_work:obedient", jobs(), limits=LIMITS)
    next(answers)
    assert len(taken) <= 101
    answers.close()


def test_what_the_input_raises_comes_through() -> None:
    def jobs():
        yield 0, b"page"
        raise OSError("the input is gone")

    with pytest.raises(OSError, match="the input is gone"):
        list(guarded("evil_work:obedient", jobs(), limits=LIMITS))


def test_the_loaded_process_is_kept_for_the_next_call() -> None:
    run([b"a"])
    (kept,) = guard._kept
    run([b"a"])
    assert guard._kept == [kept]


def test_two_pools_at_a_time() -> None:
    pools = [guarded("evil_work:obedient", enumerate([b"a"] * 200), limits=LIMITS) for _ in range(2)]
    for (_, one), (_, two) in zip(*pools, strict=True):
        assert one == two == b"aa"


def test_threads_each_have_their_pool() -> None:
    found: list[list] = []
    threads = [threading.Thread(target=lambda: found.append(run([b"a"] * 100))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[b"aa"] * 100] * 3


def test_closing_ends_a_page_that_hangs() -> None:
    answers = guarded("evil_work:obedient", enumerate([b"pid", b"hang"]), limits=Limits(page_seconds=60))
    _, pid = next(answers)
    assert isinstance(pid, bytes)
    answers.close()
    assert is_gone(int(pid))


# The guard in a process of its own; it prints the children's process id and goes on with a page that hangs.
PARENT = """
import multiprocessing, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
sys.path.insert(0, {here!r})
from broadsheet.engine.guard import guarded, Limits
def work():
    for _, answer in guarded("evil_work:obedient", enumerate([b"pid", b"spin"]), limits=Limits(page_seconds=300)):
        print(answer.decode(), flush=True)
{start}
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_children_die_with_their_parent(sent: signal.Signals) -> None:
    code = PARENT.format(here=str(HERE), start="work()")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(sent)
        parent.wait(20)
    assert is_gone(pid)


def test_a_daemonic_process_may_have_a_guard() -> None:
    """As Airflow's and Celery's workers are: multiprocessing would refuse to start children there."""
    start = "if __name__ == '__main__':\n    p = multiprocessing.get_context('fork').Process(target=work, daemon=True)\n    p.start(); p.join(3); p.kill()"
    code = PARENT.format(here=str(HERE), start=start)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert is_gone(int(done.stdout))


def test_a_forked_process_starts_its_own() -> None:
    run([b"a"])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if run([b"a"] * 30) == [b"aa"] * 30 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert run([b"b"]) == [b"bb"]


def is_gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            # A zombie that nobody waits for is gone as well.
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False
