"""A small web to crawl: the sample world's sites and some more, as an HTTP server on this machine shows them over simulated days.

Everything is invented, and follows from a seed: `Web.state_at(host, path, instant)` says what a host answers, `Truth` what there is to be seen.
"""

from testweb.clock import Clock
from testweb.server import WebServer
from testweb.truth import Truth
from testweb.web import Web

__all__ = ["Clock", "Truth", "Web", "WebServer"]
