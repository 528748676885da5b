"""What capture knows of one page, and how that becomes a `Capture`: identity, time and site with their bases."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from broadsheet.errors import BadInput
from broadsheet.ids import content_sha256, make_id
from broadsheet.records import Absence, Capture, Record, Rejection, SiteBasis, TimeBasis
from broadsheet.urls import site_of, without_userinfo

EXCERPT_BYTES = 400
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"  # what a URL may hold besides letters and digits


class Delivery(Record, frozen=True):
    """One page with its bytes, as they came out of its container (gzip, WARC, HTTP transfer and content coding)."""

    capture: Capture  # without its place in the raw zone
    content: bytes
    http_header: bytes = b""  # status line and headers with the closing blank line, for pages from WARC responses
    stated_digest: str = ""  # of the payload as a WARC record states it, by which later records repeat it


class Missing(Record, frozen=True):
    """An answer that a page is not there."""

    absence: Absence  # without its place in the raw zone
    answer: Delivery  # no content; the HTTP header if it came from a WARC response


class PassedOver(Record, frozen=True):
    """A record of a WARC file that is no page and was never meant to be one: no input, and nothing wrong with it."""

    input_path: str
    kind: str  # what it is instead: `image/png`, `status 301`, `dns record`


class Known(Record, frozen=True):
    """What a manifest, or a container, says about a page."""

    url: str | None = None
    captured_at: datetime | None = None  # aware, UTC
    site: str | None = None
    http_status: int | None = None
    path: str | None = None  # where a manifest's file should be, if it is not there


def make_delivery(
    content: bytes, *, media_type: str, input_path: str, url: str | None, times: Iterable[tuple[TimeBasis, datetime | None]], site: str | None = None,
    http_status: int | None = None, http_charset: str | None = None, http_header: bytes = b"", stated_digest: str = "",
) -> Delivery:  # fmt: skip
    """A delivery with its id.

    Parameters
    ----------
    times : candidates for the capture time, best first; the first that is known counts.
    site : as the manifest says; the URL's host otherwise.
    """
    basis, captured_at = next(((basis, time) for basis, time in times if time), (TimeBasis.NONE, None))
    host = site_of(url)
    sha256 = content_sha256(content)
    capture = Capture(
        capture_id=capture_id_of(sha256, url, captured_at),
        content_sha256=sha256, byte_count=len(content), media_type=media_type, input_path=input_path, url=url, site=site or host,
        site_basis=SiteBasis.MANIFEST if site else SiteBasis.URL if host else SiteBasis.NONE,
        captured_at=captured_at, captured_at_basis=basis, http_status=http_status, http_charset=http_charset,
    )  # fmt: skip
    return Delivery(capture=capture, content=content, http_header=http_header, stated_digest=stated_digest)


def capture_id_of(sha256: str, url: str | None, captured_at: datetime | None) -> str:
    """Id of a capture, by content, URL as delivered, and time in UTC."""
    return make_id("capture", sha256, url, captured_at.isoformat() if captured_at else None)


def checked(delivery: Delivery) -> Delivery | Rejection:
    """The delivery, or its rejection when the server answered with an error page."""
    capture = delivery.capture
    if not is_error_status(capture.http_status):
        return delivery
    return Rejection(
        stage="capture", scope="page", reasons=("http_error",), detail=f"status {capture.http_status}, {capture.url or 'url unknown'}",
        input_path=capture.input_path, capture_id=capture.capture_id, site=capture.site,
        raw_excerpt=delivery.content[:EXCERPT_BYTES].decode("utf-8", "replace"),
    )  # fmt: skip


def rejected(input_path: str, error: BadInput, *, excerpt: str | None = None, known: Sequence[Known] = ()) -> Rejection:
    """An input's rejection, with what its rows of the manifest say, so that it can be read again without the manifest."""
    return Rejection(
        stage="capture", scope="input", reasons=(error.reason,), detail=error.detail, input_path=input_path, raw_excerpt=excerpt,
        row_json=known_json(known),
    )  # fmt: skip


def known_json(known: Sequence[Known]) -> str | None:
    """What a manifest says of an input, as a rejection keeps it."""
    return msgspec.json.encode(known).decode() if known else None


def printable(path: Path | str) -> str:
    """A path as text that can be stored: bytes of a file name that are not UTF-8 become `\\xNN`."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_error_status(status: int | None) -> bool:
    return status is not None and 400 <= status <= 599


def clean_url(text: str | None) -> str | None:
    """An http(s) URL without a user's name and password, and without slips (`<…>` around it, raw blanks inside); None for anything else."""
    text = (text or "").strip().removeprefix("<").removesuffix(">").strip()
    if not site_of(text):
        return None
    return "".join(quote(char, safe=_URL_SAFE) if char.isspace() or not char.isprintable() else char for char in without_userinfo(text))


def parse_instant(text: str | None, *, is_utc_assumed: bool = False) -> datetime | None:
    """An ISO 8601 time as UTC; None when it is not one, or has no offset and none may be assumed."""
    try:
        time = datetime.fromisoformat((text or "").strip())
        if time.tzinfo is None:
            if not is_utc_assumed:
                return None
            time = time.replace(tzinfo=UTC)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_http_date(text: str | None) -> datetime | None:
    """The time of an HTTP `Date` header as UTC."""
    try:
        time = parsedate_to_datetime(text or "")
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
