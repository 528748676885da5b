"""What the invented world is made of: sites, names and sentence patterns. Any likeness to real places or people is chance."""

SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜谢邹苏潘葛范彭鲁韦马苗方俞任袁柳史唐薛雷贺汤罗毕安常于傅卞齐康余元顾孟黄穆萧尹姚邵汪祁毛狄米贝明臧计伏成戴宋"
GIVEN = "文博雨桐志远晓岚建华思远佳宁海涛静怡国强若溪少峰丽君子涵家豪欣然明哲秀英浩然雪梅立新敏俊杰春燕振宇芳菲"
COUNTIES = [
    "清河县",
    "白石县",
    "南屏县",
    "望江区",
    "松岭县",
    "柳泉县",
    "石桥镇",
    "东湾区",
    "青浦岭镇",
    "大溪县",
    "云台乡",
    "金沙湾区",
    "梨园县",
    "鹿鸣县",
    "半山镇",
]
THINGS = [
    "跨江大桥",
    "数字图书馆",
    "社区养老服务中心",
    "高山蔬菜基地",
    "智能公交线路",
    "湿地公园",
    "职业技术学校新校区",
    "冷链物流园",
    "乡村振兴示范带",
    "城市书房",
    "地下综合管廊",
    "绿色矿山",
    "茶旅融合项目",
    "水库除险加固工程",
    "群众文化广场",
]
ACTIONS = ["建成投用", "正式开工", "通过竣工验收", "面向社会征求意见", "迎来首批市民", "完成主体结构封顶", "启动二期建设", "获得专项资金支持"]
TAGS = ["走进乡村看变化", "两会关注", "文明实践在云州", "高质量发展调研行", "民生实事"]
SUBTITLES = ["{county}推进{thing}建设纪实", "{county}基层治理观察", "来自{county}的一线报道"]
HEADLINES = [
    "{county}{thing}{action} 惠及周边{number}万名群众",
    "{county}：{thing}{action}",
    "投资{number}亿元 {county}{thing}{action}",
    "“家门口的好日子”来了 {county}{thing}{action}",
    "{county}{thing}为何受欢迎？记者实地探访",
    "一座{thing}的变迁：{county}用{number}年写好民生答卷",
    "{county}{number}个重点项目集中签约 {thing}在列",
    "快讯：{county}{thing}{action}",
]
PARAGRAPHS = [
    "{weekday}上午，记者在{county}看到，{thing}现场一派繁忙，{number}名工人正在进行最后的调试。",
    "据{county}有关负责人{person}介绍，{thing}总投资{number}.{digit}亿元，建设周期{digit}年，建成后每年可服务群众{number}万人次。",
    "“以前办这件事要跑{number}公里，现在走几步路就到了。”家住{county}的{person}告诉记者，变化就发生在身边。",
    "近年来，{county}坚持把{thing}作为改善民生的重要抓手，先后出台{digit}项措施，累计解决问题{number}个。",
    "在项目规划阶段，当地召开了{digit}场座谈会，收集意见建议{number}条，其中大部分已被采纳。",
    "{person}说，下一步将继续完善配套设施，推动{thing}与周边产业融合发展，让更多人从中受益。",
    "为保障施工安全，{county}组织{number}名专业人员开展了为期{digit}周的排查，整改隐患{number}处。",
    "统计数据显示，今年前{digit}个月，{county}相关产业实现产值{number}.{digit}亿元，同比增长{digit}.{digit}%。",
    "夜幕降临，{thing}的灯光次第亮起，前来散步的居民三三两两，孩子们的笑声传得很远。",
    "业内人士{person}认为，{thing}的意义不止于一项工程，更在于探索了一条可以复制的路子。",
]
WEEKDAYS = ["周一", "周二", "周三", "周四", "周五"]
OUTLETS = ["云州日报", "澜山晚报", "青禾日报", "海渡新闻", "北岭广播电视台", "南屏发布"]
CHANNELS = {"zh": ["要闻", "民生", "经济", "文化", "县区"], "en": ["Local", "Business", "Culture"], "de": ["Region", "Wirtschaft", "Kultur"]}

EN = {
    "first": ["Nora", "Elias", "Maren", "Tobin", "Iris", "Callum", "Petra", "Owen", "Sable", "Ruth"],
    "last": ["Hallworth", "Quillfeather", "Brandt", "Ostrow", "Penhallow", "Varga", "Lindqvist", "Marlow"],
    "places": ["Port Ellery", "Gull Harbor", "North Tarn", "Wexley Sound", "Amber Falls"],
    "things": ["ferry terminal", "tidal power plant", "public library", "harbor bridge", "lighthouse museum", "seed bank"],
    "headlines": ["{place} opens its long-awaited {thing} after {number} years", "Council backs {thing} for {place} in a narrow vote", "What the new {thing} means for {place}", "{place} {thing} draws {number},000 visitors in its first week"],
    "paragraphs": [
        "Residents of {place} gathered on {day} to see the {thing} for the first time, and many said that the wait of {number} years had been worth it.",
        "The {thing} cost about {number} million crowns, according to figures that the council of {place} published this week.",
        "“We used to drive for an hour,” said {person}, who has lived in {place} since childhood. “Now my children can walk there.”",
        "{person}, who led the planning, said that the team had held {number} public meetings before the first stone was laid.",
        "Not everyone is convinced. A group of shop owners fears that the {thing} will draw visitors away from the old market.",
        "Engineers will inspect the {thing} every {number} weeks during its first year, and the results will be open to everyone.",
        "The council expects {number},000 visitors a year, a figure that independent planners called careful rather than bold.",
    ],
    "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
}  # fmt: skip
DE = {
    "first": ["Jonas", "Friederike", "Malte", "Svenja", "Hauke", "Birte"],
    "last": ["Wiesengrund", "Petersdotter", "Achtermann", "Kolkhorst", "Dünenbeck"],
    "places": ["Nordtal", "Bad Erlenau", "Hinterkoog", "Seefelde"],
    "things": ["Stadtbücherei", "Seilbahn", "Markthalle", "Fährstation", "Sternwarte"],
    "headlines": ["{place} eröffnet nach {number} Jahren die neue {thing}", "Gemeinderat stimmt für {thing} in {place}", "Warum die {thing} in {place} so beliebt ist"],
    "paragraphs": [
        "In {place} ist am {day} die neue {thing} eröffnet worden, auf die viele Bürgerinnen und Bürger {number} Jahre lang gewartet hatten.",
        "Die Kosten der {thing} lagen nach Angaben der Gemeinde bei rund {number} Millionen Talern und damit etwas über dem Plan.",
        "„Endlich müssen wir nicht mehr so weit fahren“, sagte {person}, die seit vielen Jahren in {place} lebt.",
        "{person} vom Bauamt erklärte, dass es vor dem ersten Spatenstich {number} öffentliche Gespräche gegeben habe.",
        "Kritik kam aus der Nachbarschaft, denn einige Händler fürchten, dass die {thing} den alten Markt leerer machen wird.",
        "Im ersten Jahr soll die {thing} alle {number} Wochen überprüft werden, die Ergebnisse werden veröffentlicht.",
    ],
    "days": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"],
}  # fmt: skip
