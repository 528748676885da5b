"""What the marts say of small warehouses made by hand: known intervals, censored ends, facts where nothing is told."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loads import BEGIN, Loads

from broadsheet.ids import make_id
from broadsheet.tables.signatures import signature_of
from broadsheet.warehouse.derived.places import places_of

SITE = "haidu.example"


@pytest.fixture
def loads():
    made = Loads()
    made.insert("sites", site=SITE, time_zone="Asia/Shanghai")
    return made


def at(hour: float | None) -> datetime | None:
    return None if hour is None else BEGIN + timedelta(hours=hour)


def id_of(name: str) -> str:
    return make_id("named", name)


def version(loads, name: str, *, article: str = "story", headline: str = "松岭县城市书房开放", headlines: dict[str, str] | None = None, body: str = "正文",
            published: float | None = 0, site: str = SITE, **values) -> None:  # fmt: skip
    loads.insert(
        "articles", article_id=id_of(article), site=site, headline=headline, published_at=at(published), canonical_url=f"https://{site}/{article}"
    )
    local = published if published is None else BEGIN.replace(tzinfo=None) + timedelta(hours=published + 8)
    signature = signature_of(body)
    told = {"body_sha256": body, "char_count": len(body), "published_at_precision": "minute", "published_at_local": local, "first_capture_id": name}
    if signature:
        told |= {"text_id": signature.text_id, "body_signature": signature.minima, "shingle_count": signature.shingle_count}
    loads.insert("article_versions", version_id=id_of(name), article_id=id_of(article), site=site, headline=headline, body_text=body, published_at=at(published),
                 **(told | values))  # fmt: skip
    loads.insert("captures", capture_id=name, site=site, version_id=id_of(name), article_id=id_of(article), captured_at=None)
    for role, text in {"main": headline, **(headlines or {})}.items():
        loads.insert("article_headlines", version_id=id_of(name), headline_role=role, position=1, site=site, headline_text=text, headline_raw=text)


def captured(loads, name: str, *hours: float | None, article: str = "story", site: str = SITE) -> None:
    for number, hour in enumerate(hours):
        loads.insert(
            "captures", capture_id=f"{name} {hour} {number}", site=site, article_id=id_of(article), version_id=id_of(name), captured_at=at(hour)
        )


def credit(loads, version: str, role: str, *names: str) -> None:
    for position, name in enumerate(names, start=1):
        loads.insert("article_people", version_id=id_of(version), person_role=role, position=position, site=SITE, person_name=name, person_id=name)
        loads.insert("people", person_id=name, person_name=name, site=SITE)


def feed(loads, state: str, *shown: str, hours: tuple[float | None, ...] = (0,), site: str = SITE) -> None:
    loads.insert("headline_feeds", feed_id=site, site=site, feed_label="即时播报")
    loads.insert("headline_feed_snapshots", feed_snapshot_id=state, feed_id=site, site=site, entry_count=len(shown))
    for hour in hours:
        loads.insert(
            "headline_feed_observations", capture_id=f"{state} {hour}", site=site, feed_id=site, feed_snapshot_id=state, observed_at=at(hour)
        )
    for rank, text in enumerate(shown, start=1):
        loads.insert("headline_feed_entries", feed_snapshot_id=state, rank=rank, site=site, headline_text=text, feed_headline_id=f"{site} {text}")


# --- versions ------------------------------------------------------------------------------------------------------------


def test_a_version_is_replaced_between_two_captures_and_its_ends_are_open_where_nothing_was_seen(loads):
    version(loads, "old")
    version(loads, "new", headline="松岭县城市书房昨开放")
    captured(loads, "old", 1, 2)
    captured(loads, "new", 5)
    times = (
        "select appeared_after, first_observed_at, last_observed_at, replaced_before, capture_count from article_version_times where version_id = "
    )
    assert loads.ask(f"{times} '{id_of('old')}'") == [(None, at(1), at(2), at(5), 3)]  # one of its captures has no time
    assert loads.ask(f"{times} '{id_of('new')}'") == [(at(2), at(5), at(5), None, 2)]


def test_a_version_of_which_no_time_is_known_has_no_interval_and_is_not_the_last(loads):
    version(loads, "timed")
    version(loads, "untimed", headline="松岭县城市书房昨开放")
    captured(loads, "timed", 1)
    assert loads.ask(
        f"select appeared_after, first_observed_at, replaced_before from article_version_times where version_id = '{id_of('untimed')}'"
    ) == [(None, None, None)]
    assert loads.ask("select version_id, version_count, capture_count, last_captured_at from current_versions") == [(id_of("timed"), 2, 3, at(1))]
    assert loads.ask("from silent_edits") == []


def test_an_edit_and_its_withdrawal_are_two_edits_with_bounds_in_hours(loads):
    version(loads, "a", body="旧文")
    version(loads, "b", body="新文章")
    captured(loads, "a", 1, 2.5, 9)
    captured(loads, "b", 4)
    edits = loads.ask("select version_id, hours_at_least, hours_at_most, is_headline_changed, is_body_changed, char_count_after - char_count_before "
                      "from silent_edits order by changed_before")  # fmt: skip
    assert edits == [(id_of("b"), 2.5, 4.0, False, True, 1), (id_of("a"), 4.0, 9.0, False, True, -1)]


def test_an_edit_of_the_headline_alone_leaves_the_body_as_it_is_whatever_blanks_and_widths_did(loads):
    body = "松岭县城市书房昨日开放 (首批市民入馆)。" * 5
    version(loads, "a", headline="快讯：书房开放", body=body)
    version(loads, "b", headline="快讯：图书馆开放", body=body.replace(" (", "　（").replace(")", "）"))
    captured(loads, "a", 1)
    captured(loads, "b", 2)
    facts = "select is_headline_changed, is_body_changed, headline_edit_distance, is_published_at_changed from silent_edits"
    assert loads.ask(facts) == [(True, False, 2, False)]


def test_hours_after_a_publication_that_is_known_by_the_day_are_unknown(loads):
    version(loads, "a", body="旧文", published_at_precision="day")
    version(loads, "b", body="新文章")
    captured(loads, "a", 1)
    captured(loads, "b", 2)
    assert loads.ask("select changed_after, hours_at_least, hours_at_most from silent_edits") == [(at(1), None, None)]


# --- titles --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("original", "headline", "change", "distance"),
    [
        ("松岭县：城市书房开放", "松岭县:城市书房 开放", "same", 0),
        ("松岭县城市书房昨日开放", "城市书房昨日开放", "cut", 3),
        ("城市书房开放", "快讯：城市书房开放", "extended", 2),
        ("书房开放", "书店关闭", "rewritten", 3),
    ],
)
def test_a_title_is_kept_cut_extended_or_rewritten_by_its_letters(loads, original, headline, change, distance):
    version(loads, "a", headline=headline, headlines={"original": original})
    assert loads.ask("select title_change, edit_distance from title_changes") == [(change, distance)]


def test_subtitles_count_as_parts_of_titles_and_campaign_tags_do_not(loads):
    version(
        loads, "a", headline="城市书房开放", headlines={"original": "城市书房开放", "original_subtitle": "首日接待千人", "campaign_tag": "民生实事"}
    )
    facts = "select title_change, original_title, is_campaign_tag_added, is_subtitle_dropped from title_changes"
    assert loads.ask(facts) == [("cut", "城市书房开放 首日接待千人", True, True)]


def python_edit_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        last, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (left != right))
    return row[-1]


@settings(max_examples=150, deadline=None)
@given(a=st.text("松岭县ab'%１é ", max_size=12), b=st.text("松岭县ab'%１é ", max_size=12))
def test_the_edit_distance_counts_characters(a, b):
    found = EMPTY.connection.execute("select edit_distance($a, $b)", {"a": a, "b": b}).fetchall()
    assert found == [(python_edit_distance(a, b),)]


EMPTY = Loads()


# --- desks, people, texts ------------------------------------------------------------------------------------------------


def test_desks_and_credits_count_articles_once_whatever_the_number_of_versions(loads):
    for name, headline in (("a", "松岭县城市书房开放"), ("b", "松岭县城市书房昨开放")):
        version(loads, name, headline=headline)
        captured(loads, name, 1 if name == "a" else 2)
        credit(loads, name, "editor", "袁雨桐", "祁静")
        credit(loads, name, "reporter", "马少峰")
    assert loads.ask("select editor, published_date::varchar, article_count, edited_count from desk_output order by editor") == [
        ("祁静", "2026-03-02", 1, 1),
        ("袁雨桐", "2026-03-02", 1, 1),
    ]
    pairs = loads.ask("select person_name, other_name, article_count from credit_pairs order by all")
    assert len(pairs) == 6
    assert {(person, other) for person, other, _ in pairs} == {(other, person) for person, other, _ in pairs}
    assert {count for *_, count in pairs} == {1}


def test_a_text_of_two_sites_is_in_the_corpus_once_as_it_was_published_first(loads):
    loads.insert("sites", site="ledger.example", time_zone="UTC")
    version(loads, "later", article="reprint", body="同一篇文字", published=5)
    version(loads, "first", article="original", body="同一篇文字", published=1, site="ledger.example", rights_applies="applies")
    version(loads, "undated", article="undated", body="同一篇文字", published=None)
    version(loads, "empty", article="empty", body="")
    rows = loads.ask("select version_id, site, rights_applies, article_count, site_count, capture_id from corpus")
    assert rows == [(id_of("first"), "ledger.example", "applies", 3, 2, "first")]


# --- captures ------------------------------------------------------------------------------------------------------------


def test_a_gap_lies_between_captures_that_follow_each_other_and_captures_without_time_do_not_count(loads):
    version(loads, "a")
    captured(loads, "a", 0, 0.5, None, 3)
    assert loads.ask("select gap_after, gap_before, hours from capture_gaps") == [(at(0.5), at(3), 2.5)]


def test_shares_of_what_was_read_are_of_the_captures_of_a_day_and_layout(loads):
    version(loads, "good")
    version(loads, "bad", article="other", published=None)
    loads.insert("article_sources", version_id=id_of("good"), source_role="origin", position=1, site=SITE, outlet_name="海渡新闻")
    captured(loads, "good", 1, 2, 25)
    captured(loads, "bad", 3, article="other")
    loads.insert("captures", capture_id="list", site=SITE, captured_at=at(4))
    rows = loads.ask(
        "select captured_date::varchar, capture_count, article_ratio, round(source_ratio, 3), round(published_at_ratio, 3), editor_ratio, feed_ratio "
        "from extraction_health where captured_date is not null order by captured_date"
    )
    assert rows == [("2026-03-02", 4, 0.75, 0.667, 0.667, 0.0, 0.0), ("2026-03-03", 1, 1.0, 1.0, 1.0, 0.0, 0.0)]


def test_ages_are_of_links_whose_story_and_times_are_known(loads):
    version(loads, "a")
    version(loads, "b", article="other", headline="梨园县跨江大桥通车", published=2)
    captured(loads, "b", 12, None, article="other")
    links = [(f"b {hour} {number}", headline) for number, hour in enumerate((12, None)) for headline in ("松岭县城市书房开放", "没有收录的报道")]
    for position, (capture_id, headline) in enumerate(links, start=1):
        loads.insert("related_links", capture_id=capture_id, position=position, site=SITE, headline_text=headline)
    assert loads.ask("select from_article_id, to_article_id, age_hours from recommendation_ages") == [(id_of("other"), id_of("story"), 12.0)]


# --- feeds ---------------------------------------------------------------------------------------------------------------


def test_slots_are_counted_by_the_day_of_the_site_and_shares_of_tags_add_up_to_one(loads):
    # In Shanghai the day begins at 16:00 UTC.
    feed(loads, "one", "【民生实事】松岭县城市书房开放", "梨园县：跨江大桥通车", hours=(14, 15, 17))
    feed(loads, "two", "梨园县：跨江大桥通车", hours=(18, None))
    shares = loads.ask("select observed_date::varchar, campaign_tag, slot_count, round(slot_ratio, 2) from campaign_tags order by all")
    assert shares == [
        ("2026-03-02", "民生实事", 2, 0.5),
        ("2026-03-02", None, 2, 0.5),
        ("2026-03-03", "民生实事", 1, 0.33),
        ("2026-03-03", None, 2, 0.67),
    ]
    places = loads.ask(
        "select observed_date::varchar, place_name, slot_count, round(slot_ratio, 2) from feed_places where observed_date = '2026-03-03' order by place_name"
    )
    assert places == [("2026-03-03", "松岭县", 1, 0.33), ("2026-03-03", "梨园县", 2, 0.67)]


def test_an_article_that_a_feed_showed_is_promoted_and_the_others_are_merely_published(loads):
    for name, headline in (("shown", "松岭县城市书房开放"), ("plain", "梨园县跨江大桥通车")):
        version(loads, name, article=name, headline=headline, channel_id="channel")
    loads.insert("channels", channel_id="channel", site=SITE, channel_path="海渡在线 / 民生")
    feed(loads, "state", "白石县绿色矿山复工", "松岭县城市书房开放", hours=(1, 2, None))
    promoted = "select article_id, feed_count, best_rank, day_count, slot_count, first_observed_at, last_observed_at from promoted_articles"
    assert loads.ask(promoted) == [(id_of("shown"), 1, 2, 1, 2, at(1), at(2))]
    assert loads.ask("select channel_path, article_count, promoted_count, promoted_ratio, top_count, slot_count from promotion") == [
        ("海渡在线 / 民生", 2, 1, 0.5, 1, 2)
    ]


def test_a_headline_that_stands_twice_in_a_state_is_told_with_its_ranks_at_an_unknown_time_too(loads):
    feed(loads, "state", "松岭县：书房开放", "梨园县大桥通车", "松岭县:书房开放", "白石县矿山复工", hours=(None,))
    feed(loads, "other", "松岭县:书房开放", "梨园县大桥通车", hours=(1,))
    facts = "select feed_snapshot_id, headline_text, ranks, observation_count, first_observed_at from repeated_headlines"
    assert loads.ask(facts) == [("state", "松岭县：书房开放", [1, 3], 1, None)]


def test_the_health_of_a_feed_tells_what_is_open(loads):
    version(loads, "a")
    feed(loads, "state", "松岭县城市书房开放", "梨园县大桥通车", hours=(1, None))
    facts = (
        "select headline_count, resolved_ratio, unresolved_ratio, article_ratio, observation_count, unknown_time_count, width_limit from feed_health"
    )
    assert loads.ask(facts) == [(2, 0.5, 0.5, 0.5, 2, 1, None)]


def test_a_story_is_shared_by_the_sites_that_have_it_in_their_top_five_within_one_hour(loads):
    story, below = "松岭县城市书房开放", ("一", "二", "三", "四", "五")
    for site in ("a.example", "b.example", "c.example", "d.example"):
        loads.insert("sites", site=site, time_zone="UTC")
    feed(loads, "a", story, hours=(1, 2), site="a.example")
    feed(loads, "a later", "梨园县大桥通车", hours=(3,), site="a.example")
    feed(loads, "b", *below[:4], story, hours=(2.8,), site="b.example")
    feed(loads, "c", *below, story, hours=(2.8,), site="c.example")  # sixth
    feed(loads, "d", story, hours=(5,), site="d.example")  # later
    feed(loads, "untimed", story, hours=(None,), site=SITE)
    facts = "select story_id, hour_ends_at, site_count, sites, best_rank from shared_top_stories where story_id = "
    assert loads.ask(f"{facts} '{story}'") == [(story, at(2.8), 2, ["a.example", "b.example"], 1)]


@pytest.mark.parametrize(
    ("headline", "places"),
    [
        ("兰州新区：今年首趟班列开行", ["兰州市"]),
        ("甘肃平凉市崆峒区举办活动，甘肃省派人参加", ["甘肃省", "平凉市", "崆峒区"]),
        ("投资39亿元 云台乡职业技术学校建成投用", ["云台乡"]),
        ("欧洲城市上市公司惠及百姓", []),
        ("Council backs tidal barrier", []),
        ("", []),
    ],
)
def test_places_are_provinces_cities_counties_and_towns(headline, places):
    assert places_of(headline) == places


# --- reprints ------------------------------------------------------------------------------------------------------------


def test_what_reprints_credit_is_told_of_those_that_are_found_or_declare_themselves(loads):
    loads.insert("outlets", outlet_id=id_of("house"), outlet_name="本报")
    loads.insert("outlets", outlet_id=id_of("other"), outlet_name="海渡新闻")
    loads.insert("sites", site="ledger.example", time_zone="UTC", outlet_id=id_of("house"))
    for name, outlet in (("own", "house"), ("foreign", "other")):
        version(loads, name, article=name, site="ledger.example", body=f"{name}的正文")
        loads.insert("article_sources", version_id=id_of(name), source_role="origin", position=1, site="ledger.example", outlet_name=outlet,
                     outlet_id=id_of(outlet))  # fmt: skip
    credit(loads, "foreign", "editor", "张三")
    version(loads, "retitled", article="retitled", headlines={"original": "旧题"}, body="另一篇的正文")
    rows = loads.ask("select version_id, is_found, is_declared, origins, has_source, has_author, has_original_title, has_editor from reprint_credits")
    assert sorted(rows) == sorted(
        [
            (id_of("foreign"), False, True, ["other"], True, False, False, True),
            (id_of("retitled"), False, True, None, False, False, True, False),
        ]
    )
