"""Rights notices and whom they cover."""

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given

from broadsheet.page.credit_line import source_credits
from broadsheet.page.rights import applicability, is_rights_notice, notice_text

CONDITIONAL = "版权声明:凡注有稿件来源为“云州网”的稿件,均为云州网版权稿件,转载必须注明来源为“云州网”。"


@pytest.mark.parametrize(
    "text",
    [
        CONDITIONAL,
        "此内容为云州财经原创。未经云州财经授权,不得以任何方式加以使用,包括转载、摘编、复制或建立镜像。",
        "免责声明:本内容来自平台创作者,不代表云州网的观点和立场。",
        "本文仅代表作者个人观点。",
        "云州新闻,未经授权不得转载",
        "凡本网注明“来源：云州网”的所有作品，版权均属于云州网。",
        "This material may not be published, broadcast, rewritten or redistributed.",
    ],
)
def test_a_notice_is_recognised(text):
    assert is_rights_notice(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "版权所有 2000-2020 云州信息有限公司",
        "版权声明",
        "关于我们 联系我们 版权声明 隐私政策",
        "© 2020 Example. All rights reserved.",
        "警方说，未经许可，任何人不得进入现场。",
        "声明发表后，云州市民反应热烈。",
    ],
)
def test_footers_and_sentences_are_no_notice(text):
    assert not is_rights_notice(text)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [("云州网", "applies"), ("云州日报", "does_not_apply"), ("云州网-云州日报", "ambiguous"), ("山河网-云州网", "applies"), ("", "ambiguous")],
)
def test_a_conditional_notice_is_compared_with_the_sources(source, wanted):
    assert applicability(CONDITIONAL, source_credits(source), None) == wanted


def test_the_sites_own_word_for_itself_is_its_name():
    notice = "凡本网注明来源为“本网”的作品，未经授权不得转载。"
    assert applicability(notice, source_credits("云州网"), "云州网") == "applies"
    assert applicability(notice, source_credits("山河报"), "云州网") == "does_not_apply"


def test_a_clause_about_others_names_no_source():
    notice = "凡本网注明“来源：XXX（非云州网）”的作品，均转载自其它媒体，目的在于传播更多信息。"
    assert applicability(notice, source_credits("云州网"), "云州网") == "ambiguous"


def test_an_unconditional_notice_applies_and_none_is_none():
    assert applicability("未经授权，不得转载。", (), None) == "applies"
    assert applicability(None, (), None) is None


@given(lines)
def test_any_text_gets_an_answer(text):
    assert is_rights_notice(text) in {True, False}
    applicability(text, source_credits("云州网-云州日报"), "云州网")


@pytest.mark.parametrize("text", adversarial, ids=lambda text: repr(text[:6]))
def test_long_hostile_texts_end(text):
    for size in (1990, 200_000):
        is_rights_notice(text[:size])
        applicability("凡本网注明" + text[:size], source_credits("云州网"), None)


@pytest.mark.parametrize(
    "shown",
    [
        "• 转载请注明：大桥通车 | 云州晚报 +复制链接",
        "转载请注明：大桥通车 | 云州晚报 复制链接",
        " · 转载请注明：大桥通车 | 云州晚报 分享到",
        "转载请注明：大桥通车 | 云州晚报",
    ],
)
def test_a_notice_is_kept_without_bullet_and_buttons(shown):
    assert notice_text(shown) == "转载请注明：大桥通车 | 云州晚报"


def test_a_word_of_a_button_in_a_notice_stays():
    assert notice_text("未经授权，不得转载、复制链接。") == "未经授权，不得转载、复制链接。"
