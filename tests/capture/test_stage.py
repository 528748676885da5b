"""The capture stage accounts for every input and can be repeated."""

import gzip

import pytest
from warcs import Warc, page

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.stage import CaptureSummary, capture
from broadsheet.lake import CAPTURES, REJECTIONS, Lake, read_records
from broadsheet.records import Capture, Rejection
from broadsheet.settings import Settings

SETTINGS = Settings(shards=4, max_page_bytes=100_000)


@pytest.fixture
def inputs(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.html").write_bytes(page(number))
    (folder / "again.html.gz").write_bytes(gzip.compress(page(3)))
    (folder / "broken.html").write_bytes(b"")
    warc = Warc()
    for number in range(5):
        warc.response(page(number), url=f"http://qingxi.example/{number}.html")
        warc.response(b"GIF89a", url=f"http://qingxi.example/{number}.gif", headers=[("Content-Type", f"image/x-{number % 2}")])
    warc.response(page(9), url="http://qingxi.example/9.html")
    (folder / "w.warc.gz").write_bytes(warc.data[:-20])
    return folder


def run(inputs, tmp_path, run_id="run-1", **options):
    lake = Lake(tmp_path / "lake")
    summary = capture([inputs], lake=lake, run_id=run_id, **{"settings": SETTINGS} | options)
    captures = [item for shard in summary.shards for item in read_records(lake.shard(run_id, "capture", shard) / CAPTURES, Capture)]
    return lake, summary, captures


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_input_is_accounted_for(inputs, tmp_path):
    progress = []
    lake, summary, captures = run(inputs, tmp_path, on_progress=progress.append)
    assert (summary.in_count, summary.out_count, summary.duplicate_count, summary.quarantined_count) == (48, 45, 1, 2)
    assert summary.passed_over == {"image/x-0": 3, "image/x-1": 2}
    assert summary.new_content_count == 40
    rejections = list(read_records(lake.staging("run-1", "capture") / REJECTIONS, Rejection))
    assert [rejection.reasons for rejection in rejections] == [("empty_file",), ("broken_warc_record",)]
    assert len({item.capture_id for item in captures}) == len(captures) == 45
    assert all(item.input_path != str(inputs / "again.html.gz") for item in captures)  # the first of equals is kept
    assert progress == [20, 40, 48]
    assert summary.shards == (0, 1, 2, 3)


def test_captures_tell_where_their_bytes_are(inputs, tmp_path):
    lake, _, captures = run(inputs, tmp_path)
    zone = RawZone(lake)
    for item in captures:
        content = zone.read(item.raw_file, item.raw_offset, item.raw_length)
        assert len(content) == item.byte_count
        number = int(content.decode().partition("第")[2].partition("号")[0])
        assert content == page(number)


def test_repeating_a_run_gives_the_same_files(inputs, tmp_path):
    lake, first, _ = run(inputs, tmp_path)
    before = files(lake.root)
    _, second, _ = run(inputs, tmp_path)
    assert files(lake.root) == before
    assert second.new_content_count == 0 and second.out_count == first.out_count and second.shards == first.shards


def test_another_run_lists_known_captures_and_writes_nothing_raw(inputs, tmp_path):
    lake, first, captures = run(inputs, tmp_path)
    raw = files(lake.raw)
    _, second, again = run(inputs, tmp_path, run_id="run-2")
    assert again == captures
    assert files(lake.raw) == raw
    assert second.new_content_count == 0 and second.out_count == first.out_count


def test_a_repeated_run_whose_input_shrank_leaves_no_stale_shard(inputs, tmp_path):
    lake, _, _ = run(inputs, tmp_path)
    _, summary, captures = run(inputs / "00.html", tmp_path)
    assert len(captures) == 1
    assert [path.name for path in lake.staging("run-1", "capture").glob("shard-*")] == [f"shard-{summary.shards[0]:03d}"]


def test_a_run_that_dies_midway_is_repeated_whole(inputs, tmp_path):
    def die(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(inputs, tmp_path, on_progress=die)
    lake = Lake(tmp_path / "lake")
    assert not list(lake.staging("run-1").rglob("*.jsonl")), "files appear only when the raw zone has what they speak of"
    _, summary, captures = run(inputs, tmp_path)
    assert summary.out_count == len(captures) == 45
    zone = RawZone(lake)
    assert all(zone.read(item.raw_file, item.raw_offset, item.raw_length) for item in captures)


def test_nothing_in_nothing_out(tmp_path):
    (tmp_path / "empty").mkdir()
    _, summary, captures = run(tmp_path / "empty", tmp_path)
    assert summary == CaptureSummary(in_count=1, out_count=0, duplicate_count=0, quarantined_count=1, shards=())
    assert captures == []


def test_an_archive_of_countless_content_types_makes_no_endless_list(tmp_path):
    warc = Warc()
    for number in range(50):
        warc.response(b"x", headers=[("Content-Type", f"made/up-{number}")])
    (tmp_path / "a.warc.gz").write_bytes(warc.data)
    _, summary, _ = run(tmp_path / "a.warc.gz", tmp_path)
    assert summary.in_count == 0
    assert len(summary.passed_over) == 31 and summary.passed_over["other"] == 20


def test_a_summary_that_does_not_add_up_cannot_be_made():
    with pytest.raises(AssertionError, match="lost track"):
        CaptureSummary(in_count=3, out_count=1, duplicate_count=0, quarantined_count=1, shards=(0,))
