"""Archives that somebody else wrote: what went into them comes out of them, wherever they lie, and once."""

import contextlib
import gzip
import hashlib
import io
import itertools
import shutil
import socket
import ssl
import subprocess
import threading
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import fastwarc.warc
import obstore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastwarc.stream_io import GzipWriter
from obstore.store import S3Store
from warcio.archiveiterator import ArchiveIterator
from warcs import HTML, Warc, page

from broadsheet import ingest, pipeline
from broadsheet.capture import archives, remote, web_files
from broadsheet.capture.raw_zone import RawZone
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import CAPTURES, REJECTIONS, Lake, read_records
from broadsheet.maintenance import compact
from broadsheet.records import Capture, Rejection
from broadsheet.runs import Run, outcomes_of


class World:
    """A source of archives, and a lake."""

    def __init__(self, root: Path):
        self.root = root
        self.drop, self.sources = root / "drop", root / "sources"
        self.drop.mkdir(parents=True)
        self.sources.mkdir()
        self.lake = Lake(root / "lake")
        self.passed_over: dict[str, int] = {}

    def says(self, text: str) -> None:
        (self.sources / "archive.yaml").write_text("kind: warc\n" + text)

    def put(self, name: str, data: bytes) -> Path:
        path = self.drop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def ingest(self, run_id: str | None = None) -> dict:
        source = ingest.read_source(self.sources, "archive")
        run = ingest.start_source(self.lake.root, source, run_id)
        brought = ingest.ingest(run, source)
        self.passed_over = {kind: count for outcome in outcomes_of(run) for kind, count in outcome.passed_over.items()}
        assert not list(self.lake.staging(run.run_id).rglob("fetched-*"))
        ingest.finish(run)
        return brought

    def captures(self) -> list[Capture]:
        return [capture for file in sorted(self.lake.arrivals.rglob(CAPTURES)) for capture in read_records(file, Capture)]

    def pages(self) -> dict[str, bytes]:
        """Bytes by URL, as they lie in the raw zone."""
        zone = RawZone(self.lake)
        return {capture.url: zone.read(capture.raw_file, capture.raw_offset, capture.raw_length) for capture in self.captures()}

    def rejected(self) -> dict[str, str]:
        """Reason by input."""
        files = sorted(self.lake.arrivals.rglob(REJECTIONS))
        return {item.input_path: item.reasons[0] for file in files for item in read_records(file, Rejection)}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


class Site:
    """A web server on the loopback address: files of a folder, and paths that are busy, refused or break off."""

    def __init__(self, folder: Path):
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.busy: set[str] = set()
        self.refused: set[str] = set()
        self.cut: set[str] = set()
        self.moved: dict[str, str] = {}
        self.is_tagged = False
        self.is_another = False  # what follows after a break, whatever is asked
        self.ranges: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(f"{self.command} {self.path}")
                site.agents.add(self.headers["User-Agent"])
                file = folder / self.path.partition("?")[0].lstrip("/")
                status = 503 if self.path in site.busy else 403 if self.path in site.refused else 200 if file.is_file() else 404
                content = file.read_bytes() if status == 200 else b"no"
                if asked := self.headers["Range"]:
                    site.ranges.append(f"{asked} {self.headers['If-Range']}")
                    begin = 0 if site.is_another else int(asked.removeprefix("bytes=").removesuffix("-"))
                    status, told, content = 206, f"bytes {begin}-{len(content) - 1}/{len(content)}", content[begin:]
                self.send_response(302 if self.path in site.moved else status)
                if self.path in site.moved:
                    self.send_header("Location", site.moved[self.path])
                if asked:
                    self.send_header("Content-Range", told)
                if site.is_tagged:
                    self.send_header("ETag", '"a1"')
                self.send_header("Content-Type", "text/html; charset=utf-8" if file.suffix == ".html" else "application/octet-stream")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command == "GET":
                    with contextlib.suppress(BrokenPipeError):
                        self.wfile.write(content[: len(content) // 2] if self.path in site.cut and status == 200 else content)
                self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(world, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(web_files, "RETRIES", 0)
    with Site(world.drop) as site:
        yield site


def upload(url: str, files: dict[str, bytes]) -> None:
    store = S3Store.from_url(url, client_options={"allow_http": True})
    for key, data in files.items():
        obstore.put(store, key, data)


# --- who writes archives -------------------------------------------------------------------------------------------------------

PAGES = {f"https://www.qingxi.example/2026/{number}.html": page(number, size=400) for number in range(4)}


def by_warcio() -> list[bytes]:
    warc = Warc().other("warcinfo")
    for url, content in PAGES.items():
        warc.response(content, url=url)
    return [warc.data]


def by_warcio_unpacked() -> list[bytes]:
    warc = Warc(is_gzip=False).other("warcinfo")
    for url, content in PAGES.items():
        warc.response(content, url=url)
    return [warc.data]


def by_fastwarc() -> list[bytes]:
    out = io.BytesIO()
    stream = GzipWriter(out)
    for url, content in PAGES.items():
        record = fastwarc.warc.WarcRecord()
        record.init_headers(record_type=fastwarc.warc.WarcRecordType.response)
        record.headers["WARC-Target-URI"] = url
        record.headers["WARC-Date"] = "2026-03-02T01:00:00Z"
        record.headers["Content-Type"] = "application/http; msgtype=response"
        record.set_bytes_content(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content)
        record.write(stream)
    stream.close()
    return [out.getvalue()]


def like_common_crawl() -> list[bytes]:
    """Each page with its request and metadata; a body sent packed and chunked is kept unpacked, its headers under other names."""
    parts = []
    for url, content in PAGES.items():
        headers = [*HTML, ("X-Crawler-Content-Encoding", "gzip"), ("X-Crawler-Transfer-Encoding", "chunked"), ("Content-Length", str(len(content)))]
        parts.append(Warc().other("warcinfo").other("request", url=url).response(content, url=url, headers=headers).other("metadata", url=url).data)
    return [b"".join(parts[:2]), b"".join(parts[2:])]


WRITERS = pytest.mark.parametrize("written", [by_warcio, by_warcio_unpacked, by_fastwarc, like_common_crawl])


@WRITERS
def test_pages_out_are_pages_in_and_come_once(world, written):
    for number, data in enumerate(written()):
        world.put(f"{number}.warc{'.gz' if data.startswith(gzip.compress(b'')[:2]) else ''}", data)
    world.says("paths: ['../drop/*.warc*']\n")
    brought = world.ingest()
    assert world.pages() == PAGES
    assert (brought["in_count"], brought["quarantined_count"], brought["days"]) == (len(PAGES), 0, ["2026-03-02"])
    assert brought["archives"] == {"read": len(written()), "failed": 0, "left": 0}
    again = world.ingest()
    assert (again["in_count"], again["days"], again["archives"]) == (0, [], {"read": 0, "failed": 0, "left": 0})


def test_what_wget_keeps_comes_out_as_it_was_served(world, site):
    if not (wget := shutil.which("wget")):
        pytest.skip("needs wget: apt-get install wget")
    links = "".join(f'<a href="/news/{number}.html">{number}</a>' for number in range(3))
    served = {"/index.html": f"<html><body><h1>青溪</h1>{links}</body></html>".encode(), **{f"/news/{n}.html": page(n) for n in range(3)}}
    for path, content in served.items():
        world.put(path.lstrip("/"), content)
    written = world.root / "by_wget"
    done = subprocess.run(
        [wget, "-q", "-r", "-l1", "--no-proxy", "-e", "robots=off", "--delete-after", f"--warc-file={written}", f"{site.url}/index.html"],
        cwd=world.root, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    world.says("paths: [../by_wget.warc.gz]\n")
    world.ingest()
    assert {url.removeprefix(site.url): content for url, content in world.pages().items()} == served
    assert world.rejected() == {}
    assert world.ingest()["days"] == []


# --- where archives lie --------------------------------------------------------------------------------------------------------


def listed_files() -> tuple[dict[str, bytes], bytes]:
    """Files by their paths below the base, and the list of them."""
    first, second = like_common_crawl()
    files = {"crawl-data/CC-NEWS/2026/03/a.warc.gz": first, "crawl-data/CC-NEWS/2026/03/b.warc.gz": second}
    return files, gzip.compress("".join(f"{path}\n" for path in files).encode())


def test_a_list_leads_to_files_of_a_folder(world):
    files, paths = listed_files()
    for path, data in files.items():
        world.put(path, data)
    world.put("warc.paths.gz", paths)
    world.says("path_lists: [../drop/warc.paths.gz]\nbase: ../drop\n")
    assert world.ingest()["archives"]["read"] == 2
    assert world.pages() == PAGES
    assert world.ingest()["archives"] == {"read": 0, "failed": 0, "left": 0}


def test_a_list_leads_to_files_of_a_web_server(world, site):
    files, paths = listed_files()
    for path, data in files.items():
        world.put(path, data)
    world.put("warc.paths.gz", paths)
    world.says(f"path_lists: [{site.url}/warc.paths.gz]\nbase: {site.url}/\ncontact: archive@press.example\nfiles: 1\n")
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 1}
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 0}
    assert world.pages() == PAGES
    assert {capture.input_path.rpartition("#")[0] for capture in world.captures()} == {f"{site.url}/{path}" for path in files}
    site.asked.clear()
    assert world.ingest()["days"] == []
    assert site.asked == ["GET /warc.paths.gz"]  # what it names is known
    assert all(agent.startswith("Broadsheet/") and agent.endswith("(+archive@press.example)") for agent in site.agents)


def test_a_list_leads_to_files_of_an_object_store(world, s3_url):
    files, paths = listed_files()
    upload(s3_url, {**files, "crawl-data/warc.paths.gz": paths, "single.warc.gz": Warc().response(page(9), url="https://qingxi.example/9.html").data})
    world.says(f"paths: [{s3_url}/single.warc.gz, {s3_url}/gone.warc.gz]\npath_lists: [{s3_url}/crawl-data/warc.paths.gz]\nbase: {s3_url}/\n")
    assert world.ingest()["archives"] == {"read": 3, "failed": 1, "left": 0}
    assert world.pages() == {**PAGES, "https://qingxi.example/9.html": page(9)}
    assert world.rejected() == {f"{s3_url}/gone.warc.gz": "missing_file"}
    assert world.ingest()["archives"] == {"read": 0, "failed": 1, "left": 0}
    upload(s3_url, {"single.warc.gz": Warc().response(page(8), url="https://qingxi.example/8.html").data})
    assert world.ingest()["archives"]["read"] == 1  # another content under the name
    assert world.pages()["https://qingxi.example/8.html"] == page(8)


@pytest.mark.parametrize("line", ["../../elsewhere.warc.gz", "/elsewhere.warc.gz", "https://elsewhere.example/a.warc.gz", "a/../../b.warc.gz"])
def test_a_list_names_nothing_beside_its_base_and_its_other_lines_are_read(world, line):
    """And the bad line is told of once, as long as it says the same."""
    files, _ = listed_files()
    (good, data), *_ = files.items()
    world.put(good, data)
    world.put("warc.paths", f"# of March\n{line}\n{good}\n".encode())
    world.says("path_lists: [../drop/warc.paths]\nbase: ../drop\n")
    assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
    ((place, reason),) = world.rejected().items()
    assert place.endswith("warc.paths:2")
    assert reason == "bad_path_list_line"
    assert world.ingest()["archives"] == {"read": 0, "failed": 0, "left": 0}
    world.put("warc.paths", f"# of March\n../{line.strip('/')}\n{good}\n".encode())
    assert world.ingest()["archives"] == {"read": 0, "failed": 1, "left": 0}


@pytest.mark.parametrize("content", [None, gzip.compress(b"a.warc.gz\n", mtime=0)[:-9], b"\xff\xfe\xfa"])
def test_a_list_that_cannot_be_read_is_told_of(world, content):
    if content is not None:
        world.put("warc.paths.gz", content)
    world.says("path_lists: [../drop/warc.paths.gz]\nbase: ../drop\n")
    with pytest.raises(ConfigurationError, match=r"warc\.paths\.gz cannot be read"):
        world.ingest()


@pytest.mark.parametrize("is_remote", [True, False])
def test_a_list_that_unpacks_without_end_is_told_of(world, site, is_remote):
    world.put("warc.paths.gz", gzip.compress(bytes(archives._LONGEST_LIST + 1)))
    world.says(f"path_lists: [{site.url if is_remote else '../drop'}/warc.paths.gz]\nbase: ../drop\n")
    with pytest.raises(ConfigurationError, match=r"warc\.paths\.gz cannot be read: more than 67,108,864 bytes unpacked"):
        world.ingest()


# --- what becomes of files -----------------------------------------------------------------------------------------------------


def test_only_pages_of_the_wanted_sites_come_in(world):
    warc = Warc()
    for number, host in enumerate(["www.qingxi.example", "m.qingxi.example", "notqingxi.example", "lanshan.example"]):
        warc.response(page(number, size=2000), url=f"https://{host}/{number}.html").other("request", url=f"https://{host}/{number}.html")
    warc.response(b"busy", url="https://lanshan.example/busy", status="503 Busy")
    world.put("a.warc.gz", warc.data)
    world.says("paths: [../drop/a.warc.gz]\nhosts: [qingxi.example]\n")
    assert world.ingest()["in_count"] == 2
    assert set(world.pages()) == {"https://www.qingxi.example/0.html", "https://m.qingxi.example/1.html"}
    assert world.passed_over == {"page of another site": 3}
    kept = b"".join(gzip.decompress(file.read_bytes()) for file in world.lake.raw.glob("*.warc.gz"))
    assert b"lanshan.example" not in kept


def test_a_record_of_another_site_that_is_cut_is_damage_all_the_same(world):
    warc = Warc(is_gzip=False).response(page(1, size=2000), url="https://lanshan.example/1.html")
    world.put("a.warc", warc.data[:-500])
    world.says("paths: [../drop/a.warc]\nhosts: [qingxi.example]\n")
    world.ingest()
    assert list(world.rejected().values()) == ["broken_warc_record"]


def test_a_missing_or_damaged_file_keeps_no_other_from_it(world):
    good, cut = Warc().response(page(1), url="https://qingxi.example/1.html"), Warc().response(page(2)).response(page(3, size=900))
    world.put("good.warc.gz", good.data)
    world.put("cut.warc.gz", cut.data[:-40])
    world.put("empty.warc.gz", b"")
    world.put("notes.txt", b"no archive")
    names = ("gone.warc.gz", "empty.warc.gz", "notes.txt", "cut.warc.gz", "good.warc.gz")
    world.says(f"paths: [{', '.join(f'../drop/{name}' for name in names)}]\n")
    assert world.ingest()["archives"] == {"read": 2, "failed": 3, "left": 0}
    assert sorted(world.pages().values()) == sorted([page(1), page(2)])
    reasons = {Path(path).name.partition("#")[0]: reason for path, reason in world.rejected().items()}
    assert reasons == {
        "gone.warc.gz": "missing_file", "empty.warc.gz": "empty_file", "notes.txt": "unknown_extension", "cut.warc.gz": "broken_warc_record"
    }  # fmt: skip
    assert world.ingest()["days"] == []  # what is wrong with them was told
    world.put("gone.warc.gz", Warc().response(page(4), url="https://qingxi.example/4.html").data)
    world.put("cut.warc.gz", cut.data)
    assert world.ingest()["archives"] == {"read": 2, "failed": 2, "left": 0}
    assert len(world.captures()) == 4


def test_what_could_not_be_had_does_not_keep_the_rest_waiting(world):
    for number in range(2):
        world.put(f"{number}.warc.gz", Warc().response(page(number), url=f"https://qingxi.example/{number}.html").data)
    world.says("paths: [../drop/gone.warc.gz, ../drop/0.warc.gz, ../drop/1.warc.gz]\nfiles: 1\n")
    assert [world.ingest()["archives"] for _ in range(4)] == [
        {"read": 0, "failed": 1, "left": 2}, {"read": 1, "failed": 0, "left": 2}, {"read": 1, "failed": 0, "left": 1}, {"read": 0, "failed": 1, "left": 0}
    ]  # fmt: skip
    assert len(world.pages()) == 2


def test_a_file_that_changed_is_read_again_and_gives_what_is_new(world):
    warc = Warc().response(page(1), url="https://qingxi.example/1.html")
    world.put("a.warc.gz", warc.data)
    world.says("paths: [../drop/a.warc.gz]\n")
    world.ingest()
    world.put("a.warc.gz", warc.response(page(2), url="https://qingxi.example/2.html").data)
    assert world.ingest()["archives"]["read"] == 1
    assert [capture.url for capture in world.captures()].count("https://qingxi.example/1.html") == 1
    assert len(world.pages()) == 2


def test_a_run_that_is_repeated_tells_the_same_whenever_it_died(world):
    for number in range(2):
        world.put(f"{number}.warc.gz", Warc().response(page(number), url=f"https://qingxi.example/{number}.html").data)
    world.says("paths: ['../drop/*.warc.gz']\nfiles: 1\n")
    first = world.ingest("hourly-1")
    # its task died when it was finished, and before it told of the day
    assert world.ingest("hourly-1") == first
    assert [capture.url for capture in world.captures()] == ["https://qingxi.example/0.html"]
    assert world.ingest("hourly-2")["archives"] == {"read": 1, "failed": 0, "left": 0}
    assert len(world.pages()) == 2


def test_a_run_that_was_not_finished_is_made_good_by_the_next(world):
    world.put("a.warc.gz", by_warcio()[0])
    world.says("paths: [../drop/a.warc.gz]\n")
    source = ingest.read_source(world.sources, "archive")
    ingest.ingest(ingest.start_source(world.lake.root, source), source)
    assert world.ingest()["days"] == ["2026-03-02"]
    assert world.ingest()["days"] == []


# --- revisits ------------------------------------------------------------------------------------------------------------------


def sha1(content: bytes) -> str:
    return "sha1:" + b32encode(hashlib.sha1(content).digest()).decode()


def test_a_revisit_finds_what_an_earlier_file_held_though_that_is_gone(world, site):
    content = page(5, size=300)
    packed = [*HTML, ("Content-Encoding", "gzip")]
    world.put("a.warc.gz", Warc().response(gzip.compress(content, mtime=0), url="https://qingxi.example/5.html", headers=packed).data)
    repeat = Warc().revisit(sha1(gzip.compress(content, mtime=0)), url="https://qingxi.example/5.html", date="2026-03-04T01:00:00Z", status="200 OK")
    world.put("b.warc.gz", repeat.data)
    world.says(f"paths: [{site.url}/a.warc.gz, {site.url}/b.warc.gz]\n")
    assert world.ingest()["days"] == ["2026-03-02", "2026-03-04"]
    assert world.rejected() == {}
    assert {capture.content_sha256 for capture in world.captures()} == {hashlib.sha256(content).hexdigest()}


PACKED = [*HTML, ("Content-Encoding", "gzip")]
FIVE = "https://qingxi.example/5.html"


def packed_once_and_repeated(world: World) -> bytes:
    """Two files, the second of which repeats by its SHA-1 what the first holds as it was sent. Gives the content."""
    content = page(5, size=300)
    sent = gzip.compress(content, mtime=0)
    world.put("a.warc.gz", Warc().response(sent, url=FIVE, headers=PACKED).data)
    world.put("b.warc.gz", Warc().revisit(sha1(sent), url=FIVE, date="2026-03-04T01:00:00Z", status="200 OK").data)
    world.says("paths: ['../drop/*.warc.gz']\nfiles: 1\n")
    return content


def repeated(world: World, content: bytes) -> None:
    """The second file is read, and finds what it repeats."""
    assert world.ingest()["days"] == ["2026-03-04"]
    assert world.rejected() == {}
    (again,) = [capture for capture in world.captures() if capture.captured_at.day == 4]
    assert RawZone(world.lake).read(again.raw_file, again.raw_offset, again.raw_length) == content
    assert (again.url, again.content_sha256) == (FIVE, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("since", ["nothing", "the index is lost", "the index is one part"])
def test_a_revisit_finds_what_an_earlier_run_read(world, since):
    content = packed_once_and_repeated(world)
    world.ingest()
    if since == "the index is lost":
        shutil.rmtree(world.lake.raw / "index")
    elif since == "the index is one part":
        world.put("c.warc.gz", Warc().response(page(6), url="https://qingxi.example/6.html").data)
        world.says("paths: [../drop/c.warc.gz]\n")
        world.ingest()
        assert compact(world.lake.root)["raw_index_parts"] == 1
        world.says("paths: ['../drop/*.warc.gz']\nfiles: 1\n")
    repeated(world, content)


@pytest.mark.parametrize("is_index_lost", [False, True])
def test_a_revisit_finds_what_the_zone_had_before_an_earlier_run_read_it(world, is_index_lost):
    """It had the content by another digest; that the file stated this one is kept in a record of its own."""
    content = packed_once_and_repeated(world)
    sources = (world.sources / "archive.yaml").read_text()
    world.put("first.warc.gz", Warc().response(content, url="https://m.qingxi.example/5").data)
    world.says("paths: [../drop/first.warc.gz]\n")
    world.ingest()
    (world.sources / "archive.yaml").write_text(sources.replace("*.warc", "[ab].warc"))
    world.ingest()
    files = sorted(world.lake.raw.glob("*.warc.gz"))
    kinds = []
    for file in files:
        with file.open("rb") as opened:
            kinds.append([record.rec_type for record in ArchiveIterator(opened, check_digests="raise") if record.content_stream().read() is not None])
    assert sorted(kinds) == [["response"], ["revisit"]]
    if is_index_lost:
        shutil.rmtree(world.lake.raw / "index")
    repeated(world, content)
    assert sorted(world.lake.raw.glob("*.warc.gz")) == files


def test_a_revisit_finds_what_a_file_of_inputs_held(world):
    """Not only sources of archives remember digests."""
    packed_once_and_repeated(world)
    for name in ("a", "b"):
        run = Run.start(world.lake.root, name)
        pipeline.capture(run, [world.drop / f"{name}.warc.gz"])
        assert [outcome.quarantined_count for outcome in outcomes_of(run)] == [0]


def test_a_digest_that_is_none_is_not_remembered(world):
    content = page(5, size=300)
    response = Warc(is_gzip=False).response(content, url=FIVE).data
    stated = b"sha1:A B\rInjected: 1"
    world.put("a.warc", response.replace(sha1(content).encode(), stated))
    world.says("paths: ['../drop/*.warc']\n")
    world.ingest()
    assert list(world.pages().values()) == [content]
    (kept,) = world.lake.raw.glob("*.warc.gz")
    assert b"Injected" not in gzip.decompress(kept.read_bytes())


# --- servers -------------------------------------------------------------------------------------------------------------------


def two_files(world: World, site: Site) -> None:
    for name, number in (("a", 1), ("b", 2)):
        world.put(f"{name}.warc.gz", Warc().response(page(number, size=5000), url=f"https://qingxi.example/{number}.html").data)
    world.says(f"paths: [{site.url}/a.warc.gz, {site.url}/b.warc.gz]\n")


@pytest.mark.parametrize("trouble", ["busy", "cut"])
def test_what_cannot_be_had_now_is_tried_again_later(world, site, trouble):
    two_files(world, site)
    getattr(site, trouble).update(("/a.warc.gz", "/b.warc.gz"))
    with pytest.raises(TransientError, match=r"b\.warc\.gz"):
        world.ingest("first")
    assert site.asked.count("GET /a.warc.gz") == {"busy": 1 + web_files.RETRIES, "cut": remote.ATTEMPTS}[trouble]
    assert world.captures() == []
    getattr(site, trouble).clear()
    assert world.ingest("first")["archives"] == {"read": 2, "failed": 0, "left": 0}
    assert len(world.pages()) == 2


def test_a_file_that_breaks_off_goes_on_where_it_did(world, site):
    two_files(world, site)
    site.is_tagged = True
    site.cut.add("/a.warc.gz")
    assert world.ingest()["archives"] == {"read": 2, "failed": 0, "left": 0}
    assert site.ranges and all(asked.endswith(' "a1"') for asked in site.ranges)
    assert len(world.pages()) == 2


def test_what_follows_a_break_is_of_the_same_file(world, site):
    two_files(world, site)
    site.is_tagged = site.is_another = True
    site.cut.add("/a.warc.gz")
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 1}
    assert len(site.ranges) == remote.ATTEMPTS and list(world.pages()) == ["https://qingxi.example/2.html"]


@pytest.mark.parametrize("location", ["http://[::1/x", "ftp://qingxi.example/a.warc.gz", "http://qingxi.example:70000/"])
def test_a_redirect_to_what_is_no_url_is_the_files_fault(world, site, location):
    two_files(world, site)
    site.moved["/a.warc.gz"] = location
    assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
    assert world.rejected() == {f"{site.url}/a.warc.gz": "unreadable"}


def test_https_leads_to_no_plain_http(world, site, monkeypatch):
    two_files(world, site)
    with encrypted(site, world.drop.parent / "tls", monkeypatch) as url:
        world.says(f"paths: [{url}/a.warc.gz, {url}/b.warc.gz]\n")
        site.moved["/a.warc.gz"] = f"{site.url}/a.warc.gz"
        assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
        assert world.rejected() == {f"{url}/a.warc.gz": "unreadable"}


@contextlib.contextmanager
def encrypted(site, folder: Path, monkeypatch):
    """The same site by TLS, with a certificate of its own; yields its URL."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, address = datetime.now(UTC), x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    folder.mkdir()
    file = folder / "both.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with ThreadingHTTPServer(("127.0.0.1", 0), site.server.RequestHandlerClass) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_redirect_leads_to_the_same_host_or_a_public_one(world, site):
    """The host that the source names may be of a private network; that it leads to another of them is refused, whatever it is called."""
    two_files(world, site)
    world.put("c.warc.gz", Warc().response(page(3), url="https://qingxi.example/3.html").data)
    site.moved |= {"/a.warc.gz": "/c.warc.gz", "/b.warc.gz": site.url.replace("127.0.0.1", "localhost") + "/c.warc.gz"}
    assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
    assert list(world.pages()) == ["https://qingxi.example/3.html"] and world.rejected() == {f"{site.url}/b.warc.gz": "unreadable"}
    assert site.asked.count("GET /c.warc.gz") == 1


def test_a_file_that_is_too_large_is_not_fetched(world, site, monkeypatch):
    two_files(world, site)
    larger = max(path.stat().st_size for path in world.drop.iterdir())
    world.put("b.warc.gz", (world.drop / "b.warc.gz").read_bytes() + bytes(larger))
    monkeypatch.setattr(remote, "LARGEST_FILE", larger)
    assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
    assert world.rejected() == {f"{site.url}/b.warc.gz": "unreadable"}


def test_a_file_that_cannot_be_had_keeps_no_other_from_it(world, site):
    two_files(world, site)
    world.put("c.warc.gz", Warc().response(page(3), url="https://qingxi.example/3.html").data)
    world.says(f"paths: [{site.url}/a.warc.gz, {site.url}/b.warc.gz, {site.url}/c.warc.gz]\nfiles: 2\n")
    site.busy.add("/a.warc.gz")
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 2}
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 1}, "the one that failed is tried last"
    with pytest.raises(TransientError, match=r"a\.warc\.gz"):
        world.ingest()
    assert world.rejected() == {} and len(world.pages()) == 2


def test_a_server_that_fails_again_is_left_alone(world, site):
    two_files(world, site)
    world.put("c.warc.gz", Warc().response(page(3), url="https://qingxi.example/3.html").data)
    world.says(f"paths: [{site.url}/a.warc.gz, {site.url}/b.warc.gz, {site.url}/d.warc.gz, {world.drop}/c.warc.gz]\n")
    site.busy.update(("/a.warc.gz", "/b.warc.gz"))
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 3}
    assert "GET /d.warc.gz" not in site.asked and list(world.pages()) == ["https://qingxi.example/3.html"]


def test_a_run_that_takes_long_begins_no_further_file(world, monkeypatch):
    for name in "abc":
        world.put(f"{name}.warc.gz", Warc().response(page(ord(name)), url=f"https://qingxi.example/{name}.html").data)
    world.says(f"paths: ['{world.drop}/*.warc.gz']\nseconds: 60\n")
    hours = itertools.count(step=3600)
    monkeypatch.setattr(archives, "monotonic", lambda: next(hours))
    assert [world.ingest()["archives"]["left"] for _ in range(3)] == [2, 1, 0]
    assert len(world.pages()) == 3


def test_no_cookie_and_no_name_of_a_user_are_kept(world):
    headers = [*HTML, ("Set-Cookie", "session=hidden1"), ("Location", "https://ann:hidden2@qingxi.example/")]
    world.put("a.warc.gz", Warc().response(page(1), url="https://bob:hidden3@qingxi.example/1.html", headers=headers).data)
    world.says(f"paths: [{world.drop}/a.warc.gz]\n")
    world.ingest()
    assert list(world.pages()) == ["https://qingxi.example/1.html"]
    kept = b"".join(gzip.decompress(file.read_bytes()) for file in world.lake.raw.glob("*.warc.gz"))
    assert b"Location: https://qingxi.example/" in kept and b"hidden" not in kept
    assert not any(b"hidden3" in file.read_bytes() for file in world.lake.root.rglob("*.jsonl"))


def test_what_was_read_before_a_server_failed_counts(world, site):
    two_files(world, site)
    site.busy.add("/b.warc.gz")
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 1}
    assert list(world.pages()) == ["https://qingxi.example/1.html"]
    site.busy.clear()
    assert world.ingest()["archives"] == {"read": 1, "failed": 0, "left": 0}
    site.busy.add("/a.warc.gz")
    assert world.ingest()["archives"] == {"read": 0, "failed": 0, "left": 0}  # nothing of it is needed


def test_what_is_refused_is_told_of_without_secrets(world, site):
    two_files(world, site)
    site.refused.add("/a.warc.gz?signature=secret")
    world.says(f"paths: ['{site.url}/a.warc.gz?signature=secret', '{site.url}/b.warc.gz?signature=other']\n")
    assert world.ingest()["archives"] == {"read": 1, "failed": 1, "left": 0}
    site.refused.clear()
    site.busy.add("/a.warc.gz?signature=secret")
    with pytest.raises(TransientError) as error:
        world.ingest()
    assert "secret" not in str(error.value)
    assert list(world.rejected().values()) == ["unreadable"]
    told = "".join(file.read_text() for file in world.lake.root.rglob("*") if file.suffix in (".jsonl", ".txt"))
    assert "access is refused" in told and "b.warc.gz" in told and "secret" not in told and "other" not in told


def test_an_address_that_nobody_answers_at_may_answer_later(world, site):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        world.says(f"paths: ['http://127.0.0.1:{unused.getsockname()[1]}/a.warc.gz']\n")
        with pytest.raises(TransientError, match="cannot be had now"):
            world.ingest()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hosts: [qingxi.example]\n", "name `paths`, `path_lists` or both"),
        ("path_lists: [warc.paths.gz]\n", "go together"),
        ("paths: [a.warc]\nbase: /data\n", "go together"),
        ("paths: [ftp://archive.example/a.warc.gz]\n", "files are local, or of s3"),
        ("paths: ['s3://archive/*.warc.gz']\n", "without wildcards"),
        ("paths: ['https://ann:secret@archive.example/a.warc.gz']\n", "https://archive.example/a.warc.gz is stated with a user's name or password"),
        ("paths: [a.warc]\nhosts: [www.qingxi.example]\n", "'www.qingxi.example' must be a host name"),
        ("paths: [a.warc]\nfiles: 0\n", "files: Input should be greater than or equal to 1"),
        ("paths: [a.warc]\ntime_zone: Asia/Nowhere\n", "time_zone: 'Asia/Nowhere' is not the name"),
        ('paths: [a.warc]\ncontact: "a\\nb"\n', "contact: must be one line"),
    ],
)
def test_a_wrong_source_is_told_of(world, text, told):
    world.says(text)
    with pytest.raises(ConfigurationError) as error:
        world.ingest()
    assert str(world.sources / "archive.yaml") in str(error.value) and told in str(error.value)


def test_brackets_may_be_in_names(tmp_path):
    world = World(tmp_path / "[prod]")
    for name in ("a.warc", "[2026].warc"):
        world.put(name, Warc(is_gzip=False).response(page(len(name)), url=f"https://qingxi.example/{len(name)}").data)
    world.says("paths: ['../drop/?.warc', '../drop/[2026].warc']\n")
    assert world.ingest()["archives"]["read"] == 2


def test_paths_start_at_the_file_and_urls_do_not(world):
    world.says("paths: [a.warc, s3://archive/a.warc]\npath_lists: [https://archive.example/warc.paths.gz]\nbase: ../data\n")
    source = ingest.read_source(world.sources, "archive")
    assert source.paths == (str(world.sources / "a.warc"), "s3://archive/a.warc")
    assert source.path_lists == ("https://archive.example/warc.paths.gz",)
    assert source.base == f"{world.sources}/../data"
