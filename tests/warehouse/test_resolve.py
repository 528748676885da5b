"""Cut headlines are matched by the exact width test; what fits twice is ambiguous, what fits nothing stays open."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from broadsheet.tables.ddl import ddl
from broadsheet.tables.schema import TABLES
from broadsheet.text import cut, display_width
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.resolve import resolve

LONG = "清河县跨江大桥建成投用惠及周边十二万名群众出行更方便"
OTHER = "清河县跨江大桥建成投用惠及周边十二万名群众的背后故事"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def connection():
    made = duckdb.connect()
    for statement in ddl():
        made.execute(statement)
    create_macros(made)
    return made


def insert(connection, name: str, **values) -> None:
    """A row with what is given; the rest gets what its type allows."""
    fillers = {"string": "x", "int32": 1, "int64": 1, "float64": 1.0, "boolean": False, "timestamp": NOW}
    row = {field.name: values.get(field.name, None if field.nullable else fillers.get(field.type)) for field in TABLES[name].fields}
    rows = pa.Table.from_pylist([row], schema=TABLES[name].arrow)
    connection.register("rows", rows)
    connection.execute(f"insert into {name} by name from rows")


def feed(
    connection, *shown: tuple[str, bool], feed_id: str = "feed", snapshot: str = "state", capture: str = "page", limit: int | None = 36,
    site: str = "yz",
) -> None:  # fmt: skip
    insert(connection, "headline_feed_snapshots", feed_snapshot_id=snapshot, feed_id=feed_id, site=site, width_limit=limit, entry_count=len(shown))
    insert(connection, "headline_feed_observations", capture_id=capture, feed_id=feed_id, feed_snapshot_id=snapshot, site=site)
    for rank, (text, is_cut) in enumerate(shown, start=1):
        insert(
            connection,
            "headline_feed_entries",
            feed_snapshot_id=snapshot,
            rank=rank,
            site=site,
            headline_text=text,
            is_truncated=is_cut,
            display_width=display_width(text),
        )


def link(connection, text: str, capture: str = "page", position: int = 1) -> None:
    insert(connection, "related_links", capture_id=capture, position=position, site="yz", headline_text=text)


def outcome(connection, rank: int = 1) -> tuple:
    return connection.execute(
        "select resolution_status, resolution_method, full_headline, candidate_count from headline_resolutions where rank = ?", [rank]
    ).fetchall()[0]


def test_a_cut_entry_is_resolved_by_the_title_that_the_width_cuts_to_it(connection):
    feed(connection, (cut(LONG, 36), True))
    link(connection, LONG)
    resolve(connection)
    assert outcome(connection) == ("resolved", "same_page_cut", LONG, 1)


def test_a_longer_title_that_the_width_would_cut_elsewhere_does_not_fit(connection):
    feed(connection, (cut(LONG, 32), True))
    link(connection, LONG)
    resolve(connection)
    assert outcome(connection)[0] == "unresolved"


def test_two_titles_that_fit_are_ambiguous(connection):
    feed(connection, (cut(LONG, 36), True))
    link(connection, LONG)
    link(connection, OTHER, position=2)
    resolve(connection)
    assert cut(LONG, 36) == cut(OTHER, 36)
    assert outcome(connection) == ("ambiguous", "same_page_cut", None, 2)


def test_the_page_itself_is_asked_before_the_warehouse(connection):
    feed(connection, (cut(LONG, 36), True))
    link(connection, OTHER, capture="elsewhere")
    link(connection, LONG)
    resolve(connection)
    assert outcome(connection) == ("resolved", "same_page_cut", LONG, 1)


def test_a_title_that_comes_later_resolves_what_was_open_and_another_makes_it_ambiguous(connection):
    feed(connection, (cut(LONG, 36), True))
    resolve(connection)
    assert outcome(connection)[0] == "unresolved"
    link(connection, LONG, capture="later")
    resolve(connection)
    assert outcome(connection) == ("resolved", "warehouse_cut", LONG, 1)
    link(connection, OTHER, capture="later still", position=2)
    resolve(connection)
    assert outcome(connection)[:2] == ("ambiguous", "warehouse_cut")


def test_an_entry_that_is_not_cut_is_confirmed_by_another_place_but_not_by_its_own_feed(connection):
    feed(connection, ("南屏县湿地公园迎客", False), ("南屏县湿地公园迎客", False), ("白石县图书馆开放", False))
    link(connection, "白石县图书馆开放")
    resolve(connection)
    assert [outcome(connection, rank)[0] for rank in (1, 2, 3)] == ["unresolved", "unresolved", "resolved"]


def test_an_entry_as_wide_as_the_limit_may_be_whole(connection):
    whole = cut(LONG, 36)
    feed(connection, (whole, True))
    link(connection, whole)
    resolve(connection)
    assert outcome(connection) == ("resolved", "same_page_exact", whole, 1)
    link(connection, LONG, position=2)
    resolve(connection)
    assert outcome(connection)[::3] == ("ambiguous", 2)


def test_an_entry_with_an_ellipsis_is_not_whole(connection):
    feed(connection, (cut(LONG, 36) + "…", True))
    link(connection, cut(LONG, 36))
    resolve(connection)
    assert outcome(connection)[0] == "unresolved"


def test_pages_of_unknown_sites_are_of_no_one_site(connection):
    insert(connection, "related_links", capture_id="elsewhere", position=1, site="unknown", headline_text=LONG)
    feed(connection, (LONG, False), site="unknown")
    resolve(connection)
    assert connection.execute("select confidence from headline_resolutions").fetchall() == [(0.85,)]


def test_an_ellipsis_is_no_part_of_the_headline(connection):
    feed(connection, (cut(LONG, 28) + "...", True), limit=28)
    link(connection, LONG)
    resolve(connection)
    assert outcome(connection)[:3] == ("resolved", "same_page_cut", LONG)
