"""A user's name and password in a URL are not asked with: a link may hold them, and a redirect."""

from typing import TYPE_CHECKING

from broadsheet.capture.credentials import without_credentials

if TYPE_CHECKING:
    from scrapy import Request


class WithoutCredentials:
    """Asks for what a redirect leads to without them."""

    def process_request(self, request: "Request") -> "Request | None":
        """As Scrapy asks it."""
        bare = without_credentials(request.url.encode()).decode()
        return None if bare == request.url else request.replace(url=bare)
