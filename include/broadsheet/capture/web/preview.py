"""What a crawl of a source would do now: its robots.txt and its URLs are asked for once, as politely as ever, and nothing else."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from protego import Protego

from broadsheet.capture.raw_index import RawIndex
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import Role, Visit
from broadsheet.capture.warc import Http, split_http
from broadsheet.capture.web.crawl import crawl, unanswered
from broadsheet.capture.web.links import entries_of, is_too_old, links_of, sitemap_of
from broadsheet.capture.web.middlewares import response_of
from broadsheet.capture.web.pace import LONGEST_WAIT
from broadsheet.capture.web.plan import Plan, known_of
from broadsheet.capture.web.robots import crawl_delay, is_allowed, rules_of
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.records import Record
from broadsheet.tombstones import Tombstones
from broadsheet.urls import canonical

ALLOWED, FORBIDDEN, UNREACHABLE, UNASKED = "allowed", "forbidden", "unreachable", "unasked"
_SEEDS = (Role.SEED, Role.SITEMAP)
_MOST_SECONDS = 300
_MOST_REDIRECTS = 5


class Host(Record, frozen=True):
    """What a host's robots.txt says.

    Attributes
    ----------
    status : of the answer; None: there was none, for `error`.
    crawl_delay : in seconds, for this crawler.
    pages : of this host that a run would ask for now.
    """

    robots_url: str
    status: int | None
    error: str | None = None
    crawl_delay: float | None = None
    pages: int = 0


class Seed(Record, frozen=True):
    """One of a source's URLs, or a sitemap or page that it leads to.

    Attributes
    ----------
    robots : `allowed`, `forbidden`, `unreachable`: robots.txt cannot be had, so that nothing is asked for; or `unasked`.
    status : of the answer; None: it was not asked for, or did not answer, for `error`.
    tdm_reservation : what it says of text and data mining: `1` reserved, `0` not; None: nothing.
    link_count : links, entries of a feed or a sitemap. `page_count`: pages of the source among them.
    old_count : entries of a sitemap that are left out because they are dated before `max_age`.
    """

    url: str
    robots: str
    status: int | None = None
    error: str | None = None
    location: str | None = None
    tdm_reservation: str | None = None
    link_count: int = 0
    page_count: int = 0
    old_count: int = 0


class Preview(Record, frozen=True):
    """What a run would do now.

    Attributes
    ----------
    requests : that the preview made.
    pages : that a run would ask for, in its order, at most as many as it may. `due_count`: with those that are left for later runs.
    forbidden : those of `pages` that robots.txt forbids.
    forgotten_count : the source's own URLs that have a tombstone, so that nothing asks for them.
    unanswered : why nothing at all was answered; None where anything was.
    seconds : that a run would take at least, by its delays; it ends after `most_seconds`.
    """

    source: str
    kind: str
    requests: int
    hosts: list[Host]
    seeds: list[Seed]
    pages: list[str]
    due_count: int
    forbidden: list[str]
    seconds: float
    most_seconds: int
    forgotten_count: int = 0
    unanswered: str | None = None


class _Answers:
    """What a preview's crawl kept."""

    def __init__(self, lake: Lake, source: WebSource):
        self._zone = RawZone(lake)
        self._index = RawIndex(self._zone.store)
        told = ((url, [visit for visit in visits if visit.is_request]) for url, visits in self._zone.visits.of_source(source.name))
        visits = {url: asked for url, asked in told if asked}
        self.visits = {url: told[-1] for url, told in visits.items()}
        self.request_count = sum(map(len, visits.values()))
        self._rules = {url: self._parsed(url) for url in self.visits if url == _robots_url(url)}

    def content(self, visit: Visit) -> Http | None:
        """The answer of a visit, whose content another one may have brought; None without a content."""
        place = self._index.find(visit.content_sha256) if visit.content_sha256 else None
        return split_http(self._zone.frame(*place)) if place else None

    def last(self, url: str) -> Visit | None:
        """The visit of a URL, or of where it redirects to."""
        visit = self.visits.get(url)
        for _ in range(_MOST_REDIRECTS):
            target = canonical(visit.location, visit.url) if visit and 300 <= (visit.http_status or 0) < 400 else None
            if target not in self.visits:
                break
            visit = self.visits[target]
        return visit

    def led_to(self, source: WebSource) -> list[str]:
        """What was asked for besides the source's URLs: further sitemaps, targets of redirects."""
        return [url for url, visit in self.visits.items() if visit.role in _SEEDS and url not in source.urls and url != _robots_url(url)]

    def links(self, url: str, source: WebSource, now: datetime, page_bytes: int) -> tuple[list[str], int]:
        """What the answer of a URL leads to, as the spider reads it, and how many entries are left out by `max_age`."""
        visit = self.visits.get(url)
        answer = self.content(visit) if visit and visit.http_status == 200 else None
        if answer is None:
            return [], 0
        if source.kind == "feed":
            return entries_of(answer.body, url), 0
        if source.kind == "web":
            return (links_of(response_of(url, answer)) if source.follow.depth else []), 0
        entries = list(sitemap_of(answer.body, page_bytes))
        recent = [(link, is_sitemap) for link, at, is_sitemap in entries if not is_too_old(at, now - source.max_age, is_sitemap=is_sitemap)]
        return [link for link, is_sitemap in recent if not is_sitemap], len(entries) - len(recent)

    def verdict(self, url: str) -> str:
        """Whether robots.txt lets this crawler ask for a URL."""
        if (robots := _robots_url(url)) not in self._rules:
            return UNASKED
        rules = self._rules[robots]
        return UNREACHABLE if rules is None else ALLOWED if is_allowed(rules, url) else FORBIDDEN

    def crawl_delay(self, url: str) -> float | None:
        return crawl_delay(self._rules.get(_robots_url(url))) or None

    def _parsed(self, robots_url: str) -> Protego | None:
        visit = self.last(robots_url)
        answer = self.content(visit) if visit else None
        return rules_of(visit.http_status if visit else None, answer.body if answer else b"")


def preview(source: WebSource, lake: Path | None = None, *, page_bytes: int, clock_offset: float = 0) -> Preview:
    """Ask for a source's robots.txt files and URLs. Nothing of it is kept.

    Raises TransientError, ConfigurationError as `crawl` does.

    Parameters
    ----------
    lake : whose knowledge of the source tells what is due; it is only read.
    clock_offset : seconds that the clock is taken to be ahead.
    """
    with TemporaryDirectory(prefix="broadsheet-preview-") as folder:
        aside = Lake(Path(folder))
        now = datetime.now(UTC) + timedelta(seconds=clock_offset)
        known, _ = known_of(RawZone(Lake(lake)).visits.of_source(source.name), now) if lake else ({}, 0)
        is_forgotten = Tombstones(Lake(lake)).covered.has_url if lake else lambda url: False
        account = _ask(aside, source, page_bytes, clock_offset, is_forgotten)
        told = _told(source, _Answers(aside, source), Plan(source, known, now, is_forgotten), page_bytes)
        forgotten = sum(map(is_forgotten, (*source.urls, *source.listed)))
        return msgspec.structs.replace(told, forgotten_count=forgotten, unanswered=unanswered(account))


def kind_of(source: WebSource, *, page_bytes: int) -> str:
    """What the first of a source's URLs is by what it answers: `web`, `feed` or `sitemap`. Nothing of it is kept.

    Raises ConfigurationError where it does not answer, or robots.txt forbids it.
    """
    with TemporaryDirectory(prefix="broadsheet-preview-") as folder:
        lake = Lake(Path(folder))
        account = _ask(lake, source, page_bytes)
        answers = _Answers(lake, source)
        visit = answers.last(source.urls[0])
        answer = answers.content(visit) if visit and visit.http_status == 200 else None
        if visit is None or answer is None:
            told = _unknown(answers, source.urls[0], account) if visit is None else visit.error or f"the answer is status {visit.http_status}"
            raise ConfigurationError(f"what {source.urls[0]} is cannot be told: {told}; name it by --kind")
        return kind_of_content(answer.body, visit.url, page_bytes)


def _unknown(answers: _Answers, url: str, account: dict[str, Any]) -> str:
    """Why a URL was not asked for."""
    if answers.verdict(url) == FORBIDDEN:
        return "robots.txt does not allow to ask for it"
    robots = answers.last(_robots_url(url))
    if robots is None:
        return account["last_error"] or "it was not asked for"
    return f"robots.txt cannot be had: {robots.error or f'status {robots.http_status}'}"


def kind_of_content(content: bytes, url: str, page_bytes: int) -> str:
    """`sitemap` or `feed` for what has entries as they have, else `web`."""
    if next(sitemap_of(content, page_bytes), None):
        return "sitemap"
    return "feed" if entries_of(content, url) else "web"


def _ask(
    lake: Lake, source: WebSource, page_bytes: int, clock_offset: float = 0, is_forgotten: Callable[[str], bool] = lambda url: False
) -> dict[str, Any]:  # fmt: skip
    """Returns the account of the crawl."""
    urls = [url for url in source.urls if not is_forgotten(url)]
    # a host that no URL is of is asked for its robots.txt all the same
    asked = {urlsplit(url).netloc for url in urls}
    others = {_robots_url(url) for url in source.listed if urlsplit(url).netloc not in asked and not is_forgotten(url)}
    if not (urls or others):
        return {}
    limits = source.limits.model_copy(update={"pages": 0, "seconds": min(source.limits.seconds, _MOST_SECONDS), "retries": 0})
    trial = source.model_copy(update={"urls": (*urls, *sorted(others)), "limits": limits})
    return crawl(lake, trial, "preview", page_bytes=page_bytes, clock_offset=clock_offset)


def _told(source: WebSource, answers: _Answers, plan: Plan, page_bytes: int) -> Preview:
    plan.left = sys.maxsize  # all that is due; a run takes the first of them
    seeds: list[Seed] = []
    for url in [*(url for url in source.urls if not plan.is_forgotten(url)), *answers.led_to(source)]:
        links, old_count = answers.links(url, source, plan.now, page_bytes)
        pages = [page for link in links if (page := plan.page_behind(link, url))]
        for page in pages:
            plan.see_page(page, 1)
        seeds.append(_seed(url, answers, links, pages, old_count))
    due: list[str] = []
    while following := plan.next_page():
        due.append(following[0])
    now = due[: source.limits.pages]
    asked = [url for url in (*source.urls, *source.listed) if not plan.is_forgotten(url)]
    counts = Counter(_robots_url(url) for url in now)
    hosts = [_host(robots, answers, counts[robots]) for robots in dict.fromkeys(map(_robots_url, asked))]
    requests = counts + Counter(_robots_url(seed.url) for seed in seeds)
    waits = [
        max(source.limits.delay, min(host.crawl_delay or 0, LONGEST_WAIT)) * (1 + requests[host.robots_url]) for host in hosts  # 1: robots.txt
    ]  # fmt: skip
    return Preview(
        source=source.name, kind=source.kind, requests=answers.request_count, hosts=hosts, seeds=seeds, pages=now, due_count=len(due),
        forbidden=[url for url in now if answers.verdict(url) == FORBIDDEN], seconds=max(waits, default=0.0), most_seconds=source.limits.seconds,
    )  # fmt: skip


def _host(robots_url: str, answers: _Answers, page_count: int) -> Host:
    visit = answers.last(robots_url)
    return Host(
        robots_url=robots_url, status=visit.http_status if visit else None, error=visit.error if visit else None,
        crawl_delay=answers.crawl_delay(robots_url), pages=page_count,
    )  # fmt: skip


def _seed(url: str, answers: _Answers, links: list[str], pages: list[str], old_count: int) -> Seed:
    visit = answers.visits.get(url)
    return Seed(
        url=url, robots=answers.verdict(url), status=visit.http_status if visit else None, error=visit.error if visit else None,
        location=visit.location if visit else None, tdm_reservation=visit.tdm_reservation if visit else None,
        link_count=len(links), page_count=len(set(pages)), old_count=old_count,
    )  # fmt: skip


def _robots_url(url: str) -> str:
    return urljoin(url, "/robots.txt")
