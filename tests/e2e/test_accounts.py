"""What a run says of its inputs adds up, and pages of which nothing tells the site stay apart."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from warcs import HTML, Warc

from broadsheet.pipeline import run_all
from broadsheet.summary import summary_text
from broadsheet.warehouse.query import query

PARAGRAPHS = "".join(
    f"<p>{text}</p>"
    for text in (
        "周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。",
        "据介绍，大桥全长一千二百米，总投资三亿元，建成后每天可通行车辆两万辆次，惠及周边群众十二万人。",
    )
)
FEED = ["望江区智能公交线路正式开工建设", "松岭县高山蔬菜基地启动二期建设", "柳泉县冷链物流园完成主体结构封顶"]


def page(title: str, *, site: str = "", entries: list[str] = FEED, headline: str | None = "清河县跨江大桥建成投用") -> str:
    crumbs = f'<div class="crumb">当前位置：<a href="/">{site}</a> &gt; <a href="/yw/">要闻</a></div>' if site else ""
    feed = "".join(f"<li><a href='/a/{number}.html'>{text}</a></li>" for number, text in enumerate(entries))
    head = f"<h1>{headline}</h1>" if headline else ""
    return f"""<html lang="zh"><head><title>{title}</title></head><body>{crumbs}{head}<div class="info">2026-03-02 08:00 编辑：钱雨桐</div>
<div class="content">{PARAGRAPHS}</div><div class="side"><h3>点击排行</h3><ol>{feed}</ol></div></body></html>"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An ordinary archive: pages, the same page again, images and a redirect."""
    warc = Warc().response(page("甲").encode(), url="http://qingxi.example/1.html").response(page("乙").encode(), url="http://qingxi.example/2.html")
    warc.response(page("甲").encode(), url="http://qingxi.example/1.html")
    for number in range(3):
        warc.response(b"\x89PNG\r\n\x1a\n", url=f"http://qingxi.example/{number}.png", headers=[("Content-Type", "image/png")])
    warc.response(b"", url="http://qingxi.example/", headers=HTML, status="302 Found")
    file = tmp_path_factory.mktemp("archive") / "a.warc.gz"
    file.write_bytes(warc.data)
    return file


def test_an_ordinary_archive_is_a_success_and_every_record_is_accounted_for(archive, tmp_path):
    command = [sys.executable, "-m", "broadsheet", "run", "--lake", tmp_path / "lake", "--shards", "1", "--json", archive]
    process = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    summary = json.loads(process.stdout)
    assert (summary["input_count"], summary["page_count"], summary["rejected_input_count"], summary["duplicate_count"]) == (3, 2, 0, 1)
    assert summary["passed_over"] == {"image/png": 3, "status 302": 1}
    lines = [" ".join(line.split()) for line in summary_text(summary).splitlines()]
    assert "Inputs 3 of which pages read 2, quarantined 0, 1 the same page again" in lines
    assert "Besides 4 records of WARC files that are no pages: image/png 3, status 302 1" in lines
    assert "headline_resolutions – 3" in lines
    (row,) = query(tmp_path / "lake", "from stage_outcomes where stage = 'capture'").to_pylist()
    assert (row["in_count"], row["out_count"], row["quarantined_count"], row["new_count"], row["passed_over_count"]) == (3, 3, 0, 2, 4)
    assert query(tmp_path / "lake", "from quarantine").num_rows == 0


def run(tmp_path: Path, *pages: str) -> tuple[Path, dict]:
    rows = []
    for number, text in enumerate(pages):
        (tmp_path / f"{number}.html").write_text(text, "utf-8")
        rows.append({"path": f"{number}.html", "captured_at": f"2026-03-02T0{number + 1}:00:00Z"})
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return tmp_path / "lake", run_all(tmp_path / "lake", [], manifest=tmp_path / "manifest.jsonl", shards=1)


def test_pages_that_name_their_sites_are_of_these_and_others_share_nothing(tmp_path):
    lake, _ = run(
        tmp_path, page("清河县跨江大桥建成投用", site="云州网"), page("清河县跨江大桥建成投用_山河日报"), page("清河县跨江大桥建成投用"),
        page("清河县跨江大桥建成投用", entries=FEED[::-1]),
    )  # fmt: skip
    sites = query(lake, "select site, site_basis, count(*) as n from captures group by all order by all").to_pylist()
    assert [tuple(row.values()) for row in sites] == [("unknown", "none", 2), ("云州网", "masthead", 1), ("山河日报", "masthead", 1)]
    for table in ("articles", "headline_feeds"):
        assert query(lake, f"from {table}").num_rows == 4
    ranks = query(lake, "select count(*) as n, count(appeared_after) as before, count(gone_before) as since from headline_ranks").to_pylist()
    assert ranks == [{"n": 12, "before": 0, "since": 0}]


def test_an_article_without_a_headline_is_warned_of(tmp_path):
    lake, summary = run(tmp_path, page("", headline=None))
    assert query(lake, "from articles").num_rows == 0
    assert summary["warnings"]["headline_missing"] == 1
    assert "headline_missing" in summary_text(summary)
    (result,) = query(lake, "from quality_results where check_name = 'headline_missing'").to_pylist()
    assert (result["table_name"], result["failed_count"], result["policy_action"]) == ("captures", 1, "warn")
