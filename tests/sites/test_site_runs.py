"""Profiles through the stages: which captures get which layout, and what the tables say of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet import ingest, reparse, replay
from broadsheet.cli import app
from broadsheet.lake import CAPTURES, Lake, read_records
from broadsheet.pipeline import run_all
from broadsheet.records import Capture
from broadsheet.reparse import Selection
from broadsheet.runs import Run
from broadsheet.warehouse.query import query

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "examples" / "add_a_site"
PROFILE = """
host: seahaven.example
name: The Seahaven Tide
time_zone: Europe/Lisbon
layouts:
  - valid_until: 2026-05-01
    select: {title: .topline, body: .copy, author: .who}
    drop: .plank
  - valid_from: 2026-05-01
    select: {title: .story-head, body: .story-text}
    drop: .story-shop
"""
runner = CliRunner()


@pytest.fixture
def sites(tmp_path):
    folder = tmp_path / "sites"
    folder.mkdir()
    (folder / "seahaven.example.yaml").write_text(PROFILE, "utf-8")
    return folder


def manifest(folder: Path, **rows: dict[str, str]) -> Path:
    file = folder / "manifest.jsonl"
    file.write_text("".join(json.dumps({"path": str(PAGES / f"{name}.html"), **row}) + "\n" for name, row in rows.items()), "utf-8")
    return file


def test_the_layout_is_that_of_the_day_of_the_capture(tmp_path, sites):
    """The lighthouse's page was captured half an hour before the day of the new layout began in Lisbon; so the profile misses on it, and
    that is reported."""
    (sites / "seahaven.example.yaml").write_text(PROFILE.replace("2026-05-01", "2026-06-01"), "utf-8")
    known = manifest(
        tmp_path,
        ferry={"url": "https://www.seahaven.example/story/ferry", "captured_at": "2026-02-11T10:00:00Z"},
        lighthouse={"url": "https://m.seahaven.example/story/lighthouse", "captured_at": "2026-05-31T22:30:00Z"},
    )
    summary = run_all(tmp_path / "lake", [], manifest=known, shards=1, sites_dir=sites)
    rows = query(tmp_path / "lake", "select url, site_profile, site_profile_missed from captures order by url desc").to_pylist()
    assert [row["site_profile"].partition("#")[0] for row in rows] == ["seahaven.example", "seahaven.example"]
    assert [row["site_profile_missed"] for row in rows] == [[], ["body", "title", "author"]]
    zones = query(tmp_path / "lake", "select distinct time_zone, time_zone_basis from sites").to_pylist()
    assert zones == [{"time_zone": "Europe/Lisbon", "time_zone_basis": "site"}]
    found = query(tmp_path / "lake", "select failed_count from quality_results where check_name = 'profile_selector_missed'").to_pylist()
    assert [row["failed_count"] for row in found] == [1]
    assert summary["quarantined_row_count"] == 0


@pytest.fixture
def mirrored(tmp_path):
    """A source of another host with the site's pages on it, and a page without any text; ingested into the lake beside it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    url = "https://mirror.example/story/"
    (tmp_path / "blank.html").write_text("<html><body></body></html>", "utf-8")
    rows = {name: {"url": url + name, "captured_at": "2026-02-11T10:00:00Z"} for name in ("ferry", str(tmp_path / "blank"))}
    (folder / "mirror.yaml").write_text(
        f"kind: files\nmanifest: {manifest(tmp_path, **rows)}\nprofile: seahaven.example\ntime_zone: Europe/Helsinki\n", "utf-8"
    )
    source = ingest.read_source(folder, "mirror")
    run = ingest.start_source(tmp_path / "lake", source)
    assert ingest.ingest(run, source)["days"] == ["2026-02-11"]
    ingest.finish(run)
    return tmp_path / "lake"


def read_by(lake: Path) -> tuple[str, str | None]:
    (row,) = query(lake, "select stated_profile, site_profile from captures").to_pylist()
    return row["stated_profile"], row["site_profile"] and row["site_profile"].partition("#")[0]


def test_the_profile_that_a_source_names_reads_its_pages_also_anew(mirrored, sites):
    (sites / "mirror.example.yaml").write_text("{host: mirror.example, layouts: [{}]}", "utf-8")
    ingest.build(mirrored, "2026-02-11", shards=1, sites_dir=sites)
    assert read_by(mirrored) == ("seahaven.example", "seahaven.example")
    again = reparse.read_anew(mirrored, Selection(), workers=1, shards=1, sites_dir=sites)
    assert reparse.shadow(again).differences == {}
    reparse.discard(again)

    (sites / "seahaven.example.yaml").unlink()
    gone = reparse.read_anew(mirrored, Selection(), workers=1, shards=1, sites_dir=sites)
    reparse.publish(gone)
    assert read_by(mirrored) == ("seahaven.example", "mirror.example"), "that of the page's own host"


def test_a_rejected_page_is_replayed_with_what_its_source_said(mirrored, sites):
    ingest.build(mirrored, "2026-02-11", shards=1, sites_dir=sites)
    run = replay.start(mirrored, replay.Selection(), shards=1)
    replay.prepare(run)
    (capture,) = read_records(Lake(mirrored).shard(run.run_id, "capture", 0) / CAPTURES, Capture)
    assert (capture.stated_profile, capture.time_zone) == ("seahaven.example", "Europe/Helsinki")


@pytest.mark.parametrize("url", [None, "https://seahaven.example/story/ferry"])
def test_unknown_capture_times_have_the_layout_of_the_publication(tmp_path, sites, url):
    known = manifest(tmp_path, **{name: {"url": url.replace("ferry", name)} if url else {} for name in ("ferry", "lighthouse")})
    out = tmp_path / "out.jsonl"
    result = runner.invoke(app, ["extract", "--jsonl", str(out), "--manifest", str(known), "--sites", str(sites)])
    assert result.exit_code == 0, result.output
    titles = [json.loads(line)["title"] for line in out.read_text("utf-8").splitlines()]
    assert titles == ["Night ferry to Gull Island sails again", "Lighthouse keeper hands over the keys"]


def test_other_sites_and_no_folder_leave_the_generic_path(tmp_path, sites):
    (sites / "seahaven.example.yaml").rename(sites / "other.example.yaml")
    (sites / "other.example.yaml").write_text(PROFILE.replace("seahaven", "other"), "utf-8")
    outs = []
    for arguments in ([], ["--sites", str(sites)]):
        outs.append(tmp_path / f"{len(outs)}.jsonl")
        assert runner.invoke(app, ["extract", "--jsonl", str(outs[-1]), str(PAGES), *arguments]).exit_code == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_the_folder_may_come_from_the_environment(tmp_path, sites, monkeypatch):
    monkeypatch.setenv("BROADSHEET_SITES_DIR", str(sites))
    shown = runner.invoke(app, ["show", str(PAGES / "ferry.html")])
    assert "seahaven.example#" in shown.output
    assert Run.start(tmp_path / "lake").options.sites_dir == sites


def test_a_wrong_profile_stops_a_run_before_it_captures(tmp_path, sites):
    (sites / "seahaven.example.yaml").write_text("{host: seahaven.example, layouts: [{select: {title: 'h1['}}]}", "utf-8")
    result = runner.invoke(app, ["run", "--lake", str(tmp_path / "lake"), "--sites", str(sites), str(PAGES)])
    assert result.exit_code == 2
    assert "layouts[0].select.title is no CSS selector" in result.output.replace("\n", " ")
    assert not (tmp_path / "lake" / "raw").exists()
