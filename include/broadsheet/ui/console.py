"""SQL console: one statement that reads, asked of the published warehouse in a process of its own (`asking.py`), with limits; data dictionary."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response, StreamingResponse

from broadsheet.lake import Lake
from broadsheet.tables.ddl import DUCKDB_TYPES
from broadsheet.tables.schema import TABLES
from broadsheet.ui.asking import Asked
from broadsheet.ui.language import language_of, teller
from broadsheet.ui.pages import NothingPublished, lake_of, page
from broadsheet.warehouse.questions import QUESTIONS
from broadsheet.warehouse.views import VIEWS

SECONDS = 10.0
CSV_SECONDS = 60.0
MEMORY_MB = 1024
ROWS = 500
CSV_ROWS = 1_000_000
AT_ONCE = 2  # statements of all users together; the server is Airflow's
_KILL_AFTER = 2.0  # seconds beyond the time allowed, in which a statement may end by itself
_WAIT = 5.0  # seconds for a place
_BYTES = 1 << 16
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from broadsheet.ui.asking import main; main()"

router = APIRouter()
StatementForm = Annotated[str, Form(max_length=20_000)]
_places = threading.BoundedSemaphore(AT_ONCE)


class _Spare:
    """A process that has loaded all it needs, for whoever asks next: loading takes most of a second. It ends with the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = _started()

    def take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            process, self._process = self._process, None
        return process if process is not None and process.poll() is None else _started()


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _BOOT, json.dumps([str(Path(place).absolute()) for place in sys.path])]
    # No environment: the server's has secrets in it.
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"TZ": "UTC"}, cwd="/")


_spare = _Spare()


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as texts, or what is wrong with the statement."""

    columns: Sequence[str] = ()
    types: Sequence[str] = ()
    rows: Sequence[list[str | None]] = ()
    is_cut: bool = False
    error: str = ""


class Busy(Exception):
    """As many statements run as may at once."""


class IncompleteTable(Exception):
    """A download broke off: too many rows, too long, or a fault in the middle."""


@router.get("/sql")
def sql_page(request: Request, question: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The console, with the SQL of an example question if one is named."""
    chosen = QUESTIONS.get(question)
    return _console(request, chosen.sql if chosen else "select site, headline, published_at\nfrom current_articles\nlimit 20", None)


@router.post("/sql")
def sql_answer(request: Request, sql: StatementForm = "") -> Response:
    try:
        return _console(request, sql, answer_of(_asked(request, sql, seconds=SECONDS, row_limit=ROWS)))
    except Busy:
        return _busy(request, sql)


@router.post("/sql.csv")
def sql_csv(request: Request, sql: StatementForm = "") -> Response:
    chunks = _csv(_asked(request, sql, seconds=CSV_SECONDS, row_limit=CSV_ROWS, is_csv=True))
    try:
        head = json.loads(next(chunks))
    except Busy:
        return _busy(request, sql)
    if "error" in head:
        return _console(request, sql, Answer(error=head["error"]))
    name = {"Content-Disposition": 'attachment; filename="broadsheet.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=name)


@router.get("/sql/dictionary")
def dictionary(request: Request) -> Response:
    return page(request, "dictionary.html", tables=TABLES.values(), views=VIEWS, types=DUCKDB_TYPES)


def _console(request: Request, sql: str, answer: Answer | None, status: int = 200) -> Response:
    _spare.warm()  # who sees the console is about to ask, also who has just been answered
    limits = {"seconds": int(SECONDS), "memory": MEMORY_MB, "rows": ROWS, "csv_rows": f"{CSV_ROWS:,}", "csv_seconds": int(CSV_SECONDS)}
    if answer is not None and answer.error and status == 200:
        status = 400
    return page(request, "sql.html", status=status, sql=sql, answer=answer, limits=limits, questions=QUESTIONS.values())


def _busy(request: Request, sql: str) -> Response:
    tell = teller(language_of(request))
    return _console(request, sql, Answer(error=tell("sql_busy")), 503)


def _asked(request: Request, sql: str, **limits: Any) -> Asked:
    lake = lake_of(request)
    if not Lake(lake).warehouse.exists():
        raise NothingPublished
    return Asked(str(lake.absolute()), sql, memory_mb=MEMORY_MB, **limits)


def answer_of(asked: Asked) -> Answer:
    """The answer, whole. Raises Busy."""
    with _running(asked) as process:
        lines = [json.loads(line) for line in process.stdout or () if line.endswith(b"\n")]
    head, *rows = lines or [{}]
    last = rows.pop() if rows and isinstance(rows[-1], dict) else head
    if "error" in last or "is_cut" not in last:  # it ended in the middle: killed, or out of memory in a way that nothing survives
        return Answer(error=last.get("error") or f"stopped: more than {asked.seconds:g} seconds or {asked.memory_mb} MiB")
    return Answer(head["columns"], head["types"], rows, last["is_cut"])


def _csv(asked: Asked) -> Iterator[bytes]:
    """The line that says how it went, and then the table in pieces. Raises Busy, and IncompleteTable at the end of one that is not whole, which
    breaks off the download."""
    with _running(asked) as process:
        assert isinstance(process.stdout, BufferedReader)
        yield process.stdout.readline() or json.dumps({"error": f"stopped: more than {asked.seconds:g} seconds or {asked.memory_mb} MiB"}).encode()
        while piece := process.stdout.read1(_BYTES):
            yield piece
        if process.wait():
            raise IncompleteTable


@contextmanager
def _running(asked: Asked) -> Iterator[subprocess.Popen[bytes]]:
    """The process that asks. It is killed when its time is over, and when nobody waits any longer."""
    if not _places.acquire(timeout=_WAIT):
        raise Busy
    try:
        process = _spare.take()
        alarm = threading.Timer(asked.seconds + _KILL_AFTER, process.kill)
        alarm.start()
        try:
            with process:
                try:
                    _give(process, asked)
                    yield process
                finally:
                    process.kill()
        finally:
            alarm.cancel()
    finally:
        _places.release()


def _give(process: subprocess.Popen[bytes], asked: Asked) -> None:
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(asked))
    process.stdin.close()
