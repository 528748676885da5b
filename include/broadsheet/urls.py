"""URLs in canonical form, so that one page has one URL."""

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# Parameters that say where a reader came from, never which page it is.
TRACKING = (
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "fbclid", "gclid", "msclkid", "mc_cid", "mc_eid",
    "spm", "scm", "share_token", "tt_from", "isappinstalled", "wxshare_count", "_zbs_baidu_bk", "cmpid", "ocid", "ref_src",
)  # fmt: skip
_FRONT_PAGE = re.compile(r"/?(?:(?:index|default)\.[a-z]{2,5})?", re.I)
# Hosts under which one site serves one page to several devices.
_DEVICES = ("www", "m", "wap", "mobile", "3g")
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9-]{1,63}")  # of a host name


def canonical(url: str | None, base: str | None = None) -> str | None:
    """`url` resolved against `base`, without user, fragment and tracking parameters, query sorted; None unless it is http(s).

    Examples
    --------
    >>> canonical("../c/1.html?utm_source=x&b=2&a=1#top", "https://News.example:443/a/b/")
    'https://news.example/a/c/1.html?a=1&b=2'
    """
    if not url:
        return None
    try:
        stated = url.strip()
        return _cleaned(stated if stated.startswith(("http://", "https://")) else urljoin(base or "", stated))
    except (ValueError, UnicodeError):
        return None  # an unreadable link is not a fault of the page that carries it


@lru_cache(maxsize=1 << 15)  # page after page of a site shows the same links
def _cleaned(absolute: str) -> str | None:
    if urlsplit(absolute).scheme not in _PORTS or not urlsplit(absolute).hostname:
        return None
    cleaned = _plain_host(canonicalize_url(url_query_cleaner(absolute, TRACKING, remove=True, unique=False)))
    return cleaned if cleaned.split() == [cleaned] else None


def _plain_host(url: str) -> str:
    """Without user and password, the port that the scheme means anyway, and the dot that may end a host. Raises ValueError if no host is left."""
    parts = urlsplit(url)
    if not {":", "@"} & set(parts.netloc) and not parts.netloc.endswith("."):
        return url
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    if not (plain := host.rstrip(".")):
        raise ValueError(f"{url} has no host")
    return urlunsplit(parts._replace(netloc=plain + port))


def site_of(url: str | None) -> str | None:
    """Host of an http(s) URL, lower case, in ASCII, without `www.` and port; None for anything else."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname if parts.scheme in _PORTS else None
        if host and not host.isascii():  # written as it is, or as xn--…: one site
            host = urlsplit(canonical(url) or "").hostname
    except ValueError:
        return None
    return host.rstrip(".").removeprefix("www.") or None if host else None


def has_credentials(url: str) -> bool:
    """Whether a URL holds a user's name or password."""
    return "@" in urlsplit(url).netloc


def without_userinfo(url: str) -> str:
    """A URL without a user's name and password; as it is where it holds none."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def hosts_above(host: str) -> list[str]:
    """Hosts that one is below of, the nearest first, without a country's or the like.

    Examples
    --------
    >>> hosts_above("a.news.example")
    ['news.example']
    """
    labels = host.split(".")
    return [".".join(labels[index:]) for index in range(1, len(labels) - 1)]


def is_site_host(text: str) -> bool:
    """Whether a text is a host as `site_of` gives it: lower case, without scheme, path, port and `www.`."""
    labels = text.split(".")
    return len(labels) >= 2 and labels[0] != "www" and all(map(_LABEL.fullmatch, labels))


def url_key(url: str) -> str:
    """What the URLs of one page share: a canonical URL without scheme, `www.` or a device's host, and the index file of a folder.

    Equal keys prove nothing alone: whether the pages are one, their text says. Another page of an article (`1_2.html`) has another key.

    Examples
    --------
    >>> url_key("http://m.news.example/a/index.html")
    'news.example/a'
    """
    address = url.partition("://")[2]
    device, _, rest = address.partition(".")
    if device in _DEVICES and "." in rest.partition("/")[0]:
        address = rest
    folder, _, file = address.rpartition("/")
    return folder if "?" not in address and _FRONT_PAGE.fullmatch(file) else address


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
