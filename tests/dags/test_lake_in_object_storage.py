"""The DAG with a lake in an object store, by Airflow's own task runner."""

from pathlib import Path

import pytest

from broadsheet.lake import Lake
from broadsheet.warehouse.query import query

pytestmark = pytest.mark.airflow

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("news.lanshan*.html.gz"))[:2]


def told_of(dag_run) -> dict[str, dict]:
    """What the events of a run tell, by asset."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        chosen = select(AssetModel.name, AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return dict(session.execute(chosen.where(AssetEvent.source_run_id == dag_run.run_id)).tuples().all())


def test_the_dag_works_on_it_and_tells_of_it_by_its_url(s3_url, run_dag, states):
    done = run_dag("news_pipeline", lake=s3_url, paths=[str(page) for page in PAGES], manifest=None)
    assert done.state == "success"
    assert {state for task_id, of_task in states(done).items() for state in of_task if task_id != "spark"} == {"success"}
    lake = Lake.at(s3_url)
    assert query(lake.root, "select count(*) as n from captures").to_pylist() == [{"n": len(PAGES)}]
    told = told_of(done)
    assert {told[name]["lake"] for name in ("warehouse", "captures", "articles")} == {s3_url}
    assert told["warehouse"]["warehouse"] == str(lake.warehouse)


def test_arrivals_tell_build_of_it(s3_url, run_dag, tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "lanshan.yaml").write_text(f"kind: files\npaths: [{PAGES[0]}]\n", "utf-8")
    brought = run_dag("ingest", lake=s3_url, sources=tmp_path / "sources")
    assert brought.state == "success" and told_of(brought)["arrivals"]["lake"] == s3_url
    assert run_dag("build", lake=s3_url, day="undated").state == "success"
    assert query(Lake.at(s3_url).root, "select count(*) as n from captures").to_pylist() == [{"n": 1}]
