"""Captures in, what was read of them out: the guarded pool with the page kernel in it. Does not import the kernel: children do."""

from collections.abc import Generator, Iterable
from typing import TypeVar

import msgspec

from broadsheet.engine.guard import Failure, Limits, guarded, prepare
from broadsheet.engine.tasks import READ, Task
from broadsheet.errors import BadInput
from broadsheet.page.profiles import Profiles
from broadsheet.records import Capture
from broadsheet.settings import MIB, Settings, read_settings

T = TypeVar("T")

WORK = "broadsheet.engine.reading:reader"


def read_pages(
    pages: Iterable[tuple[T, Task | None]], *, settings: Settings | None = None, workers: int = 1
) -> Generator[tuple[T, bytes | BadInput | None], None, None]:
    """Read pages in guarded children; yields, in order, what came with the page and its result as JSON, or why there is none.

    Reasons besides those of `read_capture`: parser_error (the kernel failed), page_timeout, page_crashed, page_out_of_memory (the guard
    ended it). A page that is None passes through in its place.
    """
    options = settings or read_settings()
    encode = msgspec.msgpack.Encoder().encode
    limits = Limits(page_seconds=options.page_seconds, page_memory_bytes=options.page_memory_mb * MIB)
    jobs = ((item, encode(task) if task is not None else None) for item, task in pages)
    for item, answer in guarded(WORK, jobs, limits=limits, workers=workers):
        if answer is None:
            yield item, None
        elif isinstance(answer, Failure):
            yield item, BadInput(answer.reason, answer.detail)
        elif answer[:1] == READ:
            yield item, answer[1:]
        else:
            yield item, BadInput(*msgspec.json.decode(answer, type=tuple[str, str]))


def profiles_for(capture: Capture, profiles: Profiles) -> Profiles | None:
    """What a child needs of the profiles to read one page: the one that reads it, or all where only the page itself can tell its site."""
    if not profiles.by_host:
        return None
    if (profile := profiles.of_capture(capture)) is not None:
        return Profiles(by_host={profile.host: profile})
    return None if capture.site or capture.url else profiles


def begin_loading() -> None:
    """Begin to load the kernel in the background, while the caller does other things."""
    prepare(WORK)
