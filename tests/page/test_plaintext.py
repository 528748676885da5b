"""Rendered text as blocks: bullets, numbers, lines."""

import pytest

from broadsheet.page.plaintext import read_text


def test_lines_are_blocks_with_folded_blanks() -> None:
    assert [block.text for block in read_text("甲\u3000 乙\n\n\xa0\xa0丙\r\n").blocks] == ["甲 乙", "丙"]


def test_a_bullet_is_a_link_without_its_double() -> None:
    (block,) = read_text("  • 青河大桥通车 青河大桥通车").blocks
    assert (block.is_item, [link.text for link in block.links], block.links[0].href) == (True, ["青河大桥通车"], None)


@pytest.mark.parametrize("form", ["{}   {}", "0{}. {}", "  {}、{}"])
def test_numbers_that_count_up_are_ranks(form: str) -> None:
    blocks = read_text("\n".join(form.format(rank, text) for rank, text in enumerate(["第一条", "第二条", "第三条"], start=1))).blocks
    assert [(block.rank, block.links[0].text) for block in blocks] == [(1, "第一条"), (2, "第二条"), (3, "第三条")]


@pytest.mark.parametrize("line", ["1   甲说，这是一句话。", "12  月的天气", "3、第三点"])
def test_a_lone_number_is_no_rank(line: str) -> None:
    (block,) = read_text(line).blocks
    assert (block.is_item, block.rank) == (False, None)


def test_lines_under_a_known_heading_are_entries() -> None:
    blocks = read_text("相关推荐\n\n青河大桥今日通车运行\n两岸公交线路今日调整\n\n别的内容").blocks
    assert [bool(block.links) for block in blocks] == [False, True, True, False]


def test_a_blank_line_is_remembered() -> None:
    assert [block.gap for block in read_text("甲\n乙\n\n丙").blocks] == [True, False, True]
