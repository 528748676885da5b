"""The engines: whoever reads and checks the pages, the rows are the same."""

import re
from pathlib import Path

import evil_work
import pytest
from row_sets import twin
from staged import SAMPLE, begin, rows_of
from typer.testing import CliRunner

from broadsheet import pipeline
from broadsheet.cli.app import app
from broadsheet.engine import engines, guard, pool
from broadsheet.engine.spark.submit import Spark
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.runs import REPARSE, shards_of
from broadsheet.settings import read_settings


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory):
    """The bundled sample, captured."""
    return begin(tmp_path_factory.mktemp("begun") / "lake", [SAMPLE / "pages"], shards=2)


@pytest.fixture(scope="module")
def of_the_pool(begun, tmp_path_factory: pytest.TempPathFactory):
    """The rows that the pool makes of it, two processes at work."""
    return rows_by("pool", begun, tmp_path_factory.mktemp("pool") / "lake")


def rows_by(engine: str, begun, lake: Path, workers: int | None = 2):
    run = twin(begun, lake, engine=engine)
    told: list[tuple[str, int, int]] = []
    pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options, workers), lambda *progress: told.append(progress))
    assert told[-1][1:] == (2, 2)
    return rows_of(run)


def test_one_process_gives_the_rows_of_the_pool_without_a_guard(begun, of_the_pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_Nursery", None)  # no child can be begun
    assert rows_by("process", begun, tmp_path / "lake") == of_the_pool
    assert of_the_pool["captures"][0] == 200


def test_a_process_that_is_killed_is_no_fault_of_the_program(begun, of_the_pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = twin(begun, tmp_path / "lake", engine="pool")
    monkeypatch.setattr(pool, "BY_SHARD", (pipeline.extract, evil_work.transform, pipeline.validate))
    told = rf"process of run {run.run_id} was killed in transform.*--dry-run\): `(broadsheet .*`)$"
    with pytest.raises(TransientError, match=told) as caught:
        pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options, 2), lambda *progress: None)
    commands = [line.strip("`").split()[1:] for line in re.search(told, str(caught.value))[1].split("&&")]
    assert [command[0] for command in commands] == ["transform", "validate", "load"]
    for command in commands[:-1]:
        assert CliRunner().invoke(app, command).exit_code == 0, command
    assert rows_of(run) == of_the_pool
    (run.where.staging(run.run_id) / REPARSE).touch()
    with pytest.raises(TransientError, match="nothing was published: begin it again"):
        pipeline.by_shard(run, shards_of(run), engines.engine_for(run.options, 2), lambda *progress: None)


def test_spark_on_this_machines_cores_gives_the_rows_of_the_pool(begun, of_the_pool, tmp_path: Path, spark) -> None:
    assert rows_by("spark", begun, tmp_path / "lake") == of_the_pool


def test_a_setting_says_which_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(engines.engine_for(read_settings())).__name__ == "Pool"
    monkeypatch.setenv("BROADSHEET_ENGINE", "process")
    assert type(engines.engine_for(read_settings())).__name__ == "InProcess"
    monkeypatch.setenv("BROADSHEET_ENGINE", "steam")
    with pytest.raises(ConfigurationError, match="engine: Input should be 'process', 'pool' or 'spark'"):
        read_settings()


def test_spark_that_is_not_there_is_told_of_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADSHEET_SPARK_SUBMIT", str(tmp_path / "spark-submit"))
    with pytest.raises(ConfigurationError, match=r"there is no .*/spark-submit"):
        pipeline.run_all(tmp_path / "lake", [SAMPLE / "pages"], engine="spark")
    assert not (tmp_path / "lake" / "raw").exists()


def test_java_that_is_not_there_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "spark-submit"
    program.touch(0o755)
    monkeypatch.setenv("BROADSHEET_SPARK_SUBMIT", str(program))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ConfigurationError, match="Spark needs Java"):
        Spark()
