"""One declaration of each column; everything else derives from it."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from broadsheet.quality.listing import suites_page
from broadsheet.tables.batch import Batch
from broadsheet.tables.ddl import ddl
from broadsheet.tables.diagram import entity_diagram
from broadsheet.tables.dictionary import data_dictionary
from broadsheet.tables.fields import FIELDS
from broadsheet.tables.schema import ARROW_TYPES, TABLES

ROOT = Path(__file__).resolve().parents[2]


def test_the_data_dictionary_is_up_to_date():
    assert (ROOT / "docs" / "data_dictionary.md").read_text("utf-8") == data_dictionary(), "run: broadsheet dictionary --out docs/data_dictionary.md"


def test_the_page_of_suites_is_up_to_date_and_has_every_table():
    page = suites_page()
    assert (ROOT / "docs" / "data_suites.md").read_text("utf-8") == page, "run: broadsheet dictionary --suites --out docs/data_suites.md"
    for name in TABLES:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert "| schema | `duplicate_key`" in section and "| schema | `null_value`" in section, name


def test_every_column_is_declared_and_every_declaration_is_used():
    used = {column for table in TABLES.values() for column in table.columns}
    assert used <= set(FIELDS)
    assert set(FIELDS) - used <= {"suite", "schema_version", "parser_version"}, set(FIELDS) - used


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_keys_sort_orders_and_references_name_columns_that_exist(table):
    assert set(table.key) <= set(table.columns)
    assert set(table.sort) <= set(table.columns)
    assert table.nullable | table.required <= set(table.columns)
    for column, (parent, parent_column) in table.references.items():
        assert column in table.columns
        assert parent_column in TABLES[parent].columns


def test_ddl_gives_the_declared_types_comments_and_nulls_and_runs_twice():
    connection = duckdb.connect()
    for _ in range(2):
        for statement in ddl():
            connection.execute(statement)
    rows = connection.execute("select table_name, column_name, is_nullable, comment from duckdb_columns() where not internal").fetchall()
    assert len(rows) == sum(len(table.columns) for table in TABLES.values())
    for table_name, column, nullable, comment in rows:
        field = TABLES[table_name].field(column)
        assert nullable == field.nullable
        assert comment.startswith(field.description)


def test_arrow_and_duckdb_agree_on_types():
    connection = duckdb.connect()
    for statement in ddl():
        connection.execute(statement)
    connection.execute("set TimeZone = 'UTC'")
    for table in TABLES.values():
        arrow = connection.execute(f"select * from {table.name}").to_arrow_table().schema
        for field in table.fields:
            assert arrow.field(field.name).type == ARROW_TYPES[field.type], (table.name, field.name)


def test_a_batch_keeps_the_first_row_of_a_key_and_refuses_unknown_columns():
    batch = Batch()
    batch.add("channels", channel_id="0" * 20, site="a.example", channel_name="要闻", channel_path="要闻", depth=1, run_id="r")
    batch.add("channels", channel_id="0" * 20, site="a.example", channel_name="民生", channel_path="民生", depth=1, run_id="r")
    (rows,) = batch.tables().values()
    assert rows["channel_name"].to_pylist() == ["要闻"]
    assert rows.schema.equals(TABLES["channels"].arrow)
    with pytest.raises(KeyError, match="colour"):
        batch.add("channels", channel_id="1" * 20, colour="red")
    assert isinstance(rows, pa.Table)


def test_the_entity_diagram_is_up_to_date_and_draws_every_reference():
    drawn = entity_diagram()
    assert (ROOT / "docs" / "entity_diagram.md").read_text("utf-8") == drawn, "run: make docs"
    found = re.findall(r"^    (\w+) (?:\|\||\|o)--o[{|] (\w+) : (\w+)$", drawn, re.MULTILINE)
    assert sorted(found) == sorted((parent, table.name, column) for table in TABLES.values() for column, (parent, _) in table.references.items())
    assert sorted(re.findall(r"^    (\w+) \{$", drawn, re.MULTILINE)) == sorted(TABLES)
