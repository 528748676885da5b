"""WARC records become pages; damage costs the damaged record and is named."""

import base64
import gzip
import hashlib
import zlib

import brotli
import pytest
from warcs import DATE, HTML, Warc, page

from broadsheet.capture.delivery import Delivery, Missing, PassedOver
from broadsheet.capture.frames import frame_at, frames
from broadsheet.capture.sources import deliveries
from broadsheet.records import Rejection, TimeBasis
from broadsheet.settings import Settings

SETTINGS = Settings(max_page_bytes=100_000)
BOTH = pytest.mark.parametrize("is_gzip", [True, False], ids=["gzip", "plain"])


def read(tmp_path, data: bytes, name: str = "a.warc.gz", **settings):
    path = tmp_path / name
    path.write_bytes(data)
    return list(deliveries([path], manifest=None, settings=Settings(max_page_bytes=100_000, **settings)))


def reasons(items) -> list[str]:
    return [reason(item) for item in items]


def reason(item) -> str:
    match item:
        case Delivery():
            return "page"
        case PassedOver():
            return item.kind
        case Missing():
            return item.absence.absence_kind
        case _:
            return item.reasons[0]


def many(is_gzip: bool, count: int = 5) -> Warc:
    warc = Warc(is_gzip)
    for number in range(count):
        warc.response(page(number, size=3000), url=f"http://www.qingxi.example/a/{number}.html")
    return warc


@BOTH
def test_a_response_is_a_page_with_all_it_says(tmp_path, is_gzip):
    warc = Warc(is_gzip).other("warcinfo").response(page(1), url="http://www.Qingxi.example/a/1.html").other("request").other("metadata")
    (item,) = read(tmp_path, warc.data)
    capture = item.capture
    assert item.content == page(1)
    assert item.http_header.startswith(b"HTTP/1.1 200 OK\r\n") and item.http_header.endswith(b"\r\n\r\n")
    assert (capture.media_type, capture.http_status, capture.http_charset) == ("text/html", 200, "utf-8")
    assert (capture.url, capture.site, capture.site_basis) == ("http://www.Qingxi.example/a/1.html", "qingxi.example", "url")
    assert (capture.captured_at.isoformat(), capture.captured_at_basis) == ("2026-03-02T01:00:00+00:00", TimeBasis.WARC)
    assert capture.input_path == f"{tmp_path}/a.warc.gz#{warc.offsets[1]}"


@pytest.mark.parametrize(
    ("headers", "status", "url", "expected"),
    [
        ([("Content-Type", "Image/PNG")], "200 OK", "http://qingxi.example/x.png", "image/png"),
        ([("Content-Type", "application/json; charset=utf-8")], "200 OK", "http://qingxi.example/x", "application/json"),
        (HTML, "301 Moved", "http://qingxi.example/x", "status 301"),
        (HTML, "204 No Content", "http://qingxi.example/x", "status 204"),
        (HTML, "404 Not Found", "http://qingxi.example/x", "gone_404"),
        ([], "410 Gone", "http://qingxi.example/x", "gone_410"),
        (HTML, "403 Forbidden", "http://qingxi.example/x", "http_error"),
        (HTML, "429 Too Many Requests", "http://qingxi.example/x", "http_error"),
        (HTML, "503 Busy", "http://qingxi.example/x", "http_error"),
        ([("Content-Type", "application/xhtml+xml")], "200 OK", "http://qingxi.example/x", "page"),
        ([("Content-Type", "Text/HTML; charset=GBK")], "200 OK", "http://qingxi.example/x", "page"),
        ([], "200 OK", "http://qingxi.example/x", "page"),
    ],
)
def test_what_is_a_page(tmp_path, headers, status, url, expected):
    (item,) = read(tmp_path, Warc().response(page(1), headers=headers, status=status, url=url).data)
    assert reasons([item]) == [expected]
    if expected == "http_error":
        assert item.scope == "page" and item.capture_id and item.site == "qingxi.example" and status[:3] in item.detail


FEEDS = {
    "application/rss+xml": b'<?xml version="1.0"?><!-- made daily --><rss version="2.0"><channel/></rss>',
    "application/atom+xml": b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>',
    "application/feed+json": b'{"items": [], "version": "https:\\/\\/jsonfeed.org\\/version\\/1.1"}',
}


@pytest.mark.parametrize("declared", [*FEEDS, "text/xml; charset=gbk", "Application/XML", "application/json", "text/html", "text/plain", None])
@pytest.mark.parametrize("media_type", FEEDS)
def test_a_feed_is_told_by_its_content_whatever_is_declared(tmp_path, declared, media_type):
    headers = [("Content-Type", declared)] if declared else []
    (item,) = read(tmp_path, Warc().response(FEEDS[media_type], headers=headers).data)
    assert item.capture.media_type == media_type


@pytest.mark.parametrize(
    ("declared", "body", "expected"),
    [
        ("application/xml", b'<?xml version="1.0"?><urlset/>', "application/xml"),  # a sitemap
        ("application/json", b'{"version": 3}', "application/json"),
        ("text/xml", b"", "text/xml"),
        ("application/ld+json", b"\xff\x00" * 9, "application/ld+json"),
        ("image/svg+xml", FEEDS["application/rss+xml"], "image/svg+xml"),
        ("application/rss+xml", b"<html><body>Not found</body></html>", "not_a_feed"),
        ("application/atom+xml", b"", "empty_file"),
        ("application/feed+json", b"[]", "not_a_feed"),
    ],
)
def test_xml_and_json_are_passed_over_and_what_calls_itself_a_feed_is_not(tmp_path, declared, body, expected):
    assert reasons(read(tmp_path, Warc().response(body, headers=[("Content-Type", declared)]).data)) == [expected]


def test_resources_are_pages_unless_they_are_the_crawlers_own(tmp_path):
    warc = (
        Warc()
        .resource("快讯：桥通了。".encode())
        .resource(b"x", url="metadata://crawler.example/log.txt")
        .resource(b"\x89PNG\r\n", content_type="image/png")
    )
    assert reasons(read(tmp_path, warc.data)) == ["page", "metadata record", "image/png"]


def test_what_was_never_meant_to_be_a_page_is_passed_over_and_not_rejected(tmp_path):
    warc = Warc().other("conversion").response(b"\x89PNG\r\n\x1a\n", headers=[]).response(b"{}", headers=[]).response(b"", headers=[])
    items = read(tmp_path, warc.data)
    assert reasons(items) == ["conversion record", "no content type", "no content type", "empty_file"]
    assert [item.input_path.rpartition("#")[2] for item in items] == [str(offset) for offset in warc.offsets]


def test_a_content_type_that_names_only_a_charset_says_nothing_of_the_kind(tmp_path):
    warc = Warc()
    for body in (page(1), b"\x89PNG\r\n\x1a\n"):
        warc.response(body, headers=[("Content-Type", ";charset=utf-8")])
    items = read(tmp_path, warc.data)
    assert reasons(items) == ["page", "no content type"]
    assert items[0].capture.http_charset == "utf-8"


@pytest.mark.parametrize("date", ["not a date", "0001-01-01T00:00:00+09:00"])
def test_without_a_usable_warc_date_the_http_date_counts(tmp_path, date):
    headers = [*HTML, ("Date", "Mon, 02 Mar 2026 03:04:05 GMT")]
    (item,) = read(tmp_path, Warc().response(page(1), headers=headers, date=date).data)
    assert (item.capture.captured_at.isoformat(), item.capture.captured_at_basis) == ("2026-03-02T03:04:05+00:00", "http")
    (item,) = read(tmp_path, Warc().response(page(1), date=date).data)
    assert (item.capture.captured_at, item.capture.captured_at_basis) == (None, "none")


def chunked(body: bytes, size: int = 100) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


BODY = page(7, size=500)
CODED = [
    ("gzip", "", gzip.compress(BODY, mtime=0)), ("x-gzip", "", gzip.compress(BODY, mtime=0)), ("deflate", "", zlib.compress(BODY)), ("deflate", "", raw_deflate(BODY)),
    ("br", "", brotli.compress(BODY)), ("", "chunked", chunked(BODY)), ("gzip", "chunked", chunked(gzip.compress(BODY, mtime=0))), ("identity", "", BODY),
    # gzip of several members, and with something behind it that is none
    ("gzip", "", gzip.compress(BODY[:100], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(BODY[100:], mtime=0)), ("gzip", "", gzip.compress(BODY, mtime=0) + b"\0\0"),
    # bodies that the crawler stored decoded, under the old headers
    ("gzip", "", BODY), ("deflate", "", BODY), ("br", "", BODY), ("", "chunked", BODY), ("gzip", "chunked", BODY),
]  # fmt: skip


@pytest.mark.parametrize(("content_coding", "transfer_coding", "body"), CODED)
def test_http_codings_are_undone(tmp_path, content_coding, transfer_coding, body):
    headers = [*HTML, ("Content-Encoding", content_coding), ("Transfer-Encoding", transfer_coding)]
    (item,) = read(tmp_path, Warc().response(body, headers=[pair for pair in headers if pair[1]]).data)
    assert item.content == BODY


@pytest.mark.parametrize(
    ("coding", "body", "expected"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)[:-9], "broken_warc_record"),
        ("gzip", gzip.compress(BODY, mtime=0)[:20] + b"????" + gzip.compress(BODY, mtime=0)[24:], "broken_warc_record"),
        ("br", brotli.compress(BODY)[:-5], "broken_warc_record"),
        ("deflate", zlib.compress(BODY)[:-9], "broken_warc_record"),
        ("frob", BODY, "unknown_coding"),
        ("gzip", gzip.compress(b"a" * 20_000_000, mtime=0), "page_too_large"),
        ("gzip", gzip.compress(b"a" * 2_000_000, mtime=0) * 10, "page_too_large"),
        ("gzip", gzip.compress(BODY, mtime=0) + gzip.compress(BODY, mtime=0)[:-9], "broken_warc_record"),
        ("deflate", zlib.compress(b"a" * 20_000_000), "page_too_large"),
        ("br", brotli.compress(b"a" * 20_000_000), "page_too_large"),
        ("gzip", gzip.compress(b"\0" * 5000, mtime=0), "binary_content"),
        ("gzip", b"", "empty_file"),
    ],
)
def test_coded_bodies_that_cannot_be_used(tmp_path, coding, body, expected):
    items = read(tmp_path, Warc().response(body, headers=[*HTML, ("Content-Encoding", coding)]).response(page(2)).data)
    assert reasons(items) == [expected, "page"]


def test_a_chunked_body_that_breaks_off(tmp_path):
    headers = [*HTML, ("Transfer-Encoding", "chunked")]
    assert reasons(read(tmp_path, Warc().response(chunked(BODY)[:-150], headers=headers).data)) == ["broken_warc_record"]


def test_a_page_over_the_limit_and_one_at_it(tmp_path):
    warc = Warc().response(b"<" * 100_001).response(b"<" * 100_000).response(b"<" * 5_000_000)
    assert reasons(read(tmp_path, warc.data)) == ["page_too_large", "page", "page_too_large"]


def test_a_revisit_is_a_second_capture_of_the_same_bytes(tmp_path):
    digest = "sha1:" + base64.b32encode(hashlib.sha1(page(1)).digest()).decode()
    (tmp_path / "1.warc.gz").write_bytes(Warc().response(page(1)).data)
    (tmp_path / "2.warc.gz").write_bytes(Warc().revisit(digest.lower()).revisit("sha1:UNKNOWN").data)
    one, again, lost = deliveries([tmp_path], manifest=None, settings=SETTINGS)
    assert again.content == one.content and again.capture.content_sha256 == one.capture.content_sha256
    assert again.capture.captured_at.isoformat() == "2026-03-03T01:00:00+00:00"
    assert again.capture.capture_id != one.capture.capture_id
    assert lost.reasons == ("unresolved_revisit",)


# --- damage ------------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_file_cut_anywhere_gives_the_whole_records_and_one_rejection(tmp_path, is_gzip):
    warc = many(is_gzip)
    whole = [*warc.offsets, len(warc.data)]
    cuts = {*range(1, len(warc.data), 97), *(offset + step for offset in warc.offsets for step in (1, 5, 60, 250)), len(warc.data) - 1}
    for cut in sorted(cuts):
        items = read(tmp_path, warc.data[:cut])
        good = sum(end <= cut for end in whole[1:])
        # Cut in the blank lines that end a plain record, the record is still whole.
        if not is_gzip and any(end - 4 <= cut < end for end in whole[1:]):
            assert reasons(items) == ["page"] * (good + 1)
        else:
            assert reasons(items) == ["page"] * good + ["broken_warc_record"] * (cut not in whole), cut


@BOTH
@pytest.mark.parametrize("damage", ["start", "zeros", "hole", "lost_head"])
def test_reading_goes_on_after_a_damaged_record(tmp_path, is_gzip, damage):
    warc = many(is_gzip)
    data, begin, end = warc.data, warc.offsets[2], warc.offsets[3]
    data = {
        "start": data[:begin] + b"?" + data[begin + 1 :],
        "zeros": data[: begin + 1] + b"\1" * (end - begin - 5) + data[end - 4 :],
        "hole": data[: end - 60] + data[end - 40 :],
        "lost_head": data[:begin] + data[begin + 50 :],
    }[damage]
    items = read(tmp_path, data)
    assert reasons(items) == ["page", "page", "broken_warc_record", "page", "page"]
    assert [item.capture.url[-6:] for item in items if isinstance(item, Delivery)] == ["0.html", "1.html", "3.html", "4.html"]
    assert items[2].input_path.endswith(f"#{begin}")


def test_flipped_bits_in_a_gzip_member_are_found(tmp_path):
    warc = many(True)
    for position in range(warc.offsets[1] + 12, warc.offsets[2] - 10, 7):  # the last byte before the checksum is half padding
        data = bytearray(warc.data)
        data[position] ^= 0x10
        assert reasons(read(tmp_path, bytes(data))) == ["page", "broken_warc_record", "page", "page", "page"]


def test_a_wrong_length_is_found_in_a_plain_file(tmp_path):
    warc = many(False)
    head, tail = warc.data[: warc.offsets[1]], warc.data[warc.offsets[1] :]
    for wrong in (b"12", b"99999999999", b"x", b"-5"):
        start = tail.index(b"Content-Length: ") + 16
        data = head + tail[:start] + wrong + tail[tail.index(b"\r\n", start) :]
        assert reasons(read(tmp_path, data)) == ["page", "broken_warc_record", "page", "page", "page"]


def test_what_is_no_warc_at_all(tmp_path):
    assert reasons(read(tmp_path, b"")) == ["empty_file"]
    assert reasons(read(tmp_path, b"<html>not a warc</html>" * 50)) == ["broken_warc_record"]
    assert reasons(read(tmp_path, gzip.compress(b"<html>not a warc</html>"))) == ["broken_warc_record"]


def test_one_gzip_member_around_all_records(tmp_path):
    warc = many(False)
    path = tmp_path / "whole.warc.gz"
    path.write_bytes(gzip.compress(warc.data))
    items = read(tmp_path, path.read_bytes(), "whole.warc.gz")
    assert [item.capture.input_path.rpartition("#")[2] for item in items] == ["0", *(f"0.{offset}" for offset in warc.offsets[1:])]
    for item, frame in zip(items, frames(path, limit=10**6), strict=True):
        assert frame_at(path, frame.position, limit=10**6) == frame
        assert frame.block.endswith(item.content)


def test_a_response_without_an_http_header(tmp_path):
    data = Warc(False).resource(b"<html>bare</html>", content_type="application/http").data.replace(b"resource", b"response")
    assert reasons(read(tmp_path, data)) == ["broken_warc_record"]


def test_headers_of_any_bytes(tmp_path):
    data = Warc(False).response(page(1), url="http://qingxi.example/a").data
    data = data.replace(b"http://qingxi.example/a", b"http://qingxi.exampl/\xd6\xd0 ")
    (item,) = read(tmp_path, data, "a.warc")
    assert isinstance(item, Rejection) or " " not in item.capture.url
    assert DATE[:10] in str(item.capture.captured_at)
