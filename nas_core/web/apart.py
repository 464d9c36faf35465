"""What a person hands over is read by others, see :mod:`nas_core.web.reader`: this is how they are asked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from tempfile import TemporaryDirectory
from typing import Any

from nas_core.errors import JobError
from nas_core.web.reader import DONE, USER_MUST_ACT

SECONDS = 90.0
MEMORY = 4 << 30

_seats = threading.BoundedSemaphore(2)  # more at once would not be faster, and take memory


def ask(
    module: str, question: dict[str, Any], field: str, *, folders: list[str], more: Mapping[str, str] | None = None
) -> bytes:
    """What `answer` of `module` says to `question`, in a child process.

    Args:
        module: has a function `answer` that takes the question and gives bytes.
        question: JSON throughout.
        field: holds what is read.
        folders: those that the child may read local files from, beside the service's own.
        more: further environment variables of the child.

    Raises:
        JobError: those of the child; or it did not end well, or not in the time and memory there is.
    """
    allowed = [part for part in (os.environ.get("NAS_DATA_FOLDERS", ""), *folders) if part]
    environment = _environment() | {"NAS_DATA_FOLDERS": os.pathsep.join(allowed)} | dict(more or {})
    asked = {"module": module, "question": question, "environment": environment}
    with _seats, TemporaryDirectory(prefix="nas-read-") as scratch:  # a child that is stopped clears nothing away
        environment["TMPDIR"] = scratch
        began = time.monotonic()
        answer = _said(json.dumps(asked | {"seconds": SECONDS, "memory": MEMORY}).encode())
        is_late = time.monotonic() - began >= SECONDS
    state, said = answer[:1], answer[1:]
    if state == USER_MUST_ACT:
        raise JobError(*json.loads(said))
    if state == DONE:
        return said
    if is_late:
        raise JobError(f"`{field}` must be read in {SECONDS:.0f} s, but took longer.")
    raise JobError(f"`{field}` must be something that can be read, but reading it failed or took too much.")


def _environment() -> dict[str, str]:
    """This process's own, without the secrets of Airflow: what reads hostile files has no use for them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}


def _said(question: bytes) -> bytes:
    """All that a child says; nothing when it was stopped."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(2 * SECONDS)  # the child stops itself before
        with theirs:
            _reader.send(theirs.fileno())
        try:
            ours.sendall(question)
            ours.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: ours.recv(1 << 16), b""))
        except OSError:
            return b""


class _Reader:
    """The process that forks the children: started when it is needed, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> socket.socket:
        """The line to it. It ends when this process does: it reads the end of that line."""
        with self._lock:
            if self._control is not None and self._process is not None and self._process.poll() is None:
                return self._control
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "nas_core.web.reader"],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # what went wrong may hold what a person handed over
                    env=_environment() | {"OMP_NUM_THREADS": "1"},
                )
            return self._control

    def send(self, descriptor: int) -> None:
        """Hand it one end of a connection."""
        try:
            socket.send_fds(self.start(), [b"."], [descriptor])
        except BrokenPipeError:  # it was killed a moment ago
            self._process = None
            socket.send_fds(self.start(), [b"."], [descriptor])


_reader = _Reader()


def get_ready() -> None:
    """Start what takes a second at the first question."""
    _reader.start()
