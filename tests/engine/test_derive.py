"""Tables that need all rows are the same whoever derives them: a load, DuckDB alone, Spark; and a warehouse takes what was derived elsewhere."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import msgspec
import psutil
import pytest

from broadsheet.engine.faults import Told
from broadsheet.engine.spark import derive as derive_module
from broadsheet.engine.spark import derive_submit
from broadsheet.engine.spark.derive import derive
from broadsheet.errors import BroadsheetError, ConfigurationError, TransientError
from broadsheet.lake import Lake, aside_of
from broadsheet.pipeline import run_all
from broadsheet.settings import Settings
from broadsheet.tables.ddl import quoted
from broadsheet.tables.schema import TABLES
from broadsheet.transient import held_at_once
from broadsheet.warehouse.derived import SPREAD
from broadsheet.warehouse.derived.given import MANIFEST, read_given
from broadsheet.warehouse.load import rebuild
from sampleworld.world import build
from sampleworld.write import write

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for names in SPREAD.values() for name in names]


@pytest.fixture(scope="module")
def lake(sample_run, tmp_path_factory):
    """The bundled sample, and after it the pages of another world, with other reprints and cut headlines."""
    folder = tmp_path_factory.mktemp("two_worlds")
    shutil.copytree(sample_run[0], folder / "lake")
    write(build(seed=11, pages=120, days=3), folder / "world", with_broken=False)
    run_all(folder / "lake", [folder / "world" / "pages"], manifest=folder / "world" / "manifest.jsonl", shards=1)
    return Lake(folder / "lake")


@pytest.fixture(scope="module")
def by_duckdb(lake, tmp_path_factory):
    out = tmp_path_factory.mktemp("derived") / "by_duckdb"
    derive(lake, out, "duckdb", Settings())
    return out


def rows_of(folder: Path, name: str) -> list[str]:
    with duckdb.connect() as connection:
        return _rows(connection, name, f"read_parquet({quoted(str(folder / name / '*.parquet'))})")


def rows_of_warehouse(lake: Lake, name: str) -> list[str]:
    with duckdb.connect(str(lake.warehouse), read_only=True) as connection:
        return _rows(connection, name, name)


def _rows(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> list[str]:
    connection.execute("set TimeZone = 'UTC'")
    return sorted(map(repr, connection.execute(f"select {', '.join(TABLES[name].columns)} from {source}").fetchall()))


def test_duckdb_derives_from_parquet_what_loads_derived_one_after_the_other(lake, by_duckdb):
    for name in NAMES:
        rows = rows_of(by_duckdb, name)
        assert rows, name
        assert rows == rows_of_warehouse(lake, name), name


def test_spark_derives_the_same_rows_to_the_last_digit(lake, by_duckdb, spark, tmp_path):
    given = derive(lake, tmp_path / "by_spark", "spark", Settings())
    for name in NAMES:
        assert rows_of(tmp_path / "by_spark", name) == rows_of(by_duckdb, name), name
    assert given == msgspec.structs.replace(read_given(by_duckdb), engine="spark")
    assert {file.name for file in (tmp_path / "by_spark").iterdir()} == {MANIFEST, *NAMES}


def test_spark_finds_the_components_that_scipy_finds(spark, tmp_path):
    python = spark / "python"
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "include"), "PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python), "SPARK_LOCAL_IP": "127.0.0.1",
    }  # fmt: skip
    script = Path(__file__).with_name("spark_components.py")
    done = subprocess.run([python, script, tmp_path / "scratch"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "agree"), done.stderr[-3000:]


def test_a_rebuilt_warehouse_takes_what_was_derived(lake, by_duckdb, tmp_path):
    shutil.copytree(lake.root, tmp_path / "lake")
    lost = Lake(tmp_path / "lake")
    lost.warehouse.unlink()
    rebuild(lost, derived_folder=by_duckdb)
    for name in (*NAMES, "headline_spells", "headline_repeats", "site_days"):
        assert rows_of_warehouse(lost, name) == rows_of_warehouse(lake, name), name


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("snapshot_id", "other", "state"),
        ("derivation_id", "other", "another version"),
        ("row_counts", dict.fromkeys(NAMES, 1), "instead of 1:"),
        ("row_counts", {}, "tells of no table"),
    ],
)
def test_what_was_derived_of_other_rows_is_refused_and_nothing_changes(lake, by_duckdb, tmp_path, changed, value, told):
    shutil.copytree(by_duckdb, tmp_path / "derived")
    given = read_given(by_duckdb)
    (tmp_path / "derived" / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(given, **{changed: value})))
    before = lake.warehouse.stat()
    with pytest.raises(ConfigurationError, match=told):
        rebuild(lake, derived_folder=tmp_path / "derived")
    assert lake.warehouse.stat() == before


def test_a_folder_that_holds_something_is_left_alone(lake, by_duckdb):
    with pytest.raises(ConfigurationError, match="not empty"):
        derive(lake, by_duckdb, "duckdb", Settings())


def test_a_lake_without_a_published_run_has_nothing_to_derive_of(tmp_path):
    with pytest.raises(ConfigurationError, match="no published run"):
        derive(Lake(tmp_path / "lake"), tmp_path / "out", "duckdb", Settings())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("links", [True, False])
def test_files_that_go_meanwhile_are_read_all_the_same(lake, by_duckdb, tmp_path, monkeypatch, links):
    """As upkeep, reparses and takedowns replace them, and copies of an object store's files go when there are too many."""
    shutil.copytree(lake.root, tmp_path / "lake")
    published = derive_module._published

    def published_and_replaced(found: Lake, sources: Path):
        told = published(found, sources)
        shutil.rmtree(found.tables)
        return told

    monkeypatch.setattr(derive_module, "_published", published_and_replaced)
    if not links:
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError(errno.EXDEV, "Invalid cross-device link")))
    derive(Lake(tmp_path / "lake"), tmp_path / "out", "duckdb", Settings())
    assert {file.name for file in (tmp_path / "out").iterdir()} == {MANIFEST, *NAMES}
    for name in NAMES:
        assert rows_of(tmp_path / "out", name) == rows_of(by_duckdb, name), name


def test_a_copy_that_goes_before_it_is_held_is_a_reason_to_derive_again(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(derive_module, "table_parts", lambda *_: [tmp_path / "gone.parquet"])
    with pytest.raises(TransientError, match=r"gone\.parquet.*derive again"):
        derive(lake, tmp_path / "out", "duckdb", Settings())
    assert list(tmp_path.iterdir()) == []


def test_spark_that_is_not_there_is_told(lake, tmp_path, monkeypatch):
    monkeypatch.setenv("BROADSHEET_SPARK_SUBMIT", str(tmp_path / "spark-submit"))
    with pytest.raises(ConfigurationError, match="BROADSHEET_SPARK_SUBMIT"):
        derive(lake, tmp_path / "out", "spark", Settings())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def submitted(tmp_path, monkeypatch):
    """`submitted(script)`: derive with a shell script as `spark-submit`; what is raised."""

    def submit(script: str) -> None:
        program = tmp_path / "spark-submit"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("BROADSHEET_SPARK_SUBMIT", str(program))
        monkeypatch.setenv("JAVA_HOME", "/")
        derive_submit.submit(Path("derive_tables.py"), ["plan.json"], tmp_path / "spark.log", tmp_path / "failure.json", 100)

    return submit


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("echo ExecutorLostFailure: executor 1 exited >&2; exit 1", TransientError),
        ("echo java.io.IOException: No space left on device >&2; exit 1", TransientError),
        ("exit 137", TransientError),  # the driver was killed
        ("kill -9 $$", TransientError),
        ("echo ValueError: related_links has rows without url, SparkContext: Successfully stopped SparkContext >&2; exit 1", BroadsheetError),
        ("echo ERROR Application has been killed. Reason: All masters are unresponsive! Giving up. >&2; exit 1", TransientError),
    ],
)
def test_why_spark_ended_is_told_by_its_kind(submitted, script, kind):
    with pytest.raises(BroadsheetError, match="spark-submit ended with") as caught:
        submitted(script)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(Told("fault", "ValueError: articles has rows without url"), BroadsheetError), (Told("transient", "Spark gave up"), TransientError)],
)
def test_what_a_job_tells_goes_before_what_spark_said_on_its_way(submitted, tmp_path, failure, kind):
    """Executors were lost, and replaced."""
    (tmp_path / "told").write_bytes(msgspec.json.encode(failure))
    with pytest.raises(BroadsheetError, match=failure.message) as caught:
        submitted(f"echo ExecutorLostFailure: executor 1 exited >&2; cp {tmp_path}/told {tmp_path}/failure.json; exit 1")
    assert type(caught.value) is kind


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a process that its parent is gone")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_spark_ends_with_whoever_derives(tmp_path, submitted, sent):
    submitted("exit 0")  # the program is there
    (tmp_path / "spark-submit").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600\n")
    code = """if True:
        import sys
        from pathlib import Path
        from broadsheet.engine.spark.derive_submit import submit
        submit(Path("derive_tables.py"), [], *map(Path, sys.argv[1:]), 100)
    """
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "spark.log", tmp_path / "failure.json"]) as deriving:
        while not (tmp_path / "pid").exists():
            assert deriving.poll() is None
            time.sleep(0.05)
        job = psutil.Process(int((tmp_path / "pid").read_text()))
        deriving.send_signal(sent)
        _, alive = psutil.wait_procs([job], timeout=30)
        for process in alive:
            process.kill()
    assert not alive


def test_what_a_killed_one_left_goes_and_that_of_a_living_one_stays(tmp_path):
    killed = """if True:
        import os, sys, pathlib
        from broadsheet.engine.spark.derive import _aside
        with _aside(pathlib.Path(sys.argv[1])):
            os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", killed, tmp_path / "out"], check=False)
    (left,) = tmp_path.iterdir()
    left = left.rename(tmp_path / ".out.0123abcd-1.tmp")  # in a container that is gone
    living, others = tmp_path / ".out.4567abcd-1.tmp", [tmp_path / ".outside", tmp_path / left.name.replace(".out.", ".outer.")]
    for other in (living, *others):
        other.mkdir()
    left_by_an_earlier_program = aside_of(tmp_path / "out")
    left_by_an_earlier_program.mkdir()
    with held_at_once(living / "at-work.lock", "held"), derive_module._aside(tmp_path / "out"):
        assert not left.exists()
    assert set(tmp_path.iterdir()) == {tmp_path / "out", living, *others}
    assert list((tmp_path / "out").iterdir()) == []
