"""Days of sites that are unlike the days before: what is an incident, what is not, and that the order of loads does not matter."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loads import BEGIN, Loads
from test_derived_order import Warehouse

from broadsheet.ids import make_id
from broadsheet.quality.policy import Policy, Rule, load_policy
from broadsheet.warehouse.alarms import alarms

SITE = "haidu.example"


@pytest.fixture
def loads():
    made = Loads()
    made.insert("sites", site=SITE, time_zone="UTC")
    return made


def capture(loads, day: int, number: int, *, layout: str = "old", sourced: bool = True, coverage: float = 0.9, site: str = SITE, **values) -> None:
    """A page of an article of its own."""
    capture_id, version_id = f"{site} {day:02} {number:02}", make_id("version", site, day, number)
    at = BEGIN + timedelta(days=day, hours=number % 24, minutes=number)
    loads.insert("articles", article_id=version_id, site=site)
    loads.insert("article_versions", version_id=version_id, article_id=version_id, site=site, char_count=500, published_at=at)
    if sourced:
        loads.insert("article_sources", version_id=version_id, source_role="origin", position=1, site=site, outlet_name="海渡新闻")
    loads.insert("captures", **{"capture_id": capture_id, "site": site, "captured_at": at, "version_id": version_id, "article_id": version_id,
                                "layout_fingerprint": layout, "coverage_ratio": coverage, "content_sha256": capture_id, "left_out_char_count": 0} | values)  # fmt: skip


def days(loads, numbers, count: int = 12, **values) -> None:
    for day in numbers:
        for number in range(count):
            capture(loads, day, number, **values)


def incidents(loads, columns: str = "incident_kind, metric") -> list[tuple]:
    return loads.ask(f"select (incident_date - date '2026-03-02')::int, {columns} from incidents order by all")


def test_a_new_layout_that_loses_a_field_is_an_incident_of_its_day_with_a_page_of_before_and_after(loads):
    days(loads, range(8))
    assert incidents(loads) == []
    days(loads, (8, 9), layout="new", sourced=False)
    told = incidents(
        loads, "incident_kind, metric, layout_fingerprint, value, baseline, capture_count, example_capture_id, example_capture_id_before"
    )
    # said once, though the next day is no better
    before = (f"{SITE} 08 00", f"{SITE} 07 11")
    assert told == [
        (8, "fill_rate_dropped", "source_ratio", None, 0.0, 1.0, 12, *before),
        (8, "new_layout", "layout_ratio", "new", 1.0, 0.0, 12, *before),
    ]


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ({"coverage": 0.6}, ("coverage_dropped", "coverage_ratio")),
        ({"content_sha256": "same"}, ("duplicates_rose", "duplicate_ratio")),
        ({"left_out_char_count": 9}, ("left_out_rose", "left_out_ratio")),
        ({"version_id": None, "article_id": None}, ("fill_rate_dropped", "article_ratio")),
    ],
)
def test_a_day_that_deviates_is_an_incident_of_its_kind(loads, odd, expected):
    days(loads, range(7))
    days(loads, [7], **odd)
    assert (7, *expected) in incidents(loads)


def test_few_known_days_or_few_pages_say_nothing(loads):
    days(loads, range(4, 8))
    days(loads, [8], layout="new", sourced=False)
    loads.insert("sites", site="small.example", time_zone="UTC")
    days(loads, range(8), count=4, site="small.example")
    days(loads, [8], count=4, site="small.example", sourced=False, coverage=0.5)
    days(loads, range(8), site="unknown")
    days(loads, [8], site="unknown", layout="new")
    assert incidents(loads) == []


def test_a_layout_that_comes_now_and_then_is_not_new_when_it_comes_more_often(loads):
    for day in range(8):
        days(loads, [day])
        if day % 3 == 0:
            capture(loads, day, 12, layout="front page")
    for number in range(12, 15):
        capture(loads, 8, number, layout="front page")
    assert incidents(loads) == []


def test_silence_and_low_volume_are_told_of_days_that_are_over(loads):
    loads.insert("sites", site="other.example", time_zone="UTC")
    days(loads, range(8))
    days(loads, range(9), site="other.example")
    assert incidents(loads) == []  # day 8 is the latest: more may come
    days(loads, [9], site="other.example")
    assert incidents(loads, "incident_kind, site, capture_count, example_capture_id") == [(8, "site_silent", SITE, 0, None)]
    days(loads, [8], count=2)
    assert incidents(loads, "incident_kind, site, capture_count") == [(8, "volume_dropped", SITE, 2)]
    for number in range(2, 12):
        capture(loads, 8, number)
    assert incidents(loads) == []  # what was late has come; day 9 is the latest


def test_a_halved_volume_is_told_though_it_is_not_quite_the_half(loads):
    days(loads, range(8), count=26)
    days(loads, [8], count=16)
    days(loads, [9], count=26)
    assert incidents(loads) == []
    days(loads, [10], count=14)
    days(loads, [11], count=26)
    assert incidents(loads, "incident_kind, site, capture_count") == [(10, "volume_dropped", SITE, 14)]


def test_new_incidents_warn_or_stop_a_batch_and_those_of_a_first_load_do_not(loads):
    policy = load_policy()

    def failed(rules: Policy = policy, came: int = 1, new: int | None = None) -> tuple[dict[str, int], list[str]]:
        results, stops = alarms(loads.load(), rules, run_id="run", checked_at=BEGIN, came=came, new=new)
        return {row["check_name"]: row["failed_count"] for row in results.to_pylist() if not row["is_success"]}, stops

    days(loads, range(8))
    assert failed() == ({}, [])
    days(loads, [8], layout="new", sourced=False)
    assert failed() == ({"new_layout": 1, "fill_rate_dropped": 1}, [])
    capture(loads, 8, 12, layout="new", sourced=False)
    assert failed() == ({}, [])  # known already
    days(loads, [9], layout="newer", sourced=False)
    assert failed(Policy({**policy.rules, "new_layout": Rule("stop")})) == ({"new_layout": 1}, ["new_layout: 1 of 1 days of sites"])
    assert failed(came=0) == failed(came=0, new=0) == ({"empty_batch": 1}, [])
    assert failed(came=4, new=1) == ({}, [])
    assert failed(came=4, new=0) == ({"batch_known": 1}, [])


TITLE = "清河县跨江大桥建成投用惠及周边十二万名群众"
# pages of a day; whether they show an article; of a feed: not there, one state all day, or another with each page
day_of_site = st.tuples(st.sampled_from((0, 3, 11, 12)), st.booleans(), st.sampled_from(("no feed", "one state", "new states")))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=st.lists(day_of_site, min_size=2, max_size=3), usual=day_of_site, data=st.data())
def test_any_order_of_loads_gives_the_incidents_of_one_load(plan, usual, data):
    pages = {}
    for day, (count, has_article, feed) in enumerate([(11, True, "new states")] * 5 + plan + [usual]):
        for number in range(count):
            width = {"no feed": None, "one state": 22, "new states": 16 + number}[feed]
            pages[day * 100 + number] = {
                "site": "a.example", "hour": day * 24 + number * 2, "links": [], "article": (TITLE, "https") if has_article else None,
                "feeds": [[(TITLE, width, True)]] if width else [],
            }  # fmt: skip
    whole = Warehouse()
    whole.change(pages)
    parts = Warehouse()
    order = data.draw(st.permutations(sorted({number // 100 for number in pages})))
    for day in order:
        strange = {number + 50: page | {"article": None, "feeds": []} for number, page in pages.items() if number // 100 == day}
        parts.change({number: page for number, page in pages.items() if number // 100 == day} | strange)
        parts.change(leaving=tuple(strange))
    assert parts.derived() == whole.derived()
