"""Writes anew which columns the lake's and the warehouse's columns are made of, as lineage events tell it. This is part of `make docs`.

What was measured on the pages of a run (`record_lineage.py`) and read out of the SQL that its load ran (`sql_lineage.py`) becomes one file,
so that a run need not work it out, and a changed origin shows where it is reviewed.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import duckdb
from record_lineage import record_lineage
from sql_lineage import Columns, derived_lineage, view_lineage

from broadsheet.lake import ABSENCES, PAGES, Lake, read_records, written_aside
from broadsheet.lineage.columns import FILE
from broadsheet.records import Absence, PageResult


def column_lineage(lake: Lake) -> str:
    """The file's text, from a lake whose last run's staging is there."""
    staging = max(lake.staging("").iterdir())
    pages = [page for source in sorted(staging.glob(f"extract/*/{PAGES}")) for page in read_records(source, PageResult)]
    absences = [absence for source in sorted(staging.glob(f"capture/*/{ABSENCES}")) for absence in read_records(source, Absence)]
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(lake.warehouse, folder)
        with duckdb.connect(copy) as connection:
            connection.execute("set TimeZone = 'UTC'")
            derived = derived_lineage(connection)
    return _text({**record_lineage(pages, absences), **derived, **view_lineage()})


def _text(relations: dict[str, Columns]) -> str:
    """JSON with a column a line. A column of unknown origin, or of none, has no line."""
    blocks = []
    for relation in sorted(relations):
        lines = [
            f"  {json.dumps(column)}: {json.dumps({f'{source}.{field}': how for (source, field), how in sorted(origins.items())})}"
            for column, origins in sorted(relations[relation].items())
            if origins
        ]
        if lines:
            blocks.append(f" {json.dumps(relation)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", type=Path, required=True, help="lake of the bundled sample, just run")
    parser.add_argument("--out", type=Path, default=FILE, help="file to write")
    given = parser.parse_args()
    with written_aside(given.out) as aside:
        aside.write_text(column_lineage(Lake(given.lake)), "utf-8")


if __name__ == "__main__":
    main()
