"""The raw zone gives back what it was given, says so when it cannot, and loses nothing when a run dies."""

import errno
import fcntl
import gzip
import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcs import page

from broadsheet.capture.delivery import make_delivery
from broadsheet.capture.raw_zone import RawZone, record_bytes, warc_record
from broadsheet.capture.sources import deliveries
from broadsheet.errors import BadInput, TransientError
from broadsheet.lake import Lake
from broadsheet.records import TimeBasis
from broadsheet.settings import Settings

URL = "http://qingxi.example/a/1.html"
HEADER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\nX-Title: \xd4\xc6\xd6\xdd\r\nContent-Encoding: gzip\r\n"
    b"Transfer-Encoding: chunked\r\nContent-Length: 17\r\n\r\n"
)
AT = datetime(2026, 3, 1, 2, 3, 4, 500_000, tzinfo=UTC)


def delivery(content: bytes, *, header: bytes = b"", url: str | None = URL, at: datetime | None = AT):
    times = [(TimeBasis.WARC, at)]
    return make_delivery(content, media_type="text/html", input_path="a", url=url, times=times, http_header=header)


def mixed(count: int):
    return [delivery(page(number, size=number), header=HEADER if number % 2 else b"", url=URL if number % 3 else None) for number in range(count)]


@pytest.fixture
def zone(tmp_path):
    return RawZone(Lake(tmp_path))


def warcs(zone):
    return sorted(path.name for path in zone.folder.glob("*.warc.gz"))


def write(zone, run_id, items):
    with zone.writer(run_id) as writer:
        return [writer.add(item) for item in items]


def test_other_readers_read_it_with_digests_right(zone):
    items = mixed(20)
    places = write(zone, "run-1", items)
    path = zone.root / places[0][0]
    with path.open("rb") as file:
        seen = [(record.stream_pos, record.reader.read()) for record in ArchiveIterator(file, verify_digests=True)]
    assert seen == [(offset, item.content) for (_, offset, _), item in zip(places, items, strict=True)]
    with path.open("rb") as file:
        assert [record.content_stream().read() for record in WarcioIterator(file, check_digests="raise")] == [item.content for item in items]


def test_http_headers_are_kept_and_true_of_the_payload(zone):
    record = record_bytes(delivery(b"<html>x", header=HEADER))
    assert b"X-Title: \xd4\xc6\xd6\xdd\r\nX-Archive-Orig-Content-Encoding: gzip\r\nX-Archive-Orig-Transfer-Encoding: chunked\r\n" in record
    assert b"X-Archive-Orig-Content-Length: 17\r\nContent-Length: 7\r\n\r\n<html>x" in record
    plain = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nX: y\r\n\r\n"
    assert plain + b"<html>x\r\n\r\n" in record_bytes(delivery(b"<html>x", header=plain))


@given(st.binary(max_size=300), st.sampled_from([b"", HEADER, b"HTTP/1.0 200\n\n"]), st.sampled_from([None, URL]))
@settings(max_examples=60, deadline=None)
def test_payloads_come_back_exactly(tmp_path_factory, content, header, url):
    zone = RawZone(Lake(tmp_path_factory.mktemp("lake")))
    (place,) = write(zone, "r", [delivery(content, header=header, url=url)])
    assert zone.read(*place) == content


def test_a_capture_read_back_from_the_raw_zone_is_the_same(zone):
    """The zone's files are inputs like any: ids, times (also unknown ones) and headers survive."""
    items = [delivery(page(1)), delivery(page(2), at=None), delivery(page(3), url=None), delivery(page(4), header=HEADER)]
    write(zone, "r", items)
    again = list(deliveries([zone.folder / name for name in warcs(zone)], manifest=None, settings=Settings()))
    assert [item.capture.capture_id for item in again] == [item.capture.capture_id for item in items]
    assert [item.content for item in again] == [item.content for item in items]


def test_known_content_is_not_written_again(zone):
    items = mixed(30)
    places = write(zone, "run-1", items + items)
    assert places[:30] == places[30:]
    assert write(zone, "run-2", items) == places[:30]
    assert warcs(zone) == ["run-1-00000.warc.gz"]
    later = write(RawZone(Lake(zone.root)), "run-2", [*items, delivery(b"new")])
    assert later[:30] == places[:30] and later[30][0] == "raw/run-2-00000.warc.gz"


def test_files_are_rotated_by_size(zone):
    small = RawZone(Lake(zone.root), rotate_bytes=2000)
    items = [delivery(os.urandom(700)) for _ in range(12)]
    places = write(small, "manual__2026-03-01T08:00:00+08:00", items)
    assert len(warcs(zone)) > 3
    assert warcs(zone)[0] == "manual__2026-03-01T08_00_00+08_00-00000.warc.gz"
    assert [zone.read(*place) for place in places] == [item.content for item in items]
    for part in (zone.folder / "index").iterdir():
        digests = pq.read_table(part)["content_sha256"].to_pylist()
        assert digests == sorted(digests)


def test_a_repeated_run_adds_files_and_changes_none(zone):
    first = write(zone, "run", mixed(5))
    before = {name: (zone.folder / name).read_bytes() for name in warcs(zone)}
    second = write(zone, "run", [*mixed(5), delivery(b"came later")])
    assert second[:5] == first and second[5][0] == "raw/run-00001.warc.gz"
    assert all((zone.folder / name).read_bytes() == data for name, data in before.items())
    assert [zone.read(*place) for place in second] == [item.content for item in mixed(5)] + [b"came later"]


def test_what_a_failed_run_wrote_whole_is_kept(zone):
    with pytest.raises(RuntimeError), zone.writer("run") as writer:
        writer.add(delivery(b"whole"))
        raise RuntimeError("disk full")
    assert warcs(zone) == []
    with (zone.folder / "run-00000.warc.gz.part").open("ab") as file:
        file.write(b"\x1f\x8b\x08 half a record")
    (place,) = write(zone, "other", [delivery(b"whole")])
    assert zone.read(*place) == b"whole" and place[0] == "raw/run-00000.warc.gz"
    assert [path.read_bytes() for path in (zone.folder / "aside").iterdir()] == [b"\x1f\x8b\x08 half a record"]
    assert [item.content for item in deliveries([zone.folder / "run-00000.warc.gz"], manifest=None, settings=Settings())] == [b"whole"]


@given(cut=st.integers(0, 4000))
@settings(max_examples=30, deadline=None)
def test_a_file_cut_anywhere_gives_what_is_whole_of_it(tmp_path_factory, cut):
    zone = RawZone(Lake(tmp_path_factory.mktemp("lake")))
    items = mixed(8)
    places = write(zone, "run", items)
    whole = zone.folder / "run-00000.warc.gz"
    data = whole.read_bytes()[:cut]
    (zone.folder / "dead-00000.warc.gz.part").write_bytes(data)
    whole.unlink()
    for part in (zone.folder / "index").iterdir():
        part.unlink()
    index = zone.recover()
    kept = [item for item, (_, offset, length) in zip(items, places, strict=True) if offset + length <= cut]
    assert [zone.read(*index.find(bytes.fromhex(item.capture.content_sha256))) for item in kept] == [item.content for item in kept]
    assert not list(zone.folder.glob("*.part"))
    aside = b"".join(path.read_bytes() for path in (zone.folder / "aside").glob("*"))
    assert b"".join(path.read_bytes() for path in zone.folder.glob("*.warc.gz")) + aside == data


def test_a_killed_writer_loses_only_what_was_not_acknowledged(zone):
    script = """
import os, signal, sys
from pathlib import Path
from broadsheet.capture.delivery import make_delivery
from broadsheet.capture.raw_zone import RawZone
from broadsheet.lake import Lake
with RawZone(Lake(Path(sys.argv[1])), rotate_bytes=3000).writer("run") as writer:
    for number in range(40):
        content = b"%d" % number + bytes(range(256)) * 2 + os.urandom(300)
        writer.add(make_delivery(content, media_type="text/html", input_path="a", url=None, times=[]))
        writer.flush()
        print(__import__("hashlib").sha256(content).hexdigest(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script, str(zone.root)], check=False, stdout=subprocess.PIPE)
    assert killed.returncode == -signal.SIGKILL
    sealed = warcs(zone)
    assert len(sealed) > 3
    # One more death: after the rename, before the index.
    (zone.folder / "index" / f"{sealed[0]}.parquet").unlink()
    index = zone.recover()
    for digest in killed.stdout.decode().split():
        assert hashlib.sha256(zone.read(*index.find(bytes.fromhex(digest)))).hexdigest() == digest
    assert len(killed.stdout.split()) == 40 and not (zone.folder / "aside").exists()
    assert index.covered == {f"raw/{name}" for name in warcs(zone)} > {f"raw/{name}" for name in sealed}


def _all_digests(zone):
    return [digest for part in sorted((zone.folder / "index").glob("*.parquet")) for digest in pq.read_table(part)["content_sha256"].to_pylist()]


def test_a_file_without_contents_is_looked_through_once(zone):
    with zone.writer("run") as writer:
        writer.append(warc_record(WarcRecordType.metadata, {"Content-Type": "text/plain"}, b"nothing new"))
    (part,) = (zone.folder / "index").iterdir()
    part.unlink()  # as if the run had died before it was written
    assert zone.recover().covered == {"raw/run-00000.warc.gz"}
    entered = part.stat().st_mtime_ns
    assert zone.recover().covered == {"raw/run-00000.warc.gz"}
    assert part.stat().st_mtime_ns == entered


def test_a_living_writer_is_left_alone(zone):
    with zone.writer("one") as one:
        first = one.add(delivery(b"first"))
        second = write(zone, "two", [delivery(b"second")])[0]
        with pytest.raises(TransientError, match="one-00000"):
            write(zone, "one", [delivery(b"third")])
    assert zone.read(*first) == b"first" and zone.read(*second) == b"second"
    assert not (zone.folder / "aside").exists()


def test_many_index_parts_are_merged(zone):
    small = RawZone(Lake(zone.root), rotate_bytes=1)
    items = mixed(80)
    places = write(small, "run", items)
    assert len(list((zone.folder / "index").iterdir())) == 1
    assert write(zone, "again", items) == places


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "swapped"])
def test_damage_is_named_with_file_and_offset(zone, damage):
    places = write(zone, "run", mixed(4))
    name, offset, length = places[2]
    path = zone.root / name
    data = bytearray(path.read_bytes())
    match damage:
        case "flip":
            data[offset + length // 2] ^= 0xFF
            path.write_bytes(data)
        case "cut":
            path.write_bytes(data[: offset + 20])
        case "gone":
            path.unlink()
        case "swapped":
            offset += 1
    with pytest.raises(BadInput, match=f"{name} at {offset}") as caught:
        zone.read(name, offset, length)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("error", "kind"), [(errno.ESTALE, TransientError), (errno.EIO, TransientError), (errno.ETIMEDOUT, TransientError), (errno.EMFILE, OSError)]
)
def test_what_cannot_be_read_just_now_is_no_damage(zone, monkeypatch, error, kind):
    place, revisited = write(zone, "run-1", [delivery(b"sound"), delivery(b"sound too")])
    open_any = Path.open

    def opened(path, *given, **named):
        if path.name == "run-1-00000.warc.gz":
            raise OSError(error, os.strerror(error), str(path))
        return open_any(path, *given, **named)

    with zone.writer("run-2") as writer:
        monkeypatch.setattr(Path, "open", opened)
        with pytest.raises(kind, match=os.strerror(error)):
            zone.read(*place)
        with pytest.raises(kind, match=os.strerror(error)):  # else a revisit of it would be set aside
            writer.original(hashlib.sha256(b"sound too").digest())
        monkeypatch.undo()
    assert (zone.read(*place), zone.read(*revisited)) == (b"sound", b"sound too")


@pytest.mark.parametrize("damaged", [0, 1])
def test_what_is_whole_behind_damage_is_kept(zone, damaged):
    """Of an unfinished file only the damaged bytes are set aside, be they its first."""
    zone.folder.mkdir()
    members = [bytearray(gzip.compress(record_bytes(delivery(b"page %d" % number)))) for number in range(3)]
    members[damaged][:] = b"?" * 40 if damaged == 0 else members[damaged][:-5] + b"?" + members[damaged][-4:]
    (zone.folder / "dead-00000.warc.gz.part").write_bytes(b"".join(members))
    places = write(zone, "other", [delivery(b"page %d" % number) for number in range(3)])
    assert [place[0] for place in places].count("raw/dead-00000.warc.gz") == 2
    assert [zone.read(*place) for place in places] == [b"page 0", b"page 1", b"page 2"]
    (aside,) = (zone.folder / "aside").iterdir()
    assert aside.read_bytes() == members[damaged]
    assert list(zone.folder.glob("*.part")) == []


def test_a_file_that_is_removed_before_it_is_locked_is_created_again(zone, monkeypatch):
    """Between its creation and its lock another run may find it, empty as it is, and remove it."""
    flock, other_runs = fcntl.flock, [RawZone(Lake(zone.root))]

    def late(file, operation):
        if str(file.name).endswith(".part") and operation == fcntl.LOCK_EX and other_runs:
            other_runs.pop().recover()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    (place,) = write(zone, "run", [delivery(b"kept")])
    assert other_runs == [] and zone.read(*place) == b"kept"
    assert zone.recover().find(hashlib.sha256(b"kept").digest()) == place


def odd_answer() -> bytes:
    """A record of the crawler that no reader of HTTP can split."""
    told = {"WARC-Target-URI": URL, "WARC-Date": "2026-03-01T02:03:04Z", "Broadsheet-Source": "qingxi"}
    return warc_record(WarcRecordType.response, told, b"HTTP/1.1 1000 Odd\r\n\r\nx")


def test_a_record_that_could_not_be_read_again_is_not_written(zone):
    with zone.writer("run") as writer:
        with pytest.raises(BadInput, match="no HTTP header"):
            writer.append(odd_answer(), bytes(32))
        assert list(zone.folder.glob("*.part")) == []


def test_a_record_that_cannot_be_read_keeps_no_writer_from_its_work(zone):
    zone.folder.mkdir()
    sound = record_bytes(delivery(b"sound"))
    (zone.folder / "dead-00000.warc.gz.part").write_bytes(gzip.compress(odd_answer()) + gzip.compress(sound))
    (place,) = write(zone, "other", [delivery(b"sound")])
    assert place[0] == "raw/dead-00000.warc.gz" and zone.read(*place) == b"sound"
    (rejected, kept) = deliveries([zone.folder / "dead-00000.warc.gz"], manifest=None, settings=Settings())
    assert rejected.reasons == ("broken_warc_record",) and kept.content == b"sound"


def test_the_lock_is_what_tells_the_living_from_the_dead(zone):
    zone.folder.mkdir()
    part = zone.folder / "x-00000.warc.gz.part"
    with part.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        zone.recover()
        assert part.exists()
    zone.recover()
    assert not part.exists()
