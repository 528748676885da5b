"""Texts that no function of the page kernel may choke on."""

from hypothesis import strategies as st

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=120)
# pieces of info lines in any order, which random characters never make
_LABELS = ["来源：", "来源", "编辑:", "责任编辑", "记者", "文/", "By", "Von", "作者", "原标题：", "当前位置：", "版权声明：", "凡本网注明"]
_VALUES = ["云州日报", "山河网", "2024-03-01", "08:30", "3月", "小时前", "PM", "Doe", "张三", "李", "_NB12", "SF001", "首页", "正文", "电", "０"]
_SIGNS = [*"-—【】（）()|、>：“”\n\u3000 ", "——", ">>", "  ", "24-03-01 08:30"]
pieces = st.sampled_from([*_LABELS, *_VALUES, *_SIGNS])
lines = st.one_of(anything, st.lists(pieces, max_size=14).map("".join))
# super-linear patterns show on these: a run takes seconds to hours then
adversarial = [
    unit * (200_000 // len(unit))
    for unit in (
        " ",
        "a",
        "1",
        "-",
        "—",
        ":",
        "(",
        "【",
        "来源：",
        "记者 ",
        "By ",
        "A ",
        "2024-",
        "12:",
        "_",
        ">",
        "甲",
        "作者甲",
        "1 ",
        "“",
        "\n",
        "，",
    )
]
