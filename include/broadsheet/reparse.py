"""Reading captures of the warehouse anew, with the present page kernel and site profiles.

    start       which captures             -> a run
    prepare     the captures' rows         -> captures, as they were delivered   (once)
    extract, transform, validate of `pipeline`                                    (by shard)
    shadow      good rows of all shards    -> a warehouse aside, what differs    (once)
    publish     good rows of all shards    -> lake, warehouse, summary           (once, one writer)
    discard                                -> nothing is left of it

Each is a function of a `Run` with plain data, as in `pipeline`, so that a person can look at what differs between `shadow` and `publish`. A
capture that cannot be read any longer is quarantined, and its rows stay as they are.
"""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import msgspec

from broadsheet.errors import ConfigurationError
from broadsheet.lake import OUTCOMES, Lake, read_records, write_records
from broadsheet.pipeline import Progress, prune_staging, read_staged
from broadsheet.records import Record, StageOutcome
from broadsheet.runs import REPARSE, Run, is_reparse
from broadsheet.tables.schema import TABLES
from broadsheet.transient import room_needed
from broadsheet.warehouse.build import Build, schema_version
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.migrate import require_known
from broadsheet.warehouse.query import connect, require_shadow
from broadsheet.warehouse.snapshots import TableDiff, differences, net_changes
from broadsheet.warehouse.statements import sql_text


class Selection(Record, frozen=True):
    """Which captures of the published warehouse are read anew: those that all given parts choose, all without any.

    Attributes
    ----------
    since, until : first and last day of capture, in the site's zone.
    is_undated : with days, captures of unknown time too.
    """

    since: date | None = None
    until: date | None = None
    sites: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    is_undated: bool = False


class Comparison(Record, frozen=True):
    """What a reparse makes of the published state: its summary, and what differs by table. Tables that tell of runs are left out."""

    summary: dict[str, Any]
    differences: dict[str, TableDiff]


def start(lake: str | Path, selection: Selection, run_id: str | None = None, **settings: Any) -> Run:
    """Begin a run that reads captures anew, or take up the one of the same id. `settings` as in `Run.start`; the time zone of sites that
    tell none is the one that the warehouse has them in, unless it is given.

    Raises ConfigurationError where nothing was published, the selection chooses nothing, or the lake is of an earlier schema version.
    """
    with _chosen(Path(lake), selection) as connection:
        settings["default_time_zone"] = default_zone(connection, settings.get("default_time_zone"))
    run = Run.start(lake, run_id, **settings)
    write_records(run.where.staging(run.run_id) / REPARSE, [selection])
    return run


@room_needed()
def prepare(run: Run) -> list[int]:
    """The chosen captures as they were delivered, from their rows; their bytes are in the raw zone. Returns the numbers of their shards."""
    began = datetime.now(UTC)
    staging = run.where.staging(run.run_id, "capture")
    shutil.rmtree(staging, ignore_errors=True)
    (selection,) = read_records(run.where.staging(run.run_id) / REPARSE, Selection)
    with _chosen(run.where.root, selection) as connection:
        counted = stage_chosen(run, connection)
    total = sum(counted.values())
    outcome = StageOutcome(
        stage="capture", shard=-1, table_name="", unit="input", in_count=total, out_count=total, quarantined_count=0, new_count=total,
        started_at=began, seconds=(datetime.now(UTC) - began).total_seconds(),
    )  # fmt: skip
    write_records(staging / OUTCOMES, [outcome])
    return list(counted)


def shadow(run: Run) -> Comparison:
    """Build the warehouse as the run would make it, aside: `warehouse/shadow-<run>.duckdb`, with what differs in `.json`.

    Raises BatchStopped when the quality policy or the audit says so, ConfigurationError for a run that is no reparse.
    """
    from broadsheet import publish as publishing
    from broadsheet.warehouse.replace import replace_data

    _require_reparse(run)
    found: dict[str, TableDiff] = {}

    def keep(build: Build, changes: Changes) -> None:
        found.update(_differences(changes, run.where))
        build.connection.execute("checkpoint")
        build.connection.close()
        build.file.replace(run.where.shadow(run.run_id))

    summary = publishing.publish(run, is_dry_run=True, bring_in=replace_data, keep=keep)
    comparison = Comparison(summary=summary, differences=found)
    write_records(_told(run), [comparison])
    return comparison


def compared(run: Run) -> Comparison:
    """What `shadow` found. Raises ConfigurationError where the reparse does not wait."""
    require_shadow(run.where, run.run_id)
    return next(iter(read_records(_told(run), Comparison)))


def comparison_text(comparison: Comparison) -> str:
    """What a reparse would change, for a person who decides on it: Markdown without any text of a page."""
    summary = comparison.summary
    lines = [f"Run `{summary['run_id']}` read {summary['input_count']:,} captures anew. Nothing is published yet.", ""]
    if summary["quarantined_by_reason"]:
        counts = ", ".join(f"{reason} {count:,}" for reason, count in summary["quarantined_by_reason"].items())
        lines += [f"Quarantined: {counts}.", ""]
    if comparison.differences:
        lines += ["| table | added | gone | changed | fields that changed |", "|---|---:|---:|---:|---|"]
        for name, found in comparison.differences.items():
            fields = ", ".join(f"{field} {count:,}" for field, count in found.fields.items())
            lines.append(f"| {name} | {found.added:,} | {found.gone:,} | {found.changed:,} | {fields} |")
    else:
        lines.append("No row differs.")
    lines += ["", f'`broadsheet query --lake {summary["lake"]} --shadow {summary["run_id"]} "select …"` asks the warehouse as it would be.']
    return "\n".join(lines)


def publish(run: Run) -> dict[str, Any]:
    """Let what the run read take the place of what was read before, in the state that is published now. Returns the run's summary.

    Raises BatchStopped, ConfigurationError as `shadow` does, TransientError when another writer is at work; nothing is changed then.
    """
    from broadsheet import publish as publishing
    from broadsheet.warehouse.replace import replace_data

    _require_reparse(run)
    summary = publishing.publish(run, is_dry_run=False, bring_in=replace_data)
    _remove_shadow(run)
    prune_staging(run.where, keep=run.run_id)
    return summary


def discard(run: Run) -> None:
    """Leave nothing of a reparse that was not published. Raises ConfigurationError for any other run."""
    _require_reparse(run)
    if run.where.summary(run.run_id).exists():
        raise ConfigurationError(f"reparse {run.run_id} is published; `broadsheet snapshots rollback` leads back")
    _remove_shadow(run)
    for folder in (run.where.docs(run.run_id), run.where.staging(run.run_id)):
        shutil.rmtree(folder, ignore_errors=True)


def read_anew(lake: str | Path, selection: Selection, *, workers: int | None = None, on_progress: Progress | None = None, **settings: Any) -> Run:
    """All stages without Airflow but the last: `shadow` or `publish`. `settings` as in `start`."""
    run = start(lake, selection, **settings)
    return read_staged(run, prepare(run), workers, on_progress)


def default_zone(connection: duckdb.DuckDBPyConnection, given: str | None) -> str | None:
    """The time zone to read `chosen` captures in whose sites tell none: the one that is given, else the one that the warehouse has them in.

    Raises ConfigurationError where there are several.
    """
    zones = connection.execute("select distinct time_zone from chosen where time_zone_basis = 'default' order by all").fetchall()
    if given is not None or not zones:
        return given
    if len(zones) > 1:
        names = ", ".join(zone for (zone,) in zones)
        raise ConfigurationError(f"sites that tell no time zone were read in several ({names}): give --time-zone, and --site for whom")
    return zones[0][0]


def stage_chosen(run: Run, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Stage the `chosen` captures as they were delivered. Returns the captures of each shard that has any, those staged before among them."""
    from broadsheet.capture.again import stage_known

    shards, counted = run.options.shards, {}
    for shard in range(shards):
        rows = connection.execute(sql_text("reparse/captures_of_shard.sql"), {"shards": shards, "shard": shard}).to_arrow_table()
        if rows.num_rows:
            counted[shard] = stage_known(run.where, run.run_id, shard, rows.to_pylist())
    return counted


def require_present(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Raises ConfigurationError for a published warehouse that the next load has to bring up to date first."""
    if require_known(schema_version(connection), lake):
        raise ConfigurationError(f"{lake} is of an earlier schema version: the next load brings it up to date; read it anew after that")


def _chosen(lake: Path, selection: Selection) -> duckdb.DuckDBPyConnection:
    """Connection to the published warehouse with the captures that a selection chooses as `chosen`. Raises ConfigurationError if there are none."""
    connection = connect(lake)
    try:
        require_present(connection, lake)
        for column, wanted in (("site", selection.sites), ("capture_id", selection.captures)):
            missing = connection.execute(f"select unnest(?) as wanted except select {column} from captures order by all", [list(wanted)]).fetchall()
            if missing:
                raise ConfigurationError(f"the warehouse in {lake} has no capture of {column} {', '.join(value for (value,) in missing)}")
        connection.execute(f"create temp table chosen as {sql_text('reparse/chosen_captures.sql')}", _parameters(selection))
        if not connection.execute("select count(*) from chosen").fetchall()[0][0]:
            raise ConfigurationError(f"no capture of the warehouse in {lake} fits; captures of unknown time fit no day unless --undated is given")
    except BaseException:
        connection.close()
        raise
    return connection


def _parameters(selection: Selection) -> dict[str, Any]:
    return {**msgspec.structs.asdict(selection), "sites": list(selection.sites), "captures": list(selection.captures)}


def _differences(changes: Changes, lake: Lake) -> dict[str, TableDiff]:
    with TemporaryDirectory(dir=lake.warehouse.parent, prefix=".build-") as folder:
        changes.write(Path(folder))
        with net_changes([Path(folder)]) as net:
            return {name: found for name, found in differences(net).items() if TABLES[name].layer != "operation"}


def _require_reparse(run: Run) -> None:
    if not is_reparse(run):
        raise ConfigurationError(f"run {run.run_id} is no reparse")


def _told(run: Run) -> Path:
    return run.where.shadow(run.run_id).with_suffix(".json")


def _remove_shadow(run: Run) -> None:
    for file in (run.where.shadow(run.run_id), _told(run)):
        file.unlink(missing_ok=True)
