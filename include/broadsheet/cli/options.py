"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.arguments import given_lake, given_path
from broadsheet.engine.names import EngineName

DEFAULT_LAKE = Path("lake")
NewLakeOption = Annotated[
    Path,
    typer.Option(
        "--lake", parser=given_lake, metavar="DIR|URL", envvar="BROADSHEET_LAKE",
        help="Directory of the lake, made if it is not there, or s3://BUCKET/FOLDER of an object store.",
    ),
]  # fmt: skip
LakeOption = Annotated[
    Path,
    typer.Option(
        "--lake", parser=given_lake, metavar="DIR|URL", envvar="BROADSHEET_LAKE",
        help="Directory of the lake, or s3://BUCKET/FOLDER of an object store.",
    ),
]  # fmt: skip
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", parser=given_path, metavar="FILE", help="Quality policy (YAML) laid over the embedded one.", show_default=False),
]

OutletsOption = Annotated[
    Path | None,
    typer.Option(
        "--outlets", parser=given_path, metavar="FILE", help="Outlets with their other names and hosts (YAML), laid over the bundled table.",
        envvar="BROADSHEET_OUTLETS_FILE", show_default=False,
    ),
]  # fmt: skip
ShardsOption = Annotated[int | None, typer.Option("--shards", min=1, max=4096, help="Parts to split the run into.")]
EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        "--engine", show_default=False,
        help="What reads and checks pages: `pool`, guarded processes (the default); `spark`; `process`, this one without a guard, for a debugger.",
    ),
]  # fmt: skip
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; by default one, and one a core on large runs.")]
ZoneOption = Annotated[str | None, typer.Option("--time-zone", help="Zone of sites that neither state one nor imply one by their language.")]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
