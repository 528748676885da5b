"""Answers that say that a page is not there: 404, 410, a redirect to the front page or to a page that says so.

The rules are narrow: an answer that may be temporary (403, 429, 5xx) or a redirect to any other page says nothing of the kind.
"""

import re
from urllib.parse import urlsplit

from broadsheet.capture.delivery import Delivery, Missing
from broadsheet.ids import make_id
from broadsheet.records import Absence, AbsenceKind
from broadsheet.urls import canonical, is_front_page, site_of

_GONE = {404: AbsenceKind.GONE_404, 410: AbsenceKind.GONE_410}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# `/404.html`, `/error/404/`, `/errors/page-not-found.jsp`; not `/news/404.html`, whose number is an article's.
_ERROR_PAGES = frozenset({"404", "410", "404error", "error404", "err404", "notfound", "pagenotfound", "gone"})
_ERROR_FOLDERS = frozenset({"err", "error", "errors", "errorpage", "errorpages"})


def absence_kind(url: str | None, status: int | None, target: str | None = None) -> AbsenceKind | None:
    """What an answer for an http(s) URL says of a missing page; None if it says nothing of the kind.

    Parameters
    ----------
    target : where a redirect leads, in canonical form. The front page may be that of the site above: news.a.example is gone if it leads to
        a.example/.
    """
    if status not in _GONE and not (status in _REDIRECTS and target):
        return None
    page = canonical(url)
    if page is None:
        return None
    if status in _GONE:
        return _GONE[status]
    assert target is not None
    own, other = site_of(page) or "", site_of(target) or ""
    if is_front_page(page) or not (own == other or own.endswith("." + other)):
        return None
    if is_front_page(target):
        return AbsenceKind.REDIRECTED_HOME
    return AbsenceKind.REDIRECTED_TO_ERROR_PAGE if _is_error_page(urlsplit(target).path) else None


def _is_error_page(path: str) -> bool:
    *folders, name = re.sub("[-_]", "", path.strip("/").lower()).split("/")
    return name.partition(".")[0] in _ERROR_PAGES and _ERROR_FOLDERS.issuperset(folders)


def missing(answer: Delivery, kind: AbsenceKind, target: str | None = None) -> Missing:
    """The absence that an answer tells of. `answer` is a delivery without content, of an http(s) URL."""
    told = answer.capture
    assert told.url and told.site and told.http_status
    observed_at = told.captured_at.isoformat() if told.captured_at else None
    absence = Absence(
        absence_id=make_id("absence", told.url, observed_at, told.http_status, target), absence_kind=kind, url=told.url, site=told.site,
        http_status=told.http_status, redirect_url=target, input_path=told.input_path, observed_at=told.captured_at,
        observed_at_basis=told.captured_at_basis,
    )  # fmt: skip
    return Missing(absence=absence, answer=answer)
