"""The DAG `news_pipeline` as Airflow sees it, without running it."""

import itertools

import pytest


@pytest.fixture
def dag(bag):
    return bag.dags["news_pipeline"]


def test_tasks_are_the_stages_in_their_order(dag):
    from broadsheet.runs import STAGES

    in_order = [task.task_id for task in dag.topological_sort() if task.task_id in dag.task_dict]
    assert in_order == [*STAGES[:-1], "spark", "load", "document"]
    for earlier, later in itertools.pairwise(STAGES):
        assert later in dag.get_task(earlier).downstream_task_ids or dag.get_task(later).upstream_task_ids == {earlier}


def test_the_stages_in_the_middle_are_mapped_over_shards(dag):
    groups = {stage: list(dag.get_task(stage).iter_mapped_task_groups()) for stage in dag.task_dict}
    assert {stage: [group.group_id for group in found] for stage, found in groups.items()} == {
        "capture": [], "extract": ["by_shard"], "transform": ["by_shard"], "validate": ["by_shard"], "spark": [], "load": [],
        "document": [],
    }  # fmt: skip


def test_it_is_triggered_alone(dag):
    assert dag.timetable.can_be_scheduled is False


def test_load_runs_when_no_shard_holds_a_page(dag):
    assert dag.get_task("load").trigger_rule == "none_failed"


def test_spark_has_what_no_mapped_task_took(dag):
    spark = dag.get_task("spark")
    assert (spark.trigger_rule, spark.upstream_task_ids, spark.downstream_task_ids) == ("all_skipped", {"validate"}, {"load"})
    assert spark.durable is True  # a retry reconnects, where the driver is in the cluster


def test_params_are_those_of_one_run(dag):
    assert set(dag.params) == {
        "paths", "manifest", "lake", "policy", "shards", "engine", "spark_shards", "trust_mtime", "time_zone", "sites", "outlets", "dry_run",
    }  # fmt: skip


def test_assets_of_its_stages(dag):
    assert "warehouse" in {asset.name for asset in dag.get_task("load").outlets}
    assert [asset.name for asset in dag.get_task("capture").outlets] == ["raw_zone"] == [asset.name for asset in dag.get_task("extract").inlets]
