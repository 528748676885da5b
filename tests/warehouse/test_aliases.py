"""One publication stands as one article, whatever ids it is known under; what fits twice stays apart."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.ids import make_id
from broadsheet.records import Capture, Headline, HeadlineRole, Page, PageKind, PageResult, PublishedTime, SiteBasis, TimeBasis
from broadsheet.tables.batch import Batch
from broadsheet.tables.ddl import create_table
from broadsheet.tables.schema import TABLES
from broadsheet.tables.transform import add_page
from broadsheet.urls import site_of
from broadsheet.warehouse.audit import findings
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import aliases as derived_aliases
from broadsheet.warehouse.derived import current
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.views import create_views

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PAGE = "https://www.yunzhou.example/a/1.html"


def seen(url: str | None = None, *, site: str | None = None, masthead: str | None = None, minute: int = 30, headline: str = "清河县大桥通车", body: str = "正文。",
         precision: str = "minute", second: int = 0) -> PageResult:  # fmt: skip
    """A capture of an article's page, by what it shows."""
    shown = (url, site, masthead, minute, second, headline, body, precision)
    host = site or site_of(url)
    capture = Capture(
        capture_id=make_id("capture", *map(str, shown)), content_sha256=make_id("content", *map(str, shown)) + "0" * 44, byte_count=1, media_type="text/html",
        input_path="p", url=url, site=host, site_basis=SiteBasis.MANIFEST if site else SiteBasis.URL if host else SiteBasis.NONE,
        captured_at=NOW + timedelta(seconds=len(body)), captured_at_basis=TimeBasis.MANIFEST, raw_file="raw/x", raw_length=1,
    )  # fmt: skip
    published = PublishedTime(local=datetime(2026, 3, 2, 8, minute, second), precision=precision, raw="r", rule="r")  # noqa: DTZ001
    page = Page(
        page_kind=PageKind.ARTICLE, parser_version="1", language="zh", charset_basis="utf8_valid", site_name=masthead, published=published,
        headlines=(Headline(role=HeadlineRole.MAIN, text=headline),), body=(body,),
    )  # fmt: skip
    return PageResult(capture=capture, page=page)


def warehouse(*loads: list[PageResult]) -> duckdb.DuckDBPyConnection:
    """A warehouse after these loads, one after the other."""
    connection = duckdb.connect()
    for table in TABLES.values():
        connection.execute(create_table(table))
    create_macros(connection)
    for number, results in enumerate(loads):
        load(connection, results, is_whole=not number)
    return connection


def load(connection: duckdb.DuckDBPyConnection, results: list[PageResult], *, is_whole: bool = False) -> None:
    batch = Batch()
    for result in results:
        add_page(batch, result, run_id="r", default_zone="Asia/Shanghai", run_started_at=NOW)
    changes = Changes(connection.cursor(), is_whole=is_whole)
    for name, rows in batch.tables().items():
        changes.connection.register("delivered", rows)
        changes.add(name, "from delivered")
        changes.connection.unregister("delivered")
    derived_aliases.update(changes)
    current.update(changes)


def forget(connection: duckdb.DuckDBPyConnection, results: list[PageResult]) -> Changes:
    """Take captures out again, with the versions and articles that no other capture shows."""
    changes = Changes(connection.cursor())
    ids = ", ".join(f"'{result.capture.capture_id}'" for result in results)
    changes.remove("captures", f"select unnest([{ids}]) as capture_id")
    changes.remove("article_versions", "select version_id from article_versions anti join captures using (version_id)")
    changes.remove("articles", "select article_id from articles anti join article_versions using (article_id)")
    derived_aliases.update(changes)
    current.update(changes)
    return changes


def aliases(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """(alias, the one that stands, why); an article is told by its URL, or its site."""
    return set(
        connection.execute(
            "select coalesce(own.canonical_url, own.site), coalesce(standing.canonical_url, standing.site), alias_basis from article_aliases "
            "join articles as own using (article_id) join articles as standing on standing.article_id = standing_article_id"
        ).fetchall()
    )


@pytest.mark.parametrize(
    ("bare", "basis"),
    [
        (seen(site="yunzhou.example"), "same_site"),
        (seen(masthead="云州网"), "same_masthead"),
        (seen(masthead="新华网"), None),
        (seen(site="yunzhou.example", second=12, precision="second"), "same_site"),
        (seen(site="yunzhou.example", minute=31), None),
        (seen(site="yunzhou.example", precision="day"), None),
        (seen(site="yunzhou.example", headline="清河县大桥封闭"), None),
        (seen(site="qinghe.example"), None),
        (seen(), None),
    ],
)
@pytest.mark.parametrize("is_url_first", [True, False])
def test_a_page_without_url_is_the_one_article_with_its_site_minute_and_headline(bare, basis, is_url_first):
    loads = [[seen(PAGE, masthead="云州网", headline="【民生】清河县大桥通车"[4:])], [bare]]
    connection = warehouse(*loads[:: 1 if is_url_first else -1])
    assert [why for _, _, why in aliases(connection)] == ([basis] if basis else [])


def test_the_outlet_that_runs_both_sites_tells_that_they_are_one():
    connection = warehouse([seen("http://www.xinhuanet.com/a/1.htm")], [seen(masthead="新华网")])
    assert aliases(connection) == {("新华网", "http://www.xinhuanet.com/a/1.htm", "same_outlet")}


@pytest.mark.parametrize("is_named_first", [True, False])
def test_a_site_that_a_manifest_names_for_one_capture_of_an_article_counts_whichever_came_first(is_named_first):
    mobile = "http://m.yunzhou.example/a/1.html"
    captures = [[seen(mobile, site="yunzhou.example")], [seen(mobile)]]
    connection = warehouse(*captures[:: 1 if is_named_first else -1], [seen(site="yunzhou.example")])
    assert [why for _, _, why in aliases(connection)] == ["same_site"]


def test_a_capture_whose_version_was_set_aside_names_no_site_of_its_article():
    connection = warehouse([seen("http://m.yunzhou.example/a/1.html")], [seen(site="yunzhou.example")])
    changes = Changes(connection.cursor())
    set_aside = "* replace ('set aside' as capture_id, 'yunzhou.example' as site, null as version_id)"
    changes.add("captures", f"select {set_aside} from captures where site = 'm.yunzhou.example'")
    derived_aliases.update(changes)
    assert aliases(connection) == set()


def test_a_second_article_that_fits_makes_it_ambiguous_until_it_is_gone():
    other = seen("https://www.yunzhou.example/b/2.html")
    connection = warehouse([seen(PAGE)], [seen(site="yunzhou.example")])
    assert len(aliases(connection)) == 1
    load(connection, [other])
    assert aliases(connection) == set()
    forget(connection, [other])
    assert aliases(connection) == {("yunzhou.example", PAGE, "same_site")}
    forget(connection, [seen(PAGE)])
    assert aliases(connection) == set()


@pytest.mark.parametrize(
    ("url", "changes", "is_one"),
    [
        ("http://m.yunzhou.example/a/1.html", {}, True),
        ("http://www.yunzhou.example/a/1.html", {"body": " 正文 。"}, True),
        ("http://m.yunzhou.example/a/1.html", {"body": "别的正文。"}, False),
        ("http://m.yunzhou.example/a/1.html", {"headline": "清河县大桥封闭"}, False),
        ("http://m.yunzhou.example/a/1.html", {"minute": 31}, False),
        ("https://www.yunzhou.example/a/1_2.html", {}, False),
        ("https://m.qinghe.example/a/1.html", {}, False),
    ],
)
def test_urls_of_one_page_are_one_article_if_they_show_the_same(url, changes, is_one):
    assert aliases(warehouse([seen(PAGE), seen(url, **changes)])) == ({(url, PAGE, "url_variant")} if is_one else set())


def test_a_page_without_url_stands_under_the_url_that_stands_for_the_others():
    mobile, plain = "https://m.yunzhou.example/a/1.html", "http://yunzhou.example/a/1.html"
    connection = warehouse([seen(mobile)], [seen(site="m.yunzhou.example")])
    assert aliases(connection) == {("m.yunzhou.example", mobile, "same_site")}
    load(connection, [seen(plain)])
    assert aliases(connection) == {(mobile, plain, "url_variant"), ("m.yunzhou.example", plain, "same_site")}


def test_urls_that_showed_the_same_at_different_times_are_one_by_the_one_between():
    early, late = seen("http://yunzhou.example/a/1.html"), seen("https://m.yunzhou.example/a/1.html", body="改过的正文。")
    assert aliases(warehouse([early, late])) == set()
    between = [seen(PAGE), seen(PAGE, body="改过的正文。")]
    assert {standing for _, standing, _ in aliases(warehouse([early, late], between))} == {PAGE}


def test_current_articles_has_a_row_for_each_publication_with_all_of_its_captures():
    connection = warehouse([seen(PAGE), seen(PAGE, body="改过的长正文。"), seen("http://m.yunzhou.example/a/1.html")], [seen(site="yunzhou.example")])
    create_views(connection)
    rows = connection.execute("select canonical_url, site, version_count, capture_count, body_text from current_articles").fetchall()
    assert rows == [(PAGE, "yunzhou.example", 4, 4, "改过的长正文。")]


# A version keeps the publication time of the capture that showed it first: here each text has one time, so that the order says nothing.
CAPTURES = st.builds(
    lambda url, site, masthead, minute, headline, body: seen(
        url, site=site, masthead=masthead, minute=minute, headline=headline, body=f"{body}{minute}"
    ),
    st.sampled_from(
        [None, None, "https://www.yz.example/1.html", "http://m.yz.example/1.html", "https://yz.example/2.html", "http://yz.example/1.html"]
    ),
    st.sampled_from([None, None, "yz.example"]),
    st.sampled_from([None, "云州网", "云州日报"]),
    st.sampled_from([1, 1, 2]),
    st.sampled_from(["甲", "甲", "乙"]),
    st.sampled_from(["一", "一", "二"]),
)


@given(captures=st.lists(CAPTURES, min_size=1, max_size=7), data=st.data())
@settings(max_examples=25, deadline=None)
def test_aliases_are_those_of_one_load_whatever_the_order_and_number_of_loads_and_what_was_taken_out(captures, data):
    order = data.draw(st.permutations(captures))
    bounds = [0, *sorted(data.draw(st.sets(st.integers(1, len(order)), max_size=3))), len(order)]
    connection = warehouse(*(order[start:end] for start, end in pairwise(bounds)))
    assert rows_of(connection) == rows_of(warehouse(captures))
    gone = order[: data.draw(st.integers(0, len(order)))]
    changes = forget(connection, gone)
    assert rows_of(connection) == rows_of(warehouse([result for result in captures if result not in gone]))
    assert not [finding for finding in findings(changes) if "alias" in finding]


def rows_of(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    return connection.execute(f"select {', '.join(TABLES['article_aliases'].columns)} from article_aliases order by all").fetchall()
