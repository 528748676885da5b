"""Lists of links to stories: what is one, its heading, kind, ranks and cut headlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_pages import FEED, PARAGRAPHS, RELATED, article

from broadsheet.page.entries import undoubled, width_limit
from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel, Module, ModuleKind
from broadsheet.text import cut, display_width


def modules(after: str, before: str = "") -> list[Module]:
    return list(read_page(article(after, before), media_type="text/html").modules)


def entries(texts: list[str], tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="/story/{abs(hash(text)) % 9973}.html">{text}</a></{tag}>' for text in texts)


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("相关新闻", ModuleKind.RELATED_LINKS),
        ("猜你喜欢", ModuleKind.RELATED_LINKS),
        ("精彩推荐", ModuleKind.RELATED_LINKS),
        ("热门推荐", ModuleKind.HEADLINE_FEED),
        ("编辑推荐", ModuleKind.HEADLINE_FEED),
        ("要闻", ModuleKind.HEADLINE_FEED),
        ("云州观潮", ModuleKind.HEADLINE_FEED),  # a column that no vocabulary knows
        ("Related stories", ModuleKind.RELATED_LINKS),
        ("Most read", ModuleKind.HEADLINE_FEED),
        ("Dans la même rubrique", ModuleKind.RELATED_LINKS),
        ("Zobacz też", ModuleKind.RELATED_LINKS),
        ("Có thể bạn quan tâm", ModuleKind.RELATED_LINKS),
        ("اقرأ أيضا", ModuleKind.RELATED_LINKS),
        ("Meest gelezen", ModuleKind.HEADLINE_FEED),
        ("الأكثر قراءة", ModuleKind.HEADLINE_FEED),
    ],
)
@pytest.mark.parametrize(
    "markup", ['<div class="tit">{}</div>', "<h2>{}</h2>", '<h3><a href="/c/">{}</a></h3>', '<h1><span class="title">{}</span></h1>']
)
def test_the_heading_tells_the_kind(heading: str, kind: ModuleKind, markup: str) -> None:
    (module,) = modules(f'<div class="box">{markup.format(heading)}<ul>{entries(FEED)}</ul></div>')
    assert (module.heading, module.kind, len(module.items)) == (heading, kind, len(FEED))


def test_a_short_headline_keeps_its_rank_among_its_siblings() -> None:
    texts = [*FEED[:2], "桥通了", *FEED[2:]]
    for markup in ("<ol>{}</ol>", "<ul>{}</ul>"):
        (module,) = modules(f'<div class="box"><h3>点击排行</h3>{markup.format(entries(texts))}</div>')
        assert [(item.rank, item.text) for item in module.items] == list(enumerate(texts, start=1))
    lines = "\n".join(f"{rank}   {text}" for rank, text in enumerate(texts, start=1))
    (module,) = read_page("\n\n".join([*PARAGRAPHS, "即时播报", lines]), media_type="text/plain").modules
    assert [(item.rank, item.text) for item in module.items] == list(enumerate(texts, start=1))


def test_a_channels_name_beside_each_headline_is_no_entry() -> None:
    lines = "".join(f'<li><a href="/c{n}/">社会{n}</a> <a href="/s/{n}.html">{text}</a></li>' for n, text in enumerate(FEED))
    (module,) = modules(f'<div class="box"><h3>最新消息</h3><ul>{lines}</ul></div>')
    assert [item.text for item in module.items] == FEED


def test_a_heading_above_another_heading_is_one_though_its_list_is_missing() -> None:
    many = [f"{text}第{number}批" for number in range(3) for text in FEED]
    after = (
        f'<div class="rail"><section><h2>大家都在看</h2><div id="fill"></div></section><section><h2>热榜</h2><ul>{entries(many)}</ul></section></div>'
    )
    page = read_page(article(after), media_type="text/html")
    assert {block.text: block.label for block in page.blocks}["大家都在看"] == BlockLabel.MODULE_HEADING
    assert [module.heading for module in page.modules if module.items] == ["热榜"]


def test_a_list_needs_no_list_tags() -> None:
    (module,) = modules(f'<div class="box"><span class="title">热点新闻</span>{entries(FEED, "div")}</div>')
    assert [item.text for item in module.items] == FEED


@pytest.mark.parametrize("heading", ["友情链接", "网站导航", "热门标签", "Tags"])
def test_other_headed_lists_are_no_modules(heading: str) -> None:
    page = read_page(article(f"<div><h3>{heading}</h3><ul>{entries(FEED)}</ul></div>"), media_type="text/html")
    assert page.modules == ()
    assert {block.label for block in page.blocks if block.text in FEED} == {BlockLabel.LINKS}


def test_navigation_is_no_module() -> None:
    assert modules("", f'<ul class="nav">{entries(["首页", "新闻", "体育", "财经", "娱乐"])}</ul>') == []


def test_more_is_no_part_of_the_heading_and_no_entry() -> None:
    (module,) = modules(f'<div><h3>要闻 <a href="/more/">更多&gt;&gt;</a></h3><ul>{entries(FEED)}</ul></div>')
    assert (module.heading, len(module.items)) == ("要闻", len(FEED))


@pytest.mark.parametrize(
    "more",
    [
        "View all sports news »",
        "See more stories",
        "RSS feed: most read stories",
        "Ver todas las noticias",
        "More videos ›",
        "Also in Regional Sports »",
        "BROWSE BY AUTHOR",
    ],
)
def test_more_of_something_is_no_entry(more: str) -> None:
    stories = [f"Seahaven story number {n} in its full length" for n in range(4)]
    [module] = modules(f"<div><h3>Most read</h3><ul>{entries([*stories, more])}</ul></div>")
    assert [item.text for item in module.items] == stories


def test_a_heading_goes_on_into_its_link() -> None:
    stories = [f"Seahaven story number {n} in its full length" for n in range(4)]
    [module] = modules(f'<div><h3>More from <a href="/">The Example Herald</a></h3><ul>{entries(stories)}</ul></div>')
    assert module.heading == "More from The Example Herald"


@pytest.mark.parametrize("box", ["share-bar", "comment-head", "mail-form"])
def test_a_message_of_the_page_is_no_heading(box: str) -> None:
    texts = [f"{number} residents asked the council to keep the old lighthouse open" for number in ("Ninety", "Eighty", "Seventy")]
    (module,) = modules(f'<div class="{box}"><h4>Sent!</h4><p>It is on its way.</p></div><div class="bar"><ul>{entries(texts)}</ul></div>')
    assert (module.heading, [item.text for item in module.items]) == (None, texts)


def test_tabs_with_their_own_lists_are_modules_of_their_own() -> None:
    head = '<div class="tabs"><a href="/a/">阅读排行榜</a><a href="/b/">评论排行榜</a></div>'
    panels = f'<div class="panel"><ul>{entries(FEED)}</ul></div><div class="panel" style="display:none"><ul>{entries(RELATED)}</ul></div>'
    first, second = modules(f'<div class="box">{head}<div>{panels}</div></div>')
    assert (first.heading, len(first.items), first.is_ranked) == ("阅读排行榜", len(FEED), True)
    assert (second.heading, len(second.items), second.is_ranked) == ("评论排行榜", len(RELATED), True)


@pytest.mark.parametrize("number", ["{}.", "<em>{}</em>", "<span>0{}</span>"])
def test_displayed_numbers_are_no_part_of_the_text(number: str) -> None:
    rows = "".join(f'<li>{number.format(rank)} <a href="/n/{rank}">{text}</a></li>' for rank, text in enumerate(FEED, start=1))
    inside = "".join(f'<li><a href="/n/{rank}">{number.format(rank)} {text}</a></li>' for rank, text in enumerate(FEED, start=1))
    for body in (rows, inside):
        (module,) = modules(f"<div><h3>今日看点</h3><ul>{body}</ul></div>")
        assert (module.is_ranked, [item.text for item in module.items]) == (True, FEED)


def test_a_number_that_begins_a_headline_stays() -> None:
    texts = ["2名学生获得省级奖学金表彰", "30个村通上了自来水管网", "5月起山河县调整用水价格"]
    (module,) = modules(f"<div><h3>今日看点</h3><ul>{entries(texts)}</ul></div>")
    assert [item.text for item in module.items] == texts


def test_an_entry_with_picture_headline_and_summary_is_one_item() -> None:
    rows = "".join(
        f'<div class="card"><a href="/s/{n}"><img alt="{text}"></a><h4><a href="/s/{n}">{text}</a></h4>'
        f'<p><a href="/s/{n}">记者从有关部门了解到，{text}。</a></p>'
        f'<span class="source">云州日报</span><a href="/s/{n}#c">12评论</a></div>'
        for n, text in enumerate(RELATED)
    )
    (module,) = modules(f'<div class="box"><h3>相关推荐</h3>{rows}</div>')
    assert [(item.text, item.has_image) for item in module.items] == [(text, True) for text in RELATED]


def test_the_full_headline_of_a_title_attribute_is_kept() -> None:
    full = "云州市发布今年第一批重点工程名单 共计四十八项"
    rows = f'<li><a href="/1" title="{full}">{full[:12]}...</a></li><li><a href="/2">另一条没有被截断的新闻</a></li>'
    (module,) = modules(f"<div><h3>要闻</h3><ul>{rows}</ul></div>")
    assert [(item.full_text, item.is_truncated) for item in module.items] == [(full, True), (None, False)]


def test_a_heading_without_a_list_is_kept_as_an_empty_module() -> None:
    page = read_page(article('<div class="box"><h3>图片新闻</h3><div id="js-fill"></div></div>'), media_type="text/html")
    assert [(module.heading, module.items) for module in page.modules] == [("图片新闻", ())]
    assert [block.text for block in page.blocks if block.label == BlockLabel.MODULE_HEADING] == ["图片新闻"]


def test_links_inside_the_text_are_no_module_but_a_headed_list_is() -> None:
    inside = f"<p>相关新闻：</p>{''.join(f'<p><a href=/s/{n}>{text}</a></p>' for n, text in enumerate(RELATED))}"
    page = read_page(article().replace("</p><p>工程", f"</p>{inside}<p>工程"), media_type="text/html")
    (module,) = page.modules
    assert (module.heading, [item.text for item in module.items]) == ("相关新闻", RELATED)
    assert len(page.body) == 4


TITLES = ["云州市今年将新建改建农村公路三百公里惠及百村", "山河县柑橘丰收果农忙着采摘装箱发往各地市场",
          "青河两岸绿道全线贯通市民可骑行三十公里不重样",
          "省运会火炬传递活动今天上午在云州体育馆启动了", "短消息一则"]  # fmt: skip


@given(st.integers(18, 40))
def test_the_limit_of_cut_headlines_is_learned(limit: int) -> None:
    found = width_limit([cut(title, limit) for title in TITLES])
    assert found in {limit, limit - 1}


def test_no_limit_is_learned_from_whole_headlines() -> None:
    assert width_limit(["一", "第二条", "第三条新闻", "第四条更长的新闻标题"]) is None
    assert width_limit([]) is None


@given(st.text(min_size=4, max_size=30).map(lambda text: "题" + text.replace(" ", "") + "目"))
def test_a_doubled_title_is_undoubled(title: str) -> None:
    assert undoubled(f"{title} {title}") == undoubled(title)
    assert display_width(undoubled(title)) <= display_width(title)


def test_a_copy_for_search_engines_is_not_read() -> None:
    page = read_page(article(f'<div class="seo-data"><ul>{entries(FEED)}</ul></div>'), media_type="text/html")
    assert page.modules == ()
    assert not {block.text for block in page.blocks} & set(FEED)


def test_entries_side_by_side_are_one_list_however_they_are_built() -> None:
    plain = '<li><div class="no-picture"><div class="t"><a href="/s/{n}">{text}</a></div></div></li>'
    rich = '<li><div class="picture"><div><div><div class="box"><div class="t"><a href="/s/{n}">{text}</a></div></div></div></div></div></li>'
    rows = "".join((rich if n % 2 else plain).format(n=n, text=text) for n, text in enumerate([*FEED[:4], *RELATED]))
    (module,) = modules(f"<div><h3>相关推荐</h3><ul>{rows}</ul></div>")
    assert [item.text for item in module.items] == [*FEED[:4], *RELATED]


def test_a_heading_above_tabs_names_their_list() -> None:
    tabs = "".join(f"<li>{word}</li>" for word in ("推荐", "娱乐", "体育", "财经"))
    (module,) = modules(f'<div class="rec"><h2>为您推荐</h2><ul class="tabs">{tabs}</ul><ul>{entries(FEED)}</ul></div>')
    assert (module.heading, module.kind) == ("为您推荐", ModuleKind.RELATED_LINKS)


def test_a_shops_list_without_a_heading_is_no_module() -> None:
    goods = "".join(f'<li><a href="https://shop.example/{n}">云州牌保温水壶第{n}代家庭装两升</a></li>' for n in range(6))
    own = "".join(f'<p><a href="https://www.yunzhou.example/{n}">第{n}条</a></p>' for n in range(9))
    assert modules(f"<div>{own}</div><div><ul>{goods}</ul></div>") == []


def test_a_footers_words_are_no_list() -> None:
    words = "".join(f'<li><a href="/{n}">{word}</a></li>' for n, word in enumerate(["Terms of Use", "Privacy Policy", "Closed captioning policy"]))
    assert modules(f"<div><h2>Seahaven News</h2><ul>{words}</ul></div>") == []


def test_a_leading_story_belongs_to_the_list_under_it() -> None:
    lead = f'<div class="lead"><header><div><h1 class="t"><a href="/s/0">{FEED[0]}</a></h1></div></header></div>'
    (module,) = modules(f'<div class="box"><h2>要闻</h2>{lead}<ul>{entries(FEED[1:4])}</ul></div>')
    assert [item.text for item in module.items] == FEED[:4]
