"""Sorting the search index as a whole again.

Each load appends postings that are sorted among themselves. A question reads a stretch for each of its terms from each of these runs: after many
loads it reads many times what it needs. To sort takes time by the size of the index, not of a load, so that it is maintenance: some minutes a
day or a week, while readers go on with the published file.
"""

import duckdb

from broadsheet.lake import Lake
from broadsheet.settings import Settings
from broadsheet.tables.ddl import comments, create_table
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.build import copy_to_standby, only_writer, open_build, published_snapshots, snapshot_ids
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.load import publish
from broadsheet.warehouse.parts import Parts, require_warehouse, undo_unpublished
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.statements import row_count

INDEX = "search_postings"
ENOUGH_RUNS = 4  # fewer are read nearly as fast as one
STRETCH_ROWS = 20_000_000  # sorted in memory at a time
TERM_NUMBERS = 2**60  # they are hashes, and so spread evenly


def sorted_runs(lake: Lake) -> int:
    """How many sorted runs the published search index consists of; 0 for an empty one."""
    with connect(lake.root) as connection:
        # in the order of the table, which a window without an order keeps
        neighbours = f"select term_number, lag(term_number) over () as previous from {INDEX}"
        sql = f"select count(*) filter (term_number < previous), count(*) from ({neighbours})"
        falls, rows = connection.execute(sql).fetchall()[0]
    return falls + 1 if rows else 0


def compact(lake: Lake, settings: Settings) -> tuple[int, int]:
    """Sort the search index if it has come apart, and publish the same state so; returns its runs before and after.

    No row changes, so that no snapshot is added. Raises ConfigurationError where nothing was published, TransientError while a load is at work.
    """
    with only_writer(lake):
        require_warehouse(lake)
        undo_unpublished(lake, set(published_snapshots(lake)))
        before = sorted_runs(lake)
        if before < ENOUGH_RUNS:
            return before, before
        with open_build(lake, "compact", settings) as build:
            if build.is_whole:  # of an earlier program: the next load derives the index anew, as one run
                return before, before
            _sort(build.connection)
            latest = snapshot_ids(build.connection)[-1]
            publish(lake, build, Changes(build.connection), Parts(lake, latest), latest, kept=settings.kept_snapshots)
            copy_to_standby(lake)
    return before, sorted_runs(lake)


def _sort(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the table anew, stretch by stretch of its terms."""
    table = TABLES[INDEX]
    connection.execute(f"alter table {INDEX} rename to unsorted")
    for statement in (create_table(table), *comments(table)):
        connection.execute(statement)
    rows = row_count(connection, "unsorted")
    stretches = -(-rows // STRETCH_ROWS)
    for stretch in range(stretches):
        first, last = (TERM_NUMBERS * number // stretches for number in (stretch, stretch + 1))
        connection.execute(
            f"insert into {INDEX} by name from unsorted where term_number >= {first} and term_number < {last} order by {', '.join(table.sort)}"
        )
    if (written := row_count(connection, INDEX)) != rows:
        raise AssertionError(f"{INDEX}: {written} of {rows} rows were sorted")
    connection.execute("drop table unsorted")
