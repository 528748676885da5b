"""Sites, stories and what stands where at which time. All of it follows from the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sampleworld import words

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
STOCK = 16  # stories of a site that are older than the start


@dataclass(frozen=True, slots=True)
class FeedStyle:
    """How a site shows a feed: cut at `width` columns, from the last day on at `last_width`, with `mark` after a cut headline."""

    label: str
    length: int
    ranked: bool
    by: str  # recency or popularity
    width: int | None = None
    last_width: int | None = None
    mark: str = ""
    gives_title: bool = False  # the full headline stands in a[title]


@dataclass(frozen=True, slots=True)
class Site:
    """One invented site. `declared` is the charset that its pages claim, `charset` the one they have."""

    host: str
    name: str
    layout: str
    language: str
    outlet: str
    zone: str
    charset: str = "utf-8"
    declared: str = "utf-8"
    feeds: tuple[FeedStyle, ...] = ()
    related: str = ""
    related_length: int = 6
    rights: str = ""
    scheme: str = "https"


_NOTICE = "版权声明：凡注有稿件来源为“{name}”的稿件，均为{name}版权稿件，转载必须注明来源为“{name}”。"
SITES = (
    Site("www.yunzhou-net.example", "云州网", "portal", "zh", "云州日报", "Asia/Shanghai", related="精彩推荐", related_length=8, rights=_NOTICE.format(name="云州网"),
         feeds=(FeedStyle("即时播报", 15, True, "recency", width=36),)),
    Site("news.lanshan.example", "澜山新闻网", "table", "zh", "澜山晚报", "Asia/Shanghai", charset="gb18030", declared="gb2312", related="相关新闻",
         feeds=(FeedStyle("热点新闻", 10, False, "popularity", width=28, mark="..."), FeedStyle("图片新闻", 4, False, "recency"))),
    Site("www.qinghe-daily.example", "青禾日报网", "tabs", "zh", "青禾日报", "Asia/Shanghai", declared="gb2312", related="相关阅读", related_length=5,
         feeds=(FeedStyle("阅读排行榜", 8, True, "popularity", width=40, gives_title=True), FeedStyle("评论排行榜", 8, True, "recency", width=40, gives_title=True))),
    Site("www.haidu.example", "海渡在线", "modern", "zh", "海渡新闻", "Asia/Shanghai", related="猜你喜欢", feeds=(FeedStyle("24小时热榜", 10, True, "popularity"), FeedStyle("最新资讯", 10, False, "recency", width=32, last_width=26, mark="…"))),
    Site("www.harbor-ledger.example", "Harbor Ledger", "ledger", "en", "Harbor Ledger", "UTC", related="Related Stories", related_length=4,
         feeds=(FeedStyle("Most Read", 5, True, "popularity"), FeedStyle("Latest", 6, False, "recency"))),
    Site("www.nordtaler-bote.example", "Nordtaler Bote", "ledger", "de", "Nordtaler Bote", "Europe/Berlin", related="Mehr zum Thema", related_length=4,
         feeds=(FeedStyle("Meistgelesen", 5, True, "popularity"),)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """A publication on one site. `number` counts the site's stories from 0."""

    site: Site
    number: int
    headline: str
    published_at: datetime
    channel: str
    paragraphs: tuple[str, ...]
    reporter: str
    editor: str
    tag: str | None = None
    subtitle: str | None = None
    origin: str = ""
    via: str | None = None
    original_title: str | None = None
    original_subtitle: str | None = None
    correspondent: str | None = None
    reprint_of: str | None = None
    popularity: int = 0
    folder: str = ""  # in which the page stands; ends in a slash
    edited_at: datetime | None = None  # from then on the page shows `edited`
    edited: "Story | None" = None

    @property
    def url(self) -> str:
        day = self.local.strftime("%Y/%m/%d")
        return f"{self.site.scheme}://{self.site.host}/{self.folder}{day}/{self.number:06d}.html"

    @property
    def path(self) -> str:
        return self.url.removeprefix(f"{self.site.scheme}://{self.site.host}")

    @property
    def local(self) -> datetime:
        return self.published_at.astimezone(ZoneInfo(self.site.zone))

    @property
    def displayed(self) -> str:
        """The headline as the page displays it."""
        tag = f"【{self.tag}】" if self.tag else ""
        return f"{tag}{self.headline}{f'——{self.subtitle}' if self.subtitle else ''}"

    def at(self, time: datetime) -> "Story":
        """The story as its page shows it at a time."""
        return self.edited if self.edited and self.edited_at and time >= self.edited_at else self


@dataclass(frozen=True, slots=True)
class Sighting:
    """One capture: a story's page at a time, with what stood beside it."""

    story: Story
    captured_at: datetime
    feeds: tuple[tuple[FeedStyle, tuple[Story, ...]], ...]
    related: tuple[Story, ...]
    neighbours: tuple[Story, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Gone:
    """An answer that a story's page is not there; a redirect leads to `location`."""

    story: Story
    observed_at: datetime
    status: str
    location: str | None = None


class World:
    """Stories of all sites over some days. Memory holds the stories; pages are made when asked for."""

    def __init__(self, seed: int, pages: int, days: int, sites: tuple[Site, ...] = SITES, start: datetime = START) -> None:
        self.seed, self.pages, self.days, self.sites, self.start = seed, pages, days, sites, start
        # Two captures a story on the average, and a stock from the day before, so that the first feeds are full.
        per_site = max(20, round(pages / len(sites) / 2) + STOCK)
        self.stories = {site.host: self._stories(site, per_site) for site in sites}
        self._reprint()

    def captures(self) -> Iterator[Sighting]:
        """`pages` captures, site after site in turn, each site's in the order of time."""
        lines = [self._site_captures(site) for site in self.sites]
        count = 0
        while count < self.pages:
            for line in lines:
                if count < self.pages:
                    yield next(line)
                    count += 1

    def gone(self) -> tuple[Gone, Gone]:
        """On the third day, two sites have taken their first story of the first day away."""
        at = self.start + timedelta(days=2, hours=9)
        first, other = (self.stories[self.sites[number].host][STOCK] for number in (0, 3))
        return Gone(first, at, "404 Not Found"), Gone(other, at + timedelta(minutes=5), "302 Found", "/")

    def _random(self, *parts: object) -> random.Random:
        return random.Random(":".join(map(str, (self.seed, *parts))))

    def _stories(self, site: Site, count: int) -> list[Story]:
        step = timedelta(days=self.days) / max(count - STOCK, 1)
        return [self._story(site, number, self.start + (number - STOCK) * step) for number in range(count)]

    def _story(self, site: Site, number: int, at: datetime) -> Story:
        rng = self._random(site.host, number)
        at = at.replace(second=0, microsecond=0)
        slots = _slots(site.language, rng)
        data = _DATA[site.language]
        headline = rng.choice(data["headlines"]).format(**slots)
        patterns = rng.sample(data["paragraphs"], rng.randint(5, len(data["paragraphs"])))
        paragraphs = tuple(
            pattern.format(**{**_slots(site.language, rng), **{k: slots[k] for k in ("county", "thing", "place") if k in slots}})
            for pattern in patterns
        )
        is_chinese = site.language == "zh"
        story = Story(
            site, number, headline, at, rng.choice(words.CHANNELS[site.language]), paragraphs, reporter=_person(site.language, rng), editor=_person(site.language, rng),
            tag=rng.choice(words.TAGS) if is_chinese and rng.random() < 0.2 else None,
            subtitle=rng.choice(words.SUBTITLES).format(**slots) if is_chinese and rng.random() < 0.2 else None,
            origin=site.outlet, via=site.name if is_chinese and site.layout == "portal" else None,
            correspondent=_person("zh", rng) if is_chinese and rng.random() < 0.25 else None, popularity=rng.randrange(10_000),
        )  # fmt: skip
        if rng.random() < 0.15:
            story = replace(story, edited_at=at + timedelta(hours=5), edited=_edited(story, rng))
        return story

    def _reprint(self) -> None:
        """Every seventh story of a Chinese site is another site's, with a new headline and the original title."""
        chinese = [site for site in self.sites if site.language == "zh"]
        for position, site in enumerate(chinese):
            source = self.stories[chinese[position - 1].host]
            mine = self.stories[site.host]
            for number in range(17, len(mine), 7):
                original = source[number - 1]
                if original.reprint_of:
                    continue
                mine[number] = replace(
                    mine[number], paragraphs=original.paragraphs, reporter=original.reporter, origin=original.site.outlet, correspondent=None,
                    via=None, original_title=original.headline, original_subtitle=original.subtitle, reprint_of=original.url, edited=None, edited_at=None,
                )  # fmt: skip

    def _site_captures(self, site: Site) -> Iterator[Sighting]:
        """Each story an hour after it came out; then again when the rest of the budget allows: edits and moved feeds show."""
        stories = self.stories[site.host]
        wanted = []
        for story in stories[STOCK:]:
            wanted.append((story.published_at + timedelta(hours=1), story))
            wanted.append((story.published_at + timedelta(hours=7, minutes=story.number % 50), story))
        wanted.sort(key=lambda pair: (pair[0], pair[1].number))
        for at, story in wanted:
            yield self._sighting(story, at)
        late = stories[STOCK:][-1].published_at + timedelta(hours=9)
        while True:  # more than the plan holds: the stock again, later
            for story in stories[STOCK:]:
                late += timedelta(minutes=3)
                yield self._sighting(story, late)

    def _sighting(self, story: Story, at: datetime) -> Sighting:
        stories = self.stories[story.site.host]
        out = [other for other in stories if other.published_at <= at][-60:]
        is_last = at >= self.start + timedelta(days=self.days - 1)
        styles = [replace(style, width=style.last_width) if is_last and style.last_width else style for style in story.site.feeds]
        feeds = tuple((style, _feed(style, out)) for style in styles)
        rng = self._random("related", story.site.host, story.number)
        others = [other for other in out if other.number != story.number]
        related = tuple(rng.sample(others, min(story.site.related_length, len(others))))
        return Sighting(story.at(at), at, feeds, related, tuple(others[-2:]))


def _edited(story: Story, rng: random.Random) -> Story:
    """A silent edit: another last paragraph, or another headline."""
    return with_other_ending(story, rng) if rng.random() < 0.5 else with_other_headline(story, rng)


def with_other_ending(story: Story, rng: random.Random) -> Story:
    ending = rng.choice(_DATA[story.site.language]["paragraphs"]).format(**_slots(story.site.language, rng))
    return replace(story, paragraphs=(*story.paragraphs[:-1], ending))


def with_other_headline(story: Story, rng: random.Random) -> Story:
    return replace(story, headline=rng.choice(_DATA[story.site.language]["headlines"]).format(**_slots(story.site.language, rng)))


def _feed(style: FeedStyle, out: list[Story]) -> tuple[Story, ...]:
    order = sorted(out, key=lambda story: story.published_at if style.by == "recency" else story.popularity, reverse=True)
    return tuple(order[: style.length])


def build(seed: int = 7, pages: int = 200, days: int = 4) -> World:
    """The world of a seed."""
    return World(seed, pages, days)


_DATA = {
    "zh": {"headlines": words.HEADLINES, "paragraphs": words.PARAGRAPHS},
    "en": words.EN,
    "de": words.DE,
}


def _slots(language: str, rng: random.Random) -> dict[str, object]:
    common = {"number": rng.randint(3, 98), "digit": rng.randint(2, 9), "person": _person(language, rng)}
    if language == "zh":
        return {
            **common,
            "county": rng.choice(words.COUNTIES),
            "thing": rng.choice(words.THINGS),
            "action": rng.choice(words.ACTIONS),
            "weekday": rng.choice(words.WEEKDAYS),
        }
    data = _DATA[language]
    return {**common, "place": rng.choice(data["places"]), "thing": rng.choice(data["things"]), "day": rng.choice(data["days"])}


def _person(language: str, rng: random.Random) -> str:
    if language == "zh":
        position = rng.randrange(0, len(words.GIVEN) - 2, 2)
        return rng.choice(words.SURNAMES) + words.GIVEN[position : position + rng.choice((1, 2))]
    return f"{rng.choice(_DATA[language]['first'])} {rng.choice(_DATA[language]['last'])}"
