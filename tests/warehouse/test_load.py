"""One writer; a load that dies leaves nothing behind that counts; the audit stops what contradicts itself."""

import errno
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from broadsheet import reparse
from broadsheet.cli import app
from broadsheet.errors import BatchStopped, ConfigurationError, TransientError
from broadsheet.lake import Lake
from broadsheet.pipeline import capture, extract, load, run_all, transform, validate
from broadsheet.reparse import Selection
from broadsheet.runs import Run
from broadsheet.store import Store
from broadsheet.warehouse import load as loading
from broadsheet.warehouse.query import query
from broadsheet.warehouse.snapshots import rollback

PAGES = sorted((Path(__file__).resolve().parents[2] / "examples" / "sample" / "pages").glob("news.lanshan*.html.gz"))[:4]


def prepared(lake: Path, run_id: str = "mine") -> Run:
    """A run with everything done but the load."""
    run = Run.start(lake, run_id, shards=1)
    for shard in capture(run, PAGES):
        extract(run, shard)
        transform(run, shard)
        validate(run, shard)
    return run


def counts(lake: Path) -> dict[str, tuple[int, int]]:
    """Rows in the warehouse and in the lake's Parquet, by table."""
    found = {}
    for name in loading.DATA_TABLES:
        in_file = query(lake, f"select count(*) as n from {name}").to_pylist()[0]["n"]
        parts = list((lake / "tables" / name).rglob("*.parquet"))
        in_lake = duckdb.sql(f"select count(*) from read_parquet({[str(part) for part in parts]})").fetchall()[0][0] if parts else 0
        found[name] = (in_file, in_lake)
    return found


def test_a_load_that_is_killed_anywhere_is_undone_and_done_again(tmp_path):
    whole = prepared(tmp_path / "whole")
    load(whole)
    expected = counts(tmp_path / "whole")
    assert all(in_file == in_lake > 0 for in_file, in_lake in expected.values() if in_file)
    for point in ("move", "publish_build"):
        lake = tmp_path / point
        prepared(lake)
        killed = subprocess.run([sys.executable, "-c", _KILLED, str(lake), point], capture_output=True, text=True, timeout=120, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not Lake(lake).warehouse.exists()
        load(Run.open(lake, "mine"))
        assert counts(lake) == expected
        assert not list((lake / "staging").glob(".*"))


_KILLED = """
import os, signal, sys
from broadsheet.pipeline import load
from broadsheet.runs import Run
from broadsheet.warehouse import load as loading
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "move":
    moved = loading.Parts.move
    loading.Parts.move = lambda self: (moved(self), die())
else:
    loading.publish_build = die
load(Run.open(sys.argv[1], "mine"))
"""


def test_loading_a_published_run_again_changes_nothing(tmp_path):
    run = prepared(tmp_path)
    first = load(run)
    published = Lake(tmp_path).warehouse.stat()
    second = load(run)
    assert second["snapshot_id"] == first["snapshot_id"]
    assert Lake(tmp_path).warehouse.stat().st_mtime_ns == published.st_mtime_ns


def test_loading_an_old_run_again_whose_staging_is_gone_keeps_its_summary(tmp_path):
    first = load(prepared(tmp_path))
    stored = Lake(tmp_path).summary("mine").read_bytes()
    shutil.rmtree(Lake(tmp_path).staging("mine"))
    again = Run.start(tmp_path, "mine")
    assert load(again) == json.loads(stored)
    assert (again.where.summary("mine").read_bytes(), first["page_count"]) == (stored, len(PAGES))

    load(prepared(tmp_path, "later"))
    rollback(Lake(tmp_path), first["snapshot_id"], settings=again.options)
    shutil.rmtree(Lake(tmp_path).staging("later"))
    with pytest.raises(ConfigurationError, match="run later was taken back"):
        load(Run.start(tmp_path, "later"))


def test_a_lost_warehouse_costs_no_part_of_the_lake(tmp_path):
    load(prepared(tmp_path))
    expected = counts(tmp_path)
    Lake(tmp_path).warehouse.unlink()
    with pytest.raises(ConfigurationError, match="rebuild"):
        load(prepared(tmp_path, "later"))
    loading.rebuild(Lake(tmp_path))
    assert counts(tmp_path) == expected
    load(Run.open(tmp_path, "later"))
    assert counts(tmp_path) == expected


def test_a_rebuild_takes_back_what_a_dead_load_moved_in_part(tmp_path, monkeypatch):
    load(prepared(tmp_path))
    parts, accounts = sorted((tmp_path / "tables").rglob("*.parquet")), query(tmp_path, "select * from quality_results order by all")

    def power_cut(self, files):
        self.take(*next((local, key) for key, local in files.items() if "/quality_results/" in key))
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(Store, "take_all", power_cut)
        load(prepared(tmp_path, "later"))
    assert len(list((tmp_path / "tables").rglob("*.parquet"))) == len(parts) + 1
    Lake(tmp_path).warehouse.unlink()
    loading.rebuild(Lake(tmp_path))
    assert sorted((tmp_path / "tables").rglob("*.parquet")) == parts
    assert query(tmp_path, "select * from quality_results order by all").equals(accounts)
    assert load(Run.open(tmp_path, "later"))["tables"]["quality_results"]["new"] > 0


def test_a_second_writer_is_told_to_try_again(tmp_path, monkeypatch):
    run = prepared(tmp_path)
    monkeypatch.setattr("broadsheet.warehouse.build.LOCK_SECONDS", 0.2)
    lock = Lake(tmp_path).warehouse.parent / ".writer.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock), pytest.raises(TransientError, match="another load"):
        load(run)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        duckdb.IOException('IO Error: Could not write file ".build-1.duckdb": No space left on device'),
        duckdb.OutOfMemoryException(
            "Out of Memory Error: failed to offload data block of size 256.0 KiB (6.9 MiB/7.1 MiB used).\n"
            "This limit was set by the 'max_temp_directory_size' setting."
        ),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_told_of_and_the_load_can_be_repeated(tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    prepared(tmp_path)
    command = ["load", "--lake", str(tmp_path), "--run", "mine"]
    with monkeypatch.context() as full:
        full.setattr(loading.Parts, "write", fail)
        told = CliRunner().invoke(app, command)
        with pytest.raises(TransientError, match="the disk is full"):
            load(Run.open(tmp_path, "mine"))
    assert told.exit_code == 5
    assert told.stderr.startswith("try again: the disk is full: ") and told.stderr.count("\n") == 1
    assert not Lake(tmp_path).warehouse.exists()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert all(in_file == in_lake for in_file, in_lake in counts(tmp_path).values())


def test_an_error_of_the_system_besides_a_full_disk_is_a_fault(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(loading.Parts, "write", fail)
    with pytest.raises(OSError, match="Input/output error"):
        load(prepared(tmp_path))


def test_an_audit_that_finds_something_publishes_nothing(tmp_path, monkeypatch):
    run = prepared(tmp_path)
    monkeypatch.setattr(loading, "findings", lambda changes: ["assert_no_feed_has_two_entries_at_one_rank: 1 contradicting row"])
    with pytest.raises(BatchStopped, match="two_entries_at_one_rank"):
        load(run)
    assert not Lake(tmp_path).warehouse.exists()
    assert list((tmp_path / "tables").rglob("*.parquet")) == []


def test_the_audit_finds_what_contradicts_itself(sample_run):
    from broadsheet.warehouse.audit import findings
    from broadsheet.warehouse.changes import Changes

    connection = duckdb.connect()
    connection.execute(f"attach '{Lake(sample_run[0]).warehouse}' as published (read_only)")
    for (name,) in connection.execute("select table_name from duckdb_tables() where database_name = 'published'").fetchall():
        connection.execute(f"create table {name} as from published.{name}")
    changes = Changes(connection, is_whole=True)
    assert findings(changes) == []
    connection.execute("insert into articles from articles limit 1")
    connection.execute("delete from captures where capture_id = (select min(capture_id) from page_blocks)")
    connection.execute("update headline_feed_entries set rank = 99 where rank = 2")
    names = {finding.partition(":")[0] for finding in findings(changes)}
    assert {
        "assert_articles_has_each_key_once",
        "assert_every_capture_id_of_page_blocks_is_in_captures",
        "assert_ranks_of_a_feed_state_are_dense_from_one",
    } <= names


def test_a_warehouse_of_an_earlier_program_gets_the_columns_that_are_new(tmp_path):
    run_all(tmp_path, PAGES[:2], shards=1)
    with duckdb.connect(str(Lake(tmp_path).warehouse)) as connection:
        for column in ("site_profile", "site_profile_missed"):
            connection.execute(f"alter table captures drop column {column}")
        connection.execute("create or replace view promotion as select 'of an earlier program'")
        connection.execute("create or replace macro definitions_id() as 'of an earlier program'")
    run_all(tmp_path, PAGES[2:], shards=1)
    assert "promoted_ratio" in query(tmp_path, "from promotion").column_names
    rows = query(tmp_path, "select count(*) as n, count(site_profile) as profiled from captures").to_pylist()
    assert rows == [{"n": len(PAGES), "profiled": 0}]


def test_derived_rows_of_an_earlier_program_are_made_anew(tmp_path):
    run_all(tmp_path / "mended", PAGES[:2], shards=1)
    with duckdb.connect(str(Lake(tmp_path / "mended").warehouse)) as connection:
        connection.execute("drop table current_versions")
        connection.execute("create view current_versions as select 'of an earlier program' as article_id")
        connection.execute("update search_postings set term_strength = 1")
        for mark in ("definitions_id", "derivation_id"):
            connection.execute(f"create or replace macro {mark}() as 'of an earlier program'")
    run_all(tmp_path / "mended", PAGES[2:], shards=1)
    run_all(tmp_path / "always", PAGES[:2], shards=1)
    run_all(tmp_path / "always", PAGES[2:], shards=1)
    for name in ("current_versions", "search_postings"):
        mended, always = (query(tmp_path / lake, f"from {name} order by all") for lake in ("mended", "always"))
        assert mended.num_rows and mended.equals(always), name


PAGE = """<html lang="zh"><head><title>清河县跨江大桥建成投用</title></head><body><h1>清河县跨江大桥建成投用</h1>
<div class="info">2026-03-02 08:00 来源：清河日报 {credits}</div><div class="content"><p>周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。</p>
<p>据介绍，大桥全长一千二百米，总投资三亿元，建成后每天可通行车辆两万辆次，惠及周边群众十二万人。</p></div></body></html>"""


def credited(lake: Path) -> list[tuple[str, str]]:
    """Credits of the one version that a lake has."""
    rows = query(lake, "select version_id, person_role, person_name from article_people order by all").to_pylist()
    assert len({row["version_id"] for row in rows}) <= 1
    return [(row["person_role"], row["person_name"]) for row in rows]


def written(folder: Path, credits: tuple[str, ...]) -> tuple[list[Path], Path]:
    """Pages of one URL, with one headline and text, each with its credits; and their manifest."""
    files = [folder / f"{number}.html" for number in range(len(credits))]
    for file, text in zip(files, credits, strict=True):
        file.write_text(PAGE.format(credits=text), "utf-8")
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps({"path": file.name, "url": "https://qinghe.example/1.html"}) + "\n" for file in files), "utf-8")
    return files, manifest


EDITORS = ("编辑：钱雨桐", "编辑：孙若溪 责任编辑：周子墨", "", "编辑：钱雨桐 责任编辑：吴清和")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 1, 0)])
@pytest.mark.parametrize("shards", [None, 1, 4])
def test_credits_of_a_version_are_those_that_any_of_its_captures_shows(tmp_path, shards, order):
    files, manifest = written(tmp_path, EDITORS)
    lake = tmp_path / "lake"
    for some in [[files[number] for number in order]] * 2 if shards else [[files[number]] for number in order]:
        run_all(lake, some, manifest=manifest, shards=shards or 1)
    assert credited(lake) == [("editor", "孙若溪"), ("editor", "钱雨桐"), ("responsible_editor", "吴清和"), ("responsible_editor", "周子墨")]
    assert counts(lake)["article_people"] == (4, 4)
    positions = query(lake, "select person_role, list(position order by position) as n from article_people group by all order by all").to_pylist()
    assert [row["n"] for row in positions] == [[1, 2], [1, 2]]
    assert query(lake, "from people anti join article_people using (person_id)").num_rows == 0

    held = query(lake, "from article_people order by all")
    reparse.publish(reparse.read_anew(lake, Selection(), shards=2))
    assert query(lake, "from article_people order by all").equals(held)
    (first,) = query(lake, "select min(capture_id) as id from captures").to_pylist()
    reparse.publish(reparse.read_anew(lake, Selection(captures=(first["id"],))))
    assert query(lake, "from article_people order by all").equals(held)
    loading.rebuild(Lake(lake))
    assert query(lake, "from article_people order by all").equals(held)


def test_people_of_whom_no_credit_tells_are_warned_of_and_go_with_the_next_reparse(tmp_path):
    files, manifest = written(tmp_path, EDITORS)
    lake = tmp_path / "lake"
    run_all(lake, files, manifest=manifest)
    with duckdb.connect(str(Lake(lake).warehouse)) as connection:
        connection.execute("insert into people select 'left', '冯若谷', person_basis, outlet_id, site, run_id from people limit 1")
    load(prepared(lake))
    sql = "select is_success, failed_count, policy_action from quality_results where check_name = 'person_without_credit' order by checked_at"
    assert [tuple(row.values()) for row in query(lake, sql).to_pylist()] == [(True, 0, "warn"), (False, 1, "warn")]
    reparse.publish(reparse.read_anew(lake, Selection(sites=("qinghe.example",))))
    assert query(lake, "from people where person_id = 'left'").num_rows == 0
