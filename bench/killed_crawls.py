"""Crawls that are killed, and what is left of them."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import NamedTuple

from fastwarc.warc import ArchiveIterator

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.web.crawl import crawl
from broadsheet.capture.web.source import WebSource
from broadsheet.lake import Lake
from testweb import WebServer

PAGE_BYTES = 1 << 24
ROBOTS = "/robots.txt"


class Left(NamedTuple):
    """What is left after the last crawl, which nobody killed.

    Attributes
    ----------
    kills : crawls that were killed at work.
    acknowledged : answers that were sent before another one was asked for, so that the crawler had kept them.
    lost : of these, those that are not in the archive.
    broken : records of the archive that cannot be read, or whose digests are wrong.
    again : pages that were asked for more often than their policy says, each kill's request under way aside.
    """

    kills: int
    acknowledged: int
    lost: int
    broken: int
    again: int


def kill_crawls(server: WebServer, lake: Lake, source: WebSource, *, kills: int, seed: int) -> Left:
    """Kill so many crawls of one host, each at a random moment, then let one end. `source` asks one request at a time."""
    moments = random.Random(seed)
    killed = 0
    for attempt in range(kills):
        before = len(server.log)
        process = start(lake, source, f"run-{attempt}")
        while len(server.log) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    crawl(lake, source, "last", page_bytes=PAGE_BYTES)
    return _left(server, lake, source, killed)


def start(lake: Lake, source: WebSource, run_id: str) -> subprocess.Popen[bytes]:
    """A crawl in a process that can be killed."""
    job = {
        "lake": str(lake.root),
        "source": source.model_dump(mode="json", by_alias=True),
        "run_id": run_id,
        "page_bytes": PAGE_BYTES,
        "clock_offset": 0,
    }
    process = subprocess.Popen([sys.executable, "-m", "broadsheet.capture.web.crawl"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin
    process.stdin.write(json.dumps(job).encode())
    process.stdin.close()
    return process


def _left(server: WebServer, lake: Lake, source: WebSource, killed: int) -> Left:
    zone = RawZone(lake)
    kept = Counter((url, visit.http_status) for url, visits in zone.visits.of_source(source.name) for visit in visits)
    sent = [one for one in server.log.requests() if one.status != 503]  # which is asked for again at once, and not kept
    # the last request before a kill may not have been answered when it came
    answered = Counter((f"http://{one.host}{one.path}", one.status) for one in sent)
    missing = sum((answered - kept).values())
    pages = Counter(one.path for one in sent if one.path != ROBOTS and f"http://{one.host}{one.path}" not in source.urls)
    return Left(
        kills=killed, acknowledged=len(sent) - killed, lost=max(0, missing - killed), broken=sum(map(_broken, zone.store.files("raw", ".warc.gz"))),
        again=max(0, sum(count - 1 for count in pages.values()) - killed),
    )  # fmt: skip


def _broken(warc: object) -> int:
    with open(str(warc), "rb") as file:  # noqa: PTH123  # fastwarc wants a plain file
        records = list(ArchiveIterator(file, parse_http=False))
        whole = sum(1 for _ in records)
    with open(str(warc), "rb") as file:  # noqa: PTH123
        sound = sum(record.verify_block_digest() or "WARC-Block-Digest" not in record.headers for record in ArchiveIterator(file, parse_http=False))
    return whole - sound
