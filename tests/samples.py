"""Datasets for the tests, prepared: the sample of a task, or one of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.job import job_json, parse_job
from nas_core.runs.run import create_run
from nas_core.stage import execute
from nas_core.tasks.registry import load_task


def prepare(folder: Path, fields: dict[str, Any]) -> Prepared:
    """The data of a job with `fields`, prepared in a new run below `folder`."""
    run = create_run(str(folder / "runs"), "job", job_json(parse_job(fields)), "1")
    execute("prepare", run)
    return Prepared(run)


def prepare_sample(folder: Path, task: str, **fields: Any) -> Prepared:
    """The sample of `task`, written to and prepared below `folder`; `fields` are further ones of its job."""
    return prepare(folder, load_task(task).sample(folder) | {"task": task} | fields)
