"""Archives that somebody else wrote, as a source.

kind: warc
path_lists: [https://data.commoncrawl.org/crawl-data/CC-NEWS/2026/03/warc.paths.gz]
base: https://data.commoncrawl.org/
hosts: [news.lanshan.example]
contact: https://archive.example/crawler
"""

import glob
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from broadsheet.capture.remote import is_remote, shown
from broadsheet.capture.schedule import Schedule
from broadsheet.capture.web.source import SiteName, ZoneName
from broadsheet.urls import has_credentials, site_of

WILD = re.compile(r"[*?\[]")
_Place = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def matches(path: str, folder: str) -> list[str]:
    """A path itself, or what its wildcards fit. Names may have brackets: that of the folder, and those of files that are there as they are named."""
    start = f"{folder}{os.sep}" if path.startswith(f"{folder}{os.sep}") else ""
    if not WILD.search(path.removeprefix(start)) or Path(path).exists():
        return [path]
    return sorted(glob.glob(glob.escape(start) + path.removeprefix(start), recursive=True))  # noqa: PTH207  # Path.glob needs a root without wildcards


class WarcSource(BaseModel):
    """WARC files that somebody else wrote: here, on web servers, in object stores. A file that was read whole is not read again.

    Attributes
    ----------
    kind : `warc`.
    paths : .warc and .warc.gz files: local ones, with `*`, `?`, `[…]` and `**` as in the shell, or the URL (s3, https, http) of one file.
    path_lists : local files, plain or .gz, or URLs of them, that name WARC files below `base`, one a line, as Common Crawl's warc.paths.gz do.
    base : folder or URL that the lines of `path_lists` start at.
    hosts : sites whose pages are wanted, without `www.`; hosts below them count. Empty: all.
    files : files a run; the next run goes on with the rest.
    seconds : after which a run begins no further file.
    contact : a URL or an e-mail address; sent to web servers that are asked for files.
    site : of captures for which no URL tells one.
    time_zone : in which the sites' displayed times are read, where the pages state none.
    schedule : when it is brought in by itself: a duration since its last run, as `6h`; a cron expression, in `time_zone`, else UTC; or `manual`: only
        when it is named. By default in every run of `ingest`.
    profile : site profile that reads its pages, by the name of its file: a host. By default each page is read by that of its own host.
    rights : what the owner allows, for people.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "anyOf": [{"required": ["paths"]}, {"required": ["path_lists"]}], "dependentRequired": {"path_lists": ["base"], "base": ["path_lists"]}
        },
    )  # fmt: skip
    is_mtime_trusted: ClassVar[bool] = False  # as other kinds have it

    name: str
    folder: str = ""  # of its file, where relative paths start
    kind: Literal["warc"]
    paths: tuple[_Place, ...] = ()
    path_lists: tuple[_Place, ...] = ()
    base: _Place | None = None
    hosts: tuple[SiteName, ...] = ()
    files: int = Field(10, ge=1)
    seconds: int = Field(3000, ge=1)
    contact: str | None = Field(None, min_length=3)
    site: SiteName | None = None
    time_zone: ZoneName | None = None
    schedule: Schedule | None = None
    profile: SiteName | None = None
    rights: str | None = None

    @field_validator("paths", "path_lists", "base")
    @classmethod
    def _are_reachable(cls, stated: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for path in (stated,) if isinstance(stated, str) else stated or ():
            if "://" in path and not is_remote(path):
                raise ValueError(f"{path!r}: files are local, or of s3://, https:// or http://")
            if path.startswith("s3://") and WILD.search(path):
                raise ValueError(f"{path!r}: a URL names one file, without wildcards; name many by `path_lists`")
            if is_remote(path) and has_credentials(path):
                raise ValueError(f"{shown(path)} is stated with a user's name or password, which would stand in the file for all to read")
        return stated

    @field_validator("contact")
    @classmethod
    def _one_line(cls, text: str | None) -> str | None:
        if text is not None and (not text.isprintable() or not text.isascii()):
            raise ValueError("must be one line of ASCII characters: it is sent in a header")
        return text

    @model_validator(mode="after")
    def _has_input(self) -> "WarcSource":
        if not (self.paths or self.path_lists):
            raise ValueError("name `paths`, `path_lists` or both")
        if bool(self.path_lists) != bool(self.base):
            raise ValueError("`path_lists` and the `base` that their lines start at go together")
        return self

    @property
    def inputs(self) -> list[str]:
        """Where its captures come from, as it says, without what may be a secret in a URL."""
        return [shown(path) for path in (*self.paths, *self.path_lists)]

    @cached_property
    def _ends(self) -> tuple[str, ...]:
        return tuple("." + host for host in self.hosts)

    def is_own(self, url: str) -> bool:
        """Whether the page of a URL is wanted."""
        return not self.hosts or ("." + (site_of(url) or "")).endswith(self._ends)

    def named(self) -> list[str]:
        """The files that `paths` lead to now. One without a wildcard is there whether or not it exists: that is a finding."""
        return list(dict.fromkeys(match for path in self.paths for match in ([path] if is_remote(path) else matches(path, self.folder))))
