"""Site profiles: what people know of one site's pages, as CSS selectors. Data and its validation; reads no file.

A profile has one layout or more, each with the days it is valid on; a layout says for some parts of a page where they stand. What it
does not say, the generic path finds.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from broadsheet.errors import ConfigurationError
from broadsheet.records import BlockLabel, Capture, ModuleKind, Record
from broadsheet.urls import is_site_host, site_of

# Parts of an article that a layout may select.
FIELDS = ("title", "body", "info", "source", "author", "editor", "breadcrumb", "published")
# Labels that `select` and `modules` give; the others may be given to any block.
_NOT_TO_GIVE = (BlockLabel.UNKNOWN, BlockLabel.TITLE, BlockLabel.BODY, BlockLabel.FEED, BlockLabel.RELATED, BlockLabel.MODULE_HEADING)
LABELS = tuple(label for label in BlockLabel if label not in _NOT_TO_GIVE)

SelectorError = Callable[[str], str | None]


class ModuleSelector(Record, frozen=True):
    """Where a headed list of links stands.

    Attributes
    ----------
    heading : selector of the heading, in the container or before it.
    heading_text : a fixed heading instead.
    ranked : None leaves it to what the list shows.
    """

    selector: str
    kind: ModuleKind
    heading: str | None = None
    heading_text: str | None = None
    ranked: bool | None = None


class Layout(Record, frozen=True):
    """How a site's pages are made from one day up to, not including, another."""

    identity: str  # host, first day and a hash of what it says
    site_name: str | None = None
    time_zone: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    select: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    optional: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    labels: dict[str, BlockLabel] = msgspec.field(default_factory=dict)
    modules: tuple[ModuleSelector, ...] = ()

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day < self.valid_until)

    def selectors(self) -> dict[str, tuple[str, ...]]:
        """Part of the page -> selectors, of which the first that matches counts. The names of parts are those of the file."""
        parts = dict(self.select)
        parts |= {f"drop[{number}]": (selector,) for number, selector in enumerate(self.drop)}
        parts |= {f"labels[{number}]": (selector,) for number, selector in enumerate(self.labels)}
        for number, module in enumerate(self.modules):
            parts[f"modules[{number}]"] = (module.selector,)
            if module.heading:
                parts[f"modules[{number}].heading"] = (module.heading,)
        return parts


class Profile(Record, frozen=True):
    """One site's layouts, oldest first."""

    host: str
    layouts: tuple[Layout, ...]
    time_zone: str | None = None

    def layout_on(self, day: date | None) -> Layout | None:
        """The layout of a day; the newest where the day is unknown. None for a day that no layout covers: the generic path reads it."""
        if day is None:
            return self.layouts[-1]
        return next((layout for layout in self.layouts if layout.holds_on(day)), None)


class Profiles(Record, frozen=True):
    """The profiles of all sites, by host."""

    by_host: dict[str, Profile] = msgspec.field(default_factory=dict)

    def of_host(self, host: str | None) -> Profile | None:
        """The profile of a host or, failing that, of the nearest domain that it belongs to."""
        name = (host or "").lower().rstrip(".").removeprefix("www.")
        while name:
            if (profile := self.by_host.get(name)) is not None:
                return profile
            name = name.partition(".")[2]
        return None

    def of_capture(self, capture: Capture) -> Profile | None:
        """The profile that the capture's source names; without one, or where it is gone, that of its site or, failing that, of its URL's."""
        return self.by_host.get(capture.stated_profile or "") or self.of_host(capture.site) or self.of_host(site_of(capture.url))


# --- validation -----------------------------------------------------------------------------------------------------------------


def parse_profile(content: Any, where: str, selector_error: SelectorError) -> Profile:
    """A profile from what its YAML holds. Raises ConfigurationError naming file, key and what is allowed.

    Parameters
    ----------
    where : the file, for messages.
    selector_error : what is wrong with a CSS selector, None if nothing is.
    """
    return _Reader(where, selector_error).profile(content)


class _Reader:
    """Reads one file's content; knows its name for messages."""

    def __init__(self, where: str, selector_error: SelectorError):
        self.where = where
        self.selector_error = selector_error

    def profile(self, content: Any) -> Profile:
        self._keys(content, "", required=("host", "layouts"), allowed=("host", "name", "time_zone", "layouts"))
        host = self._text(content["host"], "host").lower()
        if not is_site_host(host):
            self._fail("host", f"must be a host name without scheme, path and `www.`, as news.example is; found {host!r}")
        name = self._text(content["name"], "name") if "name" in content else None
        zone = self._zone(content["time_zone"]) if "time_zone" in content else None
        given = content["layouts"]
        if not isinstance(given, list) or not given:
            self._fail("layouts", "must be a list of one layout or more")
        layouts = sorted(
            (self._layout(one, f"layouts[{number}]", host, name, zone) for number, one in enumerate(given)),
            key=lambda one: one.valid_from or date.min,
        )
        for earlier, later in pairwise(layouts):
            if later.valid_from is None or earlier.valid_until is None or earlier.valid_until > later.valid_from:
                self._fail(
                    "layouts",
                    f"overlap: one is valid {_span(earlier)}, another {_span(later)}; `valid_until` is the day on which the next one begins",
                )
        return Profile(host=host, layouts=tuple(layouts), time_zone=zone)

    def _layout(self, content: Any, key: str, host: str, name: str | None, zone: str | None) -> Layout:
        self._keys(content, key, allowed=("valid_from", "valid_until", "select", "optional", "drop", "labels", "modules"))
        since, until = self._day(content, key, "valid_from"), self._day(content, key, "valid_until")
        if since and until and since >= until:
            self._fail(f"{key}.valid_until", f"must be later than valid_from, {since}; found {until}")
        select = self._mapping(content.get("select"), f"{key}.select", FIELDS)
        optional = self._list(content.get("optional"), f"{key}.optional")
        for field in optional:
            if field not in select:
                self._fail(f"{key}.optional", f"names {field!r}, which `select` does not have")
        labels = self._mapping(content.get("labels"), f"{key}.labels")
        modules = content.get("modules") or []
        if not isinstance(modules, list):
            self._fail(f"{key}.modules", "must be a list")
        layout = Layout(
            identity="",
            site_name=name,
            time_zone=zone,
            valid_from=since,
            valid_until=until,
            select={field: self._selectors(value, f"{key}.select.{field}") for field, value in select.items()},
            optional=optional,
            drop=self._selectors(content["drop"], f"{key}.drop") if content.get("drop") else (),
            labels={self._selector(css, f"{key}.labels"): self._label(value, f"{key}.labels.{css}") for css, value in labels.items()},
            modules=tuple(self._module(one, f"{key}.modules[{number}]") for number, one in enumerate(modules)),
        )
        # The end of a layout changes nothing on the pages that it read before.
        said = msgspec.json.encode(msgspec.structs.replace(layout, valid_until=None), order="deterministic")
        identity = f"{host}{f'@{since}' if since else ''}#{hashlib.sha256(said).hexdigest()[:8]}"
        return msgspec.structs.replace(layout, identity=identity)

    def _module(self, content: Any, key: str) -> ModuleSelector:
        self._keys(content, key, required=("selector", "kind"), allowed=("selector", "kind", "heading", "heading_text", "ranked"))
        if "heading" in content and "heading_text" in content:
            self._fail(key, "has `heading` and `heading_text`; the first is a selector, the second the text itself, and one is enough")
        kinds = tuple(ModuleKind)
        if content["kind"] not in kinds:
            self._fail(f"{key}.kind", f"must be one of {', '.join(kinds)}; found {content['kind']!r}")
        ranked = content.get("ranked")
        if ranked is not None and not isinstance(ranked, bool):
            self._fail(f"{key}.ranked", f"must be true or false; found {ranked!r}")
        return ModuleSelector(
            selector=self._selector(content["selector"], f"{key}.selector"),
            kind=ModuleKind(content["kind"]),
            heading=self._selector(content["heading"], f"{key}.heading") if "heading" in content else None,
            heading_text=self._text(content["heading_text"], f"{key}.heading_text") if "heading_text" in content else None,
            ranked=ranked,
        )

    def _fail(self, key: str, message: str) -> NoReturn:
        raise ConfigurationError(f"profile {self.where}: {f'{key} ' if key else ''}{message}")

    def _keys(self, content: Any, key: str, *, required: tuple[str, ...] = (), allowed: tuple[str, ...]) -> None:
        if not isinstance(content, dict):
            self._fail(key, f"must be a mapping with {', '.join(allowed)}; found {_kind(content)}")
        for name in content:
            if name not in allowed:
                self._fail(f"{key}.{name}" if key else str(name), f"is not known; allowed: {', '.join(allowed)}")
        for name in required:
            if name not in content:
                self._fail(f"{key}.{name}" if key else name, "is missing")

    def _mapping(self, content: Any, key: str, allowed: tuple[str, ...] | None = None) -> Mapping[str, Any]:
        if content is None:
            return {}
        if allowed is not None:
            self._keys(content, key, allowed=allowed)
        elif not isinstance(content, dict):
            self._fail(key, f"must be a mapping of selectors to labels; found {_kind(content)}")
        return content

    def _text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self._fail(key, f"must be a text; found {value!r}")
        return value.strip()

    def _list(self, value: Any, key: str) -> tuple[str, ...]:
        if value is None:
            return ()
        return tuple(self._text(one, key) for one in (value if isinstance(value, list) else [value]))

    def _selectors(self, value: Any, key: str) -> tuple[str, ...]:
        if value is None or value == []:
            self._fail(key, "needs a selector, or a list of them")
        return tuple(self._selector(one, key) for one in (value if isinstance(value, list) else [value]))

    def _selector(self, value: Any, key: str) -> str:
        css = self._text(value, key)
        if error := self.selector_error(css):
            self._fail(key, f"is no CSS selector: {error}")
        return css

    def _label(self, value: Any, key: str) -> BlockLabel:
        if value not in LABELS:
            self._fail(key, f"must be one of {', '.join(LABELS)}; found {value!r}")
        return BlockLabel(value)

    def _day(self, content: dict[str, Any], key: str, name: str) -> date | None:
        value = content.get(name)
        if value is not None and type(value) is not date:
            self._fail(f"{key}.{name}", f"must be a date, as 2026-03-01 is; found {value!r}")
        return value

    def _zone(self, value: Any) -> str:
        name = self._text(value, "time_zone")
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            self._fail("time_zone", f"must be the name of a time zone, as Asia/Shanghai is; found {name!r}")
        return name


def _span(layout: Layout) -> str:
    """A layout's days, for people."""
    since = f"from {layout.valid_from}" if layout.valid_from else "from the beginning"
    return f"{since} until {layout.valid_until}" if layout.valid_until else since


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
