"""`broadsheet ingest`, `build` and `maintain`: captures by source in, by day out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
PAGES = sorted((SAMPLE / "pages").glob("news.lanshan*.html.gz"))[:3]
DAY = "2026-09-01"
runner = CliRunner()


@pytest.fixture
def sources(tmp_path) -> Path:
    """A source with three pages of one day."""
    folder = tmp_path / "sources"
    folder.mkdir()
    with (tmp_path / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for page in PAGES:
            (tmp_path / page.name).write_bytes(page.read_bytes())
            manifest.write(json.dumps({"path": page.name, "captured_at": f"{DAY}T12:00:00Z"}) + "\n")
    (folder / "lanshan.yaml").write_text("kind: files\npaths: [../*.html.gz]\nmanifest: ../manifest.jsonl\n", "utf-8")
    return folder


def test_a_day_is_ingested_built_and_kept_up(sources, tmp_path):
    lake = str(tmp_path / "lake")
    only = runner.invoke(app, ["ingest", "--lake", lake, "--sources", str(sources), "--source", "lanshan"])
    assert (only.exit_code, only.stdout.split()) == (0, [DAY]), only.output
    again = runner.invoke(app, ["ingest", "--lake", lake, "--sources", str(sources)])
    assert (again.exit_code, again.stdout) == (0, "")
    # nothing is published yet, and there is nothing to sort
    early = runner.invoke(app, ["maintain", "--lake", lake])
    assert early.exit_code == 0, early.output
    assert json.loads(early.stdout.splitlines()[0])["index_runs"] == {"before": 0, "after": 0}
    for _ in range(2):  # building it again adds nothing
        built = runner.invoke(app, ["build", DAY, "--lake", lake, "--shards", "1"])
        assert built.exit_code == 0, built.output
        counted = runner.invoke(app, ["query", "--lake", lake, "--format", "json", "select count(*) as n from captures"])
        assert json.loads(counted.output) == {"n": len(PAGES)}
    kept = json.loads(runner.invoke(app, ["maintain", "--lake", lake]).stdout.splitlines()[0])
    assert (kept["index_runs"], kept["pruned"]) == ({"before": 1, "after": 1}, [])


def test_a_source_waits_until_it_is_due_or_named(sources, tmp_path):
    lake = str(tmp_path / "lake")
    where = ["--lake", lake, "--sources", str(sources)]
    source = sources / "lanshan.yaml"
    source.write_text(source.read_text() + "schedule: 24h\n")
    (sources / "named.yaml").write_text("kind: files\npaths: [../*.html.gz]\nschedule: manual\n")

    def brought(*arguments: str) -> tuple[list[str], str]:
        result = runner.invoke(app, ["ingest", *where, *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout.split(), result.stderr

    def due() -> dict[str, str]:
        return {row["name"]: row["due"] for row in json.loads(runner.invoke(app, ["source", "list", *where, "--json"]).stdout)}

    assert due() == {"lanshan": "next run", "named": "when named"}
    days, told = brought()
    assert (days, "named: only when it is named" in told, "lanshan: 3 inputs" in told) == ([DAY], True, True)
    days, told = brought()
    assert (days, "lanshan: not due before" in told, "inputs" in told) == ([], True, False)
    assert datetime.fromisoformat(due()["lanshan"]) > datetime.now(UTC)
    assert "lanshan: 3 inputs" in brought("--source", "lanshan")[1]
    assert "named: 3 inputs" in brought("--source", "named")[1]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("kind: gopher\n", "`kind` must be one of files"),
        ("kind: files\npaths: [../*.html.gz]\nmanifest: ../nowhere.jsonl\n", "nowhere.jsonl"),
    ],
)
def test_a_source_that_fails_keeps_no_other_from_it(sources, tmp_path, source, told):
    (sources / "broken.yaml").write_text(source, "utf-8")
    brought = runner.invoke(app, ["ingest", "--lake", str(tmp_path / "lake"), "--sources", str(sources)])
    assert brought.exit_code == 2
    assert "broken: " in brought.stderr and told in brought.stderr
    assert brought.stdout.split() == [DAY]


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
