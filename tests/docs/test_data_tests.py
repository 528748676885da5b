"""The page on data tests shows what its commands print, and a workflow that can be read."""

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from walk_through import agrees, done, steps

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data_tests.md").read_text("utf-8")


def test_every_command_prints_what_is_shown(sample_run, tmp_path):
    shutil.copytree(sample_run[0], tmp_path / "my_lake")
    shutil.copytree(sample_run[0] / "tables", tmp_path / "delivered")
    part = next((tmp_path / "delivered" / "page_blocks").rglob("*.parquet"))
    rows = pq.read_table(part, partitioning=None)
    captures = pa.array(["0" * 20, *rows["capture_id"].to_pylist()[1:]])
    pq.write_table(rows.set_column(0, rows.schema.field("capture_id"), captures), part)
    shutil.rmtree(tmp_path / "delivered" / "people")
    (tmp_path / "delivered" / "people.parquet").write_bytes(b"PAR1, but no more came")
    told = list(steps(PAGE))
    assert len(told) == 4
    for step in told:
        printed = done(step, tmp_path)
        assert agrees(step.shown, printed), f"{step.command}\n--- shown\n{step.shown}--- printed\n{printed}"


def test_the_workflow_runs_the_check():
    workflow = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    commands = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert any("broadsheet check delivered --format junit" in command for command in commands)
