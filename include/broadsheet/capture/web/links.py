"""What an answer leads to: links of a page, entries of a feed, URLs of a sitemap."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

from lxml import etree
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import IGNORED_EXTENSIONS
from scrapy.linkextractors.lxmlhtml import LxmlLinkExtractor

from broadsheet.capture.content import decode_body
from broadsheet.errors import BadInput

_EXTRACTOR = LxmlLinkExtractor(tags=("a", "area"), attrs=("href",), canonicalize=False, deny_extensions=IGNORED_EXTENSIONS)
_LOG = logging.getLogger(__name__)
_BLANK = b"\xef\xbb\xbf \t\r\n"  # with the mark of UTF-8
_GZIP = b"\x1f\x8b\x08"
_TOLD = ("loc", "lastmod", "publication_date")  # the last is the news sitemap's


def links_of(response: Response) -> list[str]:
    """Links of an HTML page, in their order, those that its authors do not vouch for left out."""
    if not isinstance(response, TextResponse):
        return []
    return [link.url for link in _EXTRACTOR.extract_links(response) if not link.nofollow]


def entries_of(content: bytes, url: str, content_type: str = "") -> list[str]:
    """Pages that an RSS, Atom or JSON feed tells of, in its order. Nothing for what is no feed."""
    text = content.lstrip(_BLANK)
    if text.startswith(b"{"):
        return _json_entries(text)
    import feedparser

    from broadsheet.page.feed_files import LONG_TAG, lean_xml

    # a byte a character: markup is of ASCII in the encodings that feeds have. What the parser needs too long for is taken out, or is no feed
    lean = lean_xml(content.decode("latin-1"))
    if found := LONG_TAG.search(lean):
        _LOG.warning("%s: no feed, by a tag of very many characters: %s", url, found[0][:40])
        return []
    # given a stream and headers, it opens and asks for nothing: bytes might name a file
    told = feedparser.parse(
        BytesIO(lean.encode("latin-1")), response_headers={"content-location": url, **({"content-type": content_type} if content_type else {})}
    )
    return [entry.link for entry in told.entries if entry.get("link")]


def _json_entries(content: bytes) -> list[str]:
    import msgspec

    try:
        told = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    items = told.get("items") if isinstance(told, dict) else None
    return [item["url"] for item in items or () if isinstance(item, dict) and isinstance(item.get("url"), str)]


def sitemap_of(content: bytes, limit: int) -> Iterator[tuple[str, datetime | None, bool]]:
    """URLs of a sitemap: URL, when its page was published or changed, whether it is a further sitemap. Nothing for what is no sitemap.

    Parameters
    ----------
    limit : bytes that a packed sitemap may have, unpacked.
    """
    if content.startswith(_GZIP):
        try:
            content = decode_body(content, transfer_coding="", content_coding="gzip", limit=limit)
        except BadInput:
            return
    told: dict[str, str] = {}
    try:
        # as it comes, without entities, network and recovery from what is no XML at all
        for _, element in etree.iterparse(BytesIO(content), recover=True, resolve_entities=False, no_network=True, huge_tree=False):
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if name in _TOLD:
                told.setdefault(name, (element.text or "").strip())
            elif name in ("url", "sitemap"):
                if told.get("loc"):
                    yield told["loc"], _time(told.get("publication_date") or told.get("lastmod")), name == "sitemap"
                told = {}
                element.clear()
    except etree.XMLSyntaxError:
        return


def is_too_old(at: datetime | None, oldest: datetime, *, is_sitemap: bool) -> bool:
    """Whether an entry of a sitemap is dated before `oldest`. A further sitemap may hold what came in the day after its date."""
    return at is not None and at < oldest - (timedelta(days=1) if is_sitemap else timedelta())


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
