"""Run one stage: lock → needs → pull → work → report.json → push → DONE last.

The only place that knows skipping, resuming, timing, locking and storage. A stage is a module below
:mod:`nas_core.stages` that declares

- ``NEEDS``: the stages whose results it reads,
- ``SETTINGS``: the settings classes whose fields its results depend on, and names of single fields,
- ``fingerprint(job)``: optional; what else they depend on (the data behind an address),
- ``work(job, run)``: does the work in the stage's own folder and returns the metrics for ``report.json``. What a killed
  predecessor with the same key left in the folder is still there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from nas_core.errors import JobError
from nas_core.job import Job, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.run import Run

log = logging.getLogger("nas")

STAGES = layout.STAGES

VERSIONS_OF = ("nas-core", "keras", "tensorflow", "ray", "torch", "gymnasium", "numpy", "pyarrow")


def execute(name: str, run: Run, *, anew: bool = False) -> dict[str, Any]:
    """Bring stage `name` of `run` to DONE and return its ``report.json``.

    Nothing is done when it is DONE already with the same key. `anew` does it again all the same; an unfinished stage is
    continued in any case.

    Raises:
        JobError: the user must act: an unknown stage, a need that is not done, or what the stage itself finds.
    """
    stage = load_stage(name)
    job = parse_job(run.read_job())
    with run.store.lock(name):
        needs = {need: _require_done(need, name, run) for need in stage.NEEDS}
        run.store.pull(name)
        folder = run.path(name)
        key = _key(stage, job, needs)
        done = _read(folder / layout.DONE)
        if done and done["key"] == _digest(key) and not anew:
            log.info("%s: done already, nothing to do.", name)
            report: dict[str, Any] = read_json(folder / layout.REPORT)
            return report
        _make_ready(folder, key, anew=bool(done))
        run.store.push(name)
        report = _work(name, stage, job, run)
        run.store.push(name)
        write_json(folder / layout.DONE, {"key": _digest(key), "output": _digest(report["files"])})
        run.store.push(name)
        log.info("%s: done in %.1f s.", name, report["seconds"])
        return report


def load_stage(name: str) -> Any:
    """The module of stage `name`; JobError when there is none."""
    if name not in STAGES:
        raise JobError(f"`stage` must be one of {', '.join(STAGES)}, but got {name!r}.")
    return import_module(f"nas_core.stages.{name}")


def is_done(name: str, run: Run) -> bool:
    """Whether stage `name` has results. They may belong to an earlier form of the job: `execute` judges that."""
    run.store.pull(f"{name}/{layout.DONE}")
    return run.path(name).joinpath(layout.DONE).exists()


def _work(name: str, stage: Any, job: Job, run: Run) -> dict[str, Any]:
    log.info("%s: started.", name)
    started, clock = datetime.now(UTC), time.perf_counter()
    metrics = stage.work(job, run)
    seconds = time.perf_counter() - clock
    report = {
        "stage": name,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "settings": _settings(stage, job),
        "versions": versions(),
        "metrics": metrics,
        "files": files_of(run.path(name)),
    }
    write_json(run.path(name) / layout.REPORT, report)
    return report


def _require_done(need: str, name: str, run: Run) -> Any:
    """DONE of a stage that `name` reads, with its files pulled."""
    run.store.pull(need)
    done = _read(run.path(need) / layout.DONE)
    if done is None:
        raise JobError(
            f"Stage {name} needs the results of {need}, which is not done: run `nas stage {need} {run.address}`."
        )
    return done


def _key(stage: Any, job: Job, needs: dict[str, Any]) -> dict[str, Any]:
    fingerprint = getattr(stage, "fingerprint", None)
    return {"settings": _settings(stage, job), "needs": needs, "data": fingerprint(job) if fingerprint else None}


def _settings(stage: Any, job: Job) -> dict[str, Any]:
    fields = {f for part in stage.SETTINGS for f in ([part] if isinstance(part, str) else part.model_fields)}
    return job.model_dump(mode="json", include=fields)


def _make_ready(folder: Path, key: dict[str, Any], *, anew: bool) -> None:
    """Leave in `folder` only what a predecessor with the same key left unfinished."""
    if anew or _read(folder / layout.KEY) != key:
        for path in folder.iterdir():
            if path.name != layout.LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_json(folder / layout.KEY, key)


def files_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Size in bytes and sha256 of each result below `folder`, by relative path."""
    own = {layout.LOCK, layout.KEY, layout.REPORT, layout.DONE}
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in own)
    return {str(p.relative_to(folder)): {"bytes": p.stat().st_size, "sha256": _sha256(p)} for p in paths}


def versions() -> dict[str, str]:
    """The installed versions of what results depend on."""
    return {package: metadata.version(package) for package in VERSIONS_OF}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> Any:
    return read_json(path) if path.exists() else None
