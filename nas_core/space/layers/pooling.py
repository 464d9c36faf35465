"""Pooling: of each two by two places one is left, the largest or the mean."""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("pooling", of=of) for of in ("max", "mean"))
REPEATS = False


def output_shape(shape: Shape, *, of: str) -> Shape | None:
    """(height, width, channels) becomes (height / 2, width / 2, channels); an odd last row or column is left out."""
    if len(shape) != 3 or min(shape[:2]) < 2:
        return None
    return shape[0] // 2, shape[1] // 2, shape[2]


def cost(shape: Shape, *, of: str) -> Cost:
    """An operation a value."""
    return Cost(0, prod(shape))


def apply(x: Any, name: str, *, of: str) -> Any:
    """Append the layer."""
    import keras

    kind = keras.layers.MaxPooling2D if of == "max" else keras.layers.AveragePooling2D
    return kind(2, name=name)(x)
