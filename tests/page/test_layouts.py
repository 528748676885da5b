"""Layouts that sites have, each by the least page that shows it. All invented."""

import pytest
from invented_pages import FEED, PARAGRAPHS, article, html_of

from broadsheet.page.blocks import Hint
from broadsheet.page.class_names import name_hints
from broadsheet.page.credits import read_byline, read_closing_credit, read_info_line, read_opening_credit
from broadsheet.page.read import read_page
from broadsheet.page.times import find_time
from broadsheet.records import ModuleKind, Page, PersonRole

ENGLISH = [
    "The bridge across the river opened on Friday, and the first buses crossed it before six in the morning.",
    "The engineer said that the bridge is two miles long, has six lanes and took three years to build.",
    "“It used to take half an hour,” said a woman who lives on the northern side. “Now it is five minutes.”",
]


def read(markup: str) -> Page:
    return read_page(markup, media_type="text/html")


def english(before: str = "", inside: str = "", after: str = "", *, lang: str = "en") -> Page:
    paragraphs = "".join(f"<p>{text}</p>" for text in ENGLISH)
    page = html_of(f"<article><h1>Bridge at Seahaven opens</h1>{before}{paragraphs}{inside}</article>{after}", title="Bridge at Seahaven opens")
    return read(page.replace("<html>", f'<html lang="{lang}">'))


def writers(page: Page) -> list[str]:
    return [person.name for person in page.people if person.role in (PersonRole.AUTHOR, PersonRole.REPORTER)]


# --- credits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paragraph", "names"),
    [
        ("山河网云州3月1日电 （王小甲 李小乙）新桥今日通车。", ["王小甲", "李小乙"]),
        ("本报云州3月1日电 记者王小甲、李小乙报道：新桥今日通车。", ["王小甲", "李小乙"]),
        ("云州网消息：（记者王小甲）新桥今日通车。", ["王小甲"]),
        ("新桥今日通车（王小甲 李小乙）。", []),
    ],
)
def test_reporters_after_a_dateline(paragraph: str, names: list[str]) -> None:
    assert [person.name for person in read_opening_credit(paragraph)] == names


@pytest.mark.parametrize(
    ("text", "editors"),
    [
        ("每山记者：王小甲    每山编辑：李小乙", ["李小乙"]),
        ("微信编辑：王小甲 责任编辑：李小乙", ["王小甲", "李小乙"]),
        ("编辑：王小甲 | 总值班：李小乙", ["王小甲"]),
        ("编辑丨王小甲 审读丨李小乙", ["王小甲"]),
        ("（责编：王小甲(实习生)、李小乙）", ["王小甲", "李小乙"]),
        ("【责编】王小甲", ["王小甲"]),
        ("◎记者 王小甲 ○编辑 李小乙", ["李小乙"]),
        ("编辑：王小甲 图片编辑：李小乙", ["王小甲"]),
    ],
)
def test_editors_of_a_closing_line(text: str, editors: list[str]) -> None:
    credit = read_closing_credit(text)
    assert credit is not None
    assert [person.name for person in credit.people if person.role in (PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR)] == editors


def test_a_label_is_no_name() -> None:
    people = read_byline("山河日报记者 王小甲 通讯员 云宣")
    assert people is not None
    assert [(person.role, person.name) for person in people] == [(PersonRole.REPORTER, "王小甲"), (PersonRole.CORRESPONDENT, "云宣")]
    assert [person.name for person in read_info_line("撰文：王小甲 出版：2024年3月1日").people] == ["王小甲"]


def test_an_outlet_that_signs_is_the_source_where_the_line_has_no_other() -> None:
    line = read_info_line("2024-03-01 08:30 作者：云州市气象局")
    assert ([source.name for source in line.sources], line.people) == (["云州市气象局"], ())
    line = read_info_line("2024-03-01 08:30 来源：云州日报 作者：云州市气象局")
    assert ([source.name for source in line.sources], line.people) == (["云州日报"], ())
    line = read_info_line("山河新闻 记者 王小甲 2024-03-01 08:30")
    assert [source.name for source in line.sources] == ["山河新闻"]


def test_a_place_or_an_agency_after_a_latin_name_is_no_author() -> None:
    assert [person.name for person in read_info_line("Von Jana Beispiel und Jan Muster, Seehafen").people] == ["Jana Beispiel", "Jan Muster"]
    line = read_info_line("12.06.2023, 18:30 Uhr Seehafen")
    assert (line.sources, line.people) == ((), ())


def test_an_author_known_by_the_link_to_their_page() -> None:
    assert writers(english('<div><a href="/autor/jane-doe">Jane Doe</a></div><div>Jun 12, 2023, 6:30 pm</div>')) == ["Jane Doe"]
    assert writers(english('<div><a href="/topic/jane-doe">Jane Doe</a></div><div>Jun 12, 2023, 6:30 pm</div>')) == []


def test_a_picture_s_credit_is_no_author() -> None:
    page = english('<figure><img src="/1.jpg"><figcaption>Foto: Jane Doe</figcaption></figure>', "<p>The bridge at dawn — Foto: Jan Muster</p>")
    assert (writers(page), list(page.body)) == ([], ENGLISH)


# --- times -----------------------------------------------------------------------------------------------------------------


def test_the_page_s_language_tells_whether_the_day_comes_first() -> None:
    for lang, wanted in (("fr", "2023-06-12T18:30"), ("en-GB", "2023-06-12T18:30"), ("en-US", None)):
        published = english("<p>Published 12/06/2023 18:30</p>", lang=lang).published
        assert (published and published.local.isoformat(timespec="minutes")) == wanted


def test_a_clock_with_a_dot() -> None:
    found = find_time("12 Jun 2023 18.30 BST")
    assert found is not None and found.local.isoformat(timespec="minutes") == "2023-06-12T18:30"
    found = find_time("12 Jun 2023 18.3 million people")
    assert found is not None and found.precision == "day"


def test_a_time_below_the_text_without_a_label() -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    page = read(
        html_of(f'<h1>青河第三大桥正式通车</h1><div class="text">{paragraphs}</div><div class="article-info">2024/03/01 20:48 浏览 3.2w</div>')
    )
    assert page.published is not None and page.published.local.isoformat(timespec="minutes") == "2024-03-01T20:48"


# --- names of boxes --------------------------------------------------------------------------------------------------------


def test_names_that_only_begin_like_others_suggest_nothing() -> None:
    assert name_hints("relative") == name_hints("football") == name_hints("commentary") == 0
    assert name_hints("related") & Hint.RELATED
    assert name_hints("links") & Hint.FOOTER
    assert not name_hints("richtext iconlinks links bold") & Hint.FOOTER
    assert name_hints("tie") & Hint.COMMENT
    assert not name_hints("tie standard") & Hint.COMMENT
    assert not name_hints("field name body field type text label above") & Hint.TAGS
    assert name_hints("nav position") & name_hints("location w1200") & Hint.CRUMB
    assert not (name_hints("container position relative") | name_hints("weather nav location form")) & Hint.CRUMB


def test_a_breadcrumb_known_by_its_accessible_name() -> None:
    trail = '<nav aria-label="Breadcrumb"><ol><li><a href="/">Start</a></li><li><a href="/city">City</a></li></ol></nav>'
    page = read(html_of(f"{trail}<h1>Bridge at Seahaven opens</h1>{''.join(f'<p>{text}</p>' for text in ENGLISH)}"))
    assert list(page.breadcrumb) == ["Start", "City"]


# --- lists -----------------------------------------------------------------------------------------------------------------


def test_a_video_list_whose_links_begin_with_a_length() -> None:
    entries = "".join(f'<li><a href="/v/{n}"><div class="img"><span>02:1{n}</span></div><p>{text}</p></a></li>' for n, text in enumerate(FEED))
    (module,) = read(article(f'<div class="box"><h3>热点视频</h3><ul>{entries}</ul></div>')).modules
    assert [item.text for item in module.items] == FEED


def test_neighbours_in_one_line_head_no_list() -> None:
    entries = "".join(f'<li><a href="/s/{n}">{text}</a></li>' for n, text in enumerate(FEED))
    line = '<div>上一篇：<a href="/p">省运会开幕式彩排</a> 下一篇：<a href="/n">老城区管网改造</a></div>'
    (module,) = read(article(f"{line}<div><span>还可以看看</span><ul>{entries}</ul></div>")).modules
    assert (module.heading, [item.text for item in module.items]) == ("还可以看看", FEED)


def test_tabs_of_a_ranking_keep_its_name() -> None:
    panel = "<ul>{}</ul>"
    one, two = (panel.format("".join(f'<li><a href="/{k}/{n}">{text}{k}</a></li>' for n, text in enumerate(FEED))) for k in "甲乙")
    modules = read(article(f'<div class="rank"><div class="tit"><b>阅读排行</b><span>24小时</span><span>48小时</span></div>{one}{two}</div>')).modules
    assert [(module.heading, len(module.items)) for module in modules] == [("阅读排行", len(FEED))] * 2


def test_words_of_a_link_are_not_glued() -> None:
    entries = "".join(f'<li><a href="/s/{n}"><span>City</span> <span>Seahaven story number {n} in full</span></a></li>' for n in range(4))
    (module,) = english(after=f"<div><h2>Most read</h2><ul>{entries}</ul></div>").modules
    assert module.items[0].text == "City Seahaven story number 0 in full"


def test_read_also_between_paragraphs_is_no_text() -> None:
    page = english(inside='<p>Lesen Sie auch: <a href="/s/2">Wem gehört die Brücke von Seahaven?</a></p>')
    assert list(page.body) == ENGLISH


def test_links_of_a_wrapper_are_a_list_of_their_own() -> None:
    def wrapped(content: str) -> str:
        return f'<div class="chunk"><div class="inner">{content}</div></div>'

    links = '<p>LEIA TAMBÉM:</p><p><a href="/s/1">A ponte de Seahaven está pronta</a></p><p><a href="/s/2">O porto volta a abrir na sexta</a></p>'
    page = read(
        html_of(
            f"<h1>Bridge at Seahaven opens</h1>{''.join(wrapped(f'<p>{text}</p>') for text in ENGLISH[:2])}{wrapped(links)}{wrapped(f'<p>{ENGLISH[2]}</p>')}"
        )
    )
    (module,) = page.modules
    assert (module.kind, len(module.items)) == (ModuleKind.RELATED_LINKS, 2)
