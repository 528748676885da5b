"""A page as a whole: HTML and rendered text of it give the same record; no text makes the kernel fail."""

from pathlib import Path

import msgspec
import pytest
from hostile_texts import adversarial
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_pages import FEED, HTML, PARAGRAPHS, RELATED, TEXT, article, html_of

from broadsheet.page.contract import prediction
from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel, HeadlineRole, ModuleKind, Page, PageKind, PersonRole, RightsApplicability, SourceRole

SEED = Path(__file__).resolve().parents[3] / "shared" / "seed"
TAGS = [
    "<p>",
    "</p>",
    "<div class='comment'>",
    "</div>",
    "<a href='/a'>",
    "</a>",
    "<ul><li>",
    "</li></ul>",
    "<h2>",
    "</h2>",
    "<br>",
    "<script>",
    "<!--",
]
WORDS = [
    "相关阅读",
    "一段有标点的文字，说了一件事。",
    "2024-03-01 08:30",
    "来源：云州网",
    "1   甲乙丙丁戊己",
    "  • 甲乙丙丁",
    "\n",
    "\n\n",
    "\0",
    "\ud800",
    " ",
    "x",
]
pages = st.lists(st.sampled_from([*TAGS, *WORDS]), max_size=40).map("".join)


def html() -> Page:
    return read_page(HTML, media_type="text/html")


def text() -> Page:
    return read_page(TEXT, media_type="text/plain")


def test_an_html_article_is_read() -> None:
    page = html()
    assert page.page_kind == PageKind.ARTICLE
    assert page.headline() == "青河第三大桥正式通车"
    assert page.published is not None and page.published.local.isoformat() == "2024-03-01T08:30:00"
    assert [(source.name, source.url) for source in page.sources] == [("云州日报", "/r")]
    assert [(person.role, person.name) for person in page.people] == [(PersonRole.RESPONSIBLE_EDITOR, "王小河")]
    assert page.breadcrumb == ("云州网", "新闻")
    assert page.body == tuple(PARAGRAPHS)
    assert (page.language, page.site_name, page.canonical_url) == ("zh", "云州网", "https://www.yunzhou.example/news/1.html")


def test_html_modules_have_kind_heading_and_rank() -> None:
    related, feed, pictures = html().modules
    assert (related.kind, related.heading, [item.text for item in related.items]) == (ModuleKind.RELATED_LINKS, "相关阅读", RELATED)
    assert (feed.kind, feed.heading, feed.is_ranked, [item.text for item in feed.items]) == (ModuleKind.HEADLINE_FEED, "点击排行", True, FEED)
    assert (pictures.heading, pictures.items) == ("图片新闻", ())


def test_a_rendered_page_is_read_like_the_seed() -> None:
    page = text()
    headlines = {headline.role: headline for headline in page.headlines}
    assert headlines[HeadlineRole.MAIN].raw == "【聚焦云州发展】青河大桥通车——两岸往来只要五分钟"
    assert headlines[HeadlineRole.CAMPAIGN_TAG].text == "聚焦云州发展"
    assert headlines[HeadlineRole.ORIGINAL].text == "【看发展】第三座大桥通车"
    assert headlines[HeadlineRole.ORIGINAL_SUBTITLE].text == "青河两岸变通途"
    assert page.published is not None and page.published.local.isoformat() == "2024-03-01T08:30:00"
    assert [(source.role, source.name) for source in page.sources] == [(SourceRole.VIA, "云州网"), (SourceRole.ORIGIN, "山河日报")]
    assert {(person.role, person.name) for person in page.people} == {(PersonRole.EDITOR, "王小河"), (PersonRole.REPORTER, "李大江")}
    assert page.breadcrumb == ("云州网", "新闻", "要闻")
    assert page.body == tuple(PARAGRAPHS)
    assert page.rights_applies == RightsApplicability.AMBIGUOUS


def test_rendered_modules_are_undoubled_and_their_cut_is_learned() -> None:
    related, feed = text().modules
    assert [item.text for item in related.items] == RELATED
    assert (feed.is_ranked, feed.width_limit, [item.is_truncated for item in feed.items]) == (True, 26, [True, True, True, True, False])


@pytest.mark.parametrize("page", [html(), text()], ids=["html", "text"])
def test_every_block_of_an_ordinary_page_has_a_label(page: Page) -> None:
    assert page.coverage_ratio == 1.0
    assert all(block.rule for block in page.blocks)


def test_follow_and_share_lines_are_told_apart() -> None:
    labels = {block.text: block.label for block in text().blocks}
    assert (labels["关注我们"], labels["云州网微信"], labels["分享到"]) == (BlockLabel.FOLLOW, BlockLabel.FOLLOW, BlockLabel.SHARE)


def test_prediction_leaves_empty_modules_out() -> None:
    found = prediction("one", html())
    assert [module["heading"] for module in found["modules"]] == ["相关阅读", "点击排行"]
    assert (found["published_at"], found["editor"], found["authors"]) == ("2024-03-01T08:30", ["王小河"], [])


def test_prediction_joins_original_title_as_displayed() -> None:
    assert prediction("one", text())["original_title"] == "【看发展】第三座大桥通车 青河两岸变通途"


def test_a_page_survives_json() -> None:
    page = html()
    assert msgspec.json.decode(msgspec.json.encode(page), type=Page) == page


@settings(max_examples=150, deadline=None)
@given(st.one_of(pages, st.text(max_size=300)), st.sampled_from(["text/html", "text/plain"]))
def test_no_string_fails_and_every_span_fits(string: str, media_type: str) -> None:
    page = read_page(string, media_type=media_type)
    shown = page.text
    assert all(shown[block.char_start : block.char_end] == block.text for block in page.blocks)
    assert 0 <= page.coverage_ratio <= 1
    assert all(block.module_index is None or block.module_index < len(page.modules) for block in page.blocks)
    assert page == read_page(string, media_type=media_type)


HOSTILE = {
    "nested boxes": "<div>" * 100_000 + "x",
    "nested lists": "<ul><li>" * 30_000 + "<a href=/x>a headline of some length</a>",
    "nested links": "<a href=x>" * 10_000 + "a headline of some length",
    "attributes": "<div " + " ".join(f"a{number}=1" for number in range(200_000)) + ">x",
    "one line": "x" * 2_000_000,
    "links": "".join(f'<li><a href="/{number}">a headline with words {number}</a></li>' for number in range(30_000)),
    "headings": "<h2>相关阅读</h2>" * 20_000,
    "entries": "\n".join(f"{number % 99}   title {number}" for number in range(30_000)),
    "nothing": "",
}


@pytest.mark.parametrize("string", [*HOSTILE.values(), *(unit[:60_000] for unit in adversarial)], ids=[*HOSTILE, *map(str, range(len(adversarial)))])
@pytest.mark.parametrize("media_type", ["text/html", "text/plain"])
def test_hostile_pages_end(string: str, media_type: str) -> None:
    read_page(string, media_type=media_type)


@pytest.mark.skipif(not SEED.is_dir(), reason="the shared seed page is not beside the project")
def test_the_seed_page() -> None:
    page = read_page(next(SEED.glob("*.txt")).read_text("utf-8"), media_type="text/plain")
    related, feed = page.modules
    assert (len(page.body), len(related.items), len(feed.items), page.coverage_ratio) == (17, 8, 15, 1.0)
    assert (feed.width_limit, sum(item.is_truncated for item in feed.items)) == (36, 13)
    assert [item.rank for item in feed.items if not item.is_truncated] == [2, 5]
    assert page.rights_applies == RightsApplicability.AMBIGUOUS


def test_a_menu_above_the_article_is_navigation_and_an_account_under_its_heading_is_followed() -> None:
    page = read_page(article(before="<div>首页 | 国内 | 本地 | 体育</div>"), media_type="text/html")
    assert page.blocks[0].label == BlockLabel.NAV
    labels = {block.text: block.label for block in read_page(TEXT, media_type="text/plain").blocks}
    assert [labels[text] for text in ("关注我们", "云州网微博", "云州网微信")] == [BlockLabel.FOLLOW] * 3


@pytest.mark.parametrize("title", ["青石市举办春季招聘会", "云州第一医院新大楼启用", "山河县老字号品牌故事"])
def test_an_unstated_headline_may_hold_a_word_of_other_headings(title: str) -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    page = read_page(html_of(f'<h3>{title}</h3><div class="content">{paragraphs}</div>', title="云州网"), media_type="text/html")
    assert page.headline() == title


def test_a_page_beyond_the_limit_of_blocks_says_so_and_claims_no_full_coverage() -> None:
    beyond = 20_000
    lines = "\n".join(f"  • 第{number}条消息的标题在这里" for number in range(beyond))
    items = "".join(f'<li><a href="/{number}.html">第{number}条消息的标题在这里</a></li>' for number in range(beyond))
    for text, media_type in ((TEXT + "\n\n" + lines, "text/plain"), (article(f"<ul>{items}</ul><script>{'x' * 9999}</script>"), "text/html")):
        page = read_page(text, media_type=media_type)
        assert page.warnings == ("page_cut_short",)
        kept = sum(len(block.text.replace(" ", "")) for block in page.blocks)
        whole = kept + page.left_out_count
        assert whole == pytest.approx(15 * beyond, rel=0.1)
        assert page.coverage_ratio <= kept / whole
    page = read_page(TEXT, media_type="text/plain")
    assert (page.warnings, page.left_out_count) == ((), 0)
