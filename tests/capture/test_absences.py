"""An answer that a page is not there is a fact to keep: recognised by narrow rules, counted, kept with its HTTP header."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcs import HTML, Warc, page

from broadsheet.capture.absences import absence_kind
from broadsheet.capture.delivery import Delivery, Missing, PassedOver
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.sources import deliveries
from broadsheet.capture.stage import capture
from broadsheet.lake import ABSENCES, CAPTURES, Lake, read_records
from broadsheet.records import Absence, Capture
from broadsheet.settings import Settings
from broadsheet.urls import canonical

URL = "https://news.qingxi.example/2026/03/02/000017.html"


@pytest.mark.parametrize(
    ("url", "status", "location", "kind"),
    [
        (URL, 404, None, "gone_404"),
        (URL, 410, None, "gone_410"),
        ("https://news.qingxi.example/", 404, None, "gone_404"),
        (None, 404, None, None),
        ("ftp://qingxi.example/a", 404, None, None),
        (URL, 403, None, None),
        (URL, 429, None, None),
        (URL, 503, "/", None),
        (URL, 200, "/", None),
        (URL, 304, "/", None),
        # to the front page, under any of its names
        (URL, 301, "/", "redirected_home"),
        (URL, 302, "http://www.news.qingxi.example", "redirected_home"),
        (URL, 303, "/index.shtml?utm_source=old", "redirected_home"),
        (URL, 307, "../../../", "redirected_home"),
        (URL, 308, "https://www.qingxi.example/default.htm", "redirected_home"),  # of the site above
        ("https://qingxi.example/?p=17", 302, "/", "redirected_home"),
        # the front page itself only moves
        ("http://qingxi.example/", 301, "https://www.qingxi.example/", None),
        ("http://qingxi.example/index.html", 301, "/", None),
        # other pages, other sites
        (URL, 301, "/2026/03/02/000018.html", None),
        (URL, 301, "/?p=17", None),
        (URL, 301, "/news/", None),
        (URL, 302, "https://other.example/", None),
        ("https://notqingxi.example/1.html", 302, "https://qingxi.example/", None),
        (URL, 302, None, None),
        (URL, 302, "http://[broken", None),
        # pages that are named after their error
        (URL, 302, "/404.html", "redirected_to_error_page"),
        (URL, 302, "/error/404/?from=17", "redirected_to_error_page"),
        (URL, 302, "/errors/page_not-found.jsp", "redirected_to_error_page"),
        (URL, 302, "https://www.qingxi.example/NotFound", "redirected_to_error_page"),
        (URL, 302, "/news/404.html", None),  # an article's number
        (URL, 302, "/film/gone", None),
        (URL, 302, "/error.html", None),  # any error
    ],
)
def test_what_says_that_a_page_is_not_there(url, status, location, kind):
    assert absence_kind(url, status, canonical(location, url)) == kind


def read(tmp_path, warc: Warc, name: str = "a.warc.gz"):
    (tmp_path / name).write_bytes(warc.data)
    return list(deliveries([tmp_path / name], manifest=None, settings=Settings()))


def test_an_absence_tells_when_it_was_seen_and_what_was_answered(tmp_path):
    broken = [*HTML, ("Content-Encoding", "gzip"), ("Location", "//elsewhere.example/")]
    warc = Warc().response(b"\x1f\x8b broken", url=URL, status="404 Not Found", headers=broken)
    warc.response(b"", url=URL, status="302 Found", headers=[("Location", "/#top"), ("Date", "Mon, 02 Mar 2026 03:04:05 GMT")], date="no date")
    gone, led_home = (item.absence for item in read(tmp_path, warc))
    assert (gone.absence_kind, gone.http_status, gone.redirect_url, gone.url) == ("gone_404", 404, None, URL)
    assert (gone.site, gone.observed_at.isoformat(), gone.observed_at_basis) == ("news.qingxi.example", "2026-03-02T01:00:00+00:00", "warc")
    assert (led_home.http_status, led_home.redirect_url) == (302, "https://news.qingxi.example/")
    assert (led_home.observed_at.isoformat(), led_home.observed_at_basis) == ("2026-03-02T03:04:05+00:00", "http")
    assert gone.input_path == f"{tmp_path}/a.warc.gz#{warc.offsets[0]}"


def test_a_revisit_that_repeats_a_body_is_told_by_its_own_header(tmp_path):
    empty = "sha1:" + base64.b32encode(hashlib.sha1(b"").digest()).decode()
    same = "sha1:" + base64.b32encode(hashlib.sha1(page(1)).digest()).decode()
    home, elsewhere = [("Location", "/")], [("Location", "/b/2.html")]
    warc = Warc().response(b"", status="301 Moved", headers=elsewhere).response(page(1), status="404 Not Found", url=URL)
    warc.revisit(empty, status="302 Found", headers=home).revisit(empty, status="302 Found", headers=elsewhere).revisit(empty)
    warc.revisit(same).revisit("sha1:NOWHERE", status="410 Gone").revisit(same, status="304 Not Modified")
    items = [
        item.absence.absence_kind if isinstance(item, Missing) else item.kind if isinstance(item, PassedOver) else type(item).__name__
        for item in read(tmp_path, warc)
    ]
    assert items == ["status 301", "gone_404", "redirected_home", "status 302", "status 301", "gone_404", "gone_410", "gone_404"]


def test_the_raw_zone_keeps_the_header_and_gives_the_absence_back(tmp_path):
    warc = Warc()
    for number, location in enumerate(("/", "/404.html", "/")):
        headers = [("Location", location), ("X-Served-By", f"node {number}"), ("Content-Length", "9")]
        warc.response(b"moved to ", url=f"http://qingxi.example/{number}.html", status="302 Found", headers=headers)
    (tmp_path / "a.warc.gz").write_bytes(warc.data)
    lake, summary = run(tmp_path, "r-1")
    assert (summary.new_content_count, summary.absences) == (3, {"redirected_home": 2, "redirected_to_error_page": 1})
    zone = sorted(lake.raw.glob("*.warc.gz"))
    again = [item.absence for item in deliveries(zone, manifest=None, settings=Settings())]
    assert {item.absence_id for item in again} == {item.absence_id for item in absences(lake, "r-1")}
    for item in absences(lake, "r-1"):
        assert RawZone(lake).read(item.raw_file, item.raw_offset, item.raw_length) == b""
        (found,) = (other for other in again if other.absence_id == item.absence_id)
        assert (found.input_path, found.redirect_url) == (f"{lake.root / item.raw_file}#{item.raw_offset}", item.redirect_url)
    (lake.raw / "index" / f"{zone[0].name}.parquet").unlink()  # as if the run had died before it was written
    assert run(tmp_path, "r-2")[1].new_content_count == 0


def run(folder, run_id: str):
    lake = Lake(folder / "lake")
    return lake, capture(sorted(folder.glob("*.warc.gz")), lake=lake, run_id=run_id, settings=Settings(shards=3))


def absences(lake: Lake, run_id: str) -> list[Absence]:
    return [item for file in sorted(lake.staging(run_id).rglob(ABSENCES)) for item in read_records(file, Absence)]


ANSWERS = st.tuples(
    st.sampled_from(["200 OK", "404 Not Found", "410 Gone", "503 Busy", "302 Found"]),
    st.sampled_from(["/", "/404.html", "/2.html"]),
    st.sampled_from(["http://qingxi.example/1.html", "http://qingxi.example/1.html?spm=3"]),
    st.sampled_from(["2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z", "no date"]),
)


@given(st.lists(ANSWERS, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_any_answers_are_accounted_for_and_give_the_same_absences_in_any_order(tmp_path_factory, answers, chance):
    found = []
    for order in (answers, chance.sample(answers, len(answers))):
        folder, warc = tmp_path_factory.mktemp("answers"), Warc()
        for status, location, url, date in order:
            warc.response(page(1), url=url, status=status, headers=[*HTML, ("Location", location)], date=date)
        (folder / "a.warc.gz").write_bytes(warc.data or Warc().other("warcinfo").data)
        lake, summary = run(folder, "r")
        listed = absences(lake, "r")
        captures = [item for file in lake.staging("r").rglob(CAPTURES) for item in read_records(file, Capture)]
        passed_over = sum(summary.passed_over.values())
        assert len(answers) == passed_over + summary.quarantined_count + summary.duplicate_count + len(captures) + len(listed)
        assert sum(summary.absences.values()) == len(listed) and summary.out_count == len(captures)
        assert passed_over == sum(status.startswith("302") and location == "/2.html" for status, location, *_ in answers)
        found.append({(item.absence_id, item.absence_kind, item.url, item.observed_at, item.redirect_url) for item in listed})
    assert found[0] == found[1]
    told = {(status, url, date, location if status.startswith("302") else None) for status, location, url, date in answers}
    assert len(found[0]) == sum(status[:3] in ("404", "410") or location in ("/", "/404.html") for status, _, _, location in told)


def test_the_first_page_of_an_archive_is_a_page(tmp_path):
    from broadsheet.capture.sources import first_page

    (tmp_path / "a.warc.gz").write_bytes(Warc().response(page(1), status="404 Not Found").response(page(2)).data)
    assert isinstance(first_page(tmp_path / "a.warc.gz"), Delivery)
