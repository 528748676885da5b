"""What holds for every DAG, as Airflow sees it, without running it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DAGS = {"news_pipeline", "ingest", "build", "reparse", "replay", "dismiss", "maintain"}
HEAVY = {
    "duckdb", "pandas", "numpy", "pyarrow", "great_expectations", "turbohtml", "resiliparse", "fastwarc", "pydantic_settings",
}  # fmt: skip


@pytest.fixture(params=sorted(DAGS))
def dag(request, bag):
    return bag.dags[request.param]


def test_every_dag_file_imports_and_there_is_no_other_dag(bag):
    assert bag.import_errors == {}
    assert set(bag.dags) == DAGS
    assert {path.stem for path in (PROJECT / "dags").glob("*.py")} == DAGS


def test_each_has_a_page_an_owner_and_tags(dag):
    assert dag.doc_md.startswith("# ")
    assert dag.description and dag.dag_display_name
    assert "broadsheet" in dag.tags and len(dag.tags) > 1
    assert dag.owner == "broadsheet"
    for task in dag.tasks:
        assert f"`{task.task_id}`" in dag.doc_md, task.task_id


def test_one_run_at_a_time_and_nothing_is_caught_up(dag):
    assert dag.max_active_runs == (4 if dag.dag_id == "ingest" else 1)  # where a slow source would keep the others waiting
    assert dag.catchup is False
    assert dag.max_active_tasks <= 4


def test_when_sources_are_looked_for_is_a_setting(bag, monkeypatch):
    import airflow_home

    assert bag.dags["ingest"].schedule == "17 * * * *"
    monkeypatch.setenv("BROADSHEET_INGEST_SCHEDULE", "*/10 * * * *")
    assert airflow_home.dag_bag().dags["ingest"].schedule == "*/10 * * * *"


def test_every_task_ends_some_time_tells_what_it_does_and_tells_of_its_failure(dag):
    for task in dag.tasks:
        assert task.execution_timeout is not None or task.task_id == "approve", task.task_id  # a person may take any time
        assert task.owner == "broadsheet"
        assert task.doc_md or task.python_callable.__doc__, task.task_id
        told = task.on_failure_callback
        assert [callback.__name__ for callback in (told if isinstance(told, list) else [told])] == ["task_failed"], task.task_id


def test_what_writes_the_warehouse_takes_the_writers_pool(dag):
    writing = {task.task_id for task in dag.tasks if "warehouse" in {asset.name for asset in task.outlets}}
    building = {"sort_index", "shadow"} & set(dag.task_dict)  # hold the writer's lock, and publish nothing new
    assert {task.task_id for task in dag.tasks if task.pool == "warehouse_writer"} == writing | building
    assert bool(writing) == (dag.dag_id != "ingest")


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
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema["type"], name
        assert param.schema["title"] and param.description, name
    dag.validate()  # the defaults satisfy their own schemas
    if "shards" in dag.params:
        shards = dag.params.get_param("shards")
        assert (shards.schema["minimum"], shards.schema["maximum"]) == (4, 16)


def test_assets_are_tables_of_the_schema_and_data_sets_of_the_lake(dag):
    from broadsheet.tables.schema import TABLES

    assets = {asset.name: asset.uri for task in dag.tasks for asset in (*task.outlets, *task.inlets)}
    assert set(assets) - {"warehouse", "raw_zone", "arrivals"} <= set(TABLES)
    assert all(uri.startswith("broadsheet://lake/") for uri in assets.values())


def test_a_run_that_takes_too_long_is_told_of(bag):
    from importlib import import_module

    assert {name for name, dag in bag.dags.items() if not dag.deadline} == {"reparse"}  # it waits for a person, who may take any time
    for dag in bag.dags.values():
        for deadline in dag.deadline or ():
            module, _, name = deadline.callback.path.rpartition(".")
            assert callable(getattr(import_module(module), name))


def test_every_dag_survives_the_way_through_airflows_database(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert type(stored.timetable).__name__ == type(dag.timetable).__name__
    assert set(stored.task_dict) == set(dag.task_dict)


def test_what_is_heavy_is_imported_by_tasks_alone(dag):
    code = (
        "import sys, runpy, airflow.sdk, airflow.plugins_manager, airflow.timetables.simple; sys.path += sys.argv[2:]; before = set(sys.modules);"
        "runpy.run_path(sys.argv[1]); print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    arguments = [dag.fileloc, str(PROJECT / "dags"), str(PROJECT / "plugins")]
    imported = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout.split()
    assert "broadsheet_airflow" in imported
    assert not HEAVY & set(imported)


def test_docs_tell_of_every_dag(bag):
    operations = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"^### `(\w+)`", operations, re.MULTILINE))
    assert set(bag.dags) <= named
