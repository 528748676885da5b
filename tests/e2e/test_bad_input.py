"""Bad input is named with its reason, the run ends well, and the exit code says what happened."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.lake import Lake
from broadsheet.warehouse.query import query

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages"
MIB = 1024 * 1024


def broadsheet(*arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "broadsheet", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False, **options
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(completed process, lake) of a run over everything that can be wrong with an input, and one good page."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "good.html").write_bytes(gzip.decompress(sorted(SAMPLE.glob("haidu*.html.gz"))[0].read_bytes()))
    (folder / "empty.html").write_bytes(b"")
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 64)
    (folder / "cut.html.gz").write_bytes(gzip.compress(b"<p>synthetic</p>" * 500)[:-30])
    (folder / "large.html").write_bytes(b"<p>synthetic</p>\n" * (50 * MIB // 17))
    (folder / "bomb.html.gz").write_bytes(gzip.compress(b" " * (200 * MIB)))
    (folder / "table.xlsx").write_bytes(b"PK synthetic")
    (folder / "broken.warc").write_bytes((SAMPLE / "broken" / "cut.warc").read_bytes())
    (folder / "gone.html").symlink_to(folder / "nowhere.html")
    os.mkfifo(folder / "pipe.html")
    manifest = folder / "manifest.csv"
    manifest.write_text("path,url,captured_at,site\nmissing.html,https://a.example/1.html,2026-03-02T08:00:00+08:00,a.example\n", "utf-8")
    lake = tmp_path_factory.mktemp("lake")
    return broadsheet("run", "--lake", lake, "--shards", 1, "--manifest", manifest, folder, folder / "not-there.html"), lake


def test_the_run_ends_well_and_its_exit_code_says_that_inputs_were_quarantined(run):
    process, lake = run
    assert process.returncode == 3, process.stderr
    assert Lake(lake).warehouse.exists()
    assert query(lake, "select count(*) as n from articles").to_pylist() == [{"n": 1}]


def test_each_is_named_with_its_reason(run):
    process, lake = run
    rows = query(lake, "select input_path, reasons from quarantine where scope <> 'row'").to_pylist()
    found = {(Path(row["input_path"].split("#")[0]).name, row["reasons"][0]) for row in rows}
    assert found == {
        ("empty.html", "empty_file"), ("noise.txt", "binary_content"), ("cut.html.gz", "truncated_gzip"), ("large.html", "page_too_large"),
        ("bomb.html.gz", "page_too_large"), ("table.xlsx", "unknown_extension"), ("broken.warc", "broken_warc_record"), ("broken.warc", "http_error"),
        ("gone.html", "unreadable"), ("pipe.html", "unreadable"), ("missing.html", "missing_file"), ("not-there.html", "missing_file"),
    }  # fmt: skip
    for _, reason in found:
        assert reason in process.stdout


def test_wrong_usage_is_told_without_a_traceback(tmp_path, sample_run):
    published, run_id = sample_run[0], sample_run[1]["run_id"]
    page = SAMPLE / "haidu.example-000009.html"
    for arguments, part in (
        (("run", "--lake", tmp_path), "name at least one PATH"),
        (("run", "--lake", tmp_path, "--manifest", tmp_path / "none.csv", tmp_path), "none.csv"),
        (("query", "--lake", tmp_path, "select 1"), "nothing has been published"),
        (("load", "--lake", tmp_path, "--run", "nope"), "nope"),
        (("show", "--lake", tmp_path, "not-a-page"), "neither a file, nor"),
        (("query", "--lake", published, " "), "one SQL statement is run at a time; there are 0"),
        (("query", "--lake", published, "select 1; select 2"), "there are 2"),
        (("query", "--lake", published, f"copy (select 1) to '{tmp_path}/out.csv'"), "only questions are run here"),
        (("query", "--lake", published, f"explain analyze copy (select 1) to '{tmp_path}/out.csv'"), "only questions are run here"),
        (("quarantine", "--lake", published, "--reason", "foo"), "no reason 'foo'"),
        (("quarantine", "--lake", published, "--run", "nope"), "no published run 'nope'"),
        (("run", "--lake", tmp_path, page, ""), "the path is empty"),
        (("run", "--lake", "", page), "the path is empty"),
        (("run", "--lake", tmp_path, "--policy", tmp_path / "none.yaml", page), "none.yaml"),
        (("capture", "--lake", tmp_path, "--policy", tmp_path / "none.yaml", page), "none.yaml"),
        (("runs", "--lake", tmp_path / "none"), "no lake"),
        (("rebuild", "--lake", tmp_path / "none"), "no lake"),
        (("run", "--lake", page, page), "cannot be a lake"),
        (("run", "--lake", tmp_path, "--time-zone", "Nowhere/Town", page), "'Nowhere/Town' is not the name of a time zone"),
        (("capture", "--lake", tmp_path, "--run", "../out", page), "cannot be named"),
        (("extract", "--lake", published, "--run", run_id, "--shard", 77), "no shard 77"),
        (("dictionary", "--out", page / "d.md"), "cannot be written"),
    ):
        process = broadsheet(*arguments)
        assert process.returncode == 2, (arguments, process.stderr)
        assert part in " ".join(process.stderr.replace("│", " ").split())
        assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", ["run", "capture", "extract", "transform", "validate", "load", "query", "show", "runs", "rebuild", "quarantine"])
def test_an_impossible_lake_is_told_on_one_line(command, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from broadsheet.cli import app

    monkeypatch.setenv("COLUMNS", "500")
    (tmp_path / "file").write_text("a file has nothing in it", "utf-8")
    arguments = {
        "run": [SAMPLE], "capture": [SAMPLE], "query": ["select 1"], "show": ["abc"], "runs": [], "rebuild": [], "quarantine": [],
    }.get(command, ["--run", "mine"])  # fmt: skip
    for lake in (tmp_path / "file" / "lake", Path("/proc/none"), tmp_path / "file"):
        result = CliRunner().invoke(app, [command, "--lake", str(lake), *map(str, arguments)])
        assert result.exit_code == 2, (lake, result.output)
        assert str(lake) in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_directory_without_a_page_is_named_and_is_no_success(tmp_path):
    (tmp_path / "in").mkdir()
    process = broadsheet("run", "--lake", tmp_path / "lake", "--shards", 1, tmp_path / "in")
    assert process.returncode == 3, process.stderr
    assert "empty_directory" in process.stdout
    assert query(tmp_path / "lake", "select input_path from quarantine").to_pylist() == [{"input_path": str(tmp_path / "in")}]


def test_a_stopped_batch_publishes_nothing_and_exits_with_four(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("no_source: stop", "utf-8")
    page = sorted(SAMPLE.glob("harbor*.html"))[0]
    lake = tmp_path / "lake"
    process = broadsheet("run", "--lake", lake, "--shards", 1, "--policy", policy, page)
    assert process.returncode == 4
    assert "no_source" in process.stderr
    assert not Lake(lake).warehouse.exists()
    assert list((lake / "docs").glob("*/index.html"))


def test_extract_writes_a_line_for_every_input(tmp_path):
    out = tmp_path / "out.jsonl"
    inputs = [*sorted(SAMPLE.glob("qinghe*.html.gz"))[:2], SAMPLE / "broken" / "empty.html", SAMPLE / "broken" / "scripts-only.html"]
    process = broadsheet("extract", "--jsonl", out, *inputs)
    assert process.returncode == 0, process.stderr
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [inputs[0].name.removesuffix(".html.gz"), inputs[1].name.removesuffix(".html.gz"), "empty", "scripts-only"]
    assert rows[0]["title"] and rows[0]["body"] and rows[0]["modules"]
    assert [row["error"]["reason"] for row in rows[2:]] == ["empty_file", "no_visible_text"]
