"""What the stages of the sample's run tell of themselves, beside what they did."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from broadsheet.lineage.datasets import stage_lineage
from broadsheet.runs import Run
from broadsheet.tables.ddl import DUCKDB_TYPES
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.query import connect
from broadsheet.warehouse.views import NAMES
from openlineage_events import columns, made_of, origins


@pytest.fixture(scope="module")
def told(sample_run):
    """The lineage of each stage of the sample's run."""
    lake, summary = sample_run
    run = Run.open(lake, summary["run_id"])
    return {stage: stage_lineage(run, stage, paths=[Path("/pages")]) for stage in ("capture", "extract", "transform", "validate", "load")}


@pytest.fixture(scope="module")
def published(told):
    """What the load wrote, by name."""
    return {output.name.removeprefix("main."): output for output in told["load"].outputs}


@pytest.fixture(scope="module")
def warehouse(sample_run):
    with connect(sample_run[0]) as connection:
        yield connection


def test_stages_read_what_earlier_ones_wrote(told, sample_run):
    _, summary = sample_run
    written: dict[tuple[str, str], int] = {}
    for stage, lineage in told.items():
        assert lineage.inputs
        read = {(source.namespace, source.name) for source in lineage.inputs}
        assert read == {("file", "/pages")} if stage == "capture" else read <= set(written), stage
        counted = (output for output in lineage.outputs if "outputStatistics" in output.outputFacets)
        written |= {(output.namespace, output.name): output.outputFacets["outputStatistics"].rowCount for output in counted}
    counts = {name.rpartition("/")[2]: count for (namespace, name), count in written.items() if namespace == "file"}
    assert counts["pages"] == summary["page_count"]
    assert counts["absences"] == sum(summary["absences"].values()) > 0
    assert counts["raw"] >= counts["pages"]


def test_every_table_that_was_written_is_told_of_with_its_columns(published, warehouse, sample_run):
    _, summary = sample_run
    assert set(published) == {*summary["tables"], "snapshots", *NAMES}
    for name, output in published.items():
        there = dict(warehouse.execute("select column_name, data_type from duckdb_columns() where table_name = ?", [name]).fetchall())
        assert columns(output) == there, name
        assert list(columns(output)) == [column for (column,) in warehouse.execute(f"select column_name from (describe {name})").fetchall()]
        assert all(column.description for column in output.facets["schema"].fields), name
        assert output.facets["version"].datasetVersion == summary["snapshot_id"]
        assert output.facets["datasetType"].datasetType == ("VIEW" if name in NAMES else "TABLE")


def test_rows_are_counted(published, told, sample_run):
    _, summary = sample_run
    for name, count in summary["tables"].items():
        assert published[name].facets["dataQualityMetrics"].rowCount == count["total"]
        written = published[name].outputFacets.get("outputStatistics")
        assert (written and written.rowCount) == count["new"], name
    rows = {source.name.rpartition("/")[2]: source.inputFacets["inputStatistics"].rowCount for source in told["load"].inputs}
    assert rows == {name: summary["tables"][name]["delivered"] for name in rows}
    assert rows["captures"] == summary["page_count"]


def test_the_parquet_of_a_table_is_another_name_of_it(published, sample_run):
    lake, _ = sample_run
    (other,) = published["articles"].facets["symlinks"].identifiers
    assert Path(other.name) == lake / "tables" / "articles"
    assert list(Path(other.name).rglob("*.parquet"))
    assert "symlinks" not in published["headline_spells"].facets


def test_assertions_are_the_results_of_the_checks(published, told, warehouse, sample_run):
    _, summary = sample_run
    sql = "select table_name, check_name, column_name, bool_and(is_success), sum(failed_count)::int from quality_results where run_id = ? {} group by all"
    for found, condition in (
        (published, ""),
        ({source.name.rpartition("/")[2]: source for source in told["validate"].inputs}, "and shard >= 0"),
    ):
        wanted = set(warehouse.execute(sql.format(condition), [summary["run_id"]]).fetchall())
        assertions = set()
        for name, dataset in found.items():
            facets = dataset.facets | getattr(dataset, "inputFacets", {})
            for assertion in facets["dataQualityAssertions"].assertions if "dataQualityAssertions" in facets else ():
                assertions.add((name, assertion.assertion, assertion.column, assertion.success, int(assertion.actual)))
        assert assertions == wanted
        assert {success for *_, success, _ in wanted} == {True, False}


def test_nulls_are_counted_before_rows_are_set_aside(told, sample_run):
    lake, summary = sample_run
    captures = next(source for source in told["validate"].inputs if source.name.endswith("/captures"))
    metrics = captures.inputFacets["dataQualityMetrics"]
    rows = pq.read_table(lake / "staging" / summary["run_id"] / "transform" / "shard-000" / "captures.parquet")
    assert metrics.rowCount == rows.num_rows
    assert {name: column.nullCount for name, column in metrics.columnMetrics.items()} == {
        name: rows[name].null_count for name in rows.column_names if DUCKDB_TYPES[TABLES["captures"].field(name).type] != "VARCHAR[]"
    }


def test_columns_come_from_columns_that_are_told_of(told):
    known = {
        (output.namespace, output.name, column)
        for lineage in told.values()
        for output in lineage.outputs
        if "schema" in output.facets
        for column in columns(output)
    }
    assert {origin for lineage in told.values() for origin in origins(lineage.outputs)} <= known


def test_rows_are_traced_to_fields_of_pages_and_tables_to_rows(told, published):
    rows = {output.name.rpartition("/")[2]: output for output in told["transform"].outputs}
    assert made_of(rows["captures"], "byte_count") == {("pages", "capture.byte_count", "IDENTITY")}
    assert made_of(rows["article_people"], "person_name") == {("pages", "page.people.name", "IDENTITY")}
    assert made_of(rows["articles"], "published_at_raw") == {("pages", "page.published.raw", "IDENTITY")}
    assert ("pages", "page.body", "TRANSFORMATION") in made_of(rows["article_versions"], "text_id")
    assert made_of(rows["page_absences"], "http_status") == {("absences", "http_status", "IDENTITY")}
    assert "run_id" not in rows["articles"].facets["columnLineage"].fields
    assert made_of(published["articles"], "headline") == {("articles", "headline", "IDENTITY")}
    assert "rows/articles" in published["articles"].facets["columnLineage"].fields["headline"].inputFields[0].name


def test_views_and_derived_tables_are_traced_to_tables(published):
    assert made_of(published["current_articles"], "body_text") == {("main.article_versions", "body_text", "IDENTITY")}
    assert made_of(published["headline_ranks"], "rank") == {("main.headline_spells", "rank", "IDENTITY")}
    assert made_of(published["headline_spells"], "rank") == {("main.headline_feed_entries", "rank", "IDENTITY")}
    kinds = {
        change.type
        for origin in published["current_articles"].facets["columnLineage"].fields["editors"].inputFields
        for change in origin.transformations
    }
    assert kinds <= {"DIRECT", "INDIRECT"}
    # computed in Python: nothing is said of where it comes from
    assert "place_name" not in getattr(published["headline_places"].facets.get("columnLineage"), "fields", {})
