"""Derived tables that need all rows of a lake at once, made anew in a folder of Parquet: on Spark where one machine is too small, or in DuckDB.

Both run the same steps and give the same rows. The folder says of which published state and by which derivation they are, so that `rebuild` can
take them instead of deriving them itself (`warehouse/derived/given.py`).
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from broadsheet.engine.spark.derive_submit import submit
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import TABLES as PARTS
from broadsheet.lake import Lake, aside_of, is_left_aside
from broadsheet.settings import Settings
from broadsheet.store import PARQUET, store_of
from broadsheet.tables.ddl import ddl, quoted
from broadsheet.transient import held_at_once
from broadsheet.warehouse.build import only_writer, published_snapshots
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.derived import SPREAD, derivation_id
from broadsheet.warehouse.derived.given import MANIFEST, Given
from broadsheet.warehouse.macros import create_macros
from broadsheet.warehouse.migrate import require_known
from broadsheet.warehouse.parts import table_parts, undo_unpublished, wholly_moved
from broadsheet.warehouse.statements import row_count

# Tables that the steps read.
SOURCES = (
    "article_headlines", "article_sources", "article_versions", "articles", "captures", "headline_feed_entries", "headline_feed_observations",
    "headline_feed_snapshots", "outlets", "related_links", "sites",
)  # fmt: skip
_LOCK = "at-work.lock"  # held as long as its folder is written to
_APPLICATION = Path(__file__).with_name("app") / "derive_tables.py"


def derive(lake: Lake, out: Path, engine: Literal["spark", "duckdb"], settings: Settings) -> Given:
    """Derive from what the lake has published, whole, into a new folder: a folder of Parquet for each table of `SPREAD`.

    Whatever else may go on meanwhile. Raises ConfigurationError where the folder is not empty, the lake has published nothing, rows of it were
    written by an earlier program, or Spark is not there; TransientError while a load is at work, where copies of an object
    store's files are removed, a disk is full or what works on Spark is lost; BroadsheetError where Spark fails otherwise.
    """
    if out.exists() and any(out.iterdir()):
        raise ConfigurationError(f"{out} is not empty: derived tables are made in a folder of their own")
    with _aside(out) as folder:
        sources = folder / "sources"
        snapshot_id, files = _published(lake, sources)
        row_counts = {"spark": _by_spark, "duckdb": _by_duckdb}[engine](folder, files, settings)
        shutil.rmtree(sources)
        given = Given(snapshot_id, derivation_id(), engine, row_counts)
        (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(given)))
    return given


def _published(lake: Lake, sources: Path) -> tuple[str, dict[str, list[str]]]:
    """The newest published state, and the files of the tables that are read, held in the folder `sources`: whatever becomes of the lake's."""
    with only_writer(lake):
        undo_unpublished(lake, set(published_snapshots(lake)) if lake.warehouse.exists() else wholly_moved(lake))
        if not store_of(lake).keys(f"{PARTS}/snapshots", PARQUET):
            raise ConfigurationError(f"{lake.name} holds no published run that anything could be derived of")
        try:
            files = {name: _held(table_parts(lake, name), sources / name) for name in (*SOURCES, "runs", "snapshots")}
        except FileNotFoundError as error:  # a copy of what an object store has
            raise TransientError(f"{lake.name}: {error.filename or error} was removed while it was to be read: derive again") from error
    with duckdb.connect() as connection:
        newest = "select max(schema_version::integer)::varchar, min(schema_version::integer)::varchar from read_parquet(?, union_by_name = true)"
        for version in connection.execute(newest, [files.pop("runs")]).fetchall()[0]:
            if require_known(version, lake.name):
                raise ConfigurationError(
                    f"{lake.name} has rows of schema version {version}, which only `broadsheet rebuild` brings up to date and derives"
                )
        latest = "select snapshot_id from read_parquet(?) order by snapshot_published_at desc, snapshot_id desc limit 1"
        ((snapshot_id,),) = connection.execute(latest, [files.pop("snapshots")]).fetchall()
    return snapshot_id, files


def _held(parts: list[Path], folder: Path) -> list[str]:
    """The parts under names of our own; copies where the file system has no links, or is another one."""
    folder.mkdir(parents=True)
    held = []
    for number, part in enumerate(parts):
        target = folder / f"{number:06d}{PARQUET}"
        try:
            os.link(part, target)
        except OSError:
            shutil.copyfile(part, target)
        held.append(str(target))
    return held


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A folder to write to, which becomes `out` when all is done. Those of processes that were killed, wherever that was, go."""
    folder = aside_of(out.absolute())
    for left in folder.parent.glob(f".{escape(out.name)}.*.tmp"):
        if (left / _LOCK).exists():
            with suppress(TransientError, OSError), held_at_once(left / _LOCK, "its process lives"):
                shutil.rmtree(left, ignore_errors=True)
        if is_left_aside(left):
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with held_at_once(folder / _LOCK, f"{folder} is taken for one that a killed process left"):
            yield folder
            if out.exists():
                out.rmdir()
            folder.rename(out)
            (out / _LOCK).unlink()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- DuckDB --------------------------------------------------------------------------------------------------------------


def _by_duckdb(folder: Path, files: dict[str, list[str]], settings: Settings) -> dict[str, int]:
    scratch = folder / "derive.duckdb"
    row_counts = {}
    with duckdb.connect(str(scratch)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{settings.load_memory_mb}MiB'")
        for statement in ddl():
            connection.execute(statement)
        create_macros(connection)
        for name, paths in files.items():
            if paths:
                source = "read_parquet(?, hive_partitioning = false, union_by_name = true)"
                connection.execute(f"insert into {name} by name select * from {source}", [paths])
        changes = Changes(connection, is_whole=True)
        for step, names in SPREAD.items():
            step.update(changes)
            for name in names:
                (folder / name).mkdir()
                connection.execute(f"copy {name} to {quoted(str(folder / name / 'part-0.parquet'))} (format parquet, compression zstd)")
                row_counts[name] = row_count(connection, name)
    scratch.unlink()
    return row_counts


# --- Spark ---------------------------------------------------------------------------------------------------------------


def _by_spark(folder: Path, files: dict[str, list[str]], settings: Settings) -> dict[str, int]:
    plan, counts, failure, scratch = folder / "plan.json", folder / "counts.json", folder / "failure.json", folder / "scratch"
    size = sum(Path(path).stat().st_size for paths in files.values() for path in paths)
    told = {"files": files, "bytes": size, "out": str(folder), "scratch": str(scratch), "counts": str(counts), "failure": str(failure)}
    plan.write_text(json.dumps(told), "utf-8")
    submit(_APPLICATION, [str(plan)], folder / "spark.log", failure, settings.load_memory_mb)
    row_counts = json.loads(counts.read_text("utf-8"))
    for file in (plan, counts, folder / "spark.log"):
        file.unlink()
    shutil.rmtree(scratch)
    return row_counts
