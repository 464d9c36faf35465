"""The store of a run on S3: mirrors it through a scratch folder in which it is worked on."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_NB, LOCK_SH, flock
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.s3 import endpoint_name, patiently, s3_client, split_address, store_errors
from nas_core.runs.store import StoreAwayError, locked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SILENCE = 10.0  # seconds for which an endpoint that was away is not asked again by who does not wait
LOCK_PATIENCE = 10.0  # seconds that a writer gives to readers who are pulling
N_TRANSFERS = 8
SINGLE_UPLOAD = 64 << 20  # bytes; larger files go up in parts

WRITER = ".writer"
LEDGER = ".jsonl"


class S3Store:
    """Mirrors a run between ``s3://bucket/prefix`` and a scratch folder in which it is worked on.

    Names that begin with a dot never travel. What was carried is remembered by etag, size, time and inode in
    ``.sync/`` of the scratch folder, so that only what changed is carried; a wrong or lost memory costs time only.

    While a process of this machine writes a stage (it holds the lock), the scratch folder is newer than the bucket,
    so other processes' pulls of that stage leave it alone.
    """

    def __init__(self, address: str, folder: Path, patience: float | None = None) -> None:
        self.address = address
        self.folder = folder
        self.patience = patience
        self.bucket, self.prefix = split_address(address)
        self._tokens: dict[str, str] = {}  # of the stages that this object writes
        self._away_since = -SILENCE

    def __reduce__(self) -> Any:
        return S3Store, (self.address, self.folder, self.patience)

    def pull(self, part: str, *, wait: bool = True) -> None:
        """Make the scratch folder's `part` equal to what is kept; only what changed is downloaded.

        A local ledger (``.jsonl``) that goes on where the kept one ends is left: it is what a killed predecessor on
        this machine had not pushed yet. So is a file that was never pushed, unless this process writes the stage.
        """
        self._carry(self._pull, part, wait)

    def push(self, part: str, *, wait: bool = True) -> None:
        """Make what is kept equal to the scratch folder's `part`; only what changed is uploaded, DONE last of all.

        Raises:
            JobError: another process has taken over the stage since :meth:`lock`.
        """
        self._carry(self._push, part, wait)

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:
        """Be the one writer of `stage`: a flock on this machine, and a token in ``<stage>/.writer`` for all others.

        A later writer elsewhere takes over, and then :meth:`push` raises here.
        """
        with ExitStack() as stack:
            self._hold(stack, stage)
            token = json.dumps({"token": uuid.uuid4().hex, "host": socket.gethostname(), "pid": os.getpid()})
            patiently(partial(self._put_token, stage, token), self.patience)
            self._tokens[stage] = token
            try:
                yield
            finally:
                del self._tokens[stage]

    # --- once through -------------------------------------------------------------------------------------------------

    def _carry(self, action: Callable[[S3Client, str], None], part: str, wait: bool) -> None:
        if wait:
            return patiently(lambda: self._once(action, self._client, part), self.patience)
        if time.monotonic() - self._away_since < SILENCE:
            raise StoreAwayError(f"{endpoint_name()} did not answer {SILENCE:.0f} s ago; {part} waits for it.")
        try:
            return self._once(action, self._quick_client, part)
        except StoreAwayError:
            self._away_since = time.monotonic()
            raise

    def _once(self, action: Callable[[S3Client, str], None], client: S3Client, part: str) -> None:
        with store_errors(f"{self.address}/{part}"):
            action(client, part)

    @cached_property
    def _client(self) -> S3Client:
        return s3_client()

    @cached_property
    def _quick_client(self) -> S3Client:
        return s3_client(quick=True)

    def _pull(self, client: S3Client, part: str) -> None:
        with self._reading(part) as free:
            if not free:
                return
            kept, memory = self._kept(client, part), Memory(self.folder, part)
            stage = _stage(part)
            resumed = memory.agrees(f"{stage}/{layout.KEY}", kept) if stage == part else True
            with memory:
                for name in self._local(part) - kept.keys():
                    if (stage in self._tokens or name in memory) and not (resumed and name.endswith(LEDGER)):
                        self._remove(name)
                        memory.forget(name)
                changed = [name for name, etag in kept.items() if not memory.is_equal(name, etag)]
                _all_of(partial(self._download, client, memory, resumed), changed)

    def _push(self, client: S3Client, part: str) -> None:
        stage, done = _stage(part), f"{_stage(part)}/{layout.DONE}"
        self._check_token(client, stage)
        kept, local, memory = self._kept(client, part), self._local(part), Memory(self.folder, part)
        changed = {name for name in local if not memory.is_equal(name, kept.get(name))}
        gone = kept.keys() - local
        if not changed and not gone:
            return
        with memory:
            if done in kept:
                self._delete(client, done)
            _all_of(partial(self._upload, client, memory), changed - {done})
            _all_of(partial(self._delete, client), gone - {done})
            if done in local:
                self._check_token(client, stage)
                self._upload(client, memory, done)

    # --- what is where ------------------------------------------------------------------------------------------------

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _kept(self, client: S3Client, part: str) -> dict[str, str]:
        """The etag of each object of `part`, by its path below the run; hostile keys are left out."""
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(part))
        found = {o["Key"]: o["ETag"] for page in pages for o in page.get("Contents", [])}
        start = len(self._key(""))
        names = {key[start:]: etag for key, etag in found.items()}
        folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
        return {n: etag for n, etag in names.items() if _is_below(n, part) and _travels(n) and n not in folders}

    def _local(self, part: str) -> set[str]:
        """The paths below the run of the files of `part` in the scratch folder."""
        path = self.folder / part
        files = [path] if path.is_file() else path.rglob("*")
        names = {f.relative_to(self.folder).as_posix() for f in files if f.is_file() and not f.is_symlink()}
        return set(filter(_travels, names))

    # --- one file -----------------------------------------------------------------------------------------------------

    def _download(self, client: S3Client, memory: Memory, resumed: bool, name: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            response = client.get_object(Bucket=self.bucket, Key=self._key(name))
            with temporary.open("wb") as file:
                shutil.copyfileobj(response["Body"], file, 1 << 20)
            if resumed and name.endswith(LEDGER) and _goes_on(path, temporary):
                return
            temporary.replace(path)
            memory.remember(name, path.stat(), response["ETag"])
        except client.exceptions.NoSuchKey:
            return  # its writer replaced it since it was listed
        finally:
            temporary.unlink(missing_ok=True)

    def _upload(self, client: S3Client, memory: Memory, name: str) -> None:
        key = self._key(name)
        try:
            file = (self.folder / name).open("rb")
        except FileNotFoundError:
            return  # its writer replaced it since it was listed
        with file:
            stat = os.fstat(file.fileno())
            if stat.st_size <= SINGLE_UPLOAD:
                etag = client.put_object(Bucket=self.bucket, Key=key, Body=file)["ETag"]
            else:
                client.upload_fileobj(file, self.bucket, key)
                etag = client.head_object(Bucket=self.bucket, Key=key)["ETag"]
        memory.remember(name, stat, etag)

    def _delete(self, client: S3Client, name: str) -> None:
        client.delete_object(Bucket=self.bucket, Key=self._key(name))

    def _remove(self, name: str) -> None:
        """Remove a local file and the folders below its stage that it leaves empty."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        for parent in path.relative_to(self.folder).parents[:-2]:
            if any((self.folder / parent).iterdir()):
                break
            (self.folder / parent).rmdir()

    # --- one writer ---------------------------------------------------------------------------------------------------

    def _hold(self, stack: ExitStack, stage: str) -> None:
        """Take the flock of `stage`, waiting a little for readers of this machine to finish."""
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return stack.enter_context(
                    locked(self.folder / stage / layout.LOCK, f"stage {stage} of {self.address}")
                )
            except JobError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    @contextmanager
    def _reading(self, part: str) -> Iterator[bool]:
        """Yield whether no other process of this machine writes the stage of `part`; none begins to meanwhile."""
        stage = _stage(part)
        if stage in self._tokens or stage == layout.JOB:
            yield True
            return
        path = self.folder / stage / layout.LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            try:
                flock(file, LOCK_SH | LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _put_token(self, stage: str, token: str) -> None:
        with store_errors(f"{self.address}/{stage}"):
            self._client.put_object(Bucket=self.bucket, Key=self._key(f"{stage}/{WRITER}"), Body=token.encode())

    def _check_token(self, client: S3Client, stage: str) -> None:
        if stage not in self._tokens:
            return
        try:
            kept = client.get_object(Bucket=self.bucket, Key=self._key(f"{stage}/{WRITER}"))["Body"].read().decode()
        except client.exceptions.NoSuchKey:
            kept = ""
        if kept != self._tokens[stage]:
            raise JobError(
                f"Stage {stage} of {self.address} must have one writer, but another process took over "
                f"({kept or 'the run was removed'}): nothing more is written here; look at the run there."
            )


class Memory:
    """What was carried for a stage, by name: etag there; size, time and inode here. Saved at the end of a `with`."""

    def __init__(self, folder: Path, part: str) -> None:
        self.folder = folder
        self.path = folder / ".sync" / f"{_stage(part)}.json"
        try:
            self.records: dict[str, list[Any]] = read_json(self.path)
        except (FileNotFoundError, ValueError):
            self.records = {}

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        write_json(self.path, self.records)

    def __contains__(self, name: str) -> bool:
        return name in self.records

    def is_equal(self, name: str, etag: str | None) -> bool:
        """Whether the local file `name` is the object with this etag."""
        try:
            return self.records.get(name) == [etag, *_mark((self.folder / name).stat())]
        except OSError:
            return False

    def agrees(self, name: str, kept: dict[str, str]) -> bool:
        """Whether `name` is the same here and there, or in neither."""
        if name not in kept:
            return not (self.folder / name).exists()
        return self.is_equal(name, kept[name])

    def remember(self, name: str, stat: os.stat_result, etag: str) -> None:
        """Note that the file with this `stat` is the object with this etag."""
        self.records[name] = [etag, *_mark(stat)]

    def forget(self, name: str) -> None:
        """Drop the note of a file that is gone."""
        self.records.pop(name, None)


def _mark(stat: os.stat_result) -> tuple[int, int, int]:
    # The inode tells apart two files of one size that replaced each other within a tick of the clock.
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _stage(part: str) -> str:
    return part.partition("/")[0]


def _is_below(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}/")


def _travels(name: str) -> bool:
    """Whether `name` is a plain path below the run, without hidden parts, parents or empty parts."""
    return not any(part == "" or part.startswith(".") or "\0" in part for part in name.split("/"))


def _goes_on(path: Path, stored: Path) -> bool:
    """Whether the file at `path` is longer than `stored` and begins with it."""
    if not path.is_file() or path.stat().st_size <= stored.stat().st_size:
        return False
    start = stored.read_bytes()
    with path.open("rb") as file:
        return file.read(len(start)) == start


def _all_of(action: Callable[[str], None], names: Iterable[str]) -> None:
    """Do `action` to each name, several at a time; the first error is raised when those under way have ended."""
    with ThreadPoolExecutor(N_TRANSFERS) as pool:
        list(pool.map(action, sorted(names)))
