"""Front pages, section pages and feed files: which lists are read of them, and that the next capture of a page has the same."""

import json
import re
from pathlib import Path

import pytest
from golden_pages import FOLDER, PAGES, page_of, record_file, record_of
from record_rules import broken_rules

from broadsheet.page.dom import read_html
from broadsheet.page.own_lists import _box_of_module, place_of
from broadsheet.page.read import read_page
from broadsheet.page.stories import Story
from broadsheet.records import BlockLabel, Module, ModuleKind, Page, PageKind


def html(name: str) -> str:
    return (FOLDER / f"{name}.html").read_text("utf-8")


def lists(markup: str) -> list[Module]:
    return [module for module in read_page(markup, media_type="text/html").modules if module.items]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_page_gives_the_record_beside_it(file: Path) -> None:
    page = page_of(file)
    assert record_of(page) == json.loads(record_file(file).read_text("utf-8"))
    assert broken_rules(page) == []


@pytest.mark.parametrize("file", [file for file in PAGES if file.suffix == ".html"], ids=lambda file: file.name)
def test_every_list_of_a_front_page_is_its_own_and_holds_no_menu_and_no_footer(file: Path) -> None:
    page = page_of(file)
    assert page.page_kind == PageKind.LIST
    assert all(module.is_own and module.kind == ModuleKind.HEADLINE_FEED for module in page.modules)
    shown = {item.text for module in page.modules for item in module.items}
    others = {BlockLabel.NAV, BlockLabel.FOOTER, BlockLabel.LINKS}
    assert not shown & {block.text for block in page.blocks if block.label in others}


def identities(page: Page) -> list[tuple[str, str]]:
    return [(module.heading or "", "" if module.heading else module.place) for module in page.modules if module.items]


@pytest.mark.parametrize("name", ["zh-columns", "zh-section", "zh-table", "zh-portal", "en-cards", "ar-columns", "ru-ranked"])
def test_lists_are_known_by_heading_or_place_whatever_stories_are_in_them(name: str) -> None:
    """Other headlines, other links, a list that is one story shorter."""
    before = html(name)
    after = re.sub(r'href="(/[^"]*\d[^"]*)"', lambda link: f'href="{link[1]}x"', before)
    after = re.sub(
        r'(<(?:li|dd|div class="row"|article class="card")>(?:(?!</li>|</dd>|</article>).)*?</(?:li|dd|article)>)(?=</ul>|</ol>|</dl>)', "", after
    )
    was, now = (read_page(text, media_type="text/html") for text in (before, after))
    assert identities(was) == identities(now)
    assert {item.url for module in was.modules for item in module.items}.isdisjoint(item.url for module in now.modules for item in module.items)


def test_another_story_with_the_lead_leaves_it_the_lead() -> None:
    more = '<p class="more-on-it"><a href="/news/2026/mayor-2">What the inquiry found, in five charts and a map</a></p>'
    alone, together = (lists(html("en-cards").replace("</article>", f"{with_it}</article>", 1)) for with_it in ("", more))
    assert [len(alone[0].items), len(together[0].items)] == [1, 2]
    assert (alone[0].place, alone[0].rule) == (together[0].place, together[0].rule)


def test_an_article_page_with_its_rails_is_no_list_page() -> None:
    page = read_page(html("zh-section").replace('<ul class="news_list">', "<h1>青河新区首个保障房小区交付使用</h1><p>2026-03-02 08:30 来源：云州日报</p>"
        + "<p>青河新区首个保障房小区昨天交付，三百户家庭领到了钥匙，小区配有幼儿园和社区食堂。</p>" * 3 + '<ul class="news_list">'),
        media_type="text/html")  # fmt: skip
    assert page.page_kind == PageKind.ARTICLE
    assert not any(module.is_own for module in page.modules)


def test_the_root_of_a_site_is_a_front_page_though_it_has_a_dated_text() -> None:
    text = (
        "<h1>云州今日头条新闻标题一则在此</h1><p>2026-03-02 08:30 来源：云州日报</p>"
        + "<p>今天上午，全市一季度重点项目集中开工活动在青河新区举行，共四十八个项目。</p>" * 20
    )
    rows = "".join(f'<li><a href="/a/{n}.html">第{n}条新闻的标题说了一件事情</a></li>' for n in range(4))
    page = f"<html><body><div class=content>{text}</div><div><h3>要闻</h3><ul>{rows}</ul></div></body></html>"
    kinds = [
        read_page(page, media_type="text/html", url=url).page_kind for url in (None, "https://yz.example/a/1.html", "https://yz.example/index.html")
    ]
    assert kinds == [PageKind.ARTICLE, PageKind.ARTICLE, PageKind.LIST]


def test_friend_links_without_a_heading_are_no_list() -> None:
    friends = "".join(f'<a href="https://www.site{n}.example/">第{n}家友好新闻网站的名称</a> ' for n in range(5))
    page = html("zh-section").replace("</body>", f"<div>{friends}</div></body>")
    assert [len(module.items) for module in lists(page)] == [len(module.items) for module in lists(html("zh-section"))]


def test_a_list_has_a_place_though_its_blocks_were_taken_for_those_of_another() -> None:
    """Broken markup may put several lists into one box: whoever came first has the blocks."""
    document = read_html('<div class="side"><ul><li><a href="/1">云州第一座大桥通车</a></li><li><a href="/2">云州第二座大桥通车</a></li></ul></div>')
    stories = [Story(block.text, block.width, index, block.box, block.links[0], index, [index]) for index, block in enumerate(document.blocks)]
    assert len(stories) == 2
    assert place_of(document, _box_of_module(document, 7, stories)) == "div.side/ul"
