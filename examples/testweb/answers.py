"""What a host answers: status, headers, body; and what of it goes to a client that has it already, or that takes it packed."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256

import brotli
from backports import zstd

from testweb.hosts import Validators

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the server does to an answer on its way (`troubles.py`).

    Attributes
    ----------
    kind : name of the trouble.
    amount : seconds, or how many first requests it meets, as the trouble has it.
    """

    kind: str
    amount: float = 0
    instead: "Answer | None" = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Headers are without those that the connection makes (length, date)."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    trouble: Trouble | None = field(default=None, compare=False)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, *headers: tuple[str, str]) -> "Answer":
        return replace(self, headers=(*self.headers, *headers))


def page(body: bytes, content_type: str = HTML, max_age: int = 300) -> Answer:
    return Answer(200, body, (("Content-Type", content_type), ("Cache-Control", f"max-age={max_age}")))


def redirect(status: int, location: str) -> Answer:
    return Answer(status, f"<a href='{location}'>moved</a>".encode(), (("Location", location), ("Content-Type", HTML)))


def failure(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, f"<html><body><p>{text}</p></body></html>".encode(), (("Content-Type", HTML), ("Cache-Control", "no-store"), *headers))


def with_validators(answer: Answer, changed_at: datetime, which: Validators) -> Answer:
    """The answer with those of ETag and Last-Modified that its site sends."""
    headers = []
    if which in ("both", "etag"):
        headers.append(("ETag", f'"{sha256(answer.body).hexdigest()[:16]}"'))
    if which in ("both", "last-modified"):
        headers.append(("Last-Modified", http_date(changed_at)))
    return answer.with_headers(*headers)


def http_date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC), usegmt=True)


# --- what the client says -------------------------------------------------------------------------------------------------------------


def negotiated(answer: Answer, request: Mapping[str, str]) -> Answer:
    """The answer to a request with these headers: 304 if the client has it, else packed as it likes best.

    What comes to grief on its way stays as it is, so that the grief is the one that its path names."""
    if answer.trouble and answer.trouble.kind != "first":
        return answer
    if answer.status == 200 and _is_known(answer, request):
        kept = tuple((name, value) for name, value in answer.headers if name in ("ETag", "Last-Modified", "Cache-Control", "Set-Cookie"))
        return replace(answer, status=304, headers=kept, body=b"")
    if answer.header("Content-Encoding") or len(answer.body) < 200 or not _is_text(answer):
        return answer
    answer = answer.with_headers(("Vary", "Accept-Encoding"))
    coding = preferred_coding(request.get("Accept-Encoding", ""))
    return replace(answer, body=packed(answer.body, coding)).with_headers(("Content-Encoding", coding)) if coding else answer


def _is_known(answer: Answer, request: Mapping[str, str]) -> bool:
    """By If-None-Match, or, if the client does not send it, by If-Modified-Since. Packing leaves the ETag as it is, so that it counts as weak."""
    if known := request.get("If-None-Match"):
        return answer.header("ETag") in {tag.strip().removeprefix("W/") for tag in known.split(",")}
    since, changed = request.get("If-Modified-Since"), answer.header("Last-Modified")
    if not since or not changed:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _is_text(answer: Answer) -> bool:
    kind = answer.header("Content-Type") or ""
    return kind.startswith("text/") or "xml" in kind or "json" in kind


def preferred_coding(accepted: str) -> str | None:
    """The coding of the highest q, of equal ones the best packer; None for none."""
    weights = {}
    for part in accepted.split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weights[name.strip().lower()] = float(quality or 1)
        except ValueError:
            continue
    best = max(_PACKERS, key=lambda coding: weights.get(coding, 0.0))
    return best if weights.get(best, 0.0) > 0 else None


@lru_cache(maxsize=2048)
def packed(body: bytes, coding: str) -> bytes:
    return _PACKERS[coding](body)


_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=4),
    "zstd": lambda body: zstd.compress(body, 3),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
    "deflate": zlib.compress,
}
