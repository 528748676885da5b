"""The test web over a real socket: what a client is sent, what goes wrong on purpose, what the log says."""

import gzip
import http.client
import json
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
from backports import zstd

from broadsheet.capture.source_check import check
from broadsheet.capture.web.preview import preview
from testweb import Clock, Truth, Web, WebServer, klippen
from testweb.answers import preferred_coding
from testweb.hosts import KLIPPEN
from testweb.log import Log, Request, delays
from testweb.truth import split

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
YUNZHOU, LANSHAN, QINGHE, HAIDU = "www.yunzhou-net.example", "news.lanshan.example", "www.qinghe-daily.example", "www.haidu.example"
HARBOR, NORDTAL, KIESEL, LIYUAN = "www.harbor-ledger.example", "www.nordtaler-bote.example", "www.kiesel-anzeiger.example", "www.liyuan-wang.example"


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(seed=7, days=7, stories_a_day=10, inner_url="http://127.0.0.1:7/inner")


@pytest.fixture
def server(web) -> Iterator[WebServer]:
    with WebServer(web, Clock(web.start + timedelta(days=2))) as running:
        yield running


class Client:
    """Asks one server, each request on a connection of its own."""

    def __init__(self, server: WebServer) -> None:
        self.port = server.port

    def get(self, host: str, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **named})
        response = connection.getresponse()
        return response

    def raw(self, host: str, path: str) -> bytes:
        """All bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            received = b""
            while piece := connection.recv(1 << 16):
                received += piece
        return received


@pytest.fixture
def client(server) -> Client:
    return Client(server)


# --- pages --------------------------------------------------------------------------------------------------------------------------


def test_hosts_share_a_port_and_are_told_by_their_names(client, web):
    bodies = {host: client.get(host, "/").read() for host in web.hosts}
    assert len(set(bodies.values())) == len(bodies) == 10
    assert bodies[HARBOR] == web.state_at(HARBOR, "/", web.start + timedelta(days=2)).body
    assert client.get(f"{HARBOR}:80", "/").read() == client.get(f"{HARBOR}.localhost:8000", "/").read() == bodies[HARBOR]
    assert client.get("elsewhere.example", "/").status == 421
    assert client.get("harbor-ledger.example", "/local").getheader("Location") == f"http://{HARBOR}/local"
    assert f"{HARBOR}.localhost:{client.port}" in client.get(f"127.0.0.1:{client.port}", "/").read().decode()


def test_it_answers_as_a_proxy(client):
    direct = client.get(HARBOR, "/local").read()
    assert client.get("127.0.0.1", f"http://{HARBOR}/local").read() == direct


def test_the_clock_says_what_is_shown(client, server, web):
    truth = Truth(web)
    article = next(article for article in truth.articles(HAIDU) if len(article.versions) == 2 and article.gaps)
    first, second = article.versions
    gap, path = article.gaps[0], split(article.url)[1]
    server.clock.set(first.start - timedelta(minutes=1))
    assert client.get(HAIDU, path).status == 404
    shown = []
    for instant in (first.start, second.start):
        server.clock.set(instant)
        response = client.get(HAIDU, path)
        assert parsedate_to_datetime(response.getheader("Date")) == instant
        shown.append(response.read().decode())
    assert shown[0] != shown[1]
    server.clock.set(gap.start)
    assert client.get(HAIDU, path).status == gap.status
    assert server.clock.advance(timedelta(hours=1)) == gap.start + timedelta(hours=1)


def test_a_clock_can_run():
    clock = Clock(datetime(2026, 3, 2, tzinfo=UTC), speed=1e6)
    earlier = clock.now()
    assert clock.now() > earlier
    with pytest.raises(ValueError, match="no offset"):
        clock.set(datetime(2026, 3, 2))  # noqa: DTZ001


@pytest.mark.parametrize(("host", "sends"), [(HARBOR, {"ETag", "Last-Modified"}), (YUNZHOU, {"Last-Modified"}), (QINGHE, {"ETag"}), (LANSHAN, set())])
def test_what_a_client_has_is_not_sent_again(client, server, web, host, sends):
    truth = Truth(web)
    full = client.get(host, "/")
    assert {name for name in ("ETag", "Last-Modified") if full.getheader(name)} == sends
    assert full.getheader("Cache-Control") == "max-age=60"
    asked = {}
    if "ETag" in sends:
        asked["If_None_Match"] = full.getheader("ETag")
    elif sends:
        asked["If_Modified_Since"] = full.getheader("Last-Modified")
    again = client.get(host, "/", **asked)
    assert (again.status, again.read()) == ((304, b"") if sends else (200, full.read()))
    assert again.getheader("ETag") == full.getheader("ETag")
    assert client.get(host, "/", If_None_Match='"other", W/' + (full.getheader("ETag") or '"x"')).status == (304 if "ETag" in sends else 200)
    label = truth.lists_of(f"http://{host}/")[0]
    server.clock.set(next(state.start for state in truth.feed_states(f"http://{host}/", label) if state.start > server.clock.now()))
    assert client.get(host, "/", **asked).status == 200


@pytest.mark.parametrize(
    ("coding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress), ("zstd", zstd.decompress), ("deflate", zlib.decompress)]
)
def test_bodies_are_packed_as_the_client_likes(client, coding, unpack):
    plain = client.get(HARBOR, "/")
    packed = client.get(HARBOR, "/", Accept_Encoding=coding)
    assert plain.getheader("Content-Encoding") is None and packed.getheader("Content-Encoding") == coding
    assert packed.getheader("Vary") == "Accept-Encoding"
    content, whole = packed.read(), plain.read()
    assert unpack(content) == whole and len(content) < len(whole) == int(plain.getheader("Content-Length"))


def test_the_coding_of_the_highest_weight_is_taken():
    assert preferred_coding("gzip, deflate, br;q=0.5") == "gzip"
    assert preferred_coding("deflate;q=0.1, gzip;q=0") == "deflate"
    assert preferred_coding("identity") is preferred_coding("") is preferred_coding("gzip;q=0") is None


def test_head_sends_headers_alone_and_other_methods_nothing(client):
    got, head = client.get(HARBOR, "/"), client.get(HARBOR, "/", "HEAD")
    assert head.read() == b"" and head.getheader("Content-Length") == got.getheader("Content-Length")
    assert client.get(HARBOR, "/", "POST").status == 405


def test_the_gbk_site_says_its_charset_rightly_wrongly_or_not_at_all(client, server, web):
    said = {}
    truth = Truth(web)
    for article in truth.articles(LANSHAN):
        if version := truth.version_at(article.url, server.clock.now()):
            response = client.get(LANSHAN, split(article.url)[1])
            assert version.title in response.read().decode("gb18030")
            said[response.getheader("Content-Type")] = article.url
    assert set(said) == {"text/html; charset=gbk", "text/html", "text/html; charset=utf-8"}
    feed = client.get(LANSHAN, "/rss.xml").read()
    assert feed.startswith(b'<?xml version="1.0" encoding="GBK"?>') and "澜山新闻网" in feed.decode("gbk")


def test_links_lead_to_articles_by_tracking_redirects_and_copies(client, server, web):
    truth = Truth(web)
    entries = [
        entry for instant in (1, 2, 3) for entry in truth.feed_state_at(f"http://{HARBOR}/", web.start + timedelta(days=instant), "Top Stories")
    ]
    tracked, clicked = (next(entry for entry in entries if mark in entry.href) for mark in ("?utm_source=", "/go/"))
    server.clock.set(web.start + timedelta(days=3))
    plain = client.get(HARBOR, split(tracked.url)[1]).read()
    assert plain == client.get(HARBOR, tracked.href).read()
    moved = client.get(HARBOR, clicked.href)
    assert (moved.status, moved.getheader("Location")) == (302, clicked.url)
    for host, prefix, kind in ((HAIDU, "/amp", "<html amp"), (LANSHAN, "/print", "<html")):
        front = client.get(host, "/").read().decode(web.histories[host].host.site.charset)
        path = re.search(rf'href="({prefix}/[^"]+)"', front)[1]
        page = client.get(host, path).read().decode(web.histories[host].host.site.charset)
        assert kind in page and re.search(rf'rel="canonical" href="http://{host}/2026', page)
    assert client.get(HARBOR, "/index.html").getheader("Location") == "/"


def test_the_calendar_has_no_end(client):
    path, seen = "/calendar/2026/03/", set()
    for _ in range(30):
        assert path not in seen
        seen.add(path)
        links = re.findall(r'href="(/calendar/\d{4}/\d\d/)"', client.get(HARBOR, path).read().decode())
        path = links[-1]
    assert "/calendar/2028/08/" in seen


def test_some_articles_are_busy_when_first_asked(client, server, web):
    now = server.clock.now()
    paths = [split(article.url)[1] for article in Truth(web).articles(YUNZHOU) if Truth(web).version_at(article.url, now)]
    first = {path: client.get(YUNZHOU, path) for path in paths}
    busy = [path for path, response in first.items() if response.status == 503]
    assert 0 < len(busy) < len(paths) / 5
    assert all(first[path].getheader("Retry-After") == "1" for path in busy)
    assert [client.get(YUNZHOU, path).status for path in busy] == [200] * len(busy)


def test_cookies_are_set(client):
    assert "secret" in client.get(HAIDU, "/").getheader("Set-Cookie")
    assert len(client.get(KLIPPEN, "/cookies.html").headers.get_all("Set-Cookie")) == 2


# --- what programs may do ------------------------------------------------------------------------------------------------------------


def test_robots_are_there_missing_moved_or_down_for_a_while(client, server, web):
    assert b"Crawl-delay: 2" in client.get(QINGHE, "/robots.txt").read()
    assert client.get(HAIDU, "/robots.txt").status == 404
    moved = client.get(LANSHAN, "/robots.txt")
    assert (moved.status, moved.getheader("Location")) == (301, "/robots/rules.txt")
    assert b"Disallow: /cgi-bin/" in client.get(LANSHAN, "/robots/rules.txt").read()
    down_from, down_until = Truth(web).robots_down(NORDTAL)
    for instant, status in ((down_from - timedelta(seconds=1), 200), (down_from, 503), (down_until - timedelta(seconds=1), 503), (down_until, 200)):
        server.clock.set(instant)
        response = client.get(NORDTAL, "/robots.txt")
        assert response.status == status
        assert (response.getheader("Retry-After") == "600") == (status == 503)
    assert b"Sitemap: http://www.nordtaler-bote.example/sitemap_index.xml" in response.read()


def test_mining_is_reserved_by_header_page_or_file(client):
    assert client.get(KIESEL, "/").getheader("tdm-reservation") == "1"
    assert client.get(HARBOR, "/").getheader("tdm-reservation") is None
    rules = json.load(client.get(LIYUAN, "/.well-known/tdmrep.json"))
    assert [(rule["location"], rule["tdm-reservation"]) for rule in rules] == [("/zhuanlan/*", 1), ("/", 0)]
    assert client.get(HARBOR, "/.well-known/tdmrep.json").status == 404
    assert json.load(client.get(KIESEL, "/tdm-policy.json"))["assigner"] == "Kiesel-Anzeiger"


# --- what goes wrong on purpose ----------------------------------------------------------------------------------------------------------


def test_the_front_page_of_troubles_leads_to_all_of_them(client):
    links = re.findall(r'href="([^"]+)"', client.get(KLIPPEN, "/").read().decode())
    assert set(links) == set(klippen.paths()) and len(links) > 45
    sound = [
        link
        for link in links
        if not any(
            mark in link
            for mark in ("slow", "hang", "drip", "endless", "bomb", "large", "cut", "broken", "nothing", "reset", "headers", "status", "lengths")
        )
    ]
    assert {link: status for link in sound if (status := client.get(KLIPPEN, link).status) == 404} == {}


def test_redirects_of_every_kind(client):
    def leads(path: str) -> tuple[int, str | None]:
        response = client.get(KLIPPEN, f"/redirect/{path}")
        return response.status, response.getheader("Location")

    assert [leads(str(status)) for status in (301, 302, 303, 307, 308)] == [(status, "/target.html") for status in (301, 302, 303, 307, 308)]
    assert [leads(f"chain/{number}")[1] for number in (3, 2, 1)] == ["/redirect/chain/2", "/redirect/chain/1", "/target.html"]
    assert (leads("loop")[1], leads("pool")[1]) == ("/redirect/pool", "/redirect/loop")
    assert leads("away")[1] == f"http://{HARBOR}/"
    assert leads("inner")[1] == "http://127.0.0.1:7/inner"
    assert leads("metadata")[1] == "http://169.254.169.254/latest/meta-data/"
    assert leads("file")[1] == "file:///etc/passwd"
    assert leads("nowhere") == (302, None)
    assert leads("unheard-of") == (404, None)


def test_the_first_requests_fail_and_then_it_is_well(client):
    assert [client.get(KLIPPEN, "/first/500?times=2").status for _ in range(4)] == [500, 500, 200, 200]
    busy = client.get(KLIPPEN, "/first/429")
    assert (busy.status, busy.getheader("Retry-After")) == (429, "1")
    assert client.get(KLIPPEN, "/first/429").status == 200
    assert parsedate_to_datetime(client.get(KLIPPEN, "/first/503-date").getheader("Retry-After")).year == 2026
    assert [client.get(KLIPPEN, "/error.html").status for _ in range(3)] == [500] * 3


def test_a_body_that_is_cut(client):
    with pytest.raises(http.client.IncompleteRead) as cut:
        client.get(KLIPPEN, "/cut.html").read()
    assert len(cut.value.partial) > 100 and cut.value.expected > 100


def test_chunks_that_are_broken(client):
    with pytest.raises((http.client.IncompleteRead, ValueError)):
        client.get(KLIPPEN, "/broken-chunks.html").read()


def test_headers_that_are_too_much(client):
    with pytest.raises(http.client.LineTooLong):
        client.get(KLIPPEN, "/huge-headers.html")
    with pytest.raises(http.client.HTTPException, match="more than"):
        client.get(KLIPPEN, "/many-headers.html")


def test_answers_that_are_none(client):
    assert client.raw(KLIPPEN, "/nothing.html") == b""
    assert client.raw(KLIPPEN, "/bad-status.html").startswith(b"KLIPPEN/9 fine\r\n")
    assert client.raw(KLIPPEN, "/two-lengths.html").count(b"Content-Length:") == 2
    with pytest.raises(ConnectionError):
        client.get(KLIPPEN, "/nothing.html")
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        client.get(KLIPPEN, "/reset.html").read()
    assert client.get(KLIPPEN, "/always-304.html").status == 304


def test_bodies_that_are_slow_or_have_no_end(client, server):
    assert client.get(KLIPPEN, "/slow.html?seconds=0.05").status == 200
    dripped = client.get(KLIPPEN, "/drip.html?seconds=0.05")
    assert len(dripped.read()) == int(dripped.getheader("Content-Length"))
    endless = client.get(KLIPPEN, "/endless.html", Accept_Encoding="gzip, br")
    assert endless.getheader("Content-Length") is endless.getheader("Content-Encoding") is None
    for _ in range(100):
        assert len(endless.read(1 << 16)) == 1 << 16
    endless.close()
    assert client.raw(KLIPPEN, "/hang.html?seconds=0.05") == b""
    assert client.get(HARBOR, "/").status == 200, "the server goes on"


def test_packed_bodies_that_are_a_trap(client):
    bomb = client.get(KLIPPEN, "/gzip-bomb.html", Accept_Encoding="gzip").read()
    unpacker = zlib.decompressobj(31)
    assert len(unpacker.decompress(bomb, 1 << 20)) == 1 << 20 and unpacker.unconsumed_tail
    assert klippen.BOMB_BYTES / len(bomb) > 500
    assert gzip.decompress(gzip.decompress(client.get(KLIPPEN, "/packed-twice.html").read())).startswith(b"<html>")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(client.get(KLIPPEN, "/not-packed.html").read())
    with pytest.raises(EOFError):
        gzip.decompress(client.get(KLIPPEN, "/cut-gzip.html").read())
    assert len(client.get(KLIPPEN, "/large.html").read()) >= klippen.LARGE_BYTES // 10 * 10


def test_pages_that_lie_about_themselves(client):
    wrong = client.get(KLIPPEN, "/wrong-charset.html")
    assert wrong.getheader("Content-Type") == "text/html; charset=utf-8"
    assert "错误的声明" in wrong.read().decode("gbk")
    assert client.get(KLIPPEN, "/picture.html").read().startswith(b"\x89PNG")
    assert client.get(KLIPPEN, "/unknown-coding.html").getheader("Content-Encoding") == "x-klippen"
    assert client.get(KLIPPEN, "/x-robots-tag.html").getheader("X-Robots-Tag") == "noindex, noarchive"
    assert b'content="noindex,nofollow"' in client.get(KLIPPEN, "/noindex.html").read()


# --- log, admin endpoint, command -------------------------------------------------------------------------------------------------------------


def test_requests_are_logged_in_memory_and_in_a_file(web, tmp_path):
    with WebServer(web, log_path=tmp_path / "log.jsonl") as server:
        client = Client(server)
        tag = client.get(HARBOR, "/").getheader("ETag")
        client.get(HARBOR, "/", If_None_Match=tag)
        server.clock.advance(timedelta(hours=1))
        client.get(QINGHE, "/neibu/zhoubao.html?x=1", User_Agent="tester/1")
        requests = server.log.requests()
    assert [(one.host, one.path, one.status, one.is_conditional) for one in requests] == [
        (HARBOR, "/", 200, False), (HARBOR, "/", 304, True), (QINGHE, "/neibu/zhoubao.html?x=1", 404, False),
    ]  # fmt: skip
    assert [one.instant - web.start for one in requests] == [timedelta(0), timedelta(0), timedelta(hours=1)]
    assert requests[0].byte_count > 500 and requests[1].byte_count == 0
    assert requests[2].header("user-agent") == "tester/1"
    assert [Request.of_json(json.loads(line)) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()] == requests
    assert Truth(web).forbidden(requests) == requests[2:]
    assert len(delays(requests, HARBOR)) == 1 and delays(requests, HARBOR)[0] > 0


def test_delays_are_those_between_requests_to_one_host():
    log = Log()
    for seconds, host in ((1.0, HARBOR), (1.5, QINGHE), (3.0, HARBOR), (3.5, HARBOR)):
        log.add(Request(seconds, datetime(2026, 3, 2, tzinfo=UTC), "GET", host, "/", 200, 0, {}))
    assert delays(log.requests(), HARBOR) == [2.0, 0.5]
    assert len(log) == 4 and len(log.requests(QINGHE)) == 1


def test_many_clients_at_once_get_what_is_theirs(client, server, web):
    now = server.clock.now()
    paths = [
        (host, path)
        for host in (HARBOR, HAIDU, QINGHE)
        for path in ("/", "/robots.txt", *(section.path for section in web.histories[host].host.sections))
    ]
    with ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda place: client.get(*place).read(), paths * 10))
    assert bodies == [web.state_at(host, path, now).body for host, path in paths] * 10
    assert len(server.log) == len(bodies)


def test_the_command_serves_another_process(tmp_path):
    command = [
        sys.executable,
        "-m",
        "testweb",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--at",
        "2026-03-03T08:00Z",
        "--speed",
        "0",
        "--days",
        "3",
        "--log",
        str(tmp_path / "log.jsonl"),
        "--sources",
        str(tmp_path / "sources"),
    ]
    process = subprocess.Popen(command, cwd=EXAMPLES, stdout=subprocess.PIPE, text=True)
    try:
        port, admin_port = (int(re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[1]) for _ in range(2))
        assert process.stdout.readline().count(".yaml") == 3
        ahead = re.search(r"BROADSHEET_CLOCK_OFFSET_SECONDS=(-?\d+)", process.stdout.readline())[1]
        assert abs(datetime.now(UTC) + timedelta(seconds=int(ahead)) - datetime(2026, 3, 3, 8, tzinfo=UTC)) < timedelta(minutes=5)
        assert HARBOR in process.stdout.readline()
        sources, findings = check(tmp_path / "sources")
        assert {source.kind for source in sources} == {"web", "feed", "sitemap"}
        assert {(finding.key, finding.is_warning) for finding in findings} == {("allow_private", True)}

        def asked(method: str, path: str, body: str | None = None) -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", admin_port, timeout=20)
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()

        assert asked("GET", "/clock") == (200, '{"instant": "2026-03-03T08:00:00+00:00"}')
        assert asked("PUT", "/clock", '{"instant": "2026-03-04T10:00+00:00"}')[0] == 200
        for wrong in ("{}", "[]", '{"instant": "soon"}', '{"instant": "2026-03-04T10:00"}'):
            assert asked("PUT", "/clock", wrong)[0] == 400
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/", headers={"Host": HARBOR})
        response = connection.getresponse()
        web = Web(seed=7, days=3)
        at = datetime(2026, 3, 4, 10, tzinfo=UTC)
        assert response.read() == web.state_at(HARBOR, "/", at).body
        logged = asked("GET", "/log")[1].splitlines()
        assert [Request.of_json(json.loads(line)).instant for line in logged] == [at]
        assert asked("GET", "/log?since=1") == (200, "")
        assert json.loads(asked("GET", f"/truth?host={HARBOR}")[1]) == json.loads(json.dumps(Truth(web).as_json(HARBOR)))
        for source in sources:
            told = preview(source, page_bytes=1 << 24, clock_offset=int(ahead))
            assert told.pages and {seed.status for seed in told.seeds} == {200}
        logged = asked("GET", "/log")[1].splitlines()
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert (tmp_path / "log.jsonl").read_text("utf-8").splitlines() == logged


def test_the_command_has_help():
    done = subprocess.run([sys.executable, "-m", "testweb", "--help"], cwd=EXAMPLES, capture_output=True, text=True, check=True)
    assert all(option in done.stdout for option in ("--port", "--seed", "--at", "--speed", "--admin-port", "--log"))


def test_a_port_that_is_taken_is_told_of(server):
    done = subprocess.run(
        [sys.executable, "-m", "testweb", "--port", str(server.port), "--days", "1"],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and done.stderr.startswith("Cannot serve: ") and str(server.port) in done.stderr
