"""`make run`: the DAG run for real by Airflow's task runner, on a handful of pages."""

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from pages import write_pages

from broadsheet.warehouse.query import connect
from openlineage_events import columns, made_of, read_events

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A directory whose name has a space, with pages, Airflow's home and, after the first run, a lake."""
    root = tmp_path_factory.mktemp("run through airflow")
    write_pages(root / "pages")
    return root


@pytest.fixture(scope="module")
def first(world, make_run):
    return make_run(world / "airflow", "--lake", str(world / "lake"), str(world / "pages"))


@pytest.fixture(scope="module")
def second(world, first, make_run):
    return make_run(world / "airflow", "--lake", str(world / "lake"), str(world / "pages"))


def summaries(world: Path) -> list[dict]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((world / "lake" / "runs").glob("*.json"))]


def rows(world: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(world / "airflow" / "airflow.db") as metadata:
        return metadata.execute(sql).fetchall()


def test_the_summary_names_pages_tables_reasons_and_places(world, first):
    assert first.returncode == 0, first.stdout + first.stderr
    summary = summaries(world)[0]
    assert summary["input_count"] == 7
    assert summary["page_count"] == 6
    assert summary["rejected_input_count"] == 1
    assert summary["tables"]["captures"]["new"] == 6
    for shown in ("quarantined 1", "captures", "empty", str(world / "lake" / "warehouse" / "broadsheet.duckdb"), summary["data_docs"], "select "):
        assert shown in first.stdout
    assert Path(summary["warehouse"]).is_file()
    assert Path(summary["data_docs"]).exists()


def test_airflows_noise_is_in_the_log_file(first):
    assert "[info" not in first.stdout + first.stderr
    log = Path(first.stdout.rstrip().rpartition("Airflow's log: ")[2])
    assert "DAG TEST" in log.read_text("utf-8")


def test_stages_in_the_middle_ran_mapped(world, first):
    found = rows(world, "select task_id, map_index, state from task_instance where run_id = (select min(run_id) from dag_run)")
    assert {state for task_id, _, state in found if task_id != "spark"} == {"success"}
    assert [state for task_id, _, state in found if task_id == "spark"] == ["skipped"]
    counts = Counter(task_id for task_id, _, _ in found)
    assert counts["capture"] == counts["load"] == counts["document"] == 1
    assert 1 < counts["extract"] == counts["transform"] == counts["validate"] <= 4
    assert all((map_index >= 0) == (task_id not in {"capture", "spark", "load", "document"}) for task_id, map_index, _ in found)


def test_asset_events_carry_counts_snapshot_and_docs(world, first):
    summary = summaries(world)[0]
    events = dict(rows(world, "select a.name, e.extra from asset_event e join asset a on a.id = e.asset_id order by e.id desc"))
    warehouse = json.loads(events["warehouse"])
    assert warehouse["snapshot_id"] == summary["snapshot_id"]
    assert warehouse["data_docs"] == summary["data_docs"]
    assert json.loads(events["captures"])["rows"]["total"] == 6
    assert "raw_zone" in events


def test_the_writers_pool_is_there(world, first):
    assert rows(world, "select slots from slot_pool where pool = 'warehouse_writer'") == [(1,)]


def test_tasks_tell_what_they_read_and_wrote(world, first):
    file = world / "airflow" / "openlineage.jsonl"
    tasks = rows(world, "select task_id, count(*) from task_instance where run_id = (select min(run_id) from dag_run) group by task_id")
    told = read_events(file, summaries(world)[0]["run_id"])  # Airflow's own events do not name the run
    counts = {f"news_pipeline.{task_id}": count for task_id, count in tasks if task_id not in {"spark", "document"}}
    assert Counter(event.job.name for event in told) == counts
    # they are part of what Airflow tells of the same tasks
    ended = {event.run.runId: event.job.name for event in read_events(file) if event.eventType.value == "COMPLETE"}
    assert all(ended[event.run.runId] == event.job.name for event in told)
    (captured,) = (event for event in told if event.job.name == "news_pipeline.capture")
    assert [source.name for source in captured.inputs] == [str(world / "pages")]
    assert captured.outputs[0].outputFacets["outputStatistics"].rowCount == 6


def test_the_load_tells_of_every_table_with_columns_checks_and_origins(world, first):
    summary = summaries(world)[0]
    (loaded,) = (e for e in read_events(world / "airflow" / "openlineage.jsonl", summary["run_id"]) if e.job.name == "news_pipeline.load")
    outputs = {output.name.removeprefix("main."): output for output in loaded.outputs}
    assert set(outputs) > set(summary["tables"])
    with connect(world / "lake") as warehouse:
        there = warehouse.execute("select table_name, column_name from duckdb_columns()").fetchall()
        checks = warehouse.execute(
            "select table_name, check_name, bool_and(is_success) from quality_results where run_id = ? group by all", [summary["run_id"]]
        ).fetchall()
    for name, output in outputs.items():
        assert set(columns(output)) == {column for table, column in there if table == name}
        assert output.facets["version"].datasetVersion == summary["snapshot_id"]
    assert {
        (name, assertion.assertion, assertion.success)
        for name, output in outputs.items()
        if "dataQualityAssertions" in output.facets
        for assertion in output.facets["dataQualityAssertions"].assertions
    } == set(checks)
    assert made_of(outputs["current_articles"], "headline") == {("main.article_versions", "headline", "IDENTITY")}


def test_running_again_adds_nothing(world, first, second):
    assert second.returncode == 0, second.stdout + second.stderr
    before, after = (summary["tables"] for summary in summaries(world))
    for name in ("captures", "articles", "article_versions", "article_people", "page_blocks", "related_links"):
        if name in before:
            assert after[name]["new"] == 0, name
            assert after[name]["total"] == before[name]["total"], name


def test_a_wrong_policy_fails_at_once_and_says_so(world, second, make_run):
    published = (world / "lake" / "warehouse" / "broadsheet.duckdb").read_bytes()
    failed = make_run(world / "airflow", "--lake", str(world / "lake"), "--policy", str(world / "no-such-policy.yaml"), str(world / "pages"))
    assert failed.returncode == 1
    assert "  capture: ConfigurationError" in failed.stdout  # before any work is done
    assert "no-such-policy.yaml" in failed.stdout
    assert "to be retried" not in failed.stdout
    assert (world / "lake" / "warehouse" / "broadsheet.duckdb").read_bytes() == published


def test_a_run_without_a_page_is_no_success(world, second, make_run):
    (world / "empty").mkdir()
    nothing = make_run(world / "airflow", "--lake", str(world / "lake"), str(world / "empty"))
    assert nothing.returncode == 3, nothing.stdout
    assert "empty_directory" in nothing.stdout and "No page was read." in nothing.stdout


def test_a_run_of_absences_alone_is_published_and_is_a_success(world, second, make_run, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(world))  # a folder: no event can be written, and the run goes on
    before = (world / "airflow" / "openlineage.jsonl").stat().st_size
    (world / "gone.html").write_bytes(b"")
    (world / "gone.csv").write_text("path,url,http_status\ngone.html,https://qinghe.example/1.html,404\n", "utf-8")
    gone = make_run(world / "airflow", "--lake", str(world / "lake"), "--manifest", str(world / "gone.csv"), str(world / "gone.html"))
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "pages read 0, quarantined 0, absences 1" in gone.stdout
    assert summaries(world)[-1]["tables"]["page_absences"] == {"delivered": 1, "new": 1, "total": 1}
    log = Path(gone.stdout.rstrip().rpartition("Airflow's log: ")[2]).read_text("utf-8")
    assert f"Failed to write to log file `{world}`" in log
    assert (world / "airflow" / "openlineage.jsonl").stat().st_size == before


def test_an_empty_path_is_not_the_current_directory(world, second, make_run):
    for arguments in (["", str(world / "pages")], ["--lake", "", str(world / "pages")]):
        refused = make_run(world / "airflow", *arguments)
        assert refused.returncode == 2
        assert "the path is empty" in refused.stderr


def test_a_wrong_parameter_is_told_without_a_run(world, second, make_run):
    before = rows(world, "select count(*) from dag_run")
    refused = make_run(world / "airflow", "--shards", "40", str(world / "pages"))
    assert refused.returncode == 2
    assert "shards" in refused.stdout
    assert rows(world, "select count(*) from dag_run") == before
