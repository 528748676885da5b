"""The SQL console reads the published state and nothing else, within its limits."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from visitors import client_of

from broadsheet.ui import asking, console
from broadsheet.ui.asking import Asked
from broadsheet.ui.console import answer_of

SAME = {"sec-fetch-site": "same-origin"}


def ask(lake, sql: str, *, seconds: float = 30, memory_mb: int = 512, row_limit: int = 100) -> console.Answer:
    return answer_of(Asked(str(lake), sql, seconds=seconds, memory_mb=memory_mb, row_limit=row_limit))


@pytest.fixture(autouse=True)
def no_spare_left():
    yield
    console._spare.take().kill()


def test_an_answer_has_columns_and_rows_as_text(ui_lake):
    answer = ask(
        ui_lake, "select 1 as a, null as b, true as c, [1, 2] as d, timestamptz '2026-03-01 08:00:00+08' as e, 'x' as f, 1.50::decimal(5, 2) as g"
    )
    assert answer.columns == ["a", "b", "c", "d", "e", "f", "g"]
    assert answer.rows == [["1", None, "true", "[1, 2]", "2026-03-01 00:00:00+00:00", "x", "1.50"]]
    assert not answer.error


def test_marts_macros_and_pivots_can_be_asked(ui_lake):
    assert ask(ui_lake, "select count(*) from current_articles").rows == [["102"]]
    assert ask(ui_lake, "select * from search('湿地公园')").rows
    assert len(ask(ui_lake, "pivot (select page_kind, site from captures) on site using count(*)").columns) > 2
    assert ask(ui_lake, "describe captures").rows[0][0] == "capture_id"


def test_a_page_is_limited_in_characters_too(ui_lake):
    answer = ask(ui_lake, "select repeat('文', 5000) || i from range(5000) as t(i)", row_limit=5000)
    assert answer.is_cut and {len(text) for (text,) in answer.rows} == {asking.CELL_CHARS + 1}
    assert asking.PAGE_CHARS <= sum(len(text) for (text,) in answer.rows) < asking.PAGE_CHARS + 2 * asking.CELL_CHARS


def test_the_number_of_rows_is_limited_and_that_is_told(ui_lake):
    cut, whole = (ask(ui_lake, f"select * from range({count})", row_limit=10) for count in (11, 10))
    assert (len(cut.rows), cut.is_cut) == (10, True)
    assert (len(whole.rows), whole.is_cut) == (10, False)


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{out}'",
        "copy captures to '{out}' (format parquet)",
        "export database '{out}'",
        "attach '{out}' as other",
        "create table t as select 1",
        "insert into captures select * from captures",
        "delete from captures",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '90GB'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "pragma memory_limit = '90GB'",
        "pragma enable_profiling",
        "call pragma_version()",
        "checkpoint",
        "use memory",
        "begin",
        "select 1; select 2",
        "explain analyze copy (select 1) to '{out}'",
        "prepare p as select 1",
        "",
        "not sql",
    ],
)
def test_only_questions_are_asked(ui_lake, tmp_path, sql):
    out = tmp_path / "out"
    answer = ask(ui_lake, sql.format(out=out))
    assert answer.error
    assert answer.rows == ()
    assert not out.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/passwd')",
        "from '/etc/passwd'",
        "select * from glob('/*')",
        "select * from read_parquet('{lake}/tables/captures/**/*.parquet')",
        "select * from read_csv('http://127.0.0.1:1/x.csv')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from parquet_metadata('/etc/passwd')",
        "select * from duckdb_secrets()",
        "select * from query('copy (select 1) to ''/tmp/x''')",
        "select * from asked",
        "select * from writer",
        "select getenv('HOME')",
        "with x as (select * from read_text('/etc/passwd')) select * from x",
        "explain analyze select * from read_text('/etc/passwd')",
    ],
)
def test_no_file_no_network_no_variable_is_reached(ui_lake, sql):
    answer = ask(ui_lake, sql.format(lake=ui_lake))
    assert answer.error
    assert "root:" not in answer.error
    assert answer.rows == ()


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c",
        "with recursive t as (select 1 as i union all select i + 1 from t) select count(*) from t",
        "select sum(length(repeat('x', 40000 + i % 9))) from range(1000000000) as t(i)",
    ],
)
def test_what_does_not_end_is_ended(ui_lake, sql):
    assert "interrupted" in (error := ask(ui_lake, sql, seconds=0.5).error) or "stopped" in error


@pytest.mark.parametrize(
    "sql",
    [
        "select list(i) from range(1000000000) as t(i)",
        "select string_agg(repeat('x', 100000), '') from range(1000000)",
        "select length(repeat('x', 10000000000))",
        "select * from range(100000000) order by hash(range)",
    ],
)
def test_what_needs_more_memory_than_it_may_is_refused(ui_lake, sql):
    answer = ask(ui_lake, sql, memory_mb=64, seconds=60)
    assert answer.error
    assert answer.rows == ()


def test_the_process_has_nothing_of_the_servers_environment(ui_lake, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    process = console._started()
    try:
        with Path(f"/proc/{process.pid}/environ").open("rb") as environ:
            assert b"secret" not in environ.read()
    finally:
        process.kill()
        process.wait()


def test_a_process_that_nobody_asks_ends_with_the_server():
    assert (
        subprocess.run([sys.executable, "-c", "from broadsheet.ui.asking import main; main()"], stdin=subprocess.DEVNULL, timeout=60).returncode == 0
    )


def test_what_a_library_prints_is_no_part_of_the_answer(ui_lake):
    code = (
        "import os; from broadsheet.ui import asking; "
        "asking.answer = lambda asked, out: os.write(1, b'50 %') * 0 + out.write('answer') * 0; asking.main()"
    )
    asked = msgspec.json.encode(Asked(str(ui_lake), "select 1", seconds=1, memory_mb=64, row_limit=1))
    assert subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, timeout=60).stdout == b"answer"


def test_the_system_refuses_a_file_that_duckdb_would_not(tmp_path):
    code = "from broadsheet.ui.asking import confine; confine(64); open('x', 'wb', 0).write(b'x')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert "File too large" in done.stderr


def test_places_are_given_back(ui_lake):
    for _ in range(console.AT_ONCE + 1):
        assert ask(ui_lake, "select 1 from nowhere").error
    assert ask(ui_lake, "select 1").rows == [["1"]]


def test_when_all_places_are_taken_that_is_told(ui_lake, monkeypatch):
    monkeypatch.setattr(console, "_WAIT", 0.01)
    for _ in range(console.AT_ONCE):
        assert console._places.acquire(timeout=10)
    try:
        answers = [client_of(ui_lake).post(path, data={"sql": "select 1"}, headers=SAME) for path in ("/sql", "/sql.csv")]
    finally:
        for _ in range(console.AT_ONCE):
            console._places.release()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "Try again" in answers[0].text


def test_the_page_shows_the_answer_or_what_is_wrong(ui_lake):
    client = client_of(ui_lake)
    client.get("/sql")  # the process that answers is started here
    answer = client.post("/sql", data={"sql": "select '<b>' as \"<i>\", null as n"}, headers=SAME)
    assert answer.status_code == 200
    assert "&lt;b&gt;" in answer.text and "&lt;i&gt;" in answer.text and "NULL" in answer.text
    wrong = client.post("/sql", data={"sql": "select '</textarea>' from nowhere"}, headers=SAME)
    assert wrong.status_code == 400
    assert "Catalog Error" in wrong.text
    assert "&lt;/textarea&gt;" in wrong.text


def test_a_question_fills_the_console_and_can_be_asked(ui_lake):
    from html import unescape

    page = client_of(ui_lake).get("/sql?question=promotion").text
    sql = unescape(page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
    assert "from promotion" in sql
    assert not ask(ui_lake, sql).error


def test_csv_is_whole_and_no_cell_is_a_formula(ui_lake):
    answer = client_of(ui_lake).post(
        "/sql.csv", data={"sql": "select '=1+1' as a, -5 as b, 'x,\"y\"' as c, null as d union all select '-x', 1, '新', ''"}, headers=SAME
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert sorted(csv.reader(io.StringIO(answer.text))) == [["'-x", "1", "新", ""], ["'=1+1", "-5", 'x,"y"', ""], ["a", "b", "c", "d"]]


def test_csv_of_a_wrong_statement_is_a_page_that_says_so(ui_lake):
    answer = client_of(ui_lake).post("/sql.csv", data={"sql": "select * from nowhere"}, headers=SAME)
    assert answer.status_code == 400
    assert "Catalog Error" in answer.text


@pytest.mark.parametrize(
    ("sql", "limits"),
    [
        ("select * from range(3000)", {"row_limit": 2999}),
        ("select case when range = 8000 then error('no') end from range(9000)", {"row_limit": 9000}),
    ],
)
def test_a_table_that_is_not_whole_breaks_off(ui_lake, sql, limits):
    chunks = console._csv(Asked(str(ui_lake), sql, seconds=30, memory_mb=512, is_csv=True, **limits))
    next(chunks)
    with pytest.raises(console.IncompleteTable):
        list(chunks)


def test_a_download_that_is_given_up_ends_its_process(ui_lake):
    chunks = console._csv(Asked(str(ui_lake), "select * from range(100000000)", seconds=60, memory_mb=512, row_limit=100_000_000, is_csv=True))
    next(chunks)
    next(chunks)
    chunks.close()
    assert console._places.acquire(timeout=10)
    console._places.release()


def test_the_dictionary_has_every_table_and_view(ui_lake):
    from broadsheet.tables.schema import TABLES
    from broadsheet.warehouse.views import VIEWS

    page = client_of(ui_lake).get("/sql/dictionary").text
    assert all(f'id="{name}"' in page for name in (*TABLES, *(view.name for view in VIEWS)))
