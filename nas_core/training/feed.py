"""How rows reach a model: small arrays as they are, large ones batch by batch from the memory map."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nas_core.data.prepared import Split

COPIED_BYTES = 256 * 2**20  # Keras copies arrays it is given; beyond this, batches are gathered instead


def feed(split: Split, batch_size: int, seed: int, n_passes: int) -> dict[str, Any]:
    """The arguments of ``model.fit`` that shuffle `split` into batches; Keras' epoch goes `n_passes` times over it."""
    if n_bytes(split) <= COPIED_BYTES:
        inputs = {name: np.concatenate([array] * n_passes) for name, array in inputs_of(split).items()}
        return {"x": inputs, "y": np.concatenate([split.target] * n_passes), "batch_size": batch_size}
    return {"x": gathered(split, batch_size, seed, n_passes)}


def feed_whole(split: Split) -> Any:
    """`split` in order, for ``validation_data``."""
    if n_bytes(split) <= COPIED_BYTES:
        return inputs_of(split), np.asarray(split.target)
    return gathered(split, 4096, None)


def inputs_of(split: Split) -> dict[str, np.ndarray]:
    """The inputs that have columns; a model has no input for the others."""
    return {name: np.asarray(array) for name, array in split.inputs.items() if array.shape[-1]}


def n_bytes(split: Split) -> int:
    """Size of all arrays in bytes."""
    return split.target.nbytes + sum(array.nbytes for array in split.inputs.values())


def gathered(split: Split, batch_size: int, seed: int | None, n_passes: int = 1) -> Any:
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
            return {k: a[rows] for k, a in split.inputs.items() if a.shape[-1]}, split.target[rows]

    return Gathered()
