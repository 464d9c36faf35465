"""Global pooling: of each channel the largest value, or the mean, wherever it is; behind it stand layers of vectors."""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("global_pooling", of=of) for of in ("mean", "max"))
REPEATS = False
LEAST_CHANNELS = 8  # of a picture itself nothing would be left


def output_shape(shape: Shape, *, of: str) -> Shape | None:
    """(height, width, channels) becomes (channels,)."""
    return shape[-1:] if len(shape) == 3 and shape[-1] >= LEAST_CHANNELS else None


def cost(shape: Shape, *, of: str) -> Cost:
    """An operation a value."""
    return Cost(0, prod(shape))


def apply(x: Any, name: str, *, of: str) -> Any:
    """Append the layer."""
    import keras

    kind = keras.layers.GlobalMaxPooling2D if of == "max" else keras.layers.GlobalAveragePooling2D
    return kind(name=name)(x)
