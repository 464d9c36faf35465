"""Where a run's files are kept. A local folder is worked on in place; S3 is mirrored through a scratch folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from nas_core.errors import JobError
from nas_core.runs import layout


class StoreAwayError(JobError):
    """The store does not answer at the moment. What was to be kept still lies in the working folder."""


class Store(Protocol):
    """Keeps one run. `part` is a path below the run: a file or a folder (a stage).

    A store that stops answering is waited for some minutes, or not at all when `wait` is false; then StoreAwayError is
    raised. A later call does what was left. JobError is raised when the store refuses.
    """

    def pull(self, part: str, *, wait: bool = True) -> None:
        """Make the working folder's `part` equal to what is kept."""

    def push(self, part: str, *, wait: bool = True) -> None:
        """Make what is kept equal to the working folder's `part`."""

    def lock(self, stage: str) -> AbstractContextManager[None]:
        """Be the one writer of `stage`. Raises JobError while another process on this folder is."""


class LocalStore:
    """The run's folder itself: nothing to copy, and a lock that the kernel drops when its holder dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pull(self, part: str, *, wait: bool = True) -> None:
        """Nothing to do: the working folder is the store."""

    def push(self, part: str, *, wait: bool = True) -> None:
        """Nothing to do: the working folder is the store."""

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:
        """Hold ``<stage>/.lock`` (flock); it is free again at the end of the process, however it ends."""
        with locked(self.folder / stage / layout.LOCK, f"stage {stage} of {self.folder}"):
            yield


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold an exclusive flock on `path`; JobError naming `what` when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JobError(f"Another process is working on {what}; wait for it or stop it first.") from None
        yield
