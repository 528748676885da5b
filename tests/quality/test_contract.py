"""The contract says what schema, suites and policy say, in the standard's own form."""

import json
from importlib import resources

import jsonschema
import pytest

from broadsheet.quality.contract import contract
from broadsheet.quality.policy import load_policy
from broadsheet.tables.schema import TABLES


@pytest.fixture(scope="module")
def document() -> dict:
    return contract(load_policy())


def test_it_is_valid_by_the_standards_own_schema(document):
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    assert [error.message for error in jsonschema.Draft201909Validator(schema).iter_errors(document)] == []


def test_it_has_every_table_with_columns_keys_and_references(document):
    tables = {table["name"]: table for table in document["schema"]}
    assert list(tables) == list(TABLES)
    for name, table in TABLES.items():
        columns = {column["name"]: column for column in tables[name]["properties"]}
        assert tuple(columns) == table.columns
        positions = {column["primaryKeyPosition"]: key for key, column in columns.items() if column.get("primaryKey")}
        assert tuple(positions[place] for place in sorted(positions)) == table.key
        assert {column for column, declared in columns.items() if declared["required"]} == {
            field.name for field in table.fields if not field.nullable
        }
        assert {column: declared["relationships"][0]["to"] for column, declared in columns.items() if "relationships" in declared} == {
            column: f"{parent}.{parent_column}" for column, (parent, parent_column) in table.references.items()
        }


def test_severities_and_limits_are_those_of_the_policy(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("no_source: {action: stop, max_failed_ratio: 0.25}\n", "utf-8")
    versions = next(table for table in contract(load_policy(file))["schema"] if table["name"] == "article_versions")
    rule = next(rule for rule in versions["quality"] if rule["name"] == "no_source")
    assert rule["severity"] == "stop"
    assert {"property": "maxFailedRatio", "value": 0.25} in rule["customProperties"]
