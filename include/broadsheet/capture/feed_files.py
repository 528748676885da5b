"""Feed files (RSS, Atom, JSON Feed) among captures: told by their content, whatever they are called or declared as."""

import re
from typing import NamedTuple

from broadsheet.errors import BadInput
from broadsheet.media_types import ATOM, HTML, JSON_FEED, RSS
from broadsheet.page.decode import bom_codec

FEED_EXTENSIONS = (".xml", ".rss", ".atom", ".rdf", ".json")
# Content types under which feeds come, and much else does.
_MAY_HOLD_FEED = re.compile(r"(?:application|text)/(?:[\w.-]+\+)?(?:xml|json)|(?:application|text)/(?:x-)?(?:rss|atom|rdf)")
_SAYS_FEED = re.compile(r"(?:application|text)/(?:x-)?(?:rss|atom|rdf|feed)(?:\+xml|\+json)?")

_LOOKED_AT = 64 * 1024  # bytes before the root element: declaration, comments, document type
# What may stand before the root element: blanks, declarations and instructions, comments, the document type with its own declarations.
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]{0,1000}(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?([A-Za-z_][\w.-]{0,40})((?:\s[^<>]{0,8000})?)>")
_OF_RSS = ("purl.org/rss/1.0", "my.netscape.com/rdf/simple", "channel.netscape.com/rdf/simple")
_OF_ATOM = ("www.w3.org/2005/atom", "purl.org/atom/ns")
_JSON_VERSION = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org\\?/version\\?/1')


class Beginning(NamedTuple):
    """What the beginning of a content shows: its media type if it is a feed, and what it is, for a person."""

    feed_type: str | None
    what: str


def feed_type(content: bytes) -> str | None:
    """Media type of a content that is a feed; None for any other."""
    return _beginning(content).feed_type


def require_feed(content: bytes) -> str:
    """The media type of a feed. Raises BadInput: not_a_feed, which says what the content is instead."""
    found, what = _beginning(content)
    if found is None:
        raise BadInput("not_a_feed", what)
    return found


def page_type(content: bytes, named: str | None) -> str:
    """Media type of a file's page: by its content where that shows one, else as its name says; `named` is None for XML and JSON.

    Raises BadInput: not_a_feed.
    """
    found, what = _beginning(content)
    if found or named:
        return found or str(named)
    if what == _element("html"):
        return HTML
    raise BadInput("not_a_feed", what)


def may_hold_feed(content_type: str) -> bool:
    """Whether a feed may come under a content type without parameters, in lower case."""
    return _MAY_HOLD_FEED.fullmatch(content_type) is not None


def says_feed(content_type: str) -> bool:
    """Whether nothing else should come under it."""
    return _SAYS_FEED.fullmatch(content_type) is not None


def _beginning(content: bytes) -> Beginning:
    text = _first_text(content)
    if text.startswith(("{", "[")):
        return Beginning(JSON_FEED if text[0] == "{" and _JSON_VERSION.search(content) else None, "JSON that is no JSON Feed")
    position = 0
    while skipped := _BEFORE_ROOT.match(text, position):
        position = skipped.end()
    root = _ROOT.match(text, position)
    if root is None:
        return Beginning(None, "neither XML with a root element nor a JSON object")
    return Beginning(_of_root(root[1].lower(), root[2].lower()), _element(root[1].lower()))


def _first_text(content: bytes) -> str:
    marked = bom_codec(content)
    if marked and marked[0].startswith(("utf-16", "utf-32")):
        return content[marked[1] : _LOOKED_AT].decode(marked[0], "ignore").lstrip()
    return content[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip().decode("latin-1")


def _of_root(name: str, attributes: str) -> str | None:
    if name == "rss" or (name == "rdf" and any(space in attributes for space in _OF_RSS)):
        return RSS
    return ATOM if name == "feed" and any(space in attributes for space in _OF_ATOM) else None


def _element(name: str) -> str:
    return f"its root element is <{name}>"
