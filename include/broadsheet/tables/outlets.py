"""Names of outlets and people in one form, and which names are one outlet's.

`outlets.yaml` lists well-known outlets with their other names and their hosts; a user's file (setting `outlets_file`) is laid over it. A
name that is not listed stands for itself: two outlets are one only where somebody said so.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from broadsheet.errors import ConfigurationError
from broadsheet.page.names import is_outlet
from broadsheet.settings import wrong_values
from broadsheet.text import fold_blanks
from broadsheet.urls import is_site_host

SHORTEST_REST = 3  # characters of a name without its suffix: 新浪微博 is not 新浪, 北京日报微博 is 北京日报
_BUNDLED = Path(__file__).with_name("outlets.yaml")
_ONE_OF_A_KIND = str.maketrans({**dict.fromkeys("•・‧∙⋅", "·"), **dict.fromkeys("‘’`´", "'")})
_BLANK_BESIDE_HAN = re.compile(r"(?<=[\u2e80-\uffdc]) | (?=[\u2e80-\uffdc])")
_PAIRS = frozenset({"《》", "〈〉", "“”", '""', "''", "「」", "『』", "【】", "〔〕", "[]", "()", "<>"})
_AROUND = " ,:;|/_-–—、。"


def normal_name(text: str) -> str:
    """A name of an outlet or person without what its writings differ in.

    Width and other compatible forms of characters (NFKC), runs of blanks and blanks beside Chinese, Japanese and Korean characters, kinds
    of middle dots and apostrophes, quotes and brackets around all of it, signs at its ends. Case stays. A text of nothing but signs stays.

    Examples
    --------
    >>> normal_name("《 云州 晚报》"), normal_name("Jane  Doe,")
    ('云州晚报', 'Jane Doe')
    """
    folded = fold_blanks(unicodedata.normalize("NFKC", text).translate(_ONE_OF_A_KIND))
    shown = unicodedata.normalize("NFC", _BLANK_BESIDE_HAN.sub("", folded))
    name = shown.strip(_AROUND)
    while len(name) > 2 and name[0] + name[-1] in _PAIRS and name[0] not in name[1:-1] and name[-1] not in name[1:-1]:
        name = name[1:-1].strip(_AROUND)
    return name or shown


class Outlet(NamedTuple):
    """An outlet by the name that stands for it; `is_listed` tells whether the table of outlets has it."""

    name: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Outlets:
    """The table of outlets.

    Attributes
    ----------
    names : every listed name, normal and without case -> the one that stands for the outlet.
    hosts : host -> the outlet whose site it is.
    suffixes : what accounts and apps add to an outlet's name, without case.
    """

    names: Mapping[str, str]
    hosts: Mapping[str, str]
    suffixes: tuple[str, ...]

    def of_name(self, credited: str) -> Outlet:
        """The outlet of a credited name: a listed one, else the name in normal form, without what an account adds to it."""
        name = normal_name(credited)
        if listed := self.names.get(name.casefold()):
            return Outlet(listed, True)
        shorter = self._without_suffix(name)
        return self.of_name(shorter) if shorter != name else Outlet(name, False)

    def of_affiliation(self, affiliation: str | None) -> Outlet | None:
        """The outlet that a person's credit names; None for none, and for an office that is no outlet by its name."""
        if affiliation is None:
            return None
        outlet = self.of_name(affiliation)
        return outlet if outlet.is_listed or is_outlet(outlet.name) else None

    def of_host(self, host: str) -> Outlet | None:
        """The outlet whose site a host is, itself or the nearest domain above it that is listed."""
        while host:
            if name := self.hosts.get(host):
                return Outlet(name, True)
            host = host.partition(".")[2]
        return None

    def _without_suffix(self, name: str) -> str:
        bare = name.removesuffix(")").replace("(", "") if name.endswith(")") and name.count("(") == 1 else name  # 甲日报(微信公众号)
        for suffix in self.suffixes:
            rest = bare[: -len(suffix)]
            if bare[-len(suffix) :].casefold() == suffix and len(rest) >= SHORTEST_REST:
                return normal_name(rest)
        return name


def load_outlets(file: Path | None = None) -> Outlets:
    """The bundled table, with a user's file laid over it. Raises ConfigurationError naming file, key and what is expected."""
    bundled = _bundled()
    if file is None:
        return bundled
    own = _read(file)

    def renamed(listed: Mapping[str, str]) -> dict[str, str]:
        return {what: own.names.get(stands.casefold(), stands) for what, stands in listed.items()}

    return Outlets(
        names={**renamed(bundled.names), **own.names},
        hosts={**renamed(bundled.hosts), **own.hosts},
        suffixes=_longest_first({*bundled.suffixes, *own.suffixes}),
    )


# --- files -------------------------------------------------------------------------------------------------------------------------


def _host(text: str) -> str:
    if not is_site_host(text):
        raise ValueError("must be a host name in lower case without scheme, path and `www.`, as news.example is")
    return text


_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    aliases: list[_Name] = Field(default_factory=list)
    hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default_factory=list)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    suffixes: list[_Name] = Field(default_factory=list)
    outlets: dict[_Name, _Entry] = Field(default_factory=dict)


@lru_cache(maxsize=1)
def _bundled() -> Outlets:
    return _read(_BUNDLED)


def _read(file: Path) -> Outlets:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"outlets file {file} cannot be read: {error}") from error
    try:
        parsed = _File.model_validate(content or {})
    except ValidationError as error:
        raise ConfigurationError(f"outlets file {file}: {wrong_values(error)}") from error
    names: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for written, entry in parsed.outlets.items():
        stands = normal_name(written)
        for name in (stands, *map(normal_name, entry.aliases)):
            _claim(names, name.casefold(), stands, f"outlets file {file}: the name {name!r}")
        for host in entry.hosts:
            _claim(hosts, host, stands, f"outlets file {file}: the host {host}")
    return Outlets(names, hosts, _longest_first({suffix.casefold() for suffix in parsed.suffixes}))


def _claim(holders: dict[str, str], what: str, outlet: str, said: str) -> None:
    if (holder := holders.setdefault(what, outlet)) != outlet:
        raise ConfigurationError(f"{said} is given to {holder} and to {outlet}; it can be of one outlet only")


def _longest_first(suffixes: set[str]) -> tuple[str, ...]:
    return tuple(sorted(suffixes, key=lambda suffix: (-len(suffix), suffix)))
