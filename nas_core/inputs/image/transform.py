"""Pictures to the array that a network reads, as data.

The transform is JSON::

    {"columns": [{"name", "type": "image"}], "shape": [height, width, channels], "mean": […], "std": […],
     "augment": {…}}

Pixels stay bytes; the network's stem scales them by `mean` and `std`, one a channel.
`augment` says how pictures are changed while a network learns (:mod:`nas_core.inputs.image.augment`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from nas_core.data.types import IMAGE
from nas_core.errors import JobError
from nas_core.inputs.image import augment
from nas_core.inputs.settings import InputSettings

TYPES = (IMAGE,)
DEFAULT = InputSettings()
LEAST_STD = 1.0  # grey levels: of a channel that hardly changes
MOST_BYTES = 16 << 20  # of the pictures that mean and std are taken from


def fit(columns: list[dict[str, Any]], sample: pa.Table, wanted: InputSettings = DEFAULT) -> dict[str, Any]:
    """Learn the transform of the one feature column from training rows.

    Args:
        columns: entries of ``schema.json``; the first one holds the pictures.
        sample: training rows, all or a fair sample of them.
        wanted: nothing of it is about pictures.
    """
    name = columns[0]["name"]
    shape = tuple(sample[name].type.shape)
    pixels = _pictures(sample[name], shape)
    few = pixels[: max(1, MOST_BYTES // int(np.prod(shape)))].astype(np.float32)
    std = np.maximum(few.std(axis=(0, 1, 2)), LEAST_STD)
    return {
        "columns": [{"name": name, "type": IMAGE}],
        "shape": list(shape),
        "mean": [round(float(x), 4) for x in few.mean(axis=(0, 1, 2))],
        "std": [round(float(x), 4) for x in std],
    }


def with_changes(transform: dict[str, Any], asked: str, sample: pa.Table, target: np.ndarray) -> dict[str, Any]:
    """`transform` with `augment`: how pictures are changed while a network learns.

    Args:
        transform: what :func:`fit` gave.
        asked: off, light, strong or auto.
        sample: training rows.
        target: of these rows.
    """
    return transform | {"augment": augment.choose(asked, apply(transform, sample)["image"], target)}


def apply(transform: dict[str, Any], table: pa.Table) -> dict[str, np.ndarray]:
    """Turn rows into arrays.

    Args:
        transform: what :func:`fit` gave.
        table: with the column of pictures, tensors of the transform's shape; further columns are left alone.

    Returns:
        `image`, uint8 (rows, height, width, channels).

    Raises:
        JobError: the column is missing, or its pictures have another shape.
    """
    name, shape = transform["columns"][0]["name"], tuple(transform["shape"])
    if name not in table.column_names:
        raise JobError(f"The rows must have the column {name!r}, but got {table.column_names}.")
    if pa.types.is_null(table[name].type) or pa.types.is_string(table[name].type):  # a row of nothing
        return {"image": np.zeros((table.num_rows, *shape), np.uint8)}
    return {"image": _pictures(table[name], shape)}


def _pictures(column: pa.ChunkedArray, shape: tuple[int, ...]) -> np.ndarray:
    kind = column.type
    if not isinstance(kind, pa.FixedShapeTensorType) or tuple(kind.shape) != shape:
        raise JobError(f"The pictures must have the shape {shape}, but the column is {kind}.")
    if not len(column):
        return np.zeros((0, *shape), np.uint8)
    return np.concatenate([chunk.to_numpy_ndarray() for chunk in column.chunks])


def shape(transform: dict[str, Any]) -> tuple[int, ...]:
    """The shape of one row behind the stem: height, width, channels."""
    return tuple(transform["shape"])
