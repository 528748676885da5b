"""Sorting the search index changes where its rows lie, and nothing else; single texts are fetched by their index."""

from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import Lake
from broadsheet.pipeline import run_all
from broadsheet.settings import read_settings
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse import build, compact
from broadsheet.warehouse.query import connect, query
from broadsheet.warehouse.snapshots import rollback, snapshots

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("news.lanshan*.html.gz"))[:12]
QUESTION = "from search('湿地公园 开工')"


def load_one_by_one(lake: Path, pages: list[Path]) -> None:
    for page in pages:
        run_all(lake, [page], shards=1)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Path:
    """A lake of five loads."""
    root = tmp_path_factory.mktemp("compact") / "lake"
    load_one_by_one(root, PAGES[:5])
    return root


def row_sets(lake: Path) -> dict[str, tuple]:
    with connect(lake) as connection:
        return {
            name: connection.execute(f"select count(*), sum(hash({', '.join(table.columns)})::hugeint) from {name}").fetchall()[0]
            for name, table in TABLES.items()
        }


def described(lake: Path) -> list[tuple]:
    with connect(lake) as connection:
        return connection.execute(
            "select column_name, comment, is_nullable from duckdb_columns() where table_name = 'search_postings' order by column_index"
        ).fetchall()


def test_the_index_is_sorted_and_nothing_else_changes(lake):
    rows, answer, states, columns = row_sets(lake), query(lake, QUESTION), snapshots(Lake(lake)), described(lake)
    runs = compact.sorted_runs(Lake(lake))
    assert runs >= compact.ENOUGH_RUNS
    assert compact.compact(Lake(lake), read_settings()) == (runs, 1)
    assert (row_sets(lake), query(lake, QUESTION), snapshots(Lake(lake)), described(lake)) == (rows, answer, states, columns)
    assert answer.num_rows and rows["search_postings"][0]
    # what is sorted already is left alone
    inode = Lake(lake).warehouse.stat().st_ino
    assert compact.compact(Lake(lake), read_settings()) == (1, 1)
    assert Lake(lake).warehouse.stat().st_ino == inode


def test_later_loads_and_a_way_back_go_on_from_the_sorted_index(lake):
    compact.compact(Lake(lake), read_settings())
    before = row_sets(lake)
    run_all(lake, PAGES[5:], shards=1)
    assert compact.sorted_runs(Lake(lake)) == 2
    state = snapshots(Lake(lake))[1].snapshot_id
    rollback(Lake(lake), state, read_settings())
    accounts = {"snapshots"}
    assert {name: rows for name, rows in row_sets(lake).items() if name not in accounts} == {
        name: rows for name, rows in before.items() if name not in accounts
    }


def test_stretches_are_sorted_as_one(tmp_path, monkeypatch):
    load_one_by_one(tmp_path, PAGES[:5])
    monkeypatch.setattr(compact, "STRETCH_ROWS", query(tmp_path, "select count(*) as n from search_postings")["n"][0].as_py() // 3)
    rows = row_sets(tmp_path)
    assert compact.compact(Lake(tmp_path), read_settings())[1] == 1
    assert row_sets(tmp_path) == rows


def test_what_cannot_be_sorted_is_told(tmp_path, lake, monkeypatch):
    with pytest.raises(ConfigurationError, match="does not exist"):
        compact.compact(Lake(tmp_path), read_settings())
    monkeypatch.setattr(build, "LOCK_SECONDS", 0.1)
    with FileLock(lake / "warehouse" / ".writer.lock"), pytest.raises(TransientError):
        compact.compact(Lake(lake), read_settings())


def test_texts_of_an_answer_are_fetched_by_their_index(lake):
    with connect(lake) as connection:
        plan = connection.execute(f"explain (analyze, format text) {QUESTION}").fetchall()[0][1]
    assert "Index Scan" in plan


def test_a_file_of_an_earlier_program_gets_the_index(tmp_path):
    load_one_by_one(tmp_path, PAGES[:2])
    for file in (Lake(tmp_path).warehouse, Lake(tmp_path).standby):
        with duckdb.connect(str(file)) as connection:
            connection.execute("drop index article_versions_by_version_id")
    load_one_by_one(tmp_path, PAGES[2:3])
    assert query(tmp_path, "select index_name from duckdb_indexes()").to_pylist() == [{"index_name": "article_versions_by_version_id"}]


def test_a_file_of_an_earlier_program_is_left_to_the_next_load(tmp_path):
    load_one_by_one(tmp_path, PAGES[:5])
    with duckdb.connect(str(Lake(tmp_path).warehouse)) as connection:
        for mark in ("definitions_id", "derivation_id"):
            connection.execute(f"create or replace macro {mark}() as 'of an earlier program'")
    Lake(tmp_path).standby.unlink()
    rows, runs = row_sets(tmp_path), compact.sorted_runs(Lake(tmp_path))
    assert compact.compact(Lake(tmp_path), read_settings()) == (runs, runs)
    earlier = snapshots(Lake(tmp_path))[1].snapshot_id
    with pytest.raises(ConfigurationError, match="must be made anew first"):
        rollback(Lake(tmp_path), earlier, read_settings())
    assert row_sets(tmp_path) == rows and rows["search_postings"][0]
