"""Files get into the lake whole or not at all."""

import pytest

from broadsheet.lake import read_records, write_records, written_aside
from broadsheet.records import LinkItem


@pytest.mark.parametrize("name", ["items.jsonl", "items.jsonl.zst"])
def test_records_come_back_as_they_were(tmp_path, name):
    items = [LinkItem(rank=n, text=f"云州第{n}号\n桥", url=None, is_truncated=n % 2 == 0) for n in range(1, 3000)]
    assert write_records(tmp_path / name, items) == len(items)
    assert list(read_records(tmp_path / name, LinkItem)) == items


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with written_aside(target) as aside:
        aside.write_text("first")
    with pytest.raises(RuntimeError), written_aside(target) as aside:
        aside.write_text("second")
        raise RuntimeError("power cut")
    assert target.read_text() == "first"
    assert list(target.parent.iterdir()) == [target]
