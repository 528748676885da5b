"""Mistakes in sources: all of them are told of at once, and what is likely to be one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.capture.source_check import check
from broadsheet.capture.source_list import read_source
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.tombstones import TargetKind, Tombstone, set_tombstones

SOUND = "kind: web\nurls: [https://news.lanshan.example/]\ncontact: archive@press.example\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder


def told(folder, *only, warnings: bool) -> dict[str, str]:
    """What is told by file and key."""
    _, findings = check(folder, only)
    return {
        f"{finding.file.rpartition('/')[2]} {finding.key}".strip(): finding.told for finding in findings if finding.is_warning is warnings
    }  # fmt: skip


def test_every_mistake_of_every_file_is_told(folder):
    (folder / "sound.yaml").write_text(SOUND)
    (folder / "many.yaml").write_text(
        "kind: web\nurl: https://news.lanshan.example/\nurls: [ftp://a.example/]\nevery: soon\nfollow: {denny: [a], allow: ['(']}\nlimits: {pages: -1}\n"
    )
    (folder / "Wrong.yaml").write_text(SOUND)
    (folder / "broken.yaml").write_text("kind: [\n")
    (folder / "kind.yaml").write_text("kind: gopher\n")
    (folder / "list.yaml").write_text(SOUND + "page_list: pages.txt\n")
    (folder / "pages.txt").write_text("https://news.lanshan.example/1\nno url\n")
    problems = told(folder, warnings=False)
    assert {key.split()[0] for key in problems} == {"many.yaml", "Wrong.yaml", "broken.yaml", "kind.yaml", "list.yaml"}
    assert problems["many.yaml url"] == "is no key here; did you mean `urls`?"
    assert problems["many.yaml contact"] == "is missing"
    assert "is no http(s) URL" in problems["many.yaml urls.0"]
    assert "is no duration" in problems["many.yaml every"]
    assert problems["many.yaml follow.denny"] == "is no key here; did you mean `deny`?"
    assert "is no regular expression" in problems["many.yaml follow.allow"]
    assert "greater than or equal to 0" in problems["many.yaml limits.pages"]
    assert "small letters" in problems["Wrong.yaml"]
    assert "line 2: 'no url' is no http(s) URL" in problems["list.yaml page_list"]
    usable, _ = check(folder)
    assert [source.name for source in usable] == ["sound"]


def test_a_sound_source_is_told_nothing_of(folder):
    (folder / "sound.yaml").write_text(SOUND + "follow: {allow: ['/20\\d\\d/', '^https://news\\.lanshan\\.example/'], deny: [/login]}\n")
    assert check(folder)[1] == []
    assert read_source(folder, "sound").follow.deny == ("/login",)


@pytest.mark.parametrize(
    ("said", "key", "expected"),
    [
        ("follow: {allow: ['^https?://news\\.lanshan\\.exmaple/']}\n", "follow.allow.0", "of a host whose pages are not the source's"),
        ("follow: {deny: ['//other.example/']}\n", "follow.deny.0", "fits none of them"),
        ("follow: {deny: [/login, lanshan]}\n", "follow.deny.1", "fits https://news.lanshan.example/, which is asked for all the same"),
        ("follow: {hosts: [lanshan.net]}\n", "follow.hosts", "https://news.lanshan.example/ is of none of them"),
        ("every: 2h\nrevisit: [30m, 24h]\n", "revisit", "30m is shorter than `every`, 2h"),
        ("revisit: [7d, 24h]\n", "revisit", "not in the order of time"),
        ("every: 0s\n", "every", "in every run"),
        ("pages: ['https://news.lanshan.example/1 https://news.lanshan.example/2']\n", "urls", "has a blank"),
        ("limits: {delay: 0.2}\n", "limits.delay", "ask the site's people first"),
        ("limits: {concurrency: 4}\n", "limits.concurrency", "4 requests to a host at a time"),
        ("limits: {pages: 0}\n", "limits.pages", "no page is ever asked for"),
        ("allow_private: true\n", "allow_private", "for trials"),
    ],
)
def test_what_is_hardly_meant_is_warned_of(folder, said, key, expected):
    (folder / "lanshan.yaml").write_text(SOUND + said)
    assert told(folder, warnings=False) == {}
    assert list(warned := told(folder, warnings=True)) == [f"lanshan.yaml {key}"]
    assert expected in warned[f"lanshan.yaml {key}"]


def test_more_that_is_warned_of(folder):
    (folder / "who.yaml").write_text(SOUND.replace("archive@press.example", "the archive"))
    (folder / "pages.yaml").write_text("kind: web\npages: [https://a.example/1]\ncontact: a@b.example\nfollow: {allow: [/news/]}\n")
    warned = told(folder, warnings=True)
    assert "neither an e-mail address nor a URL" in warned["who.yaml contact"]
    assert "fits none of the source's own pages" in warned["pages.yaml follow.allow.0"]


def test_hosts_that_two_sources_ask_are_warned_of_whichever_is_looked_at(folder):
    (folder / "front.yaml").write_text(SOUND)
    (folder / "rss.yaml").write_text(SOUND.replace("web", "feed").replace("example/", "example/rss"))
    (folder / "other.yaml").write_text(SOUND.replace("lanshan", "qingxi"))
    expected = "news.lanshan.example is asked by {} too: while one asks, no other can begin, and what both lead to is asked for twice"
    assert told(folder, warnings=True) == {"front.yaml urls": expected.format("rss"), "rss.yaml urls": expected.format("front")}
    assert told(folder, "rss", warnings=True) == {"rss.yaml urls": expected.format("front")}


def test_a_host_below_that_of_another_source_is_shared_with_it(folder):
    (folder / "all.yaml").write_text("kind: web\nurls: [https://press.example/]\ncontact: a@b.example\n")
    (folder / "one.yaml").write_text("kind: web\nurls: [https://sports.press.example/]\ncontact: a@b.example\n")
    (folder / "two.yaml").write_text("kind: web\nurls: [https://finance.press.example/]\ncontact: a@b.example\n")
    warned = told(folder, warnings=True)
    assert warned["all.yaml urls"].startswith("press.example is asked by one, two too")
    assert warned["one.yaml urls"].startswith("sports.press.example is asked by all too")


def test_files_that_are_not_there_are_warned_of(folder):
    (folder / "drop.yaml").write_text("kind: files\npaths: ['drop/*.html']\nmanifest: m.csv\n")
    (folder / "archive.yaml").write_text("kind: warc\npaths: [gone.warc.gz]\npath_lists: [warc.paths.gz]\nbase: https://archive.example/\n")
    warned = told(folder, warnings=True)
    assert warned["drop.yaml paths"] == "lead to no file now"
    assert warned["drop.yaml manifest"].endswith("m.csv is not there now")
    assert warned["archive.yaml paths"].endswith("gone.warc.gz is not there now")
    assert warned["archive.yaml path_lists"].endswith("warc.paths.gz is not there now")
    assert warned["archive.yaml contact"].startswith("is missing")


@pytest.mark.parametrize(
    ("url", "said", "key"),
    [
        ("http://127.0.0.1/", "", "urls"), ("http://localhost:8000/", "", "urls"), ("http://[::1]/", "", "urls"), ("http://10.0.0.5/a", "", "urls"),
        ("http://news.example/", "resolve: {'*.example': '127.0.0.1:8000'}\n", "resolve"),
    ],
)  # fmt: skip
def test_a_private_address_is_a_mistake_unless_it_is_allowed(folder, url, said, key):
    (folder / "inner.yaml").write_text(f"kind: web\nurls: ['{url}']\ncontact: a@b.example\n{said}")
    assert "is no public address; `allow_private: true`" in told(folder, warnings=False)[f"inner.yaml {key}"]
    assert check(folder)[0] == []
    (folder / "inner.yaml").write_text(f"kind: web\nurls: ['{url}']\ncontact: a@b.example\nallow_private: true\n{said}")
    assert told(folder, warnings=False) == {}


def test_a_manifest_that_does_not_fit_the_files_is_warned_of(folder, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "1.html").touch()
    (tmp_path / "m.csv").write_text("path,url\n1.html,\npages/1.html,\nold/2.html,\n3.html,\n")
    (folder / "drop.yaml").write_text("kind: files\npaths: [../pages]\nmanifest: ../m.csv\n")
    warned = told(folder, warnings=True)["drop.yaml manifest"]
    assert warned.startswith("2 of 4 rows lead to no file; the first, 'old/2.html' in line 4, was looked for at ")
    assert "pages/old/2.html" in warned
    (tmp_path / "m.csv").write_text("file\n1.html\n")
    assert "`path` among them" in told(folder, warnings=True)["drop.yaml manifest"]


def test_a_file_that_is_not_read_for_its_ending_is_warned_of(folder):
    (folder / "sound.yaml").write_text(SOUND)
    (folder / "other.yml").write_text(SOUND)
    assert told(folder, warnings=True) == {"other.yml": "is not read: name it other.yaml"}
    assert told(folder, "sound", warnings=True) == {}


def test_a_source_of_which_all_was_forgotten_is_warned_of(folder, tmp_path):
    (folder / "sound.yaml").write_text(SOUND)
    set_tombstones(Lake(tmp_path / "lake"), [Tombstone(target="lanshan.example", kind=TargetKind.SITE, forgotten_at=datetime.now(UTC))])
    _, findings = check(folder, lake=tmp_path / "lake")
    assert [(finding.key, finding.is_warning) for finding in findings] == [("urls", True)]
    assert "all of its URLs were forgotten" in findings[0].told


def test_a_name_that_there_is_not_is_told(folder):
    with pytest.raises(ConfigurationError, match="no source 'a'"):
        check(folder, ["a"])


def test_a_site_profile_that_is_not_there_is_a_mistake(folder, tmp_path):
    for name, profile in (("there", "seahaven.example"), ("gone", "other.example")):
        (folder / f"{name}.yaml").write_text(f"kind: warc\npaths: [s3://archive/{name}.warc.gz]\nprofile: {profile}\n")
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "seahaven.example.yaml").write_text("{host: seahaven.example, layouts: [{}]}")
    usable, findings = check(folder, sites_dir=sites)
    assert [(Path(finding.file).name, finding.key, finding.is_warning) for finding in findings] == [("gone.yaml", "profile", False)]
    assert "no site profile other.example" in findings[0].told
    assert [source.name for source in usable] == ["gone", "there"], "its pages can be read all the same"
    assert len(told(folder, warnings=False)) == 2, "the bundled ones alone have neither"
