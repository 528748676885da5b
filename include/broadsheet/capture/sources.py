"""Inputs -> deliveries: every file and WARC record becomes one page with its bytes, or one rejection with its reason."""

import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from broadsheet.capture.manifest import Entry, Manifest, read_manifest
from broadsheet.errors import BadInput
from broadsheet.ids import content_sha256, make_id
from broadsheet.records import Capture, Rejection, SiteBasis, TimeBasis
from broadsheet.settings import Settings
from broadsheet.urls import site_of

PAGE_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}
WARC_ENDINGS = (".warc", ".warc.gz")
_MAGIC = (
    b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"%PDF-", b"PK\x03\x04", b"\x7fELF", b"RIFF", b"\x00\x00\x01\x00", b"\x1f\x8b", b"BZh",
    b"\xd0\xcf\x11\xe0", b"wOFF", b"wOF2", b"OggS", b"ID3", b"SQLite format 3",
)  # fmt: skip
_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\r\f\x1b\b")) + b"\x7f"
_CONTROL_RATIO = 0.01
_SNIFFED = 65536


@dataclass(frozen=True, slots=True)
class Delivery:
    """A capture with its page's bytes."""

    capture: Capture
    content: bytes
    http_headers: bytes | None = None  # status line and headers of a WARC response, as they came


def deliveries(paths: Sequence[Path | str], *, manifest: Path | None, settings: Settings) -> Iterator[Delivery | Rejection]:
    """Each input as a Delivery or a Rejection, in a fixed order; directories are walked by name.

    With a manifest and no paths, the manifest's files are the input. A manifest row that names a missing file, or whose
    values cannot be understood, is a rejection of its own.
    """
    roots = [Path(path) for path in paths]
    known = read_manifest(manifest, [root for root in roots if root.is_dir()]) if manifest else None
    if known:
        yield from _manifest_rejections(known)
    if not roots and known:
        roots = [entries[0].path for entries in known.entries.values() if entries[0].path.exists()]
    for root in roots:
        for found in _files(root):
            if isinstance(found, Rejection):
                yield found
            elif known is None or found.resolve() != known.file.resolve():
                yield from _deliver(found, known, settings)


def rejected(path: Path | str, error: BadInput, excerpt: bytes = b"") -> Rejection:
    """Rejection of a whole input."""
    text = excerpt[:200].decode("utf-8", "backslashreplace") or None
    return Rejection(stage="capture", scope="input", reasons=(error.reason,), detail=error.detail, input_path=str(path), raw_excerpt=text)


def _manifest_rejections(manifest: Manifest) -> Iterator[Rejection]:
    for where, problem in manifest.unusable:
        yield rejected(where, BadInput("bad_manifest_row", problem))
    for entries in manifest.entries.values():
        for entry in entries:
            if not entry.path.exists():
                yield rejected(entry.path, BadInput("missing_file", f"named by {entry.where}"))
            elif entry.problem:
                yield rejected(entry.where, BadInput("bad_manifest_row", f"{entry.problem}; the page goes on without it"))


def _files(root: Path) -> Iterator[Path | Rejection]:
    """The file itself, or a directory's files in the order of their names; hidden ones are passed over."""
    if not root.is_dir():
        yield root
        return
    failed: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=failed.append):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder) / name
    for error in failed:
        yield rejected(error.filename or root, BadInput("unreadable", error.strerror or str(error)))


def _deliver(path: Path, manifest: Manifest | None, settings: Settings) -> Iterator[Delivery | Rejection]:
    entries = manifest.of(path) if manifest else []
    try:
        _require_file(path)
        if path.name.lower().endswith(WARC_ENDINGS):
            from broadsheet.capture.warc import warc_deliveries

            yield from warc_deliveries(path, entries[0].site if entries else None, settings)
            return
        content, media_type = _read_page(path, settings.max_page_bytes)
    except BadInput as error:
        yield rejected(path, error)
        return
    except OSError as error:
        yield rejected(path, BadInput("unreadable", error.strerror or str(error)))
        return
    for entry in entries or [Entry(path, "")]:
        yield Delivery(_file_capture(path, entry, content, media_type, settings), content)


def _require_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        detail = "a link to nothing" if path.is_symlink() else "no such file"
        raise BadInput("missing_file", detail) from error
    if not stat.S_ISREG(mode):  # a pipe or a device would block or never end
        raise BadInput("unreadable", "not a regular file")


def _read_page(path: Path, limit: int) -> tuple[bytes, str]:
    """Bytes and media type of a page's file, unpacked up to `limit` bytes."""
    name = path.name.lower()
    is_gzip = name.endswith(".gz")
    media_type = PAGE_TYPES.get(Path(name.removesuffix(".gz")).suffix)
    if media_type is None:
        raise BadInput("unknown_extension", f"{path.name}: none of {', '.join((*PAGE_TYPES, '.gz of these', *WARC_ENDINGS))}")
    if not is_gzip and path.stat().st_size > limit:
        raise too_large(path.stat().st_size, limit)
    with path.open("rb") as file:
        packed = file.read(limit + 1)
        if len(packed) > limit:
            raise too_large(len(packed), limit)
    content = gunzip(packed, limit) if is_gzip else packed
    require_text(content)
    is_markup = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
    return content, "text/html" if is_markup else media_type


def too_large(size: int, limit: int) -> BadInput:
    return BadInput("page_too_large", f"at least {size:,} bytes; the limit is {limit:,} (setting max_page_bytes)")


def gunzip(packed: bytes, limit: int) -> bytes:
    """Unpack all members of a gzip file; never holds more than `limit` unpacked bytes, however small the file."""
    if not packed:
        raise BadInput("empty_file", "0 bytes")
    parts: list[bytes] = []
    size, rest = 0, packed
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            part = unpacker.decompress(rest, limit - size + 1)
        except zlib.error as error:
            if parts:  # padding after the last member is common and harmless
                break
            raise BadInput("truncated_gzip", str(error)) from error
        parts.append(part)
        size += len(part)
        if size > limit:
            raise too_large(size, limit)
        if not unpacker.eof:
            raise BadInput("truncated_gzip", f"ends early, after {size:,} unpacked bytes")
        rest = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def require_text(content: bytes) -> None:
    """Raise BadInput for nothing at all and for bytes that are no text."""
    if not content.strip():
        raise BadInput("empty_file", f"{len(content)} bytes, all blank" if content else "0 bytes")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return  # UTF-16 and UTF-32 are text with NULs
    if content.startswith(_MAGIC):
        raise BadInput("binary_content", f"begins with {content[:8]!r}")
    head = content[:_SNIFFED]
    controls = len(head) - len(head.translate(None, _CONTROL))
    if controls > _CONTROL_RATIO * len(head):
        raise BadInput("binary_content", f"{controls} control characters in the first {len(head)} bytes")


def _file_capture(path: Path, entry: Entry, content: bytes, media_type: str, settings: Settings) -> Capture:
    captured_at, basis = entry.captured_at, TimeBasis.MANIFEST
    if captured_at is None and settings.is_mtime_trusted:
        captured_at, basis = datetime.fromtimestamp(path.stat().st_mtime, UTC), TimeBasis.MTIME
    return make_capture(
        content,
        media_type,
        str(path),
        url=entry.url,
        site=entry.site,
        captured_at=captured_at,
        captured_at_basis=basis if captured_at else TimeBasis.NONE,
    )


def make_capture(content: bytes, media_type: str, input_path: str, *, url: str | None, site: str | None, captured_at: datetime | None,
                 captured_at_basis: TimeBasis, **fields) -> Capture:  # fmt: skip
    """Capture record of a page. Its id tells content, url and time, not where the file lay."""
    digest = content_sha256(content)
    host = site_of(url)
    return Capture(
        capture_id=make_id("capture", digest, url, captured_at.isoformat() if captured_at else None),
        content_sha256=digest,
        byte_count=len(content),
        media_type=media_type,
        input_path=input_path,
        url=url,
        site=site or host,
        site_basis=SiteBasis.MANIFEST if site else SiteBasis.URL if host else SiteBasis.NONE,
        captured_at=captured_at,
        captured_at_basis=captured_at_basis,
        **fields,
    )
