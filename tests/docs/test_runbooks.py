"""The runbooks name commands, options, targets of make and pages that are there."""

import re
from pathlib import Path

import pytest
import typer

from broadsheet.cli import app

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = sorted((ROOT / "docs" / "operate").glob("*.md"))
LINKED = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def commands(text: str) -> list[list[str]]:
    """Words of each call of `broadsheet` in code, up to the end of the line or span."""
    spans = re.findall(r"`(broadsheet [^`\n]+)`", text)
    lines = re.findall(r"^(?:\.venv/bin/)?(broadsheet [^#\n]+)", text, re.MULTILINE)
    return [call.split()[1:] for call in [*spans, *lines]]


def unknown(words: list[str]) -> list[str]:
    """What of a call is neither a command nor an option of it."""
    command = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    if words[:1] == rest[:1]:
        return words[:1]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [word for word in rest if word.startswith("--") and word not in known]


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_commands_and_their_options_are_there(runbook):
    assert [(words, wrong) for words in commands(runbook.read_text("utf-8")) if (wrong := unknown(words))] == []


def test_a_wrong_command_or_option_is_seen():
    assert unknown(["compact", "--lake", "DIR"]) == ["compact"]
    assert unknown(["snapshots", "rollback", "--force", "SNAPSHOT"]) == ["--force"]
    assert commands("run `broadsheet runs --lake DIR`, then\n\nbroadsheet check DIR   # all\n") == [["runs", "--lake", "DIR"], ["check", "DIR"]]


def test_targets_of_make_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for runbook in RUNBOOKS for target in re.findall(r"(?:^|`)make ([a-z-]+)", runbook.read_text("utf-8"), re.MULTILINE)}
    assert {"secrets", "up", "cluster"} <= named <= targets


def test_every_runbook_is_listed():
    listed = re.findall(r"\(operate/(\w+\.md)\)", (ROOT / "docs" / "operations.md").read_text("utf-8"))
    assert {path.name for path in RUNBOOKS} <= set(listed)


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in LINKED
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
