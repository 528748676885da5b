"""The guard's other side: a process that loads the work once, and the children forked from it that do it.

Standard library only, and one thread: a fork of this process is safe, has everything loaded, and costs milliseconds. What the guard
(`guard.py`) starts is `main`; it ends, and kills its children, when the guard closes the control socket or dies.
"""

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

Work = Callable[[bytes], bytes]

# Guard to nursery: command (b"f" fork, with the child's socket; b"k" kill), id of the child, bytes of memory a page may take (0: any).
COMMAND = struct.Struct("=cIQ")
# Guard to child: page number, length of what follows.
TASK = struct.Struct("=qI")
# Child to guard: page number, status, length of what follows.
ANSWER = struct.Struct("=qBI")
DONE, OUT_OF_MEMORY, FAULT = 0, 1, 2
# The board, in shared memory, one place a child: page at work, and since when (monotonic seconds).
PLACE = struct.Struct("=qd")
PLACES = 256
IDLE, STARTING, END = -1, -2, -3
# Longest account of a death, in bytes: the innermost frames come first.
_LOG_BYTES = 1500
# Time to write it when killed: a busy machine may not let the child run at once.
_LOOKS, _LOOK_SECONDS = 100, 0.02
_PR_SET_PDEATHSIG = 1


def main(control_fd: int, board_fd: int, work: str, path: list[str]) -> None:
    """Load the work and fork children on command until the control socket ends.

    Parameters
    ----------
    work : `package.module:function` that makes the work: called once, before any child is forked, so that what it loads, compiles or
        warms up is there in each child. It must leave no thread running and no file open, which children would share.
    path : the guard's `sys.path`.
    """
    sys.path[:] = path
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of the terminal; the guard answers it
    control = socket.socket(fileno=control_fd)
    board = mmap.mmap(board_fd, PLACES * PLACE.size)
    try:
        module, _, function = work.partition(":")
        made = getattr(importlib.import_module(module), function)()
    except BaseException:
        _report(control, {"fault": traceback.format_exc()})
        return
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page of memory that children share
    _Nursery(control, board, made).serve()


class _Nursery:
    def __init__(self, control: socket.socket, board: mmap.mmap, work: Work) -> None:
        self.control = control
        self.board = board
        self.work = work
        self.children: dict[int, tuple[int, BinaryIO]] = {}  # process id -> (id, log)

    def serve(self) -> None:
        awake, wake = socket.socketpair()
        awake.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.control, awake], [], [])
            if awake in ready:
                with contextlib.suppress(BlockingIOError):
                    awake.recv(4096)
                self.reap()
            if self.control in ready and not self.obey():
                break
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        while self.children:
            self.reap(0)

    def obey(self) -> bool:
        """Take one command; False when there are no more."""
        try:
            command, fds, _, _ = socket.recv_fds(self.control, COMMAND.size, 1, socket.MSG_WAITALL)
        except ConnectionError:  # closed with reports unread
            return False
        if len(command) < COMMAND.size:
            return False
        what, child, memory = COMMAND.unpack(command)
        if what == b"f":
            self.fork(child, fds[0], memory)
        else:
            self.kill(child)
        return True

    def fork(self, child: int, channel: int, memory: int) -> None:
        log = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the child lives
        PLACE.pack_into(self.board, child % PLACES * PLACE.size, STARTING, time.monotonic())
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            code = 1
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self.control.close()
                _confine(memory, log, parent)
                _Child(socket.socket(fileno=channel), self.board, child, self.work).serve()
                code = 0
            except BrokenPipeError:  # the guard wants no more answers
                code = 0
            finally:
                os._exit(code)
        os.close(channel)
        self.children[pid] = child, log

    def kill(self, child: int) -> None:
        for pid, (known, log) in self.children.items():
            if known == child:
                os.kill(pid, signal.SIGUSR1)  # faulthandler writes down where it is, even in C
                _await_account(log)
                os.kill(pid, signal.SIGKILL)

    def reap(self, flags: int = os.WNOHANG) -> None:
        """Tell the guard which children ended, and how."""
        while self.children:
            pid, status, usage = os.wait4(-1, flags)
            if pid == 0:
                return
            child, log = self.children.pop(pid)
            with log:
                log.seek(0)
                text = log.read(_LOG_BYTES).decode("utf-8", "replace")
            _report(self.control, {"child": child, "code": os.waitstatus_to_exitcode(status), "log": text, "peak": usage.ru_maxrss})


class _Child:
    """Reads pages from its socket and answers one after the other. Each answer is sent at once: nothing is lost when the next page kills it."""

    def __init__(self, channel: socket.socket, board: mmap.mmap, child: int, work: Work) -> None:
        self.channel = channel
        self.board = board
        self.place = child % PLACES * PLACE.size
        self.work = work

    def serve(self) -> None:
        source, board, place, work, now = self.channel.makefile("rb", 1 << 18), self.board, self.place, self.work, time.monotonic
        PLACE.pack_into(board, place, IDLE, now())
        while True:
            head = source.read(TASK.size)
            if len(head) < TASK.size:
                return
            number, length = TASK.unpack(head)
            if number == END:
                return
            payload = source.read(length)
            if len(payload) < length:
                return
            PLACE.pack_into(board, place, number, now())
            status, answer = DONE, b""
            try:
                answer = work(payload)
            except MemoryError as error:
                status, answer = OUT_OF_MEMORY, _place_of(error)
            except BaseException:
                status, answer = FAULT, traceback.format_exc().encode("utf-8", "replace")
            PLACE.pack_into(board, place, IDLE, now())
            self.channel.sendall(ANSWER.pack(number, status, len(answer)) + answer)
            if status == OUT_OF_MEMORY:
                return  # what is left of its memory is in pieces


def _await_account(log: BinaryIO) -> None:
    """Wait until the account of a death is written, that is until the log grows no more; not for ever, as the child may be stopped."""
    size = 0
    for _ in range(_LOOKS):
        time.sleep(_LOOK_SECONDS)
        before, size = size, os.fstat(log.fileno()).st_size
        if 0 < size == before:
            return


def _confine(memory: int, log: BinaryIO, parent: int) -> None:
    """Limits of a child, and its death with the nursery's."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(0)
    faulthandler.enable(log, all_threads=False)
    faulthandler.register(signal.SIGUSR1, log, all_threads=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory and sys.platform == "linux":  # elsewhere RLIMIT_AS is refused or ignored
        limit = _address_space() + memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    """Bytes of address space that this process has now."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # pathlib would be loaded for this alone
        return int(file.read().split()[0]) * resource.getpagesize()


def _place_of(error: BaseException) -> bytes:
    """File and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}".encode("utf-8", "replace") if trace else b""


def _report(control: socket.socket, message: dict[str, Any]) -> None:
    # The guard may be gone: then there is nobody to tell.
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")
