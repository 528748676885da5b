"""Invented captures of two days, put down for a source."""

import json
from pathlib import Path

from pages import PAGE

from broadsheet import ingest
from broadsheet.warehouse.query import connect

FIRST, SECOND = "2024-03-05", "2024-03-06"


class Drop:
    """A folder that a source watches, with its manifest, and the folder of sources."""

    def __init__(self, root: Path):
        self.root = root / "drop"
        self.sources = root / "sources"
        self.root.mkdir()
        self.sources.mkdir()
        (self.sources / "qinghe.yaml").write_text(
            "kind: files\npaths: [../drop/*.txt]\nmanifest: ../drop/manifest.jsonl\nsite: qinghe.example\n", "utf-8"
        )

    def put(self, day: str, number: int) -> None:
        """A page that was captured at noon (UTC) of a day."""
        name = f"page-{day}-{number}.txt"
        (self.root / name).write_text(PAGE.format(title=f"青河第{number}座口袋公园开放", day=number), "utf-8")
        with (self.root / "manifest.jsonl").open("a", encoding="utf-8") as manifest:
            row = {"path": name, "url": f"https://qinghe.example/{number}.html", "captured_at": f"{day}T12:00:00Z"}
            manifest.write(json.dumps(row) + "\n")

    def ingest(self, lake: Path) -> list[str]:
        """Bring in what is there, without Airflow. Returns the days of which anything new came."""
        source = ingest.read_source(self.sources, "qinghe")
        run = ingest.start_source(lake, source)
        days = ingest.ingest(run, source)["days"]
        ingest.finish(run)
        return days


def totals(lake: Path) -> dict[str, int]:
    with connect(lake) as connection:
        return {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for name in ("captures", "articles", "article_versions")}
