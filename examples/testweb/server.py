"""The test web over HTTP: one port of 127.0.0.1, hosts by the Host header, in a thread of its own."""

import asyncio
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import TracebackType

from aiohttp import web as http

from testweb import admin, troubles
from testweb.answers import Answer, failure, http_date, negotiated, page
from testweb.clock import Clock
from testweb.log import Log, Request
from testweb.web import Web

LOCAL = ("127.0.0.1", "localhost")


class WebServer:
    """A running test web: `with WebServer(Web(seed=7)) as server: …`

    Parameters
    ----------
    clock : simulated time; without it, a clock that stands at the web's start.
    port, admin_port : 0 for free ones; without `admin_port` there is no admin endpoint.
    log_path : JSON lines of requests are appended there.
    delay : seconds that every answer waits.

    Attributes
    ----------
    log : requests so far.
    """

    def __init__(
        self, web: Web, clock: Clock | None = None, *, port: int = 0, admin_port: int | None = None, log_path: Path | None = None, delay: float = 0.0
    ) -> None:
        self.web, self.clock, self.delay = web, clock or Clock(web.start), delay
        self.port, self.admin_port = port, admin_port
        self.log = Log(log_path)
        self._failed: Counter[tuple[str, str]] = Counter()
        self._loop = asyncio.new_event_loop()
        self._runners: list[http.BaseRunner] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="testweb", daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> "WebServer":
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(timeout=30)
        except BaseException:  # a port that is taken: leave no thread behind
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()
        self.log.__exit__(kind, error, trace)

    async def _start(self) -> None:
        public = http.ServerRunner(http.Server(self._handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1)
        self.port = await self._listen(public, self.port)
        if self.admin_port is not None:
            inside = http.AppRunner(admin.app(self.web, self.clock, self.log), access_log=None, shutdown_timeout=0.1)
            self.admin_port = await self._listen(inside, self.admin_port)

    async def _listen(self, runner: http.BaseRunner, port: int) -> int:
        await runner.setup()
        self._runners.append(runner)
        await http.TCPSite(runner, "127.0.0.1", port).start()
        return int(runner.addresses[0][1])

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def _handle(self, request: http.BaseRequest) -> http.StreamResponse:
        came, instant = time.monotonic(), self.clock.now()
        host, path = _address(request)
        answer = self._answer(request, host, path, instant)
        trouble = answer.trouble.kind if answer.trouble else ""
        status = {"bad_status": 0, "nothing": 0, "hang": 0, "always_304": 304}.get(trouble, answer.status)
        self.log.add(Request(came, instant, request.method, host, path, status, len(answer.body), dict(request.headers)))
        if self.delay:
            await asyncio.sleep(self.delay)
        answer = answer.with_headers(("Date", http_date(instant)), ("Server", "testweb"))
        if answer.trouble and trouble in troubles.ACTS:
            return await troubles.ACTS[trouble](request, answer, answer.trouble.amount)
        return troubles.response(answer)

    def _answer(self, request: http.BaseRequest, host: str, path: str, instant: datetime) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return failure(405, "nothing can be done here", ("Allow", "GET, HEAD"))
        if host in LOCAL:
            return page(_directory(self.web, self.port).encode())
        answer = self.web.state_at(host, path, instant)
        if answer.trouble and answer.trouble.kind == "first" and answer.trouble.instead:
            self._failed[host, path] += 1
            if self._failed[host, path] <= answer.trouble.amount:
                return answer.trouble.instead
        return negotiated(answer, request.headers)


def _address(request: http.BaseRequest) -> tuple[str, str]:
    """Host and path with query. A proxy's request names the host in its first line; `.localhost` behind a host helps browsers find the way."""
    host = request.rel_url.host or request.host.partition(":")[0]
    return host.lower().removesuffix(".localhost"), request.rel_url.raw_path_qs


def _directory(web: Web, port: int) -> str:
    links = "".join(f'<li><a href="http://{host}.localhost:{port}/">{host}</a></li>\n' for host in web.hosts)
    return f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>Test web</title></head><body><h1>Hosts of the test web</h1><ul>\n{links}</ul></body></html>"
