"""What two pages of one template have in common."""

import hashlib
import re
from functools import lru_cache

from broadsheet.page.blocks import Document
from broadsheet.page.vocabulary import load

_DIGITS = re.compile(r"\d+")
_DEPTH = 5


def layout_fingerprint(document: Document) -> str:
    """Hash of the page's structural skeleton: the set of tag and class paths of its upper containers.

    Only containers with several blocks count and only down to a depth, so that longer texts and lists, other numbers in ids and an
    empty module leave it as it is. Empty for a plain text.
    """
    if document.is_plain:
        return ""
    boxes = document.boxes
    paths = {0: ""}
    found = set()
    for index, box in enumerate(boxes):
        if index == 0 or box.depth > _DEPTH or box.parent not in paths or box.tag in _CONTENT:
            continue
        path = f"{paths[box.parent]}/{box.tag}.{_shape(box.name)}"
        paths[index] = path
        if box.end - box.first >= 2:
            found.add(path)
    return hashlib.sha256("\n".join(sorted(found)).encode("utf-8", "replace")).hexdigest()[:16] if found else ""


@lru_cache(maxsize=20_000)
def _shape(name: str) -> str:
    return _DIGITS.sub("0", name)


_CONTENT = frozenset(load("modules")["tags"]["content"])
