"""Breadcrumb lines with and without their label."""

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.page.breadcrumbs import has_label, read_breadcrumb


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("您当前的位置 : 云州网 >> 云州新闻 >> 要闻", ("云州网", "云州新闻", "要闻")),
        ("当前位置：首页 > 新闻 > 正文", ("首页", "新闻")),
        ("• 当前位置:主页 > 云州播报 >", ("主页", "云州播报")),
        ("首页 > 财经频道 > 正文", ("首页", "财经频道")),
        ("云州网>>财经", ("云州网", "财经")),
        ("国内财经 > 正文", ("国内财经",)),
        ("首页 / 游戏 / 正文", ("首页", "游戏")),
        ("云州网 > 云州号 > 正文 申请入驻", ("云州网", "云州号")),
        ("首页 - 新闻动态", ("首页", "新闻动态")),
        ("当前位置：首页 - 新闻 - 正文", ("首页", "新闻")),
        ("当前位置 首页 新闻", ("首页", "新闻")),
        ("You are here: Home » News » Local", ("Home", "News", "Local")),
        ("Home / News / Music", ("Home", "News", "Music")),
    ],
)
def test_a_breadcrumb_is_read(text, wanted):
    assert read_breadcrumb(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "普通的一句话",
        "首页 - 联系我们 - 关于我们",
        "新闻 | 财经 | 体育",
        "Shows tonight » Hosts and guests »",
        "他说，5 > 3，这没有错。还有很多话要说",
        "更多 >",
        "Die Fähre »Marlene« liegt fest: »Sie fährt nicht mehr«",
        "> 查看全部 > 列表",
        "Tom / Jerry",
        "正文",
        "World » More",
    ],
)
def test_other_lines_are_no_breadcrumb(text):
    assert read_breadcrumb(text) is None


def test_links_stand_in_for_separators_drawn_by_style():
    assert read_breadcrumb("当前位置 首页 经济·科技 大桥", ["首页", "经济·科技"]) == ("首页", "经济·科技", "大桥")
    assert read_breadcrumb("云州网 财经", ["云州网", "财经"]) is None
    assert read_breadcrumb("云州网 财经", ["云州网", "财经"], is_known=True) == ("云州网", "财经")


def test_a_label_is_told_apart():
    assert has_label("您所在的位置：首页")
    assert not has_label("首页 > 新闻")


@given(lines, st.lists(lines, max_size=3), st.booleans())
def test_crumbs_are_never_blank(text, link_texts, is_known):
    crumbs = read_breadcrumb(text, link_texts, is_known=is_known)
    assert crumbs is None or (crumbs and all(crumb.strip() == crumb and crumb for crumb in crumbs))


@pytest.mark.parametrize("text", adversarial, ids=lambda text: repr(text[:6]))
def test_long_hostile_texts_end(text):
    read_breadcrumb(text)
    read_breadcrumb("当前位置：" + text[:290], [text], is_known=True)
    has_label(text)
