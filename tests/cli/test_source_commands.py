"""`broadsheet source`: begin, check, list and preview sources."""

import json
import re

import pytest
from typer.testing import CliRunner

from broadsheet.capture.source_check import check as check_sources
from broadsheet.capture.source_list import KINDS, read_source
from broadsheet.capture.web import preview as previews
from broadsheet.cli import app
from testweb import Clock, Web, WebServer

runner = CliRunner()
CONTACT = ["--contact", "archive@press.example"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("BROADSHEET_CONTACT", raising=False)
    return tmp_path / "sources"


def run(folder, command, *arguments, code=0):
    result = runner.invoke(app, ["source", command, *arguments, *([] if command == "schema" else ["--sources", str(folder)])])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize("command", ["add", "check", "list", "preview", "schema", "visits"])
def test_every_command_has_help_to_work_from(command):
    output = runner.invoke(app, ["source", command, "--help"], env={"COLUMNS": "160"}).output
    assert re.search(r"[A-Za-z].{40,}\.", output)
    assert command in runner.invoke(app, ["source", "--help"]).output


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (["https://news.lanshan.example/", "https://news.lanshan.example/local/"], "web"),
        (["https://news.lanshan.example/rss.xml"], "feed"),
        (["https://news.lanshan.example/feed/"], "feed"),
        (["https://news.lanshan.example/sitemap_index.xml"], "sitemap"),
        (["https://news.lanshan.example/sitemap-news.xml.gz"], "sitemap"),
        (["https://archive.example/crawl/a.warc.gz", "s3://archive/b.warc.gz"], "warc"),
        (["https://archive.example/crawl-data/2026/warc.paths.gz"], "warc"),
        (["/drop/lanshan/**/*.html"], "files"),
    ],
)
def test_what_is_added_can_be_used(folder, given, kind):
    added = run(folder, "add", "lanshan", *given, *CONTACT)
    assert added.stdout.strip() == str(folder / "lanshan.yaml")
    assert f"Kind: {kind}." in added.stderr and f"broadsheet source check lanshan --sources {folder}" in added.stderr
    source = read_source(folder, "lanshan")
    assert source.kind == kind
    assert sorted(map(str, source.inputs)) == sorted(given)
    _, findings = check_sources(folder)
    assert [finding for finding in findings if not finding.is_warning] == []


def test_every_default_that_is_written_is_the_default(folder):
    for kind in ("web", "feed", "sitemap"):
        run(folder, "add", kind, "https://news.lanshan.example/", *CONTACT, "--kind", kind)
        written = read_source(folder, kind)
        least = KINDS[kind].model_validate({"name": kind, "kind": kind, "urls": written.urls, "contact": written.contact})
        assert written == least
        assert "max_age" in (folder / f"{kind}.yaml").read_text() or kind != "sitemap"


def test_a_list_of_archives_gets_its_base(folder):
    run(folder, "add", "news", "https://data.archive.example/crawl-data/CC-NEWS/2026/03/warc.paths.gz")
    assert read_source(folder, "news").base == "https://data.archive.example"
    run(folder, "add", "ours", str(folder / "2026" / "warc.paths"))
    assert read_source(folder, "ours").base == str(folder / "2026")


def test_nothing_is_overwritten_and_nothing_wrong_written(folder):
    url = "https://news.lanshan.example/"
    run(folder, "add", "lanshan", url, *CONTACT)
    before = (folder / "lanshan.yaml").read_text()
    for arguments, told in (
        (["lanshan", "https://other.example/", *CONTACT], "is there already"),
        (["Lanshan News", url, *CONTACT], "small letters"),
        (["../elsewhere", url, *CONTACT], "small letters"),
        (["other", url], "name a contact"),
        (["other", "https:///x", *CONTACT], "is no http(s) URL"),
        (["other", url, "a.warc.gz", *CONTACT], "several kinds (warc, web)"),
        (["other", url, "--contact", "a\nb"], "one line"),
        (["other", url, "--contact", "foo"], "neither an e-mail address nor a URL"),
        (["other", "www.news.example/local", *CONTACT], "as https://www.news.example/local"),
        (["other", url, *CONTACT, "--resolve", "news.example"], "name a host and an address"),
        (["other", url, *CONTACT, "--resolve", "news.example=there"], "is no IP address"),
        (["other", "drop", "--allow-private"], "no part of kind files"),
    ):
        refused = run(folder, "add", *arguments, code=2)
        assert told in refused.stderr.replace("\n", " "), arguments
    assert (folder / "lanshan.yaml").read_text() == before
    assert [file.name for file in folder.parent.rglob("*.yaml")] == ["lanshan.yaml"]


def test_a_probe_tells_the_kind(folder, monkeypatch):
    probed = []
    monkeypatch.setattr(previews, "kind_of", lambda source, page_bytes: probed.append((source.urls, source.contact, source.resolve)) or "feed")
    run(
        folder,
        "add",
        "lanshan",
        "https://news.lanshan.example/latest",
        *CONTACT,
        "--probe",
        "--resolve",
        "*.example=127.0.0.1:8000",
        "--allow-private",
    )
    assert read_source(folder, "lanshan").kind == "feed"
    assert probed == [(("https://news.lanshan.example/latest",), "archive@press.example", {"*.example": "127.0.0.1:8000"})]
    written = read_source(folder, "lanshan")
    assert (written.resolve, written.is_private_allowed) == ({"*.example": "127.0.0.1:8000"}, True)


def test_mistakes_are_listed_and_end_with_2(folder):
    run(folder, "add", "lanshan", "https://news.lanshan.example/", *CONTACT)
    assert run(folder, "check").stdout == ""
    (folder / "a.yaml").write_text("kind: web\nurl: x\n")
    (folder / "b.yaml").write_text("kind: feed\nurls: [https://news.lanshan.example/rss]\ncontact: a@b.example\n")
    told = run(folder, "check", code=2)
    assert told.stdout.splitlines() == [
        f"{folder}/a.yaml: error: contact: is missing",
        f"{folder}/a.yaml: error: url: is no key here; did you mean `urls`?",
        *(
            f"{folder}/{name}.yaml: warning: urls: news.lanshan.example is asked by {other} too: while one asks, no other can begin, and what both lead to is asked "
            "for twice" for name, other in (("b", "lanshan"), ("lanshan", "b"))
        ),
    ]  # fmt: skip
    assert "2 sources can be used; 2 errors, 2 warnings" in told.stderr
    assert run(folder, "check", "b").stdout.count("\n") == 1  # a warning alone
    found = json.loads(run(folder, "check", "a", "--json", code=2).stdout)
    assert {finding["key"] for finding in found} == {"contact", "url"}
    run(folder, "check", "c", code=2)


def test_sources_are_listed_also_wrong_ones(folder):
    run(folder, "add", "lanshan", "https://www.lanshan.example/", "https://news.lanshan.example/", *CONTACT)
    run(folder, "add", "signed", "https://archive.example/a.warc.gz?signature=secret")
    (folder / "wrong.yaml").write_text("kind: gopher\n")
    rows = json.loads(run(folder, "list", "--json").stdout)
    assert rows == [
        {"name": "lanshan", "kind": "web", "places": ["lanshan.example", "news.lanshan.example"], "schedule": "every run"},
        {"name": "signed", "kind": "warc", "places": ["https://archive.example/a.warc.gz?…"], "schedule": "every run"},
        {"name": "wrong", "kind": "wrong", "places": ["`broadsheet source check wrong`"], "schedule": ""},
    ]
    assert "news.lanshan.example" in run(folder, "list").stdout


def test_a_preview_shows_what_a_run_would_ask_for_and_a_list_what_became_of_it(folder, tmp_path, monkeypatch):
    web = Web(seed=11, days=7, stories_a_day=4)
    lake = tmp_path / "lake"
    folder.mkdir()
    with WebServer(web, Clock(web.start)) as server:
        monkeypatch.setenv("BROADSHEET_CLOCK_OFFSET_SECONDS", "0")
        (folder / "harbor.yaml").write_text(
            "kind: web\nurls: ['http://www.harbor-ledger.example/']\ncontact: a@b.example\nallow_private: true\n"
            f"resolve: {{'*.example': '{server.address}'}}\nlimits: {{delay: 0, pages: 5, retries: 0}}\n"
        )
        shown = run(folder, "preview", "harbor", "--first", "2").stdout
        asked = len(server.log.requests())
        told = json.loads(run(folder, "preview", "harbor", "--json").stdout)
        assert (told["requests"], len(server.log.requests())) == (asked, 2 * asked)
        assert not lake.exists()
        done = runner.invoke(app, ["ingest", "--sources", str(folder), "--lake", str(lake)])
        assert done.exit_code == 0, done.output
    assert "http://www.harbor-ledger.example/robots.txt: status 200" in shown
    assert f"Pages that a run would ask for now: 5; {told['due_count'] - 5} more are left for later runs" in shown
    assert all(page in shown for page in told["pages"][:2]) and told["pages"][2] not in shown and "… and 3 more" in shown
    (row,) = json.loads(run(folder, "list", "--lake", str(lake), "--json").stdout)
    assert row["answered_at"] and row["new_page_at"] and row["ran_at"] and row["trouble"] == ""
    assert (row["failed_count"], row["request_count"]) == (0, 6)  # a robots.txt that can be had counts for nothing
    shown = runner.invoke(app, ["source", "visits", "harbor", "--lake", str(lake), "--format", "json", "--limit", "1"])
    assert json.loads(shown.stdout)["result"] == "answered"
    assert "next due (UTC)" in runner.invoke(app, ["source", "list", "--sources", str(folder), "--lake", str(lake)], env={"COLUMNS": "200"}).stdout


def test_a_preview_of_files_and_archives_lists_them(folder, tmp_path):
    (tmp_path / "drop").mkdir()
    for number in range(3):
        (tmp_path / "drop" / f"{number}.warc.gz").touch()
    run(folder, "add", "archive", f"{tmp_path}/drop/*.warc.gz")
    run(folder, "add", "pages", f"{tmp_path}/drop")
    (folder / "archive.yaml").write_text((folder / "archive.yaml").read_text().replace("files: 10", "files: 2"))
    shown = run(folder, "preview", "archive", "--first", "1").stdout
    assert shown.splitlines() == [
        "archive (warc): a run would read 2 files of archives that were not read yet; 1 are left for later runs", f"  {tmp_path}/drop/0.warc.gz", "  … and 1 more",
    ]  # fmt: skip
    assert json.loads(run(folder, "preview", "pages", "--json").stdout)["files"] == [f"{tmp_path}/drop"]
    brought = runner.invoke(app, ["ingest", "--sources", str(folder), "--source", "archive", "--lake", str(tmp_path / "lake")])
    assert "archive: 2 inputs: 0 new, 0 known, 2 quarantined (2 empty_file; 2 of them new); 1 archive left" in brought.stderr  # they are empty
    shown = run(folder, "preview", "archive", "--lake", str(tmp_path / "lake"), "--first", "1").stdout
    assert f"  {tmp_path}/drop/2.warc.gz" in shown  # those that failed come last


def test_a_preview_of_a_host_that_does_not_answer_ends_as_a_run_does(folder, tmp_path):
    run(folder, "add", "dead", "http://127.0.0.1:9/", *CONTACT, "--allow-private")
    told = run(folder, "preview", "dead", code=5).stdout.splitlines()
    assert told[1].startswith("Nothing can be told: none of 1 requests was answered; the last: connection refused")
    brought = runner.invoke(app, ["ingest", "--sources", str(folder), "--lake", str(tmp_path / "lake")])
    assert brought.exit_code == 5 and "connection refused" in brought.stderr
    (row,) = json.loads(run(folder, "list", "--lake", str(tmp_path / "lake"), "--json").stdout)
    assert (row["failed_count"], row["request_count"]) == (1, 1)
    failed = run_visits(tmp_path / "lake", "dead", "--failed", "--format", "csv")
    assert failed[0] == "asked_at,role,result,http_status,url" and failed[1].endswith(
        "failed: connection refused: nothing listens there,,http://127.0.0.1:9/robots.txt"
    )


def run_visits(lake, name, *arguments) -> list[str]:
    result = runner.invoke(app, ["source", "visits", name, "--lake", str(lake), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_schema_is_written(tmp_path):
    target = tmp_path / "schema.json"
    run(tmp_path, "schema", "--out", str(target))
    assert json.loads(target.read_text()) == json.loads(run(tmp_path, "schema").stdout)
    assert json.loads(target.read_text())["title"] == "A source of Broadsheet"
