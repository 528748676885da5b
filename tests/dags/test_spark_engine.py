"""DAG runs with the engine `spark`: one task has all shards, by Airflow's own operator, on this machine's cores."""

import pytest
from pages import write_pages

from broadsheet.lake import ATTEMPTS, Lake
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
