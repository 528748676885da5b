"""`broadsheet ingest`, `build` and `maintain`: captures by source in, by day out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
runner = CliRunner()


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    pages = sorted((SAMPLE / "pages").glob("news.lanshan*.html.gz"))[:3]
    (folder / "lanshan.yaml").write_text(f"kind: files\npaths: {json.dumps([str(page) for page in pages])}\nmanifest: {SAMPLE / 'manifest.jsonl'}\n")
    return folder


def days_of(result) -> list[str]:
    """The days that `ingest` printed. What the manifest names besides is of the day of the ingest: a file that is not there."""
    return [line for line in result.stdout.splitlines() if line.startswith("2026-03")]


def test_days_come_in_and_are_built(tmp_path, sources):
    lake = str(tmp_path / "lake")
    brought = runner.invoke(app, ["ingest", "--sources", str(sources), "--lake", lake])
    assert brought.exit_code == 0, brought.output
    days = days_of(brought)
    assert days
    for day in days:
        assert runner.invoke(app, ["build", day, "--lake", lake, "--shards", "1"]).exit_code == 0
    counted = runner.invoke(app, ["query", "--lake", lake, "--format", "json", "select count(*) as n from captures"])
    assert json.loads(counted.output) == {"n": 3}
    again = runner.invoke(app, ["ingest", "--sources", str(sources), "--lake", lake])
    assert (again.exit_code, again.stdout) == (0, "")
    kept = runner.invoke(app, ["maintain", "--lake", lake])
    assert kept.exit_code == 0
    assert json.loads(kept.stdout)["pruned"] == []


def test_a_source_that_fails_keeps_no_other_from_it(tmp_path, sources):
    (sources / "broken.yaml").write_text("kind: gopher\n")
    brought = runner.invoke(app, ["ingest", "--sources", str(sources), "--lake", str(tmp_path / "lake")])
    assert brought.exit_code == 2
    assert "broken: source" in brought.stderr and "`kind` must be one of files" in brought.stderr
    assert days_of(brought)


def test_what_is_not_there_is_told_of(tmp_path, sources):
    lake = str(tmp_path / "lake")
    for arguments, told in (
        (["ingest", "--sources", str(tmp_path / "nowhere"), "--lake", lake], "no folder of sources"),
        (["ingest", "--sources", str(sources), "--source", "other", "--lake", lake], "no source 'other'; it has lanshan"),
        (["build", "2026-03-02", "--lake", lake], "nothing of 2026-03-02 came into"),
        (["build", "yesterday", "--lake", lake], "is no day"),
        (["maintain", "--lake", lake], "there is no lake at"),
    ):
        refused = runner.invoke(app, arguments)
        assert refused.exit_code == 2, arguments
        assert told in refused.stderr.replace("\n", " ")
