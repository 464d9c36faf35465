"""Files that people hand over: as one body, or in parts that go on after a lost connection or a reload."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from nas_core.data.limits import limits
from nas_core.data.source import too_large
from nas_core.data.uploads import local_folder, new_upload, places, remove_old
from nas_core.errors import JobError
from nas_core.runs.records import read_json, write_json
from nas_core.web.rights import RUN, User

router = APIRouter(prefix="/uploads", dependencies=[RUN])

SPARE = 1 << 30  # bytes of the disk that an upload leaves free
MOST = 10**15
ABOUT, PART = ".about.json", ".part"  # of an upload that is not whole yet

Name = Annotated[str, Query(min_length=1, max_length=255, examples=["customers.csv"])]
Key = Annotated[str, InPath(pattern="^[A-Za-z0-9]{20,30}$")]


class Upload(BaseModel):
    """An uploaded file: its address is the `dataset_uri` of jobs."""

    dataset_uri: str
    name: str
    bytes: int


class Parts(BaseModel):
    """A file that comes in parts: `bytes` of `size` are here; `dataset_uri` is there as soon as it is whole."""

    key: str
    bytes: int
    size: int
    dataset_uri: str | None = None


@router.post("", status_code=201)
async def upload(request: Request, name: Name) -> Upload:
    """Take the body as a file, piece by piece; the answer's `dataset_uri` goes into a job."""
    await run_in_threadpool(remove_old)
    local, address = new_upload(name)
    try:
        with local.open("wb") as file:
            size = await receive(request.stream(), file, limits().max_download_mb << 20)
        _require_content(size)
        await run_in_threadpool(_hand_over, local, address)
    except BaseException:  # of an upload that was cut off nothing stays
        shutil.rmtree(local.parent, ignore_errors=True)
        raise
    return Upload(dataset_uri=address, name=local.name, bytes=size)


@router.post("/parts", status_code=201)
def begin(user: User, name: Name, size: Annotated[int, Query(ge=0, le=MOST)]) -> Parts:
    """Announce a file of `size` bytes whose content follows in parts."""
    remove_old()
    _require_content(size)
    most = limits().max_download_mb << 20
    if size > most:
        raise HTTPException(413, too_large("the file", most))
    local, _ = new_upload(name)
    if shutil.disk_usage(local.parent).free < SPARE + size:
        local.parent.rmdir()
        raise HTTPException(413, "The server has no room for this file.")
    (local.parent / PART).touch()
    write_json(local.parent / ABOUT, {"name": local.name, "size": size, "user": str(user.get_id())})
    return Parts(key=local.parent.name, bytes=0, size=size)


@router.get("/parts/{key}")
def get_parts(user: User, key: Key) -> Parts:
    """How much of a file is here."""
    _, size = _announced(key, user)
    return Parts(key=key, bytes=(local_folder() / key / PART).stat().st_size, size=size)


@router.patch("/parts/{key}")
async def add_part(request: Request, user: User, key: Key, offset: Annotated[int, Query(ge=0, le=MOST)]) -> Parts:
    """Take the body as the bytes of a file from `offset` on, which must be where the last part ended.

    What came before a connection was lost is kept.
    """
    name, size = await run_in_threadpool(_announced, key, user)
    part = local_folder() / key / PART
    with part.open("ab") as file:
        _lock(file)
        if file.tell() != offset:
            raise HTTPException(409, f"`offset` must be {file.tell()}, the bytes that are here, but got {offset}.")
        n = offset + await receive(request.stream(), file, size - offset)
    if n < size:
        return Parts(key=key, bytes=n, size=size)
    local, address = places(key, name)
    part.replace(local)
    try:
        await run_in_threadpool(_hand_over, local, address)
    except BaseException:  # an empty part asks for it again
        local.replace(part)
        raise
    (local.parent / ABOUT).unlink(missing_ok=True)
    return Parts(key=key, bytes=n, size=size, dataset_uri=address)


async def receive(pieces: AsyncIterator[bytes], file: BinaryIO, most: int) -> int:
    """Write `pieces` to `file` as they come and return the bytes; 413 for more than `most` or than the disk takes."""
    size, folder = 0, Path(file.name).parent
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise HTTPException(413, too_large("the file", most))
        if shutil.disk_usage(folder).free < SPARE:
            raise HTTPException(413, "The server has no room for this file.")
        await run_in_threadpool(file.write, piece)
    return size


def _announced(key: str, user: User) -> tuple[str, int]:
    """Name and size of an upload that this user began and that is not whole yet; 404 otherwise."""
    try:
        about = read_json(local_folder() / key / ABOUT)
    except FileNotFoundError:
        about = {}
    if about.get("user") != str(user.get_id()) or not (local_folder() / key / PART).exists():
        raise HTTPException(404, "There is no such upload, or it is whole already.")
    return about["name"], about["size"]


def _lock(file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HTTPException(409, "Another part of this file is coming in.") from None


def _require_content(size: int) -> None:
    if not size:
        raise JobError("`dataset_uri` must hold a table or pictures, but the file is empty (0 bytes).")


def _hand_over(local: Path, address: str) -> None:
    """Bring a whole file to where jobs look for it."""
    if not address.startswith("s3://"):
        return
    from nas_core.runs.s3 import patiently, s3_client, split_address, store_errors  # boto3 is heavy

    def send() -> None:
        with store_errors(address):
            s3_client().upload_file(str(local), *split_address(address))

    patiently(send, 20.0)
    shutil.rmtree(local.parent)
