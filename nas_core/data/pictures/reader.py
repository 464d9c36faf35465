"""Pictures as a table: each row has one, decoded and of one size, beside what is said about it.

They are decoded once, into an array on the disk, and read from there as often as needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from nas_core.data.alike import mixed
from nas_core.data.checks import Findings, counted
from nas_core.data.pictures.album import FILE, Album
from nas_core.data.pictures.alike import SIDE, first_alike
from nas_core.data.pictures.decode import BrokenPictureError, Look, Shape, decode, look, shrink
from nas_core.data.types import IMAGE
from nas_core.errors import JobError

MOST_SIDE = 128  # of a picture, unless the job says otherwise
LEAST_SIDE = 32
MOST_PIXELS = 64_000_000  # of all pictures together, as long as none becomes smaller than LEAST_SIDE
PIXELS_A_MINUTE = 6_400_000  # of all pictures together, that can be learned from again and again
MOST_BROKEN = 0.2  # share of the pictures
BATCH_BYTES = 8 << 20
CHUNK = 1_024  # pictures that are decoded side by side

Result = TypeVar("Result")


class PictureReader:
    """Reads an album: the columns ``image`` (uint8 tensors of `shape`), ``height`` and ``width`` of the file, and those
    of the album.

    `looks` is a number a row, the same for pictures that look alike.
    """

    def __init__(
        self, album: Album, scratch: Path, asked: Shape | int, findings: Findings, most_pixels: float = MOST_PIXELS
    ) -> None:
        """
        Args:
            album: the pictures.
            scratch: a folder for the decoded ones; whoever owns it removes it.
            asked: their shape, or the length of their sides; 0: chosen.
            findings: receives what was left out.
            most_pixels: of all pictures together, when their shape is chosen.

        Raises:
            JobError: there are no pictures, or too many cannot be read.
        """
        self.notes = list(album.notes)
        self.n_bad_rows = 0
        heads = _side_by_side(lambda i: _look(album.read(i)), range(len(album)))
        good = [i for i, head in enumerate(heads) if isinstance(head, Look)]
        _require_good(album, heads)
        sizes = np.array([(head.height, head.width) for head in heads if isinstance(head, Look)])
        is_grey = all(head.is_grey for head in heads if isinstance(head, Look))
        self.shape = (
            asked if isinstance(asked, tuple) else choose_shape(sizes, most_pixels, is_grey=is_grey, asked=asked)
        )
        self._path, squares, broken = _decoded(album, good, self.shape, scratch)
        failed = heads[:]
        for place, reason in broken.items():
            failed[good[place]] = reason
        _judge_broken(album, failed, findings)
        self._rows = np.array([place for place in range(len(good)) if place not in broken], np.int64)
        kept = np.array(good, np.int64)[self._rows]
        self.looks = _looks(squares[self._rows])
        about = album.about.take(pa.array(kept)).combine_chunks()
        for name, values in (("height", sizes[self._rows, 0]), ("width", sizes[self._rows, 1])):
            about = about if name in about.column_names else about.append_column(name, pa.array(values))
        self._about = about
        self.names = [IMAGE, *self._about.column_names]
        self.dialect: dict[str, Any] = {"format": "pictures", "shape": list(self.shape)}

    def __len__(self) -> int:
        return len(self._rows)

    def pieces(self) -> list[PictureReader]:
        """One, the whole album."""
        return [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of about 8 MB."""
        wanted = self.names if columns is None else columns
        pixels = np.load(self._path, mmap_mode="r")
        size = max(1, BATCH_BYTES // pixels[0].nbytes)
        for first in range(0, len(self), size):
            rows = self._rows[first : first + size]
            about = self._about.slice(first, size)
            arrays = [tensors(pixels[rows]) if name == IMAGE else _whole(about[name]) for name in wanted]
            yield pa.record_batch(arrays, names=wanted)


def tensors(pictures: np.ndarray) -> pa.Array:
    """Pictures (n, height, width, channels) as a column of tensors."""
    return pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(pictures))


def choose_shape(sizes: np.ndarray, most_pixels: float = MOST_PIXELS, *, is_grey: bool, asked: int = 0) -> Shape:
    """Height, width and channels to which pictures of `sizes` (n, 2) are brought.

    Their medians, made smaller until the longer side is `asked`, or, where that is 0, until the pictures together have
    at most `most_pixels` and none has a side of more than 128. They are never made larger, unless `asked`.
    """
    height, width = np.median(sizes, axis=0)
    longer = max(height, width)
    affordable = max(LEAST_SIDE, (most_pixels / len(sizes)) ** 0.5)
    scale = asked / longer if asked else min(1.0, MOST_SIDE / longer, affordable / longer)
    return max(1, round(height * scale)), max(1, round(width * scale)), 1 if is_grey else 3


def _whole(column: pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _look(content: bytes | np.ndarray) -> Look | str:
    if isinstance(content, np.ndarray):
        return Look(content.shape[0], content.shape[1], content.ndim == 2 or content.shape[2] == 1)
    try:
        return look(content)
    except BrokenPictureError as error:
        return str(error)


def _picture(content: bytes | np.ndarray, shape: Shape) -> np.ndarray | str:
    if isinstance(content, np.ndarray) and content.reshape(*content.shape[:2], -1).shape == shape:
        return content.reshape(shape)
    try:
        return decode(_encoded(content) if isinstance(content, np.ndarray) else content, shape)
    except BrokenPictureError as error:
        return str(error)


def _encoded(pixels: np.ndarray) -> bytes:
    """An array as a picture file, so that it is brought to size like any other."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels).save(file, "PPM")
    return file.getvalue()


def _decoded(album: Album, good: list[int], shape: Shape, scratch: Path) -> tuple[Path, np.ndarray, dict[int, str]]:
    """The file of the decoded pictures, a small square of each, and why some (by their place) are none."""
    scratch.mkdir(parents=True, exist_ok=True)
    path, broken = scratch / "pictures.npy", dict[int, str]()
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(good), *shape))
    squares = np.zeros((len(good), SIDE, SIDE), np.uint8)
    for first in range(0, len(good), CHUNK):
        part = good[first : first + CHUNK]
        for place, picture in enumerate(_side_by_side(lambda i: _picture(album.read(i), shape), part), first):
            if isinstance(picture, str):
                broken[place] = picture
            else:
                pixels[place], squares[place] = picture, shrink(picture, SIDE)
    pixels.flush()
    return path, squares, broken


def _side_by_side(work: Callable[[int], Result], items: Sequence[int]) -> list[Result]:
    """What `work` gives for each item; Pillow decodes without holding up other threads."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), "pictures") as threads:
        return list(threads.map(work, items))


def _looks(squares: np.ndarray) -> np.ndarray:
    """A number a picture (uint64), made of the first one that looks like it."""
    content = squares.reshape(len(squares), -1).astype(np.uint64)
    weights = mixed(np.arange(content.shape[1], dtype=np.uint64))
    return np.asarray(mixed(content @ weights)[first_alike(squares)])


def _require_good(album: Album, heads: Sequence[Look | str]) -> None:
    """JobError when there is no picture at all."""
    if not any(isinstance(head, Look) for head in heads):
        reason = f": the first one, {album.about[FILE][0].as_py()!r}, {heads[0]}" if heads else ""
        raise JobError(f"must hold pictures, but none can be read{reason}.")


def _judge_broken(album: Album, heads: Sequence[Look | str], findings: Findings) -> None:
    """Note the pictures that cannot be read; too many are an error."""
    broken = [i for i, head in enumerate(heads) if isinstance(head, str)]
    if not broken:
        return
    names = album.about[FILE]
    examples = [f"{names[i].as_py()}: {heads[i]}" for i in broken[:5]]
    message = f"{counted(len(broken), 'picture')} of {len(heads):,} cannot be read."
    if len(broken) > MOST_BROKEN * len(heads):
        shown = f" Such as {'; '.join(examples[:3])}." if findings.show_rows else ""
        raise JobError(f"must hold pictures of which at most {MOST_BROKEN:.0%} cannot be read, but {message}{shown}")
    findings.warning(IMAGE, "pictures", message, "They are left out.", n_rows=len(broken), examples=examples)
