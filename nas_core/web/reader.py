"""What a person hands over is hostile until it was read: each question is answered by a process of its own.

``python -m nas_core.web.reader`` imports what reading needs once, and forks a child for each connection that
:mod:`nas_core.web.apart` hands it. The child has bounded time and memory, answers one question and is gone. The process
itself only imports, so that its forks are safe.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
from importlib import import_module
from typing import Any, NoReturn

from nas_core.errors import JobError

DONE, USER_MUST_ACT = b"0", b"2"  # the first byte of an answer; there is none when the child was stopped

LOADED = (
    "nas_core.web.inspect",
    "nas_core.web.predictions",
    "nas_core.data.readers.csv",
    "nas_core.inputs.image.transform",
    "nas_core.inputs.tabular.transform",
    "pyarrow.dataset",
)


def serve(control: socket.socket) -> None:
    """Fork a child for each connection that comes through `control`, until its other end is closed."""
    for module in LOADED:
        import_module(module)
    gc.freeze()  # else the first collection of a child copies all of this memory
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    while fds := socket.recv_fds(control, 1, 1)[1]:
        if os.fork() == 0:
            control.close()
            _answer(socket.socket(fileno=fds[0]))
        os.close(fds[0])


def _answer(connection: socket.socket) -> NoReturn:
    """In a child: answer the question that comes through `connection`."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with connection, connection.makefile("rwb") as stream:
            question = json.load(stream)
            signal.setitimer(signal.ITIMER_REAL, question["seconds"])  # ends this process, whatever it is doing
            resource.setrlimit(resource.RLIMIT_AS, (question["memory"], question["memory"]))
            os.environ.clear()
            os.environ.update(question["environment"])
            stream.write(_said(question["module"], question["question"]))
    finally:  # without what this process inherited: that is the parent's to close
        os._exit(0)


def _said(module: str, question: dict[str, Any]) -> bytes:
    try:
        said: bytes = import_module(module).answer(question)
    except JobError as error:
        return USER_MUST_ACT + json.dumps(error.problems).encode()
    return DONE + said


if __name__ == "__main__":
    serve(socket.socket(fileno=sys.stdin.fileno()))
