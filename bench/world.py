"""A world of news sites for the warehouse's benchmark: captures by number, as the kernel's records.

No HTML is made or read: the kernel is measured apart (`kernel.py`). Every capture follows from seed and number alone, so that a batch is a
range of numbers, and processes make its parts side by side. Captures go in the order of time, site after site in turn. A site brings out a
story each 21 minutes and 40 seconds and shows each five times, at ages of some minutes to a day, with a front page now and then: 100,000
captures of the 51 sites are six days and 19,000 articles, 1,000,000 are 59 days.

All sites, people, outlets and texts are invented: texts are words of a Zipf distribution, made of common characters.
"""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate

import numpy as np

from broadsheet import PARSER_VERSION
from broadsheet.ids import content_sha256, make_id
from broadsheet.records import (
    Absence,
    AbsenceKind,
    Block,
    BlockLabel,
    Capture,
    Headline,
    HeadlineRole,
    LinkItem,
    Module,
    ModuleKind,
    Page,
    PageKind,
    PageResult,
    PersonCredit,
    PersonRole,
    PublishedTime,
    RightsApplicability,
    SiteBasis,
    SourceCredit,
    SourceRole,
    TimeBasis,
)  # fmt: skip
from broadsheet.text import cut, display_width
from sampleworld import words

START = datetime(2026, 1, 5, tzinfo=UTC)
LOCAL = timedelta(hours=8)  # the sites' wall clock
CAPTURE_EVERY = timedelta(seconds=260)  # of one site
STORY_EVERY = 5 * CAPTURE_EVERY
LAGS = (0, 2, 6, 20, 67)  # of a site's captures, five in a row show the stories of so many stories ago
FRONT_PAGE_EVERY = 25
UNTIMED_EVERY = 101  # captures, one whose time is not known
ABSENT_EVERY = 50  # captures, one answer that a page is gone

REPRINTED, EDITED, UNCREDITED, TAGGED = 0.15, 0.15, 0.1, 0.1  # shares of stories
FEED_WIDTH = 36
RECENT, POPULAR, IN_CHANNEL = 15, 10, 12  # entries of a feed
POPULAR_AMONG = 130  # stories, of two days
POPULARITY_MOVES = 360  # seconds
CHANNELS = ("要闻", "民生", "经济", "文化", "县区", "教育")
SECTIONS = ("首页", "新闻", "视频", "图片", "专题", "评论", "健康", "旅游")
MANY = 1 << 40  # keeps the numbers of random sequences apart, and above zero


@dataclass(frozen=True)
class Site:
    host: str
    name: str
    outlet: str
    reporters: tuple[str, ...]
    editors: tuple[str, ...]
    related_count: int
    mark: str  # after a cut headline
    has_feed_urls: bool
    notice: str

    @property
    def site(self) -> str:
        return self.host.removeprefix("www.")


@dataclass(frozen=True)
class Story:
    """A publication on one site, as first published. `source` is (site, number) of the story that it is a reprint of."""

    site: int
    number: int
    headline: str
    tag: str | None
    published_at: datetime
    source: tuple[int, int] | None
    edited_after: tuple[timedelta, ...]
    reporter: str
    editor: str
    is_credited: bool
    url: str

    @property
    def channel(self) -> int:
        return self.number % len(CHANNELS)

    @cached_property
    def cut(self) -> tuple[str, int]:
        """The headline as a narrow feed shows it, and its width."""
        shown = cut(self.headline, FEED_WIDTH)
        return shown, display_width(shown)

    @cached_property
    def width(self) -> int:
        return display_width(self.headline)

    def version(self, at: datetime) -> int:
        return sum(self.published_at + age <= at for age in self.edited_after)


class World:
    """Captures by number."""

    def __init__(self, seed: int = 7, site_count: int = 51) -> None:
        self.seed = seed
        self._stream = _word_stream(seed)
        self.sites = tuple(self._site(number) for number in range(site_count))
        self.story = lru_cache(maxsize=100_000)(self._story)
        self.paragraphs = lru_cache(maxsize=1_000)(self._paragraphs)
        self._popularity = lru_cache(maxsize=1_000)(self._popularity_of)

    def captures(self, numbers: Iterable[int]) -> Iterator[PageResult]:
        return map(self.capture, numbers)

    def capture(self, number: int) -> PageResult:
        turn, site = divmod(number, len(self.sites))
        at = START + turn * CAPTURE_EVERY + site * CAPTURE_EVERY / len(self.sites)
        newest, step = divmod(turn, 5)
        if turn % FRONT_PAGE_EVERY == FRONT_PAGE_EVERY - 1:
            return self._result(number, site, at, f"https://{self.sites[site].host}/", self._front_page(site, at, newest))
        story = self.story(site, newest - LAGS[step])
        return self._result(number, site, at, story.url, self._article_page(story, at, newest, has_channel_feed=turn % 2 == 0))

    def absences(self, numbers: Iterable[int]) -> Iterator[Absence]:
        """Answers of a day or two later that a story's page is gone, beside some of the captures."""
        for number in numbers:
            turn, site = divmod(number, len(self.sites))
            if number % ABSENT_EVERY == 0:
                story, at = self.story(site, turn // 5 - max(LAGS) - number % 67), START + turn * CAPTURE_EVERY
                yield Absence(
                    absence_id=make_id("absence", story.url, at.isoformat()), absence_kind=AbsenceKind.GONE_404, url=story.url,
                    site=self.sites[site].site, http_status=404, input_path="manifest.jsonl", observed_at=at, observed_at_basis=TimeBasis.MANIFEST,
                )  # fmt: skip

    # --- sites and stories ---------------------------------------------------------------------------------------------------

    def _random(self, *parts: int) -> random.Random:
        """A sequence of its own for each use; parts are small integers."""
        key = self.seed
        for part in parts:
            key = key * MANY + part + MANY // 2
        return random.Random(key)

    def _site(self, number: int) -> Site:
        rng = self._random(number)
        place = f"{words.COUNTIES[number % len(words.COUNTIES)][:2]}{'东南西北中'[number // len(words.COUNTIES) % 5]}"
        name = f"{place}在线"
        return Site(
            host=f"www.news{number:02d}.example", name=name, outlet=f"{place}日报", reporters=_people(rng, 30), editors=_people(rng, 12),
            related_count=4 + number % 5, mark="…" if number % 3 == 2 else "", has_feed_urls=number % 4 != 0,
            notice=f"版权声明：凡注有稿件来源为“{name}”的稿件，均为{name}版权稿件，转载必须注明来源为“{name}”。",
        )  # fmt: skip

    def _story(self, site: int, number: int) -> Story:
        rng = self._random(site, number)
        published_at = START + number * STORY_EVERY - timedelta(seconds=rng.randrange(60, 600))
        source = None
        headline = self._headline(rng)
        if rng.random() < REPRINTED:
            source = ((site + rng.randrange(1, len(self.sites))) % len(self.sites), number - rng.randrange(1, 25))
            original = self.story(*source)
            headline = original.headline if rng.random() < 0.5 else headline
        edits = (rng.random() < EDITED) + (rng.random() < EDITED / 5)
        local = published_at + LOCAL
        return Story(
            site, number, headline, rng.choice(words.TAGS) if rng.random() < TAGGED else None, published_at, source,
            edited_after=tuple(sorted(timedelta(minutes=rng.randrange(30, 20 * 60)) for _ in range(edits))),
            reporter=self.story(*source).reporter if source else rng.choice(self.sites[site].reporters),
            editor=rng.choice(self.sites[site].editors), is_credited=rng.random() >= UNCREDITED,
            url=f"https://{self.sites[site].host}/{local:%Y/%m/%d}/{10_000 + number}.html",
        )  # fmt: skip

    def _headline(self, rng: random.Random) -> str:
        """12 to 26 characters; half of them are wider than a narrow feed."""
        place = rng.choice(words.COUNTIES) if rng.random() < 0.25 else ""
        thing = rng.choice(words.THINGS) if rng.random() < 0.5 else ""
        length = rng.randrange(12, 27)
        said = self._words(rng, length)
        return (place + said[: max(2, length // 2)] + thing + said[length // 2 :])[:length]

    def _words(self, rng: random.Random, count: int) -> str:
        """So many words off the stream: every n-th from somewhere on, so that no two texts are alike by chance."""
        step = rng.randrange(1, 10_000)
        start = rng.randrange(len(self._stream) - count * step)
        return "".join(self._stream[start : start + count * step : step])

    def headline(self, story: Story, version: int) -> str:
        """Every other edit is one of the headline."""
        return story.headline if version == 0 or (story.number + version) % 2 else self._headline(self._random(story.site, story.number, version))

    def _paragraphs(self, site: int, number: int, version: int) -> tuple[str, ...]:
        """400 to 900 characters. A reprint has its source's first text, mostly with small changes."""
        rng = self._random(site, number, version, 1)
        story = self.story(site, number)
        if version:
            before = self.paragraphs(site, number, version - 1)
            return (*before[:-1], self._paragraph(rng))
        if story.source is None:
            return tuple(self._paragraph(rng) for _ in range(rng.randrange(5, 10)))
        copied = self.paragraphs(*story.source, 0)
        change = rng.random()
        if change < 0.4:
            return copied
        if change < 0.7:
            return copied[:-1] if len(copied) > 3 else copied
        return (*copied[:-1], f"{copied[-1]}{self._words(rng, 8)}。")

    def _paragraph(self, rng: random.Random) -> str:
        said = self._words(rng, rng.randrange(35, 55))
        middle = len(said) // 2
        return f"{said[:middle]}，{rng.choice(words.THINGS) if rng.random() < 0.1 else ''}{said[middle:]}。"

    # --- pages ---------------------------------------------------------------------------------------------------------------

    def _result(self, number: int, site: int, at: datetime, url: str, page: Page) -> PageResult:
        sha256 = content_sha256(b"%d:%d" % (self.seed, number))
        captured_at = at if number % UNTIMED_EVERY else None
        capture = Capture(
            capture_id=make_id("capture", sha256, url, captured_at.isoformat() if captured_at else None), content_sha256=sha256,
            byte_count=30_000 + 3 * (page.blocks[-1].char_end if page.blocks else 0), media_type="text/html",
            input_path=f"captures-{number // 5000:05d}.warc.gz#{number % 5000 * 9000}", url=url, site=self.sites[site].site,
            site_basis=SiteBasis.URL, captured_at=captured_at, captured_at_basis=TimeBasis.WARC if captured_at else TimeBasis.NONE, http_status=200,
            raw_file=f"raw/captures-{number // 5000:05d}.warc.gz", raw_offset=number % 5000 * 9000, raw_length=8800,
        )  # fmt: skip
        return PageResult(capture=capture, page=page)

    def _front_page(self, site: int, at: datetime, newest: int) -> Page:
        modules = (self._recent(site, newest), self._popular(site, at, newest), *(self._in_channel(site, newest - back) for back in range(3)))
        return self._page(PageKind.LIST, site, [], modules)

    def _article_page(self, story: Story, at: datetime, newest: int, *, has_channel_feed: bool) -> Page:
        site, version = self.sites[story.site], story.version(at)
        headline, body = self.headline(story, version), self.paragraphs(story.site, story.number, version)
        channel = CHANNELS[story.channel]
        displayed = f"【{story.tag}】{headline}" if story.tag else headline
        local = story.published_at.replace(second=0, tzinfo=None) + LOCAL
        sources, original_title = self._credits(story, headline)
        info = f"{local:%Y-%m-%d %H:%M} 来源：{'-'.join(source.name for source in sources)} 编辑：{story.editor}"
        byline = f"{site.outlet}记者 {story.reporter}"
        headlines = [Headline(role=HeadlineRole.MAIN, text=headline, raw=displayed)]
        if story.tag:
            headlines.append(Headline(role=HeadlineRole.CAMPAIGN_TAG, text=story.tag, raw=f"【{story.tag}】"))
        if original_title:
            headlines.append(Headline(role=HeadlineRole.ORIGINAL, text=original_title, raw=f"原标题：{original_title}"))
        text = [
            (f"当前位置：{site.name} >> 新闻 >> {channel}", BlockLabel.BREADCRUMB, "breadcrumb"),
            (displayed, BlockLabel.TITLE, "headline"),
            (info, BlockLabel.INFO_LINE, "info_line"),
            (byline, BlockLabel.BYLINE, "byline"),
            *((paragraph, BlockLabel.BODY, "paragraph") for paragraph in body),
            (site.notice, BlockLabel.RIGHTS_NOTICE, "rights_notice"),
        ]
        modules = [self._related(story), self._recent(story.site, newest), self._popular(story.site, at, newest)]
        if has_channel_feed:
            modules.append(self._in_channel(story.site, newest - (newest - story.number) % len(CHANNELS)))
        return self._page(
            PageKind.ARTICLE, story.site, text, modules, breadcrumb=(site.name, "新闻", channel), headlines=tuple(headlines), body=body,
            published=PublishedTime(local=local, precision="minute", raw=f"{local:%Y-%m-%d %H:%M}", rule="iso"), sources=sources,
            people=(
                PersonCredit(role=PersonRole.EDITOR, name=story.editor, raw=f"编辑：{story.editor}"),
                PersonCredit(role=PersonRole.REPORTER, name=story.reporter, affiliation=site.outlet, raw=byline),
            ),
            rights_notice=site.notice, rights_applies=RightsApplicability.AMBIGUOUS,
        )  # fmt: skip

    def _page(self, kind: PageKind, site: int, text: list, modules: Iterable[Module], **fields) -> Page:
        modules = tuple(modules)
        parts = [(section, BlockLabel.NAV, "box_name", None) for section in SECTIONS]
        parts += [(*part, None) for part in text]
        for index, module in enumerate(modules):
            label = BlockLabel.FEED if module.kind == ModuleKind.HEADLINE_FEED else BlockLabel.RELATED
            parts.append((module.heading, BlockLabel.MODULE_HEADING, module.rule, index))
            parts += [(item.raw, label, module.rule, index) for item in module.items]
        parts.append((f"{self.sites[site].name} 版权所有", BlockLabel.FOOTER, "footer_words", None))
        ends = accumulate((len(part[0]) + 1 for part in parts), initial=0)
        blocks = tuple(
            Block(text=shown, label=label, rule=rule, module_index=index, char_start=start, char_end=start + len(shown))
            for (shown, label, rule, index), start in zip(parts, ends, strict=False)
        )
        return Page(
            page_kind=kind, parser_version=PARSER_VERSION, language="zh", charset="utf-8", charset_basis="utf8_valid", charset_declared="utf-8",
            site_name=self.sites[site].name, modules=modules, blocks=blocks, coverage_ratio=0.97,
            layout_fingerprint=make_id("layout", site, kind), **fields,
        )  # fmt: skip

    def _credits(self, story: Story, headline: str) -> tuple[tuple[SourceCredit, ...], str | None]:
        """Credited outlets, and the original title: a reprint names where it is from, but for some."""
        if not story.is_credited:
            return (), None
        root = story
        while root.source:
            root = self.story(*root.source)
        origin, via = self.sites[root.site].outlet, self.sites[story.site].name
        has_via = root is not story and story.number % 3 == 0
        raw = f"{via}-{origin}" if has_via else origin
        sources = [SourceCredit(role=SourceRole.ORIGIN, name=origin, raw=raw)]
        if has_via:
            sources.insert(0, SourceCredit(role=SourceRole.VIA, name=via, raw=raw))
        return tuple(sources), root.headline if root.headline != headline and root is not story and story.number % 2 else None

    # --- modules -------------------------------------------------------------------------------------------------------------

    def _recent(self, site: int, newest: int) -> Module:
        """The latest stories, cut."""
        stories = [self.story(site, newest - back) for back in range(RECENT)]
        mark, has_urls = self.sites[site].mark, self.sites[site].has_feed_urls
        items = []
        for rank, story in enumerate(stories, start=1):
            (shown, width), is_cut = story.cut, story.width > FEED_WIDTH
            text = shown + mark if is_cut else shown
            items.append(
                LinkItem(rank=rank, text=text, raw=text, url=story.url if has_urls else None, display_width=width + 2 * bool(mark) * is_cut,
                         is_truncated=is_cut)
            )  # fmt: skip
        return Module(kind=ModuleKind.HEADLINE_FEED, heading="即时播报", items=tuple(items), width_limit=FEED_WIDTH, rule="heading_feed")

    def _popular(self, site: int, at: datetime, newest: int) -> Module:
        """The stories most read of late: they enter, climb, fall and leave."""
        seconds = (at - START).total_seconds() // POPULARITY_MOVES * POPULARITY_MOVES
        weights, waves = self._popularity(site, newest // POPULAR_AMONG)
        first = newest - POPULAR_AMONG - (newest // POPULAR_AMONG - 1) * POPULAR_AMONG
        weights, waves = weights[first : first + POPULAR_AMONG], waves[first : first + POPULAR_AMONG]
        age = np.arange(POPULAR_AMONG, 0, -1) * (STORY_EVERY.total_seconds() / 3600)
        score = weights * age * np.exp(-age / 9) * (1 + 0.25 * np.sin(waves * (1 + seconds / 3600)))
        order = np.argsort(-score, kind="stable")[:POPULAR]
        stories = (self.story(site, newest - POPULAR_AMONG + int(index)) for index in order)
        items = tuple(_item(rank, story, has_image=rank == 1) for rank, story in enumerate(stories, start=1))
        return Module(kind=ModuleKind.HEADLINE_FEED, heading="24小时热榜", is_ranked=True, items=items, rule="heading_feed")

    def _popularity_of(self, site: int, stretch: int) -> tuple[np.ndarray, np.ndarray]:
        """Weight and wave of the stories of a stretch and of the one before."""
        drawn = [np.random.default_rng((self.seed, site, number + MANY)) for number in (stretch - 1, stretch)]
        both = [(rng.pareto(1.5, POPULAR_AMONG), rng.uniform(1, 8, POPULAR_AMONG)) for rng in drawn]
        return np.concatenate([weights for weights, _ in both]), np.concatenate([waves for _, waves in both])

    def _in_channel(self, site: int, newest: int) -> Module:
        """The latest stories of a channel, that of the story `newest`."""
        stories = (self.story(site, newest - back * len(CHANNELS)) for back in range(IN_CHANNEL))
        items = tuple(_item(rank, story) for rank, story in enumerate(stories, start=1))
        return Module(kind=ModuleKind.HEADLINE_FEED, heading=f"{CHANNELS[newest % len(CHANNELS)]}新闻", items=items, rule="heading_feed")

    def _related(self, story: Story) -> Module:
        """Older stories of the site; a few are very old."""
        rng = self._random(story.site, story.number, 2)
        count = self.sites[story.site].related_count
        ages = {1 + int(math.exp(rng.random() * 7)) for _ in range(count)}
        items = tuple(_item(rank, self.story(story.site, story.number - age), has_image=True) for rank, age in enumerate(sorted(ages), start=1))
        return Module(kind=ModuleKind.RELATED_LINKS, heading="精彩推荐", items=items, rule="heading_related")


def _item(rank: int, story: Story, *, has_image: bool = False) -> LinkItem:
    return LinkItem(rank=rank, text=story.headline, raw=story.headline, url=story.url, display_width=story.width, has_image=has_image)


def _people(rng: random.Random, count: int) -> tuple[str, ...]:
    return tuple(rng.choice(words.SURNAMES) + "".join(rng.sample(words.GIVEN, 2)) for _ in range(count))


def _word_stream(seed: int, length: int = 1_000_000, vocabulary: int = 20_000) -> list[str]:
    """Words as they follow in running text: the n-th most frequent one is drawn with a probability of about 1/n."""
    rng = np.random.default_rng(seed)
    common = bytes(byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFA) for byte in (high, low)).decode("gb2312")
    letters = rng.permutation(list(common))
    weights = 1 / (np.arange(len(letters)) + 20)
    lengths = rng.choice((1, 2, 3, 4), vocabulary, p=(0.2, 0.6, 0.15, 0.05))
    drawn = iter(letters[rng.choice(len(letters), int(lengths.sum()), p=weights / weights.sum())])
    known = ["".join(next(drawn) for _ in range(size)) for size in lengths]
    frequencies = 1 / (np.arange(vocabulary) + 3)
    return [known[index] for index in rng.choice(vocabulary, length, p=frequencies / frequencies.sum())]
