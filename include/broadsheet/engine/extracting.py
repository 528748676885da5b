"""Captures in, what was read of them out: the guarded pool with the page kernel in it. Does not import the kernel: children do.

With the engine `process` there are no children, and the same work is done here.
"""

import importlib
from collections.abc import Generator, Iterable
from typing import TypeVar

import msgspec

from broadsheet.engine.guard import Failure, Limits, guarded, prepare
from broadsheet.engine.names import EngineName
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
    """Read pages in guarded children, or here with the engine `process`; yields, in order, what came with the page and its result as JSON, or why
    there is none.

    Reasons besides those of `read_capture`: parser_error (the kernel failed), page_timeout, page_crashed, page_out_of_memory (the guard
    ended it). A page that is None passes through in its place.
    """
    options = settings or read_settings()
    encode = msgspec.msgpack.Encoder().encode
    limits = Limits(page_seconds=options.page_seconds, page_memory_bytes=options.page_memory_mb * MIB)
    jobs = ((item, encode(task) if task is not None else None) for item, task in pages)
    answers = _unguarded(WORK, jobs) if options.engine is EngineName.process else guarded(WORK, jobs, limits=limits, workers=workers)
    for item, answer in answers:
        if answer is None:
            yield item, None
        elif isinstance(answer, Failure):
            yield item, BadInput(answer.reason, answer.detail)
        elif answer[:1] == READ:
            yield item, answer[1:]
        else:
            yield item, BadInput(*msgspec.json.decode(answer, type=tuple[str, str]))


def _unguarded(work: str, jobs: Iterable[tuple[T, bytes | None]]) -> Generator[tuple[T, bytes | Failure | None], None, None]:
    """As `guarded`, in this process."""
    module, _, function = work.partition(":")
    do = getattr(importlib.import_module(module), function)()
    for item, payload in jobs:
        yield item, None if payload is None else do(payload)


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
