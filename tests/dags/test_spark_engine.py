"""DAG runs with the engine `spark`: one task has all shards, by Airflow's own operator, on this machine's cores."""

import json

import pytest
from pages import write_pages

from broadsheet import pipeline
from broadsheet.engine.attempts import Attempts, attempt
from broadsheet.engine.spark import state
from broadsheet.engine.spark.state import State
from broadsheet.lake import ATTEMPTS, CAPTURES, Lake
from broadsheet.runs import Run, shards_of
from broadsheet.warehouse.query import query

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_pages(tmp_path_factory.mktemp("spark") / "pages")


def test_one_task_has_all_shards_and_the_mapped_ones_are_skipped(pages, tmp_path, run_dag, states, spark):
    done = run_dag("news_pipeline", lake=tmp_path / "lake", paths=[str(pages)], manifest=None, engine="spark", spark_shards=3)
    assert done.state == "success"
    expected = {"capture": "success", "spark": "success", "load": "success", "document": "success"}
    assert states(done) == {task_id: [expected.get(task_id, "skipped")] for task_id in states(done)}
    assert query(tmp_path / "lake", "select count(*) as n from captures").to_pylist() == [{"n": 6}]
    (attempts,) = Lake(tmp_path / "lake").staging("").glob(f"*/{ATTEMPTS}")
    assert {path.name for path in (attempts / "won").iterdir()} <= {"shard-000", "shard-001", "shard-002"}


def test_a_cluster_that_there_is_not_fails_the_task_and_nothing_is_published(pages, tmp_path, run_dag, states, spark, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_BROADSHEET_SPARK", '{"conn_type": "spark", "host": "no-such-master"}')
    done = run_dag("news_pipeline", lake=tmp_path / "lake", paths=[str(pages)], manifest=None, engine="spark")
    assert done.state == "failed"
    assert (states(done)["spark"], states(done)["load"]) == (["failed"], ["upstream_failed"])
    assert not (tmp_path / "lake" / "warehouse").exists()


def test_a_run_without_a_page_leaves_nothing_to_spark(tmp_path, run_dag, states):
    (tmp_path / "empty").mkdir()
    done = run_dag("news_pipeline", lake=tmp_path / "lake", paths=[str(tmp_path / "empty")], manifest=None, engine="spark")
    assert done.state == "success"
    assert (states(done)["spark"], states(done)["load"]) == (["skipped"], ["success"])


@pytest.fixture
def operator(pages, tmp_path, bag, monkeypatch):
    """The task's operator as `execute` leaves it for a run that is staged, and a `spark-submit` that begins nothing."""
    from broadsheet_airflow.spark import SparkShards

    program = tmp_path / "bin" / "spark-submit"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/submitted"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("AIRFLOW_CONN_BROADSHEET_SPARK", json.dumps({"conn_type": "spark", "host": "local[1]"}))
    made = SparkShards(task_id="spark")
    made._staged = Run.start(tmp_path / "lake", "run-1", shards=2, engine="process")
    made.application = "driver.py"
    pipeline.capture(made._staged, [pages], None)
    return made


def test_a_driver_that_runs_is_not_forgotten_by_the_retry_that_reconnects_to_it(operator, tmp_path, monkeypatch):
    run, polled = operator._staged, []
    token = state.begin(run)
    state.tell(run, token, State())
    monkeypatch.setattr(operator, "get_job_status", lambda job, context: "RUNNING")
    monkeypatch.setattr(operator, "poll_until_complete", lambda job, context: polled.append(job))
    operator.execute_resumable({"task_state_store": {operator.external_id_key: "driver-1"}})
    assert (polled, state.last(run)) == (["driver-1"], token)
    assert not (tmp_path / "bin" / "submitted").exists()
    operator._get_hook().submit(operator.application)
    assert state.last(run) != token
    assert (tmp_path / "bin" / "submitted").read_text().split()[-1] == state.last(run)


def test_a_drivers_success_counts_while_the_input_is_the_same(operator):
    run = operator._staged
    attempts = Attempts(run, shards_of(run))
    for shard in attempts.left:
        attempt(run, shard, attempts.bases[shard])
    assert not operator.is_job_succeeded("FINISHED")
    attempts.settle()
    assert operator.is_job_succeeded("FINISHED")
    assert not operator.is_job_succeeded("FAILED")
    captures = run.where.shard(run.run_id, "capture", 0) / CAPTURES
    captures.write_bytes(b"".join(captures.read_bytes().splitlines(keepends=True)[1:]))
    assert not operator.is_job_succeeded("FINISHED")
