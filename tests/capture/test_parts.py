"""The parts of an index: found whatever other processes merge meanwhile."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from broadsheet.capture.parts import Parts
from broadsheet.errors import TransientError
from broadsheet.lake import Lake
from broadsheet.store import store_of

SCHEMA = pa.schema([("name", pa.string()), ("number", pa.int64())])


@pytest.fixture(params=["directory", "object store"])
def parts(tmp_path, request) -> Parts:
    lake = Lake.at(tmp_path / "lake" if request.param == "directory" else request.getfixturevalue("s3_url"))
    return Parts(store_of(lake), "raw/names", SCHEMA, ("name", "number"))


def filled(parts, tmp_path, *names):
    for number, name in enumerate(names):
        parts.write(tmp_path / f"run-{number}.warc.gz", pa.table({"name": list(name), "number": [number] * len(name)}, schema=SCHEMA))
    return parts


def rows(parts) -> list[tuple[str, int]]:
    table = parts.read(lambda files: parts.merged([pq.read_table(file) for file in files]))
    return list(zip(*table.to_pydict().values(), strict=True))


def test_all_parts_together_are_in_order(parts, tmp_path):
    assert rows(parts) == []
    filled(parts, tmp_path, "乙甲", "丙乙")
    assert [pq.read_table(file)["name"].to_pylist() for file in parts.files()] == [["乙", "甲"], ["丙", "乙"]]
    assert rows(parts) == [("丙", 1), ("乙", 0), ("乙", 1), ("甲", 0)]


def test_merging_leaves_one_part_with_all_rows(parts, tmp_path):
    before = rows(filled(parts, tmp_path, "乙甲", "丙乙", ""))
    parts.compact()
    (left,) = parts.files()
    parts.compact()
    assert parts.files() == [left] and rows(parts) == before


def test_what_is_merged_between_listing_and_reading_is_read_again(parts, tmp_path):
    before = rows(filled(parts, tmp_path, "乙甲", "丙乙"))
    listed = []

    def reading(files):
        listed.append(len(files))
        parts.compact()
        return parts.merged([pq.read_table(file) for file in files])

    assert list(zip(*parts.read(reading).to_pydict().values(), strict=True)) == before
    assert listed == [2, 1]


def test_what_never_can_be_read_is_told_of(parts, tmp_path):
    filled(parts, tmp_path, "甲")
    with pytest.raises(FileNotFoundError):
        parts.read(lambda files: pq.read_table(tmp_path / "nowhere.parquet"))


def test_merging_that_another_process_was_quicker_at_loses_nothing(parts, tmp_path, monkeypatch):
    before = rows(filled(parts, tmp_path, "乙甲", "丙乙"))
    listed = parts.files()
    parts.compact()
    with monkeypatch.context() as slow:
        slow.setattr(parts, "files", lambda: listed)
        parts.compact()
    assert rows(parts) == before


def test_rows_that_go_are_in_no_part_whether_merged_or_not(parts, tmp_path):
    filled(parts, tmp_path, "乙甲", "丙乙")
    parts.remove(lambda row: row["name"] == "乙")
    assert rows(parts) == [("丙", 1), ("甲", 0)]
    parts.compact()
    parts.remove(lambda row: row["number"] == 0)
    assert rows(parts) == [("丙", 1)]


def test_rows_that_come_again_and_again_are_not_removed_for_ever(parts, tmp_path, monkeypatch):
    filled(parts, tmp_path, "甲")
    monkeypatch.setattr(parts, "_put", lambda key, table: None)  # another process puts them back each time
    with pytest.raises(TransientError, match="goes on merging the parts of raw/names"):
        parts.remove(lambda row: True)
    assert rows(parts) == [("甲", 0)]
