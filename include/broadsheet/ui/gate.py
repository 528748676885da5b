"""What stands before every route: the login, the permission to read, requests from other sites, and the headers of each answer.

It is a middleware and no dependency of routes, so that files, unknown paths and routes that are yet to be written are behind it too.
"""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class NotLoggedIn(Exception):
    """Nobody, or nobody known, is asking."""


class Refused(Exception):
    """What was asked for is not done; the message says why, for the person who asked."""


class Access(Protocol):
    """Who is asking, and what they may do."""

    async def user(self, request: Request) -> Any:
        """The person behind a request. Raises NotLoggedIn."""

    def may_read(self, user: Any) -> bool: ...

    def may_trigger(self, user: Any, dag_id: str) -> bool:
        """Whether the person may start a DAG of `quality.Settling`."""

    async def trigger(self, user: Any, dag_id: str, chosen: Mapping[str, Any]) -> str:
        """Start such a DAG with `chosen` as its params. Returns the id of its run. Raises Refused."""


class Gate:
    """Answers 401 to whoever is not logged in, 403 to whoever may not read, and 403 to a change that another site's page asks for."""

    def __init__(self, app: ASGIApp, access: Access):
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no socket here
            await send({"type": "websocket.close", "code": 1008})
            return
        nonce = token_urlsafe(16)
        request = Request(scope, receive)
        guarded = _with_headers(send, nonce)
        refusal = await self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        request.state.nonce = nonce
        await self.app(scope, receive, guarded)

    async def _refusal(self, request: Request) -> PlainTextResponse | None:
        try:
            user = await self.access.user(request)
        except NotLoggedIn:
            return PlainTextResponse("Log in to Airflow first. 请先登录 Airflow。", 401)
        if not await run_in_threadpool(self.access.may_read, user):
            return PlainTextResponse("You may not read this. 您没有查看权限。", 403)
        if request.method not in _SAFE_METHODS and not is_of_this_site(request):
            return PlainTextResponse("The request came from another site. 请求来自其他站点。", 403)
        request.state.user = user
        return None


def is_of_this_site(request: HTTPConnection) -> bool:
    """Whether a page of this very origin sent the request, or a program that shows a token, which no page of another site has."""
    headers = request.headers
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    if site := headers.get("sec-fetch-site"):  # browsers write it, pages cannot
        return site == "same-origin"
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")


def page_policy(nonce: str) -> str:
    """Content security policy of our pages: their style sheet, drawn charts, forms to us, and the one script that carries the nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )


def _with_headers(send: Send, nonce: str) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Content-Security-Policy", page_policy(nonce))
            headers.setdefault("Cache-Control", "private, no-store")
        await send(message)

    return guarded
