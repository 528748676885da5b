"""An invented page in the manner of many portals."""

PARAGRAPHS = [
    "云州市本周开通了横跨青河的第三座大桥，早晨六点第一批车辆通过桥面，市民在桥头合影留念。",
    "工程负责人介绍，这座桥全长两千四百米，双向六车道，设计寿命一百年，施工历时三年零两个月。",
    "市交通部门表示，将根据车流情况调整两岸的公交线路，并在高峰时段增派人手疏导。",
]
RELATED = ["青河两岸公交线路调整方案公布", "第三大桥夜景灯光今晚亮起", "云州绕城高速年底通车"]
FEED = ["云州发布暴雨预警各区做好准备", "山河县新建三所幼儿园九月开园", "省运会开幕式彩排顺利完成", "老城区管网改造进入收尾阶段"]
PAGE = f"""<!doctype html><html lang="zh-CN"><head><title>青河第三大桥正式通车_云州网</title></head><body>
<div class="path">当前位置：<a href="/">云州网</a> &gt; <a href="/news/">新闻</a> &gt; 正文</div>
<div class="main"><div class="left"><h1 class="title">青河第三大桥正式通车</h1>
<div class="info active"><span>2024-03-01 08:30</span> <span>来源：<a href="/r">云州日报</a></span></div>
<div id="text12345" class="content css-1x2y3z">{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}<p class="by">（责任编辑：王小河）</p></div>
<div class="box also"><div class="tit">相关阅读</div>
<ul>{"".join(f'<li><a href="/news/{n}.html">{t}</a></li>' for n, t in enumerate(RELATED))}</ul></div></div>
<div class="box hot"><h3>点击排行</h3><ol>{"".join(f'<li><a href="/hot/{n}.html">{t}</a></li>' for n, t in enumerate(FEED))}</ol></div></div>
</body></html>"""
