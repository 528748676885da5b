"""docs/sources.md tells every key of every kind with its default, and its examples are sources."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from broadsheet.capture.source_check import check
from broadsheet.capture.source_list import KINDS, read_source, source_names
from broadsheet.capture.source_schema import descriptions, schema

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")
EXAMPLES = ROOT / "examples" / "sources" / "kinds"
SNIPPETS = re.findall(
    r"^```yaml\n(kind: .+?)^```", "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))), re.MULTILINE | re.DOTALL
)
VALIDATOR = jsonschema.Draft202012Validator(schema())


def problems(said) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(said)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())
    definitions = schema()["$defs"]
    assert all("description" in told for definition in definitions.values() for told in definition["properties"].values())
    assert "name" not in json.dumps([definition.get("required") for definition in definitions.values()])


def test_there_is_an_example_of_each_kind_and_nothing_is_wrong_with_it():
    assert set(source_names(EXAMPLES)) == set(KINDS)
    sources, findings = check(EXAMPLES)
    assert {source.name: source.kind for source in sources} == {kind: kind for kind in KINDS}
    assert [finding for finding in findings if not (finding.is_warning and finding.file.endswith("files.yaml"))] == []  # its files are not there


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "sources").rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_takes_the_examples(file):
    assert problems(yaml.safe_load(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.splitlines()[0])
def test_examples_of_the_docs_are_sources(snippet, tmp_path):
    assert problems(yaml.safe_load(snippet)) == []
    (tmp_path / "shown.yaml").write_text(snippet)
    assert read_source(tmp_path, "shown").kind in KINDS


def test_the_docs_show_some():
    assert len(SNIPPETS) >= 3


@pytest.mark.parametrize(
    "said",
    [
        {"urls": ["https://news.lanshan.example/"], "contact": "a@b.example"},
        {"kind": "gopher"},
        {"kind": "web", "urls": ["https://news.lanshan.example/"]},
        {"kind": "web", "contact": "a@b.example"},
        {"kind": "feed", "urls": ["https://news.lanshan.example/"], "contact": "a@b.example", "every": "soon"},
        {"kind": "feed", "urls": ["https://news.lanshan.example/"], "contact": "a@b.example", "follow": {"denny": []}},
        {"kind": "warc", "path_lists": ["warc.paths.gz"]},
        {"kind": "warc", "hosts": ["news.lanshan.example"]},
        {"kind": "files"},
        {"kind": "files", "paths": "a.html"},
        {"kind": "files", "paths": ["a.html"], "name": "a"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_a_run_would(said, tmp_path):
    assert problems(said)


@pytest.mark.parametrize("model", ["WebSource", "Follow", "Limits", "WarcSource", "FileSource"])
def test_every_key_is_in_its_table(model):
    table = PAGE.partition(f"<!-- keys {model} -->")[2].partition("\n\n")[2].partition("\n\n")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    properties = schema()["$defs"][model]["properties"]
    assert list(shown) == list(properties)
    for key, told in properties.items():
        assert shown[key] == key_default(told), key
        assert told["description"] in table


def key_default(told: dict) -> str:
    default = told.get("default")
    return (
        ""
        if default in (None, [], {})
        else f"`{yaml.safe_dump(default, default_flow_style=True).removesuffix(chr(10)).removesuffix(chr(10) + '...')}`"
    )


def test_a_description_that_goes_on_is_whole():
    class Model:
        """One.

        Attributes
        ----------
        a, b : first
            and last.
        c : alone.
        """

    assert descriptions(Model) == {"a": "first and last.", "b": "first and last.", "c": "alone."}
