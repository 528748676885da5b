"""The bytes of one page: what kind they are, and unpacking them without ever holding more than the limit."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from broadsheet.errors import BadInput
from broadsheet.media_types import HTML, PLAIN
from broadsheet.page.decode import bom_codec

PAGE_EXTENSIONS = {".html": HTML, ".htm": HTML, ".txt": PLAIN}
WARC_EXTENSION = ".warc"
_MEDIA_TYPES = {HTML: HTML, "application/xhtml+xml": HTML, PLAIN: PLAIN}

_SIGNATURES = (
    (b"\x89PNG\r\n", "PNG image"), (b"\xff\xd8\xff", "JPEG image"), (b"GIF87a", "GIF image"), (b"GIF89a", "GIF image"), (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP archive"), (b"PK\x05\x06", "ZIP archive"), (b"\x1f\x8b\x08", "gzip data"), (b"Rar!\x1a\x07", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"), (b"\x28\xb5\x2f\xfd", "Zstandard data"), (b"BZh", "bzip2 data"), (b"\xfd7zXZ\x00", "xz data"),
    (b"\x7fELF", "executable"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"), (b"SQLite format 3\x00", "SQLite file"),
    (b"PAR1", "Parquet file"), (b"wOFF", "font"), (b"wOF2", "font"), (b"ID3", "MP3 audio"), (b"OggS", "Ogg media"),
)  # fmt: skip
# NUL and the control characters that no text charset uses: not tab, line ends, form feed or ESC (ISO 2022).
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b") + b"\x7f"
# A stray control character or two occurs in real pages; in random bytes every tenth is one.
_CONTROL_RATIO = 0.003
_CHUNK = 64 * 1024
GZIP = b"\x1f\x8b"
_GZIP_BITS = 31
_INFLATED_AT_ONCE = 4096  # little, since a member's end costs a copy of what was given beyond it


def extensions(name: str) -> tuple[str, bool]:
    """Extension in lower case without a closing `.gz`, and whether there was one: ("page.HTML.gz") -> (".html", True)."""
    path = Path(name.lower())
    is_gzip = path.suffix == ".gz"
    return (Path(path.stem) if is_gzip else path).suffix, is_gzip


def media_type_of(content_type: str | None, content: bytes) -> str | None:
    """Media type of a page by its declared content type, or by its first character when none is declared; None if it is no page."""
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared:
        return _MEDIA_TYPES.get(declared)
    return HTML if content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else None


def is_markup(content: bytes) -> bool:
    """Whether text begins as an HTML document does, whatever its file is called."""
    return content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def binary_sign(content: bytes) -> str | None:
    """What shows that bytes are not text; None if they may be text. UTF-16 and UTF-32 with a byte order mark are text."""
    marked = bom_codec(content)
    if marked and marked[0].startswith(("utf-16", "utf-32")):
        return None
    for signature, name in _SIGNATURES:
        if content.startswith(signature):
            return name
    if content[4:8] == b"ftyp" or (content[:4] == b"RIFF" and content[8:12] in (b"WEBP", b"WAVE", b"AVI ")):
        return "media file"
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if controls > _CONTROL_RATIO * len(content):
        return f"{controls} control characters ({content.count(0)} NUL) in {len(content)} bytes"
    return None


def check_content(content: bytes) -> None:
    """Raise BadInput when a page has no bytes, blanks only, or bytes that are not text."""
    if not content.strip():
        raise BadInput("empty_file", f"{len(content)} bytes, all blank" if content else "0 bytes")
    if sign := binary_sign(content):
        raise BadInput("binary_content", sign)


def read_file(path: Path, *, is_gzip: bool, limit: int) -> bytes:
    """A file's bytes, unpacked. Raises BadInput: unreadable, not_gzip, truncated_gzip, page_too_large (more than `limit` bytes)."""
    try:
        with path.open("rb") as file:
            return _read_gzip(file, limit) if is_gzip else _read_limited(file, limit)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput("truncated_gzip", str(error)) from None
    except OSError as error:
        raise BadInput("unreadable", error.strerror or str(error)) from None


def _read_limited(file: BinaryIO, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise too_large(limit)
    return content


def _read_gzip(file: BinaryIO, limit: int) -> bytes:
    begin = file.read(len(GZIP))
    if not begin:
        return b""
    if not GZIP.startswith(begin):
        raise BadInput("not_gzip", f"it begins with {begin!r}")
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as unpacked:
        return _read_limited(unpacked, limit)  # type: ignore[arg-type]


def too_large(limit: int) -> BadInput:
    return BadInput("page_too_large", f"more than {limit:,} bytes unpacked")


# --- HTTP codings --------------------------------------------------------------------------------------------------------


def decode_body(body: bytes, *, transfer_coding: str, content_coding: str, limit: int) -> bytes:
    """Payload of an HTTP response, as the browser would get it.

    Crawlers often store bodies already decoded but leave the headers: a body that is plainly not coded as declared is taken as it
    is. Raises BadInput: broken_warc_record for one that breaks off, page_too_large, unknown_coding.
    """
    if "chunked" in transfer_coding.lower():
        body = _dechunk(body)
    for coding in reversed([coding.strip().lower() for coding in content_coding.split(",") if coding.strip()]):
        body = _decode_coding(body, coding, limit)
    if len(body) > limit:
        raise too_large(limit)
    return body


def _dechunk(body: bytes) -> bytes:
    chunks: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\n", position, position + 1024)
        try:
            size = int(body[position : end if end >= 0 else position].partition(b";")[0].strip(), 16)
            if size < 0:
                raise ValueError
        except ValueError:
            if not chunks:
                return body  # stored without the chunks
            raise BadInput("broken_warc_record", f"the chunked body breaks at byte {position}") from None
        if size == 0:
            return b"".join(chunks)
        chunk = body[end + 1 : end + 1 + size]
        if len(chunk) < size:
            raise BadInput("broken_warc_record", f"the chunked body ends at byte {len(body)}, inside a chunk")
        chunks.append(chunk)
        position = end + 1 + size
        position += 2 if body[position : position + 2] == b"\r\n" else 1 if body[position : position + 1] == b"\n" else 0


def _decode_coding(body: bytes, coding: str, limit: int) -> bytes:
    if coding in ("identity", "utf-8", "none") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, _GZIP_BITS, limit) if body.startswith(GZIP) else body
    if coding == "deflate":
        # Meant with a zlib header, often sent without one.
        is_wrapped = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return body if _is_text(body) else _inflate(body, 15 if is_wrapped else -15, limit)
    if coding == "br":
        return body if _is_text(body) else _unbrotli(body, limit)
    raise BadInput("unknown_coding", f"content coding {coding[:40]!r}")


def _is_text(body: bytes) -> bool:
    return body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and binary_sign(body) is None


def _inflate(body: bytes, window_bits: int, limit: int) -> bytes:
    """Unpacked body; of gzip all members, without what may follow them."""
    unpacked, position = bytearray(), 0
    while not position or (window_bits == _GZIP_BITS and body.startswith(GZIP, position)):
        decompressor = zlib.decompressobj(window_bits)
        while not decompressor.eof and position < len(body):
            piece = body[position : position + _INFLATED_AT_ONCE]
            try:
                unpacked += decompressor.decompress(piece, limit + 1 - len(unpacked))
            except zlib.error as error:
                raise BadInput("broken_warc_record", f"the coded body is damaged: {error}") from None
            if len(unpacked) > limit:
                raise too_large(limit)
            position += len(piece) - len(decompressor.unused_data)
        if not decompressor.eof:
            raise BadInput("broken_warc_record", "the coded body ends early")
    return bytes(unpacked)


def _unbrotli(body: bytes, limit: int) -> bytes:
    import brotli  # type: ignore[import-untyped]

    decompressor = brotli.Decompressor()
    unpacked = bytearray()
    try:
        for piece in _pieces(body):
            unpacked += decompressor.process(piece, output_buffer_limit=_CHUNK)
            while not decompressor.can_accept_more_data():
                if len(unpacked) > limit:
                    raise too_large(limit)
                unpacked += decompressor.process(b"", output_buffer_limit=_CHUNK)
            if len(unpacked) > limit:
                raise too_large(limit)
    except brotli.error as error:
        raise BadInput("broken_warc_record", f"the coded body is damaged: {error}") from None
    if not decompressor.is_finished():
        raise BadInput("broken_warc_record", "the coded body ends early")
    return bytes(unpacked)


def _pieces(body: bytes) -> Iterable[bytes]:
    return (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))
