"""WARC files that somebody else wrote, read one after the other; those of other hosts are fetched, read, and removed.

A file that was read whole is not read again, by its name, size and ETag (here: time of change). What a path list names is known by its name alone
where it is not on this machine: archives do not change what they list, and their files are many. A file that could not be had is tried again
after those that never were.
"""

import logging
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from time import monotonic
from urllib.parse import urlsplit

from broadsheet.capture.content import GZIP, WARC_EXTENSION, extensions, read_file
from broadsheet.capture.delivery import Delivery, Missing, PassedOver, printable, rejected
from broadsheet.capture.remote import fetch, file_name, is_remote, mark_of, shown
from broadsheet.capture.warc import Originals, WarcPages
from broadsheet.capture.warc_source import WarcSource
from broadsheet.errors import BadInput, ConfigurationError, TransientError
from broadsheet.ids import content_sha256
from broadsheet.records import Record, Rejection
from broadsheet.settings import Settings

_FAILED = "-"  # in place of a mark
_FAILURES_IN_A_ROW = 2  # of a server, which is asked for nothing more in that run
_LONGEST_LIST = 64 << 20  # bytes, unpacked: five times that of a crawl of Common Crawl, 90,000 lines
log = logging.getLogger(__name__)


class Archive(Record, frozen=True):
    """A file of a source, or a line of a path list that names none."""

    place: str  # path or URL; of such a line the list and the line's number
    is_listed: bool = False  # by a path list
    bad_line: str | None = None

    @property
    def name(self) -> str:
        """What it is known by between runs."""
        told_apart = self.bad_line or (self.place.partition("?")[2] if is_remote(self.place) else "")
        digest = f"#{content_sha256(told_apart.encode())[:16]}" if told_apart else ""
        return self.shown.replace("\n", "\\n").replace("\t", "\\t") + digest

    @property
    def server(self) -> str:
        """Whose it is: a host or bucket; empty: this machine's."""
        return urlsplit(self.place).netloc if is_remote(self.place) else ""

    @property
    def shown(self) -> str:
        """What it is called in records of what became of it."""
        return printable(shown(self.place))


class Archives:
    """What one run reads of a source.

    Attributes
    ----------
    due : files that were not read whole yet, at most as many as a run may read.
    left : how many the next run goes on with.
    told : a line for each file that was read, or could not be.
    read_count, failed_count : how many.
    """

    def __init__(self, source: WarcSource, known: set[str], folder: Path):
        """
        Parameters
        ----------
        known : what earlier runs told.
        folder : where fetched files lie while they are read.
        """
        self._source = source
        self._folder = folder
        self._failures: Counter[str] = Counter()  # in a row, by server
        read = {line.partition("\t")[0] for line in known if not line.endswith(f"\t{_FAILED}")}
        due = [archive for archive in archives_of(source, folder) if not self._is_done(archive, read, known)]
        due.sort(key=lambda archive: _line(archive, _FAILED) in known)  # keeps the order otherwise
        self.due, self.left = due[: source.files], len(due[source.files :])
        self.told: list[str] = []
        self.read_count = self.failed_count = 0

    def deliveries(self, settings: Settings, originals: Originals) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
        """As `broadsheet.capture.sources.deliveries`. What cannot be had now is left to the next run, which tries it last, and so is what there is
        no more time for.

        Raises TransientError where nothing could be had.
        """
        pages = WarcPages(settings.max_page_bytes, originals, is_own=self._source.is_own)
        began = monotonic()
        last: TransientError | None = None
        for number, archive in enumerate(self.due):
            if number and monotonic() - began > self._source.seconds:
                self.left += len(self.due) - number
                break
            if self._is_left_alone(archive):
                self.left += 1
                continue
            try:
                with self._at_hand(archive) as (path, mark):
                    yield from _records(pages, path, archive.shown)
                    pages.forget(path)
            except BadInput as error:
                self.failed_count += 1
                self.told.append(_line(archive, _FAILED))
                yield rejected(archive.shown, error)
            except TransientError as error:
                log.warning("source %s: %s; a later run tries it again", self._source.name, error)
                last = error
                self._failures[archive.server] += 1
                self.left += 1
                self.told.append(_line(archive, _FAILED))
            else:
                self._failures[archive.server] = 0
                self.read_count += 1
                self.told.append(_line(archive, mark))
        if last and not (self.read_count or self.failed_count):
            raise last

    def _is_done(self, archive: Archive, read: set[str], known: set[str]) -> bool:
        if archive.bad_line is not None:  # once told, another try would find the same
            return _line(archive, _FAILED) in known
        return archive.name in read and self._is_unchanged(archive, known)

    def _is_unchanged(self, archive: Archive, known: set[str]) -> bool:
        """Whether a file that was read is as it was then. One that is gone has nothing new."""
        if (archive.is_listed and is_remote(archive.place)) or self._is_left_alone(archive):
            return True
        try:
            mark = mark_of(archive.place, self._source.contact) if is_remote(archive.place) else _local_mark(Path(archive.place))
        except BadInput:
            return True
        except TransientError:
            self._failures[archive.server] += 1
            return True
        self._failures[archive.server] = 0
        return _line(archive, mark) in known

    def _is_left_alone(self, archive: Archive) -> bool:
        """Whether its server failed so often that it is asked for nothing more in this run."""
        return self._failures[archive.server] >= _FAILURES_IN_A_ROW

    @contextmanager
    def _at_hand(self, archive: Archive) -> Iterator[tuple[Path, str]]:
        """A file of this machine, and its mark."""
        if archive.bad_line is not None:
            raise BadInput("bad_path_list_line", f"{archive.bad_line[:200]!r} is no path below `base`")
        name = file_name(archive.place) if is_remote(archive.place) else Path(archive.place).name
        if extensions(name)[0] != WARC_EXTENSION:
            raise BadInput("unknown_extension", f"{printable(name)!r} is none of .warc, .warc.gz")
        if not is_remote(archive.place):
            yield Path(archive.place), _local_mark(Path(archive.place))
            return
        with fetched(archive.place, self._folder, self._source.contact) as (path, mark):
            yield path, mark


@contextmanager
def fetched(url: str, folder: Path, contact: str | None, limit: int | None = None) -> Iterator[tuple[Path, str]]:
    """A file of another host with its mark, here for as long as the block lasts. Raises as `fetch` does."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"fetched-{file_name(url)[-100:]}"
    try:
        mark = fetch(url, target, contact, limit)
        yield target, mark
    finally:
        target.unlink(missing_ok=True)


def archives_of(source: WarcSource, folder: Path) -> list[Archive]:
    """All files of a source, each once. Raises ConfigurationError for a path list that cannot be read, TransientError for one that cannot be now.

    Parameters
    ----------
    folder : where fetched lists lie while they are read.
    """
    found = {place: Archive(place=place) for place in source.named()}
    for path_list in source.path_lists:
        for number, line in _lines(source, path_list, folder):
            if _leads_out(line):
                archive = Archive(place=f"{shown(path_list)}:{number}", is_listed=True, bad_line=line)
            else:
                archive = Archive(place=f"{(source.base or '').rstrip('/')}/{line}", is_listed=True)
            found.setdefault(archive.place, archive)
    return list(found.values())


def _leads_out(line: str) -> bool:
    """Whether a line of a list is no path below a folder: others wrote the list, and it names nothing else."""
    return "://" in line or line.startswith("/") or ".." in PurePosixPath(line).parts


def _lines(source: WarcSource, path_list: str, folder: Path) -> list[tuple[int, str]]:
    """Numbers and lines of a path list, without comments."""
    try:
        if is_remote(path_list):
            with fetched(path_list, folder, source.contact, _LONGEST_LIST) as (path, _):
                text = _text(path)
        else:
            text = _text(Path(path_list))
    except (BadInput, OSError, UnicodeError) as error:
        told = error.detail if isinstance(error, BadInput) else getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"source {source.name}: path list {shown(path_list)} cannot be read: {told}") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _text(path_list: Path) -> str:
    with path_list.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
    return read_file(path_list, is_gzip=is_gzip, limit=_LONGEST_LIST).decode("utf-8-sig")


def _records(pages: WarcPages, path: Path, input_path: str) -> Iterator[Delivery | Missing | Rejection | PassedOver]:
    try:
        if path.stat().st_size == 0:
            raise BadInput("empty_file", "0 bytes")
        yield from pages.read(path, input_path)
    except OSError as error:
        raise BadInput("unreadable", error.strerror or str(error)) from None


def _local_mark(path: Path) -> str:
    """Size and time of change. Raises BadInput (`missing_file`, `unreadable`)."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BadInput("missing_file", "no such file or directory") from None
    except OSError as error:
        raise BadInput("unreadable", error.strerror or str(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("unreadable", "no file, or a special one")
    return f"{status.st_size}-{status.st_mtime_ns}"


def _line(archive: Archive, mark: str) -> str:
    return f"{archive.name}\t{mark}"
