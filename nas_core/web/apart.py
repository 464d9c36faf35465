"""What a person hands over is hostile until it was read: it is read in a process of its own.

Parent and child are two ends of one line: ``python -m MODULE``, a question in JSON on stdin, the answer on stdout. The
child has bounded time and memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from nas_core.errors import JobError

SECONDS = 90.0
MEMORY = 4 << 30
USER_MUST_ACT = 2

_seats = threading.BoundedSemaphore(2)  # more at once would not be faster, and take memory


def ask(
    module: str, question: dict[str, Any], field: str, *, folders: list[str], more: Mapping[str, str] | None = None
) -> bytes:
    """What the child `module` answers.

    Args:
        module: calls :func:`answer`.
        question: JSON throughout.
        field: holds what is read.
        folders: those that the child may read local files from, beside the service's own.
        more: further environment variables of the child.

    Raises:
        JobError: those of the child; or it did not end well, or not in the time and memory there is.
    """
    allowed = [part for part in (os.environ.get("NAS_DATA_FOLDERS", ""), *folders) if part]
    environment = os.environ | {"NAS_DATA_FOLDERS": os.pathsep.join(allowed), "OMP_NUM_THREADS": "1"} | dict(more or {})
    try:
        with _seats:
            done = subprocess.run(
                [sys.executable, "-m", module],
                input=json.dumps(question).encode(),
                capture_output=True,
                check=False,
                timeout=SECONDS,
                env=environment,
            )
    except subprocess.TimeoutExpired:
        raise JobError(f"`{field}` must be read in {SECONDS:.0f} s, but took longer.") from None
    if done.returncode == USER_MUST_ACT:
        raise JobError(*json.loads(done.stdout))
    if done.returncode:
        raise JobError(f"`{field}` must be something that can be read, but reading it failed or took too much.")
    return done.stdout


def answer(work: Callable[[dict[str, Any]], bytes]) -> None:
    """In the child: answer one question."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        found = work(json.load(sys.stdin))
    except JobError as error:
        sys.stdout.write(json.dumps(error.problems))
        sys.exit(USER_MUST_ACT)
    sys.stdout.buffer.write(found)
