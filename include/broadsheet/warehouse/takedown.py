"""Taking captures out of the published warehouse and out of the lake's Parquet for good, with what only they show.

The rows go as those of a reparse do (`replace.py`). What is published then is a file with the rows that are left and nothing else; the changes, and
all that leads back to states in which the rows were, are removed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from broadsheet import PARSER_VERSION, __version__
from broadsheet.capture.content import PLAIN
from broadsheet.capture.delivery import parse_instant
from broadsheet.capture.raw_index import Place
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.quality.policy import load_policy
from broadsheet.records import Absence, Capture, Record, TimeBasis
from broadsheet.settings import Settings
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES
from broadsheet.tombstones import FORGOTTEN, Covered, TargetKind, Tombstone
from broadsheet.urls import canonical, is_front_page
from broadsheet.warehouse.build import open_build, published_snapshots
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import derive
from broadsheet.warehouse.load import add_account, add_snapshot, new_snapshot_id, publish_alone
from broadsheet.warehouse.parts import Parts, require_warehouse, undo_unpublished
from broadsheet.warehouse.replace import remove_captures, rewrite_parts

At = tuple[str, int]  # file and offset of a record of the raw zone

# Rows that may be meant: hosts narrow them down, so that few need be compared in canonical form.
_CANDIDATES = """
    select {key} as id, url, canonical_url, site, run_id, raw_file, raw_offset
    from {table}
    where len(list_filter($sites::varchar[], lambda wanted: site = wanted or ends_with(site, '.' || wanted))) > 0
        or len(list_filter($hosts::varchar[], lambda host: contains(lower(url), host) or contains(canonical_url, host))) > 0
        or not regexp_full_match(url, '[ -~]*')
"""
_WHOLE_ARTICLES = """
    select count(*)
    from (select distinct article_id from captures semi join meant using (capture_id) where article_id is not null)
    anti join (from captures anti join meant using (capture_id)) using (article_id)
"""
_MENTIONS = """
    select
        (select count(*) from (from related_links anti join meant using (capture_id)) semi join meant_urls using (canonical_url))
        + (
            select count(*)
            from (from headline_feed_entries semi join meant_urls using (canonical_url)) as entries
            semi join (from headline_feed_observations anti join meant using (capture_id)) as shown using (feed_snapshot_id)
        )
"""
# Runs that read captures which were known: reparses, replays, deliveries of the same.
_READ_AGAIN = "select run_id from stage_outcomes where stage = 'load' and table_name = 'captures' and in_count > new_count"


class Rows(Record, frozen=True):
    """What the published warehouse holds of what is meant.

    Attributes
    ----------
    captures, absences : ids, also of captures that were rejected.
    places : records of the raw zone that these refer to.
    urls : at which pages were captured besides, with the URL that the page says is its own.
    runs : that brought any of it.
    rejections : keys of rows of `quarantine`: run and id.
    counts : `captures`, `absences`, `articles` (that go entirely), `rejections`, and `mentions`, rows of other pages that show the URL.
    """

    captures: frozenset[str] = frozenset()
    absences: frozenset[str] = frozenset()
    places: frozenset[At] = frozenset()
    urls: dict[str, str] = msgspec.field(default_factory=dict)
    runs: frozenset[str] = frozenset()
    rejections: frozenset[tuple[str, str]] = frozenset()
    counts: dict[str, int] = msgspec.field(default_factory=dict)


# --- what there is -----------------------------------------------------------------------------------------------------------


def together(one: Rows, other: Rows) -> Rows:
    """What two looks found. Of counts the greater: the second look may have come when some of it was gone."""
    sets = {name: getattr(one, name) | getattr(other, name) for name in ("captures", "absences", "places", "urls", "runs", "rejections")}
    return Rows(**sets, counts={name: max(one.counts.get(name, 0), other.counts.get(name, 0)) for name in {**one.counts, **other.counts}})


def other_addresses(connection: duckdb.DuckDBPyConnection, asked: Covered) -> dict[str, str]:
    """URLs at which pages were captured that say that their own URL is one of those asked for: they go together with these. A front page is not
    taken for one, whatever it says."""
    told = [(row["url"], row["canonical_url"]) for row in _of_pages(connection, "captures", "capture_id", asked, asked)]
    for row in _quarantine(connection):
        if FORGOTTEN in row["reasons"] and asked.has_rejection(row) and (kept := _kept_capture(row)):
            told.append((kept["url"], row["detail"].rpartition(" ")[2]))
    return {
        url: stated for url, stated in told if url and asked.has_url(stated) and not asked.has_url(url) and not is_front_page(canonical(url) or "")
    }


def rows_of(connection: duckdb.DuckDBPyConnection, asked: Covered, covered: Covered) -> Rows:
    """What a warehouse holds of what is meant.

    Parameters
    ----------
    asked : what is meant, by its own names. A page may say of itself that it is of these.
    covered : the same with the other addresses of pages.
    """
    captures = _of_pages(connection, "captures", "capture_id", asked, covered)
    absences = _of_pages(connection, "page_absences", "absence_id", asked, covered)
    ids = {row["id"] for row in captures}
    rejected = _rejected(connection, covered, ids)
    found = [*captures, *absences, *(told for row in rejected if (told := _kept_capture(row)))]
    runs = {row["run_id"] for row in (*captures, *absences, *rejected)}
    sites = {row["site"] for row in captures}
    counts = {"captures": len(captures), "absences": len(absences), "rejections": len(rejected)}
    with _given(connection, "meant", capture_id=ids), _given(connection, "meant_urls", canonical_url={row["canonical_url"] for row in captures}):
        counts["articles"] = connection.execute(_WHOLE_ARTICLES).fetchall()[0][0]
        counts["mentions"] = connection.execute(_MENTIONS).fetchall()[0][0]
    # a rejected row of a site is of no page: it may have been read on one of these
    rejected += [row for row in _quarantine(connection) if _is_of_site(row) and row["run_id"] in runs and row["site"] in sites]
    return Rows(
        captures=frozenset(ids | {row["capture_id"] for row in rejected if row["capture_id"]}),
        absences=frozenset(row["id"] for row in absences),
        places=frozenset((row["raw_file"], row["raw_offset"]) for row in found if row["raw_file"]),
        runs=frozenset(runs),
        rejections=frozenset((row["run_id"], row["quarantine_id"]) for row in rejected),
        counts=counts,
    )


def _of_pages(connection: duckdb.DuckDBPyConnection, table: str, key: str, asked: Covered, covered: Covered) -> list[dict[str, Any]]:
    """Rows of a table of pages that are meant."""
    hosts = {page_key.partition("/")[0].partition("?")[0] for page_key in covered.keys} | covered.sites
    found = connection.execute(_CANDIDATES.format(table=table, key=key), {"sites": list(covered.sites), "hosts": list(hosts)})
    return [
        row
        for batch in found.to_arrow_reader(10_000)
        for row in batch.to_pylist()
        if covered.has_url(row["url"]) or asked.has_url(row["canonical_url"]) or covered.has_site(row["site"])
    ]


def _quarantine(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Rejections that were not emptied before."""
    columns = "run_id, quarantine_id, stage, scope, table_name, site, capture_id, reasons, detail, row_json"
    for batch in connection.execute(f"select {columns} from quarantine where detail <> ?", [FORGOTTEN]).to_arrow_reader(10_000):
        yield from batch.to_pylist()


def _rejected(connection: duckdb.DuckDBPyConnection, covered: Covered, captures: set[str]) -> list[dict[str, Any]]:
    """Rejections of what is meant: by their own words, or of the same capture as one of these."""
    ids = captures | {row["capture_id"] for row in _quarantine(connection) if row["capture_id"] and covered.has_rejection(row)}
    return [row for row in _quarantine(connection) if row["capture_id"] in ids or covered.has_rejection(row)]


def _is_of_site(row: Mapping[str, Any]) -> bool:
    return row["scope"] == "row" and row["capture_id"] is None


def _kept_capture(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The capture, or absence, that a rejection keeps, if it has a place in the raw zone."""
    if row["row_json"] is None or not (row["scope"] == "page" or row["table_name"] in ("captures", "page_absences")):
        return None
    told = msgspec.json.decode(row["row_json"])
    return {"url": None, "raw_offset": 0, **told} if isinstance(told, dict) and told.get("raw_file") else None


def referring(connection: duckdb.DuckDBPyConnection, places: Iterable[At], without: Rows) -> Iterator[tuple[At, Capture]]:
    """Of records of the raw zone, what refers to them and stays, as captures; an absence is one without content."""
    asked = set(places)
    columns = "url, media_type, told_at, basis, raw_file, raw_offset"
    source = f"""
        select {columns} from (select *, captured_at as told_at, captured_at_basis as basis from captures) anti join meant using (capture_id)
        union all
        select {columns} from (select *, 'text/plain' as media_type, observed_at as told_at, observed_at_basis as basis from page_absences)
        anti join meant_absences using (absence_id)
    """
    with (
        _given(connection, "meant", capture_id=without.captures),
        _given(connection, "meant_absences", absence_id=without.absences),
        _given(connection, "asked", raw_file={file for file, _ in asked}),
    ):
        rows = connection.execute(f"from ({source}) semi join asked using (raw_file)").to_arrow_table().to_pylist()
    for row in rows:
        if (at := (row["raw_file"], row["raw_offset"])) in asked:
            yield at, _capture(row["url"], row["media_type"], row["told_at"], row["basis"])
    for row in _quarantine(connection):
        kept = None if (row["run_id"], row["quarantine_id"]) in without.rejections else _kept_capture(row)
        if kept and (at := (kept["raw_file"], kept["raw_offset"])) in asked:
            time = parse_instant(kept.get("captured_at"), is_utc_assumed=True)
            yield at, _capture(kept["url"], kept.get("media_type", PLAIN), time, kept.get("captured_at_basis", TimeBasis.NONE))


def capture_of(item: Capture | Absence) -> Capture:
    """What refers to a record, as a capture; an absence is one without content."""
    return item if isinstance(item, Capture) else _capture(item.url, PLAIN, item.observed_at, item.observed_at_basis)


def _capture(url: str | None, media_type: str, at: datetime | None, basis: str) -> Capture:
    return Capture(
        capture_id="", content_sha256="", byte_count=0, media_type=media_type, input_path="", url=url, captured_at=at and at.astimezone(UTC),
        captured_at_basis=TimeBasis(basis),
    )  # fmt: skip


@contextmanager
def _given(connection: duckdb.DuckDBPyConnection, name: str, **columns: Iterable[str | None]) -> Iterator[None]:
    """Texts as a temporary table."""
    given = pa.table({column: pa.array(list(values), pa.string()) for column, values in columns.items()})
    connection.register("given", given)
    connection.execute(f"create or replace temp table {name} as from given")
    connection.unregister("given")
    try:
        yield
    finally:
        connection.execute(f"drop table {name}")


# --- taking it out -----------------------------------------------------------------------------------------------------------


def take_out(lake: Lake, settings: Settings, rows: Rows, moved: Mapping[At, Place], stones: Sequence[Tombstone], run_id: str) -> None:
    """Publish the warehouse and the lake without some rows, as the only writer.

    Parameters
    ----------
    moved : records of the raw zone whose content is elsewhere now.
    stones : tombstones of what is taken out.

    Raises ConfigurationError for a warehouse that must be derived anew first, BatchStopped when the audit finds something; nothing is changed then.
    """
    require_warehouse(lake)
    undo_unpublished(lake, set(published_snapshots(lake)))
    snapshot_id = new_snapshot_id(run_id)
    with ExitStack() as stack:
        build = stack.enter_context(open_build(lake, run_id, settings))
        if build.is_whole:
            raise ConfigurationError(
                f"{lake.root} was written by an earlier program: its derived tables must be made anew first, by a load or by `broadsheet rebuild`"
            )
        parts = Parts(lake, snapshot_id)
        stack.callback(parts.discard)
        changes = Changes(build.connection)
        _take_out_captures(changes, rows)
        _move(changes, moved)
        began = datetime.now(UTC)
        _empty_rejections(changes, rows, moved)
        _empty_examples(changes, rows, stones)
        account = {
            "run_id": run_id, "started_at": began, "finished_at": datetime.now(UTC), "run_status": "succeeded", "parser_version": PARSER_VERSION,
            "schema_version": SCHEMA_VERSION, "program_version": __version__, "policy_json": load_policy(settings.policy_file).as_json(),
        }  # fmt: skip
        dismissed = _dismissals(changes, rows, run_id)
        rewrite_parts(changes, lake, parts)
        derive(changes)
        add_account(changes, "runs", _rows("runs", [account]), parts)
        add_account(changes, "quarantine_outcomes", _rows("quarantine_outcomes", dismissed), parts)
        add_account(changes, "tombstones", _rows("tombstones", [_stone_row(stone, run_id) for stone in stones]), parts)
        add_snapshot(changes, parts, snapshot_id, run_id)
        publish_alone(lake, build, changes, parts, snapshot_id)


def _rows(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TABLES[table].arrow)


def _stone_row(stone: Tombstone, run_id: str) -> dict[str, Any]:
    return {
        "target": stone.target, "target_kind": stone.kind, "forgotten_at": stone.forgotten_at, "takedown_reason": stone.reason,
        "forgotten_capture_count": stone.counts["captures"], "forgotten_article_count": stone.counts["articles"], "run_id": run_id,
    }  # fmt: skip


def _take_out_captures(changes: Changes, rows: Rows) -> None:
    connection = changes.connection
    with _given(connection, "meant", capture_id=rows.captures), _given(connection, "meant_absences", absence_id=rows.absences):
        remove_captures(changes, "meant", "meant_absences")


def _move(changes: Changes, moved: Mapping[At, Place]) -> None:
    """Let captures and absences that stay refer to where their content is now."""
    if not moved:
        return
    before, after = list(moved), list(moved.values())
    places = {
        "raw_file": [file for file, _ in before], "raw_offset": [offset for _, offset in before], "new_file": [file for file, _, _ in after],
        "new_offset": [offset for _, offset, _ in after], "new_length": [length for _, _, length in after],
    }  # fmt: skip
    changes.connection.register("places", pa.table(places))
    for name in ("captures", "page_absences"):
        (key,) = TABLES[name].key
        source = f"{name} join places using (raw_file, raw_offset)"
        changes.connection.execute(
            f"create or replace temp table moving as select * exclude (new_file, new_offset, new_length) "
            f"replace (new_file as raw_file, new_offset as raw_offset, new_length as raw_length) from {source}"
        )
        changes.replace(name, f"select {key} from moving", "from moving")
        changes.connection.execute("drop table moving")
    changes.connection.unregister("places")


def _empty_rejections(changes: Changes, rows: Rows, moved: Mapping[At, Place]) -> None:
    """Let rejections of what is meant tell no more than their reasons. Others that keep a capture follow its content."""
    revised = []
    for row in changes.connection.execute("from quarantine").to_arrow_table().to_pylist():
        kept = _kept_capture(row)
        if (row["run_id"], row["quarantine_id"]) in rows.rejections:
            revised.append({**row, "detail": FORGOTTEN, "row_json": None, "raw_excerpt": None})
        elif kept and (place := moved.get((kept["raw_file"], kept["raw_offset"]))):
            now = dict(zip(("raw_file", "raw_offset", "raw_length"), place, strict=True))
            revised.append({**row, "row_json": msgspec.json.encode(msgspec.json.decode(row["row_json"]) | now).decode()})
    changes.connection.register("revised", _rows("quarantine", revised))
    changes.replace("quarantine", "select run_id, quarantine_id from revised", "from revised")
    changes.connection.unregister("revised")


def _empty_examples(changes: Changes, rows: Rows, stones: Sequence[Tombstone]) -> None:
    """Remove the examples of checks in runs that may have read what is meant, of whichever page they are. Checks of the warehouse have
    examples of sites."""
    connection = changes.connection
    sites = [stone.target for stone in stones if stone.kind is TargetKind.SITE]
    with _given(connection, "reading", run_id=rows.runs), _given(connection, "gone_sites", site=sites):
        readers = f"select run_id from reading union select run_id from ({_READ_AGAIN}) where (select count(*) from reading) > 0"
        connection.execute(
            f"create or replace temp table telling as from quality_results where examples is not null and case when suite <> 'warehouse_suite' "
            f"then run_id in ({readers}) "
            "else exists (from gone_sites where contains(array_to_string(examples, ' '), gone_sites.site)) end"
        )
        changes.replace("quality_results", "select quality_result_id from telling", "select * replace (null as examples) from telling")
        connection.execute("drop table telling")


def _dismissals(changes: Changes, rows: Rows, run_id: str) -> list[dict[str, Any]]:
    """What became of emptied rejections that were open: nothing is left to be read anew."""
    now = datetime.now(UTC)
    emptied = {quarantine_id for _, quarantine_id in rows.rejections}
    waiting = {quarantine_id for (quarantine_id,) in changes.connection.execute("select quarantine_id from open_quarantine").fetchall()}
    return [
        {
            "quarantine_id": quarantine_id,
            "run_id": run_id,
            "quarantine_outcome": "dismissed",
            "successor_id": None,
            "note": FORGOTTEN,
            "decided_at": now,
        }
        for quarantine_id in sorted(emptied & waiting)
    ]
