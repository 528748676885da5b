"""Records taken out of the raw zone: what stays keeps its place and can be read by anybody."""

import gzip
import io
import shutil
import zlib
from datetime import UTC, datetime

import msgspec
import pytest
from fastwarc.warc import ArchiveIterator as FastReader
from warcio.archiveiterator import ArchiveIterator as WarcioReader

from broadsheet.capture import erasure
from broadsheet.capture.delivery import make_delivery
from broadsheet.capture.digests import digest_text
from broadsheet.capture.erasure import blank, erase, erase_remains, kept_still, members, mend_references, move_shared
from broadsheet.capture.frames import frames, parse_record
from broadsheet.capture.raw_zone import RawZone, record_bytes
from broadsheet.capture.visits import Role
from broadsheet.capture.web.archive import Exchange, Link, archive
from broadsheet.errors import BadInput, TransientError
from broadsheet.ids import content_sha256
from broadsheet.lake import Lake
from broadsheet.records import TimeBasis

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
GONE, OTHER, THIRD = (f"https://qingxi.example/{number}.html" for number in (1, 2, 3))


@pytest.fixture
def zone(tmp_path) -> RawZone:
    return RawZone(Lake(tmp_path))


def delivery(url, text):
    return make_delivery(f"<html>{text}</html>".encode(), media_type="text/html", input_path="x.html", url=url, times=[(TimeBasis.NONE, None)])


def write(zone, *pages, run_id="run"):
    """Pages as (url, text); their places."""
    with zone.writer(run_id) as writer:
        return [writer.add(delivery(url, text)) for url, text in pages]


def of(zone, url):
    return [member for member in members(zone) if member.url == url]


def digest(url, text) -> bytes:
    return bytes.fromhex(delivery(url, text).capture.content_sha256)


LENGTHS = [*range(erasure._size(0), erasure._size(0) + 130), 999, 1000, 1001, *range(65_700, 65_780), 131_300, 1_000_003]


def test_a_blank_record_has_any_length_and_every_reader_steps_over_it():
    for length in LENGTHS:
        member = blank(length)
        assert len(member) == length
        assert not parse_record(zlib.decompress(member, wbits=31)).damage
    following = gzip.compress(b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n")
    for length in LENGTHS[::17]:
        data = blank(length) + following
        assert [record.reader.read() for record in FastReader(io.BytesIO(data))][1] == b"hi"
        assert [record.raw_stream.read() for record in WarcioReader(io.BytesIO(data))][1] == b"hi"
    with pytest.raises(ValueError, match="no record has"):
        blank(erasure._size(0) - 1)


def test_no_record_that_stays_names_a_url_that_went_and_revisits_find_their_content(zone, tmp_path):
    error = "<html><p>这个网页暂时打不开</p></html>".encode()

    def answered(url, content, hour):
        header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
        return Exchange(url=url, role=Role.PAGE, at=NOW.replace(hour=hour), request=b"GET / HTTP/1.1\r\n\r\n", header=header, content=content)

    with archive(zone, "crawl", "qingxi") as kept:
        kept.keep(answered(GONE, error, 1), links=[Link(THIRD, Role.PAGE, 2)])
        kept.keep(answered(OTHER, error, 2))
        kept.keep(answered(f"{THIRD}?{'x' * 300}", error, 3))
    sizes = {path: path.stat().st_size for path in zone.folder.glob("*.warc.gz")}
    places = [member.at for member in members(zone)]
    for _ in range(2):  # the second time there is nothing to do
        lost = of(zone, GONE)
        move_shared(zone, "forget", lost, {}, lambda visit: visit.url != GONE)
        erase(zone, lost, lambda url: url == GONE)
        mend_references(zone, lambda url: url == GONE)
    assert {path: path.stat().st_size for path in sizes} == sizes
    assert {member.at for member in members(zone) if member.raw_file.startswith("raw/crawl")} < set(places)
    assert not [path for path in zone.folder.glob("*.warc.gz") if GONE.encode() in gzip.decompress(path.read_bytes())]
    held = {}
    for path in zone.folder.glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in WarcioReader(file, check_digests="raise"):
                record.content_stream().read()
                held[record.rec_headers["WARC-Record-ID"]] = record
    revisits = [record for record in held.values() if record.rec_type == "revisit"]
    assert len(revisits) == 2
    for revisit in revisits:
        original = held[revisit.rec_headers["WARC-Refers-To"]]
        assert original.rec_type == "response"
        assert original.rec_headers["WARC-Payload-Digest"] == revisit.rec_headers["WARC-Payload-Digest"]
        assert revisit.rec_headers["WARC-Refers-To-Target-URI"] in (original.rec_headers["WARC-Target-URI"], None)
    assert [visit.hops for visit in zone.visits.of_url(THIRD)] == [2]


def test_the_other_records_of_a_file_stay_where_they_are(zone, tmp_path):
    before = write(zone, (OTHER, "甲" * 300), (GONE, "乙" * 70_000), (THIRD, "丙"))
    size = (tmp_path / before[0][0]).stat().st_size
    erase(zone, of(zone, GONE), lambda url: url == GONE)
    assert zone.read(*before[0]) == delivery(OTHER, "甲" * 300).content
    assert zone.read(*before[2]) == delivery(THIRD, "丙").content
    with pytest.raises(BadInput, match="unreadable"):
        zone.read(*before[1])
    warc = tmp_path / before[0][0]
    assert warc.stat().st_size == size
    assert not any(frame.damage for frame in frames(warc, limit=1 << 20))
    with warc.open("rb") as file:
        assert [record.headers["WARC-Type"] for record in FastReader(file)] == ["resource", "metadata", "resource"]
    with warc.open("rb") as file:
        told = [
            (record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()) for record in WarcioReader(file, check_digests="raise")
        ]
    assert [url for url, _ in told] == [OTHER, None, THIRD]
    assert "乙".encode() not in b"".join(content for _, content in told)
    assert [member.url for member in members(zone)] == [OTHER, THIRD]
    index = zone.recover()
    assert index.find(digest(GONE, "乙" * 70_000)) is None
    assert index.find(digest(THIRD, "丙")) == before[2]
    erase(zone, of(zone, GONE), lambda url: url == GONE)  # nothing more to do
    assert warc.stat().st_size == size


def test_a_content_that_was_erased_can_come_again_under_another_url(zone):
    write(zone, (GONE, "乙"))
    erase(zone, of(zone, GONE), lambda url: url == GONE)
    (again,) = write(zone, (OTHER, "乙"), run_id="next")
    assert zone.read(*again) == delivery(OTHER, "乙").content


def test_of_a_file_without_other_records_a_short_blank_one_is_left(zone, tmp_path):
    (place,) = write(zone, (GONE, "".join(map(chr, range(0x4E00, 0x6E00)))))
    erase(zone, of(zone, GONE), lambda url: url == GONE)
    assert (tmp_path / place[0]).stat().st_size == 512
    assert list(members(zone)) == []
    assert zone.recover().find(digest(GONE, "甲")) is None


def test_a_content_that_another_page_has_moves_under_its_url(zone):
    first, same = write(zone, (GONE, "共有"), (OTHER, "共有"))
    assert first == same
    lost = of(zone, GONE)
    kept = {first[:2]: delivery(OTHER, "共有").capture}
    moved = move_shared(zone, "takedown", lost, kept, is_kept=lambda visit: True)
    assert move_shared(zone, "takedown", lost, kept, is_kept=lambda visit: True) == moved  # a second time it is there
    erase(zone, lost, lambda url: url == GONE)
    place = moved[first[:2]]
    assert zone.read(*place) == delivery(OTHER, "共有").content
    assert [member.url for member in members(zone)] == [OTHER]
    assert zone.recover().find(digest(OTHER, "共有")) == place
    frame = zone.frame(*place)
    assert frame.headers["warc-payload-digest"] == digest_text(bytes.fromhex(content_sha256(frame.block)))


SHA1 = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"


def stated(url, text):
    return msgspec.structs.replace(delivery(url, text), stated_digest=SHA1)


def found(zone) -> str | None:
    """URL of the record that is found by the digest."""
    with zone.writer("look") as writer:
        frame = writer.original_of(SHA1.lower())
    return frame.headers["warc-target-uri"] if frame else None


def test_a_content_that_was_erased_is_not_found_by_what_a_file_stated_either(zone):
    with zone.writer("run") as writer:
        writer.add(delivery(OTHER, "乙"))
        writer.add(stated(GONE, "甲"))
    assert found(zone) == GONE
    erase(zone, of(zone, GONE), lambda url: url == GONE)
    assert found(zone) is None
    shutil.rmtree(zone.folder / "index")
    assert found(zone) is None
    assert SHA1.encode() not in b"".join(gzip.decompress(file.read_bytes()) for file in zone.folder.glob("*.warc.gz"))


@pytest.mark.parametrize("is_visit", [False, True])
def test_a_content_that_moves_is_found_by_what_a_file_stated(zone, is_visit):
    with zone.writer("run") as writer:
        place = writer.add(stated(GONE, "共有"))
    if is_visit:
        header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
        with archive(zone, "crawl", "qingxi") as kept:
            kept.keep(
                Exchange(url=OTHER, role=Role.PAGE, at=NOW, request=b"GET / HTTP/1.1\r\n\r\n", header=header, content=delivery(OTHER, "共有").content)
            )
    kept_by = {} if is_visit else {place[:2]: delivery(OTHER, "共有").capture}
    lost = of(zone, GONE)
    move_shared(zone, "takedown", lost, kept_by, is_kept=lambda visit: True)
    erase(zone, lost, lambda url: url == GONE)
    assert found(zone) == OTHER
    shutil.rmtree(zone.folder / "index")
    assert found(zone) == OTHER


def test_what_was_stated_of_a_known_content_goes_with_the_url_that_it_was_stated_of(zone):
    with zone.writer("run") as writer:
        writer.add(delivery(OTHER, "共有"))
        writer.add(stated(GONE, "共有"))
    assert [member.record_type for member in members(zone)] == ["resource", "revisit"]
    assert found(zone) == OTHER
    erase(zone, of(zone, GONE), lambda url: url == GONE)
    assert found(zone) is None
    assert [member.url for member in members(zone)] == [OTHER]


def test_while_a_run_writes_nothing_is_erased(zone):
    write(zone, (GONE, "甲"), run_id="before")
    with zone.writer("run") as writer:  # it knows what the zone has, and has written nothing yet
        with pytest.raises(TransientError, match="a run is writing"), kept_still(RawZone(Lake(zone.root))):
            pytest.fail("it went on")
        place = writer.add(delivery(OTHER, "甲"))
    with kept_still(zone):
        assert zone.read(*place) == delivery(GONE, "甲").content


def test_while_records_are_erased_no_other_run_writes(zone):
    with kept_still(zone):
        with pytest.raises(TransientError, match="a takedown is under way"):
            write(RawZone(Lake(zone.root)), (OTHER, "甲"))
        write(zone, (OTHER, "甲"))
    write(RawZone(Lake(zone.root)), (THIRD, "乙"))


def test_remains_of_unfinished_files_go_with_their_url_or_when_they_have_none(zone):
    aside = zone.folder / "aside"
    aside.mkdir(parents=True)

    def begun(url):
        return gzip.compress(f"WARC/1.1\r\nWARC-Target-URI: {url}\r\nContent-Length: 5000\r\n\r\n{'半' * 900}".encode())[:-30]

    for name, content in (("gone", begun(GONE)), ("other", begun(OTHER)), ("unknown", b"\x1f\x8b\x08\x00half")):
        (aside / name).write_bytes(content)
    erase_remains(zone, lambda url: url == GONE)
    assert [path.name for path in aside.iterdir()] == ["other"]


def test_remains_go_where_any_of_their_records_is_of_a_lost_url(zone):
    aside = zone.folder / "aside"
    aside.mkdir(parents=True)
    damaged = bytearray(gzip.compress(f"WARC/1.1\r\nWARC-Target-URI: {OTHER}\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n".encode()))
    damaged[-6] ^= 1
    (aside / "two").write_bytes(bytes(damaged) + gzip.compress(record_bytes(delivery(GONE, "甲"))))
    erase_remains(zone, lambda url: url == THIRD)
    assert (aside / "two").exists()
    erase_remains(zone, lambda url: url == GONE)
    assert not (aside / "two").exists()
