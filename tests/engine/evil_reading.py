"""The real reader, except that some pages do what hostile ones do."""

from collections.abc import Callable

from evil_work import obedient

from broadsheet.engine.reading import reader

KINDS = (b"segfault", b"spin", b"memory")


def evil_reader() -> Callable[[bytes], bytes]:
    read, obey = reader(), obedient()

    def work(payload: bytes) -> bytes:
        for kind in KINDS:
            if b"<p>" + kind in payload:
                obey(kind)
        return read(payload)

    return work
