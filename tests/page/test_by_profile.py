"""Pages read by a layout: what it selects counts, what it does not say is found as everywhere."""

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from invented_pages import HTML, PARAGRAPHS, TEXT, article

from broadsheet.page.dom import read_html, selector_error
from broadsheet.page.profiles import Layout, parse_profile
from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel, ModuleKind, Page, PersonRole


def layout_of(text: str, **more: str) -> Layout:
    return parse_profile({"host": "a.example", "layouts": [yaml.safe_load(text)], **more}, "a.example.yaml", selector_error).layouts[0]


def read(html: str, text: str, **more: str) -> Page:
    return read_page(html, media_type="text/html", layout=layout_of(text, **more), captured_at=datetime(2024, 3, 2, tzinfo=UTC))


def rules(page: Page, label: BlockLabel) -> list[tuple[str, str]]:
    return [(block.text, block.rule) for block in page.blocks if block.label == label]


@pytest.mark.parametrize("html", [HTML, article(), article(after="<div class='box'><h3>热点</h3></div>"), "", "<p>x", "a<br>" * 50])
def test_a_layout_without_selectors_changes_nothing(html):
    """Nor do selectors that match nothing, but for the warning."""
    plain = read_page(html, media_type="text/html")
    empty = read_page(html, media_type="text/html", layout=layout_of("{}"))
    missed = read_page(html, media_type="text/html", layout=layout_of("select: {title: .none, body: .none, source: .none}"))
    own = ("site_profile", "profile_missed", "warnings")
    for other in (empty, missed):
        assert {n: getattr(other, n) for n in other.__struct_fields__ if n not in own} == {
            n: getattr(plain, n) for n in plain.__struct_fields__ if n not in own
        }
    assert empty.warnings == plain.warnings
    assert set(missed.profile_missed) in ({"title", "body", "source"}, set())


@given(st.text(alphabet="<>pdivsan/ 字a=\"'", max_size=200))
def test_no_page_makes_a_layout_fail(html):
    text = "select: {title: [h1, p], body: div, info: span, source: a, author: span, editor: i, breadcrumb: 'p, span', published: '*'}\ndrop: p\nlabels: {a: nav}\nmodules: [{selector: '*', kind: headline_feed, heading: a}]"
    page = read(html, text)
    position = 0
    for block in page.blocks:
        assert block.char_start == position
        position = block.char_end + 1


def test_a_plain_text_is_read_as_without_a_layout_but_for_name_and_zone():
    page = read_page(TEXT, media_type="text/plain", layout=layout_of("select: {title: h1}", name="云州网", time_zone="Asia/Tokyo"))
    assert (page.site_name, page.time_zone, page.profile_missed) == ("云州网", "Asia/Tokyo", ())
    assert page.body == read_page(TEXT, media_type="text/plain").body


ODD = f"""<html><head><title>云州网</title><meta name="day" content="2024-03-01T09:15:00+08:00"></head><body>
<h1>云州网</h1><div class="way"><a href="/">首页</a><a href="/n">新闻</a></div>
<p class="head">青河第三大桥正式通车</p>
<div class="facts"><span class="who">李大江</span> <span class="from"><a href="/r">云州日报</a></span> <b class="when">2024-03-01 08:30</b> <i class="ed">王小河</i></div>
<div class="txt">{"".join(f"<p>{text}</p>" for text in PARAGRAPHS[:2])}<p class="buy">云州特产本周八折，欢迎新老顾客前来选购，数量有限，售完为止。</p>{"".join(f"<p>{text}</p>" for text in PARAGRAPHS[2:])}</div>
<div class="more"><u>同题</u><a href="/1">青河两岸公交线路调整方案公布</a><br><a href="/2">第三大桥夜景灯光今晚亮起</a></div>
<div class="end">云州网 制作</div></body></html>"""
ODD_LAYOUT = """
select: {title: .head, body: .txt, breadcrumb: .way a, author: .who, source: .from, published: .when, editor: .ed}
drop: .buy
labels: {.end: footer}
modules: [{selector: .more, kind: related_links, heading: u}]
"""


def test_each_field_is_taken_from_where_the_layout_says():
    page = read(ODD, ODD_LAYOUT)
    assert page.headline() == "青河第三大桥正式通车"
    assert page.body == tuple(PARAGRAPHS)
    assert page.breadcrumb == ("首页", "新闻")
    assert [(s.name, s.url) for s in page.sources] == [("云州日报", "/r")]
    assert {(p.role, p.name) for p in page.people} == {(PersonRole.AUTHOR, "李大江"), (PersonRole.EDITOR, "王小河")}
    assert page.published is not None
    assert (page.published.local, page.published.rule) == (datetime(2024, 3, 1, 8, 30), "profile:published")  # noqa: DTZ001
    assert page.profile_missed == page.warnings == ()


def test_what_decided_is_recorded_with_each_block():
    page = read(ODD, ODD_LAYOUT)
    assert rules(page, BlockLabel.TITLE) == [("青河第三大桥正式通车", "profile:title")]
    assert {rule for _, rule in rules(page, BlockLabel.BODY)} == {"profile:body"}
    assert [rule for _, rule in rules(page, BlockLabel.AD)] == ["profile:drop"]
    assert rules(page, BlockLabel.FOOTER) == [("云州网 制作", "profile:labels")]
    assert rules(page, BlockLabel.BREADCRUMB) == [("首页 新闻", "profile:breadcrumb")]
    assert [rule for _, rule in rules(page, BlockLabel.INFO_LINE)] == ["profile:published"]


def test_a_module_is_what_its_container_holds():
    (module,) = read(ODD, ODD_LAYOUT).modules
    assert (module.kind, module.heading, module.rule) == (ModuleKind.RELATED_LINKS, "同题", "profile:modules")
    assert [item.url for item in module.items] == ["/1", "/2"]


def test_modules_of_layout_and_generic_path_stand_in_page_order():
    page = read(HTML, "modules: [{selector: '.right .box', kind: headline_feed, heading: h3 a, ranked: false}]")
    generic = read_page(HTML, media_type="text/html")
    assert [module.heading for module in page.modules if module.items] == [module.heading for module in generic.modules if module.items]
    feed = next(module for module in page.modules if module.heading == "点击排行")
    assert feed.is_ranked is False
    for block in page.blocks:
        if block.module_index is not None and block.rule == "profile:modules":
            assert page.modules[block.module_index] is feed


def test_a_fixed_heading_and_a_list_that_says_that_it_is_ranked():
    page = read(HTML, "modules: [{selector: .right ul, kind: headline_feed, heading_text: 热榜}]")
    feed = next(module for module in page.modules if module.heading == "热榜")
    assert feed.is_ranked
    assert [item.rank for item in feed.items] == [1, 2, 3, 4, 5]


def test_paragraphs_that_are_selected_by_themselves_are_taken_as_they_are():
    html = article().replace('<div class="content">', '<div class="content"><p>Photo by Li Dajiang: the bridge at dawn.</p>')
    assert read(html, "select: {body: .content p}").body[0] == "Photo by Li Dajiang: the bridge at dawn."
    assert read(html, "select: {body: .content}").body == tuple(PARAGRAPHS)


def test_a_headline_in_the_text_s_container_is_no_paragraph():
    html = (
        article()
        .replace("<h1>青河第三大桥正式通车</h1>", "")
        .replace('<div class="content">', '<div class="content"><p>快讯</p><p class="t">青河第三大桥正式通车</p>')
    )
    assert read(html, "select: {title: .t, body: .content}").body == tuple(PARAGRAPHS)


def test_a_value_of_the_head_can_be_selected():
    page = read(ODD, "select: {published: 'meta[name=day]'}")
    assert page.published is not None
    assert (page.published.rule, page.published.utc_offset_minutes) == ("profile:published", 480)


def test_the_first_selector_that_matches_counts():
    assert read(ODD, "select: {title: [.none, .head, h1]}").headline() == "青河第三大桥正式通车"


def test_misses_are_named_and_the_generic_path_fills_in():
    page = read(HTML, "select: {title: .none, author: .none, editor: .none}\noptional: [author]\nmodules: [{selector: .none, kind: related_links}]")
    assert page.headline() == "青河第三大桥正式通车"
    assert set(page.profile_missed) == {"title", "editor", "modules[0]"}
    assert page.warnings == ("profile_selector_missed",)


def test_a_page_that_is_no_article_misses_nothing():
    page = read("<p>云州网</p>", "select: {title: .none}")
    assert (page.profile_missed, page.warnings) == ((), ())


def test_a_selected_word_of_a_paragraph_leaves_it_a_paragraph():
    html = article().replace("云州市本周", '<em class="from">云州日报</em>云州市本周')
    page = read(html, "select: {source: .from}")
    assert page.sources[0].name == "云州日报"
    assert page.body[0].startswith("云州日报 云州市本周")


@pytest.mark.parametrize(
    "inner", ["<span class=x><p>甲</p><p>乙</p></span>", "<my-box class=x><p>甲</p><p>乙</p></my-box>", "<div class=x>甲<br>乙</div>"]
)
def test_elements_that_are_no_boxes_hold_the_boxes_in_them(inner):
    (found,) = read_html(f"<body><p>前</p>{inner}<p>后</p></body>", {"body": (".x",)}).selected["body"]
    assert found.text == "甲 乙"
    assert found.is_whole


def test_a_selector_for_everything_on_a_deep_page_costs_little():
    html = "<span>" * 20_000 + "甲" + "</span>" * 20_000
    assert read(html, "select: {title: '*', author: span}").blocks
