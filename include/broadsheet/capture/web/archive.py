"""What the crawler sends and receives, as WARC records in the raw zone.

An exchange is a `request` record and a `response` record; a `revisit` record where the content is one that the zone has, or where the
server says that nothing has changed; a `metadata` record where no answer came. It counts as kept when `Archive.keep` returns: the
system has it then, and it is found again even if this process is killed. Cookies and credentials are not kept.
"""

import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from fastwarc.warc import WarcRecordType

from broadsheet.capture.raw_zone import RawZone, Writer, digest_text, kept_header, warc_record
from broadsheet.capture.visits import ERROR_HEADER, ROLE_HEADER, SOURCE_HEADER, TDM_HEADER, Role
from broadsheet.capture.warc import Http, split_http
from broadsheet.errors import BadInput
from broadsheet.ids import content_sha256
from broadsheet.records import Record

if TYPE_CHECKING:
    from broadsheet.capture.raw_index import Place

_LASTING_EVERY = 1.0  # seconds
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_SAME_CONTENT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_SECRET = re.compile(rb"^(?:set-cookie2?|cookie|authorization|proxy-authorization|proxy-authenticate|www-authenticate)\s*:", re.I)
_TDM_META = re.compile(rb"""<meta\s[^>]{0,200}?name\s*=\s*["']?tdm-reservation["']?[^>]{0,200}?content\s*=\s*["']?([01])""", re.I)


class Exchange(Record, frozen=True):
    """One request and its answer."""

    url: str
    role: Role
    at: datetime  # aware, UTC: when the answer came
    request: bytes  # request line and headers with the closing blank line
    header: bytes = b""  # status line and headers with the closing blank line; empty: no answer
    content: bytes = b""  # unpacked
    error: str = ""  # why there is no answer


class Archive:
    """Writes one run's exchanges."""

    def __init__(self, zone: RawZone, writer: Writer, source: str):
        self._zone = zone
        self._writer = writer
        self._source = source
        self._lock = threading.Lock()
        self._lasting_at = monotonic()

    def keep(self, exchange: Exchange, known: bytes | None = None) -> None:
        """Write an exchange.

        Parameters
        ----------
        known : SHA-256 of the content that an answer `304 Not Modified` tells of.
        """
        with self._lock:
            for record, digest in self._records(exchange, known):
                self._writer.append(record, digest)
            is_time = monotonic() - self._lasting_at > _LASTING_EVERY
            self._writer.flush(is_lasting=is_time)
            if is_time:
                self._lasting_at = monotonic()

    def stored(self, digest: bytes) -> Http | None:
        """The answer that the zone has a content of, by its SHA-256; None where it has it not, or where it is damaged."""
        with self._lock:
            place = self._writer.place_of(digest)
        try:
            return split_http(self._zone.frame(*place)) if place else None
        except (BadInput, OSError, zlib.error):
            return None

    def _records(self, exchange: Exchange, known: bytes | None) -> Iterator[tuple[bytes, bytes | None]]:
        common = {"WARC-Target-URI": exchange.url, "WARC-Date": _warc_date(exchange.at)}
        mine = {SOURCE_HEADER: self._source, ROLE_HEADER: str(exchange.role)}
        answer_id = f"<urn:uuid:{uuid4()}>"
        if not exchange.header:
            error = " ".join(exchange.error.split())[:500] or "no answer"
            fields = {"WARC-Record-ID": answer_id, **common, **mine, ERROR_HEADER: error, "Content-Type": "application/warc-fields"}
            yield warc_record(WarcRecordType.metadata, fields, f"fetchError: {error}\r\n".encode()), None
            return
        header = kept_header(without_secrets(exchange.header), len(exchange.content))
        status = int(header.split(None, 2)[1])
        if tdm := _tdm_reservation(header, exchange.content):
            mine[TDM_HEADER] = tdm
        request_fields = {
            "WARC-Record-ID": f"<urn:uuid:{uuid4()}>", **common, "WARC-Concurrent-To": answer_id, "Content-Type": "application/http; msgtype=request",
        }  # fmt: skip
        yield warc_record(WarcRecordType.request, request_fields, without_secrets(exchange.request)), None
        digest = known if status == 304 else bytes.fromhex(content_sha256(exchange.content)) if exchange.content else None
        original = self._writer.place_of(digest) if digest else None
        fields = {"WARC-Record-ID": answer_id, **common, **mine, "Content-Type": "application/http; msgtype=response"}
        if digest:
            fields["WARC-Payload-Digest"] = digest_text(digest)
        if original and digest:
            fields |= {"WARC-Profile": _NOT_MODIFIED if status == 304 else _SAME_CONTENT, **self._refers_to(original)}
            yield warc_record(WarcRecordType.revisit, fields, without_secrets(exchange.header)), None
        else:
            block = header + exchange.content
            fields["WARC-Block-Digest"] = digest_text(bytes.fromhex(content_sha256(block)))
            yield warc_record(WarcRecordType.response, fields, block), digest or bytes.fromhex(content_sha256(header))

    def _refers_to(self, place: "Place") -> dict[str, str]:
        try:
            headers = self._zone.frame(*place).headers
        except (BadInput, OSError, zlib.error):
            return {}
        found = {
            "WARC-Refers-To": headers.get("warc-record-id"), "WARC-Refers-To-Target-URI": headers.get("warc-target-uri"),
            "WARC-Refers-To-Date": headers.get("warc-date"),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}


@contextmanager
def archive(zone: RawZone, run_id: str, source: str) -> Iterator[Archive]:
    """The archive of one run. Its files are whole when the block ends, however it ends."""
    with zone.writer(run_id) as writer:
        yield Archive(zone, writer, source)


def without_secrets(header: bytes) -> bytes:
    """An HTTP header without cookies and credentials."""
    return b"".join(line for line in header.splitlines(keepends=True) if not _SECRET.match(line))


def _warc_date(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _tdm_reservation(header: bytes, content: bytes) -> str | None:
    """What an answer says of text and data mining (TDM Reservation Protocol): `0` or `1`, by its header or by the page's meta element."""
    for line in header.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"tdm-reservation":
            return value.strip().decode("latin-1")[:1]
    found = _TDM_META.search(content[:65536])
    return found.group(1).decode() if found else None
