"""Sources that `ingest` brings in: a folder of `<name>.yaml`, each of which says of which kind a source is and where its captures are.

    kind: files
    paths: [drop/**/*.html.gz, drop/archive.warc.gz]
    manifest: drop/manifest.csv
    site: news.lanshan.example

`files`: captures that somebody or something else puts down. `warc`: archives that somebody else wrote
(`broadsheet.capture.warc_source`). `web`, `feed`, `sitemap`: what the crawler asks for (`broadsheet.capture.web.source`). Relative paths
start at the folder of the YAML file.
"""

import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from broadsheet.capture.remote import is_remote
from broadsheet.capture.schedule import Schedule
from broadsheet.capture.warc_source import WarcSource, matches
from broadsheet.capture.web.source import SiteName, WebSource, ZoneName
from broadsheet.errors import ConfigurationError

NAME_PATTERN = r"[a-z0-9][a-z0-9_-]{0,39}"  # it is part of run ids
CONTACT_VARIABLE = "BROADSHEET_CONTACT"  # of sources that ask somebody and name no contact
OWN = ("name", "folder")  # fields that are the file's own, and no keys in it
_MEANT = {
    **dict.fromkeys(("rss", "atom", "rdf", "json", "feeds"), "feed"), **dict.fromkeys(("html", "site", "page", "pages", "http", "url"), "web"),
    **dict.fromkeys(("archive", "archives", "wacz"), "warc"), **dict.fromkeys(("folder", "directory", "csv"), "files"),
}  # fmt: skip
NAME_RULE = "its name must be of small letters, digits, - and _, 40 at most"

_Path = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class FileSource(BaseModel):
    """Captures that lie in files: pages, their .gz, WARC files, directories of them.

    Attributes
    ----------
    kind : `files`.
    paths : files and directories, with `*`, `?`, `[…]` and `**` as in the shell. Without any, the files that the manifest names.
    manifest : CSV or JSON Lines of what the files don't know (`broadsheet.capture.manifest`).
    site : of captures for which neither the manifest nor a URL tells one.
    time_zone : in which the sites' displayed times are read, where the pages state none.
    schedule : when it is brought in by itself: a duration since its last run, as `6h`; a cron expression, in `time_zone`, else UTC; or `manual`: only
        when it is named. By default in every run of `ingest`.
    profile : site profile that reads its pages, by the name of its file: a host. By default each page is read by that of its own host.
    rights : what the owner allows, for people.
    is_mtime_trusted : take a file's modification time as capture time when nothing better is known.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, json_schema_extra={"anyOf": [{"required": ["paths"]}, {"required": ["manifest"]}]}
    )

    name: str
    folder: str = ""  # of its file, where relative paths start
    kind: Literal["files"]
    paths: tuple[_Path, ...] = ()
    manifest: _Path | None = None
    site: SiteName | None = None
    time_zone: ZoneName | None = None
    schedule: Schedule | None = None
    profile: SiteName | None = None
    rights: str | None = None
    is_mtime_trusted: bool = Field(False, alias="trust_mtime")

    @model_validator(mode="after")
    def _has_input(self) -> "FileSource":
        if not (self.paths or self.manifest):
            raise ValueError("name `paths`, a `manifest` or both")
        return self

    @property
    def inputs(self) -> list[Path]:
        """Where its captures come from, as it says."""
        return [Path(path) for path in self.paths or (self.manifest or "",)]

    def found(self) -> list[Path]:
        """The files and directories that `paths` lead to now. A path without a wildcard is there whether or not it exists: that is a finding."""
        found = dict.fromkeys(match for path in self.paths for match in matches(path, self.folder))
        manifest = Path(self.manifest).resolve() if self.manifest else None  # which a wildcard may fit
        return [Path(path) for path in found if Path(path).resolve() != manifest]


class WrongSource(ConfigurationError):
    """A source that cannot be used.

    Attributes
    ----------
    problems : all of them, each with the key in the file (empty: the file itself), and what is wrong and expected.
    """

    def __init__(self, file: Path, problems: list[tuple[str, str]]):
        super().__init__(f"source {file}: {'; '.join(f'{key}: {told}' if key else told for key, told in problems)}")
        self.file = file
        self.problems = problems


Source = FileSource | WarcSource | WebSource
KINDS: dict[str, type[Source]] = {"files": FileSource, "warc": WarcSource, "web": WebSource, "feed": WebSource, "sitemap": WebSource}


def source_names(folder: str | Path, only: Sequence[str] = ()) -> list[str]:
    """The names of the sources of a folder, unread; those of `only` if it names any. Raises ConfigurationError for a name that there is not."""
    where = Path(folder)
    if not where.is_dir():
        raise ConfigurationError(
            f"{where.absolute()} is no folder of sources (<name>.yaml): name another by `--sources`, or begin one by `broadsheet source add`"
        )
    names = sorted(file.stem for file in where.glob("*.yaml") if not file.name.startswith("."))
    if unknown := [name for name in only if name not in names]:
        raise ConfigurationError(
            f"{where} has no source {', '.join(map(repr, unknown))}; it has {', '.join(names) or 'none'}"
            + "".join(f"; {told}" for told in unread(where))
        )
    return [name for name in names if not only or name in only]


def unread(folder: str | Path) -> list[str]:
    """What is told of files that look like sources and are none, for the ends of their names."""
    return [f"{file} is not read: name it {file.stem}.yaml" for file in sorted(Path(folder).glob("*.yml")) if not file.name.startswith(".")]


def read_source(folder: str | Path, name: str) -> Source:
    """One source. Raises WrongSource naming file, keys and what is expected."""
    file = Path(folder) / f"{name}.yaml"
    if not re.fullmatch(NAME_PATTERN, name):
        raise WrongSource(file, [("", NAME_RULE)])
    try:
        said = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError, ValueError) as error:
        raise WrongSource(file, [("", f"cannot be read: {error}")]) from error
    model = KINDS.get(str(said.get("kind"))) if isinstance(said, dict) else None
    if model is None:
        raise WrongSource(file, [("", f"`kind` must be one of {', '.join(KINDS)}{_instead_of_kind(said)}")])
    if (contact := os.environ.get(CONTACT_VARIABLE)) and "contact" in model.model_fields:
        said = {"contact": contact, **said}
    own = {name: value for name, value in (("name", file.stem), ("folder", str(file.parent.absolute()))) if name in model.model_fields}
    try:
        source = model.model_validate({**said, **own})
    except ValidationError as error:
        raise WrongSource(file, [*_own_keys(said, model), *(_problem(item, model) for item in error.errors())]) from error
    if problems := _own_keys(said, model):
        raise WrongSource(file, problems)
    return source.model_copy(update=_absolute(source, file.parent))


def _instead_of_kind(said: Any) -> str:
    """What a file has that says no kind."""
    if said is None:
        return "; the file is empty"
    if not isinstance(said, dict):
        return f"; the file is a {'list' if isinstance(said, list) else 'text'}, not keys with values"
    if "kind" not in said:
        return "; the file says none"
    kind = str(said["kind"]).lower()
    near = _MEANT.get(kind) or next(iter(get_close_matches(kind, KINDS, 1)), None)
    return f", not {said['kind']!r}" + (f"; did you mean `{near}`?" if near else "")


def _own_keys(said: dict[str, Any], model: type[BaseModel]) -> list[tuple[str, str]]:
    """Keys that are the file's own, and nothing that it may say."""
    return [(name, f"is no key here; there are {', '.join(_keys(model))}") for name in OWN if name in said and name in model.model_fields]


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if name not in OWN]


def _problem(item: Any, model: type[BaseModel]) -> tuple[str, str]:
    """Key, and what is wrong and expected, of one of pydantic's findings."""
    place = item["loc"]
    key = ".".join(map(str, place))
    if item["type"] == "missing":
        return key, "is missing"
    if item["type"] != "extra_forbidden":
        return key, _expected(item)
    for part in place[:-1]:  # the model whose key it would be
        model = model.model_fields[str(part)].annotation  # type: ignore[assignment]
    near = get_close_matches(str(place[-1]), _keys(model), 1)
    return key, f"is no key here; did you mean `{near[0]}`?" if near else f"is no key here; there are {', '.join(_keys(model))}"


def _expected(item: Any) -> str:
    given = item["input"]
    if item["type"] == "value_error":
        return item["msg"].removeprefix("Value error, ")
    if item["type"] == "tuple_type":
        dumped = yaml.safe_dump([given], default_flow_style=True, allow_unicode=True, width=float("inf")).strip()
        return f"must be a list: {dumped if isinstance(given, str) else '[ … ]'}"
    return f"{item['msg']}, not {given!r}"


def _absolute(source: Source, folder: Path) -> dict[str, Any]:
    def at(path: str) -> str:
        return path if is_remote(path) else str(folder.absolute() / path)

    if isinstance(source, WebSource):
        return {"page_list": source.page_list and str(folder.absolute() / source.page_list)}
    if isinstance(source, WarcSource):
        return {"paths": tuple(map(at, source.paths)), "path_lists": tuple(map(at, source.path_lists)), "base": source.base and at(source.base)}
    return {"paths": tuple(map(at, source.paths)), "manifest": source.manifest and at(source.manifest)}
