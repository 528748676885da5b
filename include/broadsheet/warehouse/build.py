"""The file that a load writes to, beside the published one, and the switch from one to the other.

There are two files by turns. The one that was published before the present one stands by, and follows by what the last load changed; the next
load adds to it and publishes it by one rename. So a load costs what it changes, and not a copy of all. The file is copied where none
stands by: for the second load of a lake, after a load that failed, while a reader still holds the old file, on a file system without
hard links.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from broadsheet.errors import ConfigurationError
from broadsheet.ids import make_id
from broadsheet.lake import TABLES, WITHDRAWN, Lake
from broadsheet.settings import Settings
from broadsheet.store import store_of
from broadsheet.tables.ddl import create_indexes, ddl, quoted
from broadsheet.tables.schema import TABLES as ROW_TABLES
from broadsheet.transient import held, room_needed
from broadsheet.warehouse.changes import apply
from broadsheet.warehouse.derived import derivation_id
from broadsheet.warehouse.macros import macro_statements
from broadsheet.warehouse.migrate import drop_derived, fill, has_rows, make_room, require_known
from broadsheet.warehouse.query import open_published
from broadsheet.warehouse.views import view_statements

LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Build:
    """A warehouse to write to. `is_whole`: it was empty, or is to be derived anew, so that all its rows count as changed."""

    file: Path
    connection: duckdb.DuckDBPyConnection
    is_whole: bool


@contextmanager
def only_writer(lake: Lake, *, is_taken_over: bool = False) -> Iterator[None]:
    """Raises TransientError while another load is at work, and where the disk is full; ConfigurationError where another working directory publishes
    what the store holds.

    Parameters
    ----------
    is_taken_over : this one does from now on.
    """
    store = store_of(lake)
    with room_needed(), held(lake.warehouse.parent / ".writer.lock", "another load", LOCK_SECONDS):
        store.claim(is_taken_over=is_taken_over)
        yield
        store.trim(TABLES, WITHDRAWN)


@contextmanager
def open_build(lake: Lake, name: str, settings: Settings, *, is_empty: bool = False) -> Iterator[Build]:
    """A warehouse that holds what is published, or an empty one; removed at the end unless it was published. The process stands back for
    others from here on (`give_way`), whatever is to be published: a load, a reparse, a replay, an earlier state.

    One of an earlier schema version is brought up to date. Raises ConfigurationError for a published file that is damaged or that a newer
    program wrote.
    """
    give_way(settings)
    remove_builds(lake)
    file = lake.warehouse.parent / f".build-{make_id('build', name)}.duckdb"
    is_new = is_empty or not lake.warehouse.exists()
    try:
        if not is_new and not _followed(lake, file):
            shutil.copyfile(lake.warehouse, file)
        with _writable(file) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"set memory_limit = '{settings.load_memory_mb}MiB'")
            is_old = _prepare(connection, lake)
            yield Build(file, connection, is_new or is_old)
    finally:
        remove_builds(lake)


def give_way(settings: Settings) -> None:
    """Let the process stand back for others by `load_niceness`: the warehouse's readers are answered first.

    For good: a process cannot take its priority back. Does nothing where processes have no niceness.
    """
    if hasattr(os, "nice"):
        os.nice(max(0, settings.load_niceness - os.nice(0)))


def publish_build(lake: Lake, build: Path) -> None:
    """Make the build the published warehouse by one rename. Readers that hold the old file keep it; it stands by for the next load."""
    with build.open("rb") as file:
        os.fsync(file.fileno())
    following = lake.standby.with_name(f"{lake.standby.name}.new")
    following.unlink(missing_ok=True)
    if lake.warehouse.exists():
        try:
            os.link(lake.warehouse, following)
        except OSError:  # a file system without hard links
            following.unlink(missing_ok=True)
    build.replace(lake.warehouse)
    if following.exists():
        following.replace(lake.standby)
    else:
        lake.standby.unlink(missing_ok=True)
    folder = os.open(lake.warehouse.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def let_follow(lake: Lake) -> None:
    """Bring the file that stands by to the published state. One that a reader holds follows when the next load begins."""
    file = lake.warehouse.parent / ".build-follow.duckdb"
    if _followed(lake, file, is_kept=True):
        file.replace(lake.standby)


def copied_rows(lake: Lake, build: Build) -> Path:
    """A new file with the build's rows, in their order, and nothing else. Of rows that were removed, a file keeps bytes in its free blocks."""
    file = lake.warehouse.parent / f".build-{make_id('build', 'rows', build.file.name)}.duckdb"
    with _writable(file) as fresh:
        fresh.execute("set TimeZone = 'UTC'")
        _prepare(fresh, lake)
    build.connection.execute(f"attach {quoted(str(file))} as fresh")
    for name in ROW_TABLES:
        build.connection.execute(f"insert into fresh.{name} by name from {name}")
    build.connection.execute("detach fresh")
    with _writable(file) as fresh:
        for statement in create_indexes():
            fresh.execute(statement)
        fresh.execute("checkpoint")
    return file


def copy_to_standby(lake: Lake) -> None:
    """Let a copy of the published file stand by: the one that does holds the same rows, but not in the same order."""
    following = lake.standby.with_name(f"{lake.standby.name}.new")
    shutil.copyfile(lake.warehouse, following)
    following.replace(lake.standby)


def snapshot_ids(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Published states that a warehouse tells of, the oldest first."""
    return [name for (name,) in connection.execute("select snapshot_id from snapshots order by snapshot_published_at, snapshot_id").fetchall()]


def published_snapshots(lake: Lake) -> list[str]:
    """Published states, the oldest first; none where nothing was published."""
    if not lake.warehouse.exists():
        return []
    with open_published(lake.warehouse) as connection:
        return snapshot_ids(connection)


@contextmanager
def _writable(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(file))
    except duckdb.Error as error:
        raise ConfigurationError(f"{file} cannot be opened: {error}") from error
    with connection:
        yield connection


def remove_builds(lake: Lake) -> None:
    """Remove what is not published, as the only writer: builds, also of loads that died."""
    for stale in (*lake.warehouse.parent.glob(".build-*"), lake.standby.with_name(f"{lake.standby.name}.new")):
        if stale.is_dir():  # what DuckDB put down while memory was short
            shutil.rmtree(stale, ignore_errors=True)
        else:
            stale.unlink(missing_ok=True)


def _followed(lake: Lake, file: Path, *, is_kept: bool = False) -> bool:
    """Make `file` from the one that stands by, brought to the published state. False if none does, or it cannot follow.

    Parameters
    ----------
    is_kept : one that a reader holds goes on standing by.
    """
    if not lake.standby.exists() or _is_open_here(lake.standby):
        return False
    lake.standby.replace(file)  # from here on nobody takes it for a whole one
    published = published_snapshots(lake)
    try:
        connection = duckdb.connect(str(file))
    except duckdb.Error:  # a reader holds it, or it is damaged
        if is_kept:
            file.replace(lake.standby)
            return False
        return _drop(file)
    try:
        with connection:
            at = snapshot_ids(connection)
            missed = published[len(at) :]
            if published[: len(at)] != at or any(not lake.changes(snapshot).is_dir() for snapshot in missed):
                return _drop(file)
            connection.execute("set TimeZone = 'UTC'")
            for snapshot in missed:
                apply(connection, lake.changes(snapshot))
            connection.execute("checkpoint")
            return True
    except duckdb.Error:  # another schema: the published file is the one that counts
        return _drop(file)


def _drop(file: Path) -> bool:
    file.unlink(missing_ok=True)
    return False


def _is_open_here(file: Path) -> bool:
    """Whether this process holds the file open; locks tell other processes alone. Where that cannot be told, it is taken for open."""
    mine = file.stat()
    try:
        entries = list(os.scandir("/proc/self/fd"))
    except OSError:
        return True
    for entry in entries:
        try:
            other = Path(entry.path).stat()
        except OSError:  # the descriptor that lists the folder
            continue
        if (other.st_dev, other.st_ino) == (mine.st_dev, mine.st_ino):
            return True
    return False


def _prepare(connection: duckdb.DuckDBPyConnection, lake: Lake) -> bool:
    """Make what is missing, and bring rows that an earlier program wrote up to date; returns whether there were any."""
    has_old_rows = require_known(schema_version(connection), lake.warehouse)
    is_defined = _mark(connection, "definitions_id") == _definitions_id()
    is_old = has_old_rows or (not is_defined and has_rows(connection) and _mark(connection, "derivation_id") != derivation_id())
    if has_old_rows:
        make_room(connection)
    if is_old:
        drop_derived(connection)
    if is_old or not is_defined:
        connection.begin()  # one by one, the hundreds of statements take three times as long
        for statement in (*_definitions(), *_marks()):
            connection.execute(statement)
        connection.commit()
    if has_old_rows:
        fill(connection)
    return is_old


@cache
def _definitions() -> tuple[str, ...]:
    """Statements that make tables, functions and views."""
    return (*ddl(), *macro_statements(), *view_statements())


@cache
def _definitions_id() -> str:
    return make_id("definitions", *_definitions())


def _marks() -> Iterator[str]:
    """Functions that tell a later load by which program the file was made: `definitions_id` whether anything must be defined anew,
    `derivation_id` whether the derived rows must be made anew."""
    for name, value in (("definitions_id", _definitions_id()), ("derivation_id", derivation_id())):
        yield f"create or replace macro {name}() as '{value}'"


def _mark(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    found = connection.execute("select macro_definition from duckdb_functions() where function_name = ?", [name]).fetchall()
    return found[0][0].strip("'") if found else None


def schema_version(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Newest schema version of the runs that a warehouse holds; None if it holds none."""
    if not connection.execute("select 1 from duckdb_tables() where table_name = 'runs'").fetchall():
        return None
    newest = connection.execute("select max(cast(schema_version as integer)) from runs").fetchall()[0][0]
    return None if newest is None else str(newest)
