"""What holds for the record of any page, however hostile."""

import msgspec

from broadsheet.page.decode import decode
from broadsheet.page.read import read_page
from broadsheet.records import BlockLabel, Page


def read_bytes(content: bytes, *, media_type: str = "text/html", http_charset: str | None = None) -> Page:
    """As the extract stage reads a page."""
    decoded = decode(content, http_charset=http_charset, is_html=media_type == "text/html")
    return read_page(decoded.text, media_type=media_type, decoded=decoded)


def broken_rules(page: Page) -> list[str]:
    """Rules that a record breaks; empty for a valid one."""
    broken = []
    text, position = page.text, 0
    for number, block in enumerate(page.blocks):
        if block.char_start != position or text[block.char_start : block.char_end] != block.text:
            broken.append(f"block {number}: its span does not follow the one before, or is not its text")
            break
        position = block.char_end + 1
    if position != len(text) + bool(page.blocks):
        broken.append("the spans do not reach the end of the text")
    for number, block in enumerate(page.blocks):
        if block.label not in set(BlockLabel) or (block.label != BlockLabel.UNKNOWN and not block.rule):
            broken.append(f"block {number}: label {block.label!r} by rule {block.rule!r}")
        if not block.text.strip():
            broken.append(f"block {number} is blank")
        if block.module_index is not None and not 0 <= block.module_index < len(page.modules):
            broken.append(f"block {number}: no module {block.module_index}")
    if not 0 <= page.coverage_ratio <= 1:
        broken.append(f"coverage_ratio {page.coverage_ratio}")
    for number, module in enumerate(page.modules):
        if [item.rank for item in module.items] != list(range(1, len(module.items) + 1)):
            broken.append(f"module {number}: ranks {[item.rank for item in module.items][:20]}")
    try:
        if msgspec.json.decode(msgspec.json.encode(page), type=Page) != page:
            broken.append("another record after JSON")
    except (msgspec.MsgspecError, UnicodeError) as error:
        broken.append(f"no JSON: {error}")
    return broken
