"""Rendered pages: headline, text and lists by how lines follow each other. All sites, stories and people are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_pages import FEED, PARAGRAPHS, RELATED

from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel, Module, ModuleKind, Page, PersonRole

TITLE = "青河第三大桥正式通车"
TEXT = "\n\n".join(PARAGRAPHS)


def read(*parts: str) -> Page:
    return read_page("\n\n".join(parts), media_type="text/plain")


def page(*after: str) -> Page:
    return read("云州网 > 新闻", TITLE, "2024-03-01 08:30 来源:云州日报", TEXT, *after)


def modules(*after: str) -> list[tuple[str | None, list[str]]]:
    return [(module.heading, texts(module)) for module in page(*after).modules]


def texts(module: Module) -> list[str]:
    return [item.text for item in module.items]


EVERYDAY = [
    "青石市举办春季招聘会", "云州第一医院新大楼启用", "山河县推出老字号品牌", "百所小学开设游泳课程", "购房优惠政策延长一年", "青河图书馆夜间开放",
    "山河县小说家获奖", "老城影院重新开张",
]  # fmt: skip


@pytest.mark.parametrize("title", EVERYDAY)
def test_a_headline_may_hold_a_word_of_other_headings(title: str) -> None:
    info = "2024-03-01 08:30 来源:云州日报"
    assert read("云州网 > 新闻", title, info, TEXT).headline() == title
    assert read("  • 首页\n  • 新闻\n  • 体育", title, info, TEXT, "精彩推荐\n\n" + "\n".join(f"  • {text}" for text in RELATED)).headline() == title


def test_a_crosshead_may_hold_a_word_of_other_headings() -> None:
    body = read("云州网 > 新闻", TITLE, "2024-03-01 08:30 来源:云州日报", TEXT, "一、县级医院怎么建", TEXT.replace("。", "！。")).body
    assert len(body) >= 2 * len(PARAGRAPHS)


@pytest.mark.parametrize("heading", ["招聘信息", "热门标签", "合作伙伴", "Sponsored content"])
def test_a_line_that_is_such_a_heading_is_no_headline(heading: str) -> None:
    assert read("云州网 > 新闻", TITLE, "2024-03-01 08:30 来源:云州日报", heading, TEXT).headline() == TITLE
    assert read(heading, "2024-03-01 08:30 来源:云州日报", TEXT).headline() is None


# --- headline and text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        ["青河第三大桥正式通车"],
        ["  • 首页\n  • 新闻\n  • 体育", "青河第三大桥正式通车", "2024-03-01 08:30 来源:云州日报"],
        ["云州网", "  • 青河第三大桥正式通车", "分享到:", "2024-03-01 08:30 来源:云州日报"],
        ["当前位置:云州网 > 新闻 > 青河第三大桥正式通车", "2024-03-01 08:30", "青河第三大桥正式通车", "大桥夜景。云州日报记者摄"],
    ],
)
def test_the_headline_is_found_above_the_text(head: list[str]) -> None:
    found = read(*head, TEXT)
    assert found.headline() == TITLE
    assert list(found.body) == PARAGRAPHS


def test_a_headline_that_reads_like_a_sentence_stands_above_its_info_line() -> None:
    found = read("云州网 > 新闻", "大桥通车了，两岸的公交线路准备怎样调整？", "2024-03-01 08:30 来源:云州日报", TEXT)
    assert found.headline() == "大桥通车了，两岸的公交线路准备怎样调整？"
    assert list(found.body) == PARAGRAPHS


def test_numbered_paragraphs_are_text() -> None:
    steps = [f"{number}、{text}{text}" for number, text in enumerate(PARAGRAPHS, start=1)]
    assert list(read(TITLE, "2024-03-01 08:30 来源:云州日报", *steps).body) == steps


def test_a_pictures_text_and_caption_are_no_paragraphs() -> None:
    caption = "Visitors walk over the new bridge at Seahaven on its first morning"
    paragraphs = [f"The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said." for n in (12, 20, 31)]
    found = read("Bridge at Seahaven opens", "March 1, 2024", paragraphs[0], caption, caption, *paragraphs[1:])
    assert list(found.body) == paragraphs


def test_pointers_to_other_stories_are_no_paragraphs() -> None:
    paragraphs = [f"The bridge at Seahaven opened on Friday, and {n} buses crossed it before noon, the town said." for n in (12, 20, 31)]
    found = read("Bridge at Seahaven opens", "March 1, 2024", paragraphs[0], "Related: Ten things to know about the bridge.", *paragraphs[1:])
    assert list(found.body) == paragraphs


@pytest.mark.parametrize("heading", ["网友评论 (3)", "12条评论", "34 responses to “Bridge”"])
def test_comments_are_no_text_however_long(heading: str) -> None:
    comments = [f"{text}{text}这是第{number}位网友说的。" for number, text in enumerate(PARAGRAPHS * 3)]
    assert list(page(heading, *comments).body) == PARAGRAPHS


def test_a_name_under_the_headline_is_the_author() -> None:
    found = read(TITLE, "陈小山", "2024-03-01 08:30 来源:云州日报", TEXT)
    assert [(person.role, person.name) for person in found.people] == [(PersonRole.AUTHOR, "陈小山")]


STREET = [f"The council of Seahaven voted on Tuesday to rebuild {street} Street, and {n} residents spoke before the vote." for street, n in
          (("Mill", 12), ("Harbour", 20), ("Chapel", 31), ("Orchard", 9), ("Station", 14), ("Quay", 27))]  # fmt: skip
STREET_TITLE = "Seahaven rebuilds six streets around its old harbour"


@pytest.mark.parametrize(
    "between",
    [
        "Advertisement",
        "ADVERTISEMENT\n\nAdvertisement",
        "Share this article\n\n  • Facebook\n  • Email",
        "Related Links\n\n  • The council's page",
        "Story continues below",
    ],
)
def test_what_stands_between_paragraphs_ends_no_text(between: str) -> None:
    found = read(STREET_TITLE, "March 1, 2024 08:30", STREET[0], STREET[1], between, *STREET[2:])
    assert [text for text in found.body if text in STREET] == STREET
    assert not any("council's page" in text or "Facebook" in text for text in found.body)


def test_a_paragraph_of_a_menu_is_not_the_text() -> None:
    about = "The Round Table is the weekly programme in which guests of the Seahaven Echo discuss what the town has talked about, every Sunday."
    found = read("  • The Round Table", about, "Most read\n\n  • A bridge, at last", STREET_TITLE, "March 1, 2024 08:30", *STREET, *STREET)
    assert found.headline() == STREET_TITLE
    assert about not in found.body


def test_a_page_that_says_how_it_is_shared_above_its_text_has_a_text() -> None:
    found = read(STREET_TITLE, "March 1, 2024 08:30", f"{STREET[0]} {STREET[1]}", "Join the conversation", *STREET[2:] * 4)
    assert STREET[-1] in found.body


@pytest.mark.parametrize(
    "line",
    [
        "By Nora Whitfield and Tomas Greer / Seahaven Echo Staff Writers", "Von Karla Brenner und Timo Harms, Nordhafen", "Par Clara Aubin et Luc Eckert (Oslo, envoyé spécial)",
        "Six streets are paved anew, two squares planted, and not all who live there like the plan that the council has chosen",
        "Harbour\nHarbour workers lift the first of the old stones, watched by a gull. Photo: Lena Castle", "Published: 5 hours ago in Local",
        "HomeNewsSportBusinessOpinionWeather", "News Sport Business Opinion Weather Obituaries Jobs", "(Photo by Lena Castle for the Echo)",
    ],
)  # fmt: skip
def test_a_line_below_the_headline_is_not_the_headline(line: str) -> None:
    assert read(STREET_TITLE, line, "March 1, 2024 08:30", *STREET).headline() == STREET_TITLE


@pytest.mark.parametrize(
    "line",
    [
        "时政国际财经军事观点社会教育体育文化房产汽车旅游健康视频",
        "——云州市以产业带动山河县三十个村庄的老路改造",
        "●老路改造的标准由每个村庄的居民自己商量着定下来",
    ],
)
def test_rows_of_channels_and_subtitles_are_no_headlines(line: str) -> None:
    assert read("云州网", TITLE, line, "2024-03-01 08:30 来源:云州日报", TEXT).headline() == TITLE
    assert read(line if line.startswith("时政") else "云州网", TITLE, "2024-03-01 08:30 来源:云州日报", TEXT).headline() == TITLE


def test_the_label_of_the_original_title_tells_which_line_is_the_headline() -> None:
    kicker = "云州市今年要为三十个村庄修通所有的老路和桥梁"
    assert read("云州网", kicker, TITLE, "2024-03-01 08:30 来源:云州日报", f"原标题:{TITLE}", TEXT).headline() == TITLE


def test_a_page_may_begin_with_a_headline_that_asks() -> None:
    found = read("大桥通车了，两岸的公交线路准备怎样调整？", TEXT)
    assert found.headline() == "大桥通车了，两岸的公交线路准备怎样调整？"
    assert list(found.body) == PARAGRAPHS


@pytest.mark.parametrize(
    "crumbs, expected",
    [
        ("  1. Home\n  2. News\n  3. Local", ("Home", "News", "Local")),
        ("  • Shop\n  • Startseite\n  • Wirtschaft\n  • Hafen", ("Startseite", "Wirtschaft", "Hafen")),
        ("  • 首页\n  • 新闻\n  • 云州", ("首页", "新闻", "云州")),
        ("  • Home\n  • News\n  • Sport\n  • Business\n  • Culture\n  • Travel\n  • Jobs", ()),
        ("  • News\n  • Sport\n  • Business", ()),
    ],
)
def test_crumbs_stand_as_a_list_right_above_the_headline(crumbs: str, expected: tuple[str, ...]) -> None:
    assert read(crumbs, STREET_TITLE, "March 1, 2024 08:30", *STREET).breadcrumb == expected


@pytest.mark.parametrize(
    "line, names",
    [
        ("Almudena Ruiz", ["Almudena Ruiz"]),
        ("Helena da Mota", ["Helena da Mota"]),
        ("Rosa Field and Tom Abara in Seahaven", ["Rosa Field", "Tom Abara"]),
        ("Rina Wulandari - Example News", ["Rina Wulandari"]),
        ("PorMatías Echagüe", ["Matías Echagüe"]),
        ("Crime and courts", []),
        ("Share Email Print", []),
        ("Business Opinion", []),
    ],
)
def test_a_name_beside_the_info_line_is_the_author(line: str, names: list[str]) -> None:
    found = read(STREET_TITLE, f"{line}\nMarch 1, 2024 08:30", *STREET)
    assert [person.name for person in found.people] == names


def test_the_language_of_a_page_that_states_none_is_told_by_its_text() -> None:
    assert read(STREET_TITLE, *STREET).language == "en"
    assert (
        read(
            "Un puerto nuevo",
            "07/06/2023 08:48",
            *["El ayuntamiento de Puerto Alto aprobó el martes las obras de seis calles del casco antiguo." for _ in range(3)],
        ).language
        == "es"
    )
    assert read("12 34").language is None


def test_a_day_before_its_month_is_read_in_the_language_that_writes_it_so() -> None:
    text = ["El ayuntamiento de Puerto Alto aprobó el martes las obras de seis calles del casco antiguo, que durarán un año." for _ in range(4)]
    published = read("Un puerto nuevo para seis calles del casco antiguo", "07/06/2023 08:48", *text).published
    assert published is not None and published.local.isoformat() == "2023-06-07T08:48:00"


# --- lists --------------------------------------------------------------------------------------------------------------------------


def test_bullets_under_a_heading_are_a_list() -> None:
    assert modules("热点新闻", "\n".join(f"  • {text}" for text in FEED)) == [("热点新闻", FEED)]


def test_a_column_that_no_vocabulary_knows_heads_bullets() -> None:
    assert modules("云州观潮", "\n".join(f"  • {text}" for text in FEED)) == [("云州观潮", FEED)]


def test_entries_without_bullets_end_with_their_notes() -> None:
    records = "\n\n".join(f"{text}\n云州日报\n{hours}小时前" for hours, text in enumerate(RELATED, start=2))
    assert modules("相关推荐", records) == [("相关推荐", RELATED)]


def test_a_summary_under_the_headline_is_no_entry() -> None:
    records = "\n\n".join(f"{text}\n\n{PARAGRAPHS[0]}{PARAGRAPHS[1]}\n\n2024-02-2{day} 08:30" for day, text in enumerate(RELATED))
    assert modules("相关阅读", records) == [("相关阅读", RELATED)]


def test_of_picture_text_and_headline_the_headline_stays() -> None:
    doubled = "\n\n".join(f"{text}\n\n{text}" for text in RELATED)
    assert modules("精彩推荐", doubled) == [("精彩推荐", RELATED)]


@pytest.mark.parametrize("between", ["\n\n", " "])
def test_of_a_whole_headline_and_the_cut_one_after_it_the_cut_one_is_displayed(between: str) -> None:
    doubled = "\n\n".join(f"{text}{between}{text[:-3]}" for text in RELATED)
    found = page("精彩推荐", doubled).modules[0]
    assert texts(found) == [text[:-3] for text in RELATED]
    assert [item.full_text for item in found.items] == RELATED


def test_a_list_that_stands_twice_is_one() -> None:
    copy = [f"{text[:9]}…" for text in FEED]
    assert modules("热点新闻", "\n".join(f"  • {text}" for text in [*FEED, *copy])) == [("热点新闻", FEED)]


def test_a_ranking_that_stands_twice_is_one() -> None:
    ranking = "\n".join(f"  • 0{number} {text}" for number, text in enumerate(FEED, start=1))
    assert modules("点击排行", f"{ranking}\n{ranking}") == [("点击排行", FEED)]


@pytest.mark.parametrize("note", ["加载中", "点击加载更多", "Loading ..."])
def test_lists_in_place_of_one_that_a_script_loads_are_none(note: str) -> None:
    hidden, seen = ("\n".join(f"  • {text}" for text in list_) for list_ in (FEED, RELATED))
    assert modules(f"相关新闻\n{note}\n{hidden}", "热点新闻", seen) == [("热点新闻", RELATED)]


def test_a_teaser_in_one_line_is_its_headline() -> None:
    teasers = "\n\n".join(f"{text}\u00a0 云州网3月1日电 {PARAGRAPHS[0][:60]}…【详细】\n\n财经" for text in RELATED)
    assert modules("推荐阅读", teasers) == [("推荐阅读", RELATED)]


@pytest.mark.parametrize(
    "note",
    [
        "In News, Oldtown - 02 Feb 2025, 19:49", "vor 22 Stunden", "- November 20, 2019, 10:54 am", "11/20/2019 01:14 PM", "Symbolbild: Die alte Brücke (Quelle: dpa)",
        "Video Player is loading.", "{{title}}", "USB cable, was $19.99, now $9.99",
    ],
)  # fmt: skip
def test_notes_of_entries_are_no_headlines(note: str) -> None:
    headlines = [
        "Harbour office to move into the old customs house",
        "Town buys forest for $3 million to keep it open for all",
        "Next mayor will be elected on a Sunday in May",
    ]
    assert modules("Latest News", "\n\n".join(f"{text}\n{note}" for text in headlines)) == [("Latest News", headlines)]


@pytest.mark.parametrize("word", ["Next", "Previous"])
def test_a_headline_may_begin_as_the_link_to_a_neighbour_does(word: str) -> None:
    headlines = [
        f"{word} year the harbour will be {what}" for what in ("deeper than ever before", "closed to all the tankers", "open to yachts again")
    ]
    assert modules("Latest News", "\n".join(f"  • {text}" for text in headlines)) == [("Latest News", headlines)]
    assert modules("Latest News", "\n".join(f"  • {word} article: {text}" for text in headlines)) == []


def test_words_of_a_menu_after_a_list_are_no_entries() -> None:
    menu = "\n".join(f"  • {word}" for word in ("要闻频道", "体育频道", "财经频道", "汽车频道"))
    assert modules("热点新闻", "\n".join(f"  • {text}" for text in FEED[:4]) + f"\n{menu}") == [("热点新闻", FEED[:4])]


def test_a_menu_of_several_words_is_no_list_though_its_heading_says_news() -> None:
    assert modules("Our News", "\n".join(f"  • {word}" for word in ("Work for us", "Our newsroom", "House rules here", "News by e-mail"))) == []


def test_a_row_of_brands_is_no_entry() -> None:
    rows = [f"Seahaven 云州奶粉{n} Northfield 山河面膜{n} OLDTOWN 青禾精油{n}" for n in range(3)]
    assert modules("热点推荐", "\n".join(f"  • {text}" for text in [*FEED, *rows])) == [("热点推荐", FEED)]


def test_stories_under_their_numbers_are_a_list_without_a_heading() -> None:
    assert modules("\n\n".join(f" {number}. {number}\n\n{text}" for number, text in enumerate(FEED[:4], start=1))) == [(None, FEED[:4])]


def test_a_line_between_bullets_heads_those_after_it() -> None:
    first, second = ("\n".join(f"  • {text}" for text in list_) for list_ in (FEED, RELATED))
    assert modules(f"热点新闻\n{first}\n云州观潮\n{second}") == [("热点新闻", FEED), ("云州观潮", RELATED)]


def test_a_list_right_under_the_text_goes_with_it() -> None:
    bullets = "\n".join(f"  • {text}" for text in FEED)
    kinds = [page(*parts).modules[0].kind for parts in ((bullets,), ("(责任编辑:王小河)", bullets))]
    assert kinds == [ModuleKind.RELATED_LINKS, ModuleKind.HEADLINE_FEED]


@pytest.mark.parametrize(
    "shape",
    [
        "  • 2024-03-0{n} {text}",
        "  • {text} 2024-03-0{n}",
        "  • {text}评论 1{n}",
        "  • {text} (1{n})",
        "  • 0{n} {text}",
        "  • {n}{text}",
        "  • {n}1763{n}{text}",
    ],
)
def test_what_entries_carry_besides_the_headline_is_taken_off(shape: str) -> None:
    lines = "\n".join(shape.format(n=number, text=text) for number, text in enumerate(FEED[:4], start=1))
    assert modules("热点新闻", lines) == [("热点新闻", FEED[:4])]


def test_channels_before_headlines_are_taken_off_and_a_columns_name_stays() -> None:
    channels = ["财经", "体育", "科技", "娱乐"]
    assert modules("热点新闻", "\n".join(f"  • {c} | {text}" for c, text in zip(channels, FEED, strict=False))) == [("热点新闻", FEED[:4])]
    column = [f"观潮丨{text}" for text in FEED[:4]]
    assert modules("热点新闻", "\n".join(f"  • {text}" for text in column)) == [("热点新闻", column)]


def test_rankings_one_after_the_other_are_lists_of_their_own() -> None:
    both = "\n".join(f"  • 0{rank} {text}" for half in (FEED[:4], list(reversed(FEED[:4]))) for rank, text in enumerate(half, start=1))
    assert modules("点击排行", both) == [("点击排行", FEED[:4]), ("点击排行", FEED[3::-1])]


def test_a_headline_at_two_ranks_stays_at_both() -> None:
    ranked = [*FEED[:3], FEED[1], FEED[3]]
    assert modules("即时播报", "\n".join(f"{rank}   {text}" for rank, text in enumerate(ranked, start=1))) == [("即时播报", ranked)]


def test_rows_of_links_shops_and_instructions_are_no_lists() -> None:
    rows = "\n".join(["  • 国画 水彩 油画 版画", "  • 设计 建筑 装置 摄影", "  • 体育 动物 风光 花卉"])
    shop = "\n".join(f"  • 云州牌水壶{n}升 $1{n}.00" for n in range(4))
    orders = "\n".join(f"  • 回复【{word}】查看本市各项消息" for word in ("公交", "入学", "看病"))
    assert modules("云州观潮", rows) == modules("云州观潮", shop) == modules(orders) == []


def test_the_kind_comes_from_the_heading() -> None:
    found = page("相关推荐", "\n".join(f"  • {t}" for t in RELATED), "点击排行", "\n".join(f"{n}   {t}" for n, t in enumerate(FEED, start=1)))
    assert [(module.kind, module.is_ranked) for module in found.modules] == [(ModuleKind.RELATED_LINKS, False), (ModuleKind.HEADLINE_FEED, True)]
    assert {block.label for block in found.blocks if block.text in FEED} <= {BlockLabel.FEED}


@given(st.lists(st.sampled_from([*FEED, *RELATED, *PARAGRAPHS, "", "  • 甲", "相关阅读", "1", "网友评论", "2024-03-01", "更多>>", "©"]), max_size=40))
def test_any_order_of_lines_is_read(lines: list[str]) -> None:
    found = read_page("\n".join(lines), media_type="text/plain")
    assert all(len(module.items) != 1 for module in found.modules)
    assert [found.text[block.char_start : block.char_end] for block in found.blocks] == [block.text for block in found.blocks]
