"""What a source file may say as a JSON Schema, for editors: one schema of all kinds, told apart by `kind`."""

import re
from datetime import timedelta
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, TypeAdapter

from broadsheet.capture.durations import duration_text
from broadsheet.capture.source_list import KINDS, OWN, Source

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTE = re.compile(r"^( *)(\w+(?:, \w+)*) : (.+)$")


def schema() -> dict[str, Any]:
    """The schema of a source file. Keys are described as their attributes are in the models."""
    union: Any = Annotated[Source, Field(discriminator="kind")]
    told = TypeAdapter(union).json_schema(by_alias=True)
    for model in _models():
        if (definition := told["$defs"].get(model.__name__)) is not None:
            _describe(definition, model)
    # OpenAPI's, which JSON Schema does not know
    told.pop("discriminator", None)
    return {
        "$schema": DIALECT,
        "title": "A source of Broadsheet",
        "description": f"One file of a folder of sources, <name>.yaml. Kinds: {', '.join(KINDS)}.",
        "type": "object",
        "required": ["kind"],
        **told,
    }


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring's section of attributes says of each field."""
    found: dict[str, str] = {}
    names: list[str] = []
    _, _, section = (model.__doc__ or "").partition("----------\n")
    indent = ""
    for line in section.splitlines():
        if begins := _ATTRIBUTE.match(line):
            indent, names = begins[1], begins[2].split(", ")
            found.update(dict.fromkeys(names, begins[3].strip()))
        elif names and line.startswith(indent + " "):  # goes on
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
        else:
            names = []
    return found


def _describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    definition["description"] = (model.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")
    properties = definition["properties"]
    for name in OWN:
        properties.pop(name, None)
    definition["required"] = [name for name in definition.get("required", ()) if name not in OWN]
    told = descriptions(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key not in properties:
            continue
        if name in told:
            properties[key]["description"] = told[name]
            properties[key].pop("title", None)
        properties[key] = _plain(properties[key], field.default)


def _plain(stated: dict[str, Any], default: Any) -> dict[str, Any]:
    """A key's schema with its default as a file would say it; a key that may be left out need not be null."""
    choices = [choice for choice in stated.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        stated = {**choices[0], **{name: value for name, value in stated.items() if name != "anyOf"}}
    if default is None or isinstance(default, BaseModel):
        stated.pop("default", None)
    if isinstance(default, timedelta):
        stated["default"] = duration_text(default)
    elif isinstance(default, tuple) and default and isinstance(default[0], timedelta):
        stated["default"] = [duration_text(wait) for wait in default]
    return stated


def _models() -> list[type[BaseModel]]:
    """The models of all kinds, with those of their keys."""
    kinds: list[type[BaseModel]] = list(get_args(Source))
    parts = [field.annotation for kind in kinds for field in kind.model_fields.values()]
    return [*kinds, *(part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))]
