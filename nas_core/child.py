"""A stage in a process of its own: both ends of it.

The shell's ``nas run`` and Airflow's operators start the same line, ``nas stage NAME RUN --die-with PID``, and follow
it in the same way. The child leads a session, so that everything it started ends with it, and it dies with its parent
however that ends, so that a retry never meets an orphan.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from nas_core.errors import JobError
from nas_core.job import Job, job_json
from nas_core.runs.run import Run, create_run
from nas_core.stage import STAGES

USER_MUST_ACT = 2  # how a child says that it ended with a JobError
PROBLEM = "error: "  # begins each line that is one of its problems
GAUGES = "gauges: "  # begins each line that is figures of its progress, as a JSON object

# TensorFlow's C++ logs these before anybody can silence it; nobody who reads a run's log can act upon them.
CHATTER = re.compile(r"[IW]\d{4} \d\d:|[IW]0000 |WARNING: All log messages before absl")

PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StageError(RuntimeError):
    """A stage ended otherwise than by finishing or by a JobError: a crash or a signal."""


def start(
    stage: str, address: str, *, anew: bool = False, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `stage` of the run at `address`; its output and its errors are one stream of lines.

    `environment` is added to that of this process.
    """
    command = [sys.executable, "-m", "nas_core.cli", "stage", stage, address, "--die-with", str(os.getpid())]
    return subprocess.Popen(
        command + ["--anew"] * anew,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
        start_new_session=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def follow(
    child: subprocess.Popen[str],
    on_line: Callable[[str], None],
    on_gauges: Callable[[dict[str, float]], None] = lambda _: None,
) -> None:
    """Hand each line of `child` to `on_line` until it ends, and leave none of its processes behind.

    The figures of its progress go to `on_gauges`, by name.

    Raises:
        JobError: the stage ended with one; it holds the same problems.
        StageError: it crashed or was killed.
    """
    clearer = threading.Thread(target=_clear_up_after, args=(child,), daemon=True)
    clearer.start()
    problems = []
    for line in child.stdout or ():
        if line.startswith(PROBLEM):
            problems.append(line.removeprefix(PROBLEM).rstrip("\n"))
        elif line.startswith(GAUGES):
            on_gauges(json.loads(line.removeprefix(GAUGES)))
        elif not CHATTER.match(line):
            on_line(line.rstrip("\n"))
    clearer.join()
    code = child.wait()
    if code == USER_MUST_ACT:
        raise JobError(*problems)
    if code < 0:
        raise StageError(f"The stage's process was ended by {signal.Signals(-code).name}.")
    if code > 0:
        raise StageError(f"The stage's process ended with exit code {code}; its log says why.")


def kill(child: subprocess.Popen[str]) -> None:
    """End `child` and everything it started, at once: a run's files survive that at any moment."""
    if child.poll() is None:
        _end_session(child.pid)


def run_stages(job: Job, on_line: Callable[[str], None], run_id: str | None = None) -> Run:
    """Go the whole way for `job` without Airflow: create its run, do each stage in a child, return the run.

    Raises:
        JobError, StageError: as :func:`follow`.
    """
    run = create_run(job.root, job.name, job_json(job), run_id)
    on_line(f"run: {run.address}")
    for stage in STAGES:
        child = start(stage, run.address)
        try:
            follow(child, on_line)
        finally:
            kill(child)
    return run


def die_with(parent: int) -> None:
    """In the child: be killed when the process `parent` ends, and end now if it has already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(f"The process {parent} that started this one is gone.")


def give_way() -> None:
    """In the child: let others on the machine, a page's server for one, go first, by as much as `NAS_NICE` says."""
    niceness = int(os.environ.get("NAS_NICE") or 0)
    if niceness > 0:
        os.nice(niceness)
        with contextlib.suppress(OSError):  # where Linux weighs whole sessions against each other
            Path("/proc/self/autogroup").write_text(str(niceness))


class ChildFormatter(logging.Formatter):
    """Lines for the parent, which stamps them itself; a record's `gauges` are a line of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and behind it the gauges."""
        gauges = getattr(record, "gauges", None)
        return super().format(record) + (f"\n{GAUGES}{json.dumps(gauges)}" if gauges else "")


def _clear_up_after(child: subprocess.Popen[str]) -> None:
    """End what `child` leaves running: it would write on, and hold the stream open."""
    with contextlib.suppress(ChildProcessError):  # `kill` was here before
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        _end_session(child.pid)


def _end_session(leader: int) -> None:
    """Kill every process of a session: Ray's workers lead groups of their own in it."""
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)
