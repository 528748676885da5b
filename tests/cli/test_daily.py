"""Days without Airflow: sources are ingested, a day is built, the lake is kept up."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("news.lanshan*.html.gz"))[:3]
DAY = "2026-09-01"
runner = CliRunner()


@pytest.fixture
def sources(tmp_path) -> Path:
    """A source with three pages of one day, and one whose manifest is not there."""
    folder = tmp_path / "sources"
    folder.mkdir()
    with (tmp_path / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for page in PAGES:
            (tmp_path / page.name).write_bytes(page.read_bytes())
            manifest.write(json.dumps({"path": page.name, "captured_at": f"{DAY}T12:00:00Z"}) + "\n")
    (folder / "lanshan.yaml").write_text("kind: files\npaths: [../*.html.gz]\nmanifest: ../manifest.jsonl\n", "utf-8")
    (folder / "broken.yaml").write_text("kind: files\npaths: [../*.html.gz]\nmanifest: ../nowhere.jsonl\n", "utf-8")
    return folder


def ask(lake: Path, sql: str) -> list[dict]:
    output = runner.invoke(app, ["query", "--lake", str(lake), "--format", "json", sql]).output
    return [json.loads(line) for line in output.splitlines()]


def test_a_day_is_ingested_built_and_kept_up(sources, tmp_path):
    lake = tmp_path / "lake"
    only = runner.invoke(app, ["ingest", "--lake", str(lake), "--sources", str(sources), "--source", "lanshan"])
    assert only.exit_code == 0, only.output
    assert only.stdout.split() == [DAY]
    # nothing is published yet, and there is nothing to sort
    early = runner.invoke(app, ["maintain", "--lake", str(lake)])
    assert early.exit_code == 0, early.output
    assert json.loads(early.stdout.splitlines()[0])["index_runs"] == {"before": 0, "after": 0}
    for _ in range(2):  # building it again adds nothing
        built = runner.invoke(app, ["build", DAY, "--lake", str(lake), "--shards", "1"])
        assert built.exit_code == 0, built.output
        assert ask(lake, "select count(*) as n from captures") == [{"n": len(PAGES)}]
    kept = json.loads(runner.invoke(app, ["maintain", "--lake", str(lake)]).stdout.splitlines()[0])
    assert kept["index_runs"] == {"before": 1, "after": 1}


def test_a_source_that_fails_keeps_no_other_from_it(sources, tmp_path):
    result = runner.invoke(app, ["ingest", "--lake", str(tmp_path / "lake"), "--sources", str(sources)])
    assert result.exit_code == 2
    assert result.stdout.split() == [DAY]
    assert "nowhere.jsonl" in result.stderr


def test_a_day_of_which_nothing_came_is_told(sources, tmp_path):
    runner.invoke(app, ["ingest", "--lake", str(tmp_path / "lake"), "--sources", str(sources)])
    result = runner.invoke(app, ["build", "2026-09-02", "--lake", str(tmp_path / "lake")])
    assert result.exit_code == 2, result.output
    assert "2026-09-02" in result.stderr
