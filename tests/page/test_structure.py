"""HTML as blocks and boxes, where the article stands, and the skeleton of a layout."""

import pytest
from invented_pages import HTML, PARAGRAPHS, article, html_of

from broadsheet.page.blocks import Hint
from broadsheet.page.class_names import name_hints
from broadsheet.page.dom import read_html
from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel


def texts(markup: str) -> list[str]:
    return [block.text for block in read_html(markup).blocks]


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<p>甲<b>乙</b>丙</p>", ["甲乙丙"]),
        ("<p>甲<br>乙</p>", ["甲", "乙"]),
        ("<div><span>2024-03-01</span><span>来源：云州网</span></div>", ["2024-03-01 来源：云州网"]),
        ("<div>甲<p>乙</p>丙</div>", ["甲", "乙", "丙"]),
        ("<a href=/1>甲</a><a href=/2>乙</a>", ["甲 乙"]),
        ("<p>甲\u3000\xa0 \u200b乙</p>", ["甲 乙"]),
        ("<script>甲</script><style>乙</style><!-- 丙 --><p>丁</p>", ["丁"]),
        ("<h1>甲<br>乙</h1>", ["甲 乙"]),
    ],
)
def test_blocks_are_runs_of_inline_text(markup: str, wanted: list[str]) -> None:
    assert texts(markup) == wanted


@pytest.mark.parametrize(
    ("markup", "is_unfinished"),
    [
        ("<html><body><p>甲</p></body></html>", False),
        ("<HTML><BODY><p>甲</p></BODY>", False),
        ("<body class=a><p>甲</p></body>" + "<!-- 乙 -->" * 300, False),
        ("<p>甲</p>", False),
        ("<header>甲</header><bodyguard>", False),
        ("<html><body><p>甲</p><p>乙", True),
        ("<!doctype html><html lang=zh><head><title>甲", True),
    ],
)
def test_a_page_that_opens_and_is_closed_nowhere_is_unfinished(markup: str, is_unfinished: bool) -> None:
    page = read_page(markup, media_type="text/html")
    assert page.is_unfinished is is_unfinished
    assert ("page_unfinished" in page.warnings) is is_unfinished
    assert not read_page(markup, media_type="text/plain").is_unfinished


def test_head_is_read() -> None:
    document = read_html(
        '<title> 甲 乙 </title><meta name=a content=b><link rel=canonical href=/c><script type="application/ld+json">{"a":1}</script>'
    )
    assert (document.title, document.metas, document.canonical, document.json_ld) == ("甲 乙", [("a", "b")], "/c", ['{"a":1}'])


def test_links_know_target_title_and_picture() -> None:
    ((link,),) = [block.links for block in read_html('<a href="/1" title="全"><img alt="图">题</a>').blocks]
    assert (link.href, link.title, link.text.strip(), link.has_image, link.image_text) == ("/1", "全", "题", True, "图")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("main nav", Hint.NAV), ("article comments", Hint.COMMENT), ("breadcrumb", Hint.CRUMB), ("side bar ad", Hint.AD), ("site footer", Hint.FOOTER)],
)
def test_names_hint(name: str, hint: int) -> None:
    assert name_hints(name) & hint


@pytest.mark.parametrize("name", ["head line", "download able", "context", "thread", "readable"])
def test_parts_of_words_are_no_hints(name: str) -> None:
    assert not name_hints(name) & (Hint.AD | Hint.COMMENT | Hint.NAV | Hint.FOOTER)


def test_a_name_around_the_whole_page_says_nothing() -> None:
    page = read_page(article().replace('class="wrap"', 'class="comment ad footer"'), media_type="text/html")
    assert page.body == tuple(PARAGRAPHS)


def test_comments_longer_than_the_article_are_not_its_text() -> None:
    comments = "".join(f'<div class="item"><p>第{n}位网友说，这座桥修得很好，希望早日通车，方便两岸的百姓。</p></div>' for n in range(40))
    page = read_page(article(f'<div class="comments">{comments}</div>'), media_type="text/html")
    assert page.body == tuple(PARAGRAPHS)
    assert BlockLabel.COMMENT in {block.label for block in page.blocks}


def test_an_article_cut_into_sections_is_whole() -> None:
    sections = "".join(f'<section class="part"><div><p>{text}</p></div></section>' for text in PARAGRAPHS)
    page = read_page(html_of(f"<main><h1>青河第三大桥正式通车</h1>{sections}</main>", title="青河第三大桥正式通车"), media_type="text/html")
    assert page.body == tuple(PARAGRAPHS)


def test_hidden_text_is_not_shown() -> None:
    page = read_page(article('<div style="display: none">看不见的一段文字，不应出现。</div>'), media_type="text/html")
    assert not any("看不见" in block.text for block in page.blocks)


def fingerprint(markup: str) -> str:
    return read_page(markup, media_type="text/html").layout_fingerprint


def test_pages_of_one_template_share_a_fingerprint() -> None:
    longer = HTML.replace(
        '</div>\n<div class="share">', "".join(f"<p>又一段，说了第{n}件事。</p>" for n in range(9)) + '</div>\n<div class="share">', 1
    )
    assert longer != HTML
    assert fingerprint(longer) == fingerprint(HTML) != ""
    assert fingerprint(HTML.replace('class="right"', 'class="rail"')) != fingerprint(HTML)


def test_a_rendered_page_has_no_layout() -> None:
    assert read_page("甲\n乙", media_type="text/plain").layout_fingerprint == ""
