"""Page viewer: find an article or a capture; its text by labelled blocks, fields, feeds and related links beside it, versions and what differs."""

import re
from collections import Counter
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from broadsheet.page.colours import colour_of
from broadsheet.ui.differences import paragraphs_compared
from broadsheet.ui.pages import NotThere, Warehouse, lake_of, page, published
from broadsheet.urls import canonical

FOUND = 50  # rows of a list
BLOCKS = 5000
VERSIONS = 100
_ID = re.compile(r"[0-9a-f]{6,64}")
# Columns of a capture that say how it was read, in this order.
_CAPTURE_FIELDS = (
    "capture_id", "page_kind", "url", "canonical_url", "captured_at_basis", "media_type", "http_status", "charset", "charset_basis", "language",
    "layout_fingerprint", "site_profile", "coverage_ratio", "block_count", "byte_count", "input_path", "raw_file", "raw_offset", "parser_version",
    "run_id",
)  # fmt: skip
_VERSION_FIELDS = (
    "version_id", "article_id", "channel_path", "published_at_raw", "published_at_rule", "published_at_precision", "dateline", "paragraph_count",
    "char_count", "rights_applies", "rights_notice",
)  # fmt: skip

router = APIRouter()
TextParam = Annotated[str, Query(max_length=500)]


@router.get("/pages")
def found_pages(request: Request, q: TextParam = "", site: TextParam = "") -> Response:
    asked = q.strip()
    with published(lake_of(request)) as warehouse:
        articles, captures = _found(warehouse, asked, site.strip() or None)
    return page(request, "pages.html", q=asked, site=site.strip(), articles=articles, captures=captures, limit=FOUND)


def _found(warehouse: Warehouse, asked: str, site: str | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(articles, captures) that are asked for: by an id's beginning or a URL captures, by words articles, without either the last of both."""
    none = {"id": None, "url": None, "canonical_url": None}
    bounds = {"site": site, "row_limit": FOUND}
    if _ID.fullmatch(asked) and (found := warehouse.rows("ui/captures_found", **{**none, "id": asked}, **bounds)):
        return [], found  # else it is a number or a word
    if asked.startswith(("http://", "https://")):
        return [], warehouse.rows("ui/captures_found", **{**none, "url": asked, "canonical_url": canonical(asked)}, **bounds)
    if asked:
        return warehouse.rows("ui/articles_found", question=asked, **bounds), []
    return warehouse.rows("ui/articles_latest", **bounds), warehouse.rows("ui/captures_found", **none, **bounds)


@router.get("/pages/article/{article_id}")
def article_page(request: Request, article_id: str) -> Response:
    """The article as its last capture shows it."""
    with published(lake_of(request)) as warehouse:
        last = warehouse.row("ui/last_capture", article_id=article_id)
        if last is None:
            raise NotThere(article_id)
        return _capture_page(request, warehouse, last["capture_id"])


@router.get("/pages/capture/{capture_id}")
def capture_page(request: Request, capture_id: str) -> Response:
    with published(lake_of(request)) as warehouse:
        return _capture_page(request, warehouse, capture_id)


def _capture_page(request: Request, warehouse: Warehouse, capture_id: str) -> Response:
    capture = warehouse.row("ui/capture", capture_id=capture_id)
    if capture is None:
        raise NotThere(capture_id)
    shown = {"capture_id": capture_id, "site": capture["site"]}
    blocks = warehouse.rows("ui/blocks", **shown, row_limit=BLOCKS)
    article_id, version_id = capture["standing_article_id"], capture["version_id"]
    version = warehouse.row("ui/version", version_id=version_id) if version_id else None
    return page(
        request,
        "page.html",
        capture=capture,
        capture_fields=_given(capture, _CAPTURE_FIELDS),
        version=version,
        version_fields=_given(version, _VERSION_FIELDS) if version else [],
        credits=warehouse.rows("ui/credits", version_id=version_id) if version_id else [],
        blocks=[{**block, "colour": colour_of(block["block_label"])} for block in blocks],
        legend=[(label, count, colour_of(label)) for label, count in Counter(block["block_label"] for block in blocks).most_common()],
        feeds=_grouped(warehouse.rows("ui/shown_feeds", **shown)),
        links=_grouped(warehouse.rows("ui/shown_links", **shown)),
        article_id=article_id,
        versions=warehouse.rows("ui/versions", article_id=article_id, row_limit=VERSIONS) if article_id else [],
        captures=warehouse.rows("ui/article_captures", article_id=article_id, row_limit=FOUND) if article_id else [],
    )


@router.get("/pages/diff/{before}/{after}")
def version_differences(request: Request, before: str, after: str) -> Response:
    """What differs between two versions, by paragraph and within it."""
    with published(lake_of(request)) as warehouse:
        old, new = (warehouse.row("ui/version_text", version_id=version_id) for version_id in (before, after))
    if old is None or new is None:
        raise NotThere(before if old is None else after)
    return page(
        request,
        "diff.html",
        before=old,
        after=new,
        headline=paragraphs_compared([old["headline"]], [new["headline"]]),
        body=paragraphs_compared(old["body_text"].split("\n"), new["body_text"].split("\n")),
    )


def _given(row: dict[str, Any], names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(name, row[name]) for name in names if row[name] not in (None, "")]


def _grouped(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows by the module of the page that shows them."""
    return [list(group) for _, group in groupby(rows, key=lambda row: row["module_index"])]
