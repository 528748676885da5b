"""A user's name and password in a URL are neither asked with nor kept: a link may hold them, and a redirect."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy import Request

# In a header, also of a URL without its scheme.
_STATED = re.compile(rb"""((?:https?:|[\s<"'=])//)[^/?#\s"'<>]*@""", re.I)


def without_credentials(text: bytes) -> bytes:
    """A line of a header, whose URLs hold none any more.

    Examples
    --------
    >>> without_credentials(b"Location: https://ann:secret@news.example/@ann")
    b'Location: https://news.example/@ann'
    """
    return _STATED.sub(rb"\1", text)


class WithoutCredentials:
    """Asks for what a redirect leads to without them."""

    def process_request(self, request: "Request") -> "Request | None":
        """As Scrapy asks it."""
        bare = without_credentials(request.url.encode()).decode()
        return None if bare == request.url else request.replace(url=bare)
