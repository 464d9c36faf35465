"""Give the results of a run to whoever asked: a copy of export/ and report/ at the job's destination."""

from __future__ import annotations

import logging
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.runs.s3 import patiently, s3_client, split_address, store_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("nas")

RESULTS = ("export", "report")
OF_THE_RUN = {layout.KEY, layout.REPORT, layout.DONE}  # what only the run's own stages understand


def copy_results(run: Run, destination: str) -> list[str]:
    """Copy ``export/`` and ``report/`` of `run` below `destination` and return the relative paths, in order.

    `destination` is a folder or ``s3://bucket/prefix``; it always holds the newest results: files of the same name are
    replaced, others are left alone. The manifest of the export comes last, so that who sees it sees what it lists.

    Raises:
        JobError: the destination is no such address, cannot be written, or does not answer for minutes.
    """
    names = [name for name in _names(run) if name != layout.MANIFEST]
    if run.path(layout.MANIFEST).is_file():
        names.append(layout.MANIFEST)
    if destination.startswith("s3://"):
        _to_s3(run, names, destination.rstrip("/"))
    elif "://" in destination:
        raise JobError(f"`destination` must be a folder or begin with s3://, but got {destination!r}.")
    else:
        _to_folder(run, names, Path(destination).expanduser().absolute())
    log.info("Copied %d files of %s to %s.", len(names), " and ".join(RESULTS), destination)
    return names


def _names(run: Run) -> list[str]:
    paths = sorted(path for part in RESULTS for path in run.path(part).rglob("*") if path.is_file())
    names = (path.relative_to(run.folder) for path in paths if path.name not in OF_THE_RUN)
    return [name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)]


def _to_folder(run: Run, names: list[str], destination: Path) -> None:
    if destination == run.folder:
        return
    try:
        for name in names:
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.tmp")
            shutil.copyfile(run.path(name), temporary)
            temporary.replace(target)
    except OSError as error:
        raise JobError(f"`destination` must be a folder that can be written, but got {destination}: {error}.") from None


def _to_s3(run: Run, names: list[str], destination: str) -> None:
    client = s3_client()
    bucket, prefix = split_address(destination)
    for name in names:
        key = f"{prefix}/{name}" if prefix else name
        patiently(partial(_upload, client, run.path(name), bucket, key))


def _upload(client: S3Client, path: Path, bucket: str, key: str) -> None:
    with store_errors(f"s3://{bucket}/{key}"), path.open("rb") as file:
        client.upload_fileobj(file, bucket, key)
