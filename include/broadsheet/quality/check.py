"""Data tests of Parquet that is there: a lake, or files that another program wrote in the schema.

First every file is read through (`delivered.py`); what is damaged or has not the table's columns is told and left out. Then what must
hold over all rows (keys, references, feed states), and of each row of the tables that tell of runs, is asked of DuckDB, with the assertions
of the warehouse's audit. Last, the suites of the other tables run as in `validate`, over chunks: a chunk is all rows of some captures, in
every table, as a shard of a run is, so that rules across rows and tables see what they look at, however many files the rows lie in. Memory
depends on the chunk, not on the tables.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from broadsheet.errors import ConfigurationError
from broadsheet.lake import TABLES as TABLES_FOLDER
from broadsheet.lake import Lake
from broadsheet.quality.delivered import Delivered, Fault, delivered_tables, find, read_through
from broadsheet.quality.policy import ACTIONS, Policy
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.rules import RULES
from broadsheet.quality.suites import EXAMPLE_CHARS, EXAMPLES, Outcome, run_suite, tables_with_suites, typed
from broadsheet.store import PARQUET, store_of
from broadsheet.tables.ddl import DUCKDB_TYPES, quoted
from broadsheet.tables.schema import TABLES, Table
from broadsheet.warehouse.audit import Assertion, assertions
from broadsheet.warehouse.changes import Changes

CHUNK_ROWS = 100_000
CHUNK_BYTES = 256 * 1024 * 1024
DUCKDB_MEMORY = "1GiB"
DUCKDB_THREADS = 4  # each wants a share of the memory
FILE_REASONS = ("damaged_file", "missing_column", "missing_nullable_column", "unknown_column", "wrong_type")
# What the suite asks of a chunk and the audit of all rows.
OVER_ALL_ROWS = frozenset({"duplicate_key", "ranks_not_dense", "entry_count_mismatch", "wrong_type"})


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one table.

    Attributes
    ----------
    action : what the policy does about a failure: warn, quarantine, stop.
    text : what a failure means and what to do.
    unit : what is counted: ``rows``, ``files``, or ``findings`` where a failing key or state stands for several rows.
    examples, row_keys : of some that failed.
    not_run : why the check could not be made; None where it was.
    """

    table: str
    check: str
    reason: str
    action: str
    checked: int
    text: str
    failed: int = 0
    unit: str = "rows"
    examples: tuple[str, ...] = ()
    row_keys: tuple[str, ...] = ()
    is_stop: bool = False
    not_run: str | None = None

    @property
    def severity(self) -> str | None:
        """The action that follows; None where the check holds or was not made."""
        if not self.failed:
            return None
        return "stop" if self.is_stop else self.action


@dataclass(frozen=True, slots=True)
class Report:
    """All results, by table in the schema's order. `row_counts` are of the tables that were checked."""

    path: Path
    row_counts: dict[str, int]
    results: list[Result]

    @property
    def severity(self) -> str | None:
        """The gravest action that follows; None where all holds."""
        found = {result.severity for result in self.results}
        return next((action for action in reversed(ACTIONS) if action in found), None)


def check(path: Path, policy: Policy, tables: tuple[str, ...] = (), chunk_rows: int = CHUNK_ROWS) -> Report:
    """Check the Parquet files in `path`.

    Parameters
    ----------
    tables : check only these; the others are read as far as they are referred to. All without it.
    chunk_rows : rows of all tables that are checked at a time, about.

    Raises ConfigurationError for an unknown table or a directory that holds no table.
    """
    known = [table.name for table in delivered_tables()]
    if unknown := [name for name in tables if name not in known]:
        raise ConfigurationError(f"there is no table {unknown[0]!r} in Parquet; tables are {', '.join(known)}")
    if (lake := Lake.at(path)).binding:
        store_of(lake).files(TABLES_FOLDER, PARQUET)
    found, faults = find(path)
    faults += [Fault(name, "missing_table", name, "there is no file of it") for name in tables if name not in found]
    for delivered in found.values():
        faults += read_through(delivered, path)
    chosen = [name for name in known if name in found and (not tables or name in tables)]
    with tempfile.TemporaryDirectory(prefix="broadsheet-check-") as scratch, _connect(Path(scratch)) as connection:
        for table in TABLES.values():
            connection.execute(_view(table, found.get(table.name)))
        over_all, missing = _audit(connection, found, chosen, policy)
        over_chunks = list(_suites(connection, found, chosen, policy, chunk_rows))
    results = [*_of_files(found, chosen, [*faults, *missing], policy), *over_all, *over_chunks]
    order = {name: number for number, name in enumerate(known)}
    results.sort(key=lambda result: order.get(result.table, len(order)))
    return Report(path, {name: found[name].row_count for name in chosen}, results)


# --- files -----------------------------------------------------------------------------------------------------------------


def _of_files(found: dict[str, Delivered], chosen: list[str], faults: list[Fault], policy: Policy) -> Iterator[Result]:
    """One result for each table and reason that files can fail for."""
    told: dict[tuple[str, str], list[Fault]] = {(name, reason): [] for name in chosen for reason in FILE_REASONS}
    for fault in faults:
        if fault.table in chosen or fault.table not in found:
            told.setdefault((fault.table, fault.reason), []).append(fault)
    for (name, reason), of_reason in told.items():
        checked = len(found[name].files) if name in found else 1
        yield Result(
            table=name,
            check=reason,
            reason=reason,
            action=policy.action(reason),
            checked=checked,
            text=REASONS[reason].text,
            failed=len({fault.file for fault in of_reason}),
            unit="files",
            examples=tuple(dict.fromkeys(f"{fault.file}: {fault.detail}"[: 2 * EXAMPLE_CHARS] for fault in of_reason))[: 3 * EXAMPLES],
            is_stop=policy.stops(reason, len({fault.file for fault in of_reason}), checked),
        )


# --- all rows, in DuckDB ---------------------------------------------------------------------------------------------------


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        str(scratch / "check.duckdb"),
        config={
            "memory_limit": DUCKDB_MEMORY,
            "temp_directory": str(scratch / "spilled"),
            "preserve_insertion_order": False,
            "threads": min(os.cpu_count() or 1, DUCKDB_THREADS),
        },
    )
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _view(table: Table, delivered: Delivered | None) -> str:
    """A view of a table's sound files in the schema's types; empty where there are none."""
    has = delivered.columns if delivered else set()
    columns = ", ".join(
        f"cast({column.name if column.name in has else 'null'} as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in table.fields
    )
    if not delivered or not delivered.sound:
        return f"create view {table.name} as select {columns} where false"
    files = ", ".join(quoted(str(file)) for file in delivered.sound)
    return f"create view {table.name} as select {columns} from read_parquet([{files}], hive_partitioning = false, union_by_name = true)"


def _audit(connection: duckdb.DuckDBPyConnection, found: dict[str, Delivered], chosen: list[str], policy: Policy) -> tuple[list[Result], list[Fault]]:
    """Results of the audit's assertions, and the tables that are referred to and are not there."""
    results: list[Result] = []
    missing: dict[str, Fault] = {}
    for assertion in assertions(Changes(connection, is_whole=True)):
        if assertion.table not in chosen or any(TABLES[name].layer == "derived" for name in assertion.others):
            continue
        result = _holds(connection, assertion, found[assertion.table].row_count, policy)
        for name in (assertion.table, *assertion.others):
            if name in found and not found[name].is_whole:
                result = _not_made(result, f"files of {name} could not be taken")
            elif name not in found and result.failed:
                result = _not_made(result, f"there is no file of {name}")
                missing.setdefault(name, Fault(name, "missing_table", name, f"{assertion.table} refers to it"))
        results.append(result)
    return results, list(missing.values())


def _holds(connection: duckdb.DuckDBPyConnection, assertion: Assertion, checked: int, policy: Policy) -> Result:
    failed = connection.execute(f"select count(*) from ({assertion.query})").fetchall()[0][0]
    sample = f"select distinct * from ({assertion.query}) order by all limit {EXAMPLES}"
    shown = connection.execute(sample).to_arrow_table().to_pylist() if failed else []
    return Result(
        table=assertion.table,
        check=assertion.name,
        reason=assertion.reason,
        action=policy.action(assertion.reason),
        checked=checked,
        text=assertion.told.text,
        failed=failed,
        unit="rows" if assertion.wrong else "findings",
        examples=tuple(", ".join(f"{name}={str(value)[:EXAMPLE_CHARS]}" for name, value in row.items()) for row in shown),
        is_stop=policy.stops(assertion.reason, failed, checked),
    )


# --- suites, by chunks -----------------------------------------------------------------------------------------------------


def _suites(
    connection: duckdb.DuckDBPyConnection, found: dict[str, Delivered], chosen: list[str], policy: Policy, chunk_rows: int
) -> Iterator[Result]:
    """The results of the suites, each summed up over the chunks."""
    sound = [table for table in tables_with_suites() if table.name in found and found[table.name].sound]
    row_count, byte_count = (sum(getattr(found[table.name], size) for table in sound) for size in ("row_count", "byte_count"))
    chunk_count = max(-(-row_count // chunk_rows), -(-byte_count // CHUNK_BYTES), 1)
    if chunk_count > 1:
        for table in sound:
            connection.execute(_staged(table, chunk_count))
    lacking = {name for name, delivered in found.items() if not delivered.is_whole}
    sums: dict[tuple[str, str], Result] = {}
    for chunk in range(chunk_count):
        frames = {}
        for table in sound:
            source = f"staged_{table.name} where chunk = {chunk}" if chunk_count > 1 else table.name
            rows = connection.execute(f"select {', '.join(table.columns)} from {source} order by {', '.join(table.key)}").to_arrow_table()
            if rows.num_rows:
                frames[table.name] = typed(table, rows)[0].to_pandas()
        for table in sound:
            if table.name in chosen and table.name in frames:
                for outcome in run_suite(table, frames[table.name], frames):
                    if outcome.check.reason not in OVER_ALL_ROWS:
                        result = _result(table, outcome, frames[table.name], policy)
                        if lacking and (unread := lacking & _siblings(outcome.check.reason, table, frames)):
                            result = _not_made(result, f"files of {min(unread)} could not be taken")
                        before = sums.get((table.name, result.check))
                        sums[table.name, result.check] = _summed(before, result, policy) if before else result
    yield from sums.values()


def _not_made(result: Result, why: str) -> Result:
    """What stands for a check whose answer would be wrong."""
    return replace(result, failed=0, examples=(), row_keys=(), is_stop=False, not_run=why)


class _Reads(Mapping[str, pd.DataFrame]):
    """Frames that remember which of them were asked for."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._frames = frames
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.names.add(name)
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


def _siblings(reason: str, table: Table, frames: Mapping[str, pd.DataFrame]) -> set[str]:
    """The tables that a hand-written rule looks at besides its own."""
    reads = _Reads({name: rows.iloc[:1] for name, rows in frames.items()})
    for rule in RULES:
        if (rule.table, rule.reason) == (table.name, reason):
            rule.holds(frames[table.name].iloc[:1], reads)
    return reads.names


def _staged(table: Table, chunk_count: int) -> str:
    """A table in the order of its chunks: a chunk has the rows of some captures, whichever table they are in.

    A row that names no capture goes with the row that it is a part of, and one that belongs to no capture by its key.
    """
    join = ""
    if "capture_id" in table.columns:
        owner = "t.capture_id"
    elif "first_capture_id" in table.columns:
        owner = "t.first_capture_id"
    elif table.whole and "first_capture_id" in TABLES[table.whole[1]].columns:
        column, whole, whole_column = table.whole
        owner = f"coalesce(whole.first_capture_id, t.{column})"
        join = (
            f"left join (select {whole_column} as id, min(first_capture_id) as first_capture_id from {whole} group by all) as whole "
            f"on whole.id = t.{column}"
        )
    else:
        owner = ", ".join(f"t.{column}" for column in table.key)
    return f"create table staged_{table.name} as select t.*, hash({owner}) % {chunk_count} as chunk from {table.name} as t {join} order by chunk"


def _result(table: Table, outcome: Outcome, rows: pd.DataFrame, policy: Policy) -> Result:
    check = outcome.check
    failed = len(outcome.failed_rows)
    shown = rows.iloc[list(outcome.failed_rows[:EXAMPLES])][list(table.key)]
    return Result(
        table=table.name,
        check=check.name,
        reason=check.reason,
        action=policy.action(check.reason),
        checked=outcome.checked,
        text=check.meaning,
        failed=failed,
        examples=outcome.examples,
        row_keys=tuple("|".join(map(str, key)) for key in shown.itertuples(index=False)),
        is_stop=policy.stops(check.reason, failed, outcome.checked),
    )


def _summed(one: Result, other: Result, policy: Policy) -> Result:
    checked, failed = one.checked + other.checked, one.failed + other.failed
    examples = one.examples + other.examples
    return replace(
        one,
        checked=checked,
        failed=failed,
        examples=_cell_counts(examples) if one.reason in {"null_value", "blank_value"} else examples[:EXAMPLES],
        row_keys=(one.row_keys + other.row_keys)[:EXAMPLES],
        is_stop=policy.stops(one.reason, failed, checked),
    )


def _cell_counts(examples: tuple[str, ...]) -> tuple[str, ...]:
    """Sums of examples that count a column's cells, as "site: 3 rows"."""
    counts: Counter[str] = Counter()
    for example in examples:
        column, _, count = example.partition(": ")
        counts[column] += int(count.split()[0])
    return tuple(f"{column}: {count} rows" for column, count in counts.items())
