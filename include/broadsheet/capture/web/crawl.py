"""A run of the crawler over one source, in a process of its own: Scrapy's reactor starts once in a process.

One host is asked by one run at a time, whichever sources name it. A run begins by making good what dead runs left in the raw zone, learns
from it what is known of the source's URLs, and ends when nothing is due any more or its limits are reached.
"""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import BroadsheetError, TransientError
from broadsheet.lake import Lake
from broadsheet.tombstones import Tombstones
from broadsheet.transient import held_at_once, room_needed
from broadsheet.urls import hosts_above, site_of

_FINISHED = "finished"  # as Scrapy calls the end of a crawl that has nothing more to ask for
_TEMPORARY = os.EX_TEMPFAIL
_BUSY = os.EX_UNAVAILABLE
_PR_SET_PDEATHSIG = 1  # of prctl(2)
_MOST_OVER = 600  # seconds after `limits.seconds` in which a crawl ends: answers that are awaited, and what is written last
_LEAST_DELAY = 0.001  # without any, Scrapy starts what waits for a host all at once, whatever its concurrency
_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "broadsheet.capture.web.credentials.WithoutCredentials": 10,
    "broadsheet.capture.web.middlewares.OwnHosts": 50,
    "broadsheet.capture.web.middlewares.Robots": 100,
    # next to the downloader: it sees redirects, and bodies as they were sent; what is made again it says itself
    "broadsheet.capture.web.middlewares.Keeping": 650,
}


class HostBusy(TransientError):
    """Another run asks one of the source's hosts."""


def crawl(lake: Lake, source: WebSource, run_id: str, *, page_bytes: int, clock_offset: float = 0) -> dict[str, Any]:
    """Ask for what is due of a source. Returns the run's account: `requests`, `pages`, `answered`, `unchanged`, `failed` and the like, `failures` by
    reason, and `put_off`, how many of the source's own URLs were not due since they failed lately.

    Raises HostBusy where another run asks one of its hosts, TransientError where the disk is full or the run was stopped, killed or hung: what it had
    is kept. ConfigurationError for a list of pages that cannot be read.
    """
    _ = source.listed  # read here first, where a fault of the list is told as one
    job = {
        "lake": str(lake.root),
        "source": source.model_dump(mode="json", by_alias=True),
        "run_id": run_id,
        "page_bytes": page_bytes,
        "clock_offset": clock_offset,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "broadsheet.capture.web.crawl"], input=json.dumps(job).encode(), capture_output=True, check=False,
            timeout=source.limits.seconds + _MOST_OVER,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TransientError(f"source {source.name}: the crawler did not end in time, and was killed") from None
    told = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        return json.loads(done.stdout)
    last = told.splitlines()[-1] if told else f"exit code {done.returncode}"
    if done.returncode in (_TEMPORARY, _BUSY):
        raise HostBusy(last) if done.returncode == _BUSY else TransientError(last)
    if done.returncode < 0:
        raise TransientError(f"source {source.name}: the crawler was killed by signal {-done.returncode}")
    raise RuntimeError(f"source {source.name}: the crawler failed: {told}")


def unanswered(account: dict[str, Any]) -> str | None:
    """Why a crawl that asked got nothing at all; None for one that got something, or had nothing to ask for."""
    if not account.get("requests") or account.get("answered") or account.get("unchanged"):
        return None
    return f"none of {account['requests']} requests was answered; the last: {account['last_error'] or 'refused'}"


def main() -> int:
    """Run the crawl that standard input describes, and print its account."""
    _end_with_parent()
    job = json.load(sys.stdin)
    told = logging.StreamHandler()
    told.setLevel(logging.WARNING)  # of the handler: Scrapy sets its loggers' own
    logging.basicConfig(handlers=[told], format="%(levelname)s %(name)s: %(message)s")
    source = WebSource.model_validate(job["source"])
    offset = timedelta(seconds=job["clock_offset"])
    try:
        with room_needed(), alone_with(Lake(Path(job["lake"])), source):
            account = run(Lake(Path(job["lake"])), source, job["run_id"], page_bytes=job["page_bytes"], clock=lambda: datetime.now(UTC) + offset)
    except TransientError as error:
        print(error, file=sys.stderr)
        return _BUSY if isinstance(error, HostBusy) else _TEMPORARY
    json.dump(account, sys.stdout)
    return 0


def _end_with_parent() -> None:
    """Let a crawl not outlive the run that waits for it, as its repetition would find the hosts taken: what it had is kept. On Linux alone."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def alone_with(lake: Lake, source: WebSource) -> Iterator[None]:
    """Raises HostBusy while another run asks one of the source's hosts, which are also those below them: so runs share those above."""
    stated = {*source.hosts, *filter(None, map(site_of, (*source.urls, *source.listed)))}
    own = {host for host in stated if stated.isdisjoint(hosts_above(host))}
    shared = {above for host in own for above in hosts_above(host)}
    with ExitStack() as hosts:
        for host in sorted(own | shared):
            told = f"source {source.name}: another run asks {host}, or a host below it"
            try:
                hosts.enter_context(held_at_once(lake.crawls / "hosts" / f"{host}.lock", told, is_shared=host in shared))
            except TransientError as error:
                raise HostBusy(str(error)) from None
        yield


def run(lake: Lake, source: WebSource, run_id: str, *, page_bytes: int, clock: Callable[[], datetime]) -> dict[str, Any]:
    """The crawl itself, which takes this process's reactor."""
    from scrapy.crawler import AsyncCrawlerProcess

    from broadsheet.capture.web.archive import archive
    from broadsheet.capture.web.pace import OUT_OF_TIME
    from broadsheet.capture.web.plan import Plan, known_of
    from broadsheet.capture.web.spider import NewsSpider

    zone = RawZone(lake)
    limit = min(page_bytes, int(source.limits.page_mb * 1024 * 1024))
    process = AsyncCrawlerProcess(settings_of(source, limit))
    with archive(zone, run_id, source.name) as kept:
        known, ahead = known_of(zone.visits.of_source(source.name), clock())
        tombstones = Tombstones(lake)
        plan = Plan(source, known, clock(), is_forgotten=lambda url: tombstones.covered.has_url(url))
        put_off = plan.put_off_count()
        crawler = process.create_crawler(NewsSpider)
        process.crawl(crawler, source=source, plan=plan, archive=kept, clock=clock, page_bytes=limit)
        process.start()
    spider = crawler.spider
    assert isinstance(spider, NewsSpider)
    if spider.fault is not None:
        raise spider.fault
    if process.bootstrap_failed:
        raise BroadsheetError(f"source {source.name}: the crawler could not start")
    if (reason := crawler.stats.get_value("finish_reason")) not in (_FINISHED, OUT_OF_TIME):
        raise TransientError(f"source {source.name}: the crawler was stopped ({reason or 'before it began'})")
    return {
        "source": source.name,
        **dict(sorted(spider.counts.items())),
        "forbidden": spider.counts["forbidden"],
        "failures": dict(spider.failures.most_common()),
        "ahead": ahead,
        "put_off": put_off,
        "last_error": spider.last_error,
        "seconds": crawler.stats.get_value("elapsed_time_seconds"),
        "files": zone.warcs(run_id),
    }


def settings_of(source: WebSource, page_bytes: int) -> dict[str, Any]:
    """Scrapy's settings for a source."""
    from broadsheet.capture.web.addresses import SETTING
    from broadsheet.capture.web.middlewares import ACCEPTED_CODINGS
    from broadsheet.capture.web.plan import LONGEST_URL

    limits = source.limits
    return {
        "USER_AGENT": source.agent, "COOKIES_ENABLED": False, "REFERRER_POLICY": "no-referrer",
        "TELNETCONSOLE_ENABLED": False,
        "HTTPPROXY_ENABLED": False, "METAREFRESH_ENABLED": False,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Encoding": ACCEPTED_CODINGS,
        },
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue", "SCHEDULER_START_MEMORY_QUEUE": None, "URLLENGTH_LIMIT": LONGEST_URL,
        "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": limits.concurrency, "DOWNLOAD_DELAY": max(limits.delay, _LEAST_DELAY),
        "DOWNLOAD_DELAY_JITTER": 0,
        "AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": limits.delay, "AUTOTHROTTLE_MAX_DELAY": max(60.0, limits.delay),
        "RETRY_TIMES": limits.retries,
        "DOWNLOAD_TIMEOUT": limits.timeout, "DOWNLOAD_MAXSIZE": page_bytes, "DOWNLOAD_WARNSIZE": 0, "DNS_TIMEOUT": 20,
        "REDIRECT_MAX_TIMES": 5, "HTTPERROR_ALLOW_ALL": True, "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {"file": None, "ftp": None, "s3": None, "data": None}, "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "TWISTED_DNS_RESOLVER": "broadsheet.capture.web.addresses.CheckedResolver",
        SETTING: {"is_private_allowed": source.is_private_allowed, "resolve": source.resolve},
        "LOG_ENABLED": False, "LOG_INSTALL_ROOT_HANDLER": False, "EXTENSIONS": {
            "scrapy.extensions.remote_control.RemoteControl": None, "scrapy.extensions.throttle.AutoThrottle": None,
            "broadsheet.capture.web.pace.Pace": 0,
        },
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
