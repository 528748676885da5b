"""What a load changes can be replayed and undone, whatever was added, removed and replaced on the way."""

import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.tables.ddl import create_table
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes, apply

SITES = ("a.example", "b.example", "c.example", "d.example")
sites = st.sampled_from(SITES)
names = st.sampled_from((None, "甲报", "乙报"))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(sites, names, max_size=3)),
        st.tuples(st.just("remove"), st.sets(sites, max_size=3)),
        st.tuples(st.just("replace"), st.dictionaries(sites, names, max_size=3)),
    ),
    max_size=6,
)


def rows_of(wanted: dict) -> str:
    rows = (f"('{site}', {'null' if name is None else repr(name)})" for site, name in wanted.items())
    given = {"site": "site", "site_name": "site_name", "site_basis": "'url'", "time_zone": "'UTC'", "time_zone_basis": "'site'", "run_id": "'run'"}
    columns = ", ".join(f"{given.get(column, 'null')} as {column}" for column in TABLES["sites"].columns)
    return f"select {columns} from (values {', '.join(rows)}) as t(site, site_name)" if wanted else "from sites limit 0"


def keys_of(wanted) -> str:
    rows = (f"('{site}')" for site in sorted(wanted))
    return f"from (values {', '.join(rows)}) as t(site)" if wanted else "select site from sites limit 0"


def contents(connection) -> dict:
    return dict(connection.execute("select site, site_name from sites").fetchall())


def warehouse(held: dict) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in TABLES.values():
        connection.execute(create_table(table))
    connection.execute(f"insert into sites by name {rows_of(held)}")
    return connection


@settings(max_examples=40, deadline=None)
@given(held=st.dictionaries(sites, names), steps=steps)
def test_changes_lead_from_the_first_state_to_the_last(held, steps):
    connection = warehouse(held)
    changes = Changes(connection)
    expected = dict(held)
    for kind, wanted in steps:
        if kind == "add":
            assert changes.add("sites", rows_of(wanted)) == len(wanted.keys() - expected.keys())
            expected = wanted | expected
        elif kind == "remove":
            assert changes.remove("sites", keys_of(wanted)) == len(wanted & expected.keys())
            expected = {site: name for site, name in expected.items() if site not in wanted}
        else:
            changes.replace("sites", keys_of(wanted), rows_of(wanted))
            expected |= wanted
    assert contents(connection) == expected
    differing = held.items() ^ expected.items()
    assert changes.counts().get("sites", (0, 0)) == (len(differing & expected.items()), len(differing & held.items()))
    with tempfile.TemporaryDirectory() as folder:
        changes.write(Path(folder))
        other = warehouse(held)
        apply(other, Path(folder))
        assert contents(other) == expected
