"""www.klippen.example ("cliffs"): answers on which a crawler can founder, each at a path of its own. Its front page lists them."""

import gzip
import zlib
from collections.abc import Callable
from functools import lru_cache

from testweb import robots
from testweb.answers import HTML, Answer, Trouble, failure, page, redirect
from testweb.hosts import KLIPPEN

BOMB_BYTES = 256 << 20
LARGE_BYTES = 32 << 20
_TARGET = "/target.html"
_TEXT = (
    "<html><head><title>{0}</title></head><body><h1>{0}</h1>"
    + "<p>This page is a synthetic sample; every word of it is invented, and it says the same thing again.</p>" * 12
    + "</body></html>"
)
_REDIRECTS = (301, 302, 303, 307, 308)
# Where no crawler of public pages may be led.
_PRIVATE = {
    "metadata": "http://169.254.169.254/latest/meta-data/", "file": "file:///etc/passwd", "localhost": "http://localhost:9/", "ipv6": "http://[::1]:9/",
    "decimal": "http://2130706433:9/", "private": "http://10.0.0.1/", "ftp": "ftp://127.0.0.1/", "javascript": "javascript:alert(1)", "data": "data:text/html,klippen",
}  # fmt: skip


def answer_at(path: str, inner_url: str) -> Answer:
    """What the host answers; it does not change over time. `inner_url` is where /redirect/inner leads: an address of this machine."""
    if found := robots.robots(KLIPPEN, path):
        return found
    where, _, query = path.partition("?")
    if where == "/":
        return page(_front().encode())
    if where.startswith("/redirect/"):
        return _redirected(where.removeprefix("/redirect/"), inner_url) or _missing()
    if where.startswith("/first/"):
        return _first(where.removeprefix("/first/"), query)
    if where in ("/slow.html", "/drip.html", "/hang.html"):
        return _page(where, Trouble(where.removeprefix("/").removesuffix(".html"), _number(query, 1.0)))
    if where in _TROUBLES:
        return _page(where, Trouble(_TROUBLES[where]))
    return _PAGES.get(where, _missing)()


def _page(heading: str, trouble: Trouble | None = None, *headers: tuple[str, str], head: str = "") -> Answer:
    text = _TEXT.format(heading.strip("/")).replace("</head>", f"{head}</head>")
    return Answer(200, text.encode(), (("Content-Type", HTML), *headers), trouble)


def _redirected(kind: str, inner_url: str) -> Answer | None:
    name, _, rest = kind.partition("/")
    if name == "inner":
        return redirect(302, inner_url)
    if name in _PRIVATE:
        return redirect(302, _PRIVATE[name])
    if name.isdigit() and int(name) in _REDIRECTS:
        return redirect(int(name), _TARGET)
    if name == "chain" and rest.isdigit():
        return redirect(302, f"/redirect/chain/{int(rest) - 1}" if int(rest) > 1 else _TARGET)
    fixed = {
        "loop": "/redirect/pool",
        "pool": "/redirect/loop",
        "self": "/redirect/self",
        "away": "http://www.harbor-ledger.example/",
        "forbidden": "/forbidden/page.html",
    }
    if name in fixed:
        return redirect(302, fixed[name])
    return Answer(302, b"nowhere", (("Content-Type", HTML),)) if name == "nowhere" else None


def _first(kind: str, query: str) -> Answer:
    """Fails for the first requests of this very URL, one or as many as `?times=` says, then answers."""
    retry = {
        "500": (),
        "502": (),
        "503": (("Retry-After", "1"),),
        "429": (("Retry-After", "1"),),
        "503-date": (("Retry-After", "Mon, 02 Mar 2026 00:00:00 GMT"),),
    }
    if kind not in retry:
        return _missing()
    status = int(kind[:3])
    return _page(f"first {status}", Trouble("first", _number(query, 1), failure(status, "not yet", *retry[kind])))


def _number(query: str, default: float) -> float:
    value = query.rpartition("=")[2]
    return min(float(value), 120.0) if value.replace(".", "", 1).isdigit() else default


def _missing() -> Answer:
    return failure(404, "there is no such page")


def _gbk() -> Answer:
    text = (
        "<html><head><title>错误的声明</title></head><body><h1>错误的声明</h1>"
        + "<p>本页为虚构样例，服务器说是一种编码，其实是另一种编码。</p>" * 12
        + "</body></html>"
    )
    return Answer(200, text.encode("gbk"), (("Content-Type", HTML),))


def _packed(body: bytes) -> Answer:
    return Answer(200, body, (("Content-Type", HTML), ("Content-Encoding", "gzip")))


def _cookies() -> Answer:
    return _page(
        "cookies", None, ("Set-Cookie", "session=klippen-secret-1; Path=/; HttpOnly"), ("Set-Cookie", "tracker=klippen-secret-2; Max-Age=86400")
    )


def _large() -> Answer:
    return Answer(200, b"<html><body><p>" + b"synthetic " * (LARGE_BYTES // 10), (("Content-Type", HTML),))


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A gzip member of a thousandth of what it unpacks to: zeros."""
    packer, parts = zlib.compressobj(9, zlib.DEFLATED, 31), []
    block = bytes(1 << 20)
    parts += [packer.compress(block) for _ in range(BOMB_BYTES // len(block))]
    return b"".join((*parts, packer.flush()))


# Troubles of the connection, by path: `troubles.py`.
_TROUBLES = {
    "/cut.html": "cut", "/broken-chunks.html": "broken_chunks", "/endless.html": "endless", "/huge-headers.html": "huge_headers", "/many-headers.html": "many_headers",
    "/bad-status.html": "bad_status", "/nothing.html": "nothing", "/reset.html": "reset", "/always-304.html": "always_304", "/two-lengths.html": "two_lengths",
}  # fmt: skip
_PAGES: dict[str, Callable[[], Answer]] = {
    _TARGET: lambda: _page(_TARGET),
    "/gzip-bomb.html": lambda: _packed(bomb()),
    "/packed-twice.html": lambda: _packed(gzip.compress(gzip.compress(_TEXT.format("twice").encode(), mtime=0), mtime=0)),
    "/not-packed.html": lambda: _packed(_TEXT.format("not packed").encode()),
    "/cut-gzip.html": lambda: _packed(gzip.compress(_TEXT.format("cut").encode(), mtime=0)[:-20]),
    "/unknown-coding.html": lambda: _page("unknown coding", None, ("Content-Encoding", "x-klippen")),
    "/large.html": _large,
    "/cookies.html": _cookies,
    "/wrong-charset.html": _gbk,
    "/no-type.html": lambda: Answer(200, _TEXT.format("no type").encode()),
    "/picture.html": lambda: Answer(200, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, (("Content-Type", HTML),)),
    "/empty.html": lambda: Answer(200, b"", (("Content-Type", HTML),)),
    "/noindex.html": lambda: _page("noindex", head='<meta name="robots" content="noindex,nofollow">'),
    "/x-robots-tag.html": lambda: _page("x-robots-tag", None, ("X-Robots-Tag", "noindex, noarchive")),
    "/refresh.html": lambda: _page("refresh", head=f'<meta http-equiv="refresh" content="0; url={_TARGET}">'),
    "/base.html": lambda: _page("base", head='<base href="http://169.254.169.254/">'),
    "/forbidden/page.html": lambda: _page("forbidden"),
    "/error.html": lambda: failure(500, "for ever"),
}


def paths() -> tuple[str, ...]:
    """All that the front page lists."""
    redirects = [*map(str, _REDIRECTS), "chain/5", "chain/30", "loop", "self", "away", "forbidden", "nowhere", "inner", *_PRIVATE]
    firsts = ["500?times=2", "502", "503", "429", "503-date"]
    return (
        *_PAGES, *_TROUBLES, "/slow.html?seconds=1", "/drip.html?seconds=1", "/hang.html?seconds=60",
        *(f"/first/{name}" for name in firsts), *(f"/redirect/{name}" for name in redirects),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _front() -> str:
    links = "".join(f'<li><a href="{path}">{path.strip("/")}</a></li>\n' for path in paths())
    return f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>Klippen</title></head><body><h1>Synthetic sample: answers that go wrong</h1><ul>\n{links}</ul></body></html>"
