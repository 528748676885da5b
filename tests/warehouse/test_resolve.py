"""Cut headlines are matched by the exact width test; what fits twice is ambiguous, what fits nothing stays open."""

import json

import duckdb
import pytest
from loads import BEGIN, Loads

from broadsheet.quality.policy import Policy, Rule, load_policy
from broadsheet.text import cut, display_width
from broadsheet.warehouse.alarms import alarms
from broadsheet.warehouse.derived import aliases
from broadsheet.warehouse.derived.resolve import update
from broadsheet.warehouse.statements import sql_text

LONG = "清河县跨江大桥建成投用惠及周边十二万名群众出行更方便"
OTHER = "清河县跨江大桥建成投用惠及周边十二万名群众的背后故事"


class Resolved(Loads):
    def outcome(self, rank: int = 1) -> tuple:
        return self.connection.execute(
            "select resolution_status, resolution_method, full_headline, candidate_count from headline_resolutions "
            "join headline_feed_entries using (feed_headline_id) where rank = ?",
            [rank],
        ).fetchall()[0]


@pytest.fixture
def loads():
    return Resolved(update)


def feed(
    loads, *shown: tuple[str, bool], feed_id: str = "feed", snapshot: str = "state", capture: str = "page", limit: int | None = 36,
    site: str = "yz",
) -> None:  # fmt: skip
    loads.insert("captures", capture_id=capture, site=site)
    loads.insert("headline_feed_snapshots", feed_snapshot_id=snapshot, feed_id=feed_id, site=site, width_limit=limit, entry_count=len(shown))
    loads.insert("headline_feed_observations", capture_id=capture, feed_id=feed_id, feed_snapshot_id=snapshot, site=site)
    for rank, (text, is_cut) in enumerate(shown, start=1):
        loads.insert(
            "headline_feed_entries",
            feed_snapshot_id=snapshot,
            rank=rank,
            site=site,
            feed_headline_id=f"{feed_id} {text}",
            headline_text=text,
            is_truncated=is_cut,
            display_width=display_width(text),
        )


def link(loads, text: str, capture: str = "page", position: int = 1) -> None:
    loads.insert("captures", capture_id=capture, site="yz")
    loads.insert("related_links", capture_id=capture, position=position, site="yz", headline_text=text)


def test_a_cut_entry_is_resolved_by_the_title_that_the_width_cuts_to_it(loads):
    feed(loads, (cut(LONG, 36), True))
    link(loads, LONG)
    loads.load()
    assert loads.outcome() == ("resolved", "same_page_cut", LONG, 1)


def test_a_longer_title_that_the_width_would_cut_elsewhere_does_not_fit(loads):
    feed(loads, (cut(LONG, 32), True))
    link(loads, LONG)
    loads.load()
    assert loads.outcome()[0] == "unresolved"


def test_two_titles_that_fit_are_ambiguous(loads):
    feed(loads, (cut(LONG, 36), True))
    link(loads, LONG)
    link(loads, OTHER, position=2)
    loads.load()
    assert cut(LONG, 36) == cut(OTHER, 36)
    assert loads.outcome() == ("ambiguous", "same_page_cut", None, 2)


def test_the_page_itself_is_asked_before_the_warehouse(loads):
    feed(loads, (cut(LONG, 36), True))
    link(loads, OTHER, capture="elsewhere")
    link(loads, LONG)
    loads.load()
    assert loads.outcome() == ("resolved", "same_page_cut", LONG, 1)


def test_a_title_that_comes_later_resolves_what_was_open_and_another_makes_it_ambiguous(loads):
    feed(loads, (cut(LONG, 36), True))
    loads.load()
    assert loads.outcome()[0] == "unresolved"
    link(loads, LONG, capture="later")
    loads.load()
    assert loads.outcome() == ("resolved", "warehouse_cut", LONG, 1)
    link(loads, OTHER, capture="later still", position=2)
    loads.load()
    assert loads.outcome()[:2] == ("ambiguous", "warehouse_cut")


def test_what_was_known_of_a_headline_and_its_title_stays_where_something_new_comes_to_it(loads):
    feed(loads, (cut(LONG, 36), True))
    loads.insert("related_links", capture_id="page", position=1, site="elsewhere", headline_text=LONG)
    loads.load()
    link(loads, LONG, capture="later")
    loads.load()
    assert loads.ask("select is_same_page, is_same_site from headline_candidates") == [(True, True)]
    assert loads.outcome() == ("resolved", "same_page_cut", LONG, 1)


def test_an_article_that_comes_after_its_title_is_told(loads):
    feed(loads, (LONG, False))
    link(loads, LONG)
    loads.load()
    told = "select resolved_article_id from headline_resolutions"
    assert loads.ask(told) == [(None,)]
    loads.insert("article_versions", version_id="first", article_id="bridge", site="yz")
    loads.insert("article_headlines", version_id="first", headline_role="main", position=1, site="yz", headline_text=LONG, headline_raw=LONG)
    loads.load()
    assert loads.ask(told) == [("bridge",)]


def test_an_entry_that_is_not_cut_is_confirmed_by_another_place_but_not_by_its_own_feed(loads):
    feed(loads, ("南屏县湿地公园迎客", False), ("南屏县湿地公园迎客", False), ("白石县图书馆开放", False))
    link(loads, "白石县图书馆开放")
    loads.load()
    assert [loads.outcome(rank)[0] for rank in (1, 2, 3)] == ["unresolved", "unresolved", "resolved"]


def test_an_entry_as_wide_as_the_limit_may_be_whole(loads):
    whole = cut(LONG, 36)
    feed(loads, (whole, True))
    link(loads, whole)
    loads.load()
    assert loads.outcome() == ("resolved", "same_page_exact", whole, 1)
    link(loads, LONG, position=2)
    loads.load()
    assert loads.outcome()[::3] == ("ambiguous", 2)


def test_an_entry_with_an_ellipsis_is_not_whole(loads):
    feed(loads, (cut(LONG, 36) + "…", True))
    link(loads, cut(LONG, 36))
    loads.load()
    assert loads.outcome()[0] == "unresolved"


def test_pages_of_unknown_sites_are_of_no_one_site(loads):
    loads.insert("related_links", capture_id="elsewhere", position=1, site="unknown", headline_text=LONG)
    feed(loads, (LONG, False), site="unknown")
    loads.load()
    assert loads.connection.execute("select confidence from headline_resolutions").fetchall() == [(0.85,)]


def test_an_ellipsis_is_no_part_of_the_headline(loads):
    feed(loads, (cut(LONG, 28) + "...", True), limit=28)
    link(loads, LONG)
    loads.load()
    assert loads.outcome()[:3] == ("resolved", "same_page_cut", LONG)


def test_a_feed_that_cuts_at_another_width_raises_an_alarm_once(loads):
    policy = load_policy()
    loads.insert("headline_feeds", feed_id="feed", site="yz", feed_label="即时播报")
    feed(loads, (cut(LONG, 36), True))
    results, stops = alarms(loads.load(), policy, run_id="one", checked_at=BEGIN)
    assert (results["is_success"].to_pylist(), stops) == ([True], [])
    for snapshot, is_success in (("second", False), ("third", True)):
        feed(loads, (cut(LONG, 28), True), snapshot=snapshot, capture=snapshot, limit=28)
        link(loads, LONG, capture=snapshot)
        changes = loads.load()
        (row,) = alarms(changes, policy, run_id="two", checked_at=BEGIN)[0].to_pylist()
        assert row["is_success"] == is_success
        assert row["examples"] == (None if is_success else ["yz 即时播报: 28 columns, so far 36"])
    assert {row[2] for row in loads.connection.execute("select feed_id, width_limit, full_headline from headline_resolutions").fetchall()} == {LONG}
    stopping = Policy({**policy.rules, "feed_width_changed": Rule("stop")})
    feed(loads, (cut(LONG, 30), True), snapshot="fourth", capture="fourth", limit=30)
    assert alarms(loads.load(), stopping, run_id="three", checked_at=BEGIN)[1] == ["feed_width_changed: 1 of 1 feeds"]


def test_two_urls_of_one_page_are_one_article_behind_a_headline():
    loads = Resolved(lambda changes: (aliases.update(changes), update(changes)))
    feed(loads, (cut(LONG, 36), True))
    link(loads, LONG)
    for scheme in ("http", "https"):
        key = "yz.example/1.html"
        loads.insert("articles", article_id=scheme, article_id_basis="url", site="yz", canonical_url=f"{scheme}://{key}", url_key=key)
        loads.insert(
            "article_versions", version_id=f"{scheme} version", article_id=scheme, site="yz", headline=LONG,
            published_at_local=BEGIN.replace(tzinfo=None), published_at_precision="minute",
        )  # fmt: skip
        loads.insert("article_headlines", version_id=f"{scheme} version", headline_role="main", position=1, headline_text=LONG, headline_raw=LONG)
        loads.load()
        # first it is the only one, then it stands for itself and the other
        assert loads.ask("select resolved_article_id from headline_resolutions") == [(scheme,)]
    assert loads.ask("select distinct to_article_id from related_graph") == [("https",)]


def test_headlines_and_titles_of_one_beginning_do_not_all_meet(loads):
    """The tenders of one office: joined by their beginning, they gave a pair for each title and headline."""
    count, width = 600, 44
    titles = [f"清河县公共资源交易中心招标公告第{number:06d}号道路养护工程" for number in range(count)]
    feed(loads, *((cut(title, width), True) for title in titles), limit=width)
    for position, title in enumerate(titles):
        link(loads, title, position=position)
    loads.load()
    assert loads.ask("select resolution_status, count(*) from headline_resolutions group by all") == [("resolved", count)]
    fitting = next(each.query for each in duckdb.extract_statements(sql_text("derived/headline_evidence.sql")) if "table fitting" in each.query)
    loads.connection.create_function("cut_to_width", cut, ["VARCHAR", "INTEGER"], "VARCHAR")
    plan = json.loads(loads.connection.execute(f"explain (analyze, format json) {fitting}").fetchall()[0][1])
    assert count <= most_rows(plan) < 10 * count


def most_rows(operator: dict) -> int:
    """Most rows that an operator of a plan gave."""
    return max([operator.get("operator_cardinality", 0), *map(most_rows, operator["children"])])
