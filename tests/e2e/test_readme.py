"""The README's figures and answers are those of the bundled sample."""

import re
from pathlib import Path

from broadsheet.summary import summary_text
from broadsheet.warehouse.query import query

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def test_the_summary_is_the_one_seen(sample_run):
    shown = re.search(r"ends with:\n\n```\n(.+?)```", README, re.DOTALL)[1].splitlines()
    printed = summary_text(sample_run[1]).splitlines()
    figures = [line for line in shown if re.search(r" {2,}[\d,]+$", line) or line.startswith("Inputs")]
    assert len(figures) >= 8
    assert [line for line in figures if line not in printed] == []


def test_the_query_gives_the_answer_that_is_shown(sample_run):
    sql = re.search(r'broadsheet query "(.+?)"\n', README, re.DOTALL)[1]
    answer = [[cell.strip() for cell in line.strip("│").split("│")] for line in README.splitlines() if line.startswith("│")]
    rows = query(sample_run[0], sql, time_zone="Asia/Shanghai").to_pylist()
    assert [[str(value).strip() for value in row.values()] for row in rows] == answer
