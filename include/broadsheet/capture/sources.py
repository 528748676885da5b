"""The inputs of a run: files and directories in, one answer for each page and each thing that is no page."""

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from broadsheet.capture.absences import absence_kind, missing
from broadsheet.capture.content import PAGE_EXTENSIONS, WARC_EXTENSION, check_content, extensions, is_markup, read_file, too_large
from broadsheet.capture.delivery import Delivery, Known, Missing, PassedOver, checked, known_json, make_delivery, printable, rejected
from broadsheet.capture.feed_files import FEED_EXTENSIONS, page_type
from broadsheet.capture.manifest import Manifest
from broadsheet.capture.warc import Originals, WarcPages
from broadsheet.errors import BadInput, ConfigurationError
from broadsheet.media_types import HTML, PLAIN
from broadsheet.records import Rejection, TimeBasis
from broadsheet.settings import Settings

_NOTHING_KNOWN = Known()


def deliveries(
    paths: Sequence[Path | str], *, manifest: Path | str | None, settings: Settings, originals: Originals = lambda _: None
) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
    """Every input, answered once: a page as a Delivery, an answer that there is none as Missing, anything else as a Rejection with its reason.

    An input is a file, a page of a WARC file, a damaged record, a directory without a file, or a faulty row of the manifest. One file
    named by several rows of the manifest is an input for each. A sound record of a WARC file that is no page (image, redirect to another
    page) is no input: it is answered as PassedOver. Only one page is held at a time.

    Parameters
    ----------
    paths : files and directories. Directories are walked in sorted order; hidden entries and the manifest itself are left out.
        Without paths, the files that the manifest names are the input.
    manifest : see `broadsheet.capture.manifest`. A row's bad time is a rejection of its own; its page still goes on.

    originals : what a revisit record may repeat besides records of the inputs before it.

    Raises
    ------
    ConfigurationError : the manifest is missing, unreadable or has no `path` column.
    """
    roots = [Path(path) for path in paths]
    known = None
    if manifest is not None:
        known = Manifest(Path(manifest), [root for root in roots if root.is_dir()])
        yield from known.load()
    reader = _Reader(settings, known, originals)
    if not roots and known:
        roots = known.files()  # type: ignore[assignment]
    for root in roots:
        for found in _walk(root, skipped=Path(manifest) if manifest else None):
            if isinstance(found, Rejection):
                yield found
            else:
                yield from reader.read(found)


def first_page(file: Path) -> Delivery:
    """The first page of a file. Raises BadInput if it cannot be read, ConfigurationError if the file holds none."""
    items = deliveries([file], manifest=None, settings=Settings())
    item = next((item for item in items if isinstance(item, Delivery | Rejection)), None)
    if item is None:
        raise ConfigurationError(f"{file} holds no page")
    if isinstance(item, Rejection):
        raise BadInput(item.reasons[0], f"{item.input_path}: {item.detail}")
    return item


class _Reader:
    """Reads one file after the other."""

    def __init__(self, settings: Settings, manifest: Manifest | None, originals: Originals):
        self.settings = settings
        self.manifest = manifest
        self.warcs = WarcPages(settings.max_page_bytes, originals)

    def read(self, path: Path) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
        extension, is_gzip = extensions(path.name)
        shown = printable(path)
        try:
            if extension == WARC_EXTENSION:
                yield from self._warc(path, shown)
            elif extension in PAGE_EXTENSIONS or extension in FEED_EXTENSIONS:
                yield from self._page(path, shown, PAGE_EXTENSIONS.get(extension), is_gzip)
            else:
                known = ", ".join((*PAGE_EXTENSIONS, *FEED_EXTENSIONS))
                raise BadInput("unknown_extension", f"{printable(path.name)!r} is none of {known}, their .gz, .warc, .warc.gz")
        except BadInput as error:
            yield rejected(shown, error, known=self._about(path))

    def _page(self, path: Path, shown: str, named: str | None, is_gzip: bool) -> Iterator[Delivery | Missing | Rejection]:
        """`named` is the media type that the file's name says; None if it says XML or JSON."""
        limit = self.settings.max_page_bytes
        status = _stat(path)
        modified = datetime.fromtimestamp(status.st_mtime, UTC) if self.settings.is_mtime_trusted else None

        def delivery(content: bytes, media_type: str, known: Known) -> Delivery:
            times = ((TimeBasis.MANIFEST, known.captured_at), (TimeBasis.MTIME, modified))
            return make_delivery(
                content, media_type=media_type, input_path=shown, url=known.url, times=times, site=known.site, http_status=known.http_status
            )

        pages = []
        for known in self._about(path) or [_NOTHING_KNOWN]:
            if gone := absence_kind(known.url, known.http_status):
                yield missing(delivery(b"", PLAIN, known), gone)  # whatever the file holds
            else:
                pages.append(known)
        if not pages:
            return
        if not is_gzip and status.st_size > limit:
            raise too_large(limit)
        content = read_file(path, is_gzip=is_gzip, limit=limit)
        check_content(content)
        media_type = HTML if is_markup(content) else page_type(content, named)
        for known in pages:
            item = checked(delivery(content, media_type, known))
            yield msgspec.structs.replace(item, row_json=known_json([known])) if isinstance(item, Rejection) else item

    def _warc(self, path: Path, shown: str) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
        if _stat(path).st_size == 0:
            raise BadInput("empty_file", "0 bytes")
        about = self._about(path)

        def lookup(record_path: str) -> Known | None:
            rows = self._about(path, record_path.rpartition("#")[2])
            return rows[0] if rows else None

        try:
            yield from self.warcs.read(path, shown, known=about[0] if about else None, lookup=lookup)
        except OSError as error:
            raise BadInput("unreadable", error.strerror or str(error)) from None

    def _about(self, path: Path, position: str = "") -> list[Known]:
        return self.manifest.about(path, position) if self.manifest else []


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise BadInput("unreadable", error.strerror or str(error)) from None


def _walk(root: Path, *, skipped: Path | None) -> Iterator[Path | Rejection]:
    """Files under a path, sorted by name in each directory, and what cannot be looked into. A directory that links lead to twice
    is walked once; a root that is a directory without a file is an answer of its own."""
    if not os.path.lexists(root):
        yield rejected(printable(root), BadInput("missing_file", "no such file or directory"))
        return
    seen: set[tuple[int, int]] = set()
    pending = [root]
    is_empty = True
    while pending:
        path = pending.pop()
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                is_empty = False
                yield path
                continue
            if not stat.S_ISDIR(status.st_mode):
                is_empty = False
                # Opening a pipe would wait for ever.
                yield rejected(printable(path), BadInput("unreadable", "neither a file nor a directory"))
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            names = sorted((entry.name for entry in path.iterdir() if not entry.name.startswith(".")), reverse=True)
            files = [path / name for name in names if not _is_same(path / name, skipped)]
            is_empty = is_empty and len(files) == len(names)  # a manifest alone is no page, but no empty directory
            pending += files
        except OSError as error:
            is_empty = False
            is_dangling = path.is_symlink() and not path.exists()
            yield rejected(printable(path), BadInput("unreadable", "a link to nothing" if is_dangling else error.strerror or str(error)))
    if is_empty:
        yield rejected(printable(root), BadInput("empty_directory", "no file in it; those whose name begins with a dot are left out"))


def _is_same(path: Path, other: Path | None) -> bool:
    return other is not None and path.name == other.name and path.absolute() == other.absolute()
