"""What was asked of the test web: kept in memory, and written as JSON lines where wanted."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request, noted before its answer goes out.

    Attributes
    ----------
    seconds : of a monotonic clock, at which it came.
    instant : simulated time.
    path : with its query.
    status : of the answer, 0 where what is sent is no HTTP answer.
    byte_count : of the body as it was meant to go out, packed or not.
    """

    seconds: float
    instant: datetime
    method: str
    host: str
    path: str
    status: int
    byte_count: int
    headers: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "instant": self.instant.isoformat()}

    @classmethod
    def of_json(cls, row: dict[str, Any]) -> "Request":
        return replace(cls(**row), instant=datetime.fromisoformat(row["instant"]))

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    @property
    def is_conditional(self) -> bool:
        return self.header("If-None-Match") is not None or self.header("If-Modified-Since") is not None


class Log:
    """Requests in the order in which they came. Read from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8") if path else None

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def __iter__(self) -> Iterator[Request]:
        return iter(self.requests())

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)
            if self._file:
                self._file.write(json.dumps(request.as_json(), ensure_ascii=False) + "\n")
                self._file.flush()

    def requests(self, host: str | None = None) -> list[Request]:
        with self._lock:
            return [request for request in self._requests if host in (None, request.host)]

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()


def delays(requests: list[Request], host: str) -> list[float]:
    """Seconds of real time between one request to a host and the next."""
    times = sorted(request.seconds for request in requests if request.host == host)
    return [later - earlier for earlier, later in pairwise(times)]
