"""The one writer: good rows of a run into lake and warehouse.

The next warehouse is built beside the published one (`build.py`). A run's rows that it does not have are added, and become Parquet parts
of the lake (`parts.py`), so that lake and warehouse hold the same rows, each once, and a rerun of known input adds none. Derived tables
follow from what was added (`derived/`). Only when the audit finds nothing, parts are moved into place and the file is switched.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from broadsheet.capture.web.health import health_of
from broadsheet.errors import BatchStopped, ConfigurationError
from broadsheet.ids import make_id
from broadsheet.lake import TABLES as PARTS
from broadsheet.lake import WITHDRAWN, Lake
from broadsheet.quality.policy import load_policy
from broadsheet.records import Record
from broadsheet.settings import Settings, read_settings
from broadsheet.store import PARQUET, store_of
from broadsheet.tables.ddl import create_indexes
from broadsheet.tables.parquet import MONTH, capture_of
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.alarms import alarms
from broadsheet.warehouse.audit import findings
from broadsheet.warehouse.build import Build, copied_rows, let_follow, only_writer, open_build, publish_build, published_snapshots, snapshot_ids
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import derivation_id, derive
from broadsheet.warehouse.derived.given import read_given
from broadsheet.warehouse.migrate import fill, make_room
from broadsheet.warehouse.parts import Parts, arrow_of, mark_published, require_warehouse, table_parts, undo_unpublished, wholly_moved
from broadsheet.warehouse.query import open_published
from broadsheet.warehouse.statements import row_count

DATA_TABLES = tuple(table.name for table in TABLES.values() if table.layer in ("entity", "event"))
# Tables whose rows have parts in others.
WHOLES = tuple(dict.fromkeys(table.whole[1] for table in TABLES.values() if table.layer == "entity" and table.whole))
# Shards are added together up to this size, so that a small batch costs one pass over each table and a large one bounded memory.
GROUP_BYTES = 256 * 1024 * 1024

# Brings a run's rows into a build and its parts; answers table -> (came in, new, in the warehouse now).
BringIn = Callable[[Changes, Lake, str, Parts], dict[str, tuple[int, int, int]]]
Keep = Callable[[Build, Changes], None]


class LoadSummary(Record, frozen=True):
    """What a load did. `rows` is table -> (came in, new, in the warehouse now), `warnings` check of the batch against the warehouse -> failures."""

    run_id: str
    snapshot_id: str
    warehouse: str
    rows: dict[str, tuple[int, int, int]]
    resolutions: dict[str, int]
    warnings: dict[str, int] = msgspec.field(default_factory=dict)
    is_dry_run: bool = False


def load(
    lake: Lake,
    run_id: str,
    *,
    settings: Settings,
    stage_outcomes: pa.Table,
    quarantine: pa.Table,
    quarantine_outcomes: pa.Table,
    quality_results: pa.Table,
    run_row: Mapping[str, Any],
    is_dry_run: bool = False,
    bring_in: BringIn | None = None,
    keep: Keep | None = None,
) -> LoadSummary:
    """Publish the good rows that `validate` left in the run's staging, with the run's own accounts.

    Parameters
    ----------
    is_dry_run : build and audit, but publish nothing.
    bring_in : how the rows come in; without it, those are added whose keys are not there.
    keep : called with the build of a dry run and its changes before they are dropped.

    A run that is published already is left as it is. Raises BatchStopped when the audit of the new warehouse finds something,
    TransientError when another writer is at work; nothing is changed then.
    """
    with only_writer(lake):
        require_warehouse(lake)
        undo_unpublished(lake, set(published_snapshots(lake)))
        if run_id in published_runs(lake):
            return _published_summary(lake, run_id)
        snapshot_id = new_snapshot_id(run_id)
        with ExitStack() as stack:
            build = stack.enter_context(open_build(lake, run_id, settings))
            parts = Parts(lake, snapshot_id)
            stack.callback(parts.discard)
            changes = Changes(build.connection, is_whole=build.is_whole)
            rows = (bring_in or _add_data)(changes, lake, run_id, parts)
            derive(changes)
            came, new = (sum(rows[name][count] for name in ("captures", "page_absences") if name in rows) for count in (0, 1))
            raised, stops = alarms(
                changes,
                load_policy(settings.policy_file),
                run_id=run_id,
                checked_at=datetime.now(UTC),
                # a run without stages, which only says what became of rejections, is no batch
                came=came if stage_outcomes.num_rows else None,
                new=None if bring_in else new,
                sources=() if bring_in else health_of(lake, datetime.now(UTC) + timedelta(seconds=settings.clock_offset_seconds)),
            )
            if stops:
                raise BatchStopped(stops)
            accounts = {
                "quality_results": pa.concat_tables([quality_results, raised]),
                "quarantine": quarantine,
                "quarantine_outcomes": quarantine_outcomes,
                "stage_outcomes": pa.concat_tables([stage_outcomes, _load_outcomes(run_id, rows, stage_outcomes.schema)]),
                "runs": pa.Table.from_pylist([dict(run_row)], schema=TABLES["runs"].arrow),
            }
            for name, table in accounts.items():
                rows[name] = add_account(changes, name, table, parts)
            rows |= {table.name: (0, 0, row_count(build.connection, table.name)) for table in TABLES.values() if table.layer == "derived"}
            add_snapshot(changes, parts, snapshot_id, run_id)
            resolutions = _resolutions(build.connection)
            warnings = {row["check_name"]: row["failed_count"] for row in raised.to_pylist() if not row["is_success"]}
            publish(lake, build, changes, parts, snapshot_id, kept=settings.kept_snapshots, is_dry_run=is_dry_run, keep=keep)
    return LoadSummary(
        run_id=run_id, snapshot_id=snapshot_id, warehouse=str(lake.warehouse), rows=rows, resolutions=resolutions, warnings=warnings,
        is_dry_run=is_dry_run,
    )  # fmt: skip


def publish(
    lake: Lake, build: Build, changes: Changes, parts: Parts, snapshot_id: str, *, kept: int, is_dry_run: bool = False, keep: Keep | None = None
) -> None:
    """Audit what changed, then make the build the published warehouse and its parts the lake's; the connection is closed.

    Raises BatchStopped when the audit finds something; nothing is changed then.
    """
    _require_sound(changes)
    if is_dry_run:
        if keep:
            keep(build, changes)
        return
    if not changes.is_whole:
        changes.write(lake.changes(snapshot_id))
    kept_ids = snapshot_ids(build.connection)[-(kept - 1) :]
    for statement in create_indexes():
        build.connection.execute(statement)
    build.connection.execute("checkpoint")
    build.connection.close()
    parts.move()
    publish_build(lake, build.file)
    mark_published(lake, snapshot_id)
    let_follow(lake)
    shutil.rmtree(lake.warehouse.parent / "snapshots", ignore_errors=True)  # whole files, which schema version 2 kept
    for stale in lake.changes("").glob("*"):
        if stale.name not in kept_ids:
            shutil.rmtree(stale, ignore_errors=True)


def publish_alone(lake: Lake, build: Build, changes: Changes, parts: Parts, snapshot_id: str) -> None:
    """The same for rows that are to be gone for good: a new file with the rows that are left and, of the states before, nothing.

    There is no way back from the state: what it changed is not written down.
    """
    _require_sound(changes)
    file = copied_rows(lake, build)
    build.connection.close()
    parts.move()
    publish_build(lake, file)
    mark_published(lake, snapshot_id)
    remove_earlier(lake)


def remove_earlier(lake: Lake) -> None:
    """Remove all that leads to other states than the published one: changes, the file that stands by, waiting reparses, withdrawn Parquet."""
    folder = lake.warehouse.parent
    for stale in (lake.changes(""), folder / "snapshots"):
        shutil.rmtree(stale, ignore_errors=True)
    store = store_of(lake)
    for key in store.keys(WITHDRAWN, PARQUET):
        store.delete(key)
    for file in (lake.standby, *folder.glob("shadow-*")):
        file.unlink(missing_ok=True)


def _require_sound(changes: Changes) -> None:
    if contradictions := findings(changes):
        raise BatchStopped([f"audit of the new warehouse: {finding}" for finding in contradictions])


# --- rows ----------------------------------------------------------------------------------------------------------------


def _add_data(changes: Changes, lake: Lake, run_id: str, parts: Parts) -> dict[str, tuple[int, int, int]]:
    """Add the shards' rows, tables in the order of their references."""
    rows: dict[str, tuple[int, int, int]] = {}
    folders = validated_shards(lake, run_id)
    connection = changes.connection
    list_articles(connection, folders)
    for group in _groups(folders):
        with staged(connection, group) as filled:
            for name in filled:
                came = row_count(connection, f"staged_{name}")
                new = _add(changes, name, _coming(name), parts, known=_known(connection, name), has_capture=True)
                before = rows.get(name, (0, 0, 0))
                rows[name] = (before[0] + came, before[1] + new, row_count(connection, name))
    return rows


def validated_shards(lake: Lake, run_id: str) -> list[Path]:
    """Folders with the good rows of a run's shards."""
    return sorted(lake.staging(run_id, "validate").glob("shard-*"))


def list_articles(connection: duckdb.DuckDBPyConnection, folders: list[Path]) -> None:
    """Make the temporary table `run_articles`: the articles of all shards, which `staged` asks for."""
    connection.execute("create or replace temp table run_articles (article_id varchar)")
    if delivered := [str(file) for folder in folders if (file := folder / "articles.parquet").exists()]:
        connection.execute("insert into run_articles select article_id from read_parquet(?)", [delivered])


def _groups(folders: list[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for folder in folders:
        group.append(folder)
        size += sum(file.stat().st_size for file in folder.glob("*.parquet"))
        if size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


@contextmanager
def staged(connection: duckdb.DuckDBPyConnection, folders: list[Path]) -> Iterator[list[str]]:
    """The rows of some shards as temporary tables `staged_<table>`, with their `shard`; the names of the tables that have any.

    Every data table is there, and `new_<table>` says of the wholes that the warehouse lacks which shard tells of them and their parts. Of
    captures, references to articles that neither run nor warehouse have are taken out: `validate` sets an article aside with its last
    version, and cannot know whether another shard or the warehouse has one. `known_captures` are those that the warehouse has already.
    """
    filled = []
    for name in DATA_TABLES:
        files = [str(file) for folder in folders if (file := folder / f"{name}.parquet").exists()]
        if files:
            filled.append(name)
            columns = ", ".join(TABLES[name].columns)
            source = "read_parquet(?, filename = true)"
            connection.execute(
                f"create or replace temp table staged_{name} as select {columns}, parse_dirpath(filename) as shard from {source}", [files]
            )
        else:
            connection.execute(f"create or replace temp table staged_{name} as select *, null::varchar as shard from {name} limit 0")
    connection.execute(
        "update staged_captures set article_id = null where article_id is not null and article_id not in (from run_articles) "
        "and article_id not in (select article_id from articles semi join staged_captures using (article_id))"
    )
    connection.execute("create or replace temp table known_captures as select capture_id from captures semi join staged_captures using (capture_id)")
    for name in WHOLES:
        (key,) = TABLES[name].key
        connection.execute(
            f"create or replace temp table new_{name} as "
            f"select {key}, min(shard) as shard from staged_{name} anti join {name} using ({key}) group by {key}"
        )
    try:
        yield filled
    finally:
        for table in (*(f"staged_{name}" for name in DATA_TABLES), *(f"new_{name}" for name in WHOLES), "known_captures"):
            connection.execute(f"drop table if exists {table}")


def _coming(name: str) -> str:
    """The staged rows of a table. What several captures show may differ in details: parts come with their whole, from one of them, unless each
    capture may show some of them."""
    if TABLES[name].union_by:
        return _unshown(name)
    if name == "people":  # a credit that another shard, or the warehouse, has under another person names none of this shard's
        return f"from staged_people semi join ({_unshown('article_people')}) using (person_id)"
    whole = TABLES[name].whole
    if whole is None or whole[1] not in WHOLES:
        return f"from staged_{name}"
    column, wholes, key = whole
    return f"select part.* from staged_{name} as part semi join new_{wholes} as whole on part.{column} = whole.{key} and part.shard = whole.shard"


def _unshown(name: str) -> str:
    """The staged rows of parts that no capture in the warehouse showed, each from one shard, at positions after those that are there."""
    *group, position = TABLES[name].key
    alike, same = ", ".join(group), ", ".join(TABLES[name].union_by)
    return f"""
        select staged.* replace (
            (coalesce(last_position, 0) + row_number() over (partition by {alike} order by shard, staged.{position}))::integer as {position}
        )
        from (from staged_{name} qualify shard = min(shard) over (partition by {same})) as staged
        anti join {name} using ({same})
        left join (
            select {alike}, max({position}) as last_position from {name} semi join staged_{name} using ({group[0]}) group by all
        ) as present using ({alike})
    """


def _known(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The rows of a table among which those of the staged captures can be. New captures have none: to look would be to read all keys."""
    if TABLES[name].whole != ("capture_id", "captures", "capture_id"):
        return name
    if not row_count(connection, "known_captures"):
        return f"(from {name} limit 0)"
    return f"(from {name} semi join known_captures using (capture_id))"


def _add(changes: Changes, name: str, query: str, parts: Parts, *, known: str | None = None, has_capture: bool = False) -> int:
    """Insert the rows whose key is not there, the first of each key, and write the same rows as parts. Returns how many are new.

    Parameters
    ----------
    known : rows of the table among which the keys can be; all of it if None.
    """
    connection = changes.connection
    key = ", ".join(TABLES[name].key)
    # a capture is in one shard, so that rows which belong to one are there once
    once = "" if TABLES[name].layer == "event" else f"qualify row_number() over (partition by {key}{' order by shard' if has_capture else ''}) = 1"
    connection.execute(f"create or replace temp table fresh as select * from ({query}) anti join {known or name} using ({key}) {once}")
    if not row_count(connection, "fresh"):
        return 0
    write_parts(connection, parts, name, capture_of(name) if has_capture else None)
    return changes.insert_fresh(name)


def write_parts(connection: duckdb.DuckDBPyConnection, parts: Parts, name: str, capture: str | None) -> None:
    """Write the rows of `fresh` as parts of a table, by the month of their captures.

    Parameters
    ----------
    capture : SQL that joins the rows to their captures, as `capture_of` gives it; None for rows that belong to none.
    """
    order = ", ".join(TABLES[name].sort)
    if capture is None:
        parts.write(name, arrow_of(connection.execute(f"from fresh order by {order}")))
        return
    connection.execute(f"create or replace temp table placed as select fresh.*, {MONTH} as capture_month from fresh {capture}")
    for (month,) in connection.execute("select distinct capture_month from placed order by all").fetchall():
        rows = connection.execute(f"select * exclude (capture_month) from placed where capture_month = ? order by {order}", [month])
        parts.write(name, arrow_of(rows), month)
    connection.execute("drop table placed")


def add_account(changes: Changes, name: str, rows: pa.Table, parts: Parts) -> tuple[int, int, int]:
    """Add rows that tell of the run. Returns (came, new, total)."""
    changes.connection.register("account", rows)
    new = _add(changes, name, "from account", parts)
    changes.connection.unregister("account")
    return rows.num_rows, new, row_count(changes.connection, name)


def _load_outcomes(run_id: str, rows: dict[str, tuple[int, int, int]], schema: pa.Schema) -> pa.Table:
    """The load's own accounts: a row that is known already went on too."""
    now = datetime.now(UTC)
    return pa.Table.from_pylist(
        [
            {"run_id": run_id, "stage": "load", "shard": -1, "table_name": name, "unit": "row", "in_count": came, "out_count": came,
             "quarantined_count": 0, "new_count": new, "passed_over_count": 0, "started_at": now, "seconds": 0.0}
            for name, (came, new, _) in rows.items()
        ],
        schema=schema,
    )  # fmt: skip


# --- snapshots -----------------------------------------------------------------------------------------------------------


def new_snapshot_id(run_id: str) -> str:
    """Id of a state that is published now: sorts by time."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{make_id('snapshot', run_id, now.isoformat())[:6]}"


def add_snapshot(changes: Changes, parts: Parts, snapshot_id: str, run_id: str) -> None:
    """Write down the state that is about to be published."""
    earlier = snapshot_ids(changes.connection)
    row = {
        "snapshot_id": snapshot_id,
        "parent_snapshot_id": earlier[-1] if earlier else None,
        "run_id": run_id,
        "snapshot_published_at": datetime.now(UTC),
        "row_counts_json": json.dumps({name: row_count(changes.connection, name) for name in TABLES if name != "snapshots"}),
    }
    add_account(changes, "snapshots", pa.Table.from_pylist([row], schema=TABLES["snapshots"].arrow), parts)


def published_runs(lake: Lake) -> set[str]:
    """Runs that the published warehouse holds."""
    if not lake.warehouse.exists():
        return set()
    with open_published(lake.warehouse) as connection:
        return {run_id for (run_id,) in connection.execute("select run_id from runs").fetchall()}


def _resolutions(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Entries of feed states by what is known of the headline behind them."""
    sql = """
        select resolution_status, count(*) from headline_feed_entries join headline_resolutions using (feed_headline_id) group by all order by all
    """
    return dict(connection.execute(sql).fetchall())


def _published_summary(lake: Lake, run_id: str) -> LoadSummary:
    with open_published(lake.warehouse) as connection:
        snapshot_id = connection.execute("select snapshot_id from snapshots where run_id = ?", [run_id]).fetchall()[0][0]
        loaded = connection.execute(
            "select table_name, in_count, new_count from stage_outcomes where run_id = ? and stage = 'load'", [run_id]
        ).fetchall()
        rows = {name: (came, new, row_count(connection, name)) for name, came, new in loaded}
        resolutions = _resolutions(connection)
    return LoadSummary(run_id=run_id, snapshot_id=snapshot_id, warehouse=str(lake.warehouse), rows=rows, resolutions=resolutions)


# --- making it anew --------------------------------------------------------------------------------------------------------


def rebuild(lake: Lake, settings: Settings | None = None, derived_folder: Path | None = None) -> Path:
    """Make the warehouse anew from the lake's Parquet: for a lost or damaged file. Returns its path.

    What a load moved in part that died is undone first. Of an object store, this working directory is from now on the one that publishes.

    Parameters
    ----------
    derived_folder : tables of the same state that `broadsheet derive` made, taken as they are instead of being derived again.

    Raises ConfigurationError when the lake holds no published run, or the folder's tables are of another state or derivation.
    """
    given = read_given(derived_folder) if derived_folder else None
    with only_writer(lake, is_taken_over=True), ExitStack() as stack:
        undo_unpublished(lake, wholly_moved(lake))
        if not store_of(lake).keys(f"{PARTS}/runs", PARQUET):
            raise ConfigurationError(f"{lake.name} holds no published run that a warehouse could be made of")
        build = stack.enter_context(open_build(lake, "rebuild", settings or read_settings(), is_empty=True))
        make_room(build.connection)
        for name, table in TABLES.items():
            if table.layer != "derived" and (found := table_parts(lake, name)):
                # by name: parts that an earlier program wrote lack newer columns
                source = "read_parquet(?, hive_partitioning = false, union_by_name = true)"
                build.connection.execute(
                    f"insert into {name} by name select * from {source} order by {', '.join(table.sort)}", [[str(path) for path in found]]
                )
        fill(build.connection)
        latest = snapshot_ids(build.connection)[-1]
        if given and (given.snapshot_id, given.derivation_id) != (latest, derivation_id()):
            of = f"state {given.snapshot_id}, and the lake's is {latest}" if given.snapshot_id != latest else "another version of the program"
            raise ConfigurationError(f"{derived_folder} was derived from {of}: derive anew")
        changes = Changes(build.connection, is_whole=True)
        derive(changes, derived_folder)
        publish(lake, build, changes, Parts(lake, latest), latest, kept=2)
        lake.standby.unlink(missing_ok=True)  # it may be older than the changes that are kept
    return lake.warehouse
