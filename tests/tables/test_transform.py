"""Pages to rows: identities, instants, feeds."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.records import (
    Capture,
    Headline,
    HeadlineRole,
    LinkItem,
    Module,
    ModuleKind,
    Page,
    PageKind,
    PageResult,
    PersonCredit,
    PersonRole,
    PublishedTime,
    SiteBasis,
    SourceCredit,
    SourceRole,
    TimeBasis,
)
from broadsheet.tables.batch import Batch
from broadsheet.tables.transform import add_page

SEEN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
READ = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)  # when the run began


def capture(number: int = 1, **changes) -> Capture:
    made = Capture(capture_id=f"{number:020x}", content_sha256="0" * 64, byte_count=1, media_type="text/html", input_path="p", url="https://yz.example/a/1.html",
                   site="yz.example", site_basis=SiteBasis.URL, captured_at=SEEN, captured_at_basis=TimeBasis.MANIFEST, raw_file="raw/x", raw_length=1)  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def page(**changes) -> Page:
    items = tuple(LinkItem(rank=n, text=f"云州第{n}条新闻标题", url=f"/n/{n}.html") for n in (1, 2, 3))
    made = Page(page_kind=PageKind.ARTICLE, parser_version="1", language="zh", charset_basis="utf8_valid", headlines=(Headline(role=HeadlineRole.MAIN, text="清河县大桥通车"),),
                published=PublishedTime(local=datetime(2026, 3, 2, 8, 0), precision="minute", raw="2026-03-02 08:00", rule="r"), body=("第一段。", "第二段。"),  # noqa: DTZ001
                modules=(Module(kind=ModuleKind.HEADLINE_FEED, heading="即时播报", items=items),))  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def rows(*results: tuple[Capture, Page]) -> dict[str, list[dict]]:
    batch = Batch()
    for one, other in results:
        add_page(batch, PageResult(capture=one, page=other), run_id="r", default_zone="UTC", run_started_at=READ)
    return {name: table.to_pylist() for name, table in batch.tables().items()}


def test_the_same_page_captured_again_is_one_version_seen_twice():
    tables = rows((capture(1), page()), (capture(2, captured_at=SEEN.replace(hour=5)), page()))
    assert [len(tables[name]) for name in ("captures", "articles", "article_versions", "headline_feed_snapshots", "headline_feed_observations")] == [
        2,
        1,
        1,
        1,
        2,
    ]
    assert {row["version_id"] for row in tables["captures"]} == {tables["article_versions"][0]["version_id"]}


@pytest.mark.parametrize(
    ("change", "versions"),
    [
        ({"body": ("第一段。", "改过的第二段。")}, 2),
        ({"headlines": (Headline(role=HeadlineRole.MAIN, text="清河县跨江大桥通车"),)}, 2),
        ({"body": ("第一段.", "第二段 。")}, 2),  # another punctuation mark is another text
        ({"body": (" 第一段。 ", "第二段。")}, 1),
        ({"rights_notice": "版权所有"}, 1),
    ],
)
def test_a_version_is_new_only_when_headline_or_text_changed(change, versions):
    tables = rows((capture(1), page()), (capture(2), page(**change)))
    assert len(tables["articles"]) == 1
    assert len(tables["article_versions"]) == versions


def test_an_article_without_url_is_known_by_site_time_and_headline_then_by_content():
    bare = {"url": None, "site": None, "site_basis": SiteBasis.NONE}
    first = rows((capture(1, **bare), page(site_name="云州网")))["articles"][0]
    again = rows((capture(2, **bare), page(site_name="云州网", body=("别的正文。",))))["articles"][0]
    assert (first["article_id_basis"], first["article_id"]) == ("site_published_headline", again["article_id"])
    assert rows((capture(1, **bare), page(published=None)))["articles"][0]["article_id_basis"] == "content"
    assert first["site"] == "云州网"


def test_displayed_times_are_read_in_the_stated_offset_or_the_languages_zone():
    displayed = page().published
    assert rows((capture(), page()))["articles"][0]["published_at"] == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    stated = msgspec.structs.replace(displayed, utc_offset_minutes=60)
    assert rows((capture(), page(published=stated)))["articles"][0]["published_at"] == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    site = rows((capture(), page(language="en")))["sites"][0]
    assert (site["time_zone"], site["time_zone_basis"]) == ("UTC", "default")


def test_an_unknown_capture_time_stays_null_and_is_bounded_by_publication():
    tables = rows((capture(captured_at=None, captured_at_basis=TimeBasis.NONE), page()))
    published = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert (tables["captures"][0]["captured_at"], tables["captures"][0]["captured_after"]) == (None, published)
    seen = tables["headline_feed_observations"][0]
    assert (seen["observed_at"], seen["observed_at_basis"], seen["observed_after"]) == (None, "publication", published)


def test_feeds_of_one_heading_on_a_page_are_told_apart_and_states_by_their_entries():
    module = page().modules[0]
    twice = rows((capture(), page(modules=(module, module))))
    assert [row["feed_ordinal"] for row in twice["headline_feeds"]] == [1, 2]
    moved = msgspec.structs.replace(module, items=module.items[::-1])
    states = rows((capture(1), page()), (capture(2), page(modules=(moved,))))["headline_feed_snapshots"]
    assert len({row["feed_snapshot_id"] for row in states}) == 2
    assert len({row["feed_id"] for row in states}) == 1


def feeds_of(kind, *modules, **place):
    own = tuple(msgspec.structs.replace(page().modules[0], is_own=True, **changes) for changes in modules)
    return rows((capture(**place), page(page_kind=kind, modules=own)))["headline_feeds"]


def test_a_pages_own_lists_are_known_by_the_page_and_by_heading_or_place():
    above, below, twice = ({"heading": None, "place": place} for place in ("div.top", "ul.list", "ul.list"))
    found = feeds_of(PageKind.LIST, {"heading": "要闻"}, above, below, twice, url="https://www.yz.example/index.html")
    assert [(row["feed_label"], row["feed_ordinal"], row["feed_scope"], row["feed_url"]) for row in found] == [
        (label, ordinal, "page", "https://www.yz.example/index.html") for label, ordinal in (("要闻", 1), ("", 1), ("", 1), ("", 2))
    ]
    assert len({row["feed_id"] for row in found}) == 4
    elsewhere = feeds_of(PageKind.LIST, {"heading": "要闻"}, above, url="https://www.yz.example/gn/")
    assert not {row["feed_id"] for row in found} & {row["feed_id"] for row in elsewhere}
    same = feeds_of(PageKind.LIST, below, {"heading": "要闻", "place": "moved"}, url="http://www.yz.example/")  # the first list is gone
    assert [row["feed_id"] for row in same] == [found[2]["feed_id"], found[0]["feed_id"]]


def test_a_list_that_any_page_may_show_is_the_sites_and_so_is_one_of_a_page_of_unknown_url():
    (site,) = rows((capture(), page()))["headline_feeds"]
    assert (site["feed_scope"], site["feed_url"]) == ("site", None)
    (own,) = feeds_of(PageKind.LIST, {}, url=None)
    assert (own["feed_id"], own["feed_scope"], own["feed_url"]) == (site["feed_id"], "page", None)


def test_a_feed_file_is_known_by_its_url_and_without_one_by_its_title():
    one, other = (feeds_of(PageKind.FEED, {"heading": "云州网"}, url=f"https://yz.example/{name}.xml")[0] for name in ("a", "b"))
    renamed, nameless = (
        feeds_of(PageKind.FEED, {"heading": name}, url=url)[0] for name, url in (("云州", "https://yz.example/a.xml"), ("云州网", None))
    )
    assert one["feed_scope"] == "file"
    assert one["feed_id"] == renamed["feed_id"] != other["feed_id"]
    assert nameless["feed_id"] not in (one["feed_id"], other["feed_id"])


def test_a_state_of_a_feed_file_has_the_times_of_its_entries_and_one_of_a_page_has_not():
    def states(*stamps, kind=PageKind.FEED):
        items = tuple(
            msgspec.structs.replace(item, published=PublishedTime(local=datetime(2026, 3, 2, 8), precision="minute", raw=stamp, rule="r"))  # noqa: DTZ001
            for item, stamp in zip(page().modules[0].items, stamps, strict=False)
        )
        tables = rows((capture(), page(page_kind=kind, modules=(Module(kind=ModuleKind.HEADLINE_FEED, items=items, is_own=True),))))
        return tables["headline_feed_snapshots"][0]["feed_snapshot_id"], tables["headline_feed_entries"][0]

    (first, entry), (second, _) = states("8:00"), states("8.00")
    assert first != second
    assert (entry["entry_published_at"], entry["entry_published_at_raw"]) == (datetime(2026, 3, 2, 0, tzinfo=UTC), "8:00")
    (first, entry), (second, _) = states("8:00", kind=PageKind.LIST), states("8.00", kind=PageKind.LIST)
    assert first == second  # beside the entries of a page's list they tell nothing that the links do not
    assert entry["entry_published_at_raw"] == "8:00"


def test_a_heading_without_a_list_has_no_state():
    empty = Module(kind=ModuleKind.HEADLINE_FEED, heading="大家都在看")
    assert "headline_feeds" not in rows((capture(), page(modules=(empty,))))


def test_list_pages_have_captures_but_no_article():
    tables = rows((capture(), page(page_kind=PageKind.LIST)))
    assert "articles" not in tables
    assert tables["captures"][0]["article_id"] is None


def test_an_unknown_capture_time_lies_between_publication_and_the_run_that_read_the_page():
    unknown = capture(captured_at=None, captured_at_basis=TimeBasis.NONE)
    tables = rows((unknown, page()))
    published_at = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    (row,) = tables["captures"]
    assert (row["captured_at"], row["captured_after"], row["captured_before"]) == (None, published_at, READ)
    (seen,) = tables["headline_feed_observations"]
    assert (seen["observed_at"], seen["observed_at_basis"], seen["observed_after"]) == (None, "publication", published_at)


def test_a_known_capture_time_needs_no_bounds():
    (row,) = rows((capture(), page()))["captures"]
    assert (row["captured_at"], row["captured_after"], row["captured_before"]) == (SEEN, None, None)


def test_a_publication_time_later_than_the_run_bounds_nothing():
    unknown = capture(captured_at=None, captured_at_basis=TimeBasis.NONE)
    tables = rows((unknown, page(published=PublishedTime(local=datetime(2099, 1, 1), precision="day", raw="2099-01-01", rule="r"))))  # noqa: DTZ001
    (row,) = tables["captures"]
    assert (row["captured_after"], row["captured_before"]) == (None, READ)
    (seen,) = tables["headline_feed_observations"]
    assert (seen["observed_at_basis"], seen["observed_after"]) == ("none", None)


def test_captures_of_unknown_sites_share_nothing_unless_they_are_the_same_page():
    bare = {"url": None, "site": None, "site_basis": SiteBasis.NONE}
    known = {**bare, "site": "云州网", "site_basis": SiteBasis.MANIFEST}
    shown = page(breadcrumb=("首页", "要闻"))
    for place, ids in ((bare, 2), (known, 1)):
        tables = rows((capture(1, content_sha256="1" * 64, **place), shown), (capture(2, content_sha256="2" * 64, **place), shown))
        assert [len(tables[name]) for name in ("articles", "article_versions", "headline_feeds", "headline_feed_snapshots")] == [ids] * 4
        assert len(tables["channels"]) == 2 * ids
    again = rows((capture(1, **bare), shown), (capture(2, **bare, captured_at=SEEN.replace(hour=5)), shown))
    assert [len(again[name]) for name in ("captures", "articles", "headline_feeds")] == [2, 1, 1]
    assert again["articles"][0]["article_id_basis"] == "content"


def sources(*names: str) -> tuple[SourceCredit, ...]:
    return tuple(SourceCredit(role=SourceRole.ORIGIN, name=name) for name in names)


def person(name: str, affiliation: str | None = None, role: PersonRole = PersonRole.REPORTER) -> PersonCredit:
    return PersonCredit(role=role, name=name, affiliation=affiliation)


def test_sources_keep_their_credited_name_beside_the_outlet_that_it_names():
    tables = rows((capture(), page(sources=sources("新华通讯社", "新華社", "《云州日报》", "新华网"))))
    names = {row["outlet_id"]: (row["outlet_name"], row["outlet_basis"]) for row in tables["outlets"]}
    assert [(row["outlet_name"], *names[row["outlet_id"]]) for row in tables["article_sources"]] == [
        ("新华通讯社", "新华社", "listed"),
        ("新華社", "新华社", "listed"),
        ("《云州日报》", "云州日报", "credited"),
        ("新华网", "新华网", "listed"),
    ]


def test_a_name_is_one_person_within_an_outlet_else_within_a_site():
    elsewhere = {"url": "https://qx.example/a/1.html", "site": "qx.example"}
    shown = page(people=(person("王 安", "《云州日报》"), person("王安", "青溪县公安局"), person("王安", role=PersonRole.EDITOR)))
    tables = rows((capture(1), shown), (capture(2, **elsewhere), shown))
    within_outlet, office, site, again, _, other = (row["person_id"] for row in tables["article_people"])
    assert within_outlet == again  # two sites credit one outlet's reporter
    assert office == site != other  # an office is no outlet; the name on another site may be another's
    (outlet,) = tables["outlets"]
    assert {(row["person_name"], row["person_basis"], row["outlet_id"], row["site"]) for row in tables["people"]} == {
        ("王安", "affiliation", outlet["outlet_id"], None),
        ("王安", "site", None, "yz.example"),
        ("王安", "site", None, "qx.example"),
    }


def test_pages_of_unknown_sites_share_no_person():
    bare = {"url": None, "site": None, "site_basis": SiteBasis.NONE}
    shown = page(people=(person("王安"),))
    people = rows((capture(1, **bare, content_sha256="1" * 64), shown), (capture(2, **bare, content_sha256="2" * 64), shown))["people"]
    assert [row["person_basis"] for row in people] == ["page", "page"]


@pytest.mark.parametrize(
    ("changes", "masthead", "house"),
    [
        ({"url": "https://news.people.com.cn/1.html", "site": "news.people.com.cn"}, None, "人民网"),
        ({"url": None, "site": None, "site_basis": SiteBasis.NONE}, "“云州 网”", "云州网"),
        ({}, "云州网", None),  # a page may call its channel or another site its own
    ],
)
def test_a_site_is_run_by_the_outlet_of_its_listed_host_or_of_its_masthead_alone(changes, masthead, house):
    tables = rows((capture(**changes), page(site_name=masthead)))
    names = {row["outlet_id"]: row["outlet_name"] for row in tables.get("outlets", [])}
    assert names.get(tables["sites"][0]["outlet_id"]) == house


@given(st.lists(st.lists(st.sampled_from(["云州网", "要闻", "要闻 / 民生", "民生", "首页"]), max_size=5), min_size=1, max_size=6))
def test_channels_are_trees_in_which_a_breadcrumb_is_a_way_down_from_a_root(breadcrumbs):
    """A name that stands twice in a breadcrumb is two channels, and so makes no cycle."""
    pages = [(capture(number, url=f"https://yz.example/{number}"), page(breadcrumb=tuple(names))) for number, names in enumerate(breadcrumbs)]
    tables = rows(*pages)
    channels = {row["channel_id"]: row for row in tables.get("channels", [])}
    for version, names in zip(tables["article_versions"], breadcrumbs, strict=True):
        way, channel_id = [], version["channel_id"]
        while channel_id is not None:
            row = channels[channel_id]
            way.insert(0, row["channel_name"])
            assert (row["depth"], row["channel_path"]) == (len(names) - len(way) + 1, " / ".join(names[: row["depth"]]))
            channel_id = row["parent_channel_id"]
        assert way == names
