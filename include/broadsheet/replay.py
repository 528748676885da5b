"""What was rejected, read anew after the program or the input was mended, or dismissed by a person.

    start       which open rejections      -> a run, with the captures and inputs behind them
    prepare     these captures and inputs  -> captures, as they were delivered   (once)
    extract, transform, validate of `pipeline`                                    (by shard)
    publish     good rows of all shards    -> lake, warehouse, what became of each rejection, summary   (once, one writer)

What is read of published captures takes the place of what was read before, as in a reparse; other captures are added. What is still wrong is
quarantined again, under the same id where it is the same. `quarantine_outcomes` keeps what became of each rejection; nothing is taken out of
`quarantine`.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import msgspec

from broadsheet.capture.stage import capture, holders
from broadsheet.errors import ConfigurationError
from broadsheet.lake import ABSENCES, CAPTURES, OUTCOMES, read_records, write_records
from broadsheet.pipeline import Progress, prune_staging, read_staged
from broadsheet.records import Absence, Capture, Record, StageOutcome
from broadsheet.reparse import default_zone, require_present, stage_chosen
from broadsheet.runs import REPLAY, Run, is_replay, shards_of
from broadsheet.transient import room_needed
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.rejections import checked_filters
from broadsheet.warehouse.statements import row_count, sql_text

T = TypeVar("T")


class Selection(Record, frozen=True):
    """Which open rejections are meant: those that all given parts choose."""

    ids: tuple[str, ...] = ()
    reason: str | None = None
    site: str | None = None
    run_id: str | None = None


class Chosen(Record, frozen=True):
    """An open rejection that a run reads anew, with what is read for it: captures of the raw zone, or an input."""

    quarantine_id: str
    scope: str
    table_name: str | None = None
    row_key: str | None = None
    site: str | None = None
    capture_id: str | None = None  # its own; a row of a site, a channel or a feed has none
    captures: tuple[str, ...] = ()
    input_path: str | None = None  # where it is now
    manifest: str | None = None  # what the manifest said of the input, as its rejection keeps it


class Replay(Record, frozen=True):
    """What a run reads anew.

    Attributes
    ----------
    chosen : rejections; besides those that were asked for, all open ones of the captures that are read.
    settled : ids of the captures' other rejections.
    unreadable : id -> why, of those that were asked for and cannot be read; they stay open.
    """

    chosen: tuple[Chosen, ...]
    settled: tuple[str, ...] = ()
    unreadable: dict[str, str] = msgspec.field(default_factory=dict)


def start(lake: str | Path, selection: Selection, run_id: str | None = None, **settings: Any) -> Run:
    """Begin a run that reads open rejections anew. `settings` as in `Run.start`; the time zone as in `reparse.start`.

    Raises ConfigurationError where the selection chooses nothing that is open, or nothing that can be read; it says why.
    """
    with _published(Path(lake)) as connection:
        _pick(connection, lake, selection)
        replay = _replay(connection)
        if not replay.chosen:
            raise ConfigurationError("nothing can be read anew: " + "; ".join(f"{name}: {why}" for name, why in replay.unreadable.items()))
        _choose(connection, replay)
        settings["default_time_zone"] = default_zone(connection, settings.get("default_time_zone"))
    run = Run.start(lake, run_id, **settings)
    write_records(run.where.staging(run.run_id) / REPLAY, [replay])
    return run


def chosen_by(run: Run) -> Replay:
    """What a replay reads. Raises ConfigurationError for any other run."""
    if not is_replay(run):
        raise ConfigurationError(f"run {run.run_id} is no replay")
    return next(iter(read_records(run.where.staging(run.run_id) / REPLAY, Replay)))


@room_needed()
def prepare(run: Run) -> list[int]:
    """Stage the inputs from where they lie, and the captures from the raw zone. Returns the numbers of their shards."""
    began = datetime.now(UTC)
    replay = chosen_by(run)
    staging = run.where.staging(run.run_id, "capture")
    shutil.rmtree(staging, ignore_errors=True)
    inputs = {chosen.input_path: chosen for chosen in replay.chosen if chosen.input_path}
    manifest = run.where.staging(run.run_id) / "manifest.jsonl"
    manifest.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for chosen in inputs.values() for row in _manifest_rows(chosen)))
    files = dict.fromkeys(file for path in inputs if (file := _file_of(path)))
    brought = capture(list(files), lake=run.where, run_id=run.run_id, settings=run.options, manifest=manifest if files else None, only=inputs)
    with _published(run.where.root) as connection:
        ids = [chosen.quarantine_id for chosen in replay.chosen]
        connection.execute(
            "create temp table picked as select distinct quarantine_id, capture_id from quarantine where list_contains($ids, quarantine_id)",
            {"ids": ids},
        )
        _find_known(connection)
        _choose(connection, replay)
        came = row_count(connection, "chosen") + brought.in_count
        stage_chosen(run, connection)
    staged = sum(1 for _ in _staged(run, CAPTURES, Capture))
    outcome = StageOutcome(
        stage="capture", shard=-1, table_name="", unit="input", in_count=came, out_count=came - brought.quarantined_count,
        quarantined_count=brought.quarantined_count, new_count=staged + sum(brought.absences.values()), started_at=began,
        seconds=(datetime.now(UTC) - began).total_seconds(), absences=brought.absences, passed_over=brought.passed_over,
    )  # fmt: skip
    write_records(staging / OUTCOMES, [outcome])
    return shards_of(run)


def publish(run: Run) -> dict[str, Any]:
    """Publish what was read, and what became of the rejections. Returns the run's summary, with `replayed`, their number by outcome, and
    `left_open`, id -> why, of those that could not be read.

    Raises BatchStopped, TransientError as `warehouse.load.load` does, ConfigurationError for a run that is no replay; nothing is changed then.
    """
    from broadsheet import publish as publishing
    from broadsheet.warehouse.replace import replace_or_add_data

    replay = chosen_by(run)
    outcomes: list[dict[str, Any]] = []

    def decide(rejected: list[dict[str, Any]]) -> list[dict[str, Any]]:
        outcomes[:] = _outcomes(run, replay, rejected)
        return outcomes

    summary = publishing.publish(run, is_dry_run=False, bring_in=replace_or_add_data, decide=decide)
    prune_staging(run.where, keep=run.run_id)
    decided = {row["quarantine_id"] for row in outcomes}
    silent = {chosen.quarantine_id: "nothing came of its input" for chosen in replay.chosen if chosen.quarantine_id not in decided}
    return {
        **summary,
        "replayed": dict(Counter(row["quarantine_outcome"] for row in outcomes)),
        "left_open": {**replay.unreadable, **silent},
    }


def replay(lake: str | Path, selection: Selection, *, workers: int | None = None, on_progress: Progress | None = None, **settings: Any) -> Run:
    """All stages without Airflow but the last, `publish`. `settings` as in `start`."""
    run = start(lake, selection, **settings)
    return read_staged(run, prepare(run), workers, on_progress)


def dismiss(lake: str | Path, ids: Sequence[str], note: str, run_id: str | None = None) -> dict[str, Any]:
    """Write down that it is right to leave out what open rejections are of, and why. Returns the summary of the run that did so.

    Raises ConfigurationError where no rejection is named, one is not there or not open, or the note is blank.

    Parameters
    ----------
    run_id : of the run that does so; one that has done so is left as it is.
    """
    from broadsheet import publish as publishing

    if not ids:
        raise ConfigurationError("no rejection is named; give the ids of open ones")
    if not note.strip():
        raise ConfigurationError("a note must say why it is right to leave this out")
    with _published(Path(lake)) as connection:
        if not connection.execute("from runs where run_id = ?", [run_id]).fetchall():
            _require_open(connection, lake, ids)
    rows = [{"quarantine_id": name, "quarantine_outcome": "dismissed", "note": note.strip()} for name in dict.fromkeys(ids)]
    return publishing.publish(Run.start(lake, run_id), is_dry_run=False, decide=lambda rejected: rows)


# --- what is read ----------------------------------------------------------------------------------------------------------


@contextmanager
def _published(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(lake) as connection:
        require_present(connection, lake)
        yield connection


def _require_open(connection: duckdb.DuckDBPyConnection, lake: str | Path, ids: Sequence[str]) -> None:
    for relation, what in (("quarantine", "there is no rejection"), ("open_quarantine", "settled already, or dismissed, is")):
        missing = connection.execute(f"select unnest(?) as id except select quarantine_id from {relation} order by all", [list(ids)]).fetchall()
        if missing:
            names = ", ".join(name for (name,) in missing)
            raise ConfigurationError(f"{what} {names}; `broadsheet quarantine list --lake {lake}` lists what is open")


def _pick(connection: duckdb.DuckDBPyConnection, lake: str | Path, selection: Selection) -> None:
    """Make `picked` of the open rejections that are asked for."""
    _require_open(connection, lake, selection.ids)
    filters = checked_filters(Path(lake), reason=selection.reason, site=selection.site, run_id=selection.run_id)
    parameters = {**filters, "ids": list(selection.ids)}
    connection.execute(f"create temp table picked as {sql_text('quarantine/picked.sql')}", parameters)
    if not row_count(connection, "picked"):
        raise ConfigurationError(f"no open rejection fits; `broadsheet quarantine list --lake {lake}` lists what is open")


def _find_known(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create temp table known as {sql_text('quarantine/known_captures.sql')}")


def _replay(connection: duckdb.DuckDBPyConnection) -> Replay:
    """What is to be read for the rejections of `picked`."""
    _find_known(connection)
    connection.execute(f"create temp table behind as {sql_text('quarantine/behind.sql')}")
    chosen, unreadable = [], {}
    for row in connection.execute(sql_text("quarantine/chosen.sql")).to_arrow_table().to_pylist():
        is_input = row["stage"] == "capture"
        source = _source(row) if is_input else None
        if is_input and source is None:
            unreadable[row["quarantine_id"]] = _why_unreadable(row)
        elif not is_input and not row["captures"]:
            unreadable[row["quarantine_id"]] = _why_no_page(row)
        else:
            chosen.append(
                Chosen(
                    quarantine_id=row["quarantine_id"],
                    scope=row["scope"],
                    table_name=row["table_name"],
                    row_key=row["row_key"],
                    site=row["site"],
                    capture_id=row["capture_id"],
                    captures=() if is_input else tuple(row["captures"]),
                    input_path=source,
                    manifest=row["row_json"] if is_input else None,
                )
            )
    of_captures = "select distinct quarantine_id from quarantine semi join behind using (capture_id) order by all"
    ids = {choice.quarantine_id for choice in chosen}
    settled = tuple(name for (name,) in connection.execute(of_captures).fetchall() if name not in ids)
    return Replay(chosen=tuple(chosen), settled=settled, unreadable=unreadable)


def _choose(connection: duckdb.DuckDBPyConnection, replay: Replay) -> None:
    """Make `chosen` of the captures of `known` that a replay reads, as `reparse` has it."""
    captures = sorted({capture_id for chosen in replay.chosen for capture_id in chosen.captures})
    connection.execute(
        "create temp table chosen as select known.* exclude (source_time_zone), coalesce(source_time_zone, sites.time_zone) as time_zone, "
        "case when source_time_zone is null then sites.time_zone_basis else 'source' end as time_zone_basis "
        "from known left join sites using (site) where list_contains($captures, capture_id)",
        {"captures": captures},
    )


def _source(row: dict[str, Any]) -> str | None:
    """The file, directory or record to read for an input; None where it is not there, or is a row of a manifest and no file."""
    if "bad_manifest_row" in row["reasons"]:
        return None
    named = [known.get("path") for known in _known(row["row_json"])]
    return next((path for path in (row["input_path"], *named) if path and _file_of(path)), None)


def _why_unreadable(row: dict[str, Any]) -> str:
    if "bad_manifest_row" in row["reasons"]:
        return "mend the row of the manifest and give the manifest to `broadsheet run` again"
    if "bad_path_list_line" in row["reasons"]:
        return "a line of a list is no file; the next run of its source reads the list as it is then"
    return f"{row['input_path']} is not there"


def _why_no_page(row: dict[str, Any]) -> str:
    if row["capture_id"] is not None:
        return "its page is not known to the raw zone; give it to `broadsheet run` again"
    of_site = f" --site {row['site']}" if row["site"] else ""
    return f"its run brought no page of its own that is known; dismiss it when `broadsheet reparse{of_site}` shows the row as it should be"


def _file_of(input_path: str) -> Path | None:
    """The file or directory that an input is, or is a record of; None where there is none."""
    return next((Path(path) for path in (input_path, input_path.rpartition("#")[0]) if path and os.path.lexists(path)), None)


def _known(kept: str | None) -> list[dict[str, Any]]:
    """What the manifest said of an input, as its rejection keeps it."""
    return msgspec.json.decode(kept) if kept else []


def _manifest_rows(chosen: Chosen) -> Iterator[dict[str, Any]]:
    for known in _known(chosen.manifest):
        yield {**known, "path": str(Path(chosen.input_path or "").absolute())}


# --- what became of it -----------------------------------------------------------------------------------------------------


def _staged(run: Run, name: str, record_type: type[T]) -> Iterator[T]:
    for file in sorted(run.where.staging(run.run_id, "capture").glob(f"shard-*/{name}")):
        yield from read_records(file, record_type)


def _outcomes(run: Run, replay: Replay, rejected: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of `quarantine_outcomes`, given what the run rejected. An input of which nothing came has none: it stays open."""
    told = {choice.quarantine_id for choice in replay.chosen} | {*replay.settled}
    again = {row["quarantine_id"] for row in rejected}
    successors: dict[tuple, dict[str, Any]] = {}
    for row in rejected:
        for place in _places_of_rejected(row, is_new=row["quarantine_id"] not in told):
            successors.setdefault(place, row)
    staged: tuple[Capture | Absence, ...] = (*_staged(run, CAPTURES, Capture), *_staged(run, ABSENCES, Absence))
    answered = {path for item in staged for path in holders(item.input_path)}
    for choice in replay.chosen:
        successor = _successor(choice, successors)
        outcome = {"quarantine_id": choice.quarantine_id, "successor_id": None, "note": ""}
        if choice.quarantine_id in again:
            yield {**outcome, "quarantine_outcome": "replayed_rejected"}
        elif successor is not None:
            note = f"now {', '.join(successor['reasons'])}"
            yield {**outcome, "quarantine_outcome": "replayed_rejected", "successor_id": successor["quarantine_id"], "note": note}
        elif choice.input_path is None or choice.input_path in answered:
            yield {**outcome, "quarantine_outcome": "replayed_good"}


def _places_of_rejected(row: dict[str, Any], *, is_new: bool) -> Iterator[tuple]:
    """What a rejection of the run may stand for: an input, a page, a row of a page."""
    capture_id, table = row["capture_id"], row["table_name"]
    if row["scope"] != "row":
        yield from (("input", path) for path in holders(row["input_path"] or ""))
    if row["scope"] == "page" or table == "captures":
        yield "page", capture_id
    if row["scope"] == "page":
        yield "unread", capture_id
    if row["scope"] == "row":
        yield "row", table, row["row_key"]
        if is_new:  # not another row of the table that was rejected before too
            yield "of", table, capture_id or row["site"]


def _successor(choice: Chosen, successors: dict[tuple, dict[str, Any]]) -> dict[str, Any] | None:
    """The rejection, if any, that stands where an earlier one was that was not found again."""
    found = next((successors[place] for place in _places_of_chosen(choice) if place in successors), None)
    if found is None and choice.scope == "row" and choice.capture_id is None:
        unread = [successors.get(("unread", capture_id)) for capture_id in choice.captures]
        return unread[0] if all(unread) else None  # one page that can be read tells of the site
    return found


def _places_of_chosen(choice: Chosen) -> Iterator[tuple]:
    if choice.input_path is not None:
        yield "input", choice.input_path
    elif choice.scope == "page":
        yield "page", choice.capture_id
    else:
        yield "row", choice.table_name, choice.row_key
        if choice.capture_id is not None:
            yield "unread", choice.capture_id
        yield "of", choice.table_name, choice.capture_id or choice.site
