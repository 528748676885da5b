"""Exit codes and reports of `broadsheet check` and `broadsheet contract`."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from junitparser import JUnitXml
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.tables.schema import TABLES

SITE = {
    "site": "news.lanshan.example",
    "site_basis": "url",
    "site_name": None,
    "outlet_id": None,
    "time_zone": "Asia/Shanghai",
    "time_zone_basis": "site",
    "run_id": "r",
}


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def sites(tmp_path):
    """Writes rows of `sites`, each as SITE but for what is given."""

    def write(*rows: dict):
        table = pa.Table.from_pylist([SITE | row for row in rows], schema=TABLES["sites"].arrow)
        pq.write_table(table, tmp_path / "sites.parquet")
        return tmp_path

    return write


def test_exit_codes_tell_whether_and_how_gravely_checks_failed(sites, tmp_path):
    bad = {"site_basis": "hearsay"}
    assert run("check", sites({})).exit_code == 0
    assert run("check", sites(bad)).exit_code == 3
    assert run("check", sites(bad), "--fail-on", "stop").exit_code == 0
    assert run("check", sites({"outlet_id": "0" * 20})).exit_code == 4  # there is no table of outlets
    for arguments in (
        [tmp_path / "nowhere"],
        [sites({}), "--tables", "poems"],
        [sites({}), "--tables", ","],
        [sites({}), "--out", tmp_path / "sites.parquet" / "x"],
    ):
        assert run("check", *arguments).exit_code == 2


def test_reports_agree_and_hold_what_a_terminal_or_xml_cannot(sites, tmp_path):
    folder = sites({"time_zone": "\x1b[31m", "time_zone_basis": "\x00\ufffe<&>"})
    told = run("check", folder).stdout
    assert "not_allowed:time_zone_basis: 1 of 1 row" in told
    assert "\x1b" not in told
    results = json.loads(run("check", folder, "--format", "json").stdout)["results"]
    assert run("check", folder, "--format", "junit", "--out", tmp_path / "report.xml").exit_code == 3
    xml = JUnitXml.fromfile(tmp_path / "report.xml")
    assert (xml.tests, xml.failures) == (len(results), sum(result["status"] == "failed" for result in results))
    (failed,) = [case for suite in xml for case in suite if case.result]
    assert (failed.classname, failed.name, failed.result[0].type) == ("broadsheet.sites", "not_allowed:time_zone_basis", "quarantine")
    assert "<&>" in failed.result[0].text
    assert f"row {SITE['site']}" in failed.result[0].text


def test_both_forms_of_the_contract_say_the_same(tmp_path):
    assert run("contract", "--out", tmp_path / "contract.yaml").exit_code == 0
    from_yaml = yaml.safe_load((tmp_path / "contract.yaml").read_text("utf-8"))
    assert json.loads(run("contract", "--format", "json").stdout) == from_yaml
    assert {table["name"] for table in from_yaml["schema"]} == set(TABLES)
