"""`python -m testweb --port 8000 --at 2026-03-02T08:00Z`: serve the test web on this machine until Ctrl-C."""

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sampleworld.world import START
from testweb.clock import Clock
from testweb.server import WebServer
from testweb.sources import write_sources
from testweb.web import Web

_HELP = """
To look at it: http://127.0.0.1:{port}/ lists the hosts; browsers find http://HOST.localhost:{port}/ by themselves.
With curl:     curl -x http://{address} http://www.yunzhou-net.example/
With a crawler: let it send requests for *.example to {address}, with the Host header as it is, or use {address} as a proxy.
"""


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def main(
    port: Annotated[int, typer.Option(help="Port of 127.0.0.1; 0 for a free one.")] = 8000,
    seed: Annotated[int, typer.Option(help="The web follows from it.")] = 7,
    at: Annotated[
        datetime | None, typer.Option(parser=_instant, metavar="INSTANT", help="Simulated time, like 2026-03-02T08:00Z; without it, the start.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="How many times as fast as the real one the simulated time runs; 0: it stands still.")] = 1.0,
    days: Annotated[int, typer.Option(min=1, help="Days on which new stories come out.")] = 28,
    stories_a_day: Annotated[int, typer.Option(min=4, help="New stories of each host on a day.")] = 12,
    admin_port: Annotated[int | None, typer.Option(help="Port for setting the clock and reading log and truth; 0 for a free one.")] = None,
    log: Annotated[Path | None, typer.Option(help="Append requests to this file, as JSON lines.")] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds that every answer waits.")] = 0.0,
    sources: Annotated[Path | None, typer.Option(metavar="DIR", help="Write source files of Broadsheet to this folder, one of each kind.")] = None,
    inner_url: Annotated[str, typer.Option(help="Where www.klippen.example/redirect/inner leads.")] = "http://127.0.0.1:9/",
) -> None:
    """Serve invented news sites whose pages, feeds and sitemaps change over simulated days."""
    web = Web(seed, START, days, stories_a_day, inner_url)
    with WebServer(web, Clock(at or START, speed), port=port, admin_port=admin_port, log_path=log, delay=delay) as server:
        print(f"Test web on http://{server.address}/, {server.clock.now():%Y-%m-%d %H:%M} UTC", flush=True)
        if server.admin_port is not None:
            print(f"Admin on http://127.0.0.1:{server.admin_port}/", flush=True)
        if sources is not None:
            print("Sources: " + " ".join(map(str, write_sources(sources, server.address))), flush=True)
            ahead = (server.clock.now() - datetime.now(UTC)).total_seconds()
            print(f"Captures dated as the pages are: export BROADSHEET_CLOCK_OFFSET_SECONDS={ahead:.0f}", flush=True)
        print("Hosts: " + " ".join(web.hosts), flush=True)
        print(_HELP.format(port=server.port, address=server.address), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    try:
        typer.run(main)
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
