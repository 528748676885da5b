"""Through every stage: pages learned by their URL later are one article, and credits name outlets and people."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.pipeline import run_all
from broadsheet.warehouse.query import query

PAGE = """<html lang="zh"><head><title>清河县跨江大桥建成投用</title></head><body>
<div class="crumb">当前位置：<a href="/">云州网</a> &gt; <a href="/yw/">要闻</a></div>
<h1>清河县跨江大桥建成投用</h1><div class="info">2026-03-02 08:30 来源：云州在线-新华通讯社 编辑：钱雨桐</div>
<div class="content"><p>周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。（记者 赵文博）</p>
<p>据介绍，大桥全长一千二百米，总投资三亿元，建成后每天可通行车辆两万辆次，惠及周边群众十二万人。</p></div></body></html>"""
URL = "https://www.yunzhou.example/yw/1.html"
OUTLETS = "outlets: {云州网: {aliases: [云州在线], hosts: [yunzhou.example]}}"


def delivered(folder: Path, url: str | None, page: str = PAGE) -> Path:
    """A manifest of one page, with the URL that it was captured at, if that is known."""
    (folder / "page.html").write_text(page, "utf-8")
    manifest = folder / "manifest.jsonl"
    manifest.write_text(json.dumps({"path": "page.html", **({"url": url} if url else {})}), "utf-8")
    return manifest


@pytest.mark.parametrize("urls", [(None, URL), (URL, None), (None, "http://m.yunzhou.example/yw/1.html", URL)])
def test_a_page_captured_with_its_url_and_without_is_one_article(tmp_path, urls):
    for url in urls:
        run_all(tmp_path / "lake", [], manifest=delivered(tmp_path, url), shards=1)
    rows = query(tmp_path / "lake", "select canonical_url, site, capture_count, version_count, origin, via from current_articles").to_pylist()
    count = len(urls)
    assert rows == [
        {
            "canonical_url": URL,
            "site": "yunzhou.example",
            "capture_count": count,
            "version_count": count,
            "origin": ["新华通讯社"],
            "via": ["云州在线"],
        }
    ]
    reasons = query(tmp_path / "lake", "select alias_basis from article_aliases order by all").to_pylist()
    assert [row["alias_basis"] for row in reasons] == ["same_masthead", "url_variant"][: count - 1]


def test_the_seed_page_and_a_later_capture_with_its_url_are_one_article(tmp_path, seed_page):
    run_all(tmp_path / "lake", [seed_page], shards=1)
    known = tmp_path / "manifest.jsonl"
    known.write_text(
        json.dumps({"path": str(seed_page), "url": "https://gansu.portal.example/a/1.html", "captured_at": "2022-01-14T10:00:00+08:00"}), "utf-8"
    )
    run_all(tmp_path / "lake", [], manifest=known, shards=1)
    (row,) = query(
        tmp_path / "lake", "select site, canonical_url, capture_count, first_captured_at is not null as is_dated from current_articles"
    ).to_pylist()
    assert row == {"site": "gansu.portal.example", "canonical_url": "https://gansu.portal.example/a/1.html", "capture_count": 2, "is_dated": True}
    sites = query(tmp_path / "lake", "select site, outlet_name from sites left join outlets using (outlet_id) order by all").to_pylist()
    assert sites == [{"site": "gansu.portal.example", "outlet_name": None}, {"site": "中国甘肃网", "outlet_name": "中国甘肃网"}]
    affiliated = query(tmp_path / "lake", "select outlet_name from people join outlets using (outlet_id)").to_pylist()
    assert affiliated == [{"outlet_name": "甘肃日报"}]


def test_credits_name_outlets_and_people_by_the_users_table_and_the_bundled_one(tmp_path):
    (tmp_path / "outlets.yaml").write_text(OUTLETS, "utf-8")
    run_all(tmp_path / "lake", [], manifest=delivered(tmp_path, URL), shards=1, outlets_file=tmp_path / "outlets.yaml")
    sources = query(
        tmp_path / "lake",
        "select source_role, s.outlet_name as credited, o.outlet_name from article_sources as s join outlets as o using (outlet_id) order by all",
    ).to_pylist()
    assert sources == [
        {"source_role": "origin", "credited": "新华通讯社", "outlet_name": "新华社"},
        {"source_role": "via", "credited": "云州在线", "outlet_name": "云州网"},
    ]
    people = query(
        tmp_path / "lake",
        "select person_role, p.person_name, person_basis, p.site from article_people join people as p using (person_id) order by all",
    ).to_pylist()
    assert people == [
        {"person_role": "editor", "person_name": "钱雨桐", "person_basis": "site", "site": "yunzhou.example"},
        {"person_role": "reporter", "person_name": "赵文博", "person_basis": "site", "site": "yunzhou.example"},
    ]
    assert query(tmp_path / "lake", "select outlet_name from sites join outlets using (outlet_id)").to_pylist() == [{"outlet_name": "云州网"}]


def test_a_wrong_outlets_file_stops_a_run_before_it_captures(tmp_path):
    (tmp_path / "outlets.yaml").write_text("outlets: {云州网: {host: yunzhou.example}}", "utf-8")
    given = ["run", "--lake", str(tmp_path / "lake"), "--manifest", str(delivered(tmp_path, URL)), "--outlets", str(tmp_path / "outlets.yaml")]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 2
    assert "outlets.云州网.host: Extra inputs are not permitted" in result.output.replace("\n", " ")
    assert not (tmp_path / "lake").exists()
