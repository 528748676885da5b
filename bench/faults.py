"""Faults that are put into generated data, each where it would arise, and the check that must tell it.

A fault is caught when the very check that is named here fails for what was corrupted: the corrupted rows, the rows of the corrupted pages, the
input, the load, the file. That some other check fails does not count.

    inputs     files as they are delivered     -> capture, extract
    bytes      HTML of pages                   -> the page kernel, transform, validate
    pages      records as the kernel read them -> transform, validate
    rows       tables between two stages       -> validate
    loads      what stages of a run left       -> load, as a dry run
    built      rows that runs and derivations write -> the audit of the built warehouse
    files      Parquet of somebody else        -> broadsheet check
    days       pages of a site from a day on   -> incidents (`drift.py`)
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import drift
import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from drift import RUN_AT
from world import World

from broadsheet import pipeline
from broadsheet.engine.reading import read_capture
from broadsheet.errors import BatchStopped
from broadsheet.ids import ID_LENGTH, content_sha256, make_id
from broadsheet.lake import OUTCOMES, PAGES, REJECTIONS, Lake, read_records, write_records
from broadsheet.quality.check import check
from broadsheet.quality.policy import load_policy
from broadsheet.quality.rules import RULES
from broadsheet.quality.suites import run_suite, typed
from broadsheet.records import (
    Capture,
    Headline,
    HeadlineRole,
    Module,
    ModuleKind,
    PageResult,
    PersonCredit,
    PersonRole,
    Rejection,
    SiteBasis,
    StageOutcome,
    TimeBasis,
)
from broadsheet.runs import Run, rejections_of
from broadsheet.tables.batch import Batch
from broadsheet.tables.schema import TABLES
from broadsheet.tables.transform import add_page
from broadsheet.urls import site_of
from broadsheet.warehouse.audit import findings
from broadsheet.warehouse.changes import Changes
from sampleworld.render import html_bytes
from sampleworld.world import build
from sampleworld.write import write
from warehouse import generate

Tables = dict[str, pa.Table]
SITES = 6
TURNS = 20  # captures of a site in the batch that is corrupted
LOADED, LATER = 60, 50_000  # captures of a run that is loaded, and of the world between one and the next
NOWHERE = "f" * ID_LENGTH  # an id that no row has


class Told(NamedTuple):
    """What became of a fault: `fired` counts rows, days or findings by what told them, beyond what the clean data has."""

    where: str
    name: str
    expected: str
    fired: Counter[str]
    is_caught: bool


def all_faults(folder: Path, *, site_count: int, days_before: int) -> Iterator[Told]:
    """Put every fault into generated data, one after the other.

    Parameters
    ----------
    folder : for lakes and files; must be empty.
    site_count, days_before : of the world whose days are watched.
    """
    yield from inputs(folder / "inputs")
    yield from contents()
    yield from pages()
    yield from rows()
    yield from loads(folder / "loads")
    yield from built(folder / "loads")
    yield from files(folder / "files")
    yield from days(site_count, days_before)


# --- inputs ----------------------------------------------------------------------------------------------------------------

# File that the sample world writes broken -> what it is, and the reason that must tell it.
BROKEN_INPUTS = {
    "empty.html": ("an empty file", "empty_file"),
    "picture.html": ("a picture for a page", "binary_content"),
    "truncated.html.gz": ("a packed page cut in transfer", "truncated_gzip"),
    "cut.warc#0": ("an error page", "http_error"),
    "cut.warc#": ("a WARC file cut in transfer", "broken_warc_record"),
    "notes.docx": ("a file that is no page", "unknown_extension"),
    "scripts-only.html": ("a page without text", "no_visible_text"),
    "never-delivered.html": ("a file of the manifest that did not come", "missing_file"),
}


def inputs(folder: Path) -> Iterator[Told]:
    """A small delivery with broken inputs, captured and read."""
    write(build(pages=12), folder)
    (folder / "pages" / "unzoned.html").write_bytes((folder / "pages" / "broken" / "scripts-only.html").read_bytes())
    with (folder / "manifest.jsonl").open("a", encoding="utf-8") as manifest:
        manifest.write(json.dumps({"path": "pages/unzoned.html", "captured_at": "2026-03-02T08:00:00"}) + "\n")
    run = Run.start(folder / "lake", shards=1)
    for shard in pipeline.capture(run, [folder / "pages"], folder / "manifest.jsonl"):
        pipeline.extract(run, shard)
    rejections = list(rejections_of(run))
    manifest_fault = {"manifest.jsonl": ("a capture time without zone in a manifest", "bad_manifest_row")}
    for path, (name, expected) in {**BROKEN_INPUTS, **manifest_fault}.items():
        fired = Counter(reason for one in rejections if f"/{path}" in f"/{one.input_path}" for reason in one.reasons)
        yield Told("inputs", name, expected, fired, expected in fired)


# --- bytes -----------------------------------------------------------------------------------------------------------------

BYTE_FAULTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "page cut in transfer": ("page_unfinished", lambda content: content[: len(content) * 2 // 3]),
    "UTF-8 stored as if it were GB18030": ("mojibake", lambda content: content.decode("gb18030", "replace").encode()),
    "bytes lost in the middle of characters": ("replacement_characters", lambda content: content.replace("，".encode(), b"\xef\xbc")),
    "text escaped twice": ("markup_in_text", lambda content: content.replace("。".encode(), "。&amp;nbsp;".encode())),
    "date of the next year": ("published_after_capture", lambda content: content.replace(b"2026-", b"2027-").replace(b"26-03", b"27-03")),
}  # fmt: skip


def contents() -> Iterator[Told]:
    """HTML of the sample world's portal, three of whose pages are damaged before they are read."""
    sightings = [sighting for sighting in build(pages=120).captures() if sighting.story.site.layout == "portal"]
    captured: dict[str, bytes] = {}
    clean = []
    for sighting in sightings:
        content, url = html_bytes(sighting), sighting.story.url
        capture = Capture(
            capture_id=make_id("capture", url, sighting.captured_at.isoformat()), content_sha256=content_sha256(content), byte_count=len(content),
            media_type="text/html", input_path="page.html", url=url, site=site_of(url), site_basis=SiteBasis.URL,
            captured_at=sighting.captured_at, captured_at_basis=TimeBasis.MANIFEST, raw_file="raw/captures.warc.gz",
        )  # fmt: skip
        captured[capture.capture_id] = content
        clean.append(read_capture(capture, content))

    def damaged(damage: Callable[[bytes], bytes]) -> Callable[[PageResult], PageResult]:
        return lambda result: read_capture(result.capture, damage(captured[result.capture.capture_id]))

    # first captures of their stories: what comes later is told by the rows of the first
    chosen = [number for number, one in enumerate(sightings) if one.captured_at - one.story.published_at == timedelta(hours=1)][:3]
    yield from _told_of_pages("bytes", clean, chosen, {name: (expected, damaged(damage)) for name, (expected, damage) in BYTE_FAULTS.items()})


# --- pages -----------------------------------------------------------------------------------------------------------------

Change = Callable[[PageResult], PageResult]


def _page(**fields: Any) -> Change:
    return lambda result: msgspec.structs.replace(result, page=msgspec.structs.replace(result.page, **fields))


def _capture(**fields: Any) -> Change:
    return lambda result: msgspec.structs.replace(result, capture=msgspec.structs.replace(result.capture, **fields))


def _of_page(change: Callable[[Any], dict[str, Any]]) -> Change:
    """A change whose values follow from the page."""
    return lambda result: _page(**change(result.page))(result)


def _headline_of(text: Callable[[Any], str]) -> Change:
    return _of_page(lambda page: {"headlines": (Headline(role=HeadlineRole.MAIN, text=text(page), raw=text(page)),)})


def _body(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Change:
    return _of_page(lambda page: {"body": change(page.body)})


def _names(change: Callable[[str], str], credits: str) -> Change:
    return _of_page(lambda page: {credits: tuple(msgspec.structs.replace(credit, name=change(credit.name)) for credit in getattr(page, credits))})


def _time(change: Callable[[datetime], datetime]) -> Change:
    return _of_page(lambda page: {"published": msgspec.structs.replace(page.published, local=change(page.published.local))})


def _feeds(change: Callable[[Module], Module]) -> Change:
    def changed(module: Module) -> Module:
        return change(module) if module.kind == ModuleKind.HEADLINE_FEED else module

    return _of_page(lambda page: {"modules": tuple(map(changed, page.modules))})


def _items(change: Callable[[list], list]) -> Change:
    return _feeds(lambda module: msgspec.structs.replace(module, items=tuple(change(list(module.items)))))


def _ranked(change: Callable[[int], int]) -> Change:
    return _items(lambda items: [msgspec.structs.replace(item, rank=change(item.rank)) for item in items])


def _wrongly_decoded(charset: str) -> Change:
    return _body(lambda body: tuple(paragraph.encode().decode(charset, "replace") for paragraph in body))


def _headline_and_body_swapped(result: PageResult) -> PageResult:
    swapped = _headline_of(lambda page: "".join(page.body))(result)
    return _page(body=(result.page.headline(),))(swapped)


def _editor_as_author(result: PageResult) -> PageResult:
    editor = next(person for person in result.page.people if person.role == PersonRole.EDITOR)
    return _page(people=(*result.page.people, PersonCredit(role=PersonRole.AUTHOR, name=editor.name)))(result)


def _with_narrow_limit(module: Module) -> Module:
    return msgspec.structs.replace(module, width_limit=20) if module.width_limit else module


def _second_again(items: list) -> list:
    return [*items[:3], msgspec.structs.replace(items[1], rank=4), *items[4:]]


def _longer_spans(page: Any) -> dict[str, Any]:
    return {"blocks": tuple(msgspec.structs.replace(block, char_end=block.char_end + 1) for block in page.blocks)}


def _swapped_credits(result: PageResult) -> PageResult:
    page = result.page
    people = [msgspec.structs.replace(person, name=page.sources[-1].name) for person in page.people if person.role == PersonRole.REPORTER]
    sources = [msgspec.structs.replace(page.sources[-1], name=person.name) for person in page.people if person.role == PersonRole.REPORTER]
    return _page(people=tuple(people), sources=tuple(sources))(result)


def _linked_to_itself(result: PageResult) -> PageResult:
    def changed(module: Module) -> Module:
        if module.kind != ModuleKind.RELATED_LINKS:
            return module
        first, *rest = module.items
        return msgspec.structs.replace(module, items=(msgspec.structs.replace(first, url=result.capture.url), *rest))

    return _page(modules=tuple(map(changed, result.page.modules)))(result)


def _day_first(local: datetime) -> datetime:
    """26-01-05 taken for the 26th of January 2005."""
    return local.replace(year=2000 + local.day, day=local.year % 100)


PAGE_FAULTS: dict[str, tuple[str, Change]] = {
    "headline is a list's heading": ("headline_is_module_heading", _headline_of(lambda _: "即时播报")),
    "headline is the site's name": ("headline_is_site_name", _headline_of(lambda page: page.site_name)),
    "headline and body swapped": ("headline_too_long", _headline_and_body_swapped),
    "headline lost": ("headline_missing", _page(headlines=())),
    "headline blank": ("blank_value", _headline_of(lambda _: "\u00a0")),
    "headline twice in the body": ("headline_repeated_in_body", _of_page(lambda page: {"body": (page.headline(), *page.body, page.headline())})),
    "body lost": ("body_missing", _page(body=())),
    "body twice": ("body_doubled", _body(lambda body: body * 2)),
    "body is the rights notice": ("body_is_rights_notice", _of_page(lambda page: {"body": (page.rights_notice,)})),
    "markup in the body": ("markup_in_text", _body(lambda body: tuple(f"<p>{paragraph}</p>" for paragraph in body))),
    "entities in the body": ("markup_in_text", _body(lambda body: tuple(f"&ldquo;{paragraph}&rdquo;" for paragraph in body))),
    "UTF-8 decoded as GB18030": ("mojibake", _wrongly_decoded("gb18030")),
    "UTF-8 decoded as Windows-1252": ("mojibake", _wrongly_decoded("cp1252")),
    "characters that could not be decoded": ("replacement_characters", _page(replaced_count=12)),
    "person is a list's heading": ("person_is_module_heading", _names(lambda _: "24小时热榜", "people")),
    "person and outlet swapped": ("person_is_outlet", _swapped_credits),
    "label in a person's name": ("label_in_person", _names(lambda name: f"记者：{name}", "people")),
    "label in an outlet's name": ("label_in_outlet", _names(lambda name: f"来源：{name}", "sources")),
    "editor taken for the author": ("editor_is_author", _editor_as_author),
    "source lost": ("no_source", _page(sources=())),
    "publication time lost": ("no_publication_time", _page(published=None)),
    "publication in the future": ("published_after_capture", _time(lambda local: local + timedelta(days=400))),
    "year of two digits taken as it is": ("published_too_early", _time(lambda local: local.replace(year=local.year % 100))),
    "year of two digits taken for the day": ("published_not_as_url", _time(_day_first)),
    "publication time of another page": ("published_not_as_url", _time(lambda local: local - timedelta(days=10))),
    "headline wider than its feed's limit": ("entry_wider_than_limit", _feeds(_with_narrow_limit)),
    "headline twice in a state": ("headline_twice_in_feed", _items(_second_again)),
    "ranks with a gap": ("ranks_not_dense", _items(lambda items: items[:4] + items[5:])),
    "ranks shifted by one": ("ranks_not_dense", _ranked(lambda rank: rank + 1)),
    "ranks from zero": ("out_of_bounds", _ranked(lambda rank: rank - 1)),
    "two entries at one rank": ("entry_count_mismatch", _ranked(lambda rank: max(rank, 2))),
    "related link to its own page": ("link_to_own_page", _linked_to_itself),
    "page longer than what is read": ("page_cut_short", _page(left_out_count=5000)),
    "half of the text unexplained": ("low_coverage", _page(coverage_ratio=0.3)),
    "share above one": ("out_of_bounds", _page(coverage_ratio=1.7)),
    "spans that are not their text's": ("block_span_mismatch", _of_page(_longer_spans)),
    "selectors of a profile match nothing": ("profile_selector_missed", _page(site_profile="news.example#01234567", profile_missed=("body",))),
    "kind of page unknown": ("not_allowed", _page(page_kind="poem")),
    "language by name": ("pattern_mismatch", _page(language="Chinese")),
    "capture time without basis": ("capture_time_without_basis", _capture(captured_at_basis=TimeBasis.NONE)),
    "capture time lost, basis kept": ("capture_time_without_basis", _capture(captured_at=None)),
    "capture in the future": ("captured_in_future", _capture(captured_at=datetime(2199, 1, 1, tzinfo=UTC))),
}  # fmt: skip


def batch_of(results: Iterator[PageResult] | list[PageResult]) -> Tables:
    batch = Batch()
    for result in results:
        add_page(batch, result, run_id="run", default_zone="Asia/Shanghai", run_started_at=RUN_AT)
    return batch.tables()


def clean_results() -> list[PageResult]:
    return list(World(site_count=SITES).captures(range(SITES * TURNS)))


class Suites:
    """The suites of a batch that is corrupted again and again."""

    def __init__(self, results: list[PageResult]) -> None:
        self.clean = batch_of(results)
        self._clean_failures = failures(self.clean, set(self.clean))

    def failures(self, tables: Tables, expected: str) -> tuple[dict[tuple[str, str], set[int]], Counter[str]]:
        """What fails where, and how many rows more than in the clean batch. Suites are run of the tables that are others than in the clean
        batch, and of those that the expected rule is of."""
        judged = {name for name, rows in tables.items() if not rows.equals(self.clean[name])}
        judged |= {rule.table for rule in RULES if rule.reason == expected}
        found = failures(tables, judged)
        before = {key: rows for key, rows in self._clean_failures.items() if key[0] in judged}
        return found, _counts(found) - _counts(before)


def failures(tables: Tables, judged: set[str]) -> dict[tuple[str, str], set[int]]:
    """(table, reason) -> rows for which the table's suite says so."""
    fitted = {name: typed(TABLES[name], table) for name, table in tables.items()}
    frames = {name: table.to_pandas() for name, (table, _) in fitted.items()}
    found: dict[tuple[str, str], set[int]] = {}
    for name in tables:
        for outcome in run_suite(TABLES[name], frames[name], frames, fitted[name][1]) if name in judged else ():
            if outcome.failed_rows:
                found.setdefault((name, outcome.check.reason), set()).update(outcome.failed_rows)
    return found


def pages() -> Iterator[Told]:
    """Three pages are read wrongly, of stories that are new on them and that credit a source."""
    clean = clean_results()
    chosen = [number for number, result in enumerate(clean) if (number // SITES) % 5 == 0 and number >= SITES and result.page.sources][::4][:3]
    yield from _told_of_pages("pages", clean, chosen, PAGE_FAULTS)


def _told_of_pages(where: str, clean: list[PageResult], chosen: list[int], faults: Mapping[str, tuple[str, Change]]) -> Iterator[Told]:
    suites = Suites(clean)
    for name, (expected, change) in faults.items():
        results = [change(result) if number in chosen else result for number, result in enumerate(clean)]
        tables = batch_of(results)
        found, more = suites.failures(tables, expected)
        hit: set[str | None] = set()
        for (table, reason), failed in found.items():
            if reason == expected:
                hit |= {capture for row, capture in enumerate(_captures(tables, table)) if row in failed}
        yield Told(where, name, expected, more, {results[number].capture.capture_id for number in chosen} <= hit)


def _counts(found: Mapping[tuple[str, str], set[int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, reason), failed in found.items():
        counts[reason] += len(failed)
    return counts


def _captures(tables: Tables, name: str) -> list[str | None]:
    """The capture that each row is of, or that showed it first; the whole's, where the row is a part."""
    rows = tables[name]
    for column in ("capture_id", "first_capture_id"):
        if column in rows.column_names:
            return rows[column].to_pylist()
    if TABLES[name].whole is None:
        return [None] * rows.num_rows
    column, whole, key = TABLES[name].whole
    if "first_capture_id" not in TABLES[whole].columns:
        return [None] * rows.num_rows
    firsts = dict(zip(tables[whole][key].to_pylist(), tables[whole]["first_capture_id"].to_pylist(), strict=True))
    return [firsts.get(value) for value in rows[column].to_pylist()]


# --- rows ------------------------------------------------------------------------------------------------------------------

Corrupt = Callable[[pa.Table], pa.Table]
ROW = 5  # the row that is corrupted


def _cell(column: str, change: Callable[[Any], Any]) -> Corrupt:
    """One cell changed."""

    def corrupt(table: pa.Table) -> pa.Table:
        cells = table[column].to_pylist()
        cells[ROW] = change(cells[ROW])
        kind = table.schema.field(column).type
        return table.set_column(table.column_names.index(column), pa.field(column, kind), pa.array(cells, kind))

    return corrupt


def _cast(column: str, kind: pa.DataType, change: Callable[[list], list] = lambda cells: cells) -> Corrupt:
    """A column in another type."""

    def corrupt(table: pa.Table) -> pa.Table:
        cells = change(table[column].cast(kind).to_pylist())
        return table.set_column(table.column_names.index(column), pa.field(column, kind), pa.array(cells, kind))

    return corrupt


def _without(*gone: int) -> Corrupt:
    return lambda table: table.filter(pa.array([row not in gone for row in range(table.num_rows)]))


def _swapped(one: str, other: str) -> Corrupt:
    """The values of two columns in each other's place, in all rows."""
    return lambda table: table.rename_columns([{one: other, other: one}.get(name, name) for name in table.column_names]).select(table.column_names)


def _twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(ROW, 1)])


def _another_state(table: pa.Table) -> pa.Table:
    states = pc.unique(table["feed_snapshot_id"]).to_pylist()
    return _cell("feed_snapshot_id", lambda state: states[-1] if state != states[-1] else states[0])(table)


@dataclass(frozen=True)
class RowFault:
    """`told_by` is the table whose check must fail, the corrupted one without it."""

    table: str
    expected: str
    corrupt: Corrupt
    told_by: str | None = None
    rows: tuple[int, ...] | None = field(default=(ROW,))  # for which it must fail; None: for some


ROW_FAULTS: dict[str, RowFault] = {
    "key null": RowFault("captures", "null_value", _cell("capture_id", lambda _: None)),
    "name null": RowFault("article_people", "null_value", _cell("person_name", lambda _: None)),
    "id of another form": RowFault("related_links", "pattern_mismatch", _cell("capture_id", lambda value: value.upper() + "-1")),
    "hash cut": RowFault("captures", "pattern_mismatch", _cell("content_sha256", lambda value: value[:40])),
    "row twice": RowFault("related_links", "duplicate_key", _twice),
    "batch twice in one": RowFault("captures", "duplicate_key", lambda table: pa.concat_tables([table, table])),
    "number as words": RowFault(
        "headline_feed_entries", "wrong_type", _cast("display_width", pa.string(), lambda cells: [*cells[:ROW], "wide", *cells[ROW + 1 :]])
    ),
    "times without zone": RowFault("captures", "wrong_type", _cast("captured_at", pa.timestamp("us"))),
    "instants for wall clocks": RowFault("articles", "wrong_type", _cast("published_at_local", pa.timestamp("us", "UTC"))),
    "entry lost": RowFault("headline_feed_entries", "entry_count_mismatch", _without(14), told_by="headline_feed_snapshots", rows=(0,)),
    "entry filed with another state": RowFault("headline_feed_entries", "entry_count_mismatch", _another_state, "headline_feed_snapshots", rows=(0,)),
    "body cut between stages": RowFault("article_versions", "body_hash_mismatch", _cell("body_text", lambda body: body[: len(body) // 2])),
    "bodies of two versions swapped": RowFault(
        "article_versions", "body_hash_mismatch", lambda table: table.set_column(
            table.column_names.index("body_text"), table.schema.field("body_text"), pa.array(table["body_text"].to_pylist()[::-1])
        ), rows=(0, 1)
    ),
    "negative size": RowFault("captures", "out_of_bounds", _cell("byte_count", lambda size: -size)),
    "status that there is not": RowFault("captures", "out_of_bounds", _cell("http_status", lambda _: 999)),
    "sighting without time": RowFault("headline_feed_observations", "observation_time_without_basis", _cell("observed_at", lambda _: None)),
    "role unknown": RowFault("article_people", "not_allowed", _cell("person_role", lambda _: "minister")),
    "label unknown": RowFault("page_blocks", "not_allowed", _cell("block_label", lambda _: "sidebar")),
    "columns swapped": RowFault("articles", "pattern_mismatch", _swapped("headline", "canonical_url")),
    "ids of two columns swapped with names": RowFault("article_sources", "pattern_mismatch", _swapped("outlet_id", "outlet_name")),
}  # fmt: skip


def rows() -> Iterator[Told]:
    """Rows are corrupted after they were made."""
    suites = Suites(clean_results())
    for name, fault in ROW_FAULTS.items():
        found, more = suites.failures({**suites.clean, fault.table: fault.corrupt(suites.clean[fault.table])}, fault.expected)
        failed = found.get((fault.told_by or fault.table, fault.expected), set())
        yield Told("rows", name, fault.expected, more, bool(failed) and set(fault.rows or ()) <= failed)


# --- loads -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoadFault:
    """`corrupt` changes what a stage left, given the folder of the run's shard; those `before` a stage do so before it runs."""

    expected: str
    corrupt: Callable[[Run], None]
    before: str = "load"


def _in_stage(stage: str, table: str, corrupt: Corrupt) -> Callable[[Run], None]:
    def change(run: Run) -> None:
        file = run.where.shard(run.run_id, stage, 0) / f"{table}.parquet"
        rows = corrupt(pq.read_table(file))
        file.unlink()
        pq.write_table(rows, file)

    return change


def _lose_pages(run: Run) -> None:
    file = run.where.shard(run.run_id, "extract", 0) / PAGES
    write_records(file, list(read_records(file, PageResult))[:-3])


def _account(stage: str, **fields: int) -> Callable[[Run], None]:
    """The accounts of a stage say something else. Not through the record, which refuses sums that are wrong."""

    def change(run: Run) -> None:
        file = run.where.shard(run.run_id, stage, 0) / OUTCOMES
        told = [msgspec.to_builtins(outcome) for outcome in read_records(file, StageOutcome)]
        told[-1] |= {name: told[-1][name] + more for name, more in fields.items()}
        file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in told))

    return change


def _shift(rows: pa.Table) -> pa.Table:
    """The ranks of one state, shifted by one."""
    state = rows["feed_snapshot_id"][ROW].as_py()
    ranks = [rank + (one == state) for rank, one in zip(rows["rank"].to_pylist(), rows["feed_snapshot_id"].to_pylist(), strict=True)]
    return rows.set_column(rows.column_names.index("rank"), rows.schema.field("rank"), pa.array(ranks, pa.int32()))


def _untimed(rows: pa.Table) -> pa.Table:
    """Captures without time and basis, as if they had never had one; what they saw keeps its time."""
    nothing = pa.nulls(rows.num_rows, pa.timestamp("us", "UTC"))
    rows = rows.set_column(rows.column_names.index("captured_at"), rows.schema.field("captured_at"), nothing)
    basis = pa.array(["none"] * rows.num_rows)
    return rows.set_column(rows.column_names.index("captured_at_basis"), rows.schema.field("captured_at_basis"), basis)


def _deeper(rows: pa.Table) -> pa.Table:
    paths = pa.array([f"首页 / {path}" for path in rows["channel_path"].to_pylist()])
    return rows.set_column(rows.column_names.index("channel_path"), rows.schema.field("channel_path"), paths)


def _results(column: str, change: Callable[[Any], Any]) -> Callable[[Run], None]:
    return _in_stage("validate", "quality_results", _cell(column, change))


def _begin_later(run: Run) -> None:
    """The run is said to have begun after it ended."""
    later = msgspec.structs.replace(run, started_at=datetime.now(UTC) + timedelta(days=1))
    write_records(run.where.staging(run.run_id) / "run.json", [later])


def _reject(**fields: Any) -> Callable[[Run], None]:
    """A stage rejects a row in a way that says too little."""
    told = {"stage": "validate", "scope": "row", "reasons": ("no_source",), "detail": "", "table_name": "sites", "row_key": "x", **fields}

    def change(run: Run) -> None:
        write_records(run.where.shard(run.run_id, "validate", 0) / REJECTIONS, [Rejection(**told)])

    return change


CHAIN = "assert_every_stage_takes_in_what_the_one_before_let_out"
LOAD_FAULTS: dict[str, LoadFault] = {
    "pages lost after they were read": LoadFault(CHAIN, _lose_pages, before="transform"),
    "captures lost after they were made": LoadFault(CHAIN, _in_stage("transform", "captures", _without(0, 1)), before="validate"),
    "links lost after they were checked": LoadFault(CHAIN, _in_stage("validate", "related_links", _without(0, 1))),
    "captures lost after they were checked": LoadFault(
        "assert_every_capture_id_of_page_blocks_is_in_captures", _in_stage("validate", "captures", _without(0, 1))
    ),
    "articles lost after they were checked": LoadFault(
        "assert_every_article_id_of_article_versions_is_in_articles", _in_stage("validate", "articles", _without(0, 1))
    ),
    "person that there is not": LoadFault(
        "assert_every_person_id_of_article_people_is_in_people", _in_stage("validate", "article_people", _cell("person_id", lambda _: NOWHERE))
    ),
    "version of an article that there is not": LoadFault(
        "assert_every_article_id_of_article_versions_is_in_articles",
        _in_stage("validate", "article_versions", _cell("article_id", lambda _: NOWHERE)),
    ),
    "feed that there is not": LoadFault(
        "assert_every_feed_id_of_headline_feed_snapshots_is_in_headline_feeds",
        _in_stage("validate", "headline_feed_snapshots", _cell("feed_id", lambda _: NOWHERE)),
    ),
    "entries lost after they were checked": LoadFault(
        "assert_every_feed_state_has_its_entries", _in_stage("validate", "headline_feed_entries", _without(14))
    ),
    "ranks shifted after they were checked": LoadFault(
        "assert_ranks_of_a_feed_state_are_dense_from_one", _in_stage("validate", "headline_feed_entries", _shift)
    ),
    "channels under other paths": LoadFault("assert_channels_of_a_site_are_trees", _in_stage("validate", "channels", _deeper)),
    "sightings of captures of unknown time have a time": LoadFault(
        "assert_no_unknown_capture_time_has_an_observation_time", _in_stage("validate", "captures", _untimed)
    ),
    "a stage says that more came in": LoadFault(CHAIN, _account("transform", in_count=2, out_count=2, new_count=2)),
    "a run that ends before it begins": LoadFault("assert_no_run_ends_before_it_begins", _begin_later),
    "a check that failed for more than it looked at": LoadFault(
        "assert_no_check_fails_for_more_than_it_looked_at", _results("failed_count", lambda _: 10**9)
    ),
    "a check that holds and fails": LoadFault(
        "assert_a_check_holds_where_nothing_failed_and_nowhere_else", _results("is_success", lambda held: not held)
    ),
    "an action that no policy has": LoadFault(
        "assert_every_policy_action_of_quality_results_is_allowed", _results("policy_action", lambda _: "shrug")
    ),
    "a result of a run that there is not": LoadFault("assert_every_run_id_of_quality_results_is_in_runs", _results("run_id", lambda _: "nobody")),
    "a result of a shard below none": LoadFault("assert_every_shard_of_quality_results_is_within_bounds", _results("shard", lambda _: -2)),
    "a result that says nothing": LoadFault("assert_every_meaning_of_quality_results_says_something", _results("meaning", lambda _: "\u00a0")),
    "a rejection without a reason": LoadFault("assert_every_rejection_has_a_reason", _reject(reasons=())),
    "a rejected row without its key": LoadFault("assert_every_rejection_says_what_was_rejected", _reject(row_key=None)),
    "a stage's accounts do not add up": LoadFault("StageOutcome: lost track", _account("validate", in_count=2)),
}  # fmt: skip
BATCH_LOADS = {"a batch without a page": "empty_batch", "a batch delivered twice": "batch_known"}


def loads(folder: Path) -> Iterator[Told]:
    """A warehouse with a run in it, and runs that would be loaded after it."""
    numbers = range(LOADED)
    first = _prepared(folder, "first", numbers, None)
    pipeline.load(first)
    clean = pipeline.load(_prepared(folder, "clean", _next(numbers), None), is_dry_run=True)["warnings"]
    for position, (name, fault) in enumerate(LOAD_FAULTS.items()):
        fired: Counter[str] = Counter()
        try:
            pipeline.load(_prepared(folder, f"fault-{position}", _next(numbers), fault), is_dry_run=True)
        except BatchStopped as stopped:
            fired.update(finding.removeprefix("audit of the new warehouse: ").partition(":")[0] for finding in stopped.findings)
        except AssertionError as error:
            fired[f"StageOutcome: {' '.join(str(error).split()[1:3])}"] += 1
        yield Told("loads", name, fault.expected, fired, fault.expected in fired)
    for (name, expected), batch in zip(BATCH_LOADS.items(), (range(0), numbers), strict=True):
        warnings = pipeline.load(_prepared(folder, expected, batch, None), is_dry_run=True)["warnings"]
        fired = Counter({reason: count for reason, count in warnings.items() if reason not in clean})
        yield Told("loads", name, expected, fired, expected in fired)


def _next(numbers: range) -> range:
    """As many captures of some days later: feeds show other states, and stories other channels."""
    return range(numbers.start + LATER, numbers.stop + LATER)


def _prepared(folder: Path, run_id: str, numbers: range, fault: LoadFault | None) -> Run:
    """A run of these captures with everything done but the load."""
    run = Run.start(folder, run_id, shards=1)
    generate(run, 0, numbers)
    for stage in ("transform", "validate", "load"):
        if fault and fault.before == stage:
            fault.corrupt(run)
        if stage != "load":
            getattr(pipeline, stage)(run, 0)
    return Run.open(folder, run_id)


# --- built -----------------------------------------------------------------------------------------------------------------

# Fault -> what the audit must say, and the statement that corrupts a row which the program itself writes.
BUILT_FAULTS: dict[str, tuple[str, str]] = {
    "a posting of no document": (
        "assert_every_document_number_of_search_postings_is_in_search_documents",
        "update search_postings set document_number = -7 where rowid = 0",
    ),
    "a term stronger than there is": (
        "assert_every_term_strength_of_search_postings_is_within_bounds",
        "update search_postings set term_strength = 371 where rowid = 0",
    ),
    "a blank term": (
        "assert_every_term_of_search_terms_says_something",
        "update search_terms set term = ' ' where rowid = 0",
    ),
    "a headline resolved without one": (
        "assert_a_headline_is_resolved_where_one_full_headline_is_known_and_nowhere_else",
        "update headline_resolutions set resolution_status = 'resolved', full_headline = null where rowid = 0",
    ),
    "a confidence above one": (
        "assert_every_confidence_of_headline_resolutions_is_within_bounds",
        "update headline_resolutions set confidence = 1.5 where rowid = 0",
    ),
    "a status that there is not": (
        "assert_every_resolution_status_of_headline_resolutions_is_allowed",
        "update headline_resolutions set resolution_status = 'perhaps' where rowid = 0",
    ),
    "a spell that ends before it begins": (
        "assert_no_first_observed_at_of_headline_spells_is_after_its_last_observed_at",
        "update headline_spells set last_observed_at = first_observed_at - interval 1 hour where rowid = 0",
    ),
    "a spell twice": (
        "assert_headline_spells_has_each_key_once",
        "insert into headline_spells from headline_spells limit 1",
    ),
    "a version without its article": (
        "assert_every_article_id_of_current_versions_is_in_articles",
        f"update current_versions set article_id = '{NOWHERE}' where rowid = 0",
    ),
    "a title's id of another form": (
        "assert_every_title_id_of_headline_titles_has_its_form",
        "update headline_titles set title_id = upper(title_id) || '-1' where rowid = 0",
    ),
    "a day of a site without a site": (
        "assert_every_site_of_site_days_is_there",
        "update site_days set site = null where rowid = 0",
    ),
    "more articles of a day than captures": (
        "assert_no_site_day_has_more_article_captures_than_captures",
        "update site_days set article_capture_count = capture_count + 1 where rowid = 0",
    ),
    "a cluster that lost a member": (
        "assert_every_reprint_cluster_has_its_members",
        "insert into reprint_clusters by name select 'x' as cluster_id, 2 as article_count",
    ),
    "a state older than the one before": (
        "assert_no_state_is_older_than_the_one_it_was_built_from",
        "insert into snapshots select * replace ('later' as snapshot_id, snapshot_id as parent_snapshot_id, "
        "snapshot_published_at - interval 1 hour as snapshot_published_at) from snapshots limit 1",
    ),
    "counts of a state that are no JSON": (
        "assert_every_row_counts_json_of_snapshots_is_json",
        "update snapshots set row_counts_json = '{' where rowid = 0",
    ),
    "a dismissal without a note": (
        "assert_every_dismissal_has_a_note",
        "insert into quarantine_outcomes by name select 'x' as quarantine_id, 'dismissed' as quarantine_outcome, '' as note",
    ),
}


def built(folder: Path) -> Iterator[Told]:
    """The warehouse that was loaded, in memory and without constraints, one row of which is corrupted."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{Lake(folder).warehouse}' as published (read_only)")
        for name in TABLES:
            connection.execute(f"create table {name} as from published.{name}")
        clean = _findings(connection)
        for name, (expected, statement) in BUILT_FAULTS.items():
            connection.begin()
            connection.execute(statement)
            fired = _findings(connection) - clean
            connection.rollback()
            yield Told("built", name, expected, fired, expected in fired)


def _findings(connection: duckdb.DuckDBPyConnection) -> Counter[str]:
    return Counter(finding.partition(":")[0] for finding in findings(Changes(connection, is_whole=True)))


# --- files -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileFault:
    """`corrupt` changes a folder of Parquet files; the check of `table` must say `expected`."""

    expected: str
    table: str
    corrupt: Callable[[Path], None]


def _file(table: str, corrupt: Corrupt) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / f"{table}.parquet"
        pq.write_table(corrupt(pq.read_table(file)), file)

    return change


def _cut_file(folder: Path) -> None:
    file = folder / "people.parquet"
    file.write_bytes(file.read_bytes()[:-200])


def _flip_bytes(folder: Path) -> None:
    file = folder / "people.parquet"
    content = bytearray(file.read_bytes())
    content[60:90] = bytes(30)
    file.write_bytes(bytes(content))


def _second_file(folder: Path) -> None:
    """One delivery's file, and a part of the same once more."""
    table = pq.read_table(folder / "sites.parquet")
    (folder / "sites.parquet").unlink()
    (folder / "sites").mkdir()
    for number, rows in enumerate((table, table.slice(2, 1))):
        pq.write_table(rows, folder / "sites" / f"{number}.parquet")


def _write(folder: Path, table: str, **values: Any) -> None:
    """A table of one row that another program wrote of a run."""
    fillers = {"string": "x", "json": "{}", "int32": 0, "int64": 0, "boolean": True, "timestamp": RUN_AT}
    row = {column.name: None if column.nullable else fillers[column.type] for column in TABLES[table].fields}
    pq.write_table(pa.Table.from_pylist([row | values], schema=TABLES[table].arrow), folder / f"{table}.parquet")


def _write_run(folder: Path) -> None:
    _write(folder, "runs", run_status="succeeded", finished_at=RUN_AT - timedelta(hours=1))


def _write_result(folder: Path) -> None:
    _write(folder, "quality_results", quality_result_id=NOWHERE, policy_action="shrug")


FILE_FAULTS: dict[str, FileFault] = {
    "times without zone in a file": FileFault("wrong_type", "captures", _file("captures", _cast("captured_at", pa.timestamp("us")))),
    "numbers as text in a file": FileFault("wrong_type", "channels", _file("channels", _cast("depth", pa.string()))),
    "a column missing": FileFault("missing_column", "channels", _file("channels", lambda table: table.drop_columns(["channel_name"]))),
    "a column that may be NULL missing": FileFault(
        "missing_nullable_column", "sites", _file("sites", lambda table: table.drop_columns(["site_name"]))
    ),
    "a column of another program": FileFault(
        "unknown_column", "sites", _file("sites", lambda table: table.append_column("owner", pa.nulls(table.num_rows, pa.string())))
    ),
    "a file cut in transfer": FileFault("damaged_file", "people", _cut_file),
    "a file with bytes overwritten": FileFault("damaged_file", "people", _flip_bytes),
    "a file of no table": FileFault("unknown_table", "captions", lambda folder: shutil.copy(folder / "sites.parquet", folder / "captions.parquet")),
    "a table not delivered": FileFault("missing_table", "sites", lambda folder: (folder / "sites.parquet").unlink()),
    "a reference to nothing": FileFault("broken_reference", "channels", _file("channels", _cell("site", lambda _: "nowhere.example"))),
    "a row twice, in two files": FileFault("duplicate_key", "sites", _second_file),
    "a run that ends before it begins, in a file": FileFault("contradiction", "runs", _write_run),
    "an action that no policy has, in a file": FileFault("not_allowed", "quality_results", _write_result),
    "a channel deeper than its path": FileFault("contradiction", "channels", _file("channels", _cell("depth", lambda depth: depth + 3))),
}


def files(folder: Path) -> Iterator[Told]:
    """Files as another program delivers them. Only the tables concerned are judged, the others are read where they are referred to."""
    tables, policy = batch_of(clean_results()), load_policy()
    for position, (name, fault) in enumerate(FILE_FAULTS.items()):
        delivered = folder / str(position)
        delivered.mkdir(parents=True)
        for table, content in tables.items():
            pq.write_table(content, delivered / f"{table}.parquet", write_page_checksum=True)
        fault.corrupt(delivered)
        judged = (fault.table,) if fault.table in TABLES else ("sites",)
        found = [result for result in check(delivered, policy, judged).results if result.failed]
        fired: Counter[str] = Counter()
        for result in found:
            fired[result.reason] += result.failed
        is_caught = any((result.table, result.reason) == (fault.table, fault.expected) for result in found)
        yield Told("files", name, fault.expected, fired, is_caught)


# --- days ------------------------------------------------------------------------------------------------------------------


def _older(_: int, result: PageResult) -> PageResult:
    return _time(lambda local: local - timedelta(days=20))(result) if result.page.published else result


DAY_FAULTS: dict[str, drift.Fault] = {
    **drift.FAULTS,
    "half of the pages": drift.Fault(lambda number, result: result if number % 2 == 0 else None, frozenset({"volume_dropped"}), is_seen_after=True),
    "breadcrumbs lost": drift.Fault(drift.page_with(breadcrumb=()), frozenset({"fill_rate_dropped"})),
    "bodies lost": drift.Fault(drift.page_with(body=()), frozenset({"fill_rate_dropped"})),
    "people lost": drift.Fault(drift.page_with(people=()), frozenset({"fill_rate_dropped"})),
    "all modules lost": drift.Fault(drift.page_with(modules=()), frozenset({"module_count_changed"})),
    "pages longer than what is read": drift.Fault(drift.page_with(left_out_count=5000), frozenset({"left_out_rose"})),
    "old pages for new ones": drift.Fault(_older, frozenset({"freshness_dropped"})),
}  # fmt: skip


def days(site_count: int, before: int) -> Iterator[Told]:
    """Each site of a world has one of the faults from a day on. A kind is caught where that of every one of its sites is."""
    told, _ = drift.faulty(site_count, before, DAY_FAULTS)
    for name, fault in DAY_FAULTS.items():
        of_kind = [one for one in told if one.fault == name]
        if of_kind:
            fired = Counter(kind for one in of_kind for kind in one.kinds)
            yield Told("days", name, " or ".join(sorted(fault.kinds)), fired, all(one.is_caught for one in of_kind))
