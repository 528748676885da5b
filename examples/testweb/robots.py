"""What hosts let programs do: robots.txt, and reservations after TDMRep."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from testweb.answers import Answer, failure, page, redirect
from testweb.history import History
from testweb.hosts import HOSTS, KLIPPEN, Host

ROBOTS, TDMREP, TDM_POLICY = "/robots.txt", "/.well-known/tdmrep.json", "/tdm-policy.json"
_MOVED_FROM, _MOVED_TO = "news.lanshan.example", "/robots/rules.txt"


@dataclass(frozen=True, slots=True)
class Rules:
    """A robots.txt, and what follows from it for a crawler that no group of it names.

    Attributes
    ----------
    forbidden : matches the beginning of paths, with their queries, that must not be fetched.
    crawl_delay : seconds between requests.
    """

    text: str
    forbidden: str = "(?!)"
    crawl_delay: float = 0.0


# A host that is not here has no robots.txt.
RULES = {
    "www.yunzhou-net.example": Rules("User-agent: *\nDisallow: /admin/\nDisallow: /search\n", "/admin/|/search"),
    _MOVED_FROM: Rules("User-agent: *\nDisallow: /cgi-bin/\n", "/cgi-bin/"),
    "www.qinghe-daily.example": Rules(
        "# 虚构样例\nUser-agent: SampleBot\nDisallow: /\n\nUser-agent: *\nCrawl-delay: 2\nDisallow: /neibu/\nAllow: /neibu/gongkai/\nDisallow: /*.pdf$\nDisallow: /*?*print=\n",
        r"/neibu/(?!gongkai/)|/.*\.pdf$|/[^?]*\?.*print=", 2.0),
    "www.harbor-ledger.example": Rules("User-agent: *\nDisallow: /account\n\nSitemap: http://www.harbor-ledger.example/sitemap.xml\n", "/account"),
    "www.nordtaler-bote.example": Rules("User-agent: *\nDisallow:\n\nSitemap: http://www.nordtaler-bote.example/sitemap_index.xml\n"),
    KLIPPEN: Rules("User-agent: *\nCrawl-delay: 1\nDisallow: /forbidden/\n", "/forbidden/", 1.0),
}  # fmt: skip
_NO_RULES = Rules("")


def rules(host: str) -> Rules:
    return RULES.get(host, _NO_RULES)


def is_forbidden(host: str, path: str) -> bool:
    """Whether robots.txt of the host forbids a path with its query."""
    return re.match(rules(host).forbidden, path) is not None


def robots(host: str, path: str) -> Answer | None:
    """The robots.txt of a host that can be reached, and what stands where it was moved to."""
    if path == ROBOTS and host == _MOVED_FROM:
        return redirect(301, _MOVED_TO)
    if (path == ROBOTS and host in RULES) or (host, path) == (_MOVED_FROM, _MOVED_TO):
        return page(rules(host).text.encode(), "text/plain; charset=utf-8", max_age=3600)
    return None


def down_between(host: Host, start: datetime) -> tuple[datetime, datetime] | None:
    """When the host's robots.txt answers 503."""
    return tuple(start + timedelta(hours=hours) for hours in host.robots_down) if host.robots_down else None  # type: ignore[return-value]


def unreachable(history: History, instant: datetime) -> Answer | None:
    """What robots.txt answers at an instant (not the last change) at which it cannot be had."""
    down = down_between(history.host, history.start)
    return failure(503, "robots.txt is not to be had", ("Retry-After", "600")) if down and down[0] <= instant < down[1] else None


# --- reservations ------------------------------------------------------------------------------------------------------------------


def tdm(host: Host, path: str) -> Answer | None:
    """/.well-known/tdmrep.json of the host that reserves a folder so, and the policy of each that reserves anything."""
    if host.reservation == "tdmrep" and host.folder and path == TDMREP:
        reserved = {"location": f"/{host.folder.name}*", "tdm-reservation": 1, "tdm-policy": host.url(TDM_POLICY)}
        return page(json.dumps([reserved, {"location": "/", "tdm-reservation": 0}]).encode(), "application/json", max_age=3600)
    if host.reservation and path == TDM_POLICY:
        policy = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Offer", "uid": host.url(TDM_POLICY), "assigner": host.site.name}
        return page(json.dumps(policy, ensure_ascii=False).encode(), "application/json", max_age=3600)
    return None


def reservation_headers(host: Host) -> tuple[tuple[str, str], ...]:
    return (("tdm-reservation", "1"), ("tdm-policy", host.url(TDM_POLICY))) if host.reservation == "header" else ()


def is_reserved(host: str, path: str) -> bool:
    """Whether the mining of a page's text is reserved, in whichever way."""
    found = _by_name().get(host)
    if found is None or not found.reservation:
        return False
    return found.reservation != "tdmrep" or (found.folder is not None and path.startswith(f"/{found.folder.name}"))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Host]:
    return {host.name: host for host in HOSTS}
