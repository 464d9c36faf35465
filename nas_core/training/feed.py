"""How rows reach a model: small arrays as they are, large ones batch by batch from the memory map."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np

from nas_core.data.prepared import Split
from nas_core.tasks.registry import load_part, load_task

COPIED_BYTES = 256 * 2**20  # Keras copies arrays it is given; beyond this, batches are gathered instead
LARGEST = 4096  # rows that are evaluated at a time
VALUES = 2**18  # of the inputs of pictures that are evaluated at a time

Change = Callable[[dict[str, np.ndarray], np.random.Generator], dict[str, np.ndarray]]


def feed(split: Split, batch_size: int, seed: int, n_passes: int, change: Change | None = None) -> dict[str, Any]:
    """The arguments of ``model.fit`` that shuffle `split` into batches; Keras' epoch goes `n_passes` times over it.

    `change` makes of the inputs of a batch those that are learned from.
    """
    if n_bytes(split) <= COPIED_BYTES and change is None:
        inputs = {name: np.concatenate([array] * n_passes) for name, array in inputs_of(split).items()}
        return {"x": inputs, "y": np.concatenate([split.target] * n_passes), "batch_size": batch_size}
    return {"x": gathered(split, batch_size, seed, n_passes, change)}


def change_of(task: str, transform: dict[str, Any]) -> Change | None:
    """How the input of `task` changes rows while they are learned from; None when it leaves them alone."""
    name = f"nas_core.inputs.{load_task(task).input}.augment"
    part = load_part(task, "input", "augment") if find_spec(name) else None
    return partial(part.change, transform) if part and part.is_active(transform) else None


def evaluation_size(split: Split) -> int:
    """Rows that are evaluated at a time: of pictures fewer, as all that a network makes of them is in memory."""
    n_values = max((prod(array.shape[1:]) for array in split.inputs.values() if array.ndim > 2), default=0)
    return max(8, min(LARGEST, VALUES // n_values)) if n_values else LARGEST


def has_pictures(split: Split) -> bool:
    """Whether a row is more than a row of numbers."""
    return any(array.ndim > 2 for array in split.inputs.values())


def feed_whole(split: Split) -> Any:
    """`split` in order, for ``validation_data``."""
    if n_bytes(split) <= COPIED_BYTES:
        return inputs_of(split), np.asarray(split.target)
    return gathered(split, evaluation_size(split), None)


def inputs_of(split: Split) -> dict[str, np.ndarray]:
    """The inputs that have columns; a model has no input for the others."""
    return {name: np.asarray(array) for name, array in split.inputs.items() if array.shape[-1]}


def n_bytes(split: Split) -> int:
    """Size of all arrays in bytes."""
    return split.target.nbytes + sum(array.nbytes for array in split.inputs.values())


def gathered(split: Split, batch_size: int, seed: int | None, n_passes: int = 1, change: Change | None = None) -> Any:
    """A Keras dataset that reads each batch from the memory map; shuffled when there is a `seed`."""
    import keras

    class Gathered(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.rng = None if seed is None else np.random.default_rng(seed)
            self.order = np.tile(np.arange(len(split)), n_passes)
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(len(self.order) / batch_size)

        def on_epoch_end(self) -> None:
            if self.rng is not None:
                self.rng.shuffle(self.order)

        def __getitem__(self, index: int) -> Any:
            # Sorted, so that the memory map is read forward; the order within a batch means nothing.
            rows = np.sort(self.order[index * batch_size : (index + 1) * batch_size])
            inputs = {k: a[rows] for k, a in split.inputs.items() if a.shape[-1]}
            return change(inputs, self.rng) if change and self.rng else inputs, split.target[rows]

    return Gathered()
