"""Every DAG run by Airflow's own task runner (`dag.test`), on a handful of pages."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from days import FIRST, SECOND, Drop

from broadsheet.lake import Lake
from broadsheet.warehouse.query import connect

pytestmark = pytest.mark.airflow

ALL = {"success"}


@pytest.fixture
def drop(tmp_path):
    drop = Drop(tmp_path)
    for day, number in ((FIRST, 1), (FIRST, 2), (SECOND, 3)):
        drop.put(day, number)
    return drop


def ask(lake: Path, sql: str) -> list[tuple]:
    with connect(lake) as connection:
        return connection.execute(sql).fetchall()


def partitions_of(dag_run) -> list[str | None]:
    """Partition keys of the events that a run gave to the asset `arrivals`."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        chosen = select(AssetEvent.partition_key).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return sorted(session.scalars(chosen.where(AssetModel.name == "arrivals", AssetEvent.source_run_id == dag_run.run_id)))


def pending() -> set[str]:
    """Partitions for which the scheduler would begin a run of `build` now; afterwards there is none."""
    from airflow.models.asset import AssetPartitionDagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    with create_session() as session:
        waiting = AssetPartitionDagRun.target_dag_id == "build", AssetPartitionDagRun.created_dag_run_id.is_(None)
        found = set(session.scalars(select(AssetPartitionDagRun.partition_key).where(*waiting)))
        session.execute(delete(AssetPartitionDagRun).where(*waiting))
    return found


def answer(option: str) -> threading.Thread:
    """A person who answers the one question that waits, as the API does."""

    def respond() -> None:
        from airflow.models.hitl import HITLDetail
        from airflow.models.taskinstance import TaskInstance
        from airflow.models.trigger import handle_event_submit
        from airflow.sdk.timezone import utcnow
        from airflow.triggers.base import TriggerEvent
        from airflow.utils.session import create_session
        from sqlalchemy import select

        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with create_session(scoped=False) as session:
                if (ti := session.scalar(select(TaskInstance).where(TaskInstance.state == "awaiting_input"))) is not None:
                    detail = session.scalar(select(HITLDetail).where(HITLDetail.ti_id == ti.id))
                    asked.append(detail.body)
                    detail.responded_by, detail.responded_at, detail.chosen_options, detail.params_input = None, utcnow(), [option], {}
                    handle_event_submit(TriggerEvent(detail.as_resume_event_payload()), task_instance=ti, session=session)
                    return
            time.sleep(0.5)

    asked: list[str] = []
    person = threading.Thread(target=respond, daemon=True)
    person.asked = asked  # type: ignore[attr-defined]
    person.start()
    return person


def test_days_are_built_as_they_come_and_a_late_capture_has_its_own_day_alone_built_again(drop, tmp_path, run_dag, states):
    pending()
    lake = tmp_path / "lake"
    (drop.sources / "broken.yaml").write_text("kind: files\npaths: [x]\nmanifest: nowhere.csv\n", "utf-8")
    first = run_dag("ingest", lake=lake, sources=drop.sources)
    assert states(first) == {"find_sources": ["success"], "ingest": ["failed", "success"]}  # the other source is not kept from it
    assert first.state == "failed"
    assert partitions_of(first) == [FIRST, SECOND]
    assert pending() == {FIRST, SECOND}
    (drop.sources / "broken.yaml").unlink()

    for day, total in ((SECOND, 1), (FIRST, 3)):  # in any order
        built = run_dag("build", lake=lake, day=day)
        assert built.state == "success"
        assert {state for task_id, of_task in states(built).items() for state in of_task if task_id != "spark"} == ALL
        assert ask(lake, "select count(*) from captures") == [(total,)]

    again = run_dag("ingest", lake=lake, sources=drop.sources)
    assert again.state == "success"
    assert states(again)["ingest"] == ["skipped"]
    assert (partitions_of(again), pending()) == ([], set())

    drop.put(FIRST, 4)
    late = run_dag("ingest", lake=lake, sources=drop.sources)
    assert partitions_of(late) == [FIRST]
    assert pending() == {FIRST}
    before = ask(lake, "select * exclude (run_id) from captures order by capture_id")
    for _ in range(2):
        assert run_dag("build", lake=lake, day=FIRST).state == "success"
        after = ask(lake, "select * exclude (run_id) from captures order by capture_id")
        assert len(after) == 4
        assert [row for row in after if row in before] == before
        assert ask(lake, "select count(*) from articles") == [(4,)]
    assert {site for (site,) in ask(lake, "select site from captures")} == {"qinghe.example"}


def test_a_day_of_which_nothing_came_is_skipped_and_a_run_without_a_day_fails(tmp_path, run_dag, states):
    nothing = run_dag("build", lake=tmp_path / "lake", day="2024-03-01")
    assert nothing.state == "success"
    assert {state for of_task in states(nothing).values() for state in of_task} == {"skipped"}
    assert not (tmp_path / "lake" / "warehouse").exists()
    assert states(run_dag("build", lake=tmp_path / "lake"))["prepare"] == ["failed"]


def test_sites_are_crawled_and_one_that_fails_keeps_no_other_from_it(tmp_path, run_dag, states):
    from testweb import Web, WebServer

    lake, sources = tmp_path / "lake", tmp_path / "sources"
    sources.mkdir()
    said = "kind: web\ncontact: https://archive.example/crawler\nallow_private: true\nlimits: {delay: 0}\nfollow: {deny: [/calendar/]}\n"
    with WebServer(Web(stories_a_day=4)) as server:
        said += f"urls: ['http://www.harbor-ledger.example/']\nresolve: {{'*.example': '{server.address}'}}\n"
        (sources / "harbor.yaml").write_text(said)
        (sources / "broken.yaml").write_text(f"{said}page_list: nowhere.txt\n")
        first = run_dag("ingest", lake=lake, sources=sources)
        asked = len(server.log)
        again = run_dag("ingest", lake=lake, sources=sources, only=["harbor"])
        log = server.log.requests()
    assert states(first)["ingest"] == ["failed", "success"]
    (day,) = partitions_of(first)
    assert asked > 5
    assert states(again)["ingest"] == ["skipped"]
    assert log[asked:] == [], "nothing is due yet"
    assert run_dag("build", lake=lake, day=day).state == "success"
    shown = {one.path for one in log if one.status == 200} - {"/robots.txt"}
    assert {url.partition("example")[2] for (url,) in ask(lake, "select url from captures")} == shown
    pending()


def test_a_source_is_ingested_when_it_is_due_or_named(drop, tmp_path, run_dag, states):
    lake = tmp_path / "lake"
    source = drop.sources / "qinghe.yaml"
    source.write_text(source.read_text() + "\nschedule: 24h\n")
    assert states(run_dag("ingest", lake=lake, sources=drop.sources))["ingest"] == ["success"]
    drop.put(FIRST, 9)
    assert states(run_dag("ingest", lake=lake, sources=drop.sources)) == {"find_sources": ["success"], "ingest": ["skipped"]}
    assert states(run_dag("ingest", lake=lake, sources=drop.sources, only=["qinghe"]))["ingest"] == ["success"]


def test_a_source_that_an_earlier_run_still_brings_in_is_skipped_and_the_others_are_not(drop, tmp_path, run_dag, states):
    from broadsheet import ingest

    lake = tmp_path / "lake"
    (drop.sources / "slow.yaml").write_text((drop.sources / "qinghe.yaml").read_text("utf-8"), "utf-8")
    with ingest.alone(lake, ingest.read_source(drop.sources, "slow")):
        meanwhile = run_dag("ingest", lake=lake, sources=drop.sources)
    assert states(meanwhile)["ingest"] == ["success", "skipped"]
    assert (meanwhile.state, partitions_of(meanwhile)) == ("success", [FIRST, SECOND])
    assert list(Lake(lake).staging("").iterdir()) == []
    pending()


def test_two_sources_of_one_host_take_turns(tmp_path, run_dag, states, monkeypatch):
    import airflow_home

    from broadsheet import ingest
    from broadsheet.capture.web import crawl
    from testweb import Web, WebServer

    airflow_home.dag_bag()  # which makes the DAGs' own package known

    lake, sources = Lake(tmp_path / "lake"), tmp_path / "sources"
    sources.mkdir()
    bring_in, waited = ingest.ingest, []

    def while_another_asks(run, source):
        """The host is another run's at first."""
        if waited:
            return bring_in(run, source)
        waited.append(source.name)
        with crawl.alone_with(lake, source):
            return bring_in(run, source)

    monkeypatch.setattr(ingest, "ingest", while_another_asks)
    monkeypatch.setattr("broadsheet_airflow.defaults.TURN_LOOKED_FOR_AFTER", timedelta(0))
    with WebServer(Web(stories_a_day=4)) as server:
        (sources / "harbor.yaml").write_text(
            "kind: web\ncontact: https://archive.example/crawler\nallow_private: true\nlimits: {delay: 0, pages: 2}\n"
            f"urls: ['http://www.harbor-ledger.example/']\nresolve: {{'*.example': '{server.address}'}}\n"
        )
        done = run_dag("ingest", lake=lake.root, sources=sources)
    assert waited == ["harbor"] and states(done)["ingest"] == ["success"]
    pending()


def test_without_a_folder_of_sources_there_is_nothing_to_ingest(tmp_path, run_dag, states):
    nothing = run_dag("ingest", lake=tmp_path / "lake", sources=tmp_path / "sources")
    assert nothing.state == "success"
    assert states(nothing)["find_sources"] == ["skipped"]


def test_an_event_of_the_warehouse_tells_rows_snapshot_and_data_docs(drop, tmp_path, run_dag):
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    run_dag("ingest", lake=tmp_path / "lake", sources=drop.sources)
    built = run_dag("build", lake=tmp_path / "lake", day=FIRST)
    with create_session() as session:
        chosen = select(AssetModel.name, AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        told = dict(session.execute(chosen.where(AssetEvent.source_run_id == built.run_id)).all())
    assert told["captures"]["rows"] == {"delivered": 2, "new": 2, "total": 2}
    ((snapshot,),) = ask(tmp_path / "lake", "select max(snapshot_id) from snapshots")
    assert told["warehouse"]["snapshot_id"] == snapshot
    assert Path(told["warehouse"]["data_docs"]).exists()


@pytest.fixture
def built(drop, tmp_path):
    """A lake with both days, built without Airflow."""
    from broadsheet import ingest

    lake = tmp_path / "lake"
    source = ingest.read_source(drop.sources, "qinghe")
    run = ingest.start_source(lake, source)
    for day in ingest.ingest(run, source)["days"]:
        ingest.build(lake, day, shards=1)
    ingest.finish(run)
    return lake


@pytest.fixture
def outlets(tmp_path):
    """A table of outlets by which one of the pages' sources is another."""
    file = tmp_path / "outlets.yaml"
    file.write_text("outlets:\n  青河报业: {aliases: [青河日报]}\n", "utf-8")
    return file


def test_what_a_person_approves_of_is_published(built, outlets, run_dag, states):
    person = answer("Approve")
    reparse = run_dag("reparse", lake=built, outlets=outlets, since=FIRST, until=FIRST)
    assert reparse.state == "success"
    assert states(reparse)["publish"] == ["success"] and states(reparse)["discard"] == ["skipped"]
    (asked,) = person.asked
    assert "read 2 captures anew" in asked and "| article_sources | " in asked
    credited = "select outlets.outlet_name, count(*) from article_sources join outlets using (outlet_id) group by all order by all"
    assert ask(built, credited) == [("青河报业", 2), ("青河日报", 1)]  # what the page says stays in article_sources
    assert list((built / "warehouse").glob("shadow-*")) == []


def test_what_a_person_rejects_leaves_nothing(built, outlets, run_dag, states):
    before = (built / "warehouse" / "broadsheet.duckdb").read_bytes()
    answer("Reject")
    reparse = run_dag("reparse", lake=built, outlets=outlets)
    assert reparse.state == "success"
    assert states(reparse) | {"publish": ["skipped"], "discard": ["success"], "document": ["skipped"]} == states(reparse)
    assert (built / "warehouse" / "broadsheet.duckdb").read_bytes() == before
    assert list((built / "warehouse").glob("shadow-*")) == []


def test_a_reparse_of_nothing_fails_and_waits_for_nobody(built, run_dag, states):
    reparse = run_dag("reparse", lake=built, site=["nowhere.example"])
    assert states(reparse)["prepare"] == ["failed"]
    assert (reparse.state, states(reparse)["approve"], states(reparse)["discard"]) == ("failed", ["upstream_failed"], ["skipped"])


def test_a_mended_input_is_replayed(drop, built, tmp_path, run_dag):
    from broadsheet import ingest

    (drop.root / "page-empty.txt").write_bytes(b"")
    source = ingest.read_source(drop.sources, "qinghe")
    run = ingest.start_source(built, source)
    (day,) = ingest.ingest(run, source)["days"]
    ingest.finish(run)
    assert run_dag("build", lake=built, day=day).state == "success"
    assert ask(built, "select reasons, count(*) from open_quarantine group by all") == [(["empty_file"], 1)]
    (drop.root / "page-empty.txt").write_bytes((drop.root / f"page-{FIRST}-1.txt").read_bytes() + "园里还有一口老井。\n".encode())
    assert run_dag("replay", lake=built, reason="empty_file").state == "success"
    assert ask(built, "select quarantine_outcome from quarantine_outcomes") == [("replayed_good",)]
    assert ask(built, "select count(*) from captures") == [(4,)]
    # the day that the rejection belongs to is built again, and what is settled stays so
    assert run_dag("build", lake=built, day=day).state == "success"
    assert ask(built, "select count(*) from open_quarantine") == [(0,)]


def test_what_a_person_leaves_out_is_settled_once(drop, built, run_dag, states):
    from broadsheet import ingest
    from broadsheet.replay import dismiss

    (drop.root / "page-empty.txt").write_bytes(b"")
    source = ingest.read_source(drop.sources, "qinghe")
    run = ingest.start_source(built, source)
    (day,) = ingest.ingest(run, source)["days"]
    ingest.build(built, day, shards=1)
    ((rejection,),) = ask(built, "select quarantine_id from open_quarantine")

    assert states(run_dag("dismiss", lake=built, ids=[rejection], note=" "))["dismiss"] == ["failed"]
    settled = run_dag("dismiss", lake=built, ids=[rejection], note="an empty frame")
    assert states(settled) == {"dismiss": ["success"], "document": ["success"]}
    assert ask(built, "select quarantine_id, note from quarantine_outcomes") == [(rejection, "an empty frame")]
    assert ask(built, "select count(*) from open_quarantine") == [(0,)]

    ((run_id, snapshots),) = ask(built, "select max(run_id), (select count(*) from snapshots) from quarantine_outcomes")
    assert dismiss(built, [rejection], "an empty frame", run_id)["run_id"] == run_id  # the task is repeated
    assert ask(built, "select count(*) from snapshots") == [(snapshots,)]


def test_upkeep_changes_nothing_that_the_lake_says(built, run_dag, states):
    before = ask(built, "select * from captures order by capture_id")
    kept = run_dag("maintain", lake=built, rebuild=True)
    assert states(kept) == {"compact": ["success"], "sort_index": ["success"], "prune": ["success"], "rebuild": ["success"], "document": ["success"]}
    assert ask(built, "select * from captures order by capture_id") == before
    assert states(run_dag("maintain", lake=built))["rebuild"] == ["skipped"]


def test_upkeep_of_a_lake_that_is_not_there_yet_is_skipped(tmp_path, run_dag, states):
    nothing = run_dag("maintain", lake=tmp_path / "lake")
    assert {state for of_task in states(nothing).values() for state in of_task} == {"skipped"}
