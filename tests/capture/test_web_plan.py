"""What a crawl asks for, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.capture.visits import ROBOTS_FORBIDDEN, Role, Visit
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
    assert [plan.see_page(f"{FRONT}{number}", 1) for number in (1, 1, 2, 3)] == [True, False, True, True]
    assert [plan.next_page() for _ in range(3)] == [(f"{FRONT}1", 1), (f"{FRONT}2", 1), None], "in the order in which they were seen"
    plan.give_back(f"{FRONT}1")
    assert plan.next_page() == (f"{FRONT}3", 1)
    assert plan.take(FRONT, Role.SEED) and not plan.take(FRONT, Role.SEED), "front pages are not counted"


def test_hosts_share_the_pages_of_a_run_also_while_one_has_not_shown_its_own_yet():
    other = "https://www.nordtal.example/"
    source = SOURCE.model_copy(update={"urls": (FRONT, other), "limits": SOURCE.limits.model_copy(update={"pages": 5})})
    plan = Plan(source, {}, BEGIN)
    plan.lists_under_way = 1
    for number in range(9):
        plan.see_page(f"{FRONT}{number}", 1)
    assert [plan.next_page() for _ in range(3)] == [(f"{FRONT}0", 1), (f"{FRONT}1", 1), None], "its share"
    plan.see_page(f"{other}0", 1)
    plan.lists_under_way = 0
    assert [plan.next_page() for _ in range(4)] == [(f"{other}0", 1), (f"{FRONT}2", 1), (f"{FRONT}3", 1), None], "what the other leaves"


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


def test_what_shows_links_is_no_page_besides():
    of_map = Visit(url=FRONT, captured_at=BEGIN, source="lanshan", role=Role.SITEMAP, http_status=200)
    target = Visit(url=f"{FRONT}home", captured_at=BEGIN, source="lanshan", role=Role.SEED, http_status=200)
    found, _ = known_of([(PAGE, [visit(hours(0))]), (FRONT, [of_map]), (target.url, [target])], BEGIN + hours(2))
    assert Plan(SOURCE, found, BEGIN + hours(0.5)).due_seeds() == [], "as fresh as a front page would be"
    plan = Plan(SOURCE, found, BEGIN + hours(2))
    assert plan.due_seeds() == [(FRONT, 0)]
    assert plan.due_pages() == [PAGE] and not plan.see_page(target.url, 1)


def sighting(after: timedelta, hops: int, url: str = PAGE, role: Role = Role.PAGE) -> Visit:
    return Visit(url=url, captured_at=BEGIN + after, source="lanshan", role=role, hops=hops)


def test_what_was_seen_and_not_asked_for_is_due_still():
    later, map_url = f"{FRONT}later.html", f"{FRONT}map.xml"
    told = [
        (PAGE, [sighting(hours(2), 2), sighting(hours(3), 1)]),
        (later, [sighting(hours(4), 2)]),
        (map_url, [sighting(hours(4), 1, role=Role.SITEMAP)]),
    ]
    found, _ = known_of(told, BEGIN + hours(9))
    plan = Plan(SOURCE, found, BEGIN + hours(9))
    of_maps = WebSource(name="lanshan", kind="sitemap", urls=(f"{FRONT}index.xml",), contact="https://archive.example/")
    assert (map_url, 1) in Plan(of_maps, found, BEGIN + hours(9)).due_seeds() and (map_url, 1) not in plan.due_seeds()
    assert [plan.next_page() for _ in range(3)] == [(PAGE, 1), (later, 2), None]
    assert not plan.see_page(PAGE, 1) and plan.see_page(later, 1), "a shorter way to it is news"


def test_a_page_keeps_its_distance_from_a_seed():
    source = SOURCE.model_copy(update={"follow": SOURCE.follow.model_copy(update={"depth": 3})})
    found = {PAGE: known(sighting(hours(0), 2), visit(hours(0)))}
    assert Plan(source, found, BEGIN + hours(1)).next_page() == (PAGE, 2)
    assert Plan(source, {PAGE: known(visit(hours(0)))}, BEGIN + hours(1)).next_page() == (PAGE, 3), "of an unknown one no link is followed"


def test_what_robots_forbid_is_looked_at_again_after_a_week():
    forbidden = visit(hours(0), None, error=ROBOTS_FORBIDDEN)
    assert not is_due(hours(7 * 24 - 1), forbidden) and is_due(hours(7 * 24), forbidden)
    assert is_due(hours(1), forbidden, role=Role.SEED)
    assert not is_due(hours(0.5), forbidden, visit(hours(0.1))), "it is allowed again"


def test_pages_that_are_no_longer_followed_are_not_asked_for_again():
    source = SOURCE.model_copy(update={"follow": SOURCE.follow.model_copy(update={"deny": ("/a/",)})})
    found = {PAGE: known(visit(hours(0)))}
    assert Plan(source, found, BEGIN + hours(1)).due_pages() == []
    named = WebSource(name="lanshan", kind="web", pages=(PAGE,), follow=source.follow, contact="https://archive.example/")
    assert Plan(named, found, BEGIN + hours(1)).due_pages() == [PAGE], "but those that it names"


def test_visits_of_a_time_to_come_do_not_count():
    found, ahead = known_of([(FRONT, [visit(hours(24 * 3650), url=FRONT)]), (PAGE, [visit(hours(0)), visit(hours(24 * 3650))])], BEGIN + hours(1))
    assert (list(found), ahead) == ([PAGE], 2)
    assert found[PAGE].last_at == BEGIN


def test_links_that_are_too_long_are_not_followed():
    plan = Plan(SOURCE, {}, BEGIN)
    assert plan.page_behind(f"/{'x' * 2083}", FRONT) is None and plan.sitemap_behind(f"/{'x' * 2083}", FRONT) is None
    assert plan.sitemap_behind("/m.xml?b=2&a=1", FRONT) == f"{FRONT}m.xml?a=1&b=2"


def test_where_a_front_page_redirects_to_is_as_due_as_the_front_page():
    target = f"{FRONT}home"
    found = {target: known(visit(hours(0.001), url=target))}
    plan = Plan(SOURCE, found, BEGIN + hours(1))
    assert plan.take_behind_redirect(target, Role.SEED, FRONT) and not plan.take_behind_redirect(target, Role.SEED, FRONT)
    assert not Plan(SOURCE, found, BEGIN + hours(1)).take_behind_redirect(target, Role.PAGE, FRONT)


@pytest.mark.parametrize(
    ("user_agent", "sent"),
    [
        ("Archive/1", "Archive/1 (+https://archive.example/)"),
        ("Archive/1 (+https://archive.example/)", "Archive/1 (+https://archive.example/)"),
    ],
)
def test_the_contact_is_sent_whatever_the_crawler_calls_itself(user_agent, sent):
    assert SOURCE.model_copy(update={"user_agent": user_agent}).agent == sent
    assert SOURCE.contact in SOURCE.agent


@pytest.mark.parametrize(("status", "is_content"), [(200, True), (304, True), (206, False), (404, False)])
def test_a_part_of_a_page_is_not_its_content(status, is_content):
    one = Visit(url=PAGE, captured_at=BEGIN, source="lanshan", role=Role.PAGE, http_status=status, content_sha256=b"x" * 32)
    assert (known(one).content_sha256 is not None) == is_content


def test_what_was_given_up_is_put_off_no_more():
    """A run that asks for nothing counts for the schedule, unless something that failed will be asked for again."""
    trial = WebSource(name="lanshan", kind="web", urls=(FRONT,), pages=(PAGE,), contact="https://archive.example/")
    for failures, count in ((1, 1), (MOST_FAILURES - 1, 1), (MOST_FAILURES, 0)):
        dead = Known(role=Role.PAGE, tried_at=BEGIN, failures=failures)
        assert Plan(trial, {PAGE: dead}, BEGIN).put_off_count() == count
    assert Plan(trial, {PAGE: Known(role=Role.PAGE, tried_at=BEGIN, failures=1)}, BEGIN, lambda _: True).put_off_count() == 0
