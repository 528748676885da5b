"""`broadsheet profile`: help, what is refused, and that a scaffold says what the generic path found."""

import re
from pathlib import Path

import pytest
import yaml
from invented_html import PAGE
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.cli.profile import profile_app
from broadsheet.page.read import read_page
from broadsheet.sites.load import checked_profile

ROOT = Path(__file__).resolve().parents[2]
FERRY = ROOT / "examples" / "add_a_site" / "ferry.html"
COMMANDS = sorted(command.callback.__name__ for command in profile_app.registered_commands)
runner = CliRunner()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_a_sentence_and_is_in_the_docs(command):
    result = runner.invoke(app, ["profile", command, "--help"])
    assert result.exit_code == 0
    assert re.search(r"[A-Za-z].{15,}\.", result.output)
    assert command in runner.invoke(app, ["profile", "--help"]).output
    assert f"broadsheet profile {command}" in (ROOT / "docs" / "add_a_site.md").read_text("utf-8")


def test_a_scaffold_gives_what_the_generic_path_gives(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(PAGE, "utf-8")
    made = runner.invoke(app, ["profile", "new", str(page), "--host", "www.Yunzhou.example"])
    assert made.exit_code == 0, made.output
    profile = checked_profile(yaml.safe_load(made.stdout), "new")
    assert profile.host == "yunzhou.example"
    generic = read_page(PAGE, media_type="text/html")
    profiled = read_page(PAGE, media_type="text/html", layout=profile.layouts[0])
    assert set(profile.layouts[0].select) >= {"title", "body", "breadcrumb", "info"}
    assert profiled.profile_missed == ()
    for name in ("headlines", "body", "breadcrumb", "sources", "people", "published"):
        mine, theirs = getattr(profiled, name), getattr(generic, name)
        assert (mine.local if name == "published" else mine) == (theirs.local if name == "published" else theirs), name
    assert [(m.kind, m.heading, m.items) for m in profiled.modules] == [(m.kind, m.heading, m.items) for m in generic.modules]


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path):
    out = tmp_path / "mine.yaml"
    out.write_text("mine", "utf-8")
    refused = runner.invoke(app, ["profile", "new", str(FERRY), "--out", str(out)])
    assert (refused.exit_code, out.read_text("utf-8")) == (2, "mine")
    assert "--force" in refused.output
    assert runner.invoke(app, ["profile", "new", str(FERRY), "--out", str(out), "--force"]).exit_code == 0
    assert "seahaven.example" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", "{page}"], "--host"),
        (["new", "{text}", "--host", "a.example"], "not HTML"),
        (["new", "{page}", "--host", "no host"], "host must be a host name"),
        (["new", str(FERRY), "--valid-from", "soon"], "must be a date"),
        (["new", "{page}", "--host", "a: b"], "host must be a host name"),
        (["check"], "--sites"),
        (["check", "--sites", ""], "the path is"),
        (["check", "other.example", "--sites", "{folder}"], "other.example has no golden page"),
        (["golden", str(FERRY), "--date", "2026-02-10", "--sites", "{folder}", "--host", "../../x"], "host must be a host name"),
        (["golden", str(FERRY), "--date", "2026-02-10", "--sites", "{page}"], "page.html"),
        (["golden", str(FERRY), "--date", "2026-02-10"], "--sites"),
        (["golden", str(FERRY), "--date", "2026-02-10", "--sites", "{blocked}"], "cannot be written"),
        (["golden", str(FERRY), "--date", "soon", "--sites", "{folder}"], "must be a date"),
    ],
)
def test_what_is_missing_or_wrong_is_said(tmp_path, arguments, message):
    (tmp_path / "page.html").write_text("<p>A page that says nothing of its site.</p>", "utf-8")
    (tmp_path / "page.txt").write_text("A page without elements.", "utf-8")
    places = {"page": tmp_path / "page.html", "text": tmp_path / "page.txt", "folder": tmp_path, "blocked": tmp_path / "blocked"}
    places["blocked"].mkdir()
    (places["blocked"] / "golden").write_text("a file where a folder must be", "utf-8")
    result = runner.invoke(app, ["profile", *(argument.format(**places) for argument in arguments)])
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ferry", "{}", "must begin with the day"),
        ("2026-02-10-none", "{}", "has no page beside it"),
        ("2026-02-10-ferry", "[", "cannot be read"),
        ("2026-02-10-ferry", "[]", "must be an object"),
        ("2026-02-10-ferry", '{"headline": "x"}', "'headline' is not known"),
    ],
)
def test_a_golden_record_that_cannot_be_used_is_named(tmp_path, name, content, message):
    folder = tmp_path / "golden" / "seahaven.example"
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text(content, "utf-8")
    if "none" not in name:
        (folder / f"{name}.html").write_bytes(FERRY.read_bytes())
    result = runner.invoke(app, ["profile", "check", "--sites", str(tmp_path)])
    assert result.exit_code == 2
    assert message in result.output.replace("\n", " ")


def test_a_golden_pair_written_anew_tells_what_changed(tmp_path):
    arguments = ["profile", "golden", "--date", "2026-02-10", "--sites", str(tmp_path)]
    first = runner.invoke(app, [*arguments, str(FERRY)])
    assert first.exit_code == 0, first.output
    page = tmp_path / "golden" / "seahaven.example" / "2026-02-10-ferry.html.gz"
    kept = page.read_bytes()
    (tmp_path / "seahaven.example.yaml").write_text("{host: seahaven.example, layouts: [{select: {title: .topline}}]}", "utf-8")
    for host in ("seahaven.example", "www.SEAHAVEN.example"):
        assert runner.invoke(app, ["profile", "check", host, "--sites", str(tmp_path)]).exit_code == 3
    again = runner.invoke(app, [*arguments, str(page)])
    assert "changed: title" in again.output
    assert page.read_bytes() == kept
    assert runner.invoke(app, ["profile", "check", "--sites", str(tmp_path)]).exit_code == 0
