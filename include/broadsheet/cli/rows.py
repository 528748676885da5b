"""Rows of an Arrow table to the terminal, CSV or JSON Lines."""

import csv
import json
import sys
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Columns of the terminal below which a column of a table cannot be read, its rule included.
COLUMN_WIDTH = 10


def print_rows(rows: pa.Table, format: str) -> None:
    if format == "json":
        for row in rows.to_pylist():
            print(json.dumps(row, ensure_ascii=False, default=str))
    elif format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows([_cell(value) for value in row.values()] for row in rows.to_pylist())
    else:
        _print_table(rows)


def _print_table(rows: pa.Table) -> None:
    console = Console()
    if len(rows.column_names) * COLUMN_WIDTH > console.width:
        _print_records(console, rows)
    else:
        _print_grid(console, rows)
    console.print(f"{rows.num_rows} row{'' if rows.num_rows == 1 else 's'}", style="dim")


def _print_records(console: Console, rows: pa.Table) -> None:
    """One line per value, for rows of more columns than the terminal has room for."""
    for number, row in enumerate(rows.to_pylist(), start=1):
        console.rule(f"row {number}", align="left", style="dim")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in row.items():
            grid.add_row(Text(name), Text(_cell(value)))
        console.print(grid)


def _print_grid(console: Console, rows: pa.Table) -> None:
    table = Table(header_style="bold")
    for name, kind in zip(rows.column_names, rows.schema.types, strict=True):
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows.to_pylist():
        # Text, not str: brackets in a headline are no markup.
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(part) for part in value)
    return str(value)
