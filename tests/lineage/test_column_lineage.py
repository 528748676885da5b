"""How it is found which columns others are made of."""

import json
import sys
from pathlib import Path

import pytest
from sqlglot import parse_one
from sqlglot.errors import UnsupportedError

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bin"))

from column_lineage import column_lineage  # noqa: E402
from sql_lineage import columns_of  # noqa: E402

from broadsheet.lake import Lake  # noqa: E402
from broadsheet.lineage.columns import FILE, origins  # noqa: E402
from broadsheet.tables.schema import TABLES  # noqa: E402
from broadsheet.warehouse.views import VIEWS  # noqa: E402


def test_the_file_is_what_the_sample_and_the_sql_give(sample_run):
    """`make docs` writes it anew."""
    lake, _ = sample_run
    assert json.loads(column_lineage(Lake(lake))) == json.loads(FILE.read_text("utf-8"))


def test_it_names_columns_that_there_are():
    known = {name: set(table.columns) for name, table in TABLES.items()} | {view.name: set(view.columns) for view in VIEWS}
    for relation, columns in origins().items():
        assert set(columns) <= known[relation]
        for made_of in columns.values():
            assert all(origin.source in {"pages", "absences"} or origin.column in known[origin.source] for origin in made_of)


def test_every_view_is_traced():
    assert {view.name for view in VIEWS} <= set(origins())
    traced = sum(len(origins()[view.name]) for view in VIEWS)
    assert traced / sum(len(view.columns) for view in VIEWS) > 0.85  # counts of rows are made of no column


@pytest.mark.parametrize(
    ("sql", "column", "expected"),
    [
        ("select a.name from a", "name", {"a.name": "IDENTITY"}),
        ("select upper(name) as name from a", "name", {"a.name": "TRANSFORMATION"}),
        ("select max(name) as name from a", "name", {"a.name": "AGGREGATION"}),
        ("with c as (select max(name) as top from a) select left(top, 2) as top from c", "top", {"a.name": "AGGREGATION"}),
        # a column of USING is the left side's, a written coalesce is of both
        ("select id from a left join b using (id)", "id", {"a.id": "IDENTITY"}),
        ("select coalesce(a.id, b.id) as id from a left join b on a.name = b.label", "id", {"a.id": "TRANSFORMATION", "b.id": "TRANSFORMATION"}),
        # what only says which rows there are is in no value
        ("select * from a semi join b using (id) where name > 'x'", "name", {"a.name": "IDENTITY"}),
        ("from a except select id, label from b", "name", {"a.name": "IDENTITY"}),
        ("select id, name from a union all select id, label from b", "name", {"a.name": "IDENTITY", "b.label": "IDENTITY"}),
        ("select id, name from a union all by name select label as name, id from b", "name", {"a.name": "IDENTITY", "b.label": "IDENTITY"}),
        ("from a union all by name select id from b union all by name select id, label from b", "label", {"b.label": "IDENTITY"}),
        # what decides which value it is
        ("select case when id = 'x' then name end as name from a", "name", {"a.id": "CONDITIONAL", "a.name": "TRANSFORMATION"}),
        ("select max(name) filter (id = 'x') as name from a", "name", {"a.id": "FILTER", "a.name": "AGGREGATION"}),
        ("select arg_min(name, id) as name from a", "name", {"a.id": "SORT", "a.name": "AGGREGATION"}),
        ("select lag(name) over (partition by id) as name from a", "name", {"a.id": "WINDOW", "a.name": "TRANSFORMATION"}),
        # items of a list are no columns
        (
            "select [item for item in string_split(name, '') if item > id] as names from a",
            "names",
            {"a.name": "TRANSFORMATION", "a.id": "TRANSFORMATION"},
        ),
        ("select count(*) as rows from a", "rows", {}),
    ],
)
def test_sql_is_read(sql, column, expected):
    relations = {
        "a": {"id": {("a", "id"): "IDENTITY"}, "name": {("a", "name"): "IDENTITY"}},
        "b": {"id": {("b", "id"): "IDENTITY"}, "label": {("b", "label"): "IDENTITY"}},
    }
    found = columns_of(parse_one(sql, dialect="duckdb"), relations)
    assert {".".join(origin): how for origin, how in found[column].items()} == expected


def test_what_python_made_is_of_unknown_origin():
    relations = {"a": {"id": {("a", "id"): "IDENTITY"}}, "computed": {"id": None, "score": None}}
    found = columns_of(parse_one("select a.id, score, concat(a.id, score) as both from a join computed using (id)", dialect="duckdb"), relations)
    assert found == {"id": {("a", "id"): "IDENTITY"}, "score": None, "both": None}


@pytest.mark.parametrize("sql", ["select id, unnest([{n: name}], recursive := true) from a", "select id from a full join b using (id)"])
def test_what_would_be_read_wrongly_is_refused(sql):
    relations = {"a": {"id": {("a", "id"): "IDENTITY"}, "name": {("a", "name"): "IDENTITY"}}, "b": {"id": {("b", "id"): "IDENTITY"}}}
    with pytest.raises(UnsupportedError):
        columns_of(parse_one(sql, dialect="duckdb"), relations)
