"""Pages in WARC files: `response` and `resource` records of HTML, plain text or feeds, and `revisit` records of known ones."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from broadsheet.capture.absences import absence_kind, missing
from broadsheet.capture.content import binary_sign, check_content, decode_body, media_type_of, too_large
from broadsheet.capture.credentials import without_secrets
from broadsheet.capture.delivery import (
    Delivery,
    Known,
    Missing,
    PassedOver,
    checked,
    clean_url,
    is_error_status,
    make_delivery,
    parse_http_date,
    parse_instant,
    rejected,
)
from broadsheet.capture.digests import digest_key
from broadsheet.capture.feed_files import feed_type, may_hold_feed, require_feed, says_feed
from broadsheet.capture.frames import Frame, frame_at, frames
from broadsheet.errors import BadInput
from broadsheet.media_types import PLAIN
from broadsheet.records import Record, Rejection, TimeBasis
from broadsheet.urls import canonical

# What a record's block may hold besides the page: HTTP header, chunk lengths.
_BLOCK_ALLOWANCE = 256 * 1024
_NOT_INPUTS = {"warcinfo", "request", "metadata"}
_PAGES = {"response", "resource", "revisit"}
_WITHOUT_CONTENT = (204, 205)
_LONGEST_KIND = 60
# Set by the raw zone, whose records need some WARC-Date even when the capture time is unknown.
TIME_BASIS_HEADER = "Broadsheet-Captured-At-Basis"
# Set by the raw zone: the payload digest that the record of a delivered WARC file stated.
STATED_HEADER = "Broadsheet-Stated-Payload-Digest"
# Set by the crawler on records of its answers: what the URL was asked for.
ROLE_HEADER = "Broadsheet-Role"
_NO_PAGES = ("robots", "sitemap")  # roles
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})\b")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:\-]{2,30})""", re.I)

Originals = Callable[[str], Frame | None]  # payload digest as a record states it -> a record that holds the content
Lookup = Callable[[str], Known | None]  # input path of a record -> what the manifest says about that very record


class Http(Record, frozen=True):
    """A record's block split into HTTP header and body; without a header for `resource` records."""

    header: bytes
    body: bytes
    status: int | None
    headers: dict[str, str]


class _NoPage(Exception):
    """A record is no page; says what it is instead."""


class WarcPages:
    """Pages of several WARC files that belong together: a revisit may refer to a record of an earlier file."""

    def __init__(self, limit: int, originals: Originals = lambda _: None, *, is_own: Callable[[str], bool] = lambda _: True):
        """
        Parameters
        ----------
        is_own : whether the page of a URL is of interest. Others are passed over, unread.
        """
        self.limit = limit
        self._elsewhere = originals
        self._is_own = is_own
        self._originals: dict[bytes, tuple[Path, str]] = {}  # payload digest -> first record with it

    def read(
        self, path: Path, input_path: str, *, known: Known | None = None, lookup: Lookup = lambda _: None
    ) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
        """One answer for each record, but for those that tell of others (warcinfo, request, metadata). Raises OSError if the file cannot
        be read.

        Parameters
        ----------
        known : what the manifest says about the whole file. Its site counts; url and time only where a record has none.
        lookup : what the manifest says about one record; it goes before what the record says.
        """
        for frame in frames(path, limit=self.limit + _BLOCK_ALLOWANCE, is_wanted=self._is_wanted):
            record_path = f"{input_path}#{frame.position}"
            if not frame.damage and frame.headers.get("warc-type", "").lower() in _NOT_INPUTS:
                continue
            try:
                yield self._page(frame, path, record_path, lookup(record_path), known or Known())
            except _NoPage as other:
                yield PassedOver(input_path=record_path, kind=str(other))
            except BadInput as error:
                url = clean_url(frame.headers.get("warc-target-uri"))
                yield rejected(record_path, BadInput(error.reason, f"{error.detail}, {url}" if url and url not in error.detail else error.detail))

    def forget(self, path: Path) -> None:
        """Look for nothing more in a file that was read: what later ones repeat of it, the raw zone has."""
        self._originals = {digest: place for digest, place in self._originals.items() if place[0] != path}

    def _is_wanted(self, headers: Mapping[str, str]) -> bool:
        return self._is_own(headers.get("warc-target-uri", "").strip("<>"))

    def _page(self, frame: Frame, path: Path, record_path: str, own: Known | None, known: Known) -> Delivery | Missing | Rejection:
        if frame.damage:
            raise BadInput("broken_warc_record", frame.damage)
        kind = frame.headers.get("warc-type", "").lower()
        if kind not in _PAGES:
            raise _NoPage(f"{kind[:_LONGEST_KIND] or 'nameless'} record")
        if (role := frame.headers.get(ROLE_HEADER.lower())) in _NO_PAGES:
            raise _NoPage(role)
        scheme = frame.headers.get("warc-target-uri", "").lstrip("<").partition(":")[0].lower()
        if scheme in ("dns", "metadata", "whois", "filedesc"):
            raise _NoPage(f"{scheme} record")
        if not self._is_wanted(frame.headers):
            raise _NoPage("page of another site")
        source = self._original(frame) if kind == "revisit" and not _is_answer_of_its_own(frame) else frame
        http = split_http(source)
        payload_digest = "" if kind == "revisit" else _payload_digest(frame, http)
        if payload_digest:
            self._originals.setdefault(digest_key(payload_digest), (path, frame.position))
        own = own or Known()
        url = own.url or clean_url(frame.headers.get("warc-target-uri")) or known.url
        status = own.http_status or http.status
        delivery = partial(
            make_delivery, input_path=record_path, url=url,
            times=(
                (TimeBasis.MANIFEST, own.captured_at),
                (TimeBasis.WARC, _warc_time(frame)),
                (TimeBasis.HTTP, parse_http_date(http.headers.get("date")) if source is frame else None),
                (TimeBasis.MANIFEST, known.captured_at),
            ),
            site=own.site or known.site, http_status=status, http_charset=_charset(http.headers.get("content-type")),
            http_header=without_secrets(http.header),
        )  # fmt: skip
        is_redirect = source is frame and status is not None and 300 <= status < 400
        target = canonical(http.headers.get("location"), url) if is_redirect else None
        if gone := absence_kind(url, status, target):
            return missing(delivery(b"", media_type=PLAIN), gone, target)
        media_type, content = self._content(source, http)
        return checked(delivery(content, media_type=media_type, stated_digest=frame.headers.get(STATED_HEADER.lower()) or payload_digest))

    def _content(self, frame: Frame, http: Http) -> tuple[str, bytes]:
        """Media type and payload of a page of text."""
        if http.status is not None and (http.status < 200 or http.status in _WITHOUT_CONTENT or 300 <= http.status < 400):
            raise _NoPage(f"status {http.status}")
        declared = http.headers.get("content-type")
        if declared and not declared.partition(";")[0].strip():
            declared = None  # `;charset=utf-8` says nothing of the kind
        if declared and media_type_of(declared, b"") is None and not is_error_status(http.status):
            return self._feed(frame, http, declared.partition(";")[0].strip().lower())
        content = self._payload(frame, http)
        if is_error_status(http.status):
            return media_type_of(declared, content) or PLAIN, content  # rejected for its status, whatever it holds
        if not declared and content.strip() and (binary_sign(content) or (media_type_of(None, content) or feed_type(content)) is None):
            raise _NoPage("no content type")
        check_content(content)
        media_type = feed_type(content) or media_type_of(declared, content)
        if media_type is None:
            raise _NoPage("no content type")
        return media_type, content

    def _feed(self, frame: Frame, http: Http, declared: str) -> tuple[str, bytes]:
        """Media type and payload of a feed. Other XML and JSON is no page, sound or not; what calls itself a feed should be one."""
        if not may_hold_feed(declared):
            raise _NoPage(declared[:_LONGEST_KIND])
        try:
            content = self._payload(frame, http)
            check_content(content)
            return require_feed(content), content
        except BadInput:
            if says_feed(declared):
                raise
            raise _NoPage(declared[:_LONGEST_KIND]) from None

    def _payload(self, frame: Frame, http: Http) -> bytes:
        if frame.is_cut:
            raise too_large(self.limit)
        return decode_body(
            http.body,
            transfer_coding=http.headers.get("transfer-encoding", ""),
            content_coding=http.headers.get("content-encoding", ""),
            limit=self.limit,
        )

    def _original(self, frame: Frame) -> Frame:
        digest = frame.headers.get("warc-payload-digest", "")
        found = self._originals.get(digest_key(digest)) if digest else None
        if found is None:
            if digest and (original := self._elsewhere(digest)):
                return original
            raise BadInput(
                "unresolved_revisit", f"the record it repeats ({digest or 'no digest'}) is neither in the raw zone nor among the inputs before it"
            )
        path, position = found
        return frame_at(path, position, limit=self.limit + _BLOCK_ALLOWANCE)


def _payload_digest(frame: Frame, http: Http) -> str:
    return frame.headers.get("warc-payload-digest") or "sha1:" + base64.b32encode(hashlib.sha1(http.body).digest()).decode()


def _is_answer_of_its_own(revisit: Frame) -> bool:
    """Whether a revisit's own header tells of something else than the page it repeats: many answers, redirects above all, share a body."""
    found = _STATUS_LINE.match(revisit.block)
    return found is not None and not found.group(1).startswith(b"2") and found.group(1) != b"304"


def status_of(header: bytes) -> int | None:
    """Status that an HTTP header states in its first line; None where that is no status line."""
    found = _STATUS_LINE.match(header)
    return int(found.group(1)) if found else None


def split_http(frame: Frame) -> Http:
    """Raises BadInput for a response that does not begin with an HTTP header."""
    if frame.headers.get("warc-type", "").lower() == "resource":
        content_type = frame.headers.get("content-type", "")
        return Http(header=b"", body=frame.block, status=None, headers={"content-type": content_type} if content_type else {})
    status = status_of(frame.block)
    ends = [(end, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (end := frame.block.find(mark)) >= 0]
    if status is None or not ends:
        raise BadInput("broken_warc_record", "no HTTP header in the response")
    end, length = min(ends)
    header = frame.block[: end + length]
    headers: dict[str, str] = {}
    for line in header.splitlines()[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(name.strip().lower().decode("latin-1"), value.strip().decode("utf-8", "replace"))
    return Http(header=header, body=frame.block[len(header) :], status=status, headers=headers)


def _warc_time(frame: Frame) -> datetime | None:
    # A WARC-Date is UTC, with or without its Z.
    if frame.headers.get(TIME_BASIS_HEADER.lower()) == TimeBasis.NONE:
        return None
    return parse_instant(frame.headers.get("warc-date"), is_utc_assumed=True)


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found.group(1).lower() if found else None
