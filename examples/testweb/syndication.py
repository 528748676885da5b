"""RSS, Atom and JSON feeds, and sitemaps, of a host at an instant."""

import gzip
import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sampleworld.world import Story
from testweb import lists
from testweb.answers import Answer, http_date, page
from testweb.history import History
from testweb.hosts import Host
from testweb.pages import title, tracked

_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json"}
_MAX_AGE = 600
NEWS_SITEMAP, SITEMAP, SITEMAP_INDEX = "/sitemap-news.xml.gz", "/sitemap.xml", "/sitemap_index.xml"


def stories_in_feed(history: History, instant: datetime) -> tuple[Story, ...]:
    return lists.newest(history, instant)[: lists.SYNDICATED]


def stories_in_sitemap(history: History, path: str, instant: datetime) -> tuple[Story, ...] | None:
    """Of one sitemap of the host, newest first; None if the host has no such one. An index lists none itself."""
    newest = lists.newest(history, instant)
    if history.host.sitemap == "single" and path == SITEMAP:
        return newest
    if history.host.sitemap != "index":
        return None
    if path == NEWS_SITEMAP:
        return tuple(story for story in newest if instant - story.published_at <= lists.IN_NEWS_SITEMAP)
    in_month = tuple(story for story in newest if path == _month_path(story))
    return in_month or None


def link(host: Host, story: Story) -> str:
    """A feed's link, with the host's tracking parameters."""
    return story.url + tracked(host)


def feed(history: History, path: str, instant: datetime) -> Answer | None:
    kind = dict(history.host.syndication).get(path)
    if kind is None:
        return None
    host, stories = history.host, stories_in_feed(history, instant)
    items: list[dict[str, Any]] = [
        {"story": story, "title": title(story), "link": link(host, story), "updated_at": _updated_at(history, story, instant)} for story in stories
    ]
    if kind == "json":
        return page(_json_feed(host, path, items), _TYPES[kind], _MAX_AGE)
    charset = "GBK" if host.site.charset != "utf-8" else "UTF-8"
    text = _template(f"{kind}.xml").render(
        host=host, path=path, items=items, charset=charset, changed_at=max(item["updated_at"] for item in items), http_date=http_date
    )
    return page(text.encode(host.site.charset), _TYPES[kind], _MAX_AGE)


def sitemap(history: History, path: str, instant: datetime) -> Answer | None:
    host = history.host
    if host.sitemap == "index" and path == SITEMAP_INDEX:
        there = lists.newest(history, instant)
        paths = [NEWS_SITEMAP, *sorted({_month_path(story) for story in there}, reverse=True)]
        changed_at = max(_updated_at(history, story, instant) for story in there)
        return page(
            _template("sitemap_index.xml").render(urls=[host.url(path) for path in paths], changed_at=changed_at).encode(),
            "application/xml",
            _MAX_AGE,
        )
    stories = stories_in_sitemap(history, path, instant)
    if stories is None:
        return None
    items = [(story, title(story), _updated_at(history, story, instant)) for story in stories]
    text = _template("sitemap.xml").render(host=host, items=items, is_news=path in (SITEMAP, NEWS_SITEMAP)).encode()
    # Packed as a file, which is not a content coding.
    return page(gzip.compress(text, mtime=0), "application/gzip", _MAX_AGE) if path.endswith(".gz") else page(text, "application/xml", _MAX_AGE)


def _month_path(story: Story) -> str:
    return f"/sitemap-{story.local:%Y-%m}.xml"


def _updated_at(history: History, story: Story, instant: datetime) -> datetime:
    return history.lives[story.number].version_start(instant)


def _json_feed(host: Host, path: str, items: list[dict[str, Any]]) -> bytes:
    data = {
        "version": "https://jsonfeed.org/version/1.1", "title": host.site.name, "home_page_url": host.url("/"), "feed_url": host.url(path), "language": host.site.language,
        "items": [
            {"id": item["story"].url, "url": item["link"], "title": item["title"], "summary": item["story"].paragraphs[0], "tags": [item["story"].channel],
             "authors": [{"name": item["story"].reporter}], "date_published": item["story"].local.isoformat(), "date_modified": item["updated_at"].isoformat()}
            for item in items
        ],
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


@lru_cache(maxsize=16)
def _template(name: str):
    return Environment(loader=PackageLoader("testweb"), autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)
