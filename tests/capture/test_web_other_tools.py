"""Tools of web archives find all that the crawler kept, and what they find is what was served."""

import gzip
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from fastwarc.warc import ArchiveIterator

from broadsheet.capture.frames import parse_record
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.warc import split_http
from broadsheet.capture.web.crawl import crawl
from broadsheet.capture.web.source import WebSource
from broadsheet.lake import Lake
from testweb import Clock, Web, WebServer

TOOLS = Path(__file__).resolve().parents[2] / "build" / "warc-tools" / "bin"
FRONT = "http://www.haidu.example/"
KLIPPEN = "http://www.klippen.example"
PAGES = tuple(f"{KLIPPEN}{path}" for path in ("/target.html", "/redirect/301", "/redirect/302", "/cookies.html", "/error.html"))
DAY = 86_400


class Line(NamedTuple):
    """One line of a CDXJ index."""

    url: str
    time: str
    told: dict[str, str]


class Kept(NamedTuple):
    """A lake that was crawled into, the web, and what the tools say of its files."""

    lake: Lake
    web: Web
    files: list[Path]
    lines: list[Line]


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """Two sites, crawled twice."""
    if not TOOLS.exists():
        pytest.skip("needs the tools for WARC files: make build/warc-tools/ready")
    lake = Lake(tmp_path_factory.mktemp("lake"))
    web = Web(days=3, stories_a_day=3)
    with WebServer(web, Clock(web.start + timedelta(days=2))) as server:
        source = WebSource.model_validate({
            "name": "trial", "kind": "web", "urls": [FRONT], "pages": PAGES, "follow": {"hosts": ["haidu.example", "klippen.example"]},
            "contact": "https://archive.example/", "allow_private": True, "resolve": {"*.example": server.address},
            "limits": {"delay": 0, "retries": 0},
        })  # fmt: skip
        for number in range(2):
            crawl(lake, source, f"run-{number}", page_bytes=1 << 24, clock_offset=2 * DAY * number)
    files = [lake.root / name for number in range(2) for name in RawZone(lake).warcs(f"run-{number}")]
    index = subprocess.run([TOOLS / "cdxj-indexer", "--sort", *files], capture_output=True, text=True, check=True, timeout=120).stdout
    parts = [line.split(" ", 2) for line in index.splitlines()]
    return Kept(lake, web, files, [Line(url=(told := json.loads(rest))["url"], time=time, told=told) for _, time, rest in parts])


def test_the_indexer_finds_every_answer(kept):
    there = set()
    for file in kept.files:
        with file.open("rb") as opened:
            for record in ArchiveIterator(opened, parse_http=False):
                if (kind := record.headers["WARC-Type"]) in ("response", "revisit"):
                    time = "".join(filter(str.isdigit, record.headers["WARC-Date"]))[:14]
                    there.add((file.name, record.stream_pos, record.headers["WARC-Target-URI"], time, record.headers["WARC-Payload-Digest"], kind))
    found = [
        (line.told["filename"], int(line.told["offset"]), line.url, line.time, line.told["digest"],
         "revisit" if line.told.get("mime") == "warc/revisit" else "response")
        for line in kept.lines
    ]  # fmt: skip
    assert len(found) == len(set(found)) and set(found) == there
    assert {kind for *_, kind in there} == {"response", "revisit"}


def test_the_files_pass_warcios_check(kept):
    checked = subprocess.run([TOOLS / "warcio", "check", "-v", *kept.files], capture_output=True, text=True, check=False, timeout=120)
    assert checked.returncode == 0, checked.stdout
    assert "digest pass" in checked.stdout


def replayed(kept: Kept, line: Line) -> tuple[int | None, bytes]:
    """Status and content of an answer, by the index alone: a revisit has the content of the answer with its digest."""
    own = split_http(_record(kept, line))
    if line.told.get("mime") != "warc/revisit":
        return own.status, own.body
    original = next(other for other in kept.lines if other.told["digest"] == line.told["digest"] and other.told.get("mime") != "warc/revisit")
    return own.status, split_http(_record(kept, original)).body


def _record(kept: Kept, line: Line):
    (file,) = [file for file in kept.files if file.name == line.told["filename"]]
    start = int(line.told["offset"])
    return parse_record(gzip.decompress(file.read_bytes()[start : start + int(line.told["length"])]))


@pytest.mark.parametrize(("url", "statuses"), [(FRONT, [200, 304]), (f"{KLIPPEN}/target.html", [200, 200]), (f"{KLIPPEN}/redirect/301", [301, 301])])
def test_what_is_found_is_what_was_served(kept, url, statuses):
    lines = [line for line in kept.lines if line.url == url]
    served = kept.web.state_at(url.split("/")[2], "/" + url.split("/", 3)[3], kept.web.start + timedelta(days=2)).body
    assert [replayed(kept, line) for line in lines] == [(status, served) for status in statuses]
    assert lines[-1].told["mime"] == "warc/revisit"


def test_a_redirect_leads_where_it_led(kept):
    (line, *_) = [line for line in kept.lines if line.url == f"{KLIPPEN}/redirect/302"]
    assert split_http(_record(kept, line)).headers["location"] == "/target.html"
