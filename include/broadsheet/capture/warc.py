"""WARC records -> deliveries. A damaged record costs itself: reading goes on at the next one."""

import mmap
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from broadsheet.capture.sources import Delivery, make_capture, rejected, require_text, too_large
from broadsheet.errors import BadInput
from broadsheet.records import Rejection, TimeBasis
from broadsheet.settings import Settings

_PAGES = {"text/html": "text/html", "application/xhtml+xml": "text/html", "text/plain": "text/plain"}
_INPUTS = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit
_STARTS = (b"\x1f\x8b\x08", b"WARC/1.")


def warc_deliveries(path: Path, site: str | None, settings: Settings) -> Iterator[Delivery | Rejection]:
    """Pages of a WARC file's response, resource and revisit records; requests, metadata and warcinfo are no inputs.

    `input_path` is `file#offset`. A revisit is a second capture of a page that the same file holds; of others the bytes are
    not here and it is rejected as `unresolved_revisit`.
    """
    seen: dict[str, Delivery] = {}
    for offset, record in _records(path):
        where = f"{path}#{offset}"
        if isinstance(record, BadInput):
            yield rejected(where, record)
            continue
        try:
            delivery = _revisit(record, where, seen) if record.record_type == WarcRecordType.revisit else _page(record, where, site, settings)
        except BadInput as error:
            yield rejected(where, error)
            continue
        if digest := record.headers.get("WARC-Payload-Digest"):
            seen[digest] = delivery
        yield delivery


def _records(path: Path) -> Iterator[tuple[int, WarcRecord | BadInput]]:
    """(offset, record) or (offset, what is wrong there)."""
    if path.stat().st_size == 0:
        yield 0, BadInput("empty_file", "0 bytes")
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = 0
        while start < len(data):
            file.seek(start)
            last = start
            try:
                for record in ArchiveIterator(file, record_types=_INPUTS, parse_http=True, auto_decode="all"):
                    last = start + record.stream_pos
                    yield last, record
                return
            except (OSError, ValueError) as error:
                # The damage is at or after the last good record: report the first start of a record behind it.
                broken = last if last == start else _next_start(data, last + 1)
                yield broken, BadInput("broken_warc_record", str(error))
                start = _next_start(data, max(broken, last) + 1)


def _next_start(data: mmap.mmap, position: int) -> int:
    found = [at for mark in _STARTS if (at := data.find(mark, position)) >= 0]
    return min(found, default=len(data))


def _page(record: WarcRecord, where: str, site: str | None, settings: Settings) -> Delivery:
    url = (record.headers.get("WARC-Target-URI") or "").strip().strip("<>") or None
    http = record.http_headers
    status = http.status_code if http else None
    if status and status >= 400:
        raise BadInput("http_error", f"status {status}, {url}")
    if status and 300 <= status < 400:
        raise BadInput("not_a_page", f"redirect (status {status}), {url}")
    content_type = (record.http_content_type if http else record.headers.get("Content-Type")) or "text/html"
    media_type = _PAGES.get(content_type.partition(";")[0].strip().lower())
    if media_type is None:
        raise BadInput("not_a_page", f"{content_type}, {url}")
    content = _content(record, settings.max_page_bytes)
    captured_at, basis = _captured_at(record)
    capture = make_capture(
        content, media_type, where, url=url, site=site, captured_at=captured_at, captured_at_basis=basis, http_status=status,
        http_charset=record.http_charset if http else None,
    )  # fmt: skip
    return Delivery(capture, content, _header_block(record))


def _content(record: WarcRecord, limit: int) -> bytes:
    """Payload, decoded as its HTTP headers say, at most `limit` bytes of it held."""
    try:
        content = record.reader.read(limit + 1)
    except (OSError, ValueError) as error:
        raise BadInput("broken_warc_record", f"payload: {error}") from error
    if len(content) > limit:
        raise too_large(len(content), limit)
    http = record.http_headers
    is_encoded = http is not None and ("Content-Encoding" in http or "Transfer-Encoding" in http)
    if not is_encoded and len(content) < record.content_length:
        raise BadInput("broken_warc_record", f"{len(content)} of {record.content_length} bytes are there")
    require_text(content)
    return content


def _captured_at(record: WarcRecord) -> tuple[datetime | None, TimeBasis]:
    try:
        return datetime.fromisoformat(record.headers["WARC-Date"]).astimezone(UTC), TimeBasis.WARC
    except (KeyError, ValueError, TypeError):
        pass
    try:
        return parsedate_to_datetime(record.http_headers["Date"]).astimezone(UTC), TimeBasis.HTTP
    except (KeyError, ValueError, TypeError):
        return None, TimeBasis.NONE


def _header_block(record: WarcRecord) -> bytes | None:
    http = record.http_headers
    if http is None:
        return None
    lines = [http.status_line_bytes or b"HTTP/1.1 200 OK", *(name + b": " + value for name, value in http.items_bytes())]
    return b"\r\n".join(lines)


def _revisit(record: WarcRecord, where: str, seen: dict[str, Delivery]) -> Delivery:
    known = seen.get(record.headers.get("WARC-Payload-Digest") or "")
    if known is None:
        raise BadInput("unresolved_revisit", f"the page itself is not in this file: {record.headers.get('WARC-Target-URI')}")
    captured_at, basis = _captured_at(record)
    first = known.capture
    capture = make_capture(
        known.content, first.media_type, where, url=record.headers.get("WARC-Target-URI") or first.url,
        site=first.site if first.site_basis == "manifest" else None, captured_at=captured_at, captured_at_basis=basis,
        http_status=first.http_status, http_charset=first.http_charset,
    )  # fmt: skip
    return Delivery(capture, known.content, known.http_headers)
