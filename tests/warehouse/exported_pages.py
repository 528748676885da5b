"""Invented pages that show every part of an article that exports tell, and what hostile or sparing ones have instead."""

PARAGRAPHS = [
    "云州市本周开通了横跨青河的第三座大桥，早晨六点第一批车辆通过桥面，市民在桥头合影留念。",
    "工程负责人介绍，这座桥全长两千四百米，双向六车道，设计寿命一百年，施工历时三年零两个月。",
    "市交通部门表示，将根据车流情况调整两岸的公交线路，并在高峰时段增派人手疏导。",
]


def article_html(
    headline: str, info: str, *, lead: str = "", closing: str = "", notice: str = "", crumbs: tuple[str, ...] = (), language: str = "zh-CN"
) -> str:
    """A page in the manner of many portals; `headline` and the rest are written as they are."""
    path = " &gt; ".join(f'<a href="/{n}/">{label}</a>' for n, label in enumerate(crumbs))
    return f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{headline}</title></head><body>
<div class="path">当前位置：{path}</div>
<div class="main"><h1>{headline}</h1><div class="info">{info}</div>{lead}
<div class="article">{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}{closing}</div>
<div class="copyright-notice">{notice}</div></div></body></html>"""


FULL = article_html(
    "【文明实践在云州】青河第三大桥正式通车——青河两岸见闻",
    "26-03-02 08:00 来源：云州网-云州日报 编辑：袁雨桐",
    lead="<p>原标题：大桥今晨通车</p><p>云州日报记者 马少峰 通讯员 韩小峰</p>",
    closing="<p>（责任编辑：周佳）</p>",
    notice="版权声明：本网所有稿件，未经授权不得转载。",
    crumbs=("云州网", "云州新闻", "要闻"),
)
HOSTILE = article_html(
    '=HYPERLINK("http://evil.example","点此"),\'"; drop table articles; --',
    "2026-03-03 来源：+cmd|' /C calc'!A0",
    crumbs=("@SUM(1+1)",),
)
