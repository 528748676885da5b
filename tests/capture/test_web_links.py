"""What pages, feeds and sitemaps lead to."""

import gzip
from datetime import UTC, datetime

import pytest
from scrapy.http import HtmlResponse, Response

from broadsheet.capture.web.links import entries_of, links_of, sitemap_of

URL = "https://news.lanshan.example/sz/"


def test_links_of_a_page_come_in_their_order_against_its_base():
    html = """<html><head><base href="https://news.lanshan.example/b/"></head><body><a href="2.html">二</a><a href=" /1.html ">一</a>
      <a href="2.html">again</a><a rel="nofollow sponsored" href="/ad">ad</a><a href="photo.jpg">photo</a><area href="/map"></body></html>"""
    response = HtmlResponse(URL, body=html, encoding="gb18030")
    assert links_of(response) == [f"https://news.lanshan.example{path}" for path in ("/b/2.html", "/1.html", "/map")]
    assert links_of(Response(URL, body=b"\x89PNG")) == []


RSS = """<?xml version="1.0" encoding="gb2312"?><rss version="2.0"><channel><title>澜山</title>
  <item><title>一</title><link>/a/1.html</link></item><item><title>no link</title></item>
  <item><title>二</title><link>https://news.lanshan.example/a/2.html</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>a</title><link href="https://news.lanshan.example/a/1.html"/></entry></feed>"""
JSON = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "https://news.lanshan.example/a/1.html"}, {"id": "2"}, 3]}'


@pytest.mark.parametrize(
    ("feed", "links"),
    [
        (RSS.encode("gb2312"), ["https://news.lanshan.example/a/1.html", "https://news.lanshan.example/a/2.html"]),
        (ATOM.encode(), ["https://news.lanshan.example/a/1.html"]),
        (b"\xef\xbb\xbf\n" + JSON.encode(), ["https://news.lanshan.example/a/1.html"]),
        (b"{not json", []),
        (b"[1, 2]", []),
        (b"<html><a href='/x'>x</a></html>", []),
        (b"", []),
        (b"\0\xff<rss><channel><item><link>", []),
    ],
)
def test_entries_of_feeds_come_in_their_order(feed, links):
    assert entries_of(feed, URL) == links


def test_a_feed_is_read_from_what_was_sent_whatever_it_names(tmp_path):
    local = tmp_path / "feed.xml"
    local.write_bytes(RSS.encode("gb2312"))
    assert entries_of(str(local).encode(), URL) == []


@pytest.mark.parametrize(
    "item",
    [
        b'<fullText><![CDATA[<img src="data:' + 5000 * b"x" + b'">]]></fullText>', b"<title><![CDATA[how <description> works]]></title>",
        b"<!-- <summary> -->", b"<description><![CDATA[how </description> works]]></description>",
    ],
)  # fmt: skip
def test_markup_in_comments_and_in_texts_is_none(item):
    link = b"<link>https://news.lanshan.example/1</link>"
    assert entries_of(b'<rss version="2.0"><channel><item>' + item + link + b"</item></channel></rss>", URL) == ["https://news.lanshan.example/1"]


def test_a_feed_takes_time_by_its_length_alone():
    """Its parser takes the square of a tag's attributes, and as long again for texts that lead nowhere."""
    tag = b"<item " + b" ".join(b'a%d="x"' % number for number in range(200_000)) + b">"
    assert entries_of(b'<rss version="2.0"><channel>' + tag + b"<link>https://news.lanshan.example/1</link></item></channel></rss>", URL) == []
    text = b"<description>" + b"&lt;p&gt;" * 200_000 + b"</description>"
    item = b"<item><link>https://news.lanshan.example/1</link>" + text + b"</item>"
    assert entries_of(b'<rss version="2.0"><channel>' + item + b"</channel></rss>", URL) == ["https://news.lanshan.example/1"]


INDEX = """<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <sitemap><loc> https://news.lanshan.example/s1.xml.gz </loc><lastmod>2026-03-02</lastmod></sitemap></sitemapindex>"""
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
  <url><loc>https://news.lanshan.example/a/1.html</loc><lastmod>2026-03-05T00:00:00Z</lastmod>
    <news:news><news:publication_date>2026-03-02T08:00:00+08:00</news:publication_date></news:news></url>
  <url><loc>https://news.lanshan.example/a/2.html</loc><lastmod>rubbish</lastmod></url><url><lastmod>2026-03-02</lastmod></url></urlset>"""


def test_sitemaps_tell_urls_and_when():
    assert list(sitemap_of(INDEX.encode(), 1000)) == [("https://news.lanshan.example/s1.xml.gz", datetime(2026, 3, 2, tzinfo=UTC), True)]
    told = [("https://news.lanshan.example/a/1.html", datetime.fromisoformat("2026-03-02T08:00:00+08:00"), False), ("https://news.lanshan.example/a/2.html", None, False)]  # fmt: skip
    assert list(sitemap_of(NEWS.encode(), 1000)) == told
    assert list(sitemap_of(gzip.compress(NEWS.encode()), 10_000)) == told


@pytest.mark.parametrize("content", [b"", b"<html>", b"no xml", b"\x1f\x8b\x08rubbish", gzip.compress(b"<a>" * 100, mtime=0)[:40]])
def test_what_is_no_sitemap_leads_nowhere(content):
    assert list(sitemap_of(content, 1000)) == []


def test_entities_of_a_sitemap_are_not_followed():
    bomb = '<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    content = f"{bomb}<urlset><url><loc>https://news.lanshan.example/&b;&f;</loc></url></urlset>".encode()
    assert all("aaaa" not in url and "root:" not in url for url, _, _ in sitemap_of(content, 1000))
