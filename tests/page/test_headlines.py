"""Headlines taken apart, page titles without the site, original titles."""

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.page.headlines import read_original_title, split_headline, strip_site_suffix
from broadsheet.text import fold_blanks


def parts(headlines):
    return [(headline.role.value, headline.text) for headline in headlines]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "【聚焦云州两会】紧扣脉搏 凝聚共识——云州市全年工作综述",
            [("main", "紧扣脉搏 凝聚共识"), ("campaign_tag", "聚焦云州两会"), ("subtitle", "云州市全年工作综述")],
        ),
        ("大桥今日正式通车--沿江两岸居民出行更方便", [("main", "大桥今日正式通车"), ("subtitle", "沿江两岸居民出行更方便")]),
        ("云州—东山大桥通车", [("main", "云州—东山大桥通车")]),  # one dash joins
        ("Bridge opens - again for all", [("main", "Bridge opens - again for all")]),
        ("他说：“这座桥——我们等了十年的桥”终于通车", [("main", "他说：“这座桥——我们等了十年的桥”终于通车")]),  # inside a quotation
        ("【】", [("main", "【】")]),
        ("", []),
    ],
)
def test_a_headline_is_split(text, wanted):
    headlines = split_headline(text)
    assert parts(headlines) == wanted
    assert all(headline.raw == fold_blanks(text) for headline in headlines[:1])


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("大桥今日正式通车_新闻频道_山河网",), "大桥今日正式通车"),
        (("大桥今日正式通车-新闻-山河网",), "大桥今日正式通车"),
        (("大桥今日正式通车--财经--云州网",), "大桥今日正式通车"),
        (("大桥今日正式通车_科技云_云州新闻-The Cloud",), "大桥今日正式通车"),
        (("Bridge opens at last - Example News",), "Bridge opens at last"),
        (("Bridge opens at last | ACME",), "Bridge opens at last"),
        (("Bridge opens at last - ACME", "ACME"), "Bridge opens at last"),
        (("Bridge opens at last - ACME",), "Bridge opens at last - ACME"),
        (("Bridge opens at last – A long day", None, ("Bridge opens at last",)), "Bridge opens at last"),
        (("大桥通车：东山-西山线开通",), "大桥通车：东山-西山线开通"),
        (("云桥丨“新路”今日通车_云州网",), "云桥丨“新路”今日通车"),
        (("Self-made bridge",), "Self-made bridge"),
        (("云州网",), "云州网"),
        (("",), ""),
    ],
)
def test_the_sites_suffix_goes(arguments, wanted):
    assert strip_site_suffix(*arguments) == wanted


def test_an_original_title_of_two_lines():
    headlines, used = read_original_title(["原标题:【迎两会】紧扣脉搏 凝聚共识", "——云州市全年工作综述", "新云州·云州日报记者 崔小明"])
    assert used == 2
    assert parts(headlines) == [("original", "【迎两会】紧扣脉搏 凝聚共识"), ("original_subtitle", "云州市全年工作综述")]


@pytest.mark.parametrize(
    ("text", "wanted", "used"),
    [
        ("(原标题:大桥今日通车 (组图))", "大桥今日通车 (组图)", 1),
        ("本文原标题：《大桥今日通车！》", "大桥今日通车！", 1),
        ("原題：大橋今日通車", "大橋今日通車", 1),
        ("大桥于昨日通车（原标题：大桥今日通车）编辑说", "大桥今日通车", 0),  # inside other text: no line is consumed
        ("这条新闻的原标题：不太合适", None, 0),
        ("原标题：", None, 0),
        ("正文", None, 0),
    ],
)
def test_an_original_title_in_one_line(text, wanted, used):
    headlines, count = read_original_title([text])
    assert (headlines[0].text if headlines else None, count) == (wanted, used)


def test_an_original_title_on_the_line_after_its_label():
    headlines, used = read_original_title(["原标题：", "大桥今日通车", "正文"])
    assert (headlines[0].text, used) == ("大桥今日通车", 2)
    assert read_original_title([]) == ((), 0)


@given(lines)
def test_a_split_loses_nothing_but_signs(text):
    folded = fold_blanks(text)
    headlines = split_headline(text)
    assert bool(headlines) == bool(folded)
    assert all(headline.text in folded and headline.raw in folded for headline in headlines)


@given(lines, st.none() | lines, st.lists(lines, max_size=2))
def test_a_stripped_title_is_the_titles_beginning(title, site_name, others):
    stripped = strip_site_suffix(title, site_name, others)
    assert fold_blanks(title).startswith(stripped)
    assert bool(stripped) == bool(fold_blanks(title))


@given(st.lists(lines, max_size=3))
def test_original_titles_consume_lines_that_exist(texts):
    headlines, used = read_original_title(texts)
    assert 0 <= used <= len(texts)
    assert bool(headlines) or used == 0


@pytest.mark.parametrize("text", adversarial, ids=lambda text: repr(text[:6]))
def test_long_hostile_texts_end(text):
    split_headline(text)
    strip_site_suffix(text, "Example", [text])
    read_original_title([text, text])
    read_original_title(["原标题：" + text, "——" + text])
