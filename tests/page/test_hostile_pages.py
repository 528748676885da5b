"""Pages made to hurt: each is read within a budget, and gives a valid record."""

import gzip
import random
import time
import zlib
from pathlib import Path

import pytest
from invented_pages import HTML, TEXT
from record_rules import broken_rules, read_bytes

from broadsheet.capture.content import decode_body, read_file
from broadsheet.capture.sources import deliveries
from broadsheet.errors import BadInput
from broadsheet.page.dom import MAX_BLOCKS
from broadsheet.page.read import read_page
from broadsheet.records import Rejection
from broadsheet.settings import MIB, Settings

BODY = "<p>A synthetic sentence, long enough to be taken for a paragraph of the page.</p>"
LINK = '<li><a href="/{0}">a synthetic headline with words {0}</a></li>'
# CPU seconds for a megabyte of hostile page. An ordinary one takes some 0.05; what grows faster than the page takes minutes.
SECONDS_A_MEGABYTE, SECONDS = 3.0, 4.0

HOSTILE = {
    "100,000 nested boxes": "<div>" * 100_000 + BODY,
    "100,000 nested boxes, closed": "<div>" * 100_000 + BODY + "</div>" * 100_000,
    "100,000 nested inline tags": "<b><i>" * 50_000 + BODY,
    "100,000 nested spans with a style": "<span style='color:red'>" * 100_000 + BODY,
    "nested tables": "<table><tr><td>" * 33_000 + BODY,
    "nested lists of links": "<ul><li><a href=/x>" * 30_000 + BODY,
    "nested templates": "<template>" * 50_000 + BODY,
    "nested foreign content": "<svg><desc>" * 50_000 + BODY,
    "misnested formatting": "<p><b><a href=x>" * 20_000 + BODY,
    "closing tags of nothing": "</div></p></a></b>" * 100_000 + BODY,
    "200,000 attributes on one tag": "<div " + " ".join(f"a{number}=1" for number in range(200_000)) + ">" + BODY,
    "200,000 times the same attribute": "<div " + "class=a " * 200_000 + ">" + BODY,
    "an attribute of 5 MB": "<div class='" + "comment nav " * 400_000 + "'>" + BODY,
    "a link of 5 MB": "<a href='" + "x" * 5_000_000 + "'>a synthetic headline with words</a>" + BODY,
    "a title of 5 MB": "<title>" + "title - " * 600_000 + "</title>" + BODY,
    "a 10 MB line": "x" * 10_000_000,
    "a 10 MB line of words": "来源 12:30 ab " * 700_000,
    "a 10 MB line of blanks": "<p>" + " " * 10_000_000 + "x",
    "a million lines": "a line\n" * 1_000_000,
    "a million breaks": "word<br>" * 1_000_000,
    "NUL bytes": "\0" * 1_000_000 + BODY + "\0".join(BODY) * 100,
    "lone surrogates": "\ud800" * 100_000 + BODY + "\udfff<p>\ud83d</p>" * 10_000,
    "entities": "&amp;" * 1_000_000 + BODY,
    "entities without an end": "&notit&ampx&#&#x" * 200_000 + BODY,
    "entities out of range": "&#x110000;&#xD800;&#0;&#99999999999999;" * 50_000 + BODY,
    "a comment that does not end": "<!--" + BODY * 50_000,
    "comments": "<!-- a -->" * 300_000 + BODY,
    "a script that does not end": "<script>" + BODY * 50_000,
    "tags that do not end": "<p " * 500_000,
    "angle brackets": "<" * 2_000_000,
    "JSON-LD, nested": '<script type="application/ld+json">' + '{"a":[' * 200_000 + "</script>" + BODY,
    "JSON-LD, many": '<script type="application/ld+json">{"@type":"NewsArticle","headline":"x"}</script>' * 20_000 + BODY,
    "metas": '<meta name="author" content="A Name">' * 100_000 + BODY,
    "links": "".join(map(LINK.format, range(100_000))),
    "lists of links": "".join(f"<h3>相关阅读</h3><ul>{LINK.format(number) * 3}</ul>" for number in range(15_000)),
    "headings": "<h1>A synthetic headline</h1>" * 100_000,
    "paragraphs": BODY * 60_000,
    "info lines": "<p>2024-03-01 08:30 来源：云州网 责任编辑：王小河</p>" * 40_000,
    "crumbs": "<div>当前位置：" + "首页 &gt; " * 200_000 + "</div>" + BODY,
    "byline names": "<p>作者：" + "王小河、" * 300_000 + "</p>" + BODY,
    "brackets": "<p>" + "（" * 500_000 + "）" * 500_000 + "</p>" + BODY,
    "entries": "\n".join(f"{number % 99}   title {number}" for number in range(100_000)),
    "copied entries": "热点新闻\n" + "  • 云州发布暴雨预警各区做好准备\n" * 100_000,
    "a line of cut copies": "热点新闻\n" + "云州发布暴雨预警 云州发布暴雨 " * 300_000,
    "teasers": "推荐阅读\n" + "云州发布暴雨预警  各区做好准备 【详细】\n" * 50_000,
    "dated entries": "<h3>要闻</h3><ul>" + "".join(f"{LINK.format(number)[:-5]} 2026-03-01</li>" for number in range(50_000)),
    "bullets": "\n".join(f"  • title {number} title {number}" for number in range(100_000)),
}


def seconds(budget: float, read):
    """The record, once the CPU time that it took is within the budget."""
    began = time.process_time()
    page = read()
    took = time.process_time() - began
    assert took < budget, f"{took:.1f} CPU seconds, {budget:.1f} allowed"
    return page


@pytest.mark.parametrize("media_type", ["text/html", "text/plain"])
@pytest.mark.parametrize("string", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_read_in_time(string: str, media_type: str) -> None:
    page = seconds(SECONDS + SECONDS_A_MEGABYTE * len(string) / 1e6, lambda: read_page(string, media_type=media_type))
    assert broken_rules(page) == []


@pytest.mark.parametrize("piece", ["word<br>", "<p>word", "<li>word", "<td>word", "<h2>word", "<div>word</div>"])
def test_a_page_ends_at_the_limit_of_blocks(piece: str) -> None:
    assert len(read_page(piece * 50_000, media_type="text/html").blocks) <= MAX_BLOCKS + 1


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 2_000_000 + BODY.encode(),
        b"\xed\xa0\x80" * 300_000 + BODY.encode(),  # surrogates as UTF-8 would write them
        b"\xff" * 2_000_000,
        b"\x80<p>" * 300_000,
        b"\x1b$B" * 300_000 + BODY.encode(),
        b"\xfe\xff" + b"\xd8\x00" * 300_000,
        random.Random(3).randbytes(1_000_000),
        (b"<meta " * 1500)[:8192] + b"<meta charset=gbk>" + "青河".encode("gbk") * 200_000,
        b"<?xml encoding='utf-7'?>" + b"+ADw-script+AD4-" * 50_000,
    ],
    ids=["NUL", "surrogates", "0xff", "0x80", "ISO 2022", "UTF-16 surrogates", "noise", "metas", "UTF-7"],
)  # fmt: skip
@pytest.mark.parametrize("http_charset", [None, "gbk", "iso-2022-jp", "x" * 5000])
def test_hostile_bytes_are_read_in_time(content: bytes, http_charset: str | None) -> None:
    page = seconds(SECONDS + SECONDS_A_MEGABYTE * len(content) / 1e6, lambda: read_bytes(content, http_charset=http_charset))
    assert broken_rules(page) == []


@pytest.mark.parametrize("source, media_type", [(HTML, "text/html"), (TEXT, "text/plain")], ids=["html", "text"])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_every_truncation_gives_a_valid_record(source: str, media_type: str, charset: str) -> None:
    content = source.encode(charset)
    step = max(1, len(content) // 400)  # each cut once over the run of charsets: 400 of some 3,000
    for end in range(0, len(content), step):
        assert broken_rules(read_bytes(content[:end], media_type=media_type)) == [], end


# --- decompression bombs: the limit is kept while unpacking, and reported -----------------------------------------------------

LIMIT = 2 * MIB


def bomb(size: int) -> bytes:
    """A gzip stream that unpacks to `size` bytes."""
    packer, piece = zlib.compressobj(9, zlib.DEFLATED, 31), b"<p>" + b"x" * (MIB - 3)
    return b"".join([*(packer.compress(piece) for _ in range(size // MIB)), packer.flush()])


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.html.gz"
    path.write_bytes(bomb(512 * MIB))
    with pytest.raises(BadInput) as caught:
        seconds(1.0, lambda: read_file(path, is_gzip=True, limit=LIMIT))
    assert caught.value.reason == "page_too_large"


def test_a_gzip_bomb_of_many_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.html.gz"
    path.write_bytes(gzip.compress(b"x" * MIB) * 300)
    with pytest.raises(BadInput) as caught:
        seconds(1.0, lambda: read_file(path, is_gzip=True, limit=LIMIT))
    assert caught.value.reason == "page_too_large"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_bomb_in_an_http_coding_is_refused(coding: str) -> None:
    import brotli

    plain = b"x" * (256 * MIB)
    body = {"gzip": lambda: bomb(256 * MIB), "deflate": lambda: zlib.compress(plain), "br": lambda: brotli.compress(plain, quality=1)}.get(
        coding, lambda: gzip.compress(bomb(256 * MIB))
    )()
    with pytest.raises(BadInput) as caught:
        seconds(1.0, lambda: decode_body(body, transfer_coding="", content_coding=coding, limit=LIMIT))
    assert caught.value.reason == "page_too_large"


def test_many_empty_gzip_members_take_no_long_time() -> None:
    body = gzip.compress(b"", mtime=0) * 50_000
    assert seconds(SECONDS, lambda: decode_body(body, transfer_coding="", content_coding="gzip", limit=LIMIT)) == b""


def test_a_bomb_is_one_rejection_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "bomb.html.gz").write_bytes(bomb(64 * MIB))
    (tmp_path / "page.html").write_text(HTML, "utf-8")
    found = list(deliveries([tmp_path], manifest=None, settings=Settings(max_page_bytes=LIMIT)))
    assert [item.reasons if isinstance(item, Rejection) else "page" for item in found] == [("page_too_large",), "page"]
