"""The other runs of a job: those that lie beside one, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.runs.s3 import s3_client, split_address, store_errors
from nas_core.runs.store import StoreAwayError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST = 200  # runs on S3 that are asked when they ended, the last ones by name
N_REQUESTS = 8


def siblings(run: Run, stage: str) -> list[str]:
    """Addresses of the runs beside `run` whose `stage` is done, that which ended it last first.

    Raises:
        JobError: S3 does not let them be listed, or does not answer at once.
    """
    parent = run.address.rpartition("/")[0]
    done = f"{stage}/{layout.DONE}"
    found = _on_s3(parent, done) if parent.startswith("s3://") else _in_folder(Path(parent), done)
    return [address for _, address in sorted(found, reverse=True) if address != run.address]


def _in_folder(parent: Path, done: str) -> Iterator[tuple[float, str]]:
    for path in parent.glob(f"*/{done}"):
        try:
            yield path.stat().st_mtime, str(path.parents[1])
        except FileNotFoundError:  # removed since it was listed
            continue


def _on_s3(parent: str, done: str) -> Iterator[tuple[float, str]]:
    client, (bucket, prefix) = s3_client(quick=True), split_address(parent)
    with store_errors(parent):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/", Delimiter="/")
        folders = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])][-MOST:]
    with ThreadPoolExecutor(N_REQUESTS) as pool:
        times = list(pool.map(partial(_ended, client, bucket), [folder + done for folder in folders]))
    for folder, time in zip(folders, times, strict=True):
        if time is not None:
            yield time, f"s3://{bucket}/{folder.rstrip('/')}"


def _ended(client: S3Client, bucket: str, key: str) -> float | None:
    try:
        with store_errors(f"s3://{bucket}/{key}"):
            return client.head_object(Bucket=bucket, Key=key)["LastModified"].timestamp()
    except StoreAwayError:
        raise
    except JobError:  # not done
        return None
