"""No regular expression of the page kernel takes time that grows faster than the text."""

import re
import time
from functools import cache

import pytest
from kernel_patterns import kernel_patterns

UNITS = [
    " ", "\t", "\n", "\xa0", "\u3000", "a", "A", "z1", "1", "0", "-", "--", "—", "―", ":", "：", "/", "\\", "|", ".", "…", ",", "，", ";", "；", "_", "=", "#", "&", "*", "•", ">", "<", "»",
    "(", ")", "()", "（", "）", "（）", "[", "]", "【", "】", "【】", "“", "”", "“”", '"', "'", "《", "》", "「", "『", "{", "}", "!", "?", "。", "！", "？", "、", "·",
    "甲", "甲 ", "甲·", "编", "记者", "记者 ", "记者 甲", "来源", "来源：", "责任编辑", "责任编辑：", "（责任编辑：", "作者", "作者 甲", "编辑:", "原标题", "原标题：", "当前位置", "版权声明", "版权所有", "凡本网", "凡本网注明", "未经",
    "文/", "图/", "文/图 ", "电", "日电", "新华社", "月", "日", "年", "1月", "1月1日", "3月1日电", "小时前", "1小时前", "分钟前", "昨天", "进入", "更多", "查看更多",
    "2024", "2024-", "2024-03-", "2024-03-01 ", "20", "19", "24-03-01 ", "12:", "12:30 ", "1/", "1.", "1. ", "1 ", "01 ", "No.", "TOP", "Mar ", "March 1, 2024 ", "1 March ", "Mon, ", "PM ", "UTC", "+08:00", "T",
    "By ", "by ", "By A ", "Von ", "A ", "A B ", "A. ", "A-", "A'", "a.b", "a@b.", "www.", ".com", "http://", "한", "한 기자", "기자 ", "あ", "é", "é ", "İ", "ß", "\u0301", "\u200b", "\ufffd", "\U0001f4f0",
    "<!--", "-->", "//", "/*", "<![CDATA[", "\\\"", '"headline":"', '"@type":', "display:", "none", "charset=", "<meta ", "<meta a ", "encoding=", "\x1f", "\x7f", "class ", "responses ", "1 comments ",
]  # fmt: skip
# What stands around the run: a pattern may fail only behind it, or begin before it.
AROUND = [("", ""), ("甲a", "a甲")]
SIZE = 2000
SECONDS = 0.006  # below it, the longer text shows nothing


@cache
def patterns() -> list[re.Pattern]:
    return kernel_patterns()


def seconds(pattern: re.Pattern, text) -> float:
    """CPU seconds of all ways to use a pattern on a text."""
    began = time.process_time()
    pattern.match(text)
    pattern.fullmatch(text)
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - began


def grows_too_fast(pattern: re.Pattern, unit: str, head: str = "", tail: str = "") -> str:
    """What shows it, for a person; empty for a pattern that is in order. Quadratic growth is 16-fold over a text four times as long."""
    short, long = (head + unit * (size // len(unit)) + tail for size in (SIZE, 4 * SIZE))
    if isinstance(pattern.pattern, bytes):
        short, long = short.encode("utf-8", "replace"), long.encode("utf-8", "replace")  # type: ignore[assignment]
    for _ in range(4):  # noise only adds: one good measurement is enough
        late = seconds(pattern, long)
        if late < SECONDS or late < 8 * seconds(pattern, short) + SECONDS:
            return ""
    return f"{late:.3f} s for {4 * SIZE} characters of {unit!r} after {head!r}"


def test_the_patterns_are_found() -> None:
    assert len(patterns()) > 60
    assert any(isinstance(pattern.pattern, bytes) for pattern in patterns())


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_no_pattern_is_super_linear(unit: str) -> None:
    found = {pattern.pattern[:120]: slow for pattern in patterns() for around in AROUND if (slow := grows_too_fast(pattern, unit, *around))}
    assert found == {}


def test_a_super_linear_pattern_would_be_seen() -> None:
    assert grows_too_fast(re.compile(r"\s+$"), " ", tail="x")
    assert grows_too_fast(re.compile(r"(?:a|b)*c"), "a")
    assert not grows_too_fast(re.compile(r"\s{1,9}$"), " ", tail="x")
