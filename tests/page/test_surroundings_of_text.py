"""What stands beside and inside an HTML page's text: teasers, asides, captions, quotations. All invented."""

from invented_pages import PARAGRAPHS, article, html_of

from broadsheet.page.read import read_page
from broadsheet.records import HeadlineRole, Page, PersonRole

TITLE = "青河第三大桥正式通车"


def read(markup: str) -> Page:
    return read_page(markup, media_type="text/html")


def story(*inside: str, title: str = TITLE, info: str = "2024-03-01 08:30 来源：云州日报") -> Page:
    paragraphs = [f"<p>{text}</p>" for text in PARAGRAPHS]
    return read(
        html_of(f'<h1>{title}</h1><p>{info}</p><div class="content">{paragraphs[0]}{"".join(inside)}{"".join(paragraphs[1:])}</div>', title=title)
    )


def test_teasers_of_other_stories_are_no_text() -> None:
    card = '<div class="card"><h3><a href="/s/{n}">Seahaven story number {n} in full length</a></h3><p>{text}</p></div>'
    cards = "".join(
        card.format(n=n, text=f"What happened on day {n} at the harbour, told by those who were there, and why it matters.") for n in range(12)
    )
    paragraphs = [f"The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said." for n in (12, 20, 31)]
    found = read(html_of(f"<div><h1>Bridge at Seahaven opens</h1>{''.join(f'<p>{p}</p>' for p in paragraphs)}<div>{cards}</div></div>"))
    assert list(found.body) == paragraphs


def test_an_aside_is_no_text_though_it_is_longer() -> None:
    aside = "<aside>" + "".join(f"<p>{text}{number}</p>" for number, text in enumerate(PARAGRAPHS * 2)) + "</aside>"
    assert list(read(article(aside)).body) == PARAGRAPHS


def test_a_bracketed_original_title_belongs_to_the_text_as_well() -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    content = f'<div class="content"><p>（原标题：第三座大桥今日通车）</p>{paragraphs}</div>'
    found = read(html_of(f"<h1>{TITLE}</h1><p>2024-03-01 08:30</p>{content}", title=TITLE))
    assert found.headline(HeadlineRole.ORIGINAL) == "第三座大桥今日通车"
    assert list(found.body) == ["（原标题：第三座大桥今日通车）", *PARAGRAPHS]


def test_an_original_title_without_brackets_does_not() -> None:
    found = story("", info="2024-03-01 08:30 来源：云州日报</p><p>原标题：第三座大桥今日通车")
    assert found.headline(HeadlineRole.ORIGINAL) == "第三座大桥今日通车"
    assert list(found.body) == PARAGRAPHS


def test_an_original_title_goes_before_a_label_that_has_none() -> None:
    found = story(info="2024-03-01 08:30 来源：云州日报</p><p>原标题：</p><p>扫一扫 分享到微信</p><p>原标题：第三座大桥今日通车")
    assert found.headline(HeadlineRole.ORIGINAL) == "第三座大桥今日通车"
    assert list(found.body) == PARAGRAPHS


def test_a_quoted_post_is_text() -> None:
    post = '<div class="social-media-embed"><blockquote><p>大桥今天真的通车了，我走了一遍。</p></blockquote></div>'
    assert "大桥今天真的通车了，我走了一遍。" in story(post).body


def test_captions_and_shortcodes_are_no_text() -> None:
    found = story("<p>In this March 1, 2024 file photo, the bridge is seen from the river.</p>", '<p>[button link="/subscribe" type="big"]</p>')
    assert list(found.body) == PARAGRAPHS


def test_a_scripts_data_is_no_text() -> None:
    data = '<div>{ "widgets": [{"name": "video"}], "id": "12", "tags": ["a, b", "c. d"], "title": "The bridge, and what it cost." }</div>'
    assert list(story(data).body) == PARAGRAPHS


def test_headings_behind_the_last_paragraph_are_no_text() -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    info = "<p>2024-03-01 08:30</p>"
    found = read(html_of(f'<h1>{TITLE}</h1>{info}<div class="content">{paragraphs}<h3>后续报道即将发布，敬请期待：</h3></div>', title=TITLE))
    assert list(found.body) == PARAGRAPHS


def test_the_day_right_above_the_text_goes_before_days_of_other_stories() -> None:
    others = "".join(f'<li><a href="/s/{n}">Story of the harbour number {n}</a><span>Mon, Mar {n} 2021</span></li>' for n in (4, 3, 2))
    between = "".join(f"<p>Gallery of the bridge {n}</p>" for n in range(16))
    text = "".join(f"<p>The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said.</p>" for n in (12, 20, 31))
    markup = f"<h1>Bridge at Seahaven opens</h1><ul>{others}</ul>{between}<p>SEAHAVEN | Fri Mar 5, 2021 4:29pm EST</p><div>{text}</div>"
    found = read(html_of(markup, title="Bridge at Seahaven opens"))
    assert found.published is not None and found.published.local.isoformat() == "2021-03-05T16:29:00"


def test_writers_of_stories_beside_this_one_are_not_its_authors() -> None:
    paragraphs = [f"<p>The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said.</p>" for n in (12, 20, 31)]
    aside = '<div class="sidebar"><h3><a href="/s/7">Ferry stays for a year</a></h3><p class="byline">John Roe</p></div>'
    inside = f"<div>{paragraphs[0]}{aside}{''.join(paragraphs[1:])}</div>"
    found = read(html_of(f"<h1>Bridge at Seahaven opens</h1>{aside}<p>By Jane Doe | March 5, 2021</p>{inside}", title="Bridge at Seahaven opens"))
    assert [person.name for person in found.people] == ["Jane Doe"]


def test_a_heading_in_an_authors_box_is_no_author() -> None:
    box = '<div class="author-box"><a href="/by/jane-doe">Jane Doe</a><h4>Recent Stories:</h4></div>'
    text = "".join(f"<p>The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said.</p>" for n in (12, 20, 31))
    found = read(html_of(f"<h1>Bridge at Seahaven opens</h1><p>March 5, 2021</p>{box}<div>{text}</div>", title="Bridge at Seahaven opens"))
    assert [person.name for person in found.people] == ["Jane Doe"]


def test_the_text_of_a_named_box_is_the_story_however_short() -> None:
    dialog = "<div><p>余额是充值得来的，按一比一的比例抵扣，不能提现。</p><p>余额不能转给他人，可以用来购买课程。</p></div>"
    found = read(html_of(f'<h1>{TITLE}</h1><div class="article-content"><p>第三座大桥今天早晨六点通车</p><p>全长两千四百米</p></div>{dialog}'))
    assert list(found.body) == ["第三座大桥今天早晨六点通车", "全长两千四百米"]


def test_a_kicker_in_the_headline_is_set_off_where_the_head_states_the_title_alone() -> None:
    paragraphs = "".join(f"<p>Die Brücke in Seestadt wurde am Freitag eröffnet, sagte Nummer {n}, und viele kamen.</p>" for n in range(4))
    head = '<meta property="og:title" content="Dritte Brücke über den Fluss eröffnet">'
    found = read(f"<html><head>{head}</head><body><h1>Feier in Seestadt - Dritte Brücke über den Fluss eröffnet</h1>{paragraphs}</body></html>")
    assert found.headline() == "Dritte Brücke über den Fluss eröffnet"


def test_credits_in_boxes_named_after_people_and_sources() -> None:
    boxes = '<div class="person"><ul><li><p>陈小山</p></li></ul></div><div class="source"><a href="/c/">云州观潮</a></div>'
    paragraphs = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    found = read(html_of(f'<h1>{TITLE}</h1><p>2024-03-01 08:30</p>{boxes}<div class="content">{paragraphs}</div>', title=TITLE))
    assert [(person.role, person.name) for person in found.people] == [(PersonRole.AUTHOR, "陈小山")]
    assert [source.name for source in found.sources] == ["云州观潮"]


def test_a_credit_that_closes_the_last_paragraph() -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in [*PARAGRAPHS[:-1], f"{PARAGRAPHS[-1]}（来源：云州日报 文/陈小山）"])
    found = read(html_of(f'<h1>{TITLE}</h1><p>2024-03-01 08:30</p><div class="content">{paragraphs}</div>', title=TITLE))
    assert [person.name for person in found.people] == ["陈小山"]
    assert [source.name for source in found.sources] == ["云州日报"]


_STORIES = [f"The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said." for n in (12, 20, 31)]


def seahaven(*after: str, head: str = "", before: str = "<p>By John Roe</p>") -> Page:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in _STORIES)
    return read(
        f"<html><head>{head}</head><body><h1>Bridge at Seahaven opens</h1>{before}<div class='text'>{text}</div>{''.join(after)}</body></html>"
    )


def test_who_wrote_other_stories_is_no_author() -> None:
    entry = '<h3><a href="/s/{n}">Seahaven story number {n} in full</a></h3><p>1{n}</p><p>By Jane Doe (3/1{n}/2024)</p>'
    found = seahaven("<h2>More from the town</h2>", *(entry.format(n=n) for n in range(4, 8)))
    assert [person.name for person in found.people] == ["John Roe"]
    assert found.published is None


def test_a_byline_of_a_related_link_above_the_text_is_no_author() -> None:
    entry = '<div class="related"><ul><li><a href="/s/1">Seahaven story number one in full</a><div>By Jane Doe</div></li></ul></div>'
    assert seahaven(before=entry).people == ()


def test_a_photographer_is_not_who_wrote_it() -> None:
    found = seahaven("<p>Photo by Jane Doe</p>", head='<meta name="author" content="John Roe">', before="")
    assert [(person.role, person.name) for person in found.people] == [(PersonRole.PHOTOGRAPHER, "Jane Doe"), (PersonRole.AUTHOR, "John Roe")]


def test_crumbs_in_one_entry_or_in_boxes_in_each_other() -> None:
    links = '<a href="/">Home</a> <a href="/n/">News</a> <a href="/n/l/">Local</a>'
    assert seahaven(before=f'<ul><li class="breadcrumb">{links}</li><li>By John Roe</li></ul>').breadcrumb == ("Home", "News", "Local")
    nested = '<div class="breadcrumb"><a href="/n/">News</a><div class="item"><a href="/n/l/">Local</a></div></div>'
    assert seahaven(before=nested).breadcrumb == ("News", "Local")


def test_menus_and_forms_are_no_crumbs() -> None:
    menu = '<div class="path"><ul><li><a href="/">Home</a></li><li><a href="/f">Fishing</a></li><li><a href="/p">Privacy Policy</a></li></ul></div>'
    assert seahaven(before=menu).breadcrumb == ()
    assert seahaven(before='<div class="location"><label>Enter town, state or code</label></div>').breadcrumb == ()


def test_a_channel_whose_name_begins_the_headline_is_a_crumb() -> None:
    crumbs = '<div class="breadcrumb"><a href="/">Home</a> &gt; <a href="/b/">{last}</a></div>'
    assert seahaven(before=crumbs.format(last="Bridge at Sea")).breadcrumb == ("Home", "Bridge at Sea")
    assert seahaven(before=crumbs.format(last="Bridge at Seahaven...")).breadcrumb == ("Home",)
    assert story(info="当前位置：首页 &gt; 要闻 &gt; 青河第三大桥正式</p><p>2024-03-01 08:30").breadcrumb == ("首页", "要闻")


def test_the_day_comes_first_where_the_language_of_the_text_says_so() -> None:
    text = "".join(
        f"<p>Le pont de la ville a été ouvert vendredi matin, a dit la mairie, et {n} bus l'ont traversé avant midi.</p>" for n in (12, 20, 31)
    )
    found = read(f"<html><body><h1>Le pont de la ville est ouvert</h1><p>Publié le 05/04/2024 à 17:08</p><div>{text}</div></body></html>").published
    assert found is not None and found.local.isoformat() == "2024-04-05T17:08:00"


def test_a_day_that_opens_the_text_dates_it_if_nothing_else_does() -> None:
    markup = html_of(
        "<h1>Bridge at Seahaven opens</h1>{}" + "".join(f"<p>{paragraph}</p>" for paragraph in ["March 3, 2024 -- The first.", *_STORIES])
    )
    found = [read(markup.format(info)).published for info in ("", "<p>March 4, 2024 8:15 am</p>")]
    assert [time and time.local.isoformat() for time in found] == ["2024-03-03T00:00:00", "2024-03-04T08:15:00"]


def test_controls_ads_and_notes_on_scripts_are_no_text() -> None:
    paragraphs = [*_STORIES[:1], "Text Size", "Publicidad", "To view this content, Javascript must be enabled in the browser.", *_STORIES[1:]]
    found = read(html_of("<h1>Bridge at Seahaven opens</h1>" + "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)))
    assert list(found.body) == _STORIES
    picture = '<div class="foto"><img src="a.jpg"><p>The bridge at Seahaven on its first day, seen from the town hall.</p></div>'
    assert list(seahaven(before=picture).body) == _STORIES


def test_a_name_with_its_place_in_a_box_named_after_signatures() -> None:
    markup = '<p class="firma">Ana Ejemplo | Villamar</p><p>March 4, 2024 8:15 am</p>'
    assert [person.name for person in seahaven(before=markup).people] == ["Ana Ejemplo"]


def test_what_stands_under_a_heading_of_comments_is_no_text() -> None:
    comments = "".join(f"<p>Reader {n} wrote that the bridge at Seahaven is a fine one, and that it was high time for it.</p>" for n in range(4))
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in _STORIES * 2)
    for heading in ("Comments", "Коментари (4)"):
        assert list(read(html_of(f"<h1>Bridge at Seahaven opens</h1>{paragraphs}<h2>{heading}</h2>{comments}")).body) == _STORIES * 2


_ENGLISH = "".join(f"<p>The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said.</p>" for n in (12, 20, 31))


def test_a_sites_local_navigation_is_no_breadcrumb() -> None:
    menu = "".join(
        f'<li><a href="/{name}">{name.title()}</a></li>' for name in ["home", "asia", "africa", "europe", "business", "health", "arts", "technology"]
    )
    below = '<ul><li><a href="/asia/north">North Asia</a></li><li><a href="/asia/south">South Asia</a></li></ul>'
    more = "".join(f'<li><a href="/more/{n}">Channel {n}</a></li>' for n in range(6))
    found = read(html_of(f'<div id="local-nav"><ul>{menu}{more}</ul>{below}</div><h1>Bridge at Seahaven opens</h1><div>{_ENGLISH}</div>'))
    assert found.breadcrumb == ()


def test_a_headline_that_a_share_bar_repeats_stands_above_the_text() -> None:
    bar = '<div class="share-bar"><h4 class="story-title">Bridge at Seahaven opens</h4><p>A link has been sent to your friend, who will like it.</p></div>'
    info = "<div>Jane Doe, Example Today Sports 4:14 p.m. EDT June 6, 2023</div>"
    found = read(html_of(f"<div>{bar}<h1>Bridge at Seahaven opens</h1>{info}{_ENGLISH}</div>", title="Bridge at Seahaven opens"))
    assert [person.name for person in found.people] == ["Jane Doe"]
    assert found.published is not None
    assert f"{found.published.local:%H:%M}" == "16:14"


def test_the_time_may_stand_above_a_share_bar_above_the_headline() -> None:
    buttons = "".join(f"<li>{name}</li>" for name in ("Facebook", "Twitter", "LinkedIn", "Reddit", "Email", "Print", "Copy link", "Pin it", "Tweet"))
    found = read(html_of(f"<p>19 July 2023 Last updated at 09:18 GMT</p><ul>{buttons}</ul><h1>Bridge at Seahaven opens</h1><div>{_ENGLISH}</div>"))
    assert found.published is not None
    assert f"{found.published.local:%Y-%m-%d %H:%M}" == "2023-07-19 09:18"


def test_what_an_author_is_names_nobody() -> None:
    box = '<div class="author"><div class="author-name">Jane Doe</div><div class="author-role">Associate Editor, ExampleWeek.example</div></div>'
    found = read(html_of(f"<h1>Bridge at Seahaven opens</h1>{box}<div>{_ENGLISH}</div>"))
    assert [person.name for person in found.people] == ["Jane Doe"]
