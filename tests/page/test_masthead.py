"""The site's own name, where no URL tells it: a name that may be a channel's would make different sites one."""

import pytest
from invented_pages import PARAGRAPHS, html_of

from broadsheet.page.masthead import masthead
from broadsheet.page.read import read_page


@pytest.mark.parametrize(
    ("breadcrumb", "title", "name"),
    [
        (("云州网", "新闻"), "大桥通车_山河在线", "云州网"),
        (("山河晚报首页", "社会"), None, "山河晚报"),
        (("首页", "新闻"), "大桥今天正式通车_新闻_云州网", "云州网"),
        ((), "大桥今天正式通车--财经--云州网", "云州网"),
        ((), "大桥今天正式通车 - 云州网 - 财经频道", "云州网"),
        ((), "New bridge opens to traffic - The Seestadt Herald", "The Seestadt Herald"),
        ((), "New bridge opens to traffic | seestadt.example.com", "seestadt.example.com"),
        # channels, and ends that name nothing
        (("财经", "股票"), "大桥今天正式通车_财经频道", None),
        (("国内新闻",), "大桥今天正式通车_国内新闻", None),
        (("天气预报",), "大桥今天正式通车_要闻", None),
        (("Home", "News"), "New bridge opens to traffic | News", None),
        ((), "大桥今天正式通车", None),
        ((), None, None),
    ],
)
def test_the_breadcrumbs_root_or_the_titles_end_names_the_site(breadcrumb, title, name):
    assert masthead(None, breadcrumb, title, is_plain=False) == name
    assert masthead("青溪客户端", breadcrumb, title, is_plain=False) == "青溪客户端"


@pytest.mark.parametrize(
    ("root", "name"), [("云州网", "云州网"), ("山河之窗", "山河之窗"), ("首页", None), ("要闻", None), ("国内新闻", None), ("Home", None)]
)
def test_the_root_of_a_rendered_breadcrumb_may_be_any_longer_name(root, name):
    assert masthead(None, (root, "社会"), None, is_plain=True) == name


def test_a_page_says_of_what_site_it_is():
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    crumbs = '<div class="crumb">当前位置：<a href="/">云州网</a> &gt; <a href="/yw/">要闻</a></div>'
    for head, title in ((crumbs, "青河第三大桥正式通车"), ("", "青河第三大桥正式通车_云州网")):
        page = read_page(html_of(f'{head}<h1>青河第三大桥正式通车</h1><div class="content">{paragraphs}</div>', title=title), media_type="text/html")
        assert (page.site_name, page.headline()) == ("云州网", "青河第三大桥正式通车")
