"""Remove a run with everything that it holds."""

from __future__ import annotations

import shutil
from contextlib import ExitStack

from nas_core.runs import layout
from nas_core.runs.run import Run

PARTS = (*layout.STAGES, "requests", layout.JOB)


def remove_run(run: Run) -> None:
    """Remove `run` from where it is kept, and from the folder it was worked on in.

    Raises:
        JobError: a stage of it is at work, or its store refuses.
    """
    with ExitStack() as stack:
        for stage in layout.STAGES:
            stack.enter_context(run.store.lock(stage))
        for part in PARTS:
            path = run.path(part)
            if path.is_dir():
                _empty(run, part)
            else:
                path.unlink(missing_ok=True)
            run.store.push(part)
    shutil.rmtree(run.folder, ignore_errors=True)


def _empty(run: Run, part: str) -> None:
    for path in run.path(part).iterdir():
        if path.name == layout.LOCK:
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
