"""What there is to be seen in a test web, and when: for comparing with what a crawler brought home."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sampleworld.world import Story
from testweb import lists, pages, robots, syndication
from testweb.history import Gap, History, Life
from testweb.hosts import Host
from testweb.log import Request
from testweb.web import HOSTS_BY_NAME, Web


@dataclass(frozen=True, slots=True)
class Version:
    """What an article's page shows from `start` until `end` (None: for good), gaps aside.

    Attributes
    ----------
    body : paragraphs as the page shows them.
    published_local : as the page shows it, minutes of the site's zone.
    """

    url: str
    start: datetime
    end: datetime | None
    title: str
    body: tuple[str, ...]
    published_at: datetime
    published_local: str

    def as_json(self) -> dict[str, Any]:
        times = {
            name: value.isoformat() if value else None
            for name, value in (("start", self.start), ("end", self.end), ("published_at", self.published_at))
        }
        return {**asdict(self), **times}


@dataclass(frozen=True, slots=True)
class Article:
    """One story's page.

    Attributes
    ----------
    gaps : when the page is not there, with the status that it answers (302: to the front page).
    is_forbidden : by robots.txt.
    is_noindex : the page asks not to be indexed.
    is_reserved : the mining of its text is reserved.
    """

    url: str
    versions: tuple[Version, ...]
    gaps: tuple[Gap, ...]
    is_forbidden: bool
    is_noindex: bool
    is_reserved: bool
    reprint_of: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: the text as shown, where it links to, and the article's own URL and full headline."""

    rank: int
    text: str
    href: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class FeedState:
    """A list of a page, a feed or a sitemap, which stands so from `start` until `end` (None: to the last).

    Attributes
    ----------
    label : heading of a page's list; empty for feeds and sitemaps.
    """

    url: str
    label: str
    start: datetime
    end: datetime | None
    entries: tuple[Entry, ...]

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


class Truth:
    """The truth about a web. URLs are those that the pages give as their own, `http://host/path`."""

    def __init__(self, web: Web) -> None:
        self.web = web

    def articles(self, host: str | None = None) -> Iterator[Article]:
        for name, history in self.web.histories.items():
            if host in (None, name):
                yield from (_article(history.host, life) for life in history.lives)

    def versions_of(self, url: str) -> tuple[Version, ...]:
        """In their order; none for a URL that is no article's."""
        life = self.web.life(*split(url))
        return _versions(life) if life else ()

    def version_at(self, url: str, instant: datetime) -> Version | None:
        """What the page shows; None if it is not there."""
        life = self.web.life(*split(url))
        if life is None or life.gap(instant):
            return None
        return next((version for version in reversed(_versions(life)) if version.start <= instant), None)

    def visible_between(self, start: datetime, end: datetime, host: str | None = None) -> Iterator[Version]:
        """Versions that can be seen at some instant from `start` to `end`, with both; forbidden ones among them."""
        for article in self.articles(host):
            yield from (version for version in article.versions if _is_seen(version, article.gaps, start, end))

    def seen(self, requests: Iterable[Request]) -> set[Version]:
        """Versions that a crawler was shown: what its requests were answered with 200 or 304, copies of pages aside."""
        shown = (
            self.version_at(f"http://{one.host}{_plain(one.path)}", one.instant)
            for one in requests
            if one.method == "GET" and one.status in (200, 304)
        )
        return {version for version in shown if version}

    def seen_gaps(self, requests: Iterable[Request]) -> set[tuple[str, Gap]]:
        """Gaps that a crawler was shown, each with the article's URL."""
        found = set()
        for one in requests:
            life = self.web.life(one.host, _plain(one.path))
            if life and one.method == "GET" and (gap := life.gap(one.instant)) and one.status == gap.status:
                found.add((life.story.url, gap))
        return found

    def lists_of(self, url: str) -> list[str]:
        """Headings of the lists of a front or section page; `[""]` for a feed or sitemap; none for anything else."""
        host, path = split(url)
        history = self.web.histories.get(host)
        return list(_lists(history, path, history.start)) if history else []

    def feed_states(self, url: str, label: str = "") -> tuple[FeedState, ...]:
        """States of a list over time, in their order. `label` chooses among the lists of a page."""
        host, path = split(url)
        history = self.web.histories[host]
        entries = [(instant, _lists(history, path, instant).get(label, ())) for instant in history.changes]
        starts = [entries[0], *(later for earlier, later in pairwise(entries) if earlier[1] != later[1])]
        ends = [instant for instant, _ in starts[1:]] + [None]
        return tuple(FeedState(url, label, start, end, shown) for (start, shown), end in zip(starts, ends, strict=True))

    def feed_state_at(self, url: str, instant: datetime, label: str = "") -> tuple[Entry, ...]:
        host, path = split(url)
        history = self.web.histories[host]
        return _lists(history, path, history.since(instant)).get(label, ())

    def seen_states(self, requests: Iterable[Request], url: str, label: str = "") -> tuple[FeedState, ...]:
        """States of a list that a crawler was shown, in their order. A list that stands beside articles was shown with each of them too."""
        host, path = split(url)
        is_rail = path == "/" and label in self.rails_of(host)
        mine = (one for one in requests if one.host == host and one.method == "GET" and one.status in (200, 304))
        instants = [one.instant for one in mine if _plain(one.path) == path or (is_rail and self.web.life(host, _plain(one.path)))]
        return tuple(state for state in self.feed_states(url, label) if any(state.holds(instant) for instant in instants))

    def rails_of(self, host: str) -> list[str]:
        """Headings of the lists that stand beside every article of a host and on its front page."""
        return [style.label for style in HOSTS_BY_NAME[host].site.feeds]

    def listing_urls(self, host: str) -> list[str]:
        """The front page, sections, feeds and sitemaps of a host."""
        of = HOSTS_BY_NAME[host]
        paths = ["/", *(section.path for section in of.sections), *(path for path, _ in of.syndication)]
        paths += {"single": [syndication.SITEMAP], "index": [syndication.NEWS_SITEMAP], None: []}[of.sitemap]
        return [of.url(path) for path in paths]

    def forbidden(self, requests: Iterable[Request]) -> list[Request]:
        """Requests that robots.txt forbids."""
        return [one for one in requests if robots.is_forbidden(one.host, one.path)]

    def robots_down(self, host: str) -> tuple[datetime, datetime] | None:
        """When the host's robots.txt cannot be had, so that nothing of the host may be fetched without an older copy of it."""
        return robots.down_between(HOSTS_BY_NAME[host], self.web.start)

    def as_json(self, host: str | None = None) -> dict[str, Any]:
        """All of it, or that of one host; lists take a second of computing a host."""
        hosts = [name for name in self.web.histories if host in (None, name)]
        return {
            "seed": self.web.seed, "start": self.web.start.isoformat(), "days": self.web.days, "is_synthetic": True,
            "articles": [{**asdict(article), "versions": [version.as_json() for version in article.versions],
                          "gaps": [{"start": gap.start.isoformat(), "end": gap.end.isoformat() if gap.end else None, "status": gap.status} for gap in article.gaps]}
                         for article in self.articles(host)],
            "lists": [{**asdict(state), "start": state.start.isoformat(), "end": state.end.isoformat() if state.end else None}
                      for name in hosts for url in self.listing_urls(name) for label in self.lists_of(url) for state in self.feed_states(url, label)],
        }  # fmt: skip


def split(url: str) -> tuple[str, str]:
    """Host and path, with query, of an http URL."""
    host, slash, path = url.removeprefix("http://").partition("/")
    return host, slash + path or "/"


def _plain(path: str) -> str:
    """Without a query of tracking parameters."""
    return path.partition("?")[0] if "?utm_" in path else path


def _article(host: Host, life: Life) -> Article:
    story = life.story
    return Article(
        story.url, _versions(life), life.gaps, robots.is_forbidden(host.name, story.path), pages.is_noindex(host, story),
        robots.is_reserved(host.name, story.path), story.reprint_of,
    )  # fmt: skip


def _versions(life: Life) -> tuple[Version, ...]:
    ends = [start for start, _ in life.versions[1:]] + [None]
    return tuple(
        Version(life.story.url, start, end, pages.title(story), _shown_body(story), story.published_at, f"{story.local:%Y-%m-%dT%H:%M}")
        for (start, story), end in zip(life.versions, ends, strict=True)
    )  # fmt: skip


def _shown_body(story: Story) -> tuple[str, ...]:
    """The table layout has the original title in brackets before the text, and credits the reporter at its end."""
    if story.site.layout != "table":
        return story.paragraphs
    original = (f"（原标题：{story.original_title}）",) if story.original_title else ()
    return (*original, *story.paragraphs[:-1], f"{story.paragraphs[-1]}（记者 {story.reporter}）")


def _is_seen(version: Version, gaps: tuple[Gap, ...], start: datetime, end: datetime) -> bool:
    """Whether any instant of [start, end] lies in the version and in no gap. An article has at most one gap."""
    first, last = max(version.start, start), min(version.end, end) if version.end else end
    is_open = version.end is not None and version.end <= end  # the version's own last instant is not of it
    if first > last or (is_open and first == last):
        return False
    covering = (gap for gap in gaps if gap.holds(first))
    return all(gap.end is not None and (gap.end < last or (gap.end == last and not is_open)) for gap in covering)


def _lists(history: History, path: str, instant: datetime) -> dict[str, tuple[Entry, ...]]:
    """Lists that stand at a path, by heading."""
    host = history.host
    if path == "/":
        return {shown[0].label: _entries(host, shown) for shown in lists.front(history, instant)}
    for section in host.sections:
        if section.path == path:
            return {shown[0].label: _entries(host, shown) for shown in lists.section(history, section, instant)}
    if path in dict(host.syndication):
        return {"": _plain_entries(syndication.stories_in_feed(history, instant), lambda story: syndication.link(host, story))}
    stories = syndication.stories_in_sitemap(history, path, instant)
    return {} if stories is None else {"": _plain_entries(stories, lambda story: story.url)}


def _entries(host: Host, shown: lists.Shown) -> tuple[Entry, ...]:
    rows = pages.entries(host, shown)
    return tuple(Entry(rank, row["text"], row["href"], row["story"].url, pages.title(row["story"])) for rank, row in enumerate(rows, 1))


def _plain_entries(stories: Iterable[Story], link: Callable[[Story], str]) -> tuple[Entry, ...]:
    return tuple(Entry(rank, pages.title(story), link(story), story.url, pages.title(story)) for rank, story in enumerate(stories, 1))
