"""A manifest adds what the files don't know; what is wrong with it is named, row by row."""

import json
from datetime import datetime

import pytest
from warcs import Warc, page

from broadsheet.capture.sources import deliveries
from broadsheet.errors import ConfigurationError
from broadsheet.records import Rejection
from broadsheet.settings import Settings

AT = "2026-03-01T08:00:00+08:00"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pages").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "pages" / f"{number}.html").write_bytes(page(number))
    return tmp_path


def read(manifest, *paths):
    return list(deliveries(paths, manifest=manifest, settings=Settings()))


def write_csv(folder, *lines, name="manifest.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def parts(items):
    """(reasons of rejections with the file or row they name, captures)"""
    rejections = [(item.reasons[0], item.input_path.rpartition("/")[2]) for item in items if isinstance(item, Rejection)]
    return rejections, [item.capture for item in items if not isinstance(item, Rejection)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("with_paths", [True, False])
def test_rows_tell_url_time_and_site(folder, kind, with_paths):
    row = {"path": "pages/1.html", "url": "http://www.qingxi.example/1.html", "captured_at": AT, "site": "www.Yunzhou.example", "colour": "red"}
    if kind == "csv":
        manifest = write_csv(folder, ",".join(row), ",".join(row.values()))
    else:
        manifest = folder / "manifest.jsonl"
        manifest.write_text(json.dumps(row) + "\n\n")
    rejections, captures = parts(read(manifest, *([folder] if with_paths else [])))
    assert not rejections
    assert len(captures) == (3 if with_paths else 1)  # the manifest itself is no page
    first, *others = captures
    assert (first.url, first.site, first.site_basis) == ("http://www.qingxi.example/1.html", "yunzhou.example", "manifest")
    assert (first.captured_at.isoformat(), first.captured_at_basis) == ("2026-03-01T00:00:00+00:00", "manifest")
    assert all(other.url is None for other in others)


def test_paths_may_be_relative_to_a_walked_directory_or_absolute(folder, tmp_path_factory):
    elsewhere = write_csv(
        tmp_path_factory.mktemp("m"),
        "path,url",
        "1.html,http://a.example/1",
        f"{folder}/pages/2.html,http://a.example/2",
        f"{folder}/x/../pages/3.html,",
    )
    (folder / "x").mkdir()
    rejections, captures = parts(read(elsewhere, folder / "pages"))
    assert not rejections
    assert [capture.url for capture in captures] == ["http://a.example/1", "http://a.example/2", None]


@pytest.mark.parametrize(
    ("cells", "detail"),
    [
        ("http://a.example/1,2026-03-01T08:00:00,", "captured_at"),
        ("http://a.example/1,1 March,", "captured_at"),
        ("ftp://a.example/1,,", "url"),
        (",,20x", "http_status"),
    ],
)
def test_a_bad_value_is_named_and_the_page_goes_on_without_it(folder, cells, detail):
    manifest = write_csv(folder, "path,url,captured_at,http_status", "pages/2.html,,,", f"pages/1.html,{cells}")
    items = read(manifest)
    rejections, captures = parts(items)
    assert rejections == [("bad_manifest_row", "manifest.csv:3")]
    assert items[0].scope == "input" and detail in items[0].detail
    assert [capture.captured_at_basis for capture in captures] == ["none", "none"]
    assert captures[1].url == ("http://a.example/1" if detail == "captured_at" else None)


def test_rows_that_name_nothing_usable(folder):
    manifest = write_csv(folder, "path,url", "pages/none.html,http://a.example/", ",http://a.example/", "pages/1.html,x,too,many", "", "pages/2.html")
    rejections, captures = parts(read(manifest))
    assert rejections == [("missing_file", "none.html"), ("bad_manifest_row", "manifest.csv:3"), ("bad_manifest_row", "manifest.csv:4")]
    assert [capture.input_path for capture in captures] == [f"{folder}/pages/2.html"]


def test_json_lines_that_are_none(folder):
    manifest = folder / "manifest.jsonl"
    manifest.write_text('{"path": "pages/1.html"}\n[1]\n{"path"\n{"path": null}\n{"path": 3}\n' + "[" * 100_000 + "\n")
    rejections, captures = parts(read(manifest))
    assert [reason for reason, _ in rejections] == ["bad_manifest_row"] * 3 + ["missing_file", "bad_manifest_row"]
    assert len(captures) == 1


def test_two_rows_of_a_file_are_two_captures(folder):
    manifest = write_csv(folder, "path,captured_at", f"pages/1.html,{AT}", "pages/1.html,2026-03-02T08:00:00+08:00")
    rejections, captures = parts(read(manifest))
    assert not rejections
    assert len({capture.capture_id for capture in captures}) == 2 and len({capture.content_sha256 for capture in captures}) == 1


@pytest.mark.parametrize("row", ["pages/1.html,404,", "pages/1.html,503,http://qingxi.example/1.html"])  # the first for want of a URL
def test_an_error_status_rejects_the_page(folder, row):
    (item,) = read(write_csv(folder, "path,http_status,url", row))
    assert item.reasons == ("http_error",) and item.scope == "page"


@pytest.mark.parametrize("status", [404, 410])
def test_a_row_may_say_that_its_page_is_not_there_whatever_the_file_holds(folder, status):
    (folder / "pages" / "1.html").write_bytes(b"")
    url = "http://www.qingxi.example/a/1.html?spm=2"
    again = "2026-03-04T08:00:00+08:00"
    first, second, empty = read(
        write_csv(
            folder, "path,http_status,url,captured_at", f"pages/1.html,{status},{url},{AT}", f"pages/1.html,{status},{url},{again}", "pages/1.html,,,"
        )
    )
    assert (first.absence.absence_kind, first.absence.url, first.absence.site) == (f"gone_{status}", url, "qingxi.example")
    assert (first.absence.observed_at, first.absence.observed_at_basis) == (datetime.fromisoformat(AT), "manifest")
    assert first.absence.absence_id != second.absence.absence_id
    assert not first.answer.http_header
    assert empty.reasons == ("empty_file",)


def test_spreadsheets_of_either_charset(folder):
    (folder / "云州.html").write_bytes(page(9))
    for encoding in ("utf-8-sig", "gbk"):
        _, captures = parts(read(write_csv(folder, "path,site", "云州.html,云州晚报", encoding=encoding)))
        assert captures[0].site == "云州晚报"


def test_warc_records_keep_what_they_know_unless_named_themselves(folder):
    warc = Warc().response(page(1), url="http://a.example/1").response(page(2), url="http://a.example/2")
    (folder / "a.warc.gz").write_bytes(warc.data)
    manifest = write_csv(
        folder, "path,url,captured_at,site", f"a.warc.gz,http://x.example/,{AT},云州", f"a.warc.gz#{warc.offsets[1]},http://b.example/2,{AT},"
    )
    rejections, (first, second) = parts(read(manifest))
    assert not rejections
    assert (first.url, first.captured_at_basis, first.site) == ("http://a.example/1", "warc", "云州")
    assert (second.url, second.captured_at_basis, second.site) == ("http://b.example/2", "manifest", "云州")


@pytest.mark.parametrize("content", [None, b"", b"file,url\na,b\n"])
def test_a_manifest_that_is_none_is_a_configuration_error(folder, content):
    manifest = folder / "manifest.csv"
    if content is not None:
        manifest.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"manifest\.csv"):
        read(manifest)
