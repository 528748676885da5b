"""Reprints: the same text in several articles, whatever the order and number of loads."""

import random
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loads import empty_warehouse

from broadsheet.records import (
    Capture,
    Headline,
    HeadlineRole,
    Page,
    PageKind,
    PageResult,
    PublishedTime,
    SiteBasis,
    SourceCredit,
    SourceRole,
    TimeBasis,
)
from broadsheet.tables.batch import Batch
from broadsheet.tables.outlets import Outlets, load_outlets
from broadsheet.tables.schema import TABLES
from broadsheet.tables.transform import add_page
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import aliases, reprints
from broadsheet.warehouse.derived.reprints import HUB_COUNT

BASE_TABLES = ("outlets", "sites", "captures", "articles", "article_versions", "article_sources")
DERIVED = ("reprint_bands", "reprint_pairs", "reprint_clusters", "reprint_members")
NAMES = {"yz": "云州网", "ls": "澜山新闻网", "qh": "青禾日报网", "hd": "海渡在线"}
LETTERS = [chr(0x4E00 + number) for number in range(2000)]


def story(seed: int, paragraphs: int = 8) -> tuple[str, ...]:
    """Invented text: unlike that of any other seed."""
    rng = random.Random(seed)
    return tuple("".join(rng.choices(LETTERS, k=40)) + "。" for _ in range(paragraphs))


def page(
    site: str,
    body: tuple[str, ...],
    at: str | None = None,
    *,
    number: int = 1,
    title: str = "清河县大桥通车",
    sources: tuple[str, ...] = (),
    via: str | None = None,
    has_url: bool = True,
) -> PageResult:
    """A page of one article, by site and number; `at` is a local time on 2 March, "day" for the day alone. Without its URL the site is its masthead's name."""
    url = f"https://{site}.example/{number}.html"
    published = None
    if at:
        local = datetime(2026, 3, 2) if at == "day" else datetime.combine(datetime(2026, 3, 2), datetime.strptime(at, "%H:%M").time())  # noqa: DTZ001, DTZ007
        published = PublishedTime(local=local, precision="day" if at == "day" else "minute", raw=at, rule="r")
    credits = [SourceCredit(role=SourceRole.ORIGIN, name=name, raw=f"来源：{name}") for name in sources]
    credits += [SourceCredit(role=SourceRole.VIA, name=via, raw=f"来源：{via}")] if via else []
    capture = Capture(capture_id=f"{random.Random(f'{url}{has_url}{body}{title}{at}').getrandbits(80):020x}", content_sha256="0" * 64, byte_count=1, media_type="text/html", input_path="p", url=url,
                      site=f"{site}.example", site_basis=SiteBasis.URL, captured_at=datetime(2026, 3, 3, tzinfo=UTC), captured_at_basis=TimeBasis.MANIFEST, raw_file="raw/x", raw_length=1)  # fmt: skip
    if not has_url:
        capture = msgspec.structs.replace(capture, url=None, site=None, site_basis=SiteBasis.NONE)
    made = Page(page_kind=PageKind.ARTICLE, parser_version="1", language="zh", charset_basis="utf8_valid", headlines=(Headline(role=HeadlineRole.MAIN, text=title, raw=title),),
                published=published, body=body, site_name=NAMES.get(site), sources=tuple(credits))  # fmt: skip
    return PageResult(capture=capture, page=made)


class Warehouse:
    """The base tables that reprints are found in, and what is derived of them."""

    def __init__(self, outlets: Outlets | None = None) -> None:
        self.outlets = outlets
        self.connection = empty_warehouse()

    def load(self, *pages: PageResult, is_whole: bool = False, without: str | None = None) -> Changes:
        """Add pages in one load, and remove the versions (a condition) of which `without` tells."""
        batch = Batch()
        for one in pages:
            add_page(batch, one, run_id="r", default_zone="Asia/Shanghai", run_started_at=datetime(2026, 3, 4, tzinfo=UTC), outlets=self.outlets)
        changes = Changes(self.connection, is_whole=is_whole)
        if without:
            doomed = f"select version_id from article_versions where {without}"
            changes.remove("captures", f"select capture_id from captures where version_id in ({doomed})")
            changes.remove("article_sources", doomed)
            changes.remove("article_versions", doomed)
            changes.remove("articles", "select article_id from articles anti join article_versions using (article_id)")
        rows = batch.tables()
        for name in BASE_TABLES:
            if name in rows:
                self.connection.register("delivered", rows[name])
                changes.add(name, "from delivered")
                self.connection.unregister("delivered")
        aliases.update(changes)
        reprints.update(changes)
        return changes

    def rows(self, name: str) -> list[tuple]:
        return self.connection.execute(f"from {name} order by {', '.join(TABLES[name].key)}").fetchall()

    def derived(self) -> dict[str, list[tuple]]:
        return {name: self.rows(name) for name in DERIVED}

    def members(self, columns: str) -> list[tuple]:
        return self.connection.execute(f"select {columns} from reprint_members order by site, article_id").fetchall()

    def cluster(self, columns: str) -> tuple:
        (row,) = self.connection.execute(f"select {columns} from reprint_clusters").fetchall()
        return row


def loaded(*pages: PageResult) -> Warehouse:
    warehouse = Warehouse()
    warehouse.load(*pages)
    return warehouse


# --- what is found -----------------------------------------------------------------------------------------------------------


def test_a_text_with_one_sentence_in_ten_changed_is_a_reprint_and_another_text_is_not():
    text = story(1, 10)
    changed = (*text[:4], story(2, 1)[0], *text[5:])
    warehouse = loaded(page("yz", text, "08:00"), page("ls", changed, "09:30"), page("qh", story(3, 10), "07:00"))
    assert warehouse.members("site, reprint_role, lag_seconds, title_change, origin_evidence, is_origin_site") == [
        ("ls.example", "reprint", 5400, "same", "measured", False),
        ("yz.example", "origin", None, None, None, None),
    ]
    ((similarity, containment),) = warehouse.connection.execute(
        "select similarity, containment from reprint_members where site = 'ls.example'"
    ).fetchall()
    assert similarity == pytest.approx(0.82, abs=0.12)
    assert containment == pytest.approx(0.9, abs=0.1)
    assert warehouse.cluster("article_count, site_count, dated_count, origin_evidence") == (2, 2, 2, "measured")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ((*story(1, 4),), (f"（记者 李文博 通讯员 王雨桐）{story(1, 1)[0]}", *story(1, 4)[1:-1], f"{story(1, 4)[-1]}（责任编辑：张晓岚）")),  # credits in brackets
        (("云州3月2日电（记者李文博）" + story(1, 2)[0], story(1, 2)[1]), story(1, 2)),  # a dateline before a short text
        (story(1, 8), story(1, 8)[:4]),  # abridged to half
        (story(1, 6), (*story(1, 6), *story(2, 5))),  # extended
        (("ＡＢＣ " + story(1, 3)[0], *story(1, 3)[1:]), ("abc" + story(1, 3)[0].replace("。", "."), *story(1, 3)[1:])),  # width, case, blanks
        (("The harbour council approved the new tram line on Tuesday after two years of debate about its cost and its route through the old town.",
          "Residents had asked for quieter tracks and for trees along the avenue, and both will come, the mayor said at the site."),
         ("HARBOUR (Ledger) – The harbour council approved the new tram line on Tuesday after two years of debate about its cost and its route through the old town.",
          "Residents had asked for quieter tracks and for trees along the avenue, and both will come, the mayor said on Wednesday.")),
    ],
    ids=["brackets", "dateline", "abridged", "extended", "width", "english"],
)  # fmt: skip
def test_what_sites_do_to_a_text_leaves_it_a_reprint(text, other):
    warehouse = loaded(page("yz", text, "08:00"), page("ls", other, "09:00"))
    assert [role for (role,) in warehouse.members("reprint_role")] == ["reprint", "origin"]
    assert all(containment > 0.8 for (containment,) in warehouse.members("containment") if containment is not None)


def test_texts_too_short_to_tell_have_no_signature():
    warehouse = loaded(page("yz", ("视频加载中，请稍候。",), "08:00"), page("ls", ("视频加载中，请稍候。",), "09:00"))
    assert warehouse.connection.execute("select distinct text_id, body_signature, shingle_count from article_versions").fetchall() == [
        (None, None, None)
    ]
    assert warehouse.members("*") == []


def test_signatures_are_those_that_the_lake_holds():
    """They are stored and compared for ever: a library that makes others needs a migration."""
    ((text_id, minima, count),) = (
        loaded(page("yz", story(1)))
        .connection.execute("select text_id, left(hex(body_signature), 32), shingle_count from article_versions")
        .fetchall()
    )
    assert (text_id, minima, count) == ("2126da0963d5f603ad26", "F63B290508BD465529B29212807A6103", 316)


def test_an_early_version_that_was_reprinted_links_the_articles_and_gives_the_title_of_then():
    first, later = page("yz", story(1), "08:00", title="快讯：大桥通车"), page("yz", story(2), "08:00", title="大桥通车这一天")
    warehouse = loaded(first, later, page("ls", story(1), "09:00", title="快讯：大桥通车"))
    assert warehouse.members("site, title_change, similarity") == [("ls.example", "same", 1.0), ("yz.example", None, None)]
    titles = "select v.headline, o.headline from reprint_members join article_versions v using (version_id) join article_versions o on o.version_id = origin_version_id"
    assert warehouse.connection.execute(titles).fetchall() == [("快讯：大桥通车", "快讯：大桥通车")]


@pytest.mark.parametrize(
    ("title", "change"),
    [
        ("清河县跨江大桥今日通车", "same"),
        ("清河县跨江大桥 今日通车！", "same"),
        ("跨江大桥今日通车", "cut"),
        ("清河县跨江大桥今日通车 惠及十二万人", "extended"),
        ("清河县跨江大桥今早正式通车", "edited"),
        ("十二万群众出行有了新选择", "rewritten"),
    ],
)
def test_what_became_of_the_title(title, change):
    warehouse = loaded(page("yz", story(1), "08:00", title="清河县跨江大桥今日通车"), page("ls", story(1), "09:00", title=title))
    assert warehouse.members("title_change")[0] == (change,)


# --- the origin --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "origin", "evidence"),
    [
        ((page("yz", story(1), "08:00"), page("ls", story(1), "09:00", sources=("云州网",))), "yz.example", "both"),
        ((page("yz", story(1), "08:00"), page("ls", story(1), "09:00", via="云州网", sources=("云州日报",))), "yz.example", "both"),
        ((page("yz", story(1), "10:00"), page("ls", story(1), "09:00", sources=("云州网",))), "yz.example", "declared"),
        ((page("yz", story(1)), page("ls", story(1), sources=("云州网",))), "yz.example", "declared"),
        ((page("yz", story(1), "08:00"), page("ls", story(1), "09:00", sources=("澜山新闻网",))), "yz.example", "measured"),
        # ls took it from yz, qh from ls: only yz names nobody
        ((page("yz", story(1)), page("ls", story(1), sources=("云州网",)), page("qh", story(1), via="澜山新闻网")), "yz.example", "declared"),
        # two are named: the one that was first, if that can be told
        ((page("yz", story(1), "08:00"), page("ls", story(1), "09:00"), page("qh", story(1), sources=("云州网", "澜山新闻网"))), "yz.example", "both"),
        ((page("yz", story(1), "08:00"), page("ls", story(1), "08:00"), page("qh", story(1), sources=("云州网", "澜山新闻网"))), None, None),
        # nothing tells
        ((page("yz", story(1), "08:00"), page("ls", story(1), "08:00")), None, None),
        ((page("yz", story(1), "day"), page("ls", story(1), "09:00")), None, None),
        ((page("yz", story(1), "08:00"), page("ls", story(1))), None, None),
        ((page("yz", story(1)), page("ls", story(1), sources=("新潮通讯社",))), None, None),
    ],
)  # fmt: skip
def test_the_origin_is_what_credits_or_times_tell_and_unknown_otherwise(pages, origin, evidence):
    warehouse = loaded(*pages)
    site, told = warehouse.connection.execute(
        "select site, origin_evidence from reprint_clusters left join articles on article_id = origin_article_id"
    ).fetchall()[0]
    assert (site, told) == (origin, evidence)
    if origin is None:
        assert set(warehouse.members("reprint_role, similarity, lag_seconds, is_origin_site")) == {(None, None, None, None)}


def test_each_reprint_has_its_own_evidence_credit_and_lag():
    copies = (page("ls", story(1), "09:00", sources=("云州网",)), page("qh", story(1), "day"), page("yz", story(1), "10:00", number=2))
    warehouse = loaded(page("yz", story(1), "08:00"), page("hd", story(1), sources=("云州网",)), *copies)
    assert set(warehouse.members("site, reprint_role, origin_evidence, credit_raw, lag_seconds, is_origin_site")) == {
        ("yz.example", "origin", None, None, None, None),
        ("yz.example", "reprint", "measured", None, 7200, True),
        ("hd.example", "reprint", "declared", "来源：云州网", None, False),
        ("ls.example", "reprint", "both", "来源：云州网", 3600, False),
        ("qh.example", "reprint", None, None, None, False),
    }
    assert warehouse.cluster("article_count, site_count, dated_count, origin_outlet") == (5, 4, 4, "云州网")


def test_a_page_that_was_captured_without_its_url_too_is_no_reprint_of_itself():
    warehouse = loaded(page("yz", story(1), "08:00"), page("ls", story(1), "09:00"))
    warehouse.load(page("yz", story(1), "08:00", has_url=False))
    assert warehouse.members("site, reprint_role, origin_evidence") == [("ls.example", "reprint", "measured"), ("yz.example", "origin", None)]
    assert warehouse.cluster("article_count, site_count") == (2, 2)


def test_a_credit_names_the_site_of_an_outlet_by_whichever_of_its_names(tmp_path):
    """云州日报, credited on 云州网, is another outlet unless the table says that the site is its own."""
    copies = (page("yz", story(1), "10:00"), page("ls", story(1), "09:00", sources=("云州报",)))
    assert loaded(*copies).cluster("origin_evidence, origin_outlet") == ("measured", "云州报")
    (tmp_path / "outlets.yaml").write_text("outlets: {云州日报: {aliases: [云州报], hosts: [yz.example]}}", "utf-8")
    warehouse = Warehouse(load_outlets(tmp_path / "outlets.yaml"))
    warehouse.load(*copies)
    assert warehouse.cluster("origin_evidence, origin_outlet") == ("declared", "云州日报")


# --- loads -------------------------------------------------------------------------------------------------------------------

# Families of like texts, articles with several versions, links through a third text, credits and times; and a crowd of more texts than hubs
POOL = [
    *(page(site, (*story(family), story(100 + family * 10 + index, 1)[0]), at, number=family, title=f"第{family}条 {index}", sources=sources)
      for family in range(3)
      for index, (site, at, sources) in enumerate((("yz", "08:00", ()), ("ls", "09:00", ("云州网",)), ("qh", "day", ()), ("hd", None, ("澜山新闻网",))))),
    page("yz", story(20), "08:00", number=9),
    page("yz", (*story(1), story(115, 1)[0]), "08:00", number=1, title="第1条 0", has_url=False),
    page("ls", story(50), "08:00", number=50, title="第50条", has_url=False),
    page("ls", story(50), "08:00", number=51, title="第50条"),
    page("ls", story(50), "08:00", number=52, title="第五十条"),
    page("yz", story(0), "08:00", number=9),
    page("hd", (*story(1)[:4], *story(2)[:4]), "11:00", number=7),
    page("qh", story(20), "11:00", number=8),
    page("qh", story(30), "11:00", number=10),
    *(page("hd", (*story(40, 12), story(400 + index, 1)[0]), "07:00", number=40 + index) for index in range(HUB_COUNT + 6)),
]  # fmt: skip


@pytest.fixture(scope="module")
def whole() -> Warehouse:
    """The pool in one load into an empty warehouse."""
    warehouse = Warehouse()
    warehouse.load(*POOL, is_whole=True)
    return warehouse


def test_the_pool_has_what_the_property_is_about(whole):
    assert len(whole.rows("reprint_clusters")) >= 3
    (largest,) = whole.connection.execute("select max(n) from (select count(*) as n from reprint_bands group by band_hash)").fetchall()[0]
    assert largest > HUB_COUNT + 1


@settings(max_examples=10, deadline=None)
@given(st.permutations(POOL), st.sets(st.integers(1, len(POOL) - 1), max_size=5), st.sets(st.sampled_from(range(len(POOL))), max_size=6))
def test_any_loads_in_any_order_give_the_same_and_what_was_removed_leaves_no_trace(whole, pages, cuts, passing):
    """Some versions come and go again, in loads of their own or with others; the rest comes in any order."""
    warehouse = Warehouse()
    visitors = [page("ls", story(seed), "06:00", number=500 + seed, sources=("海渡在线",)) for seed in passing]
    visitors += [page("yz", (*story(40, 12), story(900 + seed, 1)[0]), "06:00", number=600 + seed) for seed in passing]
    visitors += [page("yz", story(seed), "06:00", number=700 + seed, has_url=has_url) for seed in passing for has_url in (False, True)]
    bounds = [0, *sorted(cuts), len(pages)]
    is_visited = False
    for start, end in pairwise(bounds):
        warehouse.load(*pages[start:end], *(() if is_visited else visitors), without="published_at_raw = '06:00'" if is_visited else None)
        is_visited = not is_visited
    warehouse.load(without="published_at_raw = '06:00'")
    assert warehouse.derived() == whole.derived()


def test_one_text_more_in_a_crowd_is_not_a_reason_to_compare_the_crowd_anew(monkeypatch):
    crowd = [page("hd", (*story(40, 12), story(400 + index, 1)[0]), "07:00", number=index) for index in range(80)]
    compared = []
    likeness = reprints.likeness
    monkeypatch.setattr(reprints, "likeness", lambda one, *rest: compared.append(len(one)) or likeness(one, *rest))
    warehouse = loaded(*crowd[:-3])
    for number, one in enumerate(crowd[-3:], len(crowd) - 2):
        compared.clear()
        warehouse.load(one)
        # with the hubs of its buckets, and with all where it is a hub itself; then each member with the origin, if there is one
        assert 0 < compared[0] <= HUB_COUNT * (number - 1) / 2
    again = loaded(*crowd)
    assert warehouse.derived() == again.derived()


def test_a_load_of_what_is_known_changes_nothing_and_its_changes_can_be_told():
    warehouse = loaded(*POOL)
    assert warehouse.load(*POOL).counts() == {}
    told = warehouse.load(page("ls", story(30), "12:00", number=99)).counts()
    assert {name: told[name] for name in DERIVED if name in told} == {"reprint_clusters": (1, 0), "reprint_members": (2, 0)}
