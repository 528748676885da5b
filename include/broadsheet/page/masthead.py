"""The page's own name for its site, for pages of which no URL is known."""

from broadsheet.page.blocks import columns
from broadsheet.page.headlines import site_suffix
from broadsheet.page.names import is_cjk, is_site_name, may_be_channel
from broadsheet.page.plain import lowered
from broadsheet.page.vocabulary import word_set

_LONG_NAME = 8  # display columns; a shorter root of a rendered breadcrumb may be a channel: 要闻


def masthead(stated: str | None, breadcrumb: tuple[str, ...], title: str | None, *, is_plain: bool) -> str | None:
    """The name that the head states, else the breadcrumb's root, else the end of the `<title>`; None where none of them names a site.

    A wrong name would make pages of different sites one site: what may be a channel's name is not believed.
    """
    if stated:
        return stated
    root = _without_home(breadcrumb[0]) if breadcrumb else ""
    if is_cjk(root) and is_site_name(root):
        return root
    if is_plain:
        return root if columns(root) >= _LONG_NAME and not may_be_channel(root) else None
    return site_suffix(title) if title else None


def _without_home(root: str) -> str:
    """云州网首页 -> 云州网; a bare 首页 names nothing."""
    for home in word_set("fields", "breadcrumb", "homes"):
        if lowered(root) == home:
            return ""
        if is_cjk(home) and root.endswith(home):
            return root.removesuffix(home).strip()
    return root
