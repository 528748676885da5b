"""Short CSS selectors that match given elements and no others of a page: what a new site profile is begun with.

Works on the elements that `dom.read_with_elements` hands out; knows nothing of the library behind them.
"""

import re
from collections.abc import Iterator
from typing import Any

_NAME = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]{0,60}")
# Names that a build or a content system made, or that tell a state: they differ on the next page.
_MADE = re.compile(r"\d{3}|[0-9][a-z]{1,3}[0-9]|[a-z][A-Z]\w*[0-9]|^(?:css|sc|jsx|style)-")
_STATES = frozenset(("active", "current", "on", "selected", "first", "last", "odd", "even", "clearfix", "show", "hide", "cur", "open"))
_MOST_AROUND = 4  # elements around one that lend it their names


class Selectors:
    """Looks for selectors on one page."""

    def __init__(self, root: Any):
        self.root = root

    def of(self, elements: list[Any]) -> str | None:
        """A selector that matches just these elements; None if none was found."""
        if not elements:
            return None
        wanted = list(elements)
        return next((css for css in self._candidates(wanted[0]) if self.root.select(css) == wanted), None)

    def within(self, container: Any, element: Any) -> str | None:
        """A selector by which an element is the first match inside of a container."""
        return next((css for css in _own(element) if (found := container.select(css)) and found[0] == element), None)

    def _candidates(self, element: Any) -> Iterator[str]:
        own = list(_own(element))
        yield from own
        around = element.parent
        for distance in range(_MOST_AROUND):
            if around is None or not getattr(around, "tag", None):
                return
            for outer in _own(around):
                if outer == around.tag and outer not in ("article", "main", "header"):
                    continue  # `div p` is no more stable than the page
                joint = " > " if distance == 0 else " "
                yield from (f"{outer}{joint}{inner}" for inner in own)
            around = around.parent


def _own(element: Any) -> Iterator[str]:
    """What an element may be called by itself, the most stable first: id, class, tag and class, tag."""
    ident = element.attr("id") or ""
    if _is_stable(ident):
        yield f"#{ident}"
    names = [name for name in (element.attr("class") or "").split() if _is_stable(name)]
    yield from (f".{name}" for name in names)
    yield from (f"{element.tag}.{name}" for name in names)
    if len(names) > 1:
        yield "." + ".".join(names)
    yield element.tag


def _is_stable(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and _MADE.search(name) is None and name.lower() not in _STATES
