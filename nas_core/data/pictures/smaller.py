"""Pictures at a lower resolution, on which candidates are tried first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nas_core.data.prepared import Prepared, Split


@dataclass(frozen=True)
class Smaller(Prepared):
    """The prepared data of a run with the sides of its pictures divided by `shrink`."""

    shrink: int

    @cached_property
    def transforms(self) -> dict[str, Any]:
        """``transforms.json`` with the smaller shape."""
        known = Prepared(self.run).transforms
        height, width, channels = known["input"]["shape"]
        shape = [height // self.shrink, width // self.shrink, channels]
        return known | {"input": known["input"] | {"shape": shape}}

    def split(self, name: str) -> Split:
        """The arrays of ``train``, ``valid`` or ``test``, in memory."""
        return smaller(super().split(name), self.shrink)


def smaller(split: Split, shrink: int) -> Split:
    """`split` with each picture, uint8 (rows, height, width, channels), made of means of `shrink` by `shrink` pixels.

    What is left over at the right and below is left out.
    """
    return Split({name: _means(x, shrink) if x.ndim == 4 else x for name, x in split.inputs.items()}, split.target)


def _means(pictures: np.ndarray, shrink: int) -> np.ndarray:
    n, height, width, channels = pictures.shape
    rows, columns = height // shrink, width // shrink
    whole = pictures[:, : rows * shrink, : columns * shrink].reshape(n, rows, shrink, columns, shrink, channels)
    sums = whole.sum(axis=(2, 4), dtype=np.uint32)
    return np.asarray((sums + shrink * shrink // 2) // (shrink * shrink), np.uint8)
