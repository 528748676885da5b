"""URLs in canonical form, so that one page has one URL."""

import re
from urllib.parse import urljoin, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# Parameters that say where a reader came from, never which page it is.
TRACKING = (
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "fbclid", "gclid", "msclkid", "mc_cid", "mc_eid",
    "spm", "scm", "share_token", "tt_from", "isappinstalled", "wxshare_count", "_zbs_baidu_bk", "cmpid", "ocid", "ref_src",
)  # fmt: skip
_FRONT_PAGE = re.compile(r"/?(?:(?:index|default)\.[a-z]{2,5})?", re.I)


def canonical(url: str | None, base: str | None = None) -> str | None:
    """`url` resolved against `base`, without fragment and tracking parameters, query sorted; None unless it is http(s).

    Examples
    --------
    >>> canonical("../c/1.html?utm_source=x&b=2&a=1#top", "https://News.example/a/b/")
    'https://news.example/a/c/1.html?a=1&b=2'
    """
    if not url:
        return None
    try:
        absolute = urljoin(base or "", url.strip())
        if urlsplit(absolute).scheme not in ("http", "https") or not urlsplit(absolute).hostname:
            return None
        cleaned = canonicalize_url(url_query_cleaner(absolute, TRACKING, remove=True))
    except (ValueError, UnicodeError):
        return None  # an unreadable link is not a fault of the page that carries it
    return None if any(char.isspace() for char in cleaned) else cleaned


def site_of(url: str | None) -> str | None:
    """Host of an http(s) URL, lower case, without `www.`; None for anything else."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def page_url(captured: str | None, stated: str | None) -> str | None:
    """Canonical URL of a page from the URL it was captured at and the canonical link it states.

    The stated one wins unless it is plainly wrong: another site's, or the front page on an inner page (a template's slip seen
    on whole sites).
    """
    own, other = canonical(captured), canonical(stated, captured)
    if not other:
        return own
    if own and (site_of(own) != site_of(other) or (is_front_page(other) and not is_front_page(own))):
        return own
    return None if not own and is_front_page(other) else other


def is_front_page(url: str) -> bool:
    """Whether a canonical URL is that of a site's front page: the root, or an index file in it."""
    parts = urlsplit(url)
    return not parts.query and _FRONT_PAGE.fullmatch(parts.path) is not None
