"""The admin endpoint, on a port of its own: the clock, the log and the truth for tests that run in another process.

GET  /clock    {"instant": …}
PUT  /clock    an instant with its offset, as {"instant": …}
GET  /log      requests as JSON lines, from ?since=N on
GET  /truth    what there is to be seen, as one JSON object; of one host with ?host=…
"""

import json
from datetime import datetime

from aiohttp import web

from testweb.clock import Clock
from testweb.log import Log
from testweb.truth import Truth
from testweb.web import Web


def app(of: Web, clock: Clock, log: Log) -> web.Application:
    async def show_clock(_: web.Request) -> web.Response:
        return web.json_response({"instant": clock.now().isoformat()})

    async def set_clock(request: web.Request) -> web.Response:
        try:
            clock.set(datetime.fromisoformat((await request.json())["instant"]))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f'wants {{"instant": "2026-03-02T08:00+00:00"}}: {error}'}, status=400)
        return await show_clock(request)

    async def show_log(request: web.Request) -> web.Response:
        since = int(request.query.get("since", 0))
        lines = (json.dumps(entry.as_json(), ensure_ascii=False) + "\n" for entry in log.requests()[since:])
        return web.Response(text="".join(lines), content_type="application/jsonl")

    async def show_truth(request: web.Request) -> web.Response:
        return web.json_response(Truth(of).as_json(request.query.get("host")), dumps=lambda data: json.dumps(data, ensure_ascii=False))

    made = web.Application()
    made.add_routes([web.get("/clock", show_clock), web.put("/clock", set_clock), web.get("/log", show_log), web.get("/truth", show_truth)])
    return made
