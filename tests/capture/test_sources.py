"""Every file is answered once: a page, or a rejection with its reason."""

import gzip
import os
import shutil
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcs import Warc, page

from broadsheet.capture.delivery import Delivery, clean_url, parse_instant
from broadsheet.capture.sources import deliveries
from broadsheet.ids import content_sha256, make_id
from broadsheet.quality.reasons import REASONS
from broadsheet.records import SiteBasis, TimeBasis
from broadsheet.settings import Settings

SETTINGS = Settings(max_page_bytes=100_000)
NOBODY = 65534  # a user id that owns nothing here


def read(*paths, manifest=None, settings=SETTINGS):
    items = list(deliveries(paths, manifest=manifest, settings=settings))
    assert all(isinstance(item, Delivery) or set(item.reasons) <= REASONS.keys() for item in items)
    return items


def said(items) -> list[str]:
    """`name` of each page, `name reason` of each rejection."""
    return [Path(item.capture.input_path).name if isinstance(item, Delivery) else f"{Path(item.input_path).name} {item.reasons[0]}" for item in items]


def test_a_directory_without_a_file_is_named(tmp_path):
    for name in ("a/b/c", "d", "e"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "d" / ".hidden.html").write_bytes(page(1))
    (tmp_path / "e" / "page.html").write_bytes(page(1))
    assert said([item for name in "ade" for item in read(tmp_path / name)]) == ["a empty_directory", "d empty_directory", "page.html"]
    assert said(read(tmp_path)) == ["page.html"]


def test_a_directory_that_holds_only_the_manifest_is_not_called_empty(tmp_path):
    (tmp_path / "manifest.csv").write_text("path,url\n", "utf-8")
    assert said(read(tmp_path, manifest=tmp_path / "manifest.csv")) == []


def test_a_file_knows_only_itself(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(page(1))
    (item,) = read(path)
    capture = item.capture
    assert item.content == page(1)
    assert (capture.media_type, capture.input_path, capture.byte_count) == ("text/html", str(path), len(page(1)))
    assert (capture.url, capture.site, capture.site_basis) == (None, None, SiteBasis.NONE)
    assert (capture.captured_at, capture.captured_at_basis) == (None, TimeBasis.NONE)
    assert capture.capture_id == make_id("capture", content_sha256(page(1)), None, None)


def test_mtime_counts_only_when_trusted(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(page(1))
    os.utime(path, (1_772_400_000, 1_772_400_000))
    (item,) = read(path, settings=Settings(is_mtime_trusted=True))
    assert item.capture.captured_at == datetime.fromtimestamp(1_772_400_000, UTC)
    assert item.capture.captured_at_basis == TimeBasis.MTIME


def test_a_directory_of_everything(tmp_path):
    """One of each kind, in the order of names; hidden ones are left out."""
    (tmp_path / "sub").mkdir()
    files = {
        "a.html": page(1), "b.HTM": page(2), "c.txt": "云州晚报：桥通了。".encode(), "d.html.gz": gzip.compress(page(3)),
        "e.txt.GZ": gzip.compress(b"plain"),
        "f.warc.gz": Warc().response(page(4)).data, "g.warc": Warc(False).response(page(5)).data,
        "h.html": b"", "i.txt": b" \r\n\t", "j.html.gz": b"", "k.html.gz": gzip.compress(b""),
        "l.html": b"\x89PNG\r\n\x1a\n0000", "m.txt": b"words\0and\0more", "n.html": bytes(range(256)) * 4, "o.html": gzip.compress(page(1)),
        "p.html.gz": gzip.compress(page(1))[:-3], "q.txt.gz": b"not gzip at all", "r.jpg": b"\xff\xd8\xff", "s.gz": gzip.compress(page(1)), "t": b"x",
        "u.html": b"<" * 100_001, "v.html.gz": gzip.compress(b"a" * 30_000_000), "w.html": b"<" * 100_000,
        "x.txt": "﻿云州".encode("utf-16"), "y.txt": page(6).replace(b"<html>", b"<!DOCTYPE html><html>"), "sub/z.html": page(7),
        ".hidden.html": page(8), "sub/.DS_Store": b"\0",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    warc = ("f.warc.gz#0", "g.warc#0")
    items = read(tmp_path)
    assert said(items) == [
        "a.html", "b.HTM", "c.txt", "d.html.gz", "e.txt.GZ", *warc,
        "h.html empty_file", "i.txt empty_file", "j.html.gz empty_file", "k.html.gz empty_file",
        "l.html binary_content", "m.txt binary_content", "n.html binary_content", "o.html binary_content",
        "p.html.gz truncated_gzip", "q.txt.gz not_gzip", "r.jpg unknown_extension", "s.gz unknown_extension", "z.html", "t unknown_extension",
        "u.html page_too_large", "v.html.gz page_too_large", "w.html", "x.txt", "y.txt",
    ]  # fmt: skip
    types = {Path(item.capture.input_path).name: item.capture.media_type for item in items if isinstance(item, Delivery)}
    assert (types["c.txt"], types["y.txt"]) == ("text/plain", "text/html")
    assert read(tmp_path) == items


RSS = b'<?xml version="1.0" encoding="gb2312"?>\n<rss version="2.0"><channel/></rss>'


@pytest.mark.parametrize(
    ("name", "content", "said_of_it"),
    [
        ("a.xml", RSS, "application/rss+xml"),
        ("a.rss.gz", gzip.compress(b"\xef\xbb\xbf \n" + RSS, mtime=0), "application/rss+xml"),
        ("a.html", RSS, "application/rss+xml"),
        ("a.txt", b'<rdf:RDF xmlns:rdf="x" xmlns="http://purl.org/rss/1.0/"></rdf:RDF>', "application/rss+xml"),
        ("a.rdf", '<feed xmlns="http://www.w3.org/2005/Atom"/>'.encode("utf-16"), "application/atom+xml"),
        ("a.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><!-- <html> --><a:feed xmlns:a="http://www.w3.org/2005/Atom">', "application/atom+xml"),
        ("a.json", b' {"title": "x", "version" : "https://jsonfeed.org/version/1"}', "application/feed+json"),
        ("a.xml", b'<?xml version="1.0"?><!DOCTYPE html><html><body>x</body></html>', "text/html"),
        ("a.xml", b"<urlset/>", "not_a_feed"),
        ("a.xml", b"<feed><entry/></feed>", "not_a_feed"),  # of some other kind
        ("a.rdf", b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "not_a_feed"),
        ("a.json", b'{"version": 1}', "not_a_feed"),
        ("a.atom", b"nothing of the kind", "not_a_feed"),
        ("a.xml", b"<!DOCTYPE x [" * 3000, "not_a_feed"),
        ("a.rss", b" ", "empty_file"),
    ],
)
def test_a_feed_is_told_by_its_content_whatever_its_file_is_called(tmp_path, name, content, said_of_it):
    (tmp_path / name).write_bytes(content)
    (item,) = read(tmp_path / name)
    assert (item.capture.media_type if isinstance(item, Delivery) else item.reasons[0]) == said_of_it


def test_a_gzip_cut_anywhere_is_named(tmp_path):
    packed = gzip.compress(page(1, size=300)) + gzip.compress("<p>第二部分</p>".encode())
    path = tmp_path / "a.html.gz"
    first = len(gzip.compress(page(1, size=300)))
    for length in range(1, len(packed)):
        path.write_bytes(packed[:length])
        assert said(read(path)) == (["a.html.gz"] if length == first else ["a.html.gz truncated_gzip"]), length
    path.write_bytes(packed + b"\0" * 40)
    assert read(path)[0].content.endswith("第二部分</p>".encode())


def test_a_fifty_megabyte_page_is_not_read(tmp_path):
    path = tmp_path / "a.html"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert said(read(path, settings=Settings())) == ["a.html page_too_large"]


def test_what_cannot_be_looked_into(tmp_path):
    (tmp_path / "a.html").write_bytes(page(1))
    (tmp_path / "b.html").symlink_to(tmp_path / "nowhere.html")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.html").symlink_to(tmp_path / "self.html")
    os.mkfifo(tmp_path / "pipe.html")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        items = read(tmp_path)
    assert said(items) == ["a.html", "b.html unreadable", "pipe.html unreadable", "self.html unreadable", "socket unreadable"]


@pytest.fixture
def folder_of_anyone():
    """A folder of a user who may not read everything, worked in as that user: root may, and is someone else for the test."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    (folder / "a.html").write_bytes(page(1))
    (folder / "locked").mkdir(mode=0)
    read(folder)  # what is imported only now may lie where that user cannot look
    if is_root:
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        (folder / "locked").chmod(0o700)
        shutil.rmtree(folder)


def test_a_directory_without_permission(folder_of_anyone):
    assert said(read(folder_of_anyone)) == ["a.html", "locked unreadable"]


@pytest.mark.parametrize("refused", ["iterdir", "open"])
def test_refused_permission_is_named(tmp_path, monkeypatch, refused):
    """Whatever the call that the system refuses."""
    (tmp_path / "a.html").write_bytes(page(1))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(f"pathlib.Path.{refused}", refuse)
    (item,) = read(tmp_path)
    assert item.reasons == ("unreadable",) and item.detail == "Permission denied"


def test_a_missing_path_and_the_same_path_twice(tmp_path):
    (tmp_path / "a.html").write_bytes(page(1))
    assert said(read(tmp_path / "no.html", tmp_path / "a.html", tmp_path / "a.html")) == ["no.html missing_file", "a.html", "a.html"]


def test_file_names_of_any_bytes_can_be_stored(tmp_path):
    (tmp_path / os.fsdecode(b"\xd4\xc6\xd6\xdd.html")).write_bytes(page(1))
    (item,) = read(tmp_path)
    assert item.capture.input_path.endswith(r"\xd4\xc6\xd6\xdd.html")
    item.capture.input_path.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" <http://a.example/x y> ", "http://a.example/x%20y"), ("https://a.example/云", "https://a.example/云"), ("ftp://a.example/", None),
        ("a/b", None), ("", None), (None, None), ("http://[::1", None), ("http://a.example/\u3000\n", "http://a.example/"),
        ("https://bob:it's@a.example/@bob", "https://a.example/@bob"), ('http://a"b:c d@a.example/', "http://a.example/"),
    ],
)  # fmt: skip
def test_clean_url(text, url):
    assert clean_url(text) == url


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03-01T08:00:00", "yesterday", "", None, "9999-12-31T23:59:59-12:00"])
def test_times_without_an_offset_are_not_instants(text):
    assert parse_instant(text) is None
