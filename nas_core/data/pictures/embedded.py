"""Pictures that lie in the cells of a table: bytes (Parquet, also as Hugging Face's datasets have them) or base64.

They are copied into one file on the disk, batch by batch, and read from there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from nas_core.data.cells import flat, is_nested
from nas_core.data.limits import limits
from nas_core.data.pictures.album import BYTES_A_PIXEL, FILE, MOSTLY, Album, check_free, require_few
from nas_core.data.pictures.decode import BrokenPictureError, look
from nas_core.data.readers.reader import Reader

LOOKED_AT = 20  # cells
BYTES, PATH = "bytes", "path"  # what a cell of Hugging Face's holds
ADDRESS = "data:image/"  # how a picture in base64 may begin, with its type before a comma
LEAST_TEXT = 64  # characters of base64: the smallest picture has more


def find_embedded_album(reader: Reader, scratch: Path) -> Album | None:
    """The pictures in a column of the table; None when no column holds any.

    Args:
        reader: of the table.
        scratch: a folder for their file.

    Raises:
        JobError: there are too many, or further columns are called as the album's own.
    """
    first = next((batch for batch in reader.batches() if batch.num_rows), None)
    column = next((name for name in reader.names if first is not None and _holds_pictures(first[name])), None)
    if column is None:
        return None
    check_free([name for name in reader.names if name != column], column)
    scratch.mkdir(parents=True, exist_ok=True)
    path, ends, names, about = scratch / "embedded.bin", [0], list[str](), list[pa.Table]()
    with path.open("wb") as file:
        for batch in reader.batches():
            cells = list(_cells(batch[column]))
            about.append(_others(batch, column).filter(pa.array([cell is not None for cell in cells])))
            for name, content in filter(None, cells):
                file.write(content)
                ends.append(file.tell())
                names.append(name or f"{column}[{len(names)}]")
            require_few(len(names), limits())
    table = pa.concat_tables(about, promote_options="permissive").add_column(0, FILE, pa.array(names, pa.string()))
    return Album(partial(_read, path, np.array(ends)), table, (f"The column {column!r} holds the pictures.",))


def _others(batch: pa.RecordBatch, column: str) -> pa.Table:
    """What the table says beside the pictures."""
    names = [name for name in batch.schema.names if name != column and not is_nested(batch[name].type)]
    return pa.table({name: flat(batch[name]) for name in names})


def _read(path: Path, ends: np.ndarray, number: int) -> bytes:
    with path.open("rb") as file:
        file.seek(int(ends[number]))
        return file.read(int(ends[number + 1] - ends[number]))


def _holds_pictures(column: pa.Array) -> bool:
    """Whether most of a column's first cells are pictures."""
    if not (types.is_struct(column.type) or types.is_string(column.type) or _is_bytes(column.type)):
        return False
    cells = [cell for cell in _cells(column[:LOOKED_AT]) if cell]
    return sum(_is_picture(content) for _, content in cells) > MOSTLY * len(cells)


def _is_picture(content: bytes) -> bool:
    try:
        look(content)
    except BrokenPictureError:
        return False
    return True


def _cells(column: pa.Array) -> Iterator[tuple[str, bytes] | None]:
    """The name (empty: none) and the content of each cell; None where it has no content."""
    most = BYTES_A_PIXEL * limits().max_pixels
    for cell in column:
        name, content = _cell(cell.as_py())
        yield (name, content[:most]) if content else None


def _cell(value: Any) -> tuple[str, bytes]:
    if isinstance(value, dict):
        content = value.get(BYTES)
        return str(value.get(PATH) or ""), content if isinstance(content, bytes) else b""
    if isinstance(value, str):
        return "", _unwritten(value)
    return "", value if isinstance(value, bytes) else b""


def _unwritten(text: str) -> bytes:
    """The bytes that `text` holds in base64; none where it does not."""
    if text.startswith(ADDRESS):
        text = text.partition(",")[2]
    if len(text) < LEAST_TEXT:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(types.is_binary(kind) or types.is_large_binary(kind))
