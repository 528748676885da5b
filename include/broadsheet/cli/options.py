"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.arguments import given_path

DEFAULT_LAKE = Path("lake")
NewLakeOption = Annotated[
    Path, typer.Option("--lake", parser=given_path, metavar="DIR", help="Directory of the lake; made if it is not there.", envvar="BROADSHEET_LAKE")
]
LakeOption = Annotated[Path, typer.Option("--lake", parser=given_path, metavar="DIR", help="Directory of the lake.", envvar="BROADSHEET_LAKE")]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", parser=given_path, metavar="FILE", help="Quality policy (YAML) laid over the embedded one.", show_default=False),
]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
