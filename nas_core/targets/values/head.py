"""The last layer for a number: learnt in standard deviations, given in the target's own units."""

from __future__ import annotations

from typing import Any

from nas_core.space.layer import Cost, Shape
from nas_core.targets import members


def output_shape(spec: dict[str, Any]) -> Shape:
    """One number."""
    return (1,)


def cost(spec: dict[str, Any], shape: Shape) -> Cost:
    """A vector and a bias."""
    return members.cost(shape, 1)


def build(spec: dict[str, Any], x: Any) -> Any:
    """Close the trunk `x`, (batch, width) or (batch, members, width), with (batch, 1) in the target's units."""
    import keras

    return members.mean(keras.layers.Rescaling(spec["std"], spec["mean"], name="head_units")(members.dense(x, 1)))


def output(spec: dict[str, Any], x: Any) -> Any:
    """What the head makes of its product with the matrix and the bias."""
    return x * spec["std"] + spec["mean"]


def loss(spec: dict[str, Any], n_rows: int) -> Any:
    """The Keras loss: squared error in standard deviations, so that step sizes suit any unit."""
    import keras

    def standardized_error(truth: Any, output: Any) -> Any:
        truth = keras.ops.reshape(truth, (-1, 1))
        return keras.ops.mean(keras.ops.square((truth - output) / spec["std"]), axis=-1)

    return standardized_error
