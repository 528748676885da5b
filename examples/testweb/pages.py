"""A host's HTML pages at an instant."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from sampleworld import render
from sampleworld.world import Sighting, Story
from testweb import lists
from testweb.history import History, Life
from testweb.hosts import Host, Section
from testweb.lists import Shown

_TEXTS = {
    "zh": {"lang": "zh-CN", "home": "首页", "note": "本页为虚构样例，与真实机构无关"},
    "en": {"lang": "en", "home": "Home", "note": "Synthetic sample, every name is invented."},
    "de": {"lang": "de", "home": "Startseite", "note": "Erfundenes Beispiel, synthetic sample."},
}
_MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


def article(history: History, life: Life, instant: datetime) -> bytes:
    """An article's page, with what stands beside it at the time."""
    story = life.at(instant)
    assert story is not None
    sighting = Sighting(
        story, instant, lists.rails(history, instant), lists.related(history, story, instant), lists.neighbours(history, story, instant)
    )  # fmt: skip
    return _encoded(render.html(sighting, _head(history.host, story)), history.host)


def copy(host: Host, story: Story, kind: str) -> bytes:
    """The print or AMP copy of an article; its canonical link leads to the page itself."""
    return _encoded(_template("copy.html").render(host=host, story=story, title=title(story), kind=kind, **_TEXTS[host.site.language]), host)


def front(history: History, instant: datetime) -> bytes:
    host = history.host
    tools = []
    if host.has_calendar:
        tools.append((f"/calendar/{instant:%Y/%m}/", "Events"))
    newest = lists.newest(history, instant)[0]
    if host.copies:
        tools.append((copy_path(host, newest), "AMP" if host.copies == "amp" else "打印版"))
    if host.folder and host.folder.name == "neibu/":  # what robots.txt forbids is linked all the same
        tools += [
            ("/neibu/zhoubao.html", "内部周报"),
            ("/neibu/gongkai/index.html", "公开目录"),
            ("/baozhi/zuixin.pdf", "报纸"),
            (f"{newest.path}?print=1", "打印"),
        ]
    return _listing(host, host.site.name, lists.front(history, instant), tools, is_front=True)


def section(history: History, of: Section, instant: datetime) -> bytes:
    return _listing(history.host, f"{of.label}_{history.host.site.name}", lists.section(history, of, instant), [], is_front=False)


def calendar(host: Host, year: int, month: int) -> bytes:
    """A month without events that leads to the next and the last one, for ever."""
    months = [(year * 12 + month - 1 + step) for step in (-1, 1)]
    links = [(f"/calendar/{count // 12}/{count % 12 + 1:02d}/", f"{count // 12}-{count % 12 + 1:02d}") for count in months]
    links += [(f"/calendar/{year}/{month:02d}/{day:02d}/", str(day)) for day in range(1, 29)]
    return _listing(host, f"Events {year}-{month:02d}", (), links, is_front=False)


def plain(host: Host, heading: str) -> bytes:
    return _listing(host, heading, (), [], is_front=False)


def title(story: Story) -> str:
    """The headline as the story's page has it."""
    return story.displayed if story.site.language == "zh" else story.headline


def copy_path(host: Host, story: Story) -> str:
    return f"/amp{story.path}" if host.copies == "amp" else f"/print/{story.number:06d}.html"


def link(host: Host, story: Story) -> str:
    """Where lists link to: with the host's tracking parameters, or, on a host that counts clicks, each seventh by a redirect."""
    if host.counts_clicks and story.number % 7 == 0:
        return f"/go/{story.number}"
    return story.path + tracked(host)


def tracked(host: Host) -> str:
    return f"?{host.tracking}" if host.tracking else ""


def entries(host: Host, shown: Shown) -> list[dict[str, Any]]:
    """A list's entries as the front page and sections show them: text, href, full headline, whether it is cut, story.

    The site's feeds have the links that they have beside articles."""
    style, stories = shown
    is_site_wide = style in host.site.feeds
    return [{**render.entry(style, story), "href": story.path if is_site_wide else link(host, story), "story": story} for story in stories]


def charset_header(host: Host, story: Story | None) -> str:
    """Content-Type of a page. The GBK site says its charset in the header, or leaves it to the page, or says a wrong one, by turns."""
    if host.site.charset == "utf-8":
        return "text/html; charset=utf-8" if host.site.declared == "utf-8" else "text/html"
    turn = story.number % 3 if story else 0
    return ("text/html; charset=gbk", "text/html", "text/html; charset=utf-8")[turn]


def _listing(host: Host, heading: str, shown: tuple[Shown, ...], tools: list[tuple[str, str]], *, is_front: bool) -> bytes:
    page = _template("listing.html").render(
        host=host, site=host.site, heading=heading, tools=tools, is_front=is_front, media_types=_MEDIA_TYPES,
        lists=[{"label": style.label, "ranked": style.ranked, "entries": entries(host, (style, stories))} for style, stories in shown], **_TEXTS[host.site.language],
    )  # fmt: skip
    return _encoded(page, host)


def _head(host: Host, story: Story) -> str:
    """What the test web adds to an article's head."""
    lines = []
    if host.copies == "amp":
        lines.append(f'<link rel="amphtml" href="{escape(host.url(copy_path(host, story)))}">')
    if is_noindex(host, story):
        lines.append('<meta name="robots" content="noindex,nofollow">')
    if host.reservation == "meta":
        lines += ['<meta name="tdm-reservation" content="1">', f'<meta name="tdm-policy" content="{escape(host.url("/tdm-policy.json"))}">']
    return "".join(f"{line}\n" for line in lines)


def is_noindex(host: Host, story: Story) -> bool:
    return bool(host.noindex_every) and story.number % host.noindex_every == 5


def _encoded(page: str, host: Host) -> bytes:
    return page.encode(host.site.charset)


@lru_cache(maxsize=16)
def _template(name: str):
    return Environment(loader=PackageLoader("testweb"), autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)
