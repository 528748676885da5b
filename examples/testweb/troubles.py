"""What goes wrong with an answer on its way: the server calls these instead of sending it as it is."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from multidict import CIMultiDict

from testweb.answers import Answer

Act = Callable[[web.BaseRequest, Answer, float], Awaitable[web.StreamResponse]]
_PIECES = 10
_ENDLESS_PIECE = b"<p>This synthetic page has no end.</p>\n" * 1600


async def slow(request: web.BaseRequest, answer: Answer, seconds: float) -> web.StreamResponse:
    """Nothing for some seconds, then all of it."""
    await asyncio.sleep(seconds)
    return response(answer)


async def hang(request: web.BaseRequest, answer: Answer, seconds: float) -> web.StreamResponse:
    """Nothing for some seconds, then the connection closes."""
    await asyncio.sleep(seconds)
    return _closed(request)


async def drip(request: web.BaseRequest, answer: Answer, seconds: float) -> web.StreamResponse:
    """The body in ten pieces, over some seconds."""
    stream = web.StreamResponse(status=answer.status, headers=_multi(answer))
    stream.content_length = len(answer.body)
    await stream.prepare(request)
    size = len(answer.body) // _PIECES + 1
    for begin in range(0, len(answer.body), size):
        await stream.write(answer.body[begin : begin + size])
        await asyncio.sleep(seconds / _PIECES)
    return stream


async def endless(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """A body that goes on until the client has enough."""
    stream = web.StreamResponse(headers=_multi(answer))
    await stream.prepare(request)
    while True:  # a closed connection raises
        await stream.write(_ENDLESS_PIECE)
        await asyncio.sleep(0)


async def cut(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """Half of the body that Content-Length promises."""
    return _raw(request, _head(answer, f"Content-Length: {len(answer.body)}") + answer.body[: len(answer.body) // 2])


async def two_lengths(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    return _raw(request, _head(answer, f"Content-Length: {len(answer.body)}", "Content-Length: 5") + answer.body)


async def broken_chunks(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """One sound chunk, then one whose size is no number."""
    sound = b"%x\r\n%s\r\n" % (100, answer.body[:100])
    return _raw(request, _head(answer, "Transfer-Encoding: chunked") + sound + b"zz\r\n" + answer.body[100:] + b"\r\n0\r\n\r\n")


async def huge_headers(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """One header of a mebibyte."""
    return _raw(request, _head(answer, "X-Huge: " + "h" * (1 << 20), f"Content-Length: {len(answer.body)}") + answer.body)


async def many_headers(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """Ten thousand short headers."""
    many = (f"X-Many-{number}: {number}" for number in range(10_000))
    return _raw(request, _head(answer, *many, f"Content-Length: {len(answer.body)}") + answer.body)


async def bad_status(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """A first line that is no HTTP."""
    return _raw(request, b"KLIPPEN/9 fine\r\n\r\n" + answer.body)


async def nothing(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """Closes without a byte."""
    return _closed(request)


async def reset(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """Half of an answer, then the connection is torn down."""
    assert request.transport is not None
    request.transport.write(_head(answer, f"Content-Length: {len(answer.body)}") + answer.body[:200])
    await asyncio.sleep(0.01)
    request.transport.abort()
    return web.Response()


async def always_304(request: web.BaseRequest, answer: Answer, _: float) -> web.StreamResponse:
    """ "Not modified", to clients too that have nothing."""
    return web.Response(status=304)


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (slow, hang, drip, endless, cut, two_lengths, broken_chunks, huge_headers, many_headers, bad_status, nothing, reset, always_304)
}


def response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=_multi(answer))


def _multi(answer: Answer) -> CIMultiDict[str]:
    return CIMultiDict(answer.headers)


def _head(answer: Answer, *lines: str) -> bytes:
    """Status line and headers as they go over the wire."""
    headers = (f"{name}: {value}" for name, value in answer.headers)
    return "\r\n".join([f"HTTP/1.1 {answer.status} OK", *headers, *lines, "", ""]).encode("latin-1")


def _raw(request: web.BaseRequest, sent: bytes) -> web.StreamResponse:
    """Bytes that aiohttp would not send, then the end of the connection."""
    assert request.transport is not None
    request.transport.write(sent)
    return _closed(request)


def _closed(request: web.BaseRequest) -> web.StreamResponse:
    """After what was written the connection closes; the response that aiohttp wants comes to nothing."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()
