"""What a page's head says of it, from clean and from broken markup."""

import json

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.page.metadata import Metadata, read_metadata


def read(metas=(), json_ld=(), title=None, canonical=None, lang=None) -> Metadata:
    return read_metadata(list(metas), list(json_ld), title, canonical, lang)


GRAPH = json.dumps(
    {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": ["NewsArticle", "Article"],
                "headline": "Bridge opens &amp; holds",
                "author": [{"@type": "Person", "name": "Jane Doe"}, {"@type": "Organization", "name": "Example Press"}],
                "datePublished": "2021-03-03T17:04:00+08:00",
                "publisher": {"@type": "Organization", "name": "Example Site"},
                "mainEntityOfPage": {"@id": "https://site.example/bridge"},
                "inLanguage": "en-GB",
            },
            {
                "@type": "BreadcrumbList",
                "itemListElement": [{"position": 2, "name": "News"}, {"position": 1, "item": {"name": "Home"}}, {"position": 3, "name": "正文"}],
            },
        ],
    }
)


def test_a_graph_is_read():
    page = read(json_ld=[GRAPH])
    assert [(title.origin, title.text) for title in page.titles] == [("json_ld", "Bridge opens & holds")]
    assert page.published is not None
    assert (page.published.local.isoformat(), page.published.utc_offset_minutes, page.published.rule) == (
        "2021-03-03T17:04:00",
        480,
        "json_ld:datePublished",
    )
    assert page.authors == ("Jane Doe",)
    assert page.source == "Example Press"
    assert page.site_name == "Example Site"
    assert page.canonical_url == "https://site.example/bridge"
    assert (page.language, page.breadcrumb, page.kind_hint) == ("en", ("Home", "News"), "article")


def test_a_stated_midnight_tells_the_day_alone():
    for stamp in ("2021-03-03T00:00:00", "2021-03-03T00:00:00Z", "2021-03-03T00:00:00+01:00"):
        assert (published := read(metas=[("date", stamp)]).published) is not None
        assert (published.local.isoformat(), published.precision) == ("2021-03-03T00:00:00", "day")
    both = read(metas=[("date", "2021-03-03T00:00:00"), ("dc.date", "2021-03-03T08:15:00")]).published
    assert both is not None and both.precision == "second"


def test_a_latin_source_has_the_form_of_an_outlet():
    assert [read(metas=[("source", source)]).source for source in ("Your Town", "Seahaven Herald", "云州观潮")] == [
        None,
        "Seahaven Herald",
        "云州观潮",
    ]


def test_the_site_as_author_is_not_cut_into_names():
    metas = [("og:site_name", "Boats & Bridges"), ("author", "Boats & Bridges")]
    assert read(metas=metas).authors == ()
    assert read(metas=[*metas, ("author", "Jane Doe")]).authors == ("Jane Doe",)


def test_metas_are_read_however_they_are_spelt():
    page = read(
        metas=[
            ("og:title", "大桥通车"),
            ("_pubtime", "2024-3-1 09:35:59"),
            ("Author", "admin"),
            ("source", "云州日报"),
            ("editor", "张小三_NB12"),
            ("og:site_name", "云州网"),
            ("og:type", "article"),
        ],
        title="大桥通车_云州网",
        canonical=" /a/1.html ",
        lang="zh-CN",
    )
    assert [(title.origin, title.text) for title in page.titles] == [("og", "大桥通车"), ("title", "大桥通车_云州网")]
    assert page.published is not None and page.published.local.isoformat() == "2024-03-01T09:35:59"
    assert (page.authors, page.source, page.editors) == ((), "云州日报", ("张小三",))
    assert (page.canonical_url, page.language, page.site_name, page.kind_hint) == ("/a/1.html", "zh", "云州网", "article")


def test_a_time_to_the_minute_wins_over_a_bare_date():
    page = read(metas=[("pubdate", "2021-03-03"), ("date", "2021-03-03 17:04")])
    assert page.published is not None and page.published.precision == "minute"


@pytest.mark.parametrize(
    "script",
    [
        GRAPH.replace('"@context"', '"note": "line\nbreak\tand \x01", "@context"'),  # control characters in strings
        "<!-- " + GRAPH + " -->",
        "//<![CDATA[\n" + GRAPH + "\n//]]>",
        GRAPH.replace('"', "&quot;"),
        GRAPH[:-1] + ",}",
        GRAPH + GRAPH,
        "[" + GRAPH + "]",
        GRAPH + ";",
    ],
)
def test_broken_scripts_are_read_where_they_can_be(script):
    page = read(json_ld=[script])
    assert page.authors == ("Jane Doe",)
    assert page.published is not None


def test_a_script_beyond_repair_still_gives_its_plain_values():
    page = read(json_ld=['{"@type":"NewsArticle","headline":"Bridge opens","datePublished":"2021-03-03", "author": {"name": ]'])
    assert [title.text for title in page.titles] == ["Bridge opens"]
    assert page.published is not None


def test_authors_are_people_only():
    metas = [
        ("author", "https://social.example/x"),
        ("author", "云州日报"),
        ("author", "By Jane Doe and John Roe"),
        ("author", "Example"),
        ("og:site_name", "Example"),
    ]
    assert read(metas=metas).authors == ("Jane Doe", "John Roe")


@pytest.mark.parametrize(
    ("lang", "code"), [("zh-Hant-TW", "zh"), ("cn", "zh"), ("EN", "en"), ("jp", "ja"), ("x-default", None), ("", None), ("{{lang}}", None)]
)
def test_languages_are_iso(lang, code):
    assert read(lang=lang).language == code


def test_a_list_of_articles_is_a_list_page():
    items = [{"@type": "NewsArticle", "headline": f"Story {number}"} for number in range(5)]
    assert read(json_ld=[json.dumps({"@type": "CollectionPage", "hasPart": items})]).kind_hint == "list"
    assert read().kind_hint is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | lines,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@graph",
                    "headline",
                    "author",
                    "name",
                    "datePublished",
                    "itemListElement",
                    "item",
                    "position",
                    "inLanguage",
                    "mainEntityOfPage",
                    "publisher",
                    "editor",
                    "url",
                ]
            ),
            inner | st.sampled_from(["NewsArticle", "BreadcrumbList"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.lists(st.tuples(lines, lines), max_size=4), lines)
def test_any_head_gets_an_answer(value, metas, text):
    page = read_metadata([*metas, ("author", text), ("pubdate", text), ("og:locale", text)], [json.dumps(value), text], text, text, text)
    assert page.language is None or len(page.language) == 2


@pytest.mark.parametrize(
    "text",
    [*adversarial, "[" * 200_000, '{"a":' * 40_000, '"@type":' * 20_000, '"headline":"' + "\\" * 199_999, "," * 200_000, '{"a":1}' * 20_000],
    ids=lambda text: repr(text[:6]),
)
def test_long_hostile_texts_end(text):
    read(metas=[("author", text), ("pubdate", text), ("og:title", text)], json_ld=[text], title=text, canonical=text, lang=text)
