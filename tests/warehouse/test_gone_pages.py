"""Where a page was that is not there: from known times only, bounded by the captures around."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loads import empty_warehouse

from broadsheet.tables.schema import TABLES

HOST = "https://qingxi.example"
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty():
    return empty_warehouse()


@pytest.fixture
def warehouse(empty):
    yield empty
    clear(empty)


def clear(connection) -> None:
    for name in ("captures", "page_absences", "article_versions"):
        connection.execute(f"delete from {name}")


def at(hour: int | None) -> datetime | None:
    return None if hour is None else START + timedelta(hours=hour)


def insert(connection, name: str, rows: list[dict]) -> None:
    """Rows with what is given; the rest gets what its type allows."""
    fillers = {"string": "x", "int32": 1, "int64": 1, "float64": 1.0, "boolean": False, "timestamp": START}
    whole = [{field.name: row.get(field.name, None if field.nullable else fillers.get(field.type)) for field in TABLES[name].fields} for row in rows]
    connection.register("rows", pa.Table.from_pylist(whole, schema=TABLES[name].arrow))
    connection.execute(f"insert into {name} by name from rows")


def captured(connection, *hours: int | None, path: str = "/1.html", url: str | None = None, **values) -> None:
    """Captures of a page with a canonical URL, fetched there or at another."""
    insert(
        connection,
        "captures",
        [
            {"capture_id": f"{url or path}@{hour}", "canonical_url": HOST + path, "url": HOST + (url or path), "captured_at": at(hour), **values}
            for hour in hours
        ],
    )


def absent(connection, *hours: int | None, path: str = "/1.html", url: str | None = None, **values) -> None:
    insert(
        connection,
        "page_absences",
        [
            {
                "absence_id": f"{url or path}@{hour}", "site": "qingxi.example", "canonical_url": HOST + path, "url": HOST + (url or path),
                "observed_at": at(hour), "http_status": 404, "absence_kind": "gone_404", **values,
            }
            for hour in hours
        ],
    )  # fmt: skip


def gone(connection) -> list[dict]:
    return connection.execute("from gone_pages order by canonical_url, last_captured_at").to_arrow_table().to_pylist()


def test_a_page_that_is_gone_and_comes_back_and_goes_again(warehouse):
    insert(warehouse, "article_versions", [{"version_id": "v1", "headline": "旧标题"}, {"version_id": "v2", "headline": "清河县大桥通车"}])
    captured(warehouse, 1, article_id="a", version_id="v1")
    captured(warehouse, 3, 20, article_id="a", version_id="v2")
    absent(warehouse, 7, absence_kind="redirected_home", http_status=302, redirect_url=HOST + "/")
    absent(warehouse, 5, 9, 30)
    first, second = gone(warehouse)
    assert first == {
        "site": "qingxi.example", "canonical_url": HOST + "/1.html", "article_id": "a", "headline": "清河县大桥通车",
        "last_capture_id": "/1.html@3", "last_captured_at": at(3), "absence_kind": "gone_404", "http_status": 404, "redirect_url": None,
        "first_absent_at": at(5), "last_absent_at": at(9), "absence_count": 3, "back_at": at(20),
    }  # fmt: skip
    assert (second["last_captured_at"], second["first_absent_at"], second["back_at"]) == (at(20), at(30), None)


def test_unknown_times_and_unknown_pages_say_nothing(warehouse):
    captured(warehouse, None, path="/undated.html")
    absent(warehouse, 5, path="/undated.html")
    captured(warehouse, 1, path="/seen.html")
    absent(warehouse, None, path="/seen.html")
    absent(warehouse, 5, path="/never-captured.html")
    captured(warehouse, 6, path="/later.html")
    absent(warehouse, 5, path="/later.html")
    assert gone(warehouse) == []


def test_an_absence_is_of_the_address_that_was_asked_for(warehouse):
    captured(warehouse, 1, path="/1.html", url="/1.html?page=2")  # the second page names the first as canonical
    captured(warehouse, 1, 9, path="/1.html")
    absent(warehouse, 5, path="/1.html?page=2")
    captured(warehouse, 2, path="/2.html", url="/2.html?from=app")
    absent(warehouse, 5, path="/2.html")
    assert [(row["canonical_url"], row["last_captured_at"], row["back_at"]) for row in gone(warehouse)] == [
        (HOST + "/1.html?page=2", at(1), None),
        (HOST + "/2.html", at(2), None),
    ]


EVENTS = st.lists(st.tuples(st.sampled_from(["/1.html", "/2.html"]), st.integers(0, 12), st.booleans()), max_size=14, unique=True)


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_stays_away_are_what_a_walk_along_time_finds(empty, events):
    clear(empty)
    for path, hour, is_there in events:
        (captured if is_there else absent)(empty, hour, path=path)
    expected = []
    for path, of_page in groupby(sorted(events), key=lambda event: event[0]):
        last, spell = None, []
        for _, hour, is_there in [*of_page, (path, None, True)]:  # of one hour, False is before True
            if not is_there:
                spell.append(hour)
                continue
            if spell and last is not None:
                expected.append((HOST + path, at(last), at(spell[0]), at(spell[-1]), len(spell), at(hour)))
            last, spell = hour, []
    columns = ("canonical_url", "last_captured_at", "first_absent_at", "last_absent_at", "absence_count", "back_at")
    assert [tuple(row[column] for column in columns) for row in gone(empty)] == expected
