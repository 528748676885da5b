"""What each host answers at each instant: a pure function of seed, host, path and time."""

import re
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from sampleworld.world import START
from testweb import klippen, pages, robots, syndication
from testweb.answers import Answer, Trouble, failure, page, redirect, with_validators
from testweb.history import History, Life, histories
from testweb.hosts import HOSTS, KLIPPEN

STORY_PATH = re.compile(r"/(?:[a-z]+/)?\d{4}/\d\d/\d\d/(\d{6})\.html")
_PRINT, _CLICK, _CALENDAR = re.compile(r"/print/(\d{6})\.html"), re.compile(r"/go/(\d{1,6})"), re.compile(r"/calendar/(\d{4})/(\d\d)/(?:\d\d/)?")
_FRONT_MAX_AGE = 60
_TRACKING = re.compile(r"utm_\w+")


class Web:
    """All hosts over some days.

    Parameters
    ----------
    seed : everything follows from it.
    start : before it the hosts look as they do then.
    days : how long new stories come out; edits and removals go on for some more.
    stories_a_day : of each host, at least 4.
    inner_url : where a redirect of www.klippen.example leads that no crawler may follow: an address of this machine.
    """

    def __init__(
        self, seed: int = 7, start: datetime = START, days: int = 7, stories_a_day: int = 12, inner_url: str = "http://127.0.0.1:9/"
    ) -> None:
        self.seed, self.start, self.days, self.inner_url = seed, start, days, inner_url
        self.histories = histories(seed, start, days, stories_a_day)
        self.hosts = (*self.histories, KLIPPEN)
        self._answers = lru_cache(maxsize=4096)(self._answer)

    def state_at(self, host: str, path: str, instant: datetime) -> Answer:
        """What `host` answers to a GET of `path` (with its query), whatever the client sends beside."""
        if host == KLIPPEN:
            return klippen.answer_at(path, self.inner_url)
        if host not in self.histories:
            return redirect(301, f"http://www.{host}{path}") if f"www.{host}" in self.hosts else failure(421, "no host of the test web")
        if path == robots.ROBOTS and (down := robots.unreachable(self.histories[host], instant)):
            return down
        return self._answers(host, path, self.histories[host].since(instant))

    def life(self, host: str, path: str) -> Life | None:
        """The story whose page stands at a path."""
        if host not in self.histories or not (found := STORY_PATH.fullmatch(path)):
            return None
        life = self._by_number(host, found[1])
        return life if life and life.story.path == path else None

    def _answer(self, host: str, path: str, instant: datetime) -> Answer:
        """What is answered from a change of the host on."""
        history = self.histories[host]
        where, _, query = path.partition("?")
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        if names and all(map(_TRACKING.fullmatch, names)):  # says where the reader came from, never which page it is
            names = set()
        answer = (
            self._article(history, where, "print" in names, instant)
            or robots.robots(host, where) or robots.tdm(history.host, where)
            or syndication.feed(history, where, instant) or syndication.sitemap(history, where, instant)
            or self._listing(history, where, instant) or self._alias(history, where, instant)
            or failure(404, "there is no such page")
        )  # fmt: skip
        if answer.status != 200:
            return answer
        return with_validators(answer, instant, history.host.validators).with_headers(*self._extra_headers(history, path))

    def _article(self, history: History, path: str, as_print: bool, instant: datetime) -> Answer | None:
        host = history.host
        life = self.life(host.name, path)
        story = life.at(instant) if life else None
        if life is None or story is None:
            return None
        if missing := _gone(life, instant):
            return missing
        if as_print:
            return page(pages.copy(host, story, "print"), pages.charset_header(host, story))
        answer = page(pages.article(history, life, instant), pages.charset_header(host, story))
        if host.first_fails_every and story.number % host.first_fails_every == 8:
            return Answer(answer.status, answer.body, answer.headers, Trouble("first", 1, failure(503, "busy", ("Retry-After", "1"))))
        return answer

    def _listing(self, history: History, path: str, instant: datetime) -> Answer | None:
        host = history.host
        if path == "/":
            return page(pages.front(history, instant), pages.charset_header(host, None), _FRONT_MAX_AGE)
        if path == "/index.html":
            return redirect(301, "/")
        for section in host.sections:
            if section.path == path:
                return page(pages.section(history, section, instant), pages.charset_header(host, None), _FRONT_MAX_AGE)
        if host.has_calendar and (found := _CALENDAR.fullmatch(path)) and 1 <= int(found[2]) <= 12:
            return page(pages.calendar(host, int(found[1]), int(found[2])))
        if host.folder and path == f"/{host.folder.name}gongkai/index.html":
            return page(pages.plain(host, "公开目录"))
        return None

    def _alias(self, history: History, path: str, instant: datetime) -> Answer | None:
        """Copies of an article, and short links that lead to it."""
        host = history.host
        if host.copies == "amp" and path.startswith("/amp/"):
            life, kind = self.life(host.name, path.removeprefix("/amp")), "amp"
        elif host.copies == "print" and (found := _PRINT.fullmatch(path)):
            life, kind = self._by_number(host.name, found[1]), "print"
        elif host.counts_clicks and (found := _CLICK.fullmatch(path)):
            life, kind = self._by_number(host.name, found[1]), ""
        else:
            return None
        story = life.at(instant) if life else None
        if life is None or story is None:
            return None
        if not kind:
            return redirect(302, story.url)
        return _gone(life, instant) or page(pages.copy(host, story, kind), pages.charset_header(host, None))

    def _by_number(self, host: str, number: str) -> Life | None:
        lives = self.histories[host].lives
        return lives[int(number)] if int(number) < len(lives) else None

    def _extra_headers(self, history: History, path: str) -> tuple[tuple[str, str], ...]:
        headers = robots.reservation_headers(history.host)
        return (*headers, ("Set-Cookie", f"visit={self.seed}-{len(path)}-secret; Path=/")) if history.host.sets_cookies else headers


def _gone(life: Life, instant: datetime) -> Answer | None:
    gap = life.gap(instant)
    if gap is None:
        return None
    return redirect(302, "/") if gap.status == 302 else failure(gap.status, "the page was taken away")


HOSTS_BY_NAME = {host.name: host for host in HOSTS}
