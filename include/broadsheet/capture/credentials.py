"""Cookies and credentials are kept of no exchange, whoever made it: a header may hold them, and a URL."""

import re

# In a header, also of a URL without its scheme; in those that are a URL as a whole whatever a password may hold.
_STATED = re.compile(rb"""((?:https?:|[\s<"'=])//)[^/?#\s"<>]*@""", re.I)
_WHOLE = re.compile(rb"^((?:content-)?location\s*:[^/?#]*//)[^/?#]*@", re.I)
_SECRET = re.compile(rb"^(?:set-cookie2?|cookie|authorization|proxy-authorization|proxy-authenticate|www-authenticate)\s*:", re.I)


def without_credentials(text: bytes) -> bytes:
    """A line of a header, whose URLs hold no user's name or password any more.

    Examples
    --------
    >>> without_credentials(b"Location: https://ann:secret@news.example/@ann")
    b'Location: https://news.example/@ann'
    """
    return _STATED.sub(rb"\1", _WHOLE.sub(rb"\1", text))


def without_secrets(header: bytes) -> bytes:
    """An HTTP header without cookies and credentials.

    Examples
    --------
    >>> without_secrets(b"HTTP/1.1 200 OK\\r\\nSet-Cookie: id=1\\r\\n ; Path=/\\r\\nServer: a\\r\\n\\r\\n")
    b'HTTP/1.1 200 OK\\r\\nServer: a\\r\\n\\r\\n'
    """
    kept: list[bytes] = []
    is_secret = False
    for line in header.splitlines(keepends=True):
        is_secret = is_secret if line.startswith((b" ", b"\t")) else _SECRET.match(line) is not None  # a line that goes on with the one before
        if not is_secret:
            kept.append(without_credentials(line))
    return b"".join(kept)
