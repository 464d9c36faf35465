"""The last layer for classes: one probability a class."""

from __future__ import annotations

from typing import Any

from nas_core.space.layer import Cost, Shape

LOSS = "sparse_categorical_crossentropy"


def output_shape(spec: dict[str, Any]) -> Shape:
    """One probability a class."""
    return (len(spec["classes"]),)


def cost(spec: dict[str, Any], shape: Shape) -> Cost:
    """A matrix and a bias."""
    n = len(spec["classes"])
    return Cost(shape[0] * n + n, 2 * shape[0] * n + n)


def build(spec: dict[str, Any], x: Any) -> Any:
    """Close the trunk `x` (batch, width) with probabilities (batch, n_classes)."""
    import keras

    return keras.layers.Dense(len(spec["classes"]), activation="softmax", name="head")(x)


def loss(spec: dict[str, Any]) -> Any:
    """The Keras loss: cross-entropy of integer codes."""
    return LOSS
