"""Whatever the order and number of loads, and whatever came and went between, the derived tables are those of one load."""

from datetime import timedelta

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
entry = st.tuples(st.sampled_from(TITLES), st.sampled_from((None, 16, 22)), st.booleans())  # title, width it is cut at, has a URL
capture = st.fixed_dictionaries(
    {
        "site": st.sampled_from(SITES),
        "hour": st.one_of(st.none(), st.integers(0, 5)),
        "entries": st.lists(entry, max_size=3),
        "links": st.lists(st.sampled_from(TITLES), max_size=2),
        # the page of one article may be known under two URLs
        "article": st.one_of(st.none(), st.tuples(st.sampled_from(TITLES), st.sampled_from(("http", "https")))),
    }
)


def rows_of(number: int, page: dict) -> list[tuple[str, dict]]:
    """Rows of one capture, as `transform` gives them."""
    site, capture_id = page["site"], make_id("capture", number)
    at = None if page["hour"] is None else BEGIN + timedelta(hours=page["hour"])
    rows: list[tuple[str, dict]] = [("sites", {"site": site, "time_zone": "Asia/Shanghai"})]
    article_id = version_id = None
    if page["article"]:
        title, scheme = page["article"]
        key = f"{site}/{TITLES.index(title)}.html"
        url = f"{scheme}://{key}"
        article_id, version_id = make_id("article", url), make_id("version", url)
        rows += [
            ("articles", {"article_id": article_id, "article_id_basis": "url", "site": site, "canonical_url": url, "url_key": key}),
            ("article_versions", {"version_id": version_id, "article_id": article_id, "site": site, "headline": title,
                                  "published_at_local": BEGIN.replace(tzinfo=None), "published_at_precision": "minute"}),
            ("article_headlines", {"version_id": version_id, "headline_role": "main", "position": 1, "site": site, "headline_text": title,
                                   "headline_raw": title}),
        ]  # fmt: skip
    rows.append(("captures", {"capture_id": capture_id, "site": site, "captured_at": at, "article_id": article_id, "version_id": version_id}))
    for position, title in enumerate(page["links"], start=1):
        rows.append(("related_links", {"capture_id": capture_id, "module_index": 1, "position": position, "site": site, "headline_text": title}))
    if page["entries"]:
        feed_id = make_id("feed", site)
        shown = [(cut(title, width) if width else title, width, f"https://{site}/{TITLES.index(title)}.html" if linked else None)
                 for title, width, linked in page["entries"]]  # fmt: skip
        state = make_id("state", feed_id, *(str(item) for item in shown))
        widths = [width for text, width, _ in shown if width and display_width(text) >= width - 1]
        rows += [
            ("headline_feeds", {"feed_id": feed_id, "site": site, "feed_label": "要闻"}),
            ("headline_feed_snapshots", {"feed_snapshot_id": state, "feed_id": feed_id, "site": site, "entry_count": len(shown),
                                         "width_limit": max(widths, default=None)}),
            ("headline_feed_observations", {"capture_id": capture_id, "module_index": 0, "site": site, "feed_id": feed_id, "feed_snapshot_id": state,
                                            "observed_at": at}),
        ]  # fmt: skip
        for rank, (text, width, url) in enumerate(shown, start=1):
            rows.append(("headline_feed_entries", {
                "feed_snapshot_id": state, "rank": rank, "site": site, "headline_text": text, "canonical_url": url, "is_truncated": bool(width),
                "feed_headline_id": make_id("feed_headline", feed_id, text, url), "display_width": display_width(text),
            }))  # fmt: skip
    return rows


class Warehouse:
    """A warehouse that captures come into and leave, some at a time."""

    def __init__(self) -> None:
        self.connection = empty_warehouse()
        self.held: dict[int, dict] = {}

    def change(self, coming: dict[int, dict] | None = None, leaving: tuple[int, ...] = ()) -> None:
        changes = Changes(self.connection)
        kept = {number: page for number, page in self.held.items() if number not in leaving} | (coming or {})
        for name in TABLES:
            key = TABLES[name].key
            wanted = self._rows(name, kept)
            gone = self._rows(name, self.held).keys() - wanted.keys()
            if gone:
                self.connection.register("gone", pa.Table.from_pylist([dict(zip(key, values, strict=True)) for values in gone]))
                changes.remove(name, f"select {', '.join(key)} from gone")
            if wanted:
                self.connection.register("coming", pa.Table.from_pylist(list(wanted.values()), schema=TABLES[name].arrow))
                changes.add(name, "from coming")
        self.held = kept
        derive(changes)

    def _rows(self, name: str, pages: dict[int, dict]) -> dict[tuple, dict]:
        rows = [filled(name, row) for number, page in pages.items() for of, row in rows_of(number, page) if of == name]
        return {tuple(row[column] for column in TABLES[name].key): row for row in rows}

    def derived(self) -> dict[str, list]:
        names = [table.name for table in TABLES.values() if table.layer == "derived"]
        return {name: sorted(map(str, self.connection.execute(f"from {name}").fetchall())) for name in names}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(capture, min_size=1, max_size=6), data=st.data())
def test_any_order_of_loads_gives_what_one_load_gives(pages, data):
    numbered = dict(enumerate(pages))
    whole = Warehouse()
    whole.change(numbered)
    order = data.draw(st.permutations(list(numbered)))
    split = data.draw(st.integers(1, len(order)))
    strange = data.draw(st.lists(capture, max_size=2))
    parts = Warehouse()
    for batch in (order[:split], order[split:]):
        extra = {100 + number: page for number, page in enumerate(strange)}
        parts.change({number: numbered[number] for number in batch} | extra)
        parts.change(leaving=tuple(extra))
    assert parts.derived() == whole.derived()
