"""Great Expectations suites: generated from the schema, and an expectation of its own for each hand-written rule.

A check is an expectation with the reason that its failing rows get. `gx.py` is imported inside: it costs seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.quality.reasons import REASONS
from broadsheet.quality.rules import RULES
from broadsheet.tables.demands import BLANKS, not_blank, required
from broadsheet.tables.fields import Field
from broadsheet.tables.schema import TABLES, Table

ROW = "__row"  # row number, by which GX names failing rows
RULE_PREFIX = "__rule_"
EXAMPLES = 3
EXAMPLE_CHARS = 120
# What the schema demands of whole rows, and Great Expectations has no class for: reason -> class.
OF_ROWS = {"null_value": "ExpectRequiredValuesToBeThere", "blank_value": "ExpectTextsToSaySomething"}
WrongCells = dict[str, tuple[int, ...]]  # column -> rows
# Checked by the hand-written rules and the key alone: these tables are long and written by one place in the code.
LEAN_TABLES = {"page_blocks": ("block_label",)}


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of a table's suite. `columns` are what it looks at; `column` is named where it is a single one."""

    reason: str
    column: str | None
    expectation: str  # name of the GX class
    arguments: dict[str, Any]
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.reason}:{self.column}" if self.column else self.reason

    @property
    def meaning(self) -> str:
        return REASONS[self.reason].text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check: numbers of the failing rows, and some of their values."""

    check: Check
    checked: int
    failed_rows: tuple[int, ...]
    examples: tuple[str, ...]


def checks(table: Table) -> Iterator[Check]:
    """The table's suite: key, values that must be there, columns in order, rules.

    An expectation costs GX some 30 ms however few the rows, so that missing and blank values are one expectation a table each,
    over a column of booleans; the rejection names the columns.
    """
    if len(table.key) == 1:
        yield Check("duplicate_key", table.key[0], "ExpectColumnValuesToBeUnique", {"column": table.key[0]})
    else:
        yield Check("duplicate_key", None, "ExpectCompoundColumnsToBeUnique", {"column_list": list(table.key)}, table.key)
    for reason, expectation in OF_ROWS.items():
        yield _holds(reason, expectation)
    lean = LEAN_TABLES.get(table.name)
    for field in table.fields:
        if lean is None or field.name in lean:
            yield from _column_checks(field)
    for rule in RULES:
        if rule.table == table.name:
            yield _holds(rule.reason, rule.expectation, rule.columns)


def _asked_columns(check: Check) -> list[str]:
    """Columns of the batch that the expectation itself looks at."""
    arguments = check.arguments
    return arguments["column_list"] if "column_list" in arguments else [arguments["column"]]


def _holds(reason: str, expectation: str, columns: tuple[str, ...] = ()) -> Check:
    """A rule of whole rows: its expectation looks at the batch's computed column."""
    return Check(reason, None, expectation, {"column": RULE_PREFIX + reason}, columns)


def own_expectations() -> dict[str, str]:
    """The expectations that Great Expectations does not have: name of the class -> reason of the rows for which it fails."""
    return {expectation: reason for reason, expectation in OF_ROWS.items()} | {rule.expectation: rule.reason for rule in RULES}


def no_value(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows[column].isna()


def is_blank(rows: pd.DataFrame, column: str) -> pd.Series:
    """Nothing but blanks; zero-width characters and NBSP are blanks too, as in `text.fold_blanks`."""
    return (rows[column].str.strip(BLANKS) == "").astype(bool)


def _column_checks(field: Field) -> Iterator[Check]:
    column = {"column": field.name}
    if field.allowed is not None:
        yield Check("not_allowed", field.name, "ExpectColumnValuesToBeInSet", {**column, "value_set": [str(value) for value in field.allowed]})
    elif field.pattern is not None:
        yield Check("pattern_mismatch", field.name, "ExpectColumnValuesToMatchRegex", {**column, "regex": rf"^(?:{field.pattern})\Z"})
    if field.minimum is not None or field.maximum is not None:
        yield Check("out_of_bounds", field.name, "ExpectColumnValuesToBeBetween", {**column, "min_value": field.minimum, "max_value": field.maximum})


def run_suite(table: Table, rows: pd.DataFrame, frames: dict[str, pd.DataFrame], wrong: WrongCells | None = None) -> list[Outcome]:
    """Run a table's suite over its batch. Raises RuntimeError naming the expectation that GX itself could not run.

    Parameters
    ----------
    rows, frames : the batch, and the batches of all tables by name.
    wrong : cells that could not be turned into their column's type (NULL in `rows`), from `typed`.
    """
    wrong = wrong or {}
    suite = list(checks(table))
    # GX copies what it is given for many an expectation: not the texts, which only the rules look at
    asked = {column for check in suite for column in _asked_columns(check)}
    batch = rows[[column for column in rows.columns if column in asked]].copy(deep=False)
    batch[ROW] = range(len(batch))
    missing = pd.DataFrame({column: no_value(rows, column) for column in required(table)})
    for column in missing.columns.intersection(list(wrong)):
        missing.loc[missing.index[list(wrong[column])], column] = False
    blank = pd.DataFrame({column: is_blank(rows, column) for column in not_blank(table)}, index=rows.index)
    batch[RULE_PREFIX + "null_value"] = ~missing.any(axis=1)
    batch[RULE_PREFIX + "blank_value"] = ~blank.any(axis=1)
    for rule in RULES:
        if rule.table == table.name:
            batch[RULE_PREFIX + rule.reason] = rule.holds(rows, frames).fillna(True).astype(bool)
    results = _validate(table.name, batch, suite)
    outcomes = [_outcome(check, result, rows, {"null_value": missing, "blank_value": blank}) for check, result in zip(suite, results, strict=True)]
    return [_type_outcome(table, rows, wrong), *outcomes]


def typed(table: Table, rows: pa.Table) -> tuple[pa.Table, WrongCells]:
    """The batch in the declared types, and the rows by column whose value does not fit (NULL in the batch). A time without zone fits no instant.

    Raises ValueError for columns that are missing or unknown: then the program and the schema disagree, not a row.
    """
    if set(rows.column_names) != set(table.columns):
        raise ValueError(f"{table.name}: columns {sorted(set(rows.column_names) ^ set(table.columns))} are missing or unknown")
    wrong: WrongCells = {}
    columns = []
    for field in table.arrow:
        cells = rows[field.name]
        if cells.type != field.type:
            cells, misfits = _cast(cells, field.type)
            if misfits:
                wrong[field.name] = misfits
        columns.append(cells)
    # NULLs in required columns are found by the suite, so that the schema of the batch must bear them
    return pa.table(columns, schema=pa.schema([field.with_nullable(True) for field in table.arrow])), wrong


def _cast(cells: pa.ChunkedArray, kind: pa.DataType) -> tuple[pa.ChunkedArray, tuple[int, ...]]:
    if differ_in_zone(cells.type, kind):
        return pa.chunked_array([pa.nulls(len(cells), kind)]), tuple(pc.indices_nonzero(cells.is_valid()).to_pylist())
    try:
        return cells.cast(kind), ()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    fitting, misfits = [], []
    for row, cell in enumerate(cells):
        try:
            fitting.append(cell.cast(kind).as_py())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            fitting.append(None)
            misfits.append(row)
    return pa.chunked_array([pa.array(fitting, kind)]), tuple(misfits)


def differ_in_zone(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether one is an instant and the other a wall clock. Arrow would take the one for the other, in UTC."""
    return pa.types.is_timestamp(found) and pa.types.is_timestamp(wanted) and (found.tz is None) != (wanted.tz is None)


def _type_outcome(table: Table, rows: pd.DataFrame, wrong: WrongCells) -> Outcome:
    """Types are proved by Arrow; pandas, and so GX, would show its own."""
    check = Check("wrong_type", None, "typed", {})
    failed = tuple(sorted({row for misfits in wrong.values() for row in misfits}))
    return Outcome(check, len(rows), failed, tuple(f"{column}: {len(misfits)} rows" for column, misfits in wrong.items())[:EXAMPLES])


def _validate(name: str, batch: pd.DataFrame, suite: list[Check]) -> list[Any]:
    """GX's results, in the order of the suite. Rows are asked for where an expectation does not hold: to name them costs as much again."""
    from broadsheet.quality import gx

    expectations = [(check.expectation, check.arguments) for check in suite]
    results = gx.validate(name, batch, expectations, {"result_format": "BOOLEAN_ONLY"})
    if failed := [number for number, result in enumerate(results) if not result.success]:
        with_rows = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW], "include_unexpected_rows": False}
        for number, result in zip(failed, gx.validate(name, batch, [expectations[n] for n in failed], with_rows), strict=True):
            results[number] = result
    return results


def _outcome(check: Check, result: Any, rows: pd.DataFrame, cells: dict[str, pd.DataFrame]) -> Outcome:
    raised = result.exception_info or {}
    infos = [raised] if "raised_exception" in raised else list(raised.values())
    for info in infos:
        if info.get("raised_exception"):
            raise RuntimeError(f"{check.expectation} {check.arguments} could not run: {info.get('exception_message')}")
    if result.success:
        return Outcome(check, len(rows), (), ())
    found = result.result.get("unexpected_index_list") or []
    failed = tuple(sorted({int(item[ROW]) for item in found}))
    if not failed:
        raise RuntimeError(f"{check.expectation} {check.arguments} failed without naming rows: {result.result}")
    return Outcome(check, len(rows), failed, _examples(check, rows, failed, cells))


def _examples(check: Check, rows: pd.DataFrame, failed: tuple[int, ...], cells: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """What some failing rows have in the columns that the check looks at."""
    if check.reason in cells:
        counts = cells[check.reason].sum()
        return tuple(f"{column}: {count} rows" for column, count in counts[counts > 0].items())[:EXAMPLES]
    shown = rows.iloc[list(failed[:EXAMPLES])]
    if check.column:
        return tuple(str(value)[:EXAMPLE_CHARS] for value in shown[check.column])
    return tuple(", ".join(f"{column}={str(row[column])[:EXAMPLE_CHARS]}" for column in check.columns) for _, row in shown.iterrows())


def tables_with_suites() -> tuple[Table, ...]:
    return tuple(table for table in TABLES.values() if table.layer in ("entity", "event"))
