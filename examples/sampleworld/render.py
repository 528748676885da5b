"""A sighting as a page's bytes, and the truth about it."""

import json
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from resiliparse.extract.html2text import extract_plain_text

from broadsheet.text import cut
from sampleworld.world import FeedStyle, Sighting, Story

_MONTHS_DE = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"]
_HALF_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def html(sighting: Sighting, head: str = "") -> str:
    """The page as HTML text, with `head` as the last of its head."""
    story = sighting.story
    template = _environment().get_template(f"{story.site.layout}.html")
    return template.render(
        site=story.site, story=story, source=source(story), byline=byline(story), related=sighting.related, neighbours=sighting.neighbours,
        shown_time=_shown_time(story), json_ld=_json_ld(story), head=Markup(head),
        feeds=[{"label": style.label, "ranked": style.ranked, "entries": [entry(style, other) for other in stories]} for style, stories in sighting.feeds],
    )  # fmt: skip


def html_bytes(sighting: Sighting) -> bytes:
    """The page in the site's real charset, whatever it declares."""
    return html(sighting).encode(sighting.story.site.charset)


def text(sighting: Sighting) -> str:
    """The page as a plain-text capture: rendered whole, bullets kept, full-width ASCII folded to half-width."""
    rendered = extract_plain_text(html(sighting), preserve_formatting=True, main_content=False, alt_texts=True)
    return str(rendered).translate(_HALF_WIDTH)


def entry(style: FeedStyle, story: Story) -> dict[str, Any]:
    """A feed's entry as shown: cut to the feed's width where it is longer."""
    full = story.displayed if story.site.language == "zh" else story.headline
    shown = cut(full, style.width) if style.width else full
    is_cut = shown != full.rstrip()
    return {"text": shown + (style.mark if is_cut else ""), "href": story.path, "full": full, "is_truncated": is_cut}


def source(story: Story) -> str:
    return f"{story.via}-{story.origin}" if story.via else story.origin


def byline(story: Story) -> str:
    correspondent = f" 通讯员 {story.correspondent}" if story.correspondent else ""
    return f"{story.origin}记者 {story.reporter}{correspondent}"


def truth(sighting: Sighting) -> dict[str, Any]:
    """What is true of the capture, by the names of the prediction contract, and what the tables should hold."""
    story, site = sighting.story, sighting.story.site
    is_chinese = site.language == "zh"
    return {
        "page_kind": "article",
        "title": story.displayed if is_chinese else story.headline,
        "campaign_tag": story.tag,
        "subtitle": story.subtitle,
        "published_at": story.local.strftime("%Y-%m-%dT%H:%M"),
        "via": story.via,
        "origin": story.origin if is_chinese else None,
        "editor": [story.editor] if is_chinese else [],
        "authors": [story.reporter, *([story.correspondent] if story.correspondent and site.layout == "portal" else [])],
        "original_title": " ".join(filter(None, [story.original_title, story.original_subtitle if site.layout == "portal" else None])) or None,
        "breadcrumb": {"portal": [site.name, "云州新闻", story.channel], "table": [site.name, story.channel], "tabs": ["首页", story.channel]}.get(site.layout, []),
        "body": list(story.paragraphs),
        "rights_notice": site.rights if site.layout == "portal" else None,
        "modules": [
            *({"kind": "headline_feed", "heading": style.label, "ranked": style.ranked, "width": style.width, "items": [entry(style, other) for other in stories]}
              for style, stories in sighting.feeds),
            {"kind": "related_links", "heading": site.related, "ranked": False, "width": None,
             "items": [{"text": other.displayed if is_chinese else other.headline, "href": other.path} for other in sighting.related]},
        ],
        "url": story.url,
        "captured_at": sighting.captured_at.isoformat(),
        "site": site.host.removeprefix("www."),
        "reprint_of": story.reprint_of,
        "charset": site.charset,
    }  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("sampleworld"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.update(zip=zip)
    return environment


def _shown_time(story: Story) -> str:
    if story.site.language == "de":
        return f"{story.local.day}. {_MONTHS_DE[story.local.month - 1]} {story.local.year}, {story.local:%H:%M} Uhr"
    return f"{story.local:%B} {story.local.day}, {story.local.year} at {story.local.hour % 12 or 12}:{story.local:%M %p}"


def _json_ld(story: Story) -> Any:
    author = {"@type": "Person", "name": story.reporter}
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.displayed,
        "datePublished": story.local.isoformat(),
        "author": [author],
    }
    return Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))
