"""What prepare leaves for the stages after it: transforms as data and memory-mapped arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """Rows of one part of the split: `inputs` by name, each (rows, …), and `target` (rows,). Memory-mapped."""

    inputs: dict[str, np.ndarray]
    target: np.ndarray

    def __len__(self) -> int:
        return len(self.target)


@dataclass(frozen=True)
class Prepared:
    """The prepared data of a run, opened by path in whichever process needs it (it pickles as a path)."""

    run: Run

    @cached_property
    def schema(self) -> dict[str, Any]:
        """``schema.json``: the columns with type and role, task, metric, rows of each split."""
        schema: dict[str, Any] = read_json(self.run.path(layout.SCHEMA))
        return schema

    @cached_property
    def transforms(self) -> dict[str, Any]:
        """``transforms.json``: `input` and `target`, what turns raw rows into arrays and predictions into words."""
        transforms: dict[str, Any] = read_json(self.run.path(layout.TRANSFORMS))
        return transforms

    def split(self, name: str) -> Split:
        """The arrays of ``train``, ``valid`` or ``test``."""
        arrays = {
            path.stem.removeprefix(f"{name}_"): np.load(path, mmap_mode="r")
            for path in sorted(self.run.path(layout.ARRAYS).glob(f"{name}_*.npy"))
        }
        target = arrays.pop("target")
        return Split(arrays, target)
