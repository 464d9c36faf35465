"""The pictures of a file, folder or archive that are to be predicted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data.checks import Findings
from nas_core.data.pictures.album import FILE, Album, find_named_album, is_album, open_album
from nas_core.data.pictures.decode import Shape
from nas_core.data.pictures.embedded import find_embedded_album
from nas_core.data.pictures.reader import PictureReader
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.files import open_files
from nas_core.data.source import fetch
from nas_core.errors import JobError

NAMES = (FILE,)  # columns that say in the answer which row it is


def read(transform: dict[str, Any], path: Path, shown: str) -> pa.Table:
    """The pictures at `path`, a picture, a folder, an archive, arrays, or a table that names pictures beside it.

    They are decoded as those were that the network learned from. Problems call the path `shown`.

    Raises:
        JobError: there are none, or some cannot be read.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="nas-rows-") as scratch:
            height, width, channels = transform["shape"]
            return _read(path, (height, width, channels), Path(scratch))
    except OSError as error:
        raise JobError(f"`rows` must be a file that can be read, but got {shown!r}: {error.strerror}.") from None
    except JobError as error:
        raise JobError(*(f"`rows` ({shown}) {problem}" for problem in error.problems)) from None


def _read(path: Path, shape: Shape, scratch: Path) -> pa.Table:
    files, findings = fetch(str(path), scratch), Findings()
    album: Album | None
    if is_album(files):
        album = open_album(files, scratch)
    else:
        reader = open_files(files, scratch, Dialect())
        album = find_embedded_album(reader, scratch) or find_named_album(reader, str(path), None, scratch)
    if album is None:
        raise JobError("must be pictures, or a table with a column that names pictures beside it.")
    pictures = PictureReader(album, scratch, shape, findings)
    if findings.items:
        raise JobError(*map(str, findings.items))
    return pa.Table.from_batches(pictures.batches())
