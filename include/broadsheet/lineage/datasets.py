"""What the stages of a run read and wrote, as OpenLineage datasets.

    capture     the paths given         -> raw zone
    extract     raw zone                -> pages
    transform   pages, absences         -> rows of each table
    validate    rows, with the results of their checks
    load        rows of each table      -> tables and views of the warehouse

Files are named by their path, those in an object store by bucket and key; what lies in a run's staging by a path without the run, so that
one run's datasets are those of the next. A table is `main.<table>` of the warehouse file, with its Parquet as another name for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    RunFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_dataset,
    data_quality_metrics_input_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    documentation_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    symlinks_dataset,
    tags_run,
)

from broadsheet import PARSER_VERSION, __version__
from broadsheet.lake import RAW, Lake
from broadsheet.lake import TABLES as PARTS
from broadsheet.lineage.columns import DIRECT, Origin, origins
from broadsheet.records import Absence, PageResult, StageOutcome
from broadsheet.runs import Run, outcomes_of, quality_results_of, stored_summary
from broadsheet.tables.ddl import DUCKDB_TYPES, described
from broadsheet.tables.schema import SCHEMA_VERSION, TABLES
from broadsheet.warehouse.query import open_published
from broadsheet.warehouse.views import VIEWS

FILES = "file"  # namespace of what is known by its path
RECORDS: dict[str, type[msgspec.Struct]] = {"pages": PageResult, "absences": Absence}
_MEANINGS = {"pages": "One record per page that was read.", "absences": "One record per answer that a page is not there."}
_TYPES = {str: "string", int: "integer", float: "double", bool: "boolean", datetime: "timestamp"}


@dataclass(frozen=True, slots=True)
class StageLineage:
    """What a stage read and wrote; `run_facets` say which run of Broadsheet it was."""

    inputs: list[InputDataset] = field(default_factory=list)
    outputs: list[OutputDataset] = field(default_factory=list)
    run_facets: dict[str, RunFacet] = field(default_factory=dict)


def stage_lineage(run: Run, stage: str, shard: int | None = None, paths: Iterable[Path] = ()) -> StageLineage:
    """What a stage of a run, which is done, read and wrote.

    Raises ConfigurationError for the load of a run that was not published.

    Parameters
    ----------
    shard : the shard that the stage worked on; all of them if None.
    paths : what `capture` was given.
    """
    facets = run_facets(run)
    match stage:
        case "capture":
            return StageLineage([InputDataset(FILES, str(path)) for path in paths], _captured(run), facets)
        case "extract":
            count = sum(outcome.out_count for outcome in _outcomes(run, stage, shard))
            return StageLineage([InputDataset(*zone_name(run.where, RAW))], [_records(run, "pages", count)], facets)
        case "transform":
            return StageLineage(_records_read(run, shard), _rows_written(run, shard), facets)
        case "validate":
            return StageLineage(_rows_checked(run, shard), [], facets)
        case "load":
            summary = stored_summary(run.lake, run.run_id)
            facets["tags"].tags.append(_tag("snapshot_id", summary["snapshot_id"]))  # type: ignore[attr-defined]
            return StageLineage(_rows_loaded(run), _published(run, summary), facets)
    raise ValueError(f"{stage!r} is no stage")


def run_facets(run: Run) -> dict[str, RunFacet]:
    """Which run of Broadsheet a run of OpenLineage is, by which versions of it."""
    known = {"broadsheet_run_id": run.run_id, "broadsheet_version": __version__, "parser_version": PARSER_VERSION, "schema_version": SCHEMA_VERSION}
    return {"tags": tags_run.TagsRunFacet([_tag(key, value) for key, value in known.items()])}


def _tag(key: str, value: str) -> tags_run.TagsRunFacetFields:
    return tags_run.TagsRunFacetFields(key=key, value=value, source="BROADSHEET")


def table_name(name: str) -> str:
    """A table's or view's name within the warehouse's namespace."""
    return f"main.{name}"


def warehouse_namespace(lake: Lake) -> str:
    return f"duckdb://{lake.warehouse}"


def zone_name(lake: Lake, key: str) -> tuple[str, str]:
    """Namespace and name of what the lake keeps for good: of files, or of the bucket that they lie in."""
    binding = lake.binding
    if binding is None:
        return FILES, str(lake.root / key)
    bucket, _, folder = binding.url.removeprefix("s3://").partition("/")
    return f"s3://{bucket}", "/".join(filter(None, (folder, key)))


def staged_name(lake: Lake, *parts: str) -> str:
    """The name of what stages hand on, the same for every run."""
    return str(lake.staging("").joinpath(*parts))


# --- files, records and rows -------------------------------------------------------------------------------------------------


def _captured(run: Run) -> list[OutputDataset]:
    (outcome,) = _outcomes(run, "capture", None)
    absences = sum(outcome.absences.values())
    raw_zone = OutputDataset(
        *zone_name(run.where, RAW),
        facets={"datasetType": _type("FILE"), "documentation": _documentation("The bytes of every page as they came, in WARC files.")},
        outputFacets=_written(outcome.new_count - absences),
    )
    return [raw_zone, _records(run, "absences", absences)] if absences else [raw_zone]


def _records(run: Run, kind: str, count: int) -> OutputDataset:
    facets = {
        "datasetType": _type("FILE"),
        "documentation": _documentation(_MEANINGS[kind]),
        "schema": _schema((name, shown, "") for name, shown in _record_fields(RECORDS[kind])),
        "version": _version(run.run_id),
    }
    return OutputDataset(FILES, staged_name(run.where, kind), facets=facets, outputFacets=_written(count))


def _records_read(run: Run, shard: int | None) -> list[InputDataset]:
    tables = _staged(run, "transform", shard)
    read = {origin.source for name in tables for columns in origins().get(name, {}).values() for origin in columns}
    return [InputDataset(FILES, staged_name(run.where, kind), facets={"version": _version(run.run_id)}) for kind in RECORDS if kind in read]


def _rows_written(run: Run, shard: int | None) -> list[OutputDataset]:
    return [
        OutputDataset(
            FILES,
            staged_name(run.where, "rows", name),
            facets=_table_facets(name, run.run_id) | _column_lineage(run.where, _made_of_records(name)),
            outputFacets=_written(sum(pq.read_metadata(file).num_rows for file in files)),
        )
        for name, files in _staged(run, "transform", shard).items()
    ]


def _rows_checked(run: Run, shard: int | None) -> list[InputDataset]:
    results = _assertions(quality_results_of(run, shard))
    return [
        InputDataset(
            FILES,
            staged_name(run.where, "rows", name),
            facets={"version": _version(run.run_id)},
            inputFacets={"dataQualityMetrics": _metrics(files), **results.get(name, {})},
        )
        for name, files in _staged(run, "transform", shard).items()
    ]


def _rows_loaded(run: Run) -> list[InputDataset]:
    return [
        InputDataset(
            FILES,
            staged_name(run.where, "rows", name),
            facets={"version": _version(run.run_id)},
            inputFacets={
                "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                    rowCount=sum(pq.read_metadata(file).num_rows for file in files)
                )
            },
        )
        for name, files in _staged(run, "validate", None).items()
    ]


def _staged(run: Run, stage: str, shard: int | None) -> dict[str, list[Path]]:
    """The files of rows that a stage left, by table."""
    folders = [run.where.shard(run.run_id, stage, shard)] if shard is not None else sorted(run.where.staging(run.run_id, stage).glob("shard-*"))
    found = {name: [file for folder in folders if (file := folder / f"{name}.parquet").exists()] for name in TABLES if name != "quality_results"}
    return {name: files for name, files in found.items() if files}


def _outcomes(run: Run, stage: str, shard: int | None) -> list[StageOutcome]:
    return [outcome for outcome in outcomes_of(run) if outcome.stage == stage and shard in (None, outcome.shard)]


def _record_fields(record: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(path, type) of every value in records of a type."""
    for declared in msgspec.structs.fields(record):
        if inner := _record_in(declared.type):
            yield from _record_fields(inner, f"{prefix}{declared.name}.")
        else:
            yield prefix + declared.name, _type_name(declared.type)


def _record_in(shown: Any) -> type[msgspec.Struct] | None:
    if isinstance(shown, type) and issubclass(shown, msgspec.Struct):
        return shown
    return next((inner for part in get_args(shown) if (inner := _record_in(part))), None)


def _type_name(shown: Any) -> str:
    if get_origin(shown) is tuple:
        return f"list<{_type_name(get_args(shown)[0])}>"
    if parts := [part for part in get_args(shown) if part is not NoneType]:
        return _type_name(parts[0])
    return "string" if issubclass(shown, Enum) else _TYPES[shown]


# --- tables and views --------------------------------------------------------------------------------------------------------


def _published(run: Run, summary: Mapping[str, Any]) -> list[OutputDataset]:
    """Every table that a load wrote, and the views over them."""
    lake = run.where
    with open_published(lake.warehouse) as connection:
        results = connection.execute("from quality_results where run_id = ?", [run.run_id]).to_arrow_table()
        of_views = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() semi join duckdb_views() on table_name = view_name"
        ).fetchall()
    assertions = _assertions(results)
    version = summary["snapshot_id"]
    rows = _staged(run, "validate", None)
    counts = {**summary["tables"], "snapshots": {"new": 1, "total": None}}
    tables = [
        OutputDataset(
            warehouse_namespace(lake),
            table_name(name),
            facets={
                **_table_facets(name, version),
                **_symlinks(lake, name),
                **_column_lineage(lake, _same_of_rows(name) if name in rows else _made_of_tables(name)),
                "dataQualityMetrics": data_quality_metrics_dataset.DataQualityMetricsDatasetFacet(columnMetrics={}, rowCount=count["total"]),
                **assertions.get(name, {}),
            },
            outputFacets=_written(count["new"]),
        )
        for name, count in counts.items()
    ]
    types: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for view, column, shown in of_views:
        types[view][column] = shown
    views = [
        OutputDataset(
            warehouse_namespace(lake),
            table_name(view.name),
            facets={
                "datasetType": _type("VIEW"),
                "documentation": _documentation(f"One row per {view.grain}. {view.description}"),
                "schema": _schema((name, types[view.name][name], description) for name, description in view.columns.items()),
                "version": _version(version),
                **_column_lineage(lake, _made_of_tables(view.name)),
            },
        )
        for view in VIEWS
    ]
    return [*tables, *views]


def _table_facets(name: str, version: str) -> dict[str, DatasetFacet]:
    table = TABLES[name]
    return {
        "datasetType": _type("TABLE"),
        "documentation": _documentation(f"One row per {table.grain}."),
        "schema": _schema((column.name, DUCKDB_TYPES[column.type], described(column)) for column in table.fields),
        "version": _version(version),
    }


def _symlinks(lake: Lake, name: str) -> dict[str, DatasetFacet]:
    if TABLES[name].layer == "derived":
        return {}
    namespace, place = zone_name(lake, f"{PARTS}/{name}")
    identifier = symlinks_dataset.Identifier(namespace=namespace, name=place, type="LOCATION")
    return {"symlinks": symlinks_dataset.SymlinksDatasetFacet([identifier])}


# --- where columns come from -------------------------------------------------------------------------------------------------


def _made_of_records(name: str) -> dict[str, tuple[Origin, ...]]:
    return {column: made_of for column, made_of in origins().get(name, {}).items() if made_of[0].source in RECORDS}


def _made_of_tables(name: str) -> dict[str, tuple[Origin, ...]]:
    return {column: made_of for column, made_of in origins().get(name, {}).items() if made_of[0].source not in RECORDS}


def _same_of_rows(name: str) -> dict[str, tuple[Origin, ...]]:
    return {column: (Origin(f"rows/{name}", column, "IDENTITY"),) for column in TABLES[name].columns}


def _column_lineage(lake: Lake, columns: Mapping[str, tuple[Origin, ...]]) -> dict[str, DatasetFacet]:
    """The facet, if anything is known."""
    if not columns:
        return {}
    fields = {
        column: column_lineage_dataset.Fields(inputFields=[_input_field(lake, origin) for origin in made_of]) for column, made_of in columns.items()
    }
    return {"columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields)}


def _input_field(lake: Lake, origin: Origin) -> column_lineage_dataset.InputField:
    is_table = origin.source in TABLES or origin.source in _VIEW_NAMES
    return column_lineage_dataset.InputField(
        namespace=warehouse_namespace(lake) if is_table else FILES,
        name=table_name(origin.source) if is_table else staged_name(lake, origin.source),
        field=origin.column,
        transformations=[column_lineage_dataset.Transformation(type="DIRECT" if origin.how in DIRECT else "INDIRECT", subtype=origin.how)],
    )


_VIEW_NAMES = frozenset(view.name for view in VIEWS)


# --- quality -----------------------------------------------------------------------------------------------------------------


def _assertions(results: pa.Table) -> dict[str, dict[str, Any]]:
    """By table the facet with its checks: one each, over all shards that ran it. The specification has it for inputs, and lets an output
    have facets of any name: a published table tells of its checks, too."""
    found: defaultdict[str, defaultdict[tuple[str, str | None], list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in results.to_pylist():
        found[row["table_name"]][row["check_name"], row["column_name"]].append(row)
    return {
        table: {
            "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
                [_assertion(check, column, rows) for (check, column), rows in sorted(checks.items(), key=lambda item: item[0][0])]
            )
        }
        for table, checks in found.items()
    }


def _assertion(check: str, column: str | None, rows: list[dict[str, Any]]) -> data_quality_assertions_dataset.Assertion:
    checked, failed = (sum(row[count] for row in rows) for count in ("checked_count", "failed_count"))
    return data_quality_assertions_dataset.Assertion(
        assertion=check,
        success=all(row["is_success"] for row in rows),
        column=column,
        severity="error" if rows[0]["policy_action"] == "stop" else "warn",  # quarantined rows let the batch go on
        name=check,
        description=rows[0]["meaning"],
        expected="0",
        actual=str(failed),
        params={"checked_count": checked, "failed_count": failed, "policy_action": rows[0]["policy_action"]},
    )


def _metrics(files: Iterable[Path]) -> InputDatasetFacet:
    """Counts of rows and NULLs, from what Parquet's footers say. Of lists they count items, and are left out."""
    rows = 0
    nulls: Counter[str] = Counter()
    for file in files:
        metadata = pq.read_metadata(file)
        rows += metadata.num_rows
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                if "." not in column.path_in_schema and column.statistics is not None and column.statistics.has_null_count:
                    nulls[column.path_in_schema] += column.statistics.null_count
    metrics = {name: data_quality_metrics_input_dataset.ColumnMetrics(nullCount=count) for name, count in nulls.items()}
    return data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(columnMetrics=metrics, rowCount=rows)


# --- small facets ------------------------------------------------------------------------------------------------------------


def _written(count: int | None) -> dict[str, OutputDatasetFacet]:
    """Rows that were written; of a derived table that is not told."""
    return {} if count is None else {"outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=count)}


def _schema(columns: Iterable[tuple[str, str, str]]) -> DatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        [
            schema_dataset.SchemaDatasetFacetFields(name=name, type=shown, description=description or None, ordinal_position=position)
            for position, (name, shown, description) in enumerate(columns, start=1)
        ]
    )


def _version(version: str) -> DatasetFacet:
    return dataset_version_dataset.DatasetVersionDatasetFacet(version)


def _documentation(description: str) -> DatasetFacet:
    return documentation_dataset.DocumentationDatasetFacet(description)


def _type(name: str) -> DatasetFacet:
    return dataset_type_dataset.DatasetTypeDatasetFacet(name)
