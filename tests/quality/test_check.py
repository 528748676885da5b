"""Files that another program wrote are checked as the pipeline's own rows are, and whatever is wrong is told by the right check."""

import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from builders import busy_batch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.errors import ConfigurationError
from broadsheet.quality.check import Report, check
from broadsheet.quality.policy import load_policy
from broadsheet.warehouse.query import query

NO_CAPTURE = "0" * 20


@pytest.fixture(scope="module")
def rows() -> dict[str, pa.Table]:
    batch = busy_batch()
    links = batch["related_links"]  # but for those to the page that they stand on
    return batch | {"related_links": links.filter(pc.not_equal(links["canonical_url"], "https://www.yunzhou-net.example/a/2.html"))}


@pytest.fixture
def folder(tmp_path, rows) -> Path:
    """The tables of a few pages, a file each."""
    for name, table in rows.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    return tmp_path


def checked(path: Path, *tables: str, policy=None, **options) -> Report:
    return check(path, policy or load_policy(), tables, **options)


def failures(report: Report) -> dict[tuple[str, str], int]:
    """(table, reason) -> how many failed."""
    return {(result.table, result.reason): result.failed for result in report.results if result.failed}


def not_run(report: Report) -> set[tuple[str, str]]:
    return {(result.table, result.reason) for result in report.results if result.not_run}


def rewritten(file: Path, change) -> None:
    pq.write_table(change(pq.read_table(file)), file)


def with_cell(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
    cells = table[column].to_pylist()
    cells[row] = value
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), pa.array(cells, table.schema.field(place).type))


def test_the_sample_holds_but_for_what_warns(sample_run):
    report = checked(sample_run[0])
    assert set(failures(report)) == {("article_versions", "no_source")}
    assert report.severity == "warn"
    assert not_run(report) == set()
    counted = query(
        sample_run[0], "select (select count(*) from captures) as captures, (select count(*) from page_blocks) as page_blocks"
    ).to_pylist()
    assert {name: report.row_counts[name] for name in ("captures", "page_blocks")} == counted[0]


WRONG_VALUES = {
    ("captures", "not_allowed"): ("page_kind", "poem"),
    ("captures", "out_of_bounds"): ("coverage_ratio", 1.5),
    ("articles", "pattern_mismatch"): ("canonical_url", "no url"),
    ("article_people", "blank_value"): ("person_name", " "),
    ("related_links", "broken_reference"): ("capture_id", NO_CAPTURE),
    ("headline_feed_entries", "ranks_not_dense"): ("rank", 9),
    ("headline_feed_snapshots", "entry_count_mismatch"): ("entry_count", 9),
    ("channels", "contradiction"): ("channel_path", "elsewhere"),
    ("article_versions", "published_too_early"): ("published_at", datetime(1970, 1, 1, tzinfo=UTC)),
}


def test_every_wrong_value_is_found_by_its_check(folder):
    for (table, _), (column, value) in WRONG_VALUES.items():
        rewritten(folder / f"{table}.parquet", lambda rows, column=column, value=value: with_cell(rows, column, 0, value))
    report = checked(folder)
    assert set(failures(report)) == set(WRONG_VALUES)
    assert all(result.examples and len(result.text) > 20 for result in report.results if result.failed)


def test_a_key_is_told_that_two_files_have(folder, rows):
    (folder / "captures").mkdir()
    pq.write_table(rows["captures"].slice(0, 1), folder / "captures" / "again.parquet")
    assert failures(checked(folder, "captures")) == {("captures", "duplicate_key"): 1}


def test_a_null_is_told_with_its_column(folder):
    def nulled(rows: pa.Table) -> pa.Table:
        open_schema = pa.schema([field.with_nullable(True) for field in rows.schema])
        return with_cell(rows.cast(open_schema), "media_type", 0, None)

    rewritten(folder / "captures.parquet", nulled)
    result = next(result for result in checked(folder, "captures").results if result.reason == "null_value" and result.failed)
    assert (result.table, result.examples, len(result.row_keys)) == ("captures", ("media_type: 1 rows",), 1)


def test_files_with_other_columns_are_told_by_file_and_column_and_the_others_go_on(folder):
    def recast(rows: pa.Table, column: str, kind: pa.DataType) -> pa.Table:
        return rows.set_column(rows.schema.get_field_index(column), column, rows[column].cast(kind))

    rewritten(folder / "captures.parquet", lambda rows: recast(rows, "byte_count", pa.string()))
    rewritten(folder / "page_blocks.parquet", lambda rows: rows.drop_columns(["block_text"]).append_column("block_txt", rows["block_text"]))
    rewritten(folder / "articles.parquet", lambda rows: rows.drop_columns(["canonical_url"]))
    rewritten(folder / "related_links.parquet", lambda rows: with_cell(rows, "display_width", 0, -1))
    report = checked(folder)
    assert failures(report) == {
        ("captures", "wrong_type"): 1,
        ("page_blocks", "missing_column"): 1,
        ("page_blocks", "unknown_column"): 1,
        ("articles", "missing_nullable_column"): 1,
        ("related_links", "out_of_bounds"): 1,
    }
    told = {(result.table, result.reason): result.examples for result in report.results}
    assert told["captures", "wrong_type"] == ("captures.parquet: byte_count: is string, must be int64",)
    assert told["page_blocks", "missing_column"] == ("page_blocks.parquet: block_text",)
    assert ("related_links", "broken_reference") in not_run(report)
    assert ("related_links", "link_to_own_page") in not_run(report)


def test_other_widths_and_encodings_of_a_type_are_none_of_its_faults(folder):
    def as_pandas_writes(rows: pa.Table) -> pa.Table:
        kinds = {pa.string(): pa.large_string(), pa.int32(): pa.int64(), pa.timestamp("us", "UTC"): pa.timestamp("ns", "Asia/Shanghai")}
        return rows.cast(pa.schema([pa.field(field.name, kinds.get(field.type, field.type)) for field in rows.schema]))

    for file in folder.glob("*.parquet"):
        rewritten(file, as_pandas_writes)
    rewritten(folder / "article_people.parquet", lambda rows: rows.set_column(1, "person_role", pc.dictionary_encode(rows["person_role"])))
    rewritten(folder / "sites.parquet", lambda rows: rows.set_column(2, "site_name", pa.nulls(len(rows))))
    rewritten(
        folder / "captures.parquet", lambda rows: rows.drop_columns(["site_profile_missed"]).append_column("site_profile_missed", pa.nulls(len(rows)))
    )
    assert failures(checked(folder)) == {}
    too_large = lambda rows: with_cell(rows, "http_status", 0, 2**40)  # noqa: E731
    rewritten(folder / "captures.parquet", too_large)
    report = checked(folder, "captures")
    assert failures(report) == {("captures", "wrong_type"): 1}
    assert "1 values of int64 are no int32" in str(report.results)


@pytest.mark.parametrize("keep", ["nothing", "half", "text", "page"])
def test_a_damaged_file_is_told_and_the_others_go_on(folder, keep):
    file = folder / "captures.parquet"
    content = bytearray(file.read_bytes())
    if keep == "page":
        content[64:200] = bytes(136)
    file.write_bytes({"nothing": b"", "half": content[: len(content) // 2], "text": b"not Parquet at all", "page": bytes(content)}[keep])
    rewritten(folder / "page_absences.parquet", lambda rows: with_cell(rows, "http_status", 0, 999))
    report = checked(folder, "captures", "page_absences", "channels", "headline_feed_observations")
    assert failures(report) == {("captures", "damaged_file"): 1, ("page_absences", "out_of_bounds"): 1}
    assert report.severity == "stop"
    assert ("headline_feed_observations", "broken_reference") in not_run(report)


def test_a_rule_is_not_made_when_the_rows_it_looks_for_may_be_in_a_damaged_file(folder):
    (folder / "article_sources.parquet").write_bytes(b"gone")
    report = checked(folder, "article_sources", "article_versions")
    assert failures(report) == {("article_sources", "damaged_file"): 1}
    assert ("article_versions", "no_source") in not_run(report)


def test_tables_that_are_not_there_are_told_once(folder):
    (folder / "captures.parquet").unlink()
    (folder / "sites.parquet").rename(folder / "site.parquet")
    (folder / "outlets.parquet").unlink()
    (folder / "outlets").mkdir()
    found = failures(checked(folder))
    assert set(found) == {("captures", "missing_table"), ("sites", "missing_table"), ("outlets", "missing_table"), ("site", "unknown_table")}


def test_only_the_chosen_tables_are_judged_and_the_others_are_read(folder):
    rewritten(folder / "captures.parquet", lambda rows: with_cell(rows, "page_kind", 0, "poem"))
    report = checked(folder, "page_blocks", "page_absences")
    assert failures(report) == {}
    assert not_run(report) == set()
    assert set(report.row_counts) == {"page_blocks", "page_absences"}
    (folder / "page_absences.parquet").unlink()
    assert failures(checked(folder, "page_absences")) == {("page_absences", "missing_table"): 1}
    with pytest.raises(ConfigurationError, match="no table 'page_block'"):
        checked(folder, "page_block")


@pytest.mark.parametrize("there", [False, True])
def test_a_directory_without_tables_is_an_error(tmp_path, there):
    path = tmp_path / "delivered"
    if there:
        path.mkdir()
        (path / "README.md").write_text("nothing yet", "utf-8")
    with pytest.raises(ConfigurationError, match=r"<table>\.parquet"):
        checked(path)


def test_the_policy_says_what_a_failure_is(folder, tmp_path):
    rewritten(folder / "page_blocks.parquet", lambda rows: with_cell(rows, "capture_id", 0, NO_CAPTURE))
    assert checked(folder, "page_blocks").severity == "stop"
    file = tmp_path / "policy.yaml"
    file.write_text("broken_reference: warn\n", "utf-8")
    assert checked(folder, "page_blocks", policy=load_policy(file)).severity == "warn"


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunk_rows=st.integers(40, 90), seed=st.integers(0, 99))
def test_chunks_find_what_one_look_at_everything_finds(folder, rows, chunk_rows, seed):
    """Whatever the size of the chunks, the order of the rows and the files that they lie in."""
    shutil.rmtree(folder)
    for name, table in rows.items():
        if name == "related_links":
            own = dict(zip(rows["captures"]["capture_id"].to_pylist(), rows["captures"]["canonical_url"].to_pylist(), strict=True))
            table = with_cell(table, "canonical_url", seed % len(table), own[table["capture_id"][seed % len(table)].as_py()])
        if name == "article_people":
            table = with_cell(table, "person_name", 1, table["person_name"][0].as_py())
        table = table.take(pa.array(random.Random(f"{seed} {name}").sample(range(len(table)), len(table)), pa.int64()))
        (folder / name).mkdir(parents=True)
        for part in range(3):
            pq.write_table(table.take(pa.array(range(part, len(table), 3), pa.int64())), folder / name / f"{part}.parquet")
    across = ("article_versions", "article_people", "headline_feed_entries", "related_links")
    whole, parts = checked(folder, *across), checked(folder, *across, chunk_rows=chunk_rows)
    assert ("related_links", "link_to_own_page") in failures(whole)
    assert failures(parts) == failures(whole)
    assert [(r.table, r.check, r.checked) for r in parts.results] == [(r.table, r.check, r.checked) for r in whole.results]
