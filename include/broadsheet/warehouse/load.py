"""The one writer: good rows of a run into lake and warehouse.

The next warehouse is built beside the published one: a copy of it, plus the rows that it does not have. The same new rows become
Parquet parts of the lake, so that lake and warehouse hold the same rows, each once, and a rerun of known input adds none. Only
when the audit finds nothing, parts are moved into place and the file is switched by one rename. The published warehouse is
what says which runs are in the lake: parts of a run that it does not know are those of a load that died, and are removed.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from broadsheet.errors import BatchStopped, ConfigurationError, TransientError
from broadsheet.ids import make_id
from broadsheet.lake import Lake, written_aside
from broadsheet.records import Record
from broadsheet.settings import Settings
from broadsheet.tables.ddl import ddl
from broadsheet.tables.parquet import CAPTURE_JOINS, MONTH, part_path, write_part
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES
from broadsheet.warehouse.audit import findings
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.resolve import resolve
from broadsheet.warehouse.views import create_views

LOCK_SECONDS = 60
DATA_TABLES = tuple(table.name for table in TABLES.values() if table.layer in ("entity", "event"))


class LoadSummary(Record, frozen=True):
    """What a load did. `rows` is table -> (came in, new, in the warehouse now)."""

    run_id: str
    snapshot_id: str
    warehouse: str
    rows: dict[str, tuple[int, int, int]]
    resolutions: dict[str, int]
    is_dry_run: bool = False


class Parts:
    """Parts of the lake that a load wrote aside, to be moved into place together."""

    def __init__(self, lake: Lake, run_id: str) -> None:
        self._lake, self._run_id = lake, run_id
        self._aside = lake.staging(run_id, "load") / "parts"
        shutil.rmtree(self._aside, ignore_errors=True)
        self._paths: list[Path] = []

    def write(self, table_name: str, rows: pa.Table, shard: int, month: str | None = None) -> None:
        if rows.num_rows:
            relative = part_path(Path(), table_name, month, f"{self._run_id}-{shard:03d}")
            write_part(self._aside / relative, table_name, rows)
            self._paths.append(relative)

    def move(self) -> None:
        """Write down what will be moved, then move it; `roll_back` undoes it while the run is not published."""
        with written_aside(_intent(self._lake, self._run_id)) as aside:
            aside.write_text(json.dumps([str(path) for path in self._paths]), "utf-8")
        for path in self._paths:
            target = self._lake.tables / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._aside / path).replace(target)

    def discard(self) -> None:
        shutil.rmtree(self._aside, ignore_errors=True)


def load(
    lake: Lake,
    run_id: str,
    *,
    settings: Settings,
    stage_outcomes: pa.Table,
    quarantine: pa.Table,
    quality_results: pa.Table,
    run_row: Mapping[str, Any],
    is_dry_run: bool = False,
) -> LoadSummary:
    """Publish the good rows that `validate` left in the run's staging, with the run's own accounts.

    A run that is published already is left as it is. Raises BatchStopped when the audit of the new warehouse finds something,
    TransientError when another writer is at work; nothing is changed then.
    """
    with _only_writer(lake):
        _require_warehouse(lake)
        roll_back(lake)
        if run_id in published_runs(lake):
            return _published_summary(lake, run_id)
        snapshot_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{make_id('snapshot', run_id)[:6]}"
        parts = Parts(lake, run_id)
        with _build(lake, run_id) as (file, connection):
            rows = _add_data(connection, lake, run_id, parts)
            resolutions = resolve(connection)
            accounts = {
                "quality_results": quality_results,
                "quarantine": quarantine,
                "stage_outcomes": pa.concat_tables([stage_outcomes, _load_outcomes(run_id, rows, stage_outcomes.schema)]),
                "runs": pa.Table.from_pylist([dict(run_row)], schema=TABLES["runs"].arrow),
            }
            for name, table in accounts.items():
                rows[name] = _add(connection, name, table, parts, shard=0)
            rows["headline_resolutions"] = (0, 0, _count(connection, "headline_resolutions"))
            _add(connection, "snapshots", _snapshot_row(connection, lake, snapshot_id, run_id, rows), parts, shard=0)
            create_views(connection)
            if contradictions := findings(connection):
                raise BatchStopped([f"audit of the new warehouse: {finding}" for finding in contradictions])
            connection.execute("checkpoint")
            connection.close()
            if is_dry_run:
                parts.discard()
            else:
                parts.move()
                _switch(lake, file, snapshot_id)
                _mark_published(lake, run_id)
                _prune_snapshots(lake, settings.kept_snapshots)
    return LoadSummary(
        run_id=run_id, snapshot_id=snapshot_id, warehouse=str(lake.warehouse), rows=rows, resolutions=resolutions, is_dry_run=is_dry_run
    )


# --- building ------------------------------------------------------------------------------------------------------------


@contextmanager
def _only_writer(lake: Lake) -> Iterator[None]:
    lake.warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lake.warehouse.parent / ".writer.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise TransientError(f"another load holds {error.lock_file} for more than {LOCK_SECONDS} s") from error


@contextmanager
def _build(lake: Lake, run_id: str, *, is_empty: bool = False) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    """A copy of the published warehouse, or a new one, to write to; removed unless it was renamed."""
    for stale in lake.warehouse.parent.glob(".build-*"):
        stale.unlink()
    file = lake.warehouse.parent / f".build-{make_id('build', run_id)}.duckdb"
    if lake.warehouse.exists() and not is_empty:
        shutil.copyfile(lake.warehouse, file)
    try:
        with duckdb.connect(str(file)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            _prepare(connection, lake)
            yield file, connection
    finally:
        for rest in (file, file.with_name(file.name + ".wal")):
            rest.unlink(missing_ok=True)


def _prepare(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make what is missing; refuse a file of another schema version."""
    versions = connection.execute("select table_name from duckdb_tables() where table_name = 'runs'").fetchall()
    if versions:
        newest = connection.execute("select max(schema_version) from runs").fetchall()[0][0]
        if newest is not None and newest != SCHEMA_VERSION:
            raise ConfigurationError(f"{lake.warehouse} has schema version {newest}, this program writes {SCHEMA_VERSION}")
    for statement in ddl():
        connection.execute(statement)
    create_macros(connection)


def _add_data(connection: duckdb.DuckDBPyConnection, lake: Lake, run_id: str, parts: Parts) -> dict[str, tuple[int, int, int]]:
    """Add the shards' rows one shard at a time, tables in the order of their references."""
    rows: dict[str, tuple[int, int, int]] = {}
    folders = sorted(lake.staging(run_id, "validate").glob("shard-*"))
    connection.execute("create or replace temp table known_articles as select article_id from articles")
    for file in (folder / "articles.parquet" for folder in folders):
        if file.exists():
            connection.execute("insert into known_articles select article_id from read_parquet(?)", [str(file)])
    for folder in folders:
        shard = int(folder.name.removeprefix("shard-"))
        for name in DATA_TABLES:
            source = folder / f"{name}.parquet"
            if source.exists():
                table = pq.read_table(source)
                if name == "captures":
                    table = of_known_articles(connection, table)
                came, new, total = _add(connection, name, table, parts, shard)
                before = rows.get(name, (0, 0, 0))
                rows[name] = (before[0] + came, before[1] + new, total)
    connection.execute("drop table known_articles")
    return rows


def of_known_articles(connection: duckdb.DuckDBPyConnection, captures: pa.Table) -> pa.Table:
    """Captures without references to articles that are not in `known_articles`: `validate` sets an article aside with its last version,
    and cannot know whether another shard or the warehouse has one."""
    connection.register("delivered", captures)
    is_known = "article_id in (select article_id from known_articles)"
    table = _arrow(connection.execute(f"select * replace (case when {is_known} then article_id end as article_id) from delivered"))
    connection.unregister("delivered")
    return table


def _add(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, parts: Parts, shard: int) -> tuple[int, int, int]:
    """Insert the rows whose key is not there, and write the same rows as parts. Returns (came, new, total)."""
    table = TABLES[name]
    key = ", ".join(table.key)
    connection.register("delivered", rows)
    connection.execute(
        f"create or replace temp table new as select * from delivered anti join {name} using ({key}) "
        f"qualify row_number() over (partition by {key}) = 1"
    )
    connection.unregister("delivered")
    new = _count(connection, "new")
    if new:
        order = ", ".join(f"new.{column}" for column in table.sort)
        connection.execute(f"insert into {name} by name select * from new order by {order}")
        for month, part in _by_month(connection, name, order):
            parts.write(name, part, shard, month)
    connection.execute("drop table new")
    return rows.num_rows, new, _count(connection, name)


def _by_month(connection: duckdb.DuckDBPyConnection, name: str, order: str) -> Iterator[tuple[str | None, pa.Table]]:
    join = CAPTURE_JOINS.get(name)
    if join is None:
        yield None, _arrow(connection.execute(f"select * from new order by {order}"))
        return
    connection.execute(f"create or replace temp table placed as select new.*, {MONTH} as capture_month from new {join}")
    placed_order = order.replace("new.", "placed.")
    for (month,) in connection.execute("select distinct capture_month from placed order by all").fetchall():
        part = connection.execute(f"select * exclude (capture_month) from placed where capture_month = ? order by {placed_order}", [month])
        yield month, _arrow(part)
    connection.execute("drop table placed")


def _arrow(result: duckdb.DuckDBPyConnection) -> pa.Table:
    return result.to_arrow_table()


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return connection.execute(f"select count(*) from {name}").fetchall()[0][0]


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


def _snapshot_row(connection: duckdb.DuckDBPyConnection, lake: Lake, snapshot_id: str, run_id: str, rows: dict) -> pa.Table:
    parent = connection.execute("select max_by(snapshot_id, snapshot_published_at) from snapshots").fetchall()[0][0]
    row = {
        "snapshot_id": snapshot_id,
        "parent_snapshot_id": parent,
        "run_id": run_id,
        "snapshot_published_at": datetime.now(UTC),
        "row_counts_json": json.dumps({name: total for name, (_, _, total) in rows.items()}),
    }
    return pa.Table.from_pylist([row], schema=TABLES["snapshots"].arrow)


# --- publishing ------------------------------------------------------------------------------------------------------------


def _switch(lake: Lake, build: Path, snapshot_id: str) -> None:
    """Make the build the published warehouse by one rename. Readers that hold the old file keep it."""
    with build.open("rb") as file:
        os.fsync(file.fileno())
    snapshot = lake.snapshots / f"{snapshot_id}.duckdb"
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    try:
        snapshot.unlink(missing_ok=True)
        os.link(build, snapshot)
    except OSError:  # a file system without hard links
        shutil.copyfile(build, snapshot)
    build.replace(lake.warehouse)
    folder = os.open(lake.warehouse.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _prune_snapshots(lake: Lake, kept: int) -> None:
    for stale in sorted(lake.snapshots.glob("*.duckdb"))[:-kept]:
        stale.unlink()


def _intent(lake: Lake, run_id: str) -> Path:
    return lake.root / "commits" / f"{run_id}.json"


def _marker(lake: Lake, run_id: str) -> Path:
    """Says that a run was published, also when the warehouse that held it is lost."""
    return lake.root / "commits" / f"{run_id}.published"


def _mark_published(lake: Lake, run_id: str) -> None:
    with written_aside(_marker(lake, run_id)) as aside:
        aside.write_text(datetime.now(UTC).isoformat(), "utf-8")


def _require_warehouse(lake: Lake) -> None:
    """Refuse to begin anew beside a lake whose warehouse is lost: its rows would be taken for new."""
    if not lake.warehouse.exists() and any((lake.root / "commits").glob("*.published")):
        raise ConfigurationError(
            f"{lake.warehouse} is missing, but the lake holds published runs; `broadsheet rebuild --lake {lake.root}` makes it anew"
        )


def published_runs(lake: Lake) -> set[str]:
    """Runs that the published warehouse holds."""
    if not lake.warehouse.exists():
        return set()
    with duckdb.connect(str(lake.warehouse), read_only=True) as connection:
        return {run_id for (run_id,) in connection.execute("select run_id from runs").fetchall()}


def roll_back(lake: Lake) -> list[str]:
    """Remove the parts of loads that died before they were published; returns their run ids. Raw zone and staging keep all."""
    published = published_runs(lake)
    undone = []
    for intent in sorted((lake.root / "commits").glob("*.json")):
        if intent.stem not in published and not _marker(lake, intent.stem).exists():
            for path in json.loads(intent.read_text("utf-8")):
                (lake.tables / path).unlink(missing_ok=True)
            intent.unlink()
            undone.append(intent.stem)
    return undone


def _published_summary(lake: Lake, run_id: str) -> LoadSummary:
    with duckdb.connect(str(lake.warehouse), read_only=True) as connection:
        snapshot_id = connection.execute("select snapshot_id from snapshots where run_id = ?", [run_id]).fetchall()[0][0]
        came = connection.execute(
            "select table_name, in_count, new_count from stage_outcomes where run_id = ? and stage = 'load'", [run_id]
        ).fetchall()
        rows = {name: (count, new, _count(connection, name)) for name, count, new in came}
        resolutions = dict(connection.execute("select resolution_status, count(*) from headline_resolutions group by all order by all").fetchall())
    return LoadSummary(run_id=run_id, snapshot_id=snapshot_id, warehouse=str(lake.warehouse), rows=rows, resolutions=resolutions)


def rebuild(lake: Lake) -> Path:
    """Make the warehouse anew from the lake's Parquet: for a lost or damaged file. Returns its path.

    Raises ConfigurationError when the lake holds no published run.
    """
    if not any((lake.tables / "runs").rglob("*.parquet")):
        raise ConfigurationError(f"{lake.root} holds no published run that a warehouse could be made of")
    with _only_writer(lake), _build(lake, "rebuild", is_empty=True) as (file, connection):
        for name, table in TABLES.items():
            found = sorted((lake.tables / name).rglob("*.parquet"))
            if table.layer != "derived" and found:
                # by name: parts that an earlier program wrote lack newer columns
                source = "read_parquet(?, hive_partitioning = false, union_by_name = true)"
                connection.execute(
                    f"insert into {name} by name select * from {source} order by {', '.join(table.sort)}", [[str(path) for path in found]]
                )
        resolve(connection)
        create_views(connection)
        if contradictions := findings(connection):
            raise BatchStopped([f"audit of the rebuilt warehouse: {finding}" for finding in contradictions])
        latest = connection.execute("select max_by(snapshot_id, snapshot_published_at) from snapshots").fetchall()[0][0]
        connection.execute("checkpoint")
        connection.close()
        _switch(lake, file, latest or "rebuilt")
    return lake.warehouse
