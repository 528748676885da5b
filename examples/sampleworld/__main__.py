"""`python -m sampleworld --seed 7 --pages 200 --days 4 --out DIR`: write a world's pages, manifest and truth."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sampleworld.world import build
from sampleworld.write import write


def main(
    out: Annotated[Path, typer.Option(help="Directory to write to.")],
    seed: Annotated[int, typer.Option(help="The world follows from it.")] = 7,
    pages: Annotated[int, typer.Option(min=1, help="Captures to make.")] = 200,
    days: Annotated[int, typer.Option(min=1, help="Days that they are spread over.")] = 4,
    broken: Annotated[bool, typer.Option(help="Add inputs that cannot be used.")] = True,
) -> None:
    """Write a synthetic world: pages/, manifest.jsonl, truth.jsonl, world_truth.json."""
    print(json.dumps(write(build(seed, pages, days), out, with_broken=broken), ensure_ascii=False))


if __name__ == "__main__":
    typer.run(main)
