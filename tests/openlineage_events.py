"""Reading OpenLineage events strictly: as the client's classes, which are generated from the specification, take them."""

import inspect
import json
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attr
from openlineage.client import facet_v2
from openlineage.client.event_v2 import Dataset, RunEvent
from openlineage.client.generated.base import BaseFacet

FACETS: dict[str, type[BaseFacet]] = {
    cls._get_schema(): cls
    for module in vars(facet_v2).values()
    if inspect.ismodule(module)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, BaseFacet) and cls.__module__ != BaseFacet.__module__
}


def read_events(file: Path, broadsheet_run_id: str | None = None) -> list[RunEvent]:
    """Events of a file, those of one run of Broadsheet if that is given. Raises AssertionError or TypeError for one that is not of the standard."""
    events = [_built(RunEvent, json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    return [event for event in events if broadsheet_run_id in (None, tags(event).get("broadsheet_run_id"))]


def tags(event: RunEvent) -> dict[str, str]:
    return {tag.key: tag.value for tag in event.run.facets["tags"].tags}


def columns(dataset: Dataset) -> dict[str, str]:
    """Names and types of a dataset's columns."""
    return {column.name: column.type for column in dataset.facets["schema"].fields}


def made_of(dataset: Dataset, column: str) -> set[tuple[str, str, str]]:
    """(dataset, column, how) of what a column is made of."""
    inputs = dataset.facets["columnLineage"].fields[column].inputFields
    return {(origin.name.rpartition("/")[2], origin.field, change.subtype) for origin in inputs for change in origin.transformations}


def origins(datasets: Iterable[Dataset]) -> Iterator[tuple[str, str, str]]:
    """(namespace, dataset, column) of all that the datasets' columns are made of."""
    for dataset in datasets:
        if "columnLineage" in dataset.facets:
            for made in dataset.facets["columnLineage"].fields.values():
                yield from ((origin.namespace, origin.name, origin.field) for origin in made.inputFields)


def _built(kind: Any, value: Any) -> Any:
    parts = [part for part in get_args(kind) if part is not NoneType]
    if get_origin(kind) is list:
        return [_built(parts[0], item) for item in value]
    if get_origin(kind) is dict:
        return {key: _built(parts[1], item) for key, item in value.items()}
    if parts:
        return _built(parts[0], value)
    if kind is Any:
        return value
    if isinstance(kind, type) and issubclass(kind, BaseFacet):
        assert {"_producer", "_schemaURL"} <= set(value)
        if value["_schemaURL"] not in FACETS:  # Airflow has some of its own
            assert "airflow" in value["_producer"]
            return value
        kind = FACETS[value["_schemaURL"]]
    if attr.has(kind):
        hints = get_type_hints(kind)
        told = {field.name for field in attr.fields(kind)}
        assert set(value) <= told, (kind, set(value) - told)
        return kind(
            **{name.lstrip("_"): _built(hints[name], item) for name, item in value.items() if name.lower() not in {"schemaurl", "_schemaurl"}}
        )
    if issubclass(kind, Enum):
        return kind(value)
    assert isinstance(value, (int, float) if kind is float else kind), (kind, value)
    return value
