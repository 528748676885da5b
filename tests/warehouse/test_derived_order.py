"""Whatever the order and number of loads, and whatever came and went between, the derived tables are those of one load."""

from datetime import date, timedelta

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loads import BEGIN, empty_warehouse, filled

from broadsheet.ids import make_id
from broadsheet.tables.schema import TABLES
from broadsheet.text import cut, display_width
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import derive

# Titles of which some are cut to the same, some are whole at one width and cut at the other.
TITLES = (
    "清河县跨江大桥建成投用惠及周边十二万名群众",
    "清河县跨江大桥建成投用惠及周边十二万名群众的背后故事",
    "清河县跨江大桥建成",
    "清河县跨江大桥，建成",
    "南屏县湿地公园迎来首批越冬候鸟",
    "Council backs tidal barrier after long night of talks",
)
SITES = ("a.example", "b.example")
# What is read of a page and in no id: another kernel or profile may read it otherwise.
PLAIN = {
    "has_image": False, "is_whole": False, "is_full": False, "width_limit": None, "headline_text": None, "headline_raw": None,
    "time_zone": "Asia/Shanghai", "outlet": None,
}  # fmt: skip
OTHERWISE = {
    # of the first entry of each feed
    "has_image": st.just(True),
    "is_whole": st.just(True),
    "is_full": st.just(True),
    # of each feed's state, instead of what its entries are cut at
    "width_limit": st.sampled_from((14, 16, 22)),
    "headline_text": st.sampled_from(TITLES),
    "headline_raw": st.sampled_from(TITLES),
    "time_zone": st.just("America/New_York"),
    "outlet": st.just("清河日报"),
}
# One thing at most: where much is read otherwise, what one change leaves undone is done for another.
reading = st.one_of(st.just({}), *(st.fixed_dictionaries({detail: values}) for detail, values in OTHERWISE.items()))


def captures(titles: tuple[str, ...], sites: tuple[str, ...] = SITES) -> st.SearchStrategy[dict]:
    entry = st.tuples(st.sampled_from(titles), st.sampled_from((None, 16, 22)), st.booleans())  # title, width it is cut at, has a URL
    return st.fixed_dictionaries(
        {
            "site": st.sampled_from(sites),
            "hour": st.one_of(st.none(), st.integers(0, 5)),
            "feeds": st.lists(st.lists(entry, min_size=1, max_size=3), max_size=2),
            "links": st.lists(st.sampled_from(titles), max_size=2),
            # the page of one article may be known under two URLs, and without one
            "article": st.one_of(st.none(), st.tuples(st.sampled_from(titles), st.sampled_from(("http", "https", None)))),
        }
    )


capture = captures(TITLES)


def rows_of(number: int, page: dict) -> list[tuple[str, dict]]:
    """Rows of one capture, as `transform` gives them."""
    site, capture_id = page["site"], make_id("capture", number)
    read = PLAIN | page.get("read", {})
    at = None if page["hour"] is None else BEGIN + timedelta(hours=page["hour"])
    outlet_id = read["outlet"] and make_id("outlet", read["outlet"])
    rows: list[tuple[str, dict]] = [("sites", {"site": site, "time_zone": read["time_zone"], "outlet_id": outlet_id})]
    article_id = version_id = None
    if page["article"]:
        title, scheme = page["article"]
        key = f"{site}/{TITLES.index(title)}.html"
        url = f"{scheme}://{key}" if scheme else None
        basis = "url" if url else "site_published_headline"
        article_id, version_id = make_id("article", url or f"{site} {title}"), make_id("version", url or f"{site} {title}")
        rows += [
            ("articles", {"article_id": article_id, "article_id_basis": basis, "site": site, "canonical_url": url, "url_key": key if url else None}),
            ("article_versions", {"version_id": version_id, "article_id": article_id, "site": site, "headline": title,
                                  "published_at_local": BEGIN.replace(tzinfo=None), "published_at_precision": "minute"}),
            ("article_headlines", {"version_id": version_id, "headline_role": "main", "position": 1, "site": site,
                                   "headline_text": read["headline_text"] or title, "headline_raw": read["headline_raw"] or title}),
        ]  # fmt: skip
    rows.append(("captures", {"capture_id": capture_id, "site": site, "captured_at": at, "article_id": article_id, "version_id": version_id}))
    for position, title in enumerate(page["links"], start=1):
        rows.append(("related_links", {"capture_id": capture_id, "module_index": 2, "position": position, "site": site, "headline_text": title}))
    for index, entries in enumerate(page["feeds"]):
        feed_id = make_id("feed", site, index)
        shown = [(title, cut(title, width) if width else title, width, f"https://{site}/{TITLES.index(title)}.html" if linked else None)
                 for title, width, linked in entries]  # fmt: skip
        state = make_id("state", feed_id, *(str(item) for _, *item in shown))
        widths = [width for _, text, width, _ in shown if width and display_width(text) >= width - 1]
        rows += [
            ("headline_feeds", {"feed_id": feed_id, "site": site, "feed_label": "要闻"}),
            ("headline_feed_snapshots", {"feed_snapshot_id": state, "feed_id": feed_id, "site": site, "entry_count": len(shown),
                                         "width_limit": read["width_limit"] or max(widths, default=None)}),
            ("headline_feed_observations", {"capture_id": capture_id, "module_index": index, "site": site, "feed_id": feed_id,
                                            "feed_snapshot_id": state, "observed_at": at}),
        ]  # fmt: skip
        for rank, (title, text, width, url) in enumerate(shown, start=1):
            is_first = rank == 1
            rows.append(("headline_feed_entries", {
                "feed_snapshot_id": state, "rank": rank, "site": site, "headline_text": text, "canonical_url": url,
                "is_truncated": bool(width) and not (is_first and read["is_whole"]),
                "shown_full_headline": title if is_first and read["is_full"] else None,
                "has_image": is_first and read["has_image"],
                "feed_headline_id": make_id("feed_headline", feed_id, text, url), "display_width": display_width(text),
            }))  # fmt: skip
    return rows


class Warehouse:
    """A warehouse that captures come into and leave, some at a time."""

    def __init__(self) -> None:
        self.connection = empty_warehouse()
        self.held: dict[int, dict] = {}

    def change(self, coming: dict[int, dict] | None = None, leaving: tuple[int, ...] = ()) -> None:
        """Captures come, go, or are read otherwise; rows that several show are as the first of these shows them."""
        changes = Changes(self.connection)
        kept = {number: page for number, page in self.held.items() if number not in leaving} | (coming or {})
        for name in TABLES:
            key = TABLES[name].key
            before, wanted = self._rows(name, self.held), self._rows(name, kept)
            if gone := [values for values, row in before.items() if wanted.get(values) != row]:
                self.connection.register("gone", pa.Table.from_pylist([dict(zip(key, values, strict=True)) for values in gone]))
                changes.remove(name, f"select {', '.join(key)} from gone")
            if wanted:
                self.connection.register("coming", pa.Table.from_pylist(list(wanted.values()), schema=TABLES[name].arrow))
                changes.add(name, "from coming")
        self.held = kept
        derive(changes)

    def _rows(self, name: str, pages: dict[int, dict]) -> dict[tuple, dict]:
        rows: dict[tuple, dict] = {}
        for number in sorted(pages):
            for row in (filled(name, row) for of, row in rows_of(number, pages[number]) if of == name):
                rows.setdefault(tuple(row[column] for column in TABLES[name].key), row)
        return rows

    def ask(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()

    def derived(self) -> dict[str, list]:
        names = [table.name for table in TABLES.values() if table.layer == "derived"]
        return {name: sorted(map(str, self.ask(f"from {name}"))) for name in names}


def derived_at_once(pages: dict[int, dict]) -> dict[str, list]:
    """Derived rows of a warehouse that all captures come into by one load."""
    whole = Warehouse()
    whole.change(pages)
    return whole.derived()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(capture, min_size=1, max_size=6), data=st.data())
def test_any_order_of_loads_gives_what_one_load_gives(pages, data):
    numbered = dict(enumerate(pages))
    order = data.draw(st.permutations(list(numbered)))
    split = data.draw(st.integers(1, len(order)))
    strange = data.draw(st.lists(capture, max_size=2))
    parts = Warehouse()
    for batch in (order[:split], order[split:]):
        extra = {100 + number: page for number, page in enumerate(strange)}
        parts.change({number: numbered[number] for number in batch} | extra)
        parts.change(leaving=tuple(extra))
    assert parts.derived() == derived_at_once(numbered)


def read_anew(before: dict[int, dict], after: dict[int, dict]) -> Warehouse:
    """A warehouse after captures were loaded and some of them read anew, whose derived rows are those of one load."""
    parts = Warehouse()
    parts.change(before)
    parts.change(after)
    assert parts.derived() == derived_at_once(before | after)
    return parts


FEW = TITLES[:3]  # so that captures often show the same rows
# What is read in one way for good: versions and states that others show too, and a feed that is known to cut at one width.
LASTING = {
    100 + number: {"site": "a.example", "hour": number, "feeds": feeds, "links": [], "article": (title, "https"), "read": {}}
    for number, (title, feeds) in enumerate(
        (
            (TITLES[0], [[(TITLES[4], 22, False)], [(TITLES[0], None, False)]]),
            (TITLES[1], [[(TITLES[5], 22, False)], [(TITLES[2], None, False)]]),
            (TITLES[2], [[(TITLES[4], 22, True)]]),
        )
    )
}


@st.composite
def read_twice(draw) -> tuple[dict, dict]:
    """A capture as one kernel reads it and another: with another detail, without its last module, with another title, or all of it otherwise."""
    before = draw(captures(FEW, sites=("a.example", *SITES))) | {"read": draw(reading)}
    after = dict(before)
    match draw(st.sampled_from(("detail", "module", "title", "all"))):
        case "detail":
            after["read"] = draw(reading)
        case "module":
            after["feeds"] = after["feeds"][:-1]
        case "title":
            after["article"] = draw(st.sampled_from(FEW)), "https"
        case "all":
            after |= draw(captures(FEW, sites=(before["site"],))) | {"hour": before["hour"]}
    return before, after


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(read_twice(), min_size=1, max_size=4), data=st.data())
def test_captures_that_are_read_anew_give_what_one_load_of_the_new_reading_gives(pages, data):
    before = LASTING | {number: page for number, (page, _) in enumerate(pages)}
    read = data.draw(st.sets(st.sampled_from(range(len(pages))), min_size=1))
    read_anew(before, {number: pages[number][1] for number in read})


PAGE = {"site": "a.example", "hour": 1, "feeds": [], "links": [], "article": None}
LONG, OTHER = TITLES[:2]
CUT = (LONG, 22, False)
assert cut(LONG, 22) == cut(OTHER, 22)


def test_a_headline_that_repeats_still_does_when_one_of_its_entries_is_read_otherwise():
    page = PAGE | {"feeds": [[(LONG, None, False), (LONG, None, True), (OTHER, None, False)]]}
    parts = read_anew({0: page}, {0: page | {"read": {"has_image": True}}})
    assert parts.ask("select slot_count from headline_repeats") == [(2,)]


def test_days_are_those_of_the_time_zone_that_a_site_is_read_under_now():
    # one instant is of the second of March in Shanghai and of the first in New York, the other of the second in both
    pages = {number: PAGE | {"hour": hour, "feeds": [[(LONG, None, False)]]} for number, hour in enumerate((1, 5))}
    rezoned = {number: page | {"read": {"time_zone": "America/New_York"}} for number, page in pages.items()}
    parts = read_anew(pages, rezoned)
    for days in ("select captured_date, capture_count from site_days", "select observed_date, observation_count from feed_days"):
        assert parts.ask(f"{days} order by all") == [(date(2026, 3, 1), 1), (date(2026, 3, 2), 1)]
    parts.change(leaving=(0, 1))
    assert parts.ask("from site_days") == parts.ask("from headline_feed_days") == []


RESOLVED = "select distinct resolution_status, resolution_method, full_headline from headline_resolutions where is_truncated"


def test_a_title_stands_on_the_page_no_longer_when_the_capture_is_read_as_another_version():
    both = PAGE | {"feeds": [[CUT]], "article": (LONG, "https")}
    rest = {1: PAGE | {"article": (LONG, "https")}, 2: PAGE | {"links": [OTHER]}}
    parts = read_anew({0: both} | rest, {})
    assert parts.ask(RESOLVED) == [("resolved", "same_page_cut", LONG)]
    parts = read_anew({0: both} | rest, {0: both | {"article": (TITLES[4], "https")}})
    assert parts.ask(RESOLVED) == [("ambiguous", "warehouse_cut", None)]


def test_a_title_stands_on_the_page_no_longer_when_the_other_feed_is_not_read():
    both = PAGE | {"feeds": [[CUT], [(LONG, None, False)]]}
    rest = {1: both | {"feeds": [[(TITLES[4], None, False)], [(LONG, None, False)]]}, 2: PAGE | {"links": [OTHER]}}
    parts = read_anew({0: both} | rest, {0: both | {"feeds": [[CUT]]}})
    assert parts.ask(RESOLVED) == [("ambiguous", "warehouse_cut", None)]


def test_a_headline_is_tried_anew_when_its_state_is_read_at_another_width():
    page = PAGE | {"feeds": [[(LONG, 22, False)]], "links": [LONG]}
    # most states of the feed keep the width
    rest = {number: page | {"feeds": [[(title, 22, False)]]} for number, title in enumerate(TITLES[4:], start=1)}
    parts = read_anew({0: page} | rest, {0: page | {"read": {"width_limit": 14}}})
    assert parts.ask(f"{RESOLVED} and headline_text = '{cut(LONG, 22)}'") == [("unresolved", None, None)]


def test_a_site_that_another_outlet_runs_now_has_other_aliases():
    by_url, bare = PAGE | {"article": (LONG, "https")}, PAGE | {"article": (LONG, None), "site": "b.example"}
    outlet = {"read": {"outlet": "清河日报"}}
    parts = read_anew({0: by_url | outlet, 1: bare}, {1: bare | outlet})
    assert parts.ask("select alias_basis from article_aliases") == [("same_outlet",)]
    parts = read_anew({0: by_url | outlet, 1: bare | outlet}, {0: by_url})
    assert parts.ask("from article_aliases") == []


def test_an_entry_that_is_read_as_whole_is_a_title_on_its_pages():
    short = TITLES[2]
    page = PAGE | {"feeds": [[(TITLES[4], None, False), (short, 16, False)], [(short, 22, False)]]}
    # another state where the entry may be cut as before
    rest = {1: page | {"feeds": [[(TITLES[4], None, False)], [(short, 22, False), (TITLES[5], None, False)]]}}
    parts = read_anew({0: page} | rest, {0: page | {"read": {"is_whole": True}}})
    assert parts.ask(f"{RESOLVED} and headline_text = '{cut(short, 16)}'") == [("resolved", "same_page_cut", short)]


def test_an_article_whose_title_is_read_otherwise_tells_the_headline_that_leads_to_it():
    page = PAGE | {"feeds": [[(LONG, 22, True)]]}
    article = PAGE | {"article": (LONG, "https"), "read": {"headline_text": TITLES[4], "headline_raw": TITLES[4]}}
    parts = read_anew({0: page, 1: article}, {1: article | {"read": {"headline_text": TITLES[4]}}})
    assert parts.ask(RESOLVED) == [("resolved", "url", LONG)]


def test_a_width_that_a_state_is_read_at_is_an_incident_of_its_day():
    pages = {day: PAGE | {"hour": 24 * day, "feeds": [[(TITLES[4 + day % 2], 22, False)]]} for day in range(8)}
    kind = "select incident_date from incidents where incident_kind = 'feed_width_changed'"
    after = {day: page | {"read": {"width_limit": 16}} for day, page in pages.items() if day % 2}
    assert read_anew(pages, after).ask(kind) == [(date(2026, 3, 3),)]
    assert read_anew(pages | after, {day: pages[day] for day in after}).ask(kind) == []
