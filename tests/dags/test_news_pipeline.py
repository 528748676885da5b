"""The DAG as Airflow sees it, without running it."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DAG_FILE = PROJECT / "dags" / "news_pipeline.py"


@pytest.fixture(scope="module")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(PROJECT / "dags"))


@pytest.fixture(scope="module")
def dag(bag):
    return bag.dags["news_pipeline"]


def test_every_dag_file_imports(bag):
    assert bag.import_errors == {}
    assert bag.dags


def test_tasks_are_the_stages_in_their_order(dag):
    from broadsheet.runs import STAGES

    assert [task.task_id for task in dag.topological_sort() if task.task_id in dag.task_dict] == [*STAGES, "document"]
    for earlier, later in itertools.pairwise(STAGES):
        assert later in dag.get_task(earlier).downstream_task_ids or dag.get_task(later).upstream_task_ids == {earlier}


def test_the_stages_in_the_middle_are_mapped_over_shards(dag):
    groups = {stage: list(dag.get_task(stage).iter_mapped_task_groups()) for stage in dag.task_dict}
    assert {stage: [group.group_id for group in found] for stage, found in groups.items()} == {
        "capture": [], "extract": ["by_shard"], "transform": ["by_shard"], "validate": ["by_shard"], "load": [], "document": [],
    }  # fmt: skip


def test_one_writer_at_a_time(dag):
    assert {task.task_id: task.pool for task in dag.tasks if task.pool != "default_pool"} == {"load": "warehouse_writer"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.timetable.can_be_scheduled is False


def test_load_runs_when_no_shard_holds_a_page(dag):
    assert dag.get_task("load").trigger_rule == "none_failed"


def test_every_task_ends_some_time_and_tells_what_it_does(dag):
    for task in dag.tasks:
        assert task.execution_timeout is not None, task.task_id
        assert task.owner == "broadsheet"
        assert task.doc_md or task.python_callable.__doc__, task.task_id


@pytest.mark.parametrize(
    ("error", "action"),
    [
        ("TransientError('held')", "retry"),
        ("ConnectionResetError()", "retry"),
        ("BadInput('empty_file')", "fail"),
        ("ConfigurationError('no such file')", "fail"),
        ("BatchStopped(['too few'])", "fail"),
        ("KeyError('title')", "fail"),
    ],
)
def test_only_transient_errors_are_retried(dag, error, action):
    from broadsheet import errors

    raised = eval(error, vars(errors) | {"KeyError": KeyError, "ConnectionResetError": ConnectionResetError})
    for task in dag.tasks:
        assert task.retries > 0
        assert task.retry_policy.evaluate(raised, 1, task.retries).action.value == action


def test_params_are_typed_and_described(dag):
    assert set(dag.params) == {"paths", "manifest", "lake", "policy", "shards", "trust_mtime", "time_zone", "sites", "outlets", "dry_run"}
    for name, param in dag.params.items():
        param = dag.params.get_param(name)
        assert param.schema["type"], name
        assert param.schema["title"] and param.description, name
    shards = dag.params.get_param("shards")
    assert (shards.schema["minimum"], shards.schema["maximum"]) == (4, 16)
    dag.validate()  # the defaults satisfy their own schemas


def test_the_docstring_is_the_page_in_the_ui(dag):
    assert dag.doc_md.startswith("# News pages in")
    for task in dag.tasks:
        assert f"`{task.task_id}`" in dag.doc_md


def test_assets_of_load_are_tables_of_the_schema_and_the_warehouse(dag):
    from broadsheet.tables.schema import TABLES

    outlets = {asset.name: asset.uri for asset in dag.get_task("load").outlets}
    assert "warehouse" in outlets
    assert set(outlets) - {"warehouse"} <= set(TABLES)
    assert [asset.name for asset in dag.get_task("capture").outlets] == ["raw_zone"] == [asset.name for asset in dag.get_task("extract").inlets]


def test_parsing_imports_nothing_heavy():
    code = (
        "import sys, runpy, airflow.sdk; before = set(sys.modules); runpy.run_path(sys.argv[1]);"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    imported = subprocess.run([sys.executable, "-c", code, str(DAG_FILE)], capture_output=True, text=True, check=True).stdout.split()
    assert not {"duckdb", "pandas", "numpy", "pyarrow", "great_expectations", "turbohtml", "resiliparse", "fastwarc", "pydantic_settings"} & set(
        imported
    )
