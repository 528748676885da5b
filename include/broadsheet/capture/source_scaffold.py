"""A source file to begin with: what was given, and every key that one is likely to want, with its default and what it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel

from broadsheet.capture.remote import is_remote
from broadsheet.capture.source_list import KINDS
from broadsheet.capture.source_schema import schema
from broadsheet.capture.web.source import Follow, Limits, WebSource
from broadsheet.errors import ConfigurationError
from broadsheet.urls import is_site_host

_WARC = re.compile(r"\.warc(\.gz)?$", re.I)
_PATH_LIST = re.compile(r"\.paths(\.gz)?$", re.I)
_SITEMAP = re.compile(r"sitemap[^/]*$", re.I)
_FEED = re.compile(r"(\.(xml|rss|atom|rdf)|/(rss|feed|atom|feed\.json))/?$", re.I)
_FILE = re.compile(r"\.(gz|warc|paths|txt|html?|xml|rss|atom|rdf|json)$", re.I)
_CRAWL_DATA = "/crawl-data/"  # what the lines of Common Crawl's lists begin with


def guessed_kind(inputs: Sequence[str]) -> str:
    """The kind of what was given, by its names. Raises ConfigurationError where that is several."""
    kinds = {_kind(text) for text in inputs}
    if len(kinds) > 1:
        raise ConfigurationError(f"what is given is of several kinds ({', '.join(sorted(kinds))}): make a source of each, or name one by --kind")
    return kinds.pop()


def _kind(text: str) -> str:
    path = urlsplit(text).path if is_remote(text) else text
    if _WARC.search(path) or _PATH_LIST.search(path) or text.startswith("s3://"):
        return "warc"
    if not is_remote(text):
        return "files"
    return "sitemap" if _SITEMAP.search(path) else "feed" if _FEED.search(path) else "web"


def scaffold(
    name: str, inputs: Sequence[str], kind: str, contact: str | None = None, *, resolve: Mapping[str, str] | None = None,
    is_private_allowed: bool = False,
) -> str:  # fmt: skip
    """The text of a source file.

    Parameters
    ----------
    inputs : URLs, or paths as they are to stand in the file.
    contact : needed for kinds that ask a site.
    resolve, is_private_allowed : of kinds that ask a site; as the source has them.
    """
    head = f"# Written by `broadsheet source add`. docs/sources.md tells of every key; `broadsheet source check {name}` of mistakes.\nkind: {kind}\n"
    if issubclass(KINDS[kind], WebSource):
        trial = "allow_private: true\n" if is_private_allowed else ""
        trial += f"resolve: {_value(dict(resolve))}\n" if resolve else ""
        return head + _web(inputs, kind, contact or "") + trial
    return head + (_warc(inputs, contact) if kind == "warc" else _files(inputs))


def _web(urls: Sequence[str], kind: str, contact: str) -> str:
    of_source, of_follow, of_limits = (_described(model) for model in (WebSource, Follow, Limits))
    common = "\n".join(of_limits(key) for key in ("pages", "seconds", "delay"))
    if kind == "sitemap":
        common += "\n" + of_source("max_age")
    return f"""\
{_list("urls", urls)}
# Sent with each request, so that the site's people can reach you.
contact: {_value(contact)}
{of_source("every")}
{of_source("revisit")}
follow:
{of_follow("depth")}
  # hosts: [news.example]          # sites whose pages belong to it; by default those of `urls`
  # allow: ['/20\\d\\d/']            # only links that one of these regular expressions is found in
  # deny: [/login, /search]        # none of these
limits:
{common}
# time_zone: Asia/Shanghai         # in which the sites' displayed times are read, where the pages state none
# schedule: 6h                     # when it is brought in; by default in every run of `ingest`. Or: 0 6 * * *, manual
# profile: news.example            # site profile that reads the pages; by default that of each page's own host
# rights: may be kept and quoted   # what the site's owner allows, for people
"""


def _warc(paths: Sequence[str], contact: str | None) -> str:
    lists = [path for path in paths if _PATH_LIST.search(urlsplit(path).path if is_remote(path) else path)]
    files = [path for path in paths if path not in lists]
    base = lists[0].partition(_CRAWL_DATA)[0] if lists and _CRAWL_DATA in lists[0] else lists[0].rpartition("/")[0] or "." if lists else ""
    parts = [_list("paths", files)] if files else []
    if lists:
        parts += [_list("path_lists", lists), f"base: {_value(base)}   # what the lines of the lists start at"]
    parts += [
        f"contact: {_value(contact)}" if contact else "# contact: archive@press.example   # sent to web servers that are asked for files",
        "files: 10                          # a run; the next run goes on with the rest",
        "# hosts: [news.example]            # only pages of these sites; without: all",
        "# time_zone: Asia/Shanghai         # in which the sites' displayed times are read, where the pages state none",
        "# schedule: 6h                     # when it is brought in; by default in every run of `ingest`. Or: 0 6 * * *, manual",
        "# profile: news.example            # site profile that reads the pages; by default that of each page's own host",
        "# rights: may be kept and quoted   # what the owner allows, for people",
    ]
    return "\n".join(parts) + "\n"


def _files(paths: Sequence[str]) -> str:
    return f"""\
{_list("paths", paths)}
# manifest: manifest.csv           # what the files don't know: path, url, captured_at, site
# site: news.example               # of captures for which neither the manifest nor a URL tells one
# trust_mtime: true                # take a file's modification time as capture time when nothing better is known
# time_zone: Asia/Shanghai         # in which the sites' displayed times are read, where the pages state none
# schedule: 6h                     # when it is brought in; by default in every run of `ingest`. Or: 0 6 * * *, manual
# profile: news.example            # site profile that reads the pages; by default that of each page's own host
# rights: may be kept and quoted   # what the owner allows, for people
"""


def _described(model: type[BaseModel]) -> Callable[[str], str]:
    """Lines of a model's keys, each with its default and what it is."""
    properties = schema()["$defs"][model.__name__]["properties"]
    indent = "" if model is WebSource else "  "

    def line(key: str) -> str:
        stated = f"{indent}{key}: {_value(properties[key]['default'])}"
        return f"{stated:<35}# {properties[key]['description'].removesuffix('.')}"

    return line


def _list(key: str, values: Sequence[str]) -> str:
    return "\n".join([f"{key}:", *(f"  - {_value(value)}" for value in values)])


def _value(value: Any) -> str:
    """A value as YAML has it on one line."""
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf")).removesuffix("\n").removesuffix("\n...")


def stated_path(text: str) -> str:
    """A path of the command line as a source file states it, wherever that lies. Raises ConfigurationError for a host whose scheme was forgotten."""
    if is_remote(text):
        return text
    host = re.split(r"[/?#:]", text, maxsplit=1)[0].lower()
    is_host = host == "localhost" or (is_site_host(host.removeprefix("www.")) and "." in host and not _FILE.search(host))
    if is_host and not Path(text).exists():
        raise ConfigurationError(f"{text!r} is no file that is there; a URL begins with http:// or https://, as https://{text}")
    return str(Path(text).absolute())


def is_contact(text: str) -> bool:
    """Whether a text looks like an e-mail address or a URL, by which people can be reached."""
    return re.search(r"@|^https?://", text) is not None
