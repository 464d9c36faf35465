"""One run: an address, a folder to work in, a store that keeps it."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_text
from nas_core.runs.s3_store import S3Store
from nas_core.runs.store import LocalStore, Store, StoreAwayError


@dataclass(frozen=True)
class Run:
    """A run's `address` (a folder or ``s3://…``), the local `folder` it is worked on in, and its `store`."""

    address: str
    folder: Path
    store: Store

    def path(self, part: str) -> Path:
        """The local path of a file or folder of the run; `part` is a constant of :mod:`nas_core.runs.layout`."""
        return self.folder / part

    def read_job(self) -> dict[str, Any]:
        """The fields of ``job.json``. Raises JobError when there is no run at this address."""
        self.store.pull(layout.JOB)
        try:
            fields: dict[str, Any] = read_json(self.path(layout.JOB))
        except FileNotFoundError:
            raise JobError(f"There is no run at {self.address}: it has no {layout.JOB}.") from None
        return fields

    def is_stopped(self) -> bool:
        """Whether a person asked to stop the running stage and keep the best so far."""
        with suppress(StoreAwayError):
            self.store.pull(layout.STOP, wait=False)
        return self.path(layout.STOP).exists()


def open_run(address: str) -> Run:
    """Open the run at `address`, a folder or ``s3://bucket/prefix``; whether it exists is seen when it is read."""
    if address.startswith("s3://"):
        address = address.rstrip("/")
        scratch = scratch_root() / hashlib.sha256(address.encode()).hexdigest()[:16]
        return Run(address, scratch, S3Store(address, scratch))
    if "://" in address:
        raise JobError(f"A run's address must be a folder or begin with s3://, but got {address!r}.")
    folder = Path(address).expanduser().absolute()
    return Run(str(folder), folder, LocalStore(folder))


def create_run(root: str | None, name: str, job_text: str, run_id: str | None = None) -> Run:
    """Write ``job.json`` into ``<root>/<name>/<run id>`` and return the run.

    Args:
        root: a folder or ``s3://bucket/prefix``; None means the service's own root.
        name: the job's name.
        job_text: the content of ``job.json``.
        run_id: any text (Airflow's run id, say), made safe for a path; None means the present second (UTC).
    """
    run_id = run_id or datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run = open_run("/".join([(root or default_root()).rstrip("/"), name, safe_name(run_id)]))
    write_text(run.path(layout.JOB), job_text)
    run.store.push(layout.JOB)
    return run


def safe_name(text: str) -> str:
    """`text` with everything but letters, digits, `_`, `-` and `.` replaced, and never hidden or a parent."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).lstrip(".-") or "run"


def default_root() -> str:
    """The service's own root of runs: the environment variable `NAS_ROOT`, else the folder ``runs``."""
    return os.environ.get("NAS_ROOT") or "runs"


def scratch_root() -> Path:
    """Where runs on S3 are worked on: `NAS_SCRATCH`, else ``nas`` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NAS_SCRATCH") or Path(cache) / "nas")
