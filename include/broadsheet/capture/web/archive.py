"""What the crawler sends and receives, as WARC records in the raw zone.

An exchange is a `request` record and a `response` record; a `revisit` record where the content is one that the zone has, or where the
server says that nothing has changed; a `metadata` record where no answer came, or one that no reader of HTTP would take. What an answer
leads to has a `metadata` record for each URL that was not known, before those of the exchange: either a run that dies has kept both or it
asks again. An exchange counts as kept when `Archive.keep` returns: the system has it then, and it is found again even if this process is
killed. Cookies and credentials are not kept.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

from fastwarc.warc import WarcRecordType

from broadsheet.capture.credentials import without_secrets
from broadsheet.capture.digests import digest_text
from broadsheet.capture.raw_zone import SAME_CONTENT, RawZone, Writer, kept_header, refers_to, warc_record
from broadsheet.capture.visits import ERROR_HEADER, HOPS_HEADER, NO_CONTENT, SOURCE_HEADER, TDM_HEADER, Role
from broadsheet.capture.warc import ROLE_HEADER, Http, split_http, status_of
from broadsheet.ids import content_sha256
from broadsheet.records import Record

_LASTING_EVERY = 1.0  # seconds
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# The meta element with its attributes in any order.
_TDM_META = re.compile(rb"""<meta\s(?=[^>]{0,200}?name\s*=\s*["']?tdm-reservation\b)[^>]{0,200}?content\s*=\s*["']?([01])\b""", re.I)


class Link(NamedTuple):
    """What an answer leads to, and the links from a seed to it."""

    url: str
    role: Role
    hops: int


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

    def __init__(self, writer: Writer, source: str):
        self._writer = writer
        self._source = source
        self._lock = threading.Lock()
        self._lasting_at = monotonic()

    def keep(self, exchange: Exchange, known: bytes | None = None, links: Iterable[Link] = ()) -> None:
        """Write an exchange.

        Parameters
        ----------
        known : SHA-256 of the content that an answer `304 Not Modified` tells of.
        links : what the answer leads to that was not known.
        """
        with self._lock:
            for link in links:
                self._writer.append(self._sighting(link, exchange))
            for record, digest in self._records(exchange, known):
                self._writer.append(record, digest)
            is_time = monotonic() - self._lasting_at > _LASTING_EVERY
            self._writer.flush(is_lasting=is_time)
            if is_time:
                self._lasting_at = monotonic()

    def stored(self, digest: bytes) -> Http | None:
        """The answer that the zone has a content of, by its SHA-256; None where it has it not, or where it is damaged."""
        with self._lock:
            found = self._writer.original(digest)
        return split_http(found) if found else None

    def _sighting(self, link: Link, exchange: Exchange) -> bytes:
        seen = {"WARC-Record-ID": f"<urn:uuid:{uuid4()}>", HOPS_HEADER: str(link.hops), "Content-Type": "application/warc-fields"}
        fields = f"via: {exchange.url}\r\nhopsFromSeed: {'L' * link.hops}\r\n"
        return warc_record(WarcRecordType.metadata, self._told(link.url, link.role, exchange.at) | seen, fields.encode())

    def _told(self, url: str, role: Role, at: datetime) -> dict[str, str]:
        date = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"WARC-Target-URI": url, "WARC-Date": date, SOURCE_HEADER: self._source, ROLE_HEADER: str(role)}

    def _records(self, exchange: Exchange, known: bytes | None) -> Iterator[tuple[bytes, bytes | None]]:
        """Records of an exchange, each with the digest by which the zone finds it from now on."""
        told = self._told(exchange.url, exchange.role, exchange.at)
        own_id = f"<urn:uuid:{uuid4()}>"
        if status_of(exchange.header) is not None:
            asked = {"WARC-Record-ID": f"<urn:uuid:{uuid4()}>", "WARC-Concurrent-To": own_id, "Content-Type": "application/http; msgtype=request"}
            yield warc_record(WarcRecordType.request, told | asked, without_secrets(exchange.request)), None
            yield self._answer(exchange, known, told | {"WARC-Record-ID": own_id, "Content-Type": "application/http; msgtype=response"})
        else:
            error = " ".join(exchange.error.split())[:500] or _no_http(exchange.header) or "no answer"
            failed = {"WARC-Record-ID": own_id, ERROR_HEADER: error, "Content-Type": "application/warc-fields"}
            yield warc_record(WarcRecordType.metadata, told | failed, f"fetchError: {error}\r\n".encode()), None

    def _answer(self, exchange: Exchange, known: bytes | None, told: dict[str, str]) -> tuple[bytes, bytes | None]:
        header, content = without_secrets(exchange.header), exchange.content
        status = status_of(header)
        if reservation := _tdm_reservation(header, content):
            told[TDM_HEADER] = reservation
        digest = known if known and status == 304 else bytes.fromhex(content_sha256(content))
        told["WARC-Payload-Digest"] = digest_text(digest)
        kept = kept_header(header, len(content))
        if digest != NO_CONTENT and (original := self._writer.original(digest)):
            told |= {"WARC-Profile": _NOT_MODIFIED if status == 304 else SAME_CONTENT, **refers_to(original)}
            return warc_record(WarcRecordType.revisit, told, kept), None
        told["WARC-Block-Digest"] = digest_text(bytes.fromhex(content_sha256(kept + content)))
        # what has no content is found by its header
        return warc_record(WarcRecordType.response, told, kept + content), digest if content else bytes.fromhex(content_sha256(kept))


@contextmanager
def archive(zone: RawZone, run_id: str, source: str) -> Iterator[Archive]:
    """The archive of one run. Its files are whole when the block ends, however it ends."""
    with zone.writer(run_id) as writer:
        yield Archive(writer, source)


def _no_http(header: bytes) -> str:
    """Why an answer is none: its status line, whose number may be any that a server sends."""
    line, _, _ = header.partition(b"\n")
    return f"no HTTP answer: {ascii(line.strip().decode('latin-1'))[:200]}" if header else ""


def _tdm_reservation(header: bytes, content: bytes) -> str | None:
    """What an answer says of text and data mining (TDM Reservation Protocol): `0` or `1`, by its header or by the page's meta element."""
    for line in header.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"tdm-reservation" and value.strip() in (b"0", b"1"):
            return value.strip().decode()
    found = _TDM_META.search(content[:65536])
    return found.group(1).decode() if found else None
