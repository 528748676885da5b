"""Values of the command line."""

from pathlib import Path

import typer


def given_path(text: str) -> Path:
    """A path; an empty one, as a variable that is not set gives, would be the current directory."""
    if not str(text).strip():
        raise typer.BadParameter("the path is empty")
    return Path(text)
