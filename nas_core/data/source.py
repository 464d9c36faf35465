"""Bring what lies behind an address to local files, and tell when it has changed.

Problems are worded without the field's name ("must be …, but …"): the caller knows which field holds the address.
"""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from nas_core.data.address import scheme, shown
from nas_core.data.limits import Limits, limits
from nas_core.errors import JobError
from nas_core.runs.run import safe_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WILD = frozenset("*?[")
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm")


@dataclass(frozen=True)
class File:
    """A local file; `name` is its path below the folder that was asked for, with ``/``."""

    path: Path
    name: str


def fetch(uri: str, folder: Path, query: str | None = None) -> list[File]:
    """Return local files with the content of `uri`: the files themselves, or downloads below `folder`.

    Args:
        uri: a path, ``file://…``, ``s3://bucket/key`` (each also a folder or a pattern with ``*``), ``http(s)://…``,
            ``airflow://connection`` or the URL of a database as SQLAlchemy understands it.
        folder: where downloads go, streamed; one that is complete already is used again.
        query: what to ask a database.

    Raises:
        JobError: nothing is there, it cannot be reached, or the service does not take it.
    """
    match scheme(uri):
        case "file":
            return _local(uri)
        case "s3":
            return [File(_once(folder, name, partial(_s3_download, uri, key)), name) for name, key in _s3_keys(uri)]
        case "http" | "https":
            from nas_core.data import http

            name = unquote(urlsplit(uri).path).rsplit("/", 1)[-1]
            return [File(_once(folder, name, lambda part: http.download(uri, part)), name)]
    sql = _database(uri)
    return [File(_once(folder, "query.arrow", lambda part: sql.download(uri, query, part)), "query")]


def fingerprint(uri: str, query: str | None = None) -> dict[str, Any]:
    """A JSON value that changes when the data behind `uri` do, found without reading them where that is possible.

    Raises:
        JobError: nothing is there, it cannot be reached, or the service does not take it.
    """
    match scheme(uri):
        case "file":
            return local_fingerprint(_local(uri))
        case "s3":
            return _s3_fingerprint(uri)
        case "http" | "https":
            from nas_core.data import http

            return http.fingerprint(uri)
    fingerprint_of: dict[str, Any] = _database(uri).fingerprint(uri, query)
    return fingerprint_of


def _database(uri: str) -> Any:
    from nas_core.data import sql  # SQLAlchemy is heavy

    if not sql.is_database(uri):
        ways = "a path or begin with s3://, http://, https://, airflow:// or a database's postgresql://, sqlite:///, …"
        raise JobError(f"must be {ways}, but got {shown(uri)!r}.")
    return sql


def _once(folder: Path, name: str, download: Callable[[Path], None]) -> Path:
    """The file `name` below `folder`, downloaded unless it is there already: whole, or not at all."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8] if "/" in name else ""
    target = folder / safe_name(digest + name.rsplit("/", 1)[-1])
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        download(part)
        part.replace(target)
    return target


def _require_few(names: Iterable[str], limit: Limits) -> None:
    is_picture = Counter(name.lower().endswith(PICTURES) for name in names)
    for n, most, variable in (
        (is_picture[False], limit.max_files, "files (`NAS_MAX_FILES`)"),
        (is_picture[True], limit.max_pictures, "pictures (`NAS_MAX_PICTURES`)"),
    ):
        if n > most:
            raise JobError(f"must be at most {most:,} {variable}, but there are {n:,}.")


def _is_data(name: str) -> bool:
    """Whether a file of a folder holds rows: not what programs leave beside them (``_SUCCESS``, ``.crc``)."""
    return not any(part.startswith((".", "_")) for part in name.split("/"))


# Local files


def _local(uri: str) -> list[File]:
    text = uri.removeprefix("file://")
    limit = limits()
    try:
        files = _found(Path(text).expanduser())
        _require_few((file.name for file in files), limit)
        for file in files:
            _require_allowed(file.path, limit)
            file.path.open("rb").close()
    except JobError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise JobError(f"must be a file that can be read, but {uri!r} cannot: {reason}.") from None
    return files


def _found(path: Path) -> list[File]:
    """The files at `path`: itself, those below it when it is a folder, those that match when it is a pattern."""
    root = _before_pattern(path) if WILD & set(str(path)) else path
    _require_allowed(root, limits())  # before a word is said about what is there
    if path.is_dir():
        if found := _below(path, path.rglob("*")):
            return found
        raise JobError(f"must be the address of files, but the folder {str(path)!r} holds none.")
    if path.exists():
        if not path.is_file():
            raise JobError(f"must be the address of a file, but {str(path)!r} is a device or the like.")
        return [File(path, path.name)]
    if root == path:
        raise JobError(f"must be the address of a file, but there is none at {str(path)!r}{_near(path)}")
    if found := _below(root, root.glob(str(path.relative_to(root)))):
        return found
    raise JobError(f"must be the address of files, but none matches {str(path)!r}.")


def _before_pattern(path: Path) -> Path:
    fixed = next(n for n, part in enumerate(path.parts) if WILD & set(part))
    return Path(*path.parts[:fixed]) if fixed else Path()


def _below(root: Path, paths: Iterable[Path]) -> list[File]:
    files = (File(path, path.relative_to(root).as_posix()) for path in paths if path.is_file())
    return sorted((file for file in files if _is_data(file.name)), key=lambda file: file.name)


def _require_allowed(path: Path, limit: Limits) -> None:
    """Refuse what lies, links followed, outside the folders that the service gives away."""
    if limit.data_folders is None:
        return
    real = path.resolve()
    if not any(real.is_relative_to(folder) for folder in limit.data_folders):
        places = ", ".join(map(str, limit.data_folders)) or "none"
        raise JobError(f"must lie in a folder that this service reads (`NAS_DATA_FOLDERS`: {places}), but got {path}.")


def _near(path: Path) -> str:
    names = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else "."


def local_fingerprint(files: list[File]) -> dict[str, Any]:
    """A JSON value that changes when one of `files` does."""
    stats = [(file.name, file.path.stat()) for file in files]
    if len(stats) == 1:
        return {"size": stats[0][1].st_size, "mtime_ns": stats[0][1].st_mtime_ns}
    return _digest((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _digest(items: Iterable[Any]) -> dict[str, Any]:
    listed = [repr(item) for item in items]
    return {"files": len(listed), "sha256": hashlib.sha256("\n".join(listed).encode()).hexdigest()}


# S3


def _s3_keys(uri: str) -> list[tuple[str, str]]:
    """Names and keys of the objects at `uri`: one, those below a prefix that ends with ``/``, or those that match."""
    prefix = _s3_prefix(uri)
    if prefix is None:
        return [(uri.rsplit("/", 1)[-1], uri.split("/", 3)[-1])]
    return [(name, entry["Key"]) for name, entry in _s3_entries(uri, prefix)]


def _s3_prefix(uri: str) -> str | None:
    key = uri.split("/", 3)[3] if uri.count("/") > 2 else ""
    if WILD & set(key):
        fixed = key[: min(key.index(mark) for mark in WILD if mark in key)]
        return fixed[: fixed.rfind("/") + 1]
    return key if key.endswith("/") or not key else None


def _s3_entries(uri: str, prefix: str) -> list[tuple[str, Any]]:
    def listing(client: S3Client, bucket: str, key: str) -> list[Any]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        pattern = key if WILD & set(key) else "*"
        return [e for page in pages for e in page.get("Contents", []) if fnmatch.fnmatchcase(e["Key"], pattern)]

    entries = [(entry["Key"].removeprefix(prefix), entry) for entry in _ask_s3(uri, listing)]
    entries = [(name, entry) for name, entry in entries if name and not name.endswith("/") and _is_data(name)]
    if not entries:
        raise JobError(f"must be the address of objects, but there are none at {shown(uri)!r}.")
    _require_few((name for name, _ in entries), limits())
    return entries


def _s3_download(uri: str, key: str, part: Path) -> None:
    most = limits().max_download_mb << 20

    def download(client: S3Client, bucket: str, _: str) -> None:
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        if size > most:
            raise JobError(too_large(shown(uri), most))
        client.download_file(bucket, key, str(part))

    _ask_s3(uri, download)


def too_large(what: str, most: int) -> str:
    """The message for a download above the limit."""
    return f"must be at most {most >> 20:,} MB (`NAS_MAX_DOWNLOAD_MB`), but {what} is larger."


def _s3_fingerprint(uri: str) -> dict[str, Any]:
    prefix = _s3_prefix(uri)
    if prefix is not None:
        return _digest((name, entry["ETag"], entry["Size"]) for name, entry in _s3_entries(uri, prefix))
    head = _ask_s3(uri, lambda client, bucket, key: client.head_object(Bucket=bucket, Key=key))
    return {"etag": head["ETag"], "size": head["ContentLength"]}


def _ask_s3(uri: str, question: Callable[[S3Client, str, str], Any]) -> Any:
    """The answer to `question` (client, bucket, key); an endpoint that is away is waited for."""
    from nas_core.runs.s3 import patiently, s3_client, split_address, store_errors  # boto3 is heavy

    def ask() -> Any:
        with store_errors(shown(uri)):
            return question(s3_client(), *split_address(uri))

    return patiently(ask)
