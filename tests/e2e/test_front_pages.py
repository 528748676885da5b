"""Through every stage: a front page and a feed file captured four times, whose headlines move, come and go."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcs import Warc

from broadsheet.pipeline import run_all
from broadsheet.warehouse.query import query

HOURS = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in range(1, 5)]
STORIES = {
    "bridge": "青河第三大桥正式通车 两岸往来只要五分钟",
    "storm": "云州发布暴雨预警 各区做好防汛准备",
    "school": "山河县新建三所幼儿园 九月正式开学",
    "games": "省运会开幕式彩排在云州体育馆顺利完成",
    "road": "云州今年新建改建农村公路三百公里",
    "pipes": "老城区管网改造工程惠及居民两万户",
}
# (leading story, stories of the list without a heading, of the column 要闻), by capture
PAGES = [
    ("bridge", ["storm", "school", "games"], ["road", "pipes", "games"]),
    ("bridge", ["school", "storm", "games"], ["road", "pipes", "games"]),
    ("storm", ["bridge", "school", "games"], ["pipes", "road", "games"]),
    ("storm", ["bridge", "school", "road"], ["pipes", "games", "school"]),
]


def link(story: str) -> str:
    return f'<a href="/yw/{story}.html">{STORIES[story]}</a>'


def front_page(lead: str, grid: list[str], column: list[str], number: int) -> str:
    entries = ["".join(f"<li>{link(story)}</li>" for story in stories) for stories in (grid, column)]
    banner = f'<div class="banner"><a href="/zt/{number}/">第{number}次专题活动的横幅</a></div>'
    return f"""<!DOCTYPE html><html lang="zh-CN"><head><title>云州网</title></head><body>
<div class="nav"><a href="/">首页</a> <a href="/gn/">国内</a> <a href="/gj/">国际</a></div>{banner if number > 1 else ""}
<div class="area"><div class="top"><div><h1>{link(lead)}</h1></div><p>今天上午，有关部门在青河新区介绍了最新进展，并表示将继续做好各项保障工作。</p></div></div>
<div class="main"><div class="left"><ul class="picked">{entries[0]}</ul></div><div class="box"><h3><a href="/yw/">要闻</a><a href="/yw/">更多&gt;&gt;</a></h3><ul>{entries[1]}</ul></div></div>
<div class="footer">关于我们 联系我们 版权所有 云州网</div></body></html>"""


def feed_file(stories: list[str]) -> str:
    items = "".join(
        f"<item><title>{STORIES[story]}</title><link>/yw/{story}.html</link><pubDate>2026-03-02 0{8 - place}:30:00</pubDate></item>"
        for place, story in enumerate(stories)
    )
    return f'<?xml version="1.0" encoding="GBK"?><rss version="2.0"><channel><title>云州网</title>{items}</channel></rss>'


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Front pages as files, feed files as records of a WARC file under a wrong content type; brought in as four runs, as a day does."""
    folder = tmp_path_factory.mktemp("front_pages")
    for number, (at, (lead, grid, column)) in enumerate(zip(HOURS, PAGES, strict=True)):
        page = folder / f"front-{number}.html"
        page.write_text(front_page(lead, grid, column, number), "utf-8")
        rows = [{"path": page.name, "url": "https://www.yunzhou.example/", "captured_at": at.isoformat()}]
        manifest = folder / f"manifest-{number}.jsonl"
        manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        warc = folder / f"feed-{number}.warc.gz"
        records = Warc()
        for name in ("yw", "sh"):  # two files of one title
            content = feed_file([lead, *grid] if name == "yw" else column).encode("gbk")
            records.response(
                content, url=f"https://www.yunzhou.example/rss/{name}.xml", headers=[("Content-Type", "text/html")], date=f"{at:%Y-%m-%dT%H:%M:%SZ}"
            )
        warc.write_bytes(records.data)
        run_all(folder / "lake", [page, warc], manifest=manifest, shards=1)
    return folder / "lake"


def rows(lake: Path, sql: str) -> list[dict]:
    return query(lake, sql).to_pylist()


def stays(lake: Path, condition: str) -> list[tuple[str, int, int, int | None]]:
    """(story, rank, hours from the first capture to when it came and to when it was gone) of the stays of one feed."""
    found = rows(
        lake,
        f"""
        select headline_text, rank, first_observed_at, gone_before from headline_ranks
        where {condition} order by first_observed_at, rank""",
    )
    names = {text: name for name, text in STORIES.items()}
    begin = HOURS[0]
    hours = [[(at - begin) // timedelta(hours=1) if at else None for at in (row["first_observed_at"], row["gone_before"])] for row in found]
    return [(names[row["headline_text"]], row["rank"], *when) for row, when in zip(found, hours, strict=True)]


def test_the_lists_of_a_front_page_are_its_own_feeds_over_all_captures(lake: Path) -> None:
    found = rows(
        lake,
        """
        select feed_label, feed_scope, feed_url, count(*)::int as seen from headline_feeds join headline_feed_observations using (feed_id)
        group by feed_id, feed_label, feed_scope, feed_url order by feed_scope, feed_url, feed_label, seen""",
    )
    page, files = "https://www.yunzhou.example/", [f"https://www.yunzhou.example/rss/{name}.xml" for name in ("sh", "yw")]
    assert [tuple(row.values()) for row in found] == [
        *(("云州网", "file", url, 4) for url in files),
        ("", "page", page, 4),
        ("", "page", page, 4),
        ("要闻", "page", page, 4),
    ]
    kinds = rows(lake, "select page_kind, media_type, count(*)::int as pages from captures group by all order by all")
    assert [tuple(row.values()) for row in kinds] == [("feed", "application/rss+xml", 8), ("list", "text/html", 4)]
    assert rows(lake, "select * from articles") == []


def test_the_leading_story_changes_in_its_feed(lake: Path) -> None:
    leads = "feed_id = (select feed_id from headline_feed_snapshots where entry_count = 1 limit 1)"
    assert stays(lake, leads) == [("bridge", 1, 0, 2), ("storm", 1, 2, None)]


def test_a_headline_that_moves_in_a_list_moves_in_headline_ranks(lake: Path) -> None:
    grid = "feed_scope = 'page' and feed_label = '' and feed_id in (select feed_id from headline_feed_snapshots where entry_count = 3)"
    assert stays(lake, grid) == [
        ("storm", 1, 0, 1),
        ("school", 2, 0, 1),
        ("games", 3, 0, 3),
        ("school", 1, 1, 2),
        ("storm", 2, 1, 2),
        ("bridge", 1, 2, None),
        ("school", 2, 2, None),
        ("road", 3, 3, None),
    ]
    assert stays(lake, "feed_scope = 'page' and feed_label = '要闻'") == [
        ("road", 1, 0, 2),
        ("pipes", 2, 0, 2),
        ("games", 3, 0, 3),
        ("pipes", 1, 2, None),
        ("road", 2, 2, 3),
        ("games", 2, 3, None),
        ("school", 3, 3, None),
    ]


def test_the_entries_of_a_feed_file_have_their_order_links_and_times(lake: Path) -> None:
    assert stays(lake, "feed_url like '%/yw.xml'")[:4] == [("bridge", 1, 0, 2), ("storm", 2, 0, 1), ("school", 3, 0, 1), ("games", 4, 0, 3)]
    entries = rows(
        lake,
        """
        select rank, canonical_url, entry_published_at_raw, strftime(entry_published_at at time zone 'UTC', '%H:%M') as published
        from headline_feed_entries join headline_feed_snapshots using (feed_snapshot_id) join headline_feeds using (feed_id)
        where feed_url like '%/sh.xml' and first_capture_id in (select capture_id from captures where captured_at = '2026-03-02T01:00:00Z')
        order by rank""",
    )
    assert [tuple(row.values()) for row in entries] == [
        (1, "https://www.yunzhou.example/yw/road.html", "2026-03-02 08:30:00", "00:30"),  # a wall clock of the site's zone, Asia/Shanghai
        (2, "https://www.yunzhou.example/yw/pipes.html", "2026-03-02 07:30:00", "23:30"),
        (3, "https://www.yunzhou.example/yw/games.html", "2026-03-02 06:30:00", "22:30"),
    ]
    assert rows(lake, "select count(*)::int as n from headline_feed_entries where entry_published_at is not null and feed_snapshot_id in (select feed_snapshot_id "
                "from headline_feed_snapshots join headline_feeds using (feed_id) where feed_scope = 'page')") == [{"n": 0}]  # fmt: skip


def test_files_that_are_no_feeds_are_named(tmp_path: Path) -> None:
    """Each with its reason, and the sound one beside them goes on."""
    files = {
        "sound.rss": feed_file(["bridge", "storm"]),
        "sitemap.xml": '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://yz.example/</loc></url></urlset>',
        "answer.json": '{"code": 0, "data": []}',
        "empty.xml": '<rss version="2.0"><channel><title>云州网</title></channel></rss>',
        "broken.atom": '<feed xmlns="http://www.w3.org/2005/Atom"><title>云州网</title><entry><title>一条',
        "broken.json": '{"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "A headline',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    run_all(tmp_path / "lake", [tmp_path / name for name in files], shards=1)
    found = rows(tmp_path / "lake", "select parse_filename(input_path) as file, reasons[1] as reason from quarantine order by file")
    assert {row["file"]: row["reason"] for row in found} == {
        "sitemap.xml": "not_a_feed",
        "answer.json": "not_a_feed",
        "empty.xml": "empty_feed",
        "broken.atom": "broken_feed",
        "broken.json": "broken_feed",
    }
    assert rows(tmp_path / "lake", "select page_kind from captures") == [{"page_kind": "feed"}]
