"""What the pages show is what the warehouse says."""

import re
import shutil
from html import unescape

import duckdb
import pytest
from visitors import HOSTILE, client_of

from broadsheet.lake import Lake
from broadsheet.page.colours import COLOURS
from broadsheet.warehouse.query import query


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def client(ui_lake):
    return client_of(ui_lake)


def one(lake, sql: str) -> dict:
    return query(lake, sql).to_pylist()[0]


def test_the_front_page_counts_what_the_snapshot_holds(client, ui_lake):
    text = text_of(client.get("/").text)
    counts = one(
        ui_lake,
        "select (select count(*) from captures) as pages, (select count(*) from articles) as articles, (select count(*) from headline_feeds) as feeds",
    )
    assert f"Pages {counts['pages']} Articles {counts['articles']} Feeds {counts['feeds']}" in text
    snapshot = one(ui_lake, "from snapshots order by snapshot_published_at desc limit 1")
    assert snapshot["snapshot_id"] in text
    for row in query(ui_lake, "select site, count(*) as pages from captures group by site").to_pylist():
        assert f"{row['site']} {row['pages']}" in text
    assert f"Open quarantine {one(ui_lake, 'select count(*) as n from open_quarantine')['n']}" in text


@pytest.mark.parametrize(
    "path", ["/charts/pages.svg", "/charts/articles.svg", "/charts/feeds.svg", "/quality/charts/checks.svg", "/quality/charts/quarantine.svg"]
)
def test_charts_are_drawn(client, path):
    answer = client.get(path)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert answer.text.count("<path") > 5
    assert "<script" not in answer.text


def test_the_chart_of_pages_has_the_captures_of_each_day_and_site(client, ui_lake):
    rows = query(
        ui_lake, "select strftime(captured_date, '%Y-%m-%d') as day, site, sum(capture_count)::int as counted from site_days group by all"
    ).to_pylist()
    chart = unescape(client.get("/charts/pages.svg?days=180").text)
    for row in rows[:20]:
        assert f"day: {row['day']}; Pages: {row['counted']}; shown_site: {row['site']}" in chart


def test_a_chart_of_nothing_says_so(client):
    feed = client.get("/feeds").text.partition("/feeds/")[2][:20]
    assert "Nothing on these days" in client.get(f"/feeds/{feed}/ranks.svg?day=1999-01-01").text


def test_articles_are_found_by_words_and_captures_by_id_and_url(client, ui_lake):
    article = one(ui_lake, "select article_id, headline from current_articles where headline like '%湿地公园%' limit 1")
    assert article["article_id"] in client.get("/pages", params={"q": "湿地公园"}).text
    capture = one(ui_lake, "from captures where url is not null order by capture_id limit 1")
    for asked in (capture["capture_id"], capture["capture_id"][:8], capture["url"]):
        assert f"/pages/capture/{capture['capture_id']}" in client.get("/pages", params={"q": asked}).text
    assert "Nothing found" in client.get("/pages", params={"q": "qqqqqqqq"}).text
    assert "/pages/article" not in client.get("/pages", params={"site": "nowhere.example"}).text


def test_a_capture_shows_its_blocks_fields_feeds_and_links(client, ui_lake):
    capture = one(
        ui_lake,
        "from captures semi join related_links using (capture_id) semi join headline_feed_observations using (capture_id) "
        "where version_id is not null order by capture_id limit 1",
    )
    page = client.get(f"/pages/capture/{capture['capture_id']}").text
    text = text_of(page)
    where = f"where capture_id = '{capture['capture_id']}'"
    blocks = query(ui_lake, f"from page_blocks {where}").to_pylist()
    assert page.count('class="block ') == len(blocks) > 5
    for row in blocks:
        assert " ".join(row["block_text"].split()) in text
    for row in query(ui_lake, f"from related_links {where}").to_pylist():
        assert (row["shown_full_headline"] or row["headline_text"]) in text
    entries = query(
        ui_lake, f"select entries.* from headline_feed_observations join headline_feed_entries as entries using (feed_snapshot_id) {where}"
    ).to_pylist()
    assert entries and all(entry["headline_text"] in text for entry in entries)
    people = query(ui_lake, f"select * from article_people where version_id = '{capture['version_id']}'").to_pylist()
    assert all(f"person {person['person_role']} {person['person_name']}" in text for person in people)


def test_an_article_shows_its_versions_and_what_differs(client, ui_lake):
    edit = one(ui_lake, "from silent_edits where is_body_changed order by article_id limit 1")
    page = client.get(f"/pages/article/{edit['article_id']}").text
    before, after = re.findall(r"/pages/diff/(\w+)/(\w+)", page)[0]
    assert {before, after} == {edit["version_id_before"], edit["version_id"]}
    difference = client.get(f"/pages/diff/{before}/{after}").text
    assert "<del>" in difference or "<ins>" in difference
    assert client.get(f"/pages/diff/{before}/nowhere").status_code == 404


def test_a_feed_shows_its_headlines_with_their_resolution(client, ui_lake):
    feed = one(ui_lake, "select feed_id, feed_label, site from feed_health where first_observed_at is not null order by headline_count desc limit 1")
    assert f"/feeds/{feed['feed_id']}" in client.get("/feeds", params={"site": feed["site"]}).text
    text = text_of(client.get(f"/feeds/{feed['feed_id']}", params={"days": 14}).text)
    rows = query(
        ui_lake,
        f"select distinct headline_spells.headline_text, resolution_status from headline_spells join headline_resolutions using (feed_headline_id) where headline_spells.feed_id = '{feed['feed_id']}'",
    ).to_pylist()
    shown = [row for row in rows if row["headline_text"] in text]
    assert len(shown) > len(rows) / 2
    assert {row["resolution_status"] for row in shown} <= set(re.findall(r"resolved|ambiguous|unresolved", text))
    chart = client.get(f"/feeds/{feed['feed_id']}/ranks.svg", params={"days": 14}).text
    assert chart.count("<path") > 10
    assert "Rank" in chart


def test_a_rejection_is_shown_whole(client, ui_lake):
    rejection = one(ui_lake, "from open_quarantine order by quarantine_id limit 1")
    listed = client.get("/quality/quarantine", params={"reason": rejection["reasons"][0]}).text
    assert rejection["quarantine_id"] in listed
    text = text_of(client.get(f"/quality/quarantine/{rejection['quarantine_id']}").text)
    assert rejection["reasons"][0] in text and rejection["run_id"] in text
    assert "Nothing is open" in text_of(client.get("/quality/quarantine", params={"site": "nowhere.example"}).text)


@pytest.mark.parametrize(
    "path",
    [
        "/pages/article/x",
        "/pages/capture/x",
        "/feeds/x",
        "/feeds/x/ranks.svg",
        "/quality/quarantine/x",
        "/nowhere",
        "/charts/x.svg",
        "/quality/replay",
    ],
)
def test_what_is_not_there_is_told(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "Not there" in answer.text or "Not understood" in answer.text


@pytest.mark.parametrize("query", ["?days=0", "?days=many", "?days=9999999999999"])
def test_a_value_that_makes_no_sense_is_refused(client, query):
    assert client.get(f"/{query}").status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_at_the_end_of_time_is_no_fault(client, day):
    feed = client.get("/feeds").text.partition("/feeds/")[2][:20]
    assert client.get(f"/feeds/{feed}?day={day}").status_code in (200, 400)


def test_a_warehouse_of_another_version_is_told_of(ui_lake, tmp_path):
    lake = Lake(tmp_path)
    lake.warehouse.parent.mkdir()
    shutil.copyfile(Lake(ui_lake).warehouse, lake.warehouse)
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute("alter table site_days rename column capture_count to page_count")
    answer = client_of(tmp_path).get("/charts/pages.svg")
    assert answer.status_code == 503
    assert "of another version" in answer.text and "capture_count" in answer.text


def test_labels_have_the_same_colours_as_in_the_page_of_show(client):
    style = client.get("/static/style.css").text
    for name, (edge, fill) in COLOURS.items():
        assert f".block-{name} {{ --edge: {edge}; --fill: {fill} }}" in style


def test_hostile_text_is_text_everywhere(hostile_lake):
    client = client_of(hostile_lake, "editor")
    listed = client.get("/pages").text
    paths = ["/pages", "/feeds", "/quality", "/quality/incidents", "/quality/quarantine", "/charts/pages.svg"]
    paths += re.findall(r"/pages/(?:article|capture)/\w+", listed)[:6] + re.findall(r"/feeds/\w+", client.get("/feeds").text)[:4]
    paths += re.findall(r"/quality/quarantine/\w+", client.get("/quality/quarantine").text)[:3]
    found = 0
    for path in paths:
        html = client.get(path).text
        assert "<script>document" not in html and "<img src=x" not in html, path
        assert "javascript:" not in " ".join(re.findall(r'(?:href|src|action)="([^"]*)"', html)), path
        found += unescape(html).count(HOSTILE) > 0
    assert found > 10


def test_what_looks_like_an_id_and_is_none_is_searched(client, ui_lake):
    capture_id = one(ui_lake, "select capture_id from captures order by all limit 1")["capture_id"]
    assert f"/pages/capture/{capture_id}" in client.get(f"/pages?q={capture_id[:8]}").text
    number = one(ui_lake, "select term from search_terms where regexp_full_match(term, '[0-9a-f]+') order by length(term) desc, term limit 1")["term"]
    assert "/pages/article/" in client.get("/pages", params={"q": f"{number}"}).text
