"""Invented pages that the tests of the page kernel read."""

PARAGRAPHS = [
    "云州市本周开通了横跨青河的第三座大桥，早晨六点第一批车辆通过桥面，市民在桥头合影留念。",
    "工程负责人介绍，这座桥全长两千四百米，双向六车道，设计寿命一百年，施工历时三年零两个月。",
    "“以前过河要绕行半个小时，现在五分钟就到了。”家住北岸的一位居民说。",
    "市交通部门表示，将根据车流情况调整两岸的公交线路，并在高峰时段增派人手疏导。",
]
RELATED = ["青河两岸公交线路调整方案公布", "第三大桥夜景灯光今晚亮起", "云州绕城高速年底通车"]
FEED = ["云州发布暴雨预警各区做好准", "山河县新建三所幼儿园九月开", "省运会开幕式彩排顺利完成多", "老城区管网改造进入收尾阶段", "短消息一则"]

HTML = f"""<!doctype html><html lang="zh-CN"><head><title>青河第三大桥正式通车_云州新闻_云州网</title>
<meta property="og:site_name" content="云州网"><link rel="canonical" href="https://www.yunzhou.example/news/1.html"></head>
<body>
<div class="header"><ul class="nav"><li><a href="/">首页</a></li><li><a href="/news/">新闻</a></li><li><a href="/sport/">体育</a></li></ul></div>
<div class="path">当前位置：<a href="/">云州网</a> &gt; <a href="/news/">新闻</a> &gt; 正文</div>
<div class="main"><div class="left"><h1>青河第三大桥正式通车</h1>
<div class="info"><span>2024-03-01 08:30</span><span>来源：<a href="/r">云州日报</a></span></div>
<div class="content">{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}<p>（责任编辑：王小河）</p></div>
<div class="share"><span>分享到：</span><a href="#">微博</a></div>
<div class="box"><div class="tit">相关阅读</div>
<ul>{"".join(f'<li><a href="/news/{n}.html">{t}</a></li>' for n, t in enumerate(RELATED))}</ul></div></div>
<div class="right"><div class="box"><h3><a href="/rank/">点击排行</a><a href="/rank/">更多</a></h3><ul>
{"".join(f'<li><em>{n}</em><a href="/hot/{n}.html" title="{t}">{t}</a></li>' for n, t in enumerate(FEED, start=1))}</ul></div>
<div class="box"><h3>图片新闻</h3></div></div></div>
<div class="footer">关于我们 联系我们 版权所有 云州网 ICP备00000001号</div></body></html>"""

TEXT = "\n".join([
    "您当前的位置 : 云州网 >> 新闻 >> 要闻", "", "【聚焦云州发展】青河大桥通车——两岸往来只要五分钟", "",
    "24-03-01 08:30 来源:云州网-山河日报 编辑:王小河", "", "\u3000\u3000原标题:【看发展】第三座大桥通车", "", "\u3000\u3000——青河两岸变通途", "",
    "\u3000\u3000山河日报记者 李大江", "", *[line for text in PARAGRAPHS for line in ("\u3000\u3000" + text, "")],
    "版权声明:凡注有稿件来源为“云州网”的稿件,均为云州网版权稿件,转载必须注明来源为“云州网”。", "", "精彩推荐", "",
    *[f"  • {text} {text}" for text in RELATED], "", "关注我们", "", "云州网微博", "云州网微信", "", "即时播报", "",
    *[f"{rank}   {text}" for rank, text in enumerate(FEED, start=1)], "分享到",
])  # fmt: skip


def html_of(body: str, *, title: str = "") -> str:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


def article(after: str = "", before: str = "") -> str:
    """A page with an article and what stands around it."""
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    info = "<p>2024年3月1日 08:30 来源：云州日报</p>"
    text = f'<div class="content">{paragraphs}</div>'
    return html_of(
        f'{before}<div class="wrap"><div class="left"><h1>青河第三大桥正式通车</h1>{info}{text}</div>{after}</div>', title="青河第三大桥正式通车"
    )
