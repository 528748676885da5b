"""What HTTP statuses mean to the crawler: which say "later", which of these are worth a second try at once, which are a fault of a source."""

# Request timeout, too early, too many requests.
_LATER = (408, 425, 429)
_REFUSED = 403
# Those of "later" that pass in seconds: a busy, restarting or unreachable server, also as a proxy before it tells (522, 524). The others, as
# 501 or 507, would be the same after three requests as after one: the next run tries them.
RETRIED = (*_LATER, 500, 502, 503, 504, 522, 524)


def is_later(status: int | None) -> bool:
    """Whether an answer, or that there is none, says nothing of the page: it is asked for again, later each time."""
    return status is None or status in _LATER or status >= 500


def is_failure(status: int | None) -> bool:
    """Whether a person should know of it where it is most of what a source gets: also a refusal, which no waiting helps with."""
    return is_later(status) or status == _REFUSED


def is_robots_unreachable(status: int | None) -> bool:
    """Whether an answer for robots.txt leaves unknown what may be asked for, so that nothing may (RFC 9309). Other statuses of the 400s say that
    there is none; too many requests, though one of them, is a host that wants to be left alone."""
    return status is None or status == 429 or status >= 500
