"""The hosts, and what each does beside showing its pages. The sample world's six, three that reserve the mining of their texts,
and one of answers that go wrong (`klippen.py`)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from sampleworld.world import SITES, FeedStyle, Site

KLIPPEN = "www.klippen.example"

Validators = Literal["both", "etag", "last-modified", "none"]


@dataclass(frozen=True, slots=True)
class Section:
    """A section page: the newest stories of a channel, or of all of them."""

    path: str
    label: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """Each `every`-th story from number `first` on stands in a folder of its own."""

    name: str
    every: int
    first: int


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the test web.

    Attributes
    ----------
    top : heading of the ranked list of the front page.
    syndication : path of each feed and its kind, `rss`, `atom` or `json`.
    sitemap : `single` is /sitemap.xml, `index` a news sitemap and one of each month behind an index, packed.
    tracking : query that the links of the front page and of feeds carry.
    robots_down : hours after the start between which /robots.txt answers 503.
    reservation : how the mining of texts is reserved, after TDMRep.
    has_calendar : months without end that link to each other.
    counts_clicks : some links lead by /go/ and a redirect.
    noindex_every : each so-many-th story asks not to be indexed.
    first_fails_every : each so-many-th story answers 503 when it is first asked for.
    """

    site: Site
    top: str
    sections: tuple[Section, ...]
    syndication: tuple[tuple[str, str], ...] = ()
    sitemap: Literal["single", "index"] | None = None
    validators: Validators = "both"
    tracking: str = ""
    copies: Literal["print", "amp"] | None = None
    folder: Folder | None = None
    robots_down: tuple[float, float] | None = None
    reservation: Literal["header", "meta", "tdmrep"] | None = None
    sets_cookies: bool = False
    has_calendar: bool = False
    counts_clicks: bool = False
    noindex_every: int = 0
    first_fails_every: int = 0

    @property
    def name(self) -> str:
        return self.site.host

    def url(self, path: str) -> str:
        return f"{self.site.scheme}://{self.site.host}{path}"

    @property
    def top_style(self) -> FeedStyle:
        return FeedStyle(self.top, 10, ranked=True, by="prominence")


def _served(site: Site) -> Site:
    return replace(site, scheme="http")


_YUNZHOU, _LANSHAN, _QINGHE, _HAIDU, _HARBOR, _NORDTAL = map(_served, SITES)
_KIESEL = replace(_NORDTAL, host="www.kiesel-anzeiger.example", name="Kiesel-Anzeiger", outlet="Kiesel-Anzeiger")
_SALTMARSH = replace(_HARBOR, host="www.saltmarsh-post.example", name="Saltmarsh Post", outlet="Saltmarsh Post")
_LIYUAN = replace(_HAIDU, host="www.liyuan-wang.example", name="梨园网", outlet="梨园日报")

HOSTS = (
    Host(_YUNZHOU, "今日要闻", (Section("/news/", "滚动新闻"), Section("/news/c/", "县区新闻", "县区"), Section("/video/", "文化新闻", "文化"), Section("/photo/", "民生新闻", "民生")),
         syndication=(("/rss/news.xml", "rss"),), validators="last-modified", first_fails_every=13),
    Host(_LANSHAN, "要闻推荐", (Section("/more/", "最新新闻"), Section("/gn/", "经济新闻", "经济"), Section("/bd/", "县区新闻", "县区"), Section("/ty/", "文化新闻", "文化")),
         syndication=(("/rss.xml", "rss"),), validators="none", copies="print"),
    Host(_QINGHE, "头条新闻", (Section("/sz/", "要闻聚焦", "要闻"), Section("/jj/", "经济新闻", "经济"), Section("/wh/", "文化新闻", "文化"), Section("/t/1", "最新新闻"), Section("/t/2", "民生新闻", "民生")),
         validators="etag", folder=Folder("neibu/", 9, 4)),
    Host(_HAIDU, "今日头条", (Section("/hot", "热点新闻"), Section("/local", "县区新闻", "县区")),
         syndication=(("/feed/rss.xml", "rss"), ("/feed/atom.xml", "atom"), ("/feed/feed.json", "json")), tracking="utm_source=feed&utm_medium=list", copies="amp", sets_cookies=True),
    Host(_HARBOR, "Top Stories", (Section("/local", "Local News", "Local"), Section("/business", "Business News", "Business"), Section("/culture", "Culture News", "Culture")),
         syndication=(("/rss", "rss"),), sitemap="single", tracking="utm_source=front", sets_cookies=True, has_calendar=True, counts_clicks=True, noindex_every=8, first_fails_every=13),
    Host(_NORDTAL, "Nachrichten des Tages", (Section("/local", "Nachrichten aus der Region", "Region"), Section("/wirtschaft", "Nachrichten aus der Wirtschaft", "Wirtschaft"), Section("/culture", "Nachrichten aus der Kultur", "Kultur")),
         sitemap="index", robots_down=(30.0, 34.0)),
    Host(_KIESEL, "Nachrichten des Tages", (Section("/local", "Nachrichten aus der Region", "Region"), Section("/culture", "Nachrichten aus der Kultur", "Kultur")), reservation="header"),
    Host(_SALTMARSH, "Top Stories", (Section("/local", "Local News", "Local"), Section("/culture", "Culture News", "Culture")), reservation="meta"),
    Host(_LIYUAN, "今日头条", (Section("/hot", "热点新闻"), Section("/local", "县区新闻", "县区")), reservation="tdmrep", folder=Folder("zhuanlan/", 3, 1)),
)  # fmt: skip

SLOT = timedelta(hours=3)  # how often most-read lists and the order of front pages are made anew
