"""`broadsheet ingest`, `build` and `maintain`: captures by source in, by day out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from testweb import Web, WebServer

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
    assert "lanshan: 3 inputs: 3 new, 0 known, 0 quarantined" in only.stderr
    assert "lanshan: 3 inputs: 0 new, 3 known, 0 quarantined" in again.stderr
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


def test_what_is_quarantined_is_told_with_its_reason_until_it_is_known(sources, tmp_path):
    lake = str(tmp_path / "lake")
    for number in range(5):
        (tmp_path / f"empty{number}.html").touch()
    (sources / "other.yml").write_text("kind: files\n")
    (sources / "lanshan.yaml").write_text("kind: files\npaths: [../*.html, ../*.html.gz]\nmanifest: ../manifest.jsonl\n", "utf-8")
    first = runner.invoke(app, ["ingest", "--lake", lake, "--sources", str(sources)])
    assert first.exit_code == 0, first.output
    lines = first.stderr.splitlines()
    assert lines[0] == "lanshan: 8 inputs: 3 new, 0 known, 5 quarantined (5 empty_file; 5 of them new)"
    assert lines[1] == f"  {tmp_path}/sources/../empty0.html: empty_file: 0 bytes"
    assert lines[4:] == ["  … and 2 more", f"  `broadsheet quarantine --lake {lake}` lists them once their day is built."]
    again = runner.invoke(app, ["ingest", "--lake", lake, "--sources", str(sources)])
    assert again.stderr.splitlines() == ["lanshan: 8 inputs: 0 new, 3 known, 5 quarantined (5 empty_file; 0 of them new)"]


def test_requests_that_failed_are_told_by_their_reasons(tmp_path):
    (tmp_path / "sources").mkdir()
    with WebServer(Web(seed=7, days=2, stories_a_day=4)) as server:
        (tmp_path / "sources" / "klip.yaml").write_text(
            f"kind: web\nurls: [http://www.klippen.example/]\ncontact: a@b.example\nallow_private: true\nresolve: {{'*.example': '{server.address}'}}\n"
            "follow: {allow: [/cut.html, /error.html, /target.html]}\nlimits: {delay: 0, retries: 0}\n"
        )
        told = runner.invoke(app, ["ingest", "--lake", str(tmp_path / "lake"), "--sources", str(tmp_path / "sources")])
    assert told.exit_code == 0, told.output
    lines = told.stderr.splitlines()
    failed = next(line for line in lines if "requests failed" in line)
    assert "1 cut off" in failed and "1 status 500" in failed and failed.startswith("  2 of 5 requests failed: ")
    assert lines[-1] == f"  `broadsheet source visits klip --failed --lake {tmp_path / 'lake'}` lists them."


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
