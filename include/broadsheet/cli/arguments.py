"""Values of the command line."""

from datetime import datetime
from pathlib import Path

import typer


def given_path(text: str) -> Path:
    """A path; an empty one, as a variable that is not set gives, would be the current directory."""
    if not str(text).strip():
        raise typer.BadParameter("the path is empty")
    return Path(text)


def given_lake(text: str) -> Path:
    """The directory of a lake, or the working directory of one in an object store."""
    from broadsheet.lake import Lake

    given_path(text)
    return Lake.at(text).root  # a path would have one slash of the URL less


def given_time(text: str) -> datetime:
    """A day or a time in ISO 8601, with or without an offset."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day or time, as 2026-03-01 and 2026-03-01T08:00+08:00 are") from error
