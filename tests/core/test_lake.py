"""Files get into the lake whole or not at all."""

import os
import re

import pytest

from broadsheet.lake import is_left_aside, read_records, write_records, written_aside
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


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path):
    """`--jsonl /dev/null`, a pipe, a link to a file elsewhere."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with written_aside(pipe) as aside:
        aside.write_text("told")
    assert os.read(reader, 99) == b"told"
    assert pipe.is_fifo()
    os.close(reader)
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "there.txt")
    with written_aside(link) as aside:
        aside.write_text("told")
    assert link.is_symlink() and (tmp_path / "there.txt").read_text() == "told"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.txt", "pipe", "there.txt"]


def test_what_a_dead_process_was_writing_aside_is_known(tmp_path):
    with written_aside(tmp_path / "file.txt") as aside:
        assert is_left_aside(aside)  # asked by the writer itself: of an earlier process with its number
        of_another = aside.with_name(aside.name.replace(str(os.getpid()), str(os.getppid())))
        of_nobody = aside.with_name(aside.name.replace(str(os.getpid()), "4194305"))  # beyond the greatest number that Linux gives
        elsewhere = of_nobody.with_name(re.sub(r"[0-9a-f]{8}-", "00000000-", of_nobody.name))  # another host's, which may well have that process
        aside.touch()
    others = (of_another, elsewhere, tmp_path / "file.txt", tmp_path / ".part.tmp")
    assert is_left_aside(of_nobody) and not any(map(is_left_aside, others))
