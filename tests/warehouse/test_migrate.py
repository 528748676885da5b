"""A lake of an earlier schema version is brought up to date by its next load; one of a newer program is refused."""

import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.pipeline import run_all
from broadsheet.tables.ddl import drop_indexes
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.migrate import FILLED
from broadsheet.warehouse.query import query

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("haidu*.html.gz"))[:4]


@pytest.fixture(scope="module")
def present(tmp_path_factory) -> Path:
    lake = tmp_path_factory.mktemp("present") / "lake"
    run_all(lake, PAGES[:2], shards=1)
    return lake


@pytest.fixture
def earlier(present, tmp_path) -> Path:
    """The same lake as version 2 had it: without the columns and derived tables that came since."""
    lake = tmp_path / "lake"
    shutil.copytree(present, lake)
    with duckdb.connect(str(Lake(lake).warehouse)) as connection:
        for statement in drop_indexes():
            connection.execute(statement)
        for table in TABLES.values():
            if table.layer == "derived":
                connection.execute(f"drop table {table.name}")
        for name, column in FILLED:
            connection.execute(f"alter table {name} drop column {column}")
        connection.execute("update runs set schema_version = '2'")
    for name, column in FILLED:
        for part in (lake / "tables" / name).rglob("*.parquet"):
            pq.write_table(pq.read_table(part, partitioning=None).drop_columns([column]), part)
    return lake


# What depends on the run that read a page first.
OF_RUN = ("run_id", "first_capture_id", "captured_before", "observed_before", "raw_file", "raw_offset", "raw_length")


def rows(lake: Path, name: str) -> list[dict]:
    without = [column for column in OF_RUN if column in TABLES[name].columns]
    exclude = f"exclude ({', '.join(without)})" if without else ""
    return query(lake, f"select * {exclude} from {name} order by all").to_pylist()


def test_the_next_load_brings_an_earlier_lake_up_to_date(present, earlier, tmp_path):
    run_all(earlier, PAGES[2:], shards=1)
    always = tmp_path / "always"
    shutil.copytree(present, always)
    run_all(always, PAGES[2:], shards=1)
    for name, table in TABLES.items():
        if table.layer != "operation":
            assert rows(earlier, name) == rows(always, name), name
    assert rows(earlier, "headline_resolutions")


def test_a_warehouse_is_rebuilt_from_parts_of_an_earlier_version(present, earlier):
    Lake(earlier).warehouse.unlink()
    rebuild(Lake(earlier))
    for name, table in TABLES.items():
        if table.layer != "operation":
            assert rows(earlier, name) == rows(present, name), name


@pytest.mark.parametrize(("version", "message"), [("1", "build the lake anew"), ("99", "newer program")])
def test_a_version_that_is_too_old_or_too_new_is_refused(present, tmp_path, version, message):
    shutil.copytree(present, tmp_path / "lake")
    with duckdb.connect(str(Lake(tmp_path / "lake").warehouse)) as connection:
        connection.execute("update runs set schema_version = ?", [version])
    with pytest.raises(ConfigurationError, match=message):
        run_all(tmp_path / "lake", PAGES[2:], shards=1)
