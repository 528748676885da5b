"""What a crawl asks for, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.capture.visits import Role, Visit
from broadsheet.capture.web.plan import MOST_FAILURES, Known, Plan, known_of
from broadsheet.capture.web.source import WebSource

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
FRONT, PAGE = "https://news.lanshan.example/", "https://news.lanshan.example/a/1.html"
SOURCE = WebSource(name="lanshan", kind="web", urls=(FRONT,), contact="https://archive.example/")


def visit(after: timedelta, status: int | None = 200, *, url: str = PAGE, **said) -> Visit:
    digest = b"x" * 32 if status in (200, 304) else None
    return Visit(url=url, captured_at=BEGIN + after, source="lanshan", role=Role.PAGE, http_status=status, content_sha256=digest, **said)


def known(*visits: Visit) -> Known:
    found = Known()
    for one in visits:
        found.add(one)
    return found


def is_due(after: timedelta, *visits: Visit, role: Role = Role.PAGE) -> bool:
    return Plan(SOURCE, {PAGE: known(*visits)} if visits else {}, BEGIN + after).is_due(PAGE, role)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_a_page_is_asked_for_when_it_was_never_seen_and_after_an_hour_a_day_and_a_week():
    first = visit(hours(0))
    assert is_due(hours(0))
    assert not is_due(hours(0.9), first) and is_due(hours(1), first)
    assert not is_due(hours(23), first, visit(hours(2))) and is_due(hours(24), first, visit(hours(2)))
    assert is_due(hours(400), first), "times that were missed count once"
    assert not is_due(hours(1000), first, visit(hours(400)))


def test_a_front_page_is_due_when_its_answer_is_no_longer_fresh():
    assert not is_due(hours(0.9), visit(hours(0)), role=Role.SEED)
    assert is_due(hours(0.99), visit(hours(0)), role=Role.SEED), "or the run of each hour would find it asked for less than an hour ago"


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_not_asked_for_again(status):
    assert not is_due(hours(500), visit(hours(0)), visit(hours(1), status))


def test_after_failures_a_page_is_tried_later_each_time_and_given_up_in_the_end():
    failures = [visit(hours(0), 503)]
    assert not is_due(timedelta(minutes=9), *failures) and is_due(timedelta(minutes=10), *failures)
    failures.append(visit(timedelta(minutes=10), None, error="timed out"))
    assert not is_due(timedelta(minutes=29), *failures) and is_due(timedelta(minutes=30), *failures)
    failures += [visit(hours(number)) if False else visit(hours(number), 500) for number in range(1, MOST_FAILURES - 1)]
    assert not is_due(hours(10_000), *failures)
    assert is_due(hours(10_000), *failures, role=Role.SEED), "a front page is tried for ever"


def test_what_a_failure_says_is_no_removal_and_no_content():
    found = known(visit(hours(0), etag='"a"'), visit(hours(1), 503))
    assert (found.failures, found.is_gone, found.etag, found.content_sha256) == (1, False, '"a"', b"x" * 32)
    assert found.last_at == BEGIN


def test_validators_are_those_of_the_last_content():
    found = known(visit(hours(0), etag='"a"', last_modified="yesterday"), visit(hours(1), 304))
    assert (found.etag, found.last_modified) == ('"a"', "yesterday")
    assert known(visit(hours(0), etag='"a"'), visit(hours(1))).etag is None


@given(st.lists(st.floats(0.01, 200), min_size=1, max_size=30), st.lists(st.sampled_from([200, 304, 503, 404, None]), min_size=30, max_size=30))
def test_no_page_is_asked_for_more_than_its_policy_says(waits, answers):
    """Whatever the times of the runs: good answers at most one a revisit and the first, failures fewer than the most allowed in a row."""
    found, now, good, failed = Known(), BEGIN, 0, 0
    for wait, status in zip(waits, answers, strict=False):
        now += timedelta(hours=wait)
        if not Plan(SOURCE, {PAGE: found} if found.tried_at else {}, now).is_due(PAGE, Role.PAGE):
            continue
        found.add(visit(now - BEGIN, status))
        is_good = status in (200, 304, 404)
        good, failed = good + is_good, 0 if is_good else failed + 1
        assert good <= 1 + len(SOURCE.revisit) and failed <= MOST_FAILURES


def test_a_run_takes_a_url_once_and_no_more_pages_than_it_may():
    source = SOURCE.model_copy(update={"limits": SOURCE.limits.model_copy(update={"pages": 2})})
    plan = Plan(source, {}, BEGIN)
    assert [plan.take(f"{FRONT}{number}", Role.PAGE) for number in (1, 1, 2, 3)] == [True, False, True, False]
    assert plan.take(FRONT, Role.SEED), "front pages are not counted"


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("/a/1.html?utm_source=x#top", "https://news.lanshan.example/a/1.html"),
        ("https://m.news.lanshan.example/a", "https://m.news.lanshan.example/a"),
        ("https://lanshan.example/a", None),
        ("https://news.lanshan.example.evil.example/a", None),
        ("//other.example/a", None),
        ("/login?next=/", None),
        ("mailto:a@news.lanshan.example", None),
        ("javascript:void(0)", None),
        (FRONT, None),
    ],
)
def test_links_lead_to_pages_of_the_sources_own_sites(link, page):
    source = SOURCE.model_copy(update={"follow": SOURCE.follow.model_copy(update={"deny": ("/login",)})})
    assert Plan(source, {}, BEGIN).page_behind(link, FRONT) == page


def test_pages_that_waited_longest_come_first():
    plan = Plan(SOURCE, {f"{FRONT}{name}": known(visit(hours(after))) for name, after in (("b", 1), ("a", 2), ("fresh", 49.5))}, BEGIN + hours(50))
    assert plan.due_pages() == [f"{FRONT}b", f"{FRONT}a"]


def test_what_is_known_of_sitemaps_is_told_apart():
    of_page, of_map = visit(hours(0)), Visit(url=FRONT, captured_at=BEGIN, source="lanshan", role=Role.SITEMAP, http_status=200)
    pages, others = known_of([(PAGE, [of_page]), (FRONT, [of_map])])
    assert (list(pages), list(others)) == ([PAGE], [FRONT])
    plan = Plan(SOURCE, pages, BEGIN + hours(0.5), others=others)
    assert not plan.is_due(FRONT, Role.SITEMAP) and plan.seeds() == [(FRONT, False)], "as fresh as a front page would be"
    assert plan.due_pages() == []
