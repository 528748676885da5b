"""Every table has its suite in the layers that apply to it, and a fault that is put into any table is told by the check that is there for it."""

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from loads import filled

from broadsheet.lake import Lake
from broadsheet.quality.reasons import REASONS
from broadsheet.quality.suites import LEAN_TABLES, checks, run_suite, tables_with_suites
from broadsheet.tables.ddl import create_table
from broadsheet.tables.demands import not_blank, required
from broadsheet.tables.fields import Field
from broadsheet.tables.schema import TABLES, Table
from broadsheet.warehouse.audit import LAYERS, all_assertions, findings
from broadsheet.warehouse.audit_rules import ROW_RULES
from broadsheet.warehouse.changes import Changes

NOWHERE = "f" * 20
AUDITED = [table for table in TABLES.values() if table.layer in LAYERS]
SUITED = list(tables_with_suites())


def test_every_table_is_checked_by_a_suite_or_by_the_audit_of_its_rows():
    assert {table.name for table in (*AUDITED, *SUITED)} == set(TABLES)
    assert not {table.name for table in AUDITED} & {table.name for table in SUITED}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_what_the_schema_demands_of_a_table_is_checked_column_by_column(table):
    audited = {assertion.name for assertion in all_assertions() if assertion.table == table.name}
    assert f"assert_{table.name}_has_each_key_once" in audited
    assert {f"assert_every_{column}_of_{table.name}_is_in_{parent}" for column, (parent, _) in table.references.items()} <= audited
    if table in SUITED:
        lean = LEAN_TABLES.get(table.name, table.columns)
        fields = [field for field in table.fields if field.name in lean]
        expected = {"null_value", "blank_value"} | {name for field in fields for name in suite_names(field)}
        assert expected <= {check.name for check in checks(table)}
    else:
        assert {name for field in table.fields for name in audit_names(table, field)} <= audited


def suite_names(field: Field) -> set[str]:
    names = {"not_allowed" if field.allowed else "pattern_mismatch"} if field.allowed or field.pattern else set()
    names |= {"out_of_bounds"} if field.minimum is not None or field.maximum is not None else set()
    return {f"{name}:{field.name}" for name in names}


def audit_names(table: Table, field: Field) -> set[str]:
    """Sentences of what the schema demands of a column; a reference has the form of what it names."""
    endings = set() if field.nullable else {"is_there"}
    if field.allowed:
        endings.add("is_allowed")
    elif field.pattern and field.name not in table.references:
        endings.add("has_its_form")
    elif field.name in not_blank(table) and not field.nullable and field.name not in table.references:
        endings.add("says_something")
    if field.minimum is not None or field.maximum is not None:
        endings.add("is_within_bounds")
    return {f"assert_every_{field.name}_of_{table.name}_{ending}" for ending in endings}


def test_every_check_says_what_it_means_and_what_to_do():
    listed = list(all_assertions())
    assert len({assertion.name for assertion in listed}) == len(listed)
    for assertion in listed:
        assert len(assertion.told.text) > 40 and assertion.told.text.endswith("."), assertion.name
    general = {REASONS["contradiction"].meaning, REASONS["contradiction"].remedy}
    assert not [one.name for one in listed if one.reason == "contradiction" and {one.meaning, one.remedy} & {"", *general}]


# --- faults in operation and derived tables ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(sample_run) -> duckdb.DuckDBPyConnection:
    """The sample's warehouse in memory, without constraints; tables that it has no rows of get one."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"attach '{Lake(sample_run[0]).warehouse}' as published (read_only)")
    for name, table in TABLES.items():
        connection.execute(f"create table {name} as select {', '.join(table.columns)} from published.{name}")
        if not connection.execute(f"from {name} limit 1").fetchall():
            connection.register("made_up", pa.Table.from_pylist([filled(name, {})], schema=open_schema(table)))
            connection.execute(f"insert into {name} from made_up")
    return connection


@pytest.fixture
def warehouse(copy):
    copy.begin()
    yield copy
    copy.rollback()


def open_schema(table: Table) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in table.arrow])


def told(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {finding.partition(":")[0] for finding in findings(Changes(connection, is_whole=True))}


def set_in_first_row(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    for column, value in values.items():
        connection.execute(f"update {table} set {column} = ? where rowid = (select min(rowid) from {table})", [value])


def test_nothing_is_told_of_the_sample(sample_run):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{Lake(sample_run[0]).warehouse}' as published (read_only)")
        for name in TABLES:
            connection.execute(f"create table {name} as from published.{name}")
        assert findings(Changes(connection, is_whole=True)) == []


def test_a_missing_value_is_told_in_every_required_column(warehouse):
    expected = set()
    for table in AUDITED:
        set_in_first_row(warehouse, table.name, **dict.fromkeys(required(table)))
        expected |= {f"assert_every_{column}_of_{table.name}_is_there" for column in required(table)}
    assert len(expected) > 100
    assert expected - told(warehouse) == set()


def test_no_missing_value_can_be_loaded():
    with duckdb.connect() as connection:
        for table in TABLES.values():
            connection.execute(create_table(table))
            asked = f"select column_name from duckdb_columns() where table_name = '{table.name}' and not is_nullable"
            assert {column for (column,) in connection.execute(asked).fetchall()} == set(required(table)), table.name


def test_a_value_that_is_not_allowed_or_has_another_form_is_told_in_every_column(warehouse):
    wrong = {"is_allowed": "?", "has_its_form": "?", "says_something": " \u200b"}
    expected = set()
    for table in AUDITED:
        for field in table.fields:
            for ending, value in wrong.items():
                if (name := f"assert_every_{field.name}_of_{table.name}_{ending}") in audit_names(table, field):
                    set_in_first_row(warehouse, table.name, **{field.name: value})
                    expected.add(name)
    assert {"assert_every_stage_of_stage_outcomes_is_allowed", "assert_every_term_of_search_terms_says_something"} <= expected
    assert expected - told(warehouse) == set()


@pytest.mark.parametrize("side", ["minimum", "maximum"])
def test_a_number_out_of_bounds_is_told_in_every_column(warehouse, side):
    expected = set()
    for table in AUDITED:
        for field in table.fields:
            bound = getattr(field, side)
            if bound is not None:
                set_in_first_row(warehouse, table.name, **{field.name: bound + (1 if side == "maximum" else -1)})
                expected.add(f"assert_every_{field.name}_of_{table.name}_is_within_bounds")
    assert expected and expected - told(warehouse) == set()


def test_a_key_that_is_there_twice_is_told_in_every_table(warehouse):
    for name in TABLES:
        warehouse.execute(f"insert into {name} from {name} limit 1")
    assert {f"assert_{name}_has_each_key_once" for name in TABLES} - told(warehouse) == set()


def test_a_reference_to_nothing_is_told_in_every_column_that_has_one(warehouse):
    expected = set()
    for table in TABLES.values():
        for column, (parent, _) in table.references.items():
            kind = table.field(column).type
            set_in_first_row(warehouse, table.name, **{column: NOWHERE if kind == "string" else -7})
            expected.add(f"assert_every_{column}_of_{table.name}_is_in_{parent}")
    assert {"assert_every_run_id_of_quality_results_is_in_runs", "assert_every_parent_snapshot_id_of_snapshots_is_in_snapshots"} <= expected
    assert expected - told(warehouse) == set()


# Rule -> values of one row for which it does not hold.
CONTRADICTIONS = {
    "assert_no_run_ends_before_it_begins": {"finished_at": "2000-01-01 00:00:00+00"},
    "assert_every_stage_accounts_for_what_came_in": {"in_count": 7, "out_count": 5, "quarantined_count": 1},
    "assert_no_stage_outcome_has_more_absences_than_news": {"new_count": 1, "absence_count": 2},
    "assert_no_check_fails_for_more_than_it_looked_at": {"checked_count": 1, "failed_count": 2},
    "assert_a_check_holds_where_nothing_failed_and_nowhere_else": {"is_success": True, "failed_count": 1},
    "assert_every_rejection_has_a_reason": {"reasons": []},
    "assert_every_rejection_says_what_was_rejected": {"scope": "row", "row_key": None},
    "assert_only_what_was_rejected_again_has_a_successor": {"quarantine_outcome": "replayed_good", "successor_id": NOWHERE},
    "assert_every_dismissal_has_a_note": {"quarantine_outcome": "dismissed", "note": " "},
    "assert_no_state_was_built_from_itself": {"snapshot_id": "same", "parent_snapshot_id": "same"},
    "assert_a_headline_is_resolved_where_one_full_headline_is_known_and_nowhere_else": {"resolution_status": "resolved", "full_headline": None},
    "assert_no_text_is_a_reprint_of_itself": {"text_id": NOWHERE, "other_text_id": NOWHERE},
    "assert_no_site_day_has_more_article_captures_than_captures": {"capture_count": 1, "article_capture_count": 2},
}  # fmt: skip
_BACKWARDS = ("2026-03-02 00:00:00+00", "2026-03-01 00:00:00+00")
SPANS = {rule.name: dict(zip(rule.columns, _BACKWARDS, strict=True)) for rule in ROW_RULES if "is_after_its" in rule.name}


def test_every_rule_of_single_rows_tells_the_row_that_contradicts_it(warehouse):
    cases = CONTRADICTIONS | SPANS
    assert {rule.name for rule in ROW_RULES} == set(cases)
    for rule in ROW_RULES:
        warehouse.execute(f"insert into {rule.table} from {rule.table} limit 1")  # a row of its own for each rule, beside sound ones
        for column, value in cases[rule.name].items():
            warehouse.execute(f"update {rule.table} set {column} = ? where rowid = (select max(rowid) from {rule.table})", [value])
    assert set(cases) - told(warehouse) == set()


def test_rules_across_rows_and_tables_tell_what_contradicts_them(warehouse):
    warehouse.execute("update reprint_clusters set article_count = article_count + 1")
    warehouse.execute(
        "update quarantine_outcomes set quarantine_id = (select min(quarantine_id) from quarantine), decided_at = '2000-01-01 00:00:00+00'"
    )
    warehouse.execute(
        "insert into snapshots select * replace ('later' as snapshot_id, snapshot_id as parent_snapshot_id, "
        "snapshot_published_at - interval 1 hour as snapshot_published_at) from snapshots limit 1"
    )
    expected = {
        "assert_every_reprint_cluster_has_its_members",
        "assert_no_rejection_was_settled_before_it_was_made",
        "assert_no_state_is_older_than_the_one_it_was_built_from",
    }
    assert expected - told(warehouse) == set()


# --- faults in the tables of captures ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch(copy) -> dict[str, pd.DataFrame]:
    return {
        table.name: copy.execute(f"select {', '.join(table.columns)} from {table.name} limit 20").to_arrow_table().to_pandas() for table in SUITED
    }


@pytest.mark.parametrize("table", SUITED, ids=lambda table: table.name)
def test_faults_of_a_row_are_told_by_the_suite_of_its_table(batch, table):
    """The first row once more, one without values, and one with values that are not allowed and below their bounds."""
    first = batch[table.name].iloc[[0]]
    without = first.assign(**{column: pd.Series([None], index=first.index, dtype=object) for column in required(table)})
    lean = LEAN_TABLES.get(table.name, table.columns)
    wrong = first.copy()
    expected = {"null_value", "duplicate_key" if len(table.key) > 1 else f"duplicate_key:{table.key[0]}"}
    for field in table.fields:
        if field.name in lean and field.allowed:
            wrong[field.name] = "?"
            expected.add(f"not_allowed:{field.name}")
        if field.name in lean and field.minimum is not None:
            wrong[field.name] = field.minimum - 1
            expected.add(f"out_of_bounds:{field.name}")
    rows = pd.concat([batch[table.name], first, without, wrong], ignore_index=True)
    told = {outcome.check.name for outcome in run_suite(table, rows, {**batch, table.name: rows}) if outcome.failed_rows}
    assert expected - told == set()
