"""Files that people hand over to the service: each in a folder of its own, whose name nobody can guess."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path

from nas_core.runs.run import default_root, safe_name, scratch_root

FOLDER = "uploads"
DAYS_KEPT = 30


def new_upload(name: str) -> tuple[Path, str]:
    """Where the bytes of a file called `name` go at first, and the address under which jobs know it then.

    They are the same file unless the service keeps its runs on S3.
    """
    token = secrets.token_urlsafe(16).replace("-", "a").replace("_", "b")
    local, address = places(token, safe_name(name)[-100:])
    local.parent.mkdir(parents=True, mode=0o700)
    return local, address


def places(token: str, name: str) -> tuple[Path, str]:
    """As :func:`new_upload`, for the one whose folder is called `token`."""
    address = f"{_root()}/{token}/{name}"
    return local_folder() / token / name, address


def local_folder() -> Path:
    """The folder in which uploads arrive."""
    root = _root()
    return scratch_root() / FOLDER if root.startswith("s3://") else Path(root)


def folder_of(uri: object) -> Path | None:
    """The folder of the upload at `uri`, which its name gives the right to read; None when it is none."""
    root = _root()
    if not isinstance(uri, str) or not uri.isprintable() or root.startswith("s3://"):
        return None
    path = Path(uri)
    is_plain = not set("*?[") & set(uri) and ".." not in path.parts
    return path.parent if is_plain and path.parent.parent == Path(root) else None


def remove_old() -> None:
    """Remove the uploads that no job was given for `NAS_UPLOAD_DAYS` days (30), and those that were never completed.

    On S3 that is a rule of the bucket.
    """
    root = local_folder()
    oldest = time.time() - 86_400 * float(os.environ.get("NAS_UPLOAD_DAYS") or DAYS_KEPT)
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> str:
    root = default_root().rstrip("/")
    return f"{root}/{FOLDER}" if root.startswith("s3://") else str(Path(root).expanduser().absolute() / FOLDER)
