"""What commands leave behind besides what they print: texts in files, and the quality overview after a publication."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from broadsheet.cli.arguments import given_path
from broadsheet.errors import ConfigurationError

OutOption = Annotated[
    Path | None, typer.Option("--out", parser=given_path, metavar="FILE", help="Write to this file instead of standard output.", show_default=False)
]


def give(text: str, out: Path | None) -> None:
    """Print a text, or write it to `out`, which is there when it is whole. Raises ConfigurationError where it cannot be written."""
    from broadsheet.lake import written_aside

    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with written_aside(out) as aside:
            aside.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror or error}") from error


def draw_overview(lake: Path) -> bool:
    """Draw the quality overview anew after a publication. Where that fails, it is said and False returned."""
    from broadsheet.pipeline import document

    try:
        document(lake)
    except Exception as error:  # whatever the fault is, the data are published, and the command must not end as if they were not
        told = f"published, but the quality overview could not be drawn: {error}; `broadsheet quality --lake {lake}` draws it"
        Console(stderr=True, soft_wrap=True).print(told, style="yellow", markup=False, highlight=False)
        return False
    return True
