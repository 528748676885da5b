"""Pages that go: from the WARC record to the view, in one load or several, and in a run of absences alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from warcs import Warc

from broadsheet.lake import Lake
from broadsheet.pipeline import run_all
from broadsheet.summary import summary_text
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.load import rebuild
from broadsheet.warehouse.query import query

FIRST, THIRD = "2026-03-02T01:00:00Z", "2026-03-04T01:00:00Z"


def article(number: int) -> bytes:
    text = f"周一上午，清河县第{number}号大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。"
    return f"""<html lang="zh"><body><h1>清河县第{number}号大桥建成投用</h1><div>2026-03-02 08:00 来源：云州日报</div>
<div class="content"><p>{text}</p><p>{text}据介绍，总投资{number}亿元。</p></div></body></html>""".encode()


def url(number: int) -> str:
    return f"https://qingxi.example/a/{number}.html"


@pytest.fixture(scope="module")
def days(tmp_path_factory) -> list[Path]:
    """The archives of two days. On the third, of five articles one is gone, one leads home, one is told to be gone twice, and one has moved;
    one that was never captured is gone too."""
    first, third = Warc(), Warc()
    for number in range(1, 6):
        first.response(article(number), url=url(number), date=FIRST)
    third.response(b"", url=url(1), date=THIRD, status="404 Not Found")
    third.response(b"", url=url(2), date=THIRD, status="302 Found", headers=[("Location", "/")])
    for _ in range(2):
        third.response(b"", url=url(3), date=THIRD, status="410 Gone")
    third.response(b"", url=url(4), date=THIRD, status="301 Moved", headers=[("Location", "/b/4.html")])
    third.response(b"", url=url(9), date=THIRD, status="404 Not Found")
    folder = tmp_path_factory.mktemp("days")
    for name, warc in (("first", first), ("third", third)):
        (folder / f"{name}.warc.gz").write_bytes(warc.data)
    return [folder / "first.warc.gz", folder / "third.warc.gz"]


def contents(lake: Path) -> dict[str, list]:
    """Rows of all tables that hold data, without the run that wrote them first, and what the view makes of them."""
    found = {}
    for name in (table.name for table in TABLES.values() if table.layer != "operation"):
        columns = ", ".join(column for column in TABLES[name].columns if column not in ("run_id", "raw_file", "raw_offset"))
        found[name] = query(lake, f"select {columns} from {name} order by all").to_pylist()
    return {**found, "gone_pages": query(lake, "from gone_pages order by all").to_pylist()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, days) -> tuple[Path, dict]:
    """(lake, summary) of one run of both days."""
    lake = tmp_path_factory.mktemp("whole")
    return lake, run_all(lake, days, shards=1)


def test_the_view_tells_which_captured_pages_are_gone(whole):
    lake, _ = whole
    rows = query(
        lake, "select canonical_url, absence_kind, redirect_url, headline, first_absent_at, back_at from gone_pages order by all"
    ).to_pylist()
    assert [(row["canonical_url"], row["absence_kind"], row["redirect_url"]) for row in rows] == [
        (url(1), "gone_404", None), (url(2), "redirected_home", "https://qingxi.example/"), (url(3), "gone_410", None),
    ]  # fmt: skip
    assert [row["headline"] for row in rows] == [f"清河县第{number}号大桥建成投用" for number in (1, 2, 3)]
    assert all(row["first_absent_at"].isoformat().startswith("2026-03-04") and row["back_at"] is None for row in rows)
    assert query(lake, "from page_absences").num_rows == 4  # a page that was never captured among them


def test_the_account_adds_up(whole):
    lake, summary = whole
    assert summary["absences"] == {"gone_404": 2, "redirected_home": 1, "gone_410": 1}
    lines = [" ".join(line.split()) for line in summary_text(summary).splitlines()]
    assert "Inputs 10 of which pages read 5, quarantined 0, absences 4, 1 the same page again" in lines
    assert "Absences 4 answers that a page is not there: gone_404 2, redirected_home 1, gone_410 1" in lines
    assert "Besides 1 records of WARC files that are no pages: status 301 1" in lines
    (row,) = query(lake, "from stage_outcomes where stage = 'capture'").to_pylist()
    counts = ("in_count", "out_count", "quarantined_count", "new_count", "absence_count", "passed_over_count")
    assert [row[name] for name in counts] == [10, 10, 0, 9, 4, 1]
    assert {row["n"] for row in query(lake, "select absence_count as n from stage_outcomes where stage <> 'capture'").to_pylist()} == {None}


def test_several_loads_in_another_order_give_the_same_rows_and_so_does_a_rebuild(days, whole, tmp_path):
    for day in (1, 0, 1):
        summary = run_all(tmp_path, [days[day]], shards=1)
    assert summary["tables"]["page_absences"]["new"] == 0
    assert contents(tmp_path) == contents(whole[0])
    Lake(tmp_path).warehouse.unlink()
    rebuild(Lake(tmp_path))
    assert contents(tmp_path) == contents(whole[0])


def test_absences_alone_are_published_and_are_a_success(days, tmp_path):
    command = [sys.executable, "-m", "broadsheet", "run", "--lake", tmp_path / "lake", "--json", days[1]]
    process = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    summary = json.loads(process.stdout)
    assert (summary["page_count"], summary["tables"]["page_absences"]["new"]) == (0, 4)
    assert query(tmp_path / "lake", "from gone_pages").num_rows == 0


def test_extract_writes_a_line_of_error_for_an_absence(days, tmp_path):
    command = [sys.executable, "-m", "broadsheet", "extract", "--jsonl", tmp_path / "out.jsonl", days[1]]
    process = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0 and "0 pages read, 5 rejected, 1 records" in process.stderr
    errors = [json.loads(line)["error"] for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [error["reason"] for error in errors] == ["gone_404", "redirected_home", "gone_410", "gone_410", "gone_404"]
    assert errors[1]["detail"] == f"status 302 to https://qingxi.example/, {url(2)}"
