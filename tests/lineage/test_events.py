"""Events of runs without Airflow."""

import logging

import pytest

from broadsheet.errors import BatchStopped
from broadsheet.lineage.events import JOB, is_configured
from broadsheet.pipeline import run_all
from broadsheet.runs import STAGES, Run
from openlineage_events import columns, read_events, tags

PAGE = """青河新闻网 > 城事 > 要闻
青河口袋公园开放
2024-03-02 09:15 来源：青河日报
本报讯（记者 白一舟）青河市的口袋公园昨天开放，园里种了柳树和海棠，附近的居民早早就来散步。
责任编辑：梅小川
"""


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A folder with a page, and nothing that says where events go."""
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE_DISABLED", "OPENLINEAGE__TRANSPORT__TYPE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "page.txt").write_text(PAGE, "utf-8")
    return folder


def test_a_run_tells_of_its_stages_in_their_order(pages, tmp_path):
    file = tmp_path / "told" / "events.jsonl"
    summary = run_all(tmp_path / "lake", [pages], shards=1, openlineage_file=file)
    events = read_events(file)
    assert [(event.job.name, event.eventType.value) for event in events] == [
        (JOB, "START"), *((f"{JOB}.{stage}", state) for stage in STAGES for state in ("START", "COMPLETE")), (JOB, "COMPLETE"),
    ]  # fmt: skip
    assert {tags(event)["broadsheet_run_id"] for event in events} == {summary["run_id"]}
    assert len({event.run.runId for event in events}) == 1 + len(STAGES)
    assert {event.run.facets["parent"].run.runId for event in events[1:-1]} == {events[0].run.runId}
    times = [event.eventTime for event in events]
    assert times[1:-1:2] == sorted(times[1:-1:2]) and all(began <= ended for began, ended in zip(times[1:-1:2], times[2:-1:2], strict=True))
    *_, loaded, _ = events
    assert tags(loaded)["snapshot_id"] == summary["snapshot_id"]
    assert "headline" in columns(next(output for output in loaded.outputs if output.name == "main.articles"))
    assert [source.name for source in events[2].inputs] == [str(pages)]


def test_variables_of_the_client_say_where_events_go(pages, tmp_path, monkeypatch):
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(file))
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "newsroom")
    run_all(tmp_path / "lake", [pages], shards=1, is_dry_run=True)
    events = read_events(file)
    assert {event.job.namespace for event in events} == {"newsroom"}
    assert f"{JOB}.load" not in {event.job.name for event in events}  # nothing was published


def test_a_stopped_batch_tells_what_its_checks_found(pages, tmp_path):
    (pages / "page.txt").write_text(PAGE.replace("来源：青河日报", ""), "utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text("no_source: stop", "utf-8")
    file = tmp_path / "events.jsonl"
    with pytest.raises(BatchStopped, match="no_source"):
        run_all(tmp_path / "lake", [pages], shards=1, openlineage_file=file, policy_file=policy)
    *_, checked, end = read_events(file)
    assert (end.job.name, end.eventType.value) == (JOB, "FAIL")
    assert "no_source" in end.run.facets["errorMessage"].message
    assert (checked.job.name, checked.eventType.value) == (f"{JOB}.validate", "COMPLETE")
    assertions = [a for source in checked.inputs for a in source.inputFacets["dataQualityAssertions"].assertions if a.assertion == "no_source"]
    assert {(assertion.success, assertion.severity, assertion.actual) for assertion in assertions} == {(False, "error", "1")}


def test_a_run_goes_on_where_events_cannot_be_sent(pages, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "broadsheet"):
        summary = run_all(tmp_path / "lake", [pages], shards=1, openlineage_file=tmp_path)  # a folder is no file
    assert summary["page_count"] == 1
    assert [record.message.partition(":")[0] for record in caplog.records] == ["No more lineage events of this run"]


def test_without_a_place_for_events_there_are_none(pages, tmp_path, monkeypatch):
    assert not is_configured(Run.start(tmp_path / "lake"))
    told = Run.start(tmp_path / "lake", openlineage_file=tmp_path / "events.jsonl")
    assert is_configured(told)
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert not is_configured(told)
