"""Attempts at shards: whatever is done twice or left half done, each shard comes into staging once."""

import errno
import itertools
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import psutil
import pytest
from row_sets import twin
from staged import SAMPLE, begin

from broadsheet.engine.attempts import DONE, Attempts, attempt, program, undone
from broadsheet.engine.faults import RemoteFault, told
from broadsheet.engine.spark import driver, state
from broadsheet.engine.spark.failures import told_by_driver
from broadsheet.errors import BatchStopped, ConfigurationError, TransientError
from broadsheet.lake import ABSENCES, ATTEMPTS, CAPTURES, RAW, read_records
from broadsheet.records import StageOutcome
from broadsheet.runs import Run, outcomes_of
from broadsheet.tombstones import TargetKind, Tombstone, set_tombstones
from broadsheet.transient import held

SHARDS = [0, 1]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Run:
    pages = sorted((SAMPLE / "pages").glob("news.lanshan*.html.gz"))[:6]
    return begin(tmp_path_factory.mktemp("begun") / "lake", pages, shards=2, engine="process")


@pytest.fixture
def run(begun: Run, tmp_path: Path) -> Run:
    return twin(begun, tmp_path / "lake")


@pytest.fixture(scope="module")
def finished(begun: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with two finished attempts at each shard, none of which was brought in."""
    run = twin(begun, tmp_path_factory.mktemp("finished") / "lake")
    attempts = Attempts(run, SHARDS)
    for shard in [*SHARDS, *SHARDS]:
        assert attempt(run, shard, attempts.bases[shard]).fault is None
    return run


def stages(run: Run) -> dict[tuple[str, int], int]:
    """Outcomes by stage and shard that staging has."""
    found = [(outcome.stage, outcome.shard) for outcome in outcomes_of(run) if outcome.stage != "capture" and outcome.table_name in {"", "captures"}]
    return {key: found.count(key) for key in found}


WHOLE = {(stage, shard): 1 for stage in ("extract", "transform", "validate") for shard in SHARDS}


def taken_over(finished: Run, lake: Path) -> Run:
    """A copy of the finished run. What its shards depend on names no lake."""
    return twin(finished, lake)


def test_an_attempt_writes_nothing_where_others_do(run: Run) -> None:
    attempts = Attempts(run, SHARDS)
    attempt(run, 0, attempts.bases[0])
    assert not any(run.where.staging(run.run_id, stage).exists() for stage in ("extract", "transform", "validate"))
    assert attempts.left == SHARDS


def test_of_several_attempts_one_counts(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    attempts = Attempts(run, SHARDS)
    attempts.settle()
    assert (attempts.left, stages(run)) == ([], WHOLE)
    left = run.where.staging(run.run_id, ATTEMPTS) / "open"
    assert list(left.glob(f"*/*/{DONE}")) == []
    attempts.clear()
    assert not left.exists()


def test_another_driver_goes_on_where_one_died(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    attempts = Attempts(run, SHARDS)
    attempts.settle()
    kept = {stage: run.where.shard(run.run_id, stage, 0).stat().st_ino for stage in ("extract", "transform", "validate")}
    # it died when it had chosen, and moved one stage
    for stage in ("transform", "validate"):
        run.where.shard(run.run_id, stage, 0).rename(run.where.staging(run.run_id, ATTEMPTS) / "won" / "shard-000" / stage)
    again = Attempts(run, SHARDS)
    again.take_up()
    assert (again.left, stages(run)) == ([], WHOLE)
    assert kept == {stage: run.where.shard(run.run_id, stage, 0).stat().st_ino for stage in kept}


def test_what_was_removed_since_is_done_again(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    Attempts(run, SHARDS).settle()
    shutil.rmtree(run.where.shard(run.run_id, "transform", 1))
    again = Attempts(run, SHARDS)
    again.take_up()
    assert again.left == [1]


def test_an_attempt_that_lacks_a_stage_is_done_again(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    for folder in (run.where.staging(run.run_id, ATTEMPTS) / "open" / "shard-001").iterdir():
        shutil.rmtree(folder / "transform")
    stale = run.where.shard(run.run_id, "transform", 1)
    stale.mkdir(parents=True)  # of an earlier input
    attempts = Attempts(run, SHARDS)
    attempts.settle()
    assert attempts.left == [1]
    again = Attempts(run, SHARDS)
    again.take_up()
    assert again.left == [1]
    attempt(run, 1, again.bases[1])
    again.settle()
    assert (again.left, stages(run)) == ([], WHOLE)


def test_what_another_input_gave_does_not_count(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    Attempts(run, SHARDS).settle()
    captures = run.where.shard(run.run_id, "capture", 1) / CAPTURES
    captures.write_bytes(b"".join(captures.read_bytes().splitlines(keepends=True)[1:]))
    again = Attempts(run, SHARDS)
    again.take_up()
    assert again.left == [1]
    before = len(captures.read_bytes().splitlines()) + 1
    attempt(run, 1, again.bases[1])
    again.settle()
    (extracted,) = read_records(run.where.shard(run.run_id, "extract", 1) / "outcomes.jsonl", StageOutcome)
    assert (again.left, extracted.in_count, stages(run)) == ([], before - 1, WHOLE)


def test_what_other_settings_gave_does_not_count(finished: Run, tmp_path: Path) -> None:
    run = taken_over(finished, tmp_path / "lake")
    Attempts(run, SHARDS).settle()
    outlets = tmp_path / "outlets.yaml"
    outlets.write_text("outlets: {}\n")
    other = twin(run, tmp_path / "other", outlets_file=str(outlets))
    again = Attempts(other, SHARDS)
    again.take_up()
    assert again.left == SHARDS
    once = Attempts(other, SHARDS).bases
    outlets.write_text("outlets: {云州网: {aliases: [云州在线]}}\n")
    assert Attempts(other, SHARDS).bases != once


def test_what_was_read_before_a_takedown_does_not_count(run: Run) -> None:
    before = Attempts(run, SHARDS).bases
    stone = Tombstone(target="news.example", kind=TargetKind.SITE, forgotten_at=datetime.now(UTC))
    set_tombstones(run.where, [stone])
    after = Attempts(run, SHARDS).bases
    assert all(before[shard] != after[shard] for shard in SHARDS)
    set_tombstones(run.where, [msgspec.structs.replace(stone, counts={"captures": 3})])  # means the same
    assert Attempts(run, SHARDS).bases == after


def test_what_goes_from_one_file_to_the_next_is_another_input(run: Run) -> None:
    captures = run.where.shard(run.run_id, "capture", 0) / CAPTURES
    before = Attempts(run, SHARDS).bases[0]
    captures.rename(captures.with_name(ABSENCES))
    assert Attempts(run, SHARDS).bases[0] != before


def test_a_fault_ends_it_and_is_tried_again_by_the_next_driver(run: Run) -> None:
    captures = run.where.shard(run.run_id, "capture", 0) / CAPTURES
    sound = captures.read_bytes()
    captures.write_bytes(b"no capture\n")
    attempts = Attempts(run, SHARDS)
    assert attempt(run, 0, attempts.bases[0]).fault is not None
    with pytest.raises(RemoteFault, match=r"(?s)Traceback.*DecodeError"):
        attempts.settle()
    captures.write_bytes(sound)
    again = Attempts(run, SHARDS)
    again.take_up()
    assert again.left == SHARDS


def test_what_may_pass_is_left_to_another_attempt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadsheet.lake.os.fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(TransientError, match="the disk is full"):
        attempt(run, 0, "basis")
    assert list((run.where.staging(run.run_id, ATTEMPTS) / "open").glob("*/*")) == []


@pytest.mark.parametrize("passing", [OSError(errno.ESTALE, "Stale file handle"), OSError(errno.EIO, "Input/output error"), ConnectionResetError()])
def test_what_one_machine_cannot_do_is_left_to_another_attempt(run: Run, monkeypatch: pytest.MonkeyPatch, passing: OSError) -> None:
    open_any = Path.open

    def opened(path: Path, *given: Any, **named: Any) -> Any:
        if RAW in path.parts:
            raise passing
        return open_any(path, *given, **named)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(TransientError, match=type(passing).__name__):
        attempt(run, 0, "basis")
    assert list((run.where.staging(run.run_id, ATTEMPTS) / "open").glob("*/*")) == []
    passing = OSError(errno.EISDIR, "Is a directory")  # and the same everywhere
    assert attempt(run, 0, "basis").fault is not None


def test_an_executor_that_does_not_see_the_lake_says_so(run: Run) -> None:
    shutil.rmtree(run.where.staging(run.run_id))
    with pytest.raises(ConfigurationError, match="must lie on a file system that all machines share"):
        attempt(run, 0, "basis")


def test_a_driver_that_finds_all_done_needs_no_spark(finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = taken_over(finished, tmp_path / "lake")
    token = state.begin(run)
    assert driver.main(run.lake, run.run_id, program(), token) == 0  # pyspark is not in this environment
    assert capsys.readouterr().out == "shards done: 2 of 2\n"
    assert state.error_of(run, token, "", is_failed=False) is None
    assert stages(run) == WHOLE
    assert isinstance(state.error_of(run, token, "", is_failed=True), TransientError)  # whatever Spark failed at then
    captures = run.where.shard(run.run_id, "capture", 1) / CAPTURES
    captures.write_bytes(b"".join(captures.read_bytes().splitlines(keepends=True)[1:]))
    assert undone(run) == [1]
    with pytest.raises(TransientError, match=r"shards \[1\]"):
        raise state.error_of(run, token, "", is_failed=False) or AssertionError


def test_one_driver_of_a_run_at_a_time(finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = taken_over(finished, tmp_path / "lake")
    monkeypatch.setattr(driver, "OTHER_DRIVER_SECONDS", 0.2)
    with held(run.where.driver_lock(run.run_id), "this test", 1):
        assert driver.main(run.lake, run.run_id, program(), "one") == 5
    assert isinstance(error := state.error_of(run, "one", "", is_failed=True), TransientError)
    assert "another driver of the run holds" in str(error)
    assert stages(run) == {}


def test_a_driver_whose_parent_is_gone_waits_no_longer(run: Run) -> None:
    """Its parent is Java, which ends with whoever submitted it."""
    driving = f"import sys; from broadsheet.engine.spark import driver; sys.exit(driver.main({run.lake!r}, {run.run_id!r}, {program()!r}, 'one'))"
    began = f"import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', {driving!r}]).pid, flush=True); time.sleep(600)"
    with held(run.where.driver_lock(run.run_id), "this test", 1), subprocess.Popen([sys.executable, "-c", began], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        waiting = psutil.Process(int(parent.stdout.readline()))
        told = run.where.staging(run.run_id, ATTEMPTS) / "driver-one.json"
        while not told.exists():
            time.sleep(0.05)
        assert waiting.is_running()
        parent.kill()
        _, alive = psutil.wait_procs([waiting], timeout=30)
        for process in alive:
            process.kill()
        assert not alive
    assert "nobody waits any more for another driver" in str(state.error_of(run, "one", "", is_failed=True))


def test_another_program_is_refused(run: Run) -> None:
    assert driver.main(run.lake, run.run_id, "broadsheet 0.0.1, parser 1, schema 1", "one") == 2
    assert isinstance(error := state.error_of(run, "one", "", is_failed=True), ConfigurationError)
    assert "install the same on all machines" in str(error)


def test_what_a_driver_tells_keeps_the_kinds_of_errors_apart(run: Run) -> None:
    def error_of(log: str = "") -> Exception | None:
        return state.error_of(run, "one", log, is_failed=True)

    assert isinstance(error := error_of("no such master"), ConfigurationError)
    assert "no such master" in str(error)
    assert isinstance(error_of("java.net.ConnectException: Connection refused"), TransientError)
    state.tell(run, "one", state.State())
    assert isinstance(error_of(), TransientError)  # it began, and was lost
    for kind in (TransientError("held"), ConfigurationError("wrong"), BatchStopped(["too few", "too many"])):
        state.tell(run, "one", state.State(error=told(kind)))
        assert repr(error_of()) == repr(kind)
    state.tell(run, "one", state.State(error=told(ZeroDivisionError("a fault"))))
    assert isinstance(error := error_of(), RemoteFault) and "ZeroDivisionError: a fault" in str(error)


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("Py4JNetworkError", "Answer from Java side is empty", "transient"),
        ("Py4JJavaError", "ExecutorLostFailure (executor 1 exited)", "transient"),
        ("Py4JJavaError", "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.", "transient"),
        ("Py4JJavaError", "java.lang.IllegalStateException: SparkContext has been shutdown", "transient"),
        ("Py4JJavaError", "broadsheet.errors.ConfigurationError: install the same\n\tat java", "configuration"),
        ("Py4JJavaError", "MetadataFetchFailedException: Missing an output location for shuffle 3", "transient"),
        ("Py4JJavaError", "java.io.IOException: No space left on device", "transient"),
        ("Py4JError", "no such method", "fault"),
    ],
)
def test_what_spark_raises_is_told_by_its_name_and_text(name: str, message: str, kind: str) -> None:
    raised = type(name, (Exception,), {"__module__": "py4j.protocol"})(message)  # py4j is not in this environment
    assert told_by_driver(raised).kind == kind


def test_a_context_that_cannot_be_stopped_hides_no_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        """A context whose cluster is gone."""

        @staticmethod
        def getOrCreate() -> "Gone":
            return Gone()

        def parallelize(self, *given: object) -> None:
            raise TransientError("the cluster is gone")

        def stop(self) -> None:
            raise ZeroDivisionError

    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(SparkContext=Gone))
    assert driver.main(run.lake, run.run_id, program(), "one") == 5
    assert "the cluster is gone" in str(state.error_of(run, "one", "", is_failed=True))


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Spark as one thread; `job.has_ended` tells whether its tasks are done."""
    job = SimpleNamespace(has_ended=False)

    def collect(tasks: list, do: Any) -> list:
        done = [do(task) for task in tasks]
        job.has_ended = True
        return done

    def parallelize(tasks: list, _: int) -> SimpleNamespace:
        return SimpleNamespace(map=lambda do: SimpleNamespace(collect=lambda: collect(tasks, do)))

    context = SimpleNamespace(parallelize=parallelize, cancelAllJobs=lambda: None, stop=lambda: None)
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(SparkContext=SimpleNamespace(getOrCreate=lambda: context)))
    monkeypatch.setattr(driver, "_LOOK_SECONDS", 0.01)
    return job


def test_what_a_file_system_shows_late_is_waited_for(run: Run, job: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of NFS that looked too early is told for a while that there is nothing."""
    finished, looks = Attempts._finished, itertools.count()
    monkeypatch.setattr(Attempts, "_finished", lambda attempts: finished(attempts) if job.has_ended and next(looks) > 5 else iter(()))
    assert driver.main(run.lake, run.run_id, program(), "one") == 0
    assert stages(run) == WHOLE


def test_what_stays_unseen_is_left_to_another_driver(run: Run, job: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_UNSEEN_SECONDS", 0.1)
    monkeypatch.setattr(Attempts, "_finished", lambda attempts: iter(()))
    assert driver.main(run.lake, run.run_id, program(), "one") == 5
    assert "shards [0, 1] is not to be seen here" in str(state.error_of(run, "one", "", is_failed=True))


@pytest.mark.parametrize(("is_stopped", "code"), [(True, 5), (False, 1)])
def test_what_a_context_that_spark_stopped_answers_may_pass(run: Run, monkeypatch: pytest.MonkeyPatch, is_stopped: bool, code: int) -> None:
    """Which error that is, depends on what it was asked for."""
    error = type("Py4JJavaError", (Exception,), {"__module__": "py4j.protocol"})('NullPointerException: "SparkEnv$.get()" is null')

    def parallelize(*given: object) -> None:
        raise error

    java = SimpleNamespace(sc=lambda: SimpleNamespace(isStopped=lambda: is_stopped))
    context = SimpleNamespace(parallelize=parallelize, stop=lambda: None, _jsc=java)
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(SparkContext=SimpleNamespace(getOrCreate=lambda: context)))
    assert driver.main(run.lake, run.run_id, program(), "one") == code


def test_a_driver_that_was_given_up_tells_nothing_in_the_name_of_another(run: Run) -> None:
    assert state.last(run) == ""
    earlier = state.begin(run)
    state.tell(run, earlier, state.State())
    token = state.begin(run)
    assert (state.last(run), earlier != token) == (token, True)
    state.tell(run, token, state.State())
    state.tell(run, earlier, state.State(error=told(ZeroDivisionError("a fault"))))
    assert isinstance(state.error_of(run, token, "", is_failed=True), TransientError)
