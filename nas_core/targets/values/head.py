"""The last layer for a number: learnt on its scale in standard deviations, given in the target's own units."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.space.layer import Cost, Shape
from nas_core.targets import members
from nas_core.targets.values.scale import FAR, scaled, unscaled


def output_shape(spec: dict[str, Any]) -> Shape:
    """One number."""
    return (1,)


def cost(spec: dict[str, Any], shape: Shape) -> Cost:
    """A vector and a bias."""
    return members.cost(shape, 1)


def build(spec: dict[str, Any], x: Any) -> Any:
    """Close the trunk `x`, (batch, width) or (batch, members, width), with (batch, 1) in the target's units."""
    import keras

    x = members.dense(x, 1)
    if "log" in spec:
        return members.mean(unscaled(spec, x, keras.ops))
    return members.mean(keras.layers.Rescaling(spec["std"], spec["mean"], name="head_units", dtype=members.EXACT)(x))


def output(spec: dict[str, Any], x: Any) -> Any:
    """What the head makes of its product with the matrix and the bias."""
    import keras

    return unscaled(spec, x, keras.ops)


def loss(spec: dict[str, Any], n_rows: int) -> Any:
    """The Keras loss: squared error on the target's scale, in standard deviations, so that step sizes suit any unit."""
    import keras

    def standardized_error(truth: Any, output: Any) -> Any:
        truth = keras.ops.reshape(truth, (-1, 1))
        wanted, said = (scaled(spec, numbers, keras.ops) for numbers in (truth, output))
        return keras.ops.mean(keras.ops.square(wanted - said), axis=-1)

    return standardized_error


def truths(spec: dict[str, Any], target: np.ndarray) -> Any:
    """The numbers on their scale, as PyTorch takes them for :func:`losses` and :func:`gradients`, (rows, 1)."""
    import torch

    return torch.from_numpy(scaled(spec, target.reshape(-1, 1), np).astype(np.float32))


def losses(spec: dict[str, Any], n_rows: int, truth: Any, logits: Any) -> Any:
    """What :func:`loss` says of `logits` (rows, 1), in PyTorch: (rows,)."""
    return (_clipped(spec, logits) - truth).square()[:, 0]


def gradients(spec: dict[str, Any], n_rows: int, truth: Any, logits: Any) -> Any:
    """Those of the same losses by `logits`: (rows, 1)."""
    said = _clipped(spec, logits)
    return (said - truth).mul_(2 * (said == logits))


def _clipped(spec: dict[str, Any], logits: Any) -> Any:
    """On the logarithmic scale nothing beyond is said."""
    return logits.clamp(-FAR, FAR) if "log" in spec else logits


def answers(spec: dict[str, Any], logits: np.ndarray) -> np.ndarray:
    """What :func:`output` makes of `logits`, in numpy."""
    numbers: np.ndarray = unscaled(spec, logits, np)
    return numbers
