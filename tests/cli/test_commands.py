"""Commands: documented, with help that is good enough to work from; stages one by one give what `run` gives."""

import gzip
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.quality.reasons import REASONS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "sample" / "pages"
runner = CliRunner()
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_a_sentence(command):
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert re.search(r"[A-Za-z].{15,}\.", result.output)


def test_every_command_is_in_the_overview():
    output = runner.invoke(app, ["--help"]).output
    assert all(command in output for command in COMMANDS)


def test_the_stages_one_by_one(tmp_path):
    lake = tmp_path / "lake"
    page = sorted(SAMPLE.glob("news.lanshan*.html.gz"))[0]
    assert runner.invoke(app, ["capture", "--lake", str(lake), "--shards", "1", "--run", "mine", str(page)]).exit_code == 0
    for stage in ("extract", "transform", "validate", "load"):
        result = runner.invoke(app, [stage, "--lake", str(lake), "--run", "mine"])
        assert result.exit_code == 0, (stage, result.output)
    refused = runner.invoke(app, ["extract", "--lake", str(lake), "--run", "mine", "--workers", "2"])
    assert refused.exit_code == 2  # else it would be dropped without a word
    assert "go with --jsonl" in refused.output
    rows = runner.invoke(app, ["query", "--lake", str(lake), "--format", "json", "select headline, origin from current_articles"]).output
    assert json.loads(rows)["origin"] == ["澜山晚报"] or json.loads(rows)["origin"]
    assert "mine" in runner.invoke(app, ["runs", "--lake", str(lake)]).output
    capture_id = json.loads(runner.invoke(app, ["query", "--lake", str(lake), "--format", "json", "select capture_id from captures"]).output)[
        "capture_id"
    ]
    shown = runner.invoke(app, ["show", "--lake", str(lake), capture_id[:10]])
    assert shown.exit_code == 0
    assert json.loads(rows)["headline"][:6] in shown.output.replace("\n", "")
    again = runner.invoke(app, ["load", "--lake", str(lake), "--run", "mine"])
    assert again.exit_code == 0, again.output


def test_a_dry_run_publishes_nothing(tmp_path):
    page = sorted(SAMPLE.glob("news.lanshan*.html.gz"))[0]
    result = runner.invoke(app, ["run", "--lake", str(tmp_path / "lake"), "--shards", "1", "--dry-run", str(page)])
    assert result.exit_code == 0, result.output
    assert "nothing published" in result.output
    assert not (tmp_path / "lake" / "warehouse" / "broadsheet.duckdb").exists()
    assert list((tmp_path / "lake").glob("tables/**/*.parquet")) == []


def test_each_command_that_publishes_draws_the_quality_overview_anew(tmp_path):
    lake, page, later, never = (tmp_path / name for name in ("lake", "a.html", "later.html", "never.html"))
    page.write_bytes(gzip.decompress(sorted(SAMPLE.glob("news.lanshan*.html.gz"))[0].read_bytes()))
    later.touch()
    never.touch()
    overview = lake / "docs" / "index.html"

    def run(*arguments: str, code: int):
        result = runner.invoke(app, [*arguments, "--lake", str(lake)])
        assert result.exit_code == code, result.output
        return result

    def told(command: str, *arguments: str) -> list[dict]:
        return [json.loads(line) for line in run(command, *arguments, "--format", "json", code=0).stdout.splitlines()]

    def shown_runs() -> list[str]:
        shown = overview.read_text("utf-8")
        return [row["run_id"] for row in told("query", "select run_id from runs order by started_at") if row["run_id"] in shown]

    run("run", "--shards", "1", str(tmp_path), code=3)
    assert len(shown_runs()) == 1
    rejected = {Path(row["what"]).name: row["quarantine_id"] for row in told("quarantine")}
    later.write_bytes(page.read_bytes().replace(b"</p>", "。</p>".encode()))
    run("quarantine", "replay", "--shards", "1", rejected["later.html"], code=0)
    assert len(shown_runs()) == 2
    run("quarantine", "dismiss", rejected["never.html"], "--note", "an empty file", code=0)
    assert len(shown_runs()) == 3
    run("reparse", "--shards", "1", "--publish", code=0)
    *before, reparse = shown_runs()
    assert len(before) == 3
    published = json.loads(run("snapshots", "list", "--json", code=0).stdout)
    run("snapshots", "rollback", published[1]["snapshot_id"], code=0)
    assert shown_runs() == before
    assert reparse not in overview.read_text("utf-8")

    overview.unlink()
    overview.mkdir()  # so that no file can take its place
    result = run("run", "--shards", "1", "--json", str(later), code=3)
    assert "published, but the quality overview could not be drawn" in result.stderr
    assert told("query", "select run_id from runs order by started_at")[-1]["run_id"] == json.loads(result.stdout)["run_id"]


@pytest.mark.parametrize("command", [["dictionary"], ["contract"]])
def test_a_text_goes_to_a_file_or_it_is_said_why_not(command, tmp_path):
    printed = runner.invoke(app, command)
    assert runner.invoke(app, [*command, "--out", str(tmp_path / "new" / "text")]).exit_code == 0
    assert (tmp_path / "new" / "text").read_text("utf-8") == printed.stdout
    for out in (".", "/", "", str(tmp_path)):
        refused = runner.invoke(app, [*command, "--out", out])
        assert (refused.exit_code, refused.stdout) == (2, ""), out


def test_a_page_is_shown_by_its_url(sample_run):
    lake = ["--lake", str(sample_run[0])]
    asked = runner.invoke(
        app, ["query", *lake, "--format", "json", "select url, capture_id from captures where url is not null order by url, captured_at desc limit 1"]
    )
    row = json.loads(asked.stdout)
    shown = runner.invoke(app, ["show", *lake, row["url"]], env={"COLUMNS": "200"})
    assert shown.exit_code == 0 and row["capture_id"] in shown.output
    unknown = runner.invoke(app, ["show", *lake, "https://nowhere.example/a"])
    assert unknown.exit_code == 2 and "is of https://nowhere.example/a" in unknown.output


def test_query_formats(sample_run):
    lake = str(sample_run[0])
    csv = runner.invoke(app, ["query", "--lake", lake, "--format", "csv", "select 1 as a, '甲,乙' as b"]).output
    assert csv.splitlines() == ["a,b", '1,"甲,乙"']
    assert runner.invoke(app, ["query", "--lake", lake, "select no_such_column from captures"]).exit_code == 2
    assert runner.invoke(app, ["query", "--lake", lake, "delete from captures"]).exit_code == 2
    listed = runner.invoke(app, ["quarantine", "--lake", lake, "--reason", "truncated_gzip", "--format", "json"]).output
    assert json.loads(listed)["reasons"] == ["truncated_gzip"]


def test_export_writes_a_file_and_says_what_is_wrong(sample_run, tmp_path):
    out = tmp_path / "articles.jsonl"
    arguments = ["export", "current_articles", "--lake", str(sample_run[0]), "--out", str(out)]
    conditions = ["--site", "haidu.example", "--site", "news.lanshan.example", "--since", "2026-03-03", "--until", "2026-03-04T12:00+08:00"]
    written = runner.invoke(app, arguments + conditions)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert (written.exit_code, written.output) == (0, f"{out}: {len(rows)} rows\n")
    assert {row["site"] for row in rows} == {"haidu.example", "news.lanshan.example"}
    assert all("2026-03-03T00:00:00+08:00" <= row["published_at"] < "2026-03-04T12:00:00+08:00" for row in rows)
    for wrong in ([], ["--force", "--since", "yesterday"], ["--force", "--out", "-"], ["--force", "--where", "1; select 2"]):
        assert runner.invoke(app, arguments + wrong).exit_code == 2
    assert len(out.read_text("utf-8").splitlines()) == len(rows)


def test_search_prints_articles_and_says_why_there_are_none(sample_run):
    lake = ["--lake", str(sample_run[0])]
    shown = runner.invoke(app, ["search", *lake, "湿地公园", "--limit", "1"], env={"COLUMNS": "200"}).output.splitlines()
    assert "湿地公园" in shown[0]
    assert re.match(r"news\.lanshan\.example · 2026-\d\d-\d\d \d\d:\d\d · [\d.]+ · [0-9a-f]{20}$", shown[1])
    assert "湿地公园" in shown[2]
    rows = runner.invoke(app, ["search", *lake, "濕地公園", "--site", "news.lanshan.example", "--from", "2026-03-01", "--format", "json"]).output
    assert {json.loads(line)["site"] for line in rows.splitlines()} == {"news.lanshan.example"}
    for arguments, hint in (
        (["qqqq"], "no article has any"),
        (["湿地公园", "--to", "2000-01-01"], "without --site"),
        (['"公园湿地"'], "quotation marks"),
    ):
        nothing = runner.invoke(app, ["search", *lake, *arguments], env={"COLUMNS": "200"})
        assert nothing.exit_code == 0
        assert hint in nothing.output
    assert runner.invoke(app, ["search", *lake, "公园", "--from", "yesterday"]).exit_code == 2


def test_rows_too_wide_for_the_terminal_are_shown_one_value_a_line(sample_run):
    arguments = ["query", "--lake", str(sample_run[0]), "select * from current_articles limit 2"]
    lines = [line.rstrip() for line in runner.invoke(app, arguments, env={"COLUMNS": "80"}).output.splitlines()]
    assert lines[0].startswith("row 1 ")
    assert sum(line.startswith("displayed_headline  ") for line in lines) == 2
    assert lines[-1] == "2 rows"


def test_reasons_are_listed_by_scope_with_their_policy():
    output = runner.invoke(app, ["reasons"], env={"COLUMNS": "80"}).output
    lines = {cells[1]: cells for line in output.splitlines() if len(cells := line.replace("│", " ").split()) > 2}
    assert lines["truncated_gzip"][:3] == ["input", "truncated_gzip", "quarantine"]
    assert lines["undecodable"][0] == "page"
    assert lines["no_source"][:3] == ["row", "no_source", "warn"]
    assert set(REASONS) <= set(lines)
