"""Sources: what a file may say, and what is told of one that is wrong."""

from pathlib import Path

import pytest

from broadsheet.capture.durations import duration
from broadsheet.capture.source_list import read_source, source_names
from broadsheet.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder


def test_paths_start_at_the_file_and_lead_to_what_is_there_now(folder, tmp_path):
    (folder / "lanshan.yaml").write_text(
        "kind: files\npaths: ['../drop/**/*.html', ../gone.html]\nmanifest: ../drop/m.csv\nsite: news.lanshan.example\ntrust_mtime: true\n"
    )
    source = read_source(folder, "lanshan")
    assert (source.name, source.site, source.is_mtime_trusted) == ("lanshan", "news.lanshan.example", True)
    (tmp_path / "drop" / "a").mkdir(parents=True)
    for name in ("b.html", "a/c.html", "a/d.txt"):
        (tmp_path / "drop" / name).touch()
    # what is named without a wildcard is an input, there or not
    assert [path.resolve() for path in source.found()] == [tmp_path / "drop/a/c.html", tmp_path / "drop/b.html", tmp_path / "gone.html"]
    assert source.manifest.endswith("drop/m.csv") and source.manifest.startswith(str(folder))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: gopher\nurls: [https://news.example/rss]\n", "`kind` must be one of files, warc, web, feed, sitemap"),
        ("kind: feed\nurl: https://news.example/rss\n", "contact: is missing; url: is no key here; did you mean `urls`?"),
        (
            "kind: feed\nurls: ['https://a:b@news.example/rss']\ncontact: a@b.example\n",
            "urls.0: https://news.example/rss is stated with a user's name",
        ),
        ("kind: feed\nurls: [ftp://news.example/rss]\ncontact: a@b.example\n", "urls.0: 'ftp://news.example/rss' is no http(s) URL"),
        ("kind: sitemap\ncontact: a@b.example\n", "name `urls`"),
        ("kind: web\nurls: [https://news.example/]\ncontact: a@b.example\nevery: soon\n", "'soon' is no duration"),
        ("kind: web\nurls: [https://news.example/]\ncontact: a@b.example\nfollow: {allow: ['(']}\n", "is no regular expression"),
        ("kind: web\nurls: [https://news.example/]\ncontact: a@b.example\nresolve: {news.example: localhost}\n", "is no IP address"),
        ("paths: [a]\n", "`kind` must be one of files"),
        ("- files\n", "`kind` must be one of files, warc, web, feed, sitemap; the file is a list"),
        ("", "the file is empty"),
        ("urls: [https://news.example/]\n", "the file says none"),
        ("kind: rss\n", "not 'rss'; did you mean `feed`?"),
        ("kind: sitemaps\n", "did you mean `sitemap`?"),
        ("kind: web\nurls: https://news.example/\ncontact: a@b.example\n", "urls: must be a list: ['https://news.example/']"),
        ("kind: web\nurls: [https://news.example/]\ncontact: a@b.example\nlimits: {pages: -1}\n", "greater than or equal to 0, not -1"),
        ("kind: files\n", "name `paths`, a `manifest` or both"),
        ("kind: files\npaths: a.html\n", "paths: must be a list: [a.html]"),
        ("kind: files\npaths: [' ']\n", "paths.0"),
        ("kind: files\npaths: [a]\nsites: [b]\n", "sites: is no key here; did you mean `site`?"),
        ("kind: files\npaths: [a]\nname: b\n", "name: is no key here; there are kind, paths"),
        ("kind: warc\npaths: [a.warc]\nfolder: b\n", "folder: is no key here"),
        ("kind: files\npaths: [a]\nsite: https://news.example/\n", "must be a host name"),
        ("kind: [files\n", "cannot be read"),
    ],
)
def test_a_wrong_source_is_told_of_with_its_file_and_key(folder, text, told):
    (folder / "lanshan.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        read_source(folder, "lanshan")
    assert str(folder / "lanshan.yaml") in str(error.value) and told in str(error.value)


def test_names_are_those_of_the_files(folder):
    for name in ("b.yaml", "a.yaml", ".hidden.yaml", "readme.md"):
        (folder / name).write_text("nothing of it is read")
    assert source_names(folder) == ["a", "b"]
    assert source_names(folder, ["b"]) == ["b"]
    with pytest.raises(ConfigurationError, match="no source 'c'; it has a, b"):
        source_names(folder, ["c"])
    (folder / "c.yml").write_text("kind: files")
    with pytest.raises(ConfigurationError, match=r"c\.yml is not read: name it c\.yaml"):
        source_names(folder, ["c"])
    with pytest.raises(ConfigurationError, match=r"no folder of sources .* `broadsheet source add`"):
        source_names(folder / "nowhere")
    with pytest.raises(ConfigurationError, match="small letters"):
        read_source(folder, "../b")


def test_the_bundled_source_is_the_sample():
    examples = Path(__file__).resolve().parents[2] / "examples"
    assert source_names(examples / "sources") == ["sample"]
    source = read_source(examples / "sources", "sample")
    assert [path.resolve() for path in source.found()] == [examples / "sample" / "pages"]
    assert Path(source.manifest).is_file()


def test_a_manifest_that_a_wildcard_fits_is_no_input(folder, tmp_path):
    (folder / "lanshan.yaml").write_text("kind: files\npaths: ['../drop/*']\nmanifest: ../sources/../drop/m.csv\n")
    (tmp_path / "drop").mkdir()
    for name in ("a.html", "m.csv"):
        (tmp_path / "drop" / name).touch()
    assert [path.name for path in read_source(folder, "lanshan").found()] == ["a.html"]


def test_brackets_in_the_folders_name_are_no_wildcards(tmp_path):
    folder = tmp_path / "[prod]" / "sources"
    folder.mkdir(parents=True)
    (folder / "lanshan.yaml").write_text("kind: files\npaths: ['*.html', a.txt]\n")
    for name in ("b.html", "a.txt"):
        (folder / name).touch()
    assert [path.name for path in read_source(folder, "lanshan").found()] == ["b.html", "a.txt"]


def test_brackets_in_the_name_of_a_file_that_is_there_are_no_wildcards(tmp_path):
    folder = tmp_path / "[prod]"
    folder.mkdir()
    (folder / "lanshan.yaml").write_text("kind: files\npaths: ['page[1].html', 'page[23].html']\n")
    for name in ("page[1].html", "page1.html", "page2.html", "page3.html"):
        (folder / name).touch()
    assert [path.name for path in read_source(folder, "lanshan").found()] == ["page[1].html", "page2.html", "page3.html"]


def test_what_the_owner_allows_may_be_said_in_any_language(tmp_path):
    (tmp_path / "lanshan.yaml").write_text(
        "kind: web\nurls: [https://news.lanshan.example/]\ncontact: a@b.example\nrights: 可留存，不得转发\n", "utf-8"
    )
    assert read_source(tmp_path, "lanshan").rights == "可留存，不得转发"


def test_a_contact_that_is_said_for_all_holds_where_a_source_names_none(folder, monkeypatch):
    monkeypatch.setenv("BROADSHEET_CONTACT", "archive@press.example")
    sound = "kind: web\nurls: [https://news.lanshan.example/]\n"
    (folder / "all.yaml").write_text(sound)
    (folder / "own.yaml").write_text(sound + "contact: own@press.example\n")
    assert [read_source(folder, name).contact for name in ("all", "own")] == ["archive@press.example", "own@press.example"]


@pytest.mark.parametrize(
    ("text", "near"),
    [("1 hour", "1h"), ("2w", "14d"), ("1h30m", "90m"), ("2 days and 12 hours", "60h"), ("30", "30m"), ("soon", None), ("every 2h", None)],
)
def test_the_duration_that_was_likely_meant_is_told(text, near):
    with pytest.raises(ValueError, match="is no duration") as error:
        duration(text)
    assert str(error.value).partition("did you mean ")[2].removesuffix("?") == (near or "")
