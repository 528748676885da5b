"""A page of the docs as what it tells its reader to do: commands with their output, and files to write."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>console|yaml)\n(?P<content>.*?)```", re.DOTALL)
LEFT_OUT = "…"  # a line that stands for any number of lines


class Step(NamedTuple):
    """A command and its lines of output, or a file (`command` None) and its content."""

    command: str | None
    file: str | None
    shown: str


def steps(text: str) -> Iterator[Step]:
    for match in _FENCE.finditer(text):
        if match["file"]:
            yield Step(None, match["file"], match["content"])
        elif match["kind"] == "console":
            for part in re.split(r"^\$ ", match["content"], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield Step(command, None, output)


def done(step: Step, where: Path) -> str:
    """What a step prints, both streams."""
    if step.file is not None:
        (where / step.file).write_text(step.shown, "utf-8")
        return step.shown
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BROADSHEET_")}
    environment |= {"COLUMNS": "140", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"}
    ran = subprocess.run(
        ["/bin/bash", "-c", step.command or ""], cwd=where, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines()) + ("\n" if ran.stdout else "")


def agrees(shown: str, printed: str) -> bool:
    """Whether the docs show what was printed, but for the lines that they leave out."""
    pattern = "".join(r"(?:.*\n)*?" if line == LEFT_OUT else re.escape(line) + "\n" for line in shown.splitlines())
    return re.fullmatch(pattern, printed) is not None
