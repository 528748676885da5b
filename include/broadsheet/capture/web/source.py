"""Sources that the crawler visits: front pages, feeds and sitemaps of a site.

kind: web
urls: [https://news.lanshan.example/, https://news.lanshan.example/local/]
contact: https://archive.example/crawler
time_zone: Asia/Shanghai
every: 30m
revisit: [1h, 24h, 7d]
follow: {deny: [/login], depth: 1}
limits: {pages: 500, delay: 2}
"""

import ipaddress
import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from broadsheet import __version__
from broadsheet.capture.durations import Duration
from broadsheet.capture.schedule import Schedule
from broadsheet.errors import ConfigurationError
from broadsheet.settings import zone_name
from broadsheet.urls import canonical, has_credentials, is_site_host, site_of

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _page_url(value: str) -> str:
    """A URL as it is asked for: in canonical form."""
    if not (url := canonical(value)):
        raise ValueError(f"{value!r} is no http(s) URL")
    if has_credentials(value):
        raise ValueError(f"{url} is stated with a user's name or password: those are not sent, and would stand in the file for all to read")
    return url


def _site_name(value: str) -> str:
    if not is_site_host(value):
        raise ValueError(f"{value!r} must be a host name in lower case without scheme, path and `www.`, as news.example is")
    return value


SiteName = Annotated[str, AfterValidator(_site_name)]
ZoneName = Annotated[str, AfterValidator(zone_name)]
PageUrl = Annotated[str, BeforeValidator(_page_url)]


class Follow(BaseModel):
    """Which links lead to pages of the source.

    Attributes
    ----------
    hosts : sites whose pages belong to it, without `www.`; by default those of its `urls`. Hosts below them count.
    allow : regular expressions, one of which is found in the URL of a page. Without any, every link of these hosts leads to a page.
    deny : regular expressions, none of which is.
    depth : links from a seed to a page. 1: the pages that the seeds show.
    """

    model_config = _STRICT

    hosts: tuple[SiteName, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    depth: int = Field(1, ge=0, le=10)

    @field_validator("allow", "deny")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns


class Limits(BaseModel):
    """How much a run may ask for, and how fast.

    Attributes
    ----------
    pages : pages a run; front pages, feeds, sitemaps, robots.txt and where pages redirect to are not counted.
    seconds : after which a run asks for nothing more.
    delay : seconds between two requests to a host; robots.txt's Crawl-delay counts where it is longer, and a slow host is given more.
    concurrency : requests to a host at a time.
    page_mb : a larger answer is given up; at least 0.01.
    timeout : seconds for an answer.
    retries : further attempts after an answer that says "later", or none, with growing waits.
    """

    model_config = _STRICT

    pages: int = Field(500, ge=0)
    seconds: int = Field(3000, ge=1)
    delay: float = Field(2.0, ge=0)
    concurrency: int = Field(1, ge=1, le=16)
    page_mb: float = Field(16, ge=0.01)  # of 0 bytes Scrapy makes: without limit
    timeout: float = Field(30, gt=0)
    retries: int = Field(2, ge=0, le=10)


class WebSource(BaseModel):
    """A site's front pages, feeds or sitemaps, and the pages that they lead to.

    Attributes
    ----------
    kind : what `urls` are: `web` front and section pages, `feed` RSS, Atom or JSON feeds, `sitemap` sitemaps and indexes of them.
    urls : asked for again and again, for what they lead to.
    pages : asked for by themselves, whether or not anything leads to them.
    page_list : a file with such pages, one a line.
    contact : a URL or an e-mail address; sent with each request, so that a site's people can reach whoever runs this.
    user_agent : instead of the default, which names Broadsheet and its version; the contact is added where it has none.
    every : how long an answer of `urls` counts as fresh.
    revisit : when a page is asked for again, since it was first seen: to find edits and removals.
    max_age : entries of sitemaps that are dated longer ago are left out.
    site : of captures for which nothing better is known.
    time_zone : in which the sites' displayed times are read, where the pages state none.
    schedule : when it is brought in by itself: a duration since its last run, as `6h`; a cron expression, in `time_zone`, else UTC; or `manual`: only
        when it is named. By default in every run of `ingest`.
    profile : site profile that reads its pages, by the name of its file: a host. By default each page is read by that of its own host.
    rights : what the site's owner allows, for people.
    follow : which links lead to pages of the source.
    limits : how much a run may ask for, and how fast.
    is_private_allowed : ask addresses that are not public; for trials and for an intranet.
    resolve : host name (`*.` before it: and those below) -> `address` or `address:port` to connect to instead of asking DNS.
    """

    model_config = _STRICT | {"json_schema_extra": {"anyOf": [{"required": ["urls"]}, {"required": ["pages"]}, {"required": ["page_list"]}]}}
    is_mtime_trusted: ClassVar[bool] = False  # as other kinds have it

    name: str
    kind: Literal["web", "feed", "sitemap"]
    urls: tuple[PageUrl, ...] = ()
    pages: tuple[PageUrl, ...] = ()
    page_list: str | None = None
    contact: str = Field(min_length=3)
    user_agent: str | None = None
    every: Duration = timedelta(hours=1)
    revisit: tuple[Duration, ...] = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7))
    max_age: Duration = timedelta(days=7)
    follow: Follow = Follow()
    limits: Limits = Limits()
    site: SiteName | None = None
    time_zone: ZoneName | None = None
    schedule: Schedule | None = None
    profile: SiteName | None = None
    rights: str | None = None
    is_private_allowed: bool = Field(False, alias="allow_private")
    resolve: dict[str, str] = {}

    @field_validator("contact", "user_agent")
    @classmethod
    def _one_line(cls, text: str | None) -> str | None:
        if text is not None and (not text.isprintable() or not text.isascii()):
            raise ValueError("must be one line of ASCII characters: it is sent in a header")
        return text

    @field_validator("resolve")
    @classmethod
    def _are_addresses(cls, resolve: dict[str, str]) -> dict[str, str]:
        for host, stated in resolve.items():
            address = re.sub(r":\d+$", "", stated) if stated.count(":") == 1 or "]:" in stated else stated
            try:
                ipaddress.ip_address(address.strip("[]"))
            except ValueError as error:
                raise ValueError(f"{host}: {stated!r} is no IP address, with or without a port") from error
        return resolve

    @model_validator(mode="after")
    def _has_input(self) -> "WebSource":
        if not (self.urls or (self.kind == "web" and (self.pages or self.page_list))):
            raise ValueError("name `urls`" + (", `pages` or a `page_list`" if self.kind == "web" else ""))
        return self

    @property
    def inputs(self) -> list[str]:
        """Where its captures come from, as it says."""
        return list(self.urls or self.pages or (self.page_list or "",))

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Sites whose pages belong to it."""
        return frozenset(self.follow.hosts or (host for url in (*self.urls, *self.listed) if (host := site_of(url))))

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Pages that are asked for by themselves. Raises ConfigurationError for a list that cannot be read, or a line that is no URL."""
        if not self.page_list:
            return self.pages
        try:
            lines = Path(self.page_list).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"source {self.name}: page_list {self.page_list} cannot be read: {error}") from error
        found = dict.fromkeys(self.pages)
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    found[_page_url(line.strip())] = None
                except ValueError as error:
                    raise ConfigurationError(f"source {self.name}: {self.page_list}, line {number}: {error}") from error
        return tuple(found)

    def is_own(self, url: str) -> bool:
        """Whether a URL is of one of the source's sites."""
        host = site_of(url)
        return host is not None and any(host == own or host.endswith("." + own) for own in self.hosts)

    @cached_property
    def _asked_hosts(self) -> frozenset[str | None]:
        return frozenset(map(site_of, (*self.urls, *self.listed)))

    def may_ask(self, url: str) -> bool:
        """Whether a URL is of one of the source's sites, or of a host that its own URLs are of, as a feed's may be."""
        return self.is_own(url) or site_of(url) in self._asked_hosts

    @property
    def agent(self) -> str:
        """User-Agent of its requests."""
        name = self.user_agent or f"Broadsheet/{__version__}"
        return name if self.contact in name else f"{name} (+{self.contact})"
