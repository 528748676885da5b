"""robots.txt as RFC 9309 has it."""

from urllib.parse import urlsplit

from protego import Protego

from broadsheet.capture.web.statuses import is_robots_unreachable

# Of the crawler in groups of robots.txt. Words of the contact, which is in the User-Agent too, are no name of it.
NAME = "broadsheet"
ROBOTS_PATH = "/robots.txt"


def is_robots_file(url: str) -> bool:
    """Whether a URL is where a host's rules are asked for. A redirect may lead elsewhere from there, to any page."""
    return urlsplit(url).path == ROBOTS_PATH


def rules_of(status: int | None, body: bytes) -> Protego | None:
    """Rules of a host by its answer for robots.txt: all is allowed where there is none; None where the server fails to tell, so that nothing is."""
    if status is None or is_robots_unreachable(status):
        return None
    return Protego.parse(body.decode("utf-8-sig", "ignore") if status < 300 else "")


def is_allowed(rules: Protego | None, url: str) -> bool:
    """Whether the crawler may ask for a URL."""
    return rules is not None and rules.can_fetch(url, NAME)


def crawl_delay(rules: Protego | None) -> float:
    """Seconds between two requests; 0 where none are stated, or what is stated is no such number."""
    stated = (rules.crawl_delay(NAME) if rules else None) or 0.0
    return stated if stated > 0 else 0.0
