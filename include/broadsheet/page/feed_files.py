"""A feed file (RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed) -> Page record with one headline feed: its entries in the order of the file.

Pure as the rest of the kernel: `feedparser` is given the text alone and fetches nothing. What is read of an entry is its headline, its link, its
time and whether it has a picture. Elements that hold its text are taken out before: they are nearly all of a file and of the time to parse it.
"""

import hashlib
import html
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

import msgspec

from broadsheet import PARSER_VERSION
from broadsheet.errors import BadInput
from broadsheet.media_types import JSON_FEED
from broadsheet.page.entries import width_limit
from broadsheet.page.languages import language_of, stated_language
from broadsheet.page.times import parse_time
from broadsheet.records import Block, BlockLabel, Decoded, LinkItem, Module, ModuleKind, Page, PageKind, PublishedTime
from broadsheet.text import ELLIPSES, display_width, fold_blanks, without_surrogates
from broadsheet.urls import site_of

MAX_ENTRIES = 5000  # far more than any feed has
_RULE = "feed_file"
_LONGEST_HEADLINE = 2000  # characters; what is longer is a text
_LONGEST_URL = 4000

_DECLARATION = re.compile(r"<\?xml[^<>]{0,300}\?>")
_CDATA = "<![CDATA["
_SECTION_ENDS = {_CDATA: "]]>", "<!--": "-->"}
_SECTION = re.compile("|".join(map(re.escape, _SECTION_ENDS)))
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_READ = (
    "description", "content:encoded", "content", "summary", "author", "contributor", "managingEditor", "webMaster", "dc:creator", "dc:publisher",
    "category", "dc:subject", "itunes:summary", "itunes:author", "itunes:owner", "media:description", "media:text",
)  # fmt: skip
# The parser needs the square of a tag's attributes; those of feeds have ten at most.
_LONGEST_TAG = 4000
LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{_LONGEST_TAG}}}")
# Blank lines are an event each to the parser; titles are folded anyway.
_BLANKS = re.compile(r"[ \t\r\n]{2,}")
# On what is hardly markup, the library's second parser, for broken files.
_LOOSE_PARSER_FAILS = (ValueError, AssertionError, AttributeError, LookupError, TypeError, RuntimeError, ArithmeticError)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,4000}>")
_CLOSING = re.compile(r"</(?:rss|feed|(?:[\w.-]{1,40}:)?rdf)\s{0,100}>\s{0,100}(?:<!--[^<>]{0,1000}-->\s{0,100})*\Z", re.IGNORECASE)


class _Entry(msgspec.Struct):
    """What is read of an entry; links as the file has them, but absolute where a base is known."""

    headline: str
    url: str | None
    published: PublishedTime | None
    has_image: bool


class _Feed(msgspec.Struct):
    """What is read of a feed file."""

    version: str  # rss20, atom10, json_feed, …
    title: str
    entries: list[_Entry]
    own_url: str | None  # where it says that it lies
    home_url: str | None  # the page that it is the feed of
    language: str | None
    is_unfinished: bool = False


def read_feed(text: str, *, media_type: str, url: str | None = None, decoded: Decoded | None = None) -> Page:
    """The page record of a feed file: one headline feed, blocks of its title and headlines.

    `url` is the capture's, against which relative links are resolved. Entries without a headline are none.

    Raises BadInput: broken_feed, empty_feed.
    """
    text = without_surrogates(text).removeprefix("\ufeff").strip()
    feed = _read_json(text, url) if media_type == JSON_FEED else _read_xml(text, url)
    kept = feed.entries[:MAX_ENTRIES]
    label, items = feed.title, [_item(rank, entry) for rank, entry in enumerate(kept, start=1)]
    headlines = [item.text for item in items]
    # only where the cut ones show it: whole headlines of one width are no sign
    limit = width_limit(headlines) if sum(item.is_truncated for item in items) >= 2 else None
    warnings = [("page_unfinished", feed.is_unfinished), ("page_cut_short", len(kept) < len(feed.entries))]
    return Page(
        page_kind=PageKind.FEED,
        parser_version=PARSER_VERSION,
        language=feed.language or language_of(headlines),
        charset=decoded.charset if decoded else "utf-8",
        charset_basis=decoded.charset_basis if decoded else "",
        charset_declared=decoded.charset_declared if decoded else None,
        replaced_count=decoded.replaced_count if decoded else 0,
        canonical_url=feed.own_url,
        # what tells the site where no address of the file is known
        site_name=None if url or feed.own_url else site_of(feed.home_url),
        modules=(Module(kind=ModuleKind.HEADLINE_FEED, heading=label or None, items=tuple(items), width_limit=limit, rule=_RULE, is_own=True),),
        blocks=tuple(_blocks(label, headlines)),
        coverage_ratio=1.0,
        is_unfinished=feed.is_unfinished,
        left_out_count=sum(len("".join(entry.headline.split())) for entry in feed.entries[MAX_ENTRIES:]),
        layout_fingerprint=hashlib.sha256(f"{_RULE} {feed.version}".encode()).hexdigest()[:16],
        warnings=tuple(name for name, holds in warnings if holds),
    )


def _item(rank: int, entry: _Entry) -> LinkItem:
    text = entry.headline
    return LinkItem(
        rank=rank, text=text, raw=text, url=entry.url, has_image=entry.has_image, display_width=display_width(text),
        is_truncated=text.endswith(ELLIPSES), published=entry.published,
    )  # fmt: skip


def _blocks(label: str, headlines: Iterable[str]) -> Iterator[Block]:
    position = 0
    for text, kind in ((label, BlockLabel.MODULE_HEADING), *((headline, BlockLabel.FEED) for headline in headlines)):
        if text:
            yield Block(text=text, label=kind, rule=_RULE, module_index=0, char_start=position, char_end=position + len(text))
            position += len(text) + 1


def _with_entries(feed: _Feed, fault: str | None) -> _Feed:
    """The feed, if it has an entry. `fault` is what was wrong with the file."""
    if feed.entries:
        return feed
    if fault:
        raise BadInput("broken_feed", fault)
    raise BadInput("empty_feed", f"{feed.title[:100]!r} has no entry with a headline" if feed.title else "no entry with a headline")


# --- RSS and Atom ----------------------------------------------------------------------------------------------------------------


def _read_xml(text: str, url: str | None) -> _Feed:
    import feedparser

    lean = _BLANKS.sub(" ", lean_xml(_NOT_XML.sub("", _DECLARATION.sub("", text, count=1))))
    if found_tag := LONG_TAG.search(lean):
        raise BadInput("broken_feed", f"a tag of more than {_LONGEST_TAG:,} characters: {found_tag[0][:40]}")
    # A file object: of bytes and strings the library would try to open a file of that name.
    headers = {"content-type": "application/xml; charset=utf-8", **({"content-location": url} if url else {})}
    try:
        found = feedparser.parse(io.BytesIO(lean.encode()), response_headers=headers, resolve_relative_uris=True, sanitize_html=True)
    except _LOOSE_PARSER_FAILS as error:
        raise BadInput("broken_feed", f"{type(error).__name__}: {error}"[:300]) from error
    feed = found.feed
    home = _link(feed.get("link"))
    base = url or home
    entries = [entry for raw in found.entries if (entry := _xml_entry(raw, base)) is not None]
    read = _Feed(
        version=found.get("version") or "unknown",
        title=_plain(feed.get("title"), feed.get("title_detail")),
        entries=entries,
        own_url=next((_link(link.get("href"), base) for link in feed.get("links", ()) if link.get("rel") == "self"), None),
        home_url=home,
        language=stated_language(feed.get("language")),
        is_unfinished=bool(found.bozo) and _CLOSING.search(text, max(len(text) - 2000, 0)) is None,
    )
    return _with_entries(read, f"no entry in XML that is broken: {found.get('bozo_exception')}"[:300] if found.bozo else None)


def lean_xml(text: str) -> str:
    """XML of a feed without what is not read of it, in linear time whatever it holds."""
    return _without_texts(_without_sections(text))


def _without_sections(text: str) -> str:
    """XML without comments and with CDATA sections as escaped text, which is the same; in linear time. What is not closed stays.

    Examples
    --------
    >>> _without_sections("<title><![CDATA[how <b> works]]></title><!-- <summary> -->")
    '<title>how &lt;b&gt; works</title>'
    """
    parts, position = [], 0
    while found := _SECTION.search(text, position):
        end = text.find(_SECTION_ENDS[found[0]], found.end())
        if end < 0:
            break
        parts.append(text[position : found.start()])
        if found[0] == _CDATA:
            parts.append(html.escape(text[found.end() : end], quote=False))
        position = end + 3
    return "".join((*parts, text[position:]))


def _without_texts(text: str) -> str:
    """XML without the elements that are not read, in linear time whatever it holds. One that is not closed stays."""
    for name in _NOT_READ:
        start, parts, position = f"<{name}", [], 0
        while (begin := text.find(start, position)) >= 0:
            inside = begin + len(start)
            tag_end = text.find(">", inside)
            if tag_end < 0:
                break
            if text[inside] not in " \t\r\n/>":  # a longer name
                parts.append(text[position:inside])
                position = inside
                continue
            end = tag_end + 1
            if text[tag_end - 1] != "/":
                close = text.find(f"</{name}>", end)
                if close < 0:
                    break
                end = close + len(name) + 3
            parts.append(text[position:begin])
            position = end
        if parts:
            text = "".join((*parts, text[position:]))
    return text


def _xml_entry(raw: Any, base: str | None) -> _Entry | None:
    headline = _plain(raw.get("title"), raw.get("title_detail"))
    if not headline:
        return None
    stamps = ("published", "updated", "created")
    return _Entry(
        headline=headline,
        url=_link(raw.get("feedburner_origlink") or raw.get("link"), base),
        published=next((time for name in stamps if name in raw and (time := _time(raw[name], name))), None),
        has_image=_has_picture(raw),
    )


def _has_picture(raw: Any) -> bool:
    if raw.get("media_thumbnail"):
        return True
    media = [*raw.get("media_content", ()), *(link for link in raw.get("links", ()) if link.get("rel") == "enclosure")]
    return any(part.get("medium") == "image" or str(part.get("type", "")).startswith("image/") for part in media)


def _plain(value: Any, detail: Any) -> str:
    """A title as it is displayed. The library says whether it is HTML, which it has made harmless."""
    if not isinstance(value, str) or (detail and detail.get("type") == "text/plain"):
        return _headline(value, is_escaped=False)
    return _headline(_TAG.sub(" " if "<br" in value else "", value))


# --- JSON Feed -------------------------------------------------------------------------------------------------------------------


class _JsonItem(msgspec.Struct):
    title: Any = None
    url: Any = None
    external_url: Any = None
    date_published: Any = None
    date_modified: Any = None
    image: Any = None
    banner_image: Any = None
    id: Any = None


class _JsonFeed(msgspec.Struct):
    items: list[Any]
    title: Any = None
    home_page_url: Any = None
    feed_url: Any = None
    language: Any = None


def _read_json(text: str, url: str | None) -> _Feed:
    try:
        found = msgspec.json.decode(text.encode(), type=_JsonFeed)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput("broken_feed", f"{type(error).__name__}: {error}"[:300]) from None
    own = _link(found.feed_url, url)
    base = url or own or _link(found.home_page_url)
    read = _Feed(
        version="json_feed",
        title=_headline(found.title),
        entries=[entry for item in found.items if isinstance(item, dict) and (entry := _json_entry(item, base)) is not None],
        own_url=own,
        home_url=_link(found.home_page_url),
        language=stated_language(found.language if isinstance(found.language, str) else None),
    )
    return _with_entries(read, None)


def _json_entry(raw: dict[str, Any], base: str | None) -> _Entry | None:
    item = msgspec.convert(raw, _JsonItem)
    headline = _headline(item.title)
    if not headline:
        return None
    stamps = {"published": item.date_published, "updated": item.date_modified}
    named = item.id if isinstance(item.id, str) and item.id.startswith(("http://", "https://")) else None
    return _Entry(
        headline=headline,
        url=_link(item.url, base) or _link(item.external_url, base) or named,
        published=next((time for name, stamp in stamps.items() if (time := _time(stamp, name))), None),
        has_image=bool(_link(item.image, base) or _link(item.banner_image, base)),
    )


# --- both ------------------------------------------------------------------------------------------------------------------------


def _headline(value: Any, *, is_escaped: bool = True) -> str:
    """A title as text; blank for what is none."""
    if not isinstance(value, str):
        return ""
    return fold_blanks(_NOT_XML.sub("", html.unescape(value) if is_escaped else value)[:_LONGEST_HEADLINE])


def _link(value: Any, base: str | None = None) -> str | None:
    """An absolute http(s) link; as it is where nothing tells what it is relative to. None for what is no link to a page."""
    if not isinstance(value, str) or not 0 < len(stated := value.strip()) <= _LONGEST_URL:
        return None
    try:
        absolute = urljoin(base, stated) if base else stated
    except ValueError:
        return None
    return absolute if site_of(absolute) or (":" not in absolute.partition("/")[0] and not absolute.startswith("//")) else None


def _time(value: Any, name: str) -> PublishedTime | None:
    return parse_time(value, f"feed:{name}") if isinstance(value, str) else None
