"""How rows reach a model: small arrays at once, large ones batch by batch from the memory map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import prod
from typing import Any

import numpy as np

from nas_core.data.prepared import Split
from nas_core.tasks.registry import find_part

COPIED_BYTES = 256 * 2**20  # arrays up to this size are held as tensors; beyond, batches are gathered instead
STEPS = 64  # of training in one call: saves most of the dispatch between small ones
LARGEST = 4096  # rows that are evaluated at a time
VALUES = 2**18  # of the inputs of pictures that are evaluated at a time

Rows = tuple[dict[str, Any], Any]  # inputs by name and target, each (rows, …)
Inputs = dict[str, np.ndarray]
Change = Callable[[Inputs, np.ndarray, np.random.Generator], tuple[Inputs, np.ndarray]]


class Feed:
    """The rows of `split` in random order: each time one iterates over it, all of them `n_passes` times.

    It gives rows, and the order in which they are to be learned from: for :data:`STEPS` batches at a time where all
    rows are held, else batch by batch. `change` makes of a batch's inputs and target those that are learned from.
    """

    def __init__(self, split: Split, batch_size: int, seed: int, n_passes: int, change: Change | None = None) -> None:
        self.split, self.batch_size, self.n_passes, self.change = split, batch_size, n_passes, change
        self._rng = np.random.default_rng(seed)
        is_held = n_bytes(split) <= COPIED_BYTES and change is None
        self._held = as_tensors(taken(split, slice(None))) if is_held else None

    def __iter__(self) -> Iterator[tuple[Rows, np.ndarray]]:
        order = self._rng.permutation(np.tile(np.arange(len(self.split), dtype=np.int32), self.n_passes))
        if self._held is not None:
            return ((self._held, part) for part in _parts(order, STEPS * self.batch_size))
        return made_ahead(self._gathered(part) for part in _parts(order, self.batch_size))

    def _gathered(self, rows: np.ndarray) -> tuple[Rows, np.ndarray]:
        # Sorted, so that the memory map is read forward; the order within a batch means nothing.
        own = changed(taken(self.split, np.sort(rows)), self.change, self._rng)
        return as_tensors(own), np.arange(len(rows), dtype=np.int32)


class Chunks:
    """The rows of `split` in order, as many at a time as are evaluated together; held where they are small."""

    def __init__(self, split: Split) -> None:
        self.split = split
        self._held = list(self._read()) if n_bytes(split) <= COPIED_BYTES else None

    def __iter__(self) -> Iterator[Rows]:
        return self._read() if self._held is None else iter(self._held)

    def _read(self) -> Iterator[Rows]:
        size = evaluation_size(self.split)
        for start in range(0, len(self.split), size):
            yield as_tensors(taken(self.split, slice(start, start + size)))


def change_of(task: str, transform: dict[str, Any]) -> Change | None:
    """How the input of `task` changes rows while they are learned from; None when it leaves them alone."""
    part = find_part(task, "input", "augment")
    return partial(part.change, transform) if part and part.is_active(transform) else None


def changed(rows: Rows, change: Change | None, rng: np.random.Generator) -> Rows:
    """`rows` as they are learned from."""
    return change(*rows, rng) if change else rows


def evaluation_size(split: Split) -> int:
    """Rows that are evaluated at a time: of pictures fewer, as all that a network makes of them is in memory."""
    n_values = max((prod(array.shape[1:]) for array in split.inputs.values() if array.ndim > 2), default=0)
    return max(8, min(LARGEST, VALUES // n_values)) if n_values else LARGEST


def has_pictures(split: Split) -> bool:
    """Whether a row is more than a row of numbers."""
    return any(array.ndim > 2 for array in split.inputs.values())


def inputs_of(split: Split) -> dict[str, np.ndarray]:
    """The inputs that have columns; a model has no input for the others."""
    return {name: np.asarray(array) for name, array in split.inputs.items() if array.shape[-1]}


def taken(split: Split, rows: Any) -> Rows:
    """Some rows of `split`, the inputs that have columns."""
    return {name: array[rows] for name, array in split.inputs.items() if array.shape[-1]}, split.target[rows]


def n_bytes(split: Split) -> int:
    """Size of all arrays in bytes."""
    return split.target.nbytes + sum(array.nbytes for array in split.inputs.values())


def as_tensors(rows: Rows) -> Rows:
    """`rows` as the backend takes them."""
    import keras

    inputs, target = rows
    tensor = keras.ops.convert_to_tensor
    return {name: tensor(np.asarray(array)) for name, array in inputs.items()}, tensor(np.asarray(target))


def made_ahead(items: Iterator[Any]) -> Iterator[Any]:
    """The `items`, none of which is None; while one is worked at, the next one is made."""
    with ThreadPoolExecutor(1, "feed") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _parts(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (order[start : start + size] for start in range(0, len(order), size))
